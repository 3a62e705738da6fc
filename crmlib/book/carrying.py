"""What an import leaves alone is carried over from the version before; what it reaches is named here, and why all is, if so."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crmlib.book.assemble import Sheets
from crmlib.book.conform import conform
from crmlib.book.ledger import Line, read_lines
from crmlib.book.shelf import Book
from crmlib.book.vault import list_batches, open_batch, seal_batch
from crmlib.dictionary import Dictionary
from crmlib.home import Home
from crmlib.intake.matching import Matched
from crmlib.intake.registry import is_in
from crmlib.intake.renewing import Matching
from crmlib.keys import Key
from crmlib.labels import Say

PART = "matching"  # of the vault: the keys of the current version, so that guesses cannot be tried on them
# what follows from a customer's own rows
BY_CUSTOMER = ("customers", "cells", "names", "contacts", "contact_methods", "tags", "stage_changes")


class Earlier(NamedTuple):
    """The version before, and its matching, of which who is whose is in the keys alone."""

    book: Book
    matching: Matching


class Renewal(NamedTuple):
    """`why`: the reason for which all was made anew, "" where only these were: rows changed, rows judged, customers."""

    why: str = ""
    changed: int = 0
    judged: int = 0
    customers: int = 0

    def line(self, say: Say) -> str:
        if self.why:
            return say("import.rebuilt", why=say(f"import.because.{self.why}"))
        return say("import.renewed", **{k: f"{n:,}" for k, n in self._asdict().items() if k != "why"})


def staff_mark(sheets: Sheets, key: Key) -> str:
    """A mark of the staff list: by it the names of all customers' owners become ids."""
    lists = [rows.to_csv() for sheet, rows in zip(sheets.about, sheets.rows, strict=True) if sheet.table == "staff"]
    return key.row_id(*lists)


def find_earlier(home: Home, previous: Book | None, *, now: Mapping[str, Any], key: Key) -> tuple[Earlier | None, str]:
    """The version before where this one may stand on it, else the reason why not: first, kit, rules, staff, keys.

    now: a mark of each of kit, rules and staff."""
    if previous is None:
        return None, "first"
    then = previous.manifest["source"] | {"staff": previous.manifest.get("staff")}
    for part in ("kit", "rules", "staff"):
        if then.get(part) != now[part]:
            return None, part
    keys = open_batch(home, PART, key) if PART in list_batches(home) else None
    if keys is None or (keys.schema.metadata or {}).get(b"book") != previous.version.encode():
        return None, "keys"
    links, review = (previous.frame(previous.table(name)) for name in ("links", "review"))
    matched = Matched(pd.Series(dtype="str"), links, review)
    return Earlier(previous, Matching(matched, keys, pd.Index([]))), ""


def keep_keys(home: Home, version: str, keys: pa.Table, *, key: Key) -> None:
    """Seal what the next import needs. Where it is not there, or of another version, all is made anew."""
    seal_batch(home, PART, keys.replace_schema_metadata({**keys.schema.metadata, "book": version}), key)


def touched_rows(home: Home, earlier: Earlier) -> list[str]:
    """The rows of decisions that were made or undone since."""
    pairs = [line.subject["pairs"] for line in _lines_since(home, earlier) if line.kind == "decision"]
    return sorted({row for some in pairs for pair in some for row in pair})


def _lines_since(home: Home, earlier: Earlier) -> list[Line]:
    """The ledger's lines that hold now and did not then, or the other way round."""
    then, now = earlier.book.manifest["source"]["ledger"], [line.id for line in read_lines(home)]
    return [line for line in read_lines(home, undone=True) if (line.id in now) != (line.id in then)]


def renewed_customers(
    home: Home, earlier: Earlier, sheets: Sheets, by_line: pd.DataFrame, whose: pd.Series
) -> tuple[pd.Index, int]:
    """(ids of the customers to make anew, those of before too; how many rows are new, changed or gone).

    They have a row that came again, was put right, was another's or nobody's before, or was amended by hand.
    """
    since = _lines_since(home, earlier)
    now = sheets.index.merge(by_line[["sheet", "line", "customer_id"]].dropna(), on=["sheet", "line"])
    known = set(earlier.book.manifest["source"]["batches"])
    new = [sheet.batch.folder.name not in known for sheet in sheets.about]
    fixed = pd.Index([line.subject["content"] for line in since if "content" in line.subject], dtype="str")
    changed = np.array(new, bool)[now["sheet"]] | is_in(now["content"], fixed)

    then = earlier.book.table("records").select("row_id", "customer_id").filter(ibis._.customer_id.notnull())
    then = earlier.book.frame(then)
    place = pc.index_in(pa.array(now["row_id"]), value_set=pa.array(then["row_id"])).fill_null(-1).to_numpy()
    here = place >= 0
    same = here.copy()
    same[here] = (then["customer_id"].array[place[here]] == now["customer_id"].array[here]).astype(bool)
    gone = np.ones(len(then), bool)
    gone[place[same]] = False
    by_hand = [
        line.subject["row_id"] for line in read_lines(home, "correction", undone=True) if "row_id" in line.subject
    ]
    ids = [now.loc[changed | ~same, "customer_id"], then.loc[gone, "customer_id"], whose.reindex(by_hand).dropna()]
    count = int((changed | ~here).sum()) + int((~is_in(then["row_id"], now["row_id"])).sum())
    return pd.Index(pd.concat(ids, ignore_index=True).unique(), dtype="str"), count


def carry_over(
    earlier: Earlier, tables: dict[str, Any], renewed: pd.Index, *, dictionary: Dictionary
) -> dict[str, Any]:
    """`tables` of the customers that were made anew, and of the others as they were."""
    carried, ids = {}, pa.array(renewed, pa.string())
    for name in BY_CUSTOMER:
        new = conform(name, tables.get(name, pd.DataFrame()), dictionary=dictionary)
        old = pq.read_table(earlier.book.path / f"{name}.parquet")
        kept = pc.invert(pc.is_in(old["customer_id"], value_set=ids))
        if name == "stage_changes":  # a need's are its row's own
            kept = pc.and_(kept, pc.equal(old["entity"], "customer"))
        carried[name] = _concat(old.filter(kept), new)
    return tables | carried


def _concat(kept: pa.Table, new: pa.Table) -> pa.Table:
    """Both, with the columns of `new`; a column that is empty on one side has the type of the other."""
    if not new.num_rows:
        return kept
    columns = {}
    for name in new.column_names:
        fresh = new[name]
        old = kept[name] if name in kept.column_names else pa.nulls(len(kept), fresh.type)
        kind = old.type if fresh.null_count == len(fresh) else fresh.type
        columns[name] = pa.chunked_array([*_cast(old, kind), *_cast(fresh, kind)], kind)
    return pa.table(columns)


def _cast(values: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> list[pa.Array]:
    cast = values.cast(kind)
    return cast.chunks if isinstance(cast, pa.ChunkedArray) else [cast]


def names_of_colleagues(earlier: Earlier, rows: pd.DataFrame, whose: pd.Series, renewed: pd.Index) -> list[str]:
    """Owners that the customers carried over have by name: of a customer of several rows the one that won."""
    if "owner_name" not in rows:
        return []
    carried = ~is_in(whose, renewed)
    alone = carried & ~whose.duplicated(keep=False).to_numpy()
    cells = earlier.book.frame(earlier.book.table("cells"))
    cells = cells[cells["field"].eq("owner_name") & ~is_in(cells["customer_id"], renewed)]
    won = is_in(rows["row_id"], cells["row_id"])
    return rows.loc[alone | won, "owner_name"].dropna().unique().tolist()
