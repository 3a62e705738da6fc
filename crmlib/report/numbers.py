"""Numbers as a reader writes them: 万元 and 亿元, per cent and percentage points, each change with its unit."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

import pandas as pd

from crmlib.labels import Say

MINUS = "\u2212"
NOTHING = "—"  # a missing value; never 0, never blank
NUMERIC = {"int", "money", "amount", "yuan", "wan", "yi", "share", "score", "days", "hours", "decimal"}
UNITS = {  # of a column of money: yuan a unit, and digits shown
    "zh": {"yuan": (1, 0), "wan": (10**4, 1), "yi": (10**8, 2)},
    "en": {"yuan": (1, 0), "wan": (10**3, 0), "yi": (10**6, 1)},
}


def rounded(value: Any, digits: int = 0) -> Decimal:
    """Half up, on what is printed, so that 4.25 is 4.3 in every language."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def write_number(value: Any, digits: int = 0, *, sign: bool = False) -> str:
    """1234.5 → "1,235"; a true minus sign; `sign` writes the plus too, and ±0."""
    number = rounded(value, digits)
    text = f"{abs(number):,.{digits}f}"
    if number == 0:
        return f"±{text}" if sign else text
    return (MINUS if number < 0 else "+" if sign else "") + text


def write_money(value: Any, say: Say, *, sign: bool = False) -> str:
    """Yuan in the unit that reads best: 8,888 元, 123.5 万元, 1.23 亿元; CNY 8,888, CNY 1.2 million."""
    size = abs(Decimal(str(value)))
    steps = {"zh": [(10**8, 2, "large"), (10**4, 1, "middle")], "en": [(10**9, 2, "large"), (10**6, 2, "middle")]}[
        say.lang
    ]
    for unit, digits, name in steps:
        if size >= unit:
            return say(f"number.{name}", n=write_number(Decimal(str(value)) / unit, digits, sign=sign))
    return say("number.small", n=write_number(value, sign=sign))


def write_share(value: Any, say: Say, *, digits: int = 1, sign: bool = False) -> str:
    """0.1234 → 12.3 %."""
    return say("number.percent", n=write_number(Decimal(str(value)) * 100, digits, sign=sign))


def write_day(value: Any, pattern: str = "%Y-%m-%d") -> str:
    return pd.Timestamp(value).strftime(pattern)


def unit_of(values: Iterable[Any]) -> str:
    """The unit in which a column of money reads best, by the median of what is not 0: 元, 万元 or 亿元."""
    sizes = [abs(float(value)) for value in values if not is_missing(value) and value]
    usual = median(sizes) if sizes else 10**4
    return "yuan" if usual < 10**4 else "wan" if usual < 10**8 else "yi"


def head_unit(title: str, unit: str, say: Say) -> str:
    """金额 → 金额（万元）."""
    return say("number.head", title=title, unit=say(f"number.unit_{unit}"))


def _in_unit(unit: str) -> Callable[[Any, Say], str]:
    """Money in a column whose head names the unit."""

    def write(value: Any, say: Say) -> str:
        size, digits = UNITS[say.lang][unit]
        return write_number(Decimal(str(value)) / size, digits)

    return write


WRITERS: dict[str, Callable[[Any, Say], str]] = {
    "text": lambda value, say: str(value),
    "id": lambda value, say: str(value),
    "int": lambda value, say: write_number(value),
    "money": write_money,
    **{unit: _in_unit(unit) for unit in ("yuan", "wan", "yi")},
    "share": write_share,
    "score": lambda value, say: write_number(value, 1),
    "days": lambda value, say: say("number.days", n=write_number(value)),
    "hours": lambda value, say: say("number.hours", n=write_number(value, 1)),
    "decimal": lambda value, say: write_number(value, 2),
    "date": lambda value, say: write_day(value),
    "month": lambda value, say: write_day(value, "%Y-%m"),
}


def is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value
    return bool(pd.isna(value)) or (isinstance(value, float) and math.isinf(value))


KIND = {
    "cny": "money",
    "share": "share",
    "hours": "hours",
    "days": "days",
    "score": "score",
    "times": "decimal",
}  # the unit of a figure → how it is written; everything else is a count


def write_value(value: Any, kind: str, say: Say) -> str:
    """Any cell or metric as text, by its kind; a missing one as a dash."""
    return NOTHING if is_missing(value) else WRITERS[kind](value, say)


@dataclass(frozen=True)
class Change:
    """How a figure moved. `sign` is −1, 0 or 1; `good` is None where neither way is better."""

    text: str
    sign: int
    good: bool | None = None


def compare(now: Any, before: Any, kind: str, say: Say, *, better: str = "", both: bool = False) -> Change | None:
    """The change from `before` to `now` with its unit; None where one of them is missing.

    Amounts and counts change by per cent, shares by percentage points (`both` adds the relative change), scores by points;
    what is nothing as printed has not moved. `better` is "up", "down" or "" (neither).
    """
    if is_missing(now) or is_missing(before):
        return None
    now, before = Decimal(str(now)), Decimal(str(before))
    delta = now - before
    if not before:
        relative = say("number.from_zero")
    elif now / before >= 10:  # nobody reads +1,321.8 %
        relative = say("number.times", n=write_number(now / before, 1))
    else:
        relative = write_share(delta / abs(before), say, sign=True)
    if kind == "share":
        digits, text = 3, say("number.points", n=write_number(delta * 100, 1, sign=True))
        if both:
            text = say("number.points_and_relative", points=text, relative=relative)
    elif kind == "score":
        digits, text = 1, say("number.score", n=write_number(delta, 1, sign=True))
    else:
        digits, text = 3, relative
        delta = delta / abs(before) if before else delta
    moved = rounded(delta, digits)
    sign = (moved > 0) - (moved < 0)
    text = text if sign else say("number.same")
    return Change(text, sign, None if not sign or not better else (sign > 0) == (better == "up"))
