"""The spot check: every month a seeded tenth of the records is looked over by people, and their verdicts give the error rate."""

import hashlib
import math
from datetime import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from crmlib.book.ledger import append_lines, read_lines
from crmlib.book.shelf import Book
from crmlib.dictionary import DICTIONARY, Field
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.intake.cells import same_word, split_items
from crmlib.intake.workbooks import read_sheets
from crmlib.intervals import wilson
from crmlib.labels import LANGS, Say, speaker
from crmlib.periods import Period
from crmlib.returned import mark
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
_VERDICT_COLUMNS = ["result", "wrong_field", "remark"]
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
    """data/todo/spot_check_<period>.xlsx, unless it lies there already: somebody may be filling it in. Returns a line on it."""
    path = home.todo / f"{KIND}_{period.text}.xlsx"
    if path.exists():
        return say("spot.kept", path=path)
    n = write_spot_check(path, book, period=period, entry=entry, say=say)
    return say("spot.written", n=n, path=path) if n else say("spot.nothing", period=period.text)


def write_spot_check(path: Path, book: Book, *, period: Period, entry: Entry, say: Say) -> int:
    """A page per table: what the book knows of each drawn record, and beside it the verdict to choose, with the field that is
    wrong. Returns the number of records; 0 leaves no file."""
    samples = {name: draw_sample(book, name, period=period, entry=entry) for name in ("customers", *DATED)}
    samples = {name: rows for name, rows in samples.items() if len(rows)}
    path.unlink(missing_ok=True)
    if not samples:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    bold = workbook.add_format({"bold": True, "bg_color": "#EEF1F4", "bottom": 1, "text_wrap": True})
    fill = workbook.add_format({"bg_color": "#FFF8E1", "border": 1, "border_color": "#DDDDDD"})
    places = _places(book)
    for table, rows in samples.items():
        page = workbook.add_worksheet(DICTIONARY.tables[table].word(say.lang)[:31])
        fields = _shown(table, rows)
        heads = [f"{period.text} {say('spot.source')}", *(say(f"spot.{name}") for name in _VERDICT_COLUMNS)]
        page.write_row(0, 0, [mark(KIND), *heads, *(f.word(say.lang) for f in fields)], bold)
        page.freeze_panes(1, 5)
        page.set_column(0, 0, None, None, {"hidden": True})
        page.set_column(1, 1, 24)
        page.set_column(2, 3 + len(fields) + 1, 14)
        for at, row in enumerate(rows.to_dict("records"), start=1):
            key = row["customer_id"] if table == "customers" else row["row_id"]
            page.write_string(at, 0, f"{period.text}|{table}|{key}")
            page.write_string(at, 1, places.get(row["row_id"], ""))
            for column in (2, 3, 4):
                page.write_blank(at, column, None, fill)
            for column, field in enumerate(fields, start=5):
                page.write_string(at, column, _told(row[field.key], field, say))
        last = len(rows)
        page.data_validation(1, 2, last, 2, {"validate": "list", "source": [say(f"spot.{v}") for v in VERDICTS]})
        heads_at = {
            "validate": "list",
            "source": f"=$F$1:${xl_col_to_name(4 + len(fields))}$1",
            "error_type": "information",
        }
        page.data_validation(1, 3, last, 3, heads_at)
    workbook.close()
    return sum(map(len, samples.values()))


def read_spot_check(path: Path, *, file: str = "") -> pd.DataFrame:
    """A sheet that came back filled in: one row per record and wrong field: period, table, row_id, result (right, wrong,
    unclear; missing where nobody looked), field (missing where none is named or known), remark.

    A field named beside no verdict means wrong. Raises DataError where the sheet is none of ours.
    """
    found, ours = [], False
    verdicts = {same_word(speaker(lang)(f"spot.{v}")): v for lang in LANGS for v in VERDICTS}
    for page in read_sheets(path, file=file or path.name):
        rows = iter(page.rows)
        header = next((cells for _, cells in rows), [])
        if not header or header[0] != mark(KIND):
            continue
        ours = True
        for _, cells in rows:
            period, table, row_id = (str(cells[0] or "").split("|", 2) + ["", ""])[:3]
            if table not in DICTIONARY.tables or not row_id:
                continue
            said, wrong, remark = (str(cell or "").strip() for cell in (list(cells[2:5]) + [""] * 3)[:3])
            fields = [_field_named(table, word) for word in split_items(wrong)] or [None]
            result = "wrong" if wrong else verdicts.get(same_word(said)) or ("unclear" if said else None)
            found += [
                (period, table, row_id, result, field if result == "wrong" else None, remark or None)
                for field in fields
            ]
    if not ours:
        raise DataError("error.sheet_kind", file=file or path.name, kind=KIND)
    return pd.DataFrame(found, columns=_COLUMNS).astype("str").drop_duplicates(ignore_index=True)


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
    """Where a row stands in its source, to look it up."""
    records = book.frame(book.table("records").select("row_id", "source_file", "sheet", "line")).drop_duplicates(
        "row_id"
    )
    sheets = records["sheet"].fillna("").map(lambda name: f" · {name}" if name else "")
    told = records["source_file"] + sheets + " : " + records["line"].astype("str")
    return dict(zip(records["row_id"], told, strict=True))


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
    names = (f for f in DICTIONARY.tables[table].fields.values())
    return next((f.key for f in names if same_word(word) in (same_word(f.zh), same_word(f.en), f.key)), None)
