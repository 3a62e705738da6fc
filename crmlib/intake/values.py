"""Standardising: one value written one way; what cannot be read is a reason, never a guess, never 0."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from crmlib import dictionary as dictionaries
from crmlib.dictionary import Dictionary, Field
from crmlib.engine import to_frame
from crmlib.intake import headers
from crmlib.intake.cells import is_error, refuse
from crmlib.intake.columns import Coded, encode, first_of, join_items, spread
from crmlib.intake.derived import Finding, derive_columns
from crmlib.intake.fields import METHODS, Reading, SheetFacts, reading_of
from crmlib.intake.joined import read_columns
from crmlib.settings import Source

IDENTITY = ("customers.uscc",)  # beside the source keys: a fault here could join two customers


class Standard(NamedTuple):
    """`rows`: index and order of the raw rows, columns "table.field".

    `issues`: line, table, field, value (as typed), reason, severity: "error" quarantines the row, "cell" emptied the
    cell, "warning" took it as it is.
    """

    rows: pd.DataFrame
    issues: pd.DataFrame


def standardise(
    raw: pd.DataFrame,
    mapping: "headers.Mapping",
    *,
    received_on: date,
    source: Source | None = None,
    dictionary: Dictionary | None = None,
) -> Standard:
    """Type every mapped cell of `raw`, and fill the columns that follow from others.

    Lists are JSON; several phones, e-mails or accounts of a row stand in one text with ";" between them, from however
    many columns. `received_on`: no spreadsheet's day number is taken for a day decades after it.
    """
    source, words = source or Source(), dictionary or dictionaries.DICTIONARY
    own: dict[str, list[pa.Array]] = {}
    told: dict[str, list[pa.Array]] = {}  # by another field's cell: fills what has no column, or an empty cell
    exact: dict[str, Coded] = {}
    findings: list[Finding] = []
    for column, texts in read_columns(raw, mapping.columns):
        field = words.field(f"{column.table}.{column.field}")
        sheet = SheetFacts(Decimal(str(column.unit)), source.currency or mapping.currency or "CNY", received_on)
        reading = reading_of(field, words, sheet)
        cells = encode(texts)
        parsed = cells.map(lambda text, parse=reading.parse: refuse("ERROR_CELL") if is_error(text) else parse(text))
        findings += _findings(field, cells, parsed, words)
        values = parsed.map(lambda one: one.value)
        exact.setdefault(field.name, values)
        for name, array in _give(reading, values, words):
            (own if name == field.name else told).setdefault(name, []).append(array)
    columns = {
        name: (join_items if name in METHODS else first_of)([*own.get(name, []), *told.get(name, [])])
        for name in {**own, **told}
    }
    custom = {header: encode(raw[header]) for header in mapping.custom}
    derived = derive_columns(columns, exact, custom, table=mapping.table, dictionary=words)
    rows = to_frame(pa.table(derived.columns)) if derived.columns else pd.DataFrame(index=raw.index)
    return Standard(rows.set_axis(raw.index), _list([*findings, *derived.findings], raw.index))


def _give(reading: Reading, values: Coded, words: Dictionary) -> Iterator[tuple[str, pa.Array]]:
    """Each field that the cells fill; those that they only might have filled are left out."""
    for at, (name, part) in enumerate(reading.gives.items()):
        parts = values.map(lambda value, part=part: None if value is None else part(value))
        if at == 0 or any(value is not None for value in parts.values):
            table, _, key = name.partition(".")
            field = words.tables[table].fields.get(key)
            yield name, spread(parts, field.arrow_type if field else pa.string())


def _findings(field: Field, cells: Coded, parsed: Coded, words: Dictionary) -> Iterator[Finding]:
    for kind in ("reason", "note"):
        codes = {code: getattr(one, kind) for code, one in enumerate(parsed.values) if getattr(one, kind)}
        for reason in dict.fromkeys(codes.values()):
            at = np.isin(cells.codes, [code for code, one in codes.items() if one == reason])
            rows = np.flatnonzero(at)
            texts = [cells.values[code] for code in cells.codes[rows]]
            yield Finding(field.name, rows, texts, reason, _severity(field, reason, kind, words))


def _severity(field: Field, reason: str, kind: str, words: Dictionary) -> str:
    if kind == "note":
        return "warning"
    identity = field.key in words.tables[field.table].source_key[:1] or field.name in IDENTITY
    return "error" if field.required == "key" or (identity and reason in ("ID_PRECISION_LOST", "BAD_USCC")) else "cell"


def _list(findings: Iterable[Finding], index: pd.Index) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "line": index[one.rows],
                "table": one.field.partition(".")[0],
                "field": one.field.partition(".")[2],
                "value": pd.array(one.values, dtype="str"),
                "reason": one.reason,
                "severity": one.severity,
            }
        )
        for one in findings
        if len(one.rows)
    ]
    nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in ("table", "field", "value", "reason", "severity")})
    issues = pd.concat(parts) if parts else nothing.assign(line=pd.Series(dtype=index.dtype))
    order = ["line", "table", "field", "value", "reason", "severity"]
    return issues[order].sort_values("line", kind="stable", ignore_index=True)
