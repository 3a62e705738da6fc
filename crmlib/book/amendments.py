"""Amendments: a customer's value put right by hand, against what was on record; the last word on a field holds."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from crmlib.book.customer import find_customer
from crmlib.book.form import Column, Page, read_form
from crmlib.book.hiding import mask_cells
from crmlib.book.ledger import append_lines, read_lines
from crmlib.book.shelf import Book
from crmlib.book.vault import open_batch, seal_batch
from crmlib.dictionary import Dictionary, Field
from crmlib.errors import UsageError
from crmlib.home import Home
from crmlib.intake.fields import SheetFacts, reading_of
from crmlib.intake.merging import Merged
from crmlib.keys import Key, as_text
from crmlib.labels import LANGS, Say

KIND = "amendments"
_COLUMNS = ("amend_customer", "amend_field", "amend_old", "amend_new", "amend_who", "amend_why")


class Amendment(NamedTuple):
    """One value. row_id: a row of the customer, which stays its own through merges. old: what was on record, as shown."""

    row_id: str
    field: str
    value: str
    old: str
    who: str
    why: str


class Refusal(NamedTuple):
    """A row of the sheet that was not taken: its cells as typed, and the reason in words."""

    cells: list[str]
    reason: str


def editable(dictionary: Dictionary) -> dict[str, Field]:
    """Every word for a customer's field that may be amended, in both languages."""
    own = [one for one in dictionary.tables["customers"].fields.values() if not (one.derived or one.import_only)]
    return {word: one for one in own for word in (one.zh, one.en, one.key)}


def amendment_pages(*, dictionary: Dictionary, say: Say, rows: Iterable[Refusal] = ()) -> list[Page]:
    """The form to fill in, one row per value; rows that were not taken stand in it with the reason."""
    fields = tuple(dict.fromkeys(one.word(say.lang) for one in editable(dictionary).values()))
    heads = [say(f"todo.{one}") for one in (*_COLUMNS, "reason")]
    columns = [Column(head, 22, "text", fields if at == 1 else (), free=True) for at, head in enumerate(heads)]
    return [Page(say("todo.page_amendments"), columns, [("", [*one.cells, one.reason]) for one in rows])]


def read_amendments(
    path: Path, book: Book, *, dictionary: Dictionary, on: date, file: str, say: Say
) -> tuple[list[Amendment], list[Refusal]]:
    """What a filled-in sheet asks for, parted into what is taken and what is not.

    Not taken: a customer or a field that is not known, a value that cannot be read, an old value that is not on record.
    """
    taken, refused = [], []
    for row in read_form(path, KIND, heads=lambda say: {one: say(f"todo.{one}") for one in _COLUMNS}, file=file):
        if any(cells := [row[one] for one in _COLUMNS]):
            one = _read(cells, book, dictionary, on, file, say)
            (taken if isinstance(one, Amendment) else refused).append(one)
    return taken, refused


def _read(cells: list[str], book: Book, dictionary: Dictionary, on: date, file: str, say: Say) -> Amendment | Refusal:
    whose, word, old, new, who, why = cells
    field = editable(dictionary).get(word)
    if field is None:
        return Refusal(cells, say("amend.no_field", field=word or "–"))
    try:
        customer = find_customer(book, whose)
    except UsageError as error:
        return Refusal(cells, error.message(say.lang))
    if _values(field, new, dictionary, on) is None:
        return Refusal(cells, say("amend.unreadable", field=field.word(say.lang), value=new))
    customers = book.table("customers")
    stored = book.frame(customers.filter(customers["customer_id"] == customer).select(field.key))[field.key].iloc[0]
    shown = _shown(stored, field, dictionary, say)
    before = (_values(field, old, dictionary, on) or {}).get(field.key)
    if old and old not in shown and as_text(before) != as_text(stored):
        return Refusal(cells, say("amend.conflict", old=old, stored=shown[0] or "–"))
    registry = book.frame(book.table("registry").select("row_id", "customer_id"))
    own = sorted(registry.loc[registry["customer_id"].eq(customer), "row_id"])
    return Amendment(own[0], field.key, new, shown[0], who or file, why)


def _shown(stored: object, field: Field, dictionary: Dictionary, say: Say) -> list[str]:
    """A stored value as people may write it: its code, its words."""
    text = as_text(stored) or ""
    choice = dictionary.choices.get(field.choice, {}).get(text)
    return [choice.word(say.lang), text, *(choice.word(lang) for lang in LANGS)] if choice else [text]


def add_amendments(
    home: Home, amendments: list[Amendment], *, dictionary: Dictionary, key: Key, source: str, at: datetime
) -> None:
    """Write them to the ledger, masked, and their values to the vault."""
    if not amendments:
        return
    part = f"ledger-{source[:16]}"
    seal_batch(home, part, pa.table({"value": pa.array([one.value for one in amendments], pa.string())}), key)
    for place, one in enumerate(amendments):
        field = dictionary.field(f"customers.{one.field}")
        new = mask_cells(pd.Series([one.value], dtype="str"), field, pd.Series([True])).iloc[0]
        about = {"row_id": one.row_id, "field": one.field, "old": one.old, "new": new, "place": place, "source": source}
        append_lines(home, "correction", [about], who=one.who, at=at, why=one.why, sealed=part)


def apply_amendments(
    merged: Merged, row_to_customer: pd.Series, *, home: Home, key: Key, dictionary: Dictionary, on: date
) -> Merged:
    """The customers with every amended value, and in `cells` its ledger line where otherwise a row is named."""
    lines = [line for line in read_lines(home, "correction") if "row_id" in line.subject]
    lines = [line for line in lines if line.subject["row_id"] in row_to_customer.index]
    if not lines:
        return merged
    values = {part: open_batch(home, part, key)["value"].to_pylist() for part in {line.sealed for line in lines}}
    customers, cells = merged.customers.set_index("customer_id"), merged.cells
    for line in lines:
        customer = row_to_customer[line.subject["row_id"]]
        field = dictionary.field(f"customers.{line.subject['field']}")
        for key_of, value in (_values(field, values[line.sealed][line.subject["place"]], dictionary, on) or {}).items():
            before = customers[key_of] if key_of in customers else pd.Series(None, index=customers.index)
            customers[key_of] = before.astype(object).mask(customers.index == customer, value)
            cells = cells[~(cells["customer_id"].eq(customer) & cells["field"].eq(key_of))]
            origin = {"customer_id": customer, "field": key_of, "row_id": f"ledger:{line.id}", "why": "by_hand"}
            cells = pd.concat([cells, pd.DataFrame([origin])], ignore_index=True)
    return merged._replace(customers=customers.reset_index(), cells=cells)


def amended_on(home: Home, field: str, row_to_customer: pd.Series) -> dict[str, datetime]:
    """customer_id → when this field of theirs was last amended."""
    lines = [line for line in read_lines(home, "correction") if line.subject.get("field") == field]
    known = {
        row: row_to_customer[row] for line in lines if (row := line.subject.get("row_id")) in row_to_customer.index
    }
    return {known[row]: line.at for line in lines if (row := line.subject.get("row_id")) in known}


def _values(field: Field, text: str, dictionary: Dictionary, on: date) -> dict[str, object] | None:
    """What a cell of this field gives the customer: field → value, missing where the text is empty; None if it cannot be read."""
    reading = reading_of(field, dictionary, SheetFacts(Decimal(1), "CNY", on))
    own = {name.partition(".")[2]: give for name, give in reading.gives.items() if name.startswith("customers.")}
    if not text:
        return dict.fromkeys(own)
    parsed = reading.parse(text)
    return None if parsed.reason or parsed.value is None else {key: give(parsed.value) for key, give in own.items()}
