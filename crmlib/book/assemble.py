"""All kept rows brought together: whose each row is, and the tables they make, masked as the book shows them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import pandas as pd

from crmlib.book.balance import row_statuses
from crmlib.book.batches import Batch, Sheet
from crmlib.book.changes import list_changes
from crmlib.book.hiding import hide_table
from crmlib.dictionary import Dictionary
from crmlib.home import Home
from crmlib.intake.customer_stages import collect_sayings, date_stages
from crmlib.intake.merging import Merged
from crmlib.intake.references import References
from crmlib.intake.registry import is_in
from crmlib.intake.tables import resolve_staff, take_apart, take_contacts, take_tags, through_orders
from crmlib.keys import Key
from crmlib.masking import MASKS, mask_column

# a row of these that belongs to nobody is kept and counted as unassigned; one of any other table is set aside
OPEN_TO_NOBODY = ("orders", "payments", "opportunities", "products", "staff", "customers")


class Sheets(NamedTuple):
    """about: every sheet that is a table. rows: its wide rows that are current. index: one row per physical row of them
    (sheet, line, batch, table, row_id, content, quarantined, seen, current). changes: what later exports changed."""

    about: list[Sheet]
    rows: list[pd.DataFrame]
    index: pd.DataFrame
    changes: pd.DataFrame


class Assembled(NamedTuple):
    """tables: the book's, by name. lost: rows that belong to nobody (sheet, line, value, reason)."""

    tables: dict[str, pd.DataFrame]
    lost: pd.DataFrame


def load_sheets(home: Home, batches: list[Batch], key: Key, *, dictionary: Dictionary) -> Sheets:
    """Every sheet's standardised rows; of a row that came again only the last is current."""
    about = [Sheet(batch, n) for batch in batches for n in range(len(batch.sheets))]
    about = [sheet for sheet in about if sheet.table]
    rows = [sheet.rows(home, key) for sheet in about]
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
    index = index.assign(**row_statuses(index, about))
    changes = list_changes(about, rows, index, dictionary=dictionary)
    current = {n: lines.to_numpy() for n, lines in index["line"][index["current"]].groupby(index["sheet"])}
    rows = [frame.loc[current[n]] if n in current else frame.iloc[:0] for n, frame in enumerate(rows)]
    return Sheets(about, [_in_yuan(f, s) for f, s in zip(rows, about, strict=True)], index, changes)


def _in_yuan(rows: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """Amounts of another currency at the rate that the settings give; without one they stay as they are."""
    if not (rate := sheet.about["rate"]):
        return rows
    money = [c for c in rows.columns if c.endswith("_cny")]
    return rows.assign(**{c: _converted(rows[c], Decimal(str(rate))) for c in money})


def _converted(amounts: pd.Series, rate: Decimal) -> pd.Series:
    """Exact to the cent, half a cent away from 0."""
    values = [None if pd.isna(v) else (v * rate).quantize(Decimal("0.01"), ROUND_HALF_UP) for v in amounts]
    return pd.Series(values, index=amounts.index, dtype=amounts.dtype)


def seen_days(references: References, sheets: Sheets) -> pd.DataFrame:
    """first_seen_on and last_seen_on of each row of references.customers: of two values the later wins."""
    day = {n: pd.Timestamp(sheet.batch.received_on) for n, sheet in enumerate(sheets.about)}
    lines = references.by_line
    seen = pd.to_datetime(lines["sheet"].map(day)).groupby(lines["customer_row_id"]).agg(["min", "max"])
    seen = seen.reindex(references.customers["row_id"]).set_axis(references.customers.index)
    return seen.set_axis(["first_seen_on", "last_seen_on"], axis=1)


def assemble_tables(
    sheets: Sheets,
    by_line: pd.DataFrame,
    merged: Merged,
    *,
    dictionary: Dictionary,
    key: Key,
    name_style: str,
    staged_by_hand: Mapping[str, datetime],
    colleagues: Iterable[str] = (),
) -> Assembled:
    """by_line: whose each row is (sheet, line, customer_id, fault). staged_by_hand: customer_id → when a person last set the
    stage. Returns every table that the rows make; `cells` is that of `merged`, with what talks say of stages. Customers, their
    contacts, tags and stages are of those in `merged` alone; `colleagues`: names that the others give their owners."""
    parts: dict[str, list[pd.DataFrame]] = {}
    wide, lost, told = [], [], []
    for n, (sheet, rows) in enumerate(zip(sheets.about, sheets.rows, strict=True)):
        mine = by_line[by_line["sheet"].eq(n)].set_index("line").reindex(rows.index)
        rows = rows.assign(customer_id=mine["customer_id"].astype("str"))
        if sheet.table not in OPEN_TO_NOBODY:
            nobody = rows["customer_id"].isna() & mine["fault"].ne("ID_CONFLICT")
            lost.append(_lost(rows[nobody], n))
            rows = rows[~nobody]
        mine = rows[is_in(rows["customer_id"], merged.customers["customer_id"])]
        told.append((sheet.table, mine))
        wide.append(mine[[c for c in mine.columns if c.startswith(("contacts.", "tags.")) or c in _OF_CUSTOMERS]])
        taken = take_apart(rows, table=sheet.table, system=sheet.about["system"], dictionary=dictionary)
        for name, part in taken.items():
            parts.setdefault(name, []).append(part)
    tables = through_orders({name: pd.concat(some, ignore_index=True) for name, some in parts.items()})
    tables, customers, staff = resolve_staff(tables, merged.customers, key=key, others=colleagues)
    days = {n: pd.Timestamp(sheet.batch.received_on) for n, sheet in enumerate(sheets.about)}
    first_seen = sheets.index["sheet"].map(days).groupby(sheets.index["row_id"]).min()
    merged, stages = date_stages(
        merged._replace(customers=customers),
        collect_sayings(told, first_seen, sheets.changes),
        tables.get("interactions"),
        by_hand=staged_by_hand,
    )
    customers = merged.customers
    if len(stages):
        tables["stage_changes"] = pd.concat([*(tables[n] for n in ("stage_changes",) if n in tables), stages])
    together = pd.concat(wide, ignore_index=True)
    contacts, methods = take_contacts(together, key=key)
    tables |= {"customers": customers, "contacts": contacts, "tags": take_tags(together), "staff": staff}
    person = customers["entity_type"].eq("person") if "entity_type" in customers else None
    shown = {
        name: hide_table(
            frame, table=name, dictionary=dictionary, person=person if name == "customers" else None, style=name_style
        )
        for name, frame in tables.items()
    }
    masks = [mask_column(kind, some["value"]) for kind, some in methods.groupby("kind") if kind in MASKS]
    mask = pd.concat(masks) if masks else pd.Series(dtype="str")
    shown["contact_methods"] = methods.assign(mask=mask).drop(columns=["value", "named"], errors="ignore")
    shown["cells"] = merged.cells
    return Assembled(shown, pd.concat([_NOBODY, *(one for one in lost if len(one))], ignore_index=True))


_OF_CUSTOMERS = ("row_id", "customer_id", "customers.id_no")
_NOBODY = pd.DataFrame(columns=["sheet", "line", "value", "reason"])


def _lost(rows: pd.DataFrame, sheet: int) -> pd.DataFrame:
    """Rows whose number is nobody's, or that name nobody at all."""
    number = rows.get("customers.source_id", pd.Series(pd.NA, index=rows.index, dtype="str"))
    reason = number.notna().map({True: "ORPHAN_CUSTOMER", False: "MISSING_VALUE"})
    return pd.DataFrame({"sheet": sheet, "line": rows.index, "value": number.array, "reason": reason.array})
