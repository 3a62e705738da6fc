"""Tiers: every customer gets one label of value, of potential, of risk and of activity, by rule, with the figures and rows behind it."""

from datetime import date
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.engine import to_frame
from crmlib.insight.coverage import Tables, empty_tables
from crmlib.insight.measures import (
    active_customers,
    add_facts,
    measure_contacts,
    orders_before,
    overdue_payments,
    sum_orders,
    sum_overdue,
    talks_before,
    value_start,
)
from crmlib.insight.needs import sum_needs, weigh_needs
from crmlib.insight.reasons import cite_rows, join_reasons, quote, write_reason
from crmlib.judging import ActivityTier, RiskTier, Tiers, ValueTier
from crmlib.periods import add_months
from crmlib.settings import Settings

DIMENSIONS = ("activity", "potential", "risk", "value")  # as they sort
LABELS = {
    "value": ("high", "middle", "low"),
    "potential": ("focus", "potential", "watch"),
    "risk": ("stable", "warning", "churn_risk", "no_deal"),
    "activity": ("active", "inactive"),
}


def assign_tiers(tables: Tables, *, settings: Settings, as_of: date, in_yuan: bool = True) -> pd.DataFrame:
    """One row per active customer and dimension: customer_id, dimension, label, reasons (JSON list of {rule, figures,
    row_ids, rows}), as_of. Sorted by customer_id, dimension.

    The labels are Ibis expressions run where the tables are; only what a reason quotes is brought here. Where a table has no
    rows the label is given all the same, and a reason says so (NO_PAYMENT_TABLE …). Where amounts are not `in_yuan` there
    is no value tier: its limits are in yuan.
    """
    tiers, start = settings.tiers, basis_start(settings, as_of=as_of)
    labelled = label_facts(gather_facts(tables, settings=settings, as_of=as_of), tiers, as_of=as_of)
    facts = labelled.order_by("customer_id").to_pyarrow().sort_by("customer_id").combine_chunks()
    empty, ids = empty_tables(tables), facts["customer_id"]
    in_basis, orders = (orders_before(tables, as_of=as_of, start=since) for since in (start, None))
    last = last_rows(orders.filter(orders.is_order), "ordered_on")
    overdue = overdue_payments(tables, as_of=as_of, window_months=tiers.risk.window_months)
    needs = weigh_needs(tables, potential=tiers.potential, as_of=as_of)
    last_orders = cite_rows(last, ids, first=[])
    last_talks = cite_rows(last_rows(talks_before(tables, as_of=as_of), "talked_on"), ids, first=[])
    reasons = {
        "value": _value_reasons(
            facts, tiers.value, empty, start=start, as_of=as_of,
            cited=cite_rows(in_basis, ids, first=[ibis.desc(in_basis.counted_cny, nulls_first=False)]),
        ),
        "risk": _risk_reasons(
            facts, tiers.risk, empty, as_of=as_of, last_orders=last_orders,
            overdue=cite_rows(overdue, ids, first=[overdue.due_date]),
        ),
        "potential": _need_reasons(facts, empty, cited=cite_rows(needs, ids, first=[ibis.desc(needs.opened_at, nulls_first=False)])),
        "activity": _activity_reasons(facts, tiers.activity, empty, as_of=as_of, orders=last_orders, talks=last_talks),
    }  # fmt: skip
    off = {"value"} if not in_yuan else set()
    if {"orders", "interactions"} <= empty:
        off.add("activity")  # nothing was looked at, so nobody is inactive
    return _lengthen(ids, facts, {name: reasons[name] for name in DIMENSIONS if name not in off}, as_of=as_of)


def basis_start(settings: Settings, *, as_of: date) -> date | None:
    """The first day of the orders that a customer's value counts; None from the beginning."""
    fiscal = settings.periods.fiscal_year_start
    return value_start(settings.tiers.value.basis, as_of=as_of, fiscal_year_start=fiscal)


def value_labels(tables: Tables, *, settings: Settings, as_of: date) -> ir.Table:
    """One row per active customer: customer_id, value (the label of the value tier on `as_of`)."""
    sums = sum_orders(orders_before(tables, as_of=as_of, start=basis_start(settings, as_of=as_of)))
    known = add_facts(active_customers(tables).select("customer_id"), sums.select("customer_id", "amount_cny"))
    return known.select("customer_id", value=label_value(known, settings.tiers.value))


def gather_facts(tables: Tables, *, settings: Settings, as_of: date) -> ir.Table:
    """One row per active customer, what the labels are made of: customer_id, amount_cny and orders in the value's basis,
    last_ordered_on, last_contacted_on, overdue_payments_12m, overdue_amount_cny, max_overdue_days, potential, needs, intent_by."""
    value = sum_orders(orders_before(tables, as_of=as_of, start=basis_start(settings, as_of=as_of)))
    history = sum_orders(orders_before(tables, as_of=as_of))
    overdue = overdue_payments(tables, as_of=as_of, window_months=settings.tiers.risk.window_months)
    return add_facts(
        active_customers(tables).select("customer_id"),
        value.select("customer_id", "amount_cny", "orders"),
        history.select("customer_id", "last_ordered_on"),
        measure_contacts(tables, as_of).select("customer_id", "last_contacted_on"),
        sum_overdue(overdue),
        sum_needs(weigh_needs(tables, potential=settings.tiers.potential, as_of=as_of)),
    )


def label_facts(facts: ir.Table, tiers: Tiers, *, as_of: date) -> ir.Table:
    """The facts with a column per dimension; `no_need` tells the customers who have none (and watch)."""
    return facts.mutate(
        value=label_value(facts, tiers.value),
        risk=label_risk(facts, tiers.risk, as_of=as_of),
        potential=facts.potential.fill_null("watch"),
        no_need=facts.potential.isnull(),
        activity=label_activity(facts, tiers.activity, as_of=as_of),
    )


def last_rows(rows: ir.Table, day: str) -> ir.Table:
    """The rows of each customer's last day."""
    last = rows[day].max().over(ibis.window(group_by="customer_id"))
    return rows.mutate(last=last).filter(lambda t: t[day] == t["last"])


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


def label_activity(facts: ir.Table, rule: ActivityTier, *, as_of: date) -> ir.StringValue:
    """An order or a conversation in the last `months` calendar months (on the day: still): active. Else inactive."""
    since = ibis.date(add_months(as_of, -rule.months))
    seen = (facts.last_ordered_on >= since).fill_null(False) | (facts.last_contacted_on >= since).fill_null(False)
    return ibis.ifelse(seen, "active", "inactive")


def _yuan(amount: float) -> ir.DecimalScalar:
    return ibis.literal(_quantized(amount), type="decimal(18,2)")


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
    label, needs, none = facts["potential"], {"needs": facts["needs"]}, facts["no_need"]
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
        write_reason("NEED_VAGUE", when=pc.and_(pc.equal(label, "watch"), pc.invert(none)), figures=needs, cited=cited),
        write_reason("NO_NEED", when=none, figures={}),
        _no_table("NO_NEED_TABLE", always, "needs" in empty),
    )


def _activity_reasons(facts, rule, empty, *, as_of, orders, talks) -> pa.Array:
    ordered, talked = facts["last_ordered_on"], facts["last_contacted_on"]
    about, active = {"as_of": as_of, "months": rule.months}, pc.equal(facts["activity"], "active")
    since = pa.scalar(add_months(as_of, -rule.months))
    by_order = pc.fill_null(pc.greater_equal(ordered, since), False)
    by_talk = pc.fill_null(pc.greater_equal(talked, since), False)
    lapsed, always = pc.invert(active), pc.is_valid(facts["customer_id"])
    return join_reasons(
        write_reason("ACTIVE_ORDER", when=by_order, figures={"last_ordered_on": ordered, **about}, cited=orders),
        write_reason("ACTIVE_CONTACT", when=by_talk, figures={"last_contacted_on": talked, **about}, cited=talks),
        write_reason("INACTIVE_ORDER", when=pc.and_(lapsed, pc.is_valid(ordered)), figures={"last_ordered_on": ordered, **about}, cited=orders),
        write_reason("INACTIVE_CONTACT", when=pc.and_(lapsed, pc.is_valid(talked)), figures={"last_contacted_on": talked, **about}, cited=talks),
        write_reason("NEVER_SEEN", when=pc.and_(pc.is_null(ordered), pc.is_null(talked)), figures={"as_of": as_of}),
        _no_table("NO_ORDER_TABLE", always, "orders" in empty),
        _no_table("NO_INTERACTION_TABLE", always, "interactions" in empty),
    )  # fmt: skip


def _no_table(rule: str, when: pa.Array, missing: bool) -> pa.Array:
    return write_reason(rule, when=pc.and_(when, missing), figures={})


def _quantized(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def _lengthen(ids: pa.Array, facts: pa.Table, reasons: dict[str, pa.Array], *, as_of: date) -> pd.DataFrame:
    """One row per customer → one row per customer and dimension, in that order."""
    n, k = len(ids), len(reasons)
    stacked = pa.table(
        {
            "customer_id": _stack([ids] * k),
            "dimension": _stack([pa.repeat(name, n) for name in reasons]),
            "label": _stack([facts[name] for name in reasons]),
            "reasons": _stack(list(reasons.values())),
            "as_of": pa.repeat(pa.scalar(as_of), n * k),
        }
    )
    by_customer = pa.array(np.arange(n * k).reshape(k, n).T.ravel())
    return to_frame(stacked.take(by_customer))


def _stack(arrays: list) -> pa.ChunkedArray:
    return pa.concat_arrays([a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays])
