"""Wide rows taken apart: each table's own rows out of the sheets that mention them."""

import json
from collections.abc import Iterable

import pandas as pd

from crmlib.dictionary import Dictionary
from crmlib.intake.identity import normal_name
from crmlib.keys import Key

STAGE_DAYS = ("first_contact", "evaluation", "negotiation", "maintenance", "prospecting", "engaging", "proposal")
# a secondary part of a wide row counts as a row of its table when one of these is there
TRIGGERS = {
    "interactions": ("occurred_at", "content", "feedback", "topic"),
    "actions": ("task", "due_date"),
    "needs": ("text", "stage"),
    "surveys": ("score",),
    "tickets": ("description",),
    "orders": ("amount_cny",),
    "payments": ("due_amount_cny", "paid_amount_cny"),
    "opportunities": ("stage",),
    "stage_changes": STAGE_DAYS,
}
WHOLE = ("orders", "payments", "tickets", "opportunities")  # … and these only with all columns of a signature
METHODS = {"phone": "phone", "email": "email", "im": "im"}  # contacts' columns → kind of contact method


def take_apart(rows: pd.DataFrame, *, table: str, system: str, dictionary: Dictionary) -> dict[str, pd.DataFrame]:
    """Wide rows of one sheet → table → its rows: row_id, source_system, line, customer_id and the table's fields.

    `rows` holds row_id and customer_id; customers, contacts, staff and tags have functions of their own.
    """
    parts = {}
    for name, spec in dictionary.tables.items():
        fields = {c: c.partition(".")[2] for c in rows.columns if c.startswith(f"{name}.")}
        if not fields or name in ("customers", "contacts", "contact_methods", "tags", "stage_changes"):
            continue
        if name != table:
            triggers = [f"{name}.{t}" for t in TRIGGERS.get(name, ()) if f"{name}.{t}" in rows]
            if not triggers:
                continue
            rows_here = rows[rows[triggers].notna().any(axis=1)]
        else:
            rows_here = rows
        own = [c for c, key in fields.items() if key in spec.fields]
        frame = rows_here[["row_id", "customer_id", *own]].rename(columns=fields)
        parts[name] = frame.assign(source_system=system, line=rows_here.index)
    if len(changes := _stage_changes(rows, of=table)):
        parts["stage_changes"] = changes.assign(source_system=system)
    return parts


def _stage_changes(rows: pd.DataFrame, *, of: str) -> pd.DataFrame:
    """The stages of a need or an opportunity with a day each (one column a stage) → one row per stage that was reached, in the order
    of days. of: the sheet's table."""
    entity, key = "need", "needs.need_id"
    if of == "opportunities":
        entity, key = "opportunity", "opportunities.opportunity_id"
    stages = {c: c.partition(".")[2] for c in rows.columns if c.startswith("stage_changes.")}
    whose = rows.get(key, rows["row_id"]).fillna(rows["row_id"])
    told = rows[["row_id", "customer_id", *stages]].assign(entity_id=whose, line=rows.index).rename(columns=stages)
    keys = ["row_id", "customer_id", "entity_id", "line"]
    changes = told.melt(keys, [*stages.values()], "to_stage", "changed_at").dropna(subset="changed_at")
    changes = changes.sort_values(["line", "changed_at"], kind="stable", ignore_index=True)
    before = changes.groupby("line")["to_stage"].shift().astype("str")
    return changes.assign(entity=entity, to_stage=changes["to_stage"].astype("str"), from_stage=before)


def through_orders(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Rows that name an order and no customer belong to the order's customer, inside one source system."""
    orders = tables.get("orders")
    if orders is None or "order_id" not in orders:
        return tables
    known = orders.dropna(subset=["order_id", "customer_id"]).drop_duplicates(["source_system", "order_id"])
    known = known.set_index(["source_system", "order_id"])["customer_id"]
    filled = {}
    for name in ("payments", "tickets", "surveys"):
        rows = tables.get(name)
        if rows is not None and "order_id" in rows:
            where = pd.MultiIndex.from_frame(rows[["source_system", "order_id"]])
            found = pd.Series(known.reindex(where).to_numpy(), index=rows.index, dtype="str")
            filled[name] = rows.assign(customer_id=rows["customer_id"].fillna(found))
    return tables | filled


def take_tags(rows: pd.DataFrame) -> pd.DataFrame:
    """The tags that people wrote: one row per customer and tag, kept apart from the kit's own."""
    if "tags.value" not in rows:
        return pd.DataFrame(columns=["row_id", "customer_id", "family", "value", "origin"])
    named = {f"tags.{key}": key for key in ("family", "value", "valid_from", "valid_to") if f"tags.{key}" in rows}
    told = rows.loc[rows["tags.value"].notna() & rows["customer_id"].notna(), ["row_id", "customer_id", *named]]
    told = told.rename(columns=named)
    tags = told.assign(value=told["value"].map(as_list)).explode("value").dropna(subset=["value"])
    family = tags["family"].fillna("custom") if "family" in tags else "custom"
    return tags.assign(family=family, origin="import").drop_duplicates(["customer_id", "family", "value"])


def take_contacts(rows: pd.DataFrame, *, key: Key) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contacts and their contact methods, plain: one contact per customer and name, one method per customer and value.

    rows: wide rows of every sheet in their order, with row_id and customer_id.
    """
    columns = [c for c in rows.columns if c.startswith("contacts.")]
    ids = [c for c in ("customers.id_no",) if c in rows]
    told = rows.loc[
        rows["customer_id"].notna() & rows[columns + ids].notna().any(axis=1), ["row_id", "customer_id", *columns, *ids]
    ].rename(columns=lambda c: c.removeprefix("contacts."))
    if "name" not in told:
        told = told.assign(name=pd.Series(pd.NA, index=told.index, dtype="str"))
    told = pd.concat([told, _deciders(told)], ignore_index=True)
    norm = normal_name(told["name"])
    told = told.assign(contact_id=_contact_ids(told["customer_id"], norm, key=key), named=norm.ne(""))
    methods = _methods(told, key=key)
    fields = [c for c in told if c not in (*METHODS, "decider_name", "customers.id_no", "contact_id", "named")]
    contacts = told[told["named"]].groupby("contact_id", sort=False)[fields].first()
    contacts = contacts.reset_index()
    token = key.tokens("name", contacts["name"]) if len(contacts) else []
    contacts = contacts.assign(name_token=token, is_primary=~contacts["customer_id"].duplicated())
    return contacts, methods


def _deciders(told: pd.DataFrame) -> pd.DataFrame:
    """Who decides, where it is not the row's own contact: a person of whom the name alone is known."""
    if "decider_name" not in told:
        return told.iloc[:0]
    named = told.loc[told["decider_name"].notna(), ["row_id", "customer_id", "decider_name"]]
    return named.rename(columns={"decider_name": "name"}).assign(decision_role="decider")


def as_list(text: str) -> list[str]:
    """A list field as texts: a JSON list, or ways to reach somebody with semicolons between."""
    return json.loads(text) if text.startswith("[") else text.split(";")


def _contact_ids(customer_id: pd.Series, norm: pd.Series, *, key: Key) -> pd.Series:
    return "P" + key.row_ids(pd.DataFrame({"customer": customer_id, "name": norm})).str[:11]


def _methods(told: pd.DataFrame, *, key: Key) -> pd.DataFrame:
    parts = []
    for column, kind in [*METHODS.items(), ("customers.id_no", "id_no")]:
        if column not in told:
            continue
        some = told[told[column].notna()]
        split = some.assign(value=some[column].map(as_list)).explode("value")
        split = split.assign(value=split["value"].str.strip(), kind=kind)
        parts.append(
            split.loc[split["value"].ne(""), ["row_id", "customer_id", "contact_id", "named", "kind", "value"]]
        )
    if not parts:
        return pd.DataFrame(
            columns=["method_id", "row_id", "customer_id", "contact_id", "kind", "value", "token", "alias", "valid"]
        )
    methods = pd.concat(parts).sort_index(kind="stable").drop_duplicates(["customer_id", "kind", "value"])
    masked = methods["value"].str.contains("*", regex=False)
    token = pd.Series(index=methods.index, dtype="str")
    methods = methods.reset_index(drop=True)
    masked, token = masked.reset_index(drop=True), token.reset_index(drop=True)
    for kind, some in methods.groupby("kind"):
        token.loc[some.index] = key.tokens(kind, some["value"])
    number = methods.groupby("customer_id").cumcount() + 1
    ids = key.row_ids(methods[["customer_id", "kind", "value"]].astype("str"))
    return methods.assign(
        method_id="M" + ids.str[:13],
        contact_id=methods["contact_id"].where(methods["named"]).to_numpy(),
        token=token.where(~masked).to_numpy(),  # a masked value proves nothing
        alias=number.astype("str").to_numpy(),
        valid=(~masked).to_numpy(),
    )


def resolve_staff(
    parts: dict[str, pd.DataFrame], customers: pd.DataFrame, *, key: Key, others: Iterable[str] = ()
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]:
    """Names of colleagues become staff ids: those of the staff table, else one made from the name; of `others` too.

    Returns the parts and customers with their *_id columns filled, and the staff table, plain.
    """
    staff = parts.get("staff", pd.DataFrame(columns=["row_id", "staff_id", "name"]))
    if "staff_id" not in staff:
        staff = staff.assign(staff_id=pd.Series(pd.NA, index=staff.index, dtype="str"))
    staff = staff.assign(staff_id=staff["staff_id"].fillna(staff["name"].map(lambda n: _staff_id(n, key))))
    by_name = staff.dropna(subset=["name"]).drop_duplicates("name").set_index("name")["staff_id"]
    made = {name: _staff_id(name, key) for name in others if name not in by_name.index}

    def fill(frame: pd.DataFrame) -> pd.DataFrame:
        for column, target in [(name, target) for name, target in COLLEAGUES.items() if name in frame]:
            names = frame[column].dropna().unique()
            made.update({n: _staff_id(n, key) for n in names if n not in by_name.index})
            found = frame[column].map({**made, **by_name.to_dict()}).astype("str")
            frame = frame.assign(**{target: frame[target].fillna(found) if target in frame else found})
        return frame

    filled = {name: fill(frame) for name, frame in parts.items()}
    customers = fill(customers)
    extra = pd.DataFrame({"staff_id": list(made.values()), "name": list(made)}, dtype="str")
    extra = extra.assign(row_id=extra["staff_id"]).drop_duplicates("staff_id")
    whole = pd.concat([staff, extra], ignore_index=True).drop_duplicates("staff_id")
    return filled, customers, whole


# the field of a colleague's name → that of the number
COLLEAGUES = {
    "owner_name": "owner_id", "staff_name": "staff_id", "recorder_name": "recorder_id", "counterpart_name": "counterpart_id",
    "assigned_to": "assigned_id",
}  # fmt: skip


def _staff_id(name: str, key: Key) -> str:
    return "S" + key.token("staff", str(name))[:8]
