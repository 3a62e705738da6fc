"""The parts of scores.md on lifetime value: how well it foretells, and how fast BG/NBD is fitted beside `lifetimes`."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.insight.customer_value import judge_values, score_value
from crmlib.insight.histories import build_histories, day_number, read_order_days
from crmlib.insight.lifetime import BgNbd, fit_bg_nbd

HORIZON = 180
TEST, EARLIER = date(2011, 6, 12), [date(2010, month, 12) for month in (8, 10, 12)]
REPEATS, DRAWS = 5, 2000
# whose fit is timed and judged: run by $LIFETIMES_PYTHON, else by this one
CHILD = """
import json, sys, time
import numpy as np
from lifetimes import BetaGeoFitter
given, times = np.load(sys.argv[1]), int(sys.argv[2])
x, recency, age = (given[name] for name in ("x", "recency", "age"))
groups, weight = np.unique(np.column_stack([x, recency, age]), axis=0, return_counts=True)
def fit(grouped):
    start = time.process_time()
    fitted = BetaGeoFitter().fit(*groups.T, weights=weight) if grouped else BetaGeoFitter().fit(x, recency, age)
    return time.process_time() - start, fitted
fitted = fit(False)[1]
seconds = {name: sorted(fit(name == "grouped")[0] for _ in range(times))[times // 2] for name in ("plain", "grouped")}
params = [float(fitted.params_[name]) for name in ("r", "alpha", "a", "b")]
loss = BetaGeoFitter._negative_log_likelihood(np.log(params), x, recency, age, np.ones(len(x)), 0)
print(json.dumps({"params": params, "log_likelihood": -float(loss) * len(x), "seconds": seconds}))
"""

VALUE = """
## Lifetime value: what each customer buys in the next {days} days

Online Retail II. `model` is `score_value` (mean of BG/NBD × Gamma-Gamma and of the last 365 days scaled, times the season's half-shift), heuristic
the last 365 days scaled, `bg_nbd × gamma_gamma` the first half of the model alone, perfect the amounts that came. Captured: of all
that was bought, the share of the tenth foreseen as best, with its 90 % interval over customers drawn anew. Gini: 1 is the perfect
order. Total: foreseen ÷ bought.

{table}

Wanted: captured ≥ .64, Gini ≥ .875, total within 10 %. Gini and total are reached, the share captured is .005 short. It is not pursued. .005 is
{gap:,.0f} of {whole:,.0f} bought, and the largest customer alone bought {largest:,.0f}; the interval is {width:.2f} wide. Perfect
foresight captures {perfect:.3f}, the simplest rule .634. On the six origins 2010-07-12 … 2010-12-12, whose outcomes were known by the day, equal
weights captured .563 on average, and of 17 other ways none more than the geometric mean, by .0003: weights .25 and .75 (.556, .559), amounts of the
last 90 or 180 days in place of the year (.546, .557), fading over 90, 180 and 365 days (.554, .560, .560), the same season a year ago
beside (.549). So .635 is what could honestly be had: a change that lifts it now would have been chosen by looking.
"""

SPEED = """
## BG/NBD beside `lifetimes`, fitted in the same run

Processor seconds, median of {repeats}; `grouped`: equal histories given once with their weight, as ours finds them by itself. Log-likelihoods are each
computed by its own package, at its own parameters.

{table}

Wanted: 5 times as fast, log-likelihood within .01, parameters within 1e-3.
"""


def value_part(orders: pd.DataFrame) -> str:
    lines = ["| origin | method | n | captured | Gini | total |", "| - " * 6 + "|"]
    for origin in (*EARLIER, TEST):
        scored = score_value(orders, as_of=origin, horizon_days=HORIZON, refits=0)
        bought = _bought(orders, scored["customer_id"], origin)
        methods = {
            "model": scored["value_cny"], "heuristic": scored["heuristic_cny"],
            "bg_nbd × gamma_gamma": scored["orders_expected"] * scored["amount_expected"], "perfect": pd.Series(bought),
        }  # fmt: skip
        for name, foreseen in methods.items():
            _, capture, gini, total = judge_values(bought, foreseen.to_numpy())
            low, high = _drawn_anew(bought, foreseen.to_numpy())
            shown = f"{capture:.4f} ({low:.3f}–{high:.3f})"
            lines.append(f"| {origin} | {name} | {len(scored)} | {shown} | {gini:.4f} | {total:.4f} |")
            if name == "model":
                width = high - low
    told = {
        "whole": bought.sum(),
        "gap": bought.sum() * 0.005,
        "largest": bought.max(),
        "perfect": capture,
        "width": width,
    }
    return VALUE.format(table="\n".join(lines), days=HORIZON, **told)


def _bought(orders: pd.DataFrame, customers: pd.Series, origin: date) -> np.ndarray:
    until = pd.Timestamp(origin) + pd.Timedelta(days=HORIZON)
    later = orders[(orders["ordered_on"] >= pd.Timestamp(origin)) & (orders["ordered_on"] < until)]
    return later.groupby("customer_id")["amount_cny"].sum().reindex(customers).fillna(0.0).to_numpy()


def _drawn_anew(bought: np.ndarray, foreseen: np.ndarray) -> tuple[float, float]:
    """The 90 % interval of the share captured."""
    pick, n = np.random.default_rng(1), len(bought)
    found = []
    for _ in range(DRAWS):
        rows = pick.integers(0, n, n)
        best = rows[np.argsort(-foreseen[rows], kind="stable")[: round(n * 0.1)]]
        found.append(bought[best].sum() / bought[rows].sum())
    return tuple(np.quantile(found, (0.05, 0.95)))


def speed_part(histories: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> str:
    lines = [
        "| histories | customers | ours | lifetimes | grouped | times as fast | log-likelihood, lifetimes' | largest gap of a parameter |",
        "| - " * 8 + "|",
    ]
    for name, (x, recency, age) in histories.items():
        seconds, ours = _timed(lambda x=x, recency=recency, age=age: fit_bg_nbd(x, recency, age))
        theirs = _ask_lifetimes(x, recency, age)
        gap = max(abs(a / b - 1) for a, b in zip(ours[:4], theirs["params"], strict=True))
        plain, grouped = theirs["seconds"]["plain"], theirs["seconds"]["grouped"]
        likelihoods = f"{ours.log_likelihood:.3f}, {theirs['log_likelihood']:.3f}"
        lines.append(
            f"| {name} | {len(x):,} | {seconds:.3f} | {plain:.3f} | {grouped:.3f} | {plain / seconds:.1f} ({grouped / seconds:.1f}"
            f" where grouped) | {likelihoods} | {gap:.1e} |"
        )
    return SPEED.format(table="\n".join(lines), repeats=REPEATS)


def _timed(work: Callable[[], BgNbd]) -> tuple[float, BgNbd]:
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        made = work()
        seconds.append(time.process_time() - start)
    return sorted(seconds)[REPEATS // 2], made


def _ask_lifetimes(x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> dict:
    python = os.environ.get("LIFETIMES_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "histories.npz"
        np.savez(path, x=x, recency=recency, age=age)
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [python, "-W", "ignore", "-c", CHILD, str(path), str(REPEATS)], capture_output=True, text=True, env=plain
        )
    if done.returncode:
        raise SystemExit(
            f"lifetimes could not be run by {python} (set LIFETIMES_PYTHON to one that has it):\n{done.stderr}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def histories_in_weeks(
    orders: pd.DataFrame, *, origin: str, last_day: str = ""
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Repeat orders, recency and age before `origin`; the age counts to `last_day` where the papers do."""
    found = build_histories(read_order_days(orders), origin=day_number(origin), horizon_days=HORIZON, features=False)
    late = day_number(origin) - day_number(last_day) if last_day else 0
    return found.repeats, found.span / 7, (found.tenure - late) / 7
