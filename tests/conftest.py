"""Fixtures for every test: tables written as they read."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

import crmlib.dictionary
from crmlib.engine import to_frame

MISSING = "-"
READERS: dict[str, Callable[[str], object]] = {
    "int": int,
    "dec": Decimal,
    "date": date.fromisoformat,
    "dt": datetime.fromisoformat,
    "bool": {"true": True, "false": False}.__getitem__,
}


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
