"""What speaks for two rows being one customer: names, numbers and places as keys, without placeholders."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.errors import DataError
from crmlib.intake.cells import NOTHING, tidy
from crmlib.intake.codes import USCC_ALPHABET
from crmlib.intake.columns import distinct, is_rising, whole
from crmlib.intake.naming import Names, are_companies, parse_names, parse_people
from crmlib.intake.points import Points, are, gather_emails, gather_phones, set_apart
from crmlib.intake.regions import home_city, split_place
from crmlib.intake.spelling import BLANKS, simplify, simplify_all
from crmlib.intake.uniting import hold_several

NONE = -1  # a key that a row does not have

_COMPANIES, _PEOPLE = pa.array(["org", "单位", "企业", "公司"]), pa.array(["person", "个人", "自然人"])
_LATIN_COMPANY = r"(?i)\b(?:inc|ltd|llc|co|corp|gmbh|plc|limited|company|group|shop|store|bank|school)\b"
_NOTHING = pa.array([*NOTHING, "", "<na>"])
_ID_NO = re.compile(r"^(?:[1-9]\d{14}|[1-9]\d{16}[\dX])$")


class Evidence(NamedTuple):
    """`rows`: one row per row, sorted by row id, all keys whole numbers and NONE (-1) where there is nothing.

    n name, c contact, label (who the row speaks of), who (the same, spellings aside), core, mark, initial (its first sign), trade,
    whole (core of a registered name), branch (0 head office), seat, registered, city, uscc, id_no, system, source_id, anchor, contact (NONE where masked),
    staff (contact of a company). `points`: phones and e-mails of few customers, `hubs`: of many, `nobody`: placeholders; the last two
    are no evidence of anyone. `names`, `contacts`, `words`: what n, c and the other keys stand for.
    """

    rows: pd.DataFrame
    points: dict[str, Points]
    hubs: dict[str, Points]
    nobody: dict[str, Points]
    names: Names
    contacts: list[str]
    words: dict[str, pa.Array]


AreHubs = Callable[[str, pa.Array], np.ndarray]
FEW_ROWS = 20_000  # among more rows than this two companies share a 字号 of two signs by chance more often than not


def gather_evidence(
    rows: pd.DataFrame, *, hub_names: int, in_all: int | None = None, are_hubs: AreHubs | None = None
) -> Evidence:
    """`rows` as people typed them, sorted by row_id → keys. A missing column is a column of missing values.

    `in_all`: how many rows there are, where these are some of them; `are_hubs(kind, words)`: which numbers are hubs there.
    """
    n, names = _names(rows)
    c, contacts = _contacts(rows, n, names)
    keys, words = {"r": np.arange(len(rows)), "n": n, "c": c, "label": np.where(n >= 0, n, -2 - c)}, {}
    known = pc.invert(names.table["vague"])
    parts = {
        "mark": _there(names.table["mark"], pc.and_(known, pc.greater(pc.utf8_length(names.table["mark"]), 1))),
        "trade": _there(names.table["trade"], known),
        "branch": pa.concat_arrays([pa.array([""]), names.table["branch"].combine_chunks()]),
        "city": names.table["city"],
        "title": _there(names.table["full"], names.table["registered"]),
    }
    for key, texts in parts.items():
        codes, words[key] = distinct(texts)
        keys[key] = _look_up(codes[1:] if key == "branch" else codes, n)
    cores = _there(names.table["core"], True)
    who, words["who"] = distinct(pc.coalesce(cores, names.table["full"]))
    keys["who"] = np.where(n >= 0, _look_up(who, n), np.where(c >= 0, len(words["who"]) + c, NONE))
    words["core"] = words["who"]
    keys["core"] = np.where(_holds(pc.and_(known, pc.is_valid(cores)), n), keys["who"], NONE)
    first, words["initial"] = distinct(pc.utf8_slice_codeunits(words["core"], 0, 1))
    keys["initial"] = _look_up(first, keys["core"])
    few = max(len(rows), in_all or 0) <= FEW_ROWS
    rare = pc.or_(pc.greater(pc.utf8_length(names.table["mark"]), 2), few).fill_null(False)
    keys["rare"] = np.where(_holds(rare, n), keys["core"], NONE)
    keys["whole"] = np.where(keys["title"] >= 0, keys["core"], NONE)
    keys["seat"] = np.maximum(keys["branch"], 0)  # an unsaid branch is looked for at the head office
    nobody = np.array(["*" in person or len(person) < 2 for person in contacts], dtype=bool)
    keys["contact"] = _look_up(np.where(nobody, NONE, np.arange(len(contacts))), c)
    keys["staff"] = np.where(keys["core"] >= 0, keys["contact"], NONE)
    keys["city"], words["city"] = _cities(rows, words["city"], keys["city"])
    placed = _holds(pc.not_equal(names.table["province"], ""), n)
    keys["registered"] = _telling(keys["title"], keys["city"], placed | (keys["rare"] >= 0), placed)
    keys["uscc"], words["uscc"] = number_credit_codes(column(rows, "uscc"))
    for key, clean in (("id_no", _full_id), ("source_id", tidy), ("anchor", tidy)):
        keys[key], words[key] = _read(rows, key, clean)
    system = pc.fill_null(pc.coalesce(column(rows, "system"), column(rows, "source")), "")
    keys["system"], words["system"] = distinct(system)
    typed = {"phone": gather_phones(column(rows, "phone")), "email": gather_emails(column(rows, "email"))}
    parted = {
        kind: set_apart(points, keys["who"], kind, hub_names=hub_names, are_hubs=are_hubs)
        for kind, points in typed.items()
    }
    points, hubs, nobody = ({kind: parts[i] for kind, parts in parted.items()} for i in range(3))
    return Evidence(pd.DataFrame(keys, copy=False), points, hubs, nobody, names, contacts, words)


def column(rows: pd.DataFrame, name: str) -> pa.Array:
    """A column as text without blanks around it, missing where it says nothing; 13800000000.0 is a number of a sheet."""
    return _said(_raw(rows, name))


def _raw(rows: pd.DataFrame, name: str) -> pa.Array:
    if name not in rows:
        return pa.nulls(len(rows), pa.string())
    values = rows[name]
    if pd.api.types.is_float_dtype(values.dtype):
        values = values.astype("Int64") if (values.dropna() % 1 == 0).all() else values
    return whole(values.astype("str"))


def _said(texts: pa.Array) -> pa.Array:
    texts = pc.utf8_trim_whitespace(texts)
    may_be = pc.less_equal(pc.binary_length(texts), pc.max(pc.binary_length(_NOTHING)))
    short = texts.filter(may_be)
    nothing = pc.is_in(pc.utf8_lower(short), value_set=_NOTHING)
    return pc.replace_with_mask(texts, may_be, pc.if_else(nothing, pa.scalar(None, pa.string()), short))


def _typed(rows: pd.DataFrame, name: str) -> tuple[np.ndarray, pa.Array]:
    """A column as numbers, and what was typed: each different text once, but for the blanks around it."""
    codes, typed = distinct(_raw(rows, name))
    said = _said(typed)
    return _look_up(np.where(are(said.is_valid()), np.arange(len(said)), NONE), codes), said.fill_null("")


def _read(rows: pd.DataFrame, name: str, clean: Callable[[str], str]) -> tuple[np.ndarray, pa.Array]:
    """A column as numbers, after each different text is made clean; what is empty then is missing."""
    codes, typed = _typed(rows, name)
    cleaned, words = distinct(pa.array([clean(text) or None for text in typed.to_pylist()], pa.string()))
    return _look_up(cleaned, codes), words


def _look_up(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """values[at], and nothing where `at` is NONE."""
    return np.append(values, NONE)[at]


def _holds(flags: pa.Array | pa.ChunkedArray, at: np.ndarray) -> np.ndarray:
    return np.append(np.asarray(flags.fill_null(False)), False)[at]


def _telling(registered: np.ndarray, city: np.ndarray, telling: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """示例科技有限公司 without its place is nobody's full name where it is common, or found in two cities."""
    some = (city >= 0) & ~placed
    common = hold_several(registered[some], city[some], registered.max(initial=NONE) + 2)  # the last is NONE's
    return np.where(telling & ~common[registered], registered, NONE)


def _there(texts: pa.ChunkedArray, mask: pa.ChunkedArray | bool) -> pa.ChunkedArray:
    return pc.if_else(pc.and_(mask, pc.not_equal(texts, "")), texts, pa.scalar(None, pa.string()))


def _names(rows: pd.DataFrame) -> tuple[np.ndarray, Names]:
    """Each row's name as a number, and the names. A shop that is called a person is a shop."""
    codes, typed = _typed(rows, "name")
    kinds, kind_words = _typed(rows, "entity_type")
    kind_words = pc.utf8_lower(kind_words)
    is_org = _holds(pc.is_in(kind_words, value_set=_COMPANIES), kinds)
    asked = np.unique(codes[~is_org & (codes >= 0)])
    by_name = np.zeros(len(typed), bool)
    by_name[asked] = are_companies(typed.take(pa.array(asked)))
    is_org |= _holds(pa.array(by_name), codes)
    latin = pc.string_is_ascii(typed)
    shops = pc.match_substring_regex(typed.filter(latin), _LATIN_COMPANY)
    latin = pc.replace_with_mask(latin, latin, pc.invert(shops))
    is_org &= ~(_holds(pc.is_in(kind_words, value_set=_PEOPLE), kinds) & _holds(latin, codes))
    both = np.where(codes < 0, 0, codes * 2 + is_org + 1)
    used = np.flatnonzero(np.bincount(both)[1:])
    place, names = parse_names(typed.take(pa.array(used // 2)), used % 2 == 1)
    number = np.full(2 * len(typed) + 1, NONE)
    number[used + 1] = np.where(pc.equal(names.table["full"], "").to_numpy()[place], NONE, place)
    return number[both], names


def _contacts(rows: pd.DataFrame, n: np.ndarray, names: Names) -> tuple[np.ndarray, list[str]]:
    """Each row's person as a number: its contact, or the customer where that is a person."""
    codes, typed = _typed(rows, "contact_name")
    read = parse_people(typed)
    people = names.table["full"].slice(names.companies).combine_chunks()
    numbers, contacts = distinct(_there(pa.concat_arrays([read, people]), True))
    of_name = np.append(np.full(names.companies, NONE), numbers[len(read) :])
    own, named = _look_up(numbers[: len(read)], codes), _look_up(of_name, n)
    return np.where(own >= 0, own, named), contacts.to_pylist()


def _cities(rows: pd.DataFrame, words: pa.Array, of_name: np.ndarray) -> tuple[np.ndarray, pa.Array]:
    """The city of each row: its own column, else the address, else the company's name, else a province that is a city."""
    found = _places(*_typed(rows, "city"), keep=True)
    for codes, texts in (_typed(rows, "address"), (of_name, words), _typed(rows, "province")):
        found = pc.coalesce(found, _places(np.where(are(found.is_null()), codes, NONE), texts, keep=False))
    return distinct(found)


def _places(codes: np.ndarray, texts: pa.Array, *, keep: bool) -> pa.Array:
    """The city that the text of each row begins with; `keep`: a place that we do not know stays what it is."""
    used = np.flatnonzero(np.bincount(codes + 1, minlength=len(texts) + 1)[1:])
    places = np.full(len(texts), None, object)
    for at, text in zip(used, simplify_all(texts.take(pa.array(used)), drop=BLANKS).to_pylist(), strict=True):
        city = home_city(split_place(text)[1])
        places[at] = city or (re.sub(r"(?<=..)[市县]$", "", text) if keep else "") or None
    return pa.array(places, pa.string()).take(pa.array(codes, mask=codes < 0))


def _full_id(text: str) -> str:
    """An identity number that was not masked; whether its check character fits is not asked here."""
    number = re.sub(r"[\s·-]", "", simplify(text)).upper()
    return number if _ID_NO.match(number) else ""


def number_credit_codes(texts: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Valid credit codes as numbers; all checked at once (GB 32100-2015: the weighted sum is a multiple of 31)."""
    codes, typed = distinct(pc.utf8_upper(pc.replace_substring_regex(texts, r"[\s·-]", "")))
    shaped = are(pc.match_substring_regex(typed, "^[0-9A-Z]{18}$"))
    plain = pc.cast(typed.filter(pa.array(shaped)), pa.binary()).cast(pa.binary(18))
    signs = np.full(256, 31)
    signs[np.frombuffer(USCC_ALPHABET.encode(), np.uint8)] = np.arange(31)
    digits = signs[np.frombuffer(plain.buffers()[1], np.uint8, 18 * len(plain)).reshape(-1, 18)]
    weights = np.array([pow(3, place, 31) for place in range(17)] + [1])
    valid = shaped.copy()
    valid[shaped] = (digits < 31).all(axis=1) & ((digits @ weights) % 31 == 0)
    return _look_up(np.where(valid, np.arange(len(valid)), NONE), codes), typed


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows sorted by row_id. Raises DataError for a row that nobody can name: it cannot be told from another."""
    if "row_id" not in rows:
        raise DataError("error.row_id_missing", found=", ".join(map(str, rows.columns)) or "–")
    if rows["row_id"].isna().any():
        raise DataError("error.row_id_empty", n=int(rows["row_id"].isna().sum()))
    if is_rising(rows["row_id"]):
        return rows.reset_index(drop=True)
    if not rows["row_id"].is_unique:
        raise DataError("error.row_id_repeats", example=rows.loc[rows["row_id"].duplicated(), "row_id"].iloc[0])
    return rows.sort_values("row_id", ignore_index=True)
