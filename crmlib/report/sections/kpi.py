"""KPI of the kit: whether working this way pays, against the time before a baseline day; what others claim is a goal, not a fact."""

import pandas as pd

from crmlib.labels import Say
from crmlib.report import charts_time
from crmlib.report.blocks import Block, Figure, Section, Table
from crmlib.report.data import ReportData
from crmlib.report.names import name_field, name_table
from crmlib.report.numbers import compare, write_number, write_share, write_value
from crmlib.report.parts import columns, make_figure, make_metrics, make_section

BETTER = {"handling": "down"}


def build_kpi(data: ReportData) -> Section | None:
    say, told = data.say, name_kpis(data)
    if told.empty or not (told["n"].sum() or told["n_period"].sum()):
        return None
    blocks: list[Block] = [*make_metrics(data, "completeness_share", "followup_on_time_share", "renewal_rate_high")]
    if data.kpi_months["value"].notna().any():
        blocks.append(_picture(data, told, say))
    blocks.append(_table(told, say))
    if len(data.fields_to_improve):
        blocks.append(_fields(data, say))
    known, better = told["value"].notna(), told["better"].fillna(False).astype(bool)
    blanks = {
        "known": write_number(known.sum()), "of": write_number(len(told)), "better": write_number(better.sum()),
        "met": write_number(told["met"].fillna(False).astype(bool).sum()), "day": told["baseline"].iloc[0],
    }  # fmt: skip
    n = say("section.n_records", n=write_number(told["n"].sum() or told["n_period"].sum()))
    title = say("section.kpi.title" if known.any() else "section.kpi.title_none", **blanks)
    return make_section(data, "kpi", title, blocks, n=n)


def name_kpis(data: ReportData) -> pd.DataFrame:
    """The figures with their names and words; renewal is that of high value, so without value tiers it is not told."""
    say, told = data.say, data.kpi
    if told.empty:
        return told
    if (data.missing["analysis"].eq("tier_value") & data.missing["reason"].eq("CURRENCY_NOT_CNY")).any():
        renewal = told["kpi"].eq("renewal")
        blank = ["value_period", "value", "low", "high", "value_before", "change", "met"]
        told = told.assign(
            **{one: told[one].mask(renewal) for one in blank}, why=told["why"].mask(renewal, "NO_VALUE_TIER")
        )
    moved = [
        compare(row.value, row.value_before, row.unit, say, better=BETTER.get(row.kpi, "up"))
        for row in told.itertuples()
    ]
    return told.assign(
        name=[say(f"kpi.{one}") for one in told["kpi"]],
        moved=["" if one is None else one.text for one in moved],
        better=[None if one is None else one.good for one in moved],
        period_text=_written(told, "value_period", "n_period", say),
        now_text=[_now(row, say) for row in told.itertuples()],
        before_text=_written(told, "value_before", "n_before", say),
        goal_text=[_goal(row, say) for row in told.itertuples()],
        state=[_state(row, say) for row in told.itertuples()],
    )


def _written(told: pd.DataFrame, value: str, n: str, say: Say) -> list[str]:
    return [
        say("kpi.with_n", value=write_value(one, unit, say), n=write_number(count))
        for one, count, unit in zip(told[value], told[n], told["unit"], strict=True)
    ]


def _now(row, say: Say) -> str:
    """With its interval; the mean score beside the share of the satisfied; bounds where too much is unknown."""
    text = say("kpi.with_n", value=write_value(row.value, row.unit, say), n=write_number(row.n))
    if pd.notna(row.low):
        both = {"low": write_share(row.low, say), "high": write_share(row.high, say)}
        text = say("kpi.with_interval", text=text, **both) if pd.notna(row.value) else say("kpi.bounds", **both)
    return say("kpi.with_mean", text=text, mean=write_number(row.mean, 2)) if pd.notna(row.mean) else text


def _goal(row, say: Say) -> str:
    if row.kpi in ("satisfaction", "renewal"):
        return write_share(row.goal, say, digits=0)
    change = write_share(row.goal, say, digits=0, sign=True)
    if pd.isna(row.target):
        return change
    return say("kpi.goal_change", change=change, target=write_value(row.target, row.unit, say))


def _state(row, say: Say) -> str:
    if isinstance(row.why, str):
        return say(f"kpi_why.{row.why}", n=write_number(row.unknown))
    return "" if pd.isna(row.met) else say("kpi.met" if row.met else "kpi.not_met")


def _table(told: pd.DataFrame, say: Say) -> Table:
    named = columns(
        say, ("name", "text"), ("period_text", "text"), ("now_text", "text"), ("before_text", "text"), ("moved", "text"),
        ("goal_text", "text"), ("state", "text"),
    )  # fmt: skip
    blanks = {"since": told["since"].iloc[0], "day": told["baseline"].iloc[0]}
    return Table(say("section.kpi.table"), named, told, say("section.kpi.table_note", **blanks))


def _picture(data: ReportData, told: pd.DataFrame, say: Say) -> Figure:
    months = data.kpi_months
    first = pd.Timestamp(told["baseline"].iloc[0]) - pd.DateOffset(months=12)
    drawn = charts_time.draw_kpis(months, told.assign(first=first, last=pd.Timestamp(data.period.as_of)), say)
    names = dict(zip(told["kpi"], told["name"], strict=True))
    units = dict(zip(told["kpi"], told["unit"], strict=True))
    rows = months.assign(
        name=months["kpi"].map(names),
        value_text=[write_value(one, units[kpi], say) for one, kpi in zip(months["value"], months["kpi"], strict=True)],
    )
    named = columns(say, ("name", "text"), ("month", "month"), ("value_text", "text"), ("n", "int"))
    words = [say("section.alt_value", label=row.name, value=row.now_text) for row in told.itertuples(index=False)]
    return make_figure(
        "kpi", say("section.kpi.chart"), drawn, rows, named, words, say, caption=say("section.kpi.chart_note")
    )


def _fields(data: ReportData, say: Say) -> Table:
    """What to ask for instead: fields of the kit, or a smaller question."""
    rows = data.fields_to_improve
    told = rows.assign(
        proposal=[_proposal(t, f, say) for t, f in zip(rows["table"], rows["field"], strict=True)],
        field=[name_field(t, f, say) for t, f in zip(rows["table"], rows["field"], strict=True)],
        table=[name_table(table, say) for table in rows["table"]],
    ).rename(columns={"share": "blank_or_vague"})
    named = columns(
        say, ("table", "text"), ("field", "text"), ("rows", "int"), ("blank", "int"), ("vague", "int"), ("blank_or_vague", "share"),
        ("proposal", "text"),
    )  # fmt: skip
    blanks = {"share": write_share(data.settings.kpi.blank_share, say, digits=0), "least": data.settings.entry.least}
    return Table(say("section.kpi.fields"), named, told, say("section.kpi.fields_note", **blanks))


def _proposal(table: str, field: str, say: Say) -> str:
    key = f"subfield.{table}.{field}"
    return say(key if say.has(key) else "subfield.other")
