"""The empty sheet that a table is filled in on: its columns, choices to pick from, and a page that explains each field."""

import csv
from difflib import get_close_matches
from pathlib import Path

import xlsxwriter

from crmlib.dictionary import Dictionary, Field
from crmlib.errors import UsageError
from crmlib.labels import Say

ROWS = 5000  # so far down a cell offers its choices
_ALONE = ("customers", "products", "staff")  # rows of any other table say whose they are
_WHOSE = ("customers.source_id", "customers.name")
# what a customer's own row may also hold
_BESIDE = ("contacts.name", "contacts.title", "contacts.department", "contacts.phone", "contacts.email", "contacts.im",
           "contacts.decision_role", "needs.text", "tags.value")  # fmt: skip
_FORMATS = {"date": "yyyy-mm-dd", "dt": "yyyy-mm-dd hh:mm", "int": "0", "dec": "General"}
_FILLS = {"key": "#F8CBAD", "complete": "#FFF2CC", "": "#E7E6E6"}


def template_fields(table: str, dictionary: Dictionary) -> list[Field]:
    """The columns of a table's template. Raises UsageError where no sheet can be that table.

    Identity numbers are not asked for.
    """
    known = [key for key, one in dictionary.tables.items() if one.signature]
    if table not in known:
        near = get_close_matches(table, known, n=1, cutoff=0)
        raise UsageError("error.template_table", table=table, near=near[0], known=", ".join(known))
    own = [one for one in dictionary.tables[table].fields.values() if not one.derived and one.personal != "S"]
    beside = _BESIDE if table == "customers" else () if table in _ALONE else _WHOSE
    others = [dictionary.field(name) for name in beside]
    return [*own, *others] if table == "customers" else [*others, *own]


def header_of(field: Field, lang: str) -> str:
    """A column's name; a star marks what no row may lack."""
    return field.word(lang) + "*" * (field.required == "key")


def write_template(path: Path, table: str, *, dictionary: Dictionary, say: Say) -> None:
    """An .xlsx with choices and explanations, or a .csv with the header alone."""
    fields = template_fields(table, dictionary)
    headers = [header_of(one, say.lang) for one in fields]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(headers)
        return
    with xlsxwriter.Workbook(str(path)) as workbook:
        page = workbook.add_worksheet(dictionary.tables[table].word(say.lang))
        page.freeze_panes(1, 0)
        for at, (field, header) in enumerate(zip(fields, headers, strict=True)):
            head = workbook.add_format({"bold": True, "border": 1, "bg_color": _FILLS[field.required]})
            cells = workbook.add_format({"num_format": _FORMATS.get(field.type, "@")})  # 000001 stays as it is typed
            page.set_column(at, at, max(12, 2 * len(header) if say.lang == "zh" else len(header) + 2), cells)
            page.write_string(0, at, header, head)
            if choices := _choices(field, dictionary, say):
                page.data_validation(1, at, ROWS, at, {"validate": "list", "source": choices, "error_type": "warning"})
        _explain(workbook, fields, dictionary, say)


def _choices(field: Field, dictionary: Dictionary, say: Say) -> list[str]:
    if field.type == "bool":
        return [say("template.yes"), say("template.no")]
    return [one.word(say.lang) for one in dictionary.choices[field.choice].values()] if field.choice else []


def _explain(workbook: xlsxwriter.Workbook, fields: list[Field], dictionary: Dictionary, say: Say) -> None:
    """One row per field: the reader knows this sheet by its header and imports nothing of it."""
    page = workbook.add_worksheet(say("template.fields"))
    bold, wrap = workbook.add_format({"bold": True}), workbook.add_format({"text_wrap": True, "valign": "top"})
    page.freeze_panes(1, 0)
    page.set_column(0, 2, 16, wrap)
    page.set_column(3, 5, 40, wrap)
    page.write_row(0, 0, say("template.columns").split("|"), bold)
    for row, field in enumerate(fields, start=1):
        required = say(f"template.required_{field.required}") if field.required else ""
        words = [w for w in field.aliases if w.isascii() == (say.lang == "en")]
        choices, known_as = (say("list.separator").join(words) for words in (_choices(field, dictionary, say), words))
        kind = say(f"template.type_{field.type}")
        page.write_row(row, 0, [field.word(say.lang), kind, required, choices, field.example, known_as])
