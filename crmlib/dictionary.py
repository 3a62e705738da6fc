"""The tables and fields of the kit, stated once in dictionary.toml and used everywhere."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from crmlib.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

PATH = Path(__file__).with_name("dictionary.toml")

TYPES = ("str", "text", "enum", "json", "list", "int", "dec", "date", "dt", "bool")  # a list is a JSON list of texts
REQUIRED = ("", "complete", "key")  # each asks for more than the one before
PERSONAL = ("", "P", "S", "person", "free")


class Worded:
    """Has a name in each language."""

    def word(self, lang: str) -> str:
        return getattr(self, lang)


@dataclass(frozen=True)
class Choice(Worded):
    """One value that an enum field may hold."""

    code: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field(Worded):
    """One column of one table.

    required: "key" (a fault quarantines the row), "complete" (missing is a warning) or "".
    personal: "" no, "P" personal, "S" sensitive, "person" personal where the customer is a person, "free" text to scan.
    """

    table: str
    key: str
    zh: str
    en: str
    type: str = "str"
    required: str = ""
    personal: str = ""
    level1: str = ""
    level2: str = ""
    choice: str = ""
    aliases: tuple[str, ...] = ()
    example: str = ""
    derived: bool = False
    import_only: bool = False  # read from a sheet, then kept in another table (the vault's, or the fields it derives)
    custom: bool = False

    @property
    def name(self) -> str:
        return f"{self.table}.{self.key}"

    @property
    def arrow_type(self) -> "pa.DataType":
        import pyarrow as pa  # only here: settings and the command stay light

        plain = {"int": pa.int64(), "date": pa.date32(), "dt": pa.timestamp("us"), "bool": pa.bool_()}
        return pa.decimal128(18, 2) if self.type == "dec" else plain.get(self.type, pa.string())


@dataclass(frozen=True)
class Table(Worded):
    """One table; `row` says what one row is, `words` whose attribute a header names: 收货人 in 收货人手机号."""

    key: str
    zh: str
    en: str
    row: str = ""
    source_key: tuple[str, ...] = ()
    repeats: bool = False
    signature: tuple[tuple[str, ...], ...] = ()
    words: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True)
class Dictionary:
    tables: Mapping[str, Table]
    choices: Mapping[str, Mapping[str, Choice]]
    profiles: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)  # the fields of one trade

    def field(self, name: str) -> Field:
        """ "orders.amount_cny" → Field."""
        table, _, key = name.partition(".")
        return self.tables[table].fields[key]

    def fields(self) -> Iterable[Field]:
        return (one for table in self.tables.values() for one in table.fields.values())

    def with_fields(self, extra: Iterable[Field]) -> "Dictionary":
        """The same dictionary and a user's own fields.

        A known field may be renamed, given aliases, or asked for; it stays as required, personal and typed as it is.
        """
        tables = dict(self.tables)
        problems = []
        for one in extra:
            if one.table not in tables:
                near = get_close_matches(one.table, tables, n=1)
                problems.append(
                    SettingsError("error.field_table", field=one.key, table=one.table, near=near[0] if near else "–")
                )
                continue
            known = tables[one.table].fields.get(one.key)
            if known and known.required and REQUIRED.index(known.required) > REQUIRED.index(one.required):
                problems.append(SettingsError("error.field_required", field=one.name, zh=known.zh))
                continue
            if known:
                aliases = (*known.aliases, known.zh, known.en, *one.aliases)
                one = replace(known, zh=one.zh, en=one.en, required=one.required, aliases=aliases)
            tables[one.table] = replace(tables[one.table], fields={**tables[one.table].fields, one.key: one})
        if problems:
            raise SettingsError.of(problems)
        return replace(self, tables=tables)


def read_dictionary(path: Path = PATH) -> Dictionary:
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    choices = {
        name: {code: Choice(code, c["zh"], c["en"], tuple(c.get("aliases", ()))) for code, c in codes.items()}
        for name, codes in tree["choices"].items()
    }
    tables = {key: _table(key, one) for key, one in tree["tables"].items()}
    problems = [
        SettingsError("error.dictionary_word", field=f.name, word=word, value=value)
        for table in tables.values()
        for f in table.fields.values()
        for word, value, allowed in (
            ("type", f.type, TYPES),
            ("required", f.required, REQUIRED),
            ("personal", f.personal, PERSONAL),
            ("choice", f.choice, ("", *choices)),
        )
        if value not in allowed
    ]
    if problems:
        raise SettingsError.of(problems)
    profiles = {
        name: tuple(_field(table, key, one) for table, fields in tables.items() for key, one in fields.items())
        for name, tables in tree.get("profiles", {}).items()
    }
    return Dictionary(tables, choices, profiles)


def _table(key: str, one: dict) -> Table:
    fields = {name: _field(key, name, f) for name, f in one.get("fields", {}).items()}
    signature = tuple(tuple(names) for names in one.get("signature", ()))
    lists = {name: tuple(one.get(name, ())) for name in ("source_key", "words")}
    plain = {k: v for k, v in one.items() if k not in ("fields", "signature", *lists)}
    return Table(key=key, fields=fields, signature=signature, **lists, **plain)


def _field(table: str, key: str, one: dict) -> Field:
    level1, level2 = (*one.get("class", ()), "", "")[:2]
    plain = {k: v for k, v in one.items() if k not in ("class", "aliases")}
    return Field(table=table, key=key, level1=level1, level2=level2, aliases=tuple(one.get("aliases", ())), **plain)


DICTIONARY: Dictionary


def __getattr__(name: str) -> Dictionary:
    if name == "DICTIONARY":  # read at first use: importing is silent and cheap
        globals()[name] = read_dictionary()
        return globals()[name]
    raise AttributeError(name)
