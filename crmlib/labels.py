"""The kit's own words: zh and en on one line of labels.toml, with equal blanks."""

import re
import string
import tomllib
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from crmlib.errors import SettingsError

LANGS = ("zh", "en")
PATH = Path(__file__).with_name("labels.toml")


class Say:
    """Speaks one language: `say("tier.value.high")`, `say("balance.line", n=3)`."""

    def __init__(self, lang: str, words: dict[str, dict[str, str]]) -> None:
        self.lang, self._words = lang, words

    def __call__(self, key: str, /, **blanks: object) -> str:
        try:
            text = self._words[key][self.lang]
        except KeyError:
            near = get_close_matches(key, self._words, n=1)
            raise KeyError(f"labels.toml has no {key!r}" + (f"; the nearest is {near[0]!r}" if near else "")) from None
        return text.format(**blanks)

    def has(self, key: str) -> bool:
        return key in self._words

    def get(self, key: str, other: str) -> str:
        return self(key) if self.has(key) else other

    def with_words(self, words: dict[str, dict[str, str]]) -> "Say":
        """The same speaker, who knows words that a user wrote as well."""
        return Say(self.lang, self._words | words)

    def pick(self, words: dict[str, str] | Any) -> str:
        """The side of a {zh, en} pair that this speaker reads; for words that users write into settings."""
        return words[self.lang] if isinstance(words, dict) else getattr(words, self.lang)


def blanks_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def flatten_labels(tree: dict, prefix: str = "") -> dict[str, dict[str, str]]:
    """Nested TOML tables to {"tier.value.high": {"zh": …, "en": …}}; refuses a side that is missing or differs in blanks."""
    flat: dict[str, dict[str, str]] = {}
    problems: list[SettingsError] = []
    for name, node in tree.items():
        key = f"{prefix}{name}"
        if isinstance(node, dict) and not any(isinstance(value, dict) for value in node.values()):
            if set(node) != set(LANGS):
                problems.append(SettingsError("error.label_sides", key=key, found=", ".join(node) or "–"))
            elif blanks_of(node["zh"]) != blanks_of(node["en"]):
                problems.append(SettingsError("error.label_blanks", key=key))
            flat[key] = node
        elif isinstance(node, dict):
            flat |= flatten_labels(node, f"{key}.")
    if problems:
        raise SettingsError.of(problems)
    return flat


@cache
def load_labels() -> dict[str, dict[str, str]]:
    return flatten_labels(tomllib.loads(PATH.read_text(encoding="utf-8")))


@cache
def speaker(lang: str, currency: str = "CNY") -> Say:
    """The words in one language, "zh" or "en"; where amounts are not yuan, the words for money name their currency."""
    if lang not in LANGS:
        from crmlib.errors import UsageError

        raise UsageError("error.lang_unknown", lang=lang)
    words = load_labels()
    if currency != "CNY":
        words = words | {key: _in_currency(pair, currency) for key, pair in words.items() if key.startswith(_MONEY)}
    return Say(lang, words)


_MONEY = ("money.", "number.", "chart.", "column.")


def _in_currency(pair: dict[str, str], currency: str) -> dict[str, str]:
    zh = re.sub(r"(?<=[万亿 ])元", f" {currency}" if " 元" not in pair["zh"] else currency, pair["zh"])
    return {"zh": zh, "en": pair["en"].replace("CNY", currency)}
