"""Funnel: which share goes on from stage to stage, where it is weakest, how long it takes and where cases are lost."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from crmlib.insight.conversion_groups import PHONE_VISIT
from crmlib.labels import Say
from crmlib.report import charts_bars, style
from crmlib.report.blocks import Block, Figure, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice, name_code
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import columns, make_figure, make_section, make_shares
from crmlib.report.sections.needs import tell_interval

ENTITIES = ("customer", "need", "opportunity")
UNPLACED = 0.02  # of an entity's cases


def build_funnel(data: ReportData) -> Section | None:
    """The ways; where nobody is on one, where things stand on the day."""
    if data.conversion_steps.empty:
        return _standing(data)
    say, steps = data.say, data.conversion_steps
    cohort = steps[steps["definition"] == "cohort"]
    weakest = cohort[cohort["weakest"].astype(bool)].sort_values("share")
    lead = weakest.iloc[0] if len(weakest) else cohort.sort_values("n", ascending=False).iloc[0]
    words = _step_words(lead, say)
    if len(weakest):
        title = say("section.funnel.title_weakest", **words)
    else:
        title = say("section.funnel.title_steps" if lead["enough"] else "section.funnel.title_few", **words)
    blocks: list[Block] = [*_findings(data, lead["entity"]), _picture(data), *_cautions(data), *_tables(data)]
    n = say("section.n_things", n=write_number(len(data.stage_ways)))
    return make_section(data, "funnel", title, blocks, n=n)


def _step_words(step: pd.Series, say: Say) -> dict[str, str]:
    entity = step["entity"]
    return {
        "entity": say(f"section.funnel.{entity}"),
        "from_stage": name_code(entity, step["from_stage"], say),
        "to_stage": name_code(entity, step["to_stage"], say),
        "n": write_number(step["n"]),
        "converted": write_number(step["converted"]),
        "share": write_share(step["share"], say) if step["enough"] else say("section.too_few"),
        "interval": tell_interval(step["low"], step["high"], say),
    }


def _findings(data: ReportData, lead: str) -> Iterator[Text]:
    """Two sentences: how the way as a whole goes and how long it takes; how phone and face to face compare."""
    say = data.say
    nodes = data.conversion_nodes[data.conversion_nodes["entity"] == lead]
    days = data.stage_days[data.stage_days["entity"] == lead].set_index("stage")
    whole = nodes[nodes["node"] == "overall"].iloc[0]
    median = days.loc["way", "median_days"]
    blanks = _step_words(whole, say) | _lost_words(lead, say)
    blanks |= {"lost": write_number(whole["lost"]), "open": write_number(whole["open"])}
    told = "section.funnel.whole" if pd.notna(median) else "section.funnel.whole_no_days"
    days_words = "" if pd.isna(median) else write_number(median)
    refs = (f"conversion_{lead}_overall", f"stage_days_median_{lead}")
    yield Text(say(told, days=days_words, **blanks), "finding", refs=refs)
    losses = data.stage_losses[(data.stage_losses["entity"] == lead) & (data.stage_losses["lost"] > 0)]
    known = losses[losses["stage"] != "unknown"]
    if len(known):
        worst = known.sort_values("lost", ascending=False).iloc[0]
        stage = name_code(lead, worst["stage"], say)
        blanks = {"stage": stage, "lost": write_number(worst["lost"]), "part": write_share(worst["part"], say),
                  "all": write_number(losses["lost"].sum())}  # fmt: skip
        yield Text(
            say("section.funnel.losses", **_lost_words(lead, say), **blanks),
            "finding",
            refs=(f"lost_share_{lead}",),
        )
    groups = data.conversion_groups
    pair = groups[(groups["dimension"] == PHONE_VISIT) & (groups["code"] == "phone") & groups["difference"].notna()]
    if len(pair):
        row = pair[pair["entity"] == lead].iloc[0] if (pair["entity"] == lead).any() else pair.iloc[0]
        points = [write_number(float(row[key]) * 100, 1, sign=True) for key in ("difference", "diff_low", "diff_high")]
        blanks = {"entity": say(f"section.funnel.{row['entity']}"), "phone": write_share(row["share"], say), "difference": points[0],
                  "visit": write_share(row["others_share"], say), "low": points[1], "high": points[2],
                  "n": write_number(row["n"]), "others": write_number(row["others"])}  # fmt: skip
        yield Text(say("section.funnel.phone_visit", **blanks), "finding")


def _picture(data: ReportData) -> Figure:
    say, steps = data.say, data.conversion_steps
    parts = []
    for entity in (one for one in ENTITIES if (steps["entity"] == one).any()):
        mine = steps[(steps["entity"] == entity) & (steps["definition"] == "cohort")].sort_values("position")
        last = mine.iloc[-1]
        end = {"stage": last["to_stage"], "n": last["converted"], "share": None, "enough": False, "weakest": False}
        rows = mine.assign(stage=mine["from_stage"])[["stage", "n", "share", "enough", "weakest"]]
        rows = pd.DataFrame([*rows.astype(object).to_dict("records"), end])
        label = [name_code(entity, stage, say) for stage in rows["stage"]]
        parts.append(rows.assign(entity=entity, entity_name=say(f"section.funnel.{entity}"), label=label))
    stages = pd.concat(parts, ignore_index=True).astype(
        {"n": "int64", "share": "float64", "enough": bool, "weakest": bool}
    )
    words = [
        say("section.funnel.alt", entity=row.entity_name, label=row.label, n=write_number(row.n))
        for row in stages.itertuples()
    ]
    named = columns(say, ("entity_name", "text"), ("label", "text"), ("n", "int"), ("share_on", "share"))
    shown = stages.assign(share_on=stages["share"])
    return make_figure("funnel", say("section.funnel.ways"), charts_bars.draw_ways(stages, say), shown, named, words, say,
                       caption=say("section.funnel.ways_note"))  # fmt: skip


def _cautions(data: ReportData) -> Iterator[Text]:
    """Where enough cases were lost from nobody knows where to make the steps doubtful."""
    say, ways = data.say, data.stage_ways
    for entity, some in ways[ways["unplaced"].astype(bool)].groupby("entity"):
        if len(some) < UNPLACED * (ways["entity"] == entity).sum():
            continue
        yield Text(say("section.funnel.unplaced", **_lost_words(entity, say), n=write_number(len(some))), "caution")


def _lost_words(entity: str, say: Say) -> dict[str, str]:
    """What is lost, and how people call it: customers 流失, deals 输单."""
    return {"entity": say(f"section.funnel.{entity}"), "lost_word": say(f"section.funnel.lost_{entity}")}


def _tables(data: ReportData) -> Iterator[Table]:
    say = data.say
    steps = _named(data.conversion_steps, say).merge(
        data.stage_days.rename(columns={"stage": "from_stage"})[["entity", "from_stage", "median_days"]], how="left"
    )
    steps = steps.assign(by=[say(f"section.funnel.{one}") for one in steps["definition"]])
    named = columns(
        say, ("entity_name", "text"), ("step", "text"), ("by", "text"), ("n", "int"), ("converted", "int"), ("share_on", "share"),
        ("interval", "text"), ("lost_n", "int"), ("still_n", "int"), ("median_days", "days"), screen_only=("lost_n", "still_n"),
    )  # fmt: skip
    yield Table(say("section.funnel.steps"), named, steps, say("section.funnel.steps_note"))
    losses = data.stage_losses[data.stage_losses["lost"] > 0]
    if len(losses):
        named = columns(
            say, ("entity_name", "text"), ("step", "text"), ("n", "int"), ("lost_n", "int"), ("share_lost", "share"),
            ("interval", "text"), ("part", "share"),
        )  # fmt: skip
        losses = losses.assign(from_stage=losses["stage"])
        yield Table(say("section.funnel.losses_table"), named, _named(losses, say).assign(share_lost=losses["share"].to_numpy()),
                    say("section.funnel.losses_note"))  # fmt: skip
    groups = data.conversion_groups
    groups = groups[groups["difference"].notna() & (groups["dimension"] != PHONE_VISIT)]
    if len(groups):
        groups = groups.assign(
            entity_name=[say(f"section.funnel.{one}") for one in groups["entity"]],
            dimension_name=[say(f"section.funnel.by_{one}") for one in groups["dimension"]],
            label=[_name_group(row, say) for row in groups.itertuples()],
            share_on=groups["share"],
            difference_points=[write_number(float(one) * 100, 1, sign=True) for one in groups["difference"]],
            interval=[
                f"{write_number(float(r.diff_low) * 100, 1, sign=True)} … {write_number(float(r.diff_high) * 100, 1, sign=True)}"
                for r in groups.itertuples()
            ],
        )
        named = columns(
            say, ("entity_name", "text"), ("dimension_name", "text"), ("label", "text"), ("n", "int"), ("share_on", "share"),
            ("difference_points", "text"), ("interval", "text"),
        )  # fmt: skip
        yield Table(say("section.funnel.groups"), named, groups, say("section.funnel.groups_note"), on_paper=12)


def _name_group(row: tuple, say: Say) -> str:
    if row.dimension == "channel":
        return name_choice("interactions", "channel", row.code, say)
    return row.person if row.dimension == "owner" else name_code("source", row.code, say)


def _named(rows: pd.DataFrame, say: Say) -> pd.DataFrame:
    """Words for the entity, the step and its interval."""
    steps = [
        name_code(row.entity, row.from_stage, say) + (f" → {name_code(row.entity, row.to_stage, say)}" if pd.notna(row.to_stage) else "")
        for row in rows.itertuples()
    ]  # fmt: skip
    return rows.assign(
        entity_name=[say(f"section.funnel.{one}") for one in rows["entity"]],
        step=steps,
        share_on=rows["share"],
        interval=[
            tell_interval(row.low, row.high, say) if getattr(row, "dated", True) else say("section.funnel.undated")
            for row in rows.itertuples()
        ],
        lost_n=rows["lost"],
        still_n=rows.get("open"),
    )


def _standing(data: ReportData) -> Section | None:
    """Where customers, needs and opportunities stand on the day; only what has stages."""
    say, title = data.say, ""
    figures: list[Figure] = []
    for entity in ENTITIES:
        rows = data.funnel[data.funnel["entity"] == entity].sort_values("position")
        known = rows[rows["stage"] != "unknown"]
        if not known["n"].sum():
            continue
        named = rows.assign(code=rows["stage"], label=[name_code(entity, stage, say) for stage in rows["stage"]])
        whose = say(f"section.funnel.{entity}")
        name = say("section.funnel.chart", entity=whose)
        figures.append(make_shares(f"funnel_{entity}", name, named, say, colors=style.series_colors(named["code"])))
        most = named.loc[known["n"].astype(int).idxmax()]
        blanks = {"stage": most["label"], "n": write_number(most["n"]), "share": write_share(most["share"], say)}
        unknown = rows.loc[rows["stage"] == "unknown", "share"].sum()
        found = say("section.funnel.title", entity=whose, **blanks)
        if unknown > 0.5:
            found = say("section.funnel.title_unknown", entity=whose, share=write_share(unknown, say))
        title = title or found
    n = say("section.n_things", n=write_number(data.funnel["n"].sum()))
    if not figures:
        return None
    section = make_section(data, "funnel", title, figures, n=n)
    return replace(section, definition=say("section.funnel.definition_standing"))
