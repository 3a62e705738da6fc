"""Periods of the calendar: months, quarters and ISO weeks, from the first day up to, not including, the end."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from crmlib.errors import UsageError


@dataclass(frozen=True)
class Period:
    """One period. `end` is exclusive and is the day on which its figures stand (`as_of`)."""

    text: str
    kind: str  # month, quarter or week
    start: date
    end: date

    @property
    def as_of(self) -> date:
        return self.end

    def previous(self) -> "Period":
        """The period of the same kind that ends where this one starts."""
        return period_of(self.start - timedelta(days=1), kind=self.kind)


def days_back(period: Period, n: int) -> list[date]:
    """The days on which the figures of the `n` periods before and of this one stand, the earliest first."""
    days = [period.as_of]
    for _ in range(n):
        period = period.previous()
        days.insert(0, period.as_of)
    return days


def add_months(day: date, months: int) -> date:
    """The same day `months` later (or earlier), clipped to the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_between(earlier: date, later: date) -> int:
    """Full calendar months from `earlier` to `later`: 31 January to 28 February is one."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (add_months(earlier, months) > later)


def period_of(day: date, *, kind: str) -> Period:
    """The month, quarter or ISO week (Monday first) that holds `day`."""
    if kind == "month":
        start = day.replace(day=1)
        return Period(f"{start:%Y-%m}", kind, start, add_months(start, 1))
    if kind == "quarter":
        quarter = (day.month - 1) // 3
        start = date(day.year, quarter * 3 + 1, 1)
        return Period(f"{day.year}-Q{quarter + 1}", kind, start, add_months(start, 3))
    start = day - timedelta(days=day.weekday())
    year, week, _ = day.isocalendar()
    return Period(f"{year}-W{week:02d}", "week", start, start + timedelta(days=7))


def parse_period(text: str) -> Period:
    """ "2024-06", "2024-Q2" or "2024-W23" → Period. Raises UsageError on anything else."""
    try:
        if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
            return period_of(date(int(match[1]), int(match[2]), 1), kind="month")
        if match := re.fullmatch(r"(\d{4})-Q([1-4])", text):
            return period_of(date(int(match[1]), int(match[2]) * 3, 1), kind="quarter")
        if match := re.fullmatch(r"(\d{4})-W(\d{2})", text):
            return period_of(date.fromisocalendar(int(match[1]), int(match[2]), 1), kind="week")
    except ValueError:
        pass
    raise UsageError("error.period_unknown", period=text)


LAST = {"last": "month", "last-week": "week", "last-quarter": "quarter"}


def last_full(kind: str, today: date) -> Period:
    """The month, quarter or week before the one that holds `today`."""
    return period_of(today, kind=kind).previous()
