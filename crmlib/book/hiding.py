"""What a kept sheet shows and what it hides: personal cells masked outside, whole inside the vault."""

import json
from collections.abc import Callable
from functools import partial

import pandas as pd

from crmlib.dictionary import Dictionary, Field
from crmlib.intake.entities import entity_of
from crmlib.intake.headers import Mapping
from crmlib.masking import AT_ONCE, MASKS, holds_personal, mask_name, mask_text, mask_texts, through_distinct
from crmlib.reference import surnames

_NAMES = Field("customers", "", "", "", personal="P")  # an unknown column that names people
_SCANNED = ("str", "text", "list", "json", "enum")


def mask_values(values: pd.Series, field: Field, *, style: str = "surname_star") -> pd.Series:
    """A personal field masked by what it is (phone, e-mail …), else as a person's name."""
    mask = MASKS[field.key] if field.key in MASKS and field.key != "name" else partial(mask_name, style=style)
    one = partial(_mask_list, mask) if field.type == "list" else mask
    return through_distinct(values.astype("str"), one, at_once=AT_ONCE.get(field.key))


def _mask_list(mask: Callable[[str], str | None], text: str) -> str | None:
    """A list field holds a JSON list once it is standardised, and a plain cell before that."""
    if not text.startswith("["):
        return mask(text)
    return json.dumps([mask(one) for one in json.loads(text)], ensure_ascii=False)


def is_person(rows: pd.DataFrame) -> pd.Series:
    """Where the row's customer is a person; where nothing is known of it, it is treated as one."""
    if "customers.entity_type" in rows:
        return rows["customers.entity_type"].fillna("person").eq("person")
    return pd.Series(True, index=rows.index)


def hide_raw(
    raw: pd.DataFrame, mapping: Mapping, issues: pd.DataFrame, rows: pd.DataFrame, *, dictionary: Dictionary
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The file's cells masked where they are personal, and the columns that had to be masked, whole."""
    fields = {c.header: dictionary.field(f"{c.table}.{c.field}") for c in mapping.columns}
    fields |= dict.fromkeys(mapping.people, _NAMES)
    person = is_person(rows).reindex(raw.index, fill_value=True)
    shown = {header: mask_cells(raw[header], fields.get(header), person) for header in raw.columns}
    if len(issues):  # a telephone number in the amount column
        header_of = {(one.table, one.key): header for header, one in fields.items() if not one.personal}
        for place, lines in issues.groupby(["table", "field"])["line"]:
            if header := header_of.get(place):
                bad = raw.index.isin(lines)
                shown[header] = shown[header].mask(bad, mask_texts(shown[header].where(bad)))
    masked = pd.DataFrame(shown, index=raw.index, columns=raw.columns)
    changed = [h for h in raw.columns if not masked[h].equals(raw[h].astype("str"))]
    return masked, raw[changed].reset_index(drop=True)


def hide_rows(rows: pd.DataFrame, *, dictionary: Dictionary) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Standardised rows without their personal columns, and those columns alone, in the same order."""
    hidden = [name for name in rows.columns if _is_hidden(rows, name, dictionary)]
    return rows.drop(columns=hidden), rows[hidden].reset_index(drop=True)


def _is_hidden(rows: pd.DataFrame, name: str, dictionary: Dictionary) -> bool:
    table, _, key = name.partition(".")
    field = dictionary.tables[table].fields.get(key)
    if field is None or field.personal in ("P", "S"):
        return field is not None
    if field.personal == "person":
        return bool(is_person(rows).any())
    if field.personal == "free" or (field.custom and field.type in _SCANNED):
        return holds_personal(rows[name].astype("str"))
    return False


def hide_issues(issues: pd.DataFrame, *, dictionary: Dictionary) -> pd.DataFrame:
    """Faults with their values as they may be shown: a personal field masked, anything else scanned."""
    if not len(issues):
        return issues
    values = through_distinct(issues["value"].astype("str"), _mask_cells)
    for (table, key), part in issues.groupby(["table", "field"]):
        field = dictionary.tables[table].fields.get(key) if table in dictionary.tables else None
        if field and field.personal in ("P", "S", "person"):
            values.loc[part.index] = mask_values(part["value"], field)
    return issues.assign(value=values)


def hide_excerpts(refused: pd.DataFrame) -> pd.DataFrame:
    """Rows set aside by the reader: no header says what a cell is, so what looks like a person's name is masked too."""
    return refused.assign(excerpt=through_distinct(refused["excerpt"].astype("str"), _mask_cells))


def _mask_cells(row: str) -> str:
    """A row of cells with a bar between them, or one cell."""
    cells = [mask_name(c) if entity_of(c, surnames()) == "person" else mask_text(c) for c in row.split(" | ")]
    return " | ".join(cells)


def hide_table(
    frame: pd.DataFrame,
    *,
    table: str,
    dictionary: Dictionary,
    person: pd.Series | None = None,
    style: str = "surname_star",
) -> pd.DataFrame:
    """A book table with every personal field masked; `person` says where a customer is one."""
    person = pd.Series(True, index=frame.index) if person is None else person
    fields = {key: one for key, one in dictionary.tables[table].fields.items() if key in frame and one.personal}
    return frame.assign(**{key: mask_cells(frame[key], one, person, style=style) for key, one in fields.items()})


def mask_cells(cells: pd.Series, field: Field | None, person: pd.Series, *, style: str = "surname_star") -> pd.Series:
    """Cells of one column as they may be shown; of an unknown column everything is scanned."""
    if field is None or field.personal == "free":
        return mask_texts(cells.astype("str"))
    if field.personal == "person":
        return cells.astype("str").mask(person, mask_values(cells.where(person), field, style=style))
    return mask_values(cells, field, style=style) if field.personal else cells
