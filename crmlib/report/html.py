"""HTML: one file that asks for nothing else; fonts, style, script and charts are inside it."""

import re
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from crmlib.report import fonts, style
from crmlib.report.blocks import Report
from crmlib.report.layout import lay_out

FACES = "/* faces */"
TEMPLATES = Path(__file__).with_name("templates")


def write_html(report: Report, path: Path | str) -> None:
    Path(path).write_text(render_html(report), encoding="utf-8", newline="\n")


def render_html(report: Report) -> str:
    """The page. The fonts hold the characters that the page shows, no more."""
    return fill_page("report.html.j2", report=lay_out(report))


def fill_page(name: str, *, embedded: bool = True, **values: Any) -> str:
    """A template with style and fonts; `embedded` False leaves the fonts to the page that this one becomes a part of."""
    return fill_pages(name, [values], embedded=embedded)[0]


def fill_pages(name: str, pages: list[dict[str, Any]], *, embedded: bool = True) -> list[str]:
    """Rendered once to learn which characters they show, and then with fonts that hold these: one pair for all pages."""
    fixed = {"light": style.css_variables(style.LIGHT), "dark": style.css_variables(style.DARK)}
    bare = [_template(name).render(**page, **fixed, faces=FACES, number=count(1).__next__) for page in pages]
    if not embedded:
        return [html.replace(FACES, "") for html in bare]
    headings = "".join(
        part for html in bare for part in re.findall(r"<(?:h[1-3]|strong)\b.*?</(?:h[1-3]|strong)>", html, flags=re.S)
    )
    faces = fonts.embed(fonts.SANS, "".join(map(shown_text, bare))) + fonts.embed(fonts.SERIF, shown_text(headings))
    return [html.replace(FACES, faces, 1) for html in bare]


def shown_text(html: str) -> str:
    """What a reader can see of a page: its text without tags, with figures in every script for the counters."""
    text = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.S)
    return re.sub(r"<[^>]*>", "", text) + "0123456789 …"


@cache
def _template(name: str) -> Template:
    places = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    places.filters["chart"] = inline_svg
    return places.get_template(name)


def inline_svg(svg: str, alt: str) -> str:
    """A chart as a part of the page: named for screen readers, in the page's colours, no namespace address."""
    from markupsafe import Markup, escape

    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg).replace("xlink:href", "href")
    return Markup(style.theme_svg(svg).replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1))
