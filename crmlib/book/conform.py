"""A table as the book writes it: the dictionary's columns and types, in an order that does not depend on how it was made."""

import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.dictionary import DICTIONARY, Dictionary
from crmlib.errors import DataError

LINEAGE = {"row_id": pa.string()}  # what every row says of itself, beside the dictionary's fields
_CENT = Decimal("0.01")
_ZONE = "Asia/Shanghai"


def conform(name: str, rows: pd.DataFrame | pa.Table, *, dictionary: Dictionary = DICTIONARY) -> pa.Table:
    """The dictionary's fields in their order and types, missing ones all null, others after them; sorted by the first.

    A field that is only read from sheets (a plain telephone number) is left out, whoever hands it in.
    A table that the dictionary does not have keeps its columns. Raises DataError for a column that cannot be its type.
    """
    fields = dictionary.tables[name].fields if name in dictionary.tables else {}
    given = {key: values for key, values in _columns(rows).items() if key not in fields or not fields[key].import_only}
    wanted, count = types_of(name, dictionary), len(rows)
    arrays = {
        key: _typed(name, key, given.pop(key), kind) if key in given else pa.nulls(count, kind)
        for key, kind in wanted.items()
    }
    arrays |= {key: _typed(name, key, values, None) for key, values in given.items()}
    return sort_rows(pa.table(arrays), [*wanted][:1])


def types_of(name: str, dictionary: Dictionary = DICTIONARY) -> dict[str, pa.DataType]:
    """The columns that a table of the dictionary has in every book; fields that are only read from sheets are not kept."""
    table = dictionary.tables.get(name)
    fields = table.fields.values() if table else ()
    return {f.key: f.arrow_type for f in fields if not f.import_only} | (LINEAGE if table else {})


def sort_rows(table: pa.Table, keys: list[str]) -> pa.Table:
    """By keys, then by row_id, then by every other column: the same rows always lie in the same order."""
    order = dict.fromkeys([*keys, "row_id", *table.column_names])
    by = [(key, "ascending") for key in order if key in table.column_names and not pa.types.is_nested(table[key].type)]
    if not by or table.num_rows < 2:
        return table
    return table.take(pc.sort_indices(table, sort_keys=by))


def _columns(rows: pd.DataFrame | pa.Table) -> dict[str, Any]:
    if isinstance(rows, pa.Table):
        return {key: rows[key].combine_chunks() for key in rows.column_names}
    return {str(key): values for key, values in rows.items()}


def _typed(table: str, column: str, values: Any, kind: pa.DataType | None) -> pa.Array:
    """An Arrow array of the wanted type; without one, of the type that the values have."""
    try:
        array = values if isinstance(values, pa.Array | pa.ChunkedArray) else _arrow(values, kind)
        return array if array.type == kind else _cast(array, kind or _plain(array.type))
    except (pa.ArrowException, TypeError, ValueError) as error:
        detail = str(error).partition("\n")[0][:120]
        raise DataError("error.book_type", table=table, column=column, wanted=str(kind), detail=detail) from error


def _plain(kind: pa.DataType) -> pa.DataType:
    """Free columns: one kind of text, no dictionaries, no empty type, moments in microseconds."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_null(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _arrow(values: pd.Series, kind: pa.DataType | None) -> pa.Array:
    if values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) == "string":
        return _one_chunk(pa.array(values, from_pandas=True))
    if kind is not None and (make := _FROM_OBJECTS.get(kind)):
        return pa.array([None if _missing(value) else make(value) for value in values], kind)
    if any(isinstance(value, dict | list | tuple | set) for value in values):
        return pa.array([None if _missing(value) else _text(value) for value in values], pa.string())
    return _one_chunk(pa.array(values, from_pandas=True))


def _one_chunk(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _missing(value: Any) -> bool:
    return value is None or (not isinstance(value, dict | list | tuple | set) and bool(pd.isna(value)))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple | set):
        value = sorted(value) if isinstance(value, set) else value
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return str(value)


def _cents(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(_CENT, ROUND_HALF_UP)


_FROM_OBJECTS: dict[pa.DataType, Callable[[Any], Any]] = {pa.string(): _text, pa.decimal128(18, 2): _cents}


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    source = array.type
    if pa.types.is_decimal(kind) and (pa.types.is_floating(source) or getattr(source, "scale", 0) > 2):
        array = pc.round(array, 2, round_mode="half_towards_infinity")
    elif pa.types.is_timestamp(source) and source.tz is not None:
        array = pc.local_timestamp(array.cast(pa.timestamp("us", _ZONE)))
    if pa.types.is_integer(source) and pa.types.is_decimal(kind):
        array = array.cast(pa.decimal128(38, 2))
    if pa.types.is_timestamp(array.type) and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        return array.cast(kind, safe=False)  # a moment falls on its day; nanoseconds are not kept
    return array.cast(kind)
