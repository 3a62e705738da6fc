"""Needs and conversion in the report: the finding, the sentence of the source, the weakest step, and no cause made of a difference."""

from datetime import date

import pandas as pd
import pytest

from crmlib.insight.shares import add_share
from crmlib.labels import speaker
from crmlib.report.blocks import Figure, Table, Text
from crmlib.report.charts_bars import draw_topics, draw_ways
from crmlib.report.sections import SECTIONS, build_report
from crmlib.report.sections.needs import tell_interval, tell_top_needs

ZH = speaker("zh")


def words(figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts] + [
        ax.get_title(loc="left") for ax in figure.axes
    ]


@pytest.fixture
def conversion() -> dict[str, pd.DataFrame]:
    """Needs: 100 came, 40 went on, 30 of them arrived; customers: too few to tell."""
    rows = [("need", "cohort", 1, "first_contact", "evaluation", 100, 40, 35, 25, 0), ("need", "cohort", 2, "evaluation", "maintenance", 40, 30, 8, 2, 0),
            ("need", "period", 1, "first_contact", "evaluation", 30, 5, 0, 25, 0), ("customer", "cohort", 1, "prospect", "customer", 6, 3, 0, 3, 0)]  # fmt: skip
    columns = [
        "entity",
        "definition",
        "position",
        "from_stage",
        "to_stage",
        "n",
        "converted",
        "lost",
        "open",
        "undated",
    ]
    steps = add_share(pd.DataFrame(rows, columns=columns), "converted", "n", least=10)
    nodes = pd.DataFrame(
        [("need", "overall", "first_contact", "maintenance", 100, 30, 43, 27)],
        columns=["entity", "node", *columns[3:9]],
    )
    groups = [
        ("need", "phone_visit", "phone", "phone", 40, 0.5, 40, 0.7, -0.2, -0.39, 0.01),
        ("need", "owner", "S1", "周*", 40, 0.5, 40, 0.7, -0.2, -0.39, 0.01),
    ]
    losses = [("need", 1, "first_contact", "evaluation", 100, 35), ("need", 2, "evaluation", "maintenance", 40, 8)]
    days = [("need", 0, "way", 40.0), ("need", 1, "first_contact", 18.0)]
    return {
        "conversion_steps": steps.assign(weakest=[True, False, False, False]),
        "conversion_nodes": add_share(nodes, "converted", "n", least=10),
        "conversion_groups": pd.DataFrame(
            groups, columns=["entity", "dimension", "code", "person", "n", "share", "others", "others_share", "difference", "diff_low", "diff_high"]
        ),
        "stage_days": pd.DataFrame(days, columns=["entity", "position", "stage", "median_days"]),
        "stage_losses": add_share(
            pd.DataFrame(losses, columns=["entity", "position", "stage", "to_stage", "n", "lost"]), "lost", "n", least=10
        ).assign(part=[35 / 43, 8 / 43]),
        "stage_ways": pd.DataFrame({"entity": ["need"] * 100, "unplaced": [False] * 100}),
    }  # fmt: skip


def section(make_data, only, name, **tables):
    return build_report(make_data(settings=only(name), **tables)).sections[0]


def test_the_title_says_who_asks_for_what_and_whether_that_is_frequent(make_data, only):
    one = section(make_data, only, "needs")
    assert one.title == "60.0 % 的客户（24/40 家）关注「成本控制」，超过 30 % 的高频线" and one.n == "40 家有需求的客户"
    (picture,) = [block for block in one.blocks if isinstance(block, Figure)]
    assert "成本控制" in picture.alt and "未归类" in picture.alt
    met = [block.text for block in one.blocks if isinstance(block, Text)][1]
    assert "关闭 20 项，满足 15 项（75.0 %）" in met and "另有 30 项未关闭、不计入" in met


@pytest.mark.demand("F19")
def test_the_weekly_row_of_the_leading_needs_reads_as_the_source_writes_it(make_data):
    row = tell_top_needs(make_data().need_topics, ZH)
    assert ",".join([*list(row.values())[:5], f'"{row["analysis"]}"']) == (
        '需求匹配度,高频需求TOP3,成本控制/数据对接/售后支持,--,,"60%客户关注“成本控制”,需准备针对性案例"'
    )
    assert tell_top_needs(make_data().need_topics.iloc[3:], ZH)["this"] == "--"


@pytest.mark.demand("F09", "F08")
def test_the_title_names_the_weakest_step_with_its_interval(make_data, only, conversion):
    one = section(make_data, only, "funnel", **conversion)
    assert (
        one.title == "需求最难的一步是「初步接洽→方案评估」：100 个中 40 个走到下一步，40.0 %（95 % 区间 30.9–49.8 %）"
    )
    tables = {block.title: block for block in one.blocks if isinstance(block, Table)}
    steps = tables["各步转化率与停留天数"].rows
    assert steps["by"].tolist() == ["按对象：到过该阶段的全部"] * 2 + [
        "按期间：本期在该阶段的",
        "按对象：到过该阶段的全部",
    ]
    assert steps["interval"].tolist()[-1] == "样本不足"
    assert steps["median_days"].tolist()[0] == 18


@pytest.mark.demand("F14", "H04")
def test_a_difference_is_told_with_its_interval_and_as_no_cause(make_data, only, conversion):
    one = section(make_data, only, "funnel", **conversion)
    told = [block.text for block in one.blocks if isinstance(block, Text)]
    assert any("相差 −20.0 个百分点（95 % 区间 −39.0 到 +1.0）；这是差别，不是原因" in text for text in told)
    assert any("需求未满足或放弃最多在「初步接洽」：35 个" in text for text in told)
    losses = next(
        block for block in one.blocks if isinstance(block, Table) and block.title == "流失发生在哪个阶段"
    ).rows
    assert losses["step"].tolist() == ["初步接洽 → 方案评估", "方案评估 → 合作维护"]


@pytest.mark.demand("F20")
def test_needs_and_conversion_are_sections_that_settings_can_put_first(make_data, only):
    assert {"needs", "funnel"} <= set(SECTIONS)
    report = build_report(make_data(settings=only("needs", "summary")))
    assert [one.id for one in report.sections] == ["needs", "summary"]


def test_losses_from_nowhere_are_a_caution_once_they_are_many(make_data, only, conversion):
    some = conversion["stage_ways"].assign(unplaced=[n < 5 for n in range(100)])
    one = section(make_data, only, "funnel", **(conversion | {"stage_ways": some}))
    (caution,) = [block.text for block in one.blocks if isinstance(block, Text) and block.role == "caution"]
    assert "5 个未满足或放弃的需求没有记录之前的阶段" in caution


def test_no_needs_are_no_section(make_data, only):
    assert build_report(make_data(settings=only("needs"), need_topics=None)).sections == ()


def test_a_funnel_has_its_shares_between_the_bars_and_says_too_few():
    rows = [
        ("need", "需求", "接洽", 100, 0.4, True, True),
        ("need", "需求", "评估", 40, None, False, False),
        ("need", "需求", "维护", 4, None, False, False),
    ]
    columns = ["entity", "entity_name", "label", "n", "share", "enough", "weakest"]
    figure = draw_ways(pd.DataFrame(rows, columns=columns).astype({"share": "float64"}), ZH)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [100, 40, 4]
    assert {"100", "40", "4", "↓ 40.0 %  最弱一步", "↓ 样本不足", "需求"} <= set(words(figure))


def test_topics_are_as_long_as_their_shares_with_the_line_of_the_frequent(make_data):
    topics = make_data().need_topics.assign(label=["成本控制", "数据对接", "售后支持", "未归类"])
    figure = draw_topics(topics, ZH, flag_share=0.3)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [0.6, 0.25, 0.2, 0.1]
    assert figure.axes[0].get_xticklabels()[0].get_text() == "30 % 起为高频"


def test_an_interval_is_written_once_with_its_sign():
    assert tell_interval(0.309, 0.498, ZH) == "30.9–49.8 %" and tell_interval(float("nan"), 1, ZH) == "样本不足"


def test_words_of_the_last_quarter_say_whether_they_rise(make_data, only):
    said = [
        (date(2024, 4, 1), "接口", 9, 40, 0.225),
        (date(2024, 4, 1), "运维", 5, 40, 0.125),
        (date(2024, 1, 1), "接口", 1, 40, 0.025),
    ]
    need_words = pd.DataFrame(said, columns=["quarter", "term", "customers", "of", "share"])
    moves = pd.DataFrame({"term": ["接口", "运维"], "direction": ["up", ""]})
    one = section(make_data, only, "needs", need_words=need_words, word_moves=moves)
    table = next(block for block in one.blocks if isinstance(block, Table) and "关键词" in block.title)
    assert table.title.startswith("2024Q2") and table.rows["state"].tolist() == ["上升", "无明显变化"]
