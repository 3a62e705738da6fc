"""Decisions: two rows are one customer, or are not. The ledger keeps them, and every matching obeys them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import pandas as pd

from crmlib.book.ledger import append_lines, read_lines
from crmlib.book.shelf import Book
from crmlib.errors import UsageError
from crmlib.home import Home

Verdict = Literal["same", "different"]


class Decision(NamedTuple):
    """What somebody decided of two sides: pairs of row ids, the names as they may be shown, and the rule that asked."""

    verdict: Verdict
    pairs: list[tuple[str, str]]
    names: tuple[str, str]
    rule: str = ""
    why: str = ""


def add_decisions(home: Home, decisions: Iterable[Decision], *, who: str, at: datetime, source: str = "") -> list[int]:
    """Write them to the ledger, one line each. Returns the lines' ids."""
    return [
        append_lines(
            home,
            "decision",
            [one._asdict() | {"source": source}],
            who=who,
            at=at,
            why=one.why,
        )[0]
        for one in decisions
    ]


def read_decisions(home: Home) -> pd.DataFrame:
    """One row per pair that is decided: row_a, row_b (in order), decision, rule, line. The last word on a pair holds."""
    told = [
        (*sorted(pair), line.subject["verdict"], line.subject["rule"], line.id)
        for line in read_lines(home, "decision")
        for pair in line.subject["pairs"]
    ]
    every = pd.DataFrame(told, columns=["row_a", "row_b", "decision", "rule", "line"])
    return every.drop_duplicates(["row_a", "row_b"], keep="last", ignore_index=True)


def decide(book: Book, verdict: Verdict, sides: list[str], *, why: str = "") -> Decision:
    """The decision on two or more sides, each a row id or the id of a customer, an old one too.

    same: the first side with each other. different: every row of each side from every row of the others.
    Raises UsageError for a side that nobody is, or where two sides are one.
    """
    rows = [_rows_of(book, side) for side in sides]
    if len(sides) < 2 or any(set(a) & set(b) for n, a in enumerate(rows) for b in rows[:n]):
        raise UsageError("error.decide_two", sides=", ".join(sides))
    if verdict == "same":
        pairs = [(rows[0][0], other[0]) for other in rows[1:]]
    else:
        pairs = [(a, b) for n, one in enumerate(rows) for other in rows[:n] for a in other for b in one]
    names = [str(_name_of(book, side)) for side in sides]
    return Decision(verdict, pairs, (names[0], "；".join(names[1:])), why=why)


def _rows_of(book: Book, side: str) -> list[str]:
    """The row ids of a row, or of all rows that were given this customer id, or were given to it by a merge."""
    registry = book.frame(book.table("registry").select("row_id", "customer_id"))
    if registry["row_id"].eq(side).any():
        return [side]
    mine = registry.loc[registry["customer_id"].eq(side), "row_id"]
    if mine.empty:
        raise UsageError("error.no_customer", id=side)
    return sorted(mine)


def _name_of(book: Book, side: str) -> str:
    registry = book.frame(book.table("registry").select("row_id", "customer_id")).set_index("row_id")["customer_id"]
    customer = current_id(book, registry.get(side, side))
    customers = book.table("customers")
    found = book.frame(customers.filter(customers["customer_id"] == customer).select("name"))["name"].dropna()
    return found.iloc[0] if len(found) else customer


def current_id(book: Book, customer_id: str) -> str:
    """The id under which a customer lives now: an id that a merge has given up leads to the one that took it in."""
    aliases = book.frame(book.table("aliases")).set_index("alias_id")["customer_id"]
    return aliases.get(customer_id, customer_id)
