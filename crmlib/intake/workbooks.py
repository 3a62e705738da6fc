"""Workbooks to physical rows of text: each sheet, each cell as the sheet means it."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import python_calamine as calamine
from xlsxwriter.utility import xl_rowcol_to_cell

from crmlib.errors import DataError
from crmlib.intake.biff import read_records
from crmlib.intake.cells import NOT_CALCULATED
from crmlib.intake.grids import Grid
from crmlib.intake.headings import Merge, is_value
from crmlib.intake.notes import Note
from crmlib.intake.sheet_xml import SheetMarks, read_xml_marks

EXACT = 2**53  # from here on a float no longer holds every whole number


def read_sheets(path: Path, *, file: str) -> Iterator[Grid]:
    """Every worksheet that has cells, hidden ones too. Raises DataError where the workbook is encrypted or damaged."""
    marks = read_xml_marks(path, file=file)
    with _refusing(file):
        book = _open(path)
        metas = book.sheets_metadata
    if not marks and len(records := read_records(path)) == len(metas):
        marks = {meta.name: one for meta, one in zip(metas, records, strict=True)}
    for meta in metas:
        if meta.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        with _refusing(file):
            sheet = book.get_sheet_by_name(meta.name)
            start, merged = sheet.start, sheet.merged_cell_ranges or []
        if start is None:
            continue
        notes = []
        if meta.visible != calamine.SheetVisibleEnum.Visible:
            notes.append(Note("note.sheet_hidden", file=file, sheet=meta.name))
        tall = [one for one in merged if one[1][0] > one[0][0]]
        if tall:
            notes.append(Note("note.merged_cells", file=file, sheet=meta.name, n=len(tall)))
        top, left = start
        about = marks.get(meta.name, SheetMarks())
        if about.hidden_rows or about.hidden_columns:
            hidden = {"rows": about.hidden_rows, "columns": about.hidden_columns}
            notes.append(Note("note.hidden_lines", file=file, sheet=meta.name, **hidden))
        if dead := [where for where, text in about.errors.items() if text == NOT_CALCULATED]:
            places = " ".join(xl_rowcol_to_cell(row, column) for row, column in sorted(dead)[:5])
            notes.append(Note("note.not_calculated", file=file, sheet=meta.name, n=len(dead), places=places))
        merged = [((r0, max(c0 - left, 0)), (r1, c1 - left)) for (r0, c0), (r1, c1) in merged if c1 >= left]
        rows = _with_errors(_text_rows(sheet, file), about.errors, left)
        yield Grid(meta.name, filled_down(rows, merged), merged, notes)


def _with_errors(
    rows: Iterator[tuple[int, list[str | None]]], errors: dict[tuple[int, int], str], left: int
) -> Iterator[tuple[int, list[str | None]]]:
    """The reader gives an error as a blank; it is neither a blank nor a value."""
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in errors.items():
        by_row.setdefault(row, []).append((max(column - left, 0), text))
    for line, cells in rows:
        for column, text in by_row.get(line - 1, ()):
            cells += [None] * (column + 1 - len(cells))
            cells[column] = cells[column] or text
        yield line, cells


def _open(path: Path) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError:
        raise
    except Exception:  # an .xls that is an .xlsx, or the other way round
        try:
            with path.open("rb") as opened:
                return calamine.CalamineWorkbook.from_filelike(opened)
        except Exception:
            pass
        raise  # the first error says more


def cell_text(value: object) -> str | None:
    """7.0 → "7"; a day → "2024-04-20", a moment → "2024-04-20 14:30:00"; a number too long for Excel keeps its exponent."""
    if isinstance(value, str):
        return value.replace("\0", "") or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
        return str(value.date()) if value.time() == dt.time() else str(value)
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(value, dt.time):
        return value.isoformat("seconds")
    return None if value is None else str(value)


def _number(value: float) -> str | None:
    if value != value:
        return None
    if value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    text = format(value, ".15G")  # a sheet holds 15 digits; the rest of a float is noise
    return text if "E" in text and abs(value) >= 1 else format(Decimal(text), "f")


def _text_rows(sheet: calamine.CalamineSheet, file: str) -> Iterator[tuple[int, list[str | None]]]:
    rows = sheet.iter_rows()
    line = 0
    while True:
        with _refusing(file):
            row = next(rows, None)
        if row is None:
            return
        line += 1
        yield line, [cell_text(value) for value in row]


def filled_down(
    rows: Iterator[tuple[int, list[str | None]]], merged: list[Merge]
) -> Iterator[tuple[int, list[str | None]]]:
    """A text merged over several rows belongs to each of them. A number counts once: it would be added up."""
    tall = sorted(one for one in merged if one[1][0] > one[0][0])
    waiting = iter(tall)
    following = next(waiting, None)
    active: list[tuple[int, int, str]] = []
    for line, cells in rows:
        at = line - 1
        active = [(last, column, text) for last, column, text in active if last >= at]
        for _, column, text in active:
            if cells[column] is None:
                cells[column] = text
        while following and following[0][0] <= at:
            (_, column), (last, _) = following
            text = cells[column] if column < len(cells) and following[0][0] == at else None
            if text and not is_value(text):
                active.append((last, column, text))
            following = next(waiting, None)
        yield line, cells


class _refusing:
    """Turns whatever the reader of workbooks raises, its panics included, into a refusal of the file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        if error is None or isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, DataError)):
            return False
        if isinstance(error, calamine.PasswordError):
            raise DataError("error.file_encrypted", file=self.file) from None
        raise DataError("error.file_damaged", file=self.file, detail=str(error)[:200]) from None
