"""Satisfaction: what customers answered, who is to be revisited, and whether being revisited helped; all scores are of 5."""

from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmlib.engine import read_frame, within
from crmlib.insight.coverage import Tables
from crmlib.insight.names import name_rows
from crmlib.insight.shares import add_share

RECOMMEND = "recommend"  # a question of its own, from 0 to 10, and no score of satisfaction
OVERALL = "overall"  # the dimension of an answer for which none is noted


def answers_before(tables: Tables, *, as_of: date, since: date | None = None) -> ir.Table:
    """Scores given in [since, as_of): row_id, customer_id, answered_on (the day of asking where none of answering is noted),
    dimension, score (of 5), comment, revisited_on, revisit_score, root_cause (both None before the revisit)."""
    surveys = tables["surveys"]
    day = surveys.answered_at.coalesce(surveys.asked_at).date()
    told = surveys.filter(surveys.score.notnull() & (surveys.dimension.fill_null(OVERALL) != RECOMMEND) & (day < as_of))
    told = told.mutate(answered_on=told.answered_at.coalesce(told.asked_at).date())
    told = told.filter(told.answered_on >= since) if since else told
    points = told.scale.fill_null(5).nullif(0).cast("float64")
    revisited = told.revisited_at.date()
    known = (revisited < as_of).fill_null(told.revisited_at.isnull())  # a revisit of a later day is not known yet
    return told.select(
        "row_id",
        "customer_id",
        "answered_on",
        dimension=told.dimension.fill_null(OVERALL),
        score=(told.score.cast("float64") * 5.0 / points).round(10),
        comment="comment",
        revisited_on=known.ifelse(revisited, ibis.null("date")),
        revisit_score=known.ifelse((told.revisit_score.cast("float64") * 5.0 / points).round(10), ibis.null("float64")),
        root_cause=known.ifelse(told.root_cause, ibis.null("string")),
    )


def sum_scores(answers: pd.DataFrame, *, by: str, satisfied_from: float, below: float, least: int) -> pd.DataFrame:
    """Scores → one row per value of `by`: answers, mean, median, satisfied (count), satisfied_share with low and high (95 %), low_scores
    (strictly below `below`). Fewer than `least` answers have no mean and no share."""
    marked = answers.assign(good=answers["score"] >= satisfied_from, low_score=answers["score"] < below)
    sums = marked.groupby(by, as_index=False).agg(
        answers=("score", "size"), mean=("score", "mean"), satisfied=("good", "sum"), low_scores=("low_score", "sum")
    )
    sums = add_share(sums, "satisfied", "answers", least=max(least, 1), name="satisfied_share")
    columns = [by, "answers", "mean", "satisfied", "satisfied_share", "low", "high", "low_scores"]
    return sums.assign(mean=sums["mean"].where(sums["enough"]).round(10))[columns]


def distribute_scores(answers: pd.DataFrame) -> pd.DataFrame:
    """One row per point from 1 to 5 (1 holds 1 to under 2 …, 5 only full marks): points, n, share. Empty without an answer."""
    if answers.empty:
        return pd.DataFrame(columns=["points", "n", "share"])
    points = np.floor(answers["score"]).clip(1, 5).astype(int)
    n = points.value_counts().reindex(range(1, 6), fill_value=0)
    return pd.DataFrame({"points": n.index, "n": n.to_numpy(), "share": (n / len(answers)).round(10).to_numpy()})


def count_replies(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """Questionnaires sent in [start, as_of), one per customer and day: one row of asked, replied (before `as_of`), rate, low, high.

    The rate is missing where the book holds no questionnaire that went unanswered: then only answers were handed in.
    """
    surveys = tables["surveys"]
    blank = surveys.filter(surveys.score.isnull() & surveys.asked_at.notnull())
    tells = bool(blank.count().to_pyarrow().as_py())
    sent = within(surveys, "asked_at", start=start, as_of=as_of)
    replied = sent.score.notnull() & (sent.answered_at.coalesce(sent.asked_at).date() < as_of).fill_null(False)
    sent = sent.mutate(
        who=sent.customer_id.coalesce(sent.row_id), on=sent.asked_at.date(), replied=replied.cast("int64")
    )
    each = sent.group_by(["who", "on"]).agg(replied=sent.replied.max())
    sums = read_frame(each.agg(asked=each.count().cast("int64"), replied=each.replied.sum().cast("int64")))
    counts = sums.fillna(0)
    told = add_share(counts, "replied", "asked", least=1, name="rate").drop(columns="enough")
    return told if tells else told.assign(rate=np.nan, low=np.nan, high=np.nan)


def count_promoters(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """Answers from 0 to 10 on whether a customer would recommend us, of [start, as_of): one row of answers, promoters (9, 10),
    passives, detractors (0 to 6), nps (points, −100 to 100; missing without an answer)."""
    surveys = tables["surveys"]
    day = surveys.answered_at.coalesce(surveys.asked_at).date()
    asked = surveys.filter(
        (surveys.dimension == RECOMMEND) & (surveys.scale.fill_null(10) == 10) & (day >= start) & (day < as_of)
    )
    scores = read_frame(asked.filter(asked.score.notnull()).select(score=asked.score.cast("float64")))["score"]
    n, good, bad = len(scores), int((scores >= 9).sum()), int((scores <= 6).sum())
    nps = round(100 * (good - bad) / n, 10) if n else np.nan
    return pd.DataFrame([{"answers": n, "promoters": good, "passives": n - good - bad, "detractors": bad, "nps": nps}])


def list_low_scores(tables: Tables, *, below: float, since: date, start: date, as_of: date) -> pd.DataFrame:
    """One row per score strictly below `below` given in [since, as_of): row_id, customer_id, name, owner, answered_on, dimension,
    score, comment, revisited_on (of the answer itself, else the first revisit of the customer after it), root_cause, state, in_period.

    state: open; revisited (the cause is not classed yet); classed (nobody has been there yet); closed: revisited, and the root
    cause is classed. The open ones first, then the lowest score, then the oldest.
    """
    answers = read_frame(answers_before(tables, as_of=as_of, since=since).filter(lambda t: t.score < below))
    visits = read_frame(visits_before(tables, as_of=as_of))
    after = answers[["row_id", "customer_id", "answered_on"]].merge(visits, on="customer_id")
    after = after[after["visited_on"] >= after["answered_on"]].groupby("row_id")["visited_on"].min()
    rows = name_rows(answers, tables)
    rows = rows.assign(
        revisited_on=rows["revisited_on"].fillna(rows["row_id"].map(after)), in_period=rows["answered_on"] >= start
    )
    been, classed = rows["revisited_on"].notna(), rows["root_cause"].notna()
    state = np.select([been & classed, been, classed], ["closed", "revisited", "classed"], "open")
    rows = rows.assign(state=pd.array(state, dtype="str"), closed=been & classed)
    rows = rows.sort_values(["closed", "score", "answered_on", "row_id"], ignore_index=True)
    columns = [
        "row_id", "customer_id", "name", "owner", "answered_on", "dimension", "score", "comment", "revisited_on", "root_cause",
    ]  # fmt: skip
    return rows[[*columns, "state", "in_period"]]


def visits_before(tables: Tables, *, as_of: date) -> ir.Table:
    """Communications of kind revisit with a known customer: customer_id, visited_on. Those after a ticket are about the ticket."""
    talks = tables["interactions"]
    talks = talks.filter((talks.kind == "revisit") & talks.customer_id.notnull() & (talks.occurred_at.date() < as_of))
    return talks.select("customer_id", visited_on=talks.occurred_at.date()).distinct()
