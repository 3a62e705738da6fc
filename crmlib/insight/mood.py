"""Mood: how customers felt in conversations, by the word somebody noted; what a text alone suggests is counted apart."""

from datetime import date

import pandas as pd

from crmlib.engine import count_of, read_frame, within
from crmlib.insight.coverage import Tables
from crmlib.insight.shares import add_share
from crmlib.intake.moods import judge_text

MOODS = ("positive", "neutral", "negative")


def read_moods(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """One row per communication of [start, as_of) without a noted mood: row_id, customer_id, mood (what the customer's words
    suggest: positive, negative, or missing)."""
    talks = within(tables["interactions"], "occurred_at", start=start, as_of=as_of)
    said = talks.feedback.coalesce(talks.client_said, talks.content)
    rows = read_frame(talks.filter(talks.mood.isnull()).select("row_id", "customer_id", said=said))
    words = rows["said"].dropna().unique()
    judged = rows["said"].map(dict(zip(words, map(judge_text, words), strict=True)))
    return rows[["row_id", "customer_id"]].assign(mood=judged.astype("str")).sort_values("row_id", ignore_index=True)


def sum_moods(tables: Tables, texts: pd.DataFrame, *, start: date, as_of: date, least: int) -> pd.DataFrame:
    """Communications of [start, as_of) in two rows, `noted` (by the word noted) and `text` (without one, by `read_moods`): source,
    positive, neutral, negative, unknown (words that no table knows; texts that suggest nothing), n (recognised),
    negative_share with low and high (95 %; missing below `least`).

    The two are never added up: a list of words finds no neutral mood.
    """
    talks = within(tables["interactions"], "occurred_at", start=start, as_of=as_of)
    talks = talks.filter(talks.mood.notnull())
    noted = read_frame(talks.group_by("mood").agg(n=count_of(talks.count())))
    counts = {
        "noted": noted.set_index("mood")["n"].to_dict(),
        "text": texts["mood"].fillna("unknown").value_counts().to_dict(),
    }
    kinds = (*MOODS, "unknown")
    rows = [(source, *(int(found.get(mood, 0)) for mood in kinds)) for source, found in counts.items()]
    moods = pd.DataFrame(rows, columns=["source", *kinds]).assign(n=lambda rows: rows[list(MOODS)].sum(axis=1))
    return add_share(moods, "negative", "n", least=max(least, 1), name="negative_share").drop(columns="enough")


def unmapped_words(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """Noted words that no table of moods knows, the most frequent first: word, talks."""
    talks = within(tables["interactions"], "occurred_at", start=start, as_of=as_of)
    rows = talks.filter((talks.mood == "unknown") & talks.mood_raw.notnull())
    found = read_frame(rows.group_by(word=rows.mood_raw).agg(talks=count_of(rows.count())))
    return found.sort_values(["talks", "word"], ascending=[False, True], ignore_index=True)
