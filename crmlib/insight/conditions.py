"""Conditions that users write into settings: fields compared with values, joined by "and"; nothing is ever evaluated as code."""

import re
from collections.abc import Callable, Collection
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple

import pandas as pd

from crmlib.errors import SettingsError

_CLAUSE = re.compile(r"\s*(\w+)\s+(?:(present|missing)|(=|!=|>=|<=|>|<|contains)\s+(\S.*?))\s*")
_SPACED = re.compile(r"(!=|>=|<=|=|>|<)")
_TESTS: dict[str, Callable[[pd.Series, object], pd.Series]] = {
    "=": lambda cells, value: cells == value,
    "!=": lambda cells, value: cells != value,
    ">=": lambda cells, value: cells >= value,
    "<=": lambda cells, value: cells <= value,
    ">": lambda cells, value: cells > value,
    "<": lambda cells, value: cells < value,
    "contains": lambda cells, value: cells.str.contains(value, regex=False),
    "present": lambda cells, _: cells.notna(),
    "missing": lambda cells, _: cells.isna(),
}


class Clause(NamedTuple):
    """One comparison: `amount_12m_cny >= 500000`. value is "" for present and missing."""

    field: str
    test: str
    value: str


def parse_condition(text: str, *, fields: Collection[str], where: str) -> list[Clause]:
    """ "amount_12m_cny >= 500000 and risk = stable" → clauses. Raises SettingsError naming `where` it stands, for what is no
    comparison or names no field."""
    clauses = []
    for part in re.split(r"\s+and\s+", text.strip()):
        found = _CLAUSE.fullmatch(_SPACED.sub(r" \1 ", part, count=1))
        if not found:
            raise SettingsError("error.condition", where=where, found=part or text)
        field, alone, test, value = found.groups()
        if field not in fields:
            near = get_close_matches(field, fields, n=1, cutoff=0)[0]
            raise SettingsError("error.condition_field", where=where, word=field, near=near)
        clauses.append(Clause(field, alone or test, value or ""))
    return clauses


def holds(clauses: list[Clause], facts: pd.DataFrame, *, where: str) -> pd.Series:
    """Of each row whether all clauses are true; a missing value fits none but `missing`. Raises SettingsError where a value is
    not of its field's kind."""
    true = pd.Series(True, index=facts.index)
    for one in clauses:
        cells, value = _comparable(facts[one.field], one, where)
        true &= _TESTS[one.test](cells, value).fillna(False).astype(bool) & (cells.notna() | (one.test == "missing"))
    return true


def _comparable(cells: pd.Series, one: Clause, where: str) -> tuple[pd.Series, object]:
    """Cells and value as what they are: days, numbers or texts."""
    kind = str(cells.dtype)
    try:
        if one.test in ("present", "missing"):
            return cells, None
        if kind.startswith("date"):
            return pd.to_datetime(cells), pd.Timestamp(date.fromisoformat(one.value))
        if one.test == "contains" or not (pd.api.types.is_numeric_dtype(cells) or kind.startswith("decimal")):
            return cells.astype("str"), one.value
        return cells.astype("Float64"), float(one.value)
    except ValueError:
        raise SettingsError("error.condition_value", where=where, field=one.field, found=one.value) from None
