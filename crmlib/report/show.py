"""Showing blocks in a notebook, looking as they will in the report."""

from html import escape

import pandas as pd

from crmlib.labels import speaker
from crmlib.report.blocks import Block, Report, Section
from crmlib.report.html import fill_page
from crmlib.report.layout import WORDS, lay_blocks, lay_section
from crmlib.report.numbers import is_missing

CELL = 60  # characters of a cell


class Shown:
    """What a cell ends with."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


def show(thing: Report | Section | Block | list[Block] | None, *, lang: str = "zh", currency: str = "CNY") -> Shown:
    """A block, several, a section or a report, as the HTML report draws them; of a section that is None, that it is not there."""
    say = speaker(thing.lang, thing.currency) if isinstance(thing, Report) else speaker(lang, currency)
    if thing is None:
        return Shown(f"<p>{say('page.nothing_to_show')}</p>")
    if isinstance(thing, Report):
        parts = [lay_section(section, say) for section in thing.sections]
    elif isinstance(thing, Section):
        parts = [lay_section(thing, say)]
    else:
        parts = [{"groups": lay_blocks(tuple(thing) if isinstance(thing, (list, tuple)) else (thing,), say)}]
    words = {key: say(f"report.{key}") for key in WORDS}
    return Shown(fill_page("shown.html.j2", embedded=False, parts=parts, words=words))


def show_table(rows: pd.DataFrame, *, lang: str = "zh", most: int = 50) -> Shown:
    """The first rows of any table, plainly: numbers to the right, long text cut; how many there are is said where not all are shown."""
    first = rows.head(most)
    right = {name for name in rows.columns if pd.api.types.is_numeric_dtype(rows[name].dtype)}
    head = "".join(f"<th{_side(name in right)}>{escape(str(name))}</th>" for name in rows.columns)
    lines = [
        "".join(f"<td{_side(name in right)}>{escape(_plain(value))}</td>" for name, value in row.items())
        for row in first.astype(object).to_dict("records")
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    more = f"<p>{speaker(lang)('page.first_rows', shown=most, n=len(rows))}</p>" if len(rows) > most else ""
    return Shown(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}")


def _side(right: bool) -> str:
    return ' class="number"' if right else ""


def _plain(value: object) -> str:
    text = (
        ""
        if pd.api.types.is_scalar(value) and is_missing(value)
        else f"{value:.10g}"
        if isinstance(value, float)
        else str(value)
    )
    return text if len(text) <= CELL else text[: CELL - 1] + "…"
