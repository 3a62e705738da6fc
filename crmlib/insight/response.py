"""Response: how long each side lets the other wait, in natural and in working hours; a day without a time is never made into hours."""

from collections.abc import Sequence
from datetime import date, time
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmlib.engine import is_midnight, moment, read_frame
from crmlib.insight.conditions import holds, parse_condition
from crmlib.insight.coverage import Tables
from crmlib.judging import Cause
from crmlib.settings import Settings
from crmlib.workdays import Elapsed, build_elapsed, parse_hours, seconds_of

# who is waited for: the customer (the sources' response time), us, and us again where the customer wrote a ticket
SIDES = ("customer", "us", "ticket")
UNKNOWN = "unknown"  # a reply is noted, but not whose
STATUSES = ("answered", "open", "day_only", "reversed", "unrecorded")
MEASURED = ("answered", "open")
WAITS = (
    "row_id", "customer_id", "side", "channel", "topic", "since", "replied_at", "status", "begun", "late", "hours",
    "work_hours", "workday_over_h", "days", "provisional",
)  # fmt: skip
# by a cause's `when`
ASKED = ("channel", "topic", "value", "potential", "risk", "hours", "work_hours", "workday_over_h")
DIMENSIONS = ("value", "potential", "risk")


def list_waits(tables: Tables, *, settings: Settings, start: date, as_of: date) -> pd.DataFrame:
    """One row per wait that began in [start, as_of) (`begun`), or began earlier and passed the limit in it: WAITS.

    status: answered, or open on `as_of` (what is replied from then on is not yet); day_only where one of the two moments has
    no time; reversed where the answer comes before the question; unrecorded where a ticket was settled and nobody noted
    the first response. The first two have hours (open ones: their age) and are `late` strictly above the limit. A wait passes
    the limit once: neighbouring periods list every late one exactly once. days: between the two days, as a calendar
    counts them. provisional: in a year whose days off are not published yet.
    """
    limit = pd.Timedelta(hours=settings.deadlines.response_h)
    first, end = pd.Timestamp(start), pd.Timestamp(as_of)
    asked = _asked_in_talks(tables).union(_asked_in_tickets(tables, as_of))
    asked = asked.filter(
        (asked.since < moment(as_of)) & (asked.since >= ibis.literal(first - limit, type="timestamp(6)"))
    )
    asked = asked.mutate(day_since=is_midnight(asked.since), day_replied=is_midnight(asked.replied_at).fill_null(False))
    found = read_frame(asked).sort_values(["since", "row_id"], ignore_index=True)
    since = found["since"].astype("datetime64[us]")
    replied = found["replied_at"].astype("datetime64[us]")
    replied = replied.where(replied < end)  # what is replied later is not yet replied
    day_only = found["day_since"].astype(bool) | (found["day_replied"].astype(bool) & replied.notna())
    status = np.select(
        [found["settled"].astype(bool) & replied.isna(), day_only, replied < since, replied.isna()],
        ["unrecorded", "day_only", "reversed", "open"],
        "answered",
    )
    until = replied.fillna(end)
    measured = np.isin(status, MEASURED)
    hours, own = parse_hours(settings.periods.work_hours), settings.periods.own_days
    days = [Elapsed(start, False, False, 0, 0)]  # nobody waits: the calendar is not asked
    if len(found):
        days = build_elapsed((first - limit).date(), as_of, hours=hours, own=own)
    clock = _measure(since, until, days, hours=hours)
    late = measured & (until - since > limit)
    begun = since >= first
    found = found.assign(
        replied_at=replied,
        status=pd.array(status, dtype="str"),
        begun=begun,
        late=late,
        hours=_hours(until - since).where(measured),
        work_hours=_hours(clock.at_work).where(measured),
        workday_over_h=_hours(clock.on_workdays - limit).where(measured),
        days=(replied.dt.normalize() - since.dt.normalize()).dt.days.astype("Int64"),
        provisional=clock.provisional,
    )
    return found.loc[begun | late, list(WAITS)].reset_index(drop=True)


class Clocked(NamedTuple):
    """Of each wait: time within working hours, time on workdays at any hour, and whether a year's days off are not yet known."""

    at_work: pd.Series
    on_workdays: pd.Series
    provisional: pd.Series


def _measure(since: pd.Series, until: pd.Series, days: Sequence[Elapsed], *, hours: tuple[time, time]) -> Clocked:
    """Differences of what had passed before the two moments, so that a wait of a year costs as little as one of an hour."""
    passed = pd.DataFrame(days).set_index("on")
    work_s, workdays, works, provisional = (
        passed[name].to_numpy() for name in ("work_seconds", "workdays", "works", "provisional")
    )
    open_s, close_s = map(seconds_of, hours)

    def before(moments: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        midnight = moments.dt.normalize()
        at = (midnight - pd.Timestamp(passed.index[0])).dt.days.clip(0, len(passed) - 1).to_numpy()
        clock = (moments - midnight).dt.total_seconds().to_numpy()
        within = np.clip(clock, open_s, close_s) - open_s
        return work_s[at] + works[at] * within, workdays[at] * 86400 + works[at] * clock, provisional[at]

    (work, full, unsure), (work_end, full_end, unsure_end) = before(since), before(until)
    spans = (pd.Series(pd.to_timedelta(one, unit="s"), index=since.index) for one in (work_end - work, full_end - full))
    return Clocked(*spans, pd.Series(unsure | unsure_end, index=since.index))


def _asked_in_talks(tables: Tables) -> ir.Table:
    """Who is waited for as the row says; else the other than who began the talk. Waiting begins with the talk where no time is given."""
    talks = tables["interactions"]
    talks = talks.filter(talks.awaiting_from.notnull() | talks.replied_at.notnull())
    by_direction = ibis.cases((talks.direction == "out", "customer"), (talks.direction == "in", "us"), else_=UNKNOWN)
    return talks.select(
        "row_id",
        "customer_id",
        side=talks.awaiting_from.coalesce(by_direction),
        channel=talks.channel,
        topic=talks.topic,
        since=talks.awaiting_since.coalesce(talks.occurred_at).cast("timestamp(6)"),
        replied_at=talks.replied_at.cast("timestamp(6)"),
        settled=ibis.literal(False),
    )


def _asked_in_tickets(tables: Tables, as_of: date) -> ir.Table:
    tickets = tables["tickets"]
    closed = tickets.resolved_at.isnull() & tickets.status.fill_null("open").isin(["resolved", "closed"])
    return tickets.select(
        "row_id",
        "customer_id",
        side=ibis.literal("ticket"),
        channel=tickets.channel,
        topic=tickets.category,
        since=tickets.opened_at.cast("timestamp(6)"),
        replied_at=tickets.first_response_at.cast("timestamp(6)"),
        settled=tickets.first_response_at.isnull() & ((tickets.resolved_at < moment(as_of)).fill_null(False) | closed),
    )


def _hours(span: pd.Series) -> pd.Series:
    return (span.dt.total_seconds() / 3600).round(10)


def find_causes(late: pd.DataFrame, tiers: pd.DataFrame, *, causes: Sequence[Cause]) -> pd.Series:
    """Of each late wait the name of the first cause that fits, or missing: a likely reason by rule, not a finding. Raises
    SettingsError for a condition that cannot be read."""
    labels = {of: rows.set_index("customer_id")["label"] for of, rows in tiers.groupby("dimension")}
    known = {of: late["customer_id"].map(labels.get(of, {})).astype("str") for of in DIMENSIONS}
    facts = late.assign(**known)
    found = pd.Series(pd.NA, index=late.index, dtype="str")
    for n, cause in enumerate(causes, start=1):
        where = f"[[communication.causes]] #{n}"
        clauses = parse_condition(cause.when, fields=ASKED, where=where)
        fits = holds(clauses, facts[list(ASKED)], where=where)
        found = found.mask(fits & found.isna(), cause.name)
    return found
