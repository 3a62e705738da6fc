"""Shares with their uncertainty: the Wilson interval of one, Newcombe's of the difference of two, nothing of too few."""

from typing import NamedTuple

import numpy as np
import pandas as pd

Z = 1.959963984540054  # 95 %


class Interval(NamedTuple):
    low: np.ndarray
    high: np.ndarray


def wilson(hits: np.ndarray, n: np.ndarray) -> Interval:
    """The 95 % interval of hits / n, row by row (Wilson 1927); missing where n is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / n
        middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Interval(np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1))


def newcombe(hits: np.ndarray, n: np.ndarray, other_hits: np.ndarray, other_n: np.ndarray) -> Interval:
    """The 95 % interval of hits / n − other_hits / other_n (Newcombe 1998, Statistics in Medicine 17:873, method 10)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share, other = hits / n, other_hits / other_n
    (low, high), (other_low, other_high) = wilson(hits, n), wilson(other_hits, other_n)
    difference = share - other
    return Interval(
        difference - np.hypot(share - low, other_high - other), difference + np.hypot(high - share, other - other_low)
    )


def add_share(rows: pd.DataFrame, hits: str, n: str, *, least: int) -> pd.DataFrame:
    """`rows` with share, low and high of `hits` / `n`, and `enough`; below `least` they are missing (样本不足)."""
    enough = rows[n] >= least
    over = rows[n].to_numpy("float64")
    share = np.divide(rows[hits].to_numpy("float64"), over, out=np.full(len(rows), np.nan), where=over > 0)
    interval = wilson(rows[hits].to_numpy("float64"), over)
    told = {"share": share, "low": interval.low, "high": interval.high}
    told = {name: pd.Series(values, rows.index).where(enough).round(10) for name, values in told.items()}
    return rows.assign(**told, enough=enough)
