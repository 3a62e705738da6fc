"""How stable clusters are, month by month, and what they tell beyond tiers: real orders (Online Retail II) and the sample.

    python benchmarks/clusters.py --orders ../shared/data/orders/online_retail_II.parquet [--book HOME] [--out benchmarks/clusters.md]

The model is fitted on the first day and kept; every later day it is fitted anew, matched, and compared with the kept one.
"""

import argparse
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.insight.cluster_worth import compare_groupings, gain_of_clusters
from crmlib.insight.clusters import ClusterModel, assign_clusters, fit_clusters, refit_clusters, refit_noise
from crmlib.insight.segments import assign_segments, score_rfm
from crmlib.periods import add_months
from crmlib.settings import parse_settings

RULES = parse_settings().clusters
LIMITS = parse_settings().tiers


def orders_of(path: Path) -> pd.DataFrame:
    """Order lines with a customer: customer_id, order_id, ordered_on, amount, is_order."""
    lines = pd.read_parquet(path).dropna(subset=["CustomerID"])
    amount = lines["Quantity"] * lines["UnitPrice"]
    cancelled = lines["InvoiceNo"].astype("str").str.startswith("C")
    return pd.DataFrame(
        {
            "customer_id": lines["CustomerID"].astype("int64").astype("str"),
            "order_id": lines["InvoiceNo"],
            "ordered_on": lines["InvoiceDate"],
            "amount": amount,
            "is_order": ~cancelled & (amount >= 0),
        }
    )


def measures_on(orders: pd.DataFrame, day: date) -> pd.DataFrame:
    """What `measure_customers` gives of them, for all who ordered before the day."""
    seen = orders[orders["ordered_on"] < pd.Timestamp(day)]
    bought = seen[seen["is_order"]].groupby("customer_id")
    year = seen[seen["ordered_on"] >= pd.Timestamp(add_months(day, -12))].groupby("customer_id")["amount"].sum()
    table = pd.DataFrame(
        {
            "days_since_last_order": (pd.Timestamp(day) - bought["ordered_on"].max()).dt.days,
            "last_ordered_on": bought["ordered_on"].max(),
            "orders_total": bought["order_id"].nunique(),
            "amount_total_cny": seen.groupby("customer_id")["amount"].sum(),
        }
    )
    return table.dropna().assign(amount_12m_cny=year).fillna({"amount_12m_cny": 0.0}).reset_index()


def worth_on(orders: pd.DataFrame, model: ClusterModel, day: date) -> tuple[float, pd.Series]:
    """What clusters of `day` explain of the next three months' buying beyond value × risk tiers, and each grouping's share.

    The amounts are pounds: the value lines are put where the same shares of customers as in the sample are high and middle.
    """
    measures = measures_on(orders, day)
    end = pd.Timestamp(add_months(day, 3))
    coming = orders[(orders["ordered_on"] >= pd.Timestamp(day)) & (orders["ordered_on"] < end)]
    bought = measures["customer_id"].map(coming.groupby("customer_id")["amount"].sum()).fillna(0).clip(lower=0)
    value = pd.cut(
        measures["amount_12m_cny"].rank(pct=True), [0, 0.75, 0.92, 1], labels=["low", "middle", "high"]
    ).astype("str")
    lapsed = measures["last_ordered_on"] < pd.Timestamp(add_months(day, -LIMITS.risk.lost_months))
    tiers = value + lapsed.map({True: "lost", False: "stable"})
    clusters = pd.Series(model.place(measures)).astype("str")
    segments = assign_segments(score_rfm(measures), parse_settings().segments)["segment"]
    groupings = {"value_risk": tiers, "segments": segments, "clusters": clusters, "tiers_clusters": tiers + clusters}
    table = compare_groupings(np.log1p(bought.to_numpy(dtype=float)), groupings)
    shares = table.set_index("grouping")["eta2_adjusted"]
    return gain_of_clusters(table), shares


def run_months(name: str, measures_of, days: list[date]) -> list[str]:
    """One line per day: the kept model's first fit, then how many customers a fresh fit would move."""
    lines, kept = [], None
    for day in days:
        measures, started = measures_of(day), time.process_time()
        if kept is None:
            kept, _ = fit_clusters(measures, rules=RULES, as_of=day)
            noise, model = None, kept
        else:
            model = refit_clusters(measures, kept, as_of=day)
            noise = refit_noise(kept.place(measures), model.place(measures))
        if kept is None:
            return [f"| {name} | {day} | {len(measures):,} | – | – | – | no stable clusters |"]
        good = model.ari >= RULES.min_ari and model.smallest >= RULES.min_share
        verdict = "fitted" if noise is None else "taken" if noise <= RULES.max_noise and good else "refused"
        sizes = assign_clusters(measures, model)["cluster"].value_counts(normalize=True).min()
        told = "–" if noise is None else f"{noise:.1%}"
        lines.append(
            f"| {name} | {day} | {len(measures):,} | {len(model.centres)} | {model.ari:.3f} | {sizes:.1%} | {told} | {verdict} |"
            f" {time.process_time() - started:.1f} |"
        )
        if verdict == "taken":
            kept = model
    return lines


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--orders", type=Path, required=True)
    arguments.add_argument("--book", type=Path)
    arguments.add_argument("--out", type=Path)
    asked = arguments.parse_args()
    orders = orders_of(asked.orders)
    days = [add_months(date(2010, 12, 1), n) for n in range(0, 13)]
    lines = run_months("Online Retail II", lambda day: measures_on(orders, day), days)
    if asked.book:
        from crmlib.book import open_book
        from crmlib.insight.measures import measure_customers

        tables = open_book(asked.book).tables
        sample = [add_months(date(2024, 1, 1), n) for n in range(7)]
        lines += run_months("sample", lambda day: measure_customers(tables, as_of=day), sample)
    worth = []
    for day in (date(2011, 3, 1), date(2011, 6, 1), date(2011, 9, 1)):
        model, _ = fit_clusters(measures_on(orders, day), rules=RULES, as_of=day)
        gain, shares = worth_on(orders, model, day)
        told = " | ".join(f"{shares[one]:.3f}" for one in ("value_risk", "segments", "clusters", "tiers_clusters"))
        worth.append(f"| {day} | {told} | {gain:+.3f} |")
    text = "\n".join([*HEAD, *lines, *WORTH, *worth, ""])
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


HEAD = [
    "# Clusters: how stable, and what they add",
    "",
    "By `python benchmarks/clusters.py` (see there). Asked for: bootstrap ARI of 0.90 or more, no cluster under 5 %; a fresh fit that",
    "moves more than 5 % of customers is refused and the kept clusters hold. ARI is the mean over 20 resamples.",
    "",
    "| data | day | customers | clusters | bootstrap ARI | smallest | moved by a fresh fit | outcome | CPU s |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
]
WORTH = [
    "",
    "What each grouping explains of the next three months' buying (log amount; epsilon², which is eta² less what the number of",
    "groups would explain by chance), Online Retail II:",
    "",
    "| day | value × risk tiers | RFM segments | clusters | tiers and clusters | clusters add |",
    "| --- | --- | --- | --- | --- | --- |",
]

if __name__ == "__main__":
    main()
