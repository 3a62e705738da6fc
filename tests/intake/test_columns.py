import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.columns import combine, encode, first_of, is_rising, join_items, spread

COLUMN = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=20)


@given(COLUMN)
def test_a_column_through_its_distinct_values_is_the_column(cells):
    coded = encode(pd.Series(cells, dtype="str"))
    assert spread(coded, pa.string()).to_pylist() == cells
    assert len(coded.values) == len(set(cells) - {None})


@given(st.lists(st.tuples(*[st.sampled_from(["a", "b", None])] * 3), max_size=20))
def test_columns_combined_are_their_rows(rows):
    columns = [encode(pa.array([row[n] for row in rows], pa.string())) for n in range(3)]
    both = combine(columns)
    assert [both.values[code] for code in both.codes] == rows


def test_the_first_cell_that_is_there_wins_and_items_are_joined_once():
    left, right = pa.array(["a", None, None]), pa.array(["b", "b", None])
    assert first_of([left, right]).to_pylist() == ["a", "b", None]
    assert join_items([pa.array(["1;2", None, None]), pa.array(["2;3", "4", None])]).to_pylist() == ["1;2;3", "4", None]


def test_values_rise_where_each_is_larger_than_the_one_before():
    rows = ([], [None], ["a"], ["a", "b", "d"], ["a", "a"], ["b", "a"])
    assert [is_rising(pd.Series(one, dtype=object)) for one in rows] == [True, True, True, True, False, False]
