"""A small book in memory: every table of the dictionary, with the rows a test names."""

from collections.abc import Callable

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from crmlib.dictionary import DICTIONARY


@pytest.fixture
def tables(table) -> Callable[..., dict]:
    """tables(orders="…", customers=frame) → name → Ibis table. Texts are read as the `table` fixture reads them.

    A row without a row_id gets one, such as orders-1. Where customers are not given, they are those the other tables name.
    """

    def build(**given: str | pd.DataFrame) -> dict:
        frames = {name: table(name, rows) if isinstance(rows, str) else rows for name, rows in given.items()}
        if "customers" not in frames:
            named = {id for frame in frames.values() if "customer_id" in frame for id in frame["customer_id"].dropna()}
            frames["customers"] = pd.DataFrame({"customer_id": sorted(named)}, dtype="str")
        return {name: _as_book_table(name, frames.get(name)) for name in DICTIONARY.tables}

    return build


def _as_book_table(name: str, frame: pd.DataFrame | None) -> ibis.Table:
    schema = {key: field.arrow_type for key, field in DICTIONARY.tables[name].fields.items()} | {"row_id": pa.string()}
    n = 0 if frame is None else len(frame)
    columns = {key: pa.nulls(n, kind) for key, kind in schema.items()}
    columns["row_id"] = pa.array([f"{name}-{place}" for place in range(1, n + 1)], pa.string())
    if frame is not None:
        columns |= {key: pa.array(frame[key], from_pandas=True).cast(schema[key]) for key in frame.columns}
    return ibis.memtable(pa.table(columns, schema=pa.schema(schema)))
