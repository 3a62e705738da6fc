"""Two columns that together hold one value: a day and a time of day, a first and a last name."""

import re
from collections.abc import Iterator

import pandas as pd

from crmlib.intake.cells import is_nothing, narrow
from crmlib.intake.header_words import HeaderWord

_CLOCK = re.compile(
    r"(?:[上下]午)?\s*\d{1,2}\s*[:：点时]\s*(?:\d{1,2}\s*分?)?(?::\d{1,2}(?:\.\d+)?)?\s*(?:[ap]m)?", re.I
)
_FIRST = ("firstname", "givenname", "forename", "姓", "姓氏")
_LAST = ("lastname", "surname", "familyname", "名", "名字")


def name_part(word: HeaderWord) -> int:
    """1 for the part of a name that is written first, 2 for the second; 0 for a whole name."""
    return next((part for part, words in ((1, _FIRST), (2, _LAST)) if set(words) & set(word.forms)), 0)


def is_clock(cells: pd.Series) -> bool:
    """Whether a column holds times of day without a day."""
    values = [text for value in cells.dropna().unique()[:50] if not is_nothing(text := narrow(value))]
    return bool(values) and sum(bool(_CLOCK.fullmatch(text)) for text in values) >= 0.8 * len(values)


def read_columns(raw: pd.DataFrame, columns: list) -> Iterator[tuple]:
    """Each column of a mapping with its cells; parts of one value are one column, written together."""
    for column in columns:
        if column.part == 2 and any(one.part == 1 and one.name == column.name for one in columns):
            continue
        second = next((one for one in columns if column.part == 1 and one.part == 2 and one.name == column.name), None)
        yield column, _join(raw[column.header], raw[second.header]) if second else raw[column.header]


def _join(first: pd.Series, second: pd.Series) -> pd.Series:
    first, second = first.str.strip().fillna(""), second.str.strip().fillna("")
    blank = (first.map(str.isascii) & first.ne("") & second.ne("")).map(
        {True: " ", False: ""}
    )  # 张 + 伟, but Anna + Bo
    return (first + blank + second).replace("", pd.NA).astype("str")
