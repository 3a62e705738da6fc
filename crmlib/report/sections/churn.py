"""Churn: how many will not order, who first and why, and how often the same judgement was right before."""

from collections.abc import Iterator

import pandas as pd

from crmlib.insight.churn import REFUSED, tell_model
from crmlib.insight.drivers import tell_drivers
from crmlib.labels import Say
from crmlib.report import charts
from crmlib.report.blocks import Block, Figure, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import columns, make_figure, make_section

TOP = 15  # customers listed
COMPARED = ("score", "bg_nbd", "rfm_logit", "recency", "rule")  # as they stand in the table of the proof


def build_churn(data: ReportData) -> Section | None:
    """None where nobody ordered. Where there are too few customers the section says so; the tiers stand for themselves."""
    say, rows = data.say, data.churn
    if rows.empty:
        return None
    n, model = say("section.n_customers", n=write_number(len(rows))), rows["model"].iloc[0]
    rest = [*_renewals(data), *_lost(data)]
    if model.startswith(REFUSED):
        words = {"why": tell_model(model, say)}
        blocks: list[Block] = [Text(say("section.churn.refused", **words), "caution"), *rest]
        return make_section(data, "churn", say("section.churn.title_refused", **words), blocks, n=n)
    active = rows[rows["active"].astype(bool)]
    blanks = {
        "days": data.settings.churn.horizon_days,
        "n": write_number(len(active)),
        "silent": write_number(active["p_no_order"].astype(float).sum()),
    }
    blocks = [*_proof(data), _list(active, say, model), *rest]
    return make_section(data, "churn", say("section.churn.title", **blanks), blocks, n=n)


def _proof(data: ReportData) -> Iterator[Block]:
    """Of 100 warned of, how many left; of 100 who left, how many were warned of; and the rules that the score must beat."""
    say, past = data.say, data.churn_backtest
    scored = past[(past["population"] == "active") & (past["model"] == "score")]
    if scored.empty:
        yield Text(say("section.churn.no_proof"), "caution")
        return
    low, high = scored["precision"].min(), scored["precision"].max()
    blanks = {
        "origins": write_number(len(scored)),
        "right": write_number(100 * scored["precision"].mean()),
        "low": write_number(100 * low),
        "high": write_number(100 * high),
        "caught": write_number(100 * scored["recall"].mean()),
        "base": write_number(100 * scored["base_rate"].mean()),
    }
    yield Text(say("section.churn.proof_text", **blanks), "finding")
    recency = past[(past["population"] == "active") & (past["model"] == "recency")]
    if len(recency):
        yield Text(say("section.churn.beat", right=write_number(100 * recency["precision"].mean())), "finding")
    rule = past[(past["population"] == "all") & (past["model"] == "rule")]
    if len(rule) and rule["precision"].notna().any():
        words = {key: write_number(100 * rule[key].mean()) for key in ("precision", "recall")}
        yield Text(say("section.churn.rule", months=data.settings.tiers.risk.lost_months, **words), "finding")
    bins = data.churn_reliability
    if len(bins := bins[bins["population"] == "active"]):
        yield _reliability(bins, say)
    yield _compared(past, say)


def _reliability(bins: pd.DataFrame, say: Say) -> Figure:
    words = [
        say("section.churn.bin", said=write_share(r.said, say), happened=write_share(r.happened, say))
        for r in bins.itertuples()
    ]
    named = columns(say, ("bin", "int"), ("n", "int"), ("said", "share"), ("happened", "share"))
    drawn = charts.draw_reliability(bins, say)
    return make_figure("churn_reliability", say("section.churn.reliability"), drawn, bins, named, words, say,
                       caption=say("section.churn.reliability_note"), half=True)  # fmt: skip


def _compared(past: pd.DataFrame, say: Say) -> Table:
    """Means over the origins, with the lowest and highest AUC."""
    shown = past[past["model"].isin(COMPARED)]
    parts = []
    for (population, model), some in shown.groupby(["population", "model"]):
        auc = some["auc"].astype(float)
        between = "" if auc.isna().all() else f"{auc.min():.2f}–{auc.max():.2f}"
        means = some[["auc", "brier", "ece", "precision", "recall"]].astype(float).mean().to_dict()
        parts.append({"population": population, "model": model, "origins": len(some), "auc_range": between, **means})
    rows = pd.DataFrame(parts)
    order = rows["population"].map({"active": 0, "all": len(COMPARED)}) + rows["model"].map(COMPARED.index)
    rows = rows.iloc[order.argsort()].assign(
        population=lambda t: [say(f"section.churn.of_{one}") for one in t["population"]],
        method=lambda t: [say(f"churn_model.{one}") for one in t["model"]],
    )
    rows = rows.assign(**{key: [f"{v:.3f}" if v == v else "" for v in rows[key]] for key in ("auc", "brier", "ece")})
    named = columns(
        say, ("population", "text"), ("method", "text"), ("origins", "int"), ("auc", "text"), ("auc_range", "text"),
        ("brier", "text"), ("ece", "text"), ("precision", "share"), ("recall", "share"), screen_only=("auc_range", "ece"),
    )  # fmt: skip
    return Table(say("section.churn.compared"), named, rows, say("section.churn.compared_note"))


def _list(active: pd.DataFrame, say: Say, model: str) -> Table:
    """Those who still buy and are likeliest to stop."""
    first = active.sort_values(["p_no_order", "customer_id"], ascending=[False, True]).head(TOP)
    first = first.assign(why=[say("section.join").join(tell_drivers(one, say)) for one in first["drivers"]])
    named = columns(
        say,
        ("name", "text"),
        ("p_no_order", "share"),
        ("why", "text"),
        ("customer_id", "id"),
        screen_only=("customer_id",),
    )
    return Table(say("section.churn.list"), named, first, say("section.churn.list_note", model=tell_model(model, say)))


def _renewals(data: ReportData) -> Iterator[Block]:
    """Contracts that end soon, each at the rate at which contracts were not renewed before."""
    say, rows = data.say, data.renewals
    if rows.empty:
        return
    model, kinds = rows["model"].iloc[0], [("name", "text"), ("contract_end", "date")]
    if model.startswith(REFUSED):
        note = tell_model(model, say)
    else:
        kinds, note = (
            [*kinds, ("p_not_renewed", "share")],
            say("section.churn.renewals_note", n=rows["contracts"].iloc[0]),
        )
    named = columns(say, *kinds, ("customer_id", "id"), screen_only=("customer_id",))
    yield Table(say("section.churn.renewals"), named, rows, note)


def _lost(data: ReportData) -> Iterator[Block]:
    say, rows = data.say, data.lost_lacking
    if rows.empty:
        return
    told = rows.assign(
        lost_reason=[
            name_choice("customers", "lost_reason", code, say) if pd.notna(code) else "" for code in rows["lost_reason"]
        ],
        lacks=[
            say("section.join").join(say(f"section.churn.lacks_{one}") for one in lacks.split())
            for lacks in rows["lacks"]
        ],
    )
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("lost_on", "date"), ("lost_reason", "text"), ("lacks", "text"),
        ("customer_id", "id"), screen_only=("customer_id",),
    )  # fmt: skip
    yield Table(say("section.churn.lost"), named, told, say("section.churn.lost_note"), on_paper=10)
