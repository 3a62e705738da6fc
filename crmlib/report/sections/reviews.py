"""Reviews: the last report's suggestions with what became of them and their figure then and now, and what people said of it."""

import pandas as pd

from crmlib.labels import Say
from crmlib.report.blocks import Block, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import KIND, write_number, write_value
from crmlib.report.parts import columns, make_section


def build_reviews(data: ReportData) -> Section | None:
    """Nothing where the last period had neither suggestions nor notes."""
    say, asked, notes = data.say, data.last_suggestions, data.reviews
    notes = notes[notes["state"].eq("") & ~notes["about"].isin(asked["suggestion_id"])]
    if asked.empty and notes.empty:
        return None
    period, blocks = data.period.previous().text, list[Block]()
    title = say("section.reviews.title_notes", period=period, n=write_number(len(notes)))
    if len(asked):
        told = _answered(data)
        counts = told["state"].value_counts()
        words = {"done": counts.get("done", 0), "doing": counts.get("doing", 0), "open": counts.get("", 0)}
        title = say("section.reviews.title", period=period, n=len(told), **words)
        named = columns(
            say, ("finding", "text"), ("action", "text"), ("role", "text"), ("due", "date"), ("answer", "text"),
            ("came_of_it", "text"), ("then", "text"), ("now", "text"), ("figure_id", "id"), screen_only=("figure_id",),
        )  # fmt: skip
        blocks.append(Table(say("section.reviews.answers"), named, told))
    if len(notes):
        blocks.append(_notes(notes, say))
    blocks.append(Text(say("section.reviews.how", period=data.period.text), "note"))
    n = say("section.reviews.n", n=write_number(len(asked)), notes=write_number(len(notes)))
    return make_section(data, "reviews", title, blocks, n=n)


def _answered(data: ReportData) -> pd.DataFrame:
    """The suggestions with the last answer to each, and their figure as it was published and as it stands."""
    say, asked = data.say, data.last_suggestions
    given = data.reviews.drop_duplicates("about", keep="last").set_index("about")
    answers = given.reindex(asked["suggestion_id"]).reset_index(drop=True)
    states = answers["state"].fillna("").tolist()
    kinds = [KIND.get(unit, "int") for unit in asked["unit"]]
    now = [data.value(one) for one in asked["figure_id"]]
    return asked.reset_index(drop=True).assign(
        state=states,
        answer=[say(f"follow_up.state_{one}") if one else say("section.reviews.unanswered") for one in states],
        came_of_it=answers["text"].fillna(""),
        then=[write_value(value, kind, say) for value, kind in zip(asked["value"], kinds, strict=True)],
        now=[write_value(value, kind, say) for value, kind in zip(now, kinds, strict=True)],
    )


def _notes(notes: pd.DataFrame, say: Say) -> Table:
    told = notes.assign(
        review_note=notes["text"],
        about=[say(f"figure.{one}") if say.has(f"figure.{one}") else one for one in notes["about"]],
    )
    named = columns(say, ("about", "text"), ("review_note", "text"), ("next", "text"), ("who", "text"))
    return Table(say("section.reviews.notes"), named, told)
