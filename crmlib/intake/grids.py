"""A grid of cells becomes a table: its header, its data rows, and each row that is neither, counted and named."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.errors import DataError
from crmlib.intake.asides import Aside, find_asides, set_aside
from crmlib.intake.bulk import Block, holds
from crmlib.intake.headings import BLANKS, Heading, Merge, begins_table, filled, find_heading, is_prose, is_whole
from crmlib.intake.notes import Note
from crmlib.intake.words import is_known

MOST_COLUMNS = 16_384  # Excel's own limit
HEAD = 200  # rows kept at hand to find the header
CHUNK = 50_000  # rows turned into columns at a time: a million rows never stand in memory as Python objects
BLANKS_LOOKED_AT = 1000
LOOK = 4  # rows below a blank one among which another table's header is looked for
TEXT = pd.StringDtype(na_value=np.nan)
_BLANK_START = pa.array(sorted({b"", *(blank.encode()[:1] for blank in BLANKS)}), pa.large_binary())
Row = tuple[int, Sequence[str | None]]


class Grid(NamedTuple):
    """One sheet, or a whole text. rows: physical line (from 1) and cells.

    bulk: (first=line, width=cells) → all rows from that line on, where a faster way than row by row is known; None
    where it fails.
    """

    name: str
    rows: Iterable[Row]
    merged: Sequence[Merge] = ()
    notes: Sequence[Note] = ()
    bulk: Callable[..., Block | None] | None = None


class Laid(NamedTuple):
    table: pd.DataFrame | None  # None: no header was found; then every row is in `aside`
    aside: list[Aside]
    notes: list[Note]
    problem: DataError | None = None  # why there is no table
    rest: Iterable[Row] | None = None  # from the row on where another table begins


def lay_out(grid: Grid, *, file: str, header: Sequence[str] = ()) -> Iterator[Laid]:
    """Every row of a grid, once: in a table or in its `aside`. Of tables one below the other, each.

    header: the names of all columns where no row holds them.
    """
    while True:
        laid = _lay_out(grid, file=file, header=header)
        yield laid
        if laid.rest is None:
            return
        grid = grid._replace(rows=laid.rest, bulk=None)


def _lay_out(grid: Grid, *, file: str, header: Sequence[str]) -> Laid:
    rows = iter(grid.rows)
    head = list(islice(rows, HEAD))
    if not head:
        return Laid(None, [], [], DataError("error.file_empty", file=file))
    widest, line = max((len(cells), line) for line, cells in head)
    if widest > MOST_COLUMNS:
        raise DataError("error.file_too_wide", file=file, line=line, n=widest, most=MOST_COLUMNS)
    heading, problem = _heading(head, grid.merged, file=file, header=header)
    if heading is None:
        kind, reason = ("not_data", "NOTE") if problem.key == "error.file_not_table" else ("refused", "NO_HEADER")
        return Laid(None, [set_aside(line, cells, kind, reason) for line, cells in chain(head, rows)], [], problem)

    aside = [set_aside(line, cells, "not_data", "TITLE") for line, cells in head[: heading.first]]
    named = head[heading.first : heading.last + 1]
    aside += [set_aside(line, cells, "not_data", "HEADER") for line, cells in named]
    width = max((len(cells) for _, cells in named), default=len(header))
    names = heading.names + [""] * (width - len(heading.names))
    start = heading.last + 1
    block = grid.bulk(first=head[start][0], width=width) if grid.bulk and start < len(head) else None
    block = block and block._replace(columns=[_blank_is_missing(column) for column in block.columns])
    if block and not _is_stacked(block, names):
        lines, columns, refused, short, rest = _columns(block.odd, names, True)
        lines, columns = _together(block, lines, columns)
    else:
        lines, columns, refused, short, rest = _columns(chain(head[start:], rows), names, bool(header))
    aside += refused
    bare = [_unguarded(column) for column in columns]
    guarded = "、".join(name for name, old, new in zip(names, columns, bare, strict=True) if new is not old)
    columns = bare
    keep = find_asides(lines, columns, head, heading, aside, grid.merged)
    kept = [column.filter(pa.array(keep)) for column in columns]
    table, notes = _table(lines[keep], kept, names, file, grid.name)
    if guarded:
        notes.append(Note("note.guarded", file=file, names=guarded))
    if short:
        notes.append(Note("note.short_rows", file=file, n=short))
    if table.empty and len(table.columns) < 2 and not is_known(table.columns[0]):
        notes = [one if one.reason == "BLANK" else one._replace(kind="not_data", reason="NOTE") for one in aside]
        return Laid(None, sorted(notes), [], DataError("error.file_not_table", file=file), rest)
    table.attrs |= {"file": file, "sheet": grid.name, "header_line": named[0][0] if named else 0}
    return Laid(table, sorted(aside), notes, None, rest)


def _heading(
    head: list[Row], merged: Sequence[Merge], *, file: str, header: Sequence[str]
) -> tuple[Heading | None, DataError | None]:
    if header:
        return Heading(0, -1, ["" if name == "_" else name for name in header]), None
    cells = [cells for _, cells in head]
    if not any(map(filled, cells)):
        return None, DataError("error.file_empty", file=file)
    try:
        heading = find_heading(cells, merged=merged, file=file, offset=head[0][0] - 1)
        if heading is None:
            return None, DataError("error.file_no_header", file=file)
        for at in range(1, heading.first + 1):  # a table that ends above the best header is a table of its own
            if not filled(cells[at - 1]) and begins_table(cells[at : at + LOOK], ()):
                above = find_heading(cells[:at], merged=merged, file=file, offset=head[0][0] - 1)
                if above and is_whole(cells[above.first], cells[above.last + 1 : at]):
                    heading = above
                break
    except DataError as error:
        return None, error
    return (None, DataError("error.file_not_table", file=file)) if is_prose(heading.names) else (heading, None)


def _is_stacked(block: Block, names: Sequence[str]) -> bool:
    """Whether among rows that were read at once a blank one parts two tables."""
    odd = dict(block.odd)
    empty = np.logical_and.reduce([column.is_null().to_numpy() for column in block.columns])
    blanks = sorted([*block.lines[empty].tolist(), *(line for line, cells in block.odd if not any(cells))])
    for blank in blanks[:BLANKS_LOOKED_AT]:
        at = int(np.searchsorted(block.lines, blank, "right"))
        regular = {int(block.lines[row]): row for row in range(at, min(at + LOOK, len(block.lines)))}
        near = sorted([*regular, *(line for line in range(blank + 1, blank + 1 + LOOK) if line in odd)])[:LOOK]
        if begins_table([odd[n] if n in odd else [c[regular[n]].as_py() for c in block.columns] for n in near], names):
            return True
    return False


def _columns(
    rows: Iterable[Row], names: Sequence[str], whole: bool
) -> tuple[np.ndarray, list[pa.ChunkedArray], list[Aside], int, Iterable[Row] | None]:
    """Rows to Arrow columns, blank cells missing; a row with more cells than the header is refused.

    Ends, unless `whole`, at a blank row below which another table begins: the last that is returned is what remains.
    """
    width = len(names)
    lines: list[int] = []
    chunks: list[list[pa.Array]] = [[] for _ in range(width)]
    batch: list[Sequence[str | None]] = []
    refused: list[Aside] = []
    short = 0
    rest: Iterable[Row] | None = None
    ahead: deque[Row] = deque()  # rows looked at already

    def flush() -> None:
        for parts, cells in zip(chunks, zip(*batch, strict=True) if batch else [()] * width, strict=True):
            parts.append(_blank_is_missing(pa.array(cells, pa.large_string())))
        batch.clear()

    rows = iter(rows)
    while row := ahead.popleft() if ahead else next(rows, None):
        line, cells = row
        if not any(cells) and not whole:
            ahead.extend(islice(rows, LOOK - len(ahead)))
            if begins_table([cells for _, cells in ahead], names):
                rest = chain(ahead, rows)
        if len(cells) != width:
            if len(cells) > width:
                if filled(cells[width:]):
                    refused.append(set_aside(line, cells, "refused", "EXTRA_CELLS"))
                    continue
                cells = cells[:width]
            else:
                short += bool(cells)
                cells = [*cells, *[None] * (width - len(cells))]
        lines.append(line)
        batch.append(cells)
        if rest is not None:
            break
        if len(batch) == CHUNK:
            flush()
    flush()
    return np.array(lines, dtype=np.int64), [pa.chunked_array(parts) for parts in chunks], refused, short, rest


def _together(
    block: Block, lines: np.ndarray, columns: list[pa.ChunkedArray]
) -> tuple[np.ndarray, list[pa.ChunkedArray]]:
    """The regular rows of a text and the short ones between them, in the order of their lines."""
    if not len(lines):
        return block.lines, block.columns
    both = np.concatenate([block.lines, lines])
    order = np.argsort(both, kind="stable")
    pairs = zip(block.columns, columns, strict=True)
    return both[order], [pa.chunked_array([*a.chunks, *b.chunks]).take(pa.array(order)) for a, b in pairs]


def _blank_is_missing(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    maybe = pc.is_in(pc.binary_slice(column.cast(pa.large_binary()), 0, 1), value_set=_BLANK_START)
    if not pc.any(maybe).as_py():
        return column
    return pc.if_else(pc.equal(pc.utf8_trim(column, characters=BLANKS), ""), None, column)


def _unguarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Some programs write ="0001" or '0001 to keep a spreadsheet from taking a code for a number."""
    if not holds(column, b'="', b"'"):
        return column
    bare = pc.replace_substring_regex(column, r"""^(?:="([^"]*)"|'([0-9][0-9 +-]*))$""", r"\1\2")
    return column if bare.equals(column) else _blank_is_missing(bare)


def _table(
    lines: np.ndarray, columns: list[pa.ChunkedArray], names: list[str], file: str, sheet: str
) -> tuple[pd.DataFrame, list[Note]]:
    """Unnamed columns are named by their place, or dropped where they hold nothing; equal names are told apart."""
    notes, final, kept = [], [], []
    for at, (name, column) in enumerate(zip(names, columns, strict=True), start=1):
        if not name and column.null_count == len(column):
            continue
        if not name:
            notes.append(Note("note.unnamed_column", file=f"{file} {sheet}".strip(), n=at))
        final.append(name or f"第{at}列")
        kept.append(column)
    unique = distinct(final)
    if unique != final:
        repeated = "、".join(sorted({name for name in final if final.count(name) > 1}))
        notes.append(Note("note.equal_headers", file=file, names=repeated))
    table = pa.table(kept, names=unique).to_pandas(types_mapper=lambda _: TEXT)
    table.index = pd.Index(lines, name="line")
    return table, notes


def distinct(names: Sequence[str]) -> list[str]:
    """Equal names numbered from the second on: 备注, 备注·2."""
    taken: set[str] = set()
    result = []
    for name in names:
        n, one = 1, name
        while one in taken:
            n += 1
            one = f"{name}·{n}"
        taken.add(one)
        result.append(one)
    return result
