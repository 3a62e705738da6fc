"""Needs asked for: what customers want, ranked by how many of them want it, and what more or fewer of them want than before."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import count_of, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.keywords import count_terms, product_words, split_words
from crmlib.insight.needs_met import needs_in_play
from crmlib.insight.shares import add_share
from crmlib.periods import add_months, period_of

UNKNOWN = "unknown"


def list_askers(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """One row per customer and topic of the needs in play in [start, as_of): customer_id, topic, mentions. Sorted by both.

    The topic is the need's category; where none is noted, the known category whose words stand in the text, else "unknown".
    """
    needs = needs_in_play(tables, start=start, as_of=as_of)
    needs = needs.filter(needs.customer_id.notnull())
    told = needs.group_by("customer_id", "category", "text").agg(mentions=count_of(needs.count()))
    return name_topics(read_frame(told)).groupby(["customer_id", "topic"], as_index=False)["mentions"].sum()


def rank_topics(askers: pd.DataFrame, *, flag_share: float, top: int, least: int) -> pd.DataFrame:
    """Rows of `list_askers` → one row per topic: position, topic, customers, mentions, of, share, low, high, enough,
    flagged (share ≥ `flag_share`), top (one of the first `top`). By customers, the most first; then mentions, then topic; unknown last.

    `of` is every customer with a need in play: a customer who says one thing five times counts once.
    """
    counts = askers.groupby("topic", as_index=False).agg(
        customers=("customer_id", "nunique"), mentions=("mentions", "sum")
    )
    counts = counts.assign(of=askers["customer_id"].nunique(), last=counts["topic"].eq(UNKNOWN))
    by = ["last", "customers", "mentions", "topic"]
    counts = counts.sort_values(by, ascending=[True, False, False, True], ignore_index=True)
    counts = add_share(counts, "customers", "of", least=least)
    known = ~counts["last"].astype(bool)
    first = known & (counts.index < top)
    ranked = counts.assign(
        position=np.arange(1, len(counts) + 1), flagged=(counts["share"] >= flag_share) & known, top=first
    )
    kept = ["position", "topic", "customers", "mentions", "of", "share", "low", "high", "enough", "flagged", "top"]
    whole = dict.fromkeys(("position", "customers", "mentions", "of"), "Int64")
    return ranked[kept].astype({"topic": "str", **whole, "flagged": "boolean", "top": "boolean", "enough": "boolean"})


def name_topics(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` (category, text) with `topic`."""
    category = rows["category"].str.strip().replace("", pd.NA)
    known = sorted(category.dropna().unique(), key=lambda word: (-len(word), word))
    bare = category.isna()
    texts = {
        text: next((word for word in known if word in text), UNKNOWN) for text in set(rows.loc[bare, "text"].dropna())
    }
    return rows.assign(topic=category.fillna(rows["text"].map(texts)).fillna(UNKNOWN).astype("str"))


def quarters_before(as_of: date, *, quarters: int) -> list[date]:
    """First days of the last full quarters before `as_of`, the earliest first, and of the running one where it has begun."""
    running = period_of(as_of, kind="quarter").start
    full = [add_months(running, -3 * n) for n in range(quarters, 0, -1)]
    return [*full, *([running] if as_of > running else [])]


def read_said(tables: Tables, *, quarters: Sequence[date], as_of: date) -> pd.DataFrame:
    """One row per customer, text and category of the needs raised in `quarters`: quarter, customer_id, category, text, topic."""
    needs = tables["needs"]
    opened = needs.opened_at.date()
    rows = needs.filter(needs.customer_id.notnull() & (opened >= quarters[0]) & (opened < as_of))
    number = rows.opened_at.year().cast("int64") * 4 + ((rows.opened_at.month() - 1) / 3).floor().cast("int64")
    found = read_frame(rows.select("customer_id", "category", "text", number=number).distinct())
    days = {day.year * 4 + (day.month - 1) // 3: day for day in quarters}
    return name_topics(found.assign(quarter=found["number"].map(days)).drop(columns="number"))


def count_said(
    said: pd.DataFrame, tables: Tables, *, quarters: Sequence[date], least: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Topics and keywords of `read_said` by quarter, as `count_terms` gives them."""
    asked = said.groupby("quarter")["customer_id"].nunique().reindex(list(quarters), fill_value=0)
    topics = said.loc[said["topic"] != UNKNOWN, ["quarter", "customer_id", "topic"]].rename(columns={"topic": "term"})
    words = said[["quarter", "customer_id"]].assign(term=split_words(said["text"], known=product_words(tables)))
    words = words.explode("term").dropna(subset="term")
    return count_terms(topics, asked, least=least), count_terms(words, asked, least=least)
