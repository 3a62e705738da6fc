"""What an import and a merge leave for people: tables of the run, lists to read, sheets to fill in."""

import pandas as pd

from crmlib.book.balance import STATUSES, balance_line
from crmlib.book.batches import list_batches
from crmlib.book.build import Built
from crmlib.book.decisions import read_decisions
from crmlib.book.quarantine_sheet import leave_quarantine
from crmlib.book.review_sheet import leave_pairs
from crmlib.book.shelf import Book
from crmlib.book.work import Work
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.labels import Say
from crmlib.periods import add_months

# book tables that a run publishes under the same name
PUBLISHED = ("customers", "records", "links", "groups", "quarantine", "warnings", "changes")


def balance_table(balance: pd.DataFrame, *, say: Say) -> pd.DataFrame:
    """The balance with a total line, headed in words; what is no data is named by its kinds."""
    kinds = [
        say("list.separator").join(f"{say.get(f'aside.{kind}', say.get(f'reason.{kind}', kind))} {n:,}" for kind, n in one.items())
        for one in balance["kinds"]
    ]  # fmt: skip
    total = {"file": say("balance.total"), "kinds": ""} | balance[["in", *STATUSES]].sum().to_dict()
    rows = balance[["file", "in", *STATUSES]].assign(kinds=kinds)
    whole = pd.concat([rows, pd.DataFrame([total])], ignore_index=True)
    return whole.rename(columns={name: say(f"balance.{name}") for name in whole.columns})


def total_line(balance: pd.DataFrame, *, say: Say) -> str:
    return balance_line(balance[["in", *STATUSES]].sum(), say=say)


# where a row of a table stands in time
_DATED = {"orders": "ordered_on", "interactions": "occurred_at", "tickets": "opened_at", "opportunities": "opened_on"}


def check_period(work: Work) -> None:
    """Raises DataError where everything that is dated lies after the period, or more than a year before it."""
    spans = []
    for name, column in _DATED.items():
        day = work.book.table(name)[column].cast("date")
        spans.append(work.book.frame(work.book.table(name).agg(first=day.min(), last=day.max())))
    first, last = pd.concat(spans)["first"].min(), pd.concat(spans)["last"].max()
    if pd.isna(first):
        return  # customers alone have no time
    if first >= work.period.end or last < add_months(work.period.start, -12):
        raise DataError("error.period_empty", period=work.period.text, first=first, last=last)


def publish_tables(work: Work, book: Book) -> None:
    """The book's tables that belong to every run, into its folder. Raises DataError for a period without data."""
    check_period(work)
    for name in set(PUBLISHED) & set(book.names):  # an older book knows no groups
        work.save_table(name, book.table(name).to_pyarrow())


def write_todo(home: Home, built: Built, *, say: Say) -> list[str]:
    """data/todo/quarantine.xlsx and review.xlsx. Returns a line on each."""
    words = {"key": built.key, "dictionary": built.dictionary, "say": say}
    return [
        leave_quarantine(home, built.book, list_batches(home), **words),
        leave_pairs(home, built.book, decided=read_decisions(home), say=say),
    ]
