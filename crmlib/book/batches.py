"""Source files as the kit keeps them: each read once, its rows whole, its personal cells in the vault.

data/book/batches/000001_<sha>/   file.json   and for each sheet n:
    n.raw.parquet      every data row as text, personal cells masked
    n.rows.parquet     the same rows standardised, personal columns left out; row_id, content, quarantined
    n.issues.parquet   what could not be read, with its reason
    refused.parquet    rows that are no data, or refused by the reader
data/vault/            what was left out or masked, sealed
"""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crmlib.book.hiding import hide_issues, hide_raw, hide_rows
from crmlib.book.vault import open_batch, seal_batch
from crmlib.dictionary import Dictionary
from crmlib.home import Home
from crmlib.inputs import Input
from crmlib.intake.checks import split_rows
from crmlib.intake.headers import Mapping, map_headers
from crmlib.intake.identity import identify_rows
from crmlib.intake.readers import read_file
from crmlib.intake.values import standardise
from crmlib.keys import Key
from crmlib.settings import Settings, Source


@dataclass(frozen=True)
class Batch:
    """One file as it was read. `sheets` holds what file.json says of each sheet."""

    folder: Path
    sequence: int
    file: str
    system: str
    sha256: str
    received_on: date
    origin: str
    notes: tuple[str, ...]
    physical: int  # every row of the file, data or not
    sheets: tuple[dict[str, Any], ...]

    def part_id(self, sheet: int, part: str) -> str:
        return f"{self.folder.name}-{sheet}-{part}"


class Sheet:
    """One sheet of a batch, brought back: wide typed rows with their personal columns, in the file's order."""

    def __init__(self, batch: Batch, number: int) -> None:
        self.batch, self.number, self.about = batch, number, batch.sheets[number]

    @property
    def table(self) -> str | None:
        return self.about["table"]

    def _read(self, part: str) -> pd.DataFrame:
        path = self.batch.folder / f"{self.number}.{part}.parquet"
        return to_frame(pq.read_table(path)) if path.is_file() else pd.DataFrame()

    def rows(self, home: Home, key: Key) -> pd.DataFrame:
        """index line; row_id, content, keyed, quarantined and every "table.field" column, plain."""
        table = pq.read_table(self.batch.folder / f"{self.number}.rows.parquet")
        hidden = open_batch(home, self.batch.part_id(self.number, "rows"), key)
        for name in hidden.column_names:
            table = table.append_column(name, hidden[name])
        return to_frame(table).set_index("line")

    def raw(self, home: Home, key: Key | None) -> pd.DataFrame:
        """index line; the file's own columns as text. With the key the text is the file's, without it masked."""
        raw = self._read("raw").set_index("line")
        if key is not None:
            hidden = to_frame(open_batch(home, self.batch.part_id(self.number, "raw"), key))
            raw = raw.assign(**{name: hidden[name].to_numpy() for name in hidden.columns})
        return raw

    def issues(self) -> pd.DataFrame:
        return self._read("issues")


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Arrow → pandas; decimals, dates, nullable integers and booleans keep what they are."""

    def exact(kind: pa.DataType):
        if pa.types.is_decimal(kind) or pa.types.is_date(kind):
            return pd.ArrowDtype(kind)
        if pa.types.is_integer(kind):
            return pd.Int64Dtype()
        return pd.BooleanDtype() if pa.types.is_boolean(kind) else None

    frame = table.to_pandas(types_mapper=exact)
    return frame.astype({"line": "int64"}) if "line" in frame else frame


def list_batches(home: Home) -> list[Batch]:
    """Every batch of the book in the order in which they came."""
    batches = []
    for path in sorted((home.book / "batches").glob("*/file.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        batches.append(
            Batch(
                path.parent,
                about["sequence"],
                about["file"],
                about["system"],
                about["sha256"],
                date.fromisoformat(about["received_on"]),
                about["origin"],
                tuple(about["notes"]),
                about["physical"],
                tuple(about["sheets"]),
            )
        )
    return batches


def source_for(settings: Settings, one: Input, sheet: str) -> Source:
    """The `[sources.<name>]` block of a file: by sheet, else by file name, stem or folder."""
    names = [sheet, one.name, one.path.name, one.path.stem, one.system]
    return next((settings.sources[name] for name in names if name in settings.sources), Source())


def stage_file(
    home: Home,
    one: Input,
    *,
    sequence: int,
    key: Key,
    settings: Settings,
    dictionary: Dictionary,
    received_on: date,
    origin: str,
    table: str = "",
) -> Batch:
    """Read, map, standardise and check one file, and keep it. Raises DataError: then nothing is kept of it."""
    read = read_file(one.path)
    sha256 = one.sha256()
    folder = home.book / "batches" / f"{sequence:06d}_{sha256[:12]}"
    build = folder.with_name(f".new-{folder.name}")
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    sheets = []
    for number, raw in enumerate(read.tables):
        source = source_for(settings, one, raw.attrs.get("sheet", ""))
        if table:
            source = Source(**{**source.__dict__, "table": table})
        mapping = map_headers(raw, source=source, dictionary=dictionary)
        about: dict[str, Any] = {
            "sheet": raw.attrs.get("sheet", ""),
            "table": mapping.table,
            "refusal": mapping.refusal,
            "header_line": raw.attrs.get("header_line"),
            "physical": len(raw),
            "columns": [column._asdict() for column in mapping.columns],
            "custom": list(mapping.custom),
            "notes": [note.message("zh") for note in mapping.notes],
            "currency": source.currency or mapping.currency,
            "rate": source.rate,
            "snapshot": source.snapshot,
            "system": source.system or one.system,
        }
        _keep_sheet(
            home, build, folder.name, number, raw, mapping, about, source=source, key=key,
            settings=settings, dictionary=dictionary, received_on=received_on,
        )  # fmt: skip
        sheets.append(about)
    _write(build / "refused.parquet", hide_issues(read.refused, "excerpt"))
    about_file = {
        "sequence": sequence,
        "file": one.name,
        "system": one.system,
        "sha256": sha256,
        "received_on": received_on.isoformat(),
        "origin": origin,
        "notes": [str(note) for note in read.notes],
        "physical": sum(map(len, read.tables)) + len(read.refused),
        "sheets": sheets,
    }
    (build / "file.json").write_text(json.dumps(about_file, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(build, folder)
    return next(batch for batch in list_batches(home) if batch.folder == folder)


def _keep_sheet(
    home: Home,
    build: Path,
    name: str,
    number: int,
    raw: pd.DataFrame,
    mapping: Mapping,
    about: dict[str, Any],
    *,
    source: Source,
    key: Key,
    settings: Settings,
    dictionary: Dictionary,
    received_on: date,
) -> None:
    """Write one sheet's parts into `build`, and seal what is personal."""
    rows, issues = pd.DataFrame(index=raw.index), pd.DataFrame()
    quarantined = pd.Series(False, index=raw.index)
    identity = pd.DataFrame(index=raw.index)
    if mapping.table:
        standard = standardise(raw, mapping, received_on=received_on, source=source, dictionary=dictionary)
        split = split_rows(
            standard.rows, standard.issues, mapping=mapping, checks=settings.checks, received_on=received_on,
            dictionary=dictionary, file=name,
        )  # fmt: skip
        rows, issues = pd.concat([split.kept, split.quarantined]).reindex(raw.index), split.issues
        quarantined = pd.Series(raw.index.isin(split.quarantined.index), index=raw.index)
        identity = identify_rows(
            raw,
            rows.loc[~quarantined],
            table=mapping.table,
            system=about["system"],
            key=key,
            dictionary=dictionary,
        )
    shown_raw, hidden_raw = hide_raw(raw, mapping, issues, rows, dictionary=dictionary)
    _write(build / f"{number}.raw.parquet", shown_raw.reset_index())
    seal_batch(home, f"{name}-{number}-raw", pa.Table.from_pandas(hidden_raw, preserve_index=False), key)
    if mapping.table:
        shown, hidden = hide_rows(rows, dictionary=dictionary)
        flat = pd.concat([identity, quarantined.rename("quarantined"), shown], axis=1).rename_axis("line").reset_index()
        _write(build / f"{number}.rows.parquet", flat)
        seal_batch(home, f"{name}-{number}-rows", pa.Table.from_pandas(hidden, preserve_index=False), key)
        _write(build / f"{number}.issues.parquet", hide_issues(issues, "value", dictionary=dictionary))


def _write(path: Path, frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd")
