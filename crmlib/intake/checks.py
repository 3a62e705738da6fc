"""Row checks: each row is either kept, or quarantined with a reason. None is dropped."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib import dictionary as shipped
from crmlib.dictionary import Dictionary, Table
from crmlib.errors import DataError
from crmlib.intake.doubts import doubt_customers
from crmlib.intake.headers import Mapping
from crmlib.intake.rules import (
    ISSUE_COLUMNS,
    KIT_CHECKS,
    column,
    list_issues,
    numbers,
    own_checks,
    said_once,
    violations,
)
from crmlib.settings import Checks

CUSTOMER = ("customers.source_id", "customers.name")
OPEN_TO_NOBODY = ("orders", "payments", "opportunities")  # their rows count for the whole even without a customer
# of these fields one is enough for a complete record
EITHER = (
    ("customers.headcount", "customers.annual_revenue_cny"),
    ("customers.owner_name", "customers.owner_id"),
)
_CANCELLED_ID = r"^[Cc]\d+$"  # what shop systems put before the number of a cancelled invoice


class Split(NamedTuple):
    """`kept` and `quarantined` are the given rows, each in one of them; `issues` says why, and what was emptied or doubted."""

    kept: pd.DataFrame
    quarantined: pd.DataFrame
    issues: pd.DataFrame


def split_rows(
    rows: pd.DataFrame,
    issues: pd.DataFrame,
    *,
    mapping: Mapping,
    checks: Checks,
    received_on: date,
    dictionary: Dictionary | None = None,
    file: str = "",
) -> Split:
    """Part the standardised rows of one sheet. A row is quarantined for an error in the sheet's own table.

    An error in another table of a wide sheet empties that cell alone. `issues` are those of `values.standardise`.
    Raises DataError where one reason takes more than `checks.flood_share` of `checks.flood_from` rows or more.
    """
    dictionary = dictionary or shipped.DICTIONARY
    table = dictionary.tables[mapping.table]
    rows = _mark_cancelled(rows)
    found = [issues.reindex(columns=ISSUE_COLUMNS)]
    for check in (*KIT_CHECKS, *own_checks(checks, dictionary)):
        if check.test != "present" or check.table == table.key or f"{check.table}.{check.field}" in rows:
            broken = violations(rows, check, received_on=received_on)
            found.append(list_issues(rows, check.table, check.field, broken, check.reason, check.severity))
    found += [
        *_negative_orders(rows),
        *_missing_keys(rows, table, issues),
        *_duplicate_keys(rows, table),
        *_unassigned(rows, table),
        *_incomplete(rows, table, issues, dictionary),
        *_unexplained_losses(rows),
        *(doubt_customers(rows, checks=checks, dictionary=dictionary) if table.key == "customers" else ()),
    ]
    every = pd.concat([one for one in found if len(one)] or found[:1], ignore_index=True)
    every = _settle(every, rows, table, checks.off)
    _stop_floods(every, rows, checks, file)
    kept = _empty_cells(rows, every[every["severity"].eq("cell")])
    bad = rows.index.isin(every.loc[every["severity"].eq("error"), "line"])
    every = every.drop_duplicates(["line", "table", "field", "reason"]).sort_values(
        "line", kind="stable", ignore_index=True
    )
    return Split(kept[~bad], rows[bad], every)


def _settle(issues: pd.DataFrame, rows: pd.DataFrame, table: Table, off: Iterable[str]) -> pd.DataFrame:
    """The final severity: errors elsewhere empty a cell; a key that another column could fill is only doubted."""
    severity = issues["severity"].mask(issues["severity"].eq("error") & issues["table"].ne(table.key), "cell")
    amount = "orders.amount_cny"
    if amount in rows:  # unreadable, but price × quantity gave it
        unread = (
            issues["table"].eq("orders") & issues["field"].eq("amount_cny") & issues["reason"].ne("AMOUNT_NEGATIVE")
        )
        given = issues["line"].isin(rows.index[rows[amount].notna()])
        severity = severity.mask(unread & given & ~issues["reason"].str.startswith("RULE_"), "warning")
    issues = issues.assign(severity=severity)
    return issues[severity.eq("error") | ~issues["reason"].isin(list(off))]


def _stop_floods(issues: pd.DataFrame, rows: pd.DataFrame, checks: Checks, file: str) -> None:
    if len(rows) < checks.flood_from:
        return
    bad = issues[issues["severity"].eq("error")].drop_duplicates(["line", "reason"])["reason"].value_counts()
    if len(bad) and bad.iloc[0] > checks.flood_share * len(rows):
        share = bad.iloc[0] / len(rows)
        raise DataError(
            "error.flood", file=file, rows=f"{len(rows):,}", n=f"{bad.iloc[0]:,}", reason=bad.index[0],
            share=f"{share:.1%}", limit=f"{checks.flood_share:.0%}", enough=f"{min(1.0, np.ceil(share * 100) / 100):.2f}",
        )  # fmt: skip


def _empty_cells(rows: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The rows without the values that were refused."""
    emptied = {}
    for (table, field), some in cells.groupby(["table", "field"]):
        name = f"{table}.{field}"
        if name in rows:
            emptied[name] = rows[name].mask(rows.index.isin(some["line"]))
    return rows.assign(**emptied)


# ── what is looked at


def _mark_cancelled(rows: pd.DataFrame) -> pd.DataFrame:
    """A negative amount or quantity is a cancellation where the invoice's number says so or the goods came back."""
    if "orders.amount_cny" not in rows and "orders.quantity" not in rows:
        return rows
    back = pc.fill_null(pc.less(numbers(rows, "orders.quantity"), 0.0), False)
    if "orders.order_id" in rows:
        marked = pc.match_substring_regex(column(rows, "orders.order_id").cast(pa.string()), _CANCELLED_ID)
        below = pc.less(numbers(rows, "orders.amount_cny"), 0.0)
        back = pc.or_(back, pc.fill_null(pc.and_(marked, below), False))
    if not pc.any(back).as_py():
        return rows
    status = rows.get("orders.status", pd.Series(np.nan, index=rows.index, dtype="str")).astype("str")
    return rows.assign(**{"orders.status": status.mask(back.to_numpy(zero_copy_only=False), "cancelled")})


def _negative_orders(rows: pd.DataFrame) -> list[pd.DataFrame]:
    if "orders.amount_cny" not in rows:
        return []
    below = pc.fill_null(pc.less(numbers(rows, "orders.amount_cny"), 0.0), False).to_numpy(zero_copy_only=False)
    if "orders.status" in rows:
        below = below & rows["orders.status"].ne("cancelled").fillna(True).to_numpy(dtype=bool)
    return [list_issues(rows, "orders", "amount_cny", below, "AMOUNT_NEGATIVE", "error")]


def _unexplained_losses(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Stage 流失 is accepted with its day and its reason alone; without them the customer keeps the stage that it had."""
    if "customers.lifecycle_stage" not in rows:
        return []
    lost = rows["customers.lifecycle_stage"].eq("lost").fillna(False).to_numpy(dtype=bool)
    lacking = _missing(rows, "customers.lost_on") | _missing(rows, "customers.lost_reason")
    return [list_issues(rows, "customers", "lifecycle_stage", lost & lacking, "LOST_UNEXPLAINED", "cell")]


def _missing_keys(rows: pd.DataFrame, table: Table, issues: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows without what makes them a row of their table, unless it is there and could not be read."""
    if table.key == "customers":
        name, number = (_missing(rows, one) for one in reversed(CUSTOMER))
        nameless = name & ~number
        masked = _all_stars(rows) & number
        return [
            list_issues(
                rows, "customers", "name", name & number & ~_told(rows, issues, "source_id"), "MISSING_NAME", "error"
            ),
            list_issues(rows, "customers", "name", nameless, "MISSING_NAME", "warning"),
            list_issues(rows, "customers", "name", masked, "NAME_FULLY_MASKED", "error"),
        ]
    wanted = [f for f in table.fields.values() if f.required == "key" and f.name in rows]
    unanswered = ~_missing(rows, "surveys.asked_at") & _missing(
        rows, "surveys.answered_at"
    )  # sent: it counts for the response rate
    return [
        list_issues(
            rows, f.table, f.key,
            _missing(rows, f.name) & ~_told(rows, issues, f.key, f.table) & ~(unanswered & (f.name == "surveys.score")),
            "MISSING_VALUE", "error",
        )
        for f in wanted
    ]  # fmt: skip


def _told(rows: pd.DataFrame, issues: pd.DataFrame, field: str, table: str = "customers") -> np.ndarray:
    """Where a cell is known to be unreadable."""
    about = issues["field"].eq(field) & issues["table"].eq(table)
    return rows.index.isin(issues.loc[about, "line"])


def _duplicate_keys(rows: pd.DataFrame, table: Table) -> list[pd.DataFrame]:
    """Rows that share their key and differ in their own table's fields: which of them is true cannot be told."""
    keys = [f"{table.key}.{key}" for key in table.source_key if f"{table.key}.{key}" in rows]
    if table.repeats or not keys or len(keys) < len(table.source_key):
        return []
    again = rows[keys].duplicated(keep=False).to_numpy() & rows[keys].notna().all(axis=1).to_numpy()
    if not again.any():
        return []
    own = [name for name in rows.columns if name.startswith(f"{table.key}.")]
    some = rows.loc[again, own].astype("str")
    different = some.drop_duplicates().groupby(keys).size()
    unclear = set(different.index[different > 1])
    where = again.copy()
    where[again] = some.set_index(keys).index.isin(unclear)
    return [list_issues(rows, table.key, table.source_key[0], where, "DUPLICATE_KEY", "error")]


def _unassigned(rows: pd.DataFrame, table: Table) -> list[pd.DataFrame]:
    if table.key not in OPEN_TO_NOBODY:
        return []
    told = (*CUSTOMER, f"{table.key}.order_id") if table.key == "payments" else CUSTOMER  # its order tells
    nobody = np.logical_and.reduce([_missing(rows, name) for name in told])
    return [list_issues(rows, table.key, "customer_id", nobody, "UNASSIGNED", "warning")]


def _incomplete(rows: pd.DataFrame, table: Table, issues: pd.DataFrame, dictionary: Dictionary) -> list[pd.DataFrame]:
    """What a complete record holds beside its key, unless it is there and could not be read. A column that a sheet lacks is
    said once, on the line of its header."""
    fields = [*table.fields.values(), *([dictionary.field("contacts.name")] if table.key == "customers" else [])]
    found = []
    for field in (f for f in fields if f.required == "complete"):
        names = next((either for either in EITHER if field.name in either), (field.name,))
        there = [name for name in names if name in rows]
        if field.name != names[0]:
            continue  # said by the first of them
        if there:
            unread = [_told(rows, issues, name.partition(".")[2], field.table) for name in there]
            lacking = np.logical_and.reduce([_missing(rows, name) for name in there]) & ~np.logical_or.reduce(unread)
            found.append(list_issues(rows, field.table, field.key, lacking, "MISSING_FIELD", "warning"))
        else:
            found.append(said_once(rows, field.table, field.key, "MISSING_FIELD"))
    return found


def _all_stars(rows: pd.DataFrame) -> np.ndarray:
    """A name of nothing but stars tells nobody from anybody."""
    if "customers.name" not in rows:
        return np.zeros(len(rows), dtype=bool)
    return rows["customers.name"].str.fullmatch(r"[*＊×╳\s]+").fillna(False).to_numpy(dtype=bool)


def _missing(rows: pd.DataFrame, name: str) -> np.ndarray:
    return rows[name].isna().to_numpy() if name in rows else np.ones(len(rows), dtype=bool)
