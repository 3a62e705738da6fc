"""Charts of a whole and its parts: the ring, how few make the most of it, and what was said of a share against what happened."""

from collections.abc import Sequence
from math import cos, radians, sin

import pandas as pd
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import fonts, style
from crmlib.report.charts_bars import bar_color
from crmlib.report.drawing import MUTED, drawn
from crmlib.report.marks import above, beside, columns, counts, new_figure, share_axes
from crmlib.report.numbers import write_number, write_share

CURVE = style.LIGHT["series_1"]


@drawn
def draw_pie(shares: pd.DataFrame, say: Say, *, colors: Sequence[str]) -> Figure:
    """A ring of few parts: label, n, share; the words stand outside, at the end of a line."""
    height, gap, line = 2.2, 0.22, 0.4  # inches
    words = [f"{fonts.printable(str(name))}\n{n}" for name, n in zip(shares["label"], counts(shares, say), strict=True)]
    widest = max(sum(1 if ord(c) > 0x2E80 else 0.58 for c in part) for text in words for part in text.split("\n"))
    radius = min(0.72, style.HALF / 2 - gap - 0.04 - widest * style.FONT / 72)  # the words have the room they need
    figure = Figure(figsize=(style.HALF, height))
    ax = figure.add_axes((0, 0, 1, 1))
    middle = (style.HALF / 2, height / 2)
    edge = {"width": radius * 0.42, "edgecolor": style.LIGHT["paper"], "linewidth": 1.2}
    wedges, *_ = ax.pie(
        shares["n"],
        colors=list(colors),
        startangle=90,
        counterclock=False,
        wedgeprops=edge,
        radius=radius,
        center=middle,
    )
    halves = [radians((wedge.theta1 + wedge.theta2) / 2) for wedge in wedges]
    rims = [(middle[0] + radius * cos(half), middle[1] + radius * sin(half)) for half in halves]
    for side in (1, -1):
        here = sorted((y, i) for i, (x, y) in enumerate(rims) if (1 if x >= middle[0] else -1) == side)
        floor = 0.2
        for left, (y, i) in zip(range(len(here) - 1, -1, -1), here, strict=True):  # from the bottom up, two lines apart
            place = min(max(y, floor), height - 0.2 - left * line)
            floor = place + line
            ax.annotate(
                words[i],
                xy=rims[i],
                xytext=(middle[0] + side * (radius + gap), place),
                ha="left" if side > 0 else "right",
                va="center",
                linespacing=1.25,
                arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.7, "shrinkA": 2, "shrinkB": 0},
            )
    ax.text(*middle, say("chart.total", n=write_number(shares["n"].sum())), ha="center", va="center", color=MUTED)
    ax.set(xlim=(0, style.HALF), ylim=(0, height))
    return figure


@drawn
def draw_concentration(curve: pd.DataFrame, say: Say) -> Figure:
    """customer_share against amount_share, the largest customers first; on the straight line all would bring alike."""
    figure, [ax] = new_figure(2.6)
    share_axes(ax, say, across=say("chart.of_customers"), up=say("chart.of_amount"))
    ax.plot(curve["customer_share"], curve["amount_share"], color=CURVE, linewidth=2)
    tenth = curve.iloc[10]
    place = (tenth["customer_share"], tenth["amount_share"])
    ax.plot(*place, "o", color=CURVE, markersize=6)
    behind = {"facecolor": style.LIGHT["paper"], "edgecolor": "none", "pad": 1}  # no line crosses the words
    words = say("chart.top_tenth", share=write_share(tenth["amount_share"], say))
    beside(ax, *place, words, gap=8, va="top", linespacing=1.35, bbox=behind)
    return figure


@drawn
def draw_reliability(bins: pd.DataFrame, say: Say) -> Figure:
    """What was said against what happened, a point a group: said, happened; on the line both are equal."""
    figure, [ax] = new_figure(2.6)
    share_axes(ax, say, across=say("chart.said"), up=say("chart.happened"))
    points = bins[["said", "happened"]].astype(float).sort_values("said")
    ax.plot(points["said"], points["happened"], color=CURVE, marker="o", markersize=5, markeredgewidth=0, linewidth=1.4)
    return figure


@drawn
def draw_pareto(types: pd.DataFrame, say: Say) -> Figure:
    """Bars of label, complaints (code "unknown" grey), the most frequent first, and the line of cumulative_share above them."""
    figure, [ax] = new_figure(2.7, width=style.FULL)
    places, n = range(len(types)), types["complaints"]
    columns(ax, places, n, [write_number(one) for one in n], colors=[bar_color(code) for code in types["category"]])
    ax.set_xticks(places, [_broken(label) for label in types["label"]])
    ax.set(ylim=(0, max(1, n.max()) * 2.3), xlim=(-0.6, len(types) - 0.4))  # the line has the upper half for itself
    over = ax.twinx()
    over.plot(places, types["cumulative_share"], color=style.LIGHT["accent"], marker="o", markersize=4, linewidth=1.4)
    for place, share in zip(places, types["cumulative_share"], strict=True):
        above(over, place, share, write_share(share, say, digits=0), gap=5, color=MUTED)
    over.yaxis.set_visible(False)
    over.xaxis.set_visible(False)
    over.set(ylim=(-1.15, 1.18))
    over.spines["bottom"].set_visible(False)
    return figure


def _broken(label: str) -> str:
    """A type's name in lines of six characters, three at the most; of words, in a line each."""
    if label.isascii():
        return label.replace(" ", "\n")
    return "\n".join(label[i : i + 6] for i in range(0, min(len(label), 18), 6))
