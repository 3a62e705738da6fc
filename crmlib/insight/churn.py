"""Churn risk: the probability that a customer places no order within the next days, with its drivers, or a refusal that says why."""

from datetime import date

import numpy as np
import pandas as pd

from crmlib.insight.churn_models import fit_scorer
from crmlib.insight.drivers import explain_scores
from crmlib.insight.histories import build_histories, day_number, read_order_days
from crmlib.labels import Say

COLUMNS = ("customer_id", "p_no_order", "horizon_days", "drivers", "model")
REFUSED = "refused: "


def score_churn(
    orders: pd.DataFrame,
    *,
    as_of: date | str,
    horizon_days: int = 90,
    min_customers: int = 200,
    min_repeaters: int = 80,
) -> pd.DataFrame:
    """One row per customer with an order before `as_of`, sorted by customer_id: customer_id, p_no_order (no order within
    [as_of, as_of + horizon_days)), horizon_days, drivers (JSON, see `tell_drivers`), model.

    orders: customer_id, ordered_on, amount_cny; several rows of one day are one order, negative amounts are returns and no order.
    model: "bg_nbd", or "blend" where its back-test before `as_of` was better; "refused: CUSTOMERS 120/200" or "refused: REPEATERS
    45/80" where there are too few to tell: then p_no_order is missing for everybody.
    """
    origin = day_number(as_of)
    days = read_order_days(orders).before(origin)
    plain = build_histories(days, origin=origin, horizon_days=horizon_days, features=False)
    n, again = len(plain.ids), int((plain.repeats > 0).sum())
    refused = (
        f"CUSTOMERS {n}/{min_customers}" if n < min_customers
        else f"REPEATERS {again}/{min_repeaters}" if again < max(min_repeaters, 1)
        else ""
    )  # fmt: skip
    if refused:
        return _table(plain.ids, np.full(n, np.nan), horizon_days, ["[]"] * n, REFUSED + refused)
    scorer, now = fit_scorer(days, origin=origin, horizon_days=horizon_days)
    score = scorer.probabilities(now)["score"]
    return _table(now.ids, score.round(10), horizon_days, explain_scores(scorer, now, score), scorer.model)


def active_since(churn: pd.DataFrame, orders: pd.DataFrame, *, as_of: date, days: int) -> pd.Series:
    """Whether each customer of `churn` ordered within the last `days` before `as_of`."""
    known = read_order_days(orders).before(day_number(as_of))
    recent = known.ids[np.unique(known.customer[known.day >= day_number(as_of) - days])]
    return churn["customer_id"].isin(recent)


def tell_model(model: str, say: Say) -> str:
    """What was used, or why nothing could be."""
    if not model.startswith(REFUSED):
        return say(f"churn_model.{model}")
    what, counts = model.removeprefix(REFUSED).split()
    found, wanted = counts.split("/")
    return say(f"churn_model.few_{what.lower()}", found=found, wanted=wanted)


def _table(ids: pd.Index, p: np.ndarray, horizon_days: int, drivers: list[str], model: str) -> pd.DataFrame:
    columns = {"customer_id": ids, "p_no_order": p, "horizon_days": horizon_days, "drivers": drivers, "model": model}
    return pd.DataFrame(columns).astype({"p_no_order": "Float64", "drivers": "str", "model": "str"})[list(COLUMNS)]
