"""Trend: the last full months of orders and talks, the running month marked as partial, and what a month is like each year."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from crmlib.engine import count_of, money, month_number, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.measures import count_orders, orders_before
from crmlib.insight.retention import cohort_retention, count_repurchase, repeater_rows, retained_rows
from crmlib.periods import add_months
from crmlib.settings import Settings

MONTHS = 6
TALLIED = ["month", "talks", "customers", "per_customer", "partial"]


def compute_trend(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """talk_trend, season, retention and repurchase (of the 12 months, and of the period)."""
    least = settings.value.least
    return {
        "talk_trend": talk_trend(tables, as_of=as_of),
        "season": order_season(tables, as_of=as_of),
        "retention": cohort_retention(tables, as_of=as_of, least=least),
        "repurchase": count_repurchase(tables, starts={"year": add_months(as_of, -12), "period": start}, as_of=as_of, least=least),
    }  # fmt: skip


def trend_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    figures = []
    for row in results["repurchase"][results["repurchase"]["window"].eq("year")].itertuples():
        rows = repeater_rows(row.since, row.until)
        figures.append(state_figure("repurchase_rate", "trend", row.share, "share", row.customers, rows, better="up"))
    third = results["retention"][results["retention"]["months_since"].eq(3)]
    n = third["customers"].sum()
    share = third["retained"].sum() / n if third["share"].notna().any() else None
    figures.append(state_figure("retention_3m", "trend", share, "share", n, retained_rows(third, 3), better="up"))
    if len(tiers := results.get("tiers", pd.DataFrame(columns=["dimension"])).query("dimension == 'activity'")):
        rows = "SELECT customer_id FROM tiers WHERE dimension = 'activity' AND label = 'active'"
        share = tiers["label"].eq("active").mean()
        figures.append(state_figure("active_share", "trend", share, "share", len(tiers), rows, better="up"))
    return figures


def order_trend(tables: Tables, *, as_of: date, months: int = MONTHS) -> pd.DataFrame:
    """One row per month: month (its first day), orders, customers, amount_cny, partial. Sorted by month.

    `months` full calendar months before `as_of`, and the running month up to `as_of` where it has begun. A month without
    orders has 0. Orders of no customer (未归属) are in; cancellations take their amount off in the month they happen.
    """
    running = as_of.replace(day=1)
    first = add_months(running, -months)
    orders = orders_before(tables, as_of=as_of, start=first)
    orders = orders.mutate(number=month_number(orders.ordered_on))
    sums = orders.group_by("number").agg(
        orders=count_orders(orders),
        customers=count_of(orders.customer_id.nunique(where=orders.is_order)),
        amount_cny=money(orders.counted_cny.sum()),
    )
    trend = _by_month(sums, first, as_of=as_of)
    return trend.assign(
        orders=trend["orders"].fillna(0),
        customers=trend["customers"].fillna(0),
        amount_cny=trend["amount_cny"].fillna(0),  # no orders are 0 yuan
    )[["month", "orders", "customers", "amount_cny", "partial"]]


def talk_trend(tables: Tables, *, as_of: date, months: int = MONTHS) -> pd.DataFrame:
    """One row per month as of `order_trend`: month, talks, customers (spoken to), per_customer (talks of one of these; missing
    where nobody was), partial. No rows where no talk is known before `as_of`: the table is missing, not the talks."""
    running = as_of.replace(day=1)
    first = add_months(running, -months)
    talks = tables["interactions"]
    talks = talks.select("customer_id", on=talks.occurred_at.date()).filter(lambda t: t.on < as_of)
    sums = talks.group_by(number=month_number(talks.on)).agg(
        talks=count_of(talks.count()),
        known=count_of(talks.count(where=talks.customer_id.notnull())),
        customers=count_of(talks.customer_id.nunique()),
    )
    trend = _by_month(sums, first, as_of=as_of)
    if trend.attrs["empty"]:
        return pd.DataFrame(columns=TALLIED)
    counts = trend[["talks", "known", "customers"]].fillna(0)
    each = (counts["known"] / counts["customers"].where(counts["customers"] > 0)).astype("float64").round(10)
    return trend.assign(**counts, per_customer=each)[TALLIED]


def _by_month(sums, first: date, *, as_of: date) -> pd.DataFrame:
    """Sums with a month `number` → one row per month from `first` to the one of `as_of`, where that has begun; attrs["empty"]
    where there was no sum at all."""
    running, found = as_of.replace(day=1), read_frame(sums)
    length = (running.year - first.year) * 12 + running.month - first.month + (as_of > running)
    shown = [add_months(first, n) for n in range(length)]
    numbers = pd.Index([day.year * 12 + day.month - 1 for day in shown], name="number")
    trend = found.set_index("number").reindex(numbers).reset_index(drop=True)
    trend = trend.assign(
        month=pd.array(shown, dtype=pd.ArrowDtype(pa.date32())),
        partial=pd.array([day == running for day in shown], dtype="boolean"),
    )
    trend.attrs["empty"] = found.empty
    return trend


def order_season(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per month of the year: month (1 to 12), season_index (the month's amount against the mean month of its year, mean of
    all years), low and high (its least and greatest year), years, months (of orders known).

    A year is twelve full months, counted back from the last full one; from the month of the first order on. Below two years the
    index is missing: one year cannot tell a season from chance. What grows within a year is in the index.
    """
    running = as_of.replace(day=1)
    orders = orders_before(tables, as_of=running)
    orders = orders.mutate(number=month_number(orders.ordered_on))
    sums = read_frame(orders.group_by("number").agg(amount=money(orders.counted_cny.sum())))
    last = running.year * 12 + running.month - 2
    known = last - int(sums["number"].min()) + 1 if len(sums) else 0
    years, index = known // 12, np.full((3, 12), np.nan)
    if years >= 2:
        amounts = sums.set_index("number")["amount"].astype("float64")
        spans = amounts.reindex(range(last - 12 * years + 1, last + 1)).fillna(0.0).to_numpy().reshape(years, 12)
        mean = spans.mean(axis=1, keepdims=True)
        if (mean > 0).all():
            ratio = np.roll(spans / mean, (last + 1) % 12, axis=1)  # January first
            index = np.array([ratio.mean(axis=0), ratio.min(axis=0), ratio.max(axis=0)])
    rows = pd.DataFrame(index.T.round(10), columns=["season_index", "low", "high"])
    return rows.assign(month=range(1, 13), years=years, months=known)[
        ["month", "season_index", "low", "high", "years", "months"]
    ]
