"""What customers complain of: problem types ranked with examples, and where one type gathers at a product or a person."""

from datetime import date

import numpy as np
import pandas as pd

from crmlib.durations import median_duration
from crmlib.engine import read_frame
from crmlib.insight.chance import adjust, fisher_test
from crmlib.insight.complaints import time_handling
from crmlib.insight.coverage import Tables
from crmlib.masking import mask_texts

UNKNOWN, OTHER = "unknown", "other"
EXAMPLES, LONGEST = 2, 40  # of a type; characters of each


def rank_types(complaints: pd.DataFrame, tables: Tables, *, since: date, most: int = 9) -> pd.DataFrame:
    """Problem types of the complaints received since `since`, the most frequent first, then "other" (beyond `most`) and "unknown"
    (nobody noted one): category, complaints, in_period, open, share, cumulative_share, handling_median_h, examples (the
    latest descriptions, masked)."""
    rows = complaints[complaints["opened_at"] >= pd.Timestamp(since)]
    rows = rows.assign(category=rows["category"].str.strip().replace("", pd.NA).fillna(UNKNOWN))
    counts = rows.loc[rows["category"].ne(UNKNOWN), "category"].value_counts()
    order = [name for _, name in sorted((-n, name) for name, n in counts.items())]
    rows = rows.assign(category=rows["category"].where(~rows["category"].isin(order[most:]), OTHER))
    order = [name for name in [*order[:most], OTHER, UNKNOWN] if rows["category"].eq(name).any()]
    told = _examples(rows, tables)
    types = [
        {
            "category": name,
            "complaints": len(some),
            "in_period": int(some["in_period"].sum()),
            "open": int(some["is_open"].eq(True).sum()),
            "handling_median_h": median_duration(*time_handling(some)),
            "examples": told.get(name),
        }
        for name in order
        for some in [rows[rows["category"].eq(name)]]
    ]  # fmt: skip
    columns = [
        "category", "complaints", "in_period", "open", "share", "cumulative_share", "handling_median_h", "examples",
    ]  # fmt: skip
    made = pd.DataFrame(types, columns=columns)
    share = made["complaints"].astype("float64") / max(len(rows), 1)
    return made.assign(share=share.round(10), cumulative_share=share.cumsum().round(10)).astype(
        {"category": "str", "examples": "str"}
    )


def _examples(rows: pd.DataFrame, tables: Tables) -> dict[str, str]:
    """Category → its latest descriptions; names in prose are not found by masking, as everywhere."""
    latest = rows.groupby("category").tail(4 * EXAMPLES).iloc[::-1]  # they come in the order of their opening
    tickets = tables["tickets"].select("row_id", "description")
    words = read_frame(tickets.filter(tickets.row_id.isin(["", *latest["row_id"]])))
    told = latest[["row_id", "category"]].merge(words, on="row_id").dropna(subset="description")
    told = told.assign(description=mask_texts(told["description"]).str.split().str.join(" "))
    told = told.drop_duplicates(["category", "description"]).groupby("category").head(EXAMPLES)
    short = told["description"].where(told["description"].str.len() <= LONGEST, told["description"].str[:LONGEST] + "…")
    return short.groupby(told["category"]).agg("；".join).to_dict()


def find_weak_points(complaints: pd.DataFrame, *, since: date, least: int) -> pd.DataFrame:
    """Pairs of a problem type and a product, or a person, with `least` complaints or more and more than their totals explain:
    by (product, assigned_to), of, category, complaints, expected, ratio, p (adjusted for all pairs looked at), clear.

    `expected` is what the two totals give if type and product had nothing to do with each other. p is the chance of so many
    then (Fisher's exact test, one-sided; Benjamini and Hochberg over all pairs); `clear` up to 5 %. Sorted by p.
    """
    rows = complaints[complaints["opened_at"] >= pd.Timestamp(since)]
    parts = [pairs for by in ("product", "assigned_to") if len(pairs := _pairs(rows, by))]
    columns = ["by", "of", "category", "complaints", "expected", "ratio", "p", "clear"]
    if not parts:
        return pd.DataFrame(columns=columns)
    pairs = pd.concat(parts, ignore_index=True)
    pairs = pairs.assign(p=adjust(pairs["p"].to_numpy()).round(10))
    pairs = pairs.assign(clear=pairs["p"] <= 0.05)
    found = pairs[(pairs["complaints"] >= least) & (pairs["ratio"] > 1)]
    return found.sort_values(["p", "by", "of", "category"], ignore_index=True)[columns]


def _pairs(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    told = rows.dropna(subset=[by, "category"])
    counts = pd.crosstab(told[by], told["category"])
    if min(counts.shape, default=0) < 2:
        return pd.DataFrame()
    of, category = np.meshgrid(counts.sum(axis=1), counts.sum(axis=0), indexing="ij")
    seen, expected = counts.to_numpy(), of * category / len(told)
    sides = seen, category, of - seen, len(told) - category
    long = counts.stack().rename("complaints").reset_index().rename(columns={by: "of"})
    return long.assign(
        by=by,
        expected=expected.ravel().round(10),
        ratio=(seen / expected).ravel().round(10),
        p=[fisher_test(*one, more=True) for one in zip(*(part.ravel() for part in sides), strict=True)],
    )
