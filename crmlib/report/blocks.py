"""Blocks: what a report says, made once; the writers only decide how it looks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Literal

import pandas as pd

from crmlib.labels import Say
from crmlib.report.numbers import Change, head_unit, unit_of

# "amount" is money whose unit is chosen for the whole column; "yuan", "wan", "yi" is money in that unit
Kind = Literal[
    "text",
    "id",
    "int",
    "money",
    "amount",
    "yuan",
    "wan",
    "yi",
    "share",
    "score",
    "days",
    "hours",
    "decimal",
    "date",
    "month",
]


@dataclass(frozen=True)
class Text:
    """A sentence or a paragraph. `refs` are the figure ids it rests on. Findings are numbered, notes small, a caution stands out."""

    text: str
    role: Literal["body", "finding", "note", "caution"] = "body"
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """One figure, large: raw `value` of kind `unit`, what it counts, and how it moved."""

    label: str
    value: object
    unit: Kind = "int"
    figure_id: str = ""
    n: int | None = None
    definition: str = ""
    change: Change | None = None


@dataclass(frozen=True)
class Column:
    """`note` is what the column means, shown on hover and focus. What is neither for paper nor for the page is for the workbook."""

    key: str
    title: str
    kind: Kind = "text"
    note: str = ""
    paper: bool = True  # False: left out in the PDF, where the page is narrow
    page: bool = True  # False: left out in the HTML


@dataclass(frozen=True, eq=False)
class Table:
    """Rows hold raw numbers and days, and text that is ready to read. `anchor` names the column that other blocks refer to.

    `place`: a section's first table stands in it, the others are folded away in the HTML and stand behind the report in the
    PDF, unless they say "body" or "appendix" themselves.
    """

    title: str
    columns: tuple[Column, ...]
    rows: pd.DataFrame
    note: str = ""
    anchor: str = ""
    on_paper: int = 8  # rows in the PDF, fewer where the section would leave its page; the workbook always has all
    on_page: int = 500  # rows in the HTML
    place: Literal["auto", "body", "appendix"] = "auto"


@dataclass(frozen=True)
class Chart:
    """How Excel draws a figure's table: one series per column of numbers, colours per series, or per point where one series has several."""

    kind: Literal["bar", "column", "line", "pie"]
    category: str
    values: tuple[str, ...]
    colors: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Figure:
    """A drawn chart and the table behind it. `half` ones stand in pairs."""

    title: str
    svg: str
    alt: str
    table: Table
    caption: str = ""
    chart: Chart | None = None
    half: bool = False


Block = Text | Metric | Table | Figure


@dataclass(frozen=True, eq=False)
class Section:
    """One finding with its proof. `topic` is its short name, `title` says what was found; n, period, definition and caveat are always there."""

    id: str
    topic: str
    title: str
    blocks: tuple[Block, ...]
    period: str = ""
    n: str = ""
    definition: str = ""
    caveat: str = ""


@dataclass(frozen=True, eq=False)
class Report:
    title: str
    period: str
    as_of: date
    sections: tuple[Section, ...]
    lang: str = "zh"
    currency: str = "CNY"
    subtitle: str = ""
    org: str = ""
    run_id: str = ""
    facts: tuple[str, ...] = field(default=())  # small print of the first page: book, kit version, days covered
    papers: tuple[tuple[str, str], ...] = ()  # working papers that lie beside the report: (title, path)

    def blocks(self) -> Iterator[Block]:
        for section in self.sections:
            yield from section.blocks


def in_units(table: Table, say: Say) -> Table:
    """Each column of money in the unit that reads best, which its head names."""

    def stated(column: Column) -> Column:
        unit = unit_of(table.rows[column.key].tolist())
        return replace(column, kind=unit, title=head_unit(column.title, unit, say))

    return replace(table, columns=tuple(stated(one) if one.kind == "amount" else one for one in table.columns))


def appended(blocks: Sequence[Block]) -> list[Table]:
    """The tables of a section that stand behind its text."""
    tables = [block for block in blocks if isinstance(block, Table) and block.place != "body" and not block.anchor]
    first = next((table for table in tables if table.place == "auto"), None)
    return [table for table in tables if table is not first]


def grouped(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Neighbours that belong together, in reading order: ("metrics", […]), ("findings", […]), ("pair", two half figures), ("figure", [one]) …"""

    def group(block: Block) -> str:
        if isinstance(block, Text):
            return f"{block.role}s" if block.role == "finding" else block.role
        if isinstance(block, Figure):
            return "halves" if block.half else "figure"
        return "metrics" if isinstance(block, Metric) else "table"

    for name, run in groupby(blocks, key=group):
        members = list(run)
        if name == "halves":
            for i in range(0, len(members), 2):
                yield ("pair" if len(members) > i + 1 else "figure"), members[i : i + 2]
        elif name in ("metrics", "findings", "caution"):
            yield name, members
        else:
            yield from ((name, [one]) for one in members)
