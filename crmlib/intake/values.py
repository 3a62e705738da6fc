"""Standardising: one value written one way; what cannot be read is a reason, never a guess, never 0."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib import dictionary as dictionaries
from crmlib.dictionary import Dictionary, Field
from crmlib.engine import to_frame
from crmlib.intake import headers
from crmlib.intake.cells import Parsed, is_error, refuse
from crmlib.intake.columns import Coded, distinct, encode, first_of, join_items
from crmlib.intake.derived import Finding, derive_columns
from crmlib.intake.fields import METHODS, Reading, SheetFacts, reading_of
from crmlib.intake.joined import read_columns
from crmlib.masking import mask_name
from crmlib.settings import Source

IDENTITY = ("customers.uscc",)  # beside the source keys: a fault here could join two customers
EXACT = ("orders.price", "orders.quantity")  # what an amount is made of: rounded once, when it is


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
        cells = _read(texts, reading)
        findings += _findings(field, cells, words)
        if field.name in EXACT:
            exact.setdefault(field.name, cells.exact(field.name, reading))
        for name, array in _give(reading, cells, words):
            (own if name == field.name else told).setdefault(name, []).append(array)
    columns = {
        name: (join_items if name in METHODS else first_of)([*own.get(name, []), *told.get(name, [])])
        for name in {**own, **told}
    }
    custom = {header: encode(raw[header]) for header in mapping.custom}
    for header in mapping.people:  # whole they are kept in the vault's raw rows alone
        custom[header] = custom[header].map(mask_name)
    derived = derive_columns(columns, exact, custom, table=mapping.table, dictionary=words)
    rows = to_frame(pa.table(derived.columns)) if derived.columns else pd.DataFrame(index=raw.index)
    return Standard(rows.set_axis(raw.index), _list([*findings, *derived.findings], raw.index))


class _Cells(NamedTuple):
    """The distinct cells of a column: first the `plain` ones, then the `odd` ones, which a parser has `parsed`."""

    codes: np.ndarray  # row → its cell's place among them, -1 for a missing one
    plain: pa.Array
    odd: list[str]
    parsed: list[Parsed]

    def exact(self, name: str, reading: Reading) -> Coded:
        """Values before they are rounded."""
        plain = reading.plain.gives[name](self.plain).to_pylist() if len(self.plain) else []
        return Coded(self.codes, [*plain, *(one.value for one in self.parsed)])


def _read(texts: pd.Series, reading: Reading) -> _Cells:
    codes, cells = distinct(texts)
    fits = pc.match_substring_regex(cells, reading.plain.pattern) if reading.plain else pa.repeat(False, len(cells))
    plain, odd = cells.filter(fits), cells.filter(pc.invert(fits)).to_pylist()
    parsed = [refuse("ERROR_CELL") if is_error(text) else reading.parse(text) for text in odd]
    fits = fits.to_numpy(zero_copy_only=False)
    place = np.where(fits, np.cumsum(fits) - 1, len(plain) + np.cumsum(~fits) - 1)
    return _Cells(np.append(place, -1)[codes], plain, odd, parsed)


def _give(reading: Reading, cells: _Cells, words: Dictionary) -> Iterator[tuple[str, pa.Array]]:
    """Each field that the cells fill; those that they only might have filled are left out."""
    codes = pa.array(cells.codes, mask=cells.codes < 0)
    for at, (name, part) in enumerate(reading.gives.items()):
        table, _, key = name.partition(".")
        field = words.tables[table].fields.get(key)
        kind = field.arrow_type if field else pa.string()
        odd = pa.array([None if one.value is None else part(one.value) for one in cells.parsed], kind)
        read = reading.plain.gives.get(name) if len(cells.plain) else None
        plain = read(cells.plain).cast(kind) if read else pa.nulls(len(cells.plain), kind)
        if at == 0 or odd.null_count < len(odd) or plain.null_count < len(plain):
            yield name, pa.concat_arrays([plain, odd]).take(codes)


def _findings(field: Field, cells: _Cells, words: Dictionary) -> Iterator[Finding]:
    for kind in ("reason", "note"):
        codes: dict[str, list[int]] = {}
        for place, one in enumerate(cells.parsed):
            if reason := getattr(one, kind):
                codes.setdefault(reason, []).append(place)
        for reason, places in codes.items():
            wanted = np.zeros(len(cells.plain) + len(cells.odd) + 1, dtype=bool)  # the last stands for a missing cell
            wanted[len(cells.plain) + np.array(places)] = True
            rows = np.flatnonzero(wanted[cells.codes])
            texts = [cells.odd[place] for place in cells.codes[rows] - len(cells.plain)]
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
