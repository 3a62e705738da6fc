"""The sheet of doubtful pairs: two customers side by side, the words that make them doubtful, and a decision to choose."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xlsxwriter

from crmlib.book.decisions import Decision
from crmlib.book.shelf import Book
from crmlib.intake.matching import explain_why
from crmlib.intake.workbooks import read_sheets
from crmlib.labels import LANGS, Say, speaker
from crmlib.returned import mark

KIND = "review"
CHOICES = ("same", "different", "unsure")
CHECKED = 5  # united pairs of each rule that are laid before people to check
_LEADING = ("decision", "remark", "why", "rule", "strength", "customer_a", "customer_b")
SIDES = ("name", "contact", "phone", "email", "city", "address", "industry_raw", "source_id", "file")


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


def write_review(path: Path, book: Book, *, decided: pd.DataFrame, say: Say) -> int:
    """Doubtful pairs, and on a second page a few of each rule's united pairs to check. Returns the number of doubtful ones."""
    pairs, checks = pairs_to_review(book), pairs_to_check(book, decided=decided)
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    for name, table in (("review", pairs), ("check", checks)):
        _write_page(workbook, say(f"todo.page_{name}"), table, say)
    workbook.close()
    return len(pairs)


def _write_page(workbook: xlsxwriter.Workbook, name: str, pairs: pd.DataFrame, say: Say) -> None:
    look = {"valign": "top", "text_wrap": True}
    bold = workbook.add_format({"bold": True, "bg_color": "#EEF1F4", "bottom": 1, "text_wrap": True})
    plain, asked = workbook.add_format(look), workbook.add_format(look | {"bg_color": "#FFF6D6"})
    differs = workbook.add_format(look | {"font_color": "#B3261E"})
    page = workbook.add_worksheet(name)
    headers = [f"{say(f'todo.{one}')}{say(f'todo.side_{side}')}" for one in SIDES for side in "ab"]
    page.write_row(0, 0, [mark(KIND), *(say(f"todo.{one}") for one in _LEADING), *headers], bold)
    page.freeze_panes(1, 4)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_column(0, 0, None, None, {"hidden": True})
    page.set_column(1, 1, 14)
    page.set_column(2, 3, 26)
    page.set_column(4, 4, 14)
    page.set_column(5, 7, 10)
    page.set_column(8, 7 + len(headers), 20)
    for row, pair in enumerate(pairs.to_dict("records"), start=1):
        page.write_string(row, 0, f"{pair['row_a']}:{pair['row_b']}:{pair['rule']}")
        page.write_row(row, 1, ["", ""], asked)
        told = [explain_why(pair["why"], say), say(f"rule.{pair['rule']}"), float(pair["strength"])]
        page.write_row(row, 3, [*told, pair["customer_a"], pair["customer_b"]], plain)
        for place, one in enumerate(SIDES):
            left, right = (pair[f"{one}_{side}"] for side in "ab")
            page.write_row(row, 8 + 2 * place, [left, right], differs if left and right and left != right else plain)
    words = [say(f"todo.{one}") for one in CHOICES]
    page.data_validation(1, 1, max(1, len(pairs)), 1, {"validate": "list", "source": words})


def read_review(path: Path, *, file: str) -> Answers:
    """The decisions of a sheet that came back, in whichever language they were chosen."""
    verdicts = {speaker(lang)(f"todo.{one}"): one for lang in LANGS for one in CHOICES}
    decisions, unsure, unread = [], 0, []
    for page in read_sheets(path, file=file):
        for line, cells in page.rows:
            place = str(cells[0] or "").split(":")
            said = str((cells[1] if len(cells) > 1 else "") or "").strip()
            if len(place) != 3 or place[0].startswith("#") or not said:
                continue
            verdict = verdicts.get(said)
            if verdict is None:
                unread.append(f"{page.name}!B{line}")
            elif verdict == "unsure":
                unsure += 1
            else:
                remark = str(cells[2] or "").strip()
                names = tuple(str(cell or "") for cell in cells[8:10])
                decisions.append(Decision(verdict, [(place[0], place[1])], names, rule=place[2], why=remark))
    return Answers(decisions, unsure, unread)


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
