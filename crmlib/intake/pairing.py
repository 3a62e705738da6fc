"""Pairs of rows with an equal key, by sorting whole columns: they grow with the rows, not with their pairs.

A rule's key could as well be one Ibis query (its test holds both equal): on DuckDB that takes two to three times as long
(benchmarks/matching.md), and the names of each pair are then compared by code that no engine has.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

NONE = -1
MOST_NAMES = 40  # how many different names under one key are compared with each other

Names = Literal["any", "compatible", "incompatible"]


def join_keys(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Several keys of a row as one number; NONE where one of them is missing."""
    key = columns[0]
    for column in columns[1:]:
        size = int(column.max(initial=0)) + 1
        if int(key.max(initial=0)) >= 2**62 // size:
            key = np.where(key < 0, NONE, pd.factorize(key)[0])
        key = np.where((key < 0) | (column < 0), NONE, key * size + column)
    return key


def find_pairs(
    key: np.ndarray, r: np.ndarray, rows: dict[str, np.ndarray], names: Names
) -> tuple[np.ndarray, np.ndarray]:
    """(a, b), a < b: rows with one key. Row `r` has `key`; `rows`: label (whom a row names), c (its person), rank.

    Within one name each row is linked with the first and the one before, in the order of `rank`; across names the first
    rows of each name and person with one another.
    """
    shared = np.flatnonzero(key >= 0)
    shared = shared[pd.Series(key[shared]).duplicated(keep=False).to_numpy()]
    key, r = key[shared], r[shared]
    c, rank, label = rows["c"][r], rows["rank"][r], rows["label"][r]
    label = np.zeros_like(label) if names == "any" else label
    found = []
    if names != "incompatible":
        order = np.lexsort((rank, label, key))
        found += _chain(r[order], _starts(key[order], label[order]))
    if names != "any":
        found.append(_across(key, label, c, r))
    a, b = (np.concatenate(side) for side in zip(*found, strict=True))
    return np.minimum(a, b), np.maximum(a, b)


def _starts(*columns: np.ndarray) -> np.ndarray:
    """Where a new run begins in columns that are sorted together."""
    new = np.ones(len(columns[0]), bool)
    if len(new):
        new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return new


def _chain(r: np.ndarray, new: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    head = np.maximum.accumulate(np.where(new, np.arange(len(r)), 0))
    inside = np.flatnonzero(~new)
    further = inside[head[inside] != inside - 1]
    return [(r[head[inside]], r[inside]), (r[further - 1], r[further])]


def _across(key: np.ndarray, label: np.ndarray, c: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((r, c, label, key))
    order = order[_starts(key[order], label[order], c[order])]  # the first row of each person under a name
    order = order[np.lexsort((r[order], label[order], key[order]))]
    new_name = _starts(key[order], label[order])
    nth = np.arange(len(order)) - np.maximum.accumulate(np.where(new_name, np.arange(len(order)), 0))
    order = order[np.lexsort((r[order], nth, key[order]))]
    new_key = _starts(key[order])
    start = np.flatnonzero(new_key)
    place = np.arange(len(order)) - np.repeat(start, np.diff(np.append(start, len(order))))
    order = order[place < MOST_NAMES]
    start = np.flatnonzero(_starts(key[order]))
    size = np.diff(np.append(start, len(order)))
    after = np.repeat(start + size, size) - np.arange(len(order)) - 1  # how many of the same key follow
    one = np.repeat(np.arange(len(order)), after)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(after) - after, after)
    one, other = order[one], order[other]
    differ = label[one] != label[other]
    return r[one[differ]], r[other[differ]]
