"""What a sheet is made of: formats, cells, links and native charts; ids are text, and no text is a formula."""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.blocks import Column, Figure
from crmlib.report.numbers import NUMERIC, is_missing, write_value

FONT = "Microsoft YaHei"  # what readers' Excel has
CHART_ROWS = 16
SPAN = 96  # characters that a line of text runs over, whatever columns it crosses
LINE = 16  # points, the height of a line
DATA_BAR = {
    "type": "data_bar",
    "bar_color": style.LIGHT["series_5"],
    "min_type": "num",
    "max_type": "num",
    "min_value": 0,
    "max_value": 1,
}
MONEY = {
    "zh": r'[>=100000000]0\.00,,"亿元";[>=10000]0\.0,"万元";#,##0"元"',
    "en": r'[>=1000000]0.00,,"M";#,##0',
}


def number_format(kind: str, lang: str) -> str:
    """The value stays in yuan; a format shows it in 万元 or 亿元 (English: thousands or millions)."""
    wan, yi = (r"0\.0,", r"0\.00,,") if lang == "zh" else ("#,##0,", "#,##0.0,,")
    return {
        "int": "#,##0", "days": "#,##0", "yuan": "#,##0", "money": MONEY[lang], "wan": wan, "yi": yi, "share": "0.0%", "score": "0.0",
        "date": "yyyy-mm-dd", "month": "yyyy-mm", "id": "@", "text": "@",
    }.get(kind, "#,##0.0")  # fmt: skip


def width_of(text: str) -> float:
    """In characters of the sheet's font."""
    return sum(1.9 if ord(c) > 0x2E80 else 1.05 for c in text)


@dataclass
class Book:
    """The open workbook, its formats, each look made once, and where each figure's line stands: id → "sheet!A7"."""

    file: xlsxwriter.Workbook
    say: Say
    places: dict[str, str] = field(default_factory=dict)
    made: dict[tuple, Format] = field(default_factory=dict)

    def format(self, **look: Any) -> Format:
        key = tuple(sorted(look.items()))
        if key not in self.made:
            self.made[key] = self.file.add_format({"font_name": FONT, "font_size": 10, "valign": "top", **look})
        return self.made[key]

    @property
    def muted(self) -> Format:
        return self.format(font_color=style.LIGHT["muted"])

    @property
    def link(self) -> Format:
        return self.format(font_color=style.LIGHT["accent"], underline=1)

    def head(self, *, right: bool = False, **own: Any) -> Format:
        look = {"bottom": 2, "bg_color": style.LIGHT["panel"], "text_wrap": True, "valign": "vcenter"}
        return self.format(**look, align="right" if right else "left", **own)

    def cell(self, kind: str, **look: Any) -> Format:
        """Numbers to the right; a blank before what would else stand against the column to its left."""
        text = {"text_wrap": True} if kind == "text" else {"indent": 1} if kind in ("id", "date", "month") else {}
        form = number_format(kind, self.say.lang)
        return self.format(**{"num_format": form, "bottom": 1, "bottom_color": style.LIGHT["line"], **text, **look})


def quote(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


def column_width(column: Column, values: list, say: Say) -> float:
    texts = [column.title, *(write_value(value, column.kind, say) for value in values[:500])]
    return min(46, 3 + max(map(width_of, texts)))


def write_cell(
    book: Book, sheet: Worksheet, row: int, at: int, value: object, kind: str, *, link: bool = True, **look: Any
) -> None:
    """A missing value is blank; the id of a figure leads to its line."""
    form = book.cell(kind, **look)
    if is_missing(value):
        sheet.write_blank(row, at, None, form)
    elif kind in NUMERIC:
        sheet.write_number(row, at, float(value), form)
    elif kind in ("date", "month"):
        sheet.write_datetime(row, at, pd.Timestamp(value).to_pydatetime(), form)
    elif kind == "id" and link and str(value) in book.places:
        write_link(book, sheet, row, at, book.places[str(value)], str(value), kind="id", **look)
    else:
        sheet.write_string(row, at, str(value)[:32767], form)


def write_link(
    book: Book, sheet: Worksheet, row: int, at: int, place: str, words: str, *, kind: str = "", **look: Any
) -> None:
    """A link to a place in this workbook."""
    color = {"font_color": style.LIGHT["accent"], "underline": 1}
    sheet.write_url(row, at, f"internal:{place}", book.cell(kind, **color, **look) if kind else book.link, words[:255])


def write_words(
    sheet: Worksheet, row: int, text: str, form: Format, widths: dict[int, float], *, size: int = 10
) -> int:
    """A paragraph over as many columns as a line needs, as high as its lines. Returns the next row."""
    across, room = 0, 0.0
    while room < SPAN and across < 16:
        room += widths.get(across, 9)
        across += 1
    lines = ceil(width_of(text) * size / 10 / room) or 1
    sheet.set_row(row, LINE * lines * size / 10 + 2)
    if across > 1:
        sheet.merge_range(row, 0, row, across - 1, "", form)
    sheet.write_string(row, 0, text, form)
    return row + 1


def insert_chart(book: Book, sheet: Worksheet, head: int, figure: Figure) -> None:
    """A native chart on the cells of the figure's table, to the right of it."""
    spec, table, lang = figure.chart, figure.table, book.say.lang
    kinds = {column.key: column.kind for column in table.columns}
    first, last, place = head + 1, head + len(table.rows), list(kinds).index
    chart = book.file.add_chart({"type": spec.kind})
    font = {"name": FONT, "size": 9, "color": style.LIGHT["ink"]}
    for key in spec.values:
        by_point = len(spec.colors) == len(table.rows) and len(spec.values) == 1
        color = spec.colors[spec.values.index(key) % len(spec.colors)] if spec.colors else style.LIGHT["series_1"]
        color = style.LIGHT["series_1"] if by_point else color
        line = {"line": {"color": color, "width": 2.25}, "marker": {"type": "circle", "fill": {"color": color}}}
        labels = {"value": True}
        if spec.kind == "pie":
            labels = {"category": True, "percentage": True, "position": "outside_end", "leader_lines": True}
        series = {
            "name": table.columns[place(key)].title,
            "categories": [sheet.name, first, place(spec.category), last, place(spec.category)],
            "values": [sheet.name, first, place(key), last, place(key)],
            "data_labels": {
                **labels,
                "num_format": "0.0%" if spec.kind == "pie" else number_format(kinds[key], lang),
                "font": font,
            },
            **(line if spec.kind == "line" else {"fill": {"color": color}, "gap": 60}),
        }
        if by_point and spec.kind != "line":
            series["points"] = [{"fill": {"color": one}} for one in spec.colors]
        chart.add_series(series)
    plain = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_title({"name": figure.title, "name_font": {**font, "size": 11, "bold": False}, "overlay": False})
    chart.set_legend({"position": "bottom", "font": font} if len(spec.values) > 1 else {"none": True})
    chart.set_chartarea({"border": {"none": True}})
    if spec.kind == "bar":  # Excel's y is the category of bars; the first stands on top
        chart.set_y_axis({"reverse": True, "major_gridlines": {"visible": False}, "num_font": font})
        chart.set_x_axis(plain)
    elif spec.kind != "pie":
        chart.set_x_axis({"num_format": number_format(kinds[spec.category], lang), "num_font": font})
        chart.set_y_axis(plain)
    chart.set_size({"width": 560, "height": CHART_ROWS * 20 - 20})
    sheet.insert_chart(head, len(table.columns) + 1, chart, {"description": figure.alt, "object_position": 2})
