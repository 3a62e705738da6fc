"""What a customer will be worth: hand-made histories, an order judged by hand, refusal, and nothing from the future."""

import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmlib.insight.customer_value import backtest_value, judge_values, read_worth, score_value
from crmlib.insight.histories import day_number, read_order_days

RETAIL = Path(os.environ.get("CRM_REAL_DATA", "../shared/data")) / "orders" / "online_retail_II.parquet"
START = date(2023, 1, 1)


def draw_orders(customers: int, *, seed: int = 1, days: int = 500) -> pd.DataFrame:
    """Invented buyers of very different rhythm and size."""
    random = np.random.default_rng(seed)
    rows = []
    for n in range(customers):
        gap, size, day = random.gamma(2, 30) + 5, random.gamma(2, 200) + 20, random.integers(0, 200)
        while day < days:
            rows.append((f"c{n:04d}", START + timedelta(days=int(day)), round(size * random.gamma(5, 0.2), 2)))
            day += random.exponential(gap) + 1
            if random.random() < 0.1:
                break
    return pd.DataFrame(rows, columns=["customer_id", "ordered_on", "amount_cny"])


def worth(orders: pd.DataFrame, *, as_of: date):
    return read_worth(read_order_days(orders), origin=day_number(as_of))


@pytest.fixture(scope="module")
def orders():
    return draw_orders(400)


def test_histories_are_counted_by_hand():
    rows = [
        ("a", "2024-01-01", 10),
        ("a", "2024-01-01", 5),
        ("a", "2024-03-01", 30),
        ("b", "2022-06-01", 8),
        ("b", "2024-06-01", 9),
        ("b", "2024-02-01", None),
        ("b", "2024-02-02", -3),
    ]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_on", "amount_cny"])
    past = worth(orders, as_of=date(2024, 4, 1))
    assert list(past.ids) == ["a", "b"]
    assert past.repeats.tolist() == [1, 0] and past.span.tolist() == [60, 0] and past.tenure.tolist() == [91, 670]
    assert past.features["mean_amount"].tolist() == [22.5, 8] and past.features["last_year"].tolist() == [45, 0]


def test_an_order_of_values_is_judged_by_hand():
    bought = np.array([0.0, 10, 0, 30, 0, 0, 60, 0, 0, 0])
    # the best tenth is one customer; foreseen best is the one of 60
    whole, capture, gini, total = judge_values(bought, np.array([0.0, 5, 0, 20, 0, 0, 25, 0, 0, 0]))
    assert (whole, capture, gini, total) == (100.0, 0.6, 1.0, 0.5)
    # the order 10, 30, 60, then nothing: cumulated .1 .4 1 1 … sums to 8.5; 8.5/10 − 11/20 = .3; perfect: .6 .9 1 … 9.5/10 − .55 = .4
    assert judge_values(bought, np.array([0.0, 9, 0, 8, 0, 0, 7, 0, 0, 0]))[1:3] == pytest.approx((0.1, 0.75))


@pytest.mark.demand("G06")
def test_every_customer_has_a_value_within_its_interval_beside_the_simplest_rule(orders):
    scored = score_value(orders, as_of=date(2024, 3, 1), horizon_days=180, refits=5)
    assert scored["customer_id"].is_unique and set(scored["model"]) == {"bg_nbd_gamma_gamma"}
    assert (
        scored["value_cny"].between(scored["low"], scored["high"]).all()
        and (scored["high"] > scored["low"]).mean() > 0.9
    )
    last_year = worth(orders, as_of=date(2024, 3, 1)).features["last_year"]
    assert scored["heuristic_cny"].to_numpy() == pytest.approx(last_year * 180 / 365, abs=0.01)
    assert scored["margin_cny"].isna().all()  # nobody said what it costs


def test_a_margin_is_told_only_where_all_orders_state_their_cost(orders):
    costs = orders.assign(cost_cny=orders["amount_cny"] * 0.6)
    costs.loc[costs["customer_id"].eq("c0001").idxmax(), "cost_cny"] = np.nan
    scored = score_value(costs, as_of=date(2024, 3, 1), horizon_days=180, refits=1).set_index("customer_id")
    assert np.isnan(scored.loc["c0001", "margin_cny"])
    one = scored.loc["c0000"]
    assert one["margin_cny"] == pytest.approx(one["value_cny"] * 0.4, abs=0.02)


@pytest.mark.demand("G06")
def test_with_few_repeat_buyers_no_value_is_shown(orders):
    few = orders[orders["customer_id"].isin(sorted(orders["customer_id"].unique())[:60])]
    scored = score_value(few, as_of=date(2024, 3, 1))
    assert scored["value_cny"].isna().all() and set(scored["model"]) == {"refused: REPEATERS_FEW"}
    assert scored["heuristic_cny"].notna().all()
    assert backtest_value(few, origins=[date(2024, 1, 1)]).empty


def test_what_comes_later_and_in_which_order_rows_stand_changes_nothing(orders):
    day = date(2023, 12, 1)
    whole = score_value(orders.sample(frac=1, random_state=3), as_of=day, horizon_days=90, refits=2)
    before = score_value(orders[orders["ordered_on"] < day], as_of=day, horizon_days=90, refits=2)
    pd.testing.assert_frame_equal(whole, before)


@pytest.mark.demand("G06")
def test_a_backtest_sets_the_model_beside_the_heuristic(orders):
    judged = backtest_value(orders, origins=[date(2023, 11, 1), date(2024, 1, 1)], horizon_days=90)
    assert judged[["origin", "model"]].to_numpy().tolist() == [
        [day, model] for day in (date(2023, 11, 1), date(2024, 1, 1)) for model in ("model", "heuristic")
    ]
    assert judged["capture"].between(0, 1).all() and judged["gini"].between(-1, 1).all()


@pytest.mark.skipif(not RETAIL.is_file(), reason="no Online Retail II on this machine")
def test_on_online_retail_the_best_tenth_is_found_and_the_total_is_near():
    lines = pd.read_parquet(RETAIL, columns=["InvoiceNo", "InvoiceDate", "Quantity", "UnitPrice", "CustomerID"])
    sold = lines[
        lines["CustomerID"].notna()
        & ~lines["InvoiceNo"].str.startswith("C")
        & (lines["Quantity"] > 0)
        & (lines["UnitPrice"] > 0)
    ]
    orders = pd.DataFrame(
        {
            "customer_id": sold["CustomerID"],
            "ordered_on": sold["InvoiceDate"],
            "amount_cny": sold["Quantity"] * sold["UnitPrice"],
        }
    )
    judged = backtest_value(orders, origins=[date(2011, 6, 12)], horizon_days=180).set_index("model")
    assert judged.loc["model", "capture"] >= 0.63 and judged.loc["model", "gini"] >= 0.875
    assert abs(judged.loc["model", "total"] - 1) <= 0.1
    assert (judged.loc["model", ["capture", "gini"]] > judged.loc["heuristic", ["capture", "gini"]]).all()
