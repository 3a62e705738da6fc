"""What a header says, whatever its width, case, brackets or unit: the words to look up, and how far two words differ."""

import re
import unicodedata
from typing import NamedTuple

from crmlib.intake.amounts import CURRENCIES
from crmlib.intake.spelling import simplify

_BRACKET = re.compile(r"[(\[【〔{<《]([^()\[\]【】〔〕{}<>《》]*)[)\]】〕}>》]")
_NUMBERED = re.compile(r"^\d{1,2}[.、)]\s*")
_AGAIN = re.compile(r"[·_]\d$")  # the second column of one name
_TAIL = re.compile(
    r"(?:[/:_,\s-]\s*|\bin\s+)((?:百|千|十)?[万亿]?元|[万亿]|%|(?:thousand|million|billion)s?)(?:\s+of)?(?:\s+\w{3})?$"
)
_GLUED = re.compile(r"((?:百|千|十)?[万亿]元|千元)$")

SCALES = {
    **dict.fromkeys(("千", "k", "thousand", "000"), 1_000),
    **dict.fromkeys(("万", "w"), 10_000),
    **dict.fromkeys(("十万",), 100_000),
    **dict.fromkeys(("百万", "m", "mn", "mio", "million"), 1_000_000),
    **dict.fromkeys(("千万",), 10_000_000),
    **dict.fromkeys(("亿",), 100_000_000),
    **dict.fromkeys(("bn", "billion"), 1_000_000_000),
    "%": 0.01,
}
MONTHS = {"年": 12, "year": 12, "季度": 3, "quarter": 3, "月": 1, "个月": 1, "month": 1}
_CURRENCY = {sign: code for code, signs in CURRENCIES.items() for sign in signs} | {"元": "CNY"}


class HeaderWord(NamedTuple):
    """`forms`: what to look up, the fullest first. `unit`: what one is worth (万元 10000, % 0.01; of months, 年 12).

    `halves`: the words on both sides of a stroke, 收货人/提货人.
    """

    forms: list[str]
    unit: int | float = 1
    months: int = 1
    currency: str = ""
    halves: tuple[str, ...] = ()


def squeeze(text: str) -> str:
    """The letters and digits of a header, small and narrow: all that two spellings of one word have in common."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def read_header(header: str) -> HeaderWord:
    text = _AGAIN.sub("", unicodedata.normalize("NFKC", header).casefold().strip())
    bare = _BRACKET.sub(" ", text).strip()
    tail = _TAIL.search(bare)
    shorter = _TAIL.sub("", bare) if tail else bare
    glued = _GLUED.search(shorter)
    said = [*_BRACKET.findall(text), *([tail[0]] if tail else []), *([glued[1]] if glued else [])]
    forms = [text, bare, shorter, _GLUED.sub("", shorter), _NUMBERED.sub("", shorter)]
    unit, months, currency = 1, 1, ""
    for words in said:
        scale, term, code = _unit(words)
        unit, months, currency = (scale if unit == 1 else unit), (term if months == 1 else months), currency or code
    keys = [squeeze(form) for form in forms]
    keys += [squeeze(simplify(form)) for form in forms if not form.isascii()]
    halves = tuple(squeeze(simplify(half)) for half in bare.split("/"))
    return HeaderWord(list(dict.fromkeys(key for key in keys if key)), unit, months, currency, halves)


def _unit(words: str) -> tuple[int | float, int, str]:
    """万元 → 10000; millions of USD → 1000000 and USD; 年 → 12 months."""
    words = re.sub(r"单位|货币|币种|\b(?:in|of|unit)\b|[\s:/_,'’-]", "", words)
    currency = next((code for sign, code in sorted(_CURRENCY.items(), key=lambda s: -len(s[0])) if sign in words), "")
    for sign in sorted(_CURRENCY, key=len, reverse=True):
        words = words.replace(sign, "")
    words = re.sub(r"(?<=\w{5})s$", "", words)
    return SCALES.get(words, 1), MONTHS.get(words, 1), currency


def distance(a: str, b: str, *, limit: int = 2) -> int:
    """Edits between two words: a letter more, less, another, or two that changed places. `limit` + 1 stands for more."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before, last = [], list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return min(last[-1], limit + 1)


def is_near(word: str, known: str) -> int:
    """How many edits lie between two long words that one slip of the keyboard explains; 0 where it does not.

    Digits differ for a reason (电话2, 2023年), and so do short words (订单日期, 到单日期), and Han words of which one has
    a letter more or another first one (应收款金额, 收款金额, 实收款金额).
    """
    han = not word.isascii()
    if han and (len(word) != len(known) or word[0] != known[0]):
        return 0
    allowed = 1 if len(word) >= (5 if han else 6) else 0
    allowed = 2 if not han and len(word) >= 12 else allowed
    if not allowed or re.sub(r"\D", "", word) != re.sub(r"\D", "", known):
        return 0
    far = distance(word, known, limit=allowed)
    return far if far <= allowed else 0
