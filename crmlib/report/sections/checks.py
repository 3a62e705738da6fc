"""The self-check page: what was checked before this report was published, and that it held."""

from crmlib.report.blocks import Section, Table
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_number
from crmlib.report.parts import columns, make_section


def build_checks(data: ReportData) -> Section | None:
    """Of a report that is published every check held; a draft shows those that did not."""
    say, checks = data.say, data.checks
    if checks.empty:
        return None
    counts = checks["state"].value_counts()
    words = {state: write_number(counts.get(state, 0)) for state in ("passed", "failed", "nothing")}
    title = "section.checks.title_failed" if counts.get("failed", 0) else "section.checks.title"
    told = checks.assign(
        check=[say(f"check.{one}") for one in checks["name"]],
        outcome=[say(f"section.checks.{one}") for one in checks["state"]],
    )
    named = columns(say, ("check", "text"), ("outcome", "text"), ("found", "text"))
    if not counts.get("failed", 0):
        named = named[:2]
    blocks = [Table(say("section.checks.table"), named, told)]
    n = say("section.checks.n", n=write_number(len(checks)))
    return make_section(data, "checks", say(title, **words), blocks, n=n)
