"""A column through its distinct values: a million rows cost what their different cells cost."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


class Coded(NamedTuple):
    """`values[codes[row]]` is the row's value; code -1 is a missing cell."""

    codes: np.ndarray
    values: list[Any]

    def map(self, function: Callable[[Any], Any]) -> "Coded":
        return Coded(self.codes, [function(value) for value in self.values])


def encode(column: pd.Series | pa.Array) -> Coded:
    codes, values = distinct(column)
    return Coded(codes, values.to_pylist())


def distinct(column: pd.Series | pa.Array) -> tuple[np.ndarray, pa.Array]:
    """The same, the values still in Arrow, in the order in which they come."""
    coded = whole(column).dictionary_encode()
    return coded.indices.fill_null(-1).to_numpy().astype(np.int64), coded.dictionary


def as_arrow(column: pd.Series | pd.Index | pd.api.extensions.ExtensionArray) -> pa.Array | pa.ChunkedArray:
    """A column of pandas in Arrow; what is there already is not copied, as it would be by way of the Series."""
    values = getattr(column, "array", column)
    return (
        column
        if isinstance(column, pa.Array)
        else pa.array(values if hasattr(values, "__arrow_array__") else column, from_pandas=True)
    )


def whole(column: pd.Series | pd.Index | pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column as one Arrow array; text has one type."""
    array = as_arrow(column) if isinstance(column, pd.Series | pd.Index) else column
    array = array.cast(pa.string()) if pa.types.is_large_string(array.type) else array
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def words_of(words: Sequence[str], which: np.ndarray) -> pd.arrays.ArrowStringArray:
    """words[which] for each row, of few words."""
    return pd.array(pa.array(words, pa.large_string()).take(pa.array(which)), dtype="str")


def is_rising(values: pd.Series | pd.Index | pa.Array) -> bool:
    """Whether each value is larger than the one before; then none comes twice."""
    array = as_arrow(values)
    return len(array) < 2 or pc.all(pc.greater(array.slice(1), array.slice(0, len(array) - 1))).as_py()


def combine(columns: Sequence[Coded]) -> Coded:
    """Several columns as one whose values are tuples; a missing cell is None in its tuple."""
    joint = np.zeros(len(columns[0].codes), dtype=np.int64)
    for column in columns:
        _, joint = np.unique(joint * (len(column.values) + 1) + column.codes + 1, return_inverse=True)
    first = np.zeros(joint.max() + 1 if len(joint) else 0, dtype=np.int64)
    first[joint] = np.arange(len(joint))
    values = [[column.values[code] if code >= 0 else None for code in column.codes[first]] for column in columns]
    return Coded(joint, list(zip(*values, strict=True)))


def spread(column: Coded, kind: pa.DataType) -> pa.Array:
    """One value per row again. Values must fit `kind`."""
    codes = pa.array(column.codes, mask=column.codes < 0)
    return pa.array(column.values, kind).take(codes)


def first_of(arrays: Iterable[pa.Array]) -> pa.Array:
    """The first that is there, row by row."""
    arrays = list(arrays)
    return arrays[0] if len(arrays) == 1 else pc.coalesce(*arrays)


def join_items(arrays: Iterable[pa.Array]) -> pa.Array:
    """The items of all of them, each once, with ";" between."""
    arrays = list(arrays)
    if len(arrays) == 1:
        return arrays[0]

    def join(texts: tuple[str | None, ...]) -> str | None:
        return ";".join(dict.fromkeys(item for text in texts if text for item in text.split(";"))) or None

    return spread(combine([encode(array) for array in arrays]).map(join), pa.string())
