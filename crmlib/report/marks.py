"""Marks: what charts are put together from: bars, the words beside them, names that fit, months, and axes of shares."""

from collections.abc import Sequence
from textwrap import wrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import offset_copy

from crmlib.labels import Say
from crmlib.report import fonts, style
from crmlib.report.drawing import INK, MUTED
from crmlib.report.numbers import write_share, write_value

DASHED = (0, (4, 3))


def new_figure(
    height: float, *, width: float = style.HALF, rows: int = 1, across: int = 1, **more
) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row. Sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(rows, across, squeeze=False, **more).ravel())


def fold(label: str, width: int = 10) -> str:
    """A label over at most two lines: Chinese is broken anywhere, words between words."""
    text = fonts.printable(str(label))
    wide = sum(ord(c) > 0x2E80 for c in text) * 2 > len(text)
    width = width if wide else max(width * 2, min(16, max(map(len, text.split()), default=0)))
    if wide and len(text) > width:  # two lines of one length, not one full line and a rest
        width = min(width, -(-len(text) // 2))
    return "\n".join(wrap(text, width, max_lines=2, placeholder="…")) or text


def beside(ax: Axes, x: float, y: float, words: str, *, gap: float = 4, **look) -> Text:
    """Words to the right of a point, `gap` points away; to its left where that is negative."""
    return _write(ax, x, y, words, gap, 0, **{"ha": "left" if gap > 0 else "right", "va": "center", **look})


def above(ax: Axes, x: float, y: float, words: str, *, gap: float = 2, **look) -> Text:
    """Words over a point, `gap` points away."""
    return _write(ax, x, y, words, 0, gap, **{"ha": "center", "va": "bottom", **look})


def _write(ax: Axes, x: float, y: float, words: str, right: float, up: float, **look) -> Text:
    """Not measured for the margins, which would take half of a chart's time: the axes leave such words their room."""
    place = offset_copy(ax.transData, ax.figure, x=right, y=up, units="points")
    return ax.text(x, y, words, transform=place, in_layout=False, **{"color": INK, **look})


def bars(
    ax: Axes,
    sizes: Sequence,
    names: Sequence[str],
    colors: Sequence[str],
    labels: Sequence[str],
    *,
    ends: Sequence = (),
    fold_at: int = 10,
    height: float = 0.62,
) -> None:
    """Horizontal bars, the first on top, each with its words beyond its end (or beyond what `ends` says)."""
    places = range(len(sizes))
    ax.barh(places, list(map(float, sizes)), height=height, color=list(colors))
    ends = list(map(float, ends or sizes))
    texts = [beside(ax, end, place, label) for place, end, label in zip(places, ends, labels, strict=True)]
    for text in texts:
        text.set_in_layout(text.get_position()[0] == max(ends))  # the one that reaches farthest
    ax.set_yticks(places, [fold(name, fold_at) for name in names])
    ax.xaxis.set_visible(False)  # cheaper than an axis without ticks
    ax.set_ylim(len(sizes) - 0.5, -0.5)
    ax.spines["bottom"].set_visible(False)
    ax.axvline(0, color=MUTED, linewidth=0.8)


def columns(
    ax: Axes, places: Sequence, sizes: Sequence, labels: Sequence[str], *, colors: Sequence[str], edge: str = "none"
) -> None:
    """Upright bars with their words on top."""
    ax.bar(places, list(sizes), width=0.6, color=list(colors), edgecolor=edge)
    for place, size, label in zip(places, sizes, labels, strict=True):
        above(ax, place, size, label)
    ax.yaxis.set_visible(False)


def counts(rows: pd.DataFrame, say: Say, kind: str = "int") -> list[str]:
    """ "12（25.0 %）" for each row: n, of `kind`, and share."""
    pairs = zip(rows["n"], rows["share"], strict=True)
    return [say("chart.n_share", n=write_value(n, kind, say), share=write_share(share, say)) for n, share in pairs]


def name_month(month: object, say: Say) -> str:
    """ "1 月", "Jan"."""
    day = pd.Timestamp(month)
    return say("chart.month", m=day.month) if say.lang == "zh" else day.strftime("%b")


def share_axes(ax: Axes, say: Say, *, across: str, up: str) -> None:
    """Both axes from none to all, and the line on which the two are equal."""
    marks = [0, 0.25, 0.5, 0.75, 1]
    words = [write_share(mark, say, digits=0) for mark in marks]
    ax.plot([0, 1], [0, 1], color=style.LIGHT["line"], linewidth=1.2)
    ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=across, ylabel=up)
    ax.set_xticks(marks, words)
    ax.set_yticks(marks, words)
