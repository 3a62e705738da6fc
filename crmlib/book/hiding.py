"""What a kept sheet shows and what it hides: personal cells masked outside, whole inside the vault."""

from collections.abc import Callable

import pandas as pd

from crmlib import masking
from crmlib.dictionary import Dictionary, Field
from crmlib.intake.headers import Mapping

_MASKS: dict[str, Callable[[str | None], str | None]] = {
    "phone": masking.mask_phone,
    "email": masking.mask_email,
    "im": masking.mask_im,
    "id_no": masking.mask_id,
    "address": masking.mask_address,
}
_SCANNED = ("str", "text", "list", "json", "enum")


def mask_for(field: Field) -> Callable[[str | None], str | None]:
    """How a personal field is masked: by what it is, else as a person's name."""
    return _MASKS.get(field.key, masking.mask_name)


def mask_column(values: pd.Series, mask: Callable[[str | None], str | None]) -> pd.Series:
    """`mask` over a column, through its distinct values."""
    seen = {one: mask(one) for one in values.dropna().unique()}
    return values.map(seen).astype("str") if seen else values.astype("str")


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
    shown = {header: _shown(raw[header], fields.get(header), rows) for header in raw.columns}
    if len(issues):  # a telephone number in the amount column
        for (table, key), lines in issues.groupby(["table", "field"])["line"]:
            for header, one in fields.items():
                if (one.table, one.key) == (table, key) and not one.personal:
                    bad = shown[header].index.isin(lines)
                    shown[header] = shown[header].mask(bad, mask_column(shown[header], masking.mask_text))
    masked = pd.DataFrame(shown, index=raw.index, columns=raw.columns)
    changed = [h for h in raw.columns if not masked[h].equals(raw[h].astype("str"))]
    return masked, raw[changed].reset_index(drop=True)


def hide_rows(rows: pd.DataFrame, *, dictionary: Dictionary) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Standardised rows without their personal columns, and those columns alone, in the same order."""
    hidden = []
    for name in rows.columns:
        table, _, key = name.partition(".")
        field = dictionary.tables[table].fields.get(key)
        personal = field.personal if field else ""
        if personal == "person":
            personal = "P" if is_person(rows).any() else ""
        if personal == "free" or (field and field.custom and field.type in _SCANNED):
            personal = "P" if not masking.mask_texts(rows[name]).equals(rows[name]) else ""
        if personal:
            hidden.append(name)
    return rows.drop(columns=hidden), rows[hidden].reset_index(drop=True)


def hide_issues(issues: pd.DataFrame, column: str, *, dictionary: Dictionary | None = None) -> pd.DataFrame:
    """Faulty values as they may be shown: a personal field masked, anything else scanned."""
    if not len(issues):
        return issues
    values = mask_column(issues[column], masking.mask_text)
    if dictionary is not None:
        for (table, key), part in issues.groupby(["table", "field"], dropna=True):
            field = dictionary.tables[table].fields.get(key) if table in dictionary.tables else None
            if field and field.personal in ("P", "S", "person"):
                values.loc[part.index] = mask_column(part[column], mask_for(field))
    return issues.assign(**{column: values})


def hide_table(
    frame: pd.DataFrame, *, table: str, dictionary: Dictionary, person: pd.Series | None = None
) -> pd.DataFrame:
    """A book table with every personal field masked; `person` says where a customer is one."""
    shown = {}
    for key, field in dictionary.tables[table].fields.items():
        if key not in frame or not field.personal:
            continue
        if field.personal == "free":
            shown[key] = masking.mask_texts(frame[key])
        elif field.personal == "person":
            one = person if person is not None else pd.Series(True, index=frame.index)
            shown[key] = frame[key].mask(one, mask_column(frame[key], mask_for(field)))
        else:
            shown[key] = mask_column(frame[key], mask_for(field))
    return frame.assign(**shown)


def _shown(cells: pd.Series, field: Field | None, rows: pd.DataFrame) -> pd.Series:
    if field is None or field.personal == "free":
        return masking.mask_texts(cells)
    if field.personal == "person":
        one = is_person(rows).reindex(cells.index, fill_value=True)
        return cells.mask(one, mask_column(cells, mask_for(field)))
    return mask_column(cells, mask_for(field)) if field.personal else cells
