"""Page one: the figures, the sentences that follow from them, and what to do."""

from crmlib.report.advice import suggest
from crmlib.report.blocks import Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import columns, count_customers, make_metrics, make_section, tell_change
from crmlib.report.story import tell_story

SHOWN = (
    "customers_active", "amount_12m", "amount_last_month", "tier_value_high",
    "tier_risk_churn_risk", "at_risk_customers", "overdue_amount", "contacted_share_6m",
)  # fmt: skip


def build_summary(data: ReportData) -> Section:
    """Always made: with few tables it says what it can."""
    say, advice = data.say, suggest(data)
    named = columns(
        say, ("finding", "text"), ("action", "text"), ("figure_id", "id"), ("role", "text"), ("due", "date")
    )
    tables = [Table(say("section.summary.actions"), named, advice)] if len(advice) else []
    notes = [Text(note, "caution") for note in data.notes]
    findings = [Text(one.text, "finding", one.refs) for one in tell_story(data)]
    blocks = [*notes, *make_metrics(data, *SHOWN), *findings, *tables]
    return make_section(data, "summary", _title(data), blocks, n=count_customers(data))


def _title(data: ReportData) -> str:
    share = data.share("tier_value_high")
    if share is None:
        return data.say("section.summary.title_plain", n=write_number(data.value("customers_active") or 0))
    blanks = {"n": write_number(data.value("tier_value_high")), "share": write_share(share, data.say)}
    return data.say("section.summary.title", **blanks, moved=tell_change(data, "tier_value_high"))
