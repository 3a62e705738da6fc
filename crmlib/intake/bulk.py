"""The regular rows of a long delimited text, read at once; the few that are not come back as the lines they stand on."""

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

if TYPE_CHECKING:
    from crmlib.intake.delimited import Lines

BREAK = "\r\n|\r|\n"
SWALLOWED = (
    0.7  # share of the delimiters that so many rows would have, from which on a cell over lines seems to hold rows
)


class Block(NamedTuple):
    """`lines`: where each row of `columns` starts. `odd`: line and cells of the rows that have more or fewer cells."""

    lines: np.ndarray
    columns: list[pa.ChunkedArray]
    odd: list[tuple[int, list[str]]]


def read_block(lines: "Lines", delimiter: str, *, quoted: bool, first: int, width: int) -> Block | None:
    """All rows from the line `first` on; None where a quote may be left open, or lines and rows do not add up."""
    names = [str(at) for at in range(width)]
    odd: list[int] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        odd.append(row.number - 1)
        return "error" if re.search(BREAK, row.text) else "skip"  # an odd row over several lines may hold rows

    try:
        table = pa_csv.read_csv(
            pa.py_buffer(memoryview(lines.data)[lines.starts[first - 1] :]),
            # one thread: the others would not know the numbers of odd rows
            pa_csv.ReadOptions(column_names=names, block_size=1 << 24, use_threads=False),
            pa_csv.ParseOptions(
                delimiter=delimiter, quote_char='"' if quoted else False, ignore_empty_lines=False,
                newlines_in_values=quoted, invalid_row_handler=skip,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), null_values=[""], strings_can_be_null=True
            ),
        )  # fmt: skip
    except pa.ArrowException:
        return None
    heights = np.ones(table.num_rows + len(odd), dtype=np.int64)
    regular = np.delete(np.arange(len(heights)), odd)
    if len(heights) < len(lines) - first + 1:
        breaks = _breaks(table, delimiter, width)
        if breaks is None:
            return None
        heights[regular] += breaks
    starts = first + np.concatenate([[0], np.cumsum(heights)])
    if starts[-1] != len(lines) + 1 or not _closes(lines, int(starts[-2]), delimiter, quoted):
        return None
    dialect = {"delimiter": delimiter, "quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE}
    cells = [(int(starts[at]), next(csv.reader([lines[int(starts[at]) - 1]], **dialect))) for at in odd]
    return Block(starts[:-1][regular], table.columns, cells)


def _breaks(table: pa.Table, delimiter: str, width: int) -> np.ndarray | None:
    """Line breaks inside the cells of each row; None where such cells seem to hold rows that an open quote swallowed."""
    breaks, marks = np.zeros((2, table.num_rows), dtype=np.int64)
    for column in table.columns:
        if holds(column, b"\n", b"\r"):
            broken = pc.count_substring_regex(column, BREAK).fill_null(0).to_numpy()
            breaks += broken
            marks += np.where(broken > 0, pc.count_substring(column, delimiter).fill_null(0).to_numpy(), 0)
    return None if ((breaks > 0) & (marks >= SWALLOWED * breaks * (width - 1))).any() else breaks


def _closes(lines: "Lines", last: int, delimiter: str, quoted: bool) -> bool:
    """Whether the last row ends outside quotes."""
    try:
        return not quoted or bool(next(csv.reader(lines.since(last - 1), delimiter=delimiter, strict=True), True))
    except csv.Error:
        return False


def holds(column: pa.ChunkedArray, *texts: bytes, any_case: bool = False) -> bool:
    """Whether one of `texts` may stand somewhere in a column: looked for in its bytes, far faster than cell by cell.

    any_case: `texts` are in lower case, and so may stand in any.
    """
    datas = (bytes(chunk.buffers()[2] or b"") for chunk in column.chunks)
    return any(text in (data.lower() if any_case else data) for data in datas for text in texts)
