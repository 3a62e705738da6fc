"""Every table about clusters of one day, in one call."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.home import Home
from crmlib.insight.cluster_worth import judge_clusters
from crmlib.insight.clusters import LEVEL_COLUMNS, assign_clusters, has_ordered
from crmlib.insight.coverage import Tables
from crmlib.insight.kept_clusters import Settled, settle_clusters
from crmlib.insight.measures import measure_customers
from crmlib.insight.segments import assign_segments, score_rfm
from crmlib.insight.tiers import assign_tiers
from crmlib.periods import add_months
from crmlib.settings import Settings

NONE = {  # the tables of a book without clusters
    "clusters": ["customer_id", "cluster", *LEVEL_COLUMNS, "fitted_on"],
    "cluster_sums": ["cluster", *LEVEL_COLUMNS, "customers", "share", "amount_share"],
    "cluster_worth": ["grouping", "groups", "eta2", "eta2_adjusted"],
}
AHEAD = 3  # months of buying that groupings are judged by


def compute_clusters(
    tables: Tables,
    measures: pd.DataFrame,
    *,
    home: Home,
    settings: Settings,
    as_of: date,
    in_yuan: bool,
    refit: bool = False,
) -> Mapping[str, pd.DataFrame]:
    """clusters (one row per customer who ordered), cluster_sums (one per cluster), cluster_state (one row: what holds),
    cluster_tried (one per number of clusters, of a fresh fit) and cluster_worth (one per grouping). Fits where nothing is kept."""
    settled = settle_clusters(home, measures, rules=settings.clusters, as_of=as_of, refit=refit)
    found = {"cluster_state": _state(settled, measures), "cluster_tried": settled.tried}
    if settled.model is None:
        return found | {name: pd.DataFrame(columns=columns) for name, columns in NONE.items()}
    clusters = assign_clusters(measures, settled.model)
    return found | {
        "clusters": clusters,
        "cluster_sums": sum_clusters(clusters, measures),
        "cluster_worth": _worth(tables, settled, settings=settings, as_of=as_of, in_yuan=in_yuan),
    }


def sum_clusters(clusters: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """One row per cluster: cluster, its levels, customers, share of those who ordered, amount_share of 12 months."""
    both = clusters.merge(measures[["customer_id", "amount_12m_cny"]], on="customer_id")
    both = both.assign(amount=both["amount_12m_cny"].astype("float64"))
    sums = both.groupby(["cluster", *LEVEL_COLUMNS], as_index=False).agg(
        customers=("customer_id", "size"), amount=("amount", "sum")
    )
    total = sums["amount"].sum()
    shares = {
        "share": sums["customers"] / sums["customers"].sum(),
        "amount_share": sums["amount"] / (total or float("nan")),
    }
    return sums.drop(columns="amount").assign(**shares).round(10)


def _state(settled: Settled, measures: pd.DataFrame) -> pd.DataFrame:
    model = settled.model
    known = (model.fitted_on, model.customers, len(model.centres), model.ari, model.smallest) if model else None
    about = known or (None, int(has_ordered(measures).sum()), None, None, None)
    row = (settled.outcome, *about, settled.noise)
    columns = ["outcome", "fitted_on", "customers", "clusters", "ari", "smallest", "noise"]
    kinds = {"fitted_on": "str", "clusters": "Int64", "ari": "float64", "smallest": "float64", "noise": "float64"}
    return pd.DataFrame([row], columns=columns).astype(kinds)


def _worth(tables: Tables, settled: Settled, *, settings: Settings, as_of: date, in_yuan: bool) -> pd.DataFrame:
    start = add_months(as_of, -AHEAD)
    measures = measure_customers(tables, as_of=start)
    tiers = assign_tiers(tables, settings=settings, as_of=start, in_yuan=in_yuan)
    segments = assign_segments(score_rfm(measures), settings.segments)
    clusters = assign_clusters(measures, settled.model)
    return judge_clusters(tables, clusters, tiers, segments, start=start, end=as_of)
