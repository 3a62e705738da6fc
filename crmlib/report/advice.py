"""Advice: what to do next, by rule; each piece is a finding, the figure it rests on, who acts, and until when."""

from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

from crmlib.errors import SettingsError
from crmlib.labels import Say
from crmlib.report.data import ReportData
from crmlib.report.numbers import KIND, write_value
from crmlib.settings import Advice

COLUMNS = ["suggestion_id", "name", "finding", "action", "figure_id", "value", "unit", "role", "due"]


def advise(figures: pd.DataFrame, *, rules: Mapping[str, Advice], period: str, as_of: date, say: Say) -> pd.DataFrame:
    """One row per rule that has something to say, the most urgent first: COLUMNS. The words are the rule's own, else those of
    the labels `advice.<name>.finding`, `.action` and `.role`; `value` and the figures in `blanks` fill them."""
    known = figures.set_index("figure_id") if len(figures) else pd.DataFrame(columns=["value", "unit"])
    rows = []
    for name, rule in rules.items():
        wanted = {"value": rule.figure} | dict(rule.blanks)
        if rule.off or not {*wanted.values()} <= {*known.index} or not _holds(rule, known.loc[rule.figure, "value"]):
            continue
        blanks = {blank: _write(known.loc[figure], say) for blank, figure in wanted.items()}
        words = {part: _word(name, part, rule, say, blanks) for part in ("finding", "action", "role")}
        about = {
            "figure_id": rule.figure,
            "value": known.loc[rule.figure, "value"],
            "unit": known.loc[rule.figure, "unit"],
        }
        due = _workday(as_of + timedelta(days=rule.days))
        rows.append({"suggestion_id": f"{period}-{name}", "name": name, **words, **about, "due": due})
    return pd.DataFrame(rows, columns=COLUMNS)


def suggest(data: ReportData) -> pd.DataFrame:
    """The advice of a report."""
    rules, period = data.settings.advice, data.period
    return advise(data.figures, rules=rules, period=period.text, as_of=period.as_of, say=data.say)


def _holds(rule: Advice, value: float) -> bool:
    if pd.isna(value):
        return False
    return (rule.over is None or value > rule.over) and (rule.under is None or value < rule.under)


def _write(figure: pd.Series, say: Say) -> str:
    return write_value(figure["value"], KIND.get(figure["unit"], "int"), say)


def _word(name: str, part: str, rule: Advice, say: Say, blanks: dict[str, str]) -> str:
    own = getattr(rule, part)
    if own is not None:
        return say.pick(own).format(**blanks)
    if not say.has(f"advice.{name}.{part}"):
        raise SettingsError("error.advice_words", name=name, part=part)
    return say(f"advice.{name}.{part}", **blanks)


def _workday(day: date) -> date:
    """A day that falls on a weekend moves to the Friday before."""
    return day - timedelta(days=max(0, day.weekday() - 4))
