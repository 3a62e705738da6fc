"""Masking: how a personal value is shown, and how one is found inside a text. Its only home."""

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

COMPOUND_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳上官司马诸葛东方皇甫尉迟公孙慕容令狐司徒司空夏侯端木长孙宇文轩辕独孤南宫西门东郭百里呼延闻人赫连澹台公冶宗政濮阳"
        "淳于单于太叔申屠仲孙钟离鲜于闾丘司寇子车颛孙巫马公西漆雕乐正壤驷公良拓跋夹谷宰父谷梁段干东野羊舌微生左丘梁丘第五"
        "歐陽諸葛東方尉遲公孫司馬長孫軒轅獨孤南宮西門鍾離鮮于",
    )
)
_TITLE = re.compile(
    r"(?:先生|女士|小姐|太太|(?:副?总)?经理|总监|主[任管]|[部科处院校店厂]长|助理|秘书|老[师板]|师傅|医生|律师|教授|工程师|会计"
    r"|董事长?|(?<=^.)[总工董])$"
)

_SEPARATORS = re.compile(r"(\s*[、,，;；|/\n]\s*)")
_NOT_DIGIT = re.compile(r"\D")
_HAN = re.compile(r"[\u3400-\u9fff]")


def mask_name(name: str | None, *, style: str = "surname_star", title: str = "") -> str | None:
    """张三 → 张*, 欧阳娜娜 → 欧阳*; in style "honorific" *经理, the title given or written behind the name.

    Several names in one cell are masked one by one. What is masked already stays. Company names are not for here.
    """
    return _each(name, lambda one: _one_name(one, style, title))


def mask_address(address: str | None) -> str | None:
    """The city or district stays, the rest goes."""

    def one(text: str) -> str:
        place = re.match(r".{2,12}?(?:市|区|县|州|盟|旗)", text)
        return text if "*" in text else (place.group() if place and place.end() < len(text) else "") + "***"

    return None if address is None else one(address.strip())


def _each(text: str | None, mask: Callable[[str], str]) -> str | None:
    if not isinstance(text, str):  # missing stays missing
        return text
    parts = _SEPARATORS.split(text.strip())
    return "".join(part if i % 2 else (mask(part) if part else part) for i, part in enumerate(parts))


def _one_name(name: str, style: str, title: str) -> str:
    name = name.replace("＊", "*")
    found = _TITLE.search(name)
    bare = name[: found.start()] if found and found.start() else name
    if style == "honorific":
        return "*" + (title or (found.group() if found and found.start() else ""))
    if not _HAN.search(bare):
        words = bare.split()
        return name if "*" in name else " ".join(w[0] + "*" for w in words) if len(bare) > 1 else "*"
    bare = re.sub(r"\s+", "", bare)
    if "*" in bare and all(len(run) < 2 or run in COMPOUND_SURNAMES for run in bare.split("*")):
        return name
    bare = bare.strip("*")
    if len(bare) == 1:
        return "*" if bare == name else bare + "*"
    return (bare[:2] if bare[:2] in COMPOUND_SURNAMES and len(bare) > 2 else bare[0]) + "*"


def _one_phone(phone: str) -> str:
    if "*" in phone:
        return phone
    number = re.sub(r"(?:转|ext\.?|#|(?<=\d{7})-)\s*\d{1,6}$", "", phone.translate(_WIDTH).strip(), flags=re.I)
    number = re.sub(r"^86[- ]?(?=1\d{10}$)|^(?:\+|00)\s*86[- ]?(?=1\d\d[- ]?\d{4}[- ]?\d{4}$)", "", number)
    number = re.sub(r"^(?:\+|00)\s*86[- ]?\(?0?", "0", number)
    area = re.match(r"\(?(0(?:10|2\d|[3-9]\d{2}))\)?[- ]?(?=[\d\- ]{7,10}$)", number)
    if area:
        return f"{area[1]}-{_ends(_NOT_DIGIT.sub('', number[area.end() :]), 0, 4)}"
    return _ends(_NOT_DIGIT.sub("", number), 3, 4)


def _one_email(email: str) -> str:
    local, at, domain = email.translate(_WIDTH).rpartition("@")
    if "*" in email:
        return email
    return (local[0] if len(local) > 1 else "") + "***" + at + domain if at else _ends(domain, 1, 0)


def _one_handle(handle: str) -> str:
    if "*" in handle:
        return handle
    if "@" in handle:
        return _one_email(handle)
    return _one_phone(handle) if re.fullmatch(r"\+?[\d\- ]{10,}", handle) else handle[:1] * (len(handle) > 1) + "***"


def _one_id(number: str) -> str:
    return number if "*" in number else _ends(number, 4, 4)


_ONE = {"phone": _one_phone, "landline": _one_phone, "email": _one_email, "id_no": _one_id, "im": _one_handle}
# phones and e-mails keep what is not personal, an id number its region and last four, a handle its first sign
MASKS: dict[str, Callable[[str | None], str | None]] = {
    "name": mask_name,
    "address": mask_address,
    **{kind: partial(_each, mask=one) for kind, one in _ONE.items()},
}


def _ends(text: str, head: int, tail: int) -> str:
    """The first and last characters, four stars between at least; all stars where too little would be hidden."""
    if len(text) < head + tail + 3:
        head, tail = (0, tail) if len(text) >= tail + 3 else (0, 0)
    stars = "*" * max(4, len(text) - head - tail)
    return text[:head] + stars + (text[-tail:] if tail else "")


# ── inside a text ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Span(NamedTuple):
    """One personal value in a text: phone, landline, email, id_no or im, and where it stands."""

    kind: str
    start: int
    end: int
    value: str


_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)}  # full-width forms, one for one, so that places stay
_WIDE = re.compile("[０-９＠＋（－]")
# What stands before or after tells a phone from a piece of an order number, an amount, a decimal or a hash.
_START = (
    r"(?:(?<![0-9A-Za-z_#¥$*])(?<![0-9A-Z]-)(?<!\d\.)|(?<=tel)|(?<=Tel)|(?<=TEL)|(?<=phone)|(?<=Phone)|(?<=mobile))"
)
_END = r"(?![0-9A-Za-z_*])(?!\.\d)(?!\s?(?:元|万|件|%))"
_AREA = r"(?:10|2\d|[3-9]\d{2})"
_DIGITS = re.compile(
    rf"(?P<phone>{_START}(?:(?:\+|00)\s?86[- ]?|86[- ]?(?=1[3-9]))?"
    rf"(?:1\d{{10}}|1\d\d-\d{{4}}-\d{{4}}|(?:(?<=86 )|(?<!\d ))1\d\d([ .])(?!(?:19|20)\d\d\2(?:19|20)\d\d)\d{{4}}\2\d{{4}}(?! \d)){_END})"
    rf"|(?P<landline>{_START}(?:(?:\+|00)\s?86[- ]?\(?0?{_AREA}\)?[- ]?\d{{3,4}}[- ]?\d{{4}}"
    rf"|\(?0{_AREA}(?:\)[- ]?|[- ])\d{{3,4}}[- ]?\d{{4}}|0{_AREA}[1-9]\d{{6,7}})(?:(?:-|转)\d{{1,6}})?{_END})"
    rf"|(?P<abroad>{_START}\+(?!86)[1-9]\d{{0,2}}[- ]\(?\d{{1,4}}\)?[- ]?\d{{3,4}}[- ]?\d{{3,4}}{_END})"
    rf"|(?P<id_no>(?<![0-9A-Za-z])(?!20|9[123])[1-9]\d{{5}}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    rf"\d{{3}}[\dXx](?![0-9A-Za-z]))"
)
_RUN = re.compile(r"[+(\d]{1,2}[\d\-. ()转]{8,}")  # where it is worth looking: finding this is fast
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,128}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"(?!(?:png|jpe?g|svg|gif|css|js|py|json|html)\b)[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_HANDLE = re.compile(
    r"(?i:(?:微信|wechat|weixin|vx)\s?(?:号码?|id|账号)?\s?[:：]\s?(?P<a>[a-z][-_a-z0-9]{5,19})(?![-_a-z0-9@.*]))"
    r"|(?i:qq\s?(?:号码?\s?[:：]?|[:：])\s?(?P<b>[1-9]\d{4,10})(?![0-9a-z@.]))"
)
_ORDER_WORD = re.compile(
    r"(?:订单|合同|发票|流水|运单|快递|工单|凭证|账单|单|编|序列)(?:编?号码?)?[\s:：#]*$|(?:order|invoice|contract)[\s:#]*$",
    re.I,
)
# RE2, which has no look-around, for whole columns: what cannot hold a personal value never reaches Python.
CANDIDATE = (
    r"@[0-9A-Za-z]|[＠０-９＋]"
    r"|(?:^|[^0-9])(?:86)?1[0-9]{10}(?:[^0-9]|$)|(?:^|[^0-9])1[0-9]{2}[- .][0-9]{4}[- .][0-9]{4}|(?:00 ?|\+)[1-9][0-9 -]{7}"
    r"|(?:^|[^0-9])0[1-9][0-9]{1,2}[)）]?[- －]?[0-9]{3,4}[- ]?[0-9]{4}"
    r"|(?:^|[^0-9A-Za-z])[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx](?:[^0-9A-Za-z]|$)"
    r"|(?i:微信|wechat|weixin|vx|qq).{0,6}[:：号]"
)


# The same in RE2 for the plain forms of a mobile number, and what becomes of them.
AT_ONCE = {"phone": (r"^(?:\+86[- ]?)?(1[0-9]{2})(?:[0-9]{4}|[- ][0-9]{4}[- ])([0-9]{4})$", r"\1****\2")}


def find_personal(text: str) -> list[Span]:
    """Phones, e-mails, id numbers and named handles in a text, from left to right; never masked ones.

    Order numbers, amounts, dates, credit codes and hashes are left alone. Names in prose are not found.
    """
    plain = text.translate(_WIDTH) if _WIDE.search(text) else text
    spans: list[Span] = []
    for kind, start, end in (*_emails(plain), *_numbers(plain), *_handles(plain)):
        if not any(start < other.end and other.start < end for other in spans):
            spans.append(Span(kind, start, end, text[start:end]))
    return sorted(spans, key=lambda span: span.start) if len(spans) > 1 else spans


def mask_text(text: str | None) -> str | None:
    """The same text, each personal value in it masked."""
    if not isinstance(text, str):
        return text
    at, parts = 0, []
    for span in find_personal(text):
        parts += [text[at : span.start], _ONE[span.kind](span.value.translate(_WIDTH))]
        at = span.end
    return "".join([*parts, text[at:]]) if parts else text


def mask_texts(texts: "pd.Series") -> "pd.Series":
    """mask_text for a column, through its distinct values."""
    return through_distinct(texts, mask_text, candidate=CANDIDATE)


def mask_column(kind: str, values: "pd.Series") -> "pd.Series":
    """One kind of value for a column, through its distinct values: mask_column("phone", contacts["phone"])."""
    return through_distinct(values, MASKS[kind], at_once=AT_ONCE.get(kind))


def holds_personal(texts: "pd.Series") -> bool:
    """Whether mask_texts would change anything."""
    import pyarrow as pa
    import pyarrow.compute as pc

    distinct = pc.unique(pa.array(texts, pa.large_string(), from_pandas=True))
    return any(map(find_personal, distinct.filter(pc.match_substring_regex(distinct, CANDIDATE)).to_pylist()))


def through_distinct(
    values: "pd.Series",
    change: Callable[[str], str | None],
    *,
    candidate: str = "",
    at_once: tuple[str, str] | None = None,
) -> "pd.Series":
    """A column with each distinct text changed once.

    `candidate` (RE2) says which texts may change at all; `at_once` (RE2 and its replacement) does to those that it fits
    what `change` would do.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(values, pa.large_string(), from_pandas=True)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = texts.dictionary_encode()
    distinct = encoded.dictionary
    wanted = pc.match_substring_regex(distinct, candidate)
    if at_once:
        fits = pc.match_substring_regex(distinct, at_once[0])
        distinct, wanted = pc.replace_substring_regex(distinct, *at_once), pc.and_not(wanted, fits)
    new = pa.array([change(text) for text in distinct.filter(wanted).to_pylist()], pa.large_string())
    changed = pc.replace_with_mask(distinct, wanted, new).take(encoded.indices)
    dtype = "str" if values.dtype == "category" else values.dtype
    return changed.to_pandas().set_axis(values.index).rename(values.name).astype(dtype)


def _emails(text: str) -> list[tuple[str, int, int]]:
    return [("email", *found.span()) for found in _EMAIL.finditer(text)] if "@" in text else []


def _numbers(text: str) -> list[tuple[str, int, int]]:
    spans = []
    for run in _RUN.finditer(text):
        for found in _DIGITS.finditer(text, run.start(), run.end() + 10):
            kind, value = str(found.lastgroup), found.group()
            if kind == "id_no" and not _is_id(value):
                continue
            if kind == "phone" and value[1] in "012" and _ORDER_WORD.search(text[: found.start()][-16:]):
                continue
            spans.append(("phone" if kind == "abroad" else kind, *found.span()))
    return spans


def _handles(text: str) -> list[tuple[str, int, int]]:
    return [("im", *found.span(found.lastgroup or 0)) for found in _HANDLE.finditer(text)]


def _is_id(number: str) -> bool:
    """A birth date that exists; eighteen digits whose only valid check digit is a credit code's are a company."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    own = "10X98765432"[sum(int(d) * 2 ** (17 - i) for i, d in enumerate(number[:17])) % 11]
    code = -sum(int(d) * 3**i for i, d in enumerate(number[:17])) % 31
    return own == number[17].upper() or str(code) != number[17]
