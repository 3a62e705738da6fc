"""Which row is the same row next month: an id from its source key, else from its whole content."""

import unicodedata

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.dictionary import Dictionary
from crmlib.intake.columns import as_arrow
from crmlib.keys import Key

_GAP = "\x1f"
_NORMAL = r"^[\x{4e00}-\x{9fff}a-z0-9*]*$"  # nothing to do, as for most names


def join_columns(columns: list[pd.Series]) -> pd.Series:
    """One text per row out of several columns; a missing cell joins as nothing."""
    arrays = [as_arrow(column.astype("str")).cast(pa.large_string()) for column in columns]
    if not arrays:
        return pd.Series([], dtype="str")
    joined = pc.binary_join_element_wise(
        *arrays, pa.scalar(_GAP, pa.large_string()), null_handling="replace", null_replacement=""
    )
    return joined.to_pandas().set_axis(columns[0].index).astype("str")


def normal_name(names: pd.Series) -> pd.Series:
    """A name as a key: one width, one case, without blanks and punctuation. Missing becomes ''."""
    seen = pa.Table.from_pydict({"name": names.astype("str")})["name"].cast(pa.string())
    seen = seen.combine_chunks().dictionary_encode()
    odd = pc.invert(pc.match_substring_regex(seen.dictionary, _NORMAL))
    kept = [
        "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum() or c == "*")
        for name in seen.dictionary.filter(odd).to_pylist()
    ]
    words = pc.replace_with_mask(seen.dictionary, odd, pa.array(kept, pa.string()))
    return pd.Series(words.take(seen.indices).fill_null("").to_pandas().array, index=names.index, dtype="str")


def row_contents(raw: pd.DataFrame, *, table: str, system: str, key: Key) -> pd.Series:
    """A keyed hash of each row as the file has it: the same in every export that holds the very same row."""
    content = join_columns([raw[column].str.strip() for column in raw.columns])
    prefix = pd.Series(f"{system}{_GAP}{table}", index=raw.index, dtype="str")
    return key.row_ids(_frame(prefix, content))


def identify_rows(
    content: pd.Series,
    rows: pd.DataFrame,
    *,
    table: str,
    system: str,
    key: Key,
    dictionary: Dictionary,
    refused: pd.Index | None = None,
) -> pd.DataFrame:
    """One row per row of a sheet (`content`, of row_contents): row_id, content, keyed.

    `rows` are the standardised ones, `refused` those among them that are not kept: they do not move another row's id. A row whose source key is there takes its id
    from (system, table, source key); a customer's name is part of its key, since one number under two incompatible
    names is two customers. Any other row takes it from (system, table, the whole row, its occurrence in the sheet).
    """
    spec = dictionary.tables[table]
    keys = [rows[f"{table}.{name}"].astype("str") for name in spec.source_key if f"{table}.{name}" in rows]
    present = (
        keys[0].notna().reindex(content.index, fill_value=False) if keys else pd.Series(False, index=content.index)
    )
    if table == "customers" and keys and "customers.name" in rows:
        keys.append(normal_name(rows["customers.name"]))
    joined = join_columns(keys).reindex(content.index).where(present, content) if keys else content
    late = content.index.isin(refused if refused is not None else [])
    order = pd.DataFrame({"joined": joined, "content": content.where(~late, "~" + content), "keyed": present})
    repeats = ~present if not spec.repeats else pd.Series(True, index=content.index)
    occurrence = pd.Series(0, index=content.index)
    again = order[repeats & order["joined"].duplicated(keep=False)].sort_values(["joined", "content"])
    occurrence.loc[again.index] = again.groupby("joined").cumcount()
    if table == "customers":  # a sheet may name a customer once for each contact: different rows, equal ones are one
        twice = order["keyed"] & order["joined"].duplicated(keep=False)
        if twice.any():
            several = order[twice].groupby("joined")["content"].rank(method="dense") - 1
            occurrence.loc[several.index] = several.astype("int64")
    occurrence = occurrence.astype("str")
    kind = present.map({True: "key", False: "row"}).astype("str")
    prefix = pd.Series(f"{system}{_GAP}{table}", index=content.index, dtype="str")
    return pd.DataFrame(
        {
            "row_id": key.row_ids(_frame(prefix, kind, joined, occurrence)),
            "content": content,
            "keyed": present.to_numpy(),
        },
        index=content.index,
    )


def customer_row_ids(source_id: pd.Series, name: pd.Series, *, system: str, key: Key) -> pd.Series:
    """The row_id that a customer row with this source id and name has, or would have, in this system."""
    joined = join_columns([source_id, normal_name(name)])
    prefix = pd.Series(f"{system}{_GAP}customers", index=joined.index, dtype="str")
    kind = pd.Series("key", index=joined.index, dtype="str")
    zero = pd.Series("0", index=joined.index, dtype="str")
    return key.row_ids(_frame(prefix, kind, joined, zero))


def _frame(*columns: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(dict(enumerate(columns)))
