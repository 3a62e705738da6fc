"""Which words the dictionary knows as a header, so that a header line is told from a title or a row."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from crmlib import dictionary

_TAIL = re.compile(r"[(\[【][^()\[\]【】]*[)\]】]$|[*:#]+$|^[*#]+")


def plain(header: str) -> str:
    """A header without case, width, blanks, and a bracket or star at its end."""
    text = "".join(unicodedata.normalize("NFKC", header).lower().split())
    return _TAIL.sub("", _TAIL.sub("", text)) or text


@cache
def _known_words() -> frozenset[str]:
    fields = dictionary.DICTIONARY.fields()
    return frozenset(plain(word) for one in fields for word in (one.zh, one.en, one.key, *one.aliases) if word)


def is_known(header: str) -> bool:
    return plain(header) in _known_words()


def count_known(cells: Iterable[str | None]) -> int:
    return sum(is_known(cell) for cell in cells if cell)
