"""The tag sheet: changes of tags proposed for approval, and a page for tags of one's own; what comes back goes to the ledger."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from crmlib.book.customer import find_customer
from crmlib.book.form import Column, Page, code_of, leave_form, read_form
from crmlib.book.ledger import append_lines, read_lines
from crmlib.book.shelf import Book
from crmlib.dictionary import DICTIONARY
from crmlib.errors import UsageError
from crmlib.home import Home
from crmlib.intake.codes import parse_choice
from crmlib.labels import Say

KIND = "tags"
FILE = "tag_proposals.xlsx"
VERDICTS = ("approve", "reject")
ACTS = ("add", "end")
OWN_ROWS = 500  # lines drawn on the page of one's own tags
ENTRY = ["customer_id", "family", "value", "act", "on", "of", "who", "line"]
_ASKED, _TOLD = ("tag_decision", "tag_remark"), ("customer_id", "name", "tag_of", "tag_to", "tag_why", "tag_on")
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
    """data/todo/tag_proposals.xlsx: a page of proposals with a decision to choose, and a page of blank lines for own tags, which
    hold from `as_of` on. Returns a line on it.

    proposals: customer_id, name, of, to, why, on.
    """
    choices = {
        "tag_decision": tuple(say(f"tags.{one}") for one in VERDICTS),
        "tag_family": tuple(choice.word(say.lang) for choice in DICTIONARY.choices["tag_family"].values()),
        "tag_act": tuple(say(f"tags.{one}") for one in ACTS),
    }
    heads, path = _heads(say), home.todo / FILE
    asked, own = ([Column(heads[one], 20, "fill", choices.get(one, ())) for one in some] for some in (_ASKED, _OWN))
    rows = []
    for row in proposals.to_dict("records"):
        on = row["on"].isoformat()
        key = "|".join([on, row["customer_id"], row["of"], row["to"]])
        rows.append((key, ["", "", row["customer_id"], row["name"], row["of"], row["to"], row["why"], on]))
    pages = [
        Page(say("tags.page_proposals"), [*asked, *(Column(heads[one]) for one in _TOLD)], rows),
        Page(say("tags.page_own"), own, [(f"{as_of.isoformat()}|own", [])] * OWN_ROWS),
    ]
    return leave_form(home, path, KIND, pages, say=say, done=say("tags.sheet_written", n=len(rows), path=path))


def read_tag_sheet(path: Path, book: Book, *, file: str) -> tuple[list[TagEntry], list[str]]:
    """What a filled-in sheet says, and the cells that could not be taken. An approved proposal ends the tag it replaces."""
    entries: list[TagEntry] = []
    unread: list[str] = []
    below = ""
    for row in read_form(path, KIND, heads=_heads, file=file):
        key = row.key.split("|")
        if len(key) == 4:
            on = date.fromisoformat(key[0])
            verdict = code_of(row["tag_decision"], "tags.", VERDICTS)
            if verdict == "approve":
                entries += [TagEntry(key[1], "status", key[2], "end", on)] if key[2] else []
                entries.append(TagEntry(key[1], "status", key[3], "add", on, key[2], row["tag_remark"]))
            elif verdict == "reject":
                entries.append(TagEntry(key[1], "status", key[3], "reject", on, key[2], row["tag_remark"]))
            elif row["tag_decision"]:
                unread.append(row.place("tag_decision"))
            continue
        below = row.key or below  # lines may be added under those that we drew
        if not below:
            unread.append(row.place())
            continue
        value, act = row["tag_value"], code_of(row["tag_act"], "tags.", ACTS)
        family = parse_choice(row["tag_family"], DICTIONARY.choices["tag_family"])
        try:
            customer = find_customer(book, row["tag_customer"])
        except UsageError:
            unread.append(row.place("tag_customer"))
            continue
        if not value or (row["tag_act"] and not act) or family.reason:
            unread.append(row.place("tag_family", "tag_act"))
            continue
        said = (family.value or "custom", value, act or "add")
        entries.append(TagEntry(customer, *said, date.fromisoformat(below.split("|")[0]), "", row["tag_remark"]))
    return entries, unread


def _heads(say: Say) -> dict[str, str]:
    return {one: say(f"todo.{one}") for one in (*_ASKED, *_TOLD, *_OWN)}


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
