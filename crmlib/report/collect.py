"""The tables of a run, gathered for its report."""

from dataclasses import replace

import pandas as pd

from crmlib import __version__
from crmlib.book.balance import STATUSES
from crmlib.book.decisions import read_decisions
from crmlib.book.match_quality import rule_quality
from crmlib.book.results import publish_tables
from crmlib.book.work import Work
from crmlib.dictionary import DICTIONARY
from crmlib.insight.coverage import missing_tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.results import compute_results, state_figures
from crmlib.report.advice import suggest
from crmlib.report.corrections import review_last
from crmlib.report.data import COLUMNS, ReportData
from crmlib.report.published import find_published
from crmlib.report.reviews import last_suggestions, said_of_last
from crmlib.report.selfcheck import list_checks
from crmlib.report.trace import open_sources


def collect_report(work: Work, *, run_id: str = "") -> ReportData:
    """What the earlier notebooks saved, the figures of this period and the one before, and how sound the data are."""
    tables, book = work.book.tables, work.book
    if not (work.tables / "records.parquet").is_file():  # on an old version of the book nothing was merged before this
        publish_tables(work, book)
    results = {
        path.stem: work.load_table(path.stem) for path in sorted(work.tables.glob("*.parquet")) if path.stem in COLUMNS
    }
    last = work.period.previous()
    before = compute_results(tables, settings=work.settings, start=last.start, as_of=last.as_of, in_yuan=work.in_yuan)
    missing = _missing(work)
    kept = _leave_out(
        missing,
        tiers=results["tiers"],
        tier_moves=results["tier_moves"],
        figures=state_figures(tables, results, as_of=work.as_of, more=[_quarantine_figure(work)]),
        figures_before=state_figures(tables, before, as_of=last.as_of),
    )
    work.save_table("figures", kept["figures"])
    if reviewed := review_last(work, kept["figures_before"], before):
        kept |= reviewed._asdict()
        work.save_table("corrections", reviewed.corrections)
    kept |= {
        "last_suggestions": last_suggestions(work, find_published(work.home, last)),
        "reviews": said_of_last(work),
    }
    data = ReportData(
        period=work.period,
        settings=work.settings,
        lang=work.lang,
        run_id=run_id,
        book=book.version,
        kit_version=__version__,
        currency=book.manifest["currency"]["code"],
        notes=tuple(_notes(work)),
        before=before,
        tables=results
        | kept
        | {
            "balance": pd.DataFrame(book.manifest["balance"]["files"])[["file", "in", *STATUSES]],
            "warnings": _count(book, "warnings"),
            "quarantine": _count(book, "quarantine"),
            "completeness": measure_completeness(book),
            "missing": missing,
            "match_rules": rule_quality(book, decided=read_decisions(work.home)),
        },
    )
    work.save_table("suggestions", suggest(data)[COLUMNS["suggestions"]])
    frames = {**kept, "balance": data.balance}
    with open_sources(book, folder=work.tables, frames=frames) as sources:
        checks = list_checks(data, sources)
    return replace(data, tables={**data.tables, "checks": checks})


def _quarantine_figure(work: Work) -> Figure:
    """Rows as the balance counts them: one row may have several reasons."""
    total = pd.DataFrame(work.book.manifest["balance"]["files"])[["in", "quarantined"]].sum()
    rows = "SELECT DISTINCT source_file, sheet, line, batch FROM quarantine"
    return state_figure("rows_quarantined", "health", total["quarantined"], "rows", total["in"], rows, better="down")


def draft_report(work: Work, **tables: pd.DataFrame) -> ReportData:
    """A report's data as far as one notebook has made them, for its pictures; the figures of what is there."""
    figures = state_figures(work.book.tables, tables, as_of=work.as_of)
    told = {name: tables[name] for name in ("tiers", "tier_moves") if name in tables}
    kept = _leave_out(_missing(work), figures=figures, **told)
    return ReportData(
        period=work.period,
        settings=work.settings,
        lang=work.lang,
        currency=work.book.manifest["currency"]["code"],
        tables=tables | kept,
    )


# an analysis that is off → its tier, and the figures that would read as 0 without meaning it
_OFF = {
    "tier_value": (
        "value",
        ("tier_value_", "at_risk_", "high_value_", "margin_", "revenue_share_", "talk_share_", "renewal_rate_high"),
    ),
    "tier_potential": ("potential", ("tier_potential_", "screened_")),
    "risk_churn": ("risk", ("tier_risk_", "at_risk_")),
    "risk_overdue": ("", ("overdue_",)),
    "order_trend": ("", ("amount_", "orders_", "buying_share", "unattributed_")),
    "contacts": ("", ("contacted_share", "mood_")),
    "complaints": ("", ("complaint",)),
    "satisfaction": ("", ("satisfaction_", "revisit_lift", "nps")),
}


def _leave_out(missing: pd.DataFrame, **frames: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """tiers, tier_moves and figures without what could not be computed; the definitions page says why."""
    off = [_OFF[one] for one in missing["analysis"] if one in _OFF]
    dimensions, prefixes = {dimension for dimension, _ in off}, tuple(p for _, starts in off for p in starts)

    def keep(frame: pd.DataFrame) -> pd.DataFrame:
        gone = (
            frame["dimension"].isin(dimensions)
            if "dimension" in frame
            else frame["figure_id"].map(lambda one: one.startswith(prefixes))
        )
        return frame[~gone.astype(bool)].reset_index(drop=True)

    return {name: keep(frame) for name, frame in frames.items()}


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
    if work.settings.report.mode == "basic":  # the others were not asked for
        missing = missing.assign(reason="BASIC_MODE")
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
