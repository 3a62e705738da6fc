"""The book made anew: every kept row matched, merged and published as one version, with its balance."""

import hashlib
import json
from typing import Any, NamedTuple

import pandas as pd

from crmlib.book.amendments import amended_on, apply_amendments
from crmlib.book.assemble import Sheets, assemble_tables, load_sheets, seen_days
from crmlib.book.balance import balance_by_file, check_balance
from crmlib.book.batches import Reader, list_batches, reading_rules
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
from crmlib.intake.matching import Matched, match_rows
from crmlib.intake.merging import merge_customers
from crmlib.intake.references import References, assign_customers, resolve_references
from crmlib.intake.registry import extend_registry
from crmlib.keys import Key, load_key
from crmlib.settings import Settings


class Built(NamedTuple):
    """book: the version now current. fresh: whether it was made just now. balance: one row per file. key: the vault's.
    dictionary: the kit's with the home's own fields."""

    book: Book
    fresh: bool
    balance: pd.DataFrame
    key: Key
    dictionary: Dictionary


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
    source = {
        "ledger": [line.id for line in read_lines(home)],
        "batches": [batch.folder.name for batch in batches],
        "settings": hashlib.sha256(repr(settings).encode()).hexdigest(),
        "kit": kit_hash(),
    }
    previous = open_book(home) if (home.book / "CURRENT").is_file() else None
    if previous is not None and previous.manifest.get("source") == source:
        return Built(previous, False, pd.DataFrame(previous.manifest["balance"]["files"]), key, dictionary)
    if not any(sheet["table"] for batch in batches for sheet in batch.sheets):
        raise DataError("error.no_table", files=", ".join(batch.file for batch in batches))
    corrections = Corrections(home, key)
    reader, rules = Reader(home, settings, dictionary, key, corrections), reading_rules(settings)
    batches = [b if b.rules == rules and corrections.are_in(b) else reader.reread(b) for b in batches]
    sheets = load_sheets(home, batches, key, dictionary=dictionary)
    references = resolve_references(
        [(s.table, s.about["system"], rows) for s, rows in zip(sheets.about, sheets.rows, strict=True)], key=key
    )
    rules = settings.matching
    matched = match_rows(
        references.customers,
        decisions=read_decisions(home),
        known=_known_ids(previous),
        hub_names=rules.hub_names,
        off=rules.off,
    )
    seen = seen_days(references, sheets)
    merged = merge_customers(
        references.customers.assign(seen_on=seen["last_seen_on"]),
        matched.row_to_customer,
        source_priority=settings.matching.source_priority,
    )
    merged = merged._replace(customers=classify_customers(merged.customers, settings.classes))
    last = max(batch.received_on for batch in batches)
    merged = apply_amendments(merged, matched.row_to_customer, home=home, key=key, dictionary=dictionary, on=last)
    by_line = assign_customers(references, matched.row_to_customer)
    tables, lost = assemble_tables(
        sheets,
        by_line,
        merged,
        dictionary=dictionary,
        key=key,
        name_style=settings.privacy.name,
        staged_by_hand=amended_on(home, "lifecycle_stage", matched.row_to_customer),
    )
    traced, not_data = trace_rows(batches, sheets, by_line, lost)
    balance = balance_by_file(batches, traced["records"], not_data)
    check_balance(balance)
    owner = (
        traced["records"].dropna(subset=["customer_id"]).drop_duplicates("row_id").set_index("row_id")["customer_id"]
    )
    changes = sheets.changes.assign(customer_id=sheets.changes["row_id"].map(owner))
    tables |= traced | _registry(references, matched, previous) | {"changes": changes}
    tables["names"] = dated_names(references, matched.row_to_customer, seen, merged.customers)
    tables["spot_checks"] = spot_checks(home)
    tables["reviews"] = review_notes(home)
    tables["tag_entries"] = tag_entries(home, tables["aliases"])
    manifest = {
        "source": source,
        "origin": origin,
        "key": key.fingerprint,
        "balance": {"files": json.loads(balance.to_json(orient="records", force_ascii=False))},
        "currency": _currency(sheets),
    }
    publish(home, tables, manifest, dictionary=dictionary)
    return Built(open_book(home), True, balance, key, dictionary)


def _known_ids(previous: Book | None) -> pd.Series | None:
    """row_id → customer_id of every row that was ever a customer: an id is never given to another one."""
    if previous is None or not previous.count("registry"):
        return None
    return previous.frame(previous.table("registry")).set_index("row_id")["customer_id"]


def _registry(references: References, matched: Matched, previous: Book | None) -> dict[str, pd.DataFrame]:
    """Which row is whose, which ids have been given up for which, and the links behind it."""
    registry = extend_registry(_known_ids(previous), matched.row_to_customer)
    registry = registry.rename("customer_id").rename_axis("row_id").reset_index()
    stated = references.customers[["row_id", "system", "source_id", "stated"]]
    aliases = matched.aliases
    if previous is not None and previous.count("aliases"):
        now = dict(aliases[["alias_id", "customer_id"]].itertuples(index=False))
        earlier = previous.frame(previous.table("aliases"))
        earlier = earlier.assign(customer_id=earlier["customer_id"].replace(now))
        aliases = pd.concat([earlier, aliases]).drop_duplicates("alias_id", keep="last", ignore_index=True)
    return {
        "registry": registry.merge(stated, on="row_id", how="left"),
        "aliases": aliases,
        "links": matched.links,
        "review": matched.review,
        "ignored": matched.ignored,
    }


def _currency(sheets: Sheets) -> dict[str, Any]:
    """The one currency of all amounts, and the files that do not say theirs. SettingsError where there are two and no rate."""
    priced = [s for s in sheets.about if any(c["field"].endswith(("_cny", "price")) for c in s.about["columns"])]
    used = {s.about["currency"] if s.about["currency"] and not s.about["rate"] else "CNY" for s in priced}
    if len(used) > 1:
        raise SettingsError("error.currency_mixed", found=", ".join(sorted(used)))
    assumed = sorted({s.batch.file for s in priced if not s.about["currency"]})
    return {"code": next(iter(used), "CNY"), "assumed_for": assumed}
