"""Merging: the best value of each field survives, nothing that was said is lost, and its row is named."""

import json
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.intake.codes import uscc_check_character
from crmlib.intake.merging import merge_customers


def rows(text: str) -> pd.DataFrame:
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    frame = pd.DataFrame(lines[1:], columns=lines[0])
    return frame.mask(frame == "-")


def merge(text: str, **options) -> pd.Series:
    """All rows are one customer: its fields."""
    table = rows(text)
    return merge_customers(table, pd.Series("K000001", index=table["row_id"]), **options).customers.iloc[0]


def test_a_missing_value_never_beats_one_that_is_there():
    one = merge("""
        row_id  name              city  industry_raw  seen_on
        a       上海示例科技有限公司  -     互联网        2024-01-01
        b       上海示例科技有限公司  上海  -             2024-02-01""")
    assert (one["city"], one["industry_raw"]) == ("上海", "互联网")


def test_the_source_that_comes_first_wins_then_the_latest_then_the_first_row():
    text = """
        row_id  name    system  city  seen_on
        a       示例厂   crm     北京  2024-01-01
        b       示例厂   web     上海  2024-02-01
        c       示例厂   web     广州  2024-02-01"""
    assert merge(text)["city"] == "上海"
    assert merge(text, source_priority=["crm"])["city"] == "北京"


def test_a_customer_sheet_outranks_what_orders_say():
    table = rows("""
        row_id  name    city  seen_on
        a       示例厂   北京  2024-01-01
        b       示例厂   上海  2024-02-01""").assign(stated=[True, False])
    assert merge_customers(table, pd.Series("K1", index=table["row_id"])).customers["city"].tolist() == ["北京"]


def test_a_whole_name_beats_a_later_short_one_and_a_masked_one():
    one = merge("""
        row_id  name              seen_on
        a       上海示例科技有限公司  2024-01-01
        b       示例科技           2024-02-01
        c       *科技有限公司      2024-03-01""")
    assert one["name"] == "上海示例科技有限公司"
    assert pd.isna(one["name_history"])


def test_a_valid_credit_code_beats_a_later_invalid_one():
    good = "91310000MA1FL0001" + uscc_check_character("91310000MA1FL0001")
    one = merge(f"""
        row_id  name    uscc                seen_on
        a       示例厂   {good}  2024-01-01
        b       示例厂   91310000MA1FL00X1?  2024-02-01""")
    assert one["uscc"] == good


@pytest.mark.demand("C12")
def test_a_renamed_customer_keeps_its_old_name_in_its_history():
    one = merge("""
        row_id  name              seen_on
        a       上海示例网络有限公司  2024-01-01
        b       上海示例科技有限公司  2024-02-01
        c       上海市示例科技有限公司  2024-01-15""")
    assert one["name"] == "上海示例科技有限公司"
    assert json.loads(one["name_history"]) == ["上海示例网络有限公司"]


def test_a_history_that_came_with_a_row_stays():
    table = rows("""
        row_id  name    seen_on
        a       示例厂   2024-01-01
        b       示例厂   2024-02-01
        c       另一厂   2024-02-01""").assign(name_history=['["老厂"]', None, '["旧厂"]'])
    customers = merge_customers(table, pd.Series(["K1", "K1", "K2"], index=table["row_id"])).customers
    assert customers["name_history"].map(json.loads).tolist() == [["老厂"], ["旧厂"]]


@pytest.mark.demand("C02")
def test_all_source_ids_are_kept():
    one = merge("""
        row_id  name    system  source_id        seen_on
        a       示例厂   crm     CUS20240501001   2024-02-01
        b       示例厂   web     C001             2024-01-01
        c       示例厂   web     C001             2024-01-01""")
    assert one["source_id"] == "CUS20240501001;C001"


def test_notes_are_joined_with_their_sources_and_one_note_stays_as_it_is():
    assert (
        merge("row_id  name  system  note\na  示例厂  crm  早联系\nb  示例厂  web  爱喝茶")["note"]
        == "〔crm〕早联系\n〔web〕爱喝茶"
    )
    assert merge("row_id  name  system  note\na  示例厂  crm  早联系\nb  示例厂  web  -")["note"] == "早联系"


def test_own_fields_are_joined_key_by_key():
    table = rows("row_id  name  seen_on\na  示例厂  2024-01-01\nb  示例厂  2024-02-01")
    table = table.assign(custom=['{"品类": "A", "渠道": "B"}', '{"品类": "C"}'])
    customers = merge_customers(table, pd.Series("K1", index=table["row_id"])).customers
    assert json.loads(customers["custom"].iloc[0]) == {"品类": "C", "渠道": "B"}


@pytest.mark.parametrize(
    ("table", "field", "why"),
    [
        ("row_id  city  stated\na  上海  False\nb  北京  True", "city", "stated"),
        ("row_id  city  system\na  上海  web\nb  北京  crm", "city", "source"),
        ("row_id  name\na  上海示例*公司\nb  上海示例科技有限公司", "name", "valid"),
        ("row_id  name\na  上海示例\nb  上海示例科技有限公司", "name", "whole"),
        ("row_id  city  seen_on\na  上海  2024-01-01\nb  北京  2024-02-01", "city", "latest"),
        ("row_id  city\na  上海\nb  北京", "city", "first"),
        ("row_id  city\na  上海\nb  -", "city", "only"),
    ],
)
def test_a_value_says_why_it_won(table, field, why):
    given = rows(table)
    if "stated" in given:
        given = given.assign(stated=given["stated"].eq("True"))
    cells = merge_customers(given, pd.Series("K1", index=given["row_id"]), source_priority=["crm", "web"]).cells
    assert cells.set_index("field").loc[field, "why"] == why


def test_each_value_names_the_row_it_came_from():
    table = rows("""
        row_id  name              city  seen_on
        a       上海示例科技有限公司  -     2024-02-01
        b       示例科技           上海  2024-01-01
        c       另一厂             上海  2024-01-01""")
    cells = merge_customers(table, pd.Series(["K1", "K1", "K2"], index=table["row_id"])).cells
    assert cells.to_numpy().tolist() == [["K1", "city", "b", "only"], ["K1", "name", "a", "whole"]]


def test_rows_of_no_customer_are_left_out_and_types_are_kept():
    table = pd.DataFrame(
        {"row_id": [1, 2, 3], "name": ["示例厂"] * 3, "founded_on": pd.to_datetime(["2012-01-01", None, None])}
    )
    customers = merge_customers(table, pd.Series(["K1", "K1"], index=[1, 2])).customers
    assert customers["customer_id"].tolist() == ["K1"]
    assert customers["founded_on"].dtype == table["founded_on"].dtype


LAW = settings(max_examples=15, deadline=None)
values = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["上海示例科技有限公司", "示例科技", "示例网络", "张*", None]),
        "note": st.sampled_from(["早联系", "爱喝茶", None]),
        "city": st.sampled_from(["上海", "北京", None]),
        "system": st.sampled_from(["crm", "web"]),
        "source_id": st.sampled_from(["C1", "C2", None]),
        "seen_on": st.sampled_from(["2024-01-01", "2024-02-01", None]),
        "customer": st.sampled_from(["K1", "K2"]),
    }
)
tables = st.lists(values, min_size=1, max_size=7).map(
    lambda found: pd.DataFrame(found).assign(row_id=range(len(found)))
)


def merged(table: pd.DataFrame):
    return merge_customers(
        table.drop(columns="customer"), table.set_index("row_id")["customer"], source_priority=["web"]
    )


@LAW
@given(tables, st.randoms())
def test_the_order_of_rows_never_matters(table, shuffle):
    order = list(range(len(table)))
    shuffle.shuffle(order)
    one, other = merged(table), merged(table.iloc[order])
    pd.testing.assert_frame_equal(one.customers, other.customers)
    pd.testing.assert_frame_equal(one.cells, other.cells)


@LAW
@given(tables)
def test_merging_twice_is_merging_once(table):
    once = merged(table).customers
    again = merge_customers(
        once.rename(columns={"customer_id": "row_id"}),
        pd.Series(once["customer_id"].to_numpy(), index=once["customer_id"]),
    )
    pd.testing.assert_frame_equal(again.customers, once)


@LAW
@given(tables)
def test_no_note_and_no_source_id_is_lost(table):
    customers = merged(table).customers.set_index("customer_id")
    for row in table.dropna(subset=["note"]).itertuples():
        assert row.note in customers.at[row.customer, "note"]
    for row in table.dropna(subset=["source_id"]).itertuples():
        assert row.source_id in customers.at[row.customer, "source_id"].split(";")


@LAW
@given(tables)
def test_a_cell_s_row_holds_the_value(table):
    found = merged(table)
    customers, by_row = found.customers.set_index("customer_id"), table.set_index("row_id")
    for cell in found.cells[found.cells["field"].isin(["name", "city"])].itertuples():
        assert by_row.at[cell.row_id, cell.field] == customers.at[cell.customer_id, cell.field]
