"""Figures: each number that a report states, with its unit, how many rows it counts, its definition and the query behind it."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import NamedTuple

import ibis
import pandas as pd

from crmlib.engine import count_of, money, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import orders_before
from crmlib.insight.profile import DIMENSIONS
from crmlib.insight.tiers import LABELS
from crmlib.periods import add_months


class Figure(NamedTuple):
    """One number. `rows` is a query (DuckDB's SQL) over the tables of the run and of the book that gives the rows behind it.

    unit: customers, orders, payments, needs, opportunities, talks, tickets (counts), cny, hours, days, score, times, or share
    (0 to 1; `n` is the whole, `rows` are the part). The figure can be told again from its rows (report/trace.py, and the
    self-check does): it is how many they are, or the sum of their column `counted`; divided by the sum of `whole` where there is
    one, a share else by n; of a column `typical` it is the median.
    `definition` is a label; the name of the figure is the label `figure.<figure_id>`. `better` says which way is good: up, down,
    or neither.
    """

    figure_id: str
    section: str
    value: float | None
    unit: str
    n: int
    definition: str
    rows: str
    better: str = ""


def state_figure(figure_id: str, section: str, value, unit: str, n: int, rows: str, *, better: str = "") -> Figure:
    """A figure whose definition is `definition.<figure_id>`; a value that is not known is None."""
    known = None if pd.isna(value) else float(value)
    return Figure(figure_id, section, known, unit, int(n), f"definition.{figure_id}", rows, better)


BETTER = {
    "customers_active": "up", "amount_12m": "up", "orders_12m": "up", "buying_share_12m": "up", "contacted_share_6m": "up",
    "amount_last_month": "up", "orders_last_month": "up", "tier_value_high": "up", "tier_risk_stable": "up",
    "tier_risk_churn_risk": "down", "overdue_amount": "down", "overdue_payments_12m": "down", "at_risk_customers": "down",
    "at_risk_amount_12m": "down",
}  # fmt: skip


def collect_figures(figures: Iterable[Figure]) -> pd.DataFrame:
    """One row per figure, sorted by figure_id; floats to 10 digits. Two figures of one id are an error of the kit."""
    found = pd.DataFrame(list(figures), columns=list(Figure._fields)).sort_values("figure_id", ignore_index=True)
    twice = found["figure_id"][found["figure_id"].duplicated()]
    if len(twice):
        raise ValueError(f"figures stated twice: {', '.join(twice)}")
    text = {name: "str" for name in ("figure_id", "section", "unit", "definition", "rows", "better")}
    return found.astype({**text, "value": "float64", "n": "Int64"}).round({"value": 10})


def build_figures(
    tables: Tables, results: Mapping[str, pd.DataFrame], *, as_of: date, more: Iterable[Figure] = ()
) -> pd.DataFrame:
    """The figures of the tables in `results` (measures, tiers, order_trend, funnel, at_risk …), and `more`; a table that is not
    there gives none. One row per figure: figure_id, section, value, unit, n, definition, rows, better."""
    makers = {
        "measures": partial(_measure_figures, as_of=as_of),
        "tiers": _tier_figures,
        "tier_moves": _move_figures,
        "at_risk": _risk_figures,
        "value_ranking": _ranking_figures,
        "potential_list": _potential_figures,
        "contradictions": _contradiction_figures,
        "profile": _profile_figures,
        "order_trend": _trend_figures,
    }
    figures = [figure for name, make in makers.items() if name in results for figure in make(results[name])]
    if "tags" in results and "measures" in results:
        figures += _tag_figures(results["tags"], len(results["measures"]))
    if "funnel" in results:
        figures += _funnel_figures(results["funnel"], as_of)
    return collect_figures([*figures, *_unattributed_figures(tables, as_of=as_of), *more])


def _figure(figure_id: str, section: str, value, unit: str, n: int, rows: str) -> Figure:
    return state_figure(figure_id, section, value, unit, n, rows, better=BETTER.get(figure_id, ""))


def counted_orders(since: date | None, until: date) -> str:
    """Order rows of [since, until) in SQL, as `measures.orders_before` has them: a second telling, to check the first by."""
    within = f"ordered_on < DATE '{until}'" + (f" AND ordered_on >= DATE '{since}'" if since else "")
    cancelled, returned = "coalesce(status, '') = 'cancelled'", "coalesce(amount_cny, 0) < 0"
    return (
        "(SELECT row_id, customer_id, ordered_on, coalesce(order_id, row_id) AS order_key,"
        f" CASE WHEN {cancelled} AND NOT {returned} THEN 0 ELSE amount_cny END AS counted_cny,"
        f" NOT {cancelled} AND NOT {returned} AS is_order FROM orders WHERE {within})"
    )


def _amounts(since: date, until: date, where: str = "true", counted: str = "counted_cny") -> str:
    """The rows of an amount."""
    return f"SELECT row_id, customer_id, ordered_on, {counted} AS counted FROM {counted_orders(since, until)} WHERE {where}"


def _orders(since: date, until: date, where: str = "true") -> str:
    """One row per order: several rows of one order_id are one, of two customers two."""
    return (
        "SELECT order_key, customer_id, min(row_id) AS row_id, min(ordered_on) AS ordered_on"
        f" FROM {counted_orders(since, until)} WHERE is_order AND {where} GROUP BY order_key, customer_id"
    )


def _measure_figures(measures: pd.DataFrame, as_of: date) -> list[Figure]:
    everyone = len(measures)

    def total(figure_id: str, section: str, column: str, unit: str, rows: str) -> Figure:
        known = measures[column].dropna()
        return _figure(figure_id, section, known.sum() if len(known) else None, unit, (known != 0).sum(), rows)

    def share(figure_id: str, column: str) -> Figure:
        known = measures[column].dropna()
        value = (known > 0).sum() / everyone if len(known) else None
        return _figure(figure_id, "summary", value, "share", everyone, f"{pick} WHERE {column} > 0")

    pick, since = "SELECT customer_id FROM measures", add_months(as_of, -12)
    counted = "SELECT customer_id, {0} AS counted FROM measures WHERE {0} > 0"
    mine, late, owed = f"customer_id IN ({pick})", "overdue_payments_12m", "overdue_amount_cny"
    return [
        _figure("customers_active", "summary", everyone, "customers", everyone, pick),
        total("amount_12m", "summary", "amount_12m_cny", "cny", _amounts(since, as_of, mine)),
        total("orders_12m", "summary", "orders_12m", "orders", _orders(since, as_of, mine)),
        share("buying_share_12m", "orders_12m"),
        share("contacted_share_6m", "contacts_6m"),
        total("overdue_payments_12m", "tiers", late, "payments", counted.format(late)),
        total("overdue_amount", "tiers", owed, "cny", counted.format(owed)),
    ]


def _tier_figures(tiers: pd.DataFrame) -> list[Figure]:
    counts = tiers.groupby(["dimension", "label"]).size()
    everyone = tiers.groupby("dimension").size()
    rows = "SELECT customer_id FROM tiers WHERE dimension = '{}' AND label = '{}'"
    return [
        _figure(f"tier_{dimension}_{label}", "tiers", counts.get((dimension, label), 0), "customers",
                everyone.get(dimension, 0), rows.format(dimension, label))
        for dimension, labels in LABELS.items()
        if dimension != "activity" or dimension in everyone  # nothing was looked at: nobody is inactive
        for label in labels
    ]  # fmt: skip


def _move_figures(moves: pd.DataFrame) -> list[Figure]:
    changed = moves.dropna(subset=["label_before", "label_now"])
    rows = "SELECT DISTINCT customer_id FROM tier_moves WHERE label_before IS NOT NULL AND label_now IS NOT NULL"
    return [_figure("tier_moves", "tiers", changed["customer_id"].nunique(), "customers", len(changed), rows)]


def _risk_figures(at_risk: pd.DataFrame) -> list[Figure]:
    n, rows = len(at_risk), "SELECT customer_id, amount_12m_cny AS counted FROM at_risk"
    return [
        _figure("at_risk_customers", "at_risk", n, "customers", n, "SELECT customer_id FROM at_risk"),
        _figure("at_risk_amount_12m", "at_risk", at_risk["amount_12m_cny"].sum() if n else 0, "cny", n, rows),
    ]


def _ranking_figures(ranking: pd.DataFrame) -> list[Figure]:
    n, rows = len(ranking), "SELECT customer_id, amount_cny AS counted FROM value_ranking"
    return [_figure("high_value_amount", "tiers", ranking["amount_cny"].sum() if n else 0, "cny", n, rows)]


def _potential_figures(screened: pd.DataFrame) -> list[Figure]:
    n = int(screened["complaints"].isna().sum())
    rows = "SELECT customer_id FROM potential_list WHERE complaints IS NULL"
    return [_figure("screened_potential", "tiers", n, "customers", n, rows)]


def _contradiction_figures(pairs: pd.DataFrame) -> list[Figure]:
    rows = "SELECT DISTINCT customer_id FROM contradictions"
    return [_figure("contradictions", "tags", pairs["customer_id"].nunique(), "customers", len(pairs), rows)]


# families that say how a customer behaves or what they need
TELLING = ("purchase_cycle", "product_preference", "interaction_frequency", "current_need", "future_need")


def _tag_figures(tags: pd.DataFrame, everyone: int) -> list[Figure]:
    mine = tags[tags["family"].isin(TELLING) & tags["valid_to"].isna()]
    share = mine["customer_id"].nunique() / everyone if everyone else None
    rows = f"SELECT DISTINCT customer_id FROM tags WHERE family IN {TELLING} AND valid_to IS NULL"
    return [_figure("customers_tagged", "tags", share, "share", everyone, rows)]


def _profile_figures(profile: pd.DataFrame) -> list[Figure]:
    unknown = profile[profile["code"] == "unknown"].set_index("dimension")
    everyone = profile.groupby("dimension")["customers"].sum()
    rows = (
        "SELECT customer_id FROM customers WHERE coalesce(record_status, 'active') = 'active'"
        " AND coalesce(nullif({}, ''), 'unknown') = 'unknown'"
    )
    return [
        _figure(f"unknown_{name}", "profile", unknown["share"].get(name, 0.0), "share", everyone.get(name, 0), rows.format(field))
        for name, field in DIMENSIONS.items()
    ]  # fmt: skip


def _trend_figures(trend: pd.DataFrame) -> list[Figure]:
    full = trend[~trend["partial"].astype("bool")].tail(2)
    earlier, last = full.iloc[0], full.iloc[-1]
    since, until = last["month"], add_months(last["month"], 1)
    signed = f"CASE WHEN ordered_on < DATE '{since}' THEN -counted_cny ELSE counted_cny END"
    whole = f"CASE WHEN ordered_on < DATE '{since}' THEN counted_cny ELSE 0 END AS whole"
    both = _amounts(earlier["month"], until, counted=f"{whole}, {signed}")
    change = last["amount_cny"] / earlier["amount_cny"] - 1 if earlier["amount_cny"] > 0 else None
    n = last["orders"]
    return [
        _figure("amount_last_month", "trend", last["amount_cny"], "cny", n, _amounts(since, until)),
        _figure("orders_last_month", "trend", last["orders"], "orders", n, _orders(since, until)),
        _figure("amount_change_1m", "trend", change, "share", n + earlier["orders"], both),
    ]


def _funnel_figures(funnel: pd.DataFrame, as_of: date) -> list[Figure]:
    n = funnel.groupby("entity")["n"].sum()
    needs = (
        f"SELECT row_id FROM needs WHERE coalesce(opened_at < DATE '{as_of}', true) AND coalesce(closed_at >= DATE '{as_of}',"
        " coalesce(status, 'open') = 'open')"
    )
    deals = f"SELECT row_id FROM opportunities WHERE coalesce(opened_on < DATE '{as_of}', true)"
    return [
        _figure("needs_open", "funnel", n["need"], "needs", n["need"], needs),
        _figure("opportunities", "funnel", n["opportunity"], "opportunities", n["opportunity"], deals),
    ]


def _unattributed_figures(tables: Tables, *, as_of: date) -> list[Figure]:
    """Orders of no customer: in the trend, in nobody's tier."""
    since = add_months(as_of, -12)
    orders = orders_before(tables, as_of=as_of, start=since)
    orders = orders.filter(orders.customer_id.isnull())
    sums = read_frame(
        orders.agg(
            orders=count_of(orders.order_key.nunique(where=orders.is_order)),
            amount=money(orders.counted_cny.sum().coalesce(ibis.literal(0).cast("decimal(18,2)"))),
        )
    ).iloc[0]
    n, nobody = sums["orders"], "customer_id IS NULL"
    return [
        _figure("unattributed_orders_12m", "summary", n, "orders", n, _orders(since, as_of, nobody)),
        _figure("unattributed_amount_12m", "summary", sums["amount"], "cny", n, _amounts(since, as_of, nobody)),
    ]
