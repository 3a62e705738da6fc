"""Data health says how people keep their records, in small tables with their numbers; what was not measured is not there."""

import pandas as pd
import pytest

from crmlib.book.balance import STATUSES
from crmlib.report.blocks import Table
from crmlib.report.data import COLUMNS
from crmlib.report.sections.health import build_health, quality_blocks


def on_time(**counts) -> pd.DataFrame:
    names = ["entries", "judged", "on_time", "late", "open", "day_only", "not_recorded", "before"]
    rows = [("S1", "张*", 12, 10, 7, 3, 0, 2, 0, 0, 0.7), (None, None, 3, 2, 1, 1, 0, 0, 1, 0, None)]
    return pd.DataFrame(rows, columns=["staff_id", "person", *names, "on_time_share"])


def shown(block: Table, line: int) -> list:
    return block.rows.iloc[line][[column.key for column in block.columns]].tolist()


@pytest.mark.demand("B11", "B12")
def test_the_on_time_rate_of_a_person_has_its_number_and_few_records_have_none(make_data):
    (block,) = quality_blocks(make_data(entry_by_person=on_time()))
    assert shown(block, 0)[:6] == ["张*", 12, 10, 0.7, 3, 2]
    assert shown(block, 1)[0] == "未知" and pd.isna(shown(block, 1)[3]) and shown(block, 1)[-1] == "样本不足"
    assert "电话" in block.note and "2 小时" in block.note and "24 小时" in block.note
    assert "2 条只有日期" in block.note and "1 条无录入时间" in block.note


def test_where_everybody_has_enough_no_column_says_so(make_data):
    (block,) = quality_blocks(make_data(entry_by_person=on_time().head(1)))
    assert "state" not in [column.key for column in block.columns]


@pytest.mark.demand("A63", "G12")
def test_completeness_by_owner_says_its_change_in_points_and_the_day_it_is_compared_with(make_data):
    rows = pd.DataFrame(
        [("S1", "张*", 40, 0.84, 20, 0.6, 0.24), ("S2", "李*", 2, None, 20, 0.6, None)],
        columns=["owner_id", "person", "customers", "share", "customers_before", "share_before", "change"],
    )
    (block,) = quality_blocks(make_data(completeness_change=rows))
    assert shown(block, 0) == ["张*", 40, 0.84, 20, 0.6, "+24.0 个百分点"]
    assert shown(block, 1)[-1] == "样本不足"
    assert "2023-07-01" in block.note and "需求内容" in block.note and "联系人偏好" in block.note


def test_texts_are_blank_or_vague_by_share_unless_they_are_few(make_data):
    rows = pd.DataFrame(
        [("interactions", "feedback", 10, 6, 1), ("tickets", "solution", 4, 4, 0)],
        columns=["table", "field", "rows", "blank", "vague"],
    )
    (block,) = quality_blocks(make_data(texts=rows))
    assert shown(block, 0) == ["沟通记录", "客户反馈", 10, 0.6, 0.1]
    assert block.rows["blank_share"].isna().tolist() == [False, True]


@pytest.mark.demand("A22", "A23", "A24")
def test_what_sources_state_against_the_rows_is_counted_by_field(make_data):
    rows = pd.DataFrame(
        [
            ("K1", "opening_amount_cny", "5.00", "5.00", True),
            ("K2", "opening_amount_cny", "5.00", "6.00", False),
            ("K3", "opening_amount_cny", "5.00", None, pd.NA),
            ("K1", "given_last_contact_on", "2024-05-01", "2024-05-02", False),
        ],
        columns=["customer_id", "field", "given", "computed", "agrees"],
    ).astype({"agrees": "boolean"})
    (block,) = quality_blocks(make_data(given=rows))
    assert sorted(shown(block, line) for line in (0, 1)) == [["最近联系时间", 1, 1, 1], ["累计合作金额", 3, 2, 1]]


@pytest.mark.demand("A26")
def test_attachments_that_are_not_there_are_listed(make_data):
    rows = pd.DataFrame([("orders", "r1", "K1", "合同/A1.pdf")], columns=["table", "row_id", "customer_id", "path"])
    (block,) = quality_blocks(make_data(attachments_missing=rows))
    assert shown(block, 0) == ["订单", "K1", "合同/A1.pdf"] and "1 个" in block.title


def test_what_was_not_measured_is_not_there(make_data):
    assert quality_blocks(make_data()) == []


def test_groups_are_one_sentence_under_how_customers_were_united(make_data):
    rules = pd.DataFrame([("phone", 7, 2, 0, 0, None, None, None)], columns=COLUMNS["match_rules"])
    groups = pd.DataFrame([("K2", "K1", "CORE_SAME"), ("K3", "K1", "MARK_SAME")], columns=COLUMNS["groups"])
    balance = pd.DataFrame([["a.csv", 3, 3, 0, 0, 0, 0]], columns=["file", "in", *STATUSES])
    section = build_health(make_data(match_rules=rules, groups=groups, balance=balance))
    assert any("2 家客户按字号属于 1 个集团" in getattr(block, "note", "") for block in section.blocks)
