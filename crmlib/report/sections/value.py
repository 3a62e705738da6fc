"""Value contribution: what the tiers bring, cost and are given, how few bring the most, and what a campaign was followed by."""

from collections.abc import Iterator

import pandas as pd

from crmlib.labels import Say
from crmlib.report import charts_bars, charts_shares, style
from crmlib.report.blocks import Block, Chart, Figure, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice
from crmlib.report.numbers import write_money, write_number, write_share
from crmlib.report.parts import columns, make_figure, make_metrics, make_section

THIN = 0.5  # of the revenue: with less of it costed the margin says little
UNEVEN = 1.2  # talks against revenue, from which on moving some is worth saying
MOVED = 0.1  # of the talks of the lowest tier


def build_value(data: ReportData) -> Section | None:
    """Without yuan there are no value tiers; what is left is how the amount is spread."""
    say, curve = data.say, data.concentration
    if curve.empty:
        return None
    tiers = name_tiers(data)
    blocks: list[Block] = [
        *make_metrics(data, "top10_amount_share", "gini_amount", "margin_high", "margin_low", "cost_coverage_share")
    ]
    blocks.append(_concentration(curve, say))
    if len(tiers):
        blocks += [*_served(tiers, say), *_costs(data, tiers), *_allocation(data, tiers)]
        if len(data.tier_habits):
            blocks.append(_habits(data.tier_habits, say))
    blocks += _campaigns(data)
    top, buyers = data.value("top10_amount_share"), int(curve["buyers"].iloc[0])
    share = top if top is not None else float(curve["amount_share"].iloc[10])
    margin = tiers.set_index("label")["margin_share"].get("high") if len(tiers) else None
    told = (
        "" if margin is None or pd.isna(margin) else say("section.value.title_margin", share=write_share(margin, say))
    )
    title = say("section.value.title", share=write_share(share, say), margin=told)
    return make_section(data, "value", title, blocks, n=say("section.n_buyers", n=write_number(buyers)))


def name_tiers(data: ReportData) -> pd.DataFrame:
    """The value tiers with their names; none where amounts are not yuan."""
    if data.is_off("tier_value"):
        return data.tier_value.head(0)
    busy = data.tier_value[["orders", "talks", "tickets"]].fillna(0).sum(axis=1).gt(0)
    told = data.tier_value[data.tier_value["customers"].fillna(0).gt(0) | busy]
    return told.assign(
        name=[data.say("section.value.none" if one == "none" else f"tier.value.{one}") for one in told["label"]]
    )


def _concentration(curve: pd.DataFrame, say: Say) -> Figure:
    shown = curve.iloc[[5, 10, 20, 30, 50, 80, 100]]
    words = [
        say("section.value.curve_part", customers=write_share(row.customer_share, say, digits=0), share=write_share(row.amount_share, say))
        for row in shown.itertuples()
    ]  # fmt: skip
    named = columns(say, ("customer_share", "share"), ("n", "int"), ("amount_share", "share"))
    return make_figure(
        "concentration", say("section.value.curve"), charts_shares.draw_concentration(curve, say), shown.rename(columns={"customers": "n"}),
        named, words, say, half=True, chart=Chart("line", "customer_share", ("amount_share",), (style.LIGHT["series_1"],)),
    )  # fmt: skip


def _served(tiers: pd.DataFrame, say: Say) -> Iterator[Figure]:
    """What each tier has of all of it, as the figures say; the rest belongs to nobody. A single tier needs no picture."""
    mine = tiers[tiers["label"].ne("none")]
    if len(mine) < 2:
        return
    kinds = {"customers": "customers", "revenue": "revenue_cny", "talks": "talks", "tickets": "tickets"}
    shares = {
        kind: mine[column].astype("float64") / tiers[column].astype("float64").sum()
        for kind, column in kinds.items()
        if mine[column].notna().all() and mine[column].sum() > 0
    }
    rows = mine[["label", "name"]].assign(**shares)
    words = [
        say("section.value.served_part", name=row["name"], parts=say("section.join").join(
            say("section.alt_share", label=say(f"chart.served_{kind}"), share=write_share(row[kind], say)) for kind in shares))
        for _, row in rows.iterrows()
    ]  # fmt: skip
    named = columns(say, ("name", "text"), *((f"served_{kind}", "share") for kind in shares))
    yield make_figure(
        "served", say("section.value.served"), charts_bars.draw_served(rows, say),
        rows.rename(columns={kind: f"served_{kind}" for kind in shares}), named, words, say, half=True,
    )  # fmt: skip


def _costs(data: ReportData, tiers: pd.DataFrame) -> Iterator[Block]:
    say = data.say
    told = tiers.rename(columns={"customers": "n_customers", "margin_cny": "margin_known_cny"})
    wanted = [("name", "text"), ("n_customers", "int"), ("orders", "int"), ("revenue_cny", "amount"), ("cost_coverage", "share"),
              ("cost_cny", "amount"), ("margin_known_cny", "amount"), ("margin_share", "share"), ("talks", "int"), ("tickets", "int"),
              ("service_cost_cny", "amount")]  # fmt: skip
    rows, costed = (tiers[one].fillna(0).sum() for one in ("service_rows", "service_costed"))
    untold = {one for one in ("talks", "tickets") if tiers[one].isna().all()}  # an absent table has no column
    untold |= set() if rows else {"service_cost_cny"}
    named = columns(say, *(one for one in wanted if one[0] not in untold))
    blanks = {"costed": write_number(costed), "rows": write_number(rows)}
    note = say("section.value.costs_note") + (say("section.value.service_note", **blanks) if rows else "")
    yield Table(say("section.value.costs"), named, told, note)
    coverage = data.value("cost_coverage_share")
    if coverage is not None and coverage < THIN:
        yield Text(say("section.value.thin", share=write_share(coverage, say)), "caution", ("cost_coverage_share",))


def _allocation(data: ReportData, tiers: pd.DataFrame) -> Iterator[Text]:
    """Who is spoken to against who brings the money; it rests on four figures and names them."""
    say = data.say
    ids = [f"{kind}_share_{label}" for label in ("high", "low") for kind in ("revenue", "talk")]
    shares = dict(zip(ids, map(data.value, ids), strict=True))
    if None in shares.values():
        yield Text(say("section.value.no_talks"), "note")
        return
    blanks = {name: write_share(share, say) for name, share in shares.items()}
    by = tiers.set_index("label")
    even = (
        shares["talk_share_low"] < UNEVEN * shares["revenue_share_low"]
        or shares["talk_share_high"] > shares["revenue_share_high"]
    )
    if even or not by["customers"].get("high"):
        yield Text(say("section.value.allocate_even", **blanks), refs=tuple(ids))
        return
    moved, high = float(by.loc["low", "talks"]) * MOVED, by.loc["high"]
    each = float(high["talks"]) / float(high["customers"]) / 12
    more = (float(high["talks"]) + moved) / float(high["customers"]) / 12
    numbers = {"moved": write_number(moved), "each": write_number(each, 1), "more": write_number(more, 1)}
    yield Text(say("section.value.allocate", **blanks, **numbers), refs=tuple(ids))


def _habits(habits: pd.DataFrame, say: Say) -> Table:
    told = habits.assign(
        name=[say(f"tier.value.{label}") for label in habits["label"]],
        main_category=habits["category"],
        main_channel=[
            None if pd.isna(one) else name_choice("interactions", "channel", one, say) for one in habits["channel"]
        ],
    )
    kinds = [("buyers", "int"), ("orders_each", "score"), ("amount_each_order", "amount"), ("gap_days", "days"), ("main_category", "text"),
             ("category_share", "share"), ("main_channel", "text"), ("channel_share", "share")]  # fmt: skip
    named = columns(say, ("name", "text"), *((key, kind) for key, kind in kinds if told[key].notna().any()))
    return Table(say("section.value.habits"), named, told, say("section.value.habits_note"))


def _campaigns(data: ReportData) -> Iterator[Block]:
    """Before and after, beside those who were not reached, a sentence a campaign; what it does not prove stands below it."""
    say, rows, days = data.say, data.campaigns, data.settings.value.campaign_days
    if rows.empty:
        yield Text(say("section.value.no_campaign"), "note")
        return
    for campaign, mine in rows.groupby("campaign", sort=False):
        yield from _tell_campaign(campaign, mine.set_index("grouping"), days, say)
    yield Text(say("section.value.campaigns_caveat"), "caution")
    told = rows.assign(side=[say(f"section.value.{one}") for one in rows["grouping"]]).rename(
        columns={"low": "change_low", "high": "change_high", "customers": "n_customers"}
    )
    named = columns(
        say, ("campaign", "text"), ("side", "text"), ("n_customers", "int"), ("left_out", "int"), ("orders_before", "score"),
        ("orders_after", "score"), ("before_cny", "amount"), ("after_cny", "amount"), ("change_cny", "amount"), ("change_low", "amount"),
        ("change_high", "amount"),
    )  # fmt: skip
    note = say("section.value.campaigns_note", days=days, least=data.settings.value.least)
    yield Table(say("section.value.campaigns"), named, told, note, place="appendix")


def _tell_campaign(campaign: str, sides: pd.DataFrame, days: int, say: Say) -> Iterator[Text]:
    """How those who were reached changed against those who were not, with the interval; nothing where there are too few."""
    apart = sides.loc["difference"]
    if apart[["change_cny", "low", "high"]].isna().any():
        return
    words = {key: write_money(apart[column], say, sign=True) for key, column in
             (("apart", "change_cny"), ("low", "low"), ("high", "high"))}  # fmt: skip
    clear = "" if apart["low"] > 0 or apart["high"] < 0 else say("section.value.campaign_unclear")
    reached = {"n": write_number(sides.loc["reached", "customers"]),
               "change": write_money(sides.loc["reached", "change_cny"], say, sign=True)}  # fmt: skip
    yield Text(say("section.value.campaign", campaign=campaign, days=days, clear=clear, **reached, **words), "finding")
