"""Service in one call: complaints, satisfaction and mood of a period, their tables by name."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight import complaints, mood, satisfaction
from crmlib.insight import satisfaction_changes as changes
from crmlib.insight.complaints_late import list_overdue
from crmlib.insight.complaints_types import find_weak_points, rank_types
from crmlib.insight.coverage import Tables
from crmlib.judging import Service
from crmlib.periods import add_months
from crmlib.settings import Settings

ALL = "all"


def compute_service(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """Tables of [start, as_of); types, weak points, revisits and the course by month look back `service.window_months`.

    complaints, complaint_sums (one row for all, then one per level), complaint_months, complaint_types, complaint_weak_points,
    complaints_overdue, complaint_revisits; satisfaction_answers, satisfaction_sums, satisfaction_dimensions, satisfaction_points,
    satisfaction_replies, satisfaction_nps, low_scores, revisits, revisit_groups, score_changes, score_falls, score_fall_talks;
    moods, mood_texts, mood_words; service_span (one row: start, as_of).
    """
    rules = settings.service
    since = min(start, add_months(as_of, -rules.window_months))
    good = settings.report.satisfied_from
    return {
        **_complaints(tables, settings, since=since, start=start, as_of=as_of),
        **_satisfaction(tables, settings, since=since, start=start, as_of=as_of),
        **_changes(tables, since=since, start=start, as_of=as_of, rules=rules, good=good),
        **_moods(tables, start=start, as_of=as_of, least=rules.least),
        "service_span": pd.DataFrame([{"start": start, "as_of": as_of}]),
    }


def _complaints(
    tables: Tables, settings: Settings, *, since: date, start: date, as_of: date
) -> dict[str, pd.DataFrame]:
    least = settings.service.least
    rules = {"sla": settings.sla, "own_days": settings.periods.own_days}
    rows = complaints.judge_complaints(tables, **rules, since=since, start=start, as_of=as_of)
    now = rows[rows["in_period"].astype(bool)]
    sums = [complaints.sum_complaints(part, by="level", least=least) for part in (now.assign(level=ALL), now)]
    months = rows.assign(month=rows["opened_at"].dt.to_period("M").dt.to_timestamp())
    months = months[months["opened_at"] >= pd.Timestamp(since)]
    visited = rows.dropna(subset="revisit_score")
    visited = visited[(visited["revisit_at"] >= pd.Timestamp(start)) & (visited["revisit_at"] < pd.Timestamp(as_of))]
    scores = visited.rename(columns={"revisit_score": "score"}).assign(level=ALL)
    return {
        "complaints": rows,
        "complaint_sums": pd.concat(sums, ignore_index=True),
        "complaint_months": complaints.sum_complaints(months, by="month", least=least),
        "complaint_types": rank_types(rows, tables, since=since),
        "complaint_weak_points": find_weak_points(rows, since=since, least=least),
        "complaints_overdue": list_overdue(rows, tables, as_of=as_of),
        "complaint_revisits": _scores(scores, "level", settings),
    }


def _satisfaction(
    tables: Tables, settings: Settings, *, since: date, start: date, as_of: date
) -> dict[str, pd.DataFrame]:
    answers = read_frame(satisfaction.answers_before(tables, as_of=as_of, since=start))
    answers = answers.sort_values(["answered_on", "row_id"], ignore_index=True)
    below, good = settings.service.revisit_below, settings.report.satisfied_from
    marked = answers.assign(satisfied=answers["score"] >= good).drop(columns="comment")
    return {
        "satisfaction_answers": marked,
        "satisfaction_sums": _scores(answers.assign(of=ALL), "of", settings),
        "satisfaction_dimensions": _scores(answers, "dimension", settings),
        "satisfaction_points": satisfaction.distribute_scores(answers),
        "satisfaction_replies": satisfaction.count_replies(tables, start=start, as_of=as_of),
        "satisfaction_nps": satisfaction.count_promoters(tables, start=start, as_of=as_of),
        "low_scores": satisfaction.list_low_scores(tables, below=below, since=since, start=start, as_of=as_of),
    }


def _changes(
    tables: Tables, *, since: date, start: date, as_of: date, rules: Service, good: float
) -> dict[str, pd.DataFrame]:
    pairs = changes.pair_scores(tables, as_of=as_of)
    again = changes.asked_again(pairs, start=start, as_of=as_of)
    visited = changes.list_revisits(pairs, tables, since=since, satisfied_from=good)
    falls = changes.list_falls(again, tables, fall=rules.fall, fall_mean=rules.fall_mean, least=rules.least)
    return {
        "revisits": visited,
        "revisit_groups": changes.compare_revisits(visited, pairs, since=since, satisfied_from=good, least=rules.least),
        "score_changes": again,
        "score_falls": falls,
        "score_fall_talks": changes.list_fall_talks(falls, tables),
    }


def _moods(tables: Tables, *, start: date, as_of: date, least: int) -> dict[str, pd.DataFrame]:
    texts = mood.read_moods(tables, start=start, as_of=as_of)
    return {
        "moods": mood.sum_moods(tables, texts, start=start, as_of=as_of, least=least),
        "mood_texts": texts,
        "mood_words": mood.unmapped_words(tables, start=start, as_of=as_of),
    }


def _scores(rows: pd.DataFrame, by: str, settings: Settings) -> pd.DataFrame:
    rules = settings.service
    return satisfaction.sum_scores(
        rows, by=by, satisfied_from=settings.report.satisfied_from, below=rules.revisit_below, least=rules.least
    )
