"""Chance: how likely counts so far apart are by chance alone, where many are looked at."""

import numpy as np
from scipy.special import gammaln  # scipy.stats has both tests, and takes long to load


def fisher_test(hits: float, n: float, other_hits: float, other_n: float, *, more: bool = False) -> float:
    """Fisher's exact test of two shares: the chance of a table that is no likelier than this one, or of as many hits or `more`."""
    total, every = hits + other_hits, n + other_n
    possible = np.arange(max(0, total - other_n), min(n, total) + 1)
    chance = _log_choose(n, possible) + _log_choose(other_n, total - possible) - _log_choose(every, total)
    place = int(hits - possible[0])
    so_far = chance[place:] if more else chance[chance <= chance[place] + 1e-7]
    return float(min(1.0, np.exp(so_far).sum()))


def _log_choose(n: float, k: float | np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(np.asarray(k) + 1) - gammaln(n - k + 1)


def adjust(p: np.ndarray) -> np.ndarray:
    """p of many tests → the rate of false discoveries at each (Benjamini and Hochberg 1995)."""
    order = np.argsort(p)[::-1]
    scaled = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(scaled, 1)
    return adjusted
