"""Charts of value and of change over time: heat tables, the curve of concentration, seasons, and the kit's own figures."""

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.charts import _lines
from crmlib.report.drawing import INK, LINE, MUTED, drawn
from crmlib.report.numbers import write_number, write_share, write_value

HEAT = ("paper", "series_5", "series_4", "series_3", "series_1")  # steps of a share; colours that follow the page
STEPS = (0.05, 0.2, 0.4, 0.6)  # where the next begins


@drawn
def draw_heat(
    shares: pd.DataFrame, words: pd.DataFrame, say: Say, *, across: str = "", down: str = "", width: float = style.HALF
) -> Figure:
    """A table as a picture: rows and columns are named by `shares`, a cell is the darker the greater its share; `words` stand in the
    cells. A missing share is left white."""
    steps = shares.map(lambda share: 0 if pd.isna(share) else sum(share >= step for step in STEPS))
    palette = ListedColormap([style.LIGHT[name] for name in HEAT])
    figure = Figure(figsize=(width, 0.27 * len(shares) + 0.75), layout="constrained")
    ax = figure.subplots()
    look = {"cbar": False, "linewidths": 1, "linecolor": LINE, "annot_kws": {"color": INK, "size": style.FONT - 1}}
    sns.heatmap(steps, annot=words, fmt="", cmap=palette, vmin=-0.5, vmax=len(HEAT) - 0.5, ax=ax, **look)
    for text, step in zip(ax.texts, steps.to_numpy().ravel(), strict=True):
        text.set_color(style.LIGHT["on_fill"] if step == len(HEAT) - 1 else INK)
    ax.set_xticks([i + 0.5 for i in range(len(shares.columns))], [_lines(one, 4) for one in shares.columns], rotation=0)
    wide = 9 if width < style.FULL else 24
    ax.set_yticks([i + 0.5 for i in range(len(shares))], [_lines(one, wide) for one in shares.index], rotation=0)
    ax.xaxis.set_label_position("top")
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", colors=INK, length=0)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel=across, ylabel=down)
    return figure


@drawn
def draw_concentration(curve: pd.DataFrame, say: Say) -> Figure:
    """customer_share against amount_share, the largest customers first; on the straight line all would bring alike."""
    figure = Figure(figsize=(style.HALF, 2.6), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color=LINE, linewidth=1.2)
    ax.plot(curve["customer_share"], curve["amount_share"], color=style.LIGHT["series_1"], linewidth=2)
    tenth = curve.iloc[10]
    place = (tenth["customer_share"], tenth["amount_share"])
    ax.plot(*place, "o", color=style.LIGHT["series_1"], markersize=6)
    share = write_share(tenth["amount_share"], say)
    ax.annotate(
        say("chart.top_tenth", share=share),
        place,
        (0.56, 0.08),
        arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.7, "shrinkB": 4},
    )
    marks = [0, 0.25, 0.5, 0.75, 1]
    words = [write_share(mark, say, digits=0) for mark in marks]
    ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=say("chart.of_customers"), ylabel=say("chart.of_amount"))
    ax.set_xticks(marks, words)
    ax.set_yticks(marks, words)
    return figure


@drawn
def draw_served(tiers: pd.DataFrame, say: Say) -> Figure:
    """What a tier brings and what it is given, a group of bars a tier: label, name, and a column per share (revenue, talks …)."""
    kinds = [
        name for name in ("customers", "revenue", "talks", "tickets") if name in tiers and tiers[name].notna().all()
    ]
    figure = Figure(figsize=(style.HALF, 0.24 * len(kinds) * len(tiers) + 0.6), layout="constrained")
    axes = figure.subplots(len(tiers), 1, squeeze=False)[:, 0]
    for ax, (_, row) in zip(axes, tiers.iterrows(), strict=True):
        _thin_bars(ax, [row[kind] for kind in kinds], [say(f"chart.served_{kind}") for kind in kinds], say)
        for bar in ax.patches:
            bar.set_facecolor(style.tier_color("value", row["label"]))
        ax.set(title=row["name"], xlim=(0, 1.25 * max(0.01, tiers[kinds].max(axis=None))))
    return figure


def _thin_bars(ax: Axes, sizes: Sequence[float], names: Sequence[str], say: Say) -> None:
    ax.barh(range(len(sizes)), sizes, height=0.66)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    for place, size in enumerate(sizes):
        ax.annotate(write_share(size, say), (size, place), (4, 0), textcoords="offset points", va="center", color=INK)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.axvline(0, color=MUTED, linewidth=0.8)


@drawn
def draw_talks(trend: pd.DataFrame, say: Say) -> Figure:
    """Talks by month: month, talks, per_customer, partial; a month that is not full is hollow."""
    figure = Figure(figsize=(style.HALF, 2.3), layout="constrained")
    ax = figure.subplots()
    partial, talks = trend["partial"].astype(bool).tolist(), trend["talks"].astype(int).tolist()
    bars = ax.bar(range(len(trend)), talks, width=0.6, edgecolor=style.LIGHT["series_2"])
    for bar, hollow in zip(bars, partial, strict=True):
        bar.set_facecolor(style.LIGHT["paper" if hollow else "series_2"])
    for place, n in enumerate(talks):
        ax.annotate(write_number(n), (place, n), (0, 2), textcoords="offset points", ha="center", va="bottom")
    names = [_month(pd.Timestamp(day).month, say) for day in trend["month"]]
    ax.set_xticks(
        range(len(trend)),
        [f"{name}\n{say('chart.partial')}" if p else name for name, p in zip(names, partial, strict=True)],
    )
    ax.set(yticks=[], ylim=(0, max(1, *talks) * 1.2), xlim=(-0.6, len(trend) - 0.4))
    return figure


@drawn
def draw_season(season: pd.DataFrame, say: Say) -> Figure:
    """The mean month is 100: month, season_index, low and high as a line from the least to the greatest year."""
    figure = Figure(figsize=(style.HALF, 2.3), layout="constrained")
    ax = figure.subplots()
    index = season["season_index"].tolist()
    ax.bar(season["month"], index, width=0.62, color=style.LIGHT["series_4"])
    ax.vlines(season["month"], season["low"], season["high"], color=style.LIGHT["series_1"], linewidth=1.6)
    ax.axhline(1, color=MUTED, linewidth=0.8)
    top = season["high"].max() * 1.22
    behind = {
        "facecolor": style.LIGHT["paper"],
        "edgecolor": "none",
        "pad": 0.6,
    }  # the line of 100 does not cross the words
    for row in season.itertuples():
        ax.annotate(write_number(row.season_index * 100), (row.month, max(row.high, row.season_index)), (0, 3), textcoords="offset points",
                    ha="center", va="bottom", fontsize=style.FONT - 2, bbox=behind)  # fmt: skip
    ax.set_xticks(season["month"], [str(month) for month in season["month"]])
    ax.set(yticks=[], ylim=(0, top), xlim=(0.4, 12.6), xlabel=say("chart.month_of_year"))
    return figure


def _month(number: int, say: Say) -> str:
    return say("chart.month", m=number) if say.lang == "zh" else pd.Timestamp(2000, number, 1).strftime("%b")


@drawn
def draw_kpis(months: pd.DataFrame, told: pd.DataFrame, say: Say) -> Figure:
    """Small multiples, one a figure of the kit: kpi, month, value; and told: kpi, unit, name, value, target, baseline, state (why
    there is none). A line is broken
    where a month says too little; the goal is dashed, the baseline day upright."""
    figure = Figure(figsize=(style.FULL, 3.3), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    for ax, row in zip(axes, told.itertuples(), strict=False):
        mine = months[months["kpi"].eq(row.kpi)].sort_values("month")
        kind, color = ("hours" if row.unit == "hours" else "share"), style.LIGHT["series_1"]
        ax.plot(mine["month"], mine["value"].astype("float64"), color=color, linewidth=1.6, marker="o", markersize=2.5)
        known = [one for one in (*mine["value"].dropna(), row.target) if pd.notna(one)]
        if pd.notna(row.target):
            ax.axhline(row.target, color=style.LIGHT["good"], linewidth=1, linestyle=(0, (4, 3)))
        if mine["value"].notna().any():
            ax.axvline(pd.Timestamp(row.baseline), color=MUTED, linewidth=0.8)
        else:
            ax.text(0.5, 0.45, _lines(row.state, 12), transform=ax.transAxes, ha="center", va="center", color=MUTED)
        now = say("chart.kpi_now", value=write_value(row.value, kind, say), target=write_value(row.target, kind, say))
        ax.set_title(f"{row.name}\n{now}")
        top = max(known, default=1.0)
        ax.set(ylim=(0, top * 1.1 or 1), yticks=[], xticks=[])
        ax.set_xlim(pd.Timestamp(row.first), pd.Timestamp(row.last))
    for ax in axes[len(told) :]:
        ax.axis("off")
        ax.text(0, 0.5, say("chart.kpi_key"), transform=ax.transAxes, va="center", color=MUTED, linespacing=1.6)
    return figure
