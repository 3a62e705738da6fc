"""What a notebook works with: home, settings, period, words, the book, and the folder that takes its tables."""

import os
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crmlib.errors import CrmError, DataError, UsageError
from crmlib.home import Home, find_home
from crmlib.intake.rules import rule_words
from crmlib.labels import Say, speaker
from crmlib.periods import Period, parse_period
from crmlib.settings import Settings, load_settings


@dataclass(frozen=True)
class Work:
    """One notebook's surroundings. `out` is the folder of this run, `tables` the folder inside it for tables."""

    home: Home
    period: Period
    settings: Settings
    say: Say
    role: str
    out: Path
    version: str | None

    @property
    def lang(self) -> str:
        return self.say.lang

    @property
    def as_of(self) -> date:
        return self.period.as_of

    @property
    def tables(self) -> Path:
        return self.out / "tables"

    @cached_property
    def book(self):
        """The book of this run: the version asked for, else the current one."""
        from crmlib.book.shelf import open_book, tables_of
        from crmlib.engine import open_engine

        engine = open_engine(self.settings.engine.url, memory_limit=self.settings.engine.memory_limit)
        return open_book(self.home, version=self.version, engine=engine, only=tables_of(self.settings.report.mode))

    @property
    def in_yuan(self) -> bool:
        """Whether the book's amounts are yuan; the tiers whose limits are in yuan stand on it."""
        return self.book.manifest["currency"]["code"] == "CNY"

    def save_table(self, name: str, frame: pd.DataFrame | pa.Table) -> Path:
        """Write tables/<name>.parquet whole; same rows give the same bytes."""
        table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
        self.tables.mkdir(parents=True, exist_ok=True)
        path, part = self.tables / f"{name}.parquet", self.tables / f".{name}.partial"
        pq.write_table(table.replace_schema_metadata(None), part, compression="zstd")
        os.replace(part, path)
        return path

    def load_table(self, name: str) -> pd.DataFrame:
        """A table that an earlier notebook of this run saved; decimals stay exact."""
        path = self.tables / f"{name}.parquet"
        if not path.is_file():
            raise DataError("error.table_not_made", name=name, folder=self.tables)
        from crmlib.engine import to_frame

        return to_frame(pq.read_table(path))


def open_work(*, home: str = "", period: str, lang: str = "zh", role: str = "", book: str = "", out: str = "") -> Work:
    """The parameters of a run notebook → Work. An empty `out` is a draft beside the published reports."""
    CrmError.lang = lang  # an error that ends a cell speaks the notebook's language
    if role:
        raise UsageError("error.role_unknown", role=role)
    place = find_home(home)
    settings = load_settings(place)
    span = parse_period(period)
    folder = Path(out) if out else place.reports / f".draft-{span.text}"
    return Work(
        home=place,
        period=span,
        settings=settings,
        say=speaker(lang).with_words(rule_words(settings.checks)),
        role=role,
        out=folder,
        version=book or None,
    )
