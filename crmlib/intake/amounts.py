"""Numbers, exact to the last cent: units, currencies and Chinese numerals are read; a band is not an amount."""

import re
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from crmlib.intake.cells import LONGEST, MISSING, Parsed, compact, is_nothing, narrow, refuse

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 15  # what DECIMAL(18,2) holds, with room for sums

UNITS = {
    "": Decimal(1),
    **{sign: Decimal(1) for sign in ("元", "圆", "块")},
    **{sign: Decimal("0.1") for sign in ("角", "毛")},
    "分": Decimal("0.01"),
    **dict.fromkeys(("百", "佰"), Decimal(100)),
    **dict.fromkeys(("千", "仟", "k"), Decimal(1000)),
    **dict.fromkeys(("万", "萬", "w"), Decimal(10_000)),
    **dict.fromkeys(("百万", "m"), Decimal(1_000_000)),
    "千万": Decimal(10_000_000),
    **dict.fromkeys(("亿", "億"), Decimal(100_000_000)),
}
CURRENCIES = {
    "CNY": ("人民币", "rmb", "cny", "¥", "￥"),
    "USD": ("us$", "usd", "$", "美元", "美金"),
    "EUR": ("eur", "€", "欧元"),
    "GBP": ("gbp", "£", "英镑"),
    "HKD": ("hk$", "hkd", "港元", "港币"),
    "JPY": ("jpy", "日元", "円"),
    "TWD": ("nt$", "twd", "新台币", "台币"),
}
_SIGNS = sorted(((sign, code) for code, signs in CURRENCIES.items() for sign in signs), key=lambda pair: -len(pair[0]))
_SIGN = re.compile("|".join(re.escape(sign) for sign, _ in _SIGNS))
_CURRENCY_OF = dict(_SIGNS)

_PLAIN = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(rf"^(?:{_PLAIN})$")
_SCIENTIFIC = re.compile(r"^\d+(?:\.\d+)?e[+-]?\d{1,2}$")
_UNIT = "|".join(sorted((re.escape(unit) for unit in UNITS if unit), key=len, reverse=True))
_TERM = re.compile(rf"({_PLAIN})({_UNIT}|$)")
_ABOUT = re.compile(r"^(?:大约|大概|约|近|~|≈)|(?:左右|上下)$")
_BAND = re.compile(
    r"\d(?:[万千亿元]*)(?:-|~|～|—|–|至|到)\d|以上|以下|以内|以里|不足|不到|[大小高低]于|少于|超过?|多|至少|最多|余|[<>≥≤+]|起$"
)

_HAN_DIGITS = {sign: n for n, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億貳參陸圆〇", "一二三四五六七八九十百千万亿二三六元零")
_D = "[一二两三四五六七八九]"
_HAN_SECTION = rf"(?:{_D}千)?零?(?:{_D}百)?零?(?:{_D}?十)?零?{_D}?"
_HAN = re.compile(rf"^(?:(?P<yi>{_HAN_SECTION})亿)?零?(?:(?P<wan>{_HAN_SECTION})万)?(?P<one>{_HAN_SECTION}|零)$")
_HAN_MONEY = re.compile(rf"^(?P<yuan>[^元角分]*?)元?(?:零?(?P<jiao>{_D})角)?(?:零?(?P<fen>{_D})分)?[整正]?$")


def parse_amount(text: str, *, unit: Decimal = Decimal(1), currency: str = "CNY") -> Parsed:
    """Money in yuan (or in `currency`), 2 places, half a cent up. A unit in the cell beats the column's `unit`."""
    exact = parse_number(text, unit=unit, currency=currency)
    if exact.value is None:
        return exact
    return exact._replace(value=exact.value.quantize(CENT, ROUND_HALF_UP))


def parse_number(text: str, *, unit: Decimal = Decimal(1), currency: str = "CNY") -> Parsed:
    """The same with every place that was written, for prices and quantities."""
    words = compact(text).lower()
    if is_nothing(words):
        return MISSING
    if len(words) > LONGEST or re.search(r"\d \d(?!\d{2}(?!\d))", narrow(text)):  # 1 234 is grouped, 1 2 is two numbers
        return refuse("AMOUNT_NOT_NUMBER")
    words, note = without_about(words)
    words, negative = _without_sign(words)
    named = {_CURRENCY_OF[sign] for sign in _SIGN.findall(words)}
    if named - {currency}:
        return refuse("AMOUNT_OTHER_CURRENCY")
    words, negative_inside = _without_sign(_SIGN.sub("", words))
    if negative and negative_inside:
        return refuse("AMOUNT_NOT_NUMBER")
    if _SCIENTIFIC.match(words):  # a spreadsheet shows 1.23E+05 when the column is too narrow: the rest may be lost
        value, note = Decimal(words) * unit, "APPROXIMATE"
    elif _BAND.search(words):
        return refuse("AMOUNT_IS_BAND")
    else:
        value = _from_digits(words, unit) if words[:1].isdigit() or words[:1] == "." else _from_han(words, unit)
    if value is None:
        return refuse("AMOUNT_NOT_NUMBER")
    if value >= LARGEST:
        return refuse("AMOUNT_TOO_LARGE")
    return Parsed(-value if negative or negative_inside else value, note=note)


def parse_quantity(text: str, *, unit: Decimal = Decimal(1)) -> Parsed:
    """A number; a counter word behind it (3台) is left off."""
    return parse_number(re.sub(r"(?<=\d)[个件台套名次箱只份人天家项盒瓶张]$", "", narrow(text)), unit=unit)


def parse_integer(text: str, *, unit: Decimal = Decimal(1)) -> Parsed:
    """A whole number."""
    number = parse_quantity(text, unit=unit)
    if number.reason:
        return refuse("NOT_INTEGER")
    if number.value is None:
        return MISSING
    return Parsed(int(number.value), note=number.note) if number.value == int(number.value) else refuse("NOT_INTEGER")


def parse_share(text: str, *, unit: Decimal = Decimal(1)) -> Parsed:
    """85% → 0.85, and 85 in a column of per cent. Else a bare number above 1 does not say what it is."""
    words = compact(text)
    percent = re.fullmatch(r"(.*?)[%‰]", words)
    number = parse_number(percent[1]) if percent else parse_number(words, unit=unit)
    if number.value is None:
        return refuse("SHARE_UNCLEAR") if number.reason or percent else MISSING
    if percent:
        return Parsed(number.value / (1000 if words.endswith("‰") else 100), note=number.note)
    return number if abs(number.value) <= 1 else refuse("SHARE_UNCLEAR")


def parse_score(text: str) -> Parsed:
    """4.2, 4.2分, 4星, 4/5: the points; whether the scale has so many is for the checks."""
    return parse_number(re.sub(r"(?:分|星|/5|/10|/100)$", "", compact(text)))


def without_about(words: str) -> tuple[str, str | None]:
    exact = _ABOUT.sub("", words)
    return exact, "APPROXIMATE" if exact != words else None


def _without_sign(words: str) -> tuple[str, bool]:
    """-5, 5-, (5) and 负5 are what accountants write for less than nothing."""
    if words[:1] in "-负" and words:
        return words[1:], True
    if words.startswith("(") and words.endswith(")"):
        return words[1:-1], True
    if words.endswith("-"):
        return words[:-1], True
    return words.removeprefix("+"), False


def _from_digits(words: str, unit: Decimal) -> Decimal | None:
    """3.2万, 1亿2000万, 12元5角: units fall from left to right; 元 may follow the last."""
    words = re.sub(r"[整正]$", "", words)
    if _NUMBER.match(words):
        return _decimal(words) * unit
    words = re.sub(r"(?<=[百佰千仟万萬亿億kmw])[元圆块]$", "", words)
    terms = _TERM.findall(words)
    if "".join(number + name for number, name in terms) != words or not terms[-1][1]:
        return None  # 3万5 is 35,000 to one reader and 30,005 to another
    sizes = [UNITS[name] for _, name in terms]
    if any(later >= earlier for earlier, later in pairwise(sizes)):
        return None
    return sum((_decimal(number) * size for (number, _), size in zip(terms, sizes, strict=True)), Decimal(0))


def _decimal(number: str) -> Decimal:
    return Decimal(number.replace(",", "").rstrip(".") or "0")


def _from_han(words: str, unit: Decimal) -> Decimal | None:
    """三万五千, 壹拾万元整, 叁元伍角. Refuses 三万五 and 一百五: two readers, two numbers."""
    money = _HAN_MONEY.match(words.translate(_HAN_FORMAL))
    if not money:
        return None
    yuan = 0 if money["yuan"] == "" and (money["jiao"] or money["fen"]) else _han_integer(money["yuan"])
    if yuan is None:
        return None
    cents = 10 * _HAN_DIGITS[money["jiao"] or "零"] + _HAN_DIGITS[money["fen"] or "零"]
    says_unit = bool(cents or re.search("[元圆万萬亿億]", words))
    return (yuan + Decimal(cents) / 100) * (1 if says_unit else unit)


def _han_integer(words: str) -> int | None:
    found = _HAN.match(words)
    if not words or not found or re.search(rf"[百千万亿]{_D}$", words) or any(found[k] == "" for k in ("yi", "wan")):
        return None
    return sum(_han_section(found[name] or "") * size for name, size in (("yi", 10**8), ("wan", 10**4), ("one", 1)))


def _han_section(words: str) -> int:
    total = digit = 0
    for sign in words:
        if size := {"十": 10, "百": 100, "千": 1000}.get(sign):
            total, digit = total + (digit or 1) * size, 0
        else:
            digit = _HAN_DIGITS[sign]
    return total + digit
