from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.labels import speaker
from crmlib.report.numbers import compare, is_missing, rounded, unit_of, write_money, write_number, write_value

ZH, EN = speaker("zh"), speaker("en")


@pytest.mark.demand("K04")
@pytest.mark.parametrize(
    ("now", "before", "kind", "zh", "en"),
    [
        (36, 48, "int", "−25.0 %", "−25.0%"),
        (Decimal("0.15"), Decimal("0.10"), "share", "+5.0 个百分点", "+5.0 pp"),
        (4.2, 4.0, "score", "+0.2 分", "+0.2 points"),
        (5, 5, "int", "持平", "unchanged"),
        (3, 0, "int", "上期为 0", "from zero"),
        (0, 0, "int", "持平", "unchanged"),
        (142, 10, "int", "增至 14.2 倍", "14.2 times as much"),
        (-50, -100, "money", "+50.0 %", "+50.0%"),  # a smaller loss is a rise
        (0.1501, 0.15, "share", "持平", "unchanged"),  # what is printed did not move
    ],
)
def test_a_change_says_its_unit(now, before, kind, zh, en):
    assert compare(now, before, kind, ZH).text == zh
    assert compare(now, before, kind, EN).text == en


def test_a_share_may_say_points_and_the_relative_change():
    assert compare(0.15, 0.10, "share", ZH, both=True).text == "+5.0 个百分点（+50.0 %）"
    assert compare(0.15, 0.10, "share", EN, both=True).text == "+5.0 pp (+50.0%)"


def test_better_says_which_way_is_good():
    assert compare(2, 1, "int", ZH, better="up").good is True
    assert compare(2, 1, "int", ZH, better="down").good is False
    assert compare(2, 1, "int", ZH).good is None
    assert compare(1, 1, "int", ZH, better="up").good is None


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf"), ""])
def test_what_is_missing_is_a_dash_and_makes_no_change(missing):
    assert is_missing(missing)
    assert write_value(missing, "money", ZH) == "—"
    assert compare(missing, 1, "int", ZH) is None
    assert compare(1, missing, "int", ZH) is None


@pytest.mark.parametrize(
    ("yuan", "zh", "en"),
    [
        (8888, "8,888 元", "CNY 8,888"),
        (9999, "9,999 元", "CNY 9,999"),
        (10000, "1.0 万元", "CNY 10,000"),
        (1234567, "123.5 万元", "CNY 1.23 million"),
        (123456789, "1.23 亿元", "CNY 123.46 million"),
        (-1234567, "−123.5 万元", "CNY −1.23 million"),
        (Decimal("0.00"), "0 元", "CNY 0"),
    ],
)
def test_money_is_in_the_unit_that_reads_best(yuan, zh, en):
    assert (write_money(yuan, ZH), write_money(yuan, EN)) == (zh, en)


@pytest.mark.parametrize(
    ("yuan", "unit", "zh", "en"),
    [
        ([0, None, 300, 9_000, 9_999], "yuan", "9,999", "9,999"),  # what is 0 or missing does not speak for a column
        ([0, 10_000, 10_000, 50_000], "wan", "5.0", "50"),
        ([2e8, 3e8, 100, 450_000_000], "yi", "4.50", "450.0"),
        ([0, 0], "wan", "0.0", "0"),
    ],
)
def test_a_column_of_money_is_in_the_unit_of_its_median(yuan, unit, zh, en):
    assert unit_of(yuan) == unit
    assert (write_value(yuan[-1], unit, ZH), write_value(yuan[-1], unit, EN)) == (zh, en)


@pytest.mark.parametrize(
    ("value", "kind", "zh"),
    [
        (1234567, "wan", "123.5"),
        (0.125, "share", "12.5 %"),
        (1204, "int", "1,204"),
        ("000123", "id", "000123"),
        ("2024-06-01", "date", "2024-06-01"),
        ("2024-06-01", "month", "2024-06"),
        (3, "days", "3 天"),
        (4.25, "score", "4.3"),
    ],
)
def test_each_kind_is_written_its_way(value, kind, zh):
    assert write_value(value, kind, ZH) == zh


@given(st.integers(-(10**12), 10**12))
def test_a_number_reads_back(n):
    assert int(write_number(n).replace(",", "").replace("−", "-")) == n


@given(st.decimals(-(10**6), 10**6, places=3), st.integers(0, 2))
def test_rounding_is_half_up_and_never_writes_minus_zero(value, digits):
    assert abs(rounded(value, digits) - value) <= Decimal(5).scaleb(-digits - 1)
    assert write_number(value, digits) != "−0"


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6))
def test_a_rise_and_the_fall_back_have_opposite_signs(a, b):
    there, back = compare(b, a, "money", ZH), compare(a, b, "money", ZH)
    assert there.sign * back.sign <= 0
