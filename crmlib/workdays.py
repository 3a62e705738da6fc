"""Workdays: which days we work in China, holidays and make-up days included, and how much of a wait falls into working time."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from crmlib.errors import SettingsError

WORK = {"班", "上班", "工作日", "work", "1", "true", "yes"}
OFF = {"休", "休息", "放假", "off", "0", "false", "no"}


class Day(NamedTuple):
    """`provisional`: the year's make-up days are not published yet, so this follows from the law and the moon alone (暂定)."""

    on: date
    works: bool
    provisional: bool


class Elapsed(NamedTuple):
    """What has passed before a day begins, counted from some first day: working seconds, and workdays."""

    on: date
    works: bool
    provisional: bool
    work_seconds: int
    workdays: int


def look_up(on: date, *, own: Mapping[str, bool] | None = None) -> Day:
    """Whether we work on that day. `own` (ISO day → works) goes before the public calendar."""
    if own and on.isoformat() in own:
        return Day(on, own[on.isoformat()], False)
    calendar = _calendar(on.year)
    # Mondays to Fridays, public holidays and the weekend days worked instead; a year whose make-up days are known is published
    return Day(on, calendar.is_working_day(on), not any(day.year == on.year for day in calendar.weekend_workdays))


def next_workday(on: date, *, own: Mapping[str, bool] | None = None) -> date:
    """That day if we work on it, else the first one after it on which we do."""
    return next(day.on for day in days_from(on, own=own) if day.works)


def add_workdays(on: date, n: int, *, own: Mapping[str, bool] | None = None) -> date:
    """The n-th workday after `on`; 0 is `on` itself."""
    for day in days_from(on + timedelta(1), own=own):
        if not n:
            break
        on, n = (day.on, n - 1) if day.works else (on, n)
    return on


def days_from(first: date, *, own: Mapping[str, bool] | None = None) -> Iterator[Day]:
    """Every day from `first` on, without end."""
    while True:
        yield look_up(first, own=own)
        first += timedelta(1)


def build_elapsed(
    first: date, last: date, *, hours: tuple[time, time], own: Mapping[str, bool] | None = None
) -> list[Elapsed]:
    """One row per day from `first` to `last`: with it the working time between any two moments is a difference."""
    rows, seconds, workdays = [], 0, 0
    length = seconds_of(hours[1]) - seconds_of(hours[0])
    for day in days_from(first, own=own):
        if day.on > last:
            break
        rows.append(Elapsed(*day, seconds, workdays))
        seconds, workdays = seconds + length * day.works, workdays + day.works
    return rows


def parse_hours(texts: Sequence[str]) -> tuple[time, time] | None:
    """["09:00", "18:00"] → two times; None where they are not two in order."""
    try:
        first, last = map(time.fromisoformat, texts)
    except ValueError:
        return None
    return (first, last) if first < last else None


def seconds_of(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def read_own_days(path: Path) -> dict[str, bool]:
    """A workdays.csv, day and 班/休 on each line → ISO day → works. Raises SettingsError naming the first line that is neither."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # as Excel saves a CSV on a Chinese Windows
        text = raw.decode("gb18030", errors="replace")
    words, found = dict.fromkeys(WORK, True) | dict.fromkeys(OFF, False), {}
    for n, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            day = date(*map(int, re.split("[-/.]", row[0].strip())))
            found[day.isoformat()] = words[row[1].strip().lower()]
        except (ValueError, TypeError, IndexError, KeyError):
            if n > 1:  # the first line may be a header
                raise SettingsError("error.workdays", file=path.name, line=n, found=",".join(row)) from None
    return found


@cache
def _calendar(year: int) -> Any:
    """The public calendar of one year. The library is loaded with the first day that is asked for."""
    from holidays import country_holidays

    return country_holidays("CN", years=year)
