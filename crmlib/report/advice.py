"""Advice: what to do next, by rule; each piece is a finding, the figure it rests on, who acts, and until when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crmlib.report.data import ReportData
from crmlib.report.names import name_reason
from crmlib.report.numbers import write_money, write_number, write_share


@dataclass(frozen=True)
class Advice:
    """One rule. `blanks` fills the words `advice.<name>.finding` and `.action`, or is None where there is nothing to say."""

    name: str
    figure_id: str
    days: int
    blanks: Callable[[ReportData], dict[str, str] | None]


def _count(figure_id: str, money_id: str = "") -> Callable[[ReportData], dict[str, str] | None]:
    def blanks(data: ReportData) -> dict[str, str] | None:
        n, amount = data.value(figure_id), data.value(money_id) if money_id else None
        found = {"n": write_number(n)} if n else None
        return found | {"amount": write_money(amount or 0, data.say)} if found and money_id else found

    return blanks


def _share(figure_id: str, worth_saying: Callable[[float], bool]) -> Callable[[ReportData], dict[str, str] | None]:
    def blanks(data: ReportData) -> dict[str, str] | None:
        share = data.value(figure_id)
        return {"share": write_share(share, data.say)} if share is not None and worth_saying(share) else None

    return blanks


def _quarantined(data: ReportData) -> dict[str, str] | None:
    """Rows as the balance counts them: one row may have several reasons."""
    rows = data.balance["quarantined"].sum()
    if not rows or data.quarantine.empty:
        return None
    first = data.quarantine.sort_values(["n", "reason"], ascending=[False, True]).iloc[0]
    return {"n": write_number(rows), "reason": name_reason(first["reason"], data.say)}


# the most urgent first
RULES = (
    Advice("at_risk", "at_risk_customers", 7, _count("at_risk_customers", "at_risk_amount_12m")),
    Advice("overdue", "overdue_amount", 14, _count("overdue_payments_12m", "overdue_amount")),
    Advice("focus", "tier_potential_focus", 14, _count("tier_potential_focus")),
    Advice("quarantine", "rows_quarantined", 7, _quarantined),
    Advice("unattributed", "unattributed_amount_12m", 14, _count("unattributed_orders_12m", "unattributed_amount_12m")),
    Advice("contact", "contacted_share_6m", 30, _share("contacted_share_6m", lambda share: share < 0.5)),
    Advice("industry", "unknown_industry", 30, _share("unknown_industry", lambda share: share > 0.3)),
)


def advise(data: ReportData) -> pd.DataFrame:
    """One row per piece of advice, most urgent first: name, finding, action, figure_id, role, due."""
    rows = []
    for rule in RULES:
        if blanks := rule.blanks(data):
            words = {part: data.say(f"advice.{rule.name}.{part}", **blanks) for part in ("finding", "action")}
            role, due = data.say(f"advice.{rule.name}.role"), _workday(data.period.as_of + timedelta(days=rule.days))
            rows.append({"name": rule.name, **words, "figure_id": rule.figure_id, "role": role, "due": due})
    return pd.DataFrame(rows, columns=["name", "finding", "action", "figure_id", "role", "due"])


def _workday(day: date) -> date:
    """A day that falls on a weekend moves to the Friday before."""
    return day - timedelta(days=max(0, day.weekday() - 4))
