"""The change log: every value that a later export gave a row that was known, old and new."""

import pandas as pd

from crmlib.book.batches import Sheet
from crmlib.book.hiding import is_person, mask_cells
from crmlib.dictionary import Dictionary
from crmlib.keys import as_text

COLUMNS = ["row_id", "table", "field", "old", "new", "changed_on", "batch", "source_file", "sheet", "line"]


def list_changes(
    sheets: list[Sheet], rows: list[pd.DataFrame], index: pd.DataFrame, *, dictionary: Dictionary
) -> pd.DataFrame:
    """One row per value that changed: COLUMNS; old and new as text, masked where the field is personal.

    rows: each sheet's wide rows, all of them. index: one row per physical row in order of arrival (sheet, line, row_id,
    content, quarantined). A column that one of two exports lacks has not changed; a cell that is now blank has.
    """
    good = index[~index["quarantined"]]
    before = good.groupby("row_id")[["sheet", "line", "content"]].shift()
    again = before["sheet"].notna() & before["content"].ne(good["content"])
    pairs = good[again].assign(old_sheet=before["sheet"].astype("Int64"), old_line=before["line"].astype("Int64"))
    found = [
        _compare(rows[int(old)].loc[part["old_line"].astype(int)], rows[int(new)].loc[part["line"]], sheets[int(new)])
        for (old, new), part in pairs.groupby(["old_sheet", "sheet"])
    ]
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    every = pd.concat(found, ignore_index=True)
    for (table, key), part in every.groupby(["table", "field"]):
        field = dictionary.tables[table].fields.get(key)
        for side in ("old", "new"):
            every.loc[part.index, side] = mask_cells(part[side].astype("str"), field, part["person"].astype(bool))
    order = ["batch", "sheet", "line", "table", "field"]
    return every[COLUMNS].sort_values(order, ignore_index=True)


def _compare(before: pd.DataFrame, after: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """The same rows in two versions, in the same order → one row per value that differs."""
    parts, person = [], is_person(after).to_numpy()
    for name in after.columns.intersection(before.columns):
        table, _, field = name.partition(".")
        if not field:
            continue  # row_id, content and what else is ours
        old, new = (side[name].astype(object).map(as_text).to_numpy(dtype=object) for side in (before, after))
        differs = pd.Series(old).fillna("").ne(pd.Series(new).fillna("")).to_numpy()
        if differs.any():
            said = {"table": table, "field": field, "old": old[differs], "new": new[differs]}
            place = {
                "row_id": after["row_id"].to_numpy()[differs],
                "line": after.index[differs],
                "person": person[differs],
            }
            parts.append(pd.DataFrame(place | said))
    none = pd.DataFrame(columns=["row_id", "line", "person", "table", "field", "old", "new"])
    batch = sheet.batch
    return pd.concat(parts or [none], ignore_index=True).assign(
        changed_on=batch.received_on, batch=batch.sequence, source_file=batch.file, sheet=sheet.about["sheet"]
    )
