"""Rows become groups: the strongest link first, and never against a veto."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


class United(NamedTuple):
    """`group`: for each row the smallest row of its group. `vetoed`: positions of the links that a veto refused."""

    group: np.ndarray
    vetoed: np.ndarray


class _Links(NamedTuple):
    """Links of disputed groups, in the order in which they are tried: position among all, two rows, what they may do."""

    place: np.ndarray
    low: np.ndarray
    high: np.ndarray
    by_hand: np.ndarray
    soft: np.ndarray
    renaming: np.ndarray


def connect(n_rows: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """For each row the smallest row that links lead to."""
    _, part = connected_components(coo_array((np.ones(len(a), bool), (a, b)), shape=(n_rows, n_rows)), directed=False)
    first = np.full(part.max(initial=-1) + 1, n_rows)
    first[part[::-1]] = np.arange(n_rows)[::-1]
    return first[part]


def hold_several(group: np.ndarray, value: np.ndarray, n_groups: int) -> np.ndarray:
    """Which groups hold two different values."""
    one, several = np.zeros(n_groups, value.dtype), np.zeros(n_groups, bool)
    one[group] = value
    several[group[one[group] != value]] = True
    return several


def unite(
    n_rows: int,
    a: np.ndarray,
    b: np.ndarray,
    *,
    strength: np.ndarray,
    marks: Sequence[np.ndarray] = (),
    apart: Sequence[tuple[int, int]] = (),
    by_hand: np.ndarray | None = None,
    soft: np.ndarray | None = None,
    names: np.ndarray | None = None,
    renaming: np.ndarray | None = None,
) -> United:
    """Join rows `a[i]` and `b[i]`, strongest first, then in the order of the rows, whatever the order they came in.

    `marks`: one array each (a number per row, negative where unknown); a group may hold one value only.
    `apart`: pairs of rows that a person told apart. `by_hand`: links that a person made; marks do not stop those.
    `soft`: links that come last, and bring no two different `names` (a mark) together: one mistyped name that is another
    company's would join both. `renaming`: links of one customer under two names, as by its credit code.
    """
    hand = np.zeros(len(a), bool) if by_hand is None else by_hand
    soft = np.zeros(len(a), bool) if soft is None else soft
    renaming = hand if renaming is None else hand | renaming
    names = np.full(n_rows, -1) if names is None else names
    group = connect(n_rows, a, b)
    disputed = _disputed(group, a[soft], marks=marks, names=names, apart=apart)
    place, rows = np.flatnonzero(disputed[group[a]]), np.flatnonzero(disputed[group])
    low, high = np.minimum(a, b)[place], np.maximum(a, b)[place]
    order = np.lexsort((high, low, -np.asarray(strength)[place], soft[place], ~hand[place]))
    place = place[order]
    links = _Links(place, low[order], high[order], hand[place], soft[place], renaming[place])
    first, refused = _try_links(rows, links, marks=marks, names=names, apart=apart)
    group[rows] = first
    return United(group, np.array(sorted(refused), dtype=np.int64))


def _disputed(
    group: np.ndarray,
    softly: np.ndarray,
    *,
    marks: Sequence[np.ndarray],
    names: np.ndarray,
    apart: Sequence[tuple[int, int]],
) -> np.ndarray:
    """By its first row: a group where a veto may speak, to be united link by link. softly: rows with a soft link."""
    disputed, softened = np.zeros(len(group), bool), np.zeros(len(group), bool)
    softened[group[softly]] = True
    for mark, some in [*((mark, mark >= 0) for mark in marks), (names, (names >= 0) & softened[group])]:
        disputed |= hold_several(group[some], mark[some], len(group))
    for one, other in apart:
        disputed[group[one]] |= group[one] == group[other]
    return disputed


def _try_links(
    rows: np.ndarray,
    links: _Links,
    *,
    marks: Sequence[np.ndarray],
    names: np.ndarray,
    apart: Sequence[tuple[int, int]],
) -> tuple[list[int], list[int]]:
    """(the first row of the group of each row, places of the links that were refused), one link after the other."""
    parent = dict(zip(rows.tolist(), rows.tolist(), strict=True))
    held = [{row: {int(mark[row])} for row in rows[mark[rows] >= 0].tolist()} for mark in (*marks, names)]
    foes: dict[int, set[int]] = {}
    for one, other in apart:
        foes.setdefault(int(one), set()).add(int(other))
        foes.setdefault(int(other), set()).add(int(one))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    refused = []
    for place, x, y, forced, weak, renamed in zip(*(column.tolist() for column in links), strict=True):
        x, y = root(x), root(y)
        if x == y:
            continue
        are_foes = any(row in parent and root(row) == y for row in foes.get(x, ()))
        if are_foes or (not forced and any(_clash(sets, x, y) for sets in held[:-1])):
            refused.append(place)
            continue
        if weak and not forced and _clash(held[-1], x, y, strict=True):
            continue
        if y < x:
            x, y = y, x
        parent[y] = x
        for sets in (*held, foes):
            if more := sets.pop(y, None):
                sets[x] = sets[x] | more if x in sets else more
        if renamed:
            held[-1].pop(x, None)
    return [root(row) for row in rows.tolist()], refused


def _clash(sets: dict[int, set[int]], x: int, y: int, *, strict: bool = False) -> bool:
    """Two values where one is allowed. What a person has joined already does not clash with itself."""
    one = sets.get(x)
    if one is None or (other := sets.get(y)) is None:
        return False
    return len(one | other) > 1 if strict else not (one <= other or other <= one)
