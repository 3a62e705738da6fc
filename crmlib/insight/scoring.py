"""Scores beside the tiers: value by amount, ARPU and tenure, potential by need, growth of the industry and match, weighed as set."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers, add_facts
from crmlib.insight.needs import open_needs
from crmlib.judging import Scoring

NEED = {"focus": 2.0, "potential": 1.0, "watch": 0.0}


def score_tiers(
    tables: Tables, measures: pd.DataFrame, tiers: pd.DataFrame, *, scoring: Scoring, as_of: date
) -> pd.DataFrame:
    """One row per customer and dimension (value, potential): customer_id, dimension, score (0 to 100), inputs (JSON: of each
    its figure and its weight after redistribution), missing (inputs without a figure, ";" between).

    An input counts by its rank among the customers who have it, ties shared. The weight of a missing one goes to the others
    in their proportion; who has none has no score. A weight of 0 leaves an input out.
    """
    figures = gather_inputs(tables, measures, tiers, growth=scoring.industry_growth, as_of=as_of)
    parts = [
        _score(figures, name, weights) for name, weights in (("potential", scoring.potential), ("value", scoring.value))
    ]
    return pd.concat(parts).sort_values(["customer_id", "dimension"], ignore_index=True)


def gather_inputs(
    tables: Tables, measures: pd.DataFrame, tiers: pd.DataFrame, *, growth: Mapping[str, float], as_of: date
) -> pd.DataFrame:
    """One row per customer: amount (12 months), arpu (yuan a month since the first order, at most 12 of them), tenure (months
    since the first order), need (2 focus, 1 potential, 0 watch), industry_growth (a share a year), need_match (the best
    match of an open need, 0 to 1)."""
    customers = active_customers(tables).select("customer_id", "industry_code")
    needs = open_needs(tables, as_of=as_of)
    match = needs.group_by("customer_id").agg(need_match=needs.match_share.max().cast("float64"))
    known = read_frame(add_facts(customers, match)).merge(measures, on="customer_id")
    tenure = (pd.Timestamp(as_of) - pd.to_datetime(known["first_ordered_on"])).dt.days / 30.4375
    amount = known["amount_12m_cny"].astype("float64").where(known["first_ordered_on"].notna())
    potential = tiers[tiers["dimension"].eq("potential")].set_index("customer_id")["label"]
    return pd.DataFrame(
        {
            "customer_id": known["customer_id"],
            "amount": amount,
            "arpu": amount / tenure.clip(1, 12),
            "tenure": tenure,
            "need": known["customer_id"].map(potential).map(NEED),
            "industry_growth": known["industry_code"].map(lambda code: _growth(code, growth)),
            "need_match": known["need_match"],
        }
    ).astype(dict.fromkeys(("amount", "arpu", "tenure", "need", "industry_growth", "need_match"), "float64"))


def _growth(code: object, growth: Mapping[str, float]) -> float:
    """The growth of the longest known code that this one begins with: I651 → I65 → I."""
    named = [one for one in growth if isinstance(code, str) and code.startswith(one)]
    return growth[max(named, key=len)] if named else float("nan")


def _score(figures: pd.DataFrame, dimension: str, weights: Mapping[str, float]) -> pd.DataFrame:
    used = {name: weight for name, weight in weights.items() if weight > 0}
    values = figures[list(used)]
    ranks = (values.rank(method="average") - 0.5) / values.notna().sum()
    weight = values.notna() * pd.Series(used)
    whole = weight.sum(axis=1)
    share = weight.div(whole.where(whole > 0), axis=0)
    score = (ranks.fillna(0.0) * share).sum(axis=1).where(whole > 0) * 100
    cells = [_tell(name, values[name], share[name]) for name in used]
    told = ["{" + ",".join(filter(None, row)) + "}" for row in zip(*cells, strict=True)]
    return pd.DataFrame(
        {
            "customer_id": figures["customer_id"],
            "dimension": dimension,
            "score": score.round(2),
            "inputs": pd.array(told, dtype="str"),
            "missing": _missing(values),
        }
    )


def _tell(name: str, figures: pd.Series, weights: pd.Series) -> list[str]:
    """One input of each customer as a part of a JSON object; empty where it is missing."""
    pairs = zip(figures.round(4).tolist(), weights.round(4).tolist(), strict=True)
    return [f'"{name}":{{"figure":{figure},"weight":{weight}}}' if figure == figure else "" for figure, weight in pairs]


def _missing(values: pd.DataFrame) -> pd.Series:
    """The names of the inputs that a customer lacks."""
    lacking = pd.Series("", index=values.index)
    for name in values:
        lacking = lacking.mask(values[name].isna(), lacking + ";" + name)
    return lacking.str.lstrip(";").astype("str")
