"""Profile: who the customers are, by size, industry, region and source, and the money they bring."""

from collections.abc import Iterator

import pandas as pd

from crmlib.insight.profile import find_core_segments, round_shares
from crmlib.labels import Say
from crmlib.report import charts_bars, charts_grid, style
from crmlib.report.blocks import Block, Column, Figure, Section, Table
from crmlib.report.data import ReportData
from crmlib.report.names import name_code
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import columns, count_customers, make_figure, make_section, make_shares

SHOWN = 8  # categories in a chart; the rest are one bar
SIZES = ("large", "medium", "small", "micro", "unknown")
PIES = ("size", "entity_type")
MOSTLY = 0.5  # the largest share of unknown that a ring or a heading may have
FIRST = ("industry", "region", "source", "size", "entity_type")  # what the title speaks of, where it is known


def build_profile(data: ReportData) -> Section | None:
    """Only what is known of somebody. The ring is of sizes, or where most sizes are unknown, of the customers' nature."""
    say = data.say
    shares = {dimension: rank_codes(data.profile, dimension, say) for dimension in FIRST}
    shares = {dimension: rows for dimension, rows in shares.items() if (rows["code"] != "unknown").any()}
    if not shares:
        return None
    ring = next(
        (
            dimension
            for dimension in PIES
            if dimension in shares and _unknown(shares[dimension]) <= MOSTLY and len(shares[dimension]) > 1
        ),
        "",
    )
    bars = [dimension for dimension in FIRST if dimension in shares and dimension not in (ring, "entity_type")]
    drawn = [*([ring] if ring else []), *bars]
    blocks: list[Block] = [_draw(shares[dimension], dimension, say, ring=dimension == ring) for dimension in drawn]
    core = find_core_segments(data.profile)
    for dimension in ("industry", "region"):
        if dimension in shares and shares[dimension]["amount_share"].notna().any():
            blocks.append(_money(shares[dimension], dimension, (core["dimension"] == dimension).sum(), say))
    blocks += _crossed(data, shares)
    return make_section(data, "profile", _title(shares, say), blocks, n=count_customers(data))


def _title(shares: dict[str, pd.DataFrame], say: Say) -> str:
    """The largest code of the first dimension that is known of most; where none is, of the best known, among those known."""
    dimensions = [one for one in FIRST if one in shares and one != "entity_type"] or list(shares)
    first = next((one for one in dimensions if _unknown(shares[one]) <= MOSTLY), "")
    told, known = "title", 1.0
    if not first:
        first = min(dimensions, key=lambda one: _unknown(shares[one]))
        told, known = "title_known", 1 - _unknown(shares[first])
    most = shares[first][~shares[first]["code"].isin(["unknown", "other"])].iloc[0]
    blanks = {"dimension": say(f"section.profile.{first}"), "label": most["label"], "known": write_share(known, say)}
    return say(f"section.profile.{told}", **blanks, share=write_share(most["share"] / known, say))


def rank_codes(profile: pd.DataFrame, dimension: str, say: Say) -> pd.DataFrame:
    """The largest codes of a dimension, the rest as one, the unknown last; shares add up to 100 % as printed.

    One row per code: code, label, n, share, amount_12m_cny, amount_share.
    """
    rows = profile[profile["dimension"] == dimension].sort_values(["customers", "code"], ascending=[False, True])
    known, unknown = rows[rows["code"] != "unknown"], rows[rows["code"] == "unknown"]
    shown, rest = known.head(SHOWN), known.iloc[SHOWN:]
    others = []
    if len(rest):
        sums = rest[["customers", "share", "amount_12m_cny", "amount_share"]].sum(min_count=1)
        others = [pd.DataFrame([{"dimension": dimension, "code": "other", **sums}])]
    ranked = pd.concat([shown, *others, unknown], ignore_index=True)
    return ranked.assign(
        label=[name_code(dimension, code, say) for code in ranked["code"]],
        n=ranked["customers"].astype(int),
        share=round_shares(ranked["share"]) / 100,
        amount_share=round_shares(ranked["amount_share"]) / 100 if ranked["amount_share"].notna().all() else None,
    )


def _crossed(data: ReportData, shares: dict[str, pd.DataFrame]) -> Iterator[Figure]:
    """Two dimensions at once, where both are known: counts as words, shares of the row as shades."""
    say, no_tiers = data.say, data.is_off("tier_value")
    for pair, mine in data.profile_cross.groupby("pair", sort=True):
        down, across = pair.split("_")
        if down not in shares or (across == "value" and no_tiers) or mine["across"].eq("unknown").all():
            continue
        codes = [code for code in shares[down]["code"] if code != "other"]
        cells = mine.assign(code=mine["code"].where(mine["code"].isin(codes), "other")).pivot_table(
            index="code", columns="across", values="customers", aggfunc="sum"
        )
        order = style.TIERS["value"] if across == "value" else SIZES
        cells = cells.reindex(index=shares[down]["code"], columns=[one for one in order if one in cells]).astype(
            "float64"
        )
        part = cells.div(cells.sum(axis=1), axis=0)
        names = {"index": [name_code(down, code, say) for code in cells.index],
                 "columns": [say(f"tier.value.{one}") if across == "value" else name_code(across, one, say) for one in cells]}  # fmt: skip
        words = (
            cells.map(lambda n: "" if pd.isna(n) else write_number(n))
            .set_axis(names["index"])
            .set_axis(names["columns"], axis=1)
        )
        part = part.set_axis(names["index"]).set_axis(names["columns"], axis=1)
        title = say(
            "section.profile.crossed", down=say(f"section.profile.{down}"), across=say(f"section.profile.{across}")
        )
        rows = cells.set_axis(names["index"]).rename_axis("label").reset_index()
        named = (
            *columns(say, ("label", "text")),
            *(Column(key, name, "int") for key, name in zip(cells, names["columns"], strict=True)),
        )
        told = [say("section.alt_part", label=f"{one} × {other}", n=words.loc[one, other], share=write_share(part.loc[one, other], say))
                for one in names["index"][:3] for other in names["columns"] if words.loc[one, other]]  # fmt: skip
        drawn = charts_grid.draw_heat(part, words, say)
        yield make_figure(f"cross_{pair}", title, drawn, rows, named, told, say, half=True)


def _unknown(shares: pd.DataFrame) -> float:
    return shares.loc[shares["code"] == "unknown", "share"].sum()


def _draw(shares: pd.DataFrame, dimension: str, say: Say, *, ring: bool) -> Figure:
    title = say("section.profile.by", dimension=say(f"section.profile.{dimension}"))
    colors = style.series_colors(shares["code"]) if ring else [charts_bars.bar_color(code) for code in shares["code"]]
    return make_shares(f"profile_{dimension}", title, shares, say, colors=colors, ring=ring)


def _money(shares: pd.DataFrame, dimension: str, core: int, say: Say) -> Table:
    named = columns(
        say, ("label", "text"), ("n", "int"), ("share", "share"), ("amount_12m_cny", "amount"), ("amount_share", "share")
    )  # fmt: skip
    note = (
        say("section.profile.core", n=write_number(core), dimension=say(f"section.profile.{dimension}")) if core else ""
    )
    return Table(say(f"section.profile.money_{dimension}"), named, shares, note)
