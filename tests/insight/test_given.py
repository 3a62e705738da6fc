"""What the sources state is compared with what the rows show, and stays as it was."""

from datetime import date

import pandas as pd
import pytest

from crmlib.insight.given import compare_given
from crmlib.insight.measures import measure_customers
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)


@pytest.fixture
def compared(tables):
    book = tables(
        customers="""
        customer_id  opening_amount_cny  given_first_order_on  given_last_contact_on  source_grade
        anna                  500000.00  2023-03-15            2024-04-20             高价值
        bo                    500000.01  2023-03-16            2024-04-21             高潜力
        cai                     1000.00  2023-01-01            2024-07-01             VIP
        """,
        orders="""
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2023-03-15        0.00
        2         anna         2024-01-15   500000.00
        3         bo           2023-03-15   500000.00
        """,
        interactions="customer_id  occurred_at\nanna  2024-04-20 14:30\nbo  2024-04-20 14:30",
        needs="customer_id  intent  clarity  opened_at\nanna  low  clear  2024-05-01",
    )
    measures, tiers = measure_customers(book, as_of=AS_OF), assign_tiers(book, settings=parse_settings(), as_of=AS_OF)
    return compare_given(book, measures, tiers, as_of=AS_OF).set_index(["customer_id", "field"])


@pytest.mark.demand("A22", "A23", "A24")
def test_given_totals_and_days_that_differ_from_the_rows_are_reported(compared):
    assert compared.loc["anna", "agrees"].all()
    assert compared.loc[("bo", "opening_amount_cny")].tolist() == ["500000.01", "500000.00", False]
    assert compared.loc[("bo", "given_first_order_on")].tolist() == ["2023-03-16", "2023-03-15", False]
    assert compared.loc[("bo", "given_last_contact_on")].tolist() == ["2024-04-21", "2024-04-20", False]


def test_where_the_rows_show_nothing_the_given_value_stands_alone(compared):
    cai = compared.loc["cai"]
    assert cai.index.tolist() == [
        "given_first_order_on",
        "opening_amount_cny",
    ]  # the contact given for the day itself is left out
    assert cai["computed"].isna().all() and cai["agrees"].isna().all()


@pytest.mark.demand("A34")
def test_a_stage_that_the_orders_contradict_is_reported(tables):
    book = tables(
        customers="""
        customer_id  lifecycle_stage
        anna         prospect
        bo           lost
        cai          lost
        dan          customer
        eve          prospect
        """,
        orders="""
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2023-03-15  5.00
        2         bo           2024-06-15  5.00
        3         cai          2023-03-15  5.00
        4         dan          2023-03-15  5.00
        """,
    )
    tiers = assign_tiers(book, settings=parse_settings(), as_of=AS_OF)
    found = compare_given(book, measure_customers(book, as_of=AS_OF), tiers, as_of=AS_OF).set_index("customer_id")
    assert found["agrees"].drop("eve").to_dict() == {"anna": False, "bo": False, "cai": True, "dan": True}
    assert pd.isna(found.loc["eve", "agrees"])


@pytest.mark.demand("A15")
def test_a_given_grade_stands_beside_the_computed_tier_with_the_number_of_differences(compared):
    grades = compared.xs("source_grade", level="field")
    assert grades.loc["anna"].tolist() == ["value.high", "value.high", True]
    assert grades.loc["bo"].tolist() == ["potential.focus", "potential.watch", False]
    assert "cai" not in grades.index  # VIP is no grade that can be compared
    assert (~grades["agrees"]).sum() == 1
