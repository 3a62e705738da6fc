"""The figures of service: each told again from its rows, but for medians in which open cases are censored."""

from collections.abc import Mapping

import pandas as pd

from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.satisfaction import RECOMMEND
from crmlib.insight.service import ALL

NOTHING = pd.Series(dtype="float64")


def service_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """The figures of `compute_service`; the report leaves out those of tables that the book lacks."""
    return [*_complaint_figures(results), *_satisfaction_figures(results), *_mood_figures(results)]


def _within(results: Mapping[str, pd.DataFrame], moment: str) -> str:
    span = results["service_span"].iloc[0]
    return f"{moment} >= TIMESTAMP '{span['start']}' AND {moment} < TIMESTAMP '{span['as_of']}'"


def _mean_of(column: str) -> str:
    return f"{column} AS counted, 1 AS whole"


def _complaint_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    rows, overdue, scores = results["complaints"], results["complaints_overdue"], results["complaint_revisits"]
    sums = results["complaint_sums"].set_index("level")
    one, revisited = sums.loc[ALL] if ALL in sums.index else NOTHING, scores.iloc[0] if len(scores) else NOTHING
    still, n = rows["is_open"].astype("boolean"), one.get("complaints", 0)
    told = still.notna().any() or rows.empty
    all_of, mine = "SELECT row_id, customer_id FROM complaints", "FROM complaints WHERE in_period"

    def stated(figure_id: str, value, unit: str, n, rows: str, better: str = "down") -> Figure:
        return state_figure(figure_id, "service", value, unit, n, rows, better=better)

    def share(figure_id: str, key: str, whole: str, where: str, better: str) -> Figure:
        return stated(
            figure_id, one.get(key), "share", one.get(whole, 0), f"{all_of} WHERE in_period AND {where}", better
        )

    return [
        stated("complaints", n, "tickets", n, f"{all_of} WHERE in_period"),
        stated("complaints_open", still.sum() if told else None, "tickets", still.sum() if told else 0, f"{all_of} WHERE is_open"),
        stated("complaints_stuck", overdue["next_step"].isna().sum() if told else None, "tickets", len(overdue),
               "SELECT row_id, customer_id FROM complaints_overdue WHERE next_step IS NULL"),
        stated("complaint_first_response_median_h", one.get("response_median_h"), "hours", one.get("responses", 0),
               f"SELECT row_id, customer_id, response_h, age_h {mine} AND (response_h IS NOT NULL"
               " OR NOT is_answered AND response IN ('waiting', 'late') AND age_h IS NOT NULL)"),
        stated("complaint_handling_median_h", one.get("handling_median_h"), "hours", one.get("handled", 0) + one.get("running", 0),
               f"SELECT row_id, customer_id, handling_h, age_h {mine} AND (handling_h IS NOT NULL OR is_open AND age_h IS NOT NULL)"),
        stated("complaint_handling_mean_h", one.get("handling_mean_h"), "hours", one.get("handled", 0),
               f"SELECT row_id, customer_id, {_mean_of('handling_h')} {mine} AND handling_h IS NOT NULL"),
        share("complaint_on_time_share", "on_time_share", "judged", "response = 'on_time'", "up"),
        share("complaint_close_on_time_share", "close_on_time_share", "close_judged", "closing = 'on_time'", "up"),
        share("complaint_reopened_share", "reopened_share", "reopened_known", "reopened", "down"),
        stated("complaint_revisit_score", revisited.get("mean"), "score", revisited.get("answers", 0),
               f"SELECT row_id, customer_id, {_mean_of('revisit_score')} FROM complaints"
               f" WHERE revisit_score IS NOT NULL AND {_within(results, 'revisit_at')}", "up"),
    ]  # fmt: skip


def _satisfaction_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    sums, low, changes = results["satisfaction_sums"], results["low_scores"], results["score_changes"]
    one = sums.iloc[0] if len(sums) else NOTHING
    replies, nps = (results[name].iloc[0] for name in ("satisfaction_replies", "satisfaction_nps"))
    revisited = results["revisit_groups"].set_index("group").loc["revisited"]
    n, listed = one.get("answers", 0), low.loc[low["in_period"].astype(bool), "customer_id"].nunique()
    answers, day = "FROM satisfaction_answers", "coalesce(answered_at, asked_at)"

    def stated(figure_id: str, value, unit: str, n, rows: str, better: str = "up") -> Figure:
        return state_figure(figure_id, "satisfaction", value, unit, n, rows, better=better)

    figures = [
        stated("satisfaction_mean", one.get("mean"), "score", n, f"SELECT row_id, customer_id, {_mean_of('score')} {answers}"),
        stated("satisfaction_share_good", one.get("satisfied_share"), "share", n,
               f"SELECT row_id, customer_id, score {answers} WHERE satisfied"),
        stated("satisfaction_response_rate", replies["rate"], "share", replies["asked"],
               "SELECT coalesce(customer_id, row_id) AS customer_id, min(row_id) AS row_id FROM surveys WHERE score IS NOT NULL"
               f" AND {_within(results, 'asked_at')} AND {day} < TIMESTAMP '{results['service_span'].iloc[0]['as_of']}'"
               " GROUP BY coalesce(customer_id, row_id), asked_at::DATE"),
        stated("satisfaction_low", listed, "customers", listed,
               "SELECT DISTINCT customer_id FROM low_scores WHERE in_period AND customer_id IS NOT NULL", "down"),
        stated("satisfaction_change", changes["change"].mean(), "score", len(changes),
               f"SELECT customer_id, {_mean_of('change')} FROM score_changes"),
        stated("revisit_lift", revisited["lift"], "score", revisited["customers"],
               f"SELECT customer_id, {_mean_of('change')} FROM revisits WHERE low_before"),
    ]  # fmt: skip
    if nps["answers"]:
        counted = "100 * (CASE WHEN score >= 9 THEN 1 WHEN score <= 6 THEN -1 ELSE 0 END)"
        asked = (
            f"dimension = '{RECOMMEND}' AND score IS NOT NULL AND coalesce(scale, 10) = 10 AND {_within(results, day)}"
        )
        rows = f"SELECT row_id, customer_id, {_mean_of(counted)} FROM surveys WHERE {asked}"
        figures.append(stated("nps", nps["nps"], "times", nps["answers"], rows))
    return figures


def _mood_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    moods = results["moods"].set_index("source")
    noted, text = moods.loc["noted"], moods.loc["text"]
    talks = f"SELECT row_id, customer_id FROM interactions WHERE {_within(results, 'occurred_at')}"

    def stated(figure_id: str, value, unit: str, n, rows: str) -> Figure:
        return state_figure(figure_id, "satisfaction", value, unit, n, rows, better="down")

    return [
        stated("mood_negative_share", noted["negative_share"], "share", noted["n"], f"{talks} AND mood = 'negative'"),
        stated("mood_unmapped", noted["unknown"], "talks", noted["n"] + noted["unknown"], f"{talks} AND mood = 'unknown'"),
        stated("mood_text_negative_share", text["negative_share"], "share", text["n"],
               "SELECT row_id, customer_id FROM mood_texts WHERE mood = 'negative'"),
    ]  # fmt: skip
