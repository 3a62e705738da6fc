"""The tag sheet: changes of tags proposed for approval, and a page for tags of one's own; what comes back goes to the ledger."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xlsxwriter

from crmlib.book.customer import find_customer
from crmlib.book.ledger import append_lines, read_lines
from crmlib.book.shelf import Book
from crmlib.dictionary import DICTIONARY
from crmlib.errors import UsageError
from crmlib.home import Home
from crmlib.intake.workbooks import read_sheets
from crmlib.labels import LANGS, Say, speaker
from crmlib.returned import mark

KIND = "tags"
FILE = "tag_proposals.xlsx"
VERDICTS = ("approve", "reject")
ACTS = ("add", "end")
OWN_ROWS = 500  # lines to fill in on the page of one's own tags
ENTRY = ["customer_id", "family", "value", "act", "on", "of", "who", "line"]
_PROPOSED = ("tag_decision", "tag_remark", "customer_id", "name", "tag_of", "tag_to", "tag_why", "tag_on")
_OWN = ("tag_customer", "tag_family", "tag_value", "tag_act", "tag_remark")


class TagEntry(NamedTuple):
    """One thing said about a customer's tag. act: add, end, or reject (a proposal turned down). `of`: the tag that was to go."""

    customer_id: str
    family: str
    value: str
    act: str
    on: date
    of: str = ""
    why: str = ""


def leave_tag_sheet(home: Home, proposals: pd.DataFrame, *, as_of: date, say: Say) -> str:
    """data/todo/tag_proposals.xlsx, unless somebody has begun to fill in the one that lies there. Returns a line on it.

    proposals: customer_id, name, of, to, why, on.
    """
    path = home.todo / FILE
    if path.exists() and any(_filled(path)):
        return say("tags.sheet_kept", path=path)
    write_tag_sheet(path, proposals, as_of=as_of, say=say)
    return say("tags.sheet_written", n=len(proposals), path=path)


def write_tag_sheet(path: Path, proposals: pd.DataFrame, *, as_of: date, say: Say) -> None:
    """A page of proposals with a decision to choose, and a page of blank lines for own tags, which hold from `as_of` on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        bold = workbook.add_format({"bold": True, "bg_color": "#EEF1F4", "bottom": 1, "text_wrap": True})
        fill = workbook.add_format({"bg_color": "#FFF8E1", "border": 1, "border_color": "#DDDDDD"})
        pages = [workbook.add_worksheet(say(f"tags.page_{one}")) for one in ("proposals", "own")]
        for page, heads in zip(pages, (_PROPOSED, _OWN), strict=True):
            page.write_row(0, 0, [mark(KIND), *(say(f"todo.{one}") for one in heads)], bold)
            page.freeze_panes(1, 0)
            page.set_column(0, 0, None, None, {"hidden": True})
            page.set_column(1, len(heads), 20)
        for at, row in enumerate(proposals.to_dict("records"), start=1):
            pages[0].write_string(at, 0, "|".join([row["on"].isoformat(), row["customer_id"], row["of"], row["to"]]))
            pages[0].write_row(at, 1, ["", ""], fill)
            name = "" if pd.isna(row["name"]) else row["name"]
            pages[0].write_row(
                at, 3, [row["customer_id"], name, row["of"], row["to"], row["why"], row["on"].isoformat()]
            )
        for at in range(1, OWN_ROWS + 1):
            pages[1].write_string(at, 0, f"{as_of.isoformat()}|own")
        verdicts, acts = ([say(f"tags.{one}") for one in words] for words in (VERDICTS, ACTS))
        pages[0].data_validation(1, 1, max(1, len(proposals)), 1, {"validate": "list", "source": verdicts})
        families = [choice.word(say.lang) for choice in DICTIONARY.choices["tag_family"].values()]
        pages[1].data_validation(1, 2, OWN_ROWS, 2, {"validate": "list", "source": families})
        pages[1].data_validation(1, 4, OWN_ROWS, 4, {"validate": "list", "source": acts})


def read_tag_sheet(path: Path, book: Book, *, file: str) -> tuple[list[TagEntry], list[str]]:
    """What a filled-in sheet says, and the cells that could not be taken. An approved proposal ends the tag it replaces."""
    verdicts, acts, families = _said("tags", VERDICTS), _said("tags", ACTS), _families()
    entries: list[TagEntry] = []
    unread: list[str] = []
    for name, line, cells in _filled(path, file):
        key = cells[0].split("|")
        on = date.fromisoformat(key[0])
        if len(key) == 4:
            verdict = verdicts.get(cells[1])
            if verdict == "approve":
                entries += [TagEntry(key[1], "status", key[2], "end", on)] if key[2] else []
                entries.append(TagEntry(key[1], "status", key[3], "add", on, key[2], cells[2]))
            elif verdict == "reject":
                entries.append(TagEntry(key[1], "status", key[3], "reject", on, key[2], cells[2]))
            else:
                unread.append(f"{name}!B{line}")
            continue
        who, family, value, act, why = cells[1:6]
        try:
            customer = find_customer(book, who)
        except UsageError:
            unread.append(f"{name}!B{line}")
            continue
        if not value or (act and act not in acts) or (family and family not in families):
            unread.append(f"{name}!C{line}:E{line}")
            continue
        entries.append(TagEntry(customer, families.get(family, "custom"), value, acts.get(act, "add"), on, "", why))
    return entries, unread


def add_tags(home: Home, entries: Iterable[TagEntry], *, who: str, at: datetime, source: str = "") -> list[int]:
    """Write them to the ledger. Returns the ids of the lines; `undo_line` takes one back."""
    lines = []
    for one in entries:
        about = {**one._asdict(), "on": one.on.isoformat()}
        why = about.pop("why")
        lines += append_lines(home, "entry", [{"tag": about, "source": source}], who=who, at=at, why=why)
    return lines


def tag_entries(home: Home, aliases: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every entry that holds, oldest first: ENTRY. `aliases` (alias_id, customer_id) leads ids that were merged to those that live."""
    told = [(line, line.subject["tag"]) for line in read_lines(home, "entry") if "tag" in line.subject]
    rows = [{**about, "who": line.who, "line": line.id} for line, about in told]
    table = pd.DataFrame(rows, columns=ENTRY).astype(dict.fromkeys(ENTRY[:-1], "str")).astype({"line": "int64"})
    if aliases is not None and len(aliases):
        now = dict(zip(aliases["alias_id"], aliases["customer_id"], strict=True))
        table = table.assign(customer_id=table["customer_id"].replace(now))
    return table


def _filled(path: Path, file: str = ""):
    """(page, line, cells) of every line that somebody wrote into."""
    for page in read_sheets(path, file=file or path.name):
        rows = iter(page.rows)
        header = next((cells for _, cells in rows), [])
        if not header or header[0] != mark(KIND):
            continue
        for line, cells in rows:
            texts = [str(cell or "").strip() for cell in (*cells, *[""] * 6)]
            key = texts[0].count("|")
            if (key == 3 and texts[1]) or (key == 1 and any(texts[1:6])):
                yield page.name, line, texts


def _said(prefix: str, words: Iterable[str]) -> dict[str, str]:
    return {speaker(lang)(f"{prefix}.{one}"): one for lang in LANGS for one in words}


def _families() -> dict[str, str]:
    return {choice.word(lang): code for code, choice in DICTIONARY.choices["tag_family"].items() for lang in LANGS}
