"""How well scores foretell, on real orders: writes benchmarks/scores.md.

    OMP_NUM_THREADS=1 python benchmarks/scores.py [--data DIR] [--part churn|few|cost|value|speed]…

Data: Online Retail II and the CDNOW files, as $CRM_REAL_DATA/orders has them (default ../shared/data). A part of the file stands
between two marks and is written by its own function. `speed` needs `lifetimes` (extra `bench`), here or by $LIFETIMES_PYTHON.
"""

import argparse
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scores_value import histories_in_weeks, speed_part, value_part

from crmlib.insight.backtest import measure_past, measure_scores, predict_past
from crmlib.insight.churn import score_churn
from crmlib.insight.lifetime import fit_bg_nbd

HERE = Path(__file__).parent
ORIGINS = [f"2011-{month:02d}-11" for month in range(4, 10)]
EARLIER = [f"2010-{month:02d}-11" for month in range(7, 13)] + ["2011-01-11"]
SHOWN = ["auc", "average_precision", "brier", "ece", "lift_at_10", "precision", "recall"]


CHURN = """
## Churn: the probability of no order in the next 90 days

`score` is what `score_churn` would have said on that day; bg_nbd, logit, boosted and blend are its parts. It must beat rfm_logit (a logistic
regression on recency, frequency and money, learned at the last known day), recency (longest silence first) and rule (no order for
three calendar months). "active": ordered in the 90 days before. Warned of: the tenth of highest risk, of the rule all that it names; precision
is how many of them stayed silent, recall how many of the silent were among them. ECE: ten groups of equal size. Features and the models
use days strictly before the origin, training days c with c + 90 days ≤ origin.

### Online Retail II, mean of the six monthly origins 2011-04-11 … 2011-09-11

{test}

{by_origin}

Wanted: all AUC ≥ .8165, Brier ≤ .166, ECE ≤ .056; active AUC ≥ .777, lift ≥ 1.9, Brier ≤ .190; no origin's Brier worse than BG/NBD's by
more than .003: all reached. Of the higher marks (.820 / .163 / .045; active .785 / 2.0 / .186 / ECE .050) Brier, active Brier and active
ECE are reached; AUC (.819), ECE (.048), active AUC (.779) and lift (1.91) are not.

**What was tried for them, on the earlier origins alone.** No choice of learning rate, leaves, number of trees, share of features, distance of
training days, or weights moved AUC by more than .001. Nor did, on 2010-11-11 and 2011-01-11 and on CDNOW's 1997-10-02 and 1998-01-01
(all, active; the blend as it is: .7732, .7756; CDNOW .7934, .7061): five boosted models for one (.7731, .7756; .7934, .7062); a logistic
regression on splines in the place of the straight one (.7744, .7752; .7930, .7062) or beside it (.7732, .7753; .7936, .7062).

**The bound we believe in.** With order days and amounts alone about .82 among all and .78 among the active. Customers drawn anew, the AUC of one
origin has a 90 % interval of .809 to .829 (active .763 to .797), so the marks lie within what chance moves. Of the ECE of .048, .015 is what
perfect probabilities would show with as many customers; with each origin's level known after the event .030 would be left. The level is
the season's: the base rate moves from .57 to .68, and there is one earlier year to learn that from; at 2011-04-11 last year's error points
the wrong way and costs .0016. What is left of the shape is caution: customers are ranked better (.819) than the probabilities themselves
promise (.783). A slope learned on past days might mend that; it was noticed on these origins, so it has to be chosen and proved on others.

**How the settings were chosen.** On the origins below, whose outcomes are known by 2011-04-11, and on CDNOW's earlier ones. Two findings
decided: the learned models must take their level from BG/NBD (they carry the base rate of past seasons), and the blend gives BG/NBD half
the weight of each learned model. Honestly said: BG/NBD and an early blend had been measured on the six origins before this code was written
(.8135 / .1656 and .8176 / .1646); they were looked at again after the first settings were fixed (blend of equal weights: .8189 / .1623 /
ECE .0467, active .7790, lift 1.907; CDNOW .8389 / .7287), then the weights were changed on the earlier origins alone. The
seasonal half-shift could not be tried earlier, for want of 15 months; it stands as it was decided beforehand.

Earlier origins, 2010-07-11 … 2011-01-11 (a model that cannot be fitted at an origin is left out of its mean):

{earlier}

### CDNOW master, origin 1998-04-02

{cdnow}

Wanted: AUC ≥ .841 among all, ≥ .732 among the active, ECE ≤ .016. ECE is reached, the AUC stands .001 and the active AUC .003 below. All
three models end within .001 of each other, and the AUC has a 90 % interval over customers drawn anew of .833 to .846 (active .714 to .743):
both marks lie within it, and with this many customers nobody could tell a model that reaches them from this one. More training days, more trees, finer bins, and all customers
instead of 20,000 changed nothing on the earlier origins:

{cdnow_earlier}
"""

FEW = """
## BG/NBD fitted on a few customers of Online Retail II, applied to all (origin 2011-06-11; wanted ≥ .79)

{few}
"""

COST = """
## Cost of a million customers

{million} Wanted: 5 s and 90 s. Again: `OMP_NUM_THREADS=1 python benchmarks/scores.py --part cost`
"""


def read_online_retail(data: Path) -> pd.DataFrame:
    """Customer-days with their amounts: invoices C…, quantities and prices of 0 or less, and lines of no customer left out."""
    lines = pd.read_parquet(data / "orders" / "online_retail_II.parquet")
    sold = lines["CustomerID"].notna() & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)
    lines = lines[sold & ~lines["InvoiceNo"].astype("str").str.startswith("C")]
    rows = {
        "customer_id": lines["CustomerID"].astype(int).astype(str),
        "ordered_on": lines["InvoiceDate"].dt.normalize(),
    }
    rows = pd.DataFrame(rows | {"amount_cny": lines["Quantity"] * lines["UnitPrice"]})
    return rows.groupby(["customer_id", "ordered_on"], as_index=False).sum()


def read_cdnow(data: Path) -> pd.DataFrame:
    columns = ["customer_id", "day", "quantity", "amount_cny"]
    rows = pd.read_csv(
        data / "orders" / "CDNOW_master.txt",
        sep=r"\s+",
        header=0,
        names=columns,
        dtype={"customer_id": "str", "day": "str"},
    )
    return rows.assign(ordered_on=pd.to_datetime(rows["day"], format="%Y%m%d"))[
        ["customer_id", "ordered_on", "amount_cny"]
    ]


def compare(past: pd.DataFrame) -> str:
    """Means over the origins, by population and model, as Markdown."""
    measured = measure_past(past)
    means = measured.groupby(["population", "model"], sort=False)[SHOWN].mean().reset_index()
    worst = measured.merge(measured[measured["model"] == "bg_nbd"], on=["origin", "population"], suffixes=("", "_bg"))
    worst = (
        worst.assign(d=worst["brier"] - worst["brier_bg"]).groupby(["population", "model"])["d"].max().rename("worst")
    )
    means = means.merge(worst.reset_index(), on=["population", "model"])
    lines = [
        "| among | model | AUC | AP | Brier | ECE | lift at 10 % | precision | recall | worst Brier less BG/NBD's |",
        "| - " * 10 + "|",
    ]
    for row in means.itertuples(index=False):
        numbers = [f"{value:.4f}" if value == value else "–" for value in row[2:]]
        lines.append(f"| {row.population} | {row.model} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def by_origin(past: pd.DataFrame) -> str:
    measured = measure_past(past)
    both = measured[(measured["population"] == "all") & measured["model"].isin(["score", "bg_nbd"])]
    wide = both.pivot(index="origin", columns="model", values=["base_rate", "auc", "brier", "ece"])
    lines = ["| origin | silent | AUC, BG/NBD's | Brier, BG/NBD's | ECE, BG/NBD's |", "| - " * 5 + "|"]
    for origin, row in wide.iterrows():
        pairs = " | ".join(
            f"{row[(name, 'score')]:.4f}, {row[(name, 'bg_nbd')]:.4f}" for name in ("auc", "brier", "ece")
        )
        lines.append(f"| {origin} | {row[('base_rate', 'score')]:.3f} | {pairs} |")
    return "\n".join(lines)


def few_customers(orders: pd.DataFrame, *, origin: str, draws: int = 20) -> str:
    """BG/NBD fitted on a few customers and applied to all: the mean AUC over draws, and the lowest."""
    day = pd.Timestamp(origin)
    past = orders[orders["ordered_on"] < day].groupby("customer_id")["ordered_on"]
    first, last, x = past.min(), past.max(), past.size() - 1
    span, age = (last - first).dt.days, (day - first).dt.days
    within = orders[(orders["ordered_on"] >= day) & (orders["ordered_on"] < day + pd.Timedelta(days=90))]
    silent, pick, lines = ~x.index.isin(within["customer_id"]), np.random.default_rng(1), []
    for size in (50, 100, 200):
        found = []
        for _ in range(draws):
            some = pick.choice(len(x), size, replace=False)
            fitted = fit_bg_nbd(x.iloc[some], span.iloc[some], age.iloc[some])
            found.append(measure_scores(silent, fitted.p_no_order(90, x, span, age))["auc"])
        lines.append(f"| {size} | {np.mean(found):.4f} | {min(found):.4f} |")
    return "\n".join(["| customers fitted | AUC, mean of 20 draws | lowest |", "| - | - | - |", *lines])


def invent_orders(customers: int, *, seed: int = 1) -> pd.DataFrame:
    """Orders by BG/NBD's own story, two years up to 2024-12-31."""
    pick = np.random.default_rng(seed)
    age = pick.integers(10, 730, customers)
    rate, gone = pick.gamma(0.6, 1 / 60, customers), pick.beta(0.8, 2.5, customers)
    orders = np.minimum(pick.geometric(gone), 1 + pick.poisson(rate * age))
    who = np.repeat(np.arange(customers), orders)
    first = np.append(True, who[1:] != who[:-1])
    before = np.where(first, age[who], np.floor(age[who] * pick.random(len(who))))
    day = pd.Timestamp("2024-12-31") - pd.to_timedelta(before, unit="D")
    ids = np.char.add("K", np.char.zfill(np.arange(customers).astype(str), 7))
    return pd.DataFrame(
        {"customer_id": ids[who], "ordered_on": day, "amount_cny": pick.gamma(2, 400, len(who)).round(2)}
    )


def processor_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def time_million() -> str:
    orders = invent_orders(1_000_000)
    whose = orders.groupby("customer_id")["ordered_on"]
    first, last, x = whose.min(), whose.max(), (whose.nunique() - 1).to_numpy()
    span, age = (last - first).dt.days.to_numpy(), (pd.Timestamp("2025-01-01") - first).dt.days.to_numpy()
    plain = processor_seconds(lambda: fit_bg_nbd(x, span, age).p_no_order(90, x, span, age))
    full = processor_seconds(lambda: score_churn(orders, as_of="2025-01-01"))
    return (
        f"One million customers, {len(orders):,} orders (invented): BG/NBD fit and score {plain:.1f} s of processor time, "
        f"`score_churn` with boosted trees, gate, season and drivers {full:.0f} s."
    )


def churn_part(data: Path) -> str:
    retail, cdnow = read_online_retail(data), read_cdnow(data)
    earlier, test = (predict_past(retail, origins=days) for days in (EARLIER, ORIGINS))
    tables = {
        "test": compare(test), "by_origin": by_origin(test), "earlier": compare(earlier),
        "cdnow": compare(predict_past(cdnow, origins=["1998-04-02"])),
        "cdnow_earlier": compare(predict_past(cdnow, origins=["1997-10-02", "1998-01-01"])),
    }  # fmt: skip
    return CHURN.format(**tables)


def speed(data: Path) -> str:
    columns = ["master_id", "customer_id", "ordered_on", "quantity", "amount_cny"]
    text = {"customer_id": "str", "ordered_on": "str"}
    sample = pd.read_csv(data / "orders" / "CDNOW_sample.txt", sep=r"\s+", header=None, names=columns, dtype=text)
    sample["ordered_on"] = pd.to_datetime(sample["ordered_on"], format="%Y%m%d")
    return speed_part({
        "CDNOW sample, weeks to 1997-09-30": histories_in_weeks(sample, origin="1997-10-01", last_day="1997-09-30"),
        "CDNOW master, weeks to 1998-04-02": histories_in_weeks(read_cdnow(data), origin="1998-04-02"),
    })  # fmt: skip


PARTS: dict[str, Callable[[Path], str]] = {
    "churn": churn_part,
    "few": lambda data: FEW.format(few=few_customers(read_online_retail(data), origin="2011-06-11")),
    "cost": lambda data: COST.format(million=time_million()),
    "value": lambda data: value_part(read_online_retail(data)),
    "speed": speed,
}


def write_parts(path: Path, data: Path, names: list[str]) -> None:
    """Each named part anew, between its marks; what else the file holds stays."""
    for name in names:
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        part = f"{begin}\n{PARTS[name](data).strip()}\n{end}"
        found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", flags=re.S)
        text = path.read_text(encoding="utf-8") if path.is_file() else "# How well the scores foretell\n"
        text = found.sub(lambda _, part=part: part, text) if found.search(text) else f"{text.rstrip()}\n\n{part}\n"
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--data", type=Path, default=Path(os.environ.get("CRM_REAL_DATA", "../shared/data")))
    reader.add_argument("--part", action="append", choices=list(PARTS), help="all of them where none is named")
    asked = reader.parse_args()
    write_parts(HERE / "scores.md", asked.data, asked.part or list(PARTS))
