"""The spot check: every month a seeded tenth of the records is looked over by people, and their verdicts give the error rate."""

import hashlib
import math
from datetime import datetime
from pathlib import Path

import pandas as pd

from crmlib.book.form import Column, Page, code_of, leave_form, read_form
from crmlib.book.ledger import append_lines, read_lines
from crmlib.book.shelf import Book
from crmlib.dictionary import DICTIONARY, Field
from crmlib.home import Home
from crmlib.intake.cells import same_word, split_items
from crmlib.intervals import wilson
from crmlib.labels import Say
from crmlib.periods import Period
from crmlib.settings import Entry

KIND = "spot_check"
# what is looked over: active customers, and of these tables the rows of the period
DATED = {
    "interactions": "occurred_at",
    "needs": "opened_at",
    "orders": "ordered_on",
    "payments": "due_date",
    "tickets": "opened_at",
    "surveys": "answered_at",
}
MOST_FIELDS = 12  # columns that a person can compare
VERDICTS = ("right", "wrong", "unclear")
_COLUMNS = ["period", "table", "row_id", "result", "field", "remark"]


def draw_sample(book: Book, table: str, *, period: Period, entry: Entry) -> pd.DataFrame:
    """`entry.spot_share` of a table's records, at most `entry.spot_most`, at least one: the same ones at every run, by a hash
    of the period and the row; `.attrs["records"]` is how many there are. Personal cells are masked, as in the book."""
    rows = book.table(table)
    if table in DATED:
        day = rows[DATED[table]].cast("date")
        rows = rows.filter((day >= period.start) & (day < period.end))
    else:
        rows = rows.filter(rows.record_status.fill_null("active") == "active")
    key = "customer_id" if table == "customers" else "row_id"
    ids = book.frame(rows.select(key))[key].dropna().drop_duplicates()
    order = ids.map(lambda one: hashlib.sha256(f"{period.text}|{table}|{one}".encode()).hexdigest())
    wanted = min(math.ceil(len(ids) * entry.spot_share), entry.spot_most)
    drawn = ids[order.sort_values().index[:wanted]]
    some = book.frame(rows.filter(rows[key].isin(drawn.tolist()))) if wanted else book.frame(rows.limit(0))
    some = some.drop_duplicates(key).set_index(key, drop=False).reindex(drawn).reset_index(drop=True)
    some.attrs["records"] = len(ids)
    return some


def leave_spot_check(home: Home, book: Book, *, period: Period, entry: Entry, say: Say) -> str:
    """data/todo/spot_check_<period>.xlsx, a page per table: what the book knows of each drawn record, and before it the verdict
    to choose, with the field that is wrong. Returns a line on it."""
    path = home.todo / f"{KIND}_{period.text}.xlsx"
    samples = {name: draw_sample(book, name, period=period, entry=entry) for name in ("customers", *DATED)}
    places = _places(book)
    pages = [_page(name, rows, places, period, say) for name, rows in samples.items() if len(rows)]
    if not pages:
        return say("spot.nothing", period=period.text)
    n = sum(len(page.rows) for page in pages)
    return leave_form(home, path, KIND, pages, say=say, done=say("spot.written", n=n, path=path))


def _page(table: str, rows: pd.DataFrame, places: dict[str, str], period: Period, say: Say) -> Page:
    fields, heads = _shown(table, rows), _heads(say)
    names = tuple(field.word(say.lang) for field in fields)
    columns = [
        Column(f"{period.text} {say('spot.source')}", 24),
        Column(heads["result"], 14, "fill", tuple(say(f"spot.{one}") for one in VERDICTS)),
        Column(heads["wrong_field"], 14, "fill", names, free=True),
        Column(heads["remark"], 14, "fill"),
        *(Column(name, 14, "text") for name in names),
    ]
    cells = []
    for row in rows.to_dict("records"):
        key = row["customer_id"] if table == "customers" else row["row_id"]
        told = [_told(row[field.key], field, say) for field in fields]
        cells.append((f"{period.text}|{table}|{key}", [places.get(key, ""), "", "", "", *told]))
    return Page(DICTIONARY.tables[table].word(say.lang), columns, cells, frozen=4)


def read_spot_check(path: Path, *, file: str) -> pd.DataFrame:
    """A sheet that came back filled in: one row per record and wrong field: period, table, row_id, result (right, wrong,
    unclear; missing where nobody looked), field (missing where none is named or known), remark.

    A field named beside no verdict means wrong.
    """
    found = []
    for row in read_form(path, KIND, heads=_heads, file=file):
        period, table, row_id = (row.key.split("|", 2) + ["", ""])[:3]
        if table not in DICTIONARY.tables or not row_id:
            continue
        said, wrong, remark = row["result"], row["wrong_field"], row["remark"]
        fields = [_field_named(table, word) for word in split_items(wrong)] or [None]
        result = "wrong" if wrong else code_of(said, "spot.", VERDICTS) or ("unclear" if said else None)
        found += [
            (period, table, row_id, result, field if result == "wrong" else None, remark or None) for field in fields
        ]
    return pd.DataFrame(found, columns=_COLUMNS).astype("str").drop_duplicates(ignore_index=True)


def _heads(say: Say) -> dict[str, str]:
    return {one: say(f"spot.{one}") for one in ("result", "wrong_field", "remark")}


def add_spot_check(home: Home, checked: pd.DataFrame, *, who: str, at: datetime, source: str) -> list[int]:
    """What read_spot_check found, written to the ledger: one line per row of it that holds a verdict."""
    judged = checked[checked["result"].notna()].astype(object)
    rows = judged.where(judged.notna(), None).to_dict("records")
    return append_lines(home, "entry", [{"spot_check": row, "source": source} for row in rows], who=who, at=at)


def spot_checks(home: Home) -> pd.DataFrame:
    """Every verdict that holds, as read_spot_check gives them; of a record that was judged again the last."""
    lines = [line.subject for line in read_lines(home, "entry") if "spot_check" in line.subject]
    told = pd.DataFrame([one["spot_check"] | {"source": one["source"]} for one in lines], columns=[*_COLUMNS, "source"])
    last = told.groupby(["period", "table", "row_id"])["source"].transform("last")
    return told[told["source"].eq(last)].drop(columns="source").reset_index(drop=True)


def estimate_errors(checked: pd.DataFrame) -> pd.DataFrame:
    """Rows of `read_spot_check` → the share of wrong records with its 95 % interval (Wilson): one row for all (table "all"),
    one per table (field "any") and one per table and field that was found wrong.

    Columns: table, field, drawn, judged (right or wrong), wrong, rate, low, high; rates are missing where none was judged.
    """
    records = checked.groupby(["table", "row_id"], sort=True)["result"].first().reset_index()
    rows = [_estimate("all", "any", records)]
    for table, some in records.groupby("table"):
        rows.append(_estimate(table, "any", some))
        mine = checked[checked["table"].eq(table)]
        for field in sorted(mine["field"].dropna().unique()):
            faulty = set(mine.loc[mine["field"].eq(field), "row_id"])
            hit = some["result"].mask(some["result"].eq("wrong") & ~some["row_id"].isin(faulty), "right")
            rows.append(_estimate(table, field, some.assign(result=hit)))
    return pd.DataFrame(rows, columns=["table", "field", "drawn", "judged", "wrong", "rate", "low", "high"])


def _estimate(table: str, field: str, records: pd.DataFrame) -> tuple:
    wrong, right = (int(records["result"].eq(one).sum()) for one in ("wrong", "right"))
    n = wrong + right
    numbers = (wrong / n, *wilson(wrong, n)) if n else (math.nan,) * 3
    return (table, field, len(records), n, wrong, *(round(one, 10) for one in numbers))


def _places(book: Book) -> dict[str, str]:
    """Where a row, or a customer's first own row, stands in its source, to look it up."""
    columns = ["row_id", "customer_id", "table", "source_file", "sheet", "line"]
    records = book.frame(book.table("records").select(*columns)).dropna(subset=["row_id"])
    sheets = records["sheet"].fillna("").map(lambda name: f" · {name}" if name else "")
    records = records.assign(told=records["source_file"] + sheets + " : " + records["line"].astype("str"))
    own = records[records["table"].eq("customers") & records["customer_id"].notna()]
    found = [
        some.drop_duplicates(key).set_index(key)["told"] for key, some in (("row_id", records), ("customer_id", own))
    ]
    return pd.concat(found).to_dict()


def _shown(table: str, rows: pd.DataFrame) -> list[Field]:
    """The first fields that are filled in some record, and that people state."""
    known = DICTIONARY.tables[table].fields.values()
    stated = [f for f in known if not f.derived and f.key in rows and f.type != "json" and rows[f.key].notna().any()]
    return stated[:MOST_FIELDS]


def _told(value: object, field: Field, say: Say) -> str:
    if value is None or pd.isna(value):
        return ""
    choices = DICTIONARY.choices.get(field.choice, {})
    return choices[value].word(say.lang) if value in choices else str(value)


def _field_named(table: str, word: str) -> str | None:
    known = DICTIONARY.tables[table].fields.values()
    return next((f.key for f in known if same_word(word) in (same_word(f.zh), same_word(f.en), f.key)), None)
