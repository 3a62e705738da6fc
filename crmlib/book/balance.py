"""The balance: each physical row is counted once, as kept, merged, unchanged, not data, or quarantined."""

import pandas as pd

from crmlib.book.batches import Batch, Sheet
from crmlib.errors import CheckError
from crmlib.labels import Say

STATUSES = ("kept", "merged", "unchanged", "not_data", "quarantined")


def row_statuses(index: pd.DataFrame, sheets: list[Sheet]) -> pd.DataFrame:
    """index: one row per physical row in order of arrival (row_id, content, quarantined, batch, sheet).

    Returns `seen` (kept, merged: the same row twice in a file, unchanged: the same row in an earlier file) and
    `current` (the last that came of each row_id). A row that a later snapshot no longer holds is not current.
    """
    good = index[~index["quarantined"]]
    again = good[good.duplicated(["row_id", "content"], keep=False)]
    first_batch = again.groupby(["row_id", "content"])["batch"].transform("first")
    repeated = again.duplicated(["row_id", "content"])
    seen = pd.Series("kept", index=index.index, dtype="str")
    seen.loc[again.index[repeated & first_batch.eq(again["batch"])]] = "merged"
    seen.loc[again.index[repeated & first_batch.lt(again["batch"])]] = "unchanged"
    current = pd.Series(False, index=index.index)
    current.loc[good.index] = ~good.duplicated("row_id", keep="last")
    whole = pd.DataFrame([(s.about["system"], s.table, s.batch.file, s.about["sheet"]) for s in sheets])
    for n, sheet in enumerate(sheets):
        if sheet.about["snapshot"] and whole.iloc[n + 1 :].eq(whole.iloc[n]).all(axis=1).any():
            current &= index["sheet"].ne(n)
    return pd.DataFrame({"seen": seen, "current": current})


def balance_by_file(batches: list[Batch], records: pd.DataFrame, not_data: pd.DataFrame) -> pd.DataFrame:
    """One row per file as it came: file, batch, in, and a count for each status; `kinds` names what is not data."""
    counts = records.groupby(["batch", "status"]).size().unstack(fill_value=0)
    rows = []
    for batch in batches:
        own = counts.loc[batch.sequence] if batch.sequence in counts.index else pd.Series(dtype=int)
        none = not_data[not_data["batch"].eq(batch.sequence)]
        physical = batch.physical
        row = {"file": batch.file, "batch": batch.sequence, "in": physical} | {s: int(own.get(s, 0)) for s in STATUSES}
        row["not_data"] = len(none)
        row["kinds"] = {str(k): int(v) for k, v in none["reason"].value_counts().sort_index().items()}
        rows.append(row)
    return pd.DataFrame(rows)


def check_balance(balance: pd.DataFrame) -> None:
    """Raises CheckError naming the first file whose rows are not each counted once."""
    off = balance[balance["in"] != balance[list(STATUSES)].sum(axis=1)]
    if len(off):
        one = off.iloc[0]
        raise CheckError("error.balance", file=one["file"], rows=one["in"], counted=int(one[list(STATUSES)].sum()))


def balance_line(counts: pd.Series | dict, *, say: Say) -> str:
    """1,284 行 = 入库 1,190 + 合并 61 + … : one line, the zero terms left out."""
    terms = [f"{say(f'balance.{s}')} {int(counts[s]):,}" for s in STATUSES if int(counts[s])]
    return say("balance.line", rows=f"{int(counts['in']):,}", terms=" + ".join(terms) or "0")
