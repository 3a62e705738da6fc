"""The book made anew from its records: customers matched and merged, every row counted, one version published."""

import hashlib
import json
from datetime import date
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from crmlib.book.amendments import amended_on, apply_amendments
from crmlib.book.assemble import Sheets, assemble_tables, load_sheets, seen_days
from crmlib.book.balance import balance_by_file, check_balance
from crmlib.book.batches import Batch, Reader, list_batches, reading_rules
from crmlib.book.carrying import (
    Earlier,
    Renewal,
    carry_over,
    find_earlier,
    keep_keys,
    names_of_colleagues,
    renewed_customers,
    staff_mark,
    touched_rows,
)
from crmlib.book.corrections import Corrections
from crmlib.book.decisions import read_decisions
from crmlib.book.follow_up import review_notes
from crmlib.book.former_names import dated_names
from crmlib.book.ledger import read_lines
from crmlib.book.outcome import trace_rows
from crmlib.book.shelf import Book, open_book, publish
from crmlib.book.spotcheck import spot_checks
from crmlib.book.tag_sheet import tag_entries
from crmlib.book.work import Work
from crmlib.dictionary import DICTIONARY, Dictionary
from crmlib.errors import DataError, SettingsError
from crmlib.home import Home
from crmlib.inputs import book_origin, kit_hash
from crmlib.intake.classes import classify_customers
from crmlib.intake.groups import find_groups
from crmlib.intake.merging import Merged, merge_customers
from crmlib.intake.references import References, assign_customers, resolve_references
from crmlib.intake.registry import extend_registry, is_in, list_aliases
from crmlib.intake.renewing import Matching, list_ignored, match_all, match_new
from crmlib.keys import Key, load_key
from crmlib.settings import Settings


class Built(NamedTuple):
    """book: the version now current. fresh: whether it was made just now. balance: one row per file. key: the vault's.
    dictionary: the kit's with the home's own fields. renewal: how much of the matching was done anew, and why."""

    book: Book
    fresh: bool
    balance: pd.DataFrame
    key: Key
    dictionary: Dictionary
    renewal: Renewal | None = None


class Making(NamedTuple):
    """What the steps of one making share. source: what decides whether there is anything to make."""

    home: Home
    settings: Settings
    key: Key
    dictionary: Dictionary
    previous: Book | None
    source: dict[str, Any]


class Customers(NamedTuple):
    """rows: of references.customers, sorted, with the days on which each was seen. by_line: whose each row of every sheet is.
    merged: the `renewed` customers; all of them where there is no `earlier` version to carry the others over from."""

    rows: pd.DataFrame
    by_line: pd.DataFrame
    matching: Matching
    merged: Merged
    renewed: pd.Index
    renewal: Renewal
    earlier: Earlier | None

    @property
    def whose(self) -> pd.Series:
        return self.matching.matched.row_to_customer


def build_for(work: Work) -> Built:
    """build_book for a notebook."""
    return build_book(work.home, settings=work.settings, key=load_key(work.home), origin=book_origin(work.home))


def build_book(home: Home, *, settings: Settings, key: Key, origin: str) -> Built:
    """Match, merge and publish all batches. Where neither rows nor rules have changed the current version stays.

    Raises DataError where no file is a known table, CheckError where a row is not counted once.
    """
    batches = list_batches(home)
    if not batches:
        raise DataError("error.book_empty", path=home.inbox)
    dictionary = DICTIONARY.with_fields(settings.own_fields())
    source = _source(home, settings, batches)
    previous = open_book(home) if (home.book / "CURRENT").is_file() else None
    if previous is not None and previous.manifest.get("source") == source:
        return Built(previous, False, pd.DataFrame(previous.manifest["balance"]["files"]), key, dictionary)

    make = Making(home, settings, key, dictionary, previous, source)
    batches, sheets = _read_sheets(make, batches)
    staff = staff_mark(sheets, key)
    references = resolve_references(
        [(s.table, s.about["system"], rows) for s, rows in zip(sheets.about, sheets.rows, strict=True)], key=key
    )
    customers = _make_customers(make, sheets, references, staff=staff)
    tables, balance = _make_tables(make, batches, sheets, customers)
    manifest = {
        "source": source,
        "staff": staff,
        "origin": origin,
        "key": key.fingerprint,
        "balance": {"files": json.loads(balance.to_json(orient="records", force_ascii=False))},
        "currency": _currency(sheets),
    }
    version = publish(home, tables, manifest, dictionary=dictionary)
    keep_keys(home, version, customers.matching.keys, key=key)
    return Built(open_book(home), True, balance, key, dictionary, customers.renewal)


def _source(home: Home, settings: Settings, batches: list[Batch]) -> dict[str, Any]:
    """All that a version is made from. `rules`: those settings among all that decide how rows are matched and merged."""
    rules = repr((settings.matching, settings.classes, settings.privacy)) + reading_rules(settings)
    return {
        "ledger": [line.id for line in read_lines(home)],
        "batches": [batch.folder.name for batch in batches],
        "settings": hashlib.sha256(repr(settings).encode()).hexdigest(),
        "rules": hashlib.sha256(rules.encode()).hexdigest(),
        "kit": kit_hash(),
    }


def _read_sheets(make: Making, batches: list[Batch]) -> tuple[list[Batch], Sheets]:
    """The kept rows; a batch that was read by other rules, or before a correction, is read anew."""
    if not any(sheet["table"] for batch in batches for sheet in batch.sheets):
        raise DataError("error.no_table", files=", ".join(batch.file for batch in batches))
    corrections = Corrections(make.home, make.key)
    reader = Reader(make.home, make.settings, make.dictionary, make.key, corrections)
    rules = reading_rules(make.settings)
    batches = [b if b.rules == rules and corrections.are_in(b) else reader.reread(b) for b in batches]
    return batches, load_sheets(make.home, batches, make.key, dictionary=make.dictionary)


def _make_customers(make: Making, sheets: Sheets, references: References, *, staff: str) -> Customers:
    """Rows matched and merged: those that the import reaches, where the version before knows the others."""
    rows = references.customers.assign(**seen_days(references, sheets)).sort_values("row_id", ignore_index=True)
    earlier, why = find_earlier(make.home, make.previous, now=make.source | {"staff": staff}, key=make.key)
    matching = _match(make, rows, earlier)
    whose = matching.matched.row_to_customer
    by_line = assign_customers(references, whose)
    renewed, renewal = pd.Index(whose.unique()), Renewal(why)
    if earlier is not None:
        renewed, changed = renewed_customers(make.home, earlier, sheets, by_line, whose)
        renewal = Renewal("", changed, len(matching.reached), int(is_in(renewed, whose).sum()))
    mine = is_in(whose, renewed)
    last = max(sheet.batch.received_on for sheet in sheets.about)
    merged = _merge(make, rows[mine].reset_index(drop=True), whose[mine], last=last)
    return Customers(rows, by_line, matching, merged, renewed, renewal, earlier)


def _match(make: Making, rows: pd.DataFrame, earlier: Earlier | None) -> Matching:
    rules = make.settings.matching
    told = {
        "known": _registry_before(make.previous),
        "decisions": read_decisions(make.home),
        "hub_names": rules.hub_names,
        "off": rules.off,
    }
    if earlier is None:
        return match_all(rows, **told)
    return match_new(rows, before=earlier.matching, touched=touched_rows(make.home, earlier), **told)


def _merge(make: Making, rows: pd.DataFrame, whose: pd.Series, *, last: date) -> Merged:
    """Golden records, with their classes, and what people amended by hand."""
    rows = rows.rename(columns={"last_seen_on": "seen_on"}).drop(columns="first_seen_on")
    merged = merge_customers(rows, whose, source_priority=make.settings.matching.source_priority)
    merged = merged._replace(customers=classify_customers(merged.customers, make.settings.classes))
    return apply_amendments(merged, whose, home=make.home, key=make.key, dictionary=make.dictionary, on=last)


def _make_tables(
    make: Making, batches: list[Batch], sheets: Sheets, customers: Customers
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Every table of the version, and the balance by file."""
    by_line = customers.by_line
    tables, lost = assemble_tables(
        sheets,
        by_line,
        customers.merged,
        dictionary=make.dictionary,
        key=make.key,
        name_style=make.settings.privacy.name,
        staged_by_hand=amended_on(make.home, "lifecycle_stage", customers.whose),
        colleagues=_colleagues(customers),
    )
    traced, not_data = trace_rows(batches, sheets, by_line, lost)
    balance = balance_by_file(batches, traced["records"], not_data)
    check_balance(balance)
    tables |= traced | _matching_tables(make, customers)
    tables["names"] = _names(customers)
    if customers.earlier is not None:
        tables = carry_over(customers.earlier, tables, customers.renewed, dictionary=make.dictionary)
    owner = (
        traced["records"].dropna(subset=["customer_id"]).drop_duplicates("row_id").set_index("row_id")["customer_id"]
    )
    tables["changes"] = sheets.changes.assign(customer_id=sheets.changes["row_id"].map(owner))
    tables["groups"] = _groups(tables["customers"])
    tables["spot_checks"] = spot_checks(make.home)
    tables["reviews"] = review_notes(make.home)
    tables["tag_entries"] = tag_entries(make.home, tables["aliases"])
    return tables, balance


def _colleagues(customers: Customers) -> list[str]:
    if customers.earlier is None:
        return []
    return names_of_colleagues(customers.earlier, customers.rows, customers.whose, customers.renewed)


def _names(customers: Customers) -> pd.DataFrame:
    mine = is_in(customers.whose, customers.renewed)
    return dated_names(customers.rows[mine], customers.whose[mine], customers.merged.customers)


def _groups(customers: pd.DataFrame | pa.Table) -> pd.DataFrame:
    """As the book shows the customers: a person, whose name is masked, is in no group."""
    frame = customers.select(["customer_id", "name"]).to_pandas() if isinstance(customers, pa.Table) else customers
    return find_groups(frame.reindex(columns=["customer_id", "name"]))


def _registry_before(previous: Book | None) -> pd.Series:
    """row_id → customer_id of every row that was ever a customer: an id is never given to another one."""
    if previous is None or not previous.count("registry"):
        return pd.Series([], index=pd.Index([], dtype="str"), dtype="str")
    return previous.frame(previous.table("registry")).set_index("row_id")["customer_id"]


def _matching_tables(make: Making, customers: Customers) -> dict[str, pd.DataFrame]:
    """Which row is whose, which ids have been given up for which, the links behind it, and what is no evidence."""
    matched, previous = customers.matching.matched, make.previous
    registry = extend_registry(_registry_before(previous), matched.row_to_customer)
    earlier = previous.frame(previous.table("aliases")) if previous is not None and previous.count("aliases") else None
    stated = customers.rows[["row_id", "system", "source_id", "stated"]]
    rows = registry.rename("customer_id").rename_axis("row_id").reset_index()
    return {
        "registry": rows.merge(stated, on="row_id", how="left"),
        "aliases": list_aliases(registry, matched.row_to_customer, earlier=earlier),
        "links": matched.links,
        "review": matched.review,
        "ignored": list_ignored(customers.matching.keys),
    }


def _currency(sheets: Sheets) -> dict[str, Any]:
    """The one currency of all amounts, and the files that do not say theirs. SettingsError where there are two and no rate."""
    priced = [s for s in sheets.about if any(c["field"].endswith(("_cny", "price")) for c in s.about["columns"])]
    used = {s.about["currency"] if s.about["currency"] and not s.about["rate"] else "CNY" for s in priced}
    if len(used) > 1:
        raise SettingsError("error.currency_mixed", found=", ".join(sorted(used)))
    assumed = sorted({s.batch.file for s in priced if not s.about["currency"]})
    return {"code": next(iter(used), "CNY"), "assumed_for": assumed}
