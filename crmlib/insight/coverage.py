"""Coverage: each table that a book lacks switches analyses off, and the report says which and why."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

Tables = Mapping[str, ir.Table]  # every table of the dictionary by name; one that was never imported has no rows

REASONS = {
    "orders": "NO_ORDER_TABLE",
    "payments": "NO_PAYMENT_TABLE",
    "needs": "NO_NEED_TABLE",
    "interactions": "NO_INTERACTION_TABLE",
    "opportunities": "NO_OPPORTUNITY_TABLE",
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
}


def empty_tables(tables: Tables) -> frozenset[str]:
    """The tables that some analysis rests on and that have no row."""
    known = [name for name in REASONS if name in tables]
    counts = [tables[name].agg(n=tables[name].count()).mutate(name=ibis.literal(name)) for name in known]
    found = ibis.union(*counts).to_pyarrow().to_pylist() if counts else []
    return frozenset(REASONS) - {one["name"] for one in found if one["n"]}


def missing_tables(tables: Tables) -> pd.DataFrame:
    """One row per analysis that is switched off: analysis, table, reason (words: `analysis.X`, `tier_rule.X`)."""
    empty = empty_tables(tables)
    rows = [(analysis, table, REASONS[table]) for analysis, table in ANALYSES.items() if table in empty]
    return pd.DataFrame(rows, columns=["analysis", "table", "reason"], dtype="str")
