"""Drawing: the theme of every chart, and its way into the files: laid out once, as SVG whose text stays text."""

import io
import re
from collections.abc import Callable
from functools import cache, wraps

import seaborn as sns
from matplotlib import font_manager, rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from crmlib.report import fonts, style

INK, MUTED, LINE = style.LIGHT["ink"], style.LIGHT["muted"], style.LIGHT["line"]


@cache
def theme() -> dict:
    """The style of every chart, as rc settings that hold only while one is drawn."""
    font_manager.fontManager.addfont(str(fonts.PATHS[fonts.SANS]))
    own = {
        "font.family": [fonts.SANS],
        "font.size": style.FONT,
        "text.color": INK,
        "text.parse_math": False,  # two dollar signs in a name are no formula
        "axes.labelcolor": MUTED,
        "axes.labelsize": style.FONT,
        "axes.titlesize": style.FONT + 1,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.titlepad": 8,
        "axes.edgecolor": LINE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": False,
        "grid.color": LINE,
        "xtick.color": MUTED,
        "xtick.labelsize": style.FONT,
        "ytick.labelsize": style.FONT,
        "ytick.color": INK,
        "xtick.bottom": False,
        "ytick.left": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "svg.fonttype": "none",  # text stays text: searchable, and in the page's own embedded font
    }
    return {**sns.axes_style("white"), **sns.plotting_context("paper"), **own}


def drawn(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """A draw function that works inside the theme and leaves matplotlib as it was."""

    @wraps(draw)
    def inside(*args, **named) -> Figure:
        with rc_context(theme()):
            return draw(*args, **named)

    return inside


def settle(figure: Figure) -> None:
    """Lay the figure out once and for good; matplotlib would do it again at each drawing, half of a chart's time."""
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")


def to_svg(figure: Figure, name: str) -> str:
    """The same bytes for the same figure. `name` keeps the ids of several charts on one page apart."""
    out = io.StringIO()
    with rc_context(theme() | {"svg.hashsalt": name}):
        settle(figure)
        # what savefig would do after drawing it all once more, for a layout that is settled
        FigureCanvasSVG(figure).print_svg(out, metadata=dict.fromkeys(["Date", "Creator", "Format", "Type"]))
    svg = out.getvalue()
    svg = re.sub(
        r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", "", svg[svg.index("<svg") :], flags=re.S
    )
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # figure_1, axes_1 … would stand twice on a page
    svg = re.sub(r"\s*\n\s*", " ", svg).replace("> <", "><")
    return svg.replace("<svg ", '<svg style="stroke-linejoin:round;stroke-linecap:butt" ', 1)
