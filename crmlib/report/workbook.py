"""The workbook: a sheet per section, every row of every table, native charts; ids are text, and no text is a formula."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from crmlib.labels import Say, speaker
from crmlib.report import style
from crmlib.report.blocks import Column, Figure, Metric, Report, Section, Table, Text
from crmlib.report.numbers import NUMERIC, is_missing, write_value

FONT = "Microsoft YaHei"  # what readers' Excel has
OWN_SHEET = 25  # a longer table that does not stand near the top of its section gets a sheet of its own
CHART_ROWS = 16
DATA_BAR = {
    "type": "data_bar",
    "bar_color": style.LIGHT["series_4"],
    "min_type": "num",
    "max_type": "num",
    "min_value": 0,
    "max_value": 1,
}


def number_format(kind: str, lang: str) -> str:
    """The value stays in yuan; a format shows it in 万元 (English: thousands)."""
    wan = r"0\.0," if lang == "zh" else "#,##0,"
    return {
        "int": "#,##0", "days": "#,##0", "money": "#,##0.00", "wan": wan, "share": "0.0%", "score": "0.0",
        "date": "yyyy-mm-dd", "month": "yyyy-mm", "id": "@", "text": "@",
    }[kind]  # fmt: skip


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


@dataclass
class _Book:
    """The open workbook and its formats, each look made once."""

    file: xlsxwriter.Workbook
    say: Say
    made: dict[tuple, Format] = field(default_factory=dict)

    def format(self, **look: Any) -> Format:
        key = tuple(sorted(look.items()))
        if key not in self.made:
            self.made[key] = self.file.add_format({"font_name": FONT, "font_size": 10, "valign": "top", **look})
        return self.made[key]

    @property
    def muted(self) -> Format:
        return self.format(font_color=style.LIGHT["muted"])

    def head(self, *, right: bool) -> Format:
        look = {"bottom": 2, "bg_color": style.LIGHT["panel"], "text_wrap": True, "valign": "vcenter"}
        return self.format(**look, align="right" if right else "left")

    def cell(self, kind: str) -> Format:
        text = {"text_wrap": True} if kind == "text" else {"indent": 1} if kind in ("id", "date", "month") else {}
        return self.format(
            num_format=number_format(kind, self.say.lang), bottom=1, bottom_color=style.LIGHT["line"], **text
        )


def write_workbook(report: Report, path: Path | str) -> None:
    """One file; the same bytes for the same report."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = _Book(xlsxwriter.Workbook(str(path), options), speaker(report.lang, report.currency))
    made = datetime(report.as_of.year, report.as_of.month, report.as_of.day)
    book.file.set_properties({"title": f"{report.title} {report.subtitle}", "author": report.org, "created": made})
    plans = list(_plan_sheets(report))
    names = sheet_names([book.say("report.contents"), *(name for name, *_ in plans)])
    contents = book.file.add_worksheet(names[0])
    _write_contents(book, contents, report, [(name, plan[1]) for name, plan in zip(names[1:], plans, strict=True)])
    for name, (_, _, section, parts) in zip(names[1:], plans, strict=True):
        _write_sheet(book, book.file.add_worksheet(name), section, parts)
    book.file.close()


def _plan_sheets(report: Report) -> Iterator[tuple[str, str, Section, tuple]]:
    """(name, what it says, section, blocks): a sheet per section, then one for each long table that would stand too low."""
    for section in report.sections:
        low = [b for i, b in enumerate(section.blocks) if isinstance(b, Table) and len(b.rows) > OWN_SHEET and i > 4]
        yield section.topic, section.title, section, tuple(block for block in section.blocks if block not in low)
        for table in low:
            yield table.title, table.title, section, (table,)


def _write_contents(book: _Book, sheet: Worksheet, report: Report, plans: list[tuple[str, str]]) -> None:
    _set_page(sheet)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    sheet.set_row(0, 32)
    sheet.write_string(0, 0, report.title, book.format(font_size=18, valign="vcenter"))
    sheet.write_string(1, 0, " · ".join(part for part in (report.org, report.subtitle) if part), book.format())
    for row, fact in enumerate(report.facts, start=2):
        sheet.write_string(row, 0, fact, book.muted)
    top = len(report.facts) + 3
    for at, word in enumerate(("contents", "finding")):
        sheet.write_string(top, at, book.say(f"report.{word}"), book.head(right=False))
    sheet.freeze_panes(top + 1, 0)
    link = book.format(font_color=style.LIGHT["accent"], underline=1)
    for row, (name, finding) in enumerate(plans, start=top + 1):
        quoted = name.replace("'", "''")
        sheet.write_url(row, 0, f"internal:'{quoted}'!A1", link, name)
        sheet.write_string(row, 1, finding, book.format(text_wrap=True))


def _set_page(sheet: Worksheet) -> None:
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _write_sheet(book: _Book, sheet: Worksheet, section: Section, parts: tuple) -> None:
    """Title, basis and blocks from the top down; a chart stands beside the table it is drawn from."""
    _set_page(sheet)
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, section.title, book.format(font_size=14, valign="vcenter"))
    named = {"period": section.period, "n": section.n, "definition": section.definition, "caveat": section.caveat}
    basis = [book.say("report.term", term=book.say(f"report.{key}"), text=text) for key, text in named.items() if text]
    sheet.write_string(1, 0, "　".join(basis), book.muted)
    row, heads, widths = 3, [], {0: 18.0}
    for part in parts:
        if isinstance(part, Text):
            sheet.write_string(row, 0, part.text + (f"  [{', '.join(part.refs)}]" if part.refs else ""), book.format())
            row += 1
        elif isinstance(part, Metric):
            row = _write_metric(book, sheet, row, part)
        else:
            table, head = (part.table if isinstance(part, Figure) else part), row + 2
            heads.append((head, table))
            row = _write_table(book, sheet, row + 1, table, widths)
            if isinstance(part, Figure) and part.chart and len(table.rows):
                _insert_chart(book, sheet, head, part)
                row = max(row, head + CHART_ROWS)
    for at, width in widths.items():
        sheet.set_column(at, at, width)
    sheet.freeze_panes(_freeze(sheet, heads), 0)


def _freeze(sheet: Worksheet, heads: list[tuple[int, Table]]) -> int:
    """Rows that stay: down to the header where there is one table, which can then be filtered; else the title."""
    if len(heads) != 1 or heads[0][0] > 14:
        return 1
    head, table = heads[0]
    sheet.repeat_rows(head)
    if len(table.rows):
        sheet.autofilter(head, 0, head + len(table.rows), len(table.columns) - 1)
    return head + 1


def _write_metric(book: _Book, sheet: Worksheet, row: int, metric: Metric) -> int:
    """Label, value, the value in words where its unit is not plain, change, definition."""
    sheet.write_string(row, 0, metric.label, book.format())
    look = book.format(num_format=number_format(metric.unit, book.say.lang), align="right")
    _write_cell(sheet, row, 1, metric.value, metric.unit, look)
    words = write_value(metric.value, metric.unit, book.say) if metric.unit in ("money", "wan", "days") else ""
    for at, text in enumerate((words, metric.change.text if metric.change else "", metric.definition), start=2):
        sheet.write_string(row, at, text, book.muted)
    return row + 1


def _write_table(book: _Book, sheet: Worksheet, row: int, table: Table, widths: dict[int, float]) -> int:
    """Title, header and every row from `row` on; returns the next free row. Widens `widths` to what the cells need."""
    sheet.write_string(row, 0, table.title, book.format(font_size=11, font_color=style.LIGHT["accent"]))
    first, last = row + 2, row + 1 + len(table.rows)
    for at, column in enumerate(table.columns):
        sheet.write_string(row + 1, at, column.title, book.head(right=column.kind in NUMERIC))
        if column.note:
            sheet.write_comment(row + 1, at, column.note, {"x_scale": 1.6, "author": ""})
        values, look = table.rows[column.key].tolist(), book.cell(column.kind)
        for below, value in enumerate(values, start=first):
            _write_cell(sheet, below, at, value, column.kind, look)
        if column.kind == "share" and values:
            sheet.conditional_format(first, at, last, at, DATA_BAR)
        widths[at] = max(widths.get(at, 8), _column_width(column, values, book.say))
    if table.note:
        sheet.write_string(last + 1, 0, table.note, book.muted)
    return last + (2 if table.note else 1)


def _column_width(column: Column, values: list, say: Say) -> float:
    texts = [column.title, *(write_value(value, column.kind, say) for value in values[:500])]
    return min(46, 3 + max(sum(1.9 if ord(c) > 0x2E80 else 1.05 for c in text) for text in texts))


def _write_cell(sheet: Worksheet, row: int, at: int, value: object, kind: str, look: Format) -> None:
    if is_missing(value):
        sheet.write_blank(row, at, None, look)
    elif kind in NUMERIC:
        sheet.write_number(row, at, float(value), look)
    elif kind in ("date", "month"):
        sheet.write_datetime(row, at, pd.Timestamp(value).to_pydatetime(), look)
    else:
        sheet.write_string(row, at, str(value)[:32767], look)


def _insert_chart(book: _Book, sheet: Worksheet, head: int, figure: Figure) -> None:
    """A native chart on the cells of the figure's table, to the right of it."""
    spec, table, lang = figure.chart, figure.table, book.say.lang
    kinds = {column.key: column.kind for column in table.columns}
    first, last, place = head + 1, head + len(table.rows), list(kinds).index
    chart = book.file.add_chart({"type": spec.kind})
    for key in spec.values:
        by_point = len(spec.colors) == len(table.rows) and len(spec.values) == 1
        color = style.LIGHT["series_1"] if by_point else spec.colors[spec.values.index(key) % len(spec.colors)]
        line = {"line": {"color": color, "width": 2.25}, "marker": {"type": "circle", "fill": {"color": color}}}
        labels = (
            {"category": True, "percentage": True, "position": "outside_end"} if spec.kind == "pie" else {"value": True}
        )
        chart.add_series(
            {
                "name": table.columns[place(key)].title,
                "categories": [sheet.name, first, place(spec.category), last, place(spec.category)],
                "values": [sheet.name, first, place(key), last, place(key)],
                "data_labels": {
                    **labels,
                    "num_format": "0.0%" if spec.kind == "pie" else number_format(kinds[key], lang),
                },
                **(line if spec.kind == "line" else {"fill": {"color": color}, "gap": 60}),
                **(
                    {"points": [{"fill": {"color": one}} for one in spec.colors]}
                    if by_point and spec.kind != "line"
                    else {}
                ),
            }
        )
    plain = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_title({"name": figure.title, "name_font": {"size": 11, "bold": False}})
    chart.set_legend({"position": "bottom"} if len(spec.values) > 1 else {"none": True})
    if spec.kind == "bar":  # Excel's y is the category of bars; the first stands on top
        chart.set_y_axis({"reverse": True, "major_gridlines": {"visible": False}, "num_font": {"size": 9}})
        chart.set_x_axis(plain)
    elif spec.kind != "pie":
        chart.set_x_axis({"num_format": number_format(kinds[spec.category], lang), "num_font": {"size": 9}})
        chart.set_y_axis(plain)
    chart.set_size({"width": 560, "height": CHART_ROWS * 20 - 20})
    sheet.insert_chart(head, len(table.columns) + 1, chart, {"description": figure.alt, "object_position": 2})
