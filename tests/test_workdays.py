"""Workdays: the public calendar with its make-up days, one's own days before it, and what is not yet published said so."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.errors import SettingsError
from crmlib.home import Home
from crmlib.settings import load_settings
from crmlib.workdays import add_workdays, build_elapsed, days_from, look_up, next_workday, read_own_days

NINE_TO_SIX = (time(9), time(18))


def works(*days: date) -> list[bool]:
    return [look_up(day).works for day in days]


def test_national_day_2024_is_seven_days_off_paid_for_by_a_sunday_and_a_saturday():
    assert not any(works(*(date(2024, 10, day) for day in range(1, 8))))
    assert works(date(2024, 9, 29), date(2024, 10, 12)) == [True, True]  # made up for
    assert works(date(2024, 9, 28), date(2024, 10, 13)) == [False, False]  # a Saturday and a Sunday like any other
    assert works(date(2024, 9, 30), date(2024, 10, 8)) == [True, True]


def test_spring_festival_2024_is_ten_to_seventeen_february_with_two_make_up_sundays():
    assert not any(works(*(date(2024, 2, day) for day in range(10, 18))))
    assert works(date(2024, 2, 4), date(2024, 2, 18), date(2024, 2, 9)) == [True, True, True]


def test_a_year_without_published_make_up_days_is_provisional():
    assert not look_up(date(2024, 10, 1)).provisional
    assert look_up(date(2044, 10, 3)) == (date(2044, 10, 3), False, True)  # the law's own three days are known


def test_own_days_go_before_the_calendar_and_are_certain():
    own = {"2024-10-05": True, "2044-10-08": False}
    assert look_up(date(2024, 10, 5), own=own).works
    assert look_up(date(2044, 10, 8), own=own) == (date(2044, 10, 8), False, False)


def test_workdays_are_counted_over_a_holiday():
    assert next_workday(date(2024, 10, 1)) == date(2024, 10, 8)
    assert next_workday(date(2024, 10, 8)) == date(2024, 10, 8)
    assert add_workdays(date(2024, 9, 28), 1) == date(2024, 9, 29)  # Sunday, made up for
    assert add_workdays(date(2024, 9, 30), 5) == date(2024, 10, 12)
    assert add_workdays(date(2024, 10, 1), 0) == date(2024, 10, 1)


def test_elapsed_working_time_stands_still_over_a_holiday():
    rows = {row.on: row for row in build_elapsed(date(2024, 9, 30), date(2024, 10, 9), hours=NINE_TO_SIX)}
    assert rows[date(2024, 10, 1)].work_seconds == rows[date(2024, 10, 8)].work_seconds == 9 * 3600
    assert rows[date(2024, 10, 9)].work_seconds == 2 * 9 * 3600
    assert [rows[date(2024, 10, day)].workdays for day in (1, 8, 9)] == [1, 1, 2]


@given(st.dates(date(2019, 1, 1), date(2028, 12, 31)), st.integers(0, 12))
def test_the_nth_workday_after_a_day_has_n_workdays_up_to_it(day, n):
    there, passed = add_workdays(day, n), 0
    for one in days_from(day):
        if one.on == there:
            break
        passed += one.works and one.on > day
    assert passed + (n > 0) == n


def test_own_days_are_read_as_people_save_them(tmp_path):
    path = tmp_path / "workdays.csv"
    path.write_bytes("日期,安排\n2024-10-05,班\n2024/12/31,休\n\n".encode("gb18030"))
    assert read_own_days(path) == {"2024-10-05": True, "2024-12-31": False}


def test_a_line_that_is_no_day_is_told_with_its_number(tmp_path):
    path = tmp_path / "workdays.csv"
    path.write_text("日期,安排\n2024-10-05,也许\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="2"):
        read_own_days(path)


def test_the_file_that_the_settings_name_is_laid_over_the_calendar(tmp_path):
    (tmp_path / "settings.toml").write_text(
        '[periods]\nworkdays = "days.csv"\nown_days = { "2024-10-06" = true, "2024-10-05" = false }', encoding="utf-8"
    )
    (tmp_path / "days.csv").write_text("2024-10-05,班", encoding="utf-8")
    assert load_settings(Home(tmp_path)).periods.own_days == {"2024-10-05": True, "2024-10-06": True}


@pytest.mark.parametrize("hours", ['["18:00", "09:00"]', '["9"]', '["nine", "six"]', '["09:00", "12:00", "18:00"]'])
def test_working_hours_are_two_times_in_order(tmp_path, hours):
    (tmp_path / "settings.toml").write_text(f"[periods]\nwork_hours = {hours}", encoding="utf-8")
    with pytest.raises(SettingsError, match="work_hours"):
        load_settings(Home(tmp_path))
