"""Lists to work through: high value at risk, the largest customers, the most promising ones, and whose cadence holds."""

import json
from datetime import date

import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.complaints import open_complaints
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import orders_before, sum_orders
from crmlib.insight.names import name_rows
from crmlib.insight.tiers import basis_start
from crmlib.judging import PLAN_SEGMENTS
from crmlib.settings import Settings

AT_RISK = (
    "customer_id", "name", "owner", "amount_12m_cny", "last_ordered_on", "months_since_last_order",
    "days_since_last_contact", "overdue_amount_cny", "reasons",
)  # fmt: skip
REST = "other"


def list_at_risk(tables: Tables, tiers: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """High value and churn risk, the combined segment 高价值+流失风险, largest amount first.

    One row per customer: AT_RISK; owner as the customer's row names one, else by id; reasons of both labels.
    """
    high, leaving = _labelled(tiers, "value", "high"), _labelled(tiers, "risk", "churn_risk")
    found = high.merge(leaving, on="customer_id", suffixes=("_value", "_risk"))
    # two JSON lists into one
    found["reasons"] = found["reasons_value"].str.removesuffix("]") + "," + found["reasons_risk"].str.removeprefix("[")
    listed = name_rows(measures, tables).merge(found[["customer_id", "reasons"]], on="customer_id")
    ranked = listed.sort_values(["amount_12m_cny", "customer_id"], ascending=[False, True], ignore_index=True)
    return ranked[list(AT_RISK)]


def rank_high_value(tables: Tables, tiers: pd.DataFrame, *, settings: Settings, as_of: date) -> pd.DataFrame:
    """High-value customers, the largest first: position, customer_id, name, owner, amount_cny (in the basis of the value
    tier), share of everybody's amount, cumulative_share. Shares are missing where all amounts together are not above 0."""
    start = basis_start(settings, as_of=as_of)
    amounts = sum_orders(orders_before(tables, as_of=as_of, start=start)).select("customer_id", "amount_cny")
    everybody = tiers.loc[tiers["dimension"].eq("value"), ["customer_id"]].drop_duplicates()
    amounts = everybody.merge(read_frame(amounts), on="customer_id")
    total = float(amounts["amount_cny"].sum()) if len(amounts) else 0.0
    high = _labelled(tiers, "value", "high")[["customer_id"]].merge(amounts, on="customer_id")
    ranked = high.sort_values(["amount_cny", "customer_id"], ascending=[False, True], ignore_index=True)
    share = ranked["amount_cny"].astype("float64") / (total if total > 0 else float("nan"))
    ranked = name_rows(ranked, tables)
    ranked = ranked.assign(position=range(1, len(ranked) + 1), share=share.round(10))
    ranked["cumulative_share"] = share.cumsum().round(10)
    return ranked[["position", "customer_id", "name", "owner", "amount_cny", "share", "cumulative_share"]]


def screen_potential(
    tables: Tables, tiers: pd.DataFrame, *, as_of: date, scores: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Customers to focus on (potential tier), the best score first; whoever has a complaint open is held back, and stands last.

    One row per customer: customer_id, name, owner, score (of `scores`, dimension potential; missing without), reasons,
    complaints (JSON of their row_ids where one is open; missing: whom to win). Scores decide the order alone.
    """
    focus = _labelled(tiers, "potential", "focus")[["customer_id", "reasons"]]
    complaints = read_frame(open_complaints(tables, as_of=as_of)).dropna(subset=["customer_id"])
    by_customer = (
        complaints.sort_values("row_id").groupby("customer_id")["row_id"].agg(lambda ids: json.dumps(list(ids)))
    )
    known = name_rows(focus, tables)
    if scores is not None:
        mine = scores[scores["dimension"].eq("potential")]
        known = known.merge(mine[["customer_id", "score"]], on="customer_id", how="left")
    known = known.assign(complaints=known["customer_id"].map(by_customer).astype("str"))
    known = known.assign(score=known["score"] if "score" in known else float("nan"))
    known = known.assign(held=known["complaints"].notna())
    known = known.sort_values(["held", "score", "customer_id"], ascending=[True, False, True], ignore_index=True)
    return known[["customer_id", "name", "owner", "score", "reasons", "complaints"]]


def assign_plan_segments(tiers: pd.DataFrame, *, precedence: tuple[str, ...]) -> pd.DataFrame:
    """One row per customer: customer_id, plan_segment (the first of `precedence` that fits, else "other"), also (the others
    that fit, ";" between). 高价值+流失风险 is churn_risk with high_value in `also`."""
    customers = pd.Series(sorted(tiers["customer_id"].unique()), dtype="str", name="customer_id")
    fits = {name: customers.isin(_labelled(tiers, *PLAN_SEGMENTS[name])["customer_id"]) for name in precedence}
    first = also = pd.Series("", index=customers.index)
    for name in precedence:
        also = also.mask(fits[name] & first.ne(""), also + ";" + name)
        first = first.mask(fits[name] & first.eq(""), name)
    segments = {"plan_segment": first.mask(first.eq(""), REST), "also": also.str.lstrip(";")}
    return pd.DataFrame({"customer_id": customers, **segments}).astype("str")


def _labelled(tiers: pd.DataFrame, dimension: str, label: str) -> pd.DataFrame:
    return tiers[tiers["dimension"].eq(dimension) & tiers["label"].eq(label)]
