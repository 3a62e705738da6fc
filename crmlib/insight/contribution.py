"""Contribution: what each value tier brings and costs, how it is served, and how few customers bring the most."""

from collections.abc import Mapping
from datetime import date
from functools import reduce

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmlib.engine import count_of, money, read_frame, within
from crmlib.insight.campaigns import campaign_effects
from crmlib.insight.coverage import WHEN, Tables
from crmlib.insight.figures import Figure, counted_orders, state_figure
from crmlib.insight.measures import (
    CANCELLED,
    active_customers,
    add_facts,
    count_orders,
    median_gaps,
    orders_before,
    sum_orders,
)
from crmlib.insight.tiers import LABELS, value_labels
from crmlib.periods import add_months
from crmlib.settings import Settings

MONTHS = 12
NONE = "none"  # orders and talks of no active customer
TIERS = (*LABELS["value"], NONE)
POINTS, TENTH = 100, 10  # of the curve


def compute_value(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """tier_value, tier_habits, concentration and campaigns, of the twelve months before `as_of`."""
    labels = value_labels(tables, settings=settings, as_of=as_of)
    return {
        "tier_value": tier_value(tables, labels, as_of=as_of),
        "tier_habits": tier_habits(tables, labels, as_of=as_of),
        "concentration": concentration(tables, as_of=as_of),
        "campaigns": campaign_effects(
            tables, tags=settings.value.campaigns, days=settings.value.campaign_days, least=settings.value.least, as_of=as_of
        ),
    }  # fmt: skip


def tier_value(tables: Tables, labels: ir.Table, *, as_of: date) -> pd.DataFrame:
    """One row per value tier, and "none" for what belongs to no active customer, of the twelve months before `as_of`:

    label, customers; orders, revenue_cny, size_cny (amounts without their signs), costed_size_cny and cost_coverage (the part of it whose
    cost is known); costed_cny, cost_cny, margin_cny and margin_share (of the revenue whose cost is known); talks, tickets, service_rows,
    service_costed (those that state a cost), service_cost_cny; since, until. A cost that nobody stated is missing, never 0; so are the
    counts of a table without rows.
    """
    start = add_months(as_of, -MONTHS)
    parts = [labels.group_by(label=labels.value).agg(customers=count_of(labels.count()))]
    parts.append(_by_label(_order_costs(tables, start=start, as_of=as_of), labels, _sum_costs))
    for name in ("interactions", "tickets"):
        rows = within(tables[name], WHEN[name], start=start, as_of=as_of).select("customer_id", "cost_cny")
        parts.append(_by_label(rows, labels, _sum_service(name)))
    frames = [read_frame(part).set_index("label") for part in parts]
    found = reduce(lambda left, right: left.join(right, how="outer"), frames).reindex(TIERS)
    for name, frame in zip(("orders", "interactions", "tickets"), frames[1:], strict=True):
        if len(frame):  # a tier that a table with rows does not name has none; a table without rows tells nothing
            counts = [column for column in frame.columns if not column.endswith("cny")]
            found = found.assign(**{one: found[one].fillna(0) for one in counts})
        if name == "orders" and len(frame):
            found = found.assign(revenue_cny=found["revenue_cny"].fillna(0))
    found = found.assign(customers=found["customers"].fillna(0).where(found.index != NONE))
    whole, costed = (found[one].astype("float64") for one in ("size_cny", "costed_size_cny"))
    revenue, cost = found["costed_cny"], found["cost_cny"]
    service = [found[one] for one in ("interactions_costed", "tickets_costed")]
    costs = found[["interactions_cost_cny", "tickets_cost_cny"]].astype(object)
    return found.assign(
        cost_coverage=(costed.fillna(0) / whole.where(whole > 0)).round(10),
        margin_cny=revenue - cost,
        margin_share=((revenue - cost).astype("float64") / revenue.astype("float64").where(revenue > 0)).round(10),
        service_rows=found[["interactions", "tickets"]].sum(axis=1, min_count=1).astype("Int64"),
        service_costed=pd.concat(service, axis=1).sum(axis=1, min_count=1).astype("Int64"),
        service_cost_cny=costs.apply(lambda row: row.dropna().sum() if row.notna().any() else None, axis=1),
        since=start,
        until=as_of,
    ).rename(columns={"interactions": "talks"}).rename_axis("label").reset_index()[
        ["label", "customers", "orders", "revenue_cny", "size_cny", "costed_size_cny", "cost_coverage", "costed_cny", "cost_cny",
         "margin_cny", "margin_share", "talks", "tickets", "service_rows", "service_costed", "service_cost_cny",
         "since", "until"]
    ]  # fmt: skip


def _order_costs(tables: Tables, *, start: date, as_of: date) -> ir.Table:
    """Order rows of the window that were sales or returns: customer_id, order_key, is_order, counted_cny, cost (stated, or what the
    stated profit leaves of the amount)."""
    orders = tables["orders"]
    stated = orders.select(
        "row_id", cost=money(orders.cost_cny.coalesce(money(orders.amount_cny - orders.profit_cny))),
        never=(orders.status.fill_null("") == CANCELLED) & (orders.amount_cny.fill_null(0) >= 0),
    )  # fmt: skip
    rows = orders_before(tables, as_of=as_of, start=start).left_join(stated, "row_id")
    return rows.filter(~rows.never).select("customer_id", "order_key", "is_order", "counted_cny", "cost")


def _sum_costs(rows: ir.Table) -> dict[str, ir.Value]:
    known = rows.cost.notnull() & rows.counted_cny.notnull()
    size = rows.counted_cny.abs()
    return {
        "orders": count_orders(rows),
        "revenue_cny": money(rows.counted_cny.sum()),
        "size_cny": money(size.sum()),
        "costed_size_cny": money(size.sum(where=known)),
        "costed_cny": money(rows.counted_cny.sum(where=known)),
        "cost_cny": money(rows.cost.sum(where=known)),
    }


def _sum_service(name: str):
    def sums(rows: ir.Table) -> dict[str, ir.Value]:
        return {
            name: count_of(rows.count()),
            f"{name}_costed": count_of(rows.count(where=rows.cost_cny.notnull())),
            f"{name}_cost_cny": money(rows.cost_cny.sum()),
        }

    return sums


def _by_label(rows: ir.Table, labels: ir.Table, sums) -> ir.Table:
    joined = add_facts(rows, labels)
    joined = joined.mutate(label=joined.value.fill_null(NONE))
    return joined.group_by("label").agg(**sums(joined))


def tier_habits(tables: Tables, labels: ir.Table, *, as_of: date) -> pd.DataFrame:
    """How the customers of a value tier buy, for whoever plans an offer; of the twelve months before `as_of`. One row per tier whose
    customers ordered: label, buyers, orders_each, amount_each_order, gap_days (the median of the customers' median gaps), category
    (which brings most) and category_share, channel (most talks) and channel_share; missing where nobody says it."""
    start = add_months(as_of, -MONTHS)
    orders = orders_before(tables, as_of=as_of, start=start)
    orders = orders.filter(orders.customer_id.notnull())
    sales = orders.filter(orders.is_order)
    each = add_facts(sum_orders(orders), median_gaps(sales, "ordered_on"))
    each = each.filter(each.orders > 0).inner_join(labels, "customer_id")
    found = read_frame(
        each.group_by(label=each.value).agg(
            buyers=count_of(each.count()), orders=count_of(each.orders.sum()), amount=money(each.amount_cny.sum()),
            gap_days=each.median_gap_days.median().cast("float64"),
        )
    ).set_index("label")  # fmt: skip
    kinds = tables["orders"].select("row_id", kind=tables["orders"].category)
    bought = orders.left_join(kinds, "row_id").select("customer_id", "kind", size=orders.counted_cny)
    talks = within(tables["interactions"], "occurred_at", start=start, as_of=as_of)
    spoken = talks.select("customer_id", kind=talks.channel, size=ibis.literal(1).cast("decimal(18,2)"))
    most = {name: _most(rows, labels) for name, rows in (("category", bought), ("channel", spoken))}
    rows = found.reindex([label for label in LABELS["value"] if label in found.index])
    orders_, amount = rows["orders"].astype("float64"), rows["amount"].astype("float64")
    return pd.DataFrame(
        {
            "buyers": rows["buyers"],
            "orders_each": (orders_ / rows["buyers"].astype("float64")).round(10),
            "amount_each_order": (amount / orders_).round(2),
            "gap_days": rows["gap_days"],
            **{key: most[name][part].reindex(rows.index) for name in most for key, part in ((name, "kind"), (f"{name}_share", "share"))},
        }
    ).rename_axis("label").reset_index()  # fmt: skip


def _most(rows: ir.Table, labels: ir.Table) -> pd.DataFrame:
    """The largest kind of each tier, indexed by label: kind, share (of what has a kind)."""
    rows = rows.filter(rows.kind.notnull()).inner_join(labels, "customer_id")
    sums = read_frame(rows.group_by(["value", "kind"]).agg(size=money(rows["size"].sum())))
    sums = sums.assign(size=sums["size"].astype("float64"))
    whole = sums.groupby("value")["size"].transform("sum")
    shares = sums.assign(share=(sums["size"] / whole.where(whole > 0)).round(10))
    first = shares.sort_values(["value", "size", "kind"], ascending=[True, False, True]).drop_duplicates("value")
    return first.rename(columns={"value": "label"}).set_index("label")


def concentration(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """How few customers bring how much of the twelve months: one row per hundredth of the active customers who brought an amount,
    largest first: customer_share, customers, amount_share; and the same on each row: buyers, gini (0: all alike; 1: one has all)."""
    sums = sum_orders(orders_before(tables, as_of=as_of, start=add_months(as_of, -MONTHS)))
    known = sums.inner_join(active_customers(tables).select("customer_id"), "customer_id")
    amounts = read_frame(known.filter(known.amount_cny > 0).select("amount_cny"))["amount_cny"].astype("float64")
    best = np.sort(amounts.to_numpy())[::-1]
    n = len(best)
    if not n:
        return pd.DataFrame(columns=["customer_share", "customers", "amount_share", "buyers", "gini"])
    share = np.arange(POINTS + 1) / POINTS
    heads = np.ceil(np.round(share * n, 9)).astype(int)
    reached = np.concatenate([[0.0], np.cumsum(best)]) / best.sum()
    gini = (2 * (np.arange(1, n + 1) * best[::-1]).sum() / (n * best.sum())) - (n + 1) / n
    return pd.DataFrame(
        {"customer_share": share, "customers": heads, "amount_share": reached[heads].round(10), "buyers": n, "gini": round(gini, 10)}
    )  # fmt: skip


def value_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    tiers, curve = results["tier_value"].set_index("label"), results["concentration"]
    since, until = tiers["since"].iloc[0], tiers["until"].iloc[0]
    label = "(SELECT customer_id, label FROM tiers WHERE dimension = 'value')"
    orders = f"{counted_orders(since, until)} LEFT JOIN {label} USING (customer_id)"
    costs = (
        "JOIN (SELECT row_id, coalesce(cost_cny, amount_cny - profit_cny) AS cost_cny FROM orders"
        " WHERE NOT (coalesce(status, '') = 'cancelled' AND coalesce(amount_cny, 0) >= 0)) USING (row_id)"
    )
    talks = (
        f"(SELECT row_id, customer_id FROM interactions WHERE occurred_at >= DATE '{since}' AND occurred_at < DATE '{until}')"
        f" LEFT JOIN {label} USING (customer_id)"
    )
    figures = []
    for tier in ("high", "low"):
        row, mine = tiers.loc[tier], f"CASE WHEN label = '{tier}' THEN {{}} ELSE 0 END AS counted"
        margin = (
            f"SELECT row_id, customer_id, counted_cny, cost_cny, counted_cny - cost_cny AS counted FROM {orders} {costs}"
            f" WHERE label = '{tier}' AND cost_cny IS NOT NULL AND counted_cny IS NOT NULL"
        )
        revenue = f"SELECT row_id, customer_id, {mine.format('counted_cny')}, counted_cny AS whole FROM {orders} WHERE counted_cny <> 0"
        spoken = f"SELECT row_id, customer_id, {mine.format(1)}, 1 AS whole FROM {talks}"
        figures += [
            state_figure(f"margin_{tier}", "value", row["margin_cny"], "cny", tiers["orders"].fillna(0)[tier], margin, better="up"),
            state_figure(f"revenue_share_{tier}", "value", _part(tiers["revenue_cny"], tier), "share", tiers["orders"].sum(), revenue),
            state_figure(f"talk_share_{tier}", "value", _part(tiers["talks"], tier), "share", tiers["talks"].sum(), spoken),
        ]  # fmt: skip
    whole, costed = (tiers[one].astype("float64").sum() for one in ("size_cny", "costed_size_cny"))
    known = (
        "SELECT row_id, customer_id, CASE WHEN cost_cny IS NULL THEN 0 ELSE abs(counted_cny) END AS counted, abs(counted_cny) AS whole"
        f" FROM {counted_orders(since, until)} {costs} WHERE counted_cny IS NOT NULL"
    )
    share = costed / whole if whole > 0 else None
    figures.append(
        state_figure("cost_coverage_share", "value", share, "share", tiers["orders"].sum(), known, better="up")
    )
    n, heads = (int(curve["buyers"].iloc[0]), int(curve["customers"].iloc[TENTH])) if len(curve) else (0, 0)
    stated = (
        {"top10_amount_share": curve["amount_share"].iloc[TENTH], "gini_amount": curve["gini"].iloc[0]} if n else {}
    )
    counted = {
        "top10_amount_share": f"CASE WHEN row_number() OVER (ORDER BY amount DESC, customer_id) <= {heads} THEN amount ELSE 0 END",
        "gini_amount": "amount * (2 * row_number() OVER (ORDER BY amount, customer_id) - count(*) OVER () - 1) / count(*) OVER ()",
    }
    buyers = "(SELECT customer_id, amount_12m_cny::DOUBLE AS amount FROM measures WHERE amount_12m_cny > 0)"
    return figures + [
        state_figure(name, "value", stated.get(name), "share", n, f"SELECT customer_id, {sql} AS counted, amount AS whole FROM {buyers}")
        for name, sql in counted.items()
    ]  # fmt: skip


def _part(counts: pd.Series, label: str) -> float | None:
    whole = counts.astype("float64").sum()
    return float(counts[label]) / whole if whole > 0 and pd.notna(counts[label]) else None
