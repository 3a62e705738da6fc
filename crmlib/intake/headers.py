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
from crmlib.intake.header_words import HeaderWord, is_near, read_header, squeeze
from crmlib.intake.notes import Note
from crmlib.intake.tables import TRIGGERS
from crmlib.settings import Source

MASTERS = ("customers", "contacts", "products", "staff")  # their rows are things; those of other tables are events
BESIDE = ("customers", "contacts", "tags", *TRIGGERS)  # tables that a sheet of another table may also feed
REFERENCES = ("customers.source_id", "customers.name")
# words so common that they mean the sheet's own table, unless they say who the customer is or whose
SHARED = 3
ALWAYS = (*REFERENCES, "customers.owner_name", "contacts.name", "contacts.title")
# the header alone does not tell these apart: the column's values do
ROUTES = {
    "customers.entity_type": ("customers.lifecycle_stage",),
    "customers.lifecycle_stage": ("customers.entity_type", "needs.stage"),
    "customers.source_status": ("customers.lifecycle_stage", "customers.record_status"),
    "customers.source_grade": ("customers.lifecycle_stage", "customers.entity_type"),
    "contacts.decider_name": ("contacts.decision_role",),
}
_SUMMARY = re.compile(
    r"^(?:本|上|去|今)(?:周|月|季度?|期|年)(?:数据|数值|值)?$|环比|同比|^分析维度$|^指标(?:名称)?$|^(?:this|last)(?:week|month)$"
)
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


class _Found(NamedTuple):
    field: str
    how: str
    distance: int = 0


def map_headers(raw: pd.DataFrame, *, source: Source | None = None, dictionary: Dictionary | None = None) -> Mapping:
    """The table and the fields of a sheet, from its headers, and where they do not tell, from its values.

    Raises SettingsError where the source's block names a table or field that does not exist.
    """
    dictionary, source = dictionary or shipped.DICTIONARY, source or Source()
    words = {header: read_header(header) for header in raw.columns}
    told = _told(words, source, dictionary)
    found = _find(words, dictionary) | told
    table = source.table or _choose(raw, found, dictionary)
    if table is None:
        return _refuse(words, dictionary)
    columns = _assign(raw, found, words, table, dictionary)
    lacking = _lacking(table, {c.field for c in columns if c.table == table}, dictionary)
    if lacking:
        field_of = dictionary.tables[table].fields
        near = _offers([field_of[key].zh for key in lacking], {squeeze(h): h for h in words})
        wanted = "、".join(field_of[key].zh for key in lacking)
        note = Note("note.column_missing", table=dictionary.tables[table].zh, wanted=wanted, near=near or "–")
        return Mapping(None, custom=list(words), notes=[note], refusal="COLUMN_MISSING")
    used = {column.header for column in columns}
    custom = [header for header in words if header not in used]
    currency = next((words[c.header].currency for c in columns if words[c.header].currency not in ("", "CNY")), "")
    notes = _notes(columns, custom, table, currency, dictionary)
    return Mapping(table, columns, custom, notes, currency=currency)


def index_words(dictionary: Dictionary) -> dict[str, dict[str, _Found]]:
    """Every word for every field that a sheet may hold: word → table → field."""
    index: dict[str, dict[str, _Found]] = {}
    for one in dictionary.fields():
        if not one.derived:
            for how, spellings in (("exact", (one.zh, one.en, one.key)), ("alias", one.aliases)):
                for spelling in spellings:
                    index.setdefault(squeeze(spelling), {}).setdefault(one.table, _Found(one.key, how))
    index.pop("", None)
    return index


def _told(words: dict[str, HeaderWord], source: Source, dictionary: Dictionary) -> dict[str, dict[str, _Found]]:
    """What the `[sources.x]` block says of the headers that are there."""
    problems = []
    if source.table and source.table not in dictionary.tables:
        near = get_close_matches(source.table, dictionary.tables, n=1, cutoff=0)
        raise SettingsError("error.source_table", table=source.table, near=near[0])
    by_word = {form: header for header, word in reversed(words.items()) for form in reversed(word.forms)}
    told: dict[str, dict[str, _Found]] = {}
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
            told[match] = {home: _Found(key, "setting") for home in homes}
    if problems:
        raise SettingsError.of(problems)
    return told


def _find(words: dict[str, HeaderWord], dictionary: Dictionary) -> dict[str, dict[str, _Found]]:
    """Header → table → field, by the fullest form that is known; else by the one field that a slip explains."""
    index = index_words(dictionary)
    found = {}
    for header, word in words.items():
        known = next((index[form] for form in word.forms if form in index), None)
        found[header] = known if known else _find_near(word, index)
    return found


def _find_near(word: HeaderWord, index: dict[str, dict[str, _Found]]) -> dict[str, _Found]:
    slips = [(far, spelling) for form in word.forms for spelling in index if (far := is_near(form, spelling))]
    least = min((far for far, _ in slips), default=0)
    fields = {table: one.field for far, spelling in slips if far == least for table, one in index[spelling].items()}
    kinds = {one.field for far, spelling in slips if far == least for one in index[spelling].values()}
    return {table: _Found(key, "near", least) for table, key in fields.items()} if len(kinds) == 1 else {}


def _choose(raw: pd.DataFrame, found: dict[str, dict[str, _Found]], dictionary: Dictionary) -> str | None:
    """The table whose signature is there and which explains most columns; one with its own id in the sheet goes first."""
    known = [header for header in found if found[header]]
    if sum(bool(_SUMMARY.search(squeeze(header))) for header in found) >= 2:
        return None
    best: tuple[tuple, str] | None = None
    for name, spec in dictionary.tables.items():
        own = {found[header][name].field for header in known if name in found[header]}
        if not any(own.issuperset(fields) for fields in spec.signature) or not _may_be(name, raw, found):
            continue
        total = sum(_weight(found[header], name) for header in known)
        if name == "customers" and _repeats(raw, found):
            total *= 0.7
        ids = [h for h in known if found[h].get(name, _Found("", "")).field in spec.source_key[:1]]
        has_id = name not in MASTERS and any(len(found[header]) < SHARED for header in ids)
        if best is None or (has_id, total) > best[0]:
            best = (has_id, total), name
    if best is None or best[0][1] < 1:  # a lone "name" or "date" says nothing
        return None
    return best[1]


def _weight(tables: dict[str, _Found], name: str) -> float:
    """How much a column speaks for a table: most where it is the table's own word, half where it can stand beside it."""
    if name in tables:
        own = max(0.7, 1 - 0.1 * (len(tables) - 1))
        return own / 2 if tables[name].how == "near" else own
    return 0.5 if _beside(tables) else 0.0


def _beside(tables: dict[str, _Found]) -> list[str]:
    """The tables other than its sheet's own that a column may feed."""
    shared = len(tables) >= SHARED
    return [t for t in tables if t in BESIDE and (not shared or f"{t}.{tables[t].field}" in ALWAYS)]


def _may_be(name: str, raw: pd.DataFrame, found: dict[str, dict[str, _Found]]) -> bool:
    """Masters need more than a signature: our people and products name no customer, contacts name one several times."""
    if name not in ("contacts", "products", "staff"):
        return True
    own = {header for header, tables in found.items() if name in tables}
    named = any("customers" in tables and f"customers.{tables['customers'].field}" in REFERENCES
                for header, tables in found.items() if header not in own)  # fmt: skip
    if name != "contacts":
        return not named
    has_id = any(tables.get("contacts", _Found("", "")).field == "contact_id" for tables in found.values())
    about = [h for h in found if "customers" in found[h] and h not in own and not _is_reference(found[h])]
    return named and (has_id or (not about and _repeats(raw, found)))


def _is_reference(tables: dict[str, _Found]) -> bool:
    return "customers" in tables and f"customers.{tables['customers'].field}" in REFERENCES


def _repeats(raw: pd.DataFrame, found: dict[str, dict[str, _Found]]) -> bool:
    """Whether customers come up again and again, so that a row is something of theirs."""
    named = [h for h in found if _is_reference(found[h])]
    numbers = [h for h in named if found[h]["customers"].field == "source_id"]
    for header in (numbers or named)[:1]:
        cells = raw[header].dropna()
        return len(cells) > 1 and cells.nunique() < 0.9 * len(cells)
    return False


def _assign(
    raw: pd.DataFrame,
    found: dict[str, dict[str, _Found]],
    words: dict[str, HeaderWord],
    table: str,
    dictionary: Dictionary,
) -> list[ColumnMatch]:
    """Each header its field: the sheet's own table first, and of two headers for one field the more certain one."""
    counts = pd.Series([t for tables in found.values() for t in _beside(tables)], dtype="str").value_counts()
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
            (h for h in found if name in _beside(found[h]) and h not in taken), key=lambda h: certain(h, name)
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
    if sum(bool(_SUMMARY.search(squeeze(header))) for header in words) >= 2:
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
