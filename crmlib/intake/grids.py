"""A grid of cells becomes a table: its header, its data rows, and each row that is neither, counted and named."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.errors import DataError
from crmlib.intake.headings import BLANKS, Heading, Merge, filled, find_heading, is_prose
from crmlib.intake.notes import Note
from crmlib.intake.words import is_known

MOST_COLUMNS = 16_384  # Excel's own limit
HEAD = 200  # rows kept at hand to find the header
CHUNK = 50_000  # rows turned into columns at a time: a million rows never stand in memory as Python objects
EXCERPT = 60
TEXT = pd.StringDtype(na_value=np.nan)

_TOTAL_SEARCH = r"[合总小共]\s*计|(?i)\btotals?\b"  # cheap: which rows to look at
_TOTAL_FIRST = re.compile(
    r".{0,12}?[合总小共]\s*计(金额|数量?)?\s*([(（].*[)）])?[:：]?|(grand\s*|sub[-\s]?)?totals?\s*:?", re.I
)
_TOTAL_ALONE = re.compile(r"[合总小共]\s*计\s*[:：]?")
_NUMERIC = re.compile(
    r"[¥￥$€£]?\s*[(（]?[-+]?[\d,，.\s]+[%％]?[)）]?\s*([万亿]?元|[万亿家个人笔条单户件次分天])?|[-–—/\\]+|共.{1,12}"
)
_REMARK = re.compile(
    r"[*※#【(（\[]?\s*(备?注|说明|附注?|(数据|资料)?来源|统计(口径|日期|时间)|notes?|source)\s*\d*\s*[)）\]】]?\s*[:：.、]|[*※]\s*\S|注意",
    re.I,
)
_SIGNED = re.compile(
    r"(制表|填表|审核|复核|批准|编制|打印|导出|经办|负责|主管|签[字名]|盖章|日期)[人员者单位部门日期时间]*\s*[:：]"
)


class Aside(NamedTuple):
    """One physical row that is no data row: kind "not_data" or "refused", and why."""

    line: int
    kind: str
    reason: str
    excerpt: str


class Laid(NamedTuple):
    table: pd.DataFrame | None  # None: no header was found; then every row is in `aside`
    aside: list[Aside]
    notes: list[Note]
    problem: DataError | None  # why there is no table


def excerpt(cells: Iterable[str | None]) -> str:
    """What the row begins with, personal values masked."""
    from crmlib.masking import mask_text  # needed only for rows set aside

    text = " | ".join(cell.strip(BLANKS) for cell in islice((c for c in cells if c and c.strip(BLANKS)), 12))
    masked = mask_text(" ".join(text[: 4 * EXCERPT].split()))
    return masked if len(masked) <= EXCERPT else masked[: EXCERPT - 1] + "…"


def lay_out(
    rows: Iterable[tuple[int, Sequence[str | None]]],
    *,
    file: str,
    sheet: str = "",
    merged: Sequence[Merge] = (),
    header: Sequence[str] = (),
    bulk: Callable[[int, int], list[pa.ChunkedArray] | None] | None = None,
) -> Laid:
    """Every row of a grid, once: in the table or in `aside`.

    rows: physical line (from 1) and cells. header: the names of all columns where no row holds them. bulk: (first line, width) → all columns from that line on, where a faster
    way than row by row is known; None where it fails.
    """
    rows = iter(rows)
    head = list(islice(rows, HEAD))
    if not head:
        return Laid(None, [], [], DataError("error.file_empty", file=file))
    widest, line = max((len(cells), line) for line, cells in head)
    if widest > MOST_COLUMNS:
        raise DataError("error.file_too_wide", file=file, line=line, n=widest, most=MOST_COLUMNS)
    try:
        heading = (
            Heading(0, -1, ["" if name == "_" else name for name in header])
            if header
            else find_heading([cells for _, cells in head], merged=merged, file=file, offset=head[0][0] - 1)
        )
        problem = DataError("error.file_no_header", file=file) if heading is None else None
    except DataError as error:
        heading, problem = None, error
    if heading and not header and is_prose(heading.names):
        heading, problem = None, DataError("error.file_not_table", file=file)
    if heading is None or problem:
        empty = not any(filled(cells) for _, cells in head)
        kind, reason = ("not_data", "NOTE") if problem.key == "error.file_not_table" else ("refused", "NO_HEADER")
        if empty:
            problem = DataError("error.file_empty", file=file)
        aside = [_aside(line, cells, kind, reason) for line, cells in chain(head, rows)]
        return Laid(None, aside, [], problem)

    aside = [_aside(line, cells, "not_data", "TITLE") for line, cells in head[: heading.first]]
    names = head[heading.first : heading.last + 1]
    aside += [_aside(line, cells, "not_data", "HEADER") for line, cells in names]
    width = max((len(cells) for _, cells in names), default=len(header))
    heading = heading._replace(names=heading.names + [""] * (width - len(heading.names)))
    first = names[-1][0] + 1 if names else head[0][0]
    if bulk and (fast := bulk(first, width)):
        columns, refused, short = [_blank_is_missing(column) for column in fast], [], 0
        lines = np.arange(first, first + len(columns[0]))
    else:
        lines, columns, refused, short = _columns(chain(head[heading.last + 1 :], rows), width)
    aside += refused
    keep = _set_aside_more(lines, columns, head, heading, aside, merged)
    table, notes = _table(
        lines[keep], [column.filter(pa.array(keep)) for column in columns], heading.names, file, sheet
    )
    if short:
        notes.append(Note("note.short_rows", file=file, n=short))
    if table.empty and len(table.columns) < 2 and not is_known(table.columns[0]):
        return Laid(None, sorted(_as_notes(aside)), [], DataError("error.file_not_table", file=file))
    table.attrs |= {"file": file, "sheet": sheet, "header_line": names[0][0] if names else 0}
    return Laid(table, sorted(aside), notes, None)


def _aside(line: int, cells: Sequence[str | None], kind: str, reason: str) -> Aside:
    text = excerpt(cells)
    return Aside(line, kind, reason, text) if text else Aside(line, "not_data", "BLANK", "")


def _as_notes(aside: Iterable[Aside]) -> list[Aside]:
    return [one if one.reason == "BLANK" else one._replace(kind="not_data", reason="NOTE") for one in aside]


def _columns(
    rows: Iterable[tuple[int, Sequence[str | None]]], width: int
) -> tuple[np.ndarray, list[pa.ChunkedArray], list[Aside], int]:
    """Rows to Arrow columns, blank cells missing; a row with more cells than the header is refused."""
    lines: list[int] = []
    chunks: list[list[pa.Array]] = [[] for _ in range(width)]
    batch: list[Sequence[str | None]] = []
    refused: list[Aside] = []
    short = 0

    def flush() -> None:
        for parts, cells in zip(chunks, zip(*batch, strict=True) if batch else [()] * width, strict=True):
            parts.append(_blank_is_missing(pa.array(cells, pa.large_string())))
        batch.clear()

    for line, cells in rows:
        if len(cells) != width:
            if len(cells) > width:
                if filled(cells[width:]):
                    refused.append(_aside(line, cells, "refused", "EXTRA_CELLS"))
                    continue
                cells = cells[:width]
            else:
                short += bool(cells)
                cells = [*cells, *[None] * (width - len(cells))]
        lines.append(line)
        batch.append(cells)
        if len(batch) == CHUNK:
            flush()
    flush()
    return np.array(lines, dtype=np.int64), [pa.chunked_array(parts) for parts in chunks], refused, short


def _blank_is_missing(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.if_else(pc.equal(pc.utf8_trim(column, characters=BLANKS), ""), None, column)


def _set_aside_more(
    lines: np.ndarray,
    columns: list[pa.ChunkedArray],
    head: Sequence[tuple[int, Sequence[str | None]]],
    heading: Heading,
    aside: list[Aside],
    merged: Sequence[Merge],
) -> np.ndarray:
    """Finds blank rows, repeated headers and titles, totals, and the remarks below a table. Returns which rows remain."""
    keep = np.ones(len(lines), dtype=bool)
    counts = sum(
        (column.is_valid().to_numpy().astype(np.int32) for column in columns), start=np.zeros(len(lines), np.int32)
    )

    def cells(at: int) -> list[str | None]:
        return [column[at].as_py() for column in columns]

    def put(at: int, reason: str) -> None:
        keep[at] = False
        aside.append(_aside(int(lines[at]), cells(at), "not_data", reason))

    for at in np.flatnonzero(counts == 0):
        keep[at] = False
        aside.append(Aside(int(lines[at]), "not_data", "BLANK", ""))

    for reason, above in (
        ("TITLE", head[: heading.first]),
        ("REPEATED_HEADER", head[heading.first : heading.last + 1]),
    ):
        for _, known in above:
            where = filled(known)
            if not where or where[0] >= len(columns) or (len(where) == 1 and (len(columns) == 1 or reason != "TITLE")):
                continue
            wanted = [known[c].strip(BLANKS) if c in where else None for c in range(len(columns))]
            same = (
                pc.equal(pc.utf8_trim(columns[where[0]], characters=BLANKS), wanted[where[0]])
                .fill_null(False)
                .to_numpy()
            )
            for at in np.flatnonzero(same & keep & (counts == len(where))):
                if [cell and cell.strip(BLANKS) for cell in cells(at)] == wanted:
                    put(at, reason)

    maybe = np.zeros(len(lines), dtype=bool)
    for column in columns[:6]:
        maybe |= pc.match_substring_regex(column, _TOTAL_SEARCH).fill_null(False).to_numpy()
    for at in np.flatnonzero(maybe & keep):
        if _is_total(cells(at)):
            put(at, "TOTAL")

    across = {r0 + 1 for (r0, c0), (_, c1) in merged if c1 - c0 + 1 >= max(2, len(columns) / 2)}
    for at in np.flatnonzero(np.isin(lines, list(across)) & keep & (counts == 1)):
        put(at, "NOTE")  # a cell merged over the table: a section's title

    usual = counts[keep].mean() if keep.any() else 0
    for at in np.flatnonzero(keep)[::-1]:
        if usual < 2 or not _is_remark([cell.strip(BLANKS) for cell in cells(at) if cell], usual):
            break
        put(at, "NOTE")
    return keep


def _is_total(cells: Sequence[str | None]) -> bool:
    """合计, 华东小计 or Total in the first cell, or a bare 小计 in a later one; then nothing but numbers."""
    texts = [cell.strip(BLANKS) for cell in cells if cell]
    if _TOTAL_FIRST.fullmatch(texts[0]):
        return all(_NUMERIC.fullmatch(text) for text in texts[1:])
    at = next((at for at, text in enumerate(texts) if _TOTAL_ALONE.fullmatch(text)), None)
    return at is not None and all(_NUMERIC.fullmatch(text) for text in texts[at + 1 :])


def _is_remark(texts: Sequence[str], usual: float) -> bool:
    if _SIGNED.match(texts[0]):
        return len(texts) < max(usual, 2) or all(_SIGNED.match(text) for text in texts)
    if len(texts) > 1 or usual < 2:
        return False
    return bool(_REMARK.match(texts[0])) or (len(texts[0]) >= 15 and bool(re.search(r"[。；;：:]", texts[0])))


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
