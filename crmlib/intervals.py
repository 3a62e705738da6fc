"""Intervals: how far a share, or the difference of two, may lie from what was counted."""

import math

Z = 1.959963984540054  # 95 %


def wilson(count: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): it stays inside 0 to 1 and holds for few rows. Raises ZeroDivisionError for n = 0."""
    share, spread = count / n, Z * Z / n
    half = Z * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    centre = share + spread / 2
    return max(0.0, (centre - half) / (1 + spread)), min(1.0, (centre + half) / (1 + spread))


def newcombe(count: int, n: int, count_before: int, n_before: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two independent shares, now less before (Newcombe 1998, method 10)."""
    now, before = count / n, count_before / n_before
    (low, high), (low_before, high_before) = wilson(count, n), wilson(count_before, n_before)
    down = math.hypot(now - low, high_before - before)
    up = math.hypot(high - now, before - low_before)
    return now - before - down, now - before + up
