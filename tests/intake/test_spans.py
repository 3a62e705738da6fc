import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.spans import Band, parse_headcount, parse_months


@pytest.mark.demand("A04")
@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("100-500人", Band(100, 500)),
        ("1-50人", Band(1, 50)),
        ("１００～５００人", Band(100, 500)),
        ("100至500", Band(100, 500)),
        ("1千-5千人", Band(1000, 5000)),
        ("200", Band(200, 200)),
        ("员工200名", Band(200, 200)),
        ("500人以上", Band(500, None)),
        ("500+", Band(500, None)),
        (">500", Band(501, None)),
        ("1万人及以上", Band(10000, None)),
        ("50人以下", Band(None, 50)),
        ("<50", Band(None, 49)),
        ("少于50人", Band(None, 49)),
    ],
)
def test_a_head_count_is_a_band_with_both_ends_inside(text, band):
    assert parse_headcount(text) == (band, None, None)


@pytest.mark.demand("A04")
@pytest.mark.parametrize("text", ["很多", "500-100", "大型", "1亿元", "-5", "12.5人"])
def test_what_counts_no_heads_is_a_bad_size(text):
    assert parse_headcount(text) == (None, "BAD_SIZE", None)


def test_about_two_hundred_is_noted():
    assert parse_headcount("约200人") == (Band(200, 200), None, "APPROXIMATE")


@pytest.mark.demand("A09")
@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("2年", 24),
        ("半年", 6),
        ("1年半", 18),
        ("一年半", 18),
        ("2年6个月", 30),
        ("18个月", 18),
        ("一个季度", 3),
        ("24", 24),
        ("", None),
    ],
)
def test_a_term_is_months(text, months):
    assert parse_months(text) == (months, None, None)


@pytest.mark.parametrize("text", ["长期", "2-3年", "3.5月", "-1年"])
def test_a_term_without_a_number_of_months_is_refused(text):
    assert parse_months(text) == (None, "BAD_TERM", None)


def test_a_bare_term_counts_the_unit_of_its_column():
    assert parse_months("2", unit=12).value == 24


@given(st.text() | st.from_regex(r"[0-9人年月半以上下\-~<>约万]{1,12}", fullmatch=True))
def test_any_text_is_a_span_a_reason_or_nothing(text):
    for parse in (parse_headcount, parse_months):
        value, reason, _ = parse(text)
        assert value is None or reason is None
