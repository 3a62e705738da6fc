"""Effect: whether talking works, as the six columns of the weekly report, one tile a dimension."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from crmlib.labels import Say
from crmlib.report.advice import suggest
from crmlib.report.blocks import Section, Table
from crmlib.report.data import ReportData, Stated
from crmlib.report.numbers import NOTHING, Change, compare, write_number, write_share, write_value
from crmlib.report.parts import KIND, columns, make_metrics, make_section
from crmlib.report.sections.summary import list_actions
from crmlib.report.story import BEYOND, LEAST, surprise


class Measure(NamedTuple):
    dimension: str
    figure_id: str


MEASURES = (  # the first of each dimension has the tile
    Measure("response", "response_customer_mean_h"),
    Measure("response", "response_customer_median_h"),
    Measure("response", "talks_per_customer_month"),
    Measure("needs", "need_satisfied_share"),
    Measure("needs", "need_overlap_share"),
    Measure("path", "conversion_opportunity_overall"),
    Measure("path", "conversion_customer_overall"),
    Measure("path", "conversion_need_overall"),
    Measure("mood", "satisfaction_mean"),
    Measure("mood", "satisfaction_share_good"),
    Measure("mood", "mood_negative_share"),
)
COLUMNS = ("effect_dimension", "effect_metric", "effect_now", "effect_before", "effect_change", "effect_note")


class Row(NamedTuple):
    """One measure, this period and last; `change` is None where one of the two is missing."""

    measure: Measure
    now: Stated
    before: Stated | None
    change: Change | None
    news: float


def build_effect(data: ReportData) -> Section | None:
    """Only where at least one of the measures is known."""
    rows = list(_rows(data))
    if not rows:
        return None
    say = data.say
    shown = [_write(row, data) for row in rows]
    if topics := _topics(data):
        place = next((i for i, row in enumerate(rows) if row.measure.dimension not in ("response",)), len(rows))
        shown.insert(place, topics)
    table = Table(
        say("section.effect.table"),
        columns(say, *((key, "text") for key in COLUMNS)),
        pd.DataFrame(shown, columns=list(COLUMNS)),
        on_paper=len(shown),
        place="body",
    )
    actions = list_actions(data, _advice_of_week(data)) if data.period.kind == "week" else []
    first = {row.measure.dimension: row.measure.figure_id for row in reversed(rows)}
    tiles = make_metrics(data, *(first[name] for name in dict.fromkeys(row.measure.dimension for row in rows)))
    n = say("section.n_figures", n=write_number(len(rows)))
    return make_section(data, "effect", _title(rows, data), [*tiles, table, *actions], n=n)


def _advice_of_week(data: ReportData) -> pd.DataFrame:
    """The advice on figures of the sections that a week's report has."""
    sections = data.figures.loc[data.figures["section"].isin(data.settings.report.week_sections), "figure_id"]
    advice = suggest(data)
    return advice[advice["figure_id"].isin(sections)]


def _rows(data: ReportData) -> Iterator[Row]:
    for measure in MEASURES:
        now, before = data.figure(measure.figure_id), data.figure(measure.figure_id, before=True)
        if now is None or now.value is None:
            continue
        past = before.value if before else None
        kind = KIND.get(now.unit, "int")
        change = compare(now.value, past, kind, data.say, better=now.better)
        yield Row(measure, now, before, change, surprise(now, before) if before else 0.0)


def _title(rows: list[Row], data: ReportData) -> str:
    """Only changes that are larger than usual are called better or worse; else the largest is named, as within the usual."""
    say, n = data.say, write_number(len(rows))
    if not any(row.change for row in rows):
        return say("section.effect.title_alone", n=n)
    moved = sorted((row for row in rows if row.change and row.change.sign), key=lambda row: -row.news)
    if not moved:
        return say("section.effect.title_still", n=n)
    beyond = [row for row in moved if row.news >= BEYOND and row.change.good is not None]
    worse = [row for row in beyond if not row.change.good]
    told = (worse or beyond or moved)[0]
    most = {"name": say(f"figure.{told.measure.figure_id}"), "change": told.change.text}
    if not beyond:
        return say("section.effect.title_within", n=n, **most)
    counts = {"good": write_number(len(beyond) - len(worse)), "bad": write_number(len(worse))}
    return say("section.effect.title", n=n, **counts, **most)


def _write(row: Row, data: ReportData) -> tuple[str, ...]:
    say, kind = data.say, KIND.get(row.now.unit, "int")
    return (
        say(f"effect.{row.measure.dimension}"),
        say(f"figure.{row.measure.figure_id}"),
        write_value(row.now.value, kind, say),
        write_value(row.before.value if row.before else None, kind, say),
        _change(row, say),
        _note(row, data),
    )


def _change(row: Row, say: Say) -> str:
    """A share by points and by per cent, side by side."""
    if not row.change:
        return NOTHING
    kind = KIND.get(row.now.unit, "int")
    return compare(row.now.value, row.before.value, kind, say, both=True).text


def _note(row: Row, data: ReportData) -> str:
    """How much the change is worth."""
    say = data.say
    if not row.change:
        return say("effect.alone", n=write_number(row.now.n))
    fewest = min(row.now.n, row.before.n)
    if fewest < LEAST:
        return say("effect.too_few", n=write_number(fewest))
    words = [say("effect.n", n=write_number(row.now.n))]
    if row.change.sign:
        words.append(say("effect.beyond" if row.news >= BEYOND else "effect.within"))
    return say("section.join").join(words)


def _topics(data: ReportData) -> tuple[str, ...] | None:
    """The row of the three needs that most customers have, and what most of them want."""
    say, known = data.say, data.need_topics
    first = known[known["top"].astype(bool)] if len(known) else known
    if not len(first):
        return None
    most = first.iloc[0]
    if most["of"] < LEAST:
        note = say("effect.too_few", n=write_number(most["of"]))
    else:
        note = say("effect.wanted", share=write_share(most["share"], say, digits=0), topic=most["topic"], n=write_number(most["of"]))  # fmt: skip
    before = data.before.get("need_topics", first.iloc[:0])
    names = ["/".join(rows.loc[rows["top"].astype(bool), "topic"]) or NOTHING for rows in (first, before)]
    return say("effect.needs"), say("effect.top3"), *names, NOTHING, note
