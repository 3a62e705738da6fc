"""Churn: what a score may know, when it is refused, that it is the same number every time, and the words of its drivers."""

import json
from datetime import date
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.insight import churn_models, drivers
from crmlib.insight.backtest import measure_past, predict_past
from crmlib.insight.churn import active_since, score_churn, tell_model
from crmlib.insight.churn_models import fit_scorer, half_season
from crmlib.insight.drivers import tell_drivers
from crmlib.insight.histories import GROUPS, build_histories, day_number, label_silent, read_order_days
from crmlib.labels import speaker

AS_OF = date(2024, 3, 1)


def invent(n: int, *, seed: int = 1, days: int = 420, drop: float = 0.12) -> pd.DataFrame:
    """Orders of `n` customers to 2024-06-30: each with a pace of its own, until it leaves after an order by chance."""
    pick, rows = np.random.default_rng(seed), []
    last = pd.Timestamp("2024-06-30")
    for i in range(n):
        pace, day = pick.gamma(2, 20) + 5, float(pick.integers(0, days))
        while day < days:
            rows.append((f"K{i:05d}", last - pd.Timedelta(days=int(days - day)), round(float(pick.gamma(2, 500)), 2)))
            if pick.random() < drop:
                break
            day += 1 + pick.exponential(pace)
    return pd.DataFrame(rows, columns=["customer_id", "ordered_on", "amount_cny"])


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return invent(900)


@pytest.fixture(scope="module")
def scored(orders) -> pd.DataFrame:
    return score_churn(orders, as_of=AS_OF)


def test_everybody_who_ordered_before_the_day_has_one_probability(orders, scored):
    before = orders.loc[orders["ordered_on"] < pd.Timestamp(AS_OF), "customer_id"]
    assert scored["customer_id"].tolist() == sorted(before.unique())
    assert list(scored.columns) == ["customer_id", "p_no_order", "horizon_days", "drivers", "model"]
    assert scored["p_no_order"].between(0, 1).all() and set(scored["model"]) <= {"bg_nbd", "blend"}


@pytest.mark.parametrize("size", [320, 900])
def test_without_the_rows_of_the_day_and_after_every_number_is_the_same_to_the_bit(orders, size):
    some = orders[orders["customer_id"] < f"K{size:05d}"]
    past = some[some["ordered_on"] < pd.Timestamp(AS_OF)]
    pd.testing.assert_frame_equal(score_churn(some, as_of=AS_OF), score_churn(past, as_of=AS_OF), check_exact=True)


def test_the_order_of_rows_does_not_matter(orders, scored):
    shuffled = orders.sample(frac=1, random_state=3).reset_index(drop=True)
    pd.testing.assert_frame_equal(scored, score_churn(shuffled, as_of=AS_OF), check_exact=True)


def test_the_orders_of_one_day_add_up_to_the_same_bits_in_any_order():
    one = {"customer_id": "a", "ordered_on": "2024-01-01"}
    sums = {
        read_order_days(pd.DataFrame(one | {"amount_cny": some})).amount[0] for some in permutations([0.1, 0.2, 0.3])
    }
    assert len(sums) == 1  # added as they come there would be two


def test_no_table_that_was_given_is_changed(orders):
    before = orders.copy()
    score_churn(orders, as_of=AS_OF)
    pd.testing.assert_frame_equal(orders, before)


days = st.integers(-5, 3)
rows = st.lists(
    st.tuples(st.sampled_from("abc"), days, st.sampled_from([-5.0, 0.0, 7.5, float("nan")])), min_size=1, max_size=12
)


@given(rows)
@settings(deadline=None)
def test_a_feature_knows_nothing_of_the_origin_or_later(drawn):
    origin = day_number(AS_OF)
    table = pd.DataFrame(drawn, columns=["customer_id", "day", "amount_cny"])
    table["ordered_on"] = [pd.Timestamp(AS_OF) + pd.Timedelta(days=d) for d in table["day"]]
    found = build_histories(read_order_days(table), origin=origin, horizon_days=90)
    past = build_histories(read_order_days(table[table["day"] < 0]), origin=origin, horizon_days=90)
    assert found.ids.tolist() == past.ids.tolist()
    for name in found.features:
        np.testing.assert_array_equal(found.features[name], past.features[name])
    np.testing.assert_array_equal(found.tenure, past.tenure)


def test_histories_are_those_one_counts_by_hand():
    table = pd.DataFrame(
        [("a", "2024-01-01", 100), ("a", "2024-01-11", 40), ("a", "2024-01-11", 60), ("a", "2024-02-10", 25),
         ("b", "2024-02-20", 10), ("b", "2024-02-25", -10), ("c", "2024-03-01", 5)],
        columns=["customer_id", "ordered_on", "amount_cny"],
    )  # fmt: skip
    h = build_histories(read_order_days(table), origin=day_number(AS_OF), horizon_days=90)
    assert h.ids.tolist() == ["a", "b"]  # c comes on the day itself
    assert (h.repeats.tolist(), h.span.tolist(), h.tenure.tolist()) == ([2, 0], [40, 0], [60, 10])
    f = {name: values.tolist() for name, values in h.features.items()}
    assert f["gap_mean"][0] == 20 and f["gap_last"][0] == 30 and f["gap_median"][0] == 20 and np.isnan(f["gap_mean"][1])
    assert f["silence"] == [20, 10] and f["longer_gaps"][0] == 0.5  # of the gaps 10 and 30 one is longer than 20 days
    assert f["orders_30"] == [1, 1] and f["orders_60"] == [3, 1] and f["second_last"][0] == 50
    assert np.exp(f["amount_mean"][0]) == pytest.approx(75) and np.exp(f["amount_trend"][0]) == pytest.approx(1 / 3)
    assert set(f) == {column for columns in GROUPS.values() for column in columns}


def test_who_orders_within_the_horizon_is_not_silent_and_the_day_after_it_is():
    table = pd.DataFrame({"customer_id": list("abc"), "ordered_on": "2024-01-01", "amount_cny": 1})
    later = pd.DataFrame({"customer_id": list("ab"), "ordered_on": ["2024-05-29", "2024-05-30"], "amount_cny": 1})
    known = read_order_days(pd.concat([table, later]))
    silent = label_silent(known, pd.Index(list("abc")), origin=day_number(AS_OF), horizon_days=90)
    assert silent.tolist() == [False, True, True]  # 2024-05-30 is 90 days after 1 March


@pytest.mark.demand("H02")
@pytest.mark.parametrize(
    ("customers", "model", "words"),
    [(150, "CUSTOMERS 106/200", "有订单的客户 106 家，至少要 200 家"), (400, "REPEATERS", "下过第二单的客户")],
)
def test_too_few_customers_or_repeat_buyers_are_refused_with_the_number_that_was_needed(customers, model, words):
    few = invent(customers, drop=0.12 if customers < 200 else 0.85)
    found = score_churn(few, as_of=AS_OF)
    assert len(found) and found["p_no_order"].isna().all() and found["drivers"].eq("[]").all()
    assert found["model"].str.startswith(f"refused: {model}").all()
    assert tell_model(found["model"].iloc[0], speaker("zh")).startswith(words)
    past = measure_past(predict_past(few, origins=["2024-02-01"]))
    assert set(past["model"]) == {"recency", "rule"}


def test_nobody_is_no_error():
    nothing = pd.DataFrame(
        {
            "customer_id": pd.Series(dtype="str"),
            "ordered_on": pd.Series(dtype="datetime64[ns]"),
            "amount_cny": pd.Series(dtype="float"),
        }
    )
    assert score_churn(nothing, as_of=AS_OF).empty


def test_the_blend_is_used_only_where_it_was_better_before(orders, monkeypatch):
    known = read_order_days(orders)
    for better, model in ((True, "blend"), (False, "bg_nbd")):
        monkeypatch.setattr(churn_models, "blend_is_better", lambda *a, better=better, **k: better)
        scorer, now = fit_scorer(known, origin=day_number(AS_OF), horizon_days=90)
        said = scorer.probabilities(now)
        assert scorer.model == model
        same = np.abs(said["score"] - said[model]).max()
        assert same < 1e-12 if scorer.season == 0 or model == "blend" else same > 0


def test_learned_models_expect_as_many_silent_customers_as_bg_nbd(orders):
    scorer, now = fit_scorer(read_order_days(orders), origin=day_number(AS_OF), horizon_days=90)
    unseasoned = scorer._replace(season=0.0).probabilities(now)
    assert {"bg_nbd", "logit", "blend", "score"} == set(unseasoned)  # boosted trees ask for 2,000 customers
    for p in unseasoned.values():
        assert p.mean() == pytest.approx(unseasoned["bg_nbd"].mean(), abs=1e-9)


def test_half_of_last_year_s_error_is_added_from_15_months_of_history(orders):
    known, origin = read_order_days(orders), day_number(AS_OF)
    assert half_season(known, origin=origin, horizon_days=90) == 0  # 420 days less those after the day
    longer = read_order_days(invent(400, days=900))
    then = origin - 364
    h = build_histories(longer, origin=then, horizon_days=90)
    fitted = churn_models.fit_bg_nbd(h.repeats, h.span, h.tenure)
    said = fitted.p_no_order(90, h.repeats, h.span, h.tenure).mean()
    happened = label_silent(longer, h.ids, origin=then, horizon_days=90).mean()
    expected = (np.log(happened / (1 - happened)) - np.log(said / (1 - said))) / 2
    assert half_season(longer, origin=origin, horizon_days=90) == pytest.approx(expected)


def test_drivers_say_the_customer_s_own_rhythm_and_what_it_does():
    told = json.dumps(
        [{"driver": "RHYTHM", "effect": 0.314, "figures": {"gap_days": 21, "gaps": 8, "silent_days": 64}},
         {"driver": "AMOUNT_FALLING", "effect": -0.02, "figures": {"percent": 40}},
         {"driver": "SILENT_ONCE", "effect": None, "figures": {"silent_days": 9}}]
    )  # fmt: skip
    assert tell_drivers(told, speaker("zh")) == [
        "平均每 21 天下单（8 次间隔），已 64 天未下单（推高 31 个百分点）",
        "金额下降：最近一单是平均每单的 40 %（降低 2 个百分点）",
        "只下过一次单，已 9 天未下单",
    ]
    assert (
        tell_drivers(told, speaker("en"))[0]
        == "orders every 21 days on average (8 gaps), silent for 64 days (up by 31 points)"
    )


def test_every_driver_s_figures_are_the_customer_s(orders, scored):
    one = scored[scored["drivers"].str.contains("RHYTHM")].iloc[0]
    own = orders[(orders["customer_id"] == one["customer_id"]) & (orders["ordered_on"] < pd.Timestamp(AS_OF))][
        "ordered_on"
    ]
    own = own.drop_duplicates().sort_values()
    figures = next(d["figures"] for d in json.loads(one["drivers"]) if d["driver"] == "RHYTHM")
    assert figures["gaps"] == len(own) - 1 and figures["silent_days"] == (pd.Timestamp(AS_OF) - own.iloc[-1]).days
    assert figures["gap_days"] == round((own.iloc[-1] - own.iloc[0]).days / (len(own) - 1))
    for language in ("zh", "en"):
        assert all(tell_drivers(text, speaker(language)) for text in scored["drivers"].head(50))


def test_long_silence_beyond_the_own_rhythm_pushes_the_risk_up(orders):
    pace = pd.DataFrame(
        {
            "customer_id": ["quiet"] * 9,
            "ordered_on": pd.date_range("2023-05-20", periods=9, freq="14D"),
            "amount_cny": 500.0,
        }
    )
    found = score_churn(pd.concat([orders, pace]), as_of=AS_OF).set_index("customer_id").loc["quiet"]
    rhythm = next(one for one in json.loads(found["drivers"]) if one["driver"] == "RHYTHM")
    assert rhythm["effect"] > 0.1 and rhythm["figures"] == {"gap_days": 14, "gaps": 8, "silent_days": 174}


def test_beyond_a_number_of_customers_only_the_riskiest_are_explained(orders, scored, monkeypatch):
    monkeypatch.setattr(drivers, "EXPLAINED", 20)
    few = score_churn(orders, as_of=AS_OF)
    assert few["p_no_order"].equals(scored["p_no_order"])
    effects = [json.loads(text)[0]["effect"] for text in few.sort_values("p_no_order", ascending=False)["drivers"]]
    assert all(one is not None for one in effects[:15]) and effects.count(None) == len(few) - 20


def test_active_are_those_who_ordered_within_the_days_before():
    table = pd.DataFrame(
        {"customer_id": list("abc"), "ordered_on": ["2023-12-02", "2023-12-01", "2024-03-01"], "amount_cny": 1}
    )
    churn = pd.DataFrame({"customer_id": list("ab")})
    assert active_since(churn, table, as_of=AS_OF, days=90).tolist() == [True, False]
