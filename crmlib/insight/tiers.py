"""Tiers: every customer gets one label of value, of potential and of risk, by rule, with the figures and rows behind it."""

from datetime import date
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.engine import read_frame, to_frame
from crmlib.insight.coverage import Tables, empty_tables
from crmlib.insight.measures import (
    active_customers,
    orders_before,
    overdue_payments,
    sum_orders,
    sum_overdue,
    value_start,
)
from crmlib.insight.needs import sum_needs, weigh_needs
from crmlib.insight.reasons import cite_rows, join_reasons, quote, write_reason
from crmlib.periods import add_months
from crmlib.settings import RiskTier, Settings, ValueTier

DIMENSIONS = ("potential", "risk", "value")  # as they sort
AT_RISK = (
    "customer_id",
    "name",
    "owner",
    "amount_12m_cny",
    "last_ordered_on",
    "months_since_last_order",
    "days_since_last_contact",
    "overdue_amount_cny",
    "reasons",
)
LABELS = {
    "value": ("high", "middle", "low"),
    "potential": ("focus", "potential", "watch"),
    "risk": ("stable", "warning", "churn_risk", "no_deal"),
}


def assign_tiers(tables: Tables, *, settings: Settings, as_of: date, in_yuan: bool = True) -> pd.DataFrame:
    """One row per active customer and dimension: customer_id, dimension, label, reasons (JSON list of {rule, figures,
    row_ids, rows}), as_of. Sorted by customer_id, dimension.

    The labels are Ibis expressions run where the tables are; only what a reason quotes is brought here. Where a table has no
    rows the label is given all the same, and a reason says so (NO_PAYMENT_TABLE …). Where amounts are not `in_yuan` there
    is no value tier: its limits are in yuan.
    """
    tiers = settings.tiers
    start = value_start(tiers.value.basis, as_of=as_of, fiscal_year_start=settings.periods.fiscal_year_start)
    orders = orders_before(tables, as_of=as_of)
    in_basis = orders_before(tables, as_of=as_of, start=start)
    overdue = overdue_payments(tables, as_of=as_of, window_months=tiers.risk.window_months)
    needs = weigh_needs(tables, potential=tiers.potential, as_of=as_of)

    base = active_customers(tables).select("customer_id")
    value = sum_orders(in_basis).select("customer_id", "amount_cny", "orders")
    history = sum_orders(orders).select("customer_id", "last_ordered_on")
    joined = base
    for facts in (value, history, sum_overdue(overdue), sum_needs(needs)):
        joined = joined.left_join(facts, "customer_id").drop("customer_id_right")
    labelled = joined.mutate(value=label_value(joined, tiers.value), risk=label_risk(joined, tiers.risk, as_of=as_of))
    facts = labelled.order_by("customer_id").to_pyarrow().sort_by("customer_id").combine_chunks()

    empty, ids = empty_tables(tables), facts["customer_id"]
    last = orders.filter(orders.is_order).inner_join(history, ["customer_id", ("ordered_on", "last_ordered_on")])
    reasons = {
        "value": _value_reasons(
            facts, tiers.value, empty, start=start, as_of=as_of,
            cited=cite_rows(in_basis, ids, first=[ibis.desc(in_basis.counted_cny, nulls_first=False)]),
        ),
        "risk": _risk_reasons(
            facts, tiers.risk, empty, as_of=as_of, last_orders=cite_rows(last, ids, first=[]),
            overdue=cite_rows(overdue, ids, first=[overdue.due_date]),
        ),
        "potential": _need_reasons(facts, empty, cited=cite_rows(needs, ids, first=[ibis.desc(needs.opened_at, nulls_first=False)])),
    }  # fmt: skip
    labels = {"value": facts["value"], "risk": facts["risk"], "potential": pc.fill_null(facts["potential"], "watch")}
    tiers_by_customer = _lengthen(ids, labels, reasons, as_of=as_of)
    if in_yuan:
        return tiers_by_customer
    return tiers_by_customer[tiers_by_customer["dimension"].ne("value")].reset_index(drop=True)


def label_value(facts: ir.Table, rule: ValueTier) -> ir.StringValue:
    """Half-open: from `high` yuan on high, from `middle` on middle, below it (and without an order) low."""
    high, middle = (_yuan(line) for line in (rule.high, rule.middle))
    return ibis.cases((facts.amount_cny >= high, "high"), (facts.amount_cny >= middle, "middle"), else_="low")


def label_risk(facts: ir.Table, rule: RiskTier, *, as_of: date) -> ir.StringValue:
    """No order ever: no_deal. The last order more than `lost_months` calendar months back (on the day: not yet): churn_risk,
    overdue or not. Then `warn_overdue` overdue payments or more: warning. Else stable."""
    return ibis.cases(
        (facts.last_ordered_on.isnull(), "no_deal"),
        (facts.last_ordered_on < add_months(as_of, -rule.lost_months), "churn_risk"),
        (facts.overdue_payments_12m >= rule.warn_overdue, "warning"),
        else_="stable",
    )


def _yuan(amount: float) -> ir.DecimalScalar:
    return ibis.literal(Decimal(str(amount)).quantize(Decimal("0.01")), type="decimal(18,2)")


def _value_reasons(facts, rule, empty, *, start, as_of, cited) -> pa.Array:
    orders = pc.fill_null(facts["orders"], 0)
    amount = pc.fill_null(facts["amount_cny"], Decimal(0))
    basis = {"basis": rule.basis, "amount_cny": amount, "from": start, "before": as_of}
    lines = {"high_cny": pa.scalar(_quantized(rule.high)), "middle_cny": pa.scalar(_quantized(rule.middle))}
    name = pc.binary_join_element_wise("VALUE_", pc.utf8_upper(facts["value"]), "")
    none = pc.equal(orders, 0)
    return join_reasons(
        write_reason("NO_ORDER", when=none, figures=basis, cited=cited),
        write_reason(name, when=pc.invert(none), figures={**basis, **lines, "orders": orders}, cited=cited),
        _no_table("NO_ORDER_TABLE", none, "orders" in empty),
    )


def _risk_reasons(facts, rule, empty, *, as_of, last_orders, overdue) -> pa.Array:
    count = pc.fill_null(facts["overdue_payments_12m"], 0)
    last_on = facts["last_ordered_on"]
    since = {"last_ordered_on": last_on, "as_of": as_of, "months": rule.lost_months}
    owed = {
        "payments": count,
        "months": rule.window_months,
        "owed_cny": facts["overdue_amount_cny"],
        "days": facts["max_overdue_days"],
    }
    always = pc.is_valid(facts["customer_id"])
    return join_reasons(
        write_reason("NEVER_ORDERED", when=pc.is_null(last_on), figures={"as_of": as_of}),
        write_reason("NO_ORDER_SINCE", when=pc.equal(facts["risk"], "churn_risk"), figures=since, cited=last_orders),
        write_reason("OVERDUE", when=pc.greater(count, 0), figures=owed, cited=overdue),
        write_reason("NO_OVERDUE", when=pc.equal(count, 0), figures={"months": rule.window_months})
        if "payments" not in empty
        else _no_table("NO_PAYMENT_TABLE", always, True),
        _no_table("NO_ORDER_TABLE", always, "orders" in empty),
    )  # fmt: skip


def _need_reasons(facts, empty, *, cited) -> pa.Array:
    label, needs = facts["potential"], {"needs": facts["needs"]}
    focus, some = pc.equal(label, "focus"), pc.equal(label, "potential")
    by_stage = pc.equal(facts["intent_by"], "lifecycle_stage")
    own_row = cited._replace(
        row_ids=pc.if_else(by_stage, quote(facts["customer_id"]), cited.row_ids),  # a merged customer is many rows
        rows=pc.if_else(by_stage, 1, cited.rows),
    )
    always = pc.is_valid(facts["customer_id"])
    return join_reasons(
        write_reason("INTENT_HIGH", when=focus, figures={"by": facts["intent_by"]}, cited=own_row),
        write_reason("NEED_STRONG", when=focus, figures=needs, cited=cited),
        write_reason("INTENT_LOW", when=pc.and_(some, pc.is_null(facts["intent_by"])), figures=needs, cited=cited),
        write_reason(
            "NEED_NOT_STRONG", when=pc.and_(some, pc.is_valid(facts["intent_by"])), figures=needs, cited=cited
        ),
        write_reason("NEED_VAGUE", when=pc.equal(label, "watch"), figures=needs, cited=cited),
        write_reason("NO_NEED", when=pc.is_null(label), figures={}),
        _no_table("NO_NEED_TABLE", always, "needs" in empty),
    )


def _no_table(rule: str, when: pa.Array, missing: bool) -> pa.Array:
    return write_reason(rule, when=pc.and_(when, missing), figures={})


def _quantized(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def _lengthen(ids: pa.Array, labels: dict, reasons: dict, *, as_of: date) -> pd.DataFrame:
    """One row per customer → one row per customer and dimension, in that order."""
    n, k = len(ids), len(DIMENSIONS)
    stacked = pa.table(
        {
            "customer_id": _stack([ids] * k),
            "dimension": _stack([pa.repeat(name, n) for name in DIMENSIONS]),
            "label": _stack([labels[name] for name in DIMENSIONS]),
            "reasons": _stack([reasons[name] for name in DIMENSIONS]),
            "as_of": pa.repeat(pa.scalar(as_of), n * k),
        }
    )
    by_customer = pa.array(np.arange(n * k).reshape(k, n).T.ravel())
    return to_frame(stacked.take(by_customer))


def _stack(arrays: list) -> pa.ChunkedArray:
    return pa.concat_arrays([a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays])


def tier_moves(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and dimension whose label changed: customer_id, dimension, label_before, label_now.

    A customer who is new has no label_before; one who left (archived, merged away) has no label_now.
    """
    key = ["customer_id", "dimension"]
    both = before[[*key, "label"]].merge(now[[*key, "label"]], on=key, how="outer", suffixes=("_before", "_now"))
    moved = both["label_before"].fillna("") != both["label_now"].fillna("")
    return both[moved].sort_values(key, ignore_index=True)


def list_at_risk(tables: Tables, tiers: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """High value and churn risk, the combined segment 高价值+流失风险, largest amount first.

    One row per customer: customer_id, name, owner (as the customer's row names one, else by id), amount_12m_cny, last_ordered_on, months_since_last_order,
    days_since_last_contact, overdue_amount_cny, reasons (of both labels).
    """
    high = tiers[(tiers["dimension"] == "value") & (tiers["label"] == "high")]
    leaving = tiers[(tiers["dimension"] == "risk") & (tiers["label"] == "churn_risk")]
    found = high.merge(leaving, on="customer_id", suffixes=("_value", "_risk"))
    # two JSON lists into one
    found["reasons"] = found["reasons_value"].str.removesuffix("]") + "," + found["reasons_risk"].str.removeprefix("[")
    staff = tables["staff"].select(owner_id="staff_id", owner="name")
    people = tables["customers"].left_join(staff, "owner_id")
    people = read_frame(
        people.select("customer_id", "name", owner=ibis.coalesce(people.owner_name, people.owner, people.owner_id))
    )
    listed = people.merge(measures, on="customer_id").merge(found[["customer_id", "reasons"]], on="customer_id")
    ranked = listed.sort_values(["amount_12m_cny", "customer_id"], ascending=[False, True], ignore_index=True)
    return ranked[list(AT_RISK)]
