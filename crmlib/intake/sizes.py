"""Large, medium, small or micro: by the national standard of 2017 or by heads alone, as far as the figures given can tell."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from crmlib.reference import load_reference

CLASSES = ("micro", "small", "medium", "large")


STANDARD = "nbs2017"


class Threshold(NamedTuple):
    """What one figure must reach, for small, medium and large: people, or yuan."""

    figure: str  # headcount, revenue, assets
    steps: tuple[Decimal, Decimal, Decimal]


# by heads alone, whatever the trade: from how many on a firm is small (below it micro), medium, large
SIMPLE: Mapping[str, tuple[Threshold, ...]] = {
    "simple_500_50": (Threshold("headcount", (Decimal(50), Decimal(50), Decimal(500))),),
    "simple_500_100": (Threshold("headcount", (Decimal(0), Decimal(100), Decimal(501))),),
}


def size_class(
    *,
    standard: str = STANDARD,
    industry_code: str | None = None,
    headcount_min: int | None = None,
    headcount_max: int | None = None,
    annual_revenue_cny: Decimal | None = None,
    total_assets_cny: Decimal | None = None,
) -> str:
    """A class needs every figure of its trade to reach its step; so the least figure decides.

    A missing figure may be anything, a band anything inside it: where that leaves two classes open, the class is unknown.
    """
    given = {
        "headcount": (headcount_min, headcount_max),
        "revenue": (annual_revenue_cny, annual_revenue_cny),
        "assets": (total_assets_cny, total_assets_cny),
    }
    thresholds = SIMPLE.get(standard) or _thresholds(industry_code)
    if not thresholds:
        return "unknown"
    lowest = min(_class(given[one.figure][0], one, missing=0) for one in thresholds)
    highest = min(_class(given[one.figure][1], one, missing=3) for one in thresholds)
    return CLASSES[lowest] if lowest == highest else "unknown"


def _class(figure: Decimal | int | None, threshold: Threshold, *, missing: int) -> int:
    return missing if figure is None else sum(figure >= step for step in threshold.steps)


@cache
def _thresholds(industry_code: str | None) -> tuple[Threshold, ...]:
    """Those of the deepest trade that the code lies in; none where the standard leaves the trade out."""
    table = _standard()
    code = industry_code or ""
    return next((table[code[:n]] for n in range(len(code), 0, -1) if code[:n] in table), ())


@cache
def _standard() -> dict[str, tuple[Threshold, ...]]:
    found: dict[str, tuple[Threshold, ...]] = {}
    for row in load_reference("size_standard").itertuples():
        steps = (Decimal(row.small), Decimal(row.medium), Decimal(row.large))
        found[row.code] = (*found.get(row.code, ()), Threshold(row.figure, steps))
    return found
