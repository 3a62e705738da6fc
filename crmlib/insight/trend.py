"""Trend: the last full months of orders, and the running month marked as partial."""

from datetime import date

import pandas as pd
import pyarrow as pa

from crmlib.engine import count_of, money, month_number, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import orders_before
from crmlib.periods import add_months

MONTHS = 6


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
        orders=count_of(orders.order_key.nunique(where=orders.is_order)),
        customers=count_of(orders.customer_id.nunique(where=orders.is_order)),
        amount_cny=money(orders.counted_cny.sum()),
    )
    shown = [add_months(first, n) for n in range(months + (as_of > running))]
    numbers = pd.Index([day.year * 12 + day.month - 1 for day in shown], name="number")
    trend = read_frame(sums).set_index("number").reindex(numbers).reset_index(drop=True)
    return trend.assign(
        month=pd.array(shown, dtype=pd.ArrowDtype(pa.date32())),
        orders=trend["orders"].fillna(0),
        customers=trend["customers"].fillna(0),
        amount_cny=trend["amount_cny"].fillna(0),  # no orders are 0 yuan
        partial=pd.array([day == running for day in shown], dtype="boolean"),
    )[["month", "orders", "customers", "amount_cny", "partial"]]
