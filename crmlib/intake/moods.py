"""Moods: 满意 and 对价格敏感 are positive or negative by the table of moods; what is in no table is not recognised."""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from crmlib.dictionary import Choice
from crmlib.intake.cells import MISSING, Parsed, is_nothing, same_word, tidy
from crmlib.intake.codes import parse_choice
from crmlib.reference import load_reference

_DENIED = re.compile(r"(?:[不没未无非难别]|不[太够很是再大]|没有|缺乏)$")


class Mood(NamedTuple):
    words: str
    code: str


def parse_mood(text: str, *, choices: Mapping[str, Choice]) -> Parsed:
    """One of the listed moods, or the one mood that all known words inside the text speak of. The words are kept."""
    words = tidy(text)
    if is_nothing(words):
        return MISSING
    listed = parse_choice(words, choices).value
    spoken = {listed} if listed else _spoken(words)
    if len(spoken) == 1 and "?" not in spoken:
        return Parsed(Mood(words, spoken.pop()))
    return Parsed(Mood(words, "unknown"), note="MOOD_UNMAPPED")


def _spoken(words: str) -> set[str]:
    """The moods of the known words in a text, the longest first: 不满意 is a word of its own, not 满意.

    Where a word is denied (不太满意) and the table has no such word, nobody knows which mood is left.
    """
    moods, pattern = _lexicon()
    text = same_word(words)
    if text in moods:
        return {moods[text]}
    return {"?" if _DENIED.search(text[: found.start()]) else moods[found.group()] for found in pattern.finditer(text)}


@cache
def _lexicon() -> tuple[dict[str, str], re.Pattern[str]]:
    table = load_reference("moods")
    moods = {same_word(word): mood for word, mood in zip(table["word"], table["mood"], strict=True)}
    longest = sorted((word for word in moods if len(word) > 1), key=len, reverse=True)
    return moods, re.compile("|".join(map(re.escape, longest)))
