"""Durations: how long it takes until something happens, where it has not happened to all of them yet."""

import numpy as np
import numpy.typing as npt

HALF = 1e-9  # so near to a half is a half


def median_duration(lengths: npt.ArrayLike, ended: npt.ArrayLike, *, least: int = 1) -> float:
    """The Kaplan–Meier median (1958, JASA 53:457) of durations, of which those not `ended` have so far lasted as long as this.

    Where the curve lies on exactly a half, the middle of that step, so that with all of them ended it is the ordinary median.
    A missing length is left out. NaN where the curve does not come down to a half, and of fewer than `least`.
    """
    lengths, ended = np.asarray(lengths, "float64"), np.asarray(ended, bool)
    known = ~np.isnan(lengths)
    lengths, ended = np.sort(lengths[known]), lengths[known & ended]
    if len(lengths) < least:
        return np.nan
    times, ends = np.unique(ended, return_counts=True)
    at_risk = len(lengths) - np.searchsorted(lengths, times)
    left = np.cumprod(1 - ends / at_risk)
    reached = times[left <= 0.5 + HALF]
    if not len(reached):
        return np.nan
    below = times[left < 0.5 - HALF]  # a last step has no end, and so no middle
    return float((reached[0] + below[0]) / 2 if len(below) else reached[0])
