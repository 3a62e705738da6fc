"""Charts of service: what is complained of, how scores lie, and what a revisit changed."""

import pandas as pd
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.charts import _bars, _counted, bar_color
from crmlib.report.drawing import INK, LINE, MUTED, drawn
from crmlib.report.numbers import write_number, write_share

# points → a colour that means the same in every report
POINT_COLORS = {1: "bad", 2: "risk_churn_risk", 3: "risk_warning", 4: "risk_stable", 5: "good"}
MOST_LINES = 40  # customers drawn one by one


@drawn
def draw_pareto(types: pd.DataFrame, say: Say) -> Figure:
    """Bars of label, complaints (code "unknown" grey), the most frequent first, and the line of cumulative_share above them."""
    figure = Figure(figsize=(style.FULL, 2.7), layout="constrained")
    ax = figure.subplots()
    places, most = range(len(types)), max(1, types["complaints"].max())
    ax.bar(places, types["complaints"], width=0.62, color=[bar_color(code) for code in types["category"]])
    for place, n in zip(places, types["complaints"], strict=True):
        ax.annotate(
            write_number(n), (place, n), (0, 2), textcoords="offset points", ha="center", va="bottom", color=INK
        )
    ax.set_xticks(places, [_wrapped(label) for label in types["label"]])
    ax.set(yticks=[], ylim=(0, most * 2.3), xlim=(-0.6, len(types) - 0.4))  # the line has the upper half for itself
    above = ax.twinx()
    above.plot(places, types["cumulative_share"], color=style.LIGHT["accent"], marker="o", markersize=4, linewidth=1.4)
    for place, share in zip(places, types["cumulative_share"], strict=True):
        above.annotate(
            write_share(share, say, digits=0),
            (place, share),
            (0, 5),
            textcoords="offset points",
            ha="center",
            color=MUTED,
        )
    above.set(yticks=[], ylim=(-1.15, 1.18))
    above.spines["bottom"].set_visible(False)
    return figure


def _wrapped(label: str) -> str:
    """A type's name in lines of six characters, four of them words and the rest cut."""
    return (
        "\n".join(label[i : i + 6] for i in range(0, min(len(label), 18), 6))
        if not label.isascii()
        else label.replace(" ", "\n")
    )


@drawn
def draw_points(points: pd.DataFrame, say: Say) -> Figure:
    """Scores by whole points, the best on top: points, label, n, share."""
    rows = points.sort_values("points", ascending=False)
    figure = Figure(figsize=(style.HALF, 2.3), layout="constrained")
    ax = figure.subplots()
    labels = [_counted(row, say) for _, row in rows.iterrows()]
    _bars(ax, rows["n"], rows["label"], [style.LIGHT[POINT_COLORS[one]] for one in rows["points"]], labels)
    ax.set_xlim(0, max(1, rows["n"].max()) * 1.75)
    return figure


@drawn
def draw_slopes(revisits: pd.DataFrame, say: Say) -> Figure:
    """A line per customer from the score before the revisit to the one after, and their mean: before, after."""
    figure = Figure(figsize=(style.HALF, 2.3), layout="constrained")
    ax = figure.subplots()
    for row in revisits.head(MOST_LINES).itertuples():
        color = style.LIGHT["good" if row.after > row.before else "bad" if row.after < row.before else "unknown"]
        ax.plot([0, 1], [row.before, row.after], color=color, linewidth=1.2, alpha=0.55, marker="o", markersize=3)
    means = [float(revisits[side].mean()) for side in ("before", "after")]
    ax.plot([0, 1], means, color=INK, linewidth=2.4, marker="o", markersize=5)
    for place, mean in enumerate(means):
        ax.annotate(
            write_number(mean, 1), (place, mean), (-7 if place == 0 else 7, 0), textcoords="offset points",
            ha="right" if place == 0 else "left", va="center", color=INK,
        )  # fmt: skip
    ax.set_xticks([0, 1], [say("chart.before_revisit"), say("chart.after_revisit")])
    ax.set_yticks(range(1, 6))
    ax.set(xlim=(-0.35, 1.35), ylim=(0.8, 5.2))
    ax.grid(axis="y", color=LINE, linewidth=0.6)
    return figure
