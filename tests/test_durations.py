"""Median durations: published curves, curves by hand, and the laws that the two bounds of it obey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from crmlib.durations import median_duration

# weeks of remission of 21 patients on 6-MP and 21 on placebo, + still in remission: Freireich et al. 1963, medians 23 and 8
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def median(times: str, *, least: int = 1) -> float:
    lengths = [float(time.strip("+")) for time in times.split()]
    return median_duration(lengths, [not time.endswith("+") for time in times.split()], least=least)


@pytest.mark.parametrize(("times", "weeks"), [(SIX_MP, 23), (PLACEBO, 8)])
def test_the_median_is_that_of_the_published_remissions(times, weeks):
    assert median(times) == weeks


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("3 5 9", 5),
        ("1 2 3 4", 2.5),  # on a half from 2 to 3
        ("1 2 3 4 5+ 5+", 3.5),  # 5/6, 4/6, 3/6 from 3 to 4
        ("1 2 3+ 4", 3),  # 3/4, then 2/4 from 2 to 4
        ("1 2 3+ 4+", 2),  # on a half to the end, which nobody knows
        ("10 20 30 5+ 5+", 20),  # the open ones tell nothing after 5: 2/3, 1/3
        ("1 5+ 5+ 5+", np.nan),  # 3/4, and no further
        ("5+ 6+", np.nan),
        ("", np.nan),
        ("nan nan+ 7", 7),  # missing lengths are left out
    ],
)
def test_the_median_by_hand(times, expected):
    assert median(times) == pytest.approx(expected, nan_ok=True)


def test_of_fewer_than_the_least_nothing_is_told():
    assert median("1 2 3", least=3) == 2
    assert np.isnan(median("1 2 3 nan", least=4))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30))
def test_with_all_of_them_ended_it_is_the_ordinary_median(lengths):
    assert median_duration(lengths, np.ones(len(lengths))) == pytest.approx(np.median(lengths))


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=25))
def test_it_lies_where_the_curve_of_scipy_comes_to_a_half(pairs):
    lengths, ended = map(np.array, zip(*pairs, strict=True))
    found = median_duration(lengths, ended)
    if not ended.any():
        assert np.isnan(found)
        return
    curve = ecdf(CensoredData(uncensored=lengths[ended], right=lengths[~ended])).sf
    if np.isnan(found):
        assert curve.probabilities.min() > 0.5
        return
    assert curve.evaluate(found) <= 0.5 + 1e-9
    first = curve.quantiles[curve.probabilities <= 0.5 + 1e-9][0]
    assert found == first or curve.evaluate(first) == pytest.approx(0.5)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=25), st.permutations(range(25)))
def test_the_order_of_the_rows_and_a_missing_one_change_nothing(pairs, order):
    lengths, ended = map(np.array, zip(*pairs, strict=True))
    place = np.array([at for at in order if at < len(pairs)])
    found = median_duration(np.append(lengths[place], np.nan), np.append(ended[place], True))
    assert found == pytest.approx(median_duration(lengths, ended), nan_ok=True)
