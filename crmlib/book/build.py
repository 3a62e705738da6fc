"""The book made anew: every kept row, matched and merged, published as one version with its balance."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from crmlib.book import batches as kept
from crmlib.book.balance import balance_by_file, check_balance, row_statuses
from crmlib.book.hiding import hide_table, mask_column
from crmlib.book.shelf import Book, open_book, publish
from crmlib.book.work import Work
from crmlib.dictionary import DICTIONARY, Dictionary
from crmlib.errors import DataError, SettingsError
from crmlib.home import Home
from crmlib.inputs import book_origin, kit_hash
from crmlib.intake.matching import Matched, match_rows
from crmlib.intake.merging import merge_customers
from crmlib.intake.references import References, assign_customers, resolve_references
from crmlib.intake.tables import resolve_staff, take_apart, take_contacts, take_tags, through_orders
from crmlib.keys import Key, load_key
from crmlib.settings import Settings

# a row of these that belongs to nobody is kept and counted as unassigned; one of any other table is quarantined
UNASSIGNED = ("orders", "payments", "opportunities", "products", "staff", "customers")


class Built(NamedTuple):
    """book: the version now current. fresh: whether it was made just now. balance: one row per file. key: the vault's."""

    book: Book
    fresh: bool
    balance: pd.DataFrame
    key: Key


def build_for(work: Work) -> Built:
    """build_book for a notebook."""
    key = load_key(work.home)
    return build_book(work.home, settings=work.settings, key=key, origin=book_origin(work.home))


class _Sheets(NamedTuple):
    about: list[kept.Sheet]
    rows: list[pd.DataFrame]  # wide, current rows only, with row_id
    index: pd.DataFrame  # one row per physical row of the sheets


def build_book(
    home: Home, *, settings: Settings, key: Key, origin: str, tell: Callable[[str], None] = lambda _: None
) -> Built:
    """Match, merge and publish all batches. Where nothing has changed the current version stays."""
    found = kept.list_batches(home)
    if not found:
        raise DataError("error.book_empty", path=home.inbox)
    source = {
        "batches": [batch.folder.name for batch in found],
        "settings": hashlib.sha256(repr(settings).encode()).hexdigest(),
        "kit": kit_hash(),
    }
    previous = _previous(home)
    if previous is not None and previous.manifest.get("source") == source:
        return Built(previous, False, pd.DataFrame(previous.manifest["balance"]["files"]), key)
    dictionary = DICTIONARY.with_fields(settings.own_fields())
    sheets = _load(home, found, key)
    references = resolve_references(
        [(s.table, s.about["system"], rows) for s, rows in zip(sheets.about, sheets.rows, strict=True)], key=key
    )
    matched = _match(references, previous, settings)
    by_line = assign_customers(references, matched.row_to_customer)
    tables, orphans = _tables(sheets, references, by_line, matched, settings, dictionary, key)
    tables |= _about_rows(found, sheets, by_line, orphans, matched)
    balance = balance_by_file(found, tables["records"], tables.pop("not_data"))
    check_balance(balance)
    manifest = {
        "source": source,
        "origin": origin,
        "key": key.fingerprint,
        "balance": {"files": json.loads(balance.to_json(orient="records", force_ascii=False))},
        "currency": _currency(sheets.about),
        "counts": {name: len(frame) for name, frame in tables.items()},
    }
    if previous is not None and previous.count("aliases"):
        earlier = previous.frame(previous.table("aliases"))
        earlier = earlier.assign(customer_id=earlier["customer_id"].replace(dict(tables["aliases"].to_numpy())))
        tables["aliases"] = pd.concat([earlier, tables["aliases"]]).drop_duplicates("alias_id", keep="last")
    publish(home, tables, manifest, dictionary=dictionary)
    (home.book / "ORIGIN").write_text(origin, encoding="utf-8")
    return Built(open_book(home), True, balance, key)


def _previous(home: Home) -> Book | None:
    return open_book(home) if (home.book / "CURRENT").is_file() else None


def _load(home: Home, found: list[kept.Batch], key: Key) -> _Sheets:
    """Every sheet's standardised rows; of a row that came again only the last is current."""
    about = [kept.Sheet(batch, n) for batch in found for n in range(len(batch.sheets))]
    about = [sheet for sheet in about if sheet.table]
    rows = [sheet.rows(home, key) for sheet in about]
    if not rows:
        raise DataError("error.no_table", files=", ".join(batch.file for batch in found))
    index = pd.concat(
        [
            frame[["row_id", "content", "quarantined"]]
            .rename_axis("line")
            .reset_index()
            .assign(sheet=n, batch=sheet.batch.sequence, table=sheet.table)
            for n, (sheet, frame) in enumerate(zip(about, rows, strict=True))
        ],
        ignore_index=True,
    )
    index = index.assign(current=row_statuses(index, about)["current"], seen=row_statuses(index, about)["seen"])
    current = index[index["current"]].groupby("sheet")["line"]
    rows = [frame.loc[current.get_group(n)] if n in current.groups else frame.iloc[:0] for n, frame in enumerate(rows)]
    return _Sheets(about, [_in_yuan(f, s.about) for f, s in zip(rows, about, strict=True)], index)


def _in_yuan(rows: pd.DataFrame, about: dict[str, Any]) -> pd.DataFrame:
    """Amounts of another currency at the rate that the settings give; without one they stay, and tiers are off."""
    if not about["rate"]:
        return rows
    money = [c for c in rows.columns if c.endswith("_cny")]
    return rows.assign(**{c: (rows[c].astype("float64") * about["rate"]).round(2).astype(rows[c].dtype) for c in money})


def _currency(about: list[kept.Sheet]) -> dict[str, Any]:
    """The one currency of all amounts. Raises SettingsError where there are two and no rate."""
    priced = [s for s in about if any(c["field"].endswith("_cny") for c in s.about["columns"])]
    used = {s.about["currency"] if s.about["currency"] and not s.about["rate"] else "CNY" for s in priced}
    if len(used) > 1:
        raise SettingsError("error.currency_mixed", found=", ".join(sorted(used)))
    assumed = sorted({s.batch.file for s in priced if not s.about["currency"]})
    return {"code": next(iter(used), "CNY"), "assumed_for": assumed}


def _match(references: References, previous: Book | None, settings: Settings) -> Matched:
    known = None
    if previous is not None and previous.count("registry"):
        registry = previous.frame(previous.table("registry"))
        known = registry.set_index("row_id")["customer_id"]
    return match_rows(
        references.customers, known=known, hub_names=settings.matching.hub_names, off=settings.matching.off
    )


def _tables(
    sheets: _Sheets,
    references: References,
    by_line: pd.DataFrame,
    matched: Matched,
    settings: Settings,
    dictionary: Dictionary,
    key: Key,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Every business table, masked, and the rows that were set aside because they belong to nobody."""
    parts: dict[str, list[pd.DataFrame]] = {}
    everyone, orphans = [], []
    for n, (sheet, rows) in enumerate(zip(sheets.about, sheets.rows, strict=True)):
        mine = by_line[by_line["sheet"].eq(n)].set_index("line")
        rows = rows.assign(
            customer_id=mine["customer_id"].reindex(rows.index).astype("str"), fault=mine["fault"].reindex(rows.index)
        )
        if sheet.table not in UNASSIGNED:
            lost = rows["fault"].eq("ORPHAN_CUSTOMER") | (rows["customer_id"].isna() & rows["fault"].isna())
            told = (
                rows["customers.source_id"]
                if "customers.source_id" in rows
                else pd.Series(index=rows.index, dtype="str")
            )
            reason = told.notna().map({True: "ORPHAN_CUSTOMER", False: "MISSING_VALUE"})
            orphans.append(pd.DataFrame({"sheet": n, "line": rows.index, "value": told, "reason": reason})[lost])
            rows = rows[~lost]
        everyone.append(rows)
        for name, part in take_apart(
            rows, table=sheet.table, system=sheet.about["system"], dictionary=dictionary
        ).items():
            parts.setdefault(name, []).append(part)
    tables = {name: pd.concat(some, ignore_index=True) for name, some in parts.items()}
    tables = through_orders(tables)
    customer_rows = references.customers.assign(
        seen_on=pd.NaT if not len(references.customers) else _seen_on(references, sheets)
    )
    merged = merge_customers(customer_rows, matched.row_to_customer, source_priority=settings.matching.source_priority)
    tables, customers, staff = resolve_staff(tables, merged.customers, key=key)
    slim = [
        rows[
            [
                c
                for c in rows.columns
                if c.startswith(("contacts.", "tags.")) or c in ("row_id", "customer_id", "customers.id_no")
            ]
        ]
        for rows in everyone
    ]
    wide = pd.concat(slim, ignore_index=True)
    contacts, methods = take_contacts(wide, key=key)
    tables |= {"customers": customers, "contacts": contacts, "tags": take_tags(wide), "staff": staff}
    person = customers["entity_type"].eq("person")
    shown = {
        name: hide_table(frame, table=name, dictionary=dictionary, person=person if name == "customers" else None)
        for name, frame in tables.items()
    }
    from crmlib.book.hiding import _MASKS

    mask = pd.Series(index=methods.index, dtype="str")
    for kind, some in methods.groupby("kind"):
        mask.loc[some.index] = mask_column(some["value"], _MASKS[kind])
    shown["contact_methods"] = methods.assign(mask=mask).drop(columns=["value", "named"], errors="ignore")
    registry = matched.row_to_customer.rename("customer_id").rename_axis("row_id").reset_index()
    stated = customer_rows[["row_id", "system", "source_id", "stated"]]
    shown["registry"] = registry.merge(stated, on="row_id", how="left")
    shown["aliases"] = matched.aliases
    shown["cells"] = merged.cells
    lost = (
        pd.concat(orphans, ignore_index=True) if orphans else pd.DataFrame(columns=["sheet", "line", "value", "reason"])
    )
    return shown, lost


def _seen_on(references: References, sheets: _Sheets) -> pd.Series:
    """When each customer row was last received: the later of two values wins."""
    when = {n: pd.Timestamp(sheet.batch.received_on) for n, sheet in enumerate(sheets.about)}
    seen = (
        references.by_line.assign(seen=references.by_line["sheet"].map(when)).groupby("customer_row_id")["seen"].max()
    )
    return references.customers["row_id"].map(seen)


def _about_rows(
    found: list[kept.Batch], sheets: _Sheets, by_line: pd.DataFrame, orphans: pd.DataFrame, matched: Matched
) -> dict[str, pd.DataFrame]:
    """records, quarantine, warnings, links, review: what became of each physical row, and why."""
    files = {n: (s.batch.file, s.about["sheet"], s.about["system"], s.table) for n, s in enumerate(sheets.about)}
    index = sheets.index.merge(by_line[["sheet", "line", "customer_id", "fault"]], on=["sheet", "line"], how="left")
    lost = pd.MultiIndex.from_frame(orphans[["sheet", "line"]])
    index = index.assign(
        quarantined=index["quarantined"] | pd.MultiIndex.from_frame(index[["sheet", "line"]]).isin(lost)
    )
    first = index["table"].eq("customers") & index["current"] & ~index["quarantined"] & index["customer_id"].notna()
    again = index["customer_id"].where(first).duplicated() & first
    status = index["seen"].mask(again, "merged").mask(index["quarantined"], "quarantined")
    place = index["sheet"].map(files)
    records = pd.DataFrame(
        {
            "row_id": index["row_id"],
            "source_system": place.str[2],
            "source_file": place.str[0],
            "sheet": place.str[1],
            "line": index["line"],
            "table": index["table"],
            "customer_id": index["customer_id"],
            "status": status,
            "batch": index["batch"],
        }
    )
    issues = [
        s.issues().assign(source_file=s.batch.file, sheet=s.about["sheet"], table_of_sheet=s.table)
        for s in sheets.about
    ]
    orphaned = orphans.assign(
        source_file=orphans["sheet"].map(lambda n: files[n][0]),
        table=orphans["sheet"].map(lambda n: files[n][3]),
        field="customer_id",
        severity="error",
    )
    orphaned = orphaned.assign(sheet=orphans["sheet"].map(lambda n: files[n][1]))
    unassigned = index[index["fault"].notna() & ~index["quarantined"]]
    doubtful = pd.DataFrame(
        {
            "source_file": unassigned["sheet"].map(lambda n: files[n][0]),
            "sheet": unassigned["sheet"].map(lambda n: files[n][1]),
            "line": unassigned["line"],
            "table": unassigned["table"],
            "field": "customer_id",
            "value": None,
            "reason": unassigned["fault"],
            "severity": "warning",
        }
    )
    faults = pd.concat(
        [frame for frame in [*issues, orphaned, doubtful] if len(frame)] or [doubtful], ignore_index=True
    )
    unknown, not_data = _set_aside(found)
    faults = pd.concat([faults, unknown], ignore_index=True).assign(
        suggestion=lambda f: "fix." + f["reason"].astype("str")
    )
    columns = ["source_file", "sheet", "line", "table", "field", "value", "reason", "suggestion"]
    bad = faults["severity"].eq("error")
    order = ["source_file", "sheet", "line", "field", "reason"]
    return {
        "records": pd.concat([records, _records_of(unknown, found)], ignore_index=True).sort_values(
            ["source_file", "sheet", "line", "batch"]
        ),
        "quarantine": faults.loc[bad, columns].sort_values(order),
        "warnings": faults.loc[~bad, columns].assign(emptied=faults["severity"].eq("cell")).sort_values(order),
        "links": matched.links,
        "review": matched.review,
        "not_data": not_data,
    }


def _records_of(unknown: pd.DataFrame, found: list[kept.Batch]) -> pd.DataFrame:
    """Rows of sheets that are no known table, and rows the reader refused: records without an id."""
    rows = unknown.drop_duplicates(["batch", "source_file", "sheet", "line"])
    system = {batch.sequence: batch.system for batch in found}
    return rows[["source_file", "sheet", "line", "batch"]].assign(
        row_id=None, source_system=rows["batch"].map(system), table=None, customer_id=None, status="quarantined"
    )


def _set_aside(found: list[kept.Batch]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the reader set aside: refused rows and unknown sheets as faults, and what is no data by kind."""
    faults, not_data = [], []
    for batch in found:
        refused = kept.to_frame(kept.pq.read_table(batch.folder / "refused.parquet"))
        about = {"source_file": batch.file, "batch": batch.sequence}
        bad = refused["kind"].eq("refused") if len(refused) else pd.Series(dtype=bool)
        if bad.any():
            faults.append(
                refused[bad].rename(columns={"excerpt": "value"})[["sheet", "line", "reason", "value"]].assign(**about)
            )
        if len(refused):
            not_data.append(refused[~bad][["sheet", "line", "reason"]].assign(**about))
        for n, sheet in enumerate(batch.sheets):
            if sheet["table"]:
                continue
            lines = kept.pq.read_table(batch.folder / f"{n}.raw.parquet", columns=["line"])["line"].to_pandas()
            rows = pd.DataFrame({"line": lines, "sheet": sheet["sheet"], "reason": sheet["refusal"]}).assign(**about)
            (not_data if sheet["refusal"] == "SUMMARY_TABLE" else faults).append(rows)
    columns = ["source_file", "sheet", "line", "batch", "reason"]
    bad = pd.concat(faults, ignore_index=True) if faults else pd.DataFrame(columns=[*columns, "value"])
    bad = bad.assign(severity="error", table=None, field=None).reindex(
        columns=[*columns, "value", "severity", "table", "field"]
    )
    none = pd.concat(not_data, ignore_index=True) if not_data else pd.DataFrame(columns=columns)
    return bad, none
