"""Charts of bars: how many of each, side by side, longest where most."""

import re
from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.drawing import INK, MUTED, drawn
from crmlib.report.marks import DASHED, above, bars, beside, counts, new_figure
from crmlib.report.numbers import write_number, write_share

_ASIDE = re.compile(r"\s*[（(][^）)]*[）)]$")


def bar_color(code: str) -> str:
    """One colour for all bars of a dimension, grey for the unknown."""
    return style.LIGHT["unknown" if code == "unknown" else "series_1"]


@drawn
def draw_shares(shares: pd.DataFrame, say: Say, *, colors: Sequence[str], kind: str = "int") -> Figure:
    """Bars of one dimension, or stages from the first on: label, n (of `kind`), share."""
    figure, [ax] = new_figure(0.36 * len(shares) + 0.3)
    bars(ax, shares["n"], shares["label"], colors, counts(shares, say, kind))
    ax.set_xlim(0, max(1, shares["n"].max()) * (1.75 if kind == "int" else 2.6))
    return figure


@drawn
def draw_tiers(tiers: pd.DataFrame, say: Say) -> Figure:
    """Small multiples, one a dimension: dimension, dimension_name, label, name, n, share, n_before (a tick where it differs)."""
    dimensions = [d for d in style.TIERS if (tiers["dimension"] == d).any()]
    figure, axes = new_figure(1.95, width=style.FULL, across=len(dimensions))
    for ax, dimension in zip(axes, dimensions, strict=True):
        here = tiers[tiers["dimension"] == dimension]
        colors = [style.tier_color(dimension, label) for label in here["label"]]
        before = here["n_before"].fillna(here["n"]).tolist()
        ends = [max(pair) for pair in zip(here["n"], before, strict=True)]
        names = [_ASIDE.sub("", name) for name in here["name"]]  # the title over them says of what
        bars(ax, here["n"], names, colors, counts(here, say), ends=ends, fold_at=5)
        for place, (n, old) in enumerate(zip(here["n"], before, strict=True)):
            if n != old:
                ax.plot([old, old], [place - 0.42, place + 0.42], color=INK, linewidth=1.4)
        ax.set(xlim=(0, max(1, tiers["n"].max()) * 1.8), ylim=(tiers.groupby("dimension").size().max() - 0.4, -0.6))
        ax.set_title(here["dimension_name"].iloc[0])
    return figure


@drawn
def draw_bands(bands: pd.DataFrame, say: Say) -> Figure:
    """Small multiples of ordered bands, one panel a group: panel (its title), label, n, share, color, line (words of a line under
    this band, or blank)."""
    panels = list(dict.fromkeys(bands["panel"]))
    rows, right = bands.groupby("panel").size().max(), max(0.01, bands["share"].max()) * 2
    figure, axes = new_figure(0.27 * rows + 0.55, width=style.FULL, across=len(panels))
    for place, (ax, panel) in enumerate(zip(axes, panels, strict=True)):
        here = bands[bands["panel"] == panel]
        names = here["label"] if not place else [""] * len(here)  # the bands are one scale, named once
        bars(ax, here["share"], names, here["color"], counts(here, say))
        ax.set(xlim=(0, right), ylim=(rows - 0.4, -0.6))
        ax.set_title(panel)
        for at, words in enumerate(here["line"]):
            if words:
                ax.axhline(at + 0.5, color=MUTED, linewidth=0.8, linestyle=DASHED)
                above(ax, right, at + 0.5, words, ha="right", color=MUTED)
    return figure


@drawn
def draw_served(tiers: pd.DataFrame, say: Say) -> Figure:
    """What a tier brings and what it is given, a group of bars a tier: label, name, and a column per share (revenue, talks …)."""
    kinds = [one for one in ("customers", "revenue", "talks", "tickets") if one in tiers and tiers[one].notna().all()]
    figure, axes = new_figure(0.24 * len(kinds) * len(tiers) + 0.6, rows=len(tiers))
    for ax, row in zip(axes, tiers.to_dict("records"), strict=True):
        shares = [row[kind] for kind in kinds]
        colors = [style.tier_color("value", row["label"])] * len(kinds)
        names = [say(f"chart.served_{kind}") for kind in kinds]
        bars(ax, shares, names, colors, [write_share(share, say) for share in shares], height=0.66)
        ax.set(title=row["name"], xlim=(0, 1.25 * max(0.01, tiers[kinds].max(axis=None))))
    return figure


@drawn
def draw_ways(stages: pd.DataFrame, say: Say) -> Figure:
    """A funnel for each entity, side by side: entity, entity_name, label, n (that came to the stage), and of those who went on share
    (missing for too few, and for the last), enough, weakest. The share stands between the bars of its step."""
    names = list(dict.fromkeys(stages["entity"]))
    deepest = stages.groupby("entity").size().max()
    figure, axes = new_figure(0.62 * deepest + 0.35, width=style.FULL, across=len(names))
    for ax, name in zip(axes, names, strict=True):
        mine = stages[stages["entity"] == name].reset_index(drop=True)
        labels = [write_number(n) for n in mine["n"]]
        bars(ax, mine["n"], mine["label"], [style.LIGHT["series_1"]] * len(mine), labels, fold_at=5, height=0.5)
        for row in mine.head(-1).itertuples():
            share = write_share(row.share, say) if row.enough else say("chart.too_few")
            words = say("chart.step_weakest" if row.weakest else "chart.step", share=share)
            color = style.LIGHT["bad"] if row.weakest else INK if row.enough else MUTED
            beside(ax, 0, row.Index + 0.5, words, gap=6, color=color)
        ax.set(xlim=(0, max(1, mine["n"].max()) * 1.3), ylim=(deepest - 0.5, -0.5))
        ax.set_title(mine["entity_name"].iloc[0])
    return figure


@drawn
def draw_topics(topics: pd.DataFrame, say: Say, *, flag_share: float) -> Figure:
    """Which share of the asking customers has which need: label, customers, share, flagged; the upright line is `flag_share`."""
    figure, [ax] = new_figure(0.36 * len(topics) + 0.6, width=style.FULL)
    tints = [
        style.LIGHT["unknown" if code == "unknown" else "series_1" if hot else "series_3"]
        for code, hot in zip(topics["topic"], topics["flagged"].fillna(False), strict=True)
    ]
    bars(ax, topics["share"], topics["label"], tints, counts(topics.assign(n=topics["customers"]), say), fold_at=12)
    for words in ax.texts:  # the line does not cross them
        words.set_bbox({"facecolor": style.LIGHT["paper"], "edgecolor": "none", "pad": 0.8})
    ax.axvline(flag_share, color=style.LIGHT["warn"], linewidth=1, linestyle=DASHED, zorder=0)
    ax.xaxis.set_visible(True)
    ax.set_xticks([flag_share], [say("chart.frequent_from", share=write_share(flag_share, say, digits=0))])
    ax.set_xlim(0, max(flag_share, float(topics["share"].max())) * 1.35)
    return figure
