"""Service: how many complaints came, how fast they were answered and settled, what they are about, and which ones lie still."""

from collections.abc import Iterator

import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.labels import Say
from crmlib.report import charts_shares
from crmlib.report.blocks import Block, Chart, Figure, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice, name_field
from crmlib.report.numbers import write_number, write_share, write_value
from crmlib.report.parts import columns, make_figure, make_metrics, make_section
from crmlib.report.style import LIGHT

METRICS = (
    "complaints", "complaints_open", "complaint_on_time_share", "complaint_first_response_median_h",
    "complaint_handling_median_h", "complaint_close_on_time_share", "complaint_reopened_share", "complaint_revisit_score",
)  # fmt: skip
MONTHS = 13  # at most


def build_service(data: ReportData) -> Section | None:
    """None where no complaint was ever noted."""
    if data.complaints.empty:
        return None
    say, types, months = data.say, data.complaint_types, data.settings.service.window_months
    blocks = [
        *_unclear(data),
        *make_metrics(data, *METRICS),
        *_sentences(data, months),
        *([_pareto(types, months, say)] if len(types) > 1 else []),
        *_types(types, say),
        *_weak_points(data.complaint_weak_points, months, say),
        *_overdue(data.complaints_overdue, say),
        *_levels(data, say),
        *_course(data.complaint_months, say),
    ]
    n = say("section.service.n", n=write_number(data.value("complaints") or 0))
    return make_section(data, "service", _title(data), blocks, n=n)


def _title(data: ReportData) -> str:
    say, n, on_time = data.say, data.value("complaints") or 0, data.value("complaint_on_time_share")
    stuck = data.value("complaints_stuck") or 0
    if not n:
        return say("section.service.title_none", open=write_number(data.value("complaints_open") or 0))
    if on_time is None:
        return say("section.service.title_few", n=write_number(n))
    blanks = {"n": write_number(n), "share": write_share(on_time, say)}
    return say(
        f"section.service.title{'_stuck' if stuck else ''}",
        **blanks,
        **({"stuck": write_number(stuck)} if stuck else {}),
    )


def _all(data: ReportData) -> pd.Series | None:
    sums = data.complaint_sums
    return sums[sums["level"].eq("all")].iloc[0] if len(sums) else None


def _unclear(data: ReportData) -> Iterator[Block]:
    """What cannot be measured, and why."""
    say, one = data.say, _all(data)
    if one is None:
        return
    if pd.isna(one["open"]):
        yield Text(say("section.service.never_closed"), "caution")
    if one["unclear"]:
        blanks = {"n": write_number(one["unclear"]), "all": write_number(one["complaints"])}
        days = one["handling_median_days"]
        told = say("section.service.in_days", days=write_number(days, 1)) if pd.notna(days) else ""
        yield Text(say("section.service.unclear", **blanks, days=told), "note")


def _sentences(data: ReportData, months: int) -> Iterator[Block]:
    say, one = data.say, _all(data)
    if one is not None and pd.notna(one["on_time_share"]):
        blanks = {key: write_number(one[key]) for key in ("judged", "on_time")}
        interval = {key: write_share(one[key], say, digits=0) for key in ("low", "high")}
        yield Text(say("section.service.on_time", **blanks, **interval), "finding", ("complaint_on_time_share",))
    if one is not None and pd.notna(one["handling_median_h"]):
        mean = say(
            "section.service.mean",
            mean=write_value(one["handling_mean_h"], "hours", say),
            n=write_number(one["handled"]),
        )
        blanks = {
            "median": write_value(one["handling_median_h"], "hours", say),
            "mean": "" if pd.isna(one["handling_mean_h"]) else mean,
            "running": write_number(one["running"]),
        }
        yield Text(say("section.service.handling", **blanks), "finding", ("complaint_handling_median_h",))
    known = data.complaint_types[~data.complaint_types["category"].isin(["unknown", "other"])]
    if len(known) > 2:
        first = known.head(2)
        blanks = {"a": first["category"].iloc[0], "b": first["category"].iloc[1], "months": months}
        yield Text(say("section.service.top", **blanks, share=write_share(first["share"].sum(), say)), "finding")


def _named(types: pd.DataFrame, say: Say) -> pd.DataFrame:
    names = {"unknown": say("section.service.unsorted"), "other": say("section.other")}
    return types.assign(label=[names.get(one, one) for one in types["category"]])


def _pareto(types: pd.DataFrame, months: int, say: Say) -> Figure:
    rows = _named(types, say)
    words = [
        say("section.alt_part", label=r.label, n=write_number(r.complaints), share=write_share(r.share, say))
        for r in rows.itertuples()
    ]
    named = columns(say, ("label", "text"), ("complaints", "int"), ("share", "share"), ("cumulative_share", "share"))
    chart = Chart("column", "label", ("complaints",), (LIGHT["series_1"],))
    drawn = charts_shares.draw_pareto(rows, say)
    return make_figure(
        "complaint_types", say("section.service.pareto", months=months), drawn, rows, named, words, say, chart=chart
    )


def _types(types: pd.DataFrame, say: Say) -> Iterator[Block]:
    if types.empty:
        return
    rows = _named(types, say).rename(columns={"in_period": "this_period", "open": "still_open"})
    named = columns(
        say, ("label", "text"), ("complaints", "int"), ("this_period", "int"), ("still_open", "int"),
        ("handling_median_h", "hours"), ("examples", "text"), screen_only=("still_open",),
    )  # fmt: skip
    yield Table(say("section.service.types"), named, rows, say("section.service.types_note"))


def _weak_points(pairs: pd.DataFrame, months: int, say: Say) -> Iterator[Block]:
    """Only where a pair is beyond chance; else that none is."""
    if pairs.empty:
        return
    clear = pairs[pairs["clear"].astype(bool)]
    if clear.empty:
        yield Text(say("section.service.no_weak_point", months=months), "note")
        return
    rows = clear.assign(gathers_by=[name_field("tickets", one, say) for one in clear["by"]])
    named = columns(
        say,
        ("category", "text"),
        ("gathers_by", "text"),
        ("of", "text"),
        ("complaints", "int"),
        ("expected", "decimal"),
        ("ratio", "decimal"),
    )
    yield Table(
        say("section.service.weak_points", months=months),
        named,
        rows,
        say("section.service.weak_points_note"),
        on_paper=10,
    )


def _overdue(overdue: pd.DataFrame, say: Say) -> Iterator[Block]:
    if overdue.empty:
        return
    rows = overdue.assign(
        level=[name_choice("tickets", "level", one, say) for one in overdue["level"]],
        lacks=[say(f"section.service.lacks_{one}") for one in overdue["lacks"]],
        next_step=overdue["next_step"].fillna(say("section.service.no_step")),
    )
    named = columns(
        say, ("ticket_id", "id"), ("name", "text"), ("assigned_to", "text"), ("level", "text"), ("opened_at", "date"), ("lacks", "text"),
        ("overdue_h", "hours"), ("next_step", "text"), ("customer_id", "id"), screen_only=("customer_id", "opened_at"),
    )  # fmt: skip
    yield Table(say("section.service.overdue"), named, rows, say("section.service.overdue_note"), on_paper=15)


def _levels(data: ReportData, say: Say) -> Iterator[Block]:
    sums = data.complaint_sums
    rows = sums[sums["level"].ne("all")]
    if len(rows) < 2:
        return
    rows = rows.assign(
        level=[name_choice("tickets", "level", one, say) for one in rows["level"]], still_open=rows["open"]
    )
    named = columns(say, ("level", "text"), *_MEASURED, screen_only=("close_on_time_share",))
    codes = {one.zh: code for code, one in DICTIONARY.choices["ticket_level"].items()}
    deadlines = [
        say(
            f"section.service.deadline_{'d' if one.close_workdays else 'h'}",
            level=name_choice("tickets", "level", codes[word], say),
            respond=f"{one.respond_h:g}",
            close=f"{one.close_workdays or one.close_h:g}",
        )
        for word, one in data.settings.sla.items()
    ]
    note = say("section.service.levels_note", deadlines=say("section.join").join(deadlines))
    yield Table(say("section.service.levels"), named, rows, note)


def _course(months: pd.DataFrame, say: Say) -> Iterator[Block]:
    if len(months) < 2:
        return
    named = columns(say, ("month", "month"), *_MEASURED, screen_only=("close_on_time_share",))
    yield Table(say("section.service.months"), named, months.tail(MONTHS).assign(still_open=months["open"]))


_MEASURED = (
    ("complaints", "int"), ("still_open", "int"), ("on_time_share", "share"), ("response_median_h", "hours"),
    ("close_on_time_share", "share"), ("handling_median_h", "hours"), ("handling_mean_h", "hours"),
)  # fmt: skip
