"""Sections of tiers, segments and tags: who moved and why, whose cadence holds, what clusters are worth, what contradicts."""

import json

import pandas as pd
import pytest

from crmlib.report.blocks import Table, Text
from crmlib.report.sections import SECTIONS


@pytest.fixture
def blocks(make_data):
    """blocks("tiers", table=frame …) → title → table, and every text of the section."""

    def build(name: str, **changes):
        section = SECTIONS[name](make_data(**changes))
        tables = {block.title: block for block in section.blocks if isinstance(block, Table)}
        return section, tables, [block.text for block in section.blocks if isinstance(block, Text)]

    return build


@pytest.mark.demand("D21")
def test_who_moved_is_named_with_the_figure_that_crossed_the_line(blocks, make_data):
    lapsed = json.dumps({"last_ordered_on": "2024-03-01", "months": 3})
    moves = make_data().tier_moves.assign(
        name="上海示例科技有限公司", owner="周*", cause="ORDER_LAPSED", figures=lapsed
    )
    _, tables, texts = blocks("tiers", tier_moves=moves)
    moved = tables["谁换了层，为什么"].rows
    first = moved[moved["dimension"].eq("risk")].iloc[0]
    assert first["cause"] == "最近一次下单 2024-03-01，超过 3 个月" and first["name"].startswith("上海示例")
    assert any(text.startswith("活跃 200 家，不活跃 40 家") for text in texts)


@pytest.mark.demand("D23", "D24")
def test_the_combined_segment_stands_in_the_plan_table_by_its_stricter_name(blocks):
    _, tables, _ = blocks("tiers")
    plan = tables["维护计划按谁来排"]
    assert plan.rows["plan_segment"].tolist() == ["流失风险客户（兼高价值客户）", "潜力客户", "其他客户"]
    assert plan.note == "同属几类的客户按最靠前的一类维护：流失风险客户；高价值客户；潜力客户。"


@pytest.mark.demand("G10", "H03", "D22")
def test_rankings_have_amount_and_share_and_prospects_their_reasons_and_what_was_missing(blocks):
    _, tables, _ = blocks("tiers")
    assert [c.key for c in tables["高价值客户排名"].columns][3:6] == ["amount_cny", "share", "cumulative_share"]
    screened = tables["高潜力商机"]
    assert screened.rows["customer_id"].tolist() == ["K000000"]  # the other one complains
    assert screened.rows["why"].iloc[0] == "有 1 项强需求未关闭"
    assert (
        "有未结投诉的 1 家" in screened.note
        and "全体缺失：行业增长" in screened.note
        and "匹配度；" not in screened.note
    )


@pytest.mark.demand("G07")
def test_segments_say_what_they_bring_and_how_satisfied_they_are(blocks):
    section, tables, texts = blocks("segments")
    assert section.title == "「核心客户」72 家，带来近 12 个月金额的 60.0 %"
    assert tables["购买与满意度交叉"].rows["segment"].tolist() == ["核心客户", "沉睡客户"]
    assert tables["自然分群"].rows["cluster"].tolist() == ["近期活跃·高频·高额", "久未下单·低频·低额"]
    assert any("建议直接用分层" in text and "1.5 %" in text for text in texts)


def test_clusters_that_add_something_are_recommended_and_absent_ones_explained(blocks, make_data):
    worth = make_data().cluster_worth.assign(eta2_adjusted=[0.3, 0.2, 0.35])
    assert any("可以配合分层使用" in text for text in blocks("segments", cluster_worth=worth)[2])
    state = make_data().cluster_state
    for n, said in ((300, "没有稳定的自然分群"), (40, "少于 100 家")):
        none = state.assign(outcome="none", customers=n)
        assert any(said in text for text in blocks("segments", cluster_state=none)[2])
    for outcome, said in (("refused", "未采用"), ("refitted", "已采用")):
        texts = blocks("segments", cluster_state=state.assign(outcome=outcome, noise=0.04))[2]
        assert any(said in text and "4.0 %" in text for text in texts)


def test_without_an_order_there_are_no_segments(make_data):
    sums = make_data().segment_sums
    assert SECTIONS["segments"](make_data(segment_sums=sums[sums["segment"].eq("no_deal")])) is None


@pytest.mark.demand("C13", "D17", "D18", "D20")
def test_tags_show_contradictions_what_to_tidy_up_and_what_waits(blocks):
    section, tables, texts = blocks("tags")
    assert section.title == "90.1 % 的客户有行为或需求标签，共 2 种标签在用"
    assert tables["各类最常见的标签"].rows[["family", "tag", "origin"]].values.tolist() == [
        ["采购周期", "季度采购", "自动"],
        ["自定义", "重要", "导入"],
    ]
    pairs = tables["互相矛盾的状态、等级与标签"].rows
    assert pairs[["rule", "left", "right"]].values.tolist() == [
        ["客户阶段与标签", "流失", "长期合作"],
        ["原等级与分层", "高价值", "低价值"],
    ]
    lint = tables["需要整理的标签"].rows
    assert lint["suggestion"].tolist()[1] == "合作-长期"
    assert any("待审批的标签调整 1 条" in text for text in texts)


def test_a_rule_of_a_user_is_shown_in_its_own_words(make_data, blocks):
    from crmlib.settings import parse_settings

    rule = (
        '[[tags]]\nfamily = "custom"\nvalue = "big"\nwhen = "orders_12m > 1"\nzh = "大客户-稳定"\nen = "Large, stable"'
    )
    tags = pd.DataFrame([("K000000", "custom", "big", "auto", "own:big", None, None)], columns=make_data().tags.columns)
    _, tables, _ = blocks("tags", settings=parse_settings(rule), tags=tags)
    assert tables["各类最常见的标签"].rows["tag"].tolist() == ["大客户-稳定"]
