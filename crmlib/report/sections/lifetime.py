"""Lifetime value: who will bring most, and how well that was told before."""

import pandas as pd

from crmlib.labels import Say
from crmlib.report.blocks import Block, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_money, write_number, write_share
from crmlib.report.parts import columns, make_section

TOP = 15  # customers listed
NEAR = 0.10  # a total that was never further off can be counted on


def build_lifetime(data: ReportData) -> Section | None:
    """None where nobody ordered. Where too few came back the section says so and shows the simplest estimate."""
    say, rows, rules = data.say, data.lifetime, data.settings.lifetime
    if rows.empty:
        return None
    n = say("section.n_customers", n=write_number(len(rows)))
    if rows["value_cny"].isna().all():
        blocks: list[Block] = [Text(say("section.lifetime.few")), _list(data, "heuristic_cny", say)]
        return make_section(data, "lifetime", say("section.lifetime.title_few", least=rules.min_repeaters), blocks, n=n)
    values = rows["value_cny"].astype("float64").sort_values(ascending=False)
    share = values.head(max(1, round(len(values) * 0.1))).sum() / values.sum()
    blanks = {"days": rules.horizon_days, "amount": write_money(values.sum(), say), "share": write_share(share, say)}
    past = data.lifetime_backtest
    advice = say(
        "section.lifetime.advice", n=write_number(max(1, round(len(values) * 0.1))), held=_tell_proof(past, say)
    )
    blocks = [Text(advice, "finding"), _list(data, "value_cny", say), *([_proof(past, say)] if len(past) else [])]
    return make_section(data, "lifetime", say("section.lifetime.title", **blanks), blocks, n=n)


def _tell_proof(past: pd.DataFrame, say: Say) -> str:
    model = past[past["model"].eq("model") & past["capture"].notna()]
    if model.empty:
        return say("section.lifetime.held_not")
    near = (model["total"] - 1).abs().max() <= NEAR
    told = {"capture": model["capture"].mean(), "low": model["total"].min(), "high": model["total"].max()}
    blanks = {key: write_share(value, say, digits=0) for key, value in told.items()}
    return say(f"section.lifetime.held_{'well' if near else 'order'}", origins=write_number(len(model)), **blanks)


def _list(data: ReportData, by: str, say: Say) -> Table:
    best = data.lifetime.sort_values([by, "customer_id"], ascending=[False, True]).head(TOP)
    best = best.rename(columns={"low": "value_low", "high": "value_high"})
    wanted = [("name", "text"), ("owner", "text"), ("value_cny", "amount"), ("value_low", "amount"), ("value_high", "amount"), ("orders_expected", "score"),
              ("heuristic_cny", "amount"), ("margin_cny", "amount")]  # fmt: skip
    told = [(key, kind) for key, kind in wanted if key in best and best[key].notna().any()]
    named = columns(say, *told, ("customer_id", "id"), screen_only=("customer_id", "orders_expected"))
    return Table(say("section.lifetime.list"), named, best)


def _proof(rows: pd.DataFrame, say: Say) -> Table:
    told = rows.rename(columns={"total": "total_ratio", "origin": "foreseen_on"}).assign(
        method=[say(f"section.lifetime.{model}") for model in rows["model"]]
    )
    named = columns(
        say, ("foreseen_on", "date"), ("method", "text"), ("n", "int"), ("capture", "share"), ("gini", "share"),
        ("total_ratio", "share"),
    )  # fmt: skip
    return Table(say("section.lifetime.proof"), named, told, say("section.lifetime.proof_note"))
