"""Intervals: how far a share or a mean, or the difference of two, may lie from what was seen. Numbers or arrays alike."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Z = 1.959963984540054  # 95 %
Numbers = float | npt.NDArray[np.float64]


class Interval(NamedTuple):
    low: Numbers
    high: Numbers


def wilson(hits: Numbers, n: Numbers) -> Interval:
    """The 95 % interval of hits / n (Wilson 1927): it stays inside 0 to 1 and holds for few rows; missing where n is 0."""
    hits, n = np.asarray(hits, "float64"), np.asarray(n, "float64")
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / n
        middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Interval(np.clip(middle - half, 0, 1)[()], np.clip(middle + half, 0, 1)[()])


def student(mean: Numbers, error: Numbers, freedom: Numbers) -> Interval:
    """The 95 % interval of a mean, or of a difference of means, with this standard error (Student 1908)."""
    from scipy.special import stdtrit

    half = stdtrit(freedom, 0.975) * error
    return Interval(mean - half, mean + half)


def newcombe(hits: Numbers, n: Numbers, other_hits: Numbers, other_n: Numbers) -> Interval:
    """The 95 % interval of hits / n − other_hits / other_n, two independent shares (Newcombe 1998, Statistics in Medicine 17:873,
    method 10)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share, other = np.divide(hits, n), np.divide(other_hits, other_n)
    (low, high), (other_low, other_high) = wilson(hits, n), wilson(other_hits, other_n)
    difference = share - other
    return Interval(
        difference - np.hypot(share - low, other_high - other), difference + np.hypot(high - share, other - other_low)
    )
