"""What the orders before an origin teach about the days after it: BG/NBD, and two models that learn from past origins.

BG/NBD says how many will stay silent, in every season alike. The learned models say who: their level is set to BG/NBD's, because
the base rate of past origins is that of past seasons. Their blend is used only where a rolling back-test before the origin
shows a lower Brier score than BG/NBD's. The error of BG/NBD's level in the same season a year ago then moves all, by half.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

from crmlib.insight.histories import GROUPS, Histories, OrderDays, build_histories, label_silent
from crmlib.insight.lifetime import BgNbd, fit_bg_nbd

LOGIT_FROM = 500  # customers
BOOSTED_FROM, BOOSTED_CUT_OFFS = 2000, 3
MOST_CUT_OFFS = 12
PROVED_ON = 3  # the last cut-offs on which the blend has to beat BG/NBD
LEARN_FROM = 20_000  # customers at most, drawn with a seed
SEASON_AFTER, SEASON_BACK = 456, 364  # days: 15 months of history; a year of whole weeks
COLUMNS = ("bg_nbd", "alive", "expected", *(column for columns in GROUPS.values() for column in columns))
# the columns of the logistic regression, and which of them count things, so that only ratios matter
STRAIGHT = ("bg_nbd", "expected", "silence_share", "longer_gaps", "month_share", "fading_30", "fading_90", "fading_180",
            "amount_90", "amount_180", "amount_mean", "amount_total", "amount_trend")  # fmt: skip
COUNTS = ("silence", "second_last", "third_last", "silence_by_median", "silence_by_max", "repeats", "orders_30", "orders_60",
          "orders_90", "orders_180", "tenure")  # fmt: skip


class Learned(NamedTuple):
    """A fitted classifier and the columns that it reads."""

    name: str
    columns: tuple[str, ...]
    fitted: Any

    def logits(self, features: dict[str, np.ndarray]) -> np.ndarray:
        with one_thread():
            return self.fitted.decision_function(_matrix(features, self.columns, logs=self.name == "logit"))


class Scorer(NamedTuple):
    """Everything fitted before one origin. `levels` are added to the logits of the learned models and of the blend, `season` to
    those of what is chosen."""

    bg: BgNbd
    learned: tuple[Learned, ...]
    levels: dict[str, float]
    season: float
    proved: bool  # whether the blend beat BG/NBD on the cut-offs before
    horizon_days: int

    @property
    def model(self) -> str:
        return "blend" if self.proved else "bg_nbd"

    def probabilities(self, histories: Histories) -> dict[str, np.ndarray]:
        """Of no order within the horizon, by model: bg_nbd, each learned one, their blend where there is one, and `score`, which
        is the model that was chosen. Only blend and score are moved by the season."""
        features = add_model_columns(histories, self.bg, horizon_days=self.horizon_days)
        logits = _levelled(_raw_logits(features, self.learned), self.levels)
        chosen = logits[self.model] + self.season
        if self.learned:
            logits["blend"] = logits["blend"] + self.season
        return {name: expit(values) for name, values in (logits | {"score": chosen}).items()}


class CutOff(NamedTuple):
    """A past origin whose outcome is known: one entry per customer."""

    features: dict[str, np.ndarray]
    silent: np.ndarray


def fit_scorer(days: OrderDays, *, origin: int, horizon_days: int) -> tuple[Scorer, Histories]:
    """Fitted on `days` before `origin` alone, with the histories of all customers on that day. Needs repeat buyers."""
    days = days.before(origin)
    n = len(days.ids)
    now = build_histories(days, origin=origin, horizon_days=horizon_days, features=n >= LOGIT_FROM)
    bg = fit_bg_nbd(now.repeats, now.span, now.tenure)
    season = half_season(days, origin=origin, horizon_days=horizon_days)
    plain = Scorer(bg, (), {}, season, False, horizon_days)
    if n < LOGIT_FROM:
        return plain, now
    drawn = np.sort(np.random.default_rng(0).choice(n, LEARN_FROM, replace=False)) if n > LEARN_FROM else np.arange(n)
    some = days.of(drawn)
    past = [_cut_off(some, origin=one, horizon_days=horizon_days) for one in cut_offs(days, origin, horizon_days)]
    past = [one for one in past if one is not None]
    many = n >= BOOSTED_FROM
    if not past:
        return plain, now
    learned = learn(past, boosted=many)
    levels = _levels(_raw_logits(add_model_columns(now.rows(drawn), bg, horizon_days=horizon_days), learned))
    proved = blend_is_better(past, apart=-(-horizon_days // step_of(horizon_days)), boosted=many)
    return Scorer(bg, learned, levels, season, proved, horizon_days), now


def one_thread() -> AbstractContextManager:
    """Trees this small are fitted and read fastest on one thread; on a busy machine several wait for each other, five times as long."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="openmp")


def step_of(horizon_days: int) -> int:
    return max(1, horizon_days // 3)


def cut_offs(days: OrderDays, origin: int, horizon_days: int) -> list[int]:
    """Past origins whose horizon has ended, the latest first, each with a horizon of history behind it."""
    latest, earliest = origin - horizon_days, int(days.day.min()) + horizon_days
    return list(range(latest, earliest - 1, -step_of(horizon_days)))[:MOST_CUT_OFFS]


def _cut_off(days: OrderDays, *, origin: int, horizon_days: int) -> CutOff | None:
    """None where nothing can be learned: nobody had come back, or all did the same."""
    then = build_histories(days, origin=origin, horizon_days=horizon_days)
    silent = label_silent(days, then.ids, origin=origin, horizon_days=horizon_days)
    if not (then.repeats > 0).any() or silent.all() or not silent.any():
        return None
    bg = fit_bg_nbd(then.repeats, then.span, then.tenure)
    return CutOff(add_model_columns(then, bg, horizon_days=horizon_days), silent)


def learn(past: Sequence[CutOff], *, boosted: bool) -> tuple[Learned, ...]:
    """A logistic regression, and from three cut-offs on boosted trees where asked for. Each cut-off is weighted so that its base rate
    is BG/NBD's: the models learn who, not how many."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    silent, weight = np.concatenate([one.silent for one in past]), np.concatenate([_weights(one) for one in past])
    logistic = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(),
        FunctionTransformer(np.clip, kw_args={"a_min": -3, "a_max": 3}), LogisticRegression(C=0.005, max_iter=500),
    )  # fmt: skip
    columns = STRAIGHT + COUNTS
    rows = np.concatenate([_matrix(one.features, columns, logs=True) for one in past])
    learned = [Learned("logit", columns, logistic.fit(rows, silent, logisticregression__sample_weight=weight))]
    if boosted and len(past) >= BOOSTED_CUT_OFFS:
        known = tuple(c for c in COLUMNS if any((~np.isnan(one.features[c])).any() for one in past))
        trees = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.04, max_leaf_nodes=4, min_samples_leaf=100, l2_regularization=10, max_features=0.3,
            max_bins=32, early_stopping=False, random_state=0,
        )  # fmt: skip
        rows = np.concatenate([_matrix(one.features, known, logs=False) for one in past])
        with one_thread():
            trees.fit(rows, silent, sample_weight=weight)
        learned.append(Learned("boosted", known, trees))
    return tuple(learned)


def blend_is_better(past: Sequence[CutOff], *, apart: int, boosted: bool) -> bool:
    """Whether the blend, learned from earlier cut-offs, has a lower Brier score than BG/NBD on the last ones, whose outcomes
    it could not know. `apart`: cut-offs until a horizon has ended. False where there is too little past to tell."""
    needed = BOOSTED_CUT_OFFS if boosted and len(past) >= BOOSTED_CUT_OFFS + apart else 1
    proved_on = min(PROVED_ON, len(past) - needed - apart + 1)
    if proved_on < 1:
        return False
    learned = learn(past[proved_on - 1 + apart :], boosted=boosted)
    better = 0.0
    for one in past[:proved_on]:
        raw = _raw_logits(one.features, learned)
        logits = _levelled(raw, _levels(raw))
        bg, blend = (np.mean((expit(logits[name]) - one.silent) ** 2) for name in ("bg_nbd", "blend"))
        better += bg - blend
    return bool(better > 0)


def half_season(days: OrderDays, *, origin: int, horizon_days: int) -> float:
    """Half of what BG/NBD's level lacked a year ago, on the logit; 0 below 15 months of history."""
    then = origin - SEASON_BACK
    if not len(days.day) or origin - days.day.min() < SEASON_AFTER or then + horizon_days > origin:
        return 0.0
    past = build_histories(days, origin=then, horizon_days=horizon_days, features=False)
    silent = label_silent(days, past.ids, origin=then, horizon_days=horizon_days)
    if not (past.repeats > 0).any():
        return 0.0
    said = fit_bg_nbd(past.repeats, past.span, past.tenure).p_no_order(
        horizon_days, past.repeats, past.span, past.tenure
    )
    return float((logit(silent.mean()) - logit(said.mean())) / 2)


def add_model_columns(histories: Histories, bg: BgNbd, *, horizon_days: int) -> dict[str, np.ndarray]:
    """The features and what BG/NBD makes of the history, on scales where differences are even."""
    x, span, tenure = histories.repeats, histories.span, histories.tenure
    told = {"bg_nbd": logit(bg.p_no_order(horizon_days, x, span, tenure))}
    if histories.features:
        told["alive"] = bg.p_alive(x, span, tenure)
        told["expected"] = np.log(bg.expected_orders(horizon_days, x, span, tenure) + 1e-3)
    return histories.features | told


def _matrix(features: dict[str, np.ndarray], columns: Sequence[str], *, logs: bool) -> np.ndarray:
    return np.column_stack([np.log1p(features[c]) if logs and c in COUNTS else features[c] for c in columns])


def _weights(one: CutOff) -> np.ndarray:
    level, rate = expit(one.features["bg_nbd"]).mean(), one.silent.mean()
    return np.where(one.silent, level / rate, (1 - level) / (1 - rate))


def _raw_logits(features: dict[str, np.ndarray], learned: Sequence[Learned]) -> dict[str, np.ndarray]:
    return {"bg_nbd": features["bg_nbd"]} | {one.name: one.logits(features) for one in learned}


def _levels(raw: dict[str, np.ndarray]) -> dict[str, float]:
    """What to add to the logits of each model, and then of their blend, so that all expect as many silent customers as BG/NBD."""
    mean, levels = expit(raw["bg_nbd"]).mean(), dict.fromkeys([*raw, "blend"], 0.0)
    for name in [*raw, "blend"][1:]:
        logits = _levelled(raw, levels)[name]
        levels[name] = float(brentq(lambda shift, z=logits: expit(z + shift).mean() - mean, -30, 30, xtol=1e-12))
    return levels


def _levelled(raw: dict[str, np.ndarray], levels: dict[str, float]) -> dict[str, np.ndarray]:
    """Each model at its level, and their blend."""
    logits = {name: values + levels.get(name, 0.0) for name, values in raw.items()}
    if len(raw) == 1:
        return logits
    weights = [1] + [2] * (len(raw) - 1)  # the learned models read BG/NBD's answer already
    return logits | {"blend": np.average(list(logits.values()), axis=0, weights=weights) + levels.get("blend", 0.0)}


def logit(p: np.ndarray | float) -> np.ndarray:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def expit(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))
