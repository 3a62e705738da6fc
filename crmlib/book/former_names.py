"""Every name a customer goes or went by, dated by the files it came in."""

import pandas as pd

from crmlib.book.hiding import mask_cells
from crmlib.dictionary import DICTIONARY


def dated_names(rows: pd.DataFrame, row_to_customer: pd.Series, customers: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and name: customer_id, name, first_seen_on, last_seen_on, is_current, row_id (the last).

    rows: row_id, name, first_seen_on, last_seen_on (days on which they came). A person's name is masked.
    """
    rows = rows[["row_id", "name", "first_seen_on", "last_seen_on"]]
    rows = rows.assign(customer_id=row_to_customer.reindex(rows["row_id"]).to_numpy())
    rows = rows.dropna(subset=["name", "customer_id"]).sort_values(["last_seen_on", "row_id"])
    names = rows.groupby(["customer_id", "name"], as_index=False).agg(
        first_seen_on=("first_seen_on", "min"), last_seen_on=("last_seen_on", "max"), row_id=("row_id", "last")
    )
    about = customers.set_index("customer_id")
    kind = about["entity_type"] if "entity_type" in about else pd.Series("person", index=about.index)
    person = names["customer_id"].map(kind).fillna("person").eq("person")
    current = names["name"].eq(names["customer_id"].map(about["name"])) if "name" in about else False
    shown = mask_cells(names["name"], DICTIONARY.field("customers.name"), person)
    days = {c: names[c].dt.date for c in ("first_seen_on", "last_seen_on")}
    return names.assign(name=shown, is_current=current, **days)
