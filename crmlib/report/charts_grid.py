"""Charts that are tables: a cell's colour says what its number says."""

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.drawing import INK, LINE, drawn
from crmlib.report.marks import fold, new_figure
from crmlib.report.numbers import write_number

HEAT = ("paper", "series_5", "series_4", "series_3", "series_1")  # steps of a share; colours that follow the page
STEPS = (0.05, 0.2, 0.4, 0.6)  # where the next begins


@drawn
def draw_heat(
    shares: pd.DataFrame, words: pd.DataFrame, say: Say, *, across: str = "", down: str = "", width: float = style.HALF
) -> Figure:
    """A table as a picture: rows and columns are named by `shares`, a cell is the darker the greater its share; `words` stand in the
    cells. A missing share is left white."""
    steps = shares.map(lambda share: 0 if pd.isna(share) else sum(share >= step for step in STEPS))
    figure, [ax] = new_figure(0.27 * len(shares) + 0.75, width=width)
    rows = [fold(one, 9 if width < style.FULL else 24) for one in shares.index]
    _cells(ax, steps.to_numpy(), words.to_numpy(), HEAT, rows=rows, columns=[fold(one, 4) for one in shares.columns])
    for text, step in zip(ax.texts, steps.to_numpy().ravel(), strict=True):
        text.set_color(style.LIGHT["on_fill"] if step == len(HEAT) - 1 else INK)
    ax.xaxis.set_label_position("top")
    ax.xaxis.tick_top()
    ax.tick_params(axis="both", length=0)
    ax.set(xlabel=across, ylabel=down)
    return figure


@drawn
def draw_tier_moves(moves: pd.DataFrame, say: Say, *, dimension: str) -> Figure:
    """Who moved: label_before (rows), label_now (columns), n; labels that nobody had or has are left out. Staying is grey,
    better green, worse red; the words say it too."""
    held = {*moves["label_before"], *moves["label_now"]}
    order = [label for label in style.TIERS[dimension] if label in held]
    cells = moves.pivot_table(index="label_before", columns="label_now", values="n", aggfunc="sum")
    cells = cells.reindex(index=order, columns=order)
    rank = range(len(order))
    kinds = [[0 if pd.isna(cells.iloc[b, n]) else 1 + (n < b) + 2 * (n > b) for n in rank] for b in rank]
    words = [["" if pd.isna(cells.iloc[b, n]) else write_number(cells.iloc[b, n]) for n in rank] for b in rank]
    names = [say(f"tier.{dimension}.{label}") for label in order]
    figure, [ax] = new_figure(0.36 * len(order) + 1.0)
    columns = [fold(name, 4) for name in names]
    _cells(
        ax,
        kinds,
        words,
        ("paper", "panel", "good_tint", "bad_tint"),
        rows=[fold(name, 6) for name in names],
        columns=columns,
    )
    ax.set_xlabel(say("chart.moves_now"))
    ax.set_ylabel(say("chart.moves_before"), rotation=0, ha="right", va="center")
    return figure


def _cells(
    ax: Axes, kinds: Sequence, words: Sequence, colors: Sequence[str], *, rows: list[str], columns: list[str]
) -> None:
    """Each cell in the colour of its kind, with its words."""
    sns.heatmap(
        kinds, annot=words, fmt="", cmap=ListedColormap([style.LIGHT[one] for one in colors]), vmin=-0.5, vmax=len(colors) - 0.5,
        cbar=False, linewidths=1, linecolor=LINE, annot_kws={"color": INK, "size": style.FONT}, ax=ax,
    )  # fmt: skip
    for text in ax.texts:
        text.set_in_layout(False)
    ax.set_xticks([i + 0.5 for i in range(len(columns))], columns, rotation=0, color=INK)
    ax.set_yticks([i + 0.5 for i in range(len(rows))], rows, rotation=0)
