"""Segments: recency, frequency and money scored by rank, and every customer in exactly one named segment."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.errors import SettingsError
from crmlib.insight.coverage import Tables
from crmlib.insight.satisfaction import answers_before
from crmlib.judging import Segment
from crmlib.periods import add_months
from crmlib.segment_rules import AXES, SCORES, find_faults, fit_combinations
from crmlib.settings import Settings

# score → the measure it ranks, and whether more of it is better
RANKED = {
    "recency_score": ("days_since_last_order", False),
    "frequency_score": ("orders_total", True),
    "money_score": ("amount_total_cny", True),
}
NO_DEAL = "no_deal"  # of customers who never ordered: there is nothing to score
SATISFACTION = ("satisfied", "middling", "dissatisfied", "unasked")
MIDDLING = 3  # of 5; below it a customer is dissatisfied


def score_rfm(features: pd.DataFrame, *, scores: int = SCORES) -> pd.DataFrame:
    """Rank customers from 1 (worst) to `scores` (best) on recency, frequency and money.

    `features`: customer_id, days_since_last_order, orders_total, amount_total_cny, as measures give them. Equal values get
    equal scores, so the groups may differ in size. Returns one row per customer: customer_id, recency_score,
    frequency_score, money_score; missing for who never ordered.
    """
    ordered = features["days_since_last_order"].notna()
    ranked = {
        name: _score(features[column].where(ordered), scores, more=more) for name, (column, more) in RANKED.items()
    }
    return pd.DataFrame({"customer_id": features["customer_id"], **ranked}).reset_index(drop=True)


def _score(values: pd.Series, scores: int, *, more: bool) -> pd.Series:
    """The middle of a value's places in the ranking, as a share of all, cut into `scores` equal parts."""
    known = values.astype("float64")
    place = (known.rank(method="average", ascending=more) - 0.5) / known.notna().sum()
    return (np.floor(place * scores + 1e-9) + 1).clip(1, scores).astype("Int64")


def assign_segments(scored: pd.DataFrame, rules: Sequence[Segment], *, scores: int = SCORES) -> pd.DataFrame:
    """Rows of `score_rfm` with `segment`: the name of the first rule that fits, "no_deal" for who has no scores.

    Every combination of scores is tried before a customer is looked at; raises SettingsError where one fits no rule, or
    where no combination reaches a rule.
    """
    faults = [SettingsError(key, file="settings.toml", **blanks) for key, blanks in find_faults(rules, scores=scores)]
    if faults:
        raise SettingsError.of(faults)
    names = fit_combinations(rules, scores=scores)
    combinations = scored[list(AXES)].itertuples(index=False, name=None)
    segment = [NO_DEAL if pd.isna(one[0]) else names[tuple(map(int, one))] for one in combinations]
    return scored.assign(segment=pd.array(segment, dtype="str"))


def sum_segments(segments: pd.DataFrame, measures: pd.DataFrame, rules: Sequence[Segment]) -> pd.DataFrame:
    """One row per segment, in the order of the rules, no_deal last: segment, customers, share, amount_12m_cny, amount_share."""
    both = segments.merge(measures[["customer_id", "amount_12m_cny"]], on="customer_id")
    amounts = both["amount_12m_cny"].astype("float64").groupby(both["segment"]).sum()
    order = [*(rule.name for rule in rules), NO_DEAL]
    counts = segments["segment"].value_counts().reindex(order).fillna(0)
    money, total = amounts.reindex(order).fillna(0.0), amounts.sum()
    return pd.DataFrame(
        {
            "segment": pd.array(order, dtype="str"),
            "customers": counts.astype("Int64").array,
            "share": (counts / max(len(segments), 1)).round(10).array,
            "amount_12m_cny": money.round(2).array,
            "amount_share": (money / total).round(10).array if total > 0 else np.nan,
        }
    )


def measure_satisfaction(tables: Tables, *, as_of: date, months: int = 12) -> pd.DataFrame:
    """One row per customer who answered in the `months` before `as_of`: customer_id, score (mean of all answers, of 5), answers."""
    answers = answers_before(tables, as_of=as_of, since=add_months(as_of, -months))
    mine = answers.filter(answers.customer_id.notnull())
    return read_frame(mine.group_by("customer_id").agg(score=mine.score.mean(), answers=mine.count().cast("int64")))


def cross_satisfaction(
    segments: pd.DataFrame, satisfaction: pd.DataFrame, rules: Sequence[Segment], *, satisfied_from: float
) -> pd.DataFrame:
    """RFM segments against satisfaction. One row per segment: segment, then customers who are satisfied (mean from
    `satisfied_from` on), middling, dissatisfied (below 3) and unasked, and mean_score. Each customer is counted once."""
    both = segments.merge(satisfaction[["customer_id", "score"]], on="customer_id", how="left")
    score = both["score"]
    level = np.select(
        [score.isna(), score >= satisfied_from, score >= MIDDLING], ["unasked", "satisfied", "middling"], "dissatisfied"
    )
    order = [*(rule.name for rule in rules), NO_DEAL]
    counts = (
        pd.crosstab(both["segment"], level).reindex(index=order, columns=list(SATISFACTION)).fillna(0).astype("Int64")
    )
    mean = score.groupby(both["segment"]).mean().reindex(order).round(10)
    counts.columns = list(SATISFACTION)
    return counts.assign(mean_score=mean).rename_axis("segment").reset_index()


def compute_segments(
    tables: Tables, measures: pd.DataFrame, *, settings: Settings, as_of: date
) -> Mapping[str, pd.DataFrame]:
    """segments (scored), segment_sums and satisfaction_cross, from the measures of `as_of`."""
    rules, segments = settings.segments, assign_segments(score_rfm(measures), settings.segments)
    answers, satisfied_from = measure_satisfaction(tables, as_of=as_of), settings.report.satisfied_from
    return {
        "segments": segments,
        "segment_sums": sum_segments(segments, measures, rules),
        "satisfaction_cross": cross_satisfaction(segments, answers, rules, satisfied_from=satisfied_from),
    }
