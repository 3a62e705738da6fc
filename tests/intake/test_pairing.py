"""Pairs: rows with one key, as a star and a chain within a name, each with each across names."""

import ibis
import numpy as np
import pandas as pd
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


def query(keys: ibis.Table) -> ibis.Table:
    """The same as one query: each row with the first of its name under a key, the first rows of different names with one another."""
    first = keys.mutate(a=keys.r.min().over(group_by=["key", "label"])).filter(ibis._.a < ibis._.r).select("a", b="r")
    heads = keys.group_by("key", "label").agg(r=keys.r.min())
    other = heads.view()
    return first.union(heads.join(other, [heads.key == other.key, heads.r < other.r]).select(a=heads.r, b=other.r))


def test_a_key_as_one_query_joins_the_same_rows():
    rng = np.random.default_rng(1)
    key, label = rng.integers(0, 40, 200), rng.integers(0, 4, 200)
    rows = {"label": label, "c": np.zeros(200, int), "rank": np.arange(200)}
    a, b = find_pairs(key, np.arange(200), rows, "compatible")
    keys = ibis.duckdb.connect(threads=1).create_table(
        "keys", pd.DataFrame({"key": key, "label": label, "r": range(200)})
    )
    found = query(keys).to_pandas()
    groups = [connect(200, *ends) for ends in ((a, b), (found["a"].to_numpy(), found["b"].to_numpy()))]
    assert (groups[0] == groups[1]).all()
    across = {(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True) if label[x] != label[y]}
    assert across == {(x, y) for x, y in found.to_numpy().tolist() if label[x] != label[y]}
