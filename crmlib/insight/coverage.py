"""Coverage: each table that a book lacks switches analyses off, and the report says which and why."""

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmlib.engine import read_frame, within

Tables = Mapping[str, ir.Table]  # every table of the dictionary by name; one that was never imported has no rows

REASONS = {
    "orders": "NO_ORDER_TABLE",
    "payments": "NO_PAYMENT_TABLE",
    "needs": "NO_NEED_TABLE",
    "interactions": "NO_INTERACTION_TABLE",
    "opportunities": "NO_OPPORTUNITY_TABLE",
    "tickets": "NO_TICKET_TABLE",
    "surveys": "NO_SURVEY_TABLE",
}
# analysis → the table without which it says nothing
ANALYSES: Mapping[str, str] = {
    "tier_value": "orders",
    "tier_potential": "needs",
    "risk_churn": "orders",
    "risk_overdue": "payments",
    "order_trend": "orders",
    "contacts": "interactions",
    "funnel_need": "needs",
    "funnel_opportunity": "opportunities",
    "complaints": "tickets",
    "satisfaction": "surveys",
}


def empty_tables(tables: Tables) -> frozenset[str]:
    """The tables that some analysis rests on and that have no row."""
    known = [name for name in REASONS if name in tables]
    counts = [tables[name].agg(n=tables[name].count()).mutate(name=ibis.literal(name)) for name in known]
    found = ibis.union(*counts).to_pyarrow().to_pylist() if counts else []
    return frozenset(REASONS) - {one["name"] for one in found if one["n"]}


# table → the day that its rows are of
WHEN = {"orders": "ordered_on", "interactions": "occurred_at", "needs": "opened_at", "tickets": "opened_at"}
COSTS = ("orders", "interactions", "tickets")  # tables with a cost of their own


def missing_costs(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """One row per table with rows in [start, as_of): table, rows, missing (those whose cost nobody gave; none counts as 0)."""
    counts = []
    for name in COSTS:
        rows = within(tables[name], WHEN[name], start=start, as_of=as_of)
        stated = rows.cost_cny.notnull()
        if name == "orders":  # a profit tells the cost
            stated = stated | (rows.profit_cny.notnull() & rows.amount_cny.notnull())
        sums = rows.agg(rows=rows.count().cast("int64"), missing=rows.count(where=~stated).cast("int64"))
        counts.append(sums.mutate(table=ibis.literal(name)))
    found = read_frame(ibis.union(*counts))
    return found.loc[found["rows"] > 0, ["table", "rows", "missing"]].sort_values("table", ignore_index=True)


def missing_tables(tables: Tables) -> pd.DataFrame:
    """One row per analysis that is switched off: analysis, table, reason (words: `analysis.X`, `tier_rule.X`)."""
    empty = empty_tables(tables)
    rows = [(analysis, table, REASONS[table]) for analysis, table in ANALYSES.items() if table in empty]
    return pd.DataFrame(rows, columns=["analysis", "table", "reason"], dtype="str")
