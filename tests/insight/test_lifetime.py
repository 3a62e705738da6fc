"""BG/NBD and Gamma-Gamma: the papers' own numbers, their slopes, and what a probability must be."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad

from crmlib.errors import DataError
from crmlib.insight import lifetime
from crmlib.insight.lifetime import BgNbd, GammaGamma, fit_bg_nbd, fit_gamma_gamma

CDNOW = Path(os.environ.get("CRM_REAL_DATA", "../shared/data")) / "orders" / "CDNOW_sample.txt"
PAPER = BgNbd(0.2426, 4.4136, 0.7929, 2.4259, -9582.43)


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    """One row per customer of the CDNOW sample, in weeks to 1997-09-30: frequency, recency, age, mean_amount."""
    if not CDNOW.is_file():
        pytest.skip("no CDNOW sample on this machine")
    columns = ["master_id", "customer_id", "day", "quantity", "amount"]
    orders = pd.read_csv(CDNOW, sep=r"\s+", header=None, names=columns, dtype={"day": "str"})
    orders = orders.assign(day=pd.to_datetime(orders["day"], format="%Y%m%d"))
    until = pd.Timestamp("1997-09-30")
    days = orders[orders["day"] <= until].groupby(["customer_id", "day"], as_index=False)["amount"].sum()
    whose = days.groupby("customer_id")["day"]
    again = days[days["day"] > days["customer_id"].map(whose.min())].groupby("customer_id")["amount"].mean()
    spans = {"recency": whose.max() - whose.min(), "age": until - whose.min()}
    return pd.DataFrame(
        {"frequency": whose.size() - 1, **{k: v.dt.days / 7 for k, v in spans.items()}, "mean_amount": again}
    ).fillna({"mean_amount": 0})


def test_bg_nbd_on_cdnow_is_the_paper_s_table_2(cdnow):
    fitted = fit_bg_nbd(cdnow["frequency"], cdnow["recency"], cdnow["age"])
    assert fitted[:4] == pytest.approx((0.2426, 4.4135, 0.7929, 2.4258), rel=1e-3)
    assert fitted.log_likelihood == pytest.approx(-9582.43, abs=0.01)


def test_gamma_gamma_on_cdnow_is_the_note_s_estimate(cdnow):
    assert fit_gamma_gamma(cdnow["frequency"], cdnow["mean_amount"]) == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)


def test_a_customer_of_the_paper_is_expected_to_order_as_it_says():
    # section 5 of the note "Implementing the BG/NBD Model in Excel": x = 2, t_x = 30.43, T = 38.86, t = 39
    assert PAPER.expected_orders(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)
    assert PAPER.p_alive(2, 30.43, 38.86) == pytest.approx(0.7266, abs=5e-4)


def test_an_expected_amount_lies_between_the_customers_own_and_everybodys():
    fitted = GammaGamma(6.25, 3.74, 15.44)
    everybody = fitted.p * fitted.gamma / (fitted.q - 1)
    one, many, none = fitted.expected_amount([1, 50, 0], [100.0, 100.0, 0.0])
    assert none == pytest.approx(everybody) and everybody < one < many < 100
    assert np.isnan(GammaGamma(1, 0.5, 1).expected_amount([0], [0])).all()


logs = st.floats(-1.5, 1.5)


@given(st.tuples(logs, logs, logs, logs))
def test_the_slopes_are_those_of_the_likelihood(at):
    x, t_x, age = np.array([0.0, 1, 4]), np.array([0.0, 0.5, 0.9]), np.array([1.0, 1.2, 1.0])
    weight = np.array([5.0, 2, 1])
    for loss, args, point in (
        (lifetime._bg_nbd_loss, (x, t_x, age, weight), at),
        (lifetime._gamma_gamma_loss, (x + 1, age, weight), at[:3]),
    ):
        value = lambda p, loss=loss, args=args: loss(p, *args)[0]  # noqa: E731
        slope = lambda p, loss=loss, args=args: loss(p, *args)[1]  # noqa: E731
        assert check_grad(value, slope, np.array(point)) < 1e-4


@given(st.integers(0, 50), st.floats(0, 1), st.floats(0.1, 500), st.floats(0.1, 200))
def test_a_probability_is_one_and_silence_never_makes_an_order_likelier(x, share, age, t):
    recency = age * share if x else 0.0
    quiet = float(PAPER.p_no_order(t, x, recency, age))
    assert 0 <= quiet <= 1 and quiet <= float(PAPER.p_no_order(t, x, recency, age * 2)) + 1e-12
    assert float(PAPER.p_no_order(t * 2, x, recency, age)) <= quiet + 1e-12


def test_the_unit_of_time_does_not_matter(cdnow):
    some = cdnow.head(400)
    weeks = fit_bg_nbd(some["frequency"], some["recency"], some["age"])
    days = fit_bg_nbd(some["frequency"], some["recency"] * 7, some["age"] * 7)
    assert (days.r, days.alpha, days.a, days.b) == pytest.approx((weeks.r, weeks.alpha * 7, weeks.a, weeks.b), rel=1e-4)


@pytest.mark.parametrize(
    ("history", "message"),
    [(([1], [9], [5]), "不可能"), (([0], [2], [5]), "不可能"), (([0, 0], [0, 0], [5, 6]), "第二次")],
)
def test_histories_that_cannot_be_are_refused(history, message):
    with pytest.raises(DataError, match=message):
        fit_bg_nbd(*history)
