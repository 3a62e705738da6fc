"""The review of a report: what became of its suggestions and what was said of it, typed into a sheet or a line, for the next one."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from crmlib.book.form import Column, Page, code_of, leave_form, read_form
from crmlib.book.ledger import append_lines, read_lines
from crmlib.errors import UsageError
from crmlib.home import Home
from crmlib.labels import Say
from crmlib.masking import mask_name, mask_text

KIND = "follow_up"
STATES = ("done", "doing", "not_done", "dropped")
COLUMNS = ["period", "about", "state", "text", "next", "who", "on", "line"]
NOTE_ROWS = 20
_ANSWERS, _TOLD = ("state", "text", "who"), ("finding", "action", "role", "due")
_NOTES = ("about", "text", "next", "who")


class Note(NamedTuple):
    """One thing said of the report of a period. `about` is the id of a suggestion or a figure, or a topic in words; `state`, of a
    suggestion alone, one of STATES. Personal values in the texts are masked before they are kept."""

    period: str
    about: str
    state: str
    text: str
    next: str = ""
    who: str = ""


def review_path(home: Home, period: str) -> Path:
    return home.todo / f"复盘-{period}.xlsx"


def leave_review(home: Home, suggestions: pd.DataFrame, *, period: str, say: Say) -> str:
    """data/todo/复盘-<period>.xlsx: a page of the suggestions with what came of them to fill in, and a page of blank lines for
    what was said. Returns a line on it.

    suggestions: suggestion_id, finding, action, role, due.
    """
    heads, path = _heads(say), review_path(home, period)
    words = tuple(say(f"follow_up.state_{one}") for one in STATES)
    asked = [Column(heads[one], 26, "fill", words if one == "state" else ()) for one in _ANSWERS]
    told = [Column(heads[one], 26) for one in _TOLD]
    notes = [Column(heads[one], 26, "fill") for one in _NOTES]
    rows = [(f"{period}|{row['suggestion_id']}", ["", "", "", *(f"{row[one]}" for one in _TOLD)])
            for row in suggestions.to_dict("records")]  # fmt: skip
    pages = [
        Page(say("follow_up.page_answers"), asked + told, rows),
        Page(say("follow_up.page_notes"), notes, [(f"{period}|", [])] * NOTE_ROWS),
    ]
    return leave_form(home, path, KIND, pages, say=say, done=say("follow_up.sheet_written", n=len(rows), path=path))


def read_review_sheet(path: Path, *, file: str) -> tuple[list[Note], list[str]]:
    """What a filled-in sheet says, and the cells whose state is none of the words to choose."""
    notes, unread, below = [], [], ""
    for row in read_form(path, KIND, heads=_heads, file=file):
        period, _, suggestion = row.key.partition("|")
        if suggestion:
            state = code_of(row["state"], "follow_up.state_", STATES)
            if row["state"] and not state:
                unread.append(row.place("state"))
            elif row["state"] or row["text"] or row["who"]:
                notes.append(Note(period, suggestion, state or "", row["text"], "", row["who"]))
            continue
        below = period or below  # lines may be added under those that we drew
        if below:
            notes.append(Note(below, row["about"], "", row["text"], row["next"], row["who"]))
        else:
            unread.append(row.place())
    return notes, unread


def _heads(say: Say) -> dict[str, str]:
    return {one: say(f"follow_up.{one}") for one in (*_ANSWERS, *_TOLD, *_NOTES)}


def add_notes(home: Home, notes: list[Note], *, who: str, at: datetime, source: str = "") -> list[int]:
    """Write them to the ledger, masked. UsageError for a state that is none."""
    if wrong := [one.state for one in notes if one.state and one.state not in STATES]:
        raise UsageError("error.review_state", state=wrong[0], known=", ".join(STATES))
    lines = []
    for one in notes:
        said = {key: mask_text(text) for key, text in one._asdict().items() if key != "who"}
        lines += append_lines(home, "entry", [{"review": said, "source": source}], who=one.who or who, at=at)
    return lines


def review_notes(home: Home) -> pd.DataFrame:
    """Every note that holds, oldest first: COLUMNS; of a suggestion's answers the last. Names are masked."""
    told = [line for line in read_lines(home, "entry") if "review" in line.subject]
    rows = [
        {**line.subject["review"], "who": mask_name(line.who), "on": line.at.date().isoformat(), "line": line.id}
        for line in told
    ]
    found = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[:-1], "str")).astype({"line": "int64"})
    answers = found["state"].ne("")
    replaced = answers & found[answers].duplicated(["period", "about"], keep="last").reindex(
        found.index, fill_value=False
    )
    return found[~replaced].reset_index(drop=True)
