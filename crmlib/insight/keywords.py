"""Keywords: the words that needs are made of, quarter by quarter, each counted by the customers who use it."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.chance import adjust, fisher_test
from crmlib.insight.coverage import Tables
from crmlib.intervals import newcombe
from crmlib.reference import load_reference

MOVED = 0.05  # the rate of false alarms among the moves that are told
_BRACKETS = r"[（(【\[].*$"


def split_words(texts: pd.Series, *, known: Iterable[str] = ()) -> pd.Series:
    """text → its different words as a list, stop words, numbers and single characters left out. `known`: words that stay whole, such
    as the names of products."""
    import rjieba

    cutter = rjieba.Jieba()
    for word in known:
        cutter.add_word(word, None, None)
    stop = frozenset(load_reference("stop_words")["word"])
    codes, distinct = pd.factorize(texts.fillna(""))
    words = [
        sorted({word for one in cutter.cut(text.lower()) if len(word := one.strip()) > 1 and _tells(word, stop)})
        for text in distinct
    ]
    return pd.Series([words[code] for code in codes], index=texts.index, dtype=object)


def _tells(word: str, stop: frozenset[str]) -> bool:
    return word not in stop and any(c.isalpha() for c in word)


def product_words(tables: Tables) -> list[str]:
    """What is on offer, as people write it: products, their series and keywords, offers and categories of needs; what stands in
    brackets behind a name is left out."""
    products, needs = tables["products"], tables["needs"]
    columns = [products[c] for c in ("name", "series", "keywords")] + [
        tables["orders"]["product"],
        needs["offer"],
        needs["category"],
    ]
    found = [
        read_frame(column.name("word").as_table().filter(lambda t: t.word.notnull()).distinct())["word"]
        for column in columns
    ]
    words = pd.concat(found).str.replace(_BRACKETS, "", regex=True).str.split(r"[、,，;；/|]").explode()
    words = words.str.strip().str.lower()
    return sorted(set(words[words.str.len() > 1]))


def count_terms(said: pd.DataFrame, asked: pd.Series, *, least: int) -> pd.DataFrame:
    """said: quarter, customer_id, term, in any number of rows; asked: quarter → customers who said anything.

    One row per quarter and term that at least `least` customers used then or in another of the quarters: quarter, term,
    customers, of, share. Sorted by quarter, share (the highest first), term.
    """
    counts = said.drop_duplicates().groupby(["term", "quarter"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=asked.index, fill_value=0)
    counts = counts[counts.max(axis=1) >= least] if len(counts) else counts
    rows = counts.rename_axis(columns="quarter").stack().rename("customers").reset_index()
    rows = rows.assign(of=rows["quarter"].map(asked).astype("int64"))
    rows = rows.assign(share=(rows["customers"] / rows["of"].where(rows["of"] > 0)).astype("float64").round(10))
    kept = rows[["quarter", "term", "customers", "of", "share"]].astype(
        {"term": "str", "customers": "Int64", "of": "Int64"}
    )
    return kept.sort_values(["quarter", "share", "term"], ascending=[True, False, True], ignore_index=True)


def find_moves(terms: pd.DataFrame, *, before: date, last: date, least: int) -> pd.DataFrame:
    """Which terms more customers name in quarter `last` than in quarter `before`, or fewer: term, customers, of, share, customers_before,
    of_before, share_before, difference, diff_low, diff_high, p, q, direction ("up", "down", ""). Sorted by difference, largest first.

    p is Fisher's exact test, q the same against how many terms are compared (Benjamini and Hochberg); a direction is told for q ≤ 0.05.
    No row where one of the quarters has fewer than `least` customers.
    """
    sides = [terms[terms["quarter"] == quarter].set_index("term") for quarter in (last, before)]
    if any(side.empty or side["of"].iloc[0] < least for side in sides):
        return pd.DataFrame(columns=list(_KINDS)).astype(_KINDS)
    both = sides[0].merge(sides[1], on="term", suffixes=("", "_before")).reset_index()
    counts = [both[name].to_numpy("float64") for name in ("customers", "of", "customers_before", "of_before")]
    low, high = newcombe(*counts)
    p = np.array([fisher_test(*one) for one in zip(*counts, strict=True)])
    q = adjust(p)
    difference = (both["share"] - both["share_before"]).to_numpy()
    direction = ["" if q > MOVED or d == 0 else "up" if d > 0 else "down" for q, d in zip(q, difference, strict=True)]
    told = {"difference": difference, "diff_low": low, "diff_high": high, "p": p, "q": q}
    both = both.assign(**{name: pd.Series(values).round(10) for name, values in told.items()}, direction=direction)
    both = both[list(_KINDS)].astype(_KINDS)
    return both.sort_values(["difference", "term"], ascending=[False, True], ignore_index=True)


_KINDS = {
    "term": "str", "customers": "Int64", "of": "Int64", "share": "float64", "customers_before": "Int64", "of_before": "Int64",
    "share_before": "float64", "difference": "float64", "diff_low": "float64", "diff_high": "float64", "p": "float64",
    "q": "float64", "direction": "str",
}  # fmt: skip
