"""The sheet of refused rows: written for people to mend, and read back as corrections of the very same rows."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import xlsxwriter

from crmlib.book.batches import Batch, Sheet
from crmlib.book.corrections import Correction, Corrections
from crmlib.book.hiding import mask_cells
from crmlib.book.shelf import Book
from crmlib.dictionary import Dictionary, Field
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.intake.workbooks import read_sheets
from crmlib.keys import Key
from crmlib.labels import Say
from crmlib.returned import mark

KIND = "quarantine"
_LEADING = ("source_file", "sheet", "line", "reason", "suggestion")
_FIRST = 1 + len(_LEADING)  # where the file's own columns begin


class Refused(NamedTuple):
    """The refused rows of one kept sheet, by line. shown: as people see them, personal cells masked but for the faulty ones."""

    sheet: Sheet
    content: pd.Series
    plain: pd.DataFrame
    shown: pd.DataFrame
    faulty: pd.DataFrame  # whether a cell is named by a fault
    faults: pd.DataFrame


def write_quarantine(
    path: Path, book: Book, batches: list[Batch], *, home: Home, key: Key, dictionary: Dictionary, say: Say
) -> int:
    """One page per source sheet: reason and advice first, then the row as the file has it, faulty cells coloured.

    Rows that a later export brought in order are left out. Returns the number of rows.
    """
    faults, corrections = open_faults(book), Corrections(home, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    bold = workbook.add_format({"bold": True, "bg_color": "#EEF1F4", "bottom": 1})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    plain, red = (
        workbook.add_format({"num_format": "@", "valign": "top"}),
        workbook.add_format({"bg_color": "#FDE0DC", "num_format": "@", "valign": "top"}),
    )
    pages = [
        (batch, refused)
        for batch in batches
        for number in range(len(batch.sheets))
        if (
            refused := find_refused(
                Sheet(batch, number), faults, corrections, home=home, key=key, dictionary=dictionary
            )
        )
    ]
    for batch, refused in pages:
        about, headers = refused.sheet.about, list(refused.plain.columns)
        page = workbook.add_worksheet(_page_name(workbook, about["sheet"] or Path(batch.file).stem))
        page.write_row(0, 0, [mark(KIND), *(say(f"todo.{name}") for name in _LEADING), *headers], bold)
        page.freeze_panes(1, _FIRST)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.set_column(0, 0, None, None, {"hidden": True})
        page.set_column(1, 1, 18)
        page.set_column(4, 5, 36)
        page.set_column(_FIRST, _FIRST + len(headers), 16)
        for row, line in enumerate(refused.plain.index, start=1):
            words, advice = _explain(refused.faults[refused.faults["line"].eq(line)], say)
            place = f"{batch.sequence}:{refused.sheet.number}:{line}:{refused.content[line]}"
            page.write_row(row, 0, [place, batch.file, about["sheet"], int(line), words, advice], wrapped)
            for column, header in enumerate(headers, start=_FIRST):
                bad = refused.faulty.at[line, header]
                page.write_string(row, column, _text(refused.shown.at[line, header]), red if bad else plain)
        _offer_choices(page, refused, dictionary, say)
    written = sum(len(refused.plain) for _, refused in pages)
    written += _write_unreadable(workbook, faults, pages, bold, say)
    if not workbook.worksheets():
        workbook.add_worksheet("1").write(0, 0, say("todo.nothing"))
    workbook.close()
    return written


def open_faults(book: Book) -> pd.DataFrame:
    """The faults of rows that are still refused: no later export has brought the same row in order."""
    records = book.frame(book.table("records").select("row_id", "batch", "sheet", "line", "status"))
    refused = records["status"].eq("quarantined")
    mended = records[~refused].groupby("row_id")["batch"].max()
    still = records[refused & ~records["row_id"].map(mended).gt(records["batch"]).fillna(False).astype(bool)]
    where = ["batch", "sheet", "line"]
    faults = book.frame(book.table("quarantine"))
    keys = pd.MultiIndex.from_frame(still[where].fillna({"sheet": ""}))
    return faults[pd.MultiIndex.from_frame(faults[where].fillna({"sheet": ""})).isin(keys)]


def find_refused(
    sheet: Sheet, faults: pd.DataFrame, corrections: Corrections, *, home: Home, key: Key, dictionary: Dictionary
) -> Refused | None:
    """The refused rows of a kept sheet as they stand now, corrections applied; None where there is none."""
    name = sheet.about["sheet"] or ""
    mine = faults[faults["batch"].eq(sheet.batch.sequence) & faults["sheet"].fillna("").eq(name)]
    if mine.empty or not sheet.table:
        return None
    stored = sheet.raw(home, None)
    lines = stored.index.intersection(mine["line"].unique()).sort_values()
    if lines.empty:
        return None
    content = _contents(sheet).loc[lines]
    original = sheet.raw(home, key).loc[lines]
    plain, fields = corrections.apply(original, content), _fields(sheet, dictionary)
    everybody = pd.Series(True, index=lines)
    shown = stored.loc[lines].assign(
        **{
            h: stored.loc[lines, h].where(_same(plain[h], original[h]), mask_cells(plain[h], fields.get(h), everybody))
            for h in plain.columns
        }
    )
    faulty = pd.DataFrame(False, index=lines, columns=plain.columns)
    named = {(one.table, one.key): header for header, one in fields.items()}
    for fault in mine.itertuples():
        if header := named.get((fault.table, fault.field)):
            faulty.loc[fault.line, header] = True
    return Refused(sheet, content, plain, shown.mask(faulty, plain), faulty, mine[mine["line"].isin(lines)])


class Returned(NamedTuple):
    """What a filled-in sheet says: corrections; `rows` that hold any; `unknown`: rows of it that we no longer know."""

    corrections: list[Correction]
    rows: int
    unknown: int


def read_quarantine(
    path: Path, book: Book, batches: list[Batch], *, home: Home, key: Key, dictionary: Dictionary, file: str
) -> Returned:
    """Every cell that somebody changed. An unchanged mask means unchanged.

    Raises DataError where columns were put in or taken out before the file's own: then no cell can be told.
    """
    sheets = {(b.sequence, n): Sheet(b, n) for b in batches for n in range(len(b.sheets))}
    faults, corrections = open_faults(book), Corrections(home, key)
    found: list[Correction] = []
    known: dict[tuple[int, int], Refused | None] = {}
    changed, unknown = set(), 0
    for page in read_sheets(path, file=file):
        rows = iter(page.rows)
        header = next((cells for _, cells in rows), [])
        if not header or header[0] != mark(KIND):
            if any(cell == mark(KIND) for cell in header):
                raise DataError("error.sheet_columns_moved", file=file, sheet=page.name)
            continue
        for _, cells in rows:
            place = str(cells[0] or "").split(":")
            if len(place) != 4:
                unknown += any(cells)
                continue
            at = (int(place[0]), int(place[1]))
            if at not in known and at in sheets:
                known[at] = find_refused(sheets[at], faults, corrections, home=home, key=key, dictionary=dictionary)
            refused, line = known.get(at), int(place[2])
            if refused is None or line not in refused.content.index or refused.content[line] != place[3]:
                unknown += 1
                continue
            for name, cell in zip(header[_FIRST:], cells[_FIRST:], strict=False):
                if name in refused.plain and (one := _corrected(refused, line, name, cell, dictionary)):
                    found.append(one)
                    changed.add((at, line))
    return Returned(found, len(changed), unknown)


def _corrected(refused: Refused, line: int, header: str, cell: str | None, dictionary: Dictionary) -> Correction | None:
    """A cell as it came back, if it is not what was shown."""
    new = _text(cell).strip()
    if new in (_text(refused.plain.at[line, header]).strip(), _text(refused.shown.at[line, header]).strip()):
        return None
    field = _fields(refused.sheet, dictionary).get(header)
    old, now = (
        mask_cells(pd.Series([value], dtype="str"), field, pd.Series([True])).iloc[0]
        for value in (refused.plain.at[line, header], new or None)
    )
    about = refused.sheet
    place = {"file": about.batch.file, "sheet": about.about["sheet"], "line": line}
    shown = {**place, "old": _text(old), "new": _text(now)}
    return Correction(refused.content[line], header, new or None, shown)


def _fields(sheet: Sheet, dictionary: Dictionary) -> dict[str, Field]:
    return {c["header"]: dictionary.field(f"{c['table']}.{c['field']}") for c in sheet.about["columns"]}


def _contents(sheet: Sheet) -> pd.Series:
    table = pq.read_table(sheet.batch.folder / f"{sheet.number}.rows.parquet", columns=["line", "content"])
    return table.to_pandas().set_index("line")["content"]


def _same(one: pd.Series, other: pd.Series) -> np.ndarray:
    return one.fillna("").eq(other.fillna("")).to_numpy()


def _explain(faults: pd.DataFrame, say: Say) -> tuple[str, str]:
    reasons = [say(f"reason.{r}") if say.has(f"reason.{r}") else r for r in faults["reason"].unique()]
    return "；".join(reasons), "；".join(say(one) for one in faults["suggestion"].unique() if say.has(one))


def _offer_choices(page, refused: Refused, dictionary: Dictionary, say: Say) -> None:
    """A drop-down in every faulty cell whose field has a list of values; others may still be typed."""
    fields = _fields(refused.sheet, dictionary)
    for column, header in enumerate(refused.plain.columns, start=_FIRST):
        choices = dictionary.choices.get(fields[header].choice) if header in fields else None
        words = [one.word(say.lang) for one in choices.values()] if choices else []
        if 0 < len(",".join(words)) < 255:  # what Excel takes
            for row in np.flatnonzero(refused.faulty[header]) + 1:
                rule = {"validate": "list", "source": words, "error_type": "information"}
                page.data_validation(int(row), column, int(row), column, rule)


def _write_unreadable(workbook, faults: pd.DataFrame, pages: list[tuple[Batch, Refused]], bold, say: Say) -> int:
    """Rows that never had columns: they can only be mended in their own file. Returns their number."""
    told = {(b.sequence, r.sheet.about["sheet"] or "", n) for b, r in pages for n in r.plain.index}
    places = list(zip(faults["batch"], faults["sheet"].fillna(""), faults["line"], strict=True))
    rest = faults[[place not in told for place in places]]
    if rest.empty:
        return 0
    page = workbook.add_worksheet(_page_name(workbook, say("todo.unreadable")))
    page.write_row(0, 0, [*(say(f"todo.{name}") for name in _LEADING), say("todo.excerpt")], bold)
    page.freeze_panes(1, 0)
    page.set_column(3, 5, 36)
    lines = rest.groupby(["batch", "source_file", "sheet", "line"], dropna=False, sort=True)
    for row, ((_, file, sheet, line), some) in enumerate(lines, start=1):
        page.write_row(row, 0, [file, _text(sheet), int(line), *_explain(some, say), _text(some["value"].iloc[0])])
    return len(lines)


def _page_name(workbook, wanted: str) -> str:
    """A name that Excel takes: 31 characters, none of []:*?/\\, not given yet."""
    taken = {page.get_name().lower() for page in workbook.worksheets()}
    base = "".join(c for c in wanted if c not in "[]:*?/\\'")[:26] or "1"
    names = [base, *(f"{base} {n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name.lower() not in taken)


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)
