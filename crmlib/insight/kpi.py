"""KPI of the kit: whether records, follow-ups, service and renewals are better since a baseline day, with goals beside, never as facts."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import ibis
import numpy as np
import pandas as pd

from crmlib.durations import median_duration
from crmlib.engine import count_of, read_frame
from crmlib.insight import entry
from crmlib.insight.complaints import judge_complaints, time_handling
from crmlib.insight.coverage import Tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.kpi_fields import fields_to_improve
from crmlib.insight.measures import CANCELLED
from crmlib.insight.satisfaction import answers_before
from crmlib.insight.tiers import value_labels
from crmlib.intervals import wilson
from crmlib.periods import add_months
from crmlib.settings import Settings

MONTHS = 12
UNKNOWN_MOST = 0.2  # of what was planned: with more of it done on a day nobody wrote down, only bounds are told


class Kind(NamedTuple):
    """One figure of the kit: unit (share or hours), which way is better, whether its goal is a change or a level, and why there may
    be none."""

    unit: str
    better: str
    goal: str
    why: str


KINDS = {
    "completeness": Kind("share", "up", "change", "NO_FIRST_CONTACT"),
    "followup": Kind("share", "up", "change", "NO_DUE_ACTION"),
    "handling": Kind("hours", "down", "change", "NO_COMPLAINT"),
    "satisfaction": Kind("share", "up", "level", "NO_SURVEY"),
    "renewal": Kind("share", "up", "level", "NO_CONTRACT_DUE"),
}
COLUMNS = [
    "kpi", "unit", "value_period", "n_period", "value", "n", "low", "high", "value_before", "n_before", "change", "goal", "target",
    "met", "why", "mean", "unknown", "since", "baseline",
]  # fmt: skip


class Span(NamedTuple):
    """Days from `since` up to, not including, `until`."""

    since: date
    until: date

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        day = rows["day"]
        return rows[(day >= pd.Timestamp(self.since)) & (day < pd.Timestamp(self.until))]


def compute_kpi(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """kpi, kpi_months, the period's followups and contracts_due, the day's completeness_scores, fields_to_improve."""
    baseline, least = entry.baseline_of(settings.entry, as_of=as_of), settings.entry.least
    period, before = Span(start, as_of), Span(add_months(baseline, -MONTHS), baseline)
    now = Span(max(baseline, add_months(as_of, -MONTHS)), as_of)
    scores = entry.score_completeness(tables, entry=settings.entry, as_of=as_of)
    rows = {
        "completeness": scores.assign(day=scores["first_contact_date"].astype("datetime64[us]"), value=scores["share"]),
        "followup": judge_followups(tables, as_of=as_of),
        "handling": time_complaints(tables, settings=settings, since=before.since, as_of=as_of),
        "satisfaction": read_scores(tables, satisfied_from=settings.report.satisfied_from, as_of=as_of),
    }
    contracts = due_contracts(tables, as_of=as_of)
    high = {span: _high_on(tables, settings, span.since) for span in {period, now, before}}

    def of(kpi: str, span: Span) -> pd.DataFrame:
        """The renewal of those whose value was high when the span began: who left is not high any more."""
        if kpi == "renewal":
            return span.of(contracts)[lambda due: due["customer_id"].isin(high[span])]
        return span.of(rows[kpi])

    told, months = [], []
    for kpi, kind in KINDS.items():
        now_rows, before_rows = of(kpi, now), of(kpi, before)
        # how complete customers are has no history: those met since the baseline stand against those met before it
        if kpi == "completeness":
            now_rows, before_rows = (
                Span(baseline, as_of).of(rows[kpi]),
                Span(date.min.replace(year=1900), baseline).of(rows[kpi]),
            )
        parts = [
            _measure(kind, one, least)
            for one in (rows[kpi] if kpi == "completeness" else of(kpi, period), now_rows, before_rows)
        ]
        told.append(
            _tell(kpi, kind, *parts, goal=getattr(settings.kpi.goals, kpi)) | {"since": now.since, "baseline": baseline}
        )
        both = pd.concat([of(kpi, before), of(kpi, now)])
        months += [
            (kpi, month, *_measure(kind, one, least)[:2])
            for month, one in both.groupby(both["day"].dt.to_period("M").dt.to_timestamp())
        ]
    return {
        "kpi": pd.DataFrame(told)[COLUMNS].astype({"met": "boolean", **dict.fromkeys(["n_period", "n", "n_before", "unknown"], "Int64")}),
        "kpi_months": pd.DataFrame(months, columns=["kpi", "month", "value", "n"]).astype({"value": "float64", "n": "Int64"}),
        "followups": period.of(rows["followup"])[["row_id", "customer_id", "due_date", "status"]].reset_index(drop=True),
        "contracts_due": of("renewal", period)[["row_id", "customer_id", "contract_end", "renewed"]].reset_index(drop=True),
        "completeness_scores": scores[["customer_id", "owner_id", "share", "lacking"]],
        "fields_to_improve": fields_to_improve(tables, entry=settings.entry, blank_share=settings.kpi.blank_share, start=start, as_of=as_of),
    }  # fmt: skip


def judge_followups(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per action of ours that fell due before `as_of` and was not cancelled: row_id, customer_id, due_date, status, day (of
    due_date), value. status: on_time (done until its day), late (done after it, or still open on `as_of`), unknown (done, nobody
    wrote when); value is 1, 0 or missing."""
    tasks = tables["actions"]
    due = tasks.filter((tasks.due_date < as_of) & (tasks.status.fill_null("open") != CANCELLED))
    due = due.filter(due.owner_side.fill_null("ours") != "theirs")
    done = due.done_at.cast("date")
    by_now = (done < as_of).fill_null(False)
    status = ibis.cases(
        (by_now & (done <= due.due_date), "on_time"),
        (done.isnull() & (due.status.fill_null("open") == "done"), "unknown"),
        else_="late",
    )
    found = read_frame(due.select("row_id", "customer_id", "due_date", status=status))
    value = found["status"].map({"on_time": 1.0, "late": 0.0}).astype("float64")
    found = found.assign(day=found["due_date"].astype("datetime64[us]"), value=value)
    return found.sort_values(["due_date", "row_id"], ignore_index=True)


def time_complaints(tables: Tables, *, settings: Settings, since: date, as_of: date) -> pd.DataFrame:
    """Complaints received in [since, as_of), or earlier and still open, as the section on service times them: day (of opening), value
    (hours), done."""
    rules = {"sla": settings.sla, "own_days": settings.periods.own_days}
    complaints = judge_complaints(tables, **rules, since=since, start=since, as_of=as_of)
    handling = time_handling(complaints)
    return pd.DataFrame({"day": complaints["opened_at"], "value": handling.hours, "done": handling.settled})


def read_scores(tables: Tables, *, satisfied_from: float, as_of: date) -> pd.DataFrame:
    """Answers before `as_of`, as the section on satisfaction counts them: day, score (of five), value (1 where satisfied)."""
    answers = read_frame(answers_before(tables, as_of=as_of).select("answered_on", "score"))
    satisfied = (answers["score"] >= satisfied_from).astype("float64")
    return answers.assign(
        day=answers["answered_on"].astype("datetime64[us]"), value=satisfied.where(answers["score"].notna())
    )


def due_contracts(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per contract of a known customer that ended before `as_of`: row_id (its first), customer_id, contract_end, renewed, day,
    value (1, 0, or missing where nobody says)."""
    orders = tables["orders"].filter(lambda t: t.customer_id.notnull() & (t.contract_end < as_of))
    orders = orders.filter(orders.status.fill_null("") != CANCELLED)
    key = orders.contract_id.coalesce(orders.order_id).coalesce(orders.row_id)
    contracts = orders.mutate(key=key, known=orders.renewed.cast("int64")).group_by(["customer_id", "key"])
    found = read_frame(
        contracts.agg(
            row_id=lambda t: t.row_id.min(), contract_end=lambda t: t.contract_end.max(), known=lambda t: count_of(t.known.max())
        )
    )  # fmt: skip
    found = found.assign(
        renewed=found["known"].eq(1).astype("boolean").where(found["known"].notna()),
        day=found["contract_end"].astype("datetime64[us]"),
        value=found["known"].astype("float64"),
    )
    return found.sort_values(["contract_end", "row_id"], ignore_index=True)


def _high_on(tables: Tables, settings: Settings, day: date) -> set[str]:
    labels = value_labels(tables, settings=settings, as_of=day)
    return set(read_frame(labels.filter(labels.value == "high").select("customer_id"))["customer_id"])


class Measured(NamedTuple):
    """`n` is what the value rests on, `unknown` what cannot be judged; low and high bound a share (Wilson, 95 %; where too much is
    unknown, the least and the most it can be). `mean` is that of the scores."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    unknown: int = 0
    mean: float | None = None


def _measure(kind: Kind, rows: pd.DataFrame, least: int) -> Measured:
    known = rows["value"].dropna()
    n, unknown = len(known), len(rows) - len(known)
    if kind.unit == "hours":
        median = median_duration(rows["value"], rows["done"], least=least)
        return Measured(None if np.isnan(median) else median, n)
    mean = rows["score"].mean() if "score" in rows and n >= least else None
    if "share" in rows:  # shares of fields, not of yes and no
        return Measured(known.mean() if n >= least else None, n, mean=mean)
    if unknown > UNKNOWN_MOST * len(rows):
        return Measured(None, n, known.sum() / len(rows), (known.sum() + unknown) / len(rows), unknown)
    if n < max(least, 1):
        return Measured(None, n, unknown=unknown)
    return Measured(known.mean(), n, *wilson(int(known.sum()), n), unknown, mean)


def _tell(kpi: str, kind: Kind, period: Measured, now: Measured, before: Measured, *, goal: float) -> dict:
    """One row of the table: `change` is relative for hours, in points for shares; `target` is what the goal comes to."""
    known = now.value is not None and before.value is not None
    change = None
    if known:
        change = (
            now.value - before.value if kind.unit == "share" else now.value / before.value - 1 if before.value else None
        )
    target = goal if kind.goal == "level" else None
    if kind.goal == "change" and before.value is not None:
        target = before.value * (1 + goal) if kind.unit == "hours" else min(1.0, before.value * (1 + goal))
    met = None
    if now.value is not None and target is not None:
        met = now.value >= target if kind.better == "up" else now.value <= target
    why = None
    if now.value is None:
        why = (
            "DONE_DAY_UNKNOWN"
            if now.unknown and now.low is not None
            else "TOO_FEW"
            if now.n or now.unknown
            else kind.why
        )
    floats = {
        "value_period": period.value, "value": now.value, "low": now.low, "high": now.high, "value_before": before.value,
        "change": change, "target": target, "mean": now.mean,
    }  # fmt: skip
    return {
        "kpi": kpi, "unit": kind.unit, "n_period": period.n, "n": now.n, "n_before": before.n, "goal": goal, "met": met, "why": why,
        "unknown": now.unknown, **{name: np.nan if one is None else round(float(one), 10) for name, one in floats.items()},
    }  # fmt: skip


def kpi_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    told = results["kpi"].set_index("kpi")
    rows = {
        "completeness_share": ("completeness", "SELECT customer_id, share AS counted FROM completeness_scores"),
        "followup_on_time_share": ("followup", "SELECT row_id FROM followups WHERE status = 'on_time'"),
        "renewal_rate_high": ("renewal", "SELECT row_id FROM contracts_due WHERE renewed"),
    }  # fmt: skip
    return [
        state_figure(name, "kpi", told.loc[kpi, "value_period"], "share", told.loc[kpi, "n_period"], sql, better="up")
        for name, (kpi, sql) in rows.items()
    ]
