"""Lists of the tiers section: who moved and why, whose cadence holds, the largest customers, the most promising ones."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pandas as pd

from crmlib.insight.reasons import tell_reason, tell_reasons
from crmlib.labels import Say
from crmlib.report.blocks import Table
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_number
from crmlib.report.parts import columns


def list_blocks(data: ReportData) -> Iterator[Table]:
    """Each only where its table was made."""
    if "cause" in data.tier_moves and len(data.tier_moves):
        yield _movers(data)
    if len(data.plan_segments):
        yield _plan(data)
    if len(data.value_ranking):
        yield _ranking(data)
    if len(data.potential_list):
        yield _screened(data)


def tell_cause(cause: str, figures: str, say: Say) -> str:
    """Which figure crossed which boundary."""
    return tell_reason(cause, json.loads(figures, parse_float=Decimal), say, words="move")


def _movers(data: ReportData) -> Table:
    say, moves = data.say, data.tier_moves
    labels = {
        key: [_tier(dimension, label, say) for dimension, label in zip(moves["dimension"], moves[key], strict=True)]
        for key in ("label_before", "label_now")
    }
    told = [tell_cause(*row, say) for row in zip(moves["cause"], moves["figures"], strict=True)]
    rows = moves.assign(**labels, why=told, dimension_name=[say(f"tier.{one}.title") for one in moves["dimension"]])
    rank = rows["dimension"].map({"value": 0, "risk": 1, "potential": 2, "activity": 3})
    rows = rows.assign(rank=rank).sort_values(["rank", "label_now", "customer_id"], ignore_index=True)
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("dimension_name", "text"), ("label_before", "text"),
        ("label_now", "text"), ("cause", "text"), ("customer_id", "id"), screen_only=("owner", "customer_id"),
    )  # fmt: skip
    return Table(say("section.tiers.movers"), named, rows.assign(cause=rows["why"]))


def _tier(dimension: str, label: object, say: Say) -> str:
    return "" if pd.isna(label) else say(f"tier.{dimension}.{label}")


def _plan(data: ReportData) -> Table:
    """Customers by plan segment; who is in several is shown as both: 流失风险客户（兼高价值客户）."""
    say, precedence = data.say, data.settings.tiers.precedence
    counts = data.plan_segments.groupby(["plan_segment", "also"]).size().rename("n").reset_index()
    order = {name: at for at, name in enumerate((*precedence, "other"))}
    counts = counts.assign(at=counts["plan_segment"].map(order)).sort_values(["at", "also"], ignore_index=True)
    words = []
    for first, also in zip(counts["plan_segment"], counts["also"], strict=True):
        others = say("section.join").join(say(f"plan_segment.{one}") for one in also.split(";") if one)
        name = say(f"plan_segment.{first}")
        words.append(say("plan_segment.also", first=name, also=others) if others else name)
    rows = counts.assign(plan_segment=words, share=counts["n"] / counts["n"].sum())
    note = say(
        "section.tiers.plan_note", order=say("section.join").join(say(f"plan_segment.{one}") for one in precedence)
    )
    named = columns(say, ("plan_segment", "text"), ("n", "int"), ("share", "share"))
    return Table(say("section.tiers.plan"), named, rows, note)


def _ranking(data: ReportData) -> Table:
    say = data.say
    named = columns(
        say, ("position", "int"), ("name", "text"), ("owner", "text"), ("amount_cny", "amount"), ("share", "share"),
        ("cumulative_share", "share"), ("customer_id", "id"), screen_only=("customer_id",),
    )  # fmt: skip
    note = say("section.tiers.ranking_note", basis=say(f"tier_basis.{data.settings.tiers.value.basis}"))
    return Table(say("section.tiers.ranking"), named, data.value_ranking, note)


def _screened(data: ReportData) -> Table:
    say, rows = data.say, data.potential_list
    held = rows["complaints"].notna()
    told = [say("section.join").join(tell_reasons(reasons, say)) for reasons in rows["reasons"]]
    scores = data.tier_scores[data.tier_scores["dimension"].eq("potential")]
    lacking = [set(one.split(";")) - {""} for one in scores["missing"]]
    nobody = set.intersection(*lacking) if lacking else set()
    weights = data.settings.tiers.scoring.potential

    def words(names: list[str]) -> str:
        return say("section.join").join(say(f"score_input.{name}") for name in names)

    inputs = [name for name, weight in weights.items() if weight > 0]
    missing = say("section.tiers.all_missing", inputs=words([one for one in inputs if one in nobody])) if nobody else ""
    note = say("section.tiers.screened_note", n=write_number(held.sum()), inputs=words(inputs), missing=missing)
    named = columns(say, ("name", "text"), ("owner", "text"), ("score", "score"), ("why", "text"), ("customer_id", "id"),
                    screen_only=("customer_id",))  # fmt: skip
    return Table(say("section.tiers.screened"), named, rows.assign(why=told)[~held.to_numpy()], note)
