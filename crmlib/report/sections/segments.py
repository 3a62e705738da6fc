"""Segments: who buys how, by rule and by nature, what each part brings, and how satisfied it is."""

from collections.abc import Iterator

import pandas as pd

from crmlib.insight.cluster_worth import gain_of_clusters
from crmlib.insight.clusters import FEATURES, FEWEST
from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.blocks import Block, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_segment
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import columns, count_customers, make_section, make_shares


def build_segments(data: ReportData) -> Section | None:
    """None where nobody has ordered: then there is nothing to score."""
    say, sums = data.say, data.segment_sums
    scored = sums[sums["segment"].ne("no_deal") & sums["customers"].gt(0)]
    if scored.empty:
        return None
    shown = sums[sums["customers"].gt(0)]
    shown = shown.assign(
        label=[name_segment(one, data.settings, say) for one in shown["segment"]], n=shown["customers"]
    )
    blocks: list[Block] = [_chart(shown, say)]
    if shown["amount_share"].notna().any():
        named = columns(
            say,
            ("label", "text"),
            ("n", "int"),
            ("share", "share"),
            ("amount_12m_cny", "amount"),
            ("amount_share", "share"),
        )
        blocks.append(Table(say("section.segments.money"), named, shown))
    blocks += [*_satisfaction(data), *cluster_blocks(data)]
    return make_section(data, "segments", _title(data, scored), blocks, n=count_customers(data))


def _title(data: ReportData, scored: pd.DataFrame) -> str:
    """The segment that brings most."""
    say = data.say
    if scored["amount_share"].isna().all():
        return say("section.segments.title_plain", n=write_number(scored["customers"].sum()), k=len(scored))
    most = scored.loc[scored["amount_share"].astype("float64").idxmax()]
    blanks = {"n": write_number(most["customers"]), "share": write_share(most["amount_share"], say)}
    return say("section.segments.title", segment=name_segment(most["segment"], data.settings, say), **blanks)


def _chart(shown: pd.DataFrame, say: Say):
    colors = [style.LIGHT["unknown" if one == "no_deal" else "series_1"] for one in shown["segment"]]
    return make_shares("segments", say("section.segments.chart"), shown, say, colors=colors)


def _satisfaction(data: ReportData) -> Iterator[Table]:
    say, cross = data.say, data.satisfaction_cross
    answered = cross[["satisfied", "middling", "dissatisfied"]].sum().sum() if len(cross) else 0
    if not answered:
        return
    shown = cross[cross.drop(columns=["segment", "mean_score"]).sum(axis=1) > 0]
    shown = shown.assign(segment=[name_segment(one, data.settings, say) for one in shown["segment"]])
    levels = ("satisfied", "middling", "dissatisfied", "unasked")
    named = columns(say, ("segment", "text"), *((one, "int") for one in levels), ("mean_score", "score"))
    note = say("section.segments.satisfaction_note", line=f"{data.settings.report.satisfied_from:g}")
    yield Table(say("section.segments.satisfaction"), named, shown, note)


def cluster_blocks(data: ReportData) -> Iterator[Block]:
    """The clusters that hold and what they are worth; where there are none, why."""
    if data.cluster_state.empty:
        return
    say, state, rules = data.say, data.cluster_state.iloc[0], data.settings.clusters
    if state["outcome"] == "none":
        few = state["customers"] < FEWEST
        key, more = ("cluster.few", {"least": FEWEST}) if few else ("cluster.none", {})
        yield Text(say(key, n=write_number(state["customers"]), **more), "caution")
        return
    sums = data.cluster_sums.assign(n=data.cluster_sums["customers"])
    names = [
        name_cluster(row, say)
        for row in sums[["recency_level", "frequency_level", "money_level"]].itertuples(index=False)
    ]
    twins = pd.Series(names).duplicated(keep=False)
    names = [
        f"{name} {number}" if twin else name for name, number, twin in zip(names, sums["cluster"], twins, strict=True)
    ]
    blanks = {"smallest": write_share(state["smallest"], say), "ari": f"{state['ari']:.2f}", "day": state["fitted_on"]}
    note = say("cluster.stable", n=write_number(state["customers"]), k=int(state["clusters"]), **blanks)
    named = columns(say, ("cluster", "text"), ("n", "int"), ("share", "share"), ("amount_share", "share"))
    yield Table(say("section.segments.clusters"), named, sums.assign(cluster=names), note)
    if state["outcome"] in ("refused", "refitted"):
        key = "cluster.noise_refused" if state["outcome"] == "refused" else "cluster.noise_taken"
        yield Text(say(key, noise=write_share(state["noise"], say), limit=write_share(rules.max_noise, say)), "note")
    if len(data.cluster_worth):
        yield from _worth(data)


def name_cluster(levels: tuple[str, str, str], say: Say) -> str:
    """ "近期活跃·高频·高额", of where its middle lies among all customers."""
    words = (say(f"cluster.{feature}.{level}") for feature, level in zip(FEATURES, levels, strict=True))
    return say("cluster.name", **dict(zip(("recency", "frequency", "money"), words, strict=True)))


def _worth(data: ReportData) -> Iterator[Block]:
    say, worth, least = data.say, data.cluster_worth, data.settings.clusters.worth
    gain, shares = gain_of_clusters(worth), worth.set_index("grouping")["eta2_adjusted"]
    blanks = {"gain": gain, "tiers": shares["value_risk"], "both": shares["tiers_clusters"], "limit": least}
    blanks = {key: write_share(max(0.0, float(value)), say) for key, value in blanks.items()}
    rows = worth.assign(grouping=[say(f"grouping.{one}") for one in worth["grouping"]])
    named = columns(say, ("grouping", "text"), ("groups", "int"), ("eta2", "share"), ("eta2_adjusted", "share"))
    yield Table(say("section.segments.worth"), named, rows)
    if gain >= least:
        blanks.pop("limit")
        yield Text(say("cluster.adds", **blanks))
    else:
        yield Text(say("cluster.adds_nothing", **blanks), "caution")
