"""Delimited text to physical rows: the delimiter is found, and a quote that never closes cannot swallow the rows after it."""

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crmlib.intake.notes import Note

DELIMITERS = ",\t;|"
SAMPLE = 300  # lines looked at to find the delimiter
RESTARTS = 1000  # open quotes that are mended one by one; a file with more is read without quotes from there on
ONE_COLUMN = "\x1f"
_END = "\x00"  # a line no text file holds: it comes back alone, or some quote was still open
_DECLARED = re.compile(r'"?sep=(.)"?\s*$')  # Excel's own first line


class Delimited(NamedTuple):
    delimiter: str
    rows: Iterator[tuple[int, list[str]]]  # physical line where the row starts, and its cells; [] is a blank line
    notes: list[Note]  # grows while the rows are read


def read_delimited(text: str, *, file: str) -> Delimited:
    """Every row of a delimited text, quoted line breaks inside cells included."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # the text is in memory already: a limit would only lose a cell
    text = text.rstrip("\x1a")
    delimiter, width = find_delimiter(text)
    notes: list[Note] = []
    if '"' not in text:
        return Delimited(delimiter, _plain_rows(text, delimiter), notes)
    spaced = re.search(rf'{re.escape(delimiter)} +"', text) is not None  # a, "b": the blank is no part of the cell
    rows = _quoted_rows(text, width, notes, file, delimiter=delimiter, skipinitialspace=spaced)
    return Delimited(delimiter, rows, notes)


def find_delimiter(text: str) -> tuple[str, int]:
    """The delimiter that cuts most lines into the same number of cells, at least two; and that number."""
    stream = io.StringIO(text, newline="")
    sample = [line for _, line in zip(range(SAMPLE), stream, strict=False)]
    if sample and (declared := _DECLARED.match(sample[0])):
        return declared[1], 2
    best = (0.0, 1, ONE_COLUMN)
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(sample, delimiter=delimiter) if row)
        rows = sum(widths.values())
        for width, n in widths.items():
            if width > 1 and n / rows >= 0.3:
                best = max(best, (round(n / rows, 1), width, delimiter), key=lambda one: one[:2])
    return best[2], best[1]


def _plain_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    stream = io.StringIO(text, newline="")
    return enumerate(csv.reader(stream, delimiter=delimiter, quoting=csv.QUOTE_NONE), start=1)


def _quoted_rows(
    text: str, width: int, notes: list[Note], file: str, **dialect: Any
) -> Iterator[tuple[int, list[str]]]:
    lines = list(io.StringIO(text, newline=""))
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    lines.append(_END)
    start, last, mended = 0, len(lines) - 1, []
    while start < last:
        base = start
        quoting = csv.QUOTE_MINIMAL if len(mended) < RESTARTS else csv.QUOTE_NONE
        reader = csv.reader((lines[at] for at in range(base, last + 1)), quoting=quoting, **dialect)
        for row in reader:
            after = base + reader.line_num
            if start == last:
                break
            if after - start > 1 and (after > last or _swallowed(row, lines[start:after], width, dialect)):
                mended.append(start + 1)
                yield start + 1, _unquoted(lines[start], dialect["delimiter"])
                start += 1
                break
            yield start + 1, row
            start = after
    if mended:
        notes.append(Note("note.open_quote", file=file, line=mended[0], n=len(mended)))


def _swallowed(row: Sequence[str], lines: Sequence[str], width: int, dialect: dict[str, Any]) -> bool:
    """Whether a cell over several lines holds rows: it has their delimiters, and its closing quote stands inside a cell."""
    wrapped = [cell for cell in row if "\n" in cell or "\r" in cell]
    delimiters = sum(cell.count(dialect["delimiter"]) for cell in wrapped)
    if delimiters < 0.7 * (len(lines) - 1) * (width - 1):
        return False
    try:
        next(csv.reader(lines, strict=True, **dialect))
    except csv.Error:
        return True
    return False


def _unquoted(line: str, delimiter: str) -> list[str]:
    """The cells of one line whose quotes do not pair up: quotes around a whole cell go, others stay as typed."""
    cells = line.rstrip("\r\n").split(delimiter)
    return [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c.removeprefix('"') for c in cells]
