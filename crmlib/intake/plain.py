"""Cells that say what they mean: most of a column fits one pattern and is read at once; only the rest goes through a parser."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

Read = Callable[[pa.Array], pa.Array]


class Plain(NamedTuple):
    """`pattern` (RE2) fits only texts that the parser takes without reason and note; `gives` reads them as it would.

    A field that the reading gives and `gives` does not name gets nothing from such a cell.
    """

    pattern: str
    gives: Mapping[str, Read]


def _same(texts: pa.Array) -> pa.Array:
    return texts


# What `tidy` leaves as it is and no parser of words looks at twice: no blanks, no full-width letters, no * + # × 某.
_SIGN = '!-"$-),-~\u00b7\u2014\u2018\u2019\u201c\u201d\u2026\u3001-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u4e00-\u67cf\u67d1-\u9fa5'
_WORDS = f"[{_SIGN}](?: ?[{_SIGN}])*"
# Every word for nothing ("unknown", 待补充) is shorter than eight characters and holds no digit.
WORDS = f"^(?:[{_SIGN}]*[0-9][{_SIGN}]*|[{_SIGN}](?: ?[{_SIGN}]){{7,}})$"
ORG = f"^{_WORDS}(?:公司|集团|厂|店|院)$"
PROSE = f"^{_WORDS}$"
MONOLOGUE = PROSE.replace(",-~", ",-9;-~").replace("\uff1a", "")  # without the colon of 客户：…
MOBILE = r"^(?:\+86[ -]?)?1[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}$"
_NUMBER = r"(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,2})?"
NUMBER = f"^-?{_NUMBER}$"
YUAN = f"^-?[¥￥]?{_NUMBER}元?$"
_DAY = (
    r"(?:19|20|21)[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
DAY = f"^{_DAY}$"
MOMENT = f"^{_DAY}(?: (?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?$"


def words(name: str) -> Plain:
    return Plain(WORDS, {name: _same})


def prose(name: str) -> Plain:
    return Plain(PROSE, {name: _same})


def monologue(name: str) -> Plain:
    return Plain(MONOLOGUE, {name: _same})


def organisation(name: str, entity_type: str) -> Plain:
    return Plain(ORG, {name: _same, entity_type: lambda texts: pa.repeat("org", len(texts))})


def mobile(name: str) -> Plain:
    return Plain(MOBILE, {name: lambda texts: pc.replace_substring_regex(texts, r"^\+86|[ -]", "")})


def number(name: str, *, currency: str) -> Plain:
    return Plain(YUAN if currency == "CNY" else NUMBER, {name: _decimals})


def _decimals(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, "[,¥￥元]", "").cast(pa.decimal128(18, 2))


def day(name: str) -> Plain:
    return Plain(MOMENT, {name: lambda texts: _moments(texts).cast(pa.date32(), safe=False)})


def moment(name: str, precision: str) -> Plain:
    def exactness(texts: pa.Array) -> pa.Array:
        at = _moments(texts)
        return pc.if_else(pc.equal(at, pc.floor_temporal(at, unit="day")), "day", "minute")

    return Plain(MOMENT, {name: _moments, precision: exactness})


def _moments(texts: pa.Array) -> pa.Array:
    return texts.cast(pa.timestamp("us"))
