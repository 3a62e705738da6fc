"""Corrections: which of the last report's figures are others by today's book, and how many rows came late."""

import pandas as pd

from crmlib.labels import Say
from crmlib.report.blocks import Block, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_table
from crmlib.report.numbers import KIND, compare, write_number, write_value
from crmlib.report.parts import columns, make_section


def build_corrections(data: ReportData) -> Section | None:
    """Nothing where there was no report of the period before."""
    if data.last_report.empty:
        return None
    say, rows, late = data.say, data.corrections, data.late
    came = int(late["came_late"].sum() + late["changed"].sum()) if len(late) else 0
    blocks: list[Block] = [_late(late, say)] if came else []
    if rows.empty:
        title = say("section.corrections.title_none", period=data.period.previous().text)
        blocks.insert(0, Text(say("section.corrections.none")))
    else:
        words = {"period": data.period.previous().text, "n": write_number(len(rows)), "rows": write_number(came)}
        title = say("section.corrections.title" if came else "section.corrections.title_no_rows", **words)
        blocks.insert(0, _figures(rows, say))
    n = say("section.n_figures", n=write_number(len(data.figures_before)))
    return make_section(data, "corrections", title, blocks, n=n)


def _figures(rows: pd.DataFrame, say: Say) -> Table:
    kinds = [KIND.get(unit, "int") for unit in rows["unit"]]
    pairs = list(zip(rows["published"], rows["today"], kinds, strict=True))
    changes = [compare(today, published, kind, say) for published, today, kind in pairs]
    told = rows.assign(
        name=[say(f"figure.{one}") for one in rows["figure_id"]],
        published=[write_value(published, kind, say) for published, _, kind in pairs],
        today=[write_value(today, kind, say) for _, today, kind in pairs],
        change=["" if one is None else one.text for one in changes],
        changed_by=[say(f"section.corrections.cause_{one}") for one in rows["cause"]],
    )
    named = columns(
        say, ("name", "text"), ("published", "text"), ("today", "text"), ("change", "text"), ("rows_added", "int"),
        ("rows_gone", "int"), ("changed_by", "text"), ("figure_id", "id"), screen_only=("figure_id",),
    )  # fmt: skip
    return Table(say("section.corrections.table"), named, told, say("section.corrections.table_note"))


def _late(late: pd.DataFrame, say: Say) -> Table:
    told = late.assign(table=[name_table(one, say) for one in late["table"]])
    named = columns(
        say, ("table", "text"), ("came_late", "int"), ("changed", "int"), ("first_day", "date"), ("last_day", "date")
    )
    return Table(say("section.corrections.late"), named, told)
