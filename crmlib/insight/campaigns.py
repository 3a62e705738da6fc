"""Campaigns: what those who were reached ordered before and after, beside those who were not; never a proof of cause."""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmlib.engine import money, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers, orders_before
from crmlib.intervals import student

COLUMNS = [
    "campaign", "grouping", "customers", "left_out", "orders_before", "orders_after", "before_cny", "after_cny", "change_cny",
    "low", "high", "first_on", "last_on",
]  # fmt: skip


def campaign_effects(tables: Tables, *, tags: Sequence[str], days: int, least: int, as_of: date) -> pd.DataFrame:
    """Two rows per campaign (grouping: reached, others) and one for what they differ by (difference):

    customers who had ordered before their day and whose `days` after it are over; left_out (those reached who are not: too recent,
    or never ordered before); orders and amount per customer in the `days` before and from the day on, their change and its 95 %
    interval over customers (Student's t, for the difference Welch's; missing below `least` customers on a side); first_on and
    last_on, the days on which customers were reached. The day of the others is the median of these.
    """
    reached, orders = _reached(tables, tags=tags, as_of=as_of), _orders(tables, as_of=as_of)
    if reached.empty:
        return pd.DataFrame(columns=COLUMNS)
    known = read_frame(active_customers(tables).select("customer_id"))["customer_id"]
    rows = []
    for campaign, mine in reached.groupby("campaign", sort=True):
        day = mine["day"].sort_values().iloc[(len(mine) - 1) // 2]
        others = pd.DataFrame({"customer_id": known[~known.isin(mine["customer_id"])], "day": day})
        about = (mine["day"].min().date(), mine["day"].max().date())
        sides = {}
        for grouping, group in (("reached", mine), ("others", others)):
            told = _before_after(group[["customer_id", "day"]], orders, days=days, as_of=as_of)
            sides[grouping] = told["after_cny"] - told["before_cny"]
            means = (
                told[["orders_before", "orders_after", "before_cny", "after_cny"]].mean() if len(told) else [None] * 4
            )
            out = len(group) - len(told) if grouping == "reached" else None
            rows.append((campaign, grouping, len(told), out, *means, *_mean_interval(sides[grouping], least), *about))
        apart = _difference(sides["reached"], sides["others"], least)
        rows.append((campaign, "difference", sum(map(len, sides.values())), None, *[None] * 4, *apart, *about))
    found = pd.DataFrame(rows, columns=COLUMNS)
    floats = found[COLUMNS[4:11]].astype("float64").round(10)
    return found.assign(**floats).astype({"customers": "Int64", "left_out": "Int64"})


def _reached(tables: Tables, *, tags: Sequence[str], as_of: date) -> pd.DataFrame:
    """One row per campaign and active customer: campaign, customer_id, day (the first on which it reached them)."""
    talks, tagged = tables["interactions"], tables["tags"]
    parts: list[ir.Table] = [talks.select("customer_id", campaign=talks.campaign, day=talks.occurred_at.date())]
    if tags:
        mine = tagged.filter(tagged.value.isin(list(tags)))
        parts.append(mine.select("customer_id", campaign=mine.value, day=mine.valid_from.cast("date")))
    both = ibis.union(*parts) if len(parts) > 1 else parts[0]
    both = both.filter(both.campaign.notnull() & both.customer_id.notnull() & (both.day < as_of))
    first = both.group_by(["campaign", "customer_id"]).agg(day=both.day.min())
    found = read_frame(first.inner_join(active_customers(tables).select("customer_id"), "customer_id"))
    return found.assign(day=found["day"].astype("datetime64[us]")).sort_values(["campaign", "customer_id"])


def _orders(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per customer and day with an order or a return before `as_of`: customer_id, on, orders, amount."""
    orders = orders_before(tables, as_of=as_of)
    orders = orders.filter(orders.customer_id.notnull())
    sums = orders.group_by(["customer_id", "ordered_on"]).agg(
        orders=orders.order_key.nunique(where=orders.is_order).cast("int64"), amount=money(orders.counted_cny.sum())
    )
    found = read_frame(sums)
    return found.assign(on=found["ordered_on"].astype("datetime64[us]"), amount=found["amount"].astype("float64"))


def _before_after(group: pd.DataFrame, orders: pd.DataFrame, *, days: int, as_of: date) -> pd.DataFrame:
    """One row per customer of `group` who had ordered before their day and whose window is over; one who ordered nothing in it has 0."""
    over = group[group["day"] + timedelta(days=days) <= pd.Timestamp(as_of)]
    theirs = orders.merge(over, on="customer_id")
    ago = (theirs["on"] - theirs["day"]).dt.days
    ordered = theirs.loc[(ago < 0) & (theirs["orders"] > 0), "customer_id"].unique()
    windows = {"before": (ago >= -days) & (ago < 0), "after": (ago >= 0) & (ago < days)}
    table = pd.DataFrame(index=pd.Index(np.sort(ordered), name="customer_id"))
    for name, within in windows.items():
        sums = theirs[within].groupby("customer_id")[["orders", "amount"]].sum().reindex(table.index).fillna(0)
        table = table.assign(**{f"orders_{name}": sums["orders"].astype("float64"), f"{name}_cny": sums["amount"]})
    return table


def _mean_interval(values: pd.Series, least: int) -> tuple[float | None, ...]:
    """Mean with its 95 % interval."""
    n = len(values)
    if n < max(least, 2):
        return (None, None, None)
    return (values.mean(), *student(values.mean(), values.std() / np.sqrt(n), n - 1))


def _difference(one: pd.Series, other: pd.Series, least: int) -> tuple[float | None, ...]:
    """Difference of two means with its 95 % interval, the variances unequal (Welch 1947)."""
    if min(len(one), len(other)) < max(least, 2):
        return (None, None, None)
    a, b = one.var() / len(one), other.var() / len(other)
    apart = one.mean() - other.mean()
    if a + b == 0:
        return (apart, apart, apart)
    freedom = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(other) - 1))
    return (apart, *student(apart, np.sqrt(a + b), freedom))
