"""Segment rules proved: every combination of scores has a segment and every segment is reached, before a customer is looked at."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Protocol

AXES = ("recency_score", "frequency_score", "money_score")
SCORES = 5
Combination = tuple[int, ...]  # a score on each of AXES


class Rule(Protocol):
    """A name and an inclusive range on each axis; an empty range holds every score."""

    @property
    def name(self) -> str: ...


def fit_combinations(rules: Sequence[Rule], *, scores: int = SCORES) -> Mapping[Combination, str]:
    """Combination of scores → the name of the first rule that fits; one that no rule covers is not there."""
    fitted = {}
    for combination in product(range(1, scores + 1), repeat=len(AXES)):
        first = next((rule.name for rule in rules if _covers(rule, combination)), None)
        if first is not None:
            fitted[combination] = first
    return fitted


def find_faults(rules: Sequence[Rule], *, scores: int = SCORES) -> Iterator[tuple[str, dict[str, Any]]]:
    """Error keys with their blanks: ranges that are none, names used twice, segments nobody can be in, gaps."""
    wrong = [(rule, axis) for rule in rules for axis in AXES if not _is_range(getattr(rule, axis), scores)]
    for rule, axis in wrong:
        given = list(getattr(rule, axis))
        yield "error.segment_range", {"name": rule.name, "axis": axis, "found": given, "scores": scores}
    names = [rule.name for rule in rules]
    yield from (("error.segment_twice", {"name": name}) for name in sorted({n for n in names if names.count(n) > 1}))
    if wrong:
        return
    fitted = fit_combinations(rules, scores=scores)
    reached = set(fitted.values())
    yield from (("error.segment_unreached", {"name": name}) for name in dict.fromkeys(names) if name not in reached)
    gaps = [one for one in product(range(1, scores + 1), repeat=len(AXES)) if one not in fitted]
    if gaps:
        example = ", ".join(f"{axis} = {score}" for axis, score in zip(AXES, gaps[0], strict=True))
        yield "error.segment_gap", {"n": len(gaps), "total": scores ** len(AXES), "example": example}


def _covers(rule: Rule, combination: Combination) -> bool:
    ranges = (getattr(rule, axis) for axis in AXES)
    return all(not held or held[0] <= score <= held[1] for held, score in zip(ranges, combination, strict=True))


def _is_range(held: Sequence[int], scores: int) -> bool:
    return not held or (len(held) == 2 and 1 <= held[0] <= held[1] <= scores)
