"""Fields to improve: those that people leave blank, or fill with words that tell nothing, too often."""

from datetime import date

import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.engine import count_of, read_frame, within
from crmlib.insight.coverage import WHEN, Tables
from crmlib.insight.entry import TEXTS, measure_texts
from crmlib.insight.measures import active_customers
from crmlib.settings import Entry


def fields_to_improve(tables: Tables, *, entry: Entry, blank_share: float, start: date, as_of: date) -> pd.DataFrame:
    """One row per text, or field that the sources require, that is blank or vague in more than `blank_share` of the rows of
    [start, as_of) (of the active customers: of all): table, field, rows, blank, vague, share. Worst first; a field of fewer than
    `entry.least` rows is left out, so is a text that was never filled: it is not in use."""
    texts = measure_texts(tables, entry=entry, start=start, as_of=as_of)
    required = [
        _blanks(tables, table, [one for one in fields if one not in TEXTS.get(table, ())], start=start, as_of=as_of)
        for table, fields in _required().items()
    ]
    rows = pd.concat([texts, *required], ignore_index=True)
    share = (rows["blank"] + rows["vague"]).astype("float64") / rows["rows"].astype("float64").where(rows["rows"] > 0)
    told = rows.assign(share=share.round(10))
    told = told[(told["share"] > blank_share) & (told["rows"] >= entry.least)]
    return told.sort_values(["share", "table", "field"], ascending=[False, True, True], ignore_index=True)


def _required() -> dict[str, list[str]]:
    wanted = {
        name: [key for key, field in spec.fields.items() if field.required == "complete" and not field.import_only]
        for name, spec in DICTIONARY.tables.items()
        if name == "customers" or name in WHEN
    }
    return {name: fields for name, fields in wanted.items() if fields}


def _blanks(tables: Tables, table: str, fields: list[str], *, start: date, as_of: date) -> pd.DataFrame:
    rows = active_customers(tables) if table == "customers" else tables[table]
    if when := WHEN.get(table):
        rows = within(rows, when, start=start, as_of=as_of)
    counts = {key: count_of(rows.count(where=rows[key].isnull())) for key in fields if key in rows.columns}
    found = read_frame(rows.agg(rows=count_of(rows.count()), **counts)).iloc[0]
    told = [(table, key, found["rows"], found[key], 0) for key in counts]
    return pd.DataFrame(told, columns=["table", "field", "rows", "blank", "vague"]).astype(
        dict.fromkeys(["rows", "blank", "vague"], "Int64")
    )
