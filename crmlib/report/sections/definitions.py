"""Definitions: how each number is made and with which settings, and what was not computed and why."""

from dataclasses import asdict
from functools import reduce

import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.judging import Sla
from crmlib.labels import Say
from crmlib.report.blocks import Block, Column, Section, Table
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice, name_table
from crmlib.report.numbers import write_money, write_number, write_share, write_value
from crmlib.report.parts import KIND, columns, make_section
from crmlib.settings import Settings

DEFINED = (  # the settings that decide what the sources leave open
    "tiers.value.basis", "tiers.value.high", "tiers.value.middle", "tiers.potential.intents", "tiers.potential.priorities",
    "tiers.potential.stages", "tiers.potential.lifecycle_stages", "tiers.potential.clarity",
    "tiers.risk.lost_months", "tiers.risk.warn_overdue", "tiers.risk.window_months", "tiers.activity.months",
    "tiers.precedence", "tagging.min_orders", "tagging.preference_share", "report.satisfied_from", "service.revisit_below", "service.fall", "service.fall_mean",
    "service.target_share", "service.window_months", "periods.fiscal_year_start",
    "classes.region_scheme", "classes.size_standard", "classes.industry_level",
    "deadlines.interaction_h", "deadlines.phone_visit_h", "deadlines.phone_visit", "deadlines.response_h",
    "periods.work_hours", "communication.cadence_days", "communication.least", "sla",
    "needs.flag_share", "needs.least", "conversion.least", "churn.horizon_days", "churn.min_customers", "churn.min_repeaters",
    "lifetime.horizon_days", "clusters.worth", "value.campaign_days", "kpi.goals",
    "matching.hub_names", "checks.flood_share", "checks.min_contact_methods", "privacy.name",
)  # fmt: skip

POTENTIAL = {  # settings of the potential tier → what their codes are choices of
    "intents": "intent", "priorities": "priority", "stages": "need_stage", "lifecycle_stages": "lifecycle_stage",
    "clarity": "clarity",
}  # fmt: skip
CHANGES = ("completeness", "followup", "handling")  # goals that are changes against before


def build_definitions(data: ReportData) -> Section:
    say, figures = data.say, list_figures(data)
    blocks: list[Block] = [_settings(data.settings, say)]
    if len(data.missing):
        blocks.append(_off(data.missing, say))
    if len(figures):
        named = columns(
            say,
            ("no", "int"),
            ("name", "text"),
            ("value", "text"),
            ("n", "int"),
            ("meaning", "text"),
            ("figure_id", "id"),
        )
        named += (Column("query", say("column.query"), page=False, paper=False),)
        note = say("section.definitions.trace", period=data.period.text)
        blocks.append(
            Table(say("section.definitions.figures"), named, figures, note, anchor="figure_id", on_paper=1000)
        )
    n = say("section.n_figures", n=write_number(len(figures)))
    return make_section(data, "definitions", say("section.definitions.title"), blocks, n=n)


def list_figures(data: ReportData) -> pd.DataFrame:
    """Every figure that the report states, as text: no, name, value, n, meaning, figure_id, and the query of its rows."""
    say = data.say
    rows = [
        (one.figure_id, write_value(one.value, KIND.get(one.unit, "int"), say), one.n) for one in data.figures.itertuples()
    ]  # fmt: skip
    table = pd.DataFrame(sorted(rows), columns=["figure_id", "value", "n"])
    return table.assign(
        no=range(1, len(table) + 1),
        name=[say(f"figure.{one}") for one in table["figure_id"]],
        meaning=[say(f"definition.{one}") for one in table["figure_id"]],
        query=table["figure_id"].map(data.figures.set_index("figure_id")["rows"]),
    )


def _settings(settings: Settings, say: Say) -> Table:
    rows = [(say(f"setting.{key}"), _told(key, reduce(getattr, key.split("."), settings), say), key) for key in DEFINED]
    table = pd.DataFrame(rows, columns=["rule", "value", "setting"])
    named = columns(say, ("rule", "text"), ("value", "text"), ("setting", "id"))
    return Table(say("section.definitions.settings"), named, table, on_paper=100)


def _off(missing: pd.DataFrame, say: Say) -> Table:
    table = pd.DataFrame(
        {
            "analysis": [say(f"analysis.{name}") for name in missing["analysis"]],
            "table": [name_table(name, say) for name in missing["table"]],
            "reason": [say(f"tier_rule.{name}") for name in missing["reason"]],
        }
    )
    named = columns(say, ("analysis", "text"), ("table", "text"), ("reason", "text"))
    return Table(say("section.definitions.off"), named, table, place="body")


def _told(key: str, value: object, say: Say) -> str:
    """A setting's value in words."""
    if key == "periods.work_hours":
        return "–".join(value)
    if key == "communication.cadence_days":
        parts = (f"{say(f'plan_segment.{name}')} {write_value(days, 'days', say)}" for name, days in value.items())
        return say("section.join").join(parts)
    if key == "sla":
        return say("section.join").join(_deadlines(level, one, say) for level, one in value.items())
    if key == "kpi.goals":
        parts = (
            f"{say(f'kpi.{name}')} {write_share(goal, say, sign=name in CHANGES)}"
            for name, goal in asdict(value).items()
        )
        return say("section.join").join(parts)
    if isinstance(value, tuple):
        return say("section.join").join(_told(key, one, say) for one in value)
    if key == "tiers.precedence":
        return say(f"plan_segment.{value}")
    if key == "tiers.value.basis":
        return say(f"tier_basis.{value}")
    if key == "deadlines.phone_visit":
        return name_choice("interactions", "channel", str(value), say)
    if key.startswith(("privacy.", "classes.")):
        return say(f"choice.{key.rpartition('.')[2]}.{value}")
    if key.startswith("tiers.potential"):
        choices = DICTIONARY.choices[POTENTIAL[key.rpartition(".")[2]]]
        return choices[value].word(say.lang) if value in choices else str(value)
    if key in ("tiers.value.high", "tiers.value.middle"):
        return write_money(value, say)
    return write_share(value, say) if key.endswith(("_share", ".worth")) else f"{value:g}"


def _deadlines(level: str, sla: Sla, say: Say) -> str:
    """A grade of complaints with its deadlines, in the unit they are given in."""
    codes = DICTIONARY.choices["ticket_level"].values()
    name = next((code.word(say.lang) for code in codes if code.zh == level), level)
    unit, close = ("workdays", sla.close_workdays) if sla.close_workdays else ("hours", sla.close_h)
    respond = say("sla.hours", n=f"{sla.respond_h:g}")
    return say("sla.told", level=name, respond=respond, close=say(f"sla.{unit}", n=f"{close:g}"))
