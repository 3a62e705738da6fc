"""A report into its files, and what the manifest says of it."""

import json
from dataclasses import replace

from crmlib.book.balance import STATUSES, balance_line
from crmlib.book.work import Work
from crmlib.report.blocks import Report
from crmlib.report.data import ReportData
from crmlib.report.html import write_html
from crmlib.report.papers import list_papers
from crmlib.report.pdf import write_pdf
from crmlib.report.workbook import write_workbook


def write_report(report: Report, data: ReportData, work: Work) -> None:
    """report.html, report.pdf and report.xlsx into the run's folder, and run.json for the manifest."""
    work.out.mkdir(parents=True, exist_ok=True)
    report = replace(report, papers=list_papers(work.out / "notebooks", lang=work.lang))
    write_html(report, work.out / "report.html")
    write_pdf(report, work.out / "report.pdf")
    write_workbook(report, work.out / "report.xlsx")
    about = describe_run(report, data, work)
    (work.out / "run.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")


def describe_run(report: Report, data: ReportData, work: Work) -> dict:
    """The part of the manifest that only the report knows: book, balance, checks, warnings, closing words."""
    balance = data.balance
    total = balance[["in", *STATUSES]].sum()
    files = {str(row["file"]): {k: int(row[k]) for k in ("in", *STATUSES)} for row in balance.to_dict("records")}
    summary = next((s for s in report.sections if s.id == "summary"), None)
    findings = [b.text for b in summary.blocks if getattr(b, "role", "") == "finding"] if summary else []
    return {
        "book": work.book.version,
        "balance": {"files": files, "total": {k: int(v) for k, v in total.items()}},
        "checks": [{"name": c.name, "state": c.state, "passed": c.state != "failed"} for c in data.checks.itertuples()],
        "warnings": {row.reason: int(row.n) for row in data.warnings.itertuples()},
        "notes": list(data.notes),
        "closing": [
            work.say("run.title", title=report.title, period=report.period),
            balance_line(total, say=work.say),
            *findings,
        ],
    }
