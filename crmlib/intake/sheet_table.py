"""Which table a sheet is: the one whose signature is there and that explains most of its columns."""

import re
from collections.abc import Iterable

import pandas as pd

from crmlib.dictionary import Dictionary
from crmlib.intake.header_words import squeeze
from crmlib.intake.lookup import Found
from crmlib.intake.tables import TRIGGERS
from crmlib.intake.words import is_field_list

MASTERS = ("customers", "contacts", "products", "staff")  # their rows are things; those of other tables are events
BESIDE = ("customers", "contacts", "tags", *TRIGGERS)  # tables that a sheet of another table may also feed
REFERENCES = ("customers.source_id", "customers.name")
CLOSE = 0.9  # a table that explains so much of what the best explains might be meant instead
# words so common that they mean the sheet's own table, unless they say who the customer is or whose
SHARED = 3
ALWAYS = (*REFERENCES, "customers.owner_name", "contacts.name", "contacts.title")
_SUMMARY = re.compile(
    r"^(?:本|上|去|今)(?:周|月|季度?|期|年)(?:数据|数值|值)?$|环比|同比|^分析维度$|^指标(?:名称)?$|^(?:this|last)(?:week|month)$"
)


def is_summary(headers: Iterable[str]) -> bool:
    """A table of totals: this period, the last, and the change between them."""
    return sum(bool(_SUMMARY.search(squeeze(header))) for header in headers) >= 2


def choose_table(
    raw: pd.DataFrame, found: dict[str, dict[str, Found]], dictionary: Dictionary
) -> tuple[str | None, str]:
    """The table whose signature is there and which explains most columns; one with its own id in the sheet goes first.

    And the table that explains the sheet almost as well, "" where there is none.
    """
    known = [header for header in found if found[header]]
    if is_summary(found) or is_field_list(found):
        return None, ""
    ranked: list[tuple[bool, float, str]] = []
    for name, spec in dictionary.tables.items():
        own = {found[header][name].field for header in known if name in found[header]}
        if not any(own.issuperset(fields) for fields in spec.signature) or not _may_be(name, raw, found):
            continue
        total = sum(_weight(found[header], name) for header in known)
        if name == "customers" and _repeats(raw, found):
            total *= 0.7
        ids = [h for h in known if found[h].get(name, Found("", "")).field in spec.source_key[:1]]
        has_id = name not in MASTERS and any(len(found[header]) < SHARED for header in ids)
        ranked.append((has_id, total, name))
    ranked.sort(key=lambda one: one[:2], reverse=True)
    if not ranked or ranked[0][1] < 1:  # a lone "name" or "date" says nothing
        return None, ""
    close = [name for has_id, total, name in ranked[1:2] if has_id == ranked[0][0] and total >= CLOSE * ranked[0][1]]
    return ranked[0][2], "".join(close)


def _weight(tables: dict[str, Found], name: str) -> float:
    """How much a column speaks for a table: most where it is the table's own word, half where it can stand beside it."""
    if name in tables:
        own = max(0.7, 1 - 0.1 * (len(tables) - 1))
        return own / 2 if tables[name].how == "near" else own
    return 0.5 if tables_beside(tables) else 0.0


def tables_beside(tables: dict[str, Found]) -> list[str]:
    """The tables other than its sheet's own that a column may feed."""
    shared = len(tables) >= SHARED
    return [t for t in tables if t in BESIDE and (not shared or f"{t}.{tables[t].field}" in ALWAYS)]


def _may_be(name: str, raw: pd.DataFrame, found: dict[str, dict[str, Found]]) -> bool:
    """Masters need more than a signature: our people and products name no customer, contacts name one several times."""
    if name not in ("contacts", "products", "staff"):
        return True
    own = {header for header, tables in found.items() if name in tables}
    named = any("customers" in tables and f"customers.{tables['customers'].field}" in REFERENCES
                for header, tables in found.items() if header not in own)  # fmt: skip
    if name != "contacts":
        return not named and not any(
            "orders" in tables and tables["orders"].field == "order_id" for tables in found.values()
        )
    has_id = any(tables.get("contacts", Found("", "")).field == "contact_id" for tables in found.values())
    about = [h for h in found if "customers" in found[h] and h not in own and not _is_reference(found[h])]
    return named and (has_id or (not about and _repeats(raw, found)))


def _is_reference(tables: dict[str, Found]) -> bool:
    return "customers" in tables and f"customers.{tables['customers'].field}" in REFERENCES


def _repeats(raw: pd.DataFrame, found: dict[str, dict[str, Found]]) -> bool:
    """Whether customers come up again and again, so that a row is something of theirs."""
    named = [h for h in found if _is_reference(found[h])]
    numbers = [h for h in named if found[h]["customers"].field == "source_id"]
    for header in (numbers or named)[:1]:
        cells = raw[header].dropna()
        return len(cells) > 1 and cells.nunique() < 0.9 * len(cells)
    return False
