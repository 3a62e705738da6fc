"""Codes and lists: a credit code proves itself by its last character, a choice is one of its list, or it is said."""

import re
from collections.abc import Mapping
from functools import lru_cache

from crmlib.dictionary import Choice
from crmlib.intake.cells import MISSING, Parsed, compact, is_nothing, refuse, same_word

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z (GB 32100-2015)
_USCC_WEIGHTS = [pow(3, place, 31) for place in range(17)]
_SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?E\+\d{1,3}$")

_YES = frozenset(
    ["是", "有", "对", "真", "已", "y", "yes", "true", "t", "1", "√", "✓", "✔", "已续约", "续约", "已完成"]
)
_NO = frozenset(
    ["否", "无", "没有", "不", "假", "未", "n", "no", "false", "f", "0", "×", "x", "✗", "未续约", "不续约", "未完成"]
)


def parse_uscc(text: str) -> Parsed:
    """A unified social credit code of 18 characters; its last one is checked."""
    code = re.sub(r"[-·]", "", compact(text)).upper()
    if is_nothing(code):
        return MISSING
    if _SCIENTIFIC.match(code):
        return refuse("ID_PRECISION_LOST")
    if "*" in code:
        return refuse("ALREADY_MASKED")
    return Parsed(code) if is_uscc(code) else refuse("BAD_USCC")


def is_uscc(code: str) -> bool:
    return len(code) == 18 and set(code) <= set(USCC_ALPHABET) and code[17] == uscc_check_character(code[:17])


def uscc_check_character(first17: str) -> str:
    """GB 32100-2015: 31 minus the weighted sum modulo 31; 31 itself is written 0."""
    total = sum(USCC_ALPHABET.index(sign) * weight for sign, weight in zip(first17, _USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def parse_bool(text: str) -> Parsed:
    words = compact(text).lower()
    if words in _YES or words in _NO:
        return Parsed(words in _YES)
    return MISSING if is_nothing(words) else refuse("NOT_YES_NO")


def parse_choice(text: str, choices: Mapping[str, Choice]) -> Parsed:
    """The code whose name or alias the text is, whatever its width, blanks or case. Never the nearest one."""
    word = same_word(text)
    code = _spellings(tuple(choices.values())).get(word)
    if code is not None:
        return Parsed(code)
    return MISSING if is_nothing(compact(text)) else refuse("CHOICE_UNKNOWN")


@lru_cache(maxsize=256)
def _spellings(choices: tuple[Choice, ...]) -> dict[str, str]:
    """Every spelling of every choice. A code beats a name, a name beats an alias, where two choices share one."""
    found: dict[str, str] = {}
    for spellings in (lambda c: (c.code,), lambda c: (c.zh, c.en), lambda c: c.aliases):
        for choice in choices:
            for spelling in spellings(choice):
                found.setdefault(same_word(spelling), choice.code)
    return found
