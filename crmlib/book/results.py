"""What an import and a merge leave for people: tables of the run, lists to read, sheets to fill in."""

from pathlib import Path

import pandas as pd
import xlsxwriter

from crmlib.book.balance import STATUSES, balance_line
from crmlib.book.batches import list_batches
from crmlib.book.build import Built
from crmlib.book.quarantine_sheet import write_quarantine
from crmlib.book.shelf import Book
from crmlib.book.work import Work
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.intake.matching import explain_why
from crmlib.labels import Say
from crmlib.periods import add_months

# book tables that a run publishes under the same name
PUBLISHED = ("customers", "records", "links", "quarantine", "warnings", "changes")


def balance_table(balance: pd.DataFrame, *, say: Say) -> pd.DataFrame:
    """The balance with a total line, headed in words."""
    total = {"file": say("balance.total")} | balance[["in", *STATUSES]].sum().to_dict()
    whole = pd.concat([balance[["file", "in", *STATUSES]], pd.DataFrame([total])], ignore_index=True)
    return whole.rename(columns={name: say(f"balance.{name}") for name in whole.columns})


def total_line(balance: pd.DataFrame, *, say: Say) -> str:
    return balance_line(balance[["in", *STATUSES]].sum(), say=say)


def links_by_rule(book: Book, *, say: Say) -> pd.DataFrame:
    """One row per rule: pairs united, pairs to review."""
    frames = {"links": book.frame(book.table("links")), "review": book.frame(book.table("review"))}
    counts = pd.DataFrame({say(f"todo.{n}"): f["rule"].value_counts() for n, f in frames.items()}).fillna(0).astype(int)
    return counts.rename_axis(say("todo.rule")).rename(index=lambda rule: say(f"rule.{rule}")).reset_index()


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
    for name in PUBLISHED:
        work.save_table(name, book.table(name).to_pyarrow())


def write_review(path: Path, book: Book, *, say: Say) -> int:
    """Doubtful pairs side by side with the rule's words and a decision to choose. Returns the number of pairs."""
    review = book.frame(book.table("review"))
    registry = book.frame(book.table("registry")).set_index("row_id")["customer_id"]
    customers = book.frame(book.table("customers").select("customer_id", "name", "city")).set_index("customer_id")
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    page = workbook.add_worksheet("review")
    columns = [
        "row_a",
        "row_b",
        "rule",
        "strength",
        "why",
        "customer_a",
        "name_a",
        "city_a",
        "customer_b",
        "name_b",
        "city_b",
        "decision",
    ]
    page.write_row(0, 0, [say(f"todo.{c}") for c in columns], workbook.add_format({"bold": True}))
    page.freeze_panes(1, 0)
    page.set_column(4, 4, 40)
    for row, pair in enumerate(review.itertuples(), start=1):
        sides = []
        for one in (pair.row_a, pair.row_b):
            customer = registry.get(one)
            about = customers.loc[customer] if customer in customers.index else None
            sides += [customer or ""] + ([about["name"], about["city"]] if about is not None else ["", ""])
        cells = [
            pair.row_a,
            pair.row_b,
            say(f"rule.{pair.rule}"),
            float(pair.strength),
            explain_why(pair.why, say),
            *sides,
        ]
        page.write_row(row, 0, ["" if pd.isna(c) else c for c in cells])
    choices = [say("todo.same"), say("todo.different"), say("todo.unsure")]
    page.data_validation(
        1, len(columns) - 1, max(1, len(review)), len(columns) - 1, {"validate": "list", "source": choices}
    )
    workbook.close()
    return len(review)


def write_todo(home: Home, built: Built, *, say: Say) -> list[str]:
    """data/todo/quarantine.xlsx and review.xlsx. Returns a line on each."""
    todo, book = home.todo, built.book
    rows = write_quarantine(
        todo / "quarantine.xlsx",
        book,
        list_batches(home),
        home=home,
        key=built.key,
        dictionary=built.dictionary,
        say=say,
    )
    pairs = write_review(todo / "review.xlsx", book, say=say)
    return [
        say("todo.quarantine_written", n=rows, path=todo / "quarantine.xlsx"),
        say("todo.review_written", n=pairs, path=todo / "review.xlsx"),
    ]
