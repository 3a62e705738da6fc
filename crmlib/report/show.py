"""Showing blocks in a notebook, looking as they will in the report."""

import pandas as pd

from crmlib.labels import speaker
from crmlib.report.blocks import Block, Report, Section
from crmlib.report.html import fill_page
from crmlib.report.layout import WORDS, lay_blocks, lay_section


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
    """The first rows of any table, plainly; how many there are is said where not all are shown."""
    first = rows.head(most).astype(object)
    html = first.where(first.notna(), "").to_html(index=False, border=0, justify="left")
    more = f"<p>{speaker(lang)('page.first_rows', shown=most, n=len(rows))}</p>" if len(rows) > most else ""
    return Shown(html + more)
