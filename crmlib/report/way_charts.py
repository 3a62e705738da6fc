"""Charts of ways and wishes: how many go on from stage to stage, and how many customers ask for what."""

import pandas as pd
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.charts import _lines
from crmlib.report.drawing import INK, LINE, MUTED, drawn
from crmlib.report.numbers import write_number, write_share


@drawn
def draw_ways(stages: pd.DataFrame, say: Say) -> Figure:
    """A funnel for each entity, side by side: entity, entity_name, label, n (that came to the stage), and of those who went on share
    (missing for too few, and for the last), enough, weakest. The share stands between the bars of its step."""
    names = list(dict.fromkeys(stages["entity"]))
    deepest = stages.groupby("entity").size().max()
    figure = Figure(figsize=(style.FULL, 0.62 * deepest + 0.35), layout="constrained")
    axes = figure.subplots(1, len(names), squeeze=False)[0]
    for ax, name in zip(axes, names, strict=True):
        mine = stages[stages["entity"] == name].reset_index(drop=True)
        most = max(1, mine["n"].max())
        ax.barh(mine.index, mine["n"], height=0.5, color=style.LIGHT["series_1"])
        ax.set_yticks(mine.index, [_lines(label, 5) for label in mine["label"]])
        for row in mine.itertuples():
            ax.annotate(write_number(row.n), (row.n, row.Index), (4, 0), textcoords="offset points", va="center")
            if row.Index + 1 == len(mine):
                continue
            share = write_share(row.share, say) if row.enough else say("chart.too_few")
            words = say("chart.step_weakest" if row.weakest else "chart.step", share=share)
            color = style.LIGHT["bad"] if row.weakest else INK if row.enough else MUTED
            ax.annotate(words, (0, row.Index + 0.5), (6, 0), textcoords="offset points", va="center", color=color)
        ax.set(xlim=(0, most * 1.3), ylim=(deepest - 0.5, -0.5), xticks=[], xlabel="", ylabel="")
        ax.set_title(mine["entity_name"].iloc[0])
        ax.spines["bottom"].set_visible(False)
        ax.axvline(0, color=MUTED, linewidth=0.8)
    return figure


@drawn
def draw_topics(topics: pd.DataFrame, say: Say, *, flag_share: float) -> Figure:
    """Which share of the asking customers has which need: label, customers, share, flagged; the upright line is `flag_share`."""
    figure = Figure(figsize=(style.FULL, 0.36 * len(topics) + 0.6), layout="constrained")
    ax = figure.subplots()
    places = range(len(topics))
    tints = [
        style.LIGHT["unknown" if code == "unknown" else "series_1" if hot else "series_3"]
        for code, hot in zip(topics["topic"], topics["flagged"].fillna(False), strict=True)
    ]
    ax.barh(places, topics["share"].astype(float), height=0.62, color=tints)
    ax.set_yticks(places, [_lines(label, 12) for label in topics["label"]])
    for place, (n, share) in enumerate(zip(topics["customers"], topics["share"], strict=True)):
        words = say("chart.n_share", n=write_number(n), share=write_share(share, say))
        ax.annotate(
            words,
            (float(share), place),
            (4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            bbox={"facecolor": style.LIGHT["paper"], "edgecolor": "none", "pad": 0.8},
            zorder=3,
        )
    ax.axvline(flag_share, color=style.LIGHT["warn"], linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    ax.set_xticks([flag_share], [say("chart.frequent_from", share=write_share(flag_share, say, digits=0))])
    ax.set(
        xlim=(0, max(flag_share, float(topics["share"].max())) * 1.35),
        ylim=(len(topics) - 0.5, -0.6),
        xlabel="",
        ylabel="",
    )
    ax.spines["bottom"].set_visible(False)
    ax.axvline(0, color=LINE, linewidth=0.8)
    return figure
