"""The sections on value, on change over time and on the kit's own figures: what they say, and what they do not say."""

from dataclasses import replace

import pandas as pd
import pytest

from crmlib.report.blocks import Figure, Table, Text
from crmlib.report.sections import SECTIONS
from crmlib.settings import parse_settings

NO_YUAN = pd.DataFrame([("tier_value", "orders", "CURRENCY_NOT_CNY")], columns=["analysis", "table", "reason"])


@pytest.fixture
def built(make_data):
    """built("value", tier_value=…) → that section alone, its texts, its tables by title."""

    def build(name, **changes):
        section = SECTIONS[name](make_data(**changes))
        texts = [block.text for block in section.blocks if isinstance(block, Text)]
        return section, texts, {block.title: block for block in section.blocks if isinstance(block, Table)}

    return build


@pytest.mark.demand("G04")
def test_the_value_section_has_revenue_cost_margin_and_how_much_of_the_cost_is_known(built):
    section, texts, tables = built("value")
    assert section.title == "前一成客户带来 46.9 % 的金额，高价值客户毛利率 33.3 %"
    costs = tables["各价值层级的金额、成本与毛利"]
    assert {"revenue_cny", "cost_coverage", "cost_cny", "margin_known_cny", "service_cost_cny"} <= {
        c.key for c in costs.columns
    }
    assert "2,230 条沟通与服务单中 0 条写明成本，未写的不按 0 计" in costs.note
    assert any(text.startswith("只有 45.0 % 的订单金额写明成本") for text in texts)


def test_a_book_of_orders_alone_has_no_column_of_talks_and_no_advice_on_them(built, make_data):
    absent = dict.fromkeys(("talks", "tickets", "service_rows", "service_costed"), pd.NA)
    figures = make_data().figures
    figures = figures[~figures["figure_id"].str.startswith("talk_share")]
    _, texts, tables = built("value", tier_value=make_data().tier_value.assign(**absent), figures=figures)
    costs = tables["各价值层级的金额、成本与毛利"]
    assert not {"talks", "tickets", "service_cost_cny"} & {column.key for column in costs.columns}
    assert "写明成本，未写" not in costs.note and any("没有沟通记录，无法比较" in text for text in texts)


@pytest.mark.demand("G05")
def test_the_suggestion_names_the_figures_it_rests_on(built):
    section, texts, _ = built("value")
    (advice,) = (block for block in section.blocks if isinstance(block, Text) and block.text.startswith("资源分配建议"))
    assert advice.refs == ("revenue_share_high", "talk_share_high", "revenue_share_low", "talk_share_low")
    assert all(share in advice.text for share in ("71.2 %", "30.0 %", "2.6 %", "45.0 %"))
    # a tenth of 900 talks to 36 customers: (600 + 90) / 36 / 12 instead of 600 / 36 / 12 a month
    assert "90 次" in advice.text and "从 1.4 次增加到 1.6 次" in advice.text


@pytest.mark.demand("G05")
def test_where_effort_follows_the_money_nothing_is_suggested(built, make_data):
    figures = make_data().figures
    even = {"talk_share_high": 0.72, "talk_share_low": 0.02}
    value = figures["figure_id"].map(even).fillna(figures["value"])
    _, texts, _ = built("value", figures=figures.assign(value=value))
    assert any("不建议调整" in text for text in texts)
    _, texts, _ = built("value", figures=figures[~figures["figure_id"].str.startswith("talk_share")])
    assert any("没有沟通记录，无法比较" in text for text in texts)


@pytest.mark.demand("G11")
def test_a_campaign_has_before_and_after_its_interval_and_its_caveat(built, make_data):
    _, texts, tables = built("value")
    rows = tables["营销活动前后（每家客户）"].rows
    assert rows["side"].tolist() == ["被触达", "其他客户", "两者之差"]
    assert rows[["change_low", "change_high"]].notna().all(axis=None)
    assert any(
        text.startswith("活动「春季展会」触达 22 家：")
        and "+5,000 元，与未触达的客户相差 +4,500 元（95 % 区间 +300 元 至 +8,700 元）" in text
        for text in texts
    )
    assert any(text.startswith("前后之差不等于活动的效果") for text in texts)
    _, texts, tables = built("value", campaigns=None)
    assert any("没有沟通记录写明营销活动" in text for text in texts) and "营销活动前后（每家客户）" not in tables


def test_without_yuan_no_tier_is_told_and_the_concentration_is(built):
    section, texts, tables = built("value", missing=NO_YUAN)
    assert section.title == "前一成客户带来 46.9 % 的金额" and "各价值层级的金额、成本与毛利" not in tables
    assert [block.title for block in section.blocks if isinstance(block, Figure)] == ["客户带来的金额有多集中"]
    section, _, _ = built("kpi", missing=NO_YUAN)
    assert "金额不是人民币，没有价值层级" in section.blocks[-2].rows["state"].tolist()
    section, _, _ = built("profile", missing=NO_YUAN)
    assert [b.title for b in section.blocks if isinstance(b, Figure) and "×" in b.title] == [
        "客户数，区域 × 规模（颜色为占本行的比例）"
    ]


@pytest.mark.demand("G12", "G13", "G15")
def test_each_figure_of_the_kit_stands_beside_before_and_its_goal(built):
    section, _, tables = built("kpi")
    assert section.title == "5 项指标中 3 项可以计算，3 项好于 2023-07-01 之前，1 项达到目标"
    rows = tables["与基准日之前相比"].rows.set_index("kpi")
    assert rows["goal_text"].tolist() == ["+40 %（即 98.0 %）", "+30 %", "−50 %（即 20.0 小时）", "95 %", "85 %"]
    assert rows.loc["handling", ["now_text", "before_text", "moved"]].tolist() == [
        "21.5 小时（n=90）",
        "40.0 小时（n=80）",
        "−46.3 %",
    ]
    assert rows.loc["satisfaction", "now_text"] == "96.0 %（n=120），区间 91.0 % 至 99.0 %，均分 4.40"
    assert rows.loc["followup", ["now_text", "state"]].tolist() == [
        "在 10.0 % 与 90.0 % 之间",
        "400 条没有写何时完成，只能给出范围",
    ]
    assert rows["state"].tolist()[2:] == ["未达目标", "达到目标", "没有高价值客户的到期合同"]


def test_without_orders_nobody_is_told_that_amounts_are_not_yuan_and_without_a_figure_no_count_of_better_ones(
    built, make_data
):
    unknown = ["value", "low", "high", "value_before", "change", "met"]
    kpi = make_data().kpi.assign(**dict.fromkeys(unknown, None))
    section, _, tables = built("kpi", kpi=kpi, missing=NO_YUAN.assign(reason="NO_ORDER_TABLE"))
    assert section.title == "5 项指标都还不能与 2023-07-01 之前相比"
    assert "没有高价值客户的到期合同" in tables["与基准日之前相比"].rows["state"].tolist()


def test_a_user_sets_the_goals(built, make_data):
    kpi = make_data().kpi.assign(goal=[0.1, 0.1, -0.2, 0.9, 0.8])
    _, _, tables = built("kpi", kpi=kpi)
    assert tables["与基准日之前相比"].rows["goal_text"].tolist()[3:] == ["90 %", "80 %"]
    assert parse_settings("[kpi.goals]\nrenewal = 0.7").kpi.goals == replace(parse_settings().kpi.goals, renewal=0.7)


@pytest.mark.demand("F23")
def test_a_field_that_tells_too_little_has_a_proposal(built):
    _, _, tables = built("kpi")
    rows = tables["该改进的字段"].rows
    assert rows["proposal"].tolist() == [
        "拆为：客户情绪（选项）、反馈类别（价格/功能/服务/交付）、一句原话",
        "拆成选项或更小的问题，并写明填写示例",
    ]
    assert "超过 30 %" in tables["该改进的字段"].note


@pytest.mark.demand("G02", "F21")
def test_the_trend_has_talks_beside_orders_the_season_and_who_comes_back(built):
    section, texts, _ = built("trend")
    titles = [block.title for block in section.blocks if isinstance(block, Figure)]
    assert titles[1:] == ["每月沟通次数", "季节指数（全年月均为 100）", "首单之后还来不来（每月下单的客户占比，%）"]
    assert (
        texts[0] == "近 12 个月下过单的 171 家客户中，120 家下过两单以上：复购率 70.2 %（95 % 区间 62.9 % 至 76.6 %）。"
    )
    assert texts[1].startswith("近 6 个月有订单或沟通的客户占 83.0 %。本期 0 家转为活跃")


def test_without_two_years_the_trend_says_how_many_months_there_are(built, make_data):
    season = make_data().season.assign(season_index=None, months=17, years=1)
    section, texts, _ = built("trend", season=season)
    assert "订单只覆盖 17 个月，不足两个整年，不给季节指数。" in texts
    assert "季节指数（全年月均为 100）" not in [block.title for block in section.blocks if isinstance(block, Figure)]


@pytest.mark.demand("G01")
def test_two_dimensions_at_once_show_how_many(built):
    section, _, _ = built("profile")
    (cross,) = (b for b in section.blocks if isinstance(b, Figure) and b.title.startswith("客户数，行业 ×"))
    assert cross.table.rows["label"].tolist()[-1] == "未知"
    assert cross.table.rows.set_index("label").loc["未知", ["high", "middle", "low"]].tolist() == [6, 12, 20]
    assert [column.title for column in cross.table.columns] == ["类别", "高价值", "中价值", "低价值"]
