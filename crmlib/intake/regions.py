"""The place that a text begins with: 广东省深圳市南山区一号 → 广东, 深圳, and what follows."""

import re
from functools import cache
from typing import NamedTuple

_MUNICIPALITIES = frozenset(["北京", "上海", "天津", "重庆", "香港", "澳门"])


def split_place(text: str) -> tuple[str, str, str]:
    """(province, city, what follows): 广东省深圳市南山区… → 广东, 深圳, 南山区…; what is not said is "".

    `text` is simplified. 昆山 is a city here; `home_city` knows that it belongs to 苏州.
    """
    starts = _places().starts
    if text.startswith("中国") and len(text) > 3:
        text = text[2:]
    for word, province, city in starts.get(text[:2], ()):  # noqa: B007
        if text.startswith(word):
            text = text[len(word) :]
            break
    else:
        return "", "", text
    for word, its_province, its_city in () if city else starts.get(text[:2], ()):
        if its_city and its_province == province and text.startswith(word):
            return province, its_city, text[len(word) :]
    return province, city or (province if province in _MUNICIPALITIES else ""), text


def home_city(city: str) -> str:
    """The city of a county-level city; any other place is its own."""
    return _places().homes.get(city, city)


def place_words() -> str:
    """The names of all places, longest first, as alternatives of a pattern."""
    return _places().words


class _Places(NamedTuple):
    starts: dict[str, list[tuple[str, str, str]]]  # first two characters → (name, province, city or ""), longest first
    homes: dict[str, str]  # county-level city → city
    words: str  # all of them, longest first, as alternatives of a pattern


@cache
def _places() -> _Places:
    """All names of provinces and cities; each place is called by its shortest name."""
    from crmlib.reference import load_reference

    table = load_reference("places")
    short = table.sort_values("name", key=lambda names: -names.str.len()).set_index(["kind", "code"])["name"].to_dict()
    province = {code[:2]: name for (kind, code), name in short.items() if kind == "province"}
    words = "|".join(sorted(set(table["name"]), key=lambda name: (-len(name), name)))
    places = _Places({}, {}, words)
    for name, kind, code, city in table[["name", "kind", "code", "city"]].itertuples(index=False):
        own = "" if kind == "province" else short[kind, code]
        places.starts.setdefault(name[:2], []).append((name, province[code[:2]], own))
        if kind == "county" and isinstance(city, str):
            places.homes[own] = re.sub(r"市$", "", city)
    for names in places.starts.values():
        names.sort(key=lambda place: (-len(place[0]), place[2] != "", place))  # 吉林 is the province
    return places
