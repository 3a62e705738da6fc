"""Data health: where each physical row went, why rows were set aside, and how complete the records are."""

import pandas as pd

from crmlib.labels import Say
from crmlib.report.blocks import Block, Section, Table
from crmlib.report.data import ReportData
from crmlib.report.names import name_field, name_reason, name_table
from crmlib.report.numbers import write_number
from crmlib.report.parts import columns, make_section
from crmlib.report.sections.summary import tell_balance

TOP = 10  # reasons shown


def build_health(data: ReportData) -> Section | None:
    if data.balance.empty:
        return None
    say = data.say
    blocks: list[Block] = [_balance(data.balance, say)]
    for name in ("quarantine", "warnings"):
        if len(rows := getattr(data, name)):
            blocks.append(_reasons(rows, say(f"section.health.{name}"), say))
    if len(data.completeness):
        blocks.append(_completeness(data.completeness, say))
    words = tell_balance(data)
    return make_section(
        data, "health", say("section.health.title", **words), blocks, n=say("section.n_rows", n=words["rows"])
    )


def _balance(balance: pd.DataFrame, say: Say) -> Table:
    counts = [name for name in balance.columns if name != "file"]
    total = pd.DataFrame([{"file": say("section.health.total"), **balance[counts].sum()}])
    named = columns(say, ("file", "text"), *((name, "int") for name in counts))
    rows = pd.concat([balance, total], ignore_index=True)
    return Table(say("section.health.balance"), named, rows, say("section.health.balance_note"))


def _reasons(rows: pd.DataFrame, title: str, say: Say) -> Table:
    most = rows.sort_values(["n", "reason"], ascending=[False, True]).head(TOP)
    told = pd.DataFrame({"reason": [name_reason(code, say) for code in most["reason"]], "n_rows": most["n"].tolist(), "code": most["reason"].tolist()})  # fmt: skip
    named = columns(say, ("reason", "text"), ("n_rows", "int"), ("code", "id"))
    return Table(title, named, told, say("section.health.reasons_note"))


def _completeness(rows: pd.DataFrame, say: Say) -> Table:
    """The least complete first; what is complete is only counted."""
    told = rows.assign(
        share=rows["filled"] / rows["rows"].where(rows["rows"] > 0),
        field=[name_field(t, f, say) for t, f in zip(rows["table"], rows["field"], strict=True)],
        table=[name_table(table, say) for table in rows["table"]],
    ).sort_values("share", kind="stable")
    named = columns(say, ("table", "text"), ("field", "text"), ("filled", "int"), ("rows", "int"), ("share", "share"))
    full = (told["filled"] >= told["rows"]).sum()
    note = say("section.health.complete", n=write_number(full)) if full else ""
    return Table(say("section.health.completeness"), named, told[told["filled"] < told["rows"]], note)
