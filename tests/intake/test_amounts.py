from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.amounts import parse_amount, parse_integer, parse_number, parse_score, parse_share

WAN = Decimal(10_000)


@pytest.mark.demand("A04", "A24")
@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("500000", "500000.00"),
        ("1,234.50", "1234.50"),
        ("1，234.5", "1234.50"),
        ("1 234 567", "1234567.00"),
        ("￥1234", "1234.00"),
        ("¥ 1,234.50", "1234.50"),
        ("RMB 500", "500.00"),
        ("人民币500元整", "500.00"),
        ("500元", "500.00"),
        ("3.2万", "32000.00"),
        ("3.2万元", "32000.00"),
        ("50w", "500000.00"),
        ("500千", "500000.00"),
        ("1.5k", "1500.00"),
        ("1.5亿", "150000000.00"),
        ("1亿元", "100000000.00"),
        ("1亿2000万", "120000000.00"),
        ("12元5角", "12.50"),
        ("１２３．４５", "123.45"),
        ("三万五千", "35000.00"),
        ("壹拾万元整", "100000.00"),
        ("两千三百万", "23000000.00"),
        ("叁元伍角", "3.50"),
        ("(1,200)", "-1200.00"),
        ("（1,200）", "-1200.00"),
        ("1200-", "-1200.00"),
        ("−1200", "-1200.00"),
        ("-¥5", "-5.00"),
        ("￥-500", "-500.00"),
        ("(￥500)", "-500.00"),
        ("负500元", "-500.00"),
        ("500圆", "500.00"),
        ("50.5萬", "505000.00"),
        ("500,000 RMB", "500000.00"),
        ("12.5万元人民币", "125000.00"),
        ("3万5千", "35000.00"),
        ("一百零五万", "1050000.00"),
        ("壹佰贰拾叁元肆角伍分", "123.45"),
        ("人民币伍拾万元整", "500000.00"),
        ("零元", "0.00"),
        ("1.2m", "1200000.00"),
        ("0", "0.00"),
        ("1.005", "1.01"),
    ],
)
def test_every_way_to_write_an_amount_is_exact_yuan(text, yuan):
    assert parse_amount(text) == (Decimal(yuan), None, None)
    assert str(parse_amount(text).value) == yuan


@pytest.mark.demand("B08")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abc", "AMOUNT_NOT_NUMBER"),
        ("面议", "AMOUNT_NOT_NUMBER"),
        ("12,34", "AMOUNT_NOT_NUMBER"),
        ("12 34", "AMOUNT_NOT_NUMBER"),
        ("1.2.3", "AMOUNT_NOT_NUMBER"),
        ("--5", "AMOUNT_NOT_NUMBER"),
        ("15%", "AMOUNT_NOT_NUMBER"),
        ("三万五", "AMOUNT_NOT_NUMBER"),  # 35,000 or 30,005
        ("3万5", "AMOUNT_NOT_NUMBER"),
        ("100-500万", "AMOUNT_IS_BAND"),
        ("50万以上", "AMOUNT_IS_BAND"),
        ("<10万", "AMOUNT_IS_BAND"),
        ("大于50万", "AMOUNT_IS_BAND"),
        ("50万元/年", "AMOUNT_NOT_NUMBER"),
        ("50万（不含税）", "AMOUNT_NOT_NUMBER"),
        ("几十万", "AMOUNT_NOT_NUMBER"),
        ("1.234,56", "AMOUNT_NOT_NUMBER"),
        ("500美元", "AMOUNT_OTHER_CURRENCY"),
        ("$500", "AMOUNT_OTHER_CURRENCY"),
        ("99999999999999999999", "AMOUNT_TOO_LARGE"),
    ],
)
def test_what_is_no_exact_amount_is_a_reason_and_never_zero(text, reason):
    assert parse_amount(text) == (None, reason, None)


def test_about_is_taken_and_noted():
    assert parse_amount("约50万") == (Decimal(500000), None, "APPROXIMATE")
    assert parse_amount("1.2E+05") == (Decimal(120000), None, "APPROXIMATE")


@pytest.mark.demand("A24")
def test_the_unit_of_the_header_counts_unless_the_cell_has_its_own():
    assert parse_amount("3.2", unit=WAN).value == 32000
    assert parse_amount("3.2万", unit=WAN).value == 32000
    assert parse_amount("32000元", unit=WAN).value == 32000


def test_a_sign_of_the_declared_currency_is_no_other_currency():
    assert parse_amount("£5", currency="GBP").value == 5
    assert parse_amount("¥5", currency="GBP").reason == "AMOUNT_OTHER_CURRENCY"


def test_prices_keep_every_place():
    assert parse_number("0.125").value == Decimal("0.125")


def test_whole_numbers_may_have_a_counter_and_no_fraction():
    assert [parse_integer(text).value for text in ("3", "3.0", "3台", "1,200", "-2")] == [3, 3, 3, 1200, -2]
    assert parse_integer("2.5") == (None, "NOT_INTEGER", None)


def test_shares_are_fractions_and_a_bare_85_is_unclear():
    assert parse_share("85%").value == Decimal("0.85")
    assert parse_share("0.85").value == Decimal("0.85")
    assert parse_share("85").reason == "SHARE_UNCLEAR"


@pytest.mark.demand("A55")
def test_scores_may_have_decimals_and_a_word_behind_them():
    assert [parse_score(text).value for text in ("4", "4.2分", "4/5")] == [4, Decimal("4.2"), 4]


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_an_amount_written_out_reads_back_as_itself(amount):
    assert parse_amount(str(amount)).value == amount
    assert parse_amount(f"{amount:,.2f}").value == amount


@given(st.text() | st.from_regex(r"[0-9零一二三十百千万亿元角分,.\-()约¥%eE+ ]{1,20}", fullmatch=True))
def test_any_text_is_an_amount_a_reason_or_nothing(text):
    for parse in (parse_amount, parse_number, parse_integer, parse_share, parse_score):
        value, reason, _ = parse(text)
        assert value is None or reason is None
