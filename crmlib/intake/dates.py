"""Dates and times: every way to write a day becomes one; a day with two readings is refused, not chosen."""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from crmlib.intake.cells import MISSING, Parsed, compact, is_nothing, narrow, refuse

EXCEL_EPOCH = date(1899, 12, 30)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
FIRST_SERIAL, LAST_SERIAL = date(1950, 1, 1), date(2099, 12, 31)  # a five-digit number outside is no day
SHANGHAI = timedelta(hours=8)

_MONTHS = {
    name: n + 1
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
}
_ENGLISH_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WEEKDAY = re.compile(
    r"[(\[]?(?:(?:星期|周|礼拜)[一二三四五六日天]|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?)[)\]]?", re.I
)
_WEEKDAY_FIRST = re.compile(rf"^{_WEEKDAY.pattern}\s+", re.I)
_TIME = re.compile(
    r"(?P<half>上午|下午|早上|凌晨|中午|晚上|晚|am|pm)?\s*(?P<h>\d{1,2})\s*"
    r"(?::\s*(?P<m>\d{1,2})(?::\s*(?P<s>\d{1,2})(?:\.\d+)?)?"
    r"|[时点]\s*(?:(?P<m2>\d{1,2}|半)\s*分?\s*(?:(?P<s2>\d{1,2})\s*秒)?)?)"
    r"\s*(?P<after>am|pm)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?",
    re.I,
)
# Each form says where year, month and day stand. The first that fits the whole text wins.
_FORMS = [
    re.compile(rf"^{form}(?P<rest>.*)$", re.I)
    for form in (
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?!\d)",
        r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]?",
        r"(?P<y>\d{4})\s*([-/.、_])\s*(?P<m>\d{1,2})\s*\2\s*(?P<d>\d{1,2})(?!\d)日?",
        rf"(?P<y>\d{{4}})[-/ ](?P<name>{_ENGLISH_MONTH})[-/ ](?P<d>\d{{1,2}})(?!\d)",
        rf"(?P<name>{_ENGLISH_MONTH})[-. ]\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[-, ]\s*(?P<y>\d{{4}})",
        rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[- /]?(?P<name>{_ENGLISH_MONTH})[-., /]*(?P<y>\d{{4}})",
        r"(?P<a>\d{1,2})\s*([-/.])\s*(?P<b>\d{1,2})\s*\2\s*(?P<y>\d{4})(?!\d)",
    )
]
_GLUED = re.compile(r"^(\d{4}[-/.]\d{2}[-/.]\d{2})(\d{1,2}:\d{2}(?::\d{2})?)$")  # "2024-04-2014:30"
_MONTH = re.compile(r"^(\d{4})\s*(?:年|[-/.])\s*(\d{1,2})\s*月?$")
_PACKED = re.compile(r"^(\d{8})[ T]?(\d{2})(\d{2})(\d{2})?(z?)$", re.I)  # 20231015143005, 20231015T143005Z
_HAN_DAY = re.compile(
    r"^([零〇一二三四五六七八九]{4}|\d{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]"
)
_HAN_DIGITS = str.maketrans("零〇一二三四五六七八九", "00123456789")
_NO_DAY_OR_YEAR = re.compile(r"^(?:(?:19|20)\d{2}\s*年?|\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?)$")
_SHORT_YEAR = re.compile(r"^(?:\d{1,2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{2}年\d{1,2}月.*|.*[a-z]{3}[-/ ]\d{2}|\d{6})$", re.I)


class Moment(NamedTuple):
    """A point in time, Asia/Shanghai without a zone, and how exactly it is known: "minute" or "day"."""

    at: datetime
    precision: str


def parse_date(text: str, *, latest: date = LAST_SERIAL) -> Parsed:
    """A day. A time of day beside it is read (and must exist), then left off."""
    moment = parse_moment(text, latest=latest)
    return moment if moment.value is None else moment._replace(value=moment.value.at.date())


def parse_moment(text: str, *, latest: date = LAST_SERIAL) -> Parsed:
    """A day and, where it is written, a time: `Parsed(Moment)`. A spreadsheet's number beyond `latest` is no day."""
    words = re.sub("[—–]", "-", narrow(text)).replace(",", ", ").replace("  ", " ").strip("'’. ")
    words = _HAN_DAY.sub(_in_digits, _WEEKDAY_FIRST.sub("", words))
    if is_nothing(words):
        return MISSING
    note = None
    if glued := _GLUED.match(words):
        words, note = f"{glued[1]} {glued[2]}", "DATE_REPAIRED"
    if packed := _PACKED.match(words):
        words = f"{packed[1]} {packed[2]}:{packed[3]}:{packed[4] or '00'}{packed[5]}"
    if re.fullmatch(r"\d{5}(?:\.\d+)?", words):
        return _from_serial(words, latest)
    if month := _MONTH.match(words):
        day = _day(int(month[1]), int(month[2]), 1)
        return Parsed(Moment(_midnight(day), "day"), note="DATE_MONTH_ONLY") if day else refuse("DATE_INVALID")
    if _NO_DAY_OR_YEAR.match(words):
        return refuse("DATE_INCOMPLETE")
    for form in _FORMS:
        if found := form.match(words):
            return _from_form(found, note)
    return refuse("DATE_AMBIGUOUS" if _SHORT_YEAR.match(compact(text)) else "DATE_INVALID")


def _from_form(found: re.Match[str], note: str | None) -> Parsed:
    part = found.groupdict()
    if "a" in part:  # 03/04/2023 is in March or in April; 13/04/2023 and 04/04/2023 are clear
        a, b = int(part["a"]), int(part["b"])
        if a <= 12 and b <= 12 and a != b:
            return refuse("DATE_AMBIGUOUS")
        month, number = (b, a) if a > 12 else (a, b)
    else:
        month, number = _MONTHS[part["name"][:3].lower()] if "name" in part else int(part["m"]), int(part["d"])
    day = _day(int(part["y"]), month, number)
    clock = _clock(_WEEKDAY.sub(" ", part["rest"]).strip(" ,T"))
    if day is None or clock is None:
        return refuse("DATE_INVALID")
    at_time, offset = clock
    moment = _midnight(day) + at_time
    if offset is not None:
        moment += SHANGHAI - offset
    # Midnight to the second is how exports write a day without a time.
    return Parsed(Moment(moment, "minute" if at_time else "day"), note=note)


def _clock(words: str) -> tuple[timedelta, timedelta | None] | None:
    """The time of day and its distance from UTC, if any. Nothing written is midnight; None is no time at all."""
    if not words:
        return timedelta(0), None
    found = _TIME.fullmatch(words)
    if not found:
        return None
    minutes = (found["m"] or found["m2"] or "0").replace("半", "30")
    hour, minute, second = int(found["h"]), int(minutes), int(found["s"] or found["s2"] or 0)
    half = (found["half"] or found["after"] or "").lower()
    if half in ("下午", "晚上", "晚", "pm", "中午") and hour < (11 if half == "中午" else 12):
        hour += 12
    elif half in ("am", "凌晨") and hour == 12:
        hour = 0
    if hour > 23 or minute > 59 or second > 59:
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second), _offset((found["zone"] or "").lower())


def _offset(zone: str) -> timedelta | None:
    if not zone:
        return None
    if zone in ("z", "utc", "gmt"):
        return timedelta(0)
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -size if zone[0] == "-" else size


def _in_digits(day: re.Match[str]) -> str:
    """二〇二三年十月十五日 → 2023年10月15日."""
    month, number = (re.sub("^十", "一十", part) for part in (day[2], day[3]))
    numbers = [re.sub("十$", "0", part).replace("十", "").translate(_HAN_DIGITS) for part in (month, number)]
    return f"{day[1].translate(_HAN_DIGITS)}年{numbers[0]}月{numbers[1]}日"


def _from_serial(words: str, latest: date) -> Parsed:
    """45214 is how Excel stores 2023-10-15; the fraction is the time of day, to the second."""
    days = float(words)
    at = datetime.combine(EXCEL_EPOCH, time()) + timedelta(seconds=round(days * 86400))
    if not FIRST_SERIAL <= at.date() <= latest:
        return refuse("DATE_INVALID")
    return Parsed(Moment(at, "day" if at.time() == time() else "minute"))


def _day(year: int, month: int, number: int) -> date | None:
    try:
        day = date(year, month, number)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
