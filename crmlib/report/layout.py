"""Layout: a report as plain words in reading order, for the page and for paper; every value is text before a template sees it."""

import re
from typing import Any

import pandas as pd

from crmlib.labels import Say, speaker
from crmlib.report.blocks import (
    Block,
    Column,
    Figure,
    Metric,
    Report,
    Section,
    Table,
    Text,
    appended,
    grouped,
    in_units,
)
from crmlib.report.numbers import NUMERIC, Change, is_missing, write_number, write_value
from crmlib.report.style import CHANGE

_NUMBER = re.compile(r"(\D*?)([−+±]?\d[\d,.]*|—)(.*)", re.DOTALL)  # CNY 1.2 million → CNY, 1.2, million
WIDE, HALF, PAD = (
    487.0,
    4.5,
    9.0,
)  # points: the text of a page, half a Chinese character in a table, what is around a cell
FEW = 8  # rows that a small screen shows as cards, where several columns hold sentences
_UNIT = re.compile(r"(?<=\d) (?=[%\w])")


def glue(text: str) -> str:
    """No line break between a number and its unit."""
    return _UNIT.sub("\u00a0", text)


def lay_out(report: Report, *, paper: bool = False) -> dict[str, Any]:
    """The whole report as dicts, lists and text. `paper` leaves out rows that only fit on a screen."""
    say = speaker(report.lang, report.currency)
    numbers = number_refs(report)
    sections = [lay_section(section, say, paper=paper, numbers=numbers) for section in report.sections]
    tables = [
        block for section in sections for g in section["groups"] for block in g["blocks"] if block.get("appended")
    ]
    for no, table in enumerate(tables, start=1):
        table["no"] = say("report.table_no", n=no)
    return {
        "lang": {"zh": "zh-CN", "en": "en"}[report.lang],
        "title": report.title,
        "subtitle": report.subtitle,
        "period": report.period,
        "org": report.org,
        "run_id": report.run_id,
        "facts": list(report.facts),
        "sections": sections,
        "papers": [{"title": title, "path": path} for title, path in report.papers],
        "words": {key: say(f"report.{key}") for key in WORDS},
    }


WORDS = (
    "contents", "skip", "filter", "no_match", "sort", "data", "caveat", "definition", "page_of", "show_all", "rows_found",
    "rows_behind", "appendix", "see_appendix", "papers",
)  # fmt: skip


def number_refs(report: Report) -> dict[str, int]:
    """Figure id → its line in the table that other blocks refer to."""
    anchored = [block for block in report.blocks() if isinstance(block, Table) and block.anchor]
    return {str(one): i for table in anchored for i, one in enumerate(table.rows[table.anchor], start=1)}


def lay_section(
    section: Section, say: Say, *, paper: bool = False, numbers: dict[str, int] | None = None
) -> dict[str, Any]:
    basis = [("period", section.period), ("n", section.n), ("definition", section.definition)]
    return {
        "id": section.id,
        "topic": section.topic,
        "title": glue(section.title),
        "basis": [say("report.term", term=say(f"report.{key}"), text=glue(text)) for key, text in basis if text],
        "caveat": glue(section.caveat),
        "groups": lay_blocks(section.blocks, say, paper=paper, numbers=numbers),
    }


def lay_blocks(
    blocks: tuple[Block, ...], say: Say, *, paper: bool = False, numbers: dict[str, int] | None = None
) -> list[dict[str, Any]]:
    behind = {id(table) for table in appended(blocks)}
    return [
        {"kind": kind, "across": tiles_across(len(members)), "blocks": [_lay(one, say, paper, numbers or {}) | {"appended": id(one) in behind} for one in members]}
        for kind, members in grouped(blocks)
    ]  # fmt: skip


def tiles_across(n: int) -> int:
    """Three, four or five in a row, and none alone in the last where it can be helped."""
    if n <= 3 or n in (6, 9):
        return 3
    return 5 if n % 4 and n % 5 in (0, 4) else 4


def _lay(block: Block, say: Say, paper: bool, numbers: dict[str, int]) -> dict[str, Any]:
    if isinstance(block, Text):
        return {
            "text": glue(block.text),
            "refs": [{"id": ref, "no": str(numbers[ref])} for ref in block.refs if ref in numbers],
        }
    if isinstance(block, Metric):
        return _lay_metric(block, say, numbers)
    return _lay_table(block, say, paper) if isinstance(block, Table) else _lay_figure(block, say, paper)


def _lay_metric(metric: Metric, say: Say, numbers: dict[str, int]) -> dict[str, Any]:
    before, number, after = _NUMBER.fullmatch(write_value(metric.value, metric.unit, say)).groups()
    return {
        "label": metric.label,
        "number": number,
        "unit": f"{after} {before}".strip(),
        "figure_id": metric.figure_id,
        "no": str(numbers.get(metric.figure_id, "")),
        "n": "" if metric.n is None else say("report.n_is", n=write_number(metric.n)),
        "definition": glue(metric.definition),
        "change": _lay_change(metric.change, say) if metric.change else None,
    }


def _lay_change(change: Change, say: Say) -> dict[str, str]:
    word = {1: "up", -1: "down", 0: "same"}[change.sign]
    tone = {True: "good", False: "bad", None: "muted"}[change.good]
    return {"mark": CHANGE[word], "word": say(f"report.{word}"), "text": glue(change.text), "tone": tone}


def _lay_table(table: Table, say: Say, paper: bool) -> dict[str, Any]:
    """`cut` says how many rows are not shown; its blank is filled on the page, which may show fewer still."""
    shown, total = table.rows.head(table.on_paper if paper else table.on_page), len(table.rows)
    columns = [column for column in in_units(table, say).columns if (column.paper if paper else column.page)]
    laid = [_lay_column(column, shown[column.key], say, paper) for column in columns]
    return {
        "title": table.title,
        "total": total,
        "columns": laid,
        "widths": share_width(laid) if paper and laid else [],
        "cards": len(shown) <= FEW and sum(column["wraps"] for column in laid) > 1,
        "rows": [[_lay_cell(row[c.key], c, say) for c in columns] for row in shown.to_dict("records")],
        "anchors": [str(value) for value in shown[table.anchor]] if table.anchor else [],
        "note": glue(table.note),
        "cut": glue(say("report.rows_cut", shown="#", total=write_number(total))),
    }


def _lay_column(column: Column, values: pd.Series, say: Say, paper: bool) -> dict[str, Any]:
    texts = [write_value(value, column.kind, say) for value in values]
    widths = sorted(map(_width, texts))
    usual = widths[int(len(widths) * 0.9)] if widths else 0
    wraps = column.kind == "text" and usual > 18
    title = re.sub(r" ?([（(])", r"\n\1", column.title) if paper and _width(column.title) > usual else column.title
    head = max(_head(line) for line in title.split("\n"))
    most = max(head, *widths[-1:])
    return {
        "title": title,
        "note": column.note,
        "kind": column.kind,
        "right": column.kind in NUMERIC,
        "wraps": wraps,
        "most": most,  # in halves of a Chinese character
        "usual": max(head, min(usual, 60)),
        "least": max(head, *map(_piece, texts)) if column.kind == "text" and texts else most,
    }


def share_width(columns: list[dict[str, Any]]) -> list[float]:
    """Points for each column on paper: as wide as its words, where all fit; what wraps shares the rest of the page. Where that is
    too little each has its part by what it usually holds, and its longest word at least."""
    most, usual, least = ([one[key] * HALF + PAD for one in columns] for key in ("most", "usual", "least"))
    wraps = [one["wraps"] for one in columns]
    if sum(most) <= WIDE and not any(wraps):
        return most
    floor = [low if wrap else high for low, high, wrap in zip(least, most, wraps, strict=True)]
    if sum(max(low, want / 2) if wrap else low for low, want, wrap in zip(floor, usual, wraps, strict=True)) > WIDE:
        floor, wraps = least, [True] * len(columns)
    size, free = floor, wraps
    while any(free):  # what is narrower than its longest word gets that, and the others share what is left
        rest = WIDE - sum(low for low, one in zip(floor, free, strict=True) if not one)
        each = rest / sum(want for want, one in zip(usual, free, strict=True) if one)
        size = [want * each if one else low for want, low, one in zip(usual, floor, free, strict=True)]
        held = [one and part >= low for one, part, low in zip(free, size, floor, strict=True)]
        if held == free:
            break
        free = held
    return [max(part, low) for part, low in zip(size, floor, strict=True)]


def _head(line: str) -> float:
    """How narrow a line of a column's head can be: words wrap, Chinese should not."""
    words = [_width(word) for word in line.split()]
    return max([*words, _width(line) / 2]) * 1.15 if line.isascii() else max([*words, _width(line)])


def _piece(text: str) -> float:
    """How narrow a text can be: its longest word; Chinese is broken anywhere, but not into shreds."""
    words = [min(_width(word), 24) for word in re.findall(r"[!-.0-~]+", text)]
    return max([*words, min(_width(text), 0 if text.isascii() else 8)])


def _width(text: str) -> float:
    """In halves of a Chinese character; capitals and % are wide."""
    return sum(2 if ord(c) > 0x2E80 else 1.4 if c.isupper() or c in "%_" else 1 for c in text)


def _lay_cell(value: object, column: Column, say: Say) -> dict[str, Any]:
    """`sort` orders cells as values, not as text; a missing one comes last."""
    text = write_value(value, column.kind, say)
    if is_missing(value):
        sort = ""
    elif column.kind in NUMERIC:
        sort = str(float(value))
    else:
        sort = pd.Timestamp(value).isoformat() if column.kind in ("date", "month") else ""
    bar = f"{min(max(float(value), 0), 1) * 100:.1f}" if column.kind == "share" and not is_missing(value) else ""
    return {"text": text if column.kind == "id" else glue(text), "sort": sort, "bar": bar}


def _lay_figure(figure: Figure, say: Say, paper: bool) -> dict[str, Any]:
    return {
        "title": figure.title,
        "svg": figure.svg,
        "alt": figure.alt,
        "caption": glue(figure.caption),
        "half": figure.half,
        "table": None if paper else _lay_table(figure.table, say, paper),
    }
