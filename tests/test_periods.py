"""Periods: the end is outside, months clip, weeks begin on Monday."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.errors import UsageError
from crmlib.periods import add_months, last_full, months_between, parse_period, period_of

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        ("2024-12", date(2024, 12, 1), date(2025, 1, 1)),
        ("2024-Q1", date(2024, 1, 1), date(2024, 4, 1)),
        ("2024-Q4", date(2024, 10, 1), date(2025, 1, 1)),
        ("2024-W01", date(2024, 1, 1), date(2024, 1, 8)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 4)),
    ],
)
@pytest.mark.demand("F01")
def test_a_period_runs_from_its_first_day_up_to_the_next_ones(text, start, end):
    period = parse_period(text)
    assert (period.start, period.end, period.as_of, period.text) == (start, end, end, text)


@pytest.mark.parametrize("text", ["2024", "2024-13", "2024-Q5", "2023-W53", "24-06", "2024-6", "", "last", "2024-00"])
def test_what_is_no_period_is_refused_with_the_forms_that_are(text):
    with pytest.raises(UsageError, match="2024-W23"):
        parse_period(text)


@given(DAYS, st.sampled_from(["month", "quarter", "week"]))
def test_each_day_lies_in_one_period_and_its_neighbours_touch(day, kind):
    period = period_of(day, kind=kind)
    assert period.start <= day < period.end
    assert period.previous().end == period.start
    assert parse_period(period.text) == period


@given(DAYS, st.integers(-40, 40))
def test_adding_months_and_counting_them_agree(day, months):
    later = add_months(day, months)
    if months >= 0:
        assert months_between(day, later) == months
    assert (later.day == day.day) or (later.day < day.day and add_months(later, 0) == later)


def test_the_last_day_of_january_is_a_month_before_the_last_of_february():
    assert months_between(date(2024, 1, 31), date(2024, 2, 28)) == 0
    assert months_between(date(2024, 1, 31), date(2024, 2, 29)) == 1


def test_the_last_full_period_is_the_one_before_todays():
    assert last_full("month", date(2024, 7, 1)).text == "2024-06"
    assert last_full("month", date(2024, 1, 31)).text == "2023-12"
    assert last_full("week", date(2024, 7, 1)).text == "2024-W26"  # a Monday
    assert last_full("quarter", date(2024, 2, 9)).text == "2023-Q4"
