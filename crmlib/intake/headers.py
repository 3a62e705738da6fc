"""Header mapping: which table a sheet is, and which field each of its columns feeds. What is unknown is kept and said."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

import pandas as pd

from crmlib import dictionary as shipped
from crmlib.dictionary import Dictionary
from crmlib.errors import SettingsError
from crmlib.intake.cells import is_nothing, narrow
from crmlib.intake.codes import parse_choice
from crmlib.intake.entities import entity_of, holds_people
from crmlib.intake.header_words import HeaderWord, read_header, squeeze
from crmlib.intake.joined import is_clock, name_part
from crmlib.intake.lookup import Found, find_fields, offer_words, spellings
from crmlib.intake.notes import Note
from crmlib.intake.offers import offer_fields
from crmlib.intake.sheet_table import choose_table, is_summary, tables_beside
from crmlib.intake.tables import METHODS, TRIGGERS, WHOLE
from crmlib.intake.words import is_field_list
from crmlib.reference import surnames
from crmlib.settings import Source

# the header alone does not tell these apart: the column's values do
ROUTES = {
    "customers.entity_type": ("customers.lifecycle_stage",),
    "customers.lifecycle_stage": ("customers.entity_type", "needs.stage"),
    "customers.source_status": ("customers.lifecycle_stage", "customers.record_status"),
    "customers.source_grade": ("customers.lifecycle_stage", "customers.entity_type"),
}
NOT_RECORDS = ("SUMMARY_TABLE", "FIELD_LIST")  # sheets of which every row is no data
LOOKED_AT = 10_000  # rows that tell what an unknown column holds
_JOINED = re.compile("注册|register", re.I)


class ColumnMatch(NamedTuple):
    """One header and the field it feeds. how: exact, alias, words, near (then `distance` > 0), setting or values.

    unit: what the number 1 in this column is worth (万元 10000, % 0.01; of a term in months, 年 12).
    part: 1 and 2 where two columns together hold one value, a day and a clock time, a first and a last name.
    """

    header: str
    table: str
    field: str
    how: str
    distance: int = 0
    unit: int | float = 1
    part: int = 0

    @property
    def name(self) -> str:
        return f"{self.table}.{self.field}"


@dataclass(frozen=True)
class Mapping:
    """`table`: the table that each row is, or None with a `refusal`. Several columns may feed a field that is a list."""

    table: str | None
    columns: list[ColumnMatch] = field(default_factory=list)
    custom: list[str] = field(default_factory=list)  # unknown headers
    people: list[str] = field(default_factory=list)  # those of them that name people
    notes: list[Note] = field(default_factory=list)
    refusal: str = ""  # one of NOT_RECORDS, NO_TABLE_RECOGNISED or COLUMN_MISSING
    currency: str = ""  # as a header says it

    def headers(self, name: str) -> list[str]:
        """The columns that feed "orders.amount_cny"."""
        return [column.header for column in self.columns if column.name == name]


def map_headers(raw: pd.DataFrame, *, source: Source | None = None, dictionary: Dictionary | None = None) -> Mapping:
    """The table and the fields of a sheet, from its headers, and where they do not tell, from its values.

    Raises SettingsError where the source's block names a table or field that does not exist.
    """
    dictionary, source = dictionary or shipped.DICTIONARY, source or Source()
    words = {header: read_header(header) for header in raw.columns}
    told, absent = _told(words, source, dictionary)
    found = find_fields(words, dictionary) | told
    table, rival = (source.table, "") if source.table else choose_table(raw, found, dictionary)
    if table is None:
        return _refuse(words, found, dictionary)
    columns = _assign(raw, found, words, table, dictionary)
    if not source.table and len(columns) == 1 and len(words) > 2 and columns[0].how != "exact":
        return _refuse(words, found, dictionary)  # one word in many that somebody might also call a name
    lacking = _lacking(table, {c.field for c in columns if c.table == table}, dictionary)
    if lacking:
        field_of = dictionary.tables[table].fields
        near = offer_words([field_of[key].zh for key in lacking], words)
        wanted = "、".join(field_of[key].zh for key in lacking)
        note = Note("note.column_missing", table=dictionary.tables[table].zh, wanted=wanted, near=near or "–")
        return Mapping(None, custom=list(words), notes=[*absent, note], refusal="COLUMN_MISSING")
    used = {column.header for column in columns}
    custom = [header for header in words if header not in used]
    currency = next((words[c.header].currency for c in columns if words[c.header].currency not in ("", "CNY")), "")
    notes = [*absent, *_notes(columns, custom, table, rival, currency, dictionary)]
    notes += _seconds(custom, columns, {header: some[table].field for header, some in found.items() if table in some})
    some = raw.head(LOOKED_AT)
    people = [h for h in custom if holds_people(h, some[h].dropna().unique(), surnames())]
    if lines := offer_fields(custom, some, table=table, people=people):
        notes.append(Note("note.header_offer", lines=lines))
    return Mapping(table, columns, custom, people, notes, currency=currency)


def _told(
    words: dict[str, HeaderWord], source: Source, dictionary: Dictionary
) -> tuple[dict[str, dict[str, Found]], list[Note]]:
    """What the `[sources.x]` block says of the headers that are there, and a note on each that is not."""
    problems, absent = [], []
    if source.table and source.table not in dictionary.tables:
        near = get_close_matches(source.table, dictionary.tables, n=1, cutoff=0)
        raise SettingsError("error.source_table", table=source.table, near=near[0])
    by_word = {form: header for header, word in reversed(words.items()) for form in reversed(word.forms)}
    told: dict[str, dict[str, Found]] = {}
    for header, name in source.columns.items():
        prefix, _, key = name.rpartition(".")
        tables = [prefix] if prefix else [source.table] if source.table else list(dictionary.tables)
        homes = [t for t in tables if t in dictionary.tables and key in dictionary.tables[t].fields]
        if not homes:
            known = [*(f.key for t in tables if t in dictionary.tables for f in dictionary.tables[t].fields.values())]
            known += [f.name for f in dictionary.fields()]
            near = get_close_matches(name, known, n=1, cutoff=0)
            problems.append(SettingsError("error.source_field", header=header, field=name, near=near[0]))
        elif match := header if header in words else by_word.get(squeeze(header)):
            told[match] = {home: Found(key, "setting") for home in homes}
        else:
            near = get_close_matches(header, words, n=1, cutoff=0)
            absent.append(Note("note.source_column", header=header, field=name, near=near[0] if near else "–"))
    if problems:
        raise SettingsError.of(problems)
    return told, absent


def _assign(
    raw: pd.DataFrame,
    found: dict[str, dict[str, Found]],
    words: dict[str, HeaderWord],
    table: str,
    dictionary: Dictionary,
) -> list[ColumnMatch]:
    """Each header its field: the sheet's own table first, and of two headers for one field the more certain one."""
    counts = pd.Series([t for tables in found.values() for t in tables_beside(tables)], dtype="str").value_counts()
    order = [table, "customers", "contacts", *counts.index]
    taken: dict[str, ColumnMatch] = {}

    def place(header: str, tables: Iterable[str]) -> None:
        for name in tables:
            one = found[header][name]
            target, how = _route(header, raw, found, f"{name}.{one.field}", one.how, dictionary)
            spec = dictionary.field(target)
            there = [c for c in taken.values() if c.name == target]
            part = name_part(words[header])
            if spec.type == "dt" and len(there) == 1 and is_clock(raw[header]) != is_clock(raw[there[0].header]):
                part = 2 if is_clock(raw[header]) else 1  # a day in one column, the time of day in the other
                taken[there[0].header] = there[0]._replace(part=3 - part)
            elif there and not (spec.type == "list" and spec.import_only) and {part, there[0].part} != {1, 2}:
                continue
            unit = words[header].months if spec.key.endswith("_months") else words[header].unit
            home, _, key = target.partition(".")
            worth = unit if spec.type in ("dec", "int") else 1
            taken[header] = ColumnMatch(header, home, key, how, one.distance, worth, part)
            return

    def certain(header: str, name: str) -> tuple:
        one = found[header][name]
        surety = {"setting": 0, "near": 2}.get(one.how, 1)
        return surety, one.rank, len(found[header]), list(words).index(header)

    for header in sorted((h for h in found if table in found[h]), key=lambda h: certain(h, table)):
        place(header, [table])
    for name in dict.fromkeys(order[1:]):
        for header in sorted(
            (h for h in found if name in tables_beside(found[h]) and h not in taken), key=lambda h: certain(h, name)
        ):
            place(header, [name])
    for header in [h for h in words if h not in taken and "customers" not in found[h]]:
        there = {c.table for c in taken.values() if c.field in TRIGGERS.get(c.table, ())}
        if len(among := there.intersection(found[header]) - {table}) == 1:
            place(header, among)  # a common word, and one part of the row alone that it can belong to
    for header in [h for h, c in taken.items() if not _counts(c, taken.values(), table, dictionary)]:
        del taken[header]
    return [taken[header] for header in words if header in taken]


def _counts(column: ColumnMatch, columns: Iterable[ColumnMatch], table: str, dictionary: Dictionary) -> bool:
    """A part beside the sheet's own table needs the columns that make it a row of its table; a job title, a person."""
    own = {c.field for c in columns if c.table == column.table}
    if column.table == table:
        return True
    if column.table == "contacts":
        return column.field in METHODS or bool(own & {"name", "contact_id"})
    if column.table in WHOLE:
        return any(own.issuperset(fields) for fields in dictionary.tables[column.table].signature)
    return column.table not in TRIGGERS or bool(own.intersection(TRIGGERS[column.table]))


def _route(
    header: str, raw: pd.DataFrame, found: dict[str, dict[str, Found]], target: str, how: str, dictionary: Dictionary
) -> tuple[str, str]:
    """The field whose list of choices holds most of a column's values, where the header fits several."""
    if target == "customers.founded_on" and _JOINED.search(header) and how != "setting":
        return ("customers.first_contact_date", "values") if _are_members(raw, header, found) else (target, how)
    if target not in ROUTES or how == "setting":
        return target, how
    values = [v for v in raw[header].dropna().unique()[:200] if not is_nothing(narrow(v))]
    share = {name: _share(values, dictionary.field(name).choice, dictionary) for name in (target, *ROUTES[target])}
    best = max(share, key=share.__getitem__)
    if best == target or share[best] <= max(0.5, share[target]):
        return target, how
    return best, "values"


def _are_members(raw: pd.DataFrame, header: str, found: dict[str, dict[str, Found]]) -> bool:
    """A company is registered on a day, a member of a shop at a moment; and members are people."""
    moments = raw[header].dropna().str.contains(r"\d:\d")
    names = [raw[h] for h, some in found.items() if "customers" in some and some["customers"].field == "name"]
    people = [entity_of(name, surnames()) == "person" for cells in names[:1] for name in cells.dropna().unique()[:100]]
    return (len(moments) > 0 and moments.mean() > 0.5) or (len(people) > 0 and 2 * sum(people) > len(people))


def _share(values: list[str], choice: str, dictionary: Dictionary) -> float:
    if not choice or not values:
        return 0.0
    return sum(parse_choice(value, dictionary.choices[choice]).value is not None for value in values) / len(values)


def _lacking(table: str, own: set[str], dictionary: Dictionary) -> list[str]:
    """The fields without which a sheet cannot be the table that it was said to be."""
    signature = dictionary.tables[table].signature
    if not signature or any(own.issuperset(fields) for fields in signature):
        return []
    return min(([key for key in fields if key not in own] for fields in signature), key=len)


def _refuse(words: dict[str, HeaderWord], found: dict[str, dict[str, Found]], dictionary: Dictionary) -> Mapping:
    if is_summary(words):
        return Mapping(None, custom=list(words), notes=[Note("note.summary_table")], refusal="SUMMARY_TABLE")
    if is_field_list(words):
        return Mapping(None, custom=list(words), notes=[Note("note.field_list")], refusal="FIELD_LIST")
    near = offer_words(words, spellings(dictionary))
    shown = "、".join(list(words)[:8])
    notes = [Note("note.no_table", headers=shown, near=near or "–")]
    if likely := _likely(found, dictionary):
        table, lacking = likely
        wanted = "、".join(dictionary.field(f"{table}.{key}").zh for key in lacking)
        notes.append(Note("note.table_lacks", table=dictionary.tables[table].zh, wanted=wanted))
    return Mapping(None, custom=list(words), notes=notes, refusal="NO_TABLE_RECOGNISED")


def _seconds(custom: list[str], columns: list[ColumnMatch], meant: dict[str, str]) -> list[Note]:
    """Columns that mean what another column was taken for."""
    by_field = {column.field: column for column in columns}
    again = [(header, by_field[meant[header]]) for header in custom if meant.get(header) in by_field]
    return [Note("note.header_second", header=header, other=column.header) for header, column in again]


def _likely(found: dict[str, dict[str, Found]], dictionary: Dictionary) -> tuple[str, list[str]] | None:
    """The table that most columns could feed, if it lacks but one, and which."""
    own = {name: {some[name].field for some in found.values() if name in some} for name in dictionary.tables}
    best = max(own, key=lambda name: len(own[name]))
    lacking = _lacking(best, own[best], dictionary)
    return (best, lacking) if len(own[best]) > 1 and len(lacking) == 1 else None


def _notes(
    columns: list[ColumnMatch], custom: list[str], table: str, rival: str, currency: str, dictionary: Dictionary
) -> list[Note]:
    notes = []
    if rival:
        notes.append(Note("note.table_close", table=dictionary.tables[table].zh, rival=dictionary.tables[rival].zh))
    for column in columns:
        to = dictionary.field(column.name).zh
        if column.how in ("near", "values"):
            far = {"distance": column.distance} if column.how == "near" else {}
            notes.append(Note(f"note.header_{column.how}", header=column.header, field=to, **far))
        if column.unit != 1:
            notes.append(Note("note.header_unit", header=column.header, unit=f"{column.unit:,}"))
    if currency:
        notes.append(Note("note.header_currency", currency=currency))
    if custom:
        near = offer_words(custom, spellings(dictionary))
        notes.append(Note("note.header_custom", headers="、".join(custom), near=near or "–"))
    return notes
