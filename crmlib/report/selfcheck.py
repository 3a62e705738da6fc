"""The self-check: what must hold before a report leaves the house. One failure and nothing is published."""

from collections.abc import Callable
from typing import NamedTuple

import duckdb
import pandas as pd

from crmlib.errors import CheckError
from crmlib.insight.figures import counted_orders
from crmlib.periods import add_months
from crmlib.report.data import ReportData
from crmlib.report.trace import agrees, find_figure, open_sources, retell

SHOWN = 5  # of what speaks against a check


class Rule(NamedTuple):
    """One check: a query over the tables of the run and the book whose rows speak against it, or a function that lists them.

    needs: the tables it reads; where one is not there, or has no rows, there is nothing to check.
    """

    needs: tuple[str, ...]
    against: str | Callable[[ReportData, duckdb.DuckDBPyConnection], list[str]]


class Check(NamedTuple):
    """One thing that was checked. state: passed, failed, or nothing (there was nothing to check). `found` speaks against it."""

    name: str
    state: str
    found: str

    @property
    def passed(self) -> bool:
        return self.state != "failed"


def _retold(data: ReportData, sources: duckdb.DuckDBPyConnection) -> list[str]:
    """Figures that are not what their own rows come to."""
    wrong = []
    for figure_id in data.figures["figure_id"]:
        figure = find_figure(data.figures, figure_id)
        try:
            told = retell(sources, figure)
        except duckdb.CatalogException:
            continue  # its tables are not here: a draft
        if not agrees(figure.value, told):
            wrong.append(f"{figure_id} {figure.value:g} ≠ {told:g}")
    return wrong


def _twice(table: str, *keys: str) -> str:
    """Keys that stand in more than one row."""
    return f"SELECT concat_ws(' ', {', '.join(keys)}) FROM {table} GROUP BY {', '.join(keys)} HAVING count(*) > 1"


def _unequal(left: str, right: str, *, by: str = "''") -> str:
    """Groups of `left` (by, n) whose n is not the one number of `right`."""
    return f"SELECT concat_ws(' ', {by}, n, '≠', total) FROM ({left}), ({right}) WHERE abs(n - total) > 0.005"


_EVERYBODY = "SELECT count(*) AS total FROM measures"
_MONEY = "SELECT sum(amount_12m_cny) AS total FROM measures"

CHECKS: dict[str, Rule] = {
    "balance": Rule(
        ("balance",),
        'SELECT "file" FROM balance WHERE "in" <> kept + merged + unchanged + not_data + quarantined',
    ),
    "customers_unique": Rule(("measures",), _twice("measures", "customer_id")),
    "figures_unique": Rule(("figures",), _twice("figures", "figure_id")),
    "one_tier_each": Rule(("tiers",), _twice("tiers", "customer_id", "dimension")),
    "period": Rule(("tiers",), "SELECT DISTINCT as_of::VARCHAR FROM tiers WHERE as_of <> {as_of}"),
    "months_ended": Rule(("order_trend",), "SELECT month::VARCHAR FROM order_trend WHERE month >= {as_of}"),
    "everyone_tiered": Rule(
        ("tiers", "measures"),
        _unequal("SELECT dimension, count(*) AS n FROM tiers GROUP BY 1", _EVERYBODY, by="dimension"),
    ),
    "tier_figures": Rule(
        ("figures", "measures", "tiers"),
        _unequal(
            "SELECT dimension, sum(value) AS n FROM figures JOIN (SELECT DISTINCT dimension FROM tiers)"
            " ON starts_with(figure_id, 'tier_' || dimension || '_') GROUP BY 1",
            _EVERYBODY,
            by="dimension",
        ),
    ),
    "profile_total": Rule(
        ("profile", "measures"),
        _unequal("SELECT dimension, sum(customers) AS n FROM profile GROUP BY 1", _EVERYBODY, by="dimension"),
    ),
    "profile_amount": Rule(
        ("profile", "measures"),
        _unequal("SELECT dimension, sum(amount_12m_cny) AS n FROM profile GROUP BY 1", _MONEY, by="dimension"),
    ),
    "segments_total": Rule(
        ("segment_sums", "measures"), _unequal("SELECT sum(customers) AS n FROM segment_sums", _EVERYBODY)
    ),
    "segments_amount": Rule(
        ("segment_sums", "measures"), _unequal("SELECT sum(amount_12m_cny) AS n FROM segment_sums", _MONEY)
    ),
    "plan_total": Rule(("plan_segments", "measures"), _unequal("SELECT count(*) AS n FROM plan_segments", _EVERYBODY)),
    "shares_sum": Rule(
        ("profile",),
        "SELECT concat_ws(' ', dimension, s) FROM (SELECT dimension, sum(share) AS s FROM profile GROUP BY 1"
        " UNION ALL SELECT entity, sum(share) FROM funnel GROUP BY 1) WHERE s > 0 AND abs(s - 1) > 1e-6",
    ),
    "high_value_list": Rule(
        ("value_ranking", "tiers"),
        "SELECT customer_id FROM value_ranking SEMI JOIN tiers USING (customer_id) WHERE customer_id NOT IN"
        " (SELECT customer_id FROM tiers WHERE dimension = 'value' AND label = 'high')",
    ),
    "at_risk_list": Rule(
        ("at_risk", "tiers"),
        "SELECT customer_id FROM at_risk WHERE customer_id NOT IN (SELECT customer_id FROM tiers WHERE dimension = 'value' AND"
        " label = 'high' INTERSECT SELECT customer_id FROM tiers WHERE dimension = 'risk' AND label = 'churn_risk')",
    ),
    "months_amount": Rule(
        ("order_trend", "orders"),
        "SELECT concat_ws(' ', t.month, t.amount_cny, '≠', coalesce(o.amount, 0)) FROM order_trend t LEFT JOIN (SELECT"
        " date_trunc('month', ordered_on)::DATE AS month, sum(counted_cny) AS amount FROM {ever} GROUP BY 1) o USING (month)"
        " WHERE abs(t.amount_cny - coalesce(o.amount, 0)) > 0.005",
    ),
    "year_amount": Rule(
        ("figures", "measures", "orders"),
        _unequal(
            "SELECT sum(value) AS n FROM figures WHERE figure_id IN ('amount_12m', 'unattributed_amount_12m')"
            " HAVING count(value) = 2",
            "SELECT coalesce(sum(counted_cny), 0) AS total FROM {year}"
            " WHERE customer_id IS NULL OR customer_id IN (SELECT customer_id FROM measures)",
        ),
    ),
    "figures_retold": Rule(("figures",), _retold),
    "last_report": Rule(("last_report",), 'SELECT "name" FROM last_report WHERE kind = \'file\''),
    "last_figures": Rule(("last_report",), 'SELECT "name" FROM last_report WHERE kind = \'figure\''),
}  # fmt: skip


def run_checks(data: ReportData, sources: duckdb.DuckDBPyConnection | None = None) -> list[Check]:
    """Every check with its outcome, over `sources` (trace.open_sources), else over the report's own tables alone."""
    if sources is None:
        with open_sources(None, frames=data.tables) as own:
            return run_checks(data, own)
    as_of = data.period.as_of
    blanks = {
        "as_of": f"DATE '{as_of}'",
        "ever": counted_orders(None, as_of),
        "year": counted_orders(add_months(as_of, -12), as_of),
    }
    checks = []
    for name, rule in CHECKS.items():
        if not all(_has_rows(sources, table) for table in rule.needs):
            checks.append(Check(name, "nothing", ""))
            continue
        if callable(rule.against):
            found = rule.against(data, sources)
        else:
            found = [str(row[0]) for row in sources.execute(rule.against.format(**blanks)).fetchall()]
        told = ", ".join(sorted(found)[:SHOWN]) + (" …" if len(found) > SHOWN else "")
        checks.append(Check(name, "failed" if found else "passed", told))
    return checks


def _has_rows(sources: duckdb.DuckDBPyConnection, table: str) -> bool:
    try:
        return sources.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() is not None
    except duckdb.CatalogException:
        return False


def check_report(data: ReportData) -> pd.DataFrame:
    """The checks that were made (name, state, found); CheckError naming every one that failed."""
    failed = data.checks[data.checks["state"].eq("failed")]
    if len(failed):
        told = failed.itertuples()
        raise CheckError.of([CheckError("error.check", name=data.say(f"check.{c.name}"), found=c.found) for c in told])
    return data.checks


def list_checks(data: ReportData, sources: duckdb.DuckDBPyConnection | None = None) -> pd.DataFrame:
    """`run_checks` as a table: name, state, found."""
    return pd.DataFrame(run_checks(data, sources), columns=["name", "state", "found"]).astype("str")
