"""How customers' own scores moved: after a revisit against those whom nobody revisited, and what was said while one fell."""

from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.names import name_rows
from crmlib.insight.satisfaction import answers_before, visits_before
from crmlib.intervals import student

MOST = 100  # customers whose talks are listed …
DAYS = 90  # … so many days back at most


def pair_scores(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per score given before `as_of` that has an earlier one of the same customer and dimension: customer_id, dimension,
    before, before_on, after, after_on, change, revisited_on (the first revisit in between; missing: none), by (survey, visit).

    Several scores of one day are their mean. A score given at the revisit itself (revisit_score) follows the one it was asked about.
    """
    answers = read_frame(answers_before(tables, as_of=as_of).filter(lambda t: t.customer_id.notnull()))
    keys = ["customer_id", "dimension"]
    days = answers.groupby([*keys, "answered_on"], as_index=False).agg(score=("score", "mean"))
    days = days.sort_values([*keys, "answered_on"], ignore_index=True)
    earlier = days.groupby(keys)[["score", "answered_on"]].shift()
    pairs = days.rename(columns={"score": "after", "answered_on": "after_on"})
    pairs = pairs.assign(before=earlier["score"], before_on=earlier["answered_on"]).dropna(subset="before")
    asked = answers[answers["revisited_on"].notna() & answers["revisit_score"].notna()]
    asked = asked.rename(columns={"score": "before", "answered_on": "before_on", "revisit_score": "after"})
    asked = asked.assign(after_on=asked["revisited_on"], by="survey")
    visits = read_frame(visits_before(tables, as_of=as_of))
    own = answers.dropna(subset="revisited_on")[["customer_id", "revisited_on"]]
    visits = pd.concat(
        [visits, own.rename(columns={"revisited_on": "visited_on"})], ignore_index=True
    ).drop_duplicates()
    between = pairs.reset_index()[["index", "customer_id", "before_on", "after_on"]].merge(visits, on="customer_id")
    between = between[(between["visited_on"] >= between["before_on"]) & (between["visited_on"] <= between["after_on"])]
    first = between.groupby("index")["visited_on"].min()
    pairs = pairs.assign(revisited_on=first.reindex(pairs.index))
    pairs = pairs.assign(by=np.where(pairs["revisited_on"].notna(), "visit", ""))
    columns = [*keys, "before", "before_on", "after", "after_on", "revisited_on", "by"]
    whole = pd.concat([part[columns] for part in (asked, pairs) if len(part)] or [pairs[columns]], ignore_index=True)
    whole = whole.assign(change=(whole["after"] - whole["before"]).round(10)).round({"before": 10, "after": 10})
    return whole.astype({"by": "str"}).sort_values(["after_on", *keys, "by"], ignore_index=True)


def list_revisits(pairs: pd.DataFrame, tables: Tables, *, since: date, satisfied_from: float) -> pd.DataFrame:
    """Before and after, one row per customer revisited since `since` who gave a score before and after: customer_id, name, owner,
    dimension, before, before_on, revisited_on, after, after_on, change, low_before (below `satisfied_from`). Of several the
    last; the largest change first."""
    visited = pairs[pairs["revisited_on"].notna() & (pairs["revisited_on"] >= since).fillna(False)]
    last = visited.sort_values(["revisited_on", "after_on", "before", "dimension"]).drop_duplicates(
        "customer_id", keep="last"
    )
    rows = name_rows(last, tables)
    rows = rows.sort_values(["change", "customer_id"], ascending=[False, True], ignore_index=True)
    columns = [
        "customer_id", "name", "owner", "dimension", "before", "before_on", "revisited_on", "after", "after_on", "change",
    ]  # fmt: skip
    return rows[columns].assign(low_before=rows["before"] < satisfied_from)


def compare_revisits(
    revisits: pd.DataFrame, pairs: pd.DataFrame, *, since: date, satisfied_from: float, least: int
) -> pd.DataFrame:
    """The mean change of customers revisited, beside that of the others whose score came after `since`; both of those alone who
    began below `satisfied_from`. One row per group (revisited, others): group, customers, before, after, lift, low, high
    (95 %, Student's t); missing below `least`.

    Who is low rises by itself on average; only what `revisited` gains beyond `others` speaks for the revisit, and even that
    may be whom one chose to visit.
    """
    others = pairs[pairs["revisited_on"].isna() & (pairs["after_on"] >= since)]
    others = others.drop_duplicates("customer_id", keep="last")
    others = others[~others["customer_id"].isin(revisits["customer_id"])]
    groups = {
        "revisited": revisits[revisits["low_before"].astype(bool)],
        "others": others[others["before"] < satisfied_from],
    }
    rows = []
    for name, some in groups.items():
        n, change = len(some), some["change"].astype("float64")
        enough, lift = n >= max(least, 1), change.mean()
        low, high = student(lift, change.std() / np.sqrt(n), n - 1) if n > 1 else (np.nan, np.nan)
        sums = (some["before"].mean(), some["after"].mean(), lift, low, high) if enough else (np.nan,) * 5
        rows.append((name, n, *sums))
    return pd.DataFrame(rows, columns=["group", "customers", "before", "after", "lift", "low", "high"]).round(10)


def asked_again(pairs: pd.DataFrame, *, start: date, as_of: date) -> pd.DataFrame:
    """Rows of `pair_scores` whose later score was given in [start, as_of) to a questionnaire; one given at a revisit is none."""
    return pairs[(pairs["after_on"] >= start) & (pairs["after_on"] < as_of) & pairs["by"].ne("survey")].reset_index(
        drop=True
    )


def list_falls(pairs: pd.DataFrame, tables: Tables, *, fall: float, fall_mean: float, least: int) -> pd.DataFrame:
    """Rows of `asked_again` → whose score fell by `fall` points or more, one row per customer, the largest fall first:
    customer_id, name, owner, dimension, before, before_on, after, after_on, change. Where the mean of `least`
    changes or more is −`fall_mean` or lower, everybody whose score fell."""
    everybody = len(pairs) >= max(least, 1) and pairs["change"].mean() <= -fall_mean + 1e-9
    fell = pairs[(pairs["change"] < 0) if everybody else (pairs["change"] <= -fall + 1e-9)]
    worst = fell.sort_values(["change", "customer_id", "dimension"]).drop_duplicates("customer_id")
    rows = name_rows(worst, tables)
    return rows[["customer_id", "name", "owner", "dimension", "before", "before_on", "after", "after_on", "change"]]


def list_fall_talks(falls: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """What was said with the customers of `falls` (the MOST who fell furthest) between their two scores (DAYS at most), complaints among it: one
    row per communication or ticket: customer_id, name, on, kind (talk, ticket), row_id, channel, mood, text. The latest first."""
    columns = ["customer_id", "name", "on", "kind", "row_id", "channel", "mood", "text"]
    some = falls.head(MOST)
    if some.empty:
        return pd.DataFrame(columns=columns)
    ids, first, last = some["customer_id"].tolist(), some["before_on"].min(), some["after_on"].max()
    talks, tickets = tables["interactions"], tables["tickets"]
    said = talks.select(
        "customer_id", "row_id", "channel", "mood", on=talks.occurred_at.date(), text=talks.feedback.coalesce(talks.client_said, talks.content)
    )  # fmt: skip
    raised = tickets.select("customer_id", "row_id", "channel", on=tickets.opened_at.date(), text=tickets.description)
    parts = []
    for kind, rows in (("talk", said), ("ticket", raised)):
        near = rows.filter(rows.customer_id.isin(ids) & (rows.on >= first) & (rows.on <= last))
        parts.append(read_frame(near).assign(kind=kind))
    both = pd.concat(parts, ignore_index=True).merge(
        some[["customer_id", "name", "before_on", "after_on", "change"]], on="customer_id"
    )
    day, end = both["on"].astype("datetime64[us]"), both["after_on"].astype("datetime64[us]")
    both = both[(both["on"] >= both["before_on"]) & (day <= end) & (end - day <= pd.Timedelta(days=DAYS))]
    both = both.sort_values(
        ["change", "customer_id", "on", "row_id"], ascending=[True, True, False, True], ignore_index=True
    )
    return both.reindex(columns=columns).astype({"kind": "str", "mood": "str"})
