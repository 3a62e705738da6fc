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
from crmlib.intake.naming import Names, are_companies, parse_names, parse_person
from crmlib.intake.points import Points, gather_emails, gather_phones, set_apart
from crmlib.intake.regions import home_city, split_place
from crmlib.intake.spelling import simplify

NONE = -1  # a key that a row does not have

_COMPANIES, _PEOPLE = pa.array(["org", "单位", "企业", "公司"]), pa.array(["person", "个人", "自然人"])
_LATIN = r"^[ -~]+$"
_LATIN_COMPANY = r"(?i)\b(?:inc|ltd|llc|co|corp|gmbh|plc|limited|company|group|shop|store|bank|school)\b"
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
        "core": _there(names.table["core"], known),
        "mark": _there(names.table["mark"], pc.and_(known, pc.greater(pc.utf8_length(names.table["mark"]), 1))),
        "trade": _there(names.table["trade"], known),
        "initial": _there(pc.utf8_slice_codeunits(names.table["core"], 0, 1), known),
        "branch": pa.concat_arrays([pa.array([""]), names.table["branch"].combine_chunks()]),
        "who": pc.coalesce(_there(names.table["core"], pc.not_equal(names.table["core"], "")), names.table["full"]),
        "city": names.table["city"],
    }
    for key, texts in parts.items():
        codes, words[key] = _code(texts)
        keys[key] = _look_up(codes[1:] if key == "branch" else codes, n)
    keys["who"] = np.where(n >= 0, keys["who"], np.where(c >= 0, len(words["who"]) + c, NONE))
    few = max(len(rows), in_all or 0) <= FEW_ROWS
    rare = pc.or_(pc.greater(pc.utf8_length(names.table["mark"]), 2), few).fill_null(False)
    keys["rare"] = np.where(_holds(rare, n), keys["core"], NONE)
    registered = names.table["registered"].fill_null(False).to_numpy()
    titles, words["title"] = _code(names.table["full"])
    keys["title"] = _look_up(np.where(registered, titles, NONE), n)
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
        keys[key], words[key] = _clean(column(rows, key), clean)
    system = pc.fill_null(pc.coalesce(column(rows, "system"), column(rows, "source")), "")
    keys["system"], words["system"] = _code(system)
    typed = {"phone": gather_phones(column(rows, "phone")), "email": gather_emails(column(rows, "email"))}
    parted = {
        kind: set_apart(points, keys["who"], kind, hub_names=hub_names, are_hubs=are_hubs)
        for kind, points in typed.items()
    }
    points, hubs, nobody = ({kind: parts[i] for kind, parts in parted.items()} for i in range(3))
    return Evidence(pd.DataFrame(keys, copy=False), points, hubs, nobody, names, contacts, words)


def column(rows: pd.DataFrame, name: str) -> pa.Array:
    """A column as text without blanks around it, missing where it says nothing; 13800000000.0 is a number of a sheet."""
    if name not in rows:
        return pa.nulls(len(rows), pa.string())
    values = rows[name]
    if pd.api.types.is_float_dtype(values.dtype):
        values = values.astype("Int64") if (values.dropna() % 1 == 0).all() else values
    texts = pa.array(values.astype("str"), pa.string(), from_pandas=True)
    texts = pc.utf8_trim_whitespace(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)
    nothing = pc.is_in(pc.utf8_lower(texts), value_set=pa.array([*NOTHING, "", "<na>"]))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), texts)


def _code(texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Equal texts, equal numbers, in the order in which they come; missing is NONE."""
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    coded = texts.dictionary_encode()
    return coded.indices.fill_null(NONE).to_numpy().astype(np.int64), coded.dictionary


def _clean(texts: pa.Array, clean: Callable[[str], str]) -> tuple[np.ndarray, pa.Array]:
    """The same, after each different text is made clean; what is empty then is missing."""
    codes, distinct = _code(texts)
    cleaned, words = _code(pa.array([clean(text) or None for text in distinct.to_pylist()], pa.string()))
    return _look_up(cleaned, codes), words


def _look_up(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """values[at], and nothing where `at` is NONE."""
    return np.append(values, NONE)[at]


def _holds(flags: pa.Array | pa.ChunkedArray, at: np.ndarray) -> np.ndarray:
    return np.append(np.asarray(flags.fill_null(False)), False)[at]


def _telling(registered: np.ndarray, city: np.ndarray, telling: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """示例科技有限公司 without its place is nobody's full name where it is common, or found in two cities."""
    cities = pd.DataFrame({"name": registered, "city": city})[(city >= 0) & ~placed].drop_duplicates()["name"]
    common = np.zeros(registered.max(initial=NONE) + 2, bool)  # the last is NONE's
    common[cities[cities.duplicated()]] = True
    return np.where(telling & ~common[registered], registered, NONE)


def _there(texts: pa.ChunkedArray, mask: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.and_(mask, pc.not_equal(texts, "")), texts, pa.scalar(None, pa.string()))


def _names(rows: pd.DataFrame) -> tuple[np.ndarray, Names]:
    """Each row's name as a number, and the names. A shop that is called a person is a shop."""
    codes, distinct = _code(column(rows, "name"))
    kinds, kind_words = _code(pc.utf8_lower(column(rows, "entity_type")))
    is_org = _holds(pc.is_in(kind_words, value_set=_COMPANIES), kinds)
    asked = np.unique(codes[~is_org & (codes >= 0)])
    by_name = np.zeros(len(distinct), bool)
    by_name[asked] = are_companies(distinct.take(pa.array(asked)))
    is_org |= _holds(pa.array(by_name), codes)
    latin = pc.and_not(pc.match_substring_regex(distinct, _LATIN), pc.match_substring_regex(distinct, _LATIN_COMPANY))
    is_org &= ~(_holds(pc.is_in(kind_words, value_set=_PEOPLE), kinds) & _holds(latin, codes))
    both, used = pd.factorize(np.where(codes < 0, NONE, codes * 2 + is_org))
    said = used >= 0
    place, names = parse_names(distinct.take(pa.array(used[said] // 2)), used[said] % 2 == 1)
    number = np.full(len(used), NONE)
    number[said] = np.where(names.numpy("full")[place] == "", NONE, place)
    return number[both], names


def _contacts(rows: pd.DataFrame, n: np.ndarray, names: Names) -> tuple[np.ndarray, list[str]]:
    """Each row's person as a number: its contact, or the customer where that is a person."""
    codes, distinct = _code(column(rows, "contact_name"))
    typed = [parse_person(text).full or None for text in distinct.to_pylist()]
    people = names.table["full"].slice(names.companies).to_pylist()
    numbers, contacts = _code(pa.array(typed + people, pa.string()))
    of_name = np.append(np.full(names.companies, NONE), numbers[len(typed) :])
    own, named = _look_up(numbers[: len(typed)], codes), _look_up(of_name, n)
    return np.where(own >= 0, own, named), contacts.to_pylist()


def _cities(rows: pd.DataFrame, words: pa.Array, of_name: np.ndarray) -> tuple[np.ndarray, pa.Array]:
    """The city of each row: its own column, else the address, else the company's name, else a province that is a city."""
    city = _places(column(rows, "city"), keep=True)
    for texts in (column(rows, "address"), words.take(pa.array(of_name, mask=of_name < 0)), column(rows, "province")):
        open_ = pc.is_null(city)
        if pc.any(open_).as_py():
            city = pc.if_else(open_, _places(pc.if_else(open_, texts, pa.scalar(None, pa.string())), keep=False), city)
    return _code(city)


def _places(texts: pa.Array, *, keep: bool) -> pa.Array:
    """The city that each text begins with; `keep`: a place that we do not know stays what it is."""
    codes, distinct = _code(texts)
    places = []
    for text in simplify("\n".join(re.sub(r"\s+", "", text) for text in distinct.to_pylist())).split("\n"):
        city = home_city(split_place(text)[1])
        places.append(city or (re.sub(r"(?<=..)[市县]$", "", text) if keep else "") or None)
    return pa.array(places, pa.string()).take(pa.array(codes, mask=codes < 0))


def _full_id(text: str) -> str:
    """An identity number that was not masked; whether its check character fits is not asked here."""
    number = re.sub(r"[\s·-]", "", simplify(text)).upper()
    return number if _ID_NO.match(number) else ""


def number_credit_codes(texts: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Valid credit codes as numbers; all checked at once (GB 32100-2015: the weighted sum is a multiple of 31)."""
    codes, distinct = _code(pc.utf8_upper(pc.replace_substring_regex(texts, r"[\s·-]", "")))
    shaped = pc.match_substring_regex(distinct, "^[0-9A-Z]{18}$")
    plain = np.array(pc.if_else(shaped, distinct, "?" * 18).to_pylist(), dtype="S18")
    signs = np.full(256, 31)
    signs[np.frombuffer(USCC_ALPHABET.encode(), np.uint8)] = np.arange(31)
    digits = signs[plain.view(np.uint8).reshape(-1, 18)]
    weights = np.array([pow(3, place, 31) for place in range(17)] + [1])
    valid = (digits < 31).all(axis=1) & ((digits @ weights) % 31 == 0)
    return _look_up(np.where(valid, np.arange(len(valid)), NONE), codes), distinct


def check_rows(rows: pd.DataFrame) -> None:
    """A row that nobody can name cannot be told from another."""
    if "row_id" not in rows:
        raise DataError("error.row_id_missing", found=", ".join(map(str, rows.columns)) or "–")
    if rows["row_id"].isna().any():
        raise DataError("error.row_id_empty", n=int(rows["row_id"].isna().sum()))
    if not rows["row_id"].is_unique:
        raise DataError("error.row_id_repeats", example=rows.loc[rows["row_id"].duplicated(), "row_id"].iloc[0])
