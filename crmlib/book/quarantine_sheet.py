"""The sheet of refused rows: written for people to mend, and read back as corrections of the very same rows."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from crmlib.book.batches import Batch, Sheet
from crmlib.book.corrections import Correction, Corrections
from crmlib.book.form import Column, Page, leave_form, read_form
from crmlib.book.hiding import mask_cells
from crmlib.book.shelf import Book
from crmlib.dictionary import Dictionary, Field
from crmlib.home import Home
from crmlib.keys import Key
from crmlib.labels import Say

KIND = "quarantine"
FILE = "quarantine.xlsx"
_LEADING = ("source_file", "sheet", "line", "reason", "suggestion")
_WIDTHS = (18, 9, 9, 36, 36)
_UNREADABLE = "-"  # the key of a row that cannot be mended in the sheet


class Refused(NamedTuple):
    """The refused rows of one kept sheet, by line. shown: as people see them, personal cells masked but for the faulty ones."""

    sheet: Sheet
    content: pd.Series
    plain: pd.DataFrame
    shown: pd.DataFrame
    faulty: pd.DataFrame  # whether a cell is named by a fault
    faults: pd.DataFrame


def leave_quarantine(
    home: Home, book: Book, batches: list[Batch], *, key: Key, dictionary: Dictionary, say: Say
) -> str:
    """data/todo/quarantine.xlsx, one page per source sheet: reason and advice first, then the row as the file has it, faulty cells
    coloured; rows that a later export brought in order are left out. Returns a line on it."""
    faults, corrections, path = open_faults(book), Corrections(home, key), home.todo / FILE
    sheets = [Sheet(batch, number) for batch in batches for number in range(len(batch.sheets))]
    words = {"home": home, "key": key, "dictionary": dictionary}
    found = [one for sheet in sheets if (one := find_refused(sheet, faults, corrections, **words))]
    pages = [_page(one, dictionary, say) for one in found] + _unreadable(faults, found, say)
    n = sum(len(page.rows) for page in pages)
    return leave_form(home, path, KIND, pages, say=say, done=say("todo.quarantine_written", n=n, path=path))


def _page(refused: Refused, dictionary: Dictionary, say: Say) -> Page:
    """The row's place and content are its key. Every column may be mended; where one is faulty its list of values is offered."""
    sheet, fields = refused.sheet, _fields(refused.sheet, dictionary)
    columns = [Column(head, width) for head, width in zip(_heads(say).values(), _WIDTHS, strict=True)]
    for header in refused.plain.columns:
        choices = dictionary.choices.get(fields[header].choice, {}) if header in fields else {}
        words = tuple(one.word(say.lang) for one in choices.values()) if refused.faulty[header].any() else ()
        columns.append(Column(header, 16, "text", words, free=True))
    rows = []
    for line, cells in zip(refused.plain.index, refused.shown.itertuples(index=False), strict=True):
        about = _explain(refused.faults[refused.faults["line"].eq(line)], say)
        place = f"{sheet.batch.sequence}:{sheet.number}:{line}:{refused.content[line]}"
        rows.append((place, [sheet.batch.file, sheet.about["sheet"], int(line), *about, *cells]))
    places = zip(*np.nonzero(refused.faulty.to_numpy()), strict=True)
    looks = {(int(row), len(_LEADING) + int(column)): "faulty" for row, column in places}
    return Page(sheet.about["sheet"] or Path(sheet.batch.file).stem, columns, rows, looks, frozen=len(_LEADING))


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
    for row in read_form(path, KIND, heads=_heads, file=file):
        place = row.key.split(":")
        if len(place) != 4:
            unknown += row.key != _UNREADABLE
            continue
        at = (int(place[0]), int(place[1]))
        if at not in known and at in sheets:
            known[at] = find_refused(sheets[at], faults, corrections, home=home, key=key, dictionary=dictionary)
        refused, line = known.get(at), int(place[2])
        if refused is None or line not in refused.content.index or refused.content[line] != place[3]:
            unknown += 1
            continue
        for name in filter(row.columns.__contains__, refused.plain.columns):
            if one := _corrected(refused, line, name, row[name], dictionary):
                found.append(one)
                changed.add((at, line))
    return Returned(found, len(changed), unknown)


def _corrected(refused: Refused, line: int, header: str, cell: str, dictionary: Dictionary) -> Correction | None:
    """A cell as it came back, if it is not what was shown."""
    new = cell.strip()
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
    reasons = [say.get(f"reason.{r}", r) for r in faults["reason"].unique()]
    return "；".join(reasons), "；".join(say(one) for one in faults["suggestion"].unique() if say.has(one))


def _unreadable(faults: pd.DataFrame, found: list[Refused], say: Say) -> list[Page]:
    """Rows that never had columns: they can only be mended in their own file."""
    told = {(r.sheet.batch.sequence, r.sheet.about["sheet"] or "", n) for r in found for n in r.plain.index}
    places = zip(faults["batch"], faults["sheet"].fillna(""), faults["line"], strict=True)
    rest = faults[[place not in told for place in places]]
    if rest.empty:
        return []
    heads = [*_heads(say).values(), say("todo.excerpt")]
    columns = [Column(head, width) for head, width in zip(heads, (*_WIDTHS, 36), strict=True)]
    lines = rest.groupby(["batch", "source_file", "sheet", "line"], dropna=False, sort=True)
    rows = [
        (_UNREADABLE, [file, _text(sheet), int(line), *_explain(some, say), _text(some["value"].iloc[0])])
        for (_, file, sheet, line), some in lines
    ]
    return [Page(say("todo.unreadable"), columns, rows)]


def _heads(say: Say) -> dict[str, str]:
    return {f"#{one}": say(f"todo.{one}") for one in _LEADING}  # a file may have a column of that name


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)
