"""Trace: from a figure to the rows behind it, and back again: from the rows to the figure."""

import os
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple
from unicodedata import east_asian_width

import duckdb
import pandas as pd
import pyarrow as pa
import xlsxwriter

from crmlib.book.access import check_publishable, known_names
from crmlib.book.conform import types_of
from crmlib.book.shelf import Book, list_versions, open_book, tables_of
from crmlib.engine import to_frame
from crmlib.errors import DataError, UsageError
from crmlib.home import Home
from crmlib.insight.figures import Figure
from crmlib.labels import Say
from crmlib.periods import Period
from crmlib.report.numbers import KIND, write_value
from crmlib.report.published import Published, find_published, list_published


class Traced(NamedTuple):
    """A figure, all rows behind it, and what they come to (None where the figure cannot be told from rows)."""

    figure: Figure
    rows: pd.DataFrame
    retold: float | None
    period: Period
    run_id: str
    book: str


def open_sources(
    book: Book | None, *, folder: Path | None = None, frames: Mapping[str, pd.DataFrame] | None = None
) -> duckdb.DuckDBPyConnection:
    """Where the queries of figures run: the book's tables, over them those in a run's folder, over them `frames`."""
    sources = duckdb.connect(config={"autoinstall_known_extensions": False})
    for name in book.names if book else ():
        fields = pa.schema(list(types_of(name).items())).empty_table()
        path = book.file(name)
        if path and fields.num_columns:  # a version may be older than a field
            sources.register(f"fields_of_{name}", fields)
            _view(sources, name, f"SELECT * FROM {_file(path)} UNION ALL BY NAME SELECT * FROM fields_of_{name}")
        elif path:
            _view(sources, name, f"SELECT * FROM {_file(path)}")
        else:
            sources.register(name, fields)
    for path in sorted(folder.glob("*.parquet")) if folder else ():
        _view(sources, path.stem, f"SELECT * FROM {_file(path)}")
    for name, frame in (frames or {}).items():
        sources.execute(f'DROP VIEW IF EXISTS "{name}"')
        sources.register(name, pa.Table.from_pandas(frame, preserve_index=False))
    return sources


def _view(sources: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    sources.execute(f'CREATE OR REPLACE VIEW "{name}" AS {query}')


def _file(path: Path) -> str:
    return "read_parquet('{}')".format(str(path).replace("'", "''"))


def retell(sources: duckdb.DuckDBPyConnection, figure: Figure) -> float | None:
    """What the rows of a figure come to: the sum of their column `counted`, or how many they are; divided by the sum of `whole`,
    a share without it by n. Of a column `typical` the median is taken. None where the query tells none of these: an amount or
    a duration without `counted`, a share of nothing."""
    columns = {row[0] for row in sources.execute(f"DESCRIBE {figure.rows}").fetchall()}
    if "typical" in columns:
        told = "median(typical)"
    elif "counted" in columns:
        told = "coalesce(sum(counted), 0)"
    elif figure.unit in ("cny", "hours", "days", "score", "times"):
        return None
    else:
        told = "count(*)"
    if "whole" in columns:
        told = f"{told}::DOUBLE / nullif(sum(whole), 0)"
    found = sources.execute(f"SELECT {told} FROM ({figure.rows})").fetchone()[0]
    if found is None:
        return None
    if figure.unit == "share" and not columns & {"whole", "typical"}:
        return float(found) / figure.n if figure.n else None
    return float(found)


def agrees(stated: float | None, retold: float | None) -> bool:
    """Whether the rows come to the figure as it is stated, to what a float of ten digits can hold."""
    if stated is None or retold is None or pd.isna(stated):
        return True
    return abs(stated - retold) <= max(1e-9, 1e-9 * abs(stated))


def rows(sources: duckdb.DuckDBPyConnection, figure: Figure) -> pd.DataFrame:
    """Every row behind a figure, with the customer's name and the place in the source file where the query gives their keys."""
    columns = [row[0] for row in sources.execute(f"DESCRIBE {figure.rows}").fetchall()]
    shown, joins = [f'f."{name}"' for name in columns], ""
    if "customer_id" in columns and "name" not in columns:
        shown.append("c.name")
        joins += (
            " LEFT JOIN (SELECT customer_id, any_value(name) AS name FROM customers GROUP BY 1) c USING (customer_id)"
        )
    if "row_id" in columns:
        shown += ["r.source_file", "r.sheet", "r.line"]
        joins += (
            " LEFT JOIN (SELECT row_id, first(struct_pack(source_file, sheet, line) ORDER BY batch, line) AS at FROM records"
            " GROUP BY 1) q USING (row_id), LATERAL (SELECT q.at.source_file, q.at.sheet, q.at.line) r"
        )
    found = sources.execute(f"SELECT {', '.join(shown)} FROM ({figure.rows}) f{joins} ORDER BY ALL")
    return to_frame(found.to_arrow_table())


def trace_figure(home: Home, figure_id: str, *, period: Period | None = None) -> Traced:
    """A figure of a published report, by the run's own tables and the version of the book that it read.

    `period` None is the last one published. UsageError for a period without a report and for a figure it does not state,
    DataError where that version of the book is gone and the figure needs it.
    """
    from crmlib.periods import parse_period

    published = _published(home, period)
    figure = find_figure(published.figures, figure_id)
    version = published.manifest["book"]
    only = tables_of(published.settings.report.mode)
    book = open_book(home, version=version, only=only) if version in list_versions(home) else None
    with open_sources(book, folder=published.tables) as sources:
        try:
            found, retold = rows(sources, figure), retell(sources, figure)
        except duckdb.CatalogException as error:
            raise DataError("error.trace_book", version=version, detail=str(error).splitlines()[0]) from None
    return Traced(figure, found, retold, parse_period(published.folder.name), published.manifest["run_id"], version)


def _published(home: Home, period: Period | None) -> Published:
    known = list_published(home)
    published = find_published(home, period) if period else known[-1] if known else None
    if published is None:
        there = ", ".join(one.folder.name for one in known) or "–"
        raise UsageError("error.trace_period", period=period.text if period else "last", known=there)
    return published


def find_figure(figures: pd.DataFrame, figure_id: str) -> Figure:
    """The figure of that id. UsageError with the nearest ones where there is none."""
    found = figures[figures["figure_id"] == figure_id]
    if found.empty:
        near = get_close_matches(figure_id, figures["figure_id"], n=5, cutoff=0.4) or figures["figure_id"].head(5)
        raise UsageError("error.trace_figure", figure=figure_id, known=", ".join(near))
    row = found.iloc[0]
    return Figure(**{key: row[key] for key in Figure._fields if key in row and not _missing(row[key])}, **_gaps(row))


def trace_lines(traced: Traced, *, say: Say, most: int = 20) -> list[str]:
    """What a figure is, whether its rows come to it, the query, and the first rows."""
    figure, kind = traced.figure, KIND.get(traced.figure.unit, "int")

    def write(value: float | None) -> str:
        return write_value(value, kind, say)

    same = agrees(figure.value, traced.retold)
    verdict = "unknown" if traced.retold is None else "same" if same else "differs"
    lines = [
        say("trace.figure", name=say(f"figure.{figure.figure_id}"), id=figure.figure_id, value=write(figure.value)),
        say("trace.where", period=traced.period.text, run=traced.run_id, book=traced.book, n=f"{figure.n:,}"),
        say(figure.definition),
        say(f"trace.{verdict}", value=write(traced.retold)),
        "",
        figure.rows,
        "",
        say("trace.rows", n=f"{len(traced.rows):,}", shown=min(most, len(traced.rows))),
    ]
    return [*lines, *_aligned(_headed(traced.rows.head(most), say))]


def _headed(found: pd.DataFrame, say: Say) -> pd.DataFrame:
    """The columns in words, where the kit has some."""
    return found.rename(columns={name: say(f"column.{name}") for name in found if say.has(f"column.{name}")})


def _aligned(found: pd.DataFrame) -> list[str]:
    cells = [[str(name) for name in found.columns]]
    cells += [["" if _missing(value) else str(value) for value in row] for row in found.itertuples(index=False)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def _width(text: str) -> int:
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def write_rows(traced: Traced, path: Path, *, home: Home, say: Say) -> None:
    """Every row into a workbook or a CSV file. The file is searched as all that leaves the house: CheckError, and no file, where
    it holds a personal value. UsageError for another suffix."""
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise UsageError("error.trace_suffix", path=path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part, found = path.with_name(f".partial-{path.name}"), _headed(traced.rows, say)
    try:
        if path.suffix.lower() == ".csv":
            found.to_csv(part, index=False, encoding="utf-8-sig", lineterminator="\n")
        else:
            _write_sheet(found, part, say("trace.page"))
        check_publishable(part, known_names=known_names(home))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _write_sheet(found: pd.DataFrame, path: Path, title: str) -> None:
    """Keys and days are text: nothing is turned into a number that is none."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        page, text = workbook.add_worksheet(title), workbook.add_format({"num_format": "@"})
        page.write_row(0, 0, found.columns, workbook.add_format({"bold": True}))
        page.freeze_panes(1, 0)
        for at, row in enumerate(found.itertuples(index=False), start=1):
            for column, value in enumerate(row):
                if isinstance(value, int | float | Decimal) and not _missing(value):
                    page.write_number(at, column, float(value))
                elif not _missing(value):
                    page.write_string(at, column, str(value), text)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value != value


def _gaps(row: pd.Series) -> dict[str, None]:
    return {"value": None} if _missing(row["value"]) else {}
