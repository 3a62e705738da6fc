"""The pages on complaints and satisfaction: the finding as title, what was measured and on how many, who is to be called."""

import pandas as pd
import pytest

from crmlib.report.blocks import Figure, Metric, Table, Text
from crmlib.report.sections.satisfaction import build_satisfaction
from crmlib.report.sections.service import build_service
from crmlib.report.trace import agrees, open_sources, retell
from tests.report.served import served_figures, served_tables


def of(section, kind) -> list:
    return [block for block in section.blocks if isinstance(block, kind)]


def table(section, start: str) -> Table:
    return next(block for block in of(section, Table) if block.title.startswith(start))


@pytest.mark.demand("J01", "J02", "J03")
def test_complaints_are_told_with_their_n_and_what_is_open(make_data):
    section = build_service(make_data())
    assert section.title == "本期投诉 14 件，首次响应及时率 61.5 %；1 件超时且没有下一步"
    texts = [block.text for block in of(section, Text)]
    assert texts[0].startswith("14 件中有 1 件只记到日")
    # 8 of 13: four of level 重大 were answered after 24 hours, one waits; the ticket of one day is not judged
    assert "可判断的 13 件中 8 件在时限内首次响应（95 % 区间 36 %–82 %）。" in texts
    assert any("中位数是 24.0 小时（未办结的 1 件按已用时长计入）" in text for text in texts)
    figures = {metric.figure_id: (metric.value, metric.n) for metric in of(section, Metric)}
    assert figures["complaints_open"] == (1, 1) and figures["complaint_reopened_share"] == (pytest.approx(1 / 12), 12)


@pytest.mark.demand("J01", "J04")
def test_types_have_examples_weak_points_a_proof_and_overdue_ones_their_next_step(make_data):
    section = build_service(make_data())
    assert [block.title for block in of(section, Figure)] == ["近 12 个月的问题类型与累计占比"]
    types = table(section, "问题类型").rows
    assert types["label"].tolist() == ["产品质量", "交付延迟", "系统故障", "未分类"]
    assert types["examples"].iloc[0] == "网关第8次掉线；网关第7次掉线"
    assert table(section, "集中的薄弱点").rows["of"].tolist()[0] in ("智能网关", "韩*")
    overdue = table(section, "超时未结").rows
    assert overdue[["ticket_id", "next_step"]].values.tolist() == [["T13", "无"]]
    assert "紧急 2 小时内响应、24 小时内办结" in table(section, "按级别").note


@pytest.mark.demand("G14", "F11", "F12")
def test_satisfaction_is_a_share_and_a_mean_with_its_interval_and_target(make_data):
    section = build_satisfaction(make_data())
    assert section.title == "满意率 62.5 %，平均 3.75 分"  # 2 2.5 3 4 4 4.5 5 5
    texts = [block.text for block in of(section, Text)]
    assert texts[0] == "8 个评分的满意率 95 % 区间为 31 %–86 %，未达到目标 95 %。"
    figures = {metric.figure_id: (metric.value, metric.n) for metric in of(section, Metric)}
    assert figures["satisfaction_response_rate"] == (pytest.approx(8 / 9), 9)
    assert figures["nps"] == (25, 4)  # of 3 7 9 10
    assert any(text.startswith("7 次记录了情绪的沟通中 1 次为消极（14.3 %）；另有 1 次写法未识别") for text in texts)
    assert any("6 次没有记录情绪；按文字能判断的 6 次中 33.3 % 偏消极" in text for text in texts)
    assert any("难说（1）" in text for text in texts)


@pytest.mark.demand("F13", "J05", "J06", "J07")
def test_low_scores_wait_for_revisit_and_cause_and_falls_stand_beside_what_was_said(make_data):
    section = build_satisfaction(make_data())
    low = table(section, "低于 3.0 分")
    assert low.rows[["customer_id", "state"]].values.tolist() == [["K2", "待回访"]] and "已完成 1 个" in low.note
    slope = next(block for block in of(section, Figure) if block.title == "回访前后的评分")
    assert slope.table.rows[["customer_id", "before", "after"]].values.tolist() == [["K1", 2.0, 3.5], ["K3", 3.0, 4.0]]
    assert table(section, "评分明显下降").rows["customer_id"].tolist()[:2] == ["K1", "K2"]
    assert any("7 个评分平均下降 0.64 分" in block.text for block in of(section, Text))  # 4.5 points in all
    said = table(section, "下降期间").rows
    mine = said[said["customer_id"].eq("K1")]  # the latest first; what came after the score is not in it
    assert mine["text"].tolist()[0] == "客户抱怨交付延误" and set(mine["text"][1:]) == {"例行沟通", "网关第1次掉线"}


def test_every_figure_comes_back_from_its_rows():
    tables = served_tables()
    frames = {name: rows for name, rows in tables.items() if len(rows.columns)}
    from crmlib.insight.figures import Figure as Stated
    from tests.report.served import book

    frames |= {name: book()[name].to_pandas() for name in ("surveys", "interactions")}
    with open_sources(None, frames=frames) as sources:
        for row in served_figures().itertuples(index=False):
            figure = Stated(**row._asdict())
            assert agrees(figure.value, retell(sources, figure)), figure.figure_id


def test_in_a_period_without_complaint_or_score_what_is_open_remains(make_data):
    figures = served_figures().assign(value=0.0, n=0)
    few = figures["figure_id"].isin(["satisfaction_mean", "satisfaction_share_good", "complaint_on_time_share"])
    figures = figures.assign(value=figures["value"].mask(few))
    empty = dict.fromkeys(["complaint_sums", "satisfaction_sums", "satisfaction_points", "satisfaction_dimensions"])
    data = make_data(figures=figures, **empty)
    assert build_service(data).title == "本期没有新投诉，未办结 0 件"
    assert build_satisfaction(data).title == "本期没有收到满意度评分"
    assert "低于 3.0 分、回访未完成的评分" in [block.title for block in of(build_satisfaction(data), Table)]
    none = pd.DataFrame(columns=figures.columns)
    assert build_service(make_data(complaints=None, figures=none)) is None
    assert build_satisfaction(make_data(figures=none, moods=None)) is None
