"""The workbook: a sheet per section, one of every figure, every row of every table, native charts, links from line to line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from crmlib.labels import speaker
from crmlib.report import excel, style
from crmlib.report.blocks import Block, Figure, Metric, Report, Section, Table, Text, in_units
from crmlib.report.excel import Book, write_cell, write_link, write_words
from crmlib.report.numbers import NUMERIC

OWN_SHEET = 25  # a longer table that does not stand near the top of its section gets a sheet of its own
TOP = 4  # rows above the blocks: title, way back, basis, blank


@dataclass(frozen=True, eq=False)
class _Sheet:
    """One sheet: its name, what it says, and the blocks of its section that it holds."""

    name: str
    title: str
    section: Section
    blocks: tuple
    own: bool = False  # one table's own sheet


def sheet_names(topics: list[str]) -> list[str]:
    """What Excel allows: 31 characters, none of []:*?/\\, no apostrophe at the ends, no name twice in any case."""
    names: list[str] = []
    for topic in topics:
        clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", topic).strip(" '")[:31].strip(" '") or "sheet"
        name, n = clean, 1
        while name.casefold() in {one.casefold() for one in (*names, "history")}:
            n += 1
            name = f"{clean[: 31 - len(str(n)) - 1]} {n}"
        names.append(name)
    return names


def write_workbook(report: Report, path: Path | str) -> None:
    """One file; the same bytes for the same report."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Book(xlsxwriter.Workbook(str(path), options), speaker(report.lang, report.currency))
    made = datetime(report.as_of.year, report.as_of.month, report.as_of.day)
    book.file.set_properties({"title": f"{report.title} {report.subtitle}", "author": report.org, "created": made})
    sections = tuple(
        replace(one, blocks=tuple(_stated(block, book) for block in one.blocks)) for one in report.sections
    )
    contents, *sheets = _plan_sheets(sections, book.say("report.contents"))
    book.places.update(_figure_places(sheets))
    _write_contents(book, book.file.add_worksheet(contents.name), report, sheets)
    for sheet in sheets:
        _write_sheet(book, book.file.add_worksheet(sheet.name), sheet, contents.name)
    book.file.close()


def _stated(block: Block, book: Book) -> Block:
    if isinstance(block, Figure):
        return replace(block, table=in_units(block.table, book.say))
    return in_units(block, book.say) if isinstance(block, Table) else block


def _plan_sheets(sections: tuple[Section, ...], contents: str) -> list[_Sheet]:
    """The contents, then a sheet per section, and one for each long table that would stand too low and for that of the figures."""
    plans = [_Sheet(contents, "", sections[0], ())] if sections else []
    for section in sections:
        own = [
            block
            for i, block in enumerate(section.blocks)
            if isinstance(block, Table) and (block.anchor or (len(block.rows) > OWN_SHEET and i > 4))
        ]
        rest = tuple(block for block in section.blocks if block not in own)
        plans.append(_Sheet(section.topic, section.title, section, rest))
        plans += [_Sheet(table.title, table.title, section, (table,), own=True) for table in own]
    names = sheet_names([plan.name for plan in plans])
    return [_Sheet(name, p.title, p.section, p.blocks, p.own) for name, p in zip(names, plans, strict=True)]


def _figure_places(sheets: list[_Sheet]) -> dict[str, str]:
    """Figure id → the cell of its line in the sheet of figures."""
    return {
        str(one): f"{excel.quote(sheet.name)}!A{TOP + 2 + n}"
        for sheet in sheets
        for table in sheet.blocks
        if sheet.own and table.anchor
        for n, one in enumerate(table.rows[table.anchor], start=1)
    }


def _write_contents(book: Book, sheet: Worksheet, report: Report, sheets: list[_Sheet]) -> None:
    _set_page(sheet)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    sheet.set_row(0, 32)
    sheet.write_string(0, 0, report.title, book.format(font_size=18, valign="vcenter"))
    sheet.write_string(1, 0, " · ".join(part for part in (report.org, report.subtitle) if part), book.format())
    sheet.write_string(2, 0, "　".join(report.facts), book.muted)
    for at, word in enumerate(("contents", "finding")):
        sheet.write_string(4, at, book.say(f"report.{word}"), book.head())
    sheet.freeze_panes(5, 0)
    for row, one in enumerate(sheets, start=5):
        look = {"indent": 2} if one.own else {}
        write_link(book, sheet, row, 0, f"{excel.quote(one.name)}!A1", one.name, kind="text", **look)
        color = style.LIGHT["muted" if one.own else "ink"]
        sheet.write_string(row, 1, one.section.topic if one.own else one.title, book.cell("text", font_color=color))


def _set_page(sheet: Worksheet) -> None:
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.4, 0.4, 0.6, 0.6)
    sheet.set_footer("&L&A&R&P / &N")


def _write_sheet(book: Book, sheet: Worksheet, plan: _Sheet, contents: str) -> None:
    """Title, blocks and basis from the top down; a chart stands beside the table it is drawn from."""
    _set_page(sheet)
    widths = _widths(book, plan.blocks)
    for at, width in widths.items():
        sheet.set_column(at, at, width)
    write_words(sheet, 0, plan.title, book.format(font_size=14, valign="vcenter", text_wrap=True), widths, size=14)
    write_link(book, sheet, 1, 0, f"{excel.quote(contents)}!A1", book.say("report.back"))
    section, muted = plan.section, book.format(font_color=style.LIGHT["muted"], text_wrap=True)
    named = {"period": section.period, "n": section.n, "definition": section.definition}
    basis = [book.say("report.term", term=book.say(f"report.{key}"), text=text) for key, text in named.items() if text]
    write_words(sheet, 2, "　".join(basis), muted, widths)
    row, heads = TOP, []
    for kind, part in _runs(plan.blocks):
        if kind == "metrics":
            row = _write_metrics(book, sheet, row, part) + 1
        elif kind == "text":
            row = _write_text(book, sheet, row, part, widths)
        else:
            table, head = (part.table if isinstance(part, Figure) else part), row + 1
            heads.append((head, table))
            end = _write_table(book, sheet, row, table, widths)
            if isinstance(part, Figure) and part.chart and len(table.rows):
                excel.insert_chart(book, sheet, head, part)
                end = max(end, head + excel.CHART_ROWS)
            row = end + 1
    if section.caveat:
        caveat = book.say("report.term", term=book.say("report.caveat"), text=section.caveat)
        write_words(sheet, row, caveat, muted, widths)
    sheet.freeze_panes(_freeze(sheet, heads), 0)


def _runs(blocks: tuple) -> Iterator[tuple[str, object]]:
    """Neighbouring metrics as one table, the other blocks one by one."""
    metrics: list[Metric] = []
    for block in (*blocks, None):
        if isinstance(block, Metric):
            metrics.append(block)
            continue
        if metrics:
            yield "metrics", metrics
            metrics = []
        if block is not None:
            yield "text" if isinstance(block, Text) else "table", block


def _widths(book: Book, blocks: tuple) -> dict[int, float]:
    """What the cells of the sheet's tables need; the first column takes the names of metrics too."""
    widths = {0: 18.0}
    for block in blocks:
        if isinstance(block, Metric):
            widths[0] = max(widths[0], min(46, 3 + excel.width_of(block.label)))
            widths[1] = max(widths.get(1, 12), 12)
            widths[2] = max(widths.get(2, 14), 14)
        table = block.table if isinstance(block, Figure) else block
        if isinstance(table, Table):
            for at, column in enumerate(table.columns):
                needed = excel.column_width(column, table.rows[column.key].tolist(), book.say)
                widths[at] = max(widths.get(at, 8), needed)
    return widths


def _freeze(sheet: Worksheet, heads: list[tuple[int, Table]]) -> int:
    """Rows that stay: down to the header where there is one table, which can then be filtered; else the title."""
    if len(heads) != 1 or heads[0][0] > 16:
        return 2
    head, table = heads[0]
    sheet.repeat_rows(head)
    if len(table.rows):
        sheet.autofilter(head, 0, head + len(table.rows), len(table.columns) - 1)
    return head + 1


def _write_text(book: Book, sheet: Worksheet, row: int, text: Text, widths: dict[int, float]) -> int:
    """A paragraph, and below it links to the figures it rests on."""
    look = {"bg_color": style.LIGHT["warn_tint"]} if text.role == "caution" else {}
    color = style.LIGHT["muted" if text.role == "note" else "ink"]
    size = 11 if text.role == "finding" else 10
    form = book.format(text_wrap=True, font_color=color, font_size=size, **look)
    row = write_words(sheet, row, text.text, form, widths, size=size)
    for at, ref in enumerate(text.refs):
        if ref in book.places:
            write_link(book, sheet, row, at, book.places[ref], ref)
        else:
            sheet.write_string(row, at, ref, book.muted)
    return row + (2 if text.refs else 1)


def _write_metrics(book: Book, sheet: Worksheet, row: int, metrics: list[Metric]) -> int:
    """A row per figure: label, value, change, n, the line that says what it means."""
    for at, key in enumerate(("metric", "value", "change", "n", "figure_id")):
        sheet.write_string(
            row,
            at,
            book.say(f"column.{key}"),
            book.head(right=key in ("value", "change", "n"), indent=int(key == "figure_id")),
        )
    for below, metric in enumerate(metrics, start=row + 1):
        sheet.write_string(below, 0, metric.label, book.cell("text"))
        write_cell(book, sheet, below, 1, metric.value, metric.unit, align="right")
        tone = {True: "good", False: "bad", None: "muted"}[metric.change.good if metric.change else None]
        words = metric.change.text if metric.change else ""
        sheet.write_string(below, 2, words, book.cell("text", align="right", font_color=style.LIGHT[tone]))
        write_cell(book, sheet, below, 3, metric.n, "int")
        write_cell(book, sheet, below, 4, metric.figure_id, "id")
        if metric.definition:
            sheet.write_comment(below, 0, metric.definition, {"x_scale": 1.6, "author": ""})
    return row + 1 + len(metrics)


def _write_table(book: Book, sheet: Worksheet, row: int, table: Table, widths: dict[int, float]) -> int:
    """Title, header and every row from `row` on; returns the next free row."""
    sheet.write_string(row, 0, table.title, book.format(font_size=11, font_color=style.LIGHT["accent"]))
    first, last = row + 2, row + 1 + len(table.rows)
    sheet.set_row(
        row + 1, excel.LINE * 2 if any(_wraps(c.title, widths[i]) for i, c in enumerate(table.columns)) else None
    )
    for at, column in enumerate(table.columns):
        sheet.write_string(
            row + 1,
            at,
            column.title,
            book.head(right=column.kind in NUMERIC, indent=int(column.kind in ("id", "date", "month"))),
        )
        if column.note:
            sheet.write_comment(row + 1, at, column.note, {"x_scale": 1.6, "author": ""})
        for below, value in enumerate(table.rows[column.key].tolist(), start=first):
            write_cell(book, sheet, below, at, value, column.kind, link=column.key != table.anchor)
        if column.kind == "share" and len(table.rows):
            sheet.conditional_format(first, at, last, at, excel.DATA_BAR)
    if not table.note:
        return last + 1
    muted = book.format(font_color=style.LIGHT["muted"], text_wrap=True)
    return write_words(sheet, last + 1, table.note, muted, widths)


def _wraps(title: str, width: float) -> bool:
    return excel.width_of(title) > width - 1
