"""Charts: a tidy table and `say` in, a figure out. They compute nothing, show nothing, and hold no words of their own."""

import re
from collections.abc import Sequence
from textwrap import wrap

import matplotlib
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import fonts, style
from crmlib.report.drawing import INK, LINE, MUTED, drawn
from crmlib.report.numbers import write_number, write_share, write_value

_ASIDE = re.compile(r"\s*[（(][^）)]*[）)]$")


def _lines(label: str, width: int = 10) -> str:
    """A label over at most two lines: Chinese is broken anywhere, words between words."""
    text = fonts.printable(str(label))
    wide = sum(ord(c) > 0x2E80 for c in text) * 2 > len(text)
    width = width if wide else max(width * 2, min(16, max(map(len, text.split()), default=0)))
    if wide and len(text) > width:  # two lines of one length, not one full line and a rest
        width = min(width, -(-len(text) // 2))
    return "\n".join(wrap(text, width, max_lines=2, placeholder="…")) or text


def _bars(
    ax: Axes,
    sizes: Sequence,
    names: Sequence[str],
    colors: Sequence[str],
    labels: Sequence[str],
    *,
    ends: Sequence = (),
    wrap_at: int = 10,
) -> None:
    """Horizontal bars, the first on top, each with its words beyond its end (or beyond what `ends` says)."""
    places = [str(i) for i in range(len(sizes))]
    sns.barplot(x=list(sizes), y=places, orient="h", errorbar=None, width=0.62, ax=ax)
    for patch, color in zip(ax.patches, colors, strict=True):  # a hue per bar would take three times as long
        patch.set(facecolor=color, edgecolor="none")
    ax.set_yticks(range(len(names)), [_lines(name, wrap_at) for name in names])
    for place, (size, label) in enumerate(zip(ends or list(sizes), labels, strict=True)):
        ax.annotate(label, (size, place), (4, 0), textcoords="offset points", va="center", color=INK)
    ax.set(xlabel="", ylabel="")
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.axvline(0, color=MUTED, linewidth=0.8)


def _counted(row: pd.Series, say: Say, kind: str = "int") -> str:
    return say("chart.n_share", n=write_value(row["n"], kind, say), share=write_share(row["share"], say))


def bar_color(code: str) -> str:
    """One colour for all bars of a dimension, grey for the unknown."""
    return style.LIGHT["unknown" if code == "unknown" else "series_1"]


@drawn
def draw_shares(shares: pd.DataFrame, say: Say, *, colors: Sequence[str], kind: str = "int") -> Figure:
    """Bars of one dimension: label, n (of `kind`), share."""
    figure = Figure(figsize=(style.HALF, 0.34 * len(shares) + 0.3), layout="constrained")
    ax = figure.subplots()
    labels = [_counted(row, say, kind) for _, row in shares.iterrows()]
    _bars(ax, shares["n"], shares["label"], colors, labels)
    ax.set_xlim(0, max(1, shares["n"].max()) * (1.75 if kind == "int" else 2.6))
    return figure


@drawn
def draw_pie(shares: pd.DataFrame, say: Say, *, colors: Sequence[str]) -> Figure:
    """A ring of few parts: label, n, share; the words stand outside, at the end of a line."""
    height, gap, line = 2.2, 0.22, 0.4  # inches
    words = [f"{fonts.printable(str(row['label']))}\n{_counted(row, say)}" for _, row in shares.iterrows()]
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
    rims = [(w.center[0] + w.r * x, w.center[1] + w.r * y) for w in wedges for x, y in [_direction(w.theta1, w.theta2)]]
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


def _direction(start: float, end: float) -> tuple[float, float]:
    """The unit vector half-way between two angles in degrees."""
    turned = matplotlib.transforms.Affine2D().rotate_deg((start + end) / 2).transform((1, 0))
    return float(turned[0]), float(turned[1])


@drawn
def draw_order_trend(trend: pd.DataFrame, say: Say) -> Figure:
    """Amounts as a line, orders as bars below, by month: month, orders, amount_cny, partial; a month that is not full is hollow."""
    figure = Figure(figsize=(style.FULL, 2.75), layout="constrained")
    top, low = figure.subplots(2, 1, sharex=True, height_ratios=[2.3, 1])
    places, partial = range(len(trend)), trend["partial"].astype(bool).tolist()
    amounts, orders = trend["amount_cny"].astype(float), trend["orders"].astype(int)
    full = [i for i in places if not partial[i]]
    color = style.LIGHT["series_1"]
    sns.lineplot(
        x=full, y=amounts.iloc[full], color=color, linewidth=2, marker="o", markersize=5, markeredgewidth=0, ax=top
    )
    for i in (i for i in places if partial[i]):
        if i:
            top.plot([i - 1, i], amounts.iloc[[i - 1, i]], color=color, linewidth=1.4, linestyle=(0, (3, 3)))
        top.plot([i], amounts.iloc[[i]], "o", markersize=6, markerfacecolor=style.LIGHT["paper"], markeredgecolor=color)
    places_named = places if len(trend) <= 13 else {amounts.idxmax(), amounts.idxmin(), trend.index[-1]}
    for i in places:
        if len(trend) <= 13 or trend.index[i] in places_named:
            text = write_value(amounts.iloc[i], "wan", say)
            top.annotate(text, (i, amounts.iloc[i]), (0, 7), textcoords="offset points", ha="center", va="bottom")
    top.set(
        title=say("chart.trend_amount"),
        xlabel="",
        ylabel="",
        yticks=[],
        ylim=(min(0, amounts.min()), max(1, amounts.max()) * 1.3),
    )
    names = [str(i) for i in places]
    tints = [style.LIGHT["paper" if p else "series_3"] for p in partial]
    sns.barplot(x=names, y=orders.tolist(), errorbar=None, width=0.5, ax=low)
    for patch, tint in zip(low.patches, tints, strict=True):
        patch.set(facecolor=tint, edgecolor=style.LIGHT["series_3"])
    for i in places:
        low.annotate(
            write_number(orders.iloc[i]),
            (i, orders.iloc[i]),
            (0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
        )
    low.set(title=say("chart.trend_orders"), xlabel="", ylabel="", yticks=[], ylim=(0, max(1, orders.max()) * 1.35))
    low.set_xticks(places, [_month(trend["month"].iloc[i], i, partial[i], say) for i in places])
    return figure


def _month(month: object, place: int, partial: bool, say: Say) -> str:
    """ "1月", and the year below it where one begins."""
    day = pd.Timestamp(month)
    text = say("chart.month", m=day.month) if say.lang == "zh" else day.strftime("%b")
    below = [str(day.year)] if place == 0 or day.month == 1 else []
    return "\n".join([text, *([say("chart.partial")] if partial else []), *below])


@drawn
def draw_tiers(tiers: pd.DataFrame, say: Say) -> Figure:
    """Small multiples, one a dimension: dimension, dimension_name, label, name, n, share, n_before (a tick where it differs)."""
    dimensions = [d for d in style.TIERS if (tiers["dimension"] == d).any()]
    figure = Figure(figsize=(style.FULL, 1.95), layout="constrained")
    axes = figure.subplots(1, len(dimensions), squeeze=False)[0]
    for ax, dimension in zip(axes, dimensions, strict=True):
        here = tiers[tiers["dimension"] == dimension]
        colors = [style.tier_color(dimension, label) for label in here["label"]]
        before = here["n_before"].fillna(here["n"]).tolist()
        ends = [max(pair) for pair in zip(here["n"], before, strict=True)]
        labels = [_counted(row, say) for _, row in here.iterrows()]
        names = [_ASIDE.sub("", name) for name in here["name"]]  # the title over them says of what
        _bars(ax, here["n"], names, colors, labels, ends=ends, wrap_at=5)
        for place, (n, old) in enumerate(zip(here["n"], before, strict=True)):
            if n != old:
                ax.plot([old, old], [place - 0.42, place + 0.42], color=INK, linewidth=1.4)
        ax.set(xlim=(0, max(1, tiers["n"].max()) * 1.8), ylim=(tiers.groupby("dimension").size().max() - 0.4, -0.6))
        ax.set_title(here["dimension_name"].iloc[0])
    return figure


@drawn
def draw_tier_moves(moves: pd.DataFrame, say: Say, *, dimension: str) -> Figure:
    """Who moved: label_before (rows), label_now (columns), n. Staying is grey, better green, worse red; the words say it too."""
    order = style.TIERS[dimension]
    cells = moves.pivot_table(index="label_before", columns="label_now", values="n", aggfunc="sum")
    cells = cells.reindex(index=order, columns=order)
    rank = range(len(order))
    kinds = [[0 if pd.isna(cells.iloc[b, n]) else 1 + (n < b) + 2 * (n > b) for n in rank] for b in rank]
    words = [["" if pd.isna(cells.iloc[b, n]) else write_number(cells.iloc[b, n]) for n in rank] for b in rank]
    colors = [style.LIGHT[c] for c in ("paper", "panel", "good_tint", "bad_tint")]
    names = [say(f"tier.{dimension}.{label}") for label in order]
    figure = Figure(figsize=(style.HALF, 0.36 * len(order) + 1.0), layout="constrained")
    ax = figure.subplots()
    look = {
        "cbar": False,
        "linewidths": 1.5,
        "linecolor": style.LIGHT["line"],
        "annot_kws": {"color": INK, "size": style.FONT},
    }
    sns.heatmap(kinds, annot=words, fmt="", cmap=ListedColormap(colors), vmin=0, vmax=3, ax=ax, **look)
    ax.set_xticks([i + 0.5 for i in rank], [_lines(name, 4) for name in names], rotation=0, color=INK)
    ax.set_yticks([i + 0.5 for i in rank], [_lines(name, 6) for name in names], rotation=0)
    ax.set_xlabel(say("chart.moves_now"))
    ax.set_ylabel(say("chart.moves_before"), rotation=0, ha="right", va="center")
    ax.xaxis.set_label_position("bottom")
    return figure


@drawn
def draw_funnel(funnel: pd.DataFrame, say: Say) -> Figure:
    """Stages of one entity from the first on: code, label, n, share; lighter from step to step."""
    figure = Figure(figsize=(style.HALF, 0.36 * len(funnel) + 0.3), layout="constrained")
    ax = figure.subplots()
    labels = [_counted(row, say) for _, row in funnel.iterrows()]
    _bars(ax, funnel["n"], funnel["label"], style.series_colors(funnel["code"]), labels)
    ax.set_xlim(0, max(1, funnel["n"].max()) * 1.75)
    return figure


@drawn
def draw_reliability(bins: pd.DataFrame, say: Say) -> Figure:
    """What was said against what happened, a point a group: said, happened; on the line both are equal."""
    figure = Figure(figsize=(style.HALF, 2.6), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color=LINE, linewidth=1.2)
    sns.lineplot(x=bins["said"].astype(float), y=bins["happened"].astype(float), color=style.LIGHT["series_1"], marker="o",
                 markersize=5, markeredgewidth=0, linewidth=1.4, ax=ax)  # fmt: skip
    marks = [0, 0.25, 0.5, 0.75, 1]
    words = [write_share(mark, say, digits=0) for mark in marks]
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=say("chart.said"), ylabel=say("chart.happened"))
    ax.set_xticks(marks, words)
    ax.set_yticks(marks, words)
    return figure


@drawn
def draw_bands(bands: pd.DataFrame, say: Say) -> Figure:
    """Small multiples of ordered bands, one panel a group: panel (its title), label, n, share, color, line (words of a line under
    this band, or blank)."""
    panels = list(dict.fromkeys(bands["panel"]))
    rows = bands.groupby("panel").size().max()
    figure = Figure(figsize=(style.FULL, 0.27 * rows + 0.55), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, (ax, panel) in enumerate(zip(axes, panels, strict=True)):
        here = bands[bands["panel"] == panel]
        labels = [_counted(row, say) for _, row in here.iterrows()]
        names = here["label"] if not place else [""] * len(here)  # the bands are one scale, named once
        _bars(ax, here["share"], names, here["color"].tolist(), labels)
        ax.set(xlim=(0, max(0.01, bands["share"].max()) * 2), ylim=(rows - 0.4, -0.6))
        ax.set_title(panel)
        for at, words in enumerate(here["line"]):
            if words:
                ax.axhline(at + 0.5, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
                ax.annotate(
                    words, (ax.get_xlim()[1], at + 0.5), (0, 2), textcoords="offset points", ha="right", color=MUTED
                )
    return figure
