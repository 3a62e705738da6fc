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
    return _gather(texts, _bare_phones, _PLAIN_PHONE, _read_phones, _PLACEHOLDER_PHONE)


def gather_emails(texts: pa.Array) -> Points:
    return _gather(texts, pc.utf8_lower, _PLAIN_EMAIL, _read_emails, _PLACEHOLDER_EMAIL)


def set_apart(
    points: Points,
    who: np.ndarray,
    kind: str,
    *,
    hub_names: int,
    are_hubs: Callable[[str, pa.Array], np.ndarray] | None = None,
) -> tuple[Points, Points, Points]:
    """(points of few customers, of many, placeholders); `are_hubs` knows of rows that are not among these."""
    hub = np.bincount(points.value, minlength=len(points.words)) > hub_names
    often = np.flatnonzero(hub[points.value])
    value, whose = points.value[often], who[points.r[often]]
    pairs = np.unique(np.column_stack([value, whose])[whose >= 0], axis=0)
    hub = np.bincount(pairs[:, 0], minlength=len(points.words)) > hub_names
    if are_hubs is not None:
        hub |= are_hubs(kind, points.words)
    nobody = points.placeholders[points.value]
    many = hub[points.value] & ~nobody
    few, hubs, none = (
        points._replace(r=points.r[some], value=points.value[some]) for some in (~(many | nobody), many, nobody)
    )
    return few, hubs, none


def _gather(texts: pa.Array, bare: Callable, shape: str, read: Callable[[str], list[str]], placeholder: str) -> Points:
    """Texts whose parts have this shape, or have it once they are bare, are read together; each other text alone, once."""
    items = pc.split_pattern(texts, ";")
    r, item = pc.list_parent_indices(items).to_numpy(), pc.utf8_trim_whitespace(pc.list_flatten(items))
    other = pc.invert(pc.match_substring_regex(item, shape))
    item = pc.replace_with_mask(item, other, bare(item.filter(other)))
    odd = np.zeros(len(texts), bool)
    odd[r[~are(pc.match_substring_regex(item, shape))]] = True
    rest, plain = texts.filter(pa.array(odd)).dictionary_encode(), ~odd[r]
    lists = pa.array([read(text) for text in rest.dictionary.to_pylist()], pa.list_(pa.string())).take(rest.indices)
    r = np.concatenate([r[plain], np.flatnonzero(odd)[pc.list_parent_indices(lists).to_numpy()]])
    words = pa.concat_arrays([item.filter(pa.array(plain)), pc.list_flatten(lists)]).dictionary_encode()
    value, words = words.indices.to_numpy().astype(np.int64), words.dictionary

    order = np.argsort(r, kind="stable")
    r, value = r[order], value[order]
    several = np.flatnonzero(np.bincount(r)[r] > 1)
    keep = np.ones(len(r), bool)
    keep[several] = ~pd.DataFrame({"r": r[several], "value": value[several]}).duplicated().to_numpy()
    return Points(r[keep], value[keep], words, are(pc.match_substring_regex(words, placeholder)))


def are(answers: pa.Array) -> np.ndarray:
    return answers.to_numpy(zero_copy_only=False)


def _bare_phones(items: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(items, _TYPED_PHONE, r"\1\2\3\4\5")


def _read_phones(text: str) -> list[str]:
    numbers = (number.split("-")[0] for number in (parse_phones(text).value or "").split(";"))
    return [number for number in dict.fromkeys(numbers) if len(number) >= 7 and number.lstrip("+").isdigit()]


def _read_emails(text: str) -> list[str]:
    return [address for address in (parse_emails(text).value or "").split(";") if address and "*" not in address]
