"""The sheet of doubtful pairs: two customers side by side, the words that make them doubtful, and a decision to choose."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from crmlib.book.decisions import Decision
from crmlib.book.form import Column, Page, code_of, leave_form, read_form
from crmlib.book.shelf import Book
from crmlib.home import Home
from crmlib.intake.matching import explain_why
from crmlib.labels import Say

KIND = "review"
FILE = "review.xlsx"
CHOICES = ("same", "different", "unsure")
CHECKED = 5  # united pairs of each rule that are laid before people to check
_TOLD = {"reason": 26, "why": 26, "rule": 14, "strength": 10, "customer_a": 10, "customer_b": 10}  # column → its width
SIDES = ("name", "contact", "phone", "email", "city", "address", "industry_raw", "source_id", "file")
_SIDE_BY_SIDE = [f"{one}_{side}" for one in SIDES for side in "ab"]


class Answers(NamedTuple):
    """What a filled-in sheet says. unsure: pairs that somebody looked at and left open; unread: cells that are no choice."""

    decisions: list[Decision]
    unsure: int
    unread: list[str]


def pairs_to_review(book: Book) -> pd.DataFrame:
    """One row per doubtful pair: row_a, row_b, rule, strength, why, reason, customer_a, customer_b, and what each side says
    (name_a, name_b, phone_a, …), masked as the book is. The strongest first."""
    return _with_sides(book, book.frame(book.table("review")))


def pairs_to_check(book: Book, *, decided: pd.DataFrame) -> pd.DataFrame:
    """A few united pairs of every rule that nobody has judged yet, as pairs_to_review gives them: always the same ones."""
    links = book.frame(book.table("links"))
    told = pd.MultiIndex.from_frame(decided[["row_a", "row_b"]])
    links = links[~pd.MultiIndex.from_frame(links[["row_a", "row_b"]]).isin(told)]
    # row ids are keyed hashes: their order is as good as a draw
    links = links.sort_values(["rule", "row_a", "row_b"]).groupby("rule").head(CHECKED)
    return _with_sides(book, links.assign(reason=""))


def leave_pairs(home: Home, book: Book, *, decided: pd.DataFrame, say: Say) -> str:
    """data/todo/review.xlsx: doubtful pairs, and on a second page a few of each rule's united pairs to check. Returns a line on it."""
    pairs, path = pairs_to_review(book), home.todo / FILE
    checks = pairs_to_check(book, decided=decided)
    pages = [_page(say("todo.page_review"), pairs, say), _page(say("todo.page_check"), checks, say)]
    return leave_form(home, path, KIND, pages, say=say, done=say("todo.review_written", n=len(pairs), path=path))


def _page(name: str, pairs: pd.DataFrame, say: Say) -> Page:
    heads = _heads(say)
    words = tuple(say(f"todo.{one}") for one in CHOICES)
    asked = [Column(heads["decision"], 14, "fill", words), Column(heads["remark"], 26, "fill")]
    told = [Column(heads[one], width) for one, width in _TOLD.items()]
    rows, differs = [], {}
    for at, pair in enumerate(pairs.to_dict("records")):
        asked_for = say.get(f"review.{pair['reason']}", "")  # united pairs are checked for no reason of their own
        why = [asked_for, explain_why(pair["why"], say), say(f"rule.{pair['rule']}"), float(pair["strength"])]
        sides = [pair[one] for one in _SIDE_BY_SIDE]
        first = len(asked) + len(told)
        for place in range(0, len(sides), 2):
            if sides[place] and sides[place + 1] and sides[place] != sides[place + 1]:
                differs |= dict.fromkeys([(at, first + place), (at, first + place + 1)], "differs")
        cells = ["", "", *why, pair["customer_a"], pair["customer_b"], *sides]
        rows.append((f"{pair['row_a']}:{pair['row_b']}:{pair['rule']}", cells))
    return Page(name, [*asked, *told, *(Column(heads[one]) for one in _SIDE_BY_SIDE)], rows, differs, frozen=3)


def read_review(path: Path, *, file: str) -> Answers:
    """The decisions of a sheet that came back, in whichever language they were chosen."""
    decisions, unsure, unread = [], 0, []
    for row in read_form(path, KIND, heads=_heads, file=file):
        place, said = row.key.split(":"), row["decision"]
        if not said:
            continue
        verdict = code_of(said, "todo.", CHOICES)
        if verdict is None or len(place) != 3:
            unread.append(row.place("decision"))
        elif verdict == "unsure":
            unsure += 1
        else:
            names = (row["name_a"], row["name_b"])
            decisions.append(Decision(verdict, [(place[0], place[1])], names, rule=place[2], why=row["remark"]))
    return Answers(decisions, unsure, unread)


def _heads(say: Say) -> dict[str, str]:
    sides = {f"{one}_{side}": f"{say(f'todo.{one}')}{say(f'todo.side_{side}')}" for one in SIDES for side in "ab"}
    return {one: say(f"todo.{one}") for one in ("decision", "remark", *_TOLD)} | sides


def _with_sides(book: Book, pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of rows with the customer of each side and what is known of it."""
    now = book.frame(book.table("registry").select("row_id", "customer_id")).set_index("row_id")["customer_id"]
    aliases = book.frame(book.table("aliases")).set_index("alias_id")["customer_id"]
    now = now.replace(aliases.to_dict())
    about = _about(book)
    records = book.frame(book.table("records").select("row_id", "source_file", "sheet", "line"))
    place = records.drop_duplicates("row_id").set_index("row_id")
    sides = {}
    for side in "ab":
        rows = pairs[f"row_{side}"]
        customer = rows.map(now)
        sides[f"customer_{side}"] = customer
        sides |= {f"{one}_{side}": customer.map(about[one]) for one in SIDES if one in about}
        at = place.reindex(rows)
        sides[f"file_{side}"] = (at["source_file"] + ":" + at["line"].astype("str")).to_numpy()
    shown = pairs.assign(**sides)
    texts = [column for column in shown if column != "strength"]
    return shown.assign(**{c: shown[c].astype(object).where(shown[c].notna(), "") for c in texts}).sort_values(
        ["strength", "row_a", "row_b"], ascending=[False, True, True], ignore_index=True
    )


def _about(book: Book) -> pd.DataFrame:
    """One row per customer: what helps to tell two of them apart, masked as the book has it."""
    fields = ["customer_id", "name", "city", "address", "industry_raw", "source_id"]
    about = book.frame(book.table("customers").select(*fields)).set_index("customer_id")
    contacts = book.frame(book.table("contacts").select("customer_id", "name"))
    methods = book.frame(book.table("contact_methods").select("customer_id", "kind", "mask"))
    ways = {kind: methods[methods["kind"].isin(some)] for kind, some in _KINDS.items()}
    return about.assign(
        contact=_gathered(contacts, "name"), **{kind: _gathered(rows, "mask") for kind, rows in ways.items()}
    )


_KINDS = {"phone": ("phone", "landline"), "email": ("email",)}


def _gathered(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows.dropna(subset=[column]).groupby("customer_id")[column].agg(lambda some: "；".join(dict.fromkeys(some)))
