"""Corrections: last period's figures as they were published and as today's book tells them, and why they differ."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd

from crmlib.book.shelf import list_versions, open_book, tables_of
from crmlib.book.work import Work
from crmlib.inputs import kit_hash
from crmlib.insight.results import compute_results, state_figures
from crmlib.report.published import Published, find_published
from crmlib.report.trace import agrees, find_figure, open_sources

# table → the day on which a row of it happened
DATED = {
    "orders": "ordered_on",
    "payments": "due_date",
    "interactions": "occurred_at",
    "needs": "opened_at",
    "opportunities": "opened_on",
    "tickets": "opened_at",
    "surveys": "answered_at",
}
COLUMNS = ["figure_id", "unit", "published", "today", "cause", "rows_added", "rows_gone"]
LATE = ["table", "came_late", "first_day", "last_day", "changed"]
SHOWN = 1e-6  # a figure that moved by less did not


class LastReport(NamedTuple):
    """What became of the last report. corrections: one row per figure that differs today; late: one row per table with rows of
    that time which came, or were put right, after it; last_report: what is wrong with it (kind file or figure, name), which is
    empty where all is well; its first row is kind "" so that it is known to have been looked at."""

    corrections: pd.DataFrame
    late: pd.DataFrame
    last_report: pd.DataFrame


def review_last(work: Work, before: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> LastReport | None:
    """Last period's report, held against its own files, its own book and today's. None where there is none.

    before: last period's figures of today's book; frames: the tables that they were made of.
    """
    published = find_published(work.home, work.period.previous())
    if published is None:
        return None
    if altered := altered_files(published):  # what it stated is no longer known
        named = pd.DataFrame([("file", name) for name in altered], columns=["kind", "name"])
        return LastReport(pd.DataFrame(columns=COLUMNS), pd.DataFrame(columns=LATE), named)
    own, wrong = _told_again(work, published, before), []
    same_kit = published.manifest.get("fingerprint", {}).get("kit") == kit_hash()
    if own is not None and same_kit:
        differ = _differing(published.figures, own)
        wrong = [("figure", f"{one.figure_id} {one.then:g} ≠ {one.now:g}") for one in differ.itertuples()]
    named = pd.DataFrame([("", ""), *wrong], columns=["kind", "name"])
    version = published.manifest["book"]
    only = tables_of(published.settings.report.mode)
    book = open_book(work.home, version=version, only=only) if version in list_versions(work.home) else None
    corrections = _corrections(published, before, own, same_settings=published.settings == work.settings)
    with open_sources(book, folder=published.tables) as then, open_sources(work.book, frames=frames) as today:
        counts = [_moved(one, published.figures, before, then, today) for one in corrections["figure_id"]]
        late = _late(published, today, as_of=f"{work.period.previous().as_of}")
    moved = pd.DataFrame(counts, columns=["rows_added", "rows_gone"]).astype("Int64")
    return LastReport(pd.concat([corrections, moved], axis=1)[COLUMNS], late, named)


def altered_files(published: Published) -> list[str]:
    """The tables of a report that are not those its manifest names by their hashes."""
    known = published.manifest.get("tables", {})
    found = {name: file_hash(published.tables / f"{name}.parquet") for name in known}
    return sorted(name for name, digest in known.items() if found[name] != digest)


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _told_again(work: Work, published: Published, before: pd.DataFrame) -> pd.DataFrame | None:
    """The figures of the last report, made again by this kit of its own book and settings; None where that book is gone."""
    version, settings = published.manifest["book"], published.settings
    if version not in list_versions(work.home):
        return None
    if version == work.book.version and settings == work.settings:
        return before
    last, only = work.period.previous(), tables_of(settings.report.mode)
    book = open_book(work.home, version=version, only=only)
    in_yuan = book.manifest["currency"]["code"] == "CNY"
    results = compute_results(book.tables, settings=settings, start=last.start, as_of=last.as_of, in_yuan=in_yuan)
    return state_figures(book.tables, results, as_of=last.as_of)


def _differing(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """The figures of both that are not equal: figure_id, unit, then, now."""
    both = then[["figure_id", "unit", "value"]].merge(
        now[["figure_id", "value"]], on="figure_id", suffixes=("", "_now")
    )
    both = both.rename(columns={"value": "then", "value_now": "now"})
    same = [
        pd.isna(a) == pd.isna(b) and (pd.isna(a) or abs(a - b) <= SHOWN or agrees(a, b))
        for a, b in zip(both["then"], both["now"], strict=True)
    ]
    return both[~pd.Series(same, index=both.index, dtype=bool)].reset_index(drop=True)


def _corrections(
    published: Published, before: pd.DataFrame, own: pd.DataFrame | None, *, same_settings: bool
) -> pd.DataFrame:
    """cause: kit (this kit tells it otherwise of the same rows), rows (rows came late or were put right), settings (they are
    others now; rows may have changed too), unknown (the book of that time is gone)."""
    found = _differing(published.figures, before)
    by_kit = set() if own is None else set(_differing(published.figures, own)["figure_id"])
    by_rows = set() if own is None else set(_differing(own, before)["figure_id"])
    rest = "rows" if same_settings else "settings"
    causes = [
        "unknown" if own is None else rest if one in by_rows else "kit" if one in by_kit else rest
        for one in found["figure_id"]
    ]
    named = found.rename(columns={"then": "published", "now": "today"})
    return named.assign(cause=pd.Series(causes, index=named.index, dtype="str"))


def _moved(
    figure_id: str,
    published: pd.DataFrame,
    before: pd.DataFrame,
    then: duckdb.DuckDBPyConnection,
    today: duckdb.DuckDBPyConnection,
) -> tuple[int | None, int | None]:
    """How many of the rows behind a figure are new, and how many are no longer behind it; (None, None) where they cannot be told."""
    try:
        old, new = (
            _keys(sources, find_figure(figures, figure_id).rows)
            for sources, figures in ((then, published), (today, before))
        )
    except duckdb.Error:
        return None, None
    return len(new - old), len(old - new)


def _keys(sources: duckdb.DuckDBPyConnection, rows: str) -> set[tuple]:
    columns = [row[0] for row in sources.execute(f"DESCRIBE {rows}").fetchall()]
    key = next((one for one in ("row_id", "customer_id") if one in columns), None)
    return set(sources.execute(f"SELECT {key} FROM ({rows})" if key else rows).fetchall())


def _late(published: Published, today: duckdb.DuckDBPyConnection, *, as_of: str) -> pd.DataFrame:
    """One row per table with rows of days before `as_of` that were not in that report's book, or were changed since: LATE."""
    known = published.tables / "records.parquet"
    if not known.is_file():
        return pd.DataFrame(columns=LATE)
    today.execute("CREATE TEMP TABLE known AS SELECT DISTINCT row_id, batch FROM read_parquet(?)", [str(known)])
    parts = [
        f"SELECT '{table}' AS \"table\", count(DISTINCT row_id) FILTER (NOT is_known) AS came_late, min(day) AS first_day,"
        f" max(day) AS last_day, count(DISTINCT row_id) FILTER (is_known) AS changed FROM (SELECT row_id, {day}::DATE AS day,"
        f" row_id IN (SELECT row_id FROM known) AS is_known, row_id IN (SELECT row_id FROM changes WHERE \"table\" = '{table}'"
        f" AND batch::BIGINT > (SELECT max(batch) FROM known)) AS is_changed FROM {table} WHERE {day} < DATE '{as_of}')"
        " WHERE is_changed OR NOT is_known HAVING count(*) > 0"
        for table, day in DATED.items()
    ]
    found = today.execute(" UNION ALL ".join(parts) + " ORDER BY 1").df()
    return found.astype({"came_late": "Int64", "changed": "Int64"})[LATE]
