"""Delimited text to physical rows: the delimiter is found, and a quote that never closes cannot swallow the rows after it."""

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np

from crmlib.intake.bulk import SWALLOWED, Block, read_block
from crmlib.intake.headings import is_value
from crmlib.intake.notes import Note
from crmlib.intake.words import count_known

DELIMITERS = ",\t;|"
SAMPLE = 300  # lines looked at to find the delimiter
RESTARTS = 1000  # open quotes that are mended one by one; a file with more is read without quotes from there on
BULK_FROM = 20_000  # lines from which on a regular text is read at once
ONE_COLUMN = "\x1f"
_END = ("\n",)  # one blank line after the last: it comes back as a row of its own unless a quote is still open
_DECLARED = re.compile(r'"?sep=(.)"?\s*$')  # Excel's own first line


class Delimited(NamedTuple):
    delimiter: str
    rows: Iterator[tuple[int, list[str]]]  # physical line where the row starts, and its cells; [] is a blank line
    notes: list[Note]  # grows while the rows are read
    bulk: Callable[..., Block | None] | None  # (first=line, width=cells) → all rows from there on, where they are many


def read_delimited(text: str, *, file: str, spaced: bool = False) -> Delimited:
    """Every row of a delimited text, quoted line breaks inside cells included. spaced: cells may stand apart by blanks alone."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # the text is in memory already: a limit would only lose a cell
    lines = Lines(text.rstrip("\x1a"))
    delimiter, width = find_delimiter(lines)
    notes: list[Note] = []
    if delimiter == ONE_COLUMN and (spaced or _is_spaced(lines)):
        return Delimited(" ", enumerate((line.split() for line in lines.since(0)), start=1), notes, None)
    quoted = '"' in text
    blank = (
        quoted and re.search(rf'{re.escape(delimiter)} +"', text) is not None
    )  # a, "b": the blank is no part of the cell
    fast = len(lines) > BULK_FROM and delimiter.isascii() and not blank
    bulk = partial(read_block, lines, delimiter, quoted=quoted) if fast else None
    if not quoted:
        plain = csv.reader(lines.since(0), delimiter=delimiter, quoting=csv.QUOTE_NONE)
        return Delimited(delimiter, enumerate(plain, start=1), notes, bulk)
    rows = _quoted_rows(lines, width, notes, file, delimiter=delimiter, skipinitialspace=blank)
    return Delimited(delimiter, rows, notes, bulk)


class Lines(Sequence[str]):
    """The lines of a text with their ends, cut when asked for: a list of a million strings would double the memory."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        signs = np.frombuffer(self.data, np.uint8)
        ends = signs == ord("\n")
        if self.data.count(b"\r") > self.data.count(b"\r\n"):  # \r\n is one end, a \r alone is one too
            ends[:-1] |= (signs[:-1] == ord("\r")) & ~ends[1:]
            ends[-1:] |= signs[-1:] == ord("\r")
        starts = np.concatenate([[0], np.flatnonzero(ends) + 1, [len(signs)]])
        self.starts = memoryview(starts[: -1 if starts[-2] == len(signs) else None])

    def __len__(self) -> int:
        return len(self.starts) - 1

    def since(self, at: int) -> Iterator[str]:
        return (self._cut(start, end) for start, end in pairwise(self.starts[at:]))

    def __getitem__(self, at: int) -> str:
        return self._cut(self.starts[at], self.starts[at + 1])

    def _cut(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8", "surrogatepass")


def find_delimiter(lines: Lines) -> tuple[str, int]:
    """The delimiter that shows header words, or else cuts most lines into the same number of cells, at least two."""
    sample = [lines[at] for at in range(min(SAMPLE, len(lines)))]
    if sample and (declared := _DECLARED.match(sample[0])):
        return declared[1], 2
    best = ((0, 0.3, 1), ONE_COLUMN)
    for delimiter in DELIMITERS:
        rows = [row for row in csv.reader(sample, delimiter=delimiter) if row]
        known = max((count_known(row[:100]) for row in rows[:30] if len(row) > 1), default=0)
        for width, n in Counter(map(len, rows)).items():
            if width > 1:
                best = max(best, ((min(known, 3) if known > 1 else 0, round(n / len(rows), 1), width), delimiter))
    return best[1], best[0][2]


def _is_spaced(lines: Lines) -> bool:
    """Whether blanks alone part the cells: equally many in each line, under a header we know, or numbers and days for the most."""
    rows = [row for at in range(min(SAMPLE, len(lines))) if (row := lines[at].split())]
    if len(rows) < 2 or len({len(row) for row in rows}) > 1 or len(rows[0]) < 2:
        return False
    cells = list(chain.from_iterable(rows[1:]))
    return count_known(rows[0]) > 1 or sum(map(is_value, cells)) > 0.6 * len(cells)


def _quoted_rows(
    lines: Lines, width: int, notes: list[Note], file: str, **dialect: Any
) -> Iterator[tuple[int, list[str]]]:
    start, last, mended = 0, len(lines), []
    while start < last:
        base = start
        quoting = csv.QUOTE_MINIMAL if len(mended) < RESTARTS else csv.QUOTE_NONE
        reader = csv.reader(chain(lines.since(base), _END), quoting=quoting, **dialect)
        for row in reader:
            after = base + reader.line_num
            if start == last:
                break
            if after - start > 1 and (after > last or _swallowed(row, lines, start, after, width, dialect)):
                mended.append(start + 1)
                yield start + 1, _unquoted(lines[start], dialect["delimiter"])
                start += 1
                break
            yield start + 1, row
            start = after
    if mended:
        notes.append(Note("note.open_quote", file=file, line=mended[0], n=len(mended)))


def _swallowed(row: Sequence[str], lines: Lines, start: int, after: int, width: int, dialect: dict[str, Any]) -> bool:
    """Whether a cell over several lines holds rows: it has their delimiters, and its closing quote stands inside a cell."""
    delimiters = sum(cell.count(dialect["delimiter"]) for cell in row if "\n" in cell or "\r" in cell)
    if delimiters < SWALLOWED * (after - start - 1) * (width - 1):
        return False
    try:
        next(csv.reader([lines[at] for at in range(start, after)], strict=True, **dialect))
    except csv.Error:
        return True
    return False


def _unquoted(line: str, delimiter: str) -> list[str]:
    """The cells of one line whose quotes do not pair up: quotes around a whole cell go, others stay as typed."""
    cells = line.rstrip("\r\n").split(delimiter)
    return [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c.removeprefix('"') for c in cells]
