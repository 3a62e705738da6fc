"""Sections: what the monthly report says; each turns tables into a finding with its proof."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from crmlib import settings
from crmlib.errors import SettingsError
from crmlib.labels import Say
from crmlib.report.advice import suggest
from crmlib.report.blocks import Metric, Report, Section, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_day
from crmlib.report.parts import write_period
from crmlib.report.sections.at_risk import build_at_risk
from crmlib.report.sections.checks import build_checks
from crmlib.report.sections.churn import build_churn
from crmlib.report.sections.communication import build_communication
from crmlib.report.sections.corrections import build_corrections
from crmlib.report.sections.definitions import build_definitions
from crmlib.report.sections.effect import build_effect
from crmlib.report.sections.funnel import build_funnel
from crmlib.report.sections.health import build_health
from crmlib.report.sections.kpi import build_kpi
from crmlib.report.sections.lifetime import build_lifetime
from crmlib.report.sections.needs import build_needs
from crmlib.report.sections.profile import build_profile
from crmlib.report.sections.reviews import build_reviews
from crmlib.report.sections.risk import build_risk
from crmlib.report.sections.satisfaction import build_satisfaction
from crmlib.report.sections.segments import build_segments
from crmlib.report.sections.service import build_service
from crmlib.report.sections.summary import build_summary
from crmlib.report.sections.tags import build_tags
from crmlib.report.sections.tiers import build_tiers
from crmlib.report.sections.trend import build_trend
from crmlib.report.sections.value import build_value

SECTIONS: dict[str, Callable[[ReportData], Section | None]] = {
    "summary": build_summary,
    "effect": build_effect,
    "tiers": build_tiers,
    "segments": build_segments,
    "tags": build_tags,
    "risk": build_risk,
    "at_risk": build_at_risk,
    "churn": build_churn,
    "lifetime": build_lifetime,
    "communication": build_communication,
    "value": build_value,
    "service": build_service,
    "satisfaction": build_satisfaction,
    "trend": build_trend,
    "profile": build_profile,
    "needs": build_needs,
    "funnel": build_funnel,
    "kpi": build_kpi,
    "health": build_health,
    "reviews": build_reviews,
    "corrections": build_corrections,
    "checks": build_checks,
    "definitions": build_definitions,
}


FIRST = ("summary", "effect")  # page one stays page one


def order_sections(wanted: settings.Report, *, kind: str) -> list[str]:
    """The names of a report's sections in their order: those of a week or of a longer period, and after page one what the phase
    of the business stresses; without those switched off. Raises SettingsError on a section or a phase that is not known."""
    names = list(wanted.week_sections if kind == "week" else wanted.sections)
    if unknown := [name for name in names if name not in SECTIONS]:
        raise SettingsError("error.section_unknown", name=unknown[0], known=", ".join(SECTIONS))
    names = [name for name in names if name not in wanted.modules_off]
    if wanted.phase and wanted.phase not in wanted.phases:
        raise SettingsError("error.phase_unknown", name=wanted.phase, known=", ".join(wanted.phases))
    if not wanted.phase:
        return names
    lead = [
        *(name for name in names if name in FIRST),
        *(name for name in wanted.phases[wanted.phase] if name in names),
    ]
    return [*lead, *(name for name in names if name not in lead)]


def add_advice(section: Section, advice: pd.DataFrame, say: Say) -> Section:
    """The section with what is to be done about its figures, after its sentences and before its pictures."""
    if section.id == "summary" or advice.empty:
        return section
    told = [
        Text(say("section.advice", finding=one.finding, action=one.action, role=one.role, due=write_day(one.due)), "finding", (one.figure_id,))
        for one in advice.itertuples()
    ]  # fmt: skip
    place = next(
        (i for i, block in enumerate(section.blocks) if not isinstance(block, Metric | Text)), len(section.blocks)
    )
    return replace(section, blocks=(*section.blocks[:place], *told, *section.blocks[place:]))


def build_report(data: ReportData) -> Report:
    """The sections that the settings name, in their order, each only where it has something to say."""
    say, wanted = data.say, data.settings.report
    made = [SECTIONS[name](data) for name in order_sections(wanted, kind=data.period.kind)]
    advice = suggest(data).merge(data.figures[["figure_id", "section"]], on="figure_id", how="left")
    made = [section and add_advice(section, advice[advice["section"] == section.id], say) for section in made]
    facts = {"as_of": data.period.as_of, "book": data.book, "kit": data.kit_version, "run_id": data.run_id}
    return Report(
        title=say.pick(wanted.week_title if data.period.kind == "week" else wanted.title),
        subtitle=write_period(data),
        org=wanted.org,
        period=data.period.text,
        as_of=data.period.as_of,
        lang=data.lang,
        currency=data.currency,
        run_id=data.run_id,
        sections=tuple(section for section in made if section),
        facts=tuple(say(f"section.fact.{key}", **{key: value}) for key, value in facts.items() if value),
    )
