"""Fixtures for every test: tables written as they read."""

import gc
import os
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import hypothesis
import pandas as pd
import pyarrow as pa
import pytest

import crmlib.dictionary
from crmlib.engine import to_frame

# a busy machine is no fault of the code
hypothesis.settings.register_profile("kit", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("kit")

# queries are trees of many small objects that live until they have run: looking for garbage among them is a fifth of the time
gc.set_threshold(100_000, 50, 1000)

MISSING = "-"
READERS: dict[str, Callable[[str], object]] = {
    "int": int,
    "dec": Decimal,
    "date": date.fromisoformat,
    "dt": datetime.fromisoformat,
    "bool": {"true": True, "false": False}.__getitem__,
}


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """No machine is switched off while it tests."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def table() -> Callable[[str, str], pd.DataFrame]:
    """table("orders", "…") → a frame of the rows written there, each column typed by the dictionary; others are text.

    The first line names the columns. Cells stand two blanks apart; "-" is a missing cell.
    """

    def read(name: str, text: str) -> pd.DataFrame:
        lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
        header, rows = lines[0], lines[1:]
        assert all(len(row) == len(header) for row in rows), [row for row in rows if len(row) != len(header)]
        columns = {key: [row[place] for row in rows] for place, key in enumerate(header)}
        known = crmlib.dictionary.DICTIONARY.tables[name].fields
        return to_frame(pa.table({key: _column(cells, known.get(key)) for key, cells in columns.items()}))

    return read


def _column(cells: list[str], field: crmlib.dictionary.Field | None) -> pa.Array:
    read = READERS.get(field.type, str) if field else str
    values = [None if cell == MISSING else read(cell) for cell in cells]
    return pa.array(values, field.arrow_type if field else pa.string())


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty home whose key lies beside it."""
    from crmlib.home import Home

    monkeypatch.setenv("CRM_KEY_FILE", str(tmp_path / "vault.key"))
    return Home(tmp_path / "home")


@pytest.fixture
def intake(place):
    """intake({"a.csv": text, …}) → the book made of these files, by import and build; files are added to those before.

    build=False only imports them."""
    from crmlib.book.build import build_book
    from crmlib.book.importing import import_files
    from crmlib.inputs import list_inputs
    from crmlib.labels import speaker
    from crmlib.settings import load_settings

    def run(files: dict[str, str], *, settings: str = "", day: date = date(2024, 7, 1), build: bool = True):
        for name, text in files.items():
            path = place.inbox / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if settings:
            place.settings_file.write_text(settings, encoding="utf-8")
        known = load_settings(place)
        imported = import_files(
            place,
            list_inputs([place.inbox]),
            settings=known,
            origin="own",
            received_on=day,
            say=speaker("zh"),
            tell=lambda line: None,
        )
        return build_book(place, settings=known, key=imported.key, origin="own") if build else None

    return run
