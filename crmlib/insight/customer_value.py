"""What each customer will be worth: orders × amount from its own past, an interval, and the proof beside the simplest rule."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.histories import Histories, OrderDays, build_histories, day_number, read_order_days
from crmlib.insight.lifetime import fit_bg_nbd, fit_gamma_gamma
from crmlib.insight.measures import customer_orders

REFITS = 30  # bootstrap samples of customers, each fitted anew
FITTED_ON = 20_000  # customers a bootstrap fit is made on: more do not move the parameters
YEAR = 365
COLUMNS = [
    "customer_id", "value_cny", "low", "high", "orders_expected", "amount_expected", "heuristic_cny", "margin_cny", "model",
]  # fmt: skip


def read_orders(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """The orders of known customers before `as_of`, cancellations and returns left out: customer_id, ordered_on, amount_cny,
    and cost_cny where any order states one."""
    orders = customer_orders(tables, as_of=as_of)
    costs = tables["orders"].select("row_id", "cost_cny")
    rows = read_frame(orders.left_join(costs, "row_id").select("customer_id", "ordered_on", "counted_cny", "cost_cny"))
    rows = rows.rename(columns={"counted_cny": "amount_cny"})
    return rows if rows["cost_cny"].notna().any() else rows.drop(columns="cost_cny")


def read_worth(days: OrderDays, *, origin: int) -> Histories:
    """Histories of the days with an amount before `origin`, with mean_amount (of an order day) and last_year (365 days) in yuan."""
    days = days.of_rows(days.amount > 0).before(origin)
    past = build_histories(days, origin=origin, horizon_days=0, features=False)
    whole, recent = (np.bincount(days.customer, some, len(days.ids)) for some in
                     (days.amount, np.where(days.day >= origin - YEAR, days.amount, 0)))  # fmt: skip
    return past._replace(features={"mean_amount": whole / (past.repeats + 1), "last_year": recent})


def score_value(
    orders: pd.DataFrame,
    *,
    as_of: date,
    horizon_days: int = 365,
    min_repeaters: int = 80,
    refits: int = REFITS,
    seed: int = 7,
) -> pd.DataFrame:
    """One row per customer: COLUMNS. value_cny is what it will buy in the horizon: the mean of BG/NBD × Gamma-Gamma and of the
    last 365 days scaled, both times the half-shift of the season.

    low and high bound value_cny for the parameters alone (80 %, from refits on drawn customers), not for one customer's luck.
    margin_cny takes each customer's own share of margin, where all its orders state a cost. Below `min_repeaters` customers
    with a second order everything but the heuristic is missing and `model` says "refused: REPEATERS_FEW".
    """
    days, origin = read_order_days(orders), day_number(as_of)
    past = read_worth(days, origin=origin)
    heuristic = past.features["last_year"] * horizon_days / YEAR
    table = pd.DataFrame({"customer_id": past.ids, "heuristic_cny": heuristic}).reindex(columns=COLUMNS)
    if (past.repeats > 0).sum() < min_repeaters:
        return table.assign(model="refused: REPEATERS_FEW")
    season = season_shift(days, origin=origin, horizon_days=horizon_days, min_repeaters=min_repeaters)
    orders_expected, amount_expected = _expect(past, past, horizon_days)
    value = (orders_expected * amount_expected + heuristic) / 2 * season
    drawn, random = [value], np.random.default_rng(seed)
    for _ in range(refits):
        sample = past.rows(random.integers(0, len(past.ids), min(len(past.ids), FITTED_ON)))
        count, amount = _expect(sample, past, horizon_days)
        drawn.append((count * amount + heuristic) / 2 * season)
    low, high = np.quantile(drawn, (0.1, 0.9), axis=0)
    margin = _margin_share(orders, as_of=as_of).reindex(past.ids).to_numpy()
    return table.assign(
        value_cny=value.round(2),
        low=np.minimum(low, value).round(2),
        high=np.maximum(high, value).round(2),
        orders_expected=orders_expected.round(10),
        amount_expected=amount_expected.round(2),
        heuristic_cny=heuristic.round(2),
        margin_cny=(value * margin).round(2),
        model="bg_nbd_gamma_gamma",
    )


def season_shift(days: OrderDays, *, origin: int, horizon_days: int, min_repeaters: int = 80) -> float:
    """Half (on the logarithm) of what the model missed in the same season last year; 1 where nothing tells.

    Needs a year and a quarter before `origin`, and enough repeat buyers a year ago.
    """
    then = origin - YEAR
    past = read_worth(days, origin=then)
    if (past.repeats > 0).sum() < min_repeaters or past.tenure.max(initial=0) < 91 or horizon_days > YEAR:
        return 1.0
    count, amount = _expect(past, past, horizon_days)
    foreseen, bought = (count * amount).sum(), _bought(days, past.ids, then, horizon_days).sum()
    return float(np.sqrt(bought / foreseen)) if foreseen > 0 and bought > 0 else 1.0


def backtest_value(
    orders: pd.DataFrame, *, origins: Sequence[date], horizon_days: int = 365, min_repeaters: int = 80
) -> pd.DataFrame:
    """One row per origin and model (model, heuristic): n, bought (yuan), capture (the share of it that the tenth foreseen as
    best bought), gini (normalised: 1 is the perfect order), total (foreseen / bought). Refused origins have no rows."""
    rows, days = [], read_order_days(orders)
    for origin in origins:
        scored = score_value(orders, as_of=origin, horizon_days=horizon_days, min_repeaters=min_repeaters, refits=0)
        if scored["value_cny"].isna().all():
            continue
        bought = _bought(days, pd.Index(scored["customer_id"]), day_number(origin), horizon_days)
        for model, column in (("model", "value_cny"), ("heuristic", "heuristic_cny")):
            rows.append((origin, model, len(scored), *judge_values(bought, scored[column].to_numpy())))
    return pd.DataFrame(rows, columns=["origin", "model", "n", "bought_cny", "capture", "gini", "total"])


def backtest_origins(orders: pd.DataFrame, *, as_of: date, horizon_days: int, most: int = 3) -> list[date]:
    """Days to look back from, the latest first told last: each one horizon before the next, from half a year of history on."""
    first = pd.to_datetime(orders["ordered_on"]).min()
    days = [(pd.Timestamp(as_of) - pd.Timedelta(days=horizon_days * n)) for n in range(1, most + 1)]
    return sorted(day.date() for day in days if pd.notna(first) and day - first >= pd.Timedelta(days=182))


def judge_values(bought: np.ndarray, foreseen: np.ndarray) -> tuple[float, float, float, float]:
    """bought in all, capture, gini, total of backtest_value. Ties stand in the order given."""
    whole = float(bought.sum())
    if whole <= 0:
        return (whole, np.nan, np.nan, np.nan)
    best = np.argsort(-foreseen, kind="stable")
    top = max(1, round(len(bought) * 0.1))
    gini = _gini(bought[best]) / _gini(np.sort(bought)[::-1])
    return (
        round(whole, 2),
        *(round(float(one), 10) for one in (bought[best[:top]].sum() / whole, gini, foreseen.sum() / whole)),
    )


def _gini(in_order: np.ndarray) -> float:
    n = len(in_order)
    return float((np.cumsum(in_order) / in_order.sum()).sum() / n - (n + 1) / (2 * n))


def _expect(fitted: Histories, asked: Histories, horizon_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders and amount per order to expect of `asked`, by the parameters of `fitted`."""
    process = fit_bg_nbd(fitted.repeats, fitted.span, fitted.tenure)
    spending = fit_gamma_gamma(fitted.repeats + 1, fitted.features["mean_amount"])
    count = process.expected_orders(horizon_days, asked.repeats, asked.span, asked.tenure)
    return count, spending.expected_amount(asked.repeats + 1, asked.features["mean_amount"])


def _bought(days: OrderDays, ids: pd.Index, origin: int, horizon_days: int) -> np.ndarray:
    later = days.of_rows((days.day >= origin) & (days.day < origin + horizon_days) & (days.amount > 0))
    sums = np.bincount(later.customer, later.amount, len(later.ids))
    return pd.Series(sums, later.ids).reindex(ids).fillna(0.0).to_numpy()


def _margin_share(orders: pd.DataFrame, *, as_of: date) -> pd.Series:
    """By customer; missing where an order before `as_of` states no cost."""
    if "cost_cny" not in orders:
        return pd.Series(dtype="float64")
    past = orders[pd.to_datetime(orders["ordered_on"]) < pd.Timestamp(as_of)]
    sums = past[["amount_cny", "cost_cny"]].astype("float64").groupby(past["customer_id"]).sum()
    complete = past["cost_cny"].notna().groupby(past["customer_id"]).all()
    share = 1 - sums["cost_cny"] / sums["amount_cny"].where(sums["amount_cny"] > 0)
    return share.where(complete)
