from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.dates import parse_date, parse_moment

THE_DAY = date(2023, 10, 15)


@pytest.mark.demand("C03")
@pytest.mark.parametrize(
    "text",
    [
        "2023/10/15",
        "2023-10-15",
        "2023.10.15",
        "2023 / 10 / 15",
        "20231015",
        "2023年10月15日",
        "2023年10月15号",
        "Oct 15, 2023",
        "October 15 2023",
        "15-Oct-2023",
        "15 October 2023",
        "2023-10-15T08:00:00+08:00",
        "2023-10-14T16:30:00Z",  # half past midnight in Shanghai
        "2023-10-15 14:30:05.123",
        "20231015143005",
        "45214",
        "45214.5",
        "２０２３－１０－１５",
        " 2023-10-15 (周日)",
        "15/10/2023",
        "10/15/2023",
        "15.10.2023",
        "2023、10、15",
        "2023—10—15",
        "2023-10-15日",
        "2023.10.15.",
        "2023年10月15",
        "二〇二三年十月十五日",
        "２０２３年１０月１５日",
        "2023-Oct-15",
        "Oct-15-2023",
        "Sun Oct 15 2023",
        "Sunday, October 15, 2023",
        "'2023-10-15",  # the mark that keeps a spreadsheet from changing it
        "20231015T143000Z",
        "20231015 1430",
        "2023-10-15 晚8点",
    ],
)
def test_every_way_to_write_a_day_is_one_day(text):
    assert parse_date(text) == (THE_DAY, None, None)


@pytest.mark.demand("C03")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("03/04/2023", "DATE_AMBIGUOUS"),
        ("3.4.2023", "DATE_AMBIGUOUS"),
        ("23-10-15", "DATE_AMBIGUOUS"),
        ("15-Oct-23", "DATE_AMBIGUOUS"),
        ("2023-2-30", "DATE_INVALID"),
        ("20231315", "DATE_INVALID"),
        ("2023-10-15 25:00", "DATE_INVALID"),
        ("2023-10-15至2023-10-20", "DATE_INVALID"),
        ("99999", "DATE_INVALID"),
        ("下周", "DATE_INVALID"),
        ("2023-10-15前", "DATE_INVALID"),
        ("约2023-10-15", "DATE_INVALID"),
        ("2023-10-15 14:30~15:30", "DATE_INVALID"),
        ("0000-00-00", "DATE_INVALID"),
        ("1697328000", "DATE_INVALID"),
        ("112/10/15", "DATE_INVALID"),  # a year of the Republic, or somebody's slip
        ("2023", "DATE_INCOMPLETE"),
        ("10月15日", "DATE_INCOMPLETE"),
    ],
)
def test_what_is_no_day_or_two_days_is_refused(text, reason):
    assert parse_date(text) == (None, reason, None)


@pytest.mark.demand("C03")
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("二零二四年一月三日", date(2024, 1, 3)),
        ("二〇二三年十二月三十一日", date(2023, 12, 31)),
        ("二〇二三年十一月二十日", date(2023, 11, 20)),
    ],
)
def test_days_in_chinese_numerals_are_read(text, day):
    assert parse_date(text) == (day, None, None)


def test_a_day_that_is_the_same_in_both_orders_is_clear():
    assert parse_date("04/04/2023").value == date(2023, 4, 4)


def test_a_month_alone_is_its_first_day_and_says_so():
    assert parse_date("2023年10月") == (date(2023, 10, 1), None, "DATE_MONTH_ONLY")
    assert parse_date("2023-10").note == "DATE_MONTH_ONLY"


@pytest.mark.demand("A27")
def test_a_missing_blank_between_day_and_time_is_repaired_and_noted():
    at, precision = parse_moment("2024-04-2014:30").value
    assert (at, precision) == (datetime(2024, 4, 20, 14, 30), "minute")
    assert parse_moment("2024-04-2014:30").note == "DATE_REPAIRED"


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("2024-04-20 14:30", 14, 30),
        ("2024-04-20 下午2:30", 14, 30),
        ("2024-04-20 2:30 PM", 14, 30),
        ("2024年4月20日 14时30分", 14, 30),
        ("2024年4月20日下午2点半", 14, 30),
        ("2024-04-20T06:30Z", 14, 30),
        ("2024-04-20T07:30+01:00", 14, 30),
        ("2024-04-20 12:05 am", 0, 5),
        ("2024-04-20 中午12:30", 12, 30),
    ],
)
def test_a_time_is_shanghai_time_to_the_minute(text, hour, minute):
    assert parse_moment(text).value == (datetime(2024, 4, 20, hour, minute), "minute")


@pytest.mark.demand("A40")
def test_a_day_without_a_time_is_known_to_the_day_only():
    assert parse_moment("2023-10-15").value == (datetime(2023, 10, 15), "day")
    assert parse_moment("2023-10-15 00:00:00").value.precision == "day"


@pytest.mark.demand("B08")
def test_signs_for_nothing_are_no_date_and_no_fault():
    assert [parse_date(text) for text in ("", "--", "无")] == [(None, None, None)] * 3


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2199, 12, 31)))
def test_a_moment_written_out_reads_back_as_itself(at):
    at = at.replace(microsecond=0)
    assert parse_moment(str(at)).value.at == at
    assert parse_date(str(at.date())).value == at.date()


@given(st.text() | st.from_regex(r"[0-9年月日/.:\- 上下午TZ]{4,24}", fullmatch=True))
def test_any_text_is_a_day_a_reason_or_nothing(text):
    value, reason, _ = parse_moment(text)
    assert value is None or reason is None
