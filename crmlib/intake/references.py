"""Whom a row speaks of: a customer by number, by name, or both, resolved inside its source system."""

from typing import NamedTuple

import pandas as pd

from crmlib.intake.identity import customer_row_ids, join_columns, normal_name
from crmlib.keys import Key

# what a sheet may say of a customer beside its number and name, as matching reads it
ATTRIBUTES = {
    "customers.entity_type": "entity_type",
    "customers.uscc": "uscc",
    "customers.id_no": "id_no",
    "customers.city": "city",
    "customers.province": "province",
    "customers.address": "address",
    "contacts.name": "contact_name",
    "contacts.phone": "phone",
    "contacts.email": "email",
}
_ID, _NAME = "customers.source_id", "customers.name"


# which of a sheet's rows says the latest of a customer
_WHEN = ("interactions.occurred_at", "orders.ordered_on", "tickets.opened_at", "surveys.answered_at", "needs.opened_at")


class References(NamedTuple):
    """customers: one row per customer as one sheet knows it: row_id, system, source_id, name, stated (by a customer sheet),
    anchor (the stated row that the name stands for in its own system), and what the sheet says of it.
    by_line: one row per row that speaks of a customer (sheet, line, customer_row_id, system, source_id);
    customer_row_id is missing where only a number is given: that is settled once rows are customers."""

    customers: pd.DataFrame
    by_line: pd.DataFrame


def resolve_references(sheets: list[tuple[str, str, pd.DataFrame]], *, key: Key) -> References:
    """sheets: (table, system, rows); rows are wide, hold `row_id`, and are indexed by line."""
    empty = pd.DataFrame(columns=["row_id", "system", "source_id", "name", "norm", "anchor"])
    stated = [_stated(rows, system) for table, system, rows in sheets if table == "customers" and len(rows)]
    known = pd.concat(stated or [empty], ignore_index=True).assign(stated=True)
    known = known.reindex(columns=list(dict.fromkeys([*empty.columns, *known.columns])))
    derived, lines = [], []
    for position, (table, system, rows) in enumerate(sheets):
        if table == "customers":
            own = pd.DataFrame({"line": rows.index, "customer_row_id": rows["row_id"].to_numpy()})
            lines.append(own.assign(sheet=position, system=system, source_id=_column(rows, _ID).to_numpy()))
        elif _ID in rows or _NAME in rows:
            distinct, code = _distinct(rows)
            settled = _settle(distinct, system, known, sheet=f"{system}/{position}", key=key)
            made = settled["made"]
            derived.append(_named(distinct[made], settled[made], system))
            place = {"line": code.index, "customer_row_id": settled["row_id"].reindex(code).to_numpy()}
            source_id = _column(rows, _ID)[code.index].to_numpy()
            lines.append(pd.DataFrame(place).assign(sheet=position, system=system, source_id=source_id))
    named = [part for part in derived if len(part)]
    if named:  # several sheets name the same one: each adds what the others do not say
        named = [pd.concat(named, ignore_index=True).groupby("row_id", sort=False).first().reset_index()]
    parts = [part for part in (known.drop_duplicates("row_id"), *named) if len(part)] or [known]
    customers = pd.concat(parts, ignore_index=True)
    customers = customers.reindex(columns=list(dict.fromkeys([*empty.columns, *customers.columns])))
    customers = customers.assign(stated=customers["stated"].fillna(False).astype(bool))
    anchored = customers["row_id"].isin(set(customers["anchor"].dropna()))
    customers = customers.assign(anchor=customers["anchor"].fillna(customers["row_id"].where(anchored)))
    none = pd.DataFrame(columns=["line", "customer_row_id", "sheet", "system", "source_id"])
    by_line = pd.concat(lines, ignore_index=True) if lines else none
    return References(_with_bare_numbers(customers.drop(columns="norm"), by_line, key=key), by_line)


def _distinct(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """One row per (number, name) that a sheet speaks of, with the latest that it says; and which of them each line means."""
    source_id, name = _column(rows, _ID), _column(rows, _NAME)
    told = source_id.notna() | name.notna()
    code = pd.Series(pd.factorize(join_columns([source_id, normal_name(name)]))[0], index=rows.index)[told]
    said = [c for c in rows.columns if c.partition(".")[0] in ("customers", "contacts")]
    latest = rows.loc[told, said]
    when = next((rows[column] for column in _WHEN if column in rows), None)
    if when is not None and len(said) > 2:
        latest = latest.loc[when[told].sort_values(ascending=False, kind="stable").index]
    distinct = latest.groupby(code.reindex(latest.index)).first()
    return distinct.reindex(columns=list(dict.fromkeys([_ID, _NAME, *said]))), code


def _settle(distinct: pd.DataFrame, system: str, known: pd.DataFrame, *, sheet: str, key: Key) -> pd.DataFrame:
    """distinct: one row per (number, name) → row_id (missing for a bare number), norm, anchor, made (a row of its own).

    A name alone that a customer sheet of the same system states is that row. With a number, or with more to say of the
    customer, it is a row of its own, anchored to the stated one.
    """
    norm = normal_name(distinct[_NAME])
    here = known[known["system"].eq(system) & known["norm"].ne("")]
    ids = customer_row_ids(distinct[_ID], distinct[_NAME], system=system, key=key)
    without = here["source_id"].isna()
    bare, by_name = _first(here["norm"][without], here["row_id"][without]), _first(here["norm"], here["row_id"])
    has_id = distinct[_ID].notna()
    anchor = _look(norm, by_name).where(~has_id, _look(norm, bare))
    anchor = ids.where(ids.isin(set(here["row_id"])), anchor).astype("str")
    says_more = distinct.drop(columns=[_ID, _NAME]).notna().any(axis=1) | (has_id & anchor.ne(ids))
    own = customer_row_ids(distinct[_ID], distinct[_NAME], system=sheet, key=key).where(anchor.eq(ids), ids)
    row_id = own.where(anchor.isna() | says_more, anchor).where(norm.ne(""))
    made = row_id.notna() & row_id.ne(anchor.fillna(""))
    return pd.DataFrame({"row_id": row_id.astype("str"), "norm": norm, "anchor": anchor, "made": made})


def _first(keys: pd.Series, row_ids: pd.Series) -> dict[str, str]:
    """The smallest row id under each key."""
    return row_ids.astype("str").groupby(keys.astype("str")).min().to_dict()


def _look(keys: pd.Series, known: dict[str, str]) -> pd.Series:
    return keys.map(known.get).astype("str")


def _with_bare_numbers(customers: pd.DataFrame, by_line: pd.DataFrame, *, key: Key) -> pd.DataFrame:
    """In a system whose customers nobody lists, a number alone is a customer: one row for each such number."""
    if not len(by_line):
        return customers
    listed = set(customers.loc[customers["stated"] & customers["source_id"].notna(), "system"])
    named = set(customers[["system", "source_id"]].dropna().itertuples(index=False, name=None))
    bare = by_line.loc[by_line["customer_row_id"].isna(), ["system", "source_id"]].drop_duplicates()
    new = [pair for pair in bare.itertuples(index=False, name=None) if pair[0] not in listed and pair not in named]
    if not new:
        return customers
    extra = pd.DataFrame(new, columns=["system", "source_id"], dtype="str").assign(stated=False)
    for system, part in extra.groupby("system"):
        nameless = pd.Series(pd.NA, index=part.index, dtype="str")
        extra.loc[part.index, "row_id"] = customer_row_ids(part["source_id"], nameless, system=system, key=key)
    return pd.concat([customers, extra], ignore_index=True)


def assign_customers(references: References, row_to_customer: pd.Series) -> pd.DataFrame:
    """`by_line` with `customer_id` and `fault`: ID_CONFLICT where a number is two customers', ORPHAN_CUSTOMER where none's."""
    lines, customers = references.by_line, references.customers
    customer_id = lines["customer_row_id"].map(row_to_customer)
    owners = customers.assign(customer_id=customers["row_id"].map(row_to_customer)).dropna(subset=["source_id"])
    # what a customer sheet states outranks what other sheets name
    best = owners.groupby(["system", "source_id"])["stated"].transform("max")
    owners = owners[owners["stated"].eq(best)]
    count = owners.groupby(["system", "source_id"])["customer_id"].agg(["nunique", "first"])
    bare = lines["customer_row_id"].isna()
    where = pd.MultiIndex.from_frame(lines.loc[bare, ["system", "source_id"]])
    found = count.reindex(where)
    alone = found["nunique"].eq(1).to_numpy()
    customer_id = customer_id.astype(object)
    customer_id[bare] = pd.Series(found["first"].to_numpy(), index=lines.index[bare]).where(alone)
    fault = pd.Series(None, index=lines.index, dtype=object)
    fault[bare] = [
        None if n == 1 else "ID_CONFLICT" if n > 1 else "ORPHAN_CUSTOMER" for n in found["nunique"].fillna(0)
    ]
    return lines.assign(customer_id=customer_id, fault=fault)


def _stated(rows: pd.DataFrame, system: str) -> pd.DataFrame:
    """The rows of a customer sheet as matching and merging read them."""
    ids = rows[["row_id"]].assign(
        norm=normal_name(_column(rows, _NAME)), anchor=pd.Series(pd.NA, rows.index, dtype="str")
    )
    return _named(rows, ids, system)


def _named(rows: pd.DataFrame, ids: pd.DataFrame, system: str) -> pd.DataFrame:
    fields = {c: c.partition(".")[2] for c in rows.columns if c.startswith("customers.")} | {
        c: name for c, name in ATTRIBUTES.items() if c in rows
    }
    named = rows[list(fields)].rename(columns=fields)
    return named.assign(row_id=ids["row_id"], norm=ids["norm"], anchor=ids["anchor"], system=system, stated=False)


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name] if name in rows else pd.Series(pd.NA, index=rows.index, dtype="str")
