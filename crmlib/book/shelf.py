"""The shelf: the book's versions, each a folder of Parquet published whole; a reader never sees a mixed one."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crmlib.book.conform import conform, types_of
from crmlib.dictionary import DICTIONARY, Dictionary
from crmlib.engine import open_engine, read_frame
from crmlib.errors import DataError
from crmlib.home import Home, find_home, free_place, write_whole

SCHEMA_VERSION = 1
KEPT_VERSIONS = 5
_NAME = re.compile(r"v?0*(\d+)")


class Book:
    """One version of the book, open for reading. Its tables are Ibis tables of one engine, read when first asked for."""

    def __init__(self, path: Path, engine: Any, only: Collection[str] | None = None) -> None:
        self.path, self.version, self.engine, self.only = path, path.name, engine, only
        self.table = cache(self._table)

    def __repr__(self) -> str:
        return f"Book({self.version!r}, {len(self.tables)} tables)"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))

    @property
    def tables(self) -> Mapping[str, ibis.Table]:
        """Every table by its name; each is read when first asked for."""
        return _Tables(self)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The dictionary's tables, then what else this version holds."""
        return tuple(dict.fromkeys([*DICTIONARY.tables, *sorted(p.stem for p in self.path.glob("*.parquet"))]))

    def _table(self, name: str) -> ibis.Table:
        path = self.file(name)
        if path is None:
            return _attach(self.engine, name, pa.schema(list(types_of(name).items())).empty_table())
        table = _attach(self.engine, name, path)
        added = {key: kind for key, kind in types_of(name).items() if key not in table.columns}
        return table.mutate(**{k: ibis.null(ibis.dtype(kind)) for k, kind in added.items()}) if added else table

    def frame(self, expr: ibis.Table) -> pd.DataFrame:
        """The rows of an expression; dtypes depend on its types alone, never on the values."""
        return read_frame(expr)

    def count(self, name: str) -> int:
        """Rows of a table, from its footer: nothing is read."""
        path = self.file(name)
        return pq.read_metadata(path).num_rows if path else 0

    def file(self, name: str) -> Path | None:
        """Where a table lies; None for one that came to the dictionary after this version, or that is not looked at. DataError
        for no table at all."""
        if self.only is not None and name in DICTIONARY.tables and name not in self.only:
            return None
        path = self.path / f"{name}.parquet"
        if path.is_file():
            return path
        if name in DICTIONARY.tables:
            return None
        near = get_close_matches(name, self.names, n=1, cutoff=0)
        raise DataError("error.no_book_table", name=name, version=self.version, near=near[0])


class _Tables(Mapping[str, ibis.Table]):
    def __init__(self, book: Book) -> None:
        self._book = book

    def __getitem__(self, name: str) -> ibis.Table:
        if name not in self._book.names:
            raise KeyError(name)
        return self._book.table(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._book.names)

    def __len__(self) -> int:
        return len(self._book.names)


def _attach(engine: Any, name: str, source: Path | pa.Table) -> ibis.Table:
    if isinstance(source, Path) and engine.name in ("duckdb", "pyspark"):
        return engine.read_parquet(str(source), table_name=name)
    table = pq.read_table(source) if isinstance(source, Path) else source
    return engine.create_table(name, table, temp=True, overwrite=True)


def open_book(
    home: Home | str | Path, *, version: str | None = None, engine: Any = None, only: Collection[str] | None = None
) -> Book:
    """The current version, or the one asked for ("v12", "v000012"). `engine`: an Ibis backend or a URL; else DuckDB.
    `only`: the tables of the dictionary that are looked at, the others are as if they were empty; None for all.

    DataError where there is no book, no such version any more, or one that a later kit has written.
    """
    home = home if isinstance(home, Home) else find_home(home)
    name = _asked(home, version) if version else current_version(home)
    if name is None or not (home.book / name / "manifest.json").is_file():
        raise DataError("error.no_book", path=home.book)
    book = Book(
        home.book / name, open_engine(engine or "duckdb://") if isinstance(engine, str | None) else engine, only
    )
    if (schema := book.manifest["schema_version"]) > SCHEMA_VERSION:
        raise DataError("error.book_newer", path=book.path, found=schema, known=SCHEMA_VERSION)
    return book


# what the basic mode looks at: customers and what was said with them
BASIC = ("customers", "contacts", "contact_methods", "interactions", "actions", "staff")


def tables_of(mode: str) -> tuple[str, ...] | None:
    """The tables that a mode of the report looks at; None for all."""
    return BASIC if mode == "basic" else None


def current_version(home: Home) -> str | None:
    pointer = home.book / "CURRENT"
    return pointer.read_text(encoding="ascii").strip() if pointer.is_file() else None


def list_versions(home: Home) -> list[str]:
    """Every version that still lies there, oldest first."""
    return sorted(path.parent.name for path in home.book.glob("v[0-9]*/manifest.json"))


def _asked(home: Home, version: str) -> str:
    number = _NAME.fullmatch(version.strip())
    name = f"v{int(number[1]):06d}" if number else version
    known = list_versions(home)
    if name not in known:
        error = "error.no_book_version" if known else "error.no_book"
        raise DataError(error, path=home.book, version=version, known=", ".join(known))
    return name


# ── publishing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def publish(
    home: Home,
    tables: Mapping[str, pa.Table | pd.DataFrame],
    manifest: Mapping[str, Any],
    *,
    dictionary: Dictionary = DICTIONARY,
) -> str:
    """Write a version beside the others, then point CURRENT at it. Until that last step readers have the one before.

    Every table of the dictionary is written, if with no rows. The manifest gains version, schema_version and, of each
    table, rows and sha256. Returns the version's name. One at a time: the caller holds the run lock.
    """
    home.book.mkdir(parents=True, exist_ok=True)
    for leftover in home.book.glob(".new-*"):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    version = f"v{_last_number(home) + 1:06d}"
    build = home.book / f".new-{version}"
    build.mkdir()
    try:
        written = {}
        for name in dict.fromkeys([*dictionary.tables, *tables]):
            written[name] = _write(build, name, conform(name, tables.get(name, pd.DataFrame()), dictionary=dictionary))
        about = {**manifest, "version": version, "schema_version": SCHEMA_VERSION, "tables": written}
        text = json.dumps(about, ensure_ascii=False, indent=1, default=str)
        (build / "manifest.json").write_text(text + "\n", encoding="utf-8")
        _sync(build / "manifest.json")
        _sync(build)
        os.replace(build, home.book / version)
        _sync(home.book)
        write_whole(home.book / "CURRENT", f"{version}\n".encode("ascii"))
        _sync(home.book)
    except BaseException:
        for folder in (build, home.book / version):
            if current_version(home) != version:
                shutil.rmtree(folder, ignore_errors=True)
        raise
    _prune(home)
    return version


def _last_number(home: Home) -> int:
    names = [path.name for path in home.book.glob("v[0-9]*")]
    return max((int(number[1]) for name in names if (number := _NAME.fullmatch(name))), default=0)


def _write(build: Path, name: str, table: pa.Table) -> dict[str, Any]:
    """The same rows give the same bytes: no metadata, fixed compression, fixed row groups."""
    path = build / f"{name}.parquet"
    plain = table.replace_schema_metadata(None)
    pq.write_table(plain, path, compression="zstd", row_group_size=122_880, store_schema=False)
    _sync(path)
    return {"rows": table.num_rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _sync(path: Path) -> None:
    """What is written survives the plug; a folder cannot be synced on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _prune(home: Home) -> None:
    """The last five stay, the one that CURRENT names, and those that a report was made of. A file held open elsewhere is left
    for the next time."""
    kept = {current_version(home), *_reported(home)}
    for name in list_versions(home)[:-KEPT_VERSIONS]:
        if name not in kept:
            shutil.rmtree(home.book / name, ignore_errors=True)


def _reported(home: Home) -> set[str]:
    """The versions that published reports name: their figures can be traced, and made again."""
    manifests = [*home.reports.glob("[0-9]*/manifest.json"), *home.data.glob("earlier_reports/*/manifest.json")]
    return {json.loads(path.read_text(encoding="utf-8")).get("book", "") for path in manifests}


def set_aside(home: Home, suffix: str) -> Path:
    """Move book, vault and ledger out of the way, whole, into data/aside-<suffix>; returns that folder.

    The ledger goes with them: what it says is said of that book's rows, and its personal values lie in that vault.
    """
    place = free_place(home.data / f"aside-{suffix}")
    place.mkdir(parents=True)
    ledger = [home.ledger.with_name(home.ledger.name + tail) for tail in ("", "-wal", "-shm")]
    for path in (home.book, home.vault, *ledger):
        if path.exists():
            os.replace(path, place / path.name)
    return place
