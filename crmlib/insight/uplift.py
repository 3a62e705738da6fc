"""Uplift: whether looking after customers at risk makes more of them order, beside a share who were left alone by chance.

Who is left alone is recomputed, not remembered: a keyed hash of customer and plan day decides, so that every later run finds the
same draw. Rows that come late, or customers united since, can change whom a past day would have drawn.
"""

import hashlib
import math
from collections.abc import Collection, Mapping
from datetime import date, timedelta

import ibis
import pandas as pd
import pyarrow as pa

from crmlib.engine import money, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.measures import active_customers, customer_orders, orders_before
from crmlib.insight.names import name_rows
from crmlib.insight.tiers import basis_start, label_value
from crmlib.intervals import Z, newcombe
from crmlib.judging import Churn
from crmlib.periods import add_months
from crmlib.settings import Settings

LEAST = 30  # ended assignments of each group, below which no difference is told
DETECT = 0.10  # the difference that a comparison should be able to see …
FAR = 36_500  # days: longer than anybody waits
Z_POWER = 0.8416212335729143  # … in four cases of five
DAY = pd.ArrowDtype(pa.date32())
DRAWN = ["customer_id", "group", "value", "assigned_on", "until"]
COLUMNS = [*DRAWN, "ordered_on", "contacted_on", "ended"]
EFFECT = [
    "at_risk", "contacted", "contacted_ordered", "contacted_reached", "held_out", "held_out_ordered", "held_out_reached",
    "difference", "low", "high", "open", "open_held_out", "base_rate", "needed", "ready_on",
]  # fmt: skip


def eligible_customers(tables: Tables, *, settings: Settings, days: Collection[date]) -> pd.DataFrame:
    """One row per day of `days` and active customer whom a plan of that day looks after as at risk (risk tier churn_risk) and
    whose value tier may be held out: on, customer_id, value (tier). Sorted by both."""
    lost, rows = settings.tiers.risk.lost_months, []
    for day in sorted(set(days)):
        rows.append((day, add_months(day, -lost), basis_start(settings, as_of=day) or date(1, 1, 1)))
    frame = pd.DataFrame(rows, columns=["on", "lost_before", "value_since"]).astype(DAY)
    plans = ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False))
    orders = orders_before(tables, as_of=max(days)).semi_join(active_customers(tables), "customer_id")
    known = orders.inner_join(plans, orders.ordered_on < plans.on)
    facts = known.group_by("on", "lost_before", "customer_id").agg(
        last_ordered_on=known.ordered_on.max(where=known.is_order),
        amount_cny=money(known.counted_cny.sum(where=known.ordered_on >= known.value_since)),
    )
    facts = facts.filter(facts.last_ordered_on < facts.lost_before)
    found = read_frame(facts.select("on", "customer_id", value=label_value(facts, settings.tiers.value)))
    found = found[~found["value"].isin(settings.churn.hold_out_spare)]
    return found.sort_values(["on", "customer_id"], ignore_index=True)


def plan_days(since: date | None, *, as_of: date) -> list[date]:
    """The first of each month from `since` to `as_of`: a plan of each day draws. None without `since`."""
    if since is None:
        return []
    first = add_months(since - timedelta(days=1), 1).replace(day=1)
    months = (as_of.year - first.year) * 12 + as_of.month - first.month
    return [add_months(first, n) for n in range(months + 1)]


def choose_group(customer_id: str, *, on: date, share: float) -> str:
    """held_out for `share` of the customers, by chance but always the same ones; else contacted."""
    drawn = hashlib.blake2b(f"{customer_id}|{on.isoformat()}".encode(), key=b"hold-out", digest_size=8).digest()
    return "held_out" if int.from_bytes(drawn) < share * 2**64 else "contacted"


def draw_hold_out(eligible: pd.DataFrame, *, rules: Churn, days: Collection[date]) -> pd.DataFrame:
    """Rows of `eligible_customers` → one row per assignment: customer_id, group, value, assigned_on, until (a horizon later).
    Sorted by customer, day. On each of `days` whoever is eligible and not under an assignment is drawn."""
    drawn = []
    for day in days if rules.hold_out else ():
        bound = {one for part in drawn if part["until"].iloc[0] > day for one in part["customer_id"]}
        found = eligible[eligible["on"].eq(day) & ~eligible["customer_id"].isin(bound)]
        if len(found):
            groups = [choose_group(one, on=day, share=rules.hold_out) for one in found["customer_id"]]
            drawn.append(found.assign(group=groups, assigned_on=day, until=day + timedelta(days=rules.horizon_days)))
    rows = pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(columns=DRAWN)
    kinds = dict.fromkeys(("customer_id", "group", "value"), "str") | dict.fromkeys(("assigned_on", "until"), DAY)
    return rows[DRAWN].astype(kinds).sort_values(["customer_id", "assigned_on"], ignore_index=True)


def follow_hold_out(drawn: pd.DataFrame, tables: Tables, *, as_of: date) -> pd.DataFrame:
    """What became of each assignment before `as_of`: ordered_on and contacted_on (first day within it; by us, or by whom is not
    told), ended (its horizon has passed)."""
    orders = customer_orders(tables, as_of=as_of, start=drawn["assigned_on"].min() if len(drawn) else as_of)
    talks = tables["interactions"].filter(lambda t: t.direction.fill_null("out") == "out")
    talks = talks.select("customer_id", on=talks.occurred_at.date()).filter(lambda t: t.on < as_of)
    days = {"ordered_on": orders.select("customer_id", on="ordered_on"), "contacted_on": talks}
    for name, rows in days.items():
        known = read_frame(rows.distinct()).merge(drawn, on="customer_id")
        known = known[(known["on"] >= known["assigned_on"]) & (known["on"] < known["until"])]
        first = known.groupby(["customer_id", "assigned_on"], as_index=False)["on"].min().rename(columns={"on": name})
        drawn = drawn.merge(first, on=["customer_id", "assigned_on"], how="left")
    return drawn.assign(ended=(drawn["until"] <= as_of).astype(bool))[COLUMNS]


def measure_uplift(
    followed: pd.DataFrame, *, rules: Churn, pool: int, base_rate: float | None, as_of: date
) -> pd.DataFrame:
    """One row (EFFECT): the shares who ordered in ended assignments, as drawn, whoever was in fact reached, and the difference,
    contacted less held out, with its 95 % interval (Newcombe); missing below LEAST ended of each.

    at_risk: the `pool` that may be held out now. open, open_held_out: assignments that run. base_rate: of those held out; with
    too few, as given. needed: held-out assignments until DETECT is seen; ready_on: when that may be, at this pool each horizon.
    """
    counts, running = [], followed[~followed["ended"]]
    for group in ("contacted", "held_out"):
        some = followed[followed["ended"] & followed["group"].eq(group)]
        counts.append((len(some), int(some["ordered_on"].notna().sum()), int(some["contacted_on"].notna().sum())))
    (n, ordered, _), (alone, alone_ordered, _) = counts
    difference = low = high = math.nan
    if min(n, alone) >= LEAST:
        difference, (low, high) = ordered / n - alone_ordered / alone, newcombe(ordered, n, alone_ordered, alone)
        base_rate = alone_ordered / alone
    needed = ready_on = None
    if base_rate is not None and rules.hold_out:
        needed = size_hold_out(base_rate, share=rules.hold_out)
        horizons = math.ceil(max(needed - alone, 0) / (rules.hold_out * pool)) if pool else math.inf
        if horizons * rules.horizon_days < FAR:
            ready_on = as_of + timedelta(days=horizons * rules.horizon_days)
    held = int(running["group"].eq("held_out").sum())
    row = (pool, *counts[0], *counts[1], difference, low, high, len(running), held, base_rate, needed, ready_on)
    shares = dict.fromkeys(("difference", "low", "high", "base_rate"), "float64")
    kinds = shares | {"needed": "Int64", "ready_on": DAY}
    return pd.DataFrame([row], columns=EFFECT).astype(kinds).round(dict.fromkeys(shares, 10))


def size_hold_out(base_rate: float, *, share: float, detect: float = DETECT) -> int:
    """How many must be held out to see `detect` more orders among the others, at 5 % and a power of 80 % (Fleiss, Levin, Paik 2003,
    eq. 4.14 without correction): base_rate orders unasked, and (1 − share) / share are contacted for each held out."""
    contacted, more = (1 - share) / share, min(base_rate + detect, 1.0)
    mean = (base_rate + contacted * more) / (1 + contacted)
    alike = math.sqrt((1 + 1 / contacted) * mean * (1 - mean))
    apart = math.sqrt(base_rate * (1 - base_rate) + more * (1 - more) / contacted)
    return max(LEAST, math.ceil(((Z * alike + Z_POWER * apart) / detect) ** 2))


def compute_uplift(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """hold_out (one row per assignment since `hold_out_from`, with name and owner) and uplift (one row)."""
    rules, then = settings.churn, as_of - timedelta(days=settings.churn.horizon_days)
    days = plan_days(rules.hold_out_from, as_of=as_of)
    eligible = eligible_customers(tables, settings=settings, days=[*days, then, as_of])
    followed = follow_hold_out(draw_hold_out(eligible, rules=rules, days=days), tables, as_of=as_of)
    orders = customer_orders(tables, as_of=as_of, start=then)
    again = read_frame(orders.select("customer_id").distinct())["customer_id"]
    before = eligible[eligible["on"].eq(then)]["customer_id"]  # one horizon ago: how many have come back since
    rate = float(before.isin(again).mean()) if len(before) >= LEAST else None
    uplift = measure_uplift(
        followed, rules=rules, pool=int(eligible["on"].eq(as_of).sum()), base_rate=rate, as_of=as_of
    )
    return {"hold_out": name_rows(followed, tables), "uplift": uplift}


def uplift_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    one = results["uplift"].iloc[0]
    n, running = one["contacted"] + one["held_out"], "SELECT customer_id FROM hold_out WHERE NOT ended"
    ended = "SELECT customer_id FROM hold_out WHERE ended"
    return [
        state_figure("held_out", "churn", one["open_held_out"], "customers", one["open"], f"{running} AND \"group\" = 'held_out'"),
        state_figure("uplift", "churn", one["difference"], "share", n, ended, better="up"),
    ]  # fmt: skip
