"""Complaints: how fast they are answered and settled against their deadlines; open ones are censored, a day without a time is no hour."""

from collections.abc import Mapping
from datetime import date, datetime

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import CensoredData, ecdf

from crmlib.dictionary import DICTIONARY
from crmlib.engine import days_between, hours_between, is_midnight, read_frame
from crmlib.insight.coverage import Tables
from crmlib.intervals import wilson
from crmlib.judging import Sla

SETTLED = ("resolved", "closed")
STATUSES = ("on_time", "late", "waiting", "day_only", "not_recorded")
NORMAL = "normal"  # the level of a complaint for which none is noted


def judge_complaints(tables: Tables, *, sla: Mapping[str, Sla], since: date, start: date, as_of: date) -> pd.DataFrame:
    """One row per complaint received in [since, as_of), or earlier and still open: row_id, ticket_id, customer_id, level,
    category, product, assigned_to, opened_at, in_period (received from `start` on), is_open (missing where nobody notes
    when or whether tickets are settled), is_answered, reopened, revisit_at, revisit_score, age_h (to `as_of`), response_h, handling_h,
    handling_days, respond_h and close_h (the deadlines), response, closing.

    response and closing are of STATUSES. Where only a day is noted the hours are missing, and the status is told only where no
    time of that day would change it. What happened from `as_of` on is not known yet.
    """
    tickets, end = _complaints_before(tables, as_of=as_of), _moment(as_of)
    known = {name: _before(tickets[name], end) for name in ("first_response_at", "resolved_at", "revisit_at")}
    rows = tickets.mutate(
        **known, level=tickets.level.fill_null(NORMAL), was_open=_is_open(tickets, end), in_period=tickets.opened_at >= _moment(start)
    )  # fmt: skip
    settled = _settling_is_noted(tables)
    recent = rows.opened_at >= _moment(since)
    rows = rows.filter((recent | rows.was_open) if settled else recent)
    no_time = is_midnight(rows.opened_at)
    age, answered = hours_between(rows.opened_at, end), hours_between(rows.opened_at, rows.first_response_at)
    handled = hours_between(rows.opened_at, rows.resolved_at)
    day_answered, day_resolved = no_time | is_midnight(rows.first_response_at), no_time | is_midnight(rows.resolved_at)
    respond_h, close_h = _deadline(rows, sla, _respond_hours), _deadline(rows, sla, _close_hours)
    slack = no_time.ifelse(24.0, 0.0)  # by so much a day without a time may have begun later …
    late_answer = is_midnight(rows.first_response_at).ifelse(24.0, 0.0)  # … and so much later the answer may have come
    late_close = is_midnight(rows.resolved_at).ifelse(24.0, 0.0)
    response = ibis.cases(
        (answered + late_answer <= respond_h, "on_time"),
        (answered - slack > respond_h, "late"),
        (answered.notnull(), "day_only"),
        (handled + late_close <= respond_h, "on_time"),  # settled so soon that somebody must have answered
        (~rows.was_open, "not_recorded"),
        (age - slack > respond_h, "late"),
        else_="waiting",
    )
    closing = ibis.cases(
        (ibis.literal(not settled), "not_recorded"),
        (rows.was_open & (age - slack > close_h), "late"),
        (rows.was_open, "waiting"),
        (handled + late_close <= close_h, "on_time"),
        (handled - slack > close_h, "late"),
        (handled.notnull(), "day_only"),
        else_="not_recorded",
    )
    hours = ibis.null("float64")
    judged = rows.select(
        *(
            "row_id",
            "ticket_id",
            "customer_id",
            "level",
            "category",
            "product",
            "assigned_to",
            "opened_at",
            "in_period",
        ),
        is_open=rows.was_open if settled else ibis.null("boolean"),
        is_answered=rows.first_response_at.notnull(),
        reopened=rows.reopened,
        revisit_at=rows.revisit_at,
        revisit_score=rows.revisit_score.cast("float64"),
        age_h=no_time.ifelse(hours, age),
        response_h=day_answered.ifelse(hours, answered),
        handling_h=(day_resolved | rows.was_open).ifelse(hours, handled),
        handling_days=rows.was_open.ifelse(
            ibis.null("int64"), days_between(rows.opened_at.date(), rows.resolved_at.date())
        ),
        respond_h=respond_h,
        close_h=close_h,
        response=response,
        closing=closing,
    )
    return read_frame(judged.order_by("opened_at", "row_id"))


def open_complaints(tables: Tables, *, as_of: date) -> ir.Table:
    """Complaints received before `as_of` and not settled by it: row_id, customer_id, opened_on."""
    tickets = _complaints_before(tables, as_of=as_of)
    still = tickets.filter(_is_open(tickets, _moment(as_of)))
    return still.select("row_id", "customer_id", opened_on=still.opened_at.date())


def _complaints_before(tables: Tables, *, as_of: date) -> ir.Table:
    """A ticket of which nobody said whether it asks or complains is taken for a complaint."""
    tickets = tables["tickets"]
    return tickets.filter((tickets.kind.fill_null("complaint") == "complaint") & (tickets.opened_at < _moment(as_of)))


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


def _moment(day: date) -> ir.TimestampScalar:
    return ibis.literal(datetime(day.year, day.month, day.day), type="timestamp(6)")


def _before(moment: ir.TimestampValue, end: ir.TimestampScalar) -> ir.TimestampValue:
    return (moment < end).ifelse(moment, ibis.null("timestamp(6)"))


def _deadline(rows: ir.Table, sla: Mapping[str, Sla], hours) -> ir.FloatingValue:
    """The hours that a complaint has, by its level and the weekday it came on."""
    codes = {one.zh: code for code, one in DICTIONARY.choices["ticket_level"].items()}
    weekday = rows.opened_at.date().day_of_week.index()
    cases = [
        ((rows.level == codes[word]) & (weekday == day), float(hours(one, day))) for word, one in sla.items() for day in range(7)
    ]  # fmt: skip
    return ibis.cases(*cases).cast("float64")


def _respond_hours(sla: Sla, weekday: int) -> float:
    return sla.respond_h


def _close_hours(sla: Sla, weekday: int) -> float:
    """Workdays as hours of the clock; what comes on a weekend counts from the same time on Monday."""
    if not sla.close_workdays:
        return sla.close_h
    start = np.datetime64("2024-01-01") + weekday  # a Monday
    return 24.0 * int((np.busday_offset(start, sla.close_workdays, roll="forward") - start).astype(int))


# ── summed up


def median_hours(hours: pd.Series, done: pd.Series, *, least: int = 1) -> float:
    """The Kaplan–Meier median of durations of which some still run (`done` False); missing where it is not reached, and of
    fewer than `least`. Where the curve lies on a half the middle of that step is taken, as for an ordinary median."""
    known = hours.notna()
    hours, done = hours[known].to_numpy("float64"), done[known].to_numpy(bool)
    if len(hours) < max(least, 1) or not done.any():
        return np.nan
    curve = ecdf(CensoredData(uncensored=hours[done], right=hours[~done])).sf
    reached = np.flatnonzero(curve.probabilities <= 0.5 + 1e-12)
    if not len(reached):
        return np.nan
    first = reached[0]
    if np.isclose(curve.probabilities[first], 0.5) and (later := np.flatnonzero(curve.probabilities < 0.5 - 1e-9)).size:
        return float((curve.quantiles[first] + curve.quantiles[later[0]]) / 2)
    return float(curve.quantiles[first])


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
    runs = rows["age_h"].where(is_open.fillna(False))
    handled, waits = (
        rows["handling_h"].notna(),
        ~rows["is_answered"].astype(bool) & rows["response"].isin(["waiting", "late"]),
    )
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
        "response_median_h": median_hours(answered_h, ~waits, least=least),
        "responses": int(answered_h.notna().sum()),
        "close_judged": closed,
        "close_on_time_share": _share(closed_on_time, closed, least),
        "handling_median_h": median_hours(rows["handling_h"].fillna(runs), handled, least=least),
        "running": int(runs.notna().sum()),
        "handling_mean_h": round(rows["handling_h"].mean(), 10) if handled.sum() >= max(least, 1) else np.nan,
        "handled": int(handled.sum()),
        "handling_median_days": rows["handling_days"].median() if rows["handling_days"].notna().sum() >= least else np.nan,
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
