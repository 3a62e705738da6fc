"""Typed columns (Parquet) to the same text a sheet would give, column by column."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crmlib.errors import DataError
from crmlib.intake.asides import Aside
from crmlib.intake.grids import TEXT, distinct
from crmlib.intake.headings import BLANKS

ZONE = "Asia/Shanghai"


def read_parquet(path: str, *, file: str) -> tuple[pd.DataFrame, list[Aside]]:
    """The table of a Parquet file as text, one line per row from 1, and its blank rows."""
    try:
        source = pq.ParquetFile(path, memory_map=True)
        names = source.schema_arrow.names
        if len(set(names)) < len(names):  # then a name does not tell its column: all at once
            columns = [text_column(column) for column in source.read().columns]
        else:
            columns = [text_column(source.read(columns=[name]).column(0)) for name in names]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError("error.file_damaged", file=file, detail=str(error)[:200]) from None
    if not columns:
        raise DataError("error.file_no_header", file=file)
    names = distinct([name.strip(BLANKS) or str(at) for at, name in enumerate(names, start=1)])
    keep = np.zeros(source.metadata.num_rows, dtype=bool)
    for column in columns:
        keep |= column.is_valid().to_numpy()
    table = pa.table(columns, names=names)
    if not keep.all():
        table = table.filter(pa.array(keep))
    frame = table.to_pandas(types_mapper=lambda _: TEXT)
    frame.index = pd.Index(np.flatnonzero(keep) + 1, name="line")
    frame.attrs |= {"file": file, "sheet": "", "header_line": 0, "encoding": ""}
    return frame, [Aside(int(at) + 1, "not_data", "BLANK", "") for at in np.flatnonzero(~keep)]


def text_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """13085.0 → "13085"; a moment → "2009-12-01 07:45:00", in our zone; blanks are missing."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind):
        if kind.tz:
            column = pc.local_timestamp(column.cast(pa.timestamp(kind.unit, ZONE)))
        text = column.cast(pa.timestamp("s"), safe=False).cast(pa.large_string())
        at_midnight = pc.all(pc.match_substring_regex(text, "00:00:00$"), skip_nulls=True, min_count=0).as_py()
        return pc.utf8_slice_codeunits(text, 0, 10) if at_midnight else text
    if pa.types.is_boolean(kind):
        return pc.utf8_upper(column.cast(pa.large_string()))
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_finite(column), column, None)
    if pa.types.is_nested(kind):
        values = column.to_pylist()
        return pa.chunked_array(
            [[None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in values]], pa.large_string()
        )
    if pa.types.is_null(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.large_string())])
    text = column.cast(pa.large_string())
    return pc.if_else(pc.equal(pc.utf8_trim(text, characters=BLANKS), ""), None, text)
