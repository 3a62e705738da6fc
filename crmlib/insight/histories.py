"""Order histories: what a customer's order days before an origin say about the next ones, one row of numbers a customer.

Everything is computed from days strictly before the origin, on flat arrays sorted by customer and day, without a loop over customers.
"""

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

WINDOWS = (30, 60, 90, 180, 365)
FADES = (30, 90, 180)
YEAR = 365
# group → its columns: what a driver hides together. What BG/NBD says follows from silence and frequency.
GROUPS: dict[str, tuple[str, ...]] = {
    "silence": (
        "silence", "silence_share", "second_last", "third_last", "fourth_last", "silence_by_mean", "silence_by_median",
        "silence_by_max", "longer_gaps",
    ),
    "frequency": (
        "repeats", "tenure", "gap_mean", "gap_median", "gap_max", "gap_min", "gap_sd", "gap_last", "months_with_orders",
        "month_share", *(f"orders_{w}" for w in WINDOWS), *(f"fading_{w}" for w in FADES),
    ),
    "amount": (
        *(f"amount_{w}" for w in WINDOWS), "amount_mean", "amount_max", "amount_last", "amount_total", "amount_trend",
    ),
    "season": ("orders_last_year",),
}  # fmt: skip


class OrderDays(NamedTuple):
    """One entry per customer and day with an order, sorted by both. `customer` is a place in `ids`, `day` counts from 1970."""

    ids: pd.Index
    customer: np.ndarray
    day: np.ndarray
    amount: np.ndarray  # missing where no amount of that day is known

    def before(self, origin: int) -> "OrderDays":
        """What was known on the morning of `origin`: later days are gone, and customers who only come later."""
        return self.of_rows(self.day < origin)

    def of(self, places: np.ndarray) -> "OrderDays":
        """These customers alone."""
        wanted = np.zeros(len(self.ids), bool)
        wanted[places] = True
        return self.of_rows(wanted[self.customer])

    def of_rows(self, rows: np.ndarray) -> "OrderDays":
        places, customer = np.unique(self.customer[rows], return_inverse=True)
        return OrderDays(self.ids[places], customer, self.day[rows], self.amount[rows])


class Histories(NamedTuple):
    """One entry per customer: what BG/NBD needs, in days, and the features beside it, by name (none where none were asked for)."""

    ids: pd.Index
    repeats: np.ndarray
    span: np.ndarray  # first order to last
    tenure: np.ndarray  # first order to the origin
    features: dict[str, np.ndarray]

    @property
    def silence(self) -> np.ndarray:
        return self.tenure - self.span

    def rows(self, places: np.ndarray) -> "Histories":
        named = {name: values[places] for name, values in self.features.items()}
        return Histories(self.ids[places], self.repeats[places], self.span[places], self.tenure[places], named)


def read_order_days(orders: pd.DataFrame) -> OrderDays:
    """orders: customer_id, ordered_on, amount_cny. Rows without a customer or a day, and returns (below 0), are no orders."""
    amount = pd.to_numeric(orders["amount_cny"], errors="coerce").astype("float64").to_numpy(na_value=np.nan)
    when = pd.to_datetime(orders["ordered_on"])
    known = (orders["customer_id"].notna() & when.notna()).to_numpy() & ~(amount < 0)
    customer, ids = pd.factorize(orders["customer_id"][known], sort=True)
    day, amount = when[known].to_numpy("datetime64[D]").astype(np.int64), amount[known]
    order = np.lexsort((amount, day, customer))  # the amount too: sums of floats depend on their order
    customer, day, amount = customer[order], day[order], amount[order]
    starts = _starts(customer, day)
    if not len(starts):
        return OrderDays(pd.Index(ids), customer, day, amount)
    sums = np.add.reduceat(np.nan_to_num(amount), starts)
    told = np.add.reduceat(~np.isnan(amount), starts, dtype=np.int64) > 0
    return OrderDays(pd.Index(ids), customer[starts], day[starts], np.where(told, sums, np.nan))


def day_number(day: date | str | pd.Timestamp) -> int:
    return int(np.datetime64(pd.Timestamp(day), "D").astype(np.int64))


def label_silent(days: OrderDays, ids: pd.Index, *, origin: int, horizon_days: int) -> np.ndarray:
    """Whether each of `ids` has no order in [origin, origin + horizon_days)."""
    within = (days.day >= origin) & (days.day < origin + horizon_days)
    return ~ids.isin(days.ids[np.unique(days.customer[within])])


def build_histories(days: OrderDays, *, origin: int, horizon_days: int, features: bool = True) -> Histories:
    """One row per customer with an order before `origin`, in the order of ids. What rests on gaps is missing without them."""
    ids, customer, day, amount = days.before(origin)
    starts = _starts(customer)
    ends = np.append(starts[1:], len(day))[: len(starts)]
    n, tenure, silence = ends - starts, origin - day[starts], origin - day[ends - 1]
    span = tenure - silence
    plain = Histories(ids, n - 1.0, span.astype(np.float64), tenure.astype(np.float64), {})
    if not features or not len(ids):
        return plain
    f: dict[str, np.ndarray] = {
        "silence": silence,
        "silence_share": silence / tenure,
        "tenure": tenure,
        "repeats": n - 1,
    }
    for k, name in ((2, "second_last"), (3, "third_last"), (4, "fourth_last")):
        f[name] = np.where(n >= k, origin - day[np.maximum(ends - k, starts)], np.nan)
    f |= _gaps(day, customer, starts, n, silence=silence, span=span)
    f |= _counts(origin - day, amount, customer, starts, tenure, horizon_days=horizon_days)
    f |= _amounts(amount, starts, ends)
    return plain._replace(features={name: np.asarray(values, np.float64) for name, values in f.items()})


def _counts(age, amount, customer, starts, tenure, *, horizon_days) -> dict[str, np.ndarray]:
    """Orders and amounts by how long ago they were; `orders_last_year` are those of the season that comes, a year ago."""

    def per(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.asarray(values, np.float64), starts)

    known, month = np.nan_to_num(amount), age // 30
    f = {f"orders_{w}": per(age <= w) for w in WINDOWS}
    f |= {f"amount_{w}": np.log1p(per(np.where(age <= w, known, 0))) for w in WINDOWS}
    f |= {f"fading_{w}": np.log1p(per(np.exp(-age / w))) for w in FADES}
    f["months_with_orders"] = per(np.append(True, (month[1:] != month[:-1]) | (customer[1:] != customer[:-1])))
    f["month_share"] = f["months_with_orders"] / np.maximum(tenure / 30, 1)
    a_year_ago = (age <= YEAR) & (age > YEAR - horizon_days)
    f["orders_last_year"] = np.where(tenure > YEAR - horizon_days, per(a_year_ago), np.nan)
    return f


def _gaps(day, customer, starts, n, *, silence, span) -> dict[str, np.ndarray]:
    """The days between orders of one customer, and today's silence measured by them."""
    inner = customer[1:] == customer[:-1]
    gap, whose = np.diff(day)[inner], customer[1:][inner]
    many = n > 1
    out = {
        name: np.full(len(starts), np.nan)
        for name in ("gap_max", "gap_min", "gap_median", "gap_sd", "gap_last", "longer_gaps")
    }
    mean = np.where(many, span / np.maximum(n - 1, 1), np.nan)
    if len(gap):
        first = _starts(whose)
        out["gap_max"][many], out["gap_min"][many] = np.maximum.reduceat(gap, first), np.minimum.reduceat(gap, first)
        out["gap_last"][many] = gap[np.append(first[1:], len(gap)) - 1]
        ordered, k = gap[np.lexsort((gap, whose))], n[many] - 1
        out["gap_median"][many] = (ordered[first + (k - 1) // 2] + ordered[first + k // 2]) / 2
        squares = np.add.reduceat((gap - mean[whose]) ** 2, first)
        out["gap_sd"][many] = np.where(k > 1, np.sqrt(squares / np.maximum(k - 1, 1)), np.nan)
        out["longer_gaps"][many] = np.add.reduceat((gap > silence[whose]).astype(np.float64), first) / k
    by = {"mean": mean, "median": out["gap_median"], "max": out["gap_max"]}
    return out | {"gap_mean": mean} | {f"silence_by_{k}": silence / np.maximum(v, 1) for k, v in by.items()}


def _amounts(amount: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> dict[str, np.ndarray]:
    """Logarithms; missing where no amount is known."""
    told = np.add.reduceat(~np.isnan(amount), starts, dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.where(told > 0, np.add.reduceat(np.nan_to_num(amount), starts), np.nan)
        largest = np.where(told > 0, np.maximum.reduceat(np.nan_to_num(amount), starts), np.nan)
        raw = {"total": total, "mean": total / told, "max": largest, "last": amount[ends - 1]}
        out = {f"amount_{name}": np.log(np.maximum(values, 1)) for name, values in raw.items()}
    return out | {"amount_trend": out["amount_last"] - out["amount_mean"]}


def _starts(*keys: np.ndarray) -> np.ndarray:
    """Where a new run of equal keys begins."""
    if not len(keys[0]):
        return np.zeros(0, np.int64)
    changed = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.flatnonzero(np.append(True, changed))
