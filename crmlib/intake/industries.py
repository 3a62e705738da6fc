"""Industries: what people call a trade, and its code in GB/T 4754-2017 (I65), as deep as the words go."""

import re
from functools import cache
from typing import NamedTuple

from crmlib.intake.cells import MISSING, Parsed, compact, is_nothing, same_word, tidy
from crmlib.reference import load_reference

# a name that stands on several levels means the division, unless it is only found elsewhere
LEVELS = ("division", "group", "class", "section")


class Industry(NamedTuple):
    words: str
    code: str | None = None


def parse_industry(text: str) -> Parsed:
    """The words as typed, and the code that they or their alias stand for; a code itself is read as well."""
    words = tidy(text)
    if is_nothing(words):
        return MISSING
    bare = re.sub(r"^[A-T]?\d{0,4}[\s.、:：-]+", "", words)  # "J 金融业", "65-软件和信息技术服务业"
    names = (same_word(words), compact(words).upper(), same_word(bare))
    code = next((_codes()[name] for name in names if name in _codes()), None)
    return Parsed(Industry(words, code), note=None if code else "INDUSTRY_UNMAPPED")


@cache
def _codes() -> dict[str, str]:
    """Every name, alias and code → code. A name of the standard beats an alias."""
    found: dict[str, str] = {}
    table = load_reference("industries")
    for level in LEVELS:
        some = table[table["level"] == level]
        for column in ("zh", "en"):
            for name, code in some[[column, "code"]].dropna().itertuples(index=False):
                found.setdefault(same_word(name), code)
    for alias, code in load_reference("industry_aliases")[["alias", "code"]].itertuples(index=False):
        found.setdefault(same_word(alias), code)
    for code in table["code"]:  # with the section's letter or without: I65, 65, 6510
        found.setdefault(code, code)
        found.setdefault(code[1:] or code, code)
    return found
