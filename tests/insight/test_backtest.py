"""The back-test: each measure counted by hand, past days judged on what was known then, and the rules stood beside the score."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmlib.errors import DataError
from crmlib.insight.backtest import (
    expected_calibration_error,
    measure_past,
    measure_scores,
    past_origins,
    past_reliability,
    predict_past,
    reliability,
)
from crmlib.insight.lifetime import fit_bg_nbd
from tests.insight.test_churn import invent

ORDERS = Path(os.environ.get("CRM_REAL_DATA", "../shared/data")) / "orders"
SILENT = np.array([True, False, True, False, False, False, False, False, False, True])
SAID = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])


def test_measures_are_those_one_counts_by_hand():
    found = measure_scores(SILENT, SAID)
    assert (found["n"], found["base_rate"]) == (10, 0.3)
    # of 3 × 7 pairs: the first silent one stands above all 7, the second above 6, the third above none
    assert found["auc"] == pytest.approx(13 / 21)
    assert found["average_precision"] == pytest.approx((1 / 1 + 2 / 3 + 3 / 10) / 3)
    wrong = [0.1, 0.8, 0.3, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.95]
    assert found["brier"] == pytest.approx(sum(e * e for e in wrong) / 10)
    assert found["ece"] == pytest.approx(sum(wrong) / 10)  # ten groups of one
    assert (found["warned"], found["warned_right"], found["precision"]) == (1, 1, 1)
    assert found["lift_at_10"] == pytest.approx(1 / 0.3) and found["recall"] == pytest.approx(1 / 3)


def test_calibration_is_measured_in_groups_of_equal_size():
    said = np.repeat([0.2, 0.6], 50)
    silent = np.concatenate([np.arange(50) < 20, np.arange(50) < 30])  # 0.4 and 0.6 happened
    bins = reliability(silent, said, bins=2)
    assert bins[["n", "said", "happened"]].to_numpy().tolist() == [[50, 0.2, 0.4], [50, 0.6, 0.6]]
    even = np.tile([True, True, False, False, False], 20)
    assert expected_calibration_error(even, np.full(100, 0.4)) == pytest.approx(0)


def test_what_is_not_defined_is_missing_and_not_0():
    assert np.isnan(measure_scores(np.ones(5, bool), np.linspace(0, 1, 5))["auc"])
    ranks = measure_scores(SILENT, SAID * 100, "recency")
    assert np.isnan(ranks["brier"]) and np.isnan(ranks["ece"]) and ranks["auc"] == pytest.approx(13 / 21)
    nobody = measure_scores(SILENT, np.zeros(10), "rule")
    assert nobody["warned"] == 0 and np.isnan(nobody["precision"]) and nobody["recall"] == 0


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return invent(900)


@pytest.mark.demand("H02")
def test_score_and_rule_are_both_judged_on_past_days(orders):
    past = measure_past(predict_past(orders, origins=["2024-01-15", "2024-03-01"]))
    assert {
        "origin",
        "population",
        "model",
        "n",
        "base_rate",
        "auc",
        "average_precision",
        "brier",
        "ece",
        "lift_at_10",
    } <= set(past.columns)
    assert set(past["population"]) == {"all", "active"} and past["origin"].nunique() == 2
    assert {"score", "bg_nbd", "logit", "blend", "rfm_logit", "recency", "rule"} == set(past["model"])
    mean = past[past["population"] == "all"].groupby("model")[["auc", "precision"]].mean()
    assert mean.loc["score", "auc"] > mean.loc["rule", "auc"] and mean["precision"].notna().all()


def test_a_past_day_is_judged_as_if_nothing_had_come_after_it_but_the_outcome(orders):
    origin = pd.Timestamp("2024-03-01")
    now = predict_past(orders, origins=[origin])
    known = orders[orders["ordered_on"] < origin + pd.Timedelta(days=90)]
    pd.testing.assert_frame_equal(now, predict_past(known, origins=[origin]), check_exact=True)
    later = orders.assign(
        ordered_on=orders["ordered_on"].where(orders["ordered_on"] < origin, origin + pd.Timedelta(days=80))
    )
    moved = predict_past(later, origins=[origin])
    pd.testing.assert_frame_equal(now.drop(columns="silent"), moved.drop(columns="silent"), check_exact=True)


def test_the_rule_is_three_calendar_months_and_the_day_itself_is_not_yet(orders):
    few = pd.DataFrame({"customer_id": ["on", "before"], "ordered_on": ["2023-12-01", "2023-11-30"], "amount_cny": 1.0})
    both = pd.concat([orders, few.assign(ordered_on=pd.to_datetime(few["ordered_on"]))])
    past = predict_past(both, origins=["2024-03-01"], min_customers=10**9).set_index("customer_id")
    assert (past.loc["on", "rule"], past.loc["before", "rule"]) == (0, 1)
    assert past["score"].isna().all()


def test_an_origin_whose_outcome_cannot_be_known_is_refused(orders):
    with pytest.raises(DataError, match="2024-06-30"):
        predict_past(orders, origins=["2024-06-30"])


def test_origins_lie_a_third_of_the_horizon_apart_and_their_outcome_is_known(orders):
    found = past_origins(orders, as_of=date(2024, 6, 30), horizon_days=90, most=3)
    assert found == [date(2024, 2, 1), date(2024, 3, 2), date(2024, 4, 1)]
    assert past_origins(orders.head(0), as_of=date(2024, 6, 30), horizon_days=90) == []


def test_without_origins_tables_are_there_and_empty(orders):
    past = predict_past(orders, origins=[])
    assert measure_past(past).empty and past_reliability(past).empty


def read_online_retail() -> pd.DataFrame:
    path = ORDERS / "online_retail_II.parquet"
    if not path.is_file():
        pytest.skip("real data are not here")
    lines = pd.read_parquet(path, columns=["InvoiceNo", "CustomerID", "InvoiceDate", "Quantity", "UnitPrice"])
    sold = lines["CustomerID"].notna() & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)
    lines = lines[sold & ~lines["InvoiceNo"].astype("str").str.startswith("C")]
    day, amount = lines["InvoiceDate"].dt.normalize(), lines["Quantity"] * lines["UnitPrice"]
    rows = pd.DataFrame(
        {"customer_id": lines["CustomerID"].astype(int).astype(str), "ordered_on": day, "amount_cny": amount}
    )
    return rows.groupby(["customer_id", "ordered_on"], as_index=False).sum()


@pytest.mark.slow
def test_on_real_orders_the_score_beats_bg_nbd_and_every_simple_rule():
    past = measure_past(predict_past(read_online_retail(), origins=["2011-07-11"]))
    mean = past.groupby(["population", "model"])[["auc", "brier", "ece", "lift_at_10"]].mean()
    assert mean.loc[("all", "score"), "auc"] > 0.812 and mean.loc[("all", "score"), "brier"] < 0.168
    assert mean.loc[("all", "score"), "ece"] < 0.06
    assert mean.loc[("active", "score"), "auc"] > 0.77 and mean.loc[("active", "score"), "lift_at_10"] > 1.8
    for population in ("all", "active"):
        others = mean.loc[population].drop(index=["score", "blend", "boosted", "logit"])["auc"]
        assert mean.loc[(population, "score"), "auc"] > others.max()


def test_bg_nbd_of_a_hundred_real_customers_serves_them_all():
    orders = read_online_retail()
    origin = pd.Timestamp("2011-06-11")
    past = orders[orders["ordered_on"] < origin].groupby("customer_id")["ordered_on"]
    first, last, x = past.min(), past.max(), past.size() - 1
    span, age = (last - first).dt.days, (origin - first).dt.days
    some = np.random.default_rng(0).choice(len(x), 100, replace=False)
    fitted = fit_bg_nbd(x.iloc[some], span.iloc[some], age.iloc[some])
    within = orders[(orders["ordered_on"] >= origin) & (orders["ordered_on"] < origin + pd.Timedelta(days=90))]
    silent = ~x.index.isin(within["customer_id"])
    assert measure_scores(silent, fitted.p_no_order(90, x, span, age))["auc"] >= 0.79
