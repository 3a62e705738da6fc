"""Clusters: customers grouped by how they buy, KMeans on the logarithms of recency, frequency and money, only where that is stable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.vq import kmeans2
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from crmlib.judging import Clusters as Rules

LEVEL_COLUMNS = ["recency_level", "frequency_level", "money_level"]  # of FEATURES
TRIED = ["k", "ari", "smallest", "taken"]
FEATURES = ("days_since_last_order", "orders_total", "amount_total_cny")
LEVELS = {  # of a cluster's middle among all customers, by thirds: low, middle, high
    "days_since_last_order": ("recent", "while_ago", "long_ago"),
    "orders_total": ("seldom", "sometimes", "often"),
    "amount_total_cny": ("small", "medium", "large"),
}
STARTS, RESAMPLES, SEED = 5, 20, 20240701
MOST_POINTS = 20_000  # fitted on at most so many, drawn with the seed; everybody is placed
FEWEST = 100  # customers; below this resampling says nothing


@dataclass(frozen=True)
class ClusterModel:
    """A fitted grouping, kept as it is: features are (log1p(x) - mean) / spread, a customer belongs to the nearest centre.

    Clusters are numbered from 1 by their middle amount, the largest first. `levels` names each on FEATURES.
    """

    fitted_on: str
    customers: int
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    centres: tuple[tuple[float, ...], ...]
    levels: tuple[tuple[str, ...], ...]
    ari: float
    smallest: float

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "ClusterModel":
        whole = {"mean", "spread"}
        nested = {"centres", "levels"}
        return cls(
            **{k: tuple(v) if k in whole else tuple(map(tuple, v)) if k in nested else v for k, v in given.items()}
        )

    def place(self, measures: pd.DataFrame) -> np.ndarray:
        """Of each customer the number of the nearest centre; 0 where there is no order."""
        known = has_ordered(measures)
        points = (log_features(measures[known]) - np.array(self.mean)) / np.array(self.spread)
        numbers = np.zeros(len(measures), dtype=int)
        numbers[known] = _nearest(points, np.array(self.centres)) + 1
        return numbers


def has_ordered(measures: pd.DataFrame) -> np.ndarray:
    return measures["days_since_last_order"].notna().to_numpy()


def log_features(measures: pd.DataFrame) -> np.ndarray:
    """log(1 + x) of FEATURES; an amount below 0 (more returned than bought) counts as 0."""
    values = measures[list(FEATURES)].astype("float64").to_numpy()
    return np.log1p(np.maximum(values, 0.0))


def fit_clusters(measures: pd.DataFrame, *, rules: Rules, as_of: date) -> tuple[ClusterModel | None, pd.DataFrame]:
    """The largest number of clusters, at most `rules.most`, whose bootstrap ARI is `rules.min_ari` or more and none of which
    holds less than `rules.min_share`; None where no number does, or under FEWEST customers. And what was tried, from the
    largest down: k, ari (missing where a cluster is too small), smallest, taken."""
    known = measures[has_ordered(measures)]
    if len(known) < FEWEST:
        return None, pd.DataFrame(columns=TRIED)
    (points, some, mean, spread), tried, model = _scale(known), [], None
    for k in range(rules.most, 1, -1):
        centres = _kmeans(points[some], k, seed=SEED)
        smallest = float(np.bincount(_nearest(points, centres), minlength=k).min() / len(points))
        ari = _bootstrap_ari(points[some], centres) if smallest >= rules.min_share else float("nan")
        taken = ari >= rules.min_ari
        tried.append((k, ari, smallest, taken))
        if taken:
            model = _build(known, points, centres, mean, spread, tried[-1], as_of)
            break
    return model, pd.DataFrame(tried, columns=TRIED).round(10)


def refit_clusters(measures: pd.DataFrame, model: ClusterModel, *, as_of: date) -> ClusterModel:
    """As many clusters as `model` has, fitted anew on the customers of `as_of` and numbered as the kept ones they match."""
    known = measures[has_ordered(measures)]
    points, some, mean, spread = _scale(known)
    centres = _kmeans(points[some], len(model.centres), seed=SEED)
    sizes = np.bincount(_nearest(points, centres), minlength=len(centres)) / len(points)
    tried = (len(centres), _bootstrap_ari(points[some], centres), float(sizes.min()))
    fresh = _build(known, points, centres, mean, spread, tried, as_of)
    matched = match_clusters(model.place(known).tolist(), fresh.place(known).tolist())
    order = [
        at for at, _ in sorted(enumerate(matched.get(n, n) for n in range(1, len(centres) + 1)), key=lambda one: one[1])
    ]
    return replace(
        fresh, centres=tuple(fresh.centres[at] for at in order), levels=tuple(fresh.levels[at] for at in order)
    )


def _scale(known: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Every customer as a point, the places of those to fit on, and the mean and spread of the features' logarithms."""
    logs = log_features(known)
    mean, spread = logs.mean(axis=0), logs.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)  # everybody ordered once: this feature tells nobody apart
    return (logs - mean) / spread, np.random.default_rng(SEED).permutation(len(logs))[:MOST_POINTS], mean, spread


def _build(known, points, centres, mean, spread, tried, as_of) -> ClusterModel:
    groups = _nearest(points, centres)
    middle = known["amount_total_cny"].astype("float64").groupby(groups).median()
    order = middle.sort_values(ascending=False, kind="stable").index.to_numpy()
    numbers = np.argsort(order)[groups]
    levels = tuple(tuple(_level(known, numbers == n, feature) for feature in FEATURES) for n in range(len(order)))
    rounded = [tuple(round(float(x), 10) for x in row) for row in (mean, spread, *centres[order])]
    ari, smallest = (round(one, 10) for one in tried[1:3])
    return ClusterModel(as_of.isoformat(), len(known), *rounded[:2], tuple(rounded[2:]), levels, ari, smallest)


def _level(known: pd.DataFrame, mine: np.ndarray, feature: str) -> str:
    """Where the middle of some customers lies among the thirds of all."""
    values = known[feature].astype("float64").to_numpy()
    below = (values < np.median(values[mine])).mean() + (values == np.median(values[mine])).mean() / 2
    return LEVELS[feature][0 if below < 1 / 3 else 1 if below < 2 / 3 else 2]


def _kmeans(points: np.ndarray, k: int, *, seed: int) -> np.ndarray:
    """The best of STARTS fits from seeded k-means++ starts, by the sum of squares within."""
    best, least = None, np.inf
    for start in range(STARTS):
        centres, groups = kmeans2(
            points, k, iter=60, minit="++", seed=np.random.default_rng(seed + start), missing="warn"
        )
        within = float(((points - centres[groups]) ** 2).sum())
        if within < least:
            best, least = centres, within
    return best


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return cdist(points, centres, "sqeuclidean").argmin(axis=1)


def _bootstrap_ari(points: np.ndarray, centres: np.ndarray) -> float:
    """Customers are drawn anew with replacement, fitted, and everybody placed by that fit: how alike the groups are, on average."""
    draw, groups = np.random.default_rng(SEED), _nearest(points, centres)
    likeness = []
    for n in range(RESAMPLES):
        again = _kmeans(points[draw.integers(0, len(points), len(points))], len(centres), seed=SEED + 1000 * (n + 1))
        likeness.append(adjusted_rand(groups, _nearest(points, again)))
    return float(np.mean(likeness))


def adjusted_rand(left: np.ndarray, right: np.ndarray) -> float:
    """Hubert and Arabie 1985: 1 where two groupings are the same, about 0 where they agree by chance."""
    wide = int(right.max()) + 1
    counts = np.bincount(left * wide + right, minlength=(int(left.max()) + 1) * wide).reshape(-1, wide).astype(float)
    pairs = lambda sizes: float((sizes * (sizes - 1) / 2).sum())  # noqa: E731
    both, rows, columns = pairs(counts), pairs(counts.sum(1)), pairs(counts.sum(0))
    every = pairs(np.array([counts.sum()]))
    expected, most = rows * columns / every, (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def match_clusters(kept: Sequence[int], fresh: Sequence[int]) -> dict[int, int]:
    """Numbers of a fresh grouping → numbers of the kept one, so that as many customers as can be stay where they were
    (Hungarian assignment); a fresh group without a partner gets a new number."""
    counts = pd.crosstab(pd.Series(fresh, name="fresh"), pd.Series(kept, name="kept"))
    rows, columns = linear_sum_assignment(-counts.to_numpy())
    matched = {int(counts.index[r]): int(counts.columns[c]) for r, c in zip(rows, columns, strict=True)}
    spare = iter(range(max(kept, default=0) + 1, max(kept, default=0) + 1 + len(counts)))
    return {int(one): matched[one] if one in matched else next(spare) for one in counts.index}


def refit_noise(kept: np.ndarray, fresh: np.ndarray) -> float:
    """The share of customers whom a fresh fit would move to another cluster, once its clusters are matched to the kept ones."""
    ordered = kept > 0
    if not ordered.any():
        return 0.0
    matched = match_clusters(kept[ordered].tolist(), fresh[ordered].tolist())
    return float(np.mean([matched[new] != old for old, new in zip(kept[ordered], fresh[ordered], strict=True)]))


def assign_clusters(measures: pd.DataFrame, model: ClusterModel) -> pd.DataFrame:
    """One row per customer who ordered: customer_id, cluster (1 …), recency_level, frequency_level, money_level, fitted_on."""
    numbers = model.place(measures)
    mine = measures.loc[numbers > 0, ["customer_id"]].assign(cluster=numbers[numbers > 0])
    levels = pd.DataFrame(model.levels, columns=LEVEL_COLUMNS)
    levels = levels.assign(cluster=range(1, len(levels) + 1))
    found = mine.merge(levels, on="cluster").assign(fitted_on=model.fitted_on)
    return found.astype({"cluster": "Int64"}).sort_values("customer_id", ignore_index=True)
