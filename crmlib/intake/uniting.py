"""Rows become groups: the strongest link first, and never against a veto."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class United(NamedTuple):
    """`group`: for each row the smallest row of its group. `vetoed`: positions of the links that were refused."""

    group: np.ndarray
    vetoed: np.ndarray


def unite(
    n_rows: int,
    a: np.ndarray,
    b: np.ndarray,
    *,
    strength: np.ndarray,
    marks: Sequence[np.ndarray] = (),
    apart: Sequence[tuple[int, int]] = (),
    by_hand: np.ndarray | None = None,
) -> United:
    """Join rows `a[i]` and `b[i]`, strongest first, then in the order of the rows, whatever the order they came in.

    `marks`: one array each (a number per row, negative where unknown); a group may hold one value only.
    `apart`: pairs of rows that a person told apart. `by_hand`: links that a person made; marks do not stop those.
    """
    hand = np.zeros(len(a), bool) if by_hand is None else by_hand
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((high, low, -np.asarray(strength), ~hand))
    parent = list(range(n_rows))
    held = [{int(row): {int(mark[row])} for row in np.flatnonzero(mark >= 0)} for mark in marks]
    foes: dict[int, set[int]] = {}
    for one, other in apart:
        foes.setdefault(int(one), set()).add(int(other))
        foes.setdefault(int(other), set()).add(int(one))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    refused = []
    for i, x, y, forced in zip(
        order.tolist(), low[order].tolist(), high[order].tolist(), hand[order].tolist(), strict=True
    ):
        x, y = root(x), root(y)
        if x == y:
            continue
        if (foes and _are_foes(foes, x, y, root)) or (not forced and any(_clash(sets, x, y) for sets in held)):
            refused.append(i)
            continue
        if y < x:
            x, y = y, x
        parent[y] = x
        for sets in (*held, foes) if foes else held:
            if more := sets.pop(y, None):
                sets[x] = sets[x] | more if x in sets else more
    return United(
        np.array([root(row) for row in range(n_rows)], dtype=np.int64), np.array(sorted(refused), dtype=np.int64)
    )


def _clash(sets: dict[int, set[int]], x: int, y: int) -> bool:
    """Two values where one is allowed. What a person has joined already does not clash with itself."""
    one = sets.get(x)
    if one is None or (other := sets.get(y)) is None:
        return False
    return not (one <= other or other <= one)


def _are_foes(foes: dict[int, set[int]], x: int, y: int, root) -> bool:
    return any(root(row) == y for row in foes.get(x, ()))
