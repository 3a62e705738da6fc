"""The review of a report: what became of its suggestions and what was said of it, typed into a sheet or a line, for the next one."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xlsxwriter

from crmlib.book.ledger import append_lines, read_lines
from crmlib.errors import UsageError
from crmlib.home import Home
from crmlib.intake.workbooks import read_sheets
from crmlib.labels import LANGS, Say, speaker
from crmlib.masking import mask_name, mask_text
from crmlib.returned import mark

KIND = "follow_up"
STATES = ("done", "doing", "not_done", "dropped")
COLUMNS = ["period", "about", "state", "text", "next", "who", "on", "line"]
NOTE_ROWS = 20
_ANSWERS = ("state", "text", "who", "finding", "action", "role", "due")  # people fill in the first three
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
    """data/todo/复盘-<period>.xlsx, unless somebody has begun to fill in the one that lies there. Returns a line on it.

    suggestions: suggestion_id, finding, action, role, due.
    """
    path = review_path(home, period)
    if path.exists() and any(_filled(path)):
        return say("follow_up.sheet_kept", path=path)
    write_review_sheet(path, suggestions, period=period, say=say)
    return say("follow_up.sheet_written", n=len(suggestions), path=path)


def write_review_sheet(path: Path, suggestions: pd.DataFrame, *, period: str, say: Say) -> None:
    """A page of the suggestions with what came of them to fill in, and a page of blank lines for what was said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        bold = workbook.add_format({"bold": True, "bg_color": "#EEF1F4", "bottom": 1, "text_wrap": True})
        fill = workbook.add_format({"bg_color": "#FFF8E1", "border": 1, "border_color": "#DDDDDD", "text_wrap": True})
        wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
        pages = [workbook.add_worksheet(say(f"follow_up.page_{one}")) for one in ("answers", "notes")]
        for page, heads in zip(pages, (_ANSWERS, _NOTES), strict=True):
            page.write_row(0, 0, [mark(KIND), *(say(f"follow_up.{one}") for one in heads)], bold)
            page.freeze_panes(1, 0)
            page.set_column(0, 0, None, None, {"hidden": True})
            page.set_column(1, len(heads), 26)
        for at, row in enumerate(suggestions.to_dict("records"), start=1):
            pages[0].write_string(at, 0, f"{period}|{row['suggestion_id']}")
            pages[0].write_row(at, 1, ["", "", ""], fill)
            pages[0].write_row(at, 4, [row["finding"], row["action"], row["role"], f"{row['due']}"], wrap)
        for at in range(1, NOTE_ROWS + 1):
            pages[1].write_string(at, 0, f"{period}|")
            pages[1].write_row(at, 1, [""] * len(_NOTES), fill)
        words = [say(f"follow_up.state_{one}") for one in STATES]
        pages[0].data_validation(1, 1, max(1, len(suggestions)), 1, {"validate": "list", "source": words})


def read_review_sheet(path: Path, *, file: str) -> tuple[list[Note], list[str]]:
    """What a filled-in sheet says, and the cells whose state is none of the words to choose."""
    states = {speaker(lang)(f"follow_up.state_{one}"): one for lang in LANGS for one in STATES}
    notes, unread = [], []
    for page, line, (key, *cells) in _filled(path, file):
        period, _, suggestion = key.partition("|")
        if not suggestion:
            notes.append(Note(period, cells[0], "", cells[1], cells[2], cells[3]))
        elif cells[0] and cells[0] not in states:
            unread.append(f"{page}!B{line}")
        else:
            notes.append(Note(period, suggestion, states.get(cells[0], ""), cells[1], "", cells[2]))
    return notes, unread


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


def _filled(path: Path, file: str = "") -> Iterator[tuple[str, int, list[str]]]:
    """(page, line, cells) of every line that somebody wrote into: the key, and what was written."""
    for page in read_sheets(path, file=file or path.name):
        rows = iter(page.rows)
        header = next((cells for _, cells in rows), [])
        if not header or header[0] != mark(KIND):
            continue
        for line, cells in rows:
            key, *texts = [str(cell or "").strip() for cell in (*cells, *[""] * 5)][:5]
            texts = texts[:3] + [""] if key.partition("|")[2] else texts
            if "|" in key and any(texts):
                yield page.name, line, [key, *texts]
