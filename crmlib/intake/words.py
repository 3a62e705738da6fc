"""Which words the dictionary knows as a header, so that a header line is told from a title or a row."""

from collections.abc import Iterable
from functools import cache, lru_cache

from crmlib import dictionary
from crmlib.intake.header_words import read_header, squeeze

LONGEST = 40  # no header is longer; a longer cell is not worth the look


@cache
def _known_words() -> frozenset[str]:
    fields = dictionary.DICTIONARY.fields()
    return frozenset(squeeze(word) for one in fields for word in (one.zh, one.en, one.key, *one.aliases))


@lru_cache(maxsize=10_000)
def is_known(header: str) -> bool:
    """In either script, with or without a unit or a bracket."""
    return len(header) <= LONGEST and not _known_words().isdisjoint(read_header(header).forms)


def count_known(cells: Iterable[str | None]) -> int:
    return sum(is_known(cell) for cell in cells if cell)


def is_field_list(cells: Iterable[str | None]) -> bool:
    """The header of a sheet that explains the columns of another, as the template has one."""
    words = {squeeze(cell) for cell in cells if cell}
    return words >= {"字段", "类型", "示例"} or words >= {"field", "type", "example"}
