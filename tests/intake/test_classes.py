"""Size and region follow the scheme that the settings name, from all that is known of a customer."""

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.intake.classes import classify_customers
from crmlib.settings import parse_settings

CLASSES = parse_settings().classes


@pytest.fixture
def customers(table):
    return table(
        "customers",
        """
        customer_id  industry_code  headcount_min  headcount_max  annual_revenue_cny  size_class  province  region
        K1           I651           300            300            100000000           -           湖南省    华中
        K2           I651           300            300            -                   -           广东省    华南
        K3           -              60             60             -                   large       广东省    华东一区
        K4           -              -              -              -                   -           上海市    华东
        """,
    )


@pytest.mark.demand("A04", "D11")
def test_figures_of_several_sheets_make_the_size_class_and_a_stated_one_stays(customers):
    assert classify_customers(customers, CLASSES)["size_class"].tolist() == ["large", "unknown", "large", "unknown"]
    heads = replace(CLASSES, size_standard="simple_500_50")
    assert classify_customers(customers, heads)["size_class"].tolist() == ["medium", "medium", "large", "unknown"]


@pytest.mark.demand("A20")
def test_six_regions_join_centre_and_south_and_leave_ones_own_alone(customers):
    assert classify_customers(customers, CLASSES)["region"].tolist() == ["华中", "华南", "华东一区", "华东"]
    six = classify_customers(customers, replace(CLASSES, region_scheme="six"))
    assert six["region"].tolist() == ["中南", "中南", "华东一区", "华东"]


def test_nothing_given_is_changed_and_twice_is_once(customers):
    before = customers.copy()
    once = classify_customers(customers, replace(CLASSES, region_scheme="six"))
    pd.testing.assert_frame_equal(customers, before)
    pd.testing.assert_frame_equal(classify_customers(once, replace(CLASSES, region_scheme="six")), once)


def test_without_figures_and_places_there_is_no_class():
    bare = pd.DataFrame({"customer_id": ["K1"]}, dtype="str")
    assert list(classify_customers(bare, CLASSES).columns) == ["customer_id"]


def test_another_currency_becomes_yuan_to_the_exact_cent(intake):
    orders = "订单编号,客户名称,订单日期,金额\nA1,上海示例科技有限公司,2024-05-01,1234567890123.45\nA2,上海示例科技有限公司,2024-05-01,0.05\n"
    book = intake({"网店.csv": orders}, settings='[sources.网店]\ncurrency = "GBP"\nrate = 9.1').book
    amounts = book.frame(book.table("orders"))["amount_cny"]
    assert sorted(amounts) == [Decimal("0.46"), Decimal("11234567800123.40")]  # 0.455 is half a cent: up
