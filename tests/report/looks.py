"""Looks: what must hold for every drawn chart: no text cut off, none over another or half over a bar, no glyph missing."""

import warnings
from itertools import combinations

from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from crmlib.report import drawing

SLACK = 1.0  # pixels that may touch


def check_looks(figure: Figure) -> list[str]:
    """Draw it as the report does and measure its words. Returns them, top to bottom; fails where one cannot be read.

    On a chart of your own: `words = check_looks(charts_bars.draw_shares(rows, say, colors=colors))`.
    """
    with warnings.catch_warnings(), rc_context(drawing.theme()):
        warnings.simplefilter("error")  # "Glyph 128512 missing from font(s)"
        drawing.settle(figure)
        figure.draw_without_rendering()
        boxes = [(text.get_text(), Text.get_window_extent(text)) for text in shown_texts(figure)]
        bars = [bar.get_window_extent() for ax in figure.axes for bar in ax.patches if isinstance(bar, Rectangle)]
    page = figure.bbox
    for words, box in boxes:
        cut = (
            box.x0 < page.x0 - SLACK or box.x1 > page.x1 + SLACK or box.y0 < page.y0 - SLACK or box.y1 > page.y1 + SLACK
        )
        assert not cut, f"{words!r} is cut off at the edge"
    for (one, a), (two, b) in combinations(boxes, 2):
        assert not overlap(a, b), f"{one!r} lies over {two!r}"
    for words, box in boxes:
        half = [bar for bar in bars if overlap(box, bar) and not inside(box, bar)]
        assert not half, f"{words!r} lies half over a bar"
    return [words for words, box in sorted(boxes, key=lambda pair: (-pair[1].y1, pair[1].x0))]


def shown_texts(figure: Figure) -> list[Text]:
    """Every piece of text that is drawn; axes that are switched off have ticks that are not."""
    axes = [(ax, axis) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    hidden = {id(text) for ax, axis in axes if not (ax.axison and axis.get_visible()) for text in axis.findobj(Text)}
    unused = {id(text) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for text in _beyond(axis)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden | unused
    ]


def _beyond(axis) -> list[Text]:
    """Labels of ticks that matplotlib keeps but does not draw, being out of view or of the other side."""
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    out = [tick for tick in ticks if not low <= tick.get_loc() <= high]
    return [text for tick in out for text in (tick.label1, tick.label2)]


def overlap(a: Bbox, b: Bbox) -> bool:
    wide = min(a.x1, b.x1) - max(a.x0, b.x0)
    high = min(a.y1, b.y1) - max(a.y0, b.y0)
    return wide > SLACK and high > SLACK


def inside(a: Bbox, b: Bbox) -> bool:
    return a.x0 >= b.x0 and a.x1 <= b.x1 and a.y0 >= b.y0 and a.y1 <= b.y1


def words_of(figure: Figure) -> list[str]:
    """Every word of a chart, drawn or not."""
    texts = [
        text for ax in figure.axes for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label)
    ]
    return [text.get_text() for text in texts] + [ax.get_title(loc="left") for ax in figure.axes]


def colors_of(patches) -> list[str]:
    return [to_hex(patch.get_facecolor()) for patch in patches]
