"""What clusters are worth: how much of what customers bought next each grouping foresaw, and what clusters add to tiers."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import orders_before, sum_orders


def bought_between(tables: Tables, customers: pd.Series, *, start: date, end: date) -> np.ndarray:
    """log(1 + amount) that each of `customers` bought in [start, end); returns beyond purchases count as 0."""
    amounts = read_frame(sum_orders(orders_before(tables, as_of=end, start=start)).select("customer_id", "amount_cny"))
    bought = customers.map(amounts.set_index("customer_id")["amount_cny"].astype("float64")).fillna(0.0)
    return np.log1p(np.maximum(bought.to_numpy(dtype=float), 0.0))


def explained_share(outcome: np.ndarray, groups: pd.Series) -> tuple[float, float]:
    """eta²: the share of the outcome's variance between groups; and the same adjusted for the number of groups (epsilon²,
    Kelley 1935), which is about 0 where groups tell nothing. (0, 0) where everybody has the same outcome."""
    total = float(((outcome - outcome.mean()) ** 2).sum())
    n, g = len(outcome), groups.nunique()
    if total == 0 or n <= g:
        return 0.0, 0.0
    means = pd.Series(outcome).groupby(groups.to_numpy()).transform("mean").to_numpy()
    eta = float(((means - outcome.mean()) ** 2).sum()) / total
    return eta, 1 - (1 - eta) * (n - 1) / (n - g)


def compare_groupings(outcome: np.ndarray, groupings: Mapping[str, pd.Series]) -> pd.DataFrame:
    """One row per grouping, in the order given: grouping, groups, eta2, eta2_adjusted."""
    rows = [(name, groups.nunique(), *explained_share(outcome, groups)) for name, groups in groupings.items()]
    return pd.DataFrame(rows, columns=["grouping", "groups", "eta2", "eta2_adjusted"]).round(10)


def judge_clusters(
    tables: Tables, clusters: pd.DataFrame, tiers: pd.DataFrame, segments: pd.DataFrame, *, start: date, end: date
) -> pd.DataFrame:
    """Groupings of `start` against what was bought in [start, end), among the customers who have a cluster.

    Rows: value, value_risk (tiers), segments (RFM), clusters, tiers_clusters (both). What clusters add beyond tiers is the last
    row's eta2_adjusted less that of value_risk.
    """
    wide = tiers.pivot(index="customer_id", columns="dimension", values="label")
    mine = clusters.merge(wide.reset_index(), on="customer_id").merge(
        segments[["customer_id", "segment"]], on="customer_id"
    )
    outcome = bought_between(tables, mine["customer_id"], start=start, end=end)
    value = mine["value"] if "value" in mine else pd.Series("all", index=mine.index)
    both, number = value + "+" + mine["risk"], mine["cluster"].astype("str")
    groups = {"value": value, "value_risk": both, "segments": mine["segment"], "clusters": number}
    return compare_groupings(outcome, groups | {"tiers_clusters": both + number})


def gain_of_clusters(worth: pd.DataFrame) -> float:
    """What clusters explain beyond the rule tiers; below 0 where they only add groups."""
    shares = worth.set_index("grouping")["eta2_adjusted"]
    return float(shares["tiers_clusters"] - shares["value_risk"])
