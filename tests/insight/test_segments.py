"""Segments: scores by rank with ties shared, everybody in exactly one segment, and what each brings."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import SettingsError
from crmlib.insight.segments import (
    assign_segments,
    compute_segments,
    cross_satisfaction,
    measure_satisfaction,
    score_rfm,
    sum_segments,
)
from crmlib.judging import Segment
from crmlib.settings import parse_settings

RULES = parse_settings().segments


def features(rows: list[tuple]) -> pd.DataFrame:
    columns = ["days_since_last_order", "orders_total", "amount_total_cny"]
    table = pd.DataFrame(rows, columns=columns).astype("Float64")
    return table.assign(customer_id=[f"K{n}" for n in range(len(rows))])


def test_five_customers_get_five_scores_and_fewer_days_are_better():
    scored = score_rfm(features([(10, 1, 100), (20, 2, 200), (30, 3, 300), (40, 4, 400), (50, 5, 500)]))
    assert scored["recency_score"].tolist() == [5, 4, 3, 2, 1]
    assert scored["frequency_score"].tolist() == scored["money_score"].tolist() == [1, 2, 3, 4, 5]


def test_equal_values_get_equal_scores():
    """Six bought once, two twice, two five times: their middles stand at 30 %, 70 % and 90 % of the ranking."""
    scored = score_rfm(features([(1, 1, 1)] * 6 + [(1, 2, 1)] * 2 + [(1, 5, 1)] * 2))
    assert scored["frequency_score"].tolist() == [2] * 6 + [4] * 2 + [5] * 2
    assert set(scored["recency_score"]) == {3}  # everybody alike: the middle


def test_who_never_ordered_has_no_score_and_is_no_deal():
    scored = score_rfm(features([(pd.NA, 0, 0), (5, 1, 10)]))
    assert scored.loc[0, ["recency_score", "frequency_score", "money_score"]].isna().all()
    assert assign_segments(scored, RULES)["segment"].tolist() == ["no_deal", "attention"]


days = st.none() | st.integers(0, 4)


@given(rows=st.lists(st.tuples(days, st.integers(1, 4), st.integers(-1, 3)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_every_customer_has_exactly_one_segment(rows):
    measures = features(rows)
    before = measures.copy()
    segments = assign_segments(score_rfm(measures), RULES)
    assert segments["customer_id"].tolist() == measures["customer_id"].tolist()
    assert segments["segment"].notna().all()
    assert (segments["segment"].eq("no_deal") == measures["days_since_last_order"].isna()).all()
    scored = segments.dropna(subset=["recency_score"])
    for column in ("recency_score", "frequency_score", "money_score"):
        assert scored[column].between(1, 5).all()
    pd.testing.assert_frame_equal(measures, before)
    ranked = measures.assign(score=segments["money_score"]).dropna(subset=["score"]).sort_values("amount_total_cny")
    assert ranked["score"].is_monotonic_increasing


def test_rules_with_a_gap_stop_before_a_customer_is_looked_at():
    with pytest.raises(SettingsError):
        assign_segments(score_rfm(features([(1, 1, 1)])), [Segment("top", "", "", recency_score=(5, 5))])


def test_what_each_segment_brings_adds_up():
    measures = features([(1, 9, 900), (300, 1, 1), (pd.NA, 0, 0)]).assign(amount_12m_cny=[75.0, 25.0, 0.0])
    sums = sum_segments(assign_segments(score_rfm(measures), RULES), measures, RULES)
    assert sums["segment"].tolist() == [*(rule.name for rule in RULES), "no_deal"]
    assert sums["customers"].sum() == 3 and sums["share"].sum() == pytest.approx(1)
    assert sums.set_index("segment")["amount_share"].dropna().loc[lambda s: s > 0].tolist() == [0.75, 0.25]


@pytest.mark.demand("G07")
def test_buying_is_crossed_with_satisfaction_and_everybody_is_counted_once(tables):
    book = tables(
        customers="customer_id\nanna\nbo\ncai\ndora",
        surveys="""
        customer_id  score  scale  answered_at
        anna          5.00      5  2024-05-01 10:00
        anna          3.00      -  2024-06-01 10:00
        bo            6.00     10  2024-06-01 10:00
        cai           1.00      5  2023-06-30 10:00
        dora          2.50      5  2024-07-01 00:00
        """,
    )
    found = measure_satisfaction(book, as_of=date(2024, 7, 1)).set_index("customer_id")
    assert found["score"].to_dict() == {"anna": 4.0, "bo": 3.0}  # cai answered long ago, dora on the day itself
    segments = pd.DataFrame(
        {"customer_id": ["anna", "bo", "cai", "dora"], "segment": ["champions", "champions", "loyal", "no_deal"]}
    )
    cross = cross_satisfaction(segments, found.reset_index(), RULES, satisfied_from=4).set_index("segment")
    levels = ["satisfied", "middling", "dissatisfied", "unasked"]
    assert cross.loc["champions", levels].tolist() == [1, 1, 0, 0] and cross.loc["champions", "mean_score"] == 3.5
    assert cross.loc["loyal", "unasked"] == cross.loc["no_deal", "unasked"] == 1
    assert cross[levels].to_numpy().sum() == 4 and np.isnan(cross.loc["loyal", "mean_score"])


def test_the_three_tables_of_a_day_count_the_same_customers(tables):
    measures = features([(10, 5, 900), (40, 2, 300), (pd.NA, 0, 0)]).assign(amount_12m_cny=[900, 300, 0])
    book = tables(surveys="customer_id  score  scale  answered_at\nK0  5.00  5  2024-05-01 10:00")
    made = compute_segments(book, measures, settings=parse_settings(), as_of=date(2024, 7, 1))
    assert made["segments"]["customer_id"].tolist() == ["K0", "K1", "K2"]
    assert made["segment_sums"]["customers"].sum() == 3 and made["segment_sums"]["amount_12m_cny"].sum() == 1200
    cross = made["satisfaction_cross"][["satisfied", "middling", "dissatisfied", "unasked"]]
    assert cross.sum().tolist() == [1, 0, 0, 2]
