"""Every result table of one day, in one call: what a run saves, and what last period's figures are recomputed from."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple

import pandas as pd

from crmlib.insight import entry
from crmlib.insight.communication import communication_figures, compute_communication
from crmlib.insight.contribution import compute_value, value_figures
from crmlib.insight.conversion_results import compute_conversion, conversion_figures
from crmlib.insight.coverage import Tables, missing_costs
from crmlib.insight.figures import Figure, build_figures
from crmlib.insight.kpi import compute_kpi, kpi_figures
from crmlib.insight.lists import list_at_risk
from crmlib.insight.measures import measure_customers
from crmlib.insight.names import name_people
from crmlib.insight.needs_results import compute_needs, needs_figures
from crmlib.insight.profile import profile_customers
from crmlib.insight.risks import compute_risks, risk_figures
from crmlib.insight.service import compute_service
from crmlib.insight.service_figures import service_figures
from crmlib.insight.stages import count_stages
from crmlib.insight.tiers import assign_tiers
from crmlib.insight.trend import compute_trend, order_trend, trend_figures
from crmlib.insight.uplift import compute_uplift, uplift_figures
from crmlib.periods import add_months
from crmlib.settings import Settings


class Analysis(NamedTuple):
    """One question asked of every period. `compute(tables, settings=, start=, as_of=)` gives its tables by name, `figures(results)`
    what is stated of them; it states nothing where the table `needs` was not made. `takes` names earlier results (measures, tiers)
    that `compute` is handed besides."""

    compute: Callable[..., Mapping[str, pd.DataFrame]]
    figures: Callable[[Mapping[str, pd.DataFrame]], list[Figure]]
    needs: str
    takes: tuple[str, ...] = ()


# computed by the notebook of that name for this period, and by `compute_results` for the one before
ANALYSES: dict[str, Analysis] = {
    "30_tiers": Analysis(compute_risks, risk_figures, "third_party"),
    "42_needs": Analysis(compute_needs, needs_figures, "needs_met"),
    "43_conversion": Analysis(compute_conversion, conversion_figures, "conversion_steps"),
    "45_service": Analysis(compute_service, service_figures, "complaints"),
    "50_profile": Analysis(compute_trend, trend_figures, "repurchase"),
    "55_value": Analysis(compute_value, value_figures, "tier_value"),
    "55_kpi": Analysis(compute_kpi, kpi_figures, "kpi"),
    "70_churn": Analysis(compute_uplift, uplift_figures, "uplift"),
    "40_communication": Analysis(compute_communication, communication_figures, "response", takes=("tiers",)),
}


def compute_quality(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """How the records of [start, as_of) are kept: entries_late, entry_by_person, completeness_by_month, completeness_change,
    records_lacking, actions_overdue, texts, and costs (of 12 months). Completeness is that of all active customers."""
    rules = settings.entry
    entries = entry.judge_entries(tables, deadlines=settings.deadlines, start=start, as_of=as_of)
    scores = entry.score_completeness(tables, entry=rules, as_of=as_of)
    baseline = entry.baseline_of(rules, as_of=as_of)
    people = {
        "entry_by_person": ("staff_id", entry.timeliness_by_person(entries, least=rules.least)),
        "completeness_by_month": ("owner_id", entry.completeness_by_person(scores, least=rules.least)),
        "completeness_change": ("owner_id", entry.completeness_change(scores, baseline=baseline, least=rules.least)),
    }
    return {
        "entries_late": entries[entries["status"].eq("late")].reset_index(drop=True),
        **{name: name_people(rows, tables, column=column) for name, (column, rows) in people.items()},
        "records_lacking": entry.lacking_records(entry.judge_records(tables, start=start, as_of=as_of)),
        "actions_overdue": entry.overdue_actions(tables, as_of=as_of),
        "texts": entry.measure_texts(tables, entry=rules, start=start, as_of=as_of),
        "costs": missing_costs(tables, start=add_months(as_of, -12), as_of=as_of),
    }


def compute_results(
    tables: Tables, *, settings: Settings, start: date, as_of: date, in_yuan: bool = True
) -> Mapping[str, pd.DataFrame]:
    """measures, tiers, at_risk, profile, order_trend and funnel as they stand on `as_of`, and the tables of ANALYSES of
    [start, as_of)."""
    measures = measure_customers(tables, as_of=as_of)
    tiers = assign_tiers(tables, settings=settings, as_of=as_of, in_yuan=in_yuan)
    results: dict[str, pd.DataFrame] = {
        "measures": measures,
        "tiers": tiers,
        "at_risk": list_at_risk(tables, tiers, measures),
        "profile": profile_customers(tables, as_of=as_of, industry_level=settings.classes.industry_level),
        "order_trend": order_trend(tables, as_of=as_of),
        "funnel": count_stages(tables, as_of=as_of),
    }
    for one in ANALYSES.values():
        taken = {name: results[name] for name in one.takes}
        results |= one.compute(tables, settings=settings, start=start, as_of=as_of, **taken)
    return results


def state_figures(
    tables: Tables, results: Mapping[str, pd.DataFrame], *, as_of: date, more: Iterable[Figure] = ()
) -> pd.DataFrame:
    """Every figure that `results` bear, and `more`, one row each: figure_id, section, value, unit, n, definition, rows, better."""
    asked = [figure for one in ANALYSES.values() if one.needs in results for figure in one.figures(results)]
    return build_figures(tables, results, as_of=as_of, more=[*asked, *more])
