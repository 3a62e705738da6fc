"""Trend: six full months, months without orders, and the running month."""

from datetime import date
from decimal import Decimal

import pytest

from crmlib.insight.trend import order_trend

ORDERS = """
    order_id  customer_id  ordered_on  amount_cny  status
    1         anna         2023-12-31     1000.00  done
    2         anna         2024-01-01       10.00  done
    2         anna         2024-01-01        5.00  done
    3         bo           2024-01-31       20.00  done
    4         -            2024-03-15        7.00  done
    5         anna         2024-06-30       40.00  done
    6         anna         2024-06-30      -15.00  cancelled
    7         bo           2024-07-01       80.00  done
    8         bo           2024-07-10       90.00  done
"""


@pytest.mark.demand("G02")
def test_six_full_months_before_the_day(tables):
    trend = order_trend(tables(orders=ORDERS), as_of=date(2024, 7, 1))
    assert trend.values.tolist() == [
        [date(2024, 1, 1), 2, 2, Decimal("35.00"), False],
        [date(2024, 2, 1), 0, 0, Decimal("0.00"), False],  # nobody ordered: the month is there
        [date(2024, 3, 1), 1, 0, Decimal("7.00"), False],  # an order of no customer
        [date(2024, 4, 1), 0, 0, Decimal("0.00"), False],
        [date(2024, 5, 1), 0, 0, Decimal("0.00"), False],
        [date(2024, 6, 1), 1, 1, Decimal("25.00"), False],  # the cancellation is no order and takes its amount off
    ]


@pytest.mark.demand("G02")
def test_the_running_month_is_marked_and_ends_before_the_day(tables):
    trend = order_trend(tables(orders=ORDERS), as_of=date(2024, 7, 10))
    assert len(trend) == 7
    assert trend.iloc[-1].tolist() == [date(2024, 7, 1), 1, 1, Decimal("80.00"), True]
    assert trend["month"].iloc[0] == date(2024, 1, 1)
    assert not trend["partial"].iloc[:-1].any()


def test_without_orders_every_month_is_zero(tables):
    trend = order_trend(tables(), as_of=date(2024, 3, 1))
    assert trend["month"].tolist()[:2] == [date(2023, 9, 1), date(2023, 10, 1)]
    assert (trend[["orders", "customers"]] == 0).all(axis=None)
    assert str(trend["amount_cny"].dtype) == "decimal128(18, 2)[pyarrow]"
