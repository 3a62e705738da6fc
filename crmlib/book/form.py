"""A form: a workbook that people fill in and drop back. What somebody has begun to fill in is never written over."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from crmlib.book.ledger import known_sources
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.inputs import Input
from crmlib.intake.cells import same_word
from crmlib.intake.workbooks import cell_text, read_sheets
from crmlib.labels import LANGS, Say, speaker
from crmlib.returned import is_as_made, mark

OFFERED = 5000  # so far down a cell offers its choices
_LOOKS = {
    "head": {"bold": True, "bg_color": "#EEF1F4", "bottom": 1, "text_wrap": True},
    "told": {"valign": "top", "text_wrap": True},
    "fill": {"valign": "top", "text_wrap": True, "num_format": "@", "bg_color": "#FFF8E1", "border": 1, "border_color": "#DDDDDD"},
    "text": {"valign": "top", "num_format": "@"},
    "faulty": {"valign": "top", "num_format": "@", "bg_color": "#FDE0DC"},
    "differs": {"valign": "top", "text_wrap": True, "font_color": "#B3261E"},
}  # fmt: skip
_LOST = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+|_x[0-9A-Fa-f]{4}_")  # what a program may write otherwise when it saves


class Column(NamedTuple):
    """look: "fill" where people write. free: they may write what is none of the choices."""

    head: str
    width: float = 20
    look: str = "told"
    choices: tuple[str, ...] = ()
    free: bool = False


class Page(NamedTuple):
    """rows: a hidden key, by which the row is known again, and the cells; of a row to be filled in whole, no cells.
    looks: of single cells, by row and column. frozen: how many columns stay in sight."""

    name: str
    columns: list[Column]
    rows: list[tuple[str, list]]
    looks: Mapping[tuple[int, int], str] = {}
    frozen: int = 0


@dataclass(frozen=True)
class Row:
    """A row that came back: `row["decision"]` is its cell under that header, wherever the column stands now."""

    file: str
    page: str
    line: int
    columns: dict[str, int]
    cells: list[str]
    words: dict[str, str]  # what the header says in each language

    @property
    def key(self) -> str:
        return self.cells[0]

    def __getitem__(self, name: str) -> str:
        if name not in self.columns:
            raise DataError("error.sheet_column_gone", file=self.file, sheet=self.page, column=self.words[name])
        return self.cells[self.columns[name]]

    def place(self, *names: str) -> str:
        """Where to look: 标签建议!B4, B4:D4 for two, the line for none."""
        cells = [f"{xl_col_to_name(self.columns[one])}{self.line}" for one in names]
        return f"{self.page}!{':'.join(cells) or self.line}"


def leave_form(home: Home, path: Path, kind: str, pages: list[Page], *, say: Say, done: str) -> str:
    """Write the form, unless the one at `path` is being filled in. Returns a line on it: `done` where it was written."""
    try:
        if not is_filling(home, path, kind):
            write_form(path, kind, pages, say=say)
            return done
    except FileCreateError:
        pass  # another program holds it open
    return say("todo.kept", path=path)


def is_filling(home: Home, path: Path, kind: str) -> bool:
    """Whether somebody has changed the form at `path`, or has it open, and it was not taken since."""
    if path.with_name(f"~${path.name}").exists():  # so a spreadsheet program marks what it has open
        return True
    return path.exists() and _changed(path, kind) and Input(path, "", "").sha256() not in known_sources(home)


def write_form(path: Path, kind: str, pages: list[Page], *, say: Say) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        looks = {name: workbook.add_format(look) for name, look in _LOOKS.items()}
        sheets = [workbook.add_worksheet(_page_name(workbook, page.name)) for page in pages]
        for sheet, page in zip(sheets, pages, strict=True):
            _write_page(workbook, sheet, kind, page, looks)
        if not pages:
            workbook.add_worksheet("1").write_row(0, 0, [mark(kind), say("todo.nothing")])


def _write_page(workbook: xlsxwriter.Workbook, sheet: Worksheet, kind: str, page: Page, looks: dict) -> None:
    width = len(page.columns)
    texts = [(key, [_text(cell) for cell in cells] + [""] * (width - len(cells))) for key, cells in page.rows]
    digest = _digest([key, *cells] for key, cells in texts)
    sheet.write_row(0, 0, [f"{mark(kind)} {digest}", *(column.head for column in page.columns)], looks["head"])
    sheet.freeze_panes(1, page.frozen + 1 if page.frozen else 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, None, None, {"hidden": True})
    for place, column in enumerate(page.columns, start=1):
        sheet.set_column(place, place, column.width, looks["text"])  # 000012 stays as it is typed
        if column.choices:
            source = _choices(workbook, column.choices)
            rule = {"validate": "list", "source": source, "error_type": "information" if column.free else "stop"}
            sheet.data_validation(1, place, max(OFFERED, len(texts)), place, rule)
    for at, ((key, cells), (_, given)) in enumerate(zip(texts, page.rows, strict=True)):
        if key:
            sheet.write_string(at + 1, 0, key)
        for place, (column, text) in enumerate(zip(page.columns, cells, strict=True)):
            look = looks[page.looks.get((at, place), column.look)]
            if not text:
                sheet.write_blank(at + 1, place + 1, None, look)
            elif isinstance(given[place], (int, float)):
                sheet.write_number(at + 1, place + 1, given[place], look)
            else:
                sheet.write_string(at + 1, place + 1, text, look)


def _choices(workbook: xlsxwriter.Workbook, choices: tuple[str, ...]) -> list[str] | str:
    """A list as Excel takes it: in the rule itself up to 255 characters, else on a hidden page."""
    if len(",".join(choices)) <= 255 and not any("," in one for one in choices):
        return list(choices)
    name = f"_{len(workbook.worksheets())}"
    hidden = workbook.add_worksheet(name)
    hidden.hide()
    hidden.write_column(0, 0, choices)
    return f"={name}!{xl_range_abs(0, 0, len(choices) - 1, 0)}"


def _page_name(workbook: xlsxwriter.Workbook, wanted: str) -> str:
    """A name that Excel takes: 31 characters, none of []:*?/\\, not given yet."""
    taken = {page.get_name().lower() for page in workbook.worksheets()}
    base = "".join(c for c in wanted if c not in "[]:*?/\\'")[:26] or "1"
    names = [base, *(f"{base} {n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name.lower() not in taken)


def read_form(path: Path, kind: str, *, heads: Callable[[Say], Mapping[str, str]], file: str) -> Iterator[Row]:
    """Every row that holds something beside its key. `heads` names the columns: name → header, in the words of `say`; any
    other column is named by its header. Raises DataError where the hidden column is no longer the first."""
    each = [heads(speaker(lang)) for lang in LANGS]
    known = {head: name for some in each for name, head in some.items()}
    words = {name: " / ".join(some[name] for some in each) for name in each[0]}
    for page, header, rows in _pages(path, kind, file):
        columns: dict[str, int] = {}
        for place, head in enumerate(header[1:], start=1):
            name = known.get(head, head)
            columns.setdefault(head if name in columns else name, place)
        for line, cells in rows:
            yield Row(file, page, line, columns, cells + [""] * (len(header) - len(cells)), words)


def code_of(said: str, prefix: str, codes: Iterable[str]) -> str | None:
    """Which of `codes` a cell says, in either language; their words are the labels <prefix><code>."""
    word = same_word(said)
    return next((one for one in codes for lang in LANGS if same_word(speaker(lang)(f"{prefix}{one}")) == word), None)


def _pages(path: Path, kind: str, file: str) -> Iterator[tuple[str, list[str], Iterator[tuple[int, list[str]]]]]:
    """The pages of ours, with their header and the rows that hold something."""
    for page in read_sheets(path, file=file):
        rows = iter(page.rows)
        header = [_text(cell) for cell in next(rows, (1, []))[1]]
        marks = [place for place, cell in enumerate(header) if cell.partition(" ")[0] == mark(kind)]
        if marks and marks[0]:
            raise DataError("error.sheet_columns_moved", file=file, sheet=page.name)
        if marks:
            texts = ((line, [_text(cell) for cell in cells]) for line, cells in rows)
            yield page.name, header, (one for one in texts if any(one[1][1:]))


def _changed(path: Path, kind: str) -> bool:
    """Whether a cell below a header is not as it was written; the forms of 0.1.0 tell only whether they were saved."""
    try:
        for _, header, rows in _pages(path, kind, path.name):
            told = header[0].partition(" ")[2]
            if told != _digest(cells for _, cells in rows) if told else not is_as_made(path):
                return True
    except DataError:
        return True
    return False


def _digest(rows: Iterator[list[str]]) -> str:
    told = ("|".join(_LOST.sub("", cell) for cell in cells).rstrip("|") for cells in rows if any(cells[1:]))
    return hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()[:12]


def _text(value: object) -> str:
    return (cell_text(None if value != value else value) or "").strip()[:32_000]  # a cell holds no more
