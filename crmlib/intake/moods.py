"""Moods: recorded words by the table of moods, free text by a table of words and what denies them; what neither knows is not recognised."""

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


# what lies right before a word and turns it round: 不太满意, 没有延误; not 不仅, which is a word of its own
_TURNED = re.compile(
    r"(?:[不没未无非难]|(?<![特分个区性级差])别|没有|并非|不是|不算|谈不上|算不上|缺乏)(?:[太够很是再大那算能会多怎特别么十分完全有什出现过]){0,3}$"
)
_CLAUSES = re.compile(r"[，。！？；、,.!?;~～…\s]+")
_TURN = re.compile(r"但是|但|不过|可是|然而|就是|只是|可惜|唯一")


def judge_text(text: str) -> str | None:
    """The mood of a free text, positive or negative, by its words; None where it has none, or as many of the one as of the other.

    A denied word counts as its opposite, and what follows a 但 counts double: it is what the writer wants heard.
    """
    words, pattern = _polar_words()
    total, weight = 0, 1
    for clause in _CLAUSES.split(same_word(text)):
        turn = _TURN.search(clause)
        for found in pattern.finditer(clause):
            heard = 2 if turn and found.start() >= turn.start() else weight
            sign = words[found.group()]
            total += heard * (-sign if _TURNED.search(clause[: found.start()]) else sign)
        weight = 2 if turn else weight
    return "positive" if total > 0 else "negative" if total < 0 else None


@cache
def _polar_words() -> tuple[dict[str, int], re.Pattern[str]]:
    """Words of feeling as +1 and −1; those of 0 only keep a shorter word inside them from being read (快递, 好像)."""
    table, sign = load_reference("mood_words"), {"positive": 1, "negative": -1, "none": 0}
    words = {same_word(word): sign[mood] for word, mood in zip(table["word"], table["mood"], strict=True)}
    return words, re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
