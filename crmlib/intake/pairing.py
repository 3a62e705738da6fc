"""Pairs of rows with an equal key, by sorting whole columns: they grow with the rows, not with their pairs.

A rule's key could as well be one Ibis query (its test holds both equal): on DuckDB that takes two to three times as long
(benchmarks/matching.md), and the names of each pair are then compared by code that no engine has.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

MOST_NAMES = 40  # how many different names under one key are compared with each other

Names = Literal["any", "compatible", "incompatible"]


def sort_order(*columns: np.ndarray) -> np.ndarray:
    """The order in which rows are sorted by the first column, then by the next. Columns hold whole numbers from 0 on.

    np.lexsort in a tenth of its time: columns are packed into one number as far as they fit, and numbers sort themselves.
    """
    order = np.arange(len(columns[0]))
    room = 63 - len(order).bit_length()
    packed, used = np.zeros(len(order), np.int64), 0
    for column in reversed(columns):
        width = int(column.max(initial=0)).bit_length()
        if used and used + width > room:
            order = _sort_packed(packed, order)
            packed, used = np.zeros(len(order), np.int64), 0
        if width > room:
            column, width = np.unique(column, return_inverse=True)[1], len(order).bit_length()
        packed |= column.astype(np.int64) << used
        used += width
    return _sort_packed(packed, order)


def _sort_packed(packed: np.ndarray, order: np.ndarray) -> np.ndarray:
    """`order`, then sorted by `packed`."""
    bits = len(order).bit_length()
    numbered = packed[order] << bits | np.arange(len(order))
    numbered.sort()
    return order[numbered & ((1 << bits) - 1)]


def join_keys(columns: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(rows that have all of these keys, and all equal to another row's; what they have as one number from 0 on)."""
    at, key = np.arange(len(columns[0])), np.zeros(len(columns[0]), np.int64)
    for column in columns:
        there = column[at] >= 0
        at, key = at[there], key[there]
        key = key * (int(column.max(initial=0)) + 1) + column[at]
        if key.max(initial=0) > 4 * len(key):
            key = pd.factorize(key)[0]
        several = np.bincount(key) > 1
        number, shared = np.cumsum(several) - 1, several[key]
        at, key = at[shared], number[key[shared]]
    return at, key


def order_rows(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """What find_pairs asks of rows: label, c (whom a row names, its person; from 0 on), and each row's place in these orders.

    rank: within a name rows with a credit code come first, equal codes together; named: by name and then so;
    person: by name and person.
    """
    uscc, branch = (_last(rows[key].to_numpy()) for key in ("uscc", "branch"))
    label = rows["label"].to_numpy()
    label, c = label - label.min(initial=0), rows["c"].to_numpy() + 1
    rank = places_of(sort_order(uscc, branch))
    return {
        "label": label,
        "c": c,
        "rank": rank,
        "named": places_of(sort_order(label, rank)),
        "person": places_of(sort_order(label, c)),
    }


def _last(values: np.ndarray) -> np.ndarray:
    """What is missing comes last."""
    return np.where(values < 0, values.max(initial=0) + 1, values)


def places_of(order: np.ndarray) -> np.ndarray:
    """Each row's place in an order."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def find_pairs(
    key: np.ndarray, r: np.ndarray, rows: dict[str, np.ndarray], names: Names
) -> tuple[np.ndarray, np.ndarray]:
    """(a, b), a < b: rows with one key, as join_keys gives it. Row `r` has `key`; `rows`: see order_rows.

    Within one name each row is linked with the first and the one before, in the order of their rank; across names the
    first rows of each name and person with one another.
    """
    order = sort_order(key, rows["rank" if names == "any" else "named"][r])
    key, r = key[order], r[order]
    label = np.zeros_like(r) if names == "any" else rows["label"][r]
    new = _starts(key, label)
    found = [] if names == "incompatible" else _chain(r, new)
    if names != "any":
        several = (np.bincount(key[new]) > 1)[key]
        found.append(_across(key[several], r[several], rows))
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


def _across(key: np.ndarray, r: np.ndarray, rows: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    order = sort_order(key, rows["person"][r])
    key, r = key[order], r[order]
    first = _starts(key, rows["label"][r], rows["c"][r])  # the first row of each person under a name
    key, r = key[first], r[first]
    label = rows["label"][r]
    order = sort_order(key, label, r)
    key, label, r = key[order], label[order], r[order]
    order = sort_order(key, _nth(_starts(key, label)), r)
    order = order[_nth(_starts(key)) < MOST_NAMES]
    key, label, r = key[order], label[order], r[order]
    start = np.flatnonzero(_starts(key))
    size = np.diff(np.append(start, len(key)))
    after = np.repeat(start + size, size) - np.arange(len(key)) - 1  # how many of the same key follow
    one = np.repeat(np.arange(len(key)), after)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(after) - after, after)
    differ = label[one] != label[other]
    return r[one[differ]], r[other[differ]]


def _nth(new: np.ndarray) -> np.ndarray:
    """0 where a run begins, 1 for the next in it, …"""
    at = np.arange(len(new))
    return at - np.maximum.accumulate(np.where(new, at, 0))
