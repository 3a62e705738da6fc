"""One cell of text: what was typed, without the accidents of width and blanks; or nothing at all."""

import re
import unicodedata
from typing import Any, NamedTuple

LONGEST = 200  # no number, date or identifier is longer; a longer text is prose in the wrong column

# What people type where they have nothing to say. A bare zero is a value, not one of these.
NOTHING = frozenset(
    "- -- --- — —— – / \\ . 。 无 暂无 没有 未知 不详 未填 待补充 空 n/a na nan null none nil unknown".split()  # noqa: SIM905
)
NOT_CALCULATED = "#FORMULA!"  # our word for a formula that no program has calculated yet
_ERROR = re.compile(
    r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|UNKNOWN!|GETTING_DATA|FORMULA!)",
    re.IGNORECASE,
)
_INVISIBLE = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF]
)
_INVISIBLE |= {
    ord(blank): " " for blank in "\t\n\r\v\f\u00a0\u3000\u1680\u202f\u205f" + "".join(map(chr, range(0x2000, 0x200B)))
}
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0xFFE5: "¥", 0x2212: "-"}
# Chinese punctuation belongs to Chinese text; a registered name is written （上海）
_WIDE_IN_WORDS = {code: to for code, to in _WIDE.items() if chr(code) not in "（），：；！？"}
_ANY_WIDE = re.compile("[\uff01-\uff5e\uffe5\u2212]")


class Parsed(NamedTuple):
    """What a cell says. `reason`: why it cannot be read (then there is no value). `note`: read, but to be looked at."""

    value: Any = None
    reason: str | None = None
    note: str | None = None


MISSING = Parsed()


def refuse(reason: str) -> Parsed:
    return Parsed(None, reason)


def tidy(text: str) -> str:
    """Words as typed: invisible characters gone, runs of blanks one blank, wide letters and digits narrow."""
    if not text.isprintable():  # so is every text with an invisible character; most have none
        text = text.translate(_INVISIBLE)
    if _ANY_WIDE.search(text):
        text = text.translate(_WIDE_IN_WORDS)
    return " ".join(text.split())


def narrow(text: str) -> str:
    """Numbers, dates and codes: compatibility forms and wide punctuation narrow as well."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_WIDE))
    if not text.isprintable():
        text = text.translate(_INVISIBLE)
    return " ".join(text.split())


def compact(text: str) -> str:
    return narrow(text).replace(" ", "")


def is_nothing(text: str) -> bool:
    return not text or text.casefold() in NOTHING


def is_error(text: str) -> bool:
    """What a spreadsheet shows where a formula failed."""
    return text.lstrip()[:1] == "#" and bool(_ERROR.fullmatch(text.strip()))


def parse_words(text: str) -> Parsed:
    """Names and other short words."""
    words = tidy(text)
    return MISSING if is_nothing(words) else Parsed(words)


def parse_prose(text: str) -> Parsed:
    """Free text: kept whole, line breaks too; only blanks are nothing."""
    lines = (tidy(line) for line in text.splitlines())
    return Parsed("\n".join(line for line in lines if line) or None)


def split_items(text: str, *, marks: str = "、,，;；/／|｜\n") -> list[str]:
    """The items of a cell that holds several, in order, each once."""
    items = (tidy(item) for item in re.split(f"[{re.escape(marks)}]+", text))
    return list(dict.fromkeys(item for item in items if not is_nothing(item)))


def same_word(text: str) -> str:
    """The form in which two spellings of one word are equal: for looking up choices and names of things."""
    return re.sub(r"[\s_\-·.()/、]+", "", narrow(text)).casefold()
