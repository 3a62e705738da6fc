"""Sheets to files, byte for byte the same each time, and the truth about them: who is who, and what is wrong where."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from crmlib.sample.sheets import Row, Sheet

CREATED = datetime(2024, 7, 1, 9)  # the day on which everything was exported
MANY = 20_000  # rows from which a sheet is written without being held in memory


class RowTruth(NamedTuple):
    """One row that names a customer. `variant`: how the name is typed, "" as registered."""

    file: str
    sheet: str
    line: int
    table: str
    true_customer: str
    variant: str


class FaultTruth(NamedTuple):
    file: str
    sheet: str
    line: int
    table: str
    field: str
    reason: str
    severity: str


class Truth(NamedTuple):
    rows: list[RowTruth]
    faults: list[FaultTruth]


def write_file(directory: Path, sheets: list[Sheet], truth: Truth) -> Path:
    path = directory / sheets[0].file
    (_write_csv if path.suffix == ".csv" else _write_workbook)(path, sheets, truth)
    return path


def write_truth(place: Path, truth: Truth) -> list[Path]:
    """Two Parquet tables: in a folder `rows` and `faults`; beside a file of another name its name and `_faults`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if place.suffix:
        paths = [place, place.with_name(place.stem + "_faults" + place.suffix)]
    else:
        paths = [place / "rows.parquet", place / "faults.parquet"]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for path, kind, lines in zip(paths, (RowTruth, FaultTruth), truth, strict=True):
        columns = list(zip(*lines, strict=True)) or [()] * len(kind._fields)
        types = [pa.int64() if name == "line" else pa.string() for name in kind._fields]
        arrays = [pa.array(column, kept) for column, kept in zip(columns, types, strict=True)]
        pq.write_table(pa.table(arrays, names=list(kind._fields)), path, compression="zstd")
    return paths


def _tell(truth: Truth, sheet: Sheet, line: int, row: Row) -> None:
    where = (sheet.file, sheet.name, line)
    if row.kind:
        truth.faults.append(FaultTruth(*where, "", "", row.kind, "not_data"))
        return
    if row.customer:
        truth.rows.append(RowTruth(*where, sheet.table, row.customer, row.variant))
    for name, reason, severity in row.faults:
        truth.faults.append(FaultTruth(*where, sheet.table, name, reason, severity))


def _physical_rows(sheet: Sheet) -> Iterator[Row]:
    """Everything above the data, then the data, as rows."""
    for title in sheet.titles:
        yield Row([title], kind="TITLE")
    if any(column.group for column in sheet.columns):
        yield Row([column.group for column in sheet.columns], kind="HEADER")
    yield Row([column.header for column in sheet.columns], kind="HEADER")
    yield from sheet.rows


def _write_csv(path: Path, sheets: list[Sheet], truth: Truth) -> None:
    (sheet,) = sheets
    line = 1
    blanks = 0
    with open(path, "w", encoding=sheet.encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        for row in _physical_rows(sheet):
            _tell(truth, sheet, line, row)
            if row.kind == "BLANK":  # some exports write an empty line, some a line of commas
                blanks += 1
                writer.writerow([""] * len(sheet.columns) if blanks % 2 else [])
            else:
                writer.writerow(["" if cell is None else cell for cell in row.cells])
            line += 1 + "".join(map(str, row.cells)).count("\n")


def _write_workbook(path: Path, sheets: list[Sheet], truth: Truth) -> None:
    import xlsxwriter

    large = max(len(sheet.rows) for sheet in sheets) > MANY
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": large}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"created": CREATED})
    day, bold = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True, "align": "center"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        width = len(sheet.columns)
        grouped = any(column.group for column in sheet.columns)
        for at, row in enumerate(_physical_rows(sheet)):
            _tell(truth, sheet, at + 1, row)
            if row.kind == "TITLE":
                page.merge_range(at, 0, at, width - 1, row.cells[0], bold)
            elif row.kind == "HEADER" and grouped:
                _write_grouped(page, at, sheet, bold, upper=at == len(sheet.titles))
            else:
                for n, cell in enumerate(row.cells):
                    _write_cell(page, at, n, cell, day)
    book.close()


def _write_grouped(page, at: int, sheet: Sheet, bold, *, upper: bool) -> None:
    """Two header rows: a group over its columns; a column without a group reaches over both rows."""
    start = 0
    for n, column in enumerate(sheet.columns):
        if not column.group:
            if upper:
                page.merge_range(at, n, at + 1, n, column.header, bold)
        elif not upper:
            page.write_string(at, n, column.header, bold)
        elif n + 1 == len(sheet.columns) or sheet.columns[n + 1].group != column.group:
            page.merge_range(at, start, at, n, column.group, bold)
        if upper and (n + 1 == len(sheet.columns) or sheet.columns[n + 1].group != column.group):
            start = n + 1


def _write_cell(page, at: int, n: int, cell, day) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, date):
        page.write_datetime(at, n, cell, day)
    elif isinstance(cell, str):
        page.write_string(at, n, cell)
    else:
        page.write_number(at, n, cell)
