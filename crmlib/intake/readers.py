"""Raw files: every physical row as text, in a table or set aside with a reason."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from crmlib.archives import list_members
from crmlib.errors import DataError
from crmlib.inputs import ARCHIVE, SUFFIXES
from crmlib.intake.asides import Aside
from crmlib.intake.delimited import ONE_COLUMN, read_delimited
from crmlib.intake.encodings import decode
from crmlib.intake.grids import Grid, lay_out
from crmlib.intake.headings import is_prose
from crmlib.intake.notes import Note

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
PARQUET = b"PAR1"
TEXTS = (".csv", ".tsv", ".txt")
PAGES = (".html", ".htm")


class Read(NamedTuple):
    """One file. Its physical rows are those of `tables` and of `refused`, each once.

    tables: all cells text, a blank cell missing; index "line" is the physical row; attrs file, sheet, header_line, encoding.
    refused: source_file, sheet, line, kind ("not_data" or "refused"), reason, excerpt.
    """

    tables: list[pd.DataFrame]
    refused: pd.DataFrame
    notes: list[str]


def read_file(path: str | Path, *, name: str = "", header: Sequence[str] = ()) -> Read:
    """Reads csv, tsv, txt, xlsx, xlsm, xls, xlsb, ods, html or Parquet, by what the file is, not by what it is called.

    name: what notes and errors call the file, where not by the last part of its path. header: the names of all columns
    of a file that has no line of names ("_" for none); its cells may then stand apart by blanks alone.
    Raises DataError where the file is missing, empty, encrypted, damaged, in no encoding we know, or no table at all.
    """
    path = Path(path)
    file = name or path.name
    if not path.exists():
        raise DataError("error.file_missing", path=path)
    if path.is_dir():
        raise DataError("error.file_is_folder", path=path)
    if path.suffix.lower() == ARCHIVE and list_members(path, file=file):
        raise DataError("error.file_is_archive", file=file)
    if path.suffix.lower() not in (*SUFFIXES, ARCHIVE):
        raise DataError("error.file_suffix", file=file, suffix=path.suffix or "–", known=" ".join(SUFFIXES))
    try:
        with path.open("rb") as opened:
            start = opened.read(8)
    except OSError as error:
        raise DataError("error.file_unreadable", file=file, detail=error.strerror) from None
    if not start:
        raise DataError("error.file_empty", file=file)
    if start.startswith(PARQUET):
        return _read_parquet(path, file)
    if start.startswith(WORKBOOKS):
        return _read_workbook(path, file, header)
    if path.suffix.lower() == ".parquet":
        raise DataError("error.file_damaged", file=file, detail="PAR1?")
    return _read_text(path, file, header)


def _read_text(path: Path, file: str, header: Sequence[str]) -> Read:
    from crmlib.intake.markup import is_markup, read_markup, unwrapped

    data = path.read_bytes()
    page = unwrapped(data)
    text, encoding, notes = decode(data if page is None else page, file=file)
    suffix = path.suffix.lower()
    if is_markup(text):
        if suffix not in PAGES:
            notes = [*notes, Note("note.other_content", file=file, suffix=path.suffix, found="html/xml")]
        pages = read_markup(text, file=file)
        return _read_grids(pages, file, notes, header=header, encoding=encoding, nothing="error.file_not_table")
    if _is_json(text):
        raise DataError("error.file_not_table", file=file)
    delimited = read_delimited(text, file=file, spaced=len(header) > 1)
    del data, page, text  # of a large file one copy is enough
    if suffix not in TEXTS:
        notes = [*notes, Note("note.other_content", file=file, suffix=path.suffix, found="csv")]
    grid = Grid("", delimited.rows, notes=delimited.notes, bulk=delimited.bulk)
    read = _read_grids([grid], file, notes, header=header, encoding=encoding)
    if delimited.delimiter == ONE_COLUMN and not header and _is_column_of_prose(read.tables[0]):
        raise DataError("error.file_not_table", file=file)
    return read


def _read_workbook(path: Path, file: str, header: Sequence[str]) -> Read:
    from crmlib.intake.workbooks import read_sheets

    notes = []
    if path.suffix.lower() in (*TEXTS, *PAGES):
        notes.append(Note("note.other_content", file=file, suffix=path.suffix, found="xlsx/xls/ods"))
    return _read_grids(read_sheets(path, file=file), file, notes, header=header)


def _read_grids(
    grids: Iterable[Grid],
    file: str,
    notes: list[Note],
    *,
    header: Sequence[str],
    encoding: str = "",
    nothing: str = "error.file_empty",
) -> Read:
    """The tables of each sheet; `nothing` is the refusal of a file without any."""
    tables, aside, problems = [], [], []
    for grid in grids:
        said: list[Note] = []
        for number, laid in enumerate(lay_out(grid, file=file, header=header)):
            aside.append((grid.name, laid.aside))
            said += laid.notes
            if laid.problem:
                problems.append(laid.problem)
                if laid.problem.key != "error.file_empty":
                    said.append(Note("note.sheet_no_table", file=file, sheet=grid.name, why=laid.problem.message()))
                continue
            laid.table.attrs["encoding"] = encoding
            tables.append(laid.table)
            if number:
                said.append(Note("note.stacked", file=file, sheet=grid.name, line=laid.table.attrs["header_line"]))
        notes = [*notes, *grid.notes, *said]
    if not tables:
        raise next((p for p in problems if p.key != "error.file_empty"), DataError(nothing, file=file))
    return Read(tables, _refused(file, aside), notes)


def _read_parquet(path: Path, file: str) -> Read:
    from crmlib.intake.typed import read_parquet

    table, blank = read_parquet(str(path), file=file)
    return Read([table], _refused(file, [("", blank)]), [])


def _refused(file: str, aside: list[tuple[str, list[Aside]]]) -> pd.DataFrame:
    rows: Iterator[tuple] = ((file, sheet, *one) for sheet, found in aside for one in found)
    table = pd.DataFrame(rows, columns=["source_file", "sheet", "line", "kind", "reason", "excerpt"])
    return table.astype({name: "int64" if name == "line" else "str" for name in table.columns})


def _is_json(text: str) -> bool:
    if not text[:2000].lstrip().startswith(("{", "[")):
        return False
    for part in (text.lstrip().split("\n", 1)[0], text):  # one object a line, or the whole
        try:
            return isinstance(json.loads(part), (dict, list))
        except ValueError:
            continue
    return False


def _is_column_of_prose(table: pd.DataFrame) -> bool:
    """One column of sentences is a letter, not a list; a list of remarks has a header we know."""
    from crmlib.intake.words import is_known

    if is_known(table.columns[0]):
        return False
    cells = table.iloc[:, 0].dropna()
    ends = cells.str.rstrip().str.endswith(("。", ".", "!", "！", "?", "？", "，", ",", ";", "；", "：", ":"))
    return is_prose(list(table.columns)) or (len(cells) > 0 and bool((ends | (cells.str.len() > 60)).mean() > 0.3))
