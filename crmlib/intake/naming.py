"""What a row calls its customer, a company or a person, and whether two such names may stand for one customer."""

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.intake.columns import distinct
from crmlib.intake.company import (
    CompanyName,
    compare_columns,
    compare_companies,
    is_one_slip,
    list_companies,
    parse_plain,
    plain_names,
)
from crmlib.intake.entities import entity_of
from crmlib.intake.spelling import simplify, simplify_all
from crmlib.reference import surnames

_TITLE = re.compile(r"(?:先生|女士|小姐|太太|老师|老板|师傅|(?:副?总)?经理|总监|主任|主管|[部科处院校店厂]长|总)$")
_MASK = re.compile(r"[*×○●xX]+|某+")
_BARE = "^[\u4e00-\u9fff]{2,4}$"
_GAPS = re.compile(r"[\s·•.,，、'\"_-]+")


class PersonName(NamedTuple):
    """`full` as a key; `lead` is what stands before the first star: 张 in 张*, and in 张总."""

    full: str

    @property
    def lead(self) -> str:
        return self.full.partition("*")[0]

    @property
    def vague(self) -> bool:
        return "*" in self.full


Name = CompanyName | PersonName


class Names(NamedTuple):
    """Many different names, packed: a table with the fields of CompanyName, the people behind the companies."""

    table: pa.Table
    companies: int

    def __len__(self) -> int:
        return len(self.table)

    def numpy(self, field: str) -> np.ndarray:
        return self.table[field].to_numpy()

    def compare(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """compare_names for the names at these places."""
        a, b = (self.table.take(pa.array(places)) for places in (left, right))
        companies = (left < self.companies) & (right < self.companies)
        codes = np.empty(len(left), dtype=object)
        codes[companies] = compare_columns(a.filter(pa.array(companies)), b.filter(pa.array(companies)))
        sides = []
        for table, places in ((a, left[~companies]), (b, right[~companies])):
            some = list_companies(table.filter(pa.array(~companies)))
            sides.append(
                [
                    one if place < self.companies else PersonName(one.full)
                    for one, place in zip(some, places, strict=True)
                ]
            )
        codes[~companies] = [compare_names(x, y) for x, y in zip(*sides, strict=True)]
        return codes


def parse_names(names: pa.Array, is_org: np.ndarray) -> tuple[np.ndarray, Names]:
    """(for each name its place in Names, Names): spellings that only differ in width, blanks or case are one name."""
    org_places, companies = distinct(plain_names(names.filter(pa.array(is_org))))
    person_places, people = distinct(parse_people(names.filter(pa.array(~is_org))))
    persons = pa.table({"full": people, "vague": pc.match_substring(people, "*")})
    table = pa.concat_tables([parse_plain(companies), persons], promote_options="default").combine_chunks()
    place = np.empty(len(names), np.int64)
    place[is_org], place[~is_org] = org_places, person_places + len(companies)
    return place, Names(table, len(companies))


def are_companies(names: pa.Array) -> np.ndarray:
    """Which names are a company's, where only the name itself can tell."""
    sure = pc.ends_with(names, "公司").to_numpy(zero_copy_only=False)
    family, rest = surnames(), np.flatnonzero(~sure)
    sure = sure.copy()
    sure[rest] = [entity_of(name, family) == "org" for name in names.take(pa.array(rest)).to_pylist()]
    return sure


def parse_person(name: str) -> PersonName:
    """张 三 → 张三; 张总, 张先生, 张某某 and 张** → 张*; Jane DOE and Doe, Jane are one."""
    return PersonName(_person_key(simplify(name)))


def parse_people(names: pa.Array) -> pa.Array:
    """The keys of many people's names: a few Han characters without mask or title are theirs, the rest is read one by one."""
    names = simplify_all(names)
    odd = pc.invert(pc.match_substring_regex(names, _BARE))
    odd = pc.or_(odd, pc.match_substring_regex(names, f"某|{_TITLE.pattern}"))
    read = [_person_key(name) for name in names.filter(odd).to_pylist()]
    return pc.replace_with_mask(names, odd, pa.array(read, pa.string()))


def _person_key(text: str) -> str:
    text = text.strip()
    words = [word for word in _GAPS.split(text) if word]
    full = " ".join(sorted(words)) if text.isascii() else "".join(words)
    if full.isascii():
        full = re.sub(r"\*+", "*", full)
    else:
        title = _TITLE.search(full)
        bare = full[: title.start()] if title else full
        full = _MASK.sub("*", bare if len(bare) > 1 else bare + "*")
    return full


def compare_names(a: Name, b: Name) -> str:
    """How two names may stand for one customer: a code such as NAME_SAME; "" when they may not."""
    if isinstance(a, CompanyName) and isinstance(b, CompanyName):
        return compare_companies(a, b)
    if isinstance(a, PersonName) and isinstance(b, PersonName):
        return compare_people(a, b)
    company, person = (a, b) if isinstance(a, CompanyName) else (b, a)
    if company.full == person.full:
        return "NAME_SAME"
    # 华信 reads like a person's name until 华信科技 shares its phone
    whole = not person.vague and len(person.full) > 1
    return "NAME_SHORTENED" if whole and not company.vague and company.core.startswith(person.full) else ""


def compare_people(a: PersonName, b: PersonName) -> str:
    if a.vague or b.vague:
        fits = a.lead.startswith(b.lead) if b.vague else b.lead.startswith(a.lead)
        return "NAME_MASKED" if fits or (a.vague and b.vague and b.lead.startswith(a.lead)) else ""
    if a.full == b.full:
        return "NAME_SAME"
    short, long = sorted((a.full, b.full), key=len)
    if short.isascii() and long.isascii():
        return _compare_words(short.split(), long.split())
    return "NAME_TYPO" if len(short) >= 4 and is_one_slip(short, long) else ""


def _compare_words(few: list[str], many: list[str]) -> str:
    """Doe is Jane Doe's short form; J. Doe and Jane Dow may be her, as each word has a like one; Jane and John may not."""
    if few and set(few) < set(many):
        return "NAME_SHORTENED"
    like = [any(x == y or is_one_slip(*sorted((x, y), key=len)) or x == y[:1] or y == x[:1] for y in many) for x in few]
    return "NAME_TYPO" if len(few) == len(many) > 1 and all(like) and len("".join(few)) >= 4 else ""
