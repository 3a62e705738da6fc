"""Names: who is behind a number, as the book shows them."""

import ibis
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables


def name_customers(tables: Tables) -> pd.DataFrame:
    """One row per customer: customer_id, name, owner (as the row names one, else by id).

    Who has no name is called by the number that the source gives, or where that might be a telephone number or an address,
    that the book gives.
    """
    staff = tables["staff"].select(owner_id="staff_id", owner="name").distinct(on="owner_id", keep="first")
    people = tables["customers"].left_join(staff, "owner_id")
    owner = ibis.coalesce(people.owner_name, people.owner, people.owner_id)
    number = people.source_id.re_search(r"\d{7}|@").ifelse(None, people.source_id)
    name = ibis.coalesce(people.name, number, people.customer_id)
    return read_frame(people.select("customer_id", name=name, owner=owner))


def name_rows(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """The rows with name and owner of their customer_id."""
    return rows.merge(name_customers(tables), on="customer_id", how="left")


def name_people(people: pd.DataFrame, tables: Tables, *, column: str) -> pd.DataFrame:
    """`people` with `person`, the colleague whose number stands in `column` as the book shows them; two who look alike
    (张*) have their numbers behind."""
    staff = read_frame(tables["staff"].select("staff_id", "name")).drop_duplicates("staff_id")
    twins = staff["name"].duplicated(keep=False)
    names = staff["name"].mask(twins, staff["name"] + " " + staff["staff_id"]).set_axis(staff["staff_id"])
    return people.assign(person=people[column].map(names).astype("str").fillna(people[column]))
