"""One visual language for charts, HTML, PDF and Excel: each colour has one meaning, everywhere, by day and by night.

Hues stay apart for colour-blind readers (a test simulates them); no chart relies on colour alone, labels stand beside the marks.
"""

from collections.abc import Iterable

# every hex is used once, so that a chart's colours can be swapped for the page's (see html.py)
LIGHT = {
    "ink": "#1c2733",
    "muted": "#566372",
    "line": "#d8dee4",
    "panel": "#f3f6f8",
    "paper": "#ffffff",
    "accent": "#0b5f7d",
    "good": "#12755a",
    "bad": "#b0381c",
    "warn": "#855800",
    "good_tint": "#dcefe7",
    "bad_tint": "#f8e2da",
    "warn_tint": "#fbf0d2",
    "on_fill": "#fefefe",
    "unknown": "#a3adb8",
    "value_high": "#0e5a8a",
    "value_middle": "#5a9ac4",
    "value_low": "#a9cae0",
    "potential_focus": "#5d4296",
    "potential_potential": "#9a83c9",
    "potential_watch": "#cfc3e6",
    "risk_stable": "#1d8f70",
    "risk_warning": "#e3a411",
    "risk_churn_risk": "#c4472a",
    "risk_no_deal": "#9fa9b4",
    "series_1": "#0f6286",
    "series_2": "#3d8bb0",
    "series_3": "#7db0cb",
    "series_4": "#b3d0e0",
    "series_5": "#d3e3ec",
}
DARK = LIGHT | {
    "ink": "#e6eaee",
    "muted": "#a5b0bb",
    "line": "#3a444e",
    "panel": "#1f272f",
    "paper": "#151b21",
    "accent": "#6fc3e0",
    "good": "#5fcaa6",
    "bad": "#f08d72",
    "warn": "#e6bb5a",
    "good_tint": "#17382e",
    "bad_tint": "#452218",
    "warn_tint": "#3b3014",
    "on_fill": "#0f1418",
    "unknown": "#74808c",
    "value_high": "#7cc0ee",
    "value_middle": "#4285b3",
    "value_low": "#2c5570",
    "potential_focus": "#b7a0ec",
    "potential_potential": "#8268bd",
    "potential_watch": "#53457a",
    "risk_stable": "#3fb791",
    "risk_warning": "#e6b437",
    "risk_churn_risk": "#e97453",
    "risk_no_deal": "#6b7682",
    "series_1": "#74bddd",
    "series_2": "#4a97ba",
    "series_3": "#356f8b",
    "series_4": "#2a5368",
    "series_5": "#22404f",
}
SERIES = tuple(key for key in LIGHT if key.startswith("series_"))
TIERS = {  # best first; the order of every chart and table of tiers
    "value": ("high", "middle", "low"),
    "potential": ("focus", "potential", "watch"),
    "risk": ("stable", "warning", "churn_risk", "no_deal"),
}
CHANGE = {"up": "▲", "down": "▼", "same": "＝"}

SIZE = {"caption": 8.5, "body": 10, "lead": 11.5, "h2": 15, "h1": 25, "number": 18}  # points, on paper
FONT = 9  # points, in charts
FULL, HALF = 7.0, 3.5  # inches, the width of a chart


def tier_color(dimension: str, label: str) -> str:
    """The fixed colour of a tier; of an unknown label, that of the unknown."""
    return LIGHT.get(f"{dimension}_{label}", LIGHT["unknown"])


def series_colors(codes: Iterable[str]) -> list[str]:
    """One colour per category of a ranked table; "unknown" is always grey, what outnumbers the ramp keeps its last."""
    ramp = iter(SERIES)
    return [LIGHT["unknown"] if code == "unknown" else LIGHT[next(ramp, SERIES[-1])] for code in codes]


def ramp(n: int) -> list[str]:
    """`n` steps of the series' hue, the darkest first."""
    return series_colors(map(str, range(n)))


def css_variables(palette: dict[str, str]) -> str:
    return "".join(f"--{key.replace('_', '-')}:{value};" for key, value in palette.items())


def theme_svg(svg: str) -> str:
    """A chart whose colours follow the page: each palette colour becomes its CSS variable."""
    for key, value in LIGHT.items():
        svg = svg.replace(value, f"var(--{key.replace('_', '-')})")
    return svg
