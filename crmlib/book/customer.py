"""One customer as the book knows it: every value with the row it came from, its rows, what united them, what hangs on it."""

from typing import NamedTuple

import ibis
import pandas as pd

from crmlib.book.decisions import current_id
from crmlib.book.ledger import Line, read_lines
from crmlib.book.shelf import Book
from crmlib.dictionary import DICTIONARY
from crmlib.errors import UsageError
from crmlib.home import Home

# tables whose rows belong to a customer, in the order in which people ask for them
LINKED = ("contacts", "contact_methods", "orders", "payments", "interactions", "needs", "tickets", "surveys", "opportunities",
          "actions", "tags")  # fmt: skip


class CustomerFile(NamedTuple):
    """values: field, value, why, source_file, sheet, line. rows: row_id, source_system, source_file, sheet, line, table, status.
    links: row_a, row_b, rule, strength, why. changes: as in the book. linked: table, rows. former: ids that live here now.
    lines: the ledger's lines on these rows. group: customer_id, name and why of the group that it belongs to, members: of
    the companies that belong to it."""

    customer_id: str
    former: list[str]
    values: pd.DataFrame
    rows: pd.DataFrame
    links: pd.DataFrame
    changes: pd.DataFrame
    linked: pd.DataFrame
    lines: list[Line]
    group: pd.DataFrame
    members: pd.DataFrame


def open_customer(book: Book, home: Home, who: str) -> CustomerFile:
    """By customer id (an old one too), by the id in a source system, or by name, a former one too.

    Raises UsageError where nobody is meant, or several are: then with their ids.
    """
    customer = find_customer(book, who)
    frame, table = book.frame, book.table
    aliases = frame(table("aliases"))
    former = sorted(aliases.loc[aliases["customer_id"].eq(customer), "alias_id"])
    rows = frame(table("records").filter(ibis._.customer_id == customer))
    registry = frame(table("registry"))
    mine = set(registry.loc[registry["customer_id"].isin([customer, *former]), "row_id"])
    links = frame(table("links"))
    links = links[links["row_a"].isin(mine) | links["row_b"].isin(mine)].reset_index(drop=True)
    counts = [
        (name, frame(table(name).filter(ibis._.customer_id == customer).count().as_table()).iloc[0, 0])
        for name in LINKED
    ]
    told = [line for line in read_lines(home) if {row for pair in line.subject.get("pairs", ()) for row in pair} & mine]
    return CustomerFile(
        customer_id=customer,
        former=former,
        values=_values(book, customer, rows),
        rows=rows.drop(columns=["customer_id"]),
        links=links,
        changes=frame(table("changes").filter(ibis._.customer_id == customer)),
        linked=pd.DataFrame([one for one in counts if one[1]], columns=["table", "rows"]),
        lines=told,
        group=_akin(book, customer, own="customer_id", other="group_id"),
        members=_akin(book, customer, own="group_id", other="customer_id"),
    )


def _akin(book: Book, customer: str, *, own: str, other: str) -> pd.DataFrame:
    """The other side of a customer's lines in `groups`: customer_id, name, why; an older book has none."""
    if "groups" not in book.names:
        return pd.DataFrame(columns=["customer_id", "name", "why"])
    groups = book.table("groups").filter(ibis._[own] == customer).select(customer_id=ibis._[other], why=ibis._.why)
    named = groups.join(book.table("customers").select("customer_id", "name"), "customer_id")
    return book.frame(named.select("customer_id", "name", "why").order_by("customer_id"))


def find_customer(book: Book, who: str) -> str:
    """The customer id that is meant. Raises UsageError where nobody is, or several are: then with their ids."""
    customers = book.frame(book.table("customers").select("customer_id", "source_id", "name", "name_history"))
    if customers["customer_id"].eq(customer := current_id(book, who)).any():
        return customer
    own = customers["source_id"].fillna("").map(lambda ids: who in ids.split(";"))
    named = customers["name"].eq(who) | customers["name_history"].fillna("").str.contains(f'"{who}"', regex=False)
    part = customers["name"].fillna("").str.contains(who, regex=False)
    for found in (customers[own], customers[named], customers[part]):
        if len(found) == 1:
            return found["customer_id"].iloc[0]
        if len(found):
            some = "、".join(f"{one.customer_id} {one.name}" for one in found.head(10).itertuples(index=False))
            raise UsageError("error.customers_several", who=who, n=len(found), some=some)
    raise UsageError("error.no_customer", id=who)


def _values(book: Book, customer: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Every field that is filled; of a customer with several rows the one whose value it is, and why it won."""
    one = book.frame(book.table("customers").filter(ibis._.customer_id == customer)).iloc[0]
    fields = [key for key in DICTIONARY.tables["customers"].fields if key in one and pd.notna(one[key])]
    cells = (
        book.frame(book.table("cells").filter(ibis._.customer_id == customer))
        .drop_duplicates("field")
        .set_index("field")
    )
    place = rows.drop_duplicates("row_id").set_index("row_id")[["source_file", "sheet", "line"]]
    only = rows.loc[rows["table"].eq("customers"), "row_id"].unique()
    origin = [cells["row_id"].get(key, only[0] if len(only) == 1 else None) for key in fields]
    why = cells["why"] if "why" in cells else pd.Series(dtype="str")
    values = pd.DataFrame(
        {"field": fields, "value": [str(one[key]) for key in fields], "why": [why.get(k) for k in fields]}
    )
    return pd.concat([values, place.reindex(origin).reset_index(drop=True)], axis=1)
