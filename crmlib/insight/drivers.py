"""Drivers: which part of a customer's history moves its score most, with the figures that say it in words.

A part is hidden by putting random customers' values in its place (group occlusion); how far the probability then moves is its effect.
"""

import json
from collections.abc import Mapping

import numpy as np

from crmlib.insight.churn_models import Scorer
from crmlib.insight.histories import GROUPS, Histories
from crmlib.labels import Say

REFERENCES = 8  # customers drawn, with a seed, to stand in
MOST = 3  # drivers of one customer
LEAST = 0.01  # a smaller effect is not told, the first excepted
EXPLAINED = 20_000  # customers at most, those of the highest risk


def explain_scores(scorer: Scorer, histories: Histories, score: np.ndarray) -> list[str]:
    """One JSON list per customer, the strongest first: {"driver", "effect", "figures"}.

    `effect` is what this part of the history adds to the probability of no order, beyond a random customer's. Of more than
    EXPLAINED customers the others get their own rhythm alone, without an effect.
    """
    n = len(score)
    places = np.sort(np.argsort(-score, kind="stable")[:EXPLAINED])
    effects = occlude(scorer, histories, places, score)
    facts = {group: tell(histories, scorer.horizon_days) for group, tell in FACTS.items()}
    told = ["" for _ in range(n)]
    order = np.argsort(-np.abs(np.column_stack(list(effects.values()))), axis=1, kind="stable")[:, :MOST]
    names = list(effects)
    for row, place in enumerate(places):
        found = [(names[g], effects[names[g]][row]) for g in order[row]]
        found = [one for rank, one in enumerate(found) if rank == 0 or abs(one[1]) >= LEAST]
        parts = [_write(*facts[group][place], effect) for group, effect in found if facts[group][place]]
        told[place] = f"[{', '.join(parts)}]"
    rhythm = facts["silence"]
    return [text or f"[{_write(*rhythm[place], None)}]" for place, text in enumerate(told)]


def occlude(scorer: Scorer, histories: Histories, places: np.ndarray, score: np.ndarray) -> dict[str, np.ndarray]:
    """Group → its effect for each of `places`: the score less its mean with the group's values taken from random customers."""
    drawn = np.random.default_rng(0).choice(len(histories.ids), REFERENCES)
    some, others = histories.rows(np.tile(places, REFERENCES)), histories.rows(np.repeat(drawn, len(places)))
    groups = list(GROUPS) if histories.features and scorer.proved else ["silence", "frequency"]
    effects = {}
    for group in groups:
        hidden = scorer.probabilities(_hide(some, others, group))["score"]
        effects[group] = score[places] - hidden.reshape(REFERENCES, len(places)).mean(axis=0)
    return effects


def _hide(some: Histories, others: Histories, group: str) -> Histories:
    """`some` with the values that others have of this group. What BG/NBD reads stays a possible history: a span from first order
    to last with its repeats, and the silence after it."""
    (x, span), silence = (some.repeats, some.span), some.silence
    if group == "silence":
        silence = others.silence
    elif group == "frequency":
        x, span = others.repeats, others.span
    hidden = {name: others.features[name] for name in GROUPS[group] if some.features}
    return Histories(some.ids, x, span, span + silence, some.features | hidden)


def _silence(h: Histories, horizon_days: int) -> list[tuple[str, dict]]:
    """The customer's own rhythm, from two gaps on; else the silence alone."""
    mean = h.span / np.maximum(h.repeats, 1)
    rows = zip(
        h.repeats.astype(int).tolist(), mean.round().astype(int).tolist(), h.silence.astype(int).tolist(), strict=True
    )
    return [
        ("RHYTHM", {"gap_days": gap, "gaps": gaps, "silent_days": silent}) if gaps > 1
        else ("SILENT_TWICE" if gaps else "SILENT_ONCE", {"silent_days": silent})
        for gaps, gap, silent in rows
    ]  # fmt: skip


def _frequency(h: Histories, horizon_days: int) -> list[tuple[str, dict]]:
    orders = (h.repeats + 1).astype(int).tolist()
    return [
        ("FREQUENCY", {"orders": n, "days": days})
        for n, days in zip(orders, h.tenure.astype(int).tolist(), strict=True)
    ]


def _amount(h: Histories, horizon_days: int) -> list[tuple[str, dict] | None]:
    """The last order beside the mean one; nothing where amounts are not known."""
    if not h.features:
        return [None] * len(h.ids)
    ratio = 100 * np.exp(h.features["amount_trend"])
    code = np.select(
        [h.repeats == 0, ratio < 80, ratio > 125], ["AMOUNT_ONE", "AMOUNT_FALLING", "AMOUNT_RISING"], "AMOUNT_LEVEL"
    )
    percent = np.where(np.isnan(ratio), -1, np.round(ratio)).astype(int).tolist()
    return [None if p < 0 else (c, {"percent": p}) for c, p in zip(code.tolist(), percent, strict=True)]


def _season(h: Histories, horizon_days: int) -> list[tuple[str, dict] | None]:
    if not h.features:
        return [None] * len(h.ids)
    counts = np.nan_to_num(h.features["orders_last_year"], nan=-1).astype(int).tolist()
    return [None if n < 0 else ("SEASON", {"orders": n, "days": horizon_days}) for n in counts]


FACTS = {"silence": _silence, "frequency": _frequency, "amount": _amount, "season": _season}


def _write(code: str, figures: Mapping[str, int], effect: float | None) -> str:
    inner = ", ".join(f'"{name}": {value}' for name, value in figures.items())
    moved = "null" if effect is None else f"{effect:.3f}"
    return f'{{"driver": "{code}", "effect": {moved}, "figures": {{{inner}}}}}'


def tell_drivers(drivers: str, say: Say) -> list[str]:
    """The sentences of one customer, each with how many points it moves the risk up or down."""
    return [_tell(one, say) for one in json.loads(drivers)]


def _tell(one: Mapping, say: Say) -> str:
    fact = say(f"churn_driver.{one['driver']}", **one["figures"])
    points = round(100 * (one["effect"] or 0))
    if not points:
        return fact
    return say("churn_driver.up" if points > 0 else "churn_driver.down", fact=fact, points=abs(points))
