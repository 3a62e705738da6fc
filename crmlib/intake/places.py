"""Where a customer is: province, city and 大区 out of an address or a column that names one of them."""

import re
from functools import cache
from typing import NamedTuple

from crmlib.intake.cells import MISSING, Parsed, is_nothing, tidy
from crmlib.reference import load_reference

_HAN = re.compile(r"[\u4e00-\u9fff]")
_COUNTRY = re.compile(r"^(?:中国|中华人民共和国)(?:[（(]([^（）()]+)[）)]自由贸易试验区)?")
_STREET = re.compile(r"[区县路街镇乡村巷里道]|大道|新区")


class Place(NamedTuple):
    """`address` is the cell as typed; province and city have their full names (广东省, 深圳市), region is a 大区 (华南)."""

    address: str
    province: str | None = None
    city: str | None = None
    region: str | None = None


class _Gazetteer(NamedTuple):
    provinces: dict[str, str]  # every name → the province's full name
    cities: dict[str, tuple[str, str]]  # every name of a city, or of a county-level city → its city, its province
    names: frozenset[str]  # of either
    names_in: dict[str, frozenset[str]]  # province → the names of its cities
    region_of: dict[str, str]  # province → 大区
    regions: frozenset[str]


def parse_place(text: str, *, kind: str) -> Parsed:
    """`kind`: address, province, city or region.

    A place that is in no table stays as it was written where it is the column's own, and tells nothing else. An address
    in Chinese that does not begin with a known place is noted.
    """
    words, places = tidy(text), _places()
    if is_nothing(words):
        return MISSING
    city_too = kind == "city" and f"{words}市" in places.cities  # 吉林 in a column of cities
    province, city = find_place(f"{words}市" if city_too else words)
    found = Place(words, province, city, places.region_of.get(province or ""))
    if kind == "address":
        return Parsed(found, note="PLACE_UNKNOWN" if province is None and _HAN.search(words) else None)
    if kind == "region":
        name = re.sub(r"(?<=..)(?:地区|大区|片区|区域|区)$", "", words)
        return Parsed(found._replace(region=name if name in places.regions else found.region or words))
    return Parsed(found if getattr(found, kind) else found._replace(**{kind: words}))


def find_place(words: str) -> tuple[str | None, str | None]:
    """The province and city that an address begins with; a city tells its province.

    Where one name is both, it is the province. 朝阳区 and 南京路 are a district and a road: no city.
    """
    places, rest = _places(), _COUNTRY.sub(r"\1", words.replace(" ", ""))
    name = _longest(rest, places.names)
    if name is None:
        return None, None
    if name not in places.provinces:
        city, province = places.cities[name]
        return province, city
    province, rest = places.provinces[name], rest[len(name) :].lstrip("-/·,，、|")
    inside = _longest(rest, places.names_in.get(province, frozenset()))
    if inside:
        return province, places.cities[inside][0]
    return province, province if province in places.cities else None  # a municipality is its own city


def _longest(words: str, names: frozenset[str]) -> str | None:
    for length in range(min(len(words), 12), 1, -1):
        name = words[:length]
        if name in names and (name[-1] in "省市州盟" or not _STREET.match(words[length:])):
            return name
    return None


@cache
def _places() -> _Gazetteer:
    table = load_reference("places")
    provinces = table[table["kind"] == "province"]
    cities = table[table["kind"] != "province"]
    inside = cities.groupby("province")["name"].agg(frozenset)
    return _Gazetteer(
        dict(zip(provinces["name"], provinces["province"], strict=True)),
        {row.name: (row.city, row.province) for row in cities[["name", "city", "province"]].itertuples(index=False)},
        frozenset(table["name"]),
        inside.to_dict(),
        dict(zip(provinces["province"], provinces["region"], strict=True)),
        frozenset(load_reference("regions")["region"]),
    )
