"""Pairs: rows with one key, as a star and a chain within a name, each with each across names."""

import ibis
import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.pairing import find_pairs, join_keys, order_rows, sort_order
from crmlib.intake.uniting import connect


def find(key, label, c, names):
    at, shared = join_keys([np.array(key)])
    rows = order_rows(pd.DataFrame({"label": label, "c": c, "uscc": -1, "branch": -1}))
    return find_pairs(shared, at, rows, names)


def pairs(key, label, names):
    return set(zip(*(side.tolist() for side in find(key, label, range(len(key)), names)), strict=True))


def test_within_a_name_rows_hang_together_and_across_names_each_meets_each():
    assert pairs([5, 5, 5, 7, -1], [1, 1, 2, 1, 1], "compatible") == {(0, 1), (0, 2), (1, 2)}
    assert pairs([5, 5, 5], [1, 1, 2], "incompatible") == {(0, 2), (1, 2)}
    assert pairs([5, 5, 5, 5], [1, 2, 3, 4], "any") == {(0, 1), (0, 2), (1, 2), (0, 3), (2, 3)}


def test_several_keys_are_one_and_rows_that_lack_one_or_share_them_with_nobody_are_left_out():
    one, other = np.array([1, 1, 2, -1, 2, 1, 2]), np.array([2**40, 3, 4, 3, 4, 3, -1])
    at, keys = join_keys([one, other])
    assert at.tolist() == [1, 2, 4, 5] and keys.tolist() == [0, 1, 1, 0]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2**61]), st.booleans(), st.integers(0, 2**40))))
def test_rows_are_sorted_as_numpy_sorts_them(rows):
    columns = [np.array([row[at] for row in rows], np.int64) for at in range(4)]
    assert sort_order(*columns).tolist() == np.lexsort(columns[::-1]).tolist()


keys = st.lists(st.integers(-1, 3), min_size=1, max_size=12)


@given(keys)
def test_rows_of_one_key_are_connected_and_no_others(key):
    group = connect(len(key), *find(key, range(len(key)), range(len(key)), "any"))
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
    a, b = find(key, label, 0, "compatible")
    keys = ibis.duckdb.connect(threads=1).create_table(
        "keys", pd.DataFrame({"key": key, "label": label, "r": range(200)})
    )
    found = query(keys).to_pandas()
    groups = [connect(200, *ends) for ends in ((a, b), (found["a"].to_numpy(), found["b"].to_numpy()))]
    assert (groups[0] == groups[1]).all()
    across = {(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True) if label[x] != label[y]}
    assert across == {(x, y) for x, y in found.to_numpy().tolist() if label[x] != label[y]}
