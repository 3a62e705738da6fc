"""Customer ids: given once, kept for good."""

import numpy as np
import pandas as pd
import pytest

from crmlib.errors import DataError
from crmlib.intake.registry import assign_ids, extend_registry, list_aliases

ROWS = pd.Index(["a", "b", "c", "d"])


def ids(group, known=None):
    return assign_ids(ROWS, np.array(group), known=None if known is None else pd.Series(known))


@pytest.mark.demand("A11")
def test_new_customers_are_numbered_in_the_order_of_their_rows():
    assert ids([0, 1, 0, 3]).tolist() == ["K000001", "K000002", "K000001", "K000003"]


@pytest.mark.demand("A11")
def test_a_known_row_keeps_its_id_and_new_ones_follow_the_largest():
    found = ids([0, 1, 2, 3], {"b": "K000007", "gone": "K000009"})
    assert found.tolist() == ["K000010", "K000007", "K000011", "K000012"]


def test_the_oldest_id_survives_a_merge_and_the_other_becomes_an_alias():
    known = {"a": "K000005", "b": "K000002"}
    found = pd.Series(ids([0, 0, 2, 3], known), ROWS)
    assert found.tolist()[:2] == ["K000002", "K000002"]
    assert list_aliases(pd.Series(known), found).to_numpy().tolist() == [["K000005", "K000002"]]


def test_an_alias_whose_rows_are_gone_is_led_on_and_one_that_lives_again_is_none():
    earlier = pd.DataFrame({"alias_id": ["K000008", "K000004"], "customer_id": ["K000005", "K000005"]})
    registry = pd.Series({"a": "K000005", "b": "K000002", "d": "K000004", "gone": "K000008"})
    customer = pd.Series({"a": "K000002", "b": "K000002", "d": "K000004"})
    found = list_aliases(registry, customer, earlier=earlier)
    assert dict(found.itertuples(index=False)) == {"K000005": "K000002", "K000008": "K000002"}


def test_ids_are_compared_as_numbers():
    assert ids([0, 0, 2, 3], {"a": "K1000000", "b": "K999999"})[0] == "K999999"


@pytest.mark.demand("C02")
def test_undoing_a_merge_gives_each_row_its_own_id_back():
    before = {"a": "K000001", "b": "K000002", "c": "K000003", "d": "K000004"}
    merged = ids([0, 0, 2, 3], before)
    registry = extend_registry(pd.Series(before), pd.Series(merged, index=ROWS))
    assert assign_ids(ROWS, np.arange(4), known=registry).tolist() == list(before.values())


@pytest.mark.demand("C02")
def test_a_row_that_came_with_the_merge_takes_no_id_away_however_its_row_id_sorts():
    before = pd.Series({"b": "K000001", "c": "K000002"})
    merged = assign_ids(ROWS, np.array([0, 0, 0, 3]), known=before)
    registry = extend_registry(before, pd.Series(merged, index=ROWS))
    parted = assign_ids(ROWS, np.array([0, 1, 0, 3]), known=registry)
    assert parted.tolist() == ["K000002", "K000001", "K000002", "K000003"]
    assert list_aliases(registry, pd.Series(parted, index=ROWS)).empty


def test_a_customer_split_in_two_keeps_its_id_where_its_first_row_is():
    found = ids([0, 1, 2, 3], {"a": "K000001", "b": "K000001", "c": "K000001"})
    assert found.tolist() == ["K000001", "K000002", "K000003", "K000004"]


@pytest.mark.demand("C09")
def test_repeated_row_ids_stop_the_run():
    with pytest.raises(DataError, match="a"):
        assign_ids(pd.Index(["a", "a"]), np.array([0, 1]))
