"""Measures: hand-computed figures, the edges of every window, and the law that the future changes nothing."""

from datetime import date
from decimal import Decimal

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.insight.measures import COLUMNS, MEASURES, full_months, measure_customers, value_start
from crmlib.periods import months_between

AS_OF = date(2024, 7, 1)


def measured(tables: dict, *, as_of: date = AS_OF) -> pd.DataFrame:
    return measure_customers(tables, as_of=as_of).set_index("customer_id")


def test_orders_are_counted_by_hand(tables):
    anna = measured(
        tables(
            orders="""
            order_id  customer_id  ordered_on  amount_cny
            1         anna         2023-06-30     1000.00
            2         anna         2023-07-01       10.01
            2         anna         2023-07-01       20.02
            3         anna         2024-03-31        0.03
            4         anna         2024-07-01     5000.00
            """
        )
    ).loc["anna"]
    assert anna["amount_12m_cny"] == Decimal("30.06")  # from 2023-07-01 on, up to but not on 2024-07-01
    assert anna["orders_12m"] == 2  # two rows of order 2 are one order
    assert anna["amount_total_cny"] == Decimal("1030.06")
    assert anna["orders_total"] == 3
    assert (anna["first_ordered_on"], anna["last_ordered_on"]) == (date(2023, 6, 30), date(2024, 3, 31))
    assert (anna["days_since_last_order"], anna["months_since_last_order"]) == (92, 3)
    assert anna["median_order_gap_days"] == (1 + 274) / 2  # 06-30 → 07-01 → 2024-03-31


def test_cancellations_take_their_amount_off_and_are_no_orders(tables):
    anna = measured(
        tables(
            orders="""
            order_id  customer_id  ordered_on  amount_cny  status
            1         anna         2024-01-10      500.00  done
            C1        anna         2024-05-10     -200.00  cancelled
            2         anna         2024-05-20      900.00  cancelled
            3         anna         2024-06-01      -50.00  done
            """
        )
    ).loc["anna"]
    assert anna["amount_12m_cny"] == Decimal("250.00")  # the sale that never was is 0; the return takes 50 off
    assert anna["orders_12m"] == 1
    assert anna["last_ordered_on"] == date(2024, 1, 10)


def test_an_order_without_an_id_is_one_by_itself(tables):
    orders = """
        customer_id  ordered_on  amount_cny
        anna         2024-01-10  1.00
        anna         2024-01-10  2.00
    """
    assert measured(tables(orders=orders)).loc["anna", "orders_12m"] == 2


def test_who_never_bought_has_nothing_ordered_and_no_day(tables):
    book = tables(
        customers="customer_id\nbo",
        orders="order_id  customer_id  ordered_on  amount_cny\n1  -  2024-06-01  9.00",
        interactions="customer_id  occurred_at\n-  2024-06-01",
        payments="customer_id  due_date  due_amount_cny\n-  2024-06-01  9.00",
    )
    bo = measured(book).loc["bo"]
    assert (bo["amount_12m_cny"], bo["orders_12m"], bo["contacts_6m"], bo["overdue_payments_12m"]) == (0, 0, 0, 0)
    missing = [
        "last_ordered_on",
        "days_since_last_order",
        "median_order_gap_days",
        "last_contacted_on",
        "max_overdue_days",
    ]
    assert bo[missing].isna().all()


def test_what_rests_on_a_table_without_rows_is_missing_not_zero(tables):
    anna = measured(tables(orders="order_id  customer_id  ordered_on  amount_cny\n1  anna  2024-06-01  9.00")).loc[
        "anna"
    ]
    assert anna["orders_12m"] == 1
    assert anna[["contacts_6m", "overdue_payments_12m", "overdue_amount_cny"]].isna().all()


def test_archived_and_deleted_customers_have_no_measures(tables):
    customers = """
        customer_id  record_status
        anna         active
        bo           archived
        cai          tombstone
        dora         -
    """
    assert list(measured(tables(customers=customers)).index) == ["anna", "dora"]


@pytest.mark.demand("A23")
def test_the_last_contact_is_the_latest_interaction_before_the_day(tables):
    anna = measured(
        tables(
            interactions="""
            customer_id  occurred_at
            anna         2023-12-31 23:59
            anna         2024-01-01 00:00
            anna         2024-06-20 14:30
            anna         2024-07-01 00:00
            """
        )
    ).loc["anna"]
    assert (anna["last_contacted_on"], anna["days_since_last_contact"]) == (date(2024, 6, 20), 11)
    assert anna["contacts_6m"] == 2  # from 2024-01-01 on


def test_a_payment_is_overdue_when_it_came_late_or_not_in_full(tables):
    book = tables(
        payments="""
        payment_id  customer_id  due_date    due_amount_cny  paid_date   paid_amount_cny
        in_time     anna         2024-05-01          100.00  2024-05-01           100.00
        no_amount   anna         2024-05-01          100.00  2024-04-30                -
        no_day      anna         2024-05-01          100.00  -                    100.00
        nothing     anna         2024-05-01            0.00  -                         -
        not_yet     anna         2024-07-01          100.00  -                         -
        long_ago    anna         2023-06-30          100.00  -                         -
        late        bo           2024-05-01          100.00  2024-05-04           100.00
        unpaid      bo           2024-06-30          100.00  -                         -
        partly      bo           2024-06-01          100.00  2024-05-30            99.99
        after       bo           2023-07-01          100.00  2024-07-01           100.00
        """
    )
    found = measured(book)
    assert found.loc["anna", "overdue_payments_12m"] == 0
    bo = found.loc["bo"]
    assert (bo["overdue_payments_12m"], bo["overdue_amount_cny"]) == (4, Decimal("200.01"))
    assert bo["max_overdue_days"] == 366  # paid on the day itself is after it: not paid yet


@pytest.mark.demand("D04")
@pytest.mark.parametrize(
    ("basis", "as_of", "first_day"),
    [
        ("trailing_12m", date(2024, 7, 1), date(2023, 7, 1)),
        ("trailing_12m", date(2024, 2, 29), date(2023, 2, 28)),
        ("calendar_year", date(2024, 7, 1), date(2024, 1, 1)),
        ("calendar_year", date(2025, 1, 1), date(2024, 1, 1)),  # the year that ended the day before
        ("calendar_year", date(2025, 1, 2), date(2025, 1, 1)),
        ("fiscal_year", date(2024, 4, 1), date(2023, 4, 1)),
        ("fiscal_year", date(2024, 4, 2), date(2024, 4, 1)),
        ("fiscal_year", date(2024, 3, 15), date(2023, 4, 1)),
        ("cumulative", date(2024, 7, 1), None),
    ],
)
def test_each_basis_counts_from_its_first_day(basis, as_of, first_day):
    assert value_start(basis, as_of=as_of, fiscal_year_start=4) == first_day


def test_every_measure_is_one_row_per_customer_and_all_make_the_columns(tables):
    book = tables(orders="order_id  customer_id  ordered_on  amount_cny\n1  anna  2024-06-01  9.00")
    columns = {name for measure in MEASURES.values() for name in measure(book, AS_OF).columns}
    assert columns == set(COLUMNS)
    assert list(measure_customers(book, as_of=AS_OF).columns) == list(COLUMNS)


def test_money_stays_decimal_to_the_end(tables):
    # 0.1 + 0.2 a thousand times over would not be exact in floats
    rows = "".join(f"\n{n}  anna  2024-06-01  {0.1 if n % 2 else 0.2}" for n in range(2000))
    book = tables(orders="order_id  customer_id  ordered_on  amount_cny" + rows)
    found = measure_customers(book, as_of=AS_OF)
    assert found["amount_12m_cny"].tolist() == [Decimal("300.00")]
    assert str(found["amount_12m_cny"].dtype) == "decimal128(18, 2)[pyarrow]"


@given(earlier=st.dates(date(2020, 1, 1), date(2024, 7, 1)), as_of=st.dates(date(2024, 1, 28), date(2024, 3, 1)))
@settings(max_examples=30, deadline=None)
def test_full_months_are_those_of_the_calendar(earlier, as_of):
    assert full_months(ibis.date(earlier), as_of).execute() == months_between(earlier, as_of)
