"""A specimen: a small report that holds every kind of block, with words that do not change, for pictures of how it looks."""

from datetime import date

import pandas as pd

from crmlib.labels import speaker
from crmlib.report import charts_bars, charts_shares, style
from crmlib.report.blocks import Column, Figure, Metric, Report, Section, Table, Text
from crmlib.report.drawing import to_svg
from crmlib.report.numbers import Change

SAY = speaker("zh")
CUSTOMERS = pd.DataFrame(
    {
        "name": [f"杭州示例{n}号有限公司" for n in range(1, 31)],
        "amount": [820_000 - 21_000 * n for n in range(30)],
        "share": [0.91 - 0.03 * n for n in range(30)],
        "why": ["最近一次下单 2024-03-01，超过 3 个月；逾期 1 笔" for _ in range(30)],
    }
)
COLUMNS = (
    Column("name", "名称"), Column("amount", "金额（万元）", "wan"), Column("share", "占比", "share"), Column("why", "原因"),
)  # fmt: skip
SHARES = pd.DataFrame(
    {"code": ["a", "b", "c", "unknown"], "label": ["华东", "华南", "华北", "未知"], "n": [96, 50, 44, 16]}
).assign(share=lambda rows: rows["n"] / rows["n"].sum())
TIERS = pd.DataFrame(
    [("value", "价值", "high", "高价值", 36, 0.15, 24), ("value", "价值", "middle", "中价值", 74, 0.31, 80),
     ("value", "价值", "low", "低价值", 130, 0.54, 136), ("potential", "潜力", "focus", "重点跟进", 18, 0.08, 18),
     ("potential", "潜力", "potential", "潜在（潜力维度）", 52, 0.21, 60), ("potential", "潜力", "watch", "观望", 170, 0.71, 162),
     ("risk", "风险", "stable", "稳定", 121, 0.51, 118), ("risk", "风险", "warning", "预警", 14, 0.06, 14),
     ("risk", "风险", "churn_risk", "流失风险", 63, 0.26, 70), ("risk", "风险", "no_deal", "未成交", 42, 0.17, 38)],
    columns=["dimension", "dimension_name", "label", "name", "n", "share", "n_before"],
)  # fmt: skip


def _figure(name: str, title: str, drawn, *, half: bool = True) -> Figure:
    data = Table(title, (Column("label", "类别"), Column("n", "数量", "int")), SHARES)
    return Figure(title, to_svg(drawn, name), title, data, half=half)


def make_specimen() -> Report:
    metrics = [
        Metric("有效客户数", 240, "int", "customers", 240, "记录状态为有效的客户数", Change("+0.8 %", 1)),
        Metric("近 12 个月合作金额", 31_234_567.89, "money", "amount", 171, "含税", Change("+11.6 %", 1, True)),
        Metric("有联系客户占比", 0.44, "share", "contacted", 240, "近 6 个月", Change("−8.0 个百分点", -1, False)),
        Metric("逾期尚欠金额", 1_260_000, "money", "overdue", 14, "到计算日", Change("持平", 0)),
    ]
    colors = style.series_colors(SHARES["code"])
    pictures = [
        _figure("tiers", "各层客户数", charts_bars.draw_tiers(TIERS, SAY), half=False),
        _figure("ring", "客户数构成", charts_shares.draw_pie(SHARES, SAY, colors=colors)),
        _figure("bars", "客户数，按区域", charts_bars.draw_shares(SHARES, SAY, colors=colors)),
    ]
    figures = pd.DataFrame(
        [(n, m.label, "240", m.n, m.definition, m.figure_id) for n, m in enumerate(metrics, start=1)],
        columns=["no", "name", "value", "n", "meaning", "figure_id"],
    )
    defined = (
        Column("no", "序号", "int"), Column("name", "指标"), Column("value", "取值"), Column("n", "数量", "int"),
        Column("meaning", "口径"), Column("figure_id", "指标编号", "id"),
    )  # fmt: skip
    basis = {
        "period": "2024-06",
        "n": "有效客户 240 家",
        "definition": "变化与上一期相比",
        "caveat": "规则给出的是线索，不是结论。",
    }
    first = [
        Text("这是样例数据，公司、人名均为虚构", "caution"),
        *metrics,
        Text("近 12 个月合作金额 3,123.5 万元，比上期 +11.6 %；主要来自每笔金额。", "finding", ("amount",)),
        Text("有联系的客户占 44.0 %，比上期 −8.0 个百分点，低于过去 12 个月的每个月。", "finding", ("contacted",)),
        Table("建议行动", COLUMNS[:1] + COLUMNS[3:], CUSTOMERS.head(3)),
    ]
    second = [*metrics[:3], *pictures, Text("竖线为上期。"), Table("需要联系的客户", COLUMNS, CUSTOMERS)]
    return Report(
        title="客户运营分析报告",
        subtitle="2024-06（2024-06-01 至 2024-06-30）",
        org="示例贸易有限公司",
        period="2024-06",
        as_of=date(2024, 7, 1),
        run_id="2024-06-1a2b3c4d",
        facts=("计算日 2024-07-01", "数据版本 v000003"),
        sections=(
            Section("summary", "摘要", "合作金额 3,123.5 万元，比上期 +11.6 %", tuple(first), **basis),
            Section("tiers", "客户分层", "高价值客户 36 家，占 15.0 %", (*second, Table("附在后面的表", COLUMNS[:3], CUSTOMERS)), **basis),
            Section("definitions", "口径与设置", "这些数字是怎么算的", (Table("指标一览", defined, figures, anchor="figure_id"),), **basis),
        ),
    )  # fmt: skip
