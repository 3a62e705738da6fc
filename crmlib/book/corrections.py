"""Corrections: cells of refused rows that people put right, kept in the ledger and applied whenever the rows are read."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crmlib.book.ledger import append_lines, read_lines
from crmlib.book.vault import open_batch, seal_batch
from crmlib.home import Home
from crmlib.keys import Key

if TYPE_CHECKING:  # batches are read with corrections
    from crmlib.book.batches import Batch


class Correction(NamedTuple):
    """One cell put right. The row is known by its `content`, so the same row in a later export is put right as well."""

    content: str
    header: str
    value: str | None
    shown: dict[str, str | int | None]  # file, sheet, line, old and new as they may be shown


def add_corrections(
    home: Home, corrections: list[Correction], *, key: Key, source: str, who: str, at: datetime
) -> list[int]:
    """Write them to the ledger, their values to the vault. `source` is the hash of the sheet they came in."""
    if not corrections:
        return []
    part = f"ledger-{source[:16]}"
    seal_batch(home, part, pa.table({"value": pa.array([one.value for one in corrections], pa.string())}), key)
    subjects = [
        {"content": one.content, "header": one.header, "place": n, "source": source, **one.shown}
        for n, one in enumerate(corrections)
    ]
    return append_lines(home, "correction", subjects, who=who, at=at, sealed=part)


class Corrections:
    """All corrections that hold. `mark` of a batch says which of them fall on it: where it differs, it is read anew."""

    def __init__(self, home: Home, key: Key) -> None:
        lines = [line for line in read_lines(home, "correction") if "content" in line.subject]
        values = {part: open_batch(home, part, key)["value"].to_pylist() for part in {line.sealed for line in lines}}
        told = [(ln.subject["content"], ln.subject["header"], values[ln.sealed][ln.subject["place"]]) for ln in lines]
        self.cells = pd.DataFrame(told, columns=["content", "header", "value"], dtype="str")
        self.cells = self.cells.drop_duplicates(["content", "header"], keep="last")

    def mark(self, contents: Iterable[str]) -> str:
        """A hash of the corrections to rows of these contents; "" where there is none."""
        if self.cells.empty:  # as nearly always: no need to look at a million contents
            return ""
        mine = self.cells[self.cells["content"].isin(set(contents))].sort_values(["content", "header"])
        return hashlib.sha256(mine.to_csv(index=False).encode()).hexdigest()[:16] if len(mine) else ""

    def apply(self, raw: pd.DataFrame, contents: pd.Series) -> pd.DataFrame:
        """`raw` with the corrected cells; `contents` has its index."""
        if self.cells.empty or not contents.isin(self.cells["content"]).any():
            return raw
        fixed = {}
        for header, some in self.cells.groupby("header"):
            if header in raw:
                value = some.set_index("content")["value"]
                here = contents.isin(value.index)
                fixed[header] = raw[header].mask(here, contents.map(value).astype(raw[header].dtype))
        corrected = raw.assign(**fixed)
        corrected.attrs = raw.attrs
        return corrected

    def are_in(self, batch: "Batch") -> bool:
        """Whether a kept batch was read with just the corrections that hold now."""
        return all(
            sheet.get("corrected", "") == self.mark(self._touched(batch.folder / f"{number}.rows.parquet"))
            for number, sheet in enumerate(batch.sheets)
            if sheet["table"]
        )

    def _touched(self, path: Path) -> list[str]:
        """The contents of a kept sheet that are corrected."""
        if self.cells.empty:
            return []
        column = pq.read_table(path, columns=["content"])["content"]
        hits = pc.is_in(column, value_set=pa.array(self.cells["content"].unique(), column.type))
        return column.filter(hits).unique().to_pylist()
