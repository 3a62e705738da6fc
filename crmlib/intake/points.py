"""The numbers and addresses at which rows are reached, as keys: placeholders dropped, those of many names set apart."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.intake.people import parse_emails, parse_phones

# One digit all along, a number counted up, the operator's own example: what is typed where a number must stand.
_SAME = "|".join(rf"\+?{d}{{7,}}|1{d}{{10}}|0\d{{2,3}}{d}{{7,}}" for d in "0123456789")
_PLACEHOLDER_PHONE = rf"^(?:{_SAME}|\d{{3,4}}0{{7,8}}|13800138000|0?12345678(?:9|90|901|910)?)$"
_PLACEHOLDER_EMAIL = r"^(?:test\d*|none|null|na|no|no-?reply|x{2,}|wu|zanwu)@"
_TYPED_PHONE = r"^(?:\+86 ?|\+86-|86)?(1\d\d)[ -]?(\d{4})[ -]?(\d{4})$|^(0\d{2,3})-?(\d{7,8})$"
_PLAIN_PHONE = r"^(?:1\d{10}|0\d{9,11})$"
_PLAIN_EMAIL = r"^[a-z0-9_%+-]+(?:\.[a-z0-9_%+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+$"


class Points(NamedTuple):
    """`r`, `value`: which row is reached at which of `words`. `placeholders`: words that are nobody's."""

    r: np.ndarray
    value: np.ndarray
    words: pa.Array
    placeholders: np.ndarray


def gather_phones(texts: pa.Array) -> Points:
    """Numbers without extension; masked ones and the code names of numbers are nobody's."""
    return _gather(texts, ";", _plain_phones, _PLAIN_PHONE, _read_phones, _PLACEHOLDER_PHONE)


def gather_emails(texts: pa.Array) -> Points:
    return _gather(texts, ";", pc.utf8_lower, _PLAIN_EMAIL, _read_emails, _PLACEHOLDER_EMAIL)


def set_apart(
    points: Points,
    who: np.ndarray,
    kind: str,
    *,
    hub_names: int,
    are_hubs: Callable[[str, pa.Array], np.ndarray] | None = None,
) -> tuple[Points, Points, Points]:
    """(points of few customers, of many, placeholders); `are_hubs` knows of rows that are not among these."""
    whose = who[points.r]
    pairs = pd.unique((points.value * (who.max(initial=0) + 1) + whose)[whose >= 0])
    hub = np.bincount(pairs // (who.max(initial=0) + 1), minlength=len(points.words)) > hub_names
    if are_hubs is not None:
        hub |= are_hubs(kind, points.words)
    nobody = points.placeholders[points.value]
    many = hub[points.value] & ~nobody
    few, hubs, none = (
        points._replace(r=points.r[some], value=points.value[some]) for some in (~(many | nobody), many, nobody)
    )
    return few, hubs, none


def _gather(
    texts: pa.Array, mark: str, plain: Callable, shape: str, read: Callable[[str], list[str]], placeholder: str
) -> Points:
    """Every different text is taken apart once: plain ones all together, the rest one by one."""
    coded = texts.dictionary_encode()
    codes, distinct = coded.indices.fill_null(-1).to_numpy(), coded.dictionary
    parts = pc.split_pattern(distinct, mark)
    parent, part = pc.list_parent_indices(parts).to_numpy(), plain(pc.utf8_trim_whitespace(pc.list_flatten(parts)))
    odd = np.zeros(len(distinct), bool)
    odd[parent[~pc.match_substring_regex(part, shape).to_numpy(zero_copy_only=False)]] = True
    rest = np.flatnonzero(odd)
    read_ = [read(text) for text in distinct.take(pa.array(rest)).to_pylist()]
    keep = ~odd[parent]
    parent = np.concatenate([parent[keep], np.repeat(rest, [len(one) for one in read_])])
    words = pa.concat_arrays(
        [part.filter(pa.array(keep)), pa.array([word for one in read_ for word in one], pa.string())]
    ).dictionary_encode()

    items = (
        pd.DataFrame({"text": parent, "value": words.indices.to_numpy()})
        .drop_duplicates()
        .sort_values("text", kind="stable")
    )
    count = np.bincount(items["text"], minlength=len(distinct) + 1)  # the last is the missing text's
    start = np.concatenate([[0], np.cumsum(count)])[:-1]
    each = count[codes]
    r = np.repeat(np.arange(len(codes)), each)
    value = items["value"].to_numpy()[np.repeat(start[codes] - (np.cumsum(each) - each), each) + np.arange(len(r))]
    nobody = pc.match_substring_regex(words.dictionary, placeholder).to_numpy(zero_copy_only=False)
    return Points(r, value.astype(np.int64), words.dictionary, nobody)


def _plain_phones(parts: pa.Array) -> pa.Array:
    as_typed = pc.invert(pc.match_substring_regex(parts, _PLAIN_PHONE))
    bare = pc.replace_substring_regex(parts.filter(as_typed), _TYPED_PHONE, r"\1\2\3\4\5")
    return pc.replace_with_mask(parts, as_typed, bare)


def _read_phones(text: str) -> list[str]:
    numbers = (number.split("-")[0] for number in (parse_phones(text).value or "").split(";"))
    return [number for number in dict.fromkeys(numbers) if len(number) >= 7 and number.lstrip("+").isdigit()]


def _read_emails(text: str) -> list[str]:
    return [address for address in (parse_emails(text).value or "").split(";") if address and "*" not in address]
