"""Parts: what several sections build alike, so that each section says only what is its own."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Drawn

from crmlib.labels import Say
from crmlib.report.blocks import Block, Chart, Column, Figure, Metric, Section, Table
from crmlib.report.charts_bars import draw_shares
from crmlib.report.charts_shares import draw_pie
from crmlib.report.data import ReportData
from crmlib.report.drawing import to_svg
from crmlib.report.numbers import KIND, Change, compare, write_number, write_share

NO_CHANGE = {"amount_change_1m", "satisfaction_change", "revisit_lift"}  # are changes already


def write_period(data: ReportData) -> str:
    """The period and its first and last day."""
    last = data.period.end - timedelta(days=1)
    return data.say("section.period", text=data.period.text, start=data.period.start, end=last)


def make_section(data: ReportData, name: str, title: str, blocks: Sequence[Block], *, n: str) -> Section:
    """A section with its topic, definition and caveat from the labels."""
    words = {key: data.say(f"section.{name}.{key}") for key in ("topic", "definition", "caveat")}
    return Section(
        name, words["topic"], title, tuple(blocks), write_period(data), n, words["definition"], words["caveat"]
    )


def columns(say: Say, *named: tuple[str, str], screen_only: Sequence[str] = ()) -> tuple[Column, ...]:
    """Columns with their words; those of `screen_only` are left out on paper."""
    return tuple(Column(key, say(f"column.{key}"), kind, paper=key not in screen_only) for key, kind in named)


def count_customers(data: ReportData) -> str:
    n = data.value("customers_active")
    return "" if n is None else data.say("section.n_customers", n=write_number(n))


def change_of(data: ReportData, figure_id: str, *, both: bool = False) -> Change | None:
    """Against the period before; a tier in percentage points of the customers. None where one of the two is missing."""
    stated = data.figure(figure_id)
    if not stated or figure_id in NO_CHANGE:
        return None
    if figure_id.startswith("tier_") and figure_id != "tier_moves":
        now, before = data.share(figure_id), data.share(figure_id, before=True)
        return compare(now, before, "share", data.say, better=stated.better, both=both)
    before = data.value(figure_id, before=True)
    return compare(stated.value, before, KIND.get(stated.unit, "int"), data.say, better=stated.better, both=both)


def tell_change(data: ReportData, figure_id: str, *, both: bool = False) -> str:
    """ "，比上期 +1.2 个百分点", or nothing where there is no period before."""
    change = change_of(data, figure_id, both=both)
    if not change:
        return ""
    if not change.sign:
        return data.say("section.moved_not")
    return data.say("section.moved", arrow="↑" if change.sign > 0 else "↓", change=change.text)


def make_metrics(data: ReportData, *figure_ids: str) -> Iterator[Metric]:
    """Figures as metrics; one that was not made, or is not known, is left out."""
    for figure_id in figure_ids:
        stated = data.figure(figure_id)
        if stated and stated.value is not None:
            yield Metric(
                label=data.say(f"figure.{figure_id}"),
                value=stated.value,
                unit=KIND.get(stated.unit, "int"),
                figure_id=figure_id,
                n=stated.n,
                definition=data.say(f"definition.{figure_id}"),
                change=change_of(data, figure_id),
            )


def make_figure(
    name: str,
    title: str,
    drawn: Drawn,
    rows: pd.DataFrame,
    named: tuple[Column, ...],
    words: list[str],
    say: Say,
    **more: Any,
) -> Figure:
    """A chart with its table and its description for those who do not see it."""
    alt = say("section.alt", title=title, parts=say("section.join").join(words))
    return Figure(title=title, svg=to_svg(drawn, name), alt=alt, table=Table(title, named, rows), **more)


def make_shares(
    name: str, title: str, rows: pd.DataFrame, say: Say, *, colors: Sequence[str], ring: bool = False
) -> Figure:
    """A half-width chart of label, n, share: bars, or a ring."""
    words = [
        say("section.alt_part", label=label, n=write_number(n), share=write_share(share, say))
        for label, n, share in zip(rows["label"], rows["n"], rows["share"], strict=True)
    ]
    drawn = (draw_pie if ring else draw_shares)(rows, say, colors=colors)
    named = columns(say, ("label", "text"), ("n", "int"), ("share", "share"))
    chart = Chart("pie" if ring else "bar", "label", ("n",), tuple(colors))
    return make_figure(name, title, drawn, rows, named, words, say, chart=chart, half=True)
