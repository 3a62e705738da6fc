"""What the XML of a workbook tells that its reader does not: error cells, formulas never calculated, what is hidden, how far cells reach."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from crmlib.archives import check_size
from crmlib.errors import DataError
from crmlib.intake.cells import NOT_CALCULATED

MOST_CELLS = 50_000_000  # of one sheet, blank ones included: what fits into memory
SPARSE_FROM, SPARSE = 5_000_000, 20  # a sheet this large is refused where only one cell in so many is there
MOST_STRINGS = 256 << 20  # bytes of the table of texts
CHUNK = 1 << 20

_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]+)([0-9]+)"')
_FULL = re.compile(rb"<(?:\w+:)?c\s([^>]*)(?<!/)>(.*?)</(?:\w+:)?c>", re.S)
_PLACE = re.compile(rb'\br="([A-Z]+)([0-9]+)"')
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>/]*>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_HIDDEN = re.compile(rb'<(?:\w+:)?(row|col)\s[^>]*\bhidden="(?:1|true)"[^>]*>')
_SPAN = re.compile(rb'\bmin="(\d+)"[^>]*\bmax="(\d+)"')
_ODS = ("table", "table-row", "table-column", "table-cell", "covered-table-cell")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class SheetMarks:
    """errors: (row, column) from 0 → "#N/A", or NOT_CALCULATED for a formula without a value."""

    cells: int = 0
    rows: int = 1
    columns: int = 1
    hidden_rows: int = 0
    hidden_columns: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def read_xml_marks(path: Path, *, file: str) -> dict[str, SheetMarks]:
    """Sheet name → what its XML tells, for .xlsx, .xlsm and .ods; empty for others, and where the XML is damaged.

    Raises DataError where the workbook would not fit into memory.
    """
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as parts:
            check_size(parts.infolist(), file=file)
            names = parts.namelist()
            texts = sum(one.file_size for one in parts.infolist() if "sharedStrings" in one.filename)
            if texts > MOST_STRINGS:
                raise DataError(
                    "error.file_texts", file=file, size=f"{texts >> 20:,} MB", most=f"{MOST_STRINGS >> 20} MB"
                )
            if "content.xml" in names:
                return _open_document(parts)
            return {
                name: _marks(_chunks(parts, part), file)
                for name, part in (_sheets(parts) if "xl/workbook.xml" in names else {}).items()
                if part in names
            }
    except DataError:
        raise
    except Exception:  # a damaged file: the reader of workbooks says what is wrong with it
        return {}


def _sheets(parts: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → its part of the zip."""
    relations = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    sheets = ElementTree.fromstring(parts.read("xl/workbook.xml")).iterfind(".//{*}sheet")
    found = {one.get("name", ""): targets.get(one.get(_RELATION), "") for one in sheets}
    return {name: target.lstrip("/") if target.startswith("/") else f"xl/{target}" for name, target in found.items()}


def _chunks(parts: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The part in pieces that end before a cell or a row."""
    rest = b""
    with parts.open(name) as source:
        while new := source.read(CHUNK):
            rest += new
            cut = max(rest.rfind(b"<c "), rest.rfind(b"<row "), rest.rfind(b":c "), rest.rfind(b":row "))
            if cut > 0:
                cut = rest.rfind(b"<", 0, cut + 1)
                yield rest[:cut]
                rest = rest[cut:]
            elif len(rest) > 8 * CHUNK:  # no cell is that long
                yield rest
                rest = b""
    yield rest


def _marks(chunks: Iterator[bytes], file: str) -> SheetMarks:
    marks = SheetMarks()
    for chunk in chunks:
        found = _CELL.findall(chunk)
        marks.cells += len(found)
        marks.rows = max(marks.rows, max((int(row) for _, row in found), default=1))
        marks.columns = max(marks.columns, max(map(_column, {column for column, _ in found}), default=1))
        if b"hidden=" in chunk:
            for match in _HIDDEN.finditer(chunk):
                if match[1] == b"row":
                    marks.hidden_rows += 1
                elif span := _SPAN.search(match[0]):
                    marks.hidden_columns += int(span[2]) - int(span[1]) + 1 if int(span[2]) < 16_384 else 0
        if b't="e"' in chunk or _FORMULA.search(chunk):
            marks.errors |= _errors(chunk)
        area = marks.rows * marks.columns
        if area > MOST_CELLS:
            raise DataError("error.file_stray_cell", file=file, row=marks.rows, column=marks.columns, most=MOST_CELLS)
    if marks.rows * marks.columns > max(SPARSE_FROM, SPARSE * marks.cells):
        raise DataError("error.file_stray_cell", file=file, row=marks.rows, column=marks.columns, most=SPARSE_FROM)
    return marks


def _errors(chunk: bytes) -> dict[tuple[int, int], str]:
    found = {}
    for told, inside in _FULL.findall(chunk):
        place = _PLACE.search(told)
        if not place:
            continue
        value = _VALUE.search(inside)
        if b't="e"' in told:
            text = value[1].decode("utf-8", "replace").strip() if value else "#N/A"
        elif not value and b't="' not in told and _FORMULA.search(inside):
            text = NOT_CALCULATED
        else:
            continue
        found[int(place[2]) - 1, _column(place[1]) - 1] = text
    return found


def _open_document(parts: zipfile.ZipFile) -> dict[str, SheetMarks]:
    """The same of an .ods, whose rows and cells are counted, not named."""
    with parts.open("content.xml") as source:
        pieces = iter(lambda: source.read(CHUNK), b"")
        if not any(sign in piece for piece in pieces for sign in (b'"error"', b"visibility=")):
            return {}
    found: dict[str, SheetMarks] = {}
    row, column, marks = 0, 0, SheetMarks()
    with parts.open("content.xml") as source:
        for event, node in ElementTree.iterparse(source, events=("start", "end")):
            kind = node.tag.rpartition("}")[2]
            told = {name.rpartition("}")[2]: value for name, value in node.attrib.items()} if kind in _ODS else {}
            if event == "start":
                if kind == "table":
                    row, marks = 0, found.setdefault(told.get("name", ""), SheetMarks())
                elif kind == "table-row":
                    column = 0
                continue
            if kind in ("table-cell", "covered-table-cell"):
                if "error" in node.attrib.values():
                    marks.errors[row, column] = "".join(node.itertext()).strip() or "#N/A"
                column += int(told.get("number-columns-repeated", 1))
                node.clear()
            elif kind in ("table-row", "table-column"):
                times = int(told.get(f"number-{kind[6:]}s-repeated", 1))
                hidden = times if told.get("visibility", "visible") != "visible" and times < 10_000 else 0
                marks.hidden_rows += hidden if kind == "table-row" else 0
                marks.hidden_columns += hidden if kind == "table-column" else 0
                row += times if kind == "table-row" else 0
                node.clear()
    return found


def _column(letters: bytes) -> int:
    """A → 1, XFD → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
