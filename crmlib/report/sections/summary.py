"""Page one: the figures, the sentences that follow from them, and what to do."""

import pandas as pd

from crmlib.report.advice import suggest
from crmlib.report.blocks import Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_money, write_number
from crmlib.report.parts import columns, count_customers, make_metrics, make_section, tell_change
from crmlib.report.story import tell_story

MOST = 6  # actions
SHOWN = (
    "customers_active", "amount_12m", "amount_last_month", "tier_value_high",
    "tier_risk_churn_risk", "at_risk_customers", "overdue_amount", "contacted_share_6m",
)  # fmt: skip


def build_summary(data: ReportData) -> Section:
    """Always made: with few tables it says what it can."""
    notes = [Text(note, "caution") for note in data.notes]
    findings = [Text(one.text, "finding", one.refs) for one in tell_story(data)]
    shown = [one for one in SHOWN if one != "at_risk_customers" or data.value("tier_value_high")]
    blocks = [*notes, *make_metrics(data, *shown), *findings, *list_actions(data, suggest(data))]
    return make_section(data, "summary", _title(data), blocks, n=count_customers(data))


def list_actions(data: ReportData, advice: pd.DataFrame) -> list[Table]:
    """What to do first, as the table of a first page; the rest stands in the sections it belongs to."""
    say = data.say
    if not len(advice):
        return []
    named = columns(
        say, ("finding", "text"), ("action", "text"), ("figure_id", "id"), ("role", "text"), ("due", "date")
    )
    more = say("section.summary.more", n=write_number(len(advice) - MOST)) if len(advice) > MOST else ""
    return [Table(say("section.summary.actions"), named, advice.head(MOST), more, place="body")]


def _title(data: ReportData) -> str:
    """What came in and whether it is in danger; without orders, how many customers there are."""
    amount, at_risk = data.value("amount_12m"), data.value("at_risk_customers")
    if amount is None:
        return data.say("section.summary.title_plain", n=write_number(data.value("customers_active") or 0))
    words = {"amount": write_money(amount, data.say), "moved": tell_change(data, "amount_12m")}
    if not at_risk:
        return data.say("section.summary.title_money", **words)
    return data.say("section.summary.title_risk", **words, n=write_number(at_risk))
