"""Retention: who comes back, by the month of the first order, and who ordered again within a window."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import pyarrow as pa

from crmlib.engine import count_of, month_number, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.figures import counted_orders
from crmlib.insight.measures import customer_orders, orders_before, sum_orders
from crmlib.insight.shares import add_share


def cohort_retention(tables: Tables, *, as_of: date, least: int, months: int = 12) -> pd.DataFrame:
    """One row per month of first order (the last `months` full ones) and full month since: cohort (its first day), months_since (0 is
    the month itself), customers, retained (those who ordered in that month), share (missing below `least` customers).

    Months that are not over are not there. The first order is the first that the book knows.
    """
    running = as_of.replace(day=1)
    orders = customer_orders(tables, as_of=running)
    bought = orders.select("customer_id", number=month_number(orders.ordered_on)).distinct()
    first = bought.group_by("customer_id").agg(cohort=bought.number.min())
    both = bought.inner_join(first, "customer_id")
    counts = both.group_by("cohort", months_since=(both.number - both.cohort).cast("int64")).agg(
        retained=count_of(both.count())
    )
    last = running.year * 12 + running.month - 2
    found = read_frame(counts.filter(counts.cohort > last - months))
    size = found[found["months_since"] == 0].set_index("cohort")["retained"].sort_index()
    cells = [(cohort, since) for cohort in size.index for since in range(last - cohort + 1)]
    grid = pd.DataFrame(cells, columns=["cohort", "months_since"], dtype="Int64")
    grid = grid.merge(found, on=["cohort", "months_since"], how="left")
    n, retained = grid["cohort"].map(size).astype("Int64"), grid["retained"].fillna(0)
    days = [date(number // 12, number % 12 + 1, 1) for number in grid["cohort"]]
    return pd.DataFrame(
        {
            "cohort": pd.array(days, dtype=pd.ArrowDtype(pa.date32())),
            "months_since": grid["months_since"],
            "customers": n,
            "retained": retained,
            "share": (retained / n.where(n >= max(least, 1))).astype("float64").round(10),
        }
    )


def retained_rows(cells: pd.DataFrame, since: int) -> str:
    """The query for the customers that the `cells` of `cohort_retention`, all `since` months after the first order, count."""
    months = ", ".join(f"DATE '{month}'" for month in cells["cohort"]) or "NULL"
    return (
        "WITH bought AS (SELECT DISTINCT customer_id, date_trunc('month', ordered_on)::DATE AS month"
        f" FROM {counted_orders(None, date.max)} WHERE is_order AND customer_id IS NOT NULL),"
        " firsts AS (SELECT customer_id, min(month) AS cohort FROM bought GROUP BY 1)"
        f" SELECT customer_id, cohort, month FROM bought JOIN firsts USING (customer_id) WHERE cohort IN ({months})"
        f" AND month = cohort + INTERVAL {since} MONTH"
    )


def repeater_rows(since: date, until: date) -> str:
    """The query for the customers with two orders or more in [since, until)."""
    return (
        f"SELECT customer_id, count(DISTINCT order_key) AS orders FROM {counted_orders(since, until)}"
        " WHERE is_order AND customer_id IS NOT NULL GROUP BY customer_id HAVING count(DISTINCT order_key) >= 2"
    )


def count_repurchase(tables: Tables, *, starts: Mapping[str, date], as_of: date, least: int) -> pd.DataFrame:
    """One row per window [start, as_of): window, since, until, customers (with an order), repeaters (with two or more), share, low
    and high (Wilson, 95 %); the last three missing below `least` customers. Several rows of one order are one order."""
    rows = []
    for window, start in starts.items():
        sums = sum_orders(orders_before(tables, as_of=as_of, start=start))
        counts = sums.agg(
            customers=count_of(sums.count(where=sums.orders >= 1)),
            repeaters=count_of(sums.count(where=sums.orders >= 2)),
        )
        rows.append((window, start, as_of, *(int(value) for value in read_frame(counts).iloc[0])))
    windows = pd.DataFrame(rows, columns=["window", "since", "until", "customers", "repeaters"])
    return add_share(windows, "repeaters", "customers", least=max(least, 1)).drop(columns="enough")
