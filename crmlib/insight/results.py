"""Every result table of one day, in one call: what a run saves, and what last period's figures are recomputed from."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.insight.coverage import Tables
from crmlib.insight.measures import measure_customers
from crmlib.insight.profile import profile_customers
from crmlib.insight.stages import count_stages
from crmlib.insight.tiers import assign_tiers, list_at_risk
from crmlib.insight.trend import order_trend
from crmlib.settings import Settings


def compute_results(
    tables: Tables, *, settings: Settings, as_of: date, in_yuan: bool = True
) -> Mapping[str, pd.DataFrame]:
    """measures, tiers, at_risk, profile, order_trend and funnel as they stand on `as_of`."""
    measures = measure_customers(tables, as_of=as_of)
    tiers = assign_tiers(tables, settings=settings, as_of=as_of, in_yuan=in_yuan)
    return {
        "measures": measures,
        "tiers": tiers,
        "at_risk": list_at_risk(tables, tiers, measures),
        "profile": profile_customers(tables, as_of=as_of),
        "order_trend": order_trend(tables, as_of=as_of),
        "funnel": count_stages(tables, as_of=as_of),
    }
