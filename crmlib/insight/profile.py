"""Profile: who the customers are and where the money comes from, by what is known of them; the unknown are shown."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from crmlib.engine import count_of, money, read_frame, to_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import MEASURES, active_customers, add_facts
from crmlib.insight.tiers import value_labels
from crmlib.settings import Settings

UNKNOWN = "unknown"
CROSSED = (("industry", "value"), ("region", "size"))
LEVELS = {"section": 1, "division": 3, "group": 4}  # of GB/T 4754: I, I65, I651
# dimension → the field of the customer that holds its code
DIMENSIONS = {
    "industry": "industry_code", "region": "region", "size": "size_class", "source": "source_channel", "entity_type": "entity_type",
    "lifecycle_stage": "lifecycle_stage",
}  # fmt: skip


def profile_customers(tables: Tables, *, as_of: date, industry_level: str = "division") -> pd.DataFrame:
    """One row per dimension and code of the active customers: dimension, code ("unknown" where nothing is known), customers,
    share, amount_12m_cny, amount_share (missing where nobody bought). Sorted by dimension, code."""
    coded = _code_customers(tables, as_of=as_of, industry_level=industry_level)
    # one pass over the customers; each combination of codes is then added up six ways
    combined = coded.group_by(list(DIMENSIONS)).agg(customers=count_of(coded.count()), amount=money(coded.amount.sum()))
    combinations = combined.to_pyarrow()
    counts = to_frame(pa.concat_tables(_count_codes(combinations, name) for name in DIMENSIONS))
    whole = counts.groupby("dimension")["customers"].transform("sum").astype("float64")
    total = counts["dimension"].map(counts.groupby("dimension")["amount_12m_cny"].agg(lambda amounts: sum(amounts)))
    amount_share = counts["amount_12m_cny"].astype("float64") / total.astype("float64").where(total > 0)
    counts = counts.assign(
        share=(counts["customers"] / whole).astype("float64").round(10), amount_share=amount_share.round(10)
    )
    columns = ["dimension", "code", "customers", "share", "amount_12m_cny", "amount_share"]
    return counts[columns].sort_values(["dimension", "code"], ignore_index=True)


def _code_customers(tables: Tables, *, as_of: date, industry_level: str) -> ir.Table:
    """One row per active customer: customer_id, amount of the 12 months, and the code of each dimension."""
    customers = active_customers(tables)
    amounts = MEASURES["orders_12m"](tables, as_of).select("customer_id", "amount_12m_cny")
    customers = customers.mutate(industry_code=customers.industry_code.substr(0, LEVELS[industry_level]))
    known = add_facts(customers, amounts)
    return known.select(
        "customer_id",
        amount=known.amount_12m_cny.fill_null(0),
        **{name: known[field].nullif("").fill_null(UNKNOWN) for name, field in DIMENSIONS.items()},
    )


def compute_profile(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """profile_cross: CROSSED dimensions two by two. One row per pair of codes that somebody has: pair, code, across, customers, share
    (of those of the code), amount_12m_cny. Sorted."""
    coded = _code_customers(tables, as_of=as_of, industry_level=settings.classes.industry_level)
    both = coded.inner_join(value_labels(tables, settings=settings, as_of=as_of), "customer_id")
    parts = []
    for down, across in CROSSED:
        cells = both.group_by(code=both[down], across=both[across]).agg(
            customers=count_of(both.count()), amount_12m_cny=money(both.amount.sum())
        )
        parts.append(read_frame(cells).assign(pair=f"{down}_{across}"))
    found = pd.concat(parts, ignore_index=True).sort_values(["pair", "code", "across"], ignore_index=True)
    whole = found.groupby(["pair", "code"])["customers"].transform("sum").astype("float64")
    found = found.assign(share=(found["customers"] / whole).astype("float64").round(10))
    return {"profile_cross": found[["pair", "code", "across", "customers", "share", "amount_12m_cny"]]}


def _count_codes(combinations: pa.Table, dimension: str) -> pa.Table:
    sums = combinations.group_by(dimension).aggregate([("customers", "sum"), ("amount", "sum")])
    columns = {
        "dimension": pa.array([dimension] * len(sums), pa.string()),
        "code": sums[dimension],
        "customers": sums["customers_sum"],
        "amount_12m_cny": sums["amount_sum"].cast(pa.decimal128(18, 2)),
    }
    return pa.table(columns)


def find_core_segments(profile: pd.DataFrame, *, cover: Decimal = Decimal("0.8")) -> pd.DataFrame:
    """The fewest codes of each dimension that bring `cover` of the amount, largest first.

    One row per dimension and code: the columns of `profile`, and position (from 1) and cumulative_share.
    """
    rows = profile.sort_values(
        ["dimension", "amount_12m_cny", "code"], ascending=[True, False, True], ignore_index=True
    ).assign(amount=lambda t: t["amount_12m_cny"].astype(object))
    groups = rows.groupby("dimension", sort=False)["amount"]
    total, reached = groups.transform("sum"), groups.transform(lambda amounts: amounts.cumsum())
    before = reached - rows["amount"]
    core = rows[(total > 0) & (before < total * cover) & (rows["amount"] > 0)]
    share = (reached / total.where(total > 0)).astype("float64").round(10)
    return core.drop(columns="amount").assign(
        position=core.groupby("dimension").cumcount() + 1, cumulative_share=share[core.index]
    ).reset_index(drop=True)  # fmt: skip


def round_shares(shares: pd.Series, *, places: int = 1) -> pd.Series:
    """Shares of one whole as percentages that add up to 100 exactly as printed (largest remainder); for display only."""
    exact = shares.astype("float64") * 100 * 10**places
    floor = np.floor(exact.round(6))
    left = int(round(exact.sum() - floor.sum()))
    up = (floor - exact).sort_values(kind="stable").index[:left]
    return (floor + floor.index.isin(up)) / 10**places
