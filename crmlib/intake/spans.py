"""Head counts and terms: from how many to how many people, for how many months."""

import re
from decimal import Decimal
from typing import NamedTuple

from crmlib.intake.amounts import parse_integer, parse_number, without_about
from crmlib.intake.cells import MISSING, Parsed, compact, is_nothing, refuse


class Band(NamedTuple):
    """From and to, both inside; an open end is None."""

    low: int | None
    high: int | None


def parse_months(text: str, *, unit: Decimal = Decimal(1)) -> Parsed:
    """2年 → 24, 半年 → 6, 18个月 → 18; a bare number counts the column's unit, months when it says none."""
    words = re.sub(r"(?:左右|期)$", "", compact(text))
    if is_nothing(words):
        return MISSING
    months = Decimal(0)
    for number, name, half in re.findall(r"(半|[^年月季度个天日周半]*)个?(年|月|季度|季)(半)?", words):
        count = Parsed(Decimal("0.5")) if number == "半" else parse_number(number)
        if count.value is None:
            return refuse("BAD_TERM")
        months += (count.value + (Decimal("0.5") if half else 0)) * {"年": 12, "月": 1}.get(name, 3)
    rest = re.sub(r"(半|[^年月季度个天日周半]*)个?(年|月|季度|季)(半)?", "", words)
    if rest:
        count = parse_number(rest)
        if months or count.value is None:
            return refuse("BAD_TERM")
        months = count.value * unit
    return Parsed(int(months)) if months == int(months) and months >= 0 else refuse("BAD_TERM")


def parse_headcount(text: str) -> Parsed:
    """100-500人 → Band(100, 500), 500人以上 → Band(500, None), <50 → Band(None, 49), 200 → Band(200, 200)."""
    words = compact(text).lower()
    if is_nothing(words):
        return MISSING
    words, note = without_about(re.sub(r"员工|人数|规模|[人名]", "", words))
    if between := re.fullmatch(r"(.+?)(?:-|~|—|–|至|到)(.+?)(?:之间)?", words):
        low, high = (_people(side) for side in between.groups())
        return Parsed(Band(low, high), note=note) if low is not None and high is not None and low <= high else BAD_SIZE
    for pattern, low_step, high_step in (
        (r"(?:≥|>=|至少)(.+)|(.+?)(?:及以上|以上|\+|起)", 0, None),
        (r"(?:>|超过|多于|大于)(.+)", 1, None),
        (r"(?:≤|<=|最多)(.+)|(.+?)(?:及以下|以下|以内)", None, 0),
        (r"(?:<|不足|少于|不到|小于)(.+)", None, -1),
        (r"(.+)", 0, 0),
    ):
        if found := re.fullmatch(pattern, words):
            people = _people(next(filter(None, found.groups())))
            if people is None:
                return BAD_SIZE
            low = None if low_step is None else people + low_step
            high = None if high_step is None else people + high_step
            return Parsed(Band(low, high), note=note)
    return BAD_SIZE


BAD_SIZE = refuse("BAD_SIZE")


def _people(words: str) -> int | None:
    number = parse_integer(words)
    return number.value if number.value is not None and 0 <= number.value < 10_000_000 else None
