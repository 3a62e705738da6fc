"""Tables of web pages and of Excel's own XML, as many systems export them under the name .xls, to rows of text."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from html.parser import HTMLParser

from crmlib.errors import DataError
from crmlib.intake.grids import Grid
from crmlib.intake.headings import Merge
from crmlib.intake.sheet_xml import MOST_CELLS
from crmlib.intake.workbooks import filled_down

_START = re.compile(r"\s*<(!--|!doctype|(html|\?xml|head|body|meta|style|table|center|div|form)\b)", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)
_BREAK = "\v"  # a line end that shows; those of the page's own text are blanks
_BREAKS = ("br", "p", "div", "li", "h1", "h2", "h3")
_SILENT = ("script", "style", "select")
_VOID = ("br", "img", "input", "hr", "meta", "link", "col", "wbr")
_GRID = ("table", "tr", "td")
_NAMES = {"row": "tr", "cell": "td", "th": "td"}  # Excel's XML says Row and Cell
WIDEST, TALLEST = 1000, 65_534  # what a browser makes of a span


def is_markup(text: str) -> bool:
    return bool(_START.match(text[:2000]))


def unwrapped(data: bytes) -> bytes | None:
    """The web page in a single-file archive (.mht), or None where the file is none."""
    if not data[:400].lstrip().lower().startswith((b"mime-version:", b"content-type: multipart")):
        return None
    pages = (part for part in message_from_bytes(data).walk() if part.get_content_type() == "text/html")
    return next((page.get_payload(decode=True) for page in pages), b"")


def read_markup(text: str, *, file: str) -> Iterator[Grid]:
    """Every table with more than one cell; a cell's spans are merged cells. A table inside a cell is one of its own,
    or where it is a single row or column, that cell's text."""
    parser = _Tables()
    parser.feed(text)
    parser.close()
    tables = [one for one in parser.finished() if len(one.cells) > 1]
    for number, table in enumerate(tables, start=1):
        if (table.row + 1) * table.wide > MOST_CELLS:
            raise DataError("error.file_stray_cell", file=file, row=table.row + 1, column=table.wide, most=MOST_CELLS)
        name = table.name or (f"{number}" if len(tables) > 1 else "")
        yield Grid(name, filled_down(table.rows(), table.merged), table.merged)


class _Table:
    def __init__(self, name: str) -> None:
        self.name = name
        self.cells: dict[tuple[int, int], list[str]] = {}
        self.merged: list[Merge] = []
        self.taken: dict[int, int] = {}  # column → first row that is free below a tall cell
        self.row, self.column = -1, 0
        self.open: list[str] | None = None

    def start_row(self, index: str | None) -> None:
        self.row = max(self.row + 1, int(index) - 1 if index and index.isdigit() and len(index) < 8 else 0)
        self.column, self.open = 0, None

    def start_cell(self, told: dict[str, str | None]) -> None:
        if self.row < 0:
            self.start_row(None)
        if (index := told.get("ss:index") or "").isdigit():
            self.column = min(int(index), 16_384) - 1
        while self.taken.get(self.column, 0) > self.row:
            self.column += 1
        wide = min(_number(told.get("colspan"), 1) + _number(told.get("ss:mergeacross"), 0), WIDEST)
        tall = min(_number(told.get("rowspan"), 1) + _number(told.get("ss:mergedown"), 0), TALLEST)
        self.open = self.cells[self.row, self.column] = []
        if wide > 1 or tall > 1:
            self.merged.append(((self.row, self.column), (self.row + tall - 1, self.column + wide - 1)))
            for column in range(self.column, self.column + wide):
                self.taken[column] = self.row + tall
        self.column += wide

    @property
    def wide(self) -> int:
        return max(column for _, column in self.cells) + 1

    def texts(self) -> dict[tuple[int, int], str]:
        return {where: _plain("".join(parts)) for where, parts in self.cells.items()}

    def rows(self) -> Iterator[tuple[int, list[str | None]]]:
        by_row: dict[int, list[tuple[int, str]]] = {}
        for (row, column), text in self.texts().items():
            by_row.setdefault(row, []).append((column, text))
        for row in range(self.row + 1):
            cells: list[str | None] = [None] * self.wide
            for column, text in by_row.get(row, ()):
                cells[column] = text or None
            yield row + 1, cells


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[_Table] = []
        self.stack: list[_Table] = []
        self.sheet = ""
        self.hidden, self.depth = "", 0
        self.caption: list[str] | None = None

    def finished(self) -> list[_Table]:
        while self.stack:  # a page cut short
            self._close()
        return self.done

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag, told = _NAMES.get(tag, tag), dict(attrs)
        if tag in _GRID:
            self.hidden = ""  # nothing hides a table, and what was never closed ends with its cell
        if self.hidden:
            self.depth += tag == self.hidden
        elif tag in _SILENT or (_HIDDEN.search(told.get("style") or "") and tag not in (*_GRID, *_VOID)):
            self.hidden, self.depth = tag, 1
        elif tag == "worksheet":
            self.sheet = told.get("ss:name") or ""
        elif tag == "table":
            self.stack.append(_Table(self.sheet))
        elif self.stack and tag == "tr":
            self.stack[-1].start_row(told.get("ss:index"))
        elif self.stack and tag == "td":
            self.stack[-1].start_cell(told)
        elif self.stack and tag == "caption":
            self.caption = []
        elif tag in _BREAKS:
            self._add(_BREAK)

    def handle_endtag(self, tag: str) -> None:
        tag = _NAMES.get(tag, tag)
        if self.hidden and tag not in _GRID:
            self.depth -= tag == self.hidden
            self.hidden = self.hidden if self.depth else ""
            return
        self.hidden = ""
        if tag == "table" and self.stack:
            self._close()
        elif tag == "td" and self.stack:
            self.stack[-1].open = None
        elif tag == "caption" and self.caption is not None:
            self.stack[-1].name, self.caption = _plain("".join(self.caption))[:31], None
        elif tag in _BREAKS:
            self._add(_BREAK)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self._add(data.replace(_BREAK, " "))

    def _add(self, text: str) -> None:
        into = self.caption if self.caption is not None else self.stack[-1].open if self.stack else None
        if into is not None:
            into.append(text)

    def _close(self) -> None:
        table = self.stack.pop()
        self.caption = None
        rows, columns = ({where[at] for where in table.cells} for at in (0, 1))
        outer = self.stack[-1].open if self.stack else None
        if outer is not None and min(len(rows), len(columns)) < 2:
            outer.append(" ".join(text for text in table.texts().values() if text))
        elif any(table.texts().values()):
            self.done.append(table)


def _number(told: str | None, usual: int) -> int:
    return int(told) if told and told.strip().isdigit() and len(told) < 8 and int(told) else usual


def _plain(text: str) -> str:
    """Text as it shows; Excel's XML writes a day as 2024-04-20T00:00:00.000."""
    lines = (" ".join(line.split()) for line in text.split(_BREAK))
    plain = "\n".join(line for line in lines if line)
    moment = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{3}", plain)
    return plain if not moment else moment[1] if moment[2] == "00:00:00" else f"{moment[1]} {moment[2]}"
