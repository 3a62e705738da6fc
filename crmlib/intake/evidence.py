"""What speaks for two rows being one customer: names, numbers and places as keys, without placeholders and hubs."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.intake.cells import is_nothing, tidy
from crmlib.intake.codes import USCC_ALPHABET
from crmlib.intake.company import CompanyName, home_city, simplify, split_place
from crmlib.intake.naming import Name, PersonName, parse_names, parse_person
from crmlib.intake.people import parse_emails, parse_phones

NONE = -1  # a key that a row does not have

_KINDS = {
    "org": "org",
    "单位": "org",
    "企业": "org",
    "公司": "org",
    "person": "person",
    "个人": "person",
    "自然人": "person",
}
# One digit all along, a number counted up, the operator's own example: what is typed where a number must stand.
_PLACEHOLDER_PHONE = re.compile(
    r"^(?:\+?(\d)\1{6,}|1(\d)\2{9}|0\d{2,3}(\d)\3{6,}|\d{3,4}0{7,8}|13800138000|0?12345678(?:9|90|901|910)?)$"
)
_PLACEHOLDER_EMAIL = re.compile(r"^(?:test\d*|none|null|na|no|no-?reply|x{2,}|wu|zanwu)@")
_PLAIN_PHONE = re.compile(r"^(?:\+86 ?|\+86-|86)?(1\d\d)[ -]?(\d{4})[ -]?(\d{4})$|^(0\d{2,3})-?(\d{7,8})$")
_PLAIN_EMAIL = re.compile(r"^[a-z0-9_%+-]+(?:\.[a-z0-9_%+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+$")
_ID_NO = re.compile(r"^(?:[1-9]\d{14}|[1-9]\d{16}[\dX])$")


class Evidence(NamedTuple):
    """`rows`: one row per row, sorted by row id, all keys whole numbers and NONE (-1) where there is nothing.

    n name, c contact, label (who the row speaks of), core, initial (its first sign), trade, branch (0 head office), seat,
    registered, city, uscc, id_no, system, source_id, anchor, contact (NONE where masked), staff (contact of a company).
    `phones` and `emails`: r, value. `names`, `contacts`: what n and c stand for.
    `ignored`: kind, reason (HUB, PLACEHOLDER), mask, rows, names: values that are no evidence of anyone.
    """

    rows: pd.DataFrame
    phones: pd.DataFrame
    emails: pd.DataFrame
    names: list[Name]
    contacts: list[PersonName]
    ignored: pd.DataFrame


def gather_evidence(rows: pd.DataFrame, *, hub_names: int) -> Evidence:
    """`rows` as people typed them, sorted by row_id → keys. A missing column is a column of missing values."""
    n, names = _names(rows)
    c, contacts = _contacts(rows, n, names)
    trait = _traits(names)
    keys = pd.DataFrame({"r": np.arange(len(rows)), "n": n, "c": c, "label": np.where(n >= 0, n, -2 - c)})
    for key in ("core", "initial", "trade", "branch", "registered"):
        keys[key] = _look_up(trait[key], n)
    keys["seat"] = np.maximum(keys["branch"], 0)  # an unsaid branch is looked for at the head office
    keys["contact"] = _look_up(np.array([NONE if p.vague or len(p.full) < 2 else i for i, p in enumerate(contacts)]), c)
    keys["staff"] = np.where(keys["core"] >= 0, keys["contact"], NONE)
    keys["city"] = _cities(rows, _look_up(trait["city"], n))
    keys["uscc"] = _uscc(_texts(rows, "uscc"))
    keys["id_no"] = _codes(_texts(rows, "id_no"), lambda text: _full_id(text))
    keys["source_id"] = _codes(_texts(rows, "source_id"), tidy)
    keys["anchor"] = _codes(_texts(rows, "anchor"), tidy)
    keys["system"] = pd.factorize(_texts(rows, "system").fillna(_texts(rows, "source")).fillna(""))[0]
    who = _look_up(trait["who"], n)
    who = np.where(n >= 0, who, np.where(c >= 0, len(names) + c, NONE))
    phones, lost_phones = _values(_texts(rows, "phone"), "phone", who, hub_names)
    emails, lost_emails = _values(_texts(rows, "email"), "email", who, hub_names)
    return Evidence(keys, phones, emails, names, contacts, pd.concat([lost_phones, lost_emails], ignore_index=True))


def _texts(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column as text without blanks around it; numbers as a spreadsheet meant them (13800000000.0 is a phone)."""
    if column not in rows:
        return pd.Series(np.nan, index=rows.index, dtype="str")
    values = rows[column]
    if pd.api.types.is_float_dtype(values.dtype):
        values = values.astype("Int64") if (values.dropna() % 1 == 0).all() else values
    texts = values.astype("str").str.strip()
    return texts.mask(texts.isin(["", "nan", "None", "<NA>"]))


def _factorize(texts: pd.Series) -> tuple[np.ndarray, list[str]]:
    codes, distinct = pd.factorize(texts)
    return codes, [str(text) for text in distinct.tolist()]


def _names(rows: pd.DataFrame) -> tuple[np.ndarray, list[Name]]:
    """Each row's name as a number, and the names; spellings with one key are one name."""
    texts, kinds = _texts(rows, "name"), _texts(rows, "entity_type").str.lower().map(_KINDS).fillna("")
    codes, distinct = _factorize(texts)
    kind_codes, kind_words = _factorize(kinds)
    both, inverse = np.unique(np.where(codes < 0, NONE, codes * 4 + kind_codes), return_inverse=True)
    used = both[both >= 0]
    words = [distinct[i] for i in (used // 4).tolist()]
    parsed = parse_names(words, [kind_words[i] for i in (used % 4).tolist()])
    seen: dict[tuple[bool, str], int] = {}
    names: list[Name] = []
    number = np.full(len(both), NONE)
    for place, (word, name) in enumerate(zip(words, parsed, strict=True), start=len(both) - len(used)):
        if is_nothing(word) or not name.full:
            continue
        key = (isinstance(name, CompanyName), name.full)
        if key not in seen:
            seen[key] = len(names)
            names.append(name)
        number[place] = seen[key]
    return number[inverse], names


def _contacts(rows: pd.DataFrame, n: np.ndarray, names: Sequence[Name]) -> tuple[np.ndarray, list[PersonName]]:
    """Each row's person as a number: its contact, or the customer where that is a person."""
    codes, distinct = _factorize(_texts(rows, "contact_name"))
    contacts: list[PersonName] = []
    seen: dict[str, int] = {}

    def number(person: PersonName) -> int:
        if person.full not in seen:
            seen[person.full] = len(contacts)
            contacts.append(person)
        return seen[person.full]

    of_text = [NONE if is_nothing(text) else number(parse_person(text)) for text in distinct]
    of_name = [number(name) if isinstance(name, PersonName) else NONE for name in names]
    own, named = _look_up(np.array(of_text, dtype=np.int64), codes), _look_up(np.array(of_name, dtype=np.int64), n)
    return np.where(own >= 0, own, named), contacts


def _traits(names: Sequence[Name]) -> dict[str, np.ndarray]:
    """For each name the numbers of its parts; a person and a vague name have none."""
    companies = [name if isinstance(name, CompanyName) else None for name in names]
    whole = [name if name and not name.vague else None for name in companies]
    cores = [(name.core if name else None) for name in whole]
    people = [name.full if isinstance(name, PersonName) else (name.core or name.full) for name in names]
    return {
        "core": _number(cores),
        "initial": _number([core and core[0] for core in cores]),
        "trade": _number([name.trade or None if name else None for name in whole]),
        "branch": _number([name.branch if name else None for name in companies], first=""),
        "registered": np.array(
            [i if name and name.registered else NONE for i, name in enumerate(whole)], dtype=np.int64
        ),
        "city": np.array([name.city if name else "" for name in companies], dtype=object),
        "who": _number(people),
    }


def _number(texts: Sequence[str | None], first: str | None = None) -> np.ndarray:
    """Equal texts, equal numbers; None is NONE, `first` is 0."""
    codes = pd.factorize(np.array([*([first] if first is not None else []), *texts], dtype=object))[0]
    return codes[1:] if first is not None else codes


def _look_up(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """values[at], and nothing where `at` is NONE."""
    nothing = np.array([""], dtype=object) if values.dtype == object else np.array([NONE], dtype=np.int64)
    return np.concatenate([values, nothing])[at]


def _cities(rows: pd.DataFrame, of_name: np.ndarray) -> np.ndarray:
    """The city of each row: its own column, else the address, else the company's name, else a province that is a city."""
    city = _place(_texts(rows, "city"), keep=True)
    for texts in (_texts(rows, "address"), pd.Series(of_name, index=rows.index), _texts(rows, "province")):
        open_ = city == ""
        if open_.any():
            city = city.where(~open_, _place(texts.where(open_), keep=False))
    return pd.factorize(city.mask(city == ""))[0]


def _place(texts: pd.Series, *, keep: bool) -> pd.Series:
    """The city that each text begins with; `keep`: a place that we do not know stays what it is."""
    codes, distinct = _factorize(texts)
    places = []
    for text in distinct:
        plain = re.sub(r"\s+", "", simplify(text))
        _, city, _ = split_place(plain)
        places.append(
            home_city(city) or ("" if is_nothing(plain) or not keep else re.sub(r"(?<=..)[市县]$", "", plain))
        )
    return pd.Series(np.array([*places, ""], dtype=object)[codes], index=texts.index)


def _codes(texts: pd.Series, clean: Callable[[str], str]) -> np.ndarray:
    codes, distinct = _factorize(texts)
    cleaned = [clean(text) for text in distinct]
    return _look_up(_number([None if is_nothing(text) else text for text in cleaned]), codes)


def _full_id(text: str) -> str:
    """An identity number that was not masked; whether its check character fits is not asked here."""
    number = re.sub(r"[\s·-]", "", simplify(text)).upper()
    return number if _ID_NO.match(number) else ""


def _uscc(texts: pd.Series) -> np.ndarray:
    """Valid credit codes as numbers; all checked at once (GB 32100-2015: the weighted sum is a multiple of 31)."""
    codes, distinct = _factorize(texts.str.replace(r"[\s·-]", "", regex=True).str.upper())
    plain = np.array([text if len(text) == 18 and text.isascii() else "?" * 18 for text in distinct], dtype="S18")
    signs = np.full(256, 31)
    signs[np.frombuffer(USCC_ALPHABET.encode(), np.uint8)] = np.arange(31)
    digits = signs[plain.view(np.uint8).reshape(-1, 18)]
    weights = np.array([pow(3, place, 31) for place in range(17)] + [1])
    valid = (digits < 31).all(axis=1) & ((digits @ weights) % 31 == 0)
    return _look_up(np.where(valid, np.arange(len(valid)), NONE), codes)


def _values(texts: pd.Series, kind: str, who: np.ndarray, hub_names: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(r, value) for every phone or e-mail that points at somebody, and the ones that do not."""
    codes, distinct = _factorize(texts)
    split = _split_phones if kind == "phone" else _split_emails
    items = [split(text) for text in distinct]
    code = np.repeat(np.arange(len(items)), [len(each) for each in items])
    value, words = pd.factorize(np.array([item for each in items for item in each], dtype=object))
    of_rows = pd.DataFrame({"code": codes, "r": np.arange(len(texts))})
    found = of_rows.merge(pd.DataFrame({"code": code, "value": value}), on="code")[["r", "value"]].drop_duplicates()

    pairs = pd.DataFrame({"value": found["value"], "who": who[found["r"]]}).drop_duplicates()
    names = pairs[pairs["who"] >= 0].groupby("value").size().reindex(range(len(words)), fill_value=0).to_numpy()
    pattern = _PLACEHOLDER_PHONE if kind == "phone" else _PLACEHOLDER_EMAIL
    empty = np.array([bool(pattern.match(word)) for word in words], dtype=bool)
    reason = np.where(empty, "PLACEHOLDER", np.where(names > hub_names, "HUB", ""))
    lost = np.flatnonzero(reason != "")
    count = np.bincount(found["value"], minlength=len(words))
    ignored = pd.DataFrame(
        {"kind": kind, "reason": reason[lost], "mask": [_mask(kind, words[i]) for i in lost], "rows": count[lost], "names": names[lost]}
    )  # fmt: skip
    return found[reason[found["value"]] == ""].reset_index(drop=True), ignored.sort_values(["reason", "mask"])


def _split_phones(text: str) -> list[str]:
    """Numbers without extension; masked ones and the code names of numbers are nobody's."""
    if len(text) == 11 and text[0] == "1" and text.isdigit():
        return [text]
    plain = [_PLAIN_PHONE.match(part.strip()) for part in text.split(";")]
    if all(plain):
        return ["".join(filter(None, found.groups())) for found in plain if found]
    value = parse_phones(text).value or ""
    numbers = (number.split("-")[0] for number in value.split(";"))
    return [number for number in dict.fromkeys(numbers) if len(number) >= 7 and number.lstrip("+").isdigit()]


def _split_emails(text: str) -> list[str]:
    if _PLAIN_EMAIL.match(lower := text.lower()):
        return [lower]
    value = parse_emails(text).value or ""
    return [address for address in value.split(";") if address and "*" not in address]


def _mask(kind: str, value: str) -> str:
    from crmlib.masking import MASKS

    return MASKS[kind](value) or ""


def check_rows(rows: pd.DataFrame) -> None:
    """A row that nobody can name cannot be told from another."""
    if "row_id" not in rows:
        raise DataError("error.row_id_missing", found=", ".join(map(str, rows.columns)) or "–")
    if rows["row_id"].isna().any():
        raise DataError("error.row_id_empty", n=int(rows["row_id"].isna().sum()))
    if not rows["row_id"].is_unique:
        raise DataError("error.row_id_repeats", example=rows.loc[rows["row_id"].duplicated(), "row_id"].iloc[0])
