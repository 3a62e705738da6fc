"""Unknown columns offered as fields of one's own: the lines of settings.toml that would make them so."""

import re
from collections.abc import Iterable

import pandas as pd

from crmlib.intake import amounts, cells, codes, dates
from crmlib.masking import find_personal

LOOKED_AT = 200  # different values of a column that its type is guessed from
SHOWN = 5  # a wide sheet would fill the screen
_LONG = 40  # characters; what is longer on average is prose
_BARE = re.compile(r"[\w-]+")
# the first that reads every value; an id with leading zeros is no number
_READERS = (
    ("int", lambda text: amounts.parse_integer(text) if _is_count(text) else cells.refuse("")),
    ("dec", lambda text: amounts.parse_number(text) if not text.startswith("0") or "." in text else cells.refuse("")),
    ("date", lambda text: cells.refuse("") if ":" in text else dates.parse_date(text)),
    ("dt", dates.parse_moment),
    ("bool", codes.parse_bool),
)


def offer_fields(headers: Iterable[str], raw: pd.DataFrame, *, table: str, people: Iterable[str] = ()) -> str:
    """Lines for settings.toml, ready to be pasted, of the first columns that hold anything; "" where there are none."""
    lines = [_line(header, raw[header].dropna(), header in people) for header in headers if raw[header].notna().any()]
    return "\n".join([f"[fields.{table}]", *lines[:SHOWN]]) if lines else ""


def guess_type(values: Iterable[str]) -> str:
    """int, dec, date, dt, bool, text or str: what every value that is there can be read as."""
    words = [text for value in values if not cells.is_nothing(text := cells.narrow(value))]
    if not words:
        return "str"
    for name, read in _READERS:
        if all(read(text).value is not None for text in words):
            return name
    return "text" if sum(map(len, words)) > _LONG * len(words) else "str"


def _line(header: str, column: pd.Series, people: bool) -> str:
    values = column.unique()[:LOOKED_AT]
    word = cells.tidy(header).replace("\\", "").replace('"', "")
    key = word if _BARE.fullmatch(word) else f'"{word}"'
    personal = ', personal = "P"' if people or any(find_personal(value) for value in values) else ""
    return f'{key} = {{ type = "{guess_type(values)}", zh = "{word}", en = "{word}"{personal} }}'


def _is_count(text: str) -> bool:
    return text.lstrip("-").isdigit() and (text == "0" or not text.lstrip("-").startswith("0")) and len(text) < 12
