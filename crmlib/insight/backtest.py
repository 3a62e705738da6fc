"""The back-test: what each model would have said on past days, against what then happened; beside it the rules that it must beat."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.insight.churn_models import cut_offs, fit_scorer
from crmlib.insight.histories import Histories, OrderDays, build_histories, day_number, label_silent, read_order_days
from crmlib.periods import add_months

MODELS = ("score", "bg_nbd", "logit", "boosted", "blend", "rfm_logit", "recency", "rule")
RANKS_ONLY = ("recency",)  # no probability
RULE_MONTHS = 3  # the sources' rule: so many calendar months without order
WARNED = 0.10  # share of the customers that a model warns of; the rule warns of those it names
BINS = 10
JUDGED = 50_000  # customers at most at one origin, drawn with a seed
COLUMNS = ("origin", "population", "model", "n", "base_rate", "auc", "average_precision", "brier", "ece", "lift_at_10", "warned",
           "warned_right", "precision", "recall")  # fmt: skip


def predict_past(
    orders: pd.DataFrame,
    *,
    origins: Sequence[date | str],
    horizon_days: int = 90,
    min_customers: int = 200,
    min_repeaters: int = 80,
    rule_months: int = RULE_MONTHS,
) -> pd.DataFrame:
    """One row per origin and customer: origin, customer_id, active, silent (what happened), and a column per model (MODELS): what
    `score_churn` would have said on that day (score), its parts up to blend, and what it must beat.

    A model that could not be fitted at an origin is missing there; all but the two rules are where there were too few customers.
    Raises DataError where an origin's horizon has not ended by the last order, as the outcome cannot be known.
    """
    days = read_order_days(orders)
    parts = []
    for one in origins:
        origin = day_number(one)
        if not len(days.day) or origin + horizon_days > days.day.max() + horizon_days / 2:
            raise DataError("error.origin_too_late", origin=pd.Timestamp(one).date(), days=horizon_days)
        parts.append(_predict(days, origin, horizon_days, min_customers, min_repeaters, rule_months))
    wanted = ["origin", "customer_id", "active", "silent", *MODELS]
    return pd.concat(parts, ignore_index=True)[wanted] if parts else pd.DataFrame(columns=wanted)


def _predict(days: OrderDays, origin: int, horizon_days: int, min_customers: int, min_repeaters: int, rule_months: int):
    known = days.before(origin)
    now = build_histories(known, origin=origin, horizon_days=horizon_days, features=False)
    n, said = len(now.ids), dict.fromkeys(MODELS, np.nan)
    enough = n >= min_customers and int((now.repeats > 0).sum()) >= min_repeaters
    if enough:
        scorer, now = fit_scorer(known, origin=origin, horizon_days=horizon_days)
    if n > JUDGED:
        now = now.rows(np.sort(np.random.default_rng(0).choice(n, JUDGED, replace=False)))
    if enough:
        said |= scorer.probabilities(now) | {
            "rfm_logit": rfm_logistic(known, now, origin=origin, horizon_days=horizon_days)
        }
    day = np.datetime64(origin, "D").astype(object)
    long_ago = day_number(add_months(day, -rule_months))
    said |= {"recency": now.silence, "rule": (origin - now.silence < long_ago).astype(float)}
    silent = label_silent(days, now.ids, origin=origin, horizon_days=horizon_days)
    return pd.DataFrame(
        {"origin": day, "customer_id": now.ids, "active": now.silence <= horizon_days, "silent": silent} | said
    ).round(dict.fromkeys(MODELS, 10))


def rfm_logistic(days: OrderDays, now: Histories, *, origin: int, horizon_days: int) -> np.ndarray | float:
    """The plain baseline: a logistic regression on logarithms of recency, frequency and money, learned at the last cut-off."""
    from sklearn.linear_model import LogisticRegression

    known = cut_offs(days, origin, horizon_days)
    if not known or not now.features:
        return np.nan
    then = build_histories(days, origin=known[0], horizon_days=horizon_days)
    silent = label_silent(days, then.ids, origin=known[0], horizon_days=horizon_days)
    if silent.all() or not silent.any():
        return np.nan
    rows = [
        np.column_stack([np.log1p(h.silence), np.log1p(h.repeats), np.nan_to_num(h.features["amount_total"])])
        for h in (then, now)
    ]
    return LogisticRegression(max_iter=500).fit(rows[0], silent).predict_proba(rows[1])[:, 1]


def measure_past(past: pd.DataFrame) -> pd.DataFrame:
    """Rows of `predict_past` → one row per origin, population and model (COLUMNS). Population "active": ordered within the last
    horizon before the origin. `warned`: the tenth with the highest risk (of the rule: those it names), `precision` how many
    of them stayed silent, `recall` how many of all silent ones were warned of."""
    rows = []
    for origin, here in past.groupby("origin", sort=True):
        for population, some in (("all", here), ("active", here[here["active"].astype(bool)])):
            silent = some["silent"].to_numpy(bool)
            for model in MODELS:
                said = some[model].to_numpy(float)
                if len(said) and not np.isnan(said).any():
                    rows.append((origin, population, model, *measure_scores(silent, said, model).values()))
    return pd.DataFrame(rows, columns=list(COLUMNS)).round(10)


def measure_scores(silent: np.ndarray, said: np.ndarray, model: str = "score") -> dict[str, float]:
    """n, base_rate, auc, average_precision, brier, ece, lift_at_10, warned, warned_right, precision, recall. Missing where not defined:
    no ranking where all did the same, no Brier score and ECE of what is no probability."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    n, rate = len(silent), float(silent.mean())
    both = 0 < rate < 1
    first = np.argsort(-said, kind="stable")
    warned = said > 0.5 if model == "rule" else np.isin(np.arange(n), first[: max(1, round(n * WARNED))])
    right = int((warned & silent).sum())
    precision = right / warned.sum() if warned.any() else np.nan
    return {
        "n": n,
        "base_rate": rate,
        "auc": roc_auc_score(silent, said) if both else np.nan,
        "average_precision": average_precision_score(silent, said) if both else np.nan,
        "brier": np.nan if model in RANKS_ONLY else float(np.mean((said - silent) ** 2)),
        "ece": np.nan if model in RANKS_ONLY else expected_calibration_error(silent, said),
        "lift_at_10": precision / rate if rate else np.nan,
        "warned": int(warned.sum()),
        "warned_right": right,
        "precision": precision,
        "recall": right / silent.sum() if silent.any() else np.nan,
    }


def reliability(silent: np.ndarray, said: np.ndarray, *, bins: int = BINS) -> pd.DataFrame:
    """One row per bin of equally many customers, the lowest risk first: bin, n, said (mean), happened (share)."""
    order = np.argsort(said, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    rows = [(i, len(part), said[part].mean(), silent[part].mean()) for i, part in enumerate(parts, start=1)]
    return pd.DataFrame(rows, columns=["bin", "n", "said", "happened"]).round(10)


def expected_calibration_error(silent: np.ndarray, said: np.ndarray) -> float:
    """The mean distance, over ten bins of equally many customers, between what was said and what happened."""
    bins = reliability(silent, said)
    return float(np.average((bins["said"] - bins["happened"]).abs(), weights=bins["n"]))


def past_reliability(past: pd.DataFrame) -> pd.DataFrame:
    """`reliability` of the score over all origins together: population, bin, n, said, happened."""
    known = past[past["score"].notna()]
    parts = [
        reliability(some["silent"].to_numpy(bool), some["score"].to_numpy(float)).assign(population=population)
        for population, some in (("all", known), ("active", known[known["active"].astype(bool)]))
        if len(some)
    ]
    columns = ["population", "bin", "n", "said", "happened"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def past_origins(orders: pd.DataFrame, *, as_of: date, horizon_days: int, most: int = 6) -> list[date]:
    """Up to `most` days before `as_of`, a third of the horizon apart, each with its outcome known and a horizon of history before it."""
    days = read_order_days(orders).before(day_number(as_of))
    if not len(days.day):
        return []
    found = cut_offs(days, day_number(as_of), horizon_days)[:most]
    return [np.datetime64(one, "D").astype(object) for one in reversed(found)]
