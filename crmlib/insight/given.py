"""What the sources state beside what the rows show: totals, days, stages and grades given by people, compared and never overwritten."""

from datetime import date

import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers

# field of customers → the measure that says the same
MEASURED = {
    "opening_amount_cny": "amount_total_cny",
    "given_first_order_on": "first_ordered_on",
    "given_last_contact_on": "last_contacted_on",
}
# what a grade is called → dimension and label; the longer words are looked for first, others are not compared
GRADES = {
    "高潜力": ("potential", "focus"), "中潜力": ("potential", "potential"), "低潜力": ("potential", "watch"),
    "重点跟进": ("potential", "focus"), "观望": ("potential", "watch"),
    "高": ("value", "high"), "中": ("value", "middle"), "低": ("value", "low"),
}  # fmt: skip


def compare_given(tables: Tables, measures: pd.DataFrame, tiers: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """One row per active customer and given value that can be compared: customer_id, field, given, computed, agrees.

    Values are texts. What the rows show wins; where they show nothing, `computed` and `agrees` are missing and the given
    value is all there is. Days given from `as_of` on are left out. Sorted by customer_id, field.
    """
    customers = active_customers(tables).select("customer_id", "source_grade", "lifecycle_stage", *MEASURED)
    given = read_frame(customers).merge(measures, on="customer_id")
    parts = [_pairs(given, field, given[column], as_of=as_of) for field, column in MEASURED.items()]
    parts += [_stages(given, tiers), _grades(given, tiers)]
    every = pd.concat(parts).sort_values(["customer_id", "field"], ignore_index=True)
    return every.astype({"agrees": "boolean"})


def _pairs(given: pd.DataFrame, field: str, computed: pd.Series, *, as_of: date) -> pd.DataFrame:
    if field == "opening_amount_cny":  # no order at all is nothing to compare with, though it adds up to 0
        computed = computed.where(given["orders_total"].fillna(0) > 0)
    known = given[field].notna() & ((given[field] < as_of) if field.endswith("_on") else True)
    return _table(given["customer_id"][known], field, given[field][known], computed[known])


def _stages(given: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    """Who ordered is a customer, and lost only where the risk tier says so too; without an order nothing can be said."""
    risk = tiers[tiers["dimension"].eq("risk")].set_index("customer_id")["label"]
    label = given["customer_id"].map(risk)
    known, stage = given["lifecycle_stage"].notna(), given["lifecycle_stage"]
    computed = pd.Series("customer", index=given.index, dtype="str").mask(
        stage.eq("lost") & label.eq("churn_risk"), "lost"
    )
    computed = computed.where(label.notna() & label.ne("no_deal"))
    return _table(given["customer_id"][known], "lifecycle_stage", stage[known], computed[known])


def _grades(given: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    words = sorted(GRADES, key=len, reverse=True)
    found = given["source_grade"].str.extract(f"({'|'.join(words)})", expand=False)
    known = found.notna()
    said = pd.DataFrame(
        [GRADES[word] for word in found[known]], columns=["dimension", "said"], index=found.index[known]
    )
    said = said.assign(customer_id=given["customer_id"][known])
    both = said.merge(tiers[["customer_id", "dimension", "label"]], on=["customer_id", "dimension"], how="left")
    return _table(
        both["customer_id"],
        "source_grade",
        both["dimension"] + "." + both["said"],
        both["dimension"] + "." + both["label"],
    )


def _table(customers: pd.Series, field: str, given: pd.Series, computed: pd.Series) -> pd.DataFrame:
    given, computed = (
        values.reset_index(drop=True).map(str, na_action="ignore").astype("str") for values in (given, computed)
    )
    agrees = (given == computed).astype("boolean").mask(computed.isna())
    return pd.DataFrame(
        {"customer_id": customers.to_numpy(), "field": field, "given": given, "computed": computed, "agrees": agrees}
    ).astype({"customer_id": "str", "field": "str"})
