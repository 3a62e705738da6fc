"""Clusters: found where they are, refused where they are not, named by where they lie, kept until a fit that moves few."""

from dataclasses import asdict
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as law
from hypothesis import strategies as st

from crmlib.book.models import keep_model, model_for, model_version, read_models
from crmlib.insight.cluster_results import compute_clusters
from crmlib.insight.cluster_worth import compare_groupings, explained_share, gain_of_clusters
from crmlib.insight.clusters import (
    ClusterModel,
    adjusted_rand,
    assign_clusters,
    fit_clusters,
    match_clusters,
    refit_noise,
)
from crmlib.insight.kept_clusters import settle_clusters
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)
RULES = parse_settings().clusters


def buyers(*groups: tuple, seed: int = 1, spread: float = 0.15) -> pd.DataFrame:
    """Groups of (how many, days since, orders, amount), each scattered around its middle by a share of it."""
    draw, rows = np.random.default_rng(seed), []
    for n, *middle in groups:
        rows += (np.array(middle) * np.exp(draw.normal(0, spread, (n, 3)))).tolist()
    table = pd.DataFrame(rows, columns=["days_since_last_order", "orders_total", "amount_total_cny"]).round()
    return table.astype("Float64").assign(customer_id=[f"K{n:04d}" for n in range(len(table))])


THREE = [(80, 10, 40, 900_000), (80, 60, 12, 100_000), (80, 500, 2, 5_000)]


@pytest.fixture(scope="module")
def three() -> tuple[pd.DataFrame, ClusterModel]:
    measures = buyers(*THREE)
    return measures, fit_clusters(measures, rules=RULES, as_of=AS_OF)[0]


def test_three_kinds_of_buyers_are_found_and_named_the_largest_first(three):
    measures, model = three
    assert len(model.centres) == 3 and model.ari >= 0.9 and model.smallest == pytest.approx(1 / 3)
    assert model.levels == (
        ("recent", "often", "large"),
        ("while_ago", "sometimes", "medium"),
        ("long_ago", "seldom", "small"),
    )
    assert assign_clusters(measures, model)["cluster"].tolist() == [1] * 80 + [2] * 80 + [3] * 80


def test_one_cloud_has_no_clusters_and_few_customers_are_not_tried():
    model, tried = fit_clusters(buyers((240, 60, 12, 100_000), spread=0.8), rules=RULES, as_of=AS_OF)
    assert model is None and tried["k"].tolist() == list(range(8, 1, -1)) and not tried["taken"].any()
    assert fit_clusters(buyers((99, 60, 12, 100_000)), rules=RULES, as_of=AS_OF)[0] is None


def test_a_cluster_smaller_than_the_set_share_is_not_made():
    measures = buyers((230, 10, 40, 900_000), (10, 500, 2, 5_000))
    model, tried = fit_clusters(measures, rules=RULES, as_of=AS_OF)
    assert model is None and (tried["ari"].isna() == (tried["smallest"] < 0.05)).all()


def test_who_never_ordered_has_no_cluster_and_the_same_customers_give_the_same_model(three):
    measures, model = three
    never = pd.DataFrame(
        {"customer_id": ["Z"], "days_since_last_order": [pd.NA], "orders_total": [0], "amount_total_cny": [0]}
    )
    more = pd.concat([measures, never.astype({"days_since_last_order": "Float64"})], ignore_index=True)
    assert "Z" not in set(assign_clusters(more, model)["customer_id"])
    again = fit_clusters(more, rules=RULES, as_of=AS_OF)[0]
    assert again == model and ClusterModel.from_json(asdict(model)) == model


labels = st.lists(st.integers(0, 3), min_size=2, max_size=30)


@given(labels)
@law(deadline=None)
def test_a_grouping_equals_itself_under_any_other_numbers(groups):
    left = np.array(groups)
    assert adjusted_rand(left, (left + 1) % 4) == pytest.approx(1)
    assert refit_noise(left + 1, (left + 1) % 4 + 1) == 0


def test_the_adjusted_rand_index_is_that_of_the_literature():
    """Hubert and Arabie 1985, by hand: 2 pairs are together in both, 6 · 3 / 15 = 1.2 are expected, 4.5 the most: 0.8 / 3.3."""
    assert adjusted_rand(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])) == pytest.approx(
        0.242424, abs=1e-6
    )


def test_a_fresh_fit_takes_the_numbers_of_the_kept_clusters_it_matches():
    kept, fresh = [1] * 5 + [2] * 5, [2] * 5 + [1] * 4 + [3]
    assert match_clusters(kept, fresh) == {1: 2, 2: 1, 3: 3}
    assert refit_noise(np.array(kept), np.array(fresh)) == pytest.approx(0.1)


def test_clusters_are_kept_and_a_refit_is_taken_only_if_it_moves_few(place, three):
    measures, model = three
    first = settle_clusters(place, measures, rules=RULES, as_of=AS_OF)
    assert (first.outcome, first.model) == ("fitted", model)
    later = buyers((80, 12, 44, 950_000), (80, 60, 13, 110_000), (80, 500, 2, 5_000), seed=2)
    assert settle_clusters(place, later, rules=RULES, as_of=date(2024, 8, 1))[0::3] == (model, "kept")
    small = settle_clusters(place, later, rules=RULES, as_of=date(2024, 8, 1), refit=True)
    assert small.outcome == "refitted" and small.noise <= 0.05
    assert assign_clusters(later, small.model)["cluster"].tolist() == [1] * 80 + [2] * 80 + [3] * 80
    # July's report is what it was
    assert settle_clusters(place, measures, rules=RULES, as_of=AS_OF).model == model
    other = buyers((120, 10, 4, 9_000), (120, 300, 40, 900_000), (60, 90, 4, 900_000), seed=3)
    large = settle_clusters(place, other, rules=RULES, as_of=date(2024, 9, 1), refit=True)
    assert large.outcome == "refused" and large.model == small.model


def test_another_setting_is_another_model_and_the_last_of_its_day_holds(place):
    one, other = (model_version(parse_settings(text).clusters) for text in ("", "[clusters]\nmost = 4"))
    assert one != other and read_models(place, "clusters", version=one) == []
    for day, mark in (("2024-07-01", 1), ("2024-09-01", 2), ("2024-09-01", 3)):
        keep_model(place, "clusters", {"fitted_on": day, "mark": mark}, version=one)
    models = read_models(place, "clusters", version=one)
    days = {date(2024, 6, 1): 1, date(2024, 8, 31): 1, date(2024, 9, 1): 3}
    assert {day: model_for(models, as_of=day)["mark"] for day in days} == days
    assert model_for([], as_of=AS_OF) is None


def test_what_groups_explain_is_eta_squared_less_what_their_number_would():
    """Outcome 0, 0, 6, 6 in two groups of one kind each: everything; in four groups of one: nothing can be said."""
    outcome = np.array([0.0, 0.0, 6.0, 6.0])
    assert explained_share(outcome, pd.Series(["a", "a", "b", "b"])) == (1.0, 1.0)
    half = explained_share(np.array([0.0, 2.0, 4.0, 6.0]), pd.Series(["a", "a", "b", "b"]))
    assert half == (pytest.approx(0.8), pytest.approx(0.7))  # 1 - 0.2 * 3 / 2
    assert explained_share(outcome, pd.Series(list("abcd"))) == (0.0, 0.0)


def test_clusters_that_tell_nothing_beyond_tiers_gain_nothing():
    draw = np.random.default_rng(1)
    tiers = pd.Series(draw.integers(0, 3, 600)).astype("str")
    noise = pd.Series(draw.integers(0, 4, 600)).astype("str")
    outcome = tiers.astype(int).to_numpy() + draw.normal(0, 1, 600)
    worth = compare_groupings(outcome, {"value_risk": tiers, "tiers_clusters": tiers + noise})
    assert abs(gain_of_clusters(worth)) < 0.02 < worth["eta2_adjusted"].iloc[0]


def test_every_table_of_clusters_is_made_from_a_book(tables, place):
    rows, n = [], 0
    for who in range(120):
        often = who < 60
        for month in (1, 2, 3, 4, 5, 6) if often else (1 + who % 2,):
            n += 1
            rows.append(f"{n}  K{who:03d}  2024-{month:02d}-{1 + who % 27:02d}  {90000 if often else 300}.00")
    book, settings = (
        tables(orders="order_id  customer_id  ordered_on  amount_cny\n" + "\n".join(rows)),
        parse_settings(),
    )
    from crmlib.insight.measures import measure_customers

    measures = measure_customers(book, as_of=AS_OF)
    made = compute_clusters(book, measures, home=place, settings=settings, as_of=AS_OF, in_yuan=True)
    assert made["cluster_state"]["outcome"].tolist() == ["fitted"]
    assert made["cluster_sums"]["customers"].sum() == len(made["clusters"]) == 120
    assert made["cluster_sums"]["amount_share"].sum() == pytest.approx(1)
    assert made["cluster_worth"]["grouping"].tolist() == [
        "value",
        "value_risk",
        "segments",
        "clusters",
        "tiers_clusters",
    ]
    none = compute_clusters(
        book, measures.head(50), home=place, settings=parse_settings("[clusters]\nmost = 3"), as_of=AS_OF, in_yuan=True
    )
    assert none["cluster_state"]["outcome"].tolist() == ["none"] and len(none["clusters"]) == 0
