"""Churn: how many will not order, who first and why, and how often the same judgement was right before."""

from collections.abc import Iterator

import pandas as pd

from crmlib.insight.backtest import WARNED
from crmlib.insight.churn import REFUSED, tell_model
from crmlib.insight.drivers import tell_drivers
from crmlib.insight.uplift import DETECT, LEAST
from crmlib.intervals import wilson
from crmlib.labels import Say
from crmlib.report import charts_shares
from crmlib.report.blocks import Block, Figure, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice
from crmlib.report.numbers import write_day, write_money, write_number, write_share
from crmlib.report.parts import columns, make_figure, make_section

TOP = 15  # customers listed
TELLS = 0.60  # AUC among those who still buy, below which the order of the list is hardly better than chance
NONE = pd.Series(dtype="str")
COMPARED = ("score", "bg_nbd", "rfm_logit", "recency", "rule")  # as they stand in the table of the proof


def build_churn(data: ReportData) -> Section | None:
    """None where nobody ordered. Where there are too few customers the section says so; the tiers stand for themselves."""
    say, rows = data.say, data.churn
    if rows.empty:
        return None
    n, model = say("section.n_customers", n=write_number(len(rows))), rows["model"].iloc[0]
    rest = [*_renewals(data), *_uplift(data), *_lost(data)]
    if model.startswith(REFUSED):
        words = {"why": tell_model(model, say)}
        blocks: list[Block] = [Text(say("section.churn.refused", **words), "caution"), *rest]
        return make_section(data, "churn", say("section.churn.title_refused", **words), blocks, n=n)
    active = rows[rows["active"].astype(bool) & ~rows["customer_id"].isin(_left_alone(data)["customer_id"])]
    blanks = {
        "days": data.settings.churn.horizon_days,
        "n": write_number(len(active)),
        "silent": write_number(active["p_no_order"].astype(float).sum()),
    }
    blocks = [*_list(data, active, model), *_proof(data), *rest]
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
    drawn = charts_shares.draw_reliability(bins, say)
    return make_figure("churn_reliability", say("section.churn.reliability"), drawn, bins, named, words, say,
                       caption=say("section.churn.reliability_note"), half=True)  # fmt: skip


def _compared(past: pd.DataFrame, say: Say) -> Table:
    """Means over the origins, with the lowest and highest AUC."""
    shown = past[past["model"].isin(COMPARED) & past["precision"].notna()]  # the rule names nobody who still orders
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
    return Table(say("section.churn.compared"), named, rows, say("section.churn.compared_note"), place="appendix")


def _list(data: ReportData, active: pd.DataFrame, model: str) -> Iterator[Block]:
    """Those who still buy and are likeliest to stop, as many as the proof warns of, the largest first; and what to do about it."""
    say = data.say
    ranked = active.sort_values(["p_no_order", "customer_id"], ascending=[False, True])
    warned = ranked.head(max(1, round(len(active) * WARNED)))
    amounts = data.measures.reindex(columns=["customer_id", "amount_12m_cny"])
    first = warned.merge(amounts, on="customer_id", how="left")
    first = first.sort_values("amount_12m_cny", ascending=False, kind="stable").head(TOP)
    first = first.assign(why=[say("section.join").join(tell_drivers(one, say)) for one in first["drivers"]])
    told = [
        (key, kind)
        for key, kind in (("owner", "text"), ("amount_12m_cny", "amount"))
        if first.get(key, NONE).notna().any()
    ]
    named = columns(
        say, ("name", "text"), *told, ("p_no_order", "share"), ("why", "text"), ("customer_id", "id"),
        screen_only=("customer_id",),
    )  # fmt: skip
    blanks = {"n": write_number(len(first)), "amount": write_money(first["amount_12m_cny"].fillna(0).sum(), say)}
    past = data.churn_backtest
    auc = past.loc[(past["population"] == "active") & (past["model"] == "score"), "auc"].astype(float).mean()
    if auc < TELLS:
        yield Text(say("section.churn.no_better", auc=f"{auc:.2f}"), "caution")
    else:
        yield Text(say("section.churn.advice", **blanks), "finding")
    note = say("section.churn.list_note", warned=write_number(len(warned)), model=tell_model(model, say))
    yield Table(say("section.churn.list"), named, first, note)


def _uplift(data: ReportData) -> Iterator[Block]:
    """Whether contact helps, beside those who were left alone by chance; or what it takes to know."""
    say, rules = data.say, data.settings.churn
    if data.uplift.empty:
        return
    one = data.uplift.iloc[0]
    spared = say("section.join").join(say(f"tier.value.{name}") for name in rules.hold_out_spare)
    blanks = {
        "share": write_share(rules.hold_out, say, digits=0), "points": write_number(100 * DETECT), "least": LEAST,
        "spared": say("section.churn.spared", tiers=spared) if spared else "", "days": rules.horizon_days,
        "since": rules.hold_out_from or data.period.as_of, "at_risk": write_number(one["at_risk"]),
        "open": write_number(one["open"]), "open_held_out": write_number(one["open_held_out"]),
        **{key: write_number(one[key]) for key in ("contacted", "held_out", "held_out_reached")},
    }  # fmt: skip
    if pd.isna(one["needed"]) or pd.isna(one["ready_on"]):
        when = say("section.churn.uplift_never")
    else:
        needed = {"needed": write_number(one["needed"]), "ready_on": write_day(one["ready_on"])}
        when = say("section.churn.uplift_when", base=write_share(one["base_rate"], say, digits=0), **needed, **blanks)
    if rules.hold_out_from is None or not rules.hold_out:
        yield Text(say("section.churn.uplift_off", when=when, **blanks), "caution")
        return
    if pd.isna(one["difference"]):
        yield Text(say("section.churn.uplift_few", when=when, **blanks), "caution")
    else:
        points = {key: write_number(100 * one[key], 1, sign=True) for key in ("difference", "low", "high")}
        left_alone = one["held_out_reached"] / one["held_out"] < one["contacted_reached"] / one["contacted"]
        clear = "void" if not left_alone else "helps" if one["low"] > 0 else "harms" if one["high"] < 0 else "unclear"
        so = say(f"section.churn.uplift_{clear}", when=when)
        yield Text(say("section.churn.uplift", so=so, **points, **blanks), "finding", refs=("uplift",))
    if one["contacted"] and one["held_out"]:
        yield _groups(one, say, blanks)
    if len(alone := _left_alone(data)):
        named = columns(say, ("name", "text"), ("owner", "text"), ("assigned_on", "date"), ("until", "date"),
                        ("customer_id", "id"), screen_only=("customer_id",))  # fmt: skip
        yield Table(say("section.churn.alone"), named, alone, say("section.churn.alone_note", **blanks), on_paper=10)


def _left_alone(data: ReportData) -> pd.DataFrame:
    rows = data.hold_out
    return rows[rows["group"].eq("held_out") & ~rows["ended"].astype(bool)]


def _groups(one: pd.Series, say: Say, blanks: dict) -> Table:
    rows = []
    for group in ("contacted", "held_out"):
        n, ordered, reached = one[group], one[f"{group}_ordered"], one[f"{group}_reached"]
        low, high = wilson(int(ordered), int(n))
        rows.append((say(f"section.churn.{group}"), n, ordered, ordered / n, low, high, reached / n))
    keys = {"label": "text", "n": "int", "ordered": "int", "ordered_share": "share", "low": "share", "high": "share",
            "reached_share": "share"}  # fmt: skip
    named = columns(say, *keys.items(), screen_only=("low", "high"))
    return Table(
        say("section.churn.groups"),
        named,
        pd.DataFrame(rows, columns=list(keys)),
        say("section.churn.groups_note", **blanks),
    )


def _renewals(data: ReportData) -> Iterator[Block]:
    """Contracts that end soon, each at the rate at which contracts were not renewed before."""
    say, rows = data.say, data.renewals.sort_values(["contract_end", "customer_id"])
    if rows.empty:
        return
    model, kinds = rows["model"].iloc[0], [("name", "text"), ("owner", "text"), ("contract_end", "date")]
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
    yield Table(say("section.churn.lost"), named, told, say("section.churn.lost_note"))
