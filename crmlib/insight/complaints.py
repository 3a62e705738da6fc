"""Complaints: how fast they are answered and settled against their deadlines; open ones are censored, a day without a time is no hour."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.durations import median_duration
from crmlib.engine import days_between, hours_between, is_midnight, moment, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.names import name_people
from crmlib.intervals import wilson
from crmlib.judging import Sla
from crmlib.workdays import add_workdays, next_workday

SETTLED = ("resolved", "closed")
STATUSES = ("on_time", "late", "waiting", "day_only", "not_recorded")
NORMAL = "normal"  # the level of a complaint for which none is noted
COLUMNS = (
    "row_id", "ticket_id", "customer_id", "level", "category", "product", "assigned_to", "opened_at", "in_period",
    "is_open", "is_answered", "reopened", "revisit_at", "revisit_score", "age_h", "response_h", "handling_h", "handling_days",
    "respond_h", "close_h", "response", "closing",
)  # fmt: skip


def judge_complaints(
    tables: Tables, *, sla: Mapping[str, Sla], own_days: Mapping[str, bool], since: date, start: date, as_of: date
) -> pd.DataFrame:
    """One row per complaint received in [since, as_of), or earlier and still open: row_id, ticket_id, customer_id, level,
    category, product, assigned_to (one name a person), opened_at, in_period (received from `start` on), is_open (missing where
    nobody notes when or whether tickets are settled), is_answered, reopened, revisit_at, revisit_score, age_h (to `as_of`),
    response_h, handling_h, handling_days, respond_h and close_h (the deadlines), response, closing.

    response and closing are of STATUSES. Where only a day is noted the hours are missing, and the status is told only where no
    time of that day would change it. What happened from `as_of` on is not known yet.
    """
    settled = _settling_is_noted(tables)
    rows = _read_complaints(tables, since=since, as_of=as_of, settled=settled)
    rows = name_people(rows, tables, column="handler")
    opened, answered, resolved = (rows[name].astype(bool) for name in ("day_opened", "day_answered", "day_resolved"))
    rows = rows.assign(
        in_period=(rows["opened_at"] >= pd.Timestamp(start)).astype("boolean"),
        respond_h=rows["level"].map({level: one.respond_h for level, one in _by_level(sla).items()}).astype("float64"),
        close_h=_close_hours(rows, sla, own_days),
    )
    return rows.assign(
        assigned_to=rows["person"],
        is_open=rows["is_open"] if settled else pd.Series(pd.NA, rows.index, "boolean"),
        age_h=rows["age"].mask(opened),
        response_h=rows["answered"].mask(opened | answered),
        handling_h=rows["handled"].mask(opened | resolved | rows["is_open"].astype(bool) | (rows["handled"] < 0)),
        response=_judge_response(rows),
        closing=_judge_closing(rows) if settled else pd.array(["not_recorded"] * len(rows), dtype="str"),
    )[list(COLUMNS)]


def _read_complaints(tables: Tables, *, since: date, as_of: date, settled: bool) -> pd.DataFrame:
    """Those to judge, with the hours from their opening to the answer, the settling and `as_of` (answered, handled, age), and
    whether a moment is a day without a time (day_opened, day_answered, day_resolved)."""
    tickets, end = _complaints_before(tables, as_of=as_of), moment(as_of)
    known = {name: _before(tickets[name], end) for name in ("first_response_at", "resolved_at", "revisit_at")}
    rows = tickets.mutate(**known, is_open=_is_open(tickets, end))
    recent = rows.opened_at >= moment(since)
    rows = rows.filter((recent | rows.is_open) if settled else recent)
    moments = {"opened": rows.opened_at, "answered": rows.first_response_at, "resolved": rows.resolved_at}
    days = days_between(rows.opened_at.date(), rows.resolved_at.date())
    found = rows.select(
        *("row_id", "ticket_id", "customer_id", "category", "product", "opened_at"),
        *("is_open", "reopened", "revisit_at"),
        handler=rows.assigned_id.coalesce(rows.assigned_to),
        level=rows.level.fill_null(NORMAL),
        is_answered=rows.first_response_at.notnull(),
        revisit_score=rows.revisit_score.cast("float64"),
        age=hours_between(rows.opened_at, end),
        answered=hours_between(rows.opened_at, rows.first_response_at),
        handled=hours_between(rows.opened_at, rows.resolved_at),
        handling_days=rows.is_open.ifelse(ibis.null("int64"), days),
        **{f"day_{name}": is_midnight(when).fill_null(False) for name, when in moments.items()},
    )
    return read_frame(found.order_by("opened_at", "row_id"))


def _judge_response(rows: pd.DataFrame) -> pd.Series:
    """A day without a time may have begun so much later, `slack`, and the answer have come so much later."""
    limit, slack = rows["respond_h"], 24 * rows["day_opened"].astype(int)
    late_answer, late_close = 24 * rows["day_answered"].astype(int), 24 * rows["day_resolved"].astype(int)
    is_open = rows["is_open"].astype(bool)
    return _first_of(
        (rows["answered"] + late_answer <= limit, "on_time"),
        (rows["answered"] - slack > limit, "late"),
        (rows["answered"].notna(), "day_only"),
        (rows["handled"] + late_close <= limit, "on_time"),  # settled so soon that somebody must have answered
        (~is_open, "not_recorded"),
        (rows["age"] - slack > limit, "late"),
        otherwise="waiting",
    )


def _judge_closing(rows: pd.DataFrame) -> pd.Series:
    limit, slack = rows["close_h"], 24 * rows["day_opened"].astype(int)
    late_close, is_open = 24 * rows["day_resolved"].astype(int), rows["is_open"].astype(bool)
    return _first_of(
        (is_open & (rows["age"] - slack > limit), "late"),
        (is_open, "waiting"),
        (rows["handled"] + late_close <= limit, "on_time"),
        (rows["handled"] - slack > limit, "late"),
        (rows["handled"].notna(), "day_only"),
        otherwise="not_recorded",
    )


def _first_of(*cases: tuple[pd.Series, str], otherwise: str) -> pd.Series:
    where, told = zip(*cases, strict=True)
    return pd.Series(np.select(where, told, otherwise), where[0].index, "str")


def open_complaints(tables: Tables, *, as_of: date) -> ir.Table:
    """Complaints received before `as_of` and not settled by it: row_id, customer_id."""
    tickets = _complaints_before(tables, as_of=as_of)
    return tickets.filter(_is_open(tickets, moment(as_of))).select("row_id", "customer_id")


def _complaints_before(tables: Tables, *, as_of: date) -> ir.Table:
    """A ticket of which nobody said whether it asks or complains is taken for a complaint."""
    tickets = tables["tickets"]
    return tickets.filter((tickets.kind.fill_null("complaint") == "complaint") & (tickets.opened_at < moment(as_of)))


def _is_open(tickets: ir.Table, end: ir.TimestampScalar) -> ir.BooleanValue:
    """Not settled by `end`: neither a time nor a status says so, or it was reopened and is in hand again."""
    status = tickets.status.fill_null("open")
    again = tickets.reopened.fill_null(False) & tickets.status.isin(["open", "in_progress"]).fill_null(False)
    undone = tickets.resolved_at.isnull() & ~status.isin(SETTLED)
    return undone | again | (tickets.resolved_at >= end).fill_null(False)


def _settling_is_noted(tables: Tables) -> bool:
    """Whether any ticket says when, or whether, it was settled; else nothing tells the open ones."""
    tickets = tables["tickets"]
    noted = tickets.filter(tickets.resolved_at.notnull() | tickets.status.notnull())
    return bool(noted.count().to_pyarrow().as_py())


def _before(when: ir.TimestampValue, end: ir.TimestampScalar) -> ir.TimestampValue:
    return (when < end).ifelse(when, ibis.null("timestamp(6)"))


def _by_level(sla: Mapping[str, Sla]) -> dict[str, Sla]:
    codes = {one.zh: code for code, one in DICTIONARY.choices["ticket_level"].items()}
    return {codes[word]: one for word, one in sla.items()}


def _close_hours(rows: pd.DataFrame, sla: Mapping[str, Sla], own: Mapping[str, bool]) -> pd.Series:
    """The hours of the clock until a complaint is to be settled, by its level and day. Workdays of one that comes on a day off
    count from the same time on the next workday."""
    days = pd.Series(rows["opened_at"].dt.date, rows.index, object)
    hours = {}
    for level, one in _by_level(sla).items():
        for on in days[rows["level"].eq(level)].unique():
            due = add_workdays(next_workday(on, own=own), one.close_workdays, own=own)
            hours[level, on] = 24.0 * (due - on).days if one.close_workdays else one.close_h
    return pd.Series([hours.get(key, np.nan) for key in zip(rows["level"], days, strict=True)], rows.index, "float64")


# ── summed up


class Handling(NamedTuple):
    """Of each complaint the hours until it was settled, or so far where it is open (missing where only days are noted)."""

    hours: pd.Series
    settled: pd.Series


def time_handling(complaints: pd.DataFrame) -> Handling:
    so_far = complaints["age_h"].where(complaints["is_open"].eq(True).fillna(False))
    return Handling(complaints["handling_h"].fillna(so_far), complaints["handling_h"].notna())


def sum_complaints(complaints: pd.DataFrame, *, by: str, least: int) -> pd.DataFrame:
    """Rows of `judge_complaints` → one row per value of `by`: complaints, open, judged and on_time (first responses),
    on_time_share, low, high (95 %), response_median_h, responses (its rows), close_judged, close_on_time_share,
    handling_median_h (Kaplan–Meier), running (its censored rows), handling_mean_h (settled ones alone), handled, handling_median_days, reopened,
    reopened_known, reopened_share, unclear (only a day, or nothing, is noted). Missing below `least`."""
    groups = [{by: key, **_sums(some, least)} for key, some in complaints.groupby(by, dropna=False, sort=True)]
    empty = {
        by: pd.Series(dtype="str"),
        **{name: pd.Series(dtype="float64") for name in _sums(complaints.head(0), least)},
    }
    return pd.DataFrame(groups) if groups else pd.DataFrame(empty)


def _sums(rows: pd.DataFrame, least: int) -> dict[str, float]:
    on_time, judged = _judged(rows["response"])
    closed_on_time, closed = _judged(rows["closing"])
    is_open = rows["is_open"].astype("boolean")
    handling, handled = time_handling(rows), rows["handling_h"].count()
    waits = ~rows["is_answered"].astype(bool) & rows["response"].isin(["waiting", "late"])
    answered_h = rows["response_h"].fillna(rows["age_h"].where(waits))
    reopened = rows["reopened"].dropna()
    low, high = wilson(on_time, judged) if judged >= max(least, 1) else (np.nan, np.nan)
    return {
        "complaints": len(rows),
        "open": is_open.sum() if is_open.notna().any() else np.nan,
        "judged": judged,
        "on_time": on_time,
        "on_time_share": _share(on_time, judged, least),
        "low": round(low, 10),
        "high": round(high, 10),
        "response_median_h": median_duration(answered_h, ~waits, least=least),
        "responses": int(answered_h.count()),
        "close_judged": closed,
        "close_on_time_share": _share(closed_on_time, closed, least),
        "handling_median_h": median_duration(*handling, least=least),
        "running": int(handling.hours.count() - handled),
        "handling_mean_h": round(rows["handling_h"].mean(), 10) if handled >= max(least, 1) else np.nan,
        "handled": int(handled),
        "handling_median_days": rows["handling_days"].median() if rows["handling_days"].count() >= least else np.nan,
        "reopened": int(reopened.sum()),
        "reopened_known": len(reopened),
        "reopened_share": _share(int(reopened.sum()), len(reopened), least),
        "unclear": int(rows["response"].isin(["day_only", "not_recorded"]).sum()),
    }  # fmt: skip


def _judged(status: pd.Series) -> tuple[int, int]:
    counts = status.value_counts()
    on_time = int(counts.get("on_time", 0))
    return on_time, on_time + int(counts.get("late", 0))


def _share(part: int, whole: int, least: int) -> float:
    return round(part / whole, 10) if whole >= max(least, 1) else np.nan
