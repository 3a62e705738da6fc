from datetime import date

import pandas as pd
import pytest

from crmlib.errors import SettingsError
from crmlib.report.blocks import Figure, Metric, Table, Text
from crmlib.report.html import render_html
from crmlib.report.sections import SECTIONS, build_report
from crmlib.settings import parse_settings
from tests.report.invented_communication import communication_tables


def section(report, name):
    return next(one for one in report.sections if one.id == name)


def findings(report):
    return [
        block.text for block in section(report, "summary").blocks if isinstance(block, Text) and block.role == "finding"
    ]


def test_the_settings_name_every_section():
    assert parse_settings().report.sections == tuple(SECTIONS)


@pytest.mark.demand("K04")
def test_the_summary_says_what_changed_why_and_where_it_leads(report):
    assert findings(report) == [
        "有效客户 240 家，近 12 个月合作金额 3,123.5 万元，比上期 ↑ +11.6 %。",
        "2024-06 订单金额 300.0 万元，环比 +25.0 %：订单 88 笔（+10.0 %），平均每笔金额 +13.6 %；变化主要来自每笔金额。",
        "流失风险客户 63 家，占 26.3 %，比上期 ↓ −2.9 个百分点；其中高价值 12 家，近 12 个月金额 981.0 万元。",
        "近6个月有联系客户占比 44.0 %，比上期 ↓ −8.0 个百分点（n = 240，95 % 区间 −16.7 至 +1.0 个百分点）。",
        "高价值客户 36 家，占 15.0 %，比上期 ↑ +5.0 个百分点（+50.0 %）。",
    ]


@pytest.mark.demand("K04", "K07")
def test_every_figure_that_a_block_rests_on_is_defined(report):
    defined = next(
        block for block in section(report, "definitions").blocks if isinstance(block, Table) and block.anchor
    )
    known = set(defined.rows["figure_id"])
    for block in report.blocks():
        if isinstance(block, Text):
            assert set(block.refs) <= known
        if isinstance(block, Metric):
            assert block.figure_id in known and block.definition and block.n is not None


@pytest.mark.demand("K09")
def test_each_section_has_a_finding_n_period_definition_and_caveat(report, english):
    for said in (report, english):
        assert [one.id for one in said.sections] == list(SECTIONS)
        for one in said.sections:
            assert all((one.title, one.topic, one.n, one.period, one.definition, one.caveat)), one.id


@pytest.mark.slow
def test_the_same_tables_make_the_same_report(report, make_data):
    again = build_report(make_data())
    assert render_html(again) == render_html(report)


@pytest.mark.demand("K06")
def test_advice_is_finding_figure_role_and_due_and_no_day_off(report):
    table = next(block for block in section(report, "summary").blocks if isinstance(block, Table))
    assert table.rows["name"].tolist() == ["at_risk", "overdue", "focus", "stuck", "revisit", "slow"]
    assert table.rows[["finding", "action", "figure_id", "role", "due"]].notna().all(axis=None)
    assert table.rows["due"].tolist()[0] == date(2024, 7, 8)
    assert all(day.weekday() < 5 for day in table.rows["due"])


@pytest.mark.demand("K06")
def test_what_is_to_be_done_stands_in_the_section_of_its_figure(report):
    said = {
        one.id: [block.refs for block in one.blocks if isinstance(block, Text) and block.text.startswith("建议：")]
        for one in report.sections
    }
    assert ("satisfaction_low",) in said["satisfaction"] and ("complaints_stuck",) in said["service"]
    assert said["summary"] == []


@pytest.mark.demand("B15")
def test_a_section_that_is_switched_off_leaves_nothing(make_data, only):
    report = build_report(make_data(settings=only("trend", "summary")))
    assert [one.id for one in report.sections] == ["trend", "summary"]


def test_an_unknown_section_is_named_with_those_there_are(make_data, only):
    with pytest.raises(SettingsError, match="sumary.*summary"):
        build_report(make_data(settings=only("sumary")))


@pytest.mark.demand("B14")
def test_with_customers_alone_the_report_says_what_it_can_and_what_is_off(make_data):
    none = dict.fromkeys(
        ["tiers", "tier_moves", "order_trend", "funnel", "at_risk", "measures", "figures", "figures_before"]
        + ["segment_sums", "tags", "contradictions", "churn", "lifetime", "corrections", "checks", "need_topics"]
        + ["complaints", "moods", "last_report", "last_suggestions", "reviews", "risk_trend"]
        + ["concentration", "kpi", *communication_tables()]
    )
    missing = pd.DataFrame([("tier_value", "orders", "NO_ORDER_TABLE")], columns=["analysis", "table", "reason"])
    report = build_report(make_data(**none, missing=missing))
    assert [one.id for one in report.sections] == ["summary", "profile", "health", "definitions"]
    off = next(
        block
        for block in section(report, "definitions").blocks
        if isinstance(block, Table) and "analysis" in block.rows
    )
    assert off.rows.to_dict("records") == [{"analysis": "价值分层", "table": "订单", "reason": "没有订单数据"}]


def test_without_a_period_before_no_change_is_claimed(make_data, only):
    report = build_report(make_data(figures_before=None, tier_moves=None, settings=only("summary", "tiers")))
    assert not any("比上期" in text for text in findings(report))
    assert all(block.change is None for block in report.blocks() if isinstance(block, Metric))
    figure = next(block for block in section(report, "tiers").blocks if isinstance(block, Figure))
    assert figure.caption == "" and figure.table.rows["n_before"].isna().all()


@pytest.mark.demand("G01")
def test_the_shares_of_a_dimension_add_up_to_100_with_the_unknown(report):
    for block in section(report, "profile").blocks:
        if isinstance(block, Figure) and "share" in block.table.rows:
            printed = [round(share * 100, 1) for share in block.table.rows["share"]]
            assert sum(printed) == pytest.approx(100)
            assert block.table.rows["label"].iloc[-1] == "未知"


@pytest.mark.demand("G09")
def test_the_report_holds_a_ring_of_segments_and_the_trend_of_orders(report):
    pies = [
        block for block in report.blocks() if isinstance(block, Figure) and block.chart and block.chart.kind == "pie"
    ]
    lines = [
        block
        for block in section(report, "trend").blocks
        if isinstance(block, Figure) and block.chart and block.chart.kind == "line"
    ]
    assert len(pies) >= 2 and len(lines) == 1
    assert lines[0].table.rows["month"].tolist()[-1] == date(2024, 6, 1)


@pytest.mark.demand("H07")
def test_the_risk_section_has_counts_their_trend_and_the_reasons(report):
    risk = section(report, "at_risk")
    counts = {block.figure_id: block.change.text for block in risk.blocks if isinstance(block, Metric)}
    assert counts["tier_risk_churn_risk"] == "−2.9 个百分点"
    table = next(block for block in risk.blocks if isinstance(block, Table))
    assert table.rows["why"].iloc[0] == "最近一次下单 2024-03-01，距 2024-07-01 已超过 3 个月"


def test_nobody_at_risk_is_said_not_left_out(make_data, only):
    report = build_report(make_data(at_risk=make_data().at_risk.head(0), settings=only("at_risk")))
    assert section(report, "at_risk").title == "没有高价值客户处于流失风险"


def test_tier_figures_count_who_stayed_and_who_moved(report):
    moves = [block for block in section(report, "tiers").blocks if isinstance(block, Figure) and "变动" in block.title]
    assert [block.title for block in moves] == ["价值分层的变动", "风险分层的变动"]
    assert ">22<" in moves[0].svg and ">14<" in moves[0].svg  # 36 now, 14 of them came


def test_a_figure_describes_itself_to_who_cannot_see_it(report):
    for block in report.blocks():
        if isinstance(block, Figure):
            assert block.alt.startswith(block.title) and any(c.isdigit() for c in block.alt)


@pytest.mark.demand("L07")
def test_the_report_shows_names_as_it_was_given_them_and_nothing_personal_of_its_own(report):
    shown = section(report, "at_risk")
    assert not {"phone", "email", "address"} & {c.key for b in shown.blocks if isinstance(b, Table) for c in b.columns}


def test_a_running_month_is_never_compared(make_data, only):
    data = make_data()
    running = pd.DataFrame([(date(2024, 7, 1), 3, 3, 100, True)], columns=data.order_trend.columns)
    trend = pd.concat([data.order_trend, running], ignore_index=True)
    report = build_report(make_data(order_trend=trend, settings=only("summary", "trend")))
    assert section(report, "trend").title.startswith("2024-06")
    assert findings(report)[1].startswith("2024-06")


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        ((10, 100), (20, 210), "订单数"),
        ((10, 100), (11, 220), "每笔金额"),
        ((10, 100), (20, 100), "抵消"),
        ((10, 100), (8, 97), "订单数"),  # orders −20 %, each +21 %: larger orders do not make the amount fall
    ],
)
def test_what_moved_more_is_named_as_the_reason(make_data, only, before, now, why):
    rows = [
        (date(2024, m, 1), orders, 1, amount, False) for m, (orders, amount) in zip((5, 6), (before, now), strict=True)
    ]
    trend = pd.DataFrame(rows, columns=["month", "orders", "customers", "amount_cny", "partial"])
    assert why in findings(build_report(make_data(order_trend=trend, settings=only("summary"))))[1]


def test_a_ring_that_would_be_mostly_unknown_gives_way(make_data, only):
    profile = make_data().profile
    unknown = (profile["dimension"] == "size") & (profile["code"] == "unknown")
    profile = profile.assign(share=profile["share"].where(~unknown, 0.9))
    blocks = build_report(make_data(profile=profile, settings=only("profile"))).sections[0].blocks
    kinds = {block.title: block.chart.kind for block in blocks if isinstance(block, Figure) and block.chart}
    assert kinds["客户数，按客户性质"] == "pie" and kinds["客户数，按规模"] == "bar"


def test_where_most_is_unknown_the_heading_speaks_of_those_known(make_data, only):
    """Of 240 customers 24 have an industry, 12 of them the same one; less is known of the rest."""
    rows = [("industry", "I65", 12), ("industry", "C39", 6), ("industry", "F51", 6), ("industry", "unknown", 216),
            ("region", "华东", 20), ("region", "unknown", 220), ("entity_type", "org", 240)]  # fmt: skip
    profile = pd.DataFrame(
        [(dimension, code, n, n / 240, None, None) for dimension, code, n in rows], columns=make_data().profile.columns
    ).astype({"amount_12m_cny": "float64", "amount_share": "float64"})
    (told,) = build_report(make_data(profile=profile, settings=only("profile"))).sections
    assert told.title.startswith("按行业看，只知道 10.0 % 的客户；其中「") and told.title.endswith("占已知的 50.0 %")


def test_a_ring_of_one_part_is_not_drawn(make_data, only):
    profile = make_data().profile
    kind = profile["dimension"] == "entity_type"
    profile = pd.concat([profile[~kind], profile[kind].head(1).assign(code="organisation", share=1.0)])
    blocks = build_report(make_data(profile=profile, settings=only("profile"))).sections[0].blocks
    assert "客户数，按客户性质" not in [block.title for block in blocks if isinstance(block, Figure)]


def test_where_all_are_of_low_value_that_is_the_finding_and_nobody_is_told_that_no_high_one_is_at_risk(make_data, only):
    tiers = make_data().tiers
    tiers = tiers.assign(label=tiers["label"].where(tiers["dimension"] != "value", "low"))
    report = build_report(
        make_data(tiers=tiers, at_risk=make_data().at_risk.head(0), settings=only("tiers", "at_risk"))
    )
    (told,) = report.sections
    assert "都是低价值（不到 10.0 万元）" in told.title
    assert "客户数构成，按价值分层" not in [block.title for block in told.blocks if isinstance(block, Figure)]


def test_stages_that_nobody_wrote_down_are_the_finding(make_data, only):
    rows = [("customer", "interested", 1, 61, 0.09), ("customer", "unknown", 2, 607, 0.91)]
    funnel = pd.DataFrame(rows, columns=["entity", "stage", "position", "n", "share"])
    report = build_report(make_data(funnel=funnel, settings=only("funnel")))
    assert report.sections[0].title == "91.0 % 的客户没有记录阶段"


def test_a_complete_field_is_counted_not_listed(report):
    table = section(report, "health").blocks[-1]
    assert table.rows["field"].tolist() == ["企业规模", "所属行业"] and table.note == "其余 1 项均已填全。"


def test_nothing_moved_reads_as_a_sentence(make_data, only):
    data = make_data()
    report = build_report(make_data(figures_before=data.figures, settings=only("summary")))
    assert findings(report)[0] == "有效客户 240 家，近 12 个月合作金额 3,123.5 万元，与上期持平。"
