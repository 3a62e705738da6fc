"""The tables of a run, gathered for its report."""

import pandas as pd

from crmlib import __version__
from crmlib.book.balance import STATUSES
from crmlib.book.work import Work
from crmlib.dictionary import DICTIONARY
from crmlib.insight.coverage import missing_tables
from crmlib.insight.figures import build_figures
from crmlib.insight.results import compute_results
from crmlib.report.data import ReportData

MADE = ("measures", "tiers", "tier_moves", "at_risk", "profile", "order_trend", "funnel")  # by the earlier notebooks


def collect_report(work: Work, *, run_id: str = "") -> ReportData:
    """What the earlier notebooks saved, the figures of this period and the one before, and how sound the data are."""
    tables, book = work.book.tables, work.book
    results = {name: work.load_table(name) for name in MADE}
    before = compute_results(tables, settings=work.settings, as_of=work.period.previous().as_of, in_yuan=work.in_yuan)
    figures = build_figures(tables, results, as_of=work.as_of)
    work.save_table("figures", figures)
    return ReportData(
        period=work.period,
        settings=work.settings,
        lang=work.lang,
        run_id=run_id,
        book=book.version,
        kit_version=__version__,
        currency=book.manifest["currency"]["code"],
        notes=tuple(_notes(work)),
        figures=figures,
        figures_before=build_figures(tables, before, as_of=work.period.previous().as_of),
        balance=pd.DataFrame(book.manifest["balance"]["files"])[["file", "in", *STATUSES]],
        warnings=_count(book, "warnings"),
        quarantine=_count(book, "quarantine"),
        completeness=measure_completeness(book),
        missing=_missing(work),
        **results,
    )


def draft_report(work: Work, **tables: pd.DataFrame) -> ReportData:
    """A report's data as far as one notebook has made them, for its pictures; the figures of what is there."""
    figures = build_figures(work.book.tables, tables, as_of=work.as_of)
    return ReportData(
        period=work.period,
        settings=work.settings,
        lang=work.lang,
        currency=work.book.manifest["currency"]["code"],
        figures=figures,
        **tables,
    )


def _notes(work: Work) -> list[str]:
    """What a reader must know before the first figure."""
    say, currency = work.say, work.book.manifest["currency"]
    notes = [say("note.sample")] if work.book.manifest["origin"] == "sample" else []
    if currency["code"] != "CNY":
        notes.append(say("note.currency_other", code=currency["code"]))
    elif currency["assumed_for"]:
        notes.append(say("note.currency_assumed"))
    return notes


def _missing(work: Work) -> pd.DataFrame:
    """missing_tables, and the value tiers where amounts are not yuan."""
    missing = missing_tables(work.book.tables)
    if work.in_yuan:
        return missing
    off = pd.DataFrame([{"analysis": "tier_value", "table": "orders", "reason": "CURRENCY_NOT_CNY"}])
    return pd.concat([missing, off], ignore_index=True)


def _count(book, name: str) -> pd.DataFrame:
    """One row per reason: how many rows or cells it fell on."""
    table = book.table(name)
    return book.frame(table.group_by("reason").agg(n=table.count()).order_by("reason"))


def measure_completeness(book) -> pd.DataFrame:
    """One row per field that the sources call required and that the book has rows for: table, field, rows, filled."""
    rows = []
    for name, spec in DICTIONARY.tables.items():
        wanted = [key for key, field in spec.fields.items() if field.required and key in book.table(name).columns]
        n = book.count(name)
        if not wanted or not n or name in ("products", "staff"):
            continue
        table = book.table(name)
        filled = book.frame(table.agg(**{key: table[key].notnull().sum().cast("int64") for key in wanted})).iloc[0]
        rows += [{"table": name, "field": key, "rows": n, "filled": int(filled[key])} for key in wanted]
    return pd.DataFrame(rows, columns=["table", "field", "rows", "filled"])
