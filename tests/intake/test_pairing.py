"""Pairs: rows with one key, as a star and a chain within a name, each with each across names."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.pairing import find_pairs, join_keys
from crmlib.intake.uniting import connect


def pairs(key, label, names):
    n = len(key)
    rows = {"label": np.array(label), "c": np.arange(n), "rank": np.arange(n)}
    return set(zip(*(side.tolist() for side in find_pairs(np.array(key), np.arange(n), rows, names)), strict=True))


def test_within_a_name_rows_hang_together_and_across_names_each_meets_each():
    assert pairs([5, 5, 5, 7, -1], [1, 1, 2, 1, 1], "compatible") == {(0, 1), (0, 2), (1, 2)}
    assert pairs([5, 5, 5], [1, 1, 2], "incompatible") == {(0, 2), (1, 2)}
    assert pairs([5, 5, 5, 5], [1, 2, 3, 4], "any") == {(0, 1), (0, 2), (1, 2), (0, 3), (2, 3)}


def test_several_keys_are_one_and_a_missing_one_is_none():
    keys = join_keys(
        [np.array([1, 1, 2, -1]), np.array([0, 0, 0, 0]), np.array([2**40, 3, 3, 3]), np.array([2**40, 3, 3, 3])]
    )
    assert keys[0] != keys[1] != keys[2] and keys[3] == -1


keys = st.lists(st.integers(-1, 3), min_size=1, max_size=12)


@given(keys)
def test_rows_of_one_key_are_connected_and_no_others(key):
    found = find_pairs(
        np.array(key), np.arange(len(key)), dict.fromkeys(["label", "c", "rank"], np.arange(len(key))), "any"
    )
    group = connect(len(key), *found)
    for i, one in enumerate(key):
        for j, other in enumerate(key):
            assert (group[i] == group[j]) == (i == j or one == other >= 0)
