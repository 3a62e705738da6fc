"""Data health: where each physical row went, why rows were set aside, and how complete, prompt and true the records are."""

import pandas as pd

from crmlib.book.match_quality import ENOUGH
from crmlib.insight.entry import baseline_of
from crmlib.labels import Say
from crmlib.report.blocks import Block, Section, Table
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice, name_field, name_table
from crmlib.report.numbers import compare, write_number
from crmlib.report.parts import columns, make_section
from crmlib.report.story import tell_balance

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
    if len(data.match_rules):
        blocks.append(_match_rules(data.match_rules, data.groups, say))
    blocks += quality_blocks(data)
    words = tell_balance(data)
    return make_section(
        data, "health", say("section.health.title", **words), blocks, n=say("section.n_rows", n=words["rows"])
    )


def quality_blocks(data: ReportData) -> list[Block]:
    """How people keep their records; what was not measured is left out."""
    say, makers = (
        data.say,
        {
            "entry_by_person": _on_time,
            "completeness_change": _by_owner,
            "texts": _texts,
            "costs": _costs,
            "given": _given,
            "spot_errors": _spot_errors,
            "attachments_missing": _attachments,
        },
    )
    tables = {name: getattr(data, name) for name in makers}
    tables["spot_errors"] = tables["spot_errors"][tables["spot_errors"]["judged"].gt(0)]
    return [makers[name](rows, data, say) for name, rows in tables.items() if len(rows)]


def _on_time(rows: pd.DataFrame, data: ReportData, say: Say) -> Table:
    """Those with most late entries first."""
    deadlines, least = data.settings.deadlines, data.settings.entry.least
    short = [name_choice("interactions", "channel", code, say) for code in deadlines.phone_visit]
    told = rows.sort_values(["late", "entries"], ascending=False, kind="stable").assign(
        person=rows["person"].fillna(say("section.unknown")),
        apart=rows[["open", "day_only", "not_recorded", "before"]].sum(axis=1),
        state=rows["on_time_share"].isna().map({True: say("section.health.too_few"), False: ""}),
    )
    named = columns(
        say, ("person", "text"), ("entries", "int"), ("judged", "int"), ("on_time_share", "share"), ("late", "int"),
        ("apart", "int"), *([("state", "text")] if told["state"].any() else []),
    )  # fmt: skip
    counts = rows[["day_only", "not_recorded", "open", "before"]].sum().map(write_number).to_dict()
    blanks = {"hours": f"{deadlines.interaction_h:g}", "short": f"{deadlines.phone_visit_h:g}", "least": least}
    note = say("section.health.on_time_note", **blanks, channels=say("section.join").join(short), **counts)
    return Table(say("section.health.on_time"), named, told, note)


def _by_owner(rows: pd.DataFrame, data: ReportData, say: Say) -> Table:
    told = rows.assign(person=rows["person"].fillna(say("section.unknown"))).sort_values("share", kind="stable")
    told = told.assign(
        change=[compare(now, then, "share", say) for now, then in zip(told["share"], told["share_before"], strict=True)]
    )
    told = told.assign(change=[one.text if one else say("section.health.too_few") for one in told["change"]])
    named = columns(
        say, ("person", "text"), ("customers_new", "int"), ("share_new", "share"), ("customers_before", "int"),
        ("share_before", "share"), ("change", "text"),
    )  # fmt: skip
    entry = data.settings.entry
    focus = [name_field(*name.split("."), say) for name, weight in entry.weights.items() if weight > 1]
    day = baseline_of(entry, as_of=data.period.as_of)
    note = say("section.health.by_owner_note", day=day, focus=say("section.join").join(focus), least=entry.least)
    return Table(
        say("section.health.by_owner"),
        named,
        told.rename(columns={"customers": "customers_new", "share": "share_new"}),
        note,
    )


def _texts(rows: pd.DataFrame, data: ReportData, say: Say) -> Table:
    least, told = data.settings.entry.least, rows.assign(all=rows["rows"].astype("float64"))
    enough = told["all"].where(told["all"] >= least)
    told = told.assign(
        blank_share=told["blank"].astype("float64") / enough,
        vague_share=told["vague"].astype("float64") / enough,
        field=[name_field(t, f, say) for t, f in zip(rows["table"], rows["field"], strict=True)],
        table=[name_table(table, say) for table in rows["table"]],
    ).sort_values(["blank_share", "vague_share"], ascending=False, kind="stable")
    named = columns(
        say, ("table", "text"), ("field", "text"), ("rows", "int"), ("blank_share", "share"), ("vague_share", "share")
    )
    return Table(
        say("section.health.texts"),
        named,
        told,
        say("section.health.texts_note", chars=data.settings.entry.vague_chars),
    )


def _match_rules(rows: pd.DataFrame, groups: pd.DataFrame, say: Say) -> Table:
    """Which rules united customers, and how often people who looked agreed."""
    shares = (("judged", "int"), ("share_right", "share"), ("low", "share"), ("high", "share"))
    named = columns(
        say, ("rule", "text"), ("united", "int"), ("asked", "int"), *(shares if rows["judged"].any() else ())
    )
    told = rows.assign(rule=[say(f"rule.{rule}") for rule in rows["rule"]]).rename(columns={"share": "share_right"})
    note = say("section.health.match_note", least=ENOUGH)
    if len(groups):
        heads = groups["group_id"].nunique()
        note += say("section.health.groups", groups=write_number(heads), n=write_number(len(groups)))
    return Table(say("section.health.match"), named, told, note)


def _spot_errors(rows: pd.DataFrame, data: ReportData, say: Say) -> Table:
    """Where people looked records over: how many were wrong, with the interval that so few of them allow."""
    enough = rows["judged"].ge(data.settings.entry.least)
    told = rows.assign(
        table=[say("balance.total") if t == "all" else name_table(t, say) for t in rows["table"]],
        field=["" if f == "any" else name_field(t, f, say) for t, f in zip(rows["table"], rows["field"], strict=True)],
        **{name: rows[name].where(enough) for name in ("rate", "low", "high")},
    )
    named = columns(
        say, ("table", "text"), ("field", "text"), ("judged", "int"), ("wrong", "int"), ("rate", "share"),
        ("low", "share"), ("high", "share"),
    )  # fmt: skip
    note = say("section.health.spot_note", least=data.settings.entry.least)
    return Table(say("section.health.spot"), named, told, note)


def _costs(rows: pd.DataFrame, data: ReportData, say: Say) -> Table:
    told = rows.assign(
        share_missing=rows["missing"].astype("float64") / rows["rows"].astype("float64"),
        table=[name_table(table, say) for table in rows["table"]],
    )
    named = columns(say, ("table", "text"), ("n", "int"), ("missing", "int"), ("share_missing", "share"))
    return Table(
        say("section.health.costs"), named, told.rename(columns={"rows": "n"}), say("section.health.costs_note")
    )


def _given(rows: pd.DataFrame, data: ReportData, say: Say) -> Table:
    """What people state against what the rows show, by field."""
    told = rows.groupby("field").agg(
        n=("given", "size"), compared=("agrees", "count"), differ=("agrees", lambda agrees: int((~agrees.dropna().astype(bool)).sum()))
    ).reset_index()  # fmt: skip
    told = told.assign(field=[name_field("customers", field, say) for field in told["field"]])
    named = columns(say, ("field", "text"), ("n", "int"), ("compared", "int"), ("differ", "int"))
    return Table(say("section.health.given"), named, told, say("section.health.given_note"))


def _attachments(rows: pd.DataFrame, data: ReportData, say: Say) -> Table:
    told = rows.assign(table=[name_table(table, say) for table in rows["table"]])
    named = columns(say, ("table", "text"), ("customer_id", "id"), ("path", "text"))
    return Table(say("section.health.attachments", n=write_number(len(rows))), named, told)


def _balance(balance: pd.DataFrame, say: Say) -> Table:
    counts = [name for name in balance.columns if name != "file"]
    total = pd.DataFrame([{"file": say("section.health.total"), **balance[counts].sum()}])
    named = columns(say, ("file", "text"), *((name, "int") for name in counts))
    rows = pd.concat([balance, total], ignore_index=True)
    return Table(say("section.health.balance"), named, rows, say("section.health.balance_note"))


def _reasons(rows: pd.DataFrame, title: str, say: Say) -> Table:
    most = rows.sort_values(["n", "reason"], ascending=[False, True]).head(TOP)
    told = pd.DataFrame({"reason": [say.get(f"reason.{code}", code) for code in most["reason"]], "n_rows": most["n"].tolist(), "code": most["reason"].tolist()})  # fmt: skip
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
