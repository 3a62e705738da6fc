"""Risk: how many customers may leave and how much is overdue, month by month, and what the book says of data from third parties."""

import pandas as pd

from crmlib.labels import Say
from crmlib.report.blocks import Figure, Section, Table, Text
from crmlib.report.charts_time import draw_risk
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_day, write_money, write_number
from crmlib.report.parts import columns, count_customers, make_figure, make_metrics, make_section, tell_change

SHOWN = ("tier_risk_churn_risk", "tier_risk_warning", "overdue_payments_12m", "overdue_amount", "third_party_customers")
KINDS = {"day": "date", "stable": "int", "warning": "int", "churn_risk": "int", "no_deal": "int", "overdue_payments": "int",
         "owed_cny": "amount"}  # fmt: skip
OVERDUE = (
    "tier_risk_warning",
    "overdue_payments_12m",
    "overdue_amount",
    "warning",
    "overdue_payments",
    "owed_cny",
)  # need payments


def build_risk(data: ReportData) -> Section | None:
    """None where risk could not be judged."""
    say, lost = data.say, data.value("tier_risk_churn_risk")
    if data.risk_trend.empty or lost is None:
        return None
    words = {"n": write_number(lost), "moved": tell_change(data, "tier_risk_churn_risk")}
    owed = data.value("overdue_amount")
    title = say("section.risk.title", **words)
    if owed is not None:
        title = say("section.risk.title_owed", **words, owed=write_money(owed, say))
    told = [key for key in KINDS if not (key in OVERDUE and data.is_off("risk_overdue"))]
    named = columns(say, *((key, KINDS[key]) for key in told))
    days, trend = by_day(data.risk_trend), say("section.risk.trend")
    shown = [one for one in SHOWN if not (one in OVERDUE and data.is_off("risk_overdue"))]
    blocks = [*make_metrics(data, *shown), *([_picture(days, trend, told, say)] if len(days) > 1 else [])]
    blocks.append(Table(trend, named, days, place="appendix" if len(days) > 1 else "auto"))
    if third := data.value("third_party_customers"):
        blocks.append(Text(say("section.risk.third_party", n=write_number(third)), "caution"))
    return make_section(data, "risk", title, blocks, n=count_customers(data))


def _picture(days: pd.DataFrame, title: str, told: list[str], say: Say) -> Figure:
    words = [
        say(
            "section.alt_value",
            label=f"{write_day(row.day)} {say(f'tier.risk.{tier}')}",
            value=write_number(getattr(row, tier)),
        )
        for tier in ("churn_risk", "warning")
        if tier in told
        for row in days.itertuples()
    ]
    named = columns(say, *((key, KINDS[key]) for key in ("day", "churn_risk", "warning", "owed_cny") if key in told))
    return make_figure("risk", title, draw_risk(days, say), days, named, words, say)


def by_day(trend: pd.DataFrame) -> pd.DataFrame:
    """One row per day, a column for each risk tier (0 where nobody was), and the sums of what is overdue."""
    counts = trend.pivot(index="day", columns="risk", values="customers")
    counts = counts.reindex(columns=["stable", "warning", "churn_risk", "no_deal"]).fillna(0)
    sums = trend.groupby("day")[["overdue_payments", "owed_cny"]].sum()
    return counts.join(sums).reset_index()
