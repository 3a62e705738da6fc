"""Intervals: those of the papers."""

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp

from crmlib.intervals import newcombe, student, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (3, 10), (452, 608)])
def test_the_interval_of_a_share_is_wilsons(hits, n):
    exact = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((exact.low, exact.high))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0)],
)
def test_the_interval_of_a_difference_is_newcombes(counts, low, high):
    # Newcombe (1998), Statistics in Medicine 17:873, table II, method 10
    assert newcombe(*counts) == pytest.approx((low, high), abs=1e-4)


def test_the_interval_of_a_mean_is_students():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    exact = ttest_1samp(values, 0).confidence_interval()
    assert student(values.mean(), values.std(ddof=1) / 2, 3) == pytest.approx((exact.low, exact.high))


def test_arrays_have_an_interval_each_and_nobody_has_none():
    low, high = wilson(np.array([5, 0]), np.array([10, 0]))
    assert (low[0], high[0]) == pytest.approx(wilson(5, 10)) and np.isnan([low[1], high[1]]).all()
