"""Conforming: a table as the book writes it."""

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.book.conform import conform, types_of
from crmlib.dictionary import DICTIONARY
from crmlib.errors import DataError


def test_missing_fields_are_null_and_other_columns_follow():
    table = conform("orders", pd.DataFrame({"extra": ["x"], "order_id": ["SO1"], "row_id": ["r1"]}))
    assert table.column_names == [*types_of("orders"), "extra"]
    assert table.schema.field("amount_cny").type == pa.decimal128(18, 2)
    assert table["amount_cny"].null_count == 1


@pytest.mark.parametrize(
    "amounts",
    [
        pd.Series([1.005, None, 2.0]),
        pd.Series([Decimal("1.005"), None, Decimal("2")], dtype=object),
        pd.Series([Decimal("1.005"), None, Decimal("2")], dtype=pd.ArrowDtype(pa.decimal128(38, 6))),
        pd.Series(["1.01", None, "2.00"], dtype="str"),
    ],
)
def test_money_has_two_places_however_it_came(amounts):
    table = conform("orders", pd.DataFrame({"row_id": ["a", "b", "c"], "amount_cny": amounts}))
    assert table["amount_cny"].to_pylist()[1:] == [None, Decimal("2.00")]
    assert table["amount_cny"][0].as_py() in (Decimal("1.00"), Decimal("1.01"))  # 1.005 is less as a float


@pytest.mark.parametrize(
    "days",
    [
        pd.Series(pd.to_datetime(["2024-06-30 23:59", None])),
        pd.Series([date(2024, 6, 30), None], dtype=object),
        pd.Series([date(2024, 6, 30), None], dtype="date32[day][pyarrow]"),
    ],
)
def test_a_day_is_a_day_however_it_came(days):
    table = conform("orders", pd.DataFrame({"row_id": ["a", "b"], "ordered_on": days}))
    assert table["ordered_on"].to_pylist() == [date(2024, 6, 30), None]


def test_a_moment_is_local_time_without_a_zone():
    moments = pd.to_datetime(["2024-06-30 16:30"]).tz_localize("UTC")
    table = conform("interactions", pd.DataFrame({"occurred_at": moments}))
    assert table.schema.field("occurred_at").type == pa.timestamp("us")
    assert table["occurred_at"].to_pylist() == [datetime(2024, 7, 1, 0, 30)]


def test_lists_and_objects_are_written_as_json_text():
    table = conform("customers", pd.DataFrame({"name_history": [["示例网络"]], "custom": [{"b": 1, "a": "甲"}]}))
    assert table["name_history"][0].as_py() == '["示例网络"]'
    assert table["custom"][0].as_py() == '{"a": "甲", "b": 1}'


def test_a_column_that_cannot_be_its_type_is_told_by_name():
    with pytest.raises(DataError) as caught:
        conform("orders", pd.DataFrame({"ordered_on": pd.Series([True])}))
    assert "ordered_on" in str(caught.value) and "orders" in str(caught.value)


@pytest.mark.demand("A38")
def test_a_plain_contact_value_has_no_place_in_the_book():
    plain = {field.key for field in DICTIONARY.tables["contacts"].fields.values() if field.import_only}
    assert {"phone", "email", "im"} <= plain
    rows = pd.DataFrame(
        {"contact_id": ["P1"], "phone": ["10012345678"], "email": ["zhang@example.com"], "im": ["zhang"]}
    )
    table = conform("contacts", rows)
    assert not plain & set(table.column_names)
    assert "id_no" not in types_of("customers") and not plain & set(types_of("customers"))


def test_a_table_that_the_dictionary_does_not_have_keeps_its_columns():
    rows = pd.DataFrame({"line": [2, 1], "reason": pd.Categorical(["A", "B"]), "nothing": [None, None]})
    table = conform("quarantine", rows)
    assert table.schema == pa.schema({"line": pa.int64(), "reason": pa.string(), "nothing": pa.string()})
    assert table["line"].to_pylist() == [1, 2]


CELLS = st.tuples(st.sampled_from(["SO1", "SO2", None]), st.sampled_from(["r1", "r2", "r3"]), st.integers(-1, 1))


@given(st.lists(CELLS, max_size=6).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_in_which_rows_come_does_not_matter(both):
    tables = [conform("orders", pd.DataFrame(rows, columns=["order_id", "row_id", "quantity"])) for rows in both]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(conform("orders", tables[0]))
