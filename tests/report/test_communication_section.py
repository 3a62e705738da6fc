"""The section on communication: the finding with its figures, the limit in the picture, lists short, coverage said."""

import pandas as pd
import pytest

from crmlib.report.blocks import Figure, Metric, Table, Text
from crmlib.report.sections.communication import build_communication
from tests.report.invented_communication import communication_tables, response

NOTHING = dict.fromkeys(communication_tables())


def table(section, title: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.title == title)


@pytest.mark.demand("F02")
def test_the_finding_names_the_customers_reply_and_what_was_left_undone(make_data):
    section = build_communication(make_data())
    assert section.title == ("客户回复用时中位数 14.5 小时，7 次超过 48 小时；45 家客户超过约定节奏没有沟通")
    assert section.n == "等待 93 次，沟通 100 次"
    said = [block.text for block in section.blocks if isinstance(block, Text)]
    assert said[0] == (
        "到统计日还有 8 次没有等到回复；把它们按已等的时间算进去，客户回复用时的中位数是 16.3 小时，只看已回复的是 14.5 小时。"
    )


@pytest.mark.demand("F02")
def test_coverage_says_what_could_not_be_measured_and_each_side_stands_by_itself(make_data):
    shown = table(build_communication(make_data()), "谁让谁等了多久（小时）")
    assert shown.note.startswith("可计算 91 次 / 共 93 次；按天记录 2 条，不计入小时指标")
    assert "另有 4 次有回复时间，但不知道是谁在等谁" in shown.note
    assert shown.rows["awaited"].tolist() == ["等客户回复", "等我方回复", "服务单首次响应"]
    assert shown.rows["state"].tolist() == ["", "", "样本不足"]


@pytest.mark.demand("F04")
def test_the_late_list_has_its_likely_cause_or_a_blank_and_says_what_is_open(make_data):
    shown = table(build_communication(make_data()), "等待超过 48 小时")
    assert shown.rows["likely"].tolist() == ["其间有休息日", ""]
    assert shown.rows["state"].tolist() == ["未回复（已等）", "已回复"]
    assert shown.note.startswith("严格超过 48 小时：等客户回复 2 次")


@pytest.mark.demand("F03")
def test_frequency_prints_its_definition_and_too_few_customers_tell_nothing(make_data):
    section = build_communication(make_data())
    shown = table(section, "多久沟通一次")
    assert shown.rows["often"].tolist() == ["1.25", "样本不足"] and shown.rows["cadence"].tolist() == ["", "7 天"]
    assert "÷ 活跃月数" in shown.note and "÷ 活跃月数" in section.definition
    metric = next(b for b in section.blocks if isinstance(b, Metric) and b.figure_id == "talks_per_customer_month")
    assert "活跃月数 =" in metric.definition


def test_the_silent_are_listed_and_those_never_spoken_to_only_counted(make_data):
    shown = table(build_communication(make_data()), "超过节奏没有沟通的客户")
    assert shown.rows["customer_id"].tolist() == ["K1"] and shown.note == "另有 1 家从未沟通过，不在此表。"


def test_the_picture_has_the_limit_as_a_line_and_says_the_bands_in_words(make_data):
    drawn = [b for b in build_communication(make_data()).blocks if isinstance(b, Figure)]
    assert [one.title for one in drawn] == ["回复用时的分布", "各价值层的客户每月沟通几次"]
    assert "48 小时" in drawn[0].svg and "等客户回复 24–48 小时 40（80.0 %）" in drawn[0].alt


def test_without_waits_and_talks_there_is_no_section(make_data):
    assert build_communication(make_data(**NOTHING)) is None


def test_tickets_alone_are_told_as_tickets(make_data):
    alone = NOTHING | {"response": pd.DataFrame([response("ticket", 90, 88, 2, 12.5, 4)])}
    section = build_communication(make_data(**alone))
    assert section.title == "服务单首次响应用时中位数 12.5 小时，4 张超过 48 小时"


def test_the_section_reads_in_english(make_data):
    section = build_communication(make_data(lang="en", notes=()))
    assert section.title.startswith("Customers answer within a median of 14.5 hours, 7 times beyond 48")
