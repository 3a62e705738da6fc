"""Header mapping: which table a sheet is, and which field each of its columns feeds. What is unknown is kept and said."""

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
from crmlib.intake.header_words import HeaderWord, is_near, read_header, squeeze
from crmlib.intake.notes import Note
from crmlib.intake.sheet_table import Found, choose_table, is_summary, tables_beside
from crmlib.intake.tables import TRIGGERS
from crmlib.settings import Source

# the header alone does not tell these apart: the column's values do
ROUTES = {
    "customers.entity_type": ("customers.lifecycle_stage",),
    "customers.lifecycle_stage": ("customers.entity_type", "needs.stage"),
    "customers.source_status": ("customers.lifecycle_stage", "customers.record_status"),
    "customers.source_grade": ("customers.lifecycle_stage", "customers.entity_type"),
}
_HOWS = ("setting", "exact", "alias", "near")


class ColumnMatch(NamedTuple):
    """One header and the field it feeds. how: exact, alias, near (then `distance` > 0), setting or values.

    unit: what the number 1 in this column is worth (万元 10000, % 0.01; of a term in months, 年 12).
    """

    header: str
    table: str
    field: str
    how: str
    distance: int = 0
    unit: int | float = 1

    @property
    def name(self) -> str:
        return f"{self.table}.{self.field}"


@dataclass(frozen=True)
class Mapping:
    """`table`: the table that each row is, or None with a `refusal`. Several columns may feed a field that is a list."""

    table: str | None
    columns: list[ColumnMatch] = field(default_factory=list)
    custom: list[str] = field(default_factory=list)  # unknown headers
    notes: list[Note] = field(default_factory=list)
    refusal: str = ""  # SUMMARY_TABLE, NO_TABLE_RECOGNISED or COLUMN_MISSING
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
    found = _find(words, dictionary) | told
    table = source.table or choose_table(raw, found, dictionary)
    if table is None:
        return _refuse(words, dictionary)
    columns = _assign(raw, found, words, table, dictionary)
    if not source.table and len(columns) == 1 and len(words) > 2 and columns[0].how != "exact":
        return _refuse(words, dictionary)  # one word in many that somebody might also call a name
    lacking = _lacking(table, {c.field for c in columns if c.table == table}, dictionary)
    if lacking:
        field_of = dictionary.tables[table].fields
        near = _offers([field_of[key].zh for key in lacking], {squeeze(h): h for h in words})
        wanted = "、".join(field_of[key].zh for key in lacking)
        note = Note("note.column_missing", table=dictionary.tables[table].zh, wanted=wanted, near=near or "–")
        return Mapping(None, custom=list(words), notes=[*absent, note], refusal="COLUMN_MISSING")
    used = {column.header for column in columns}
    custom = [header for header in words if header not in used]
    currency = next((words[c.header].currency for c in columns if words[c.header].currency not in ("", "CNY")), "")
    notes = [*absent, *_notes(columns, custom, table, currency, dictionary)]
    return Mapping(table, columns, custom, notes, currency=currency)


def index_words(dictionary: Dictionary) -> dict[str, dict[str, Found]]:
    """Every word for every field that a sheet may hold: word → table → field."""
    index: dict[str, dict[str, Found]] = {}
    for one in dictionary.fields():
        if not one.derived:
            for how, spellings in (("exact", (one.zh, one.en, one.key)), ("alias", one.aliases)):
                for spelling in spellings:
                    index.setdefault(squeeze(spelling), {}).setdefault(one.table, Found(one.key, how))
    index.pop("", None)
    return index


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


def _find(words: dict[str, HeaderWord], dictionary: Dictionary) -> dict[str, dict[str, Found]]:
    """Header → table → field, by the fullest form that is known; else by the one field that a slip explains."""
    index = index_words(dictionary)
    found = {}
    for header, word in words.items():
        known = next((index[form] for form in word.forms if form in index), None)
        found[header] = known if known else _find_near(word, index)
    return found


def _find_near(word: HeaderWord, index: dict[str, dict[str, Found]]) -> dict[str, Found]:
    slips = [(far, spelling) for form in word.forms for spelling in index if (far := is_near(form, spelling))]
    least = min((far for far, _ in slips), default=0)
    fields = {table: one.field for far, spelling in slips if far == least for table, one in index[spelling].items()}
    kinds = {one.field for far, spelling in slips if far == least for one in index[spelling].values()}
    return {table: Found(key, "near", least) for table, key in fields.items()} if len(kinds) == 1 else {}


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
            target, how = _route(raw[header], f"{name}.{one.field}", one.how, dictionary)
            spec = dictionary.field(target)
            free = not any(c.name == target for c in taken.values()) or (spec.type == "list" and spec.import_only)
            if free:
                unit = words[header].months if spec.key.endswith("_months") else words[header].unit
                numeric = spec.type in ("dec", "int")
                home, _, key = target.partition(".")
                taken[header] = ColumnMatch(header, home, key, how, one.distance, unit if numeric else 1)
                return

    def certain(header: str, name: str) -> tuple:
        return _HOWS.index(found[header][name].how), len(found[header]), list(words).index(header)

    for header in sorted((h for h in found if table in found[h]), key=lambda h: certain(h, table)):
        place(header, [table])
    for name in dict.fromkeys(order[1:]):
        for header in sorted(
            (h for h in found if name in tables_beside(found[h]) and h not in taken), key=lambda h: certain(h, name)
        ):
            place(header, [name])
    for header in [h for h, c in taken.items() if not _counts(c, taken.values(), table)]:
        del taken[header]
    return [taken[header] for header in words if header in taken]


def _counts(column: ColumnMatch, columns: Iterable[ColumnMatch], table: str) -> bool:
    """A part beside the sheet's own table needs a column that makes it a row of its table."""
    if column.table in (table, "customers", "contacts") or column.table not in TRIGGERS:
        return True
    return any(c.table == column.table and c.field in TRIGGERS[c.table] for c in columns)


def _route(cells: pd.Series, target: str, how: str, dictionary: Dictionary) -> tuple[str, str]:
    """The field whose list of choices holds most of a column's values, where the header fits several."""
    if target not in ROUTES or how == "setting":
        return target, how
    values = [v for v in cells.dropna().unique()[:200] if not is_nothing(narrow(v))]
    share = {name: _share(values, dictionary.field(name).choice, dictionary) for name in (target, *ROUTES[target])}
    best = max(share, key=share.__getitem__)
    if best == target or share[best] <= max(0.5, share[target]):
        return target, how
    return best, "values"


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


def _refuse(words: dict[str, HeaderWord], dictionary: Dictionary) -> Mapping:
    if is_summary(words):
        return Mapping(None, custom=list(words), notes=[Note("note.summary_table")], refusal="SUMMARY_TABLE")
    near = _offers(words, _spellings(dictionary))
    shown = "、".join(list(words)[:8])
    notes = [Note("note.no_table", headers=shown, near=near or "–")]
    return Mapping(None, custom=list(words), notes=notes, refusal="NO_TABLE_RECOGNISED")


def _notes(
    columns: list[ColumnMatch], custom: list[str], table: str, currency: str, dictionary: Dictionary
) -> list[Note]:
    notes = []
    for column in columns:
        to = dictionary.field(column.name).zh
        if column.how in ("near", "values"):
            notes.append(Note(f"note.header_{column.how}", header=column.header, field=to))
        if column.unit != 1:
            notes.append(Note("note.header_unit", header=column.header, unit=f"{column.unit:,}"))
    if currency:
        notes.append(Note("note.header_currency", currency=currency))
    if custom:
        near = _offers(custom, _spellings(dictionary))
        notes.append(Note("note.header_custom", headers="、".join(custom), near=near or "–"))
    return notes


def _spellings(dictionary: Dictionary) -> dict[str, str]:
    return {squeeze(w): w for f in dictionary.fields() if not f.derived for w in (f.en, *f.aliases, f.zh)}


def _offers(words: Iterable[str], known: dict[str, str]) -> str:
    """For each of `words` that is not known the nearest that is, where there is one: 客户名城→客户名称."""
    unknown = [word for word in words if squeeze(word) not in known]
    pairs = ((word, get_close_matches(squeeze(word), known, n=1, cutoff=0.7)) for word in unknown)
    return "、".join(f"{word}→{known[near[0]]}" for word, near in pairs if near)
