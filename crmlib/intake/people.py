"""How a person is named and reached: phones, e-mails, identity numbers and names, each in one spelling."""

import re
from datetime import date

import phonenumbers

from crmlib.intake.cells import (
    LONGEST,
    MISSING,
    Parsed,
    compact,
    is_nothing,
    narrow,
    parse_words,
    refuse,
    split_items,
    tidy,
)

JOIN = ";"  # several numbers or addresses in one cell, once standardised

_LABEL = re.compile(
    r"^(?:联系|办公|固定|移动|公司|手机|座机|热线)*(?:电话|手机|号码|座机|办|宅|tel|mobile|phone|mob|[tmoh])[:.]?(?=[\d+(])",
    re.I,
)
_COUNTRY = re.compile(r"^(?:\+|00)86-?|^86-?(?=1\d{10}$)")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)(\d{1,6})$", re.I)
_MASKED_PHONE = re.compile(r"^[\d+\-()]*[*x×＊]{2,}[\d*x×\-]*$|^\*+$", re.I)
_REMARK = re.compile(r"[(（][^()（）\d]+[)）]")  # 10012345678（微信同号）
_ALIAS = re.compile(r"^客户联系方式-?\d+$")  # the code names that some teams write instead of numbers
_MOBILE = re.compile(r"^1[0-9]{10}$", re.A)  # the shape alone: whether a number is in use is not for us to say
_LANDLINE = re.compile(r"^(0(?:10|2\d|[3-9]\d{2}))-?(\d{7,8})(?:-(\d{1,6}))?$")
_SERVICE = re.compile(r"^(?:[48]00-?\d{3,4}-?\d{3,4}|9[56]\d{3,4})$")
_LOCAL = re.compile(r"^[2-8]\d{6,7}(?:-\d{1,6})?$")
_FOREIGN = re.compile(r"^(?:\+|00)[1-9]\d{6,14}$")
_SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?E\+\d{1,3}$", re.I)

_EMAIL = re.compile(r"^[a-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64}@(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$")
_EMAIL_MASKED = re.compile(r"\*")

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


def parse_phones(text: str) -> Parsed:
    """One or several numbers, digits only, joined by ";". A landline keeps its area code, an extension follows "-".

    Numbers that came masked are kept as they came and noted: nobody can be recognised by them.
    """
    if _MOBILE.fullmatch(text):  # as most are
        return Parsed(text)
    if is_nothing(compact(text)):
        return MISSING
    if len(text) > LONGEST:
        return refuse("BAD_PHONE")
    found = [one for item in split_items(text, marks="、,，;；/／|｜\n或") for one in _phones_of(item)]
    numbers = [one.value for one in found if one.value]
    if not numbers:
        return found[0] if found else MISSING
    notes = [one.reason or one.note for one in found if one.reason or one.note]
    return Parsed(JOIN.join(dict.fromkeys(numbers)), note=notes[0] if notes else None)


def _phones_of(item: str) -> list[Parsed]:
    """Blanks may group one number's digits or stand between two numbers."""
    whole = parse_phone(item)
    if whole.reason and _REMARK.search(item):  # whose number it is, or what it is good for, is not kept: so it is said
        whole = parse_phone(_REMARK.sub("", item))
        whole = whole._replace(note=whole.value and (whole.note or "PHONE_REMARK"))
    parts = narrow(item).split()
    if whole.value or len(parts) == 1:
        return [whole]
    each = [parse_phone(part) for part in parts]
    return each if any(one.value for one in each) else [whole]


def parse_phone(text: str) -> Parsed:
    words = _LABEL.sub("", compact(text).strip(".:'’"))
    if is_nothing(words):
        return MISSING
    if _ALIAS.match(words) or (_MASKED_PHONE.match(words) and re.search(r"[*x×]", words, re.I)):
        return Parsed(words, note="ALREADY_MASKED")
    if _SCIENTIFIC.match(words):
        return refuse("ID_PRECISION_LOST")
    words = _EXTENSION.sub(r"-\1", re.sub(r"\.0$", "", words))
    words = re.sub(r"-{2,}", "-", re.sub(r"\(\+?(\d+)\)-?", r"\1-", words).replace("—", "-").replace("–", "-")).strip(
        "-"
    )
    if words.startswith("86-"):
        words = "+" + words
    if re.fullmatch(r"[\d+\-]+(?:\.\d{3,4}){2}", words):
        words = words.replace(".", "-")
    inland = _COUNTRY.sub("", words)
    digits = inland.replace("-", "")
    if inland != words and not digits.startswith(("0", "1", "400", "800")):
        inland, digits = "0" + inland, "0" + digits  # +86 21 … is dialled 021 … at home
    if _MOBILE.fullmatch(digits):
        return Parsed(digits)
    if _SERVICE.match(inland):
        return Parsed(digits)
    if landline := _LANDLINE.match(_one_dash_before_extension(inland)):
        area, number, extension = landline.groups()
        if len(number) == 8 or area not in ("010", "020", "021", "022", "023", "024", "025", "027", "028", "029"):
            return Parsed(area + number + (f"-{extension}" if extension else ""))
    if _LOCAL.match(inland):
        return Parsed(inland, note="PHONE_NO_AREA")
    foreign = re.sub(r"^00", "+", words.replace("-", "").replace(".", ""))
    if _FOREIGN.match(foreign) and not foreign.startswith("+86") and _possible(foreign):
        return Parsed(foreign)
    return refuse("BAD_PHONE")


def _one_dash_before_extension(words: str) -> str:
    """021-0234-5678 and 021-02345678-801: only a dash behind the whole number begins an extension."""
    head, *rest = words.split("-")
    if not head.startswith("0") or len(head) > 4 or not rest:
        return words
    number, extension = rest[0], rest[1:]
    if len(number) < 7 and extension:
        number, extension = number + extension[0], extension[1:]
    return "-".join([head + number, *extension])


def _possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def parse_emails(text: str) -> Parsed:
    """One or several addresses, lower case, joined by ";"."""
    words = narrow(text).lower()
    if is_nothing(words):
        return MISSING
    items = [re.sub(r"^(?:mailto:|e-?mail:|邮箱:)|[.,;:]+$", "", item) for item in _email_items(words)]
    good = [item for item in items if _EMAIL.match(item) and ".." not in item and "*" not in item]
    if good:
        return Parsed(JOIN.join(dict.fromkeys(good)), note="BAD_EMAIL" if len(good) < len(items) else None)
    masked = [item for item in items if _EMAIL_MASKED.search(item)]
    return (
        Parsed(JOIN.join(masked), note="ALREADY_MASKED")
        if masked and len(masked) == len(items)
        else refuse("BAD_EMAIL")
    )


def _email_items(words: str) -> list[str]:
    if inside := re.findall(r"<([^<>]+@[^<>]+)>", words):  # 张三 <zhang@example.com>
        return [one.strip() for one in inside]
    if words.count("@") == 1:
        return [words.replace(" ", "")]
    return [item for item in re.split(r"[;,、|/\s]+", words) if item]


def parse_id_no(text: str) -> Parsed:
    """A resident's identity number: 18 places with birth date and check character (GB 11643), or the old 15."""
    words = re.sub(r"[-·]", "", compact(text)).upper()
    if is_nothing(words):
        return MISSING
    if _SCIENTIFIC.match(words):
        return refuse("ID_PRECISION_LOST")
    if "*" in words:
        return Parsed(words, note="ALREADY_MASKED") if re.fullmatch(r"[0-9*]+X?", words) else refuse("BAD_ID_NO")
    if re.fullmatch(r"[1-9][0-9]{5}[0-9]{6}[0-9]{3}", words) and _is_day("19" + words[6:12]):
        return Parsed(words)
    if re.fullmatch(r"[1-9][0-9]{16}[0-9X]", words) and _is_day(words[6:14]):
        rest = sum(int(digit) * weight for digit, weight in zip(words[:17], _ID_WEIGHTS, strict=True)) % 11
        if words[17] == _ID_CHECKS[rest]:
            return Parsed(words)
    return refuse("BAD_ID_NO")


def _is_day(digits: str) -> bool:
    try:
        return date.fromisoformat(digits) >= date(1880, 1, 1)
    except ValueError:
        return False


def parse_person(text: str) -> Parsed:
    """A name as typed. 张*, *经理 and 李某 came masked: they are kept, and are nobody's evidence."""
    name = parse_words(text)
    if name.value is None:
        return name
    return name._replace(note="NAME_MASKED") if is_masked_name(name.value) else name


def is_masked_name(name: str) -> bool:
    return bool(re.search(r"[*＊×╳]|^\w?某", tidy(name)))


def honorific_of(name: str) -> str | None:
    """张女士 → 女士, *经理 → 经理: how to address someone, where the name says so."""
    found = re.search(r"(?:先生|女士|小姐|经理|主任|总监|总)$", name)
    return found.group() if found and found.start() else None


def parse_handles(text: str) -> Parsed:
    """One or several accounts (微信, QQ, 钉钉), joined by ";"."""
    items = [item.replace(" ", "") for item in split_items(text)]
    if any(_SCIENTIFIC.match(item) for item in items):
        return refuse("ID_PRECISION_LOST")
    return Parsed(JOIN.join(items), note="ALREADY_MASKED" if "*" in text else None) if items else MISSING


def parse_key(text: str) -> Parsed:
    """An identifier: text without blanks around it. A spreadsheet that turned it into 4.4E+17 has lost it."""
    words = tidy(text).lstrip("'’")  # an apostrophe tells a spreadsheet that digits are text
    if is_nothing(words):
        return MISSING
    return refuse("ID_PRECISION_LOST") if _SCIENTIFIC.match(words) else Parsed(words)
