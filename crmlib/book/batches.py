"""Source files as the kit keeps them: each read once, its rows whole, its personal cells in the vault.

data/book/batches/000001_<sha>/   file.json   and for each sheet n:
    n.raw.parquet      every data row as text, personal cells masked
    n.rows.parquet     the same rows standardised, personal columns left out; row_id, content, quarantined
    n.issues.parquet   what could not be read, with its reason
    refused.parquet    rows that are no data, or refused by the reader
data/vault/            what was left out or masked, sealed
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crmlib import engine
from crmlib.book.corrections import Corrections
from crmlib.book.hiding import hide_excerpts, hide_issues, hide_raw, hide_rows
from crmlib.book.vault import open_batch, seal_batch
from crmlib.dictionary import Dictionary
from crmlib.home import Home
from crmlib.inputs import Input, kit_hash
from crmlib.intake.checks import split_rows
from crmlib.intake.headers import map_headers
from crmlib.intake.identity import identify_rows, row_contents
from crmlib.intake.notes import Note
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
    notes: tuple[Note, ...]
    physical: int  # every row of the file, data or not
    sheets: tuple[dict[str, Any], ...]
    rules: str  # a hash of the rules it was read by

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
    """Arrow → pandas in the kit's types; lines are plain numbers."""
    frame = engine.to_frame(table)
    return frame.astype({"line": "int64"}) if "line" in frame else frame


def list_batches(home: Home) -> list[Batch]:
    """Every batch of the book in the order in which they came."""
    return [read_batch(path.parent) for path in sorted((home.book / "batches").glob("[0-9]*/file.json"))]


def read_batch(folder: Path) -> Batch:
    about = json.loads((folder / "file.json").read_text(encoding="utf-8"))
    return Batch(
        folder=folder,
        sequence=about["sequence"],
        file=about["file"],
        system=about["system"],
        sha256=about["sha256"],
        received_on=date.fromisoformat(about["received_on"]),
        origin=about["origin"],
        notes=_notes(about["notes"]),
        physical=about["physical"],
        sheets=tuple({**sheet, "notes": _notes(sheet["notes"])} for sheet in about["sheets"]),
        rules=about["rules"],
    )


def _notes(told: list[tuple[str, dict[str, Any]]]) -> tuple[Note, ...]:
    return tuple(Note(key, **blanks) for key, blanks in told)


def source_for(settings: Settings, file: str, *, system: str, sheet: str = "", table: str = "") -> Source:
    """The `[sources.<name>]` block of a file: by sheet, else by file name, stem, database table or folder; `table` overrides its table."""
    names = [sheet, file, Path(file).name, Path(file).stem, file.rpartition("#")[2], system]
    found = next((settings.sources[name] for name in names if name in settings.sources), Source())
    return replace(found, table=table) if table else found


def reading_rules(settings: Settings) -> str:
    """A hash of everything that decides how a file is read: where it differs, the kept rows are read anew."""
    own = repr((settings.sources, settings.own_fields(), settings.checks))
    return hashlib.sha256((own + kit_hash("intake", "reference", "dictionary.toml")).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Reader:
    """What reading a file needs beside the file."""

    home: Home
    settings: Settings
    dictionary: Dictionary
    key: Key
    corrections: Corrections

    def stage(self, one: Input, *, sequence: int, received_on: date, origin: str, table: str = "") -> Batch:
        """Read, map, standardise and check one file, and keep it. Raises DataError: then nothing is kept of it."""
        header = source_for(self.settings, one.name, system=one.system).header
        with one.opened() as path:
            read = read_file(path, name=one.name, header=header)
        sha256 = one.sha256()
        about = {
            "sequence": sequence,
            "file": one.name,
            "system": one.system,
            "sha256": sha256,
            "received_on": received_on.isoformat(),
            "origin": origin,
            "notes": [[note.key, note.blanks] for note in read.notes],
            "physical": sum(map(len, read.tables)) + len(read.refused),
            "asked_table": table,
        }
        return self._keep(f"{sequence:06d}_{sha256[:12]}", about, read.tables, hide_excerpts(read.refused))

    def reread(self, batch: Batch) -> Batch:
        """The kept rows mapped, standardised and checked by the rules of today."""
        about = json.loads((batch.folder / "file.json").read_text(encoding="utf-8"))
        tables = [Sheet(batch, n).raw(self.home, self.key) for n in range(len(batch.sheets))]
        for raw, sheet in zip(tables, batch.sheets, strict=True):
            raw.attrs = {"file": batch.file, "sheet": sheet["sheet"], "header_line": sheet["header_line"]}
        return self._keep(batch.folder.name, about, tables, to_frame(pq.read_table(batch.folder / "refused.parquet")))

    def _keep(self, name: str, about: dict[str, Any], tables: list[pd.DataFrame], refused: pd.DataFrame) -> Batch:
        folder = self.home.book / "batches" / name
        build = folder.with_name(f".new-{name}")
        shutil.rmtree(build, ignore_errors=True)
        build.mkdir(parents=True)
        sheets = [self._keep_sheet(build, name, number, raw, about) for number, raw in enumerate(tables)]
        _write(build / "refused.parquet", refused)
        whole = {**about, "sheets": sheets, "rules": reading_rules(self.settings)}
        (build / "file.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(build, folder)
        return read_batch(folder)

    def _keep_sheet(
        self, build: Path, name: str, number: int, raw: pd.DataFrame, about: dict[str, Any]
    ) -> dict[str, Any]:
        """Write one sheet's parts into `build`, seal what is personal, and return what file.json says of the sheet."""
        sheet = raw.attrs.get("sheet", "")
        source = source_for(
            self.settings, about["file"], system=about["system"], sheet=sheet, table=about["asked_table"]
        )
        system = source.system or about["system"]
        mapping = map_headers(raw, source=source, dictionary=self.dictionary)
        rows, issues, corrected = pd.DataFrame(index=raw.index), pd.DataFrame(), ""
        if mapping.table:
            day = date.fromisoformat(about["received_on"])
            content = row_contents(raw, table=mapping.table, system=system, key=self.key)
            given, corrected = self.corrections.apply(raw, content), self.corrections.mark(content)
            standard = standardise(given, mapping, received_on=day, source=source, dictionary=self.dictionary)
            split = split_rows(
                standard.rows,
                standard.issues,
                mapping=mapping,
                checks=self.settings.checks,
                received_on=day,
                dictionary=self.dictionary,
                file=about["file"],
            )
            rows, issues = pd.concat([split.kept, split.quarantined]).reindex(raw.index), split.issues
            refused = split.quarantined.index
            whose = {"table": mapping.table, "system": system, "key": self.key, "dictionary": self.dictionary}
            flat = identify_rows(content, rows, refused=refused, **whose).assign(quarantined=raw.index.isin(refused))
            shown, hidden = hide_rows(rows, dictionary=self.dictionary)
            _write(build / f"{number}.rows.parquet", pd.concat([flat, shown], axis=1).rename_axis("line").reset_index())
            self._seal(f"{name}-{number}-rows", hidden)
            _write(build / f"{number}.issues.parquet", hide_issues(issues, dictionary=self.dictionary))
        shown, hidden = hide_raw(raw, mapping, issues, rows, dictionary=self.dictionary)
        _write(build / f"{number}.raw.parquet", shown.rename_axis("line").reset_index())
        self._seal(f"{name}-{number}-raw", hidden)
        return {
            "sheet": sheet,
            "table": mapping.table,
            "refusal": mapping.refusal,
            "header_line": raw.attrs.get("header_line"),
            "physical": len(raw),
            "columns": [column._asdict() for column in mapping.columns],
            "custom": list(mapping.custom),
            "notes": [[note.key, note.blanks] for note in mapping.notes],
            "currency": source.currency or mapping.currency,
            "rate": source.rate,
            "snapshot": source.snapshot,
            "third_party": source.third_party,
            "system": system,
            "corrected": corrected,
        }

    def _seal(self, part: str, hidden: pd.DataFrame) -> None:
        seal_batch(self.home, part, pa.Table.from_pandas(hidden, preserve_index=False), self.key)


def _write(path: Path, frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd")
