"""What a row calls its customer, a company or a person, and whether two such names may stand for one customer."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from crmlib.intake.company import CompanyName, compare_companies, is_one_slip, parse_companies, simplify
from crmlib.intake.entities import entity_of
from crmlib.reference import surnames

_TITLE = re.compile(r"(?:先生|女士|小姐|太太|老师|老板|师傅|(?:副?总)?经理|总监|主任|主管|[部科处院校店厂]长|总)$")
_MASK = re.compile(r"[*×○●xX]+|某+")
_GAPS = re.compile(r"[\s·•.,，、'\"_-]+")


class PersonName(NamedTuple):
    """`full` as a key; `lead` is what stands before the first star: 张 in 张*, and in 张总."""

    full: str
    lead: str
    vague: bool


Name = CompanyName | PersonName


def parse_names(names: Sequence[str], kinds: Sequence[str]) -> list[Name]:
    """One name per name; `kinds` are "org", "person", or "" where only the name itself can tell."""
    family = surnames()
    is_org = [
        kind == "org" or name.rstrip().endswith("公司") or entity_of(name, family) == "org"
        for name, kind in zip(names, kinds, strict=True)
    ]
    companies = iter(parse_companies(name for name, org in zip(names, is_org, strict=True) if org))
    return [next(companies) if org else parse_person(name) for name, org in zip(names, is_org, strict=True)]


def parse_person(name: str) -> PersonName:
    """张 三 → 张三; 张总, 张先生, 张某某 and 张** → 张*; Jane DOE and Doe, Jane are one."""
    text = simplify(name).strip()
    words = [word for word in _GAPS.split(text) if word]
    full = "".join(sorted(words) if text.isascii() else words)
    if full.isascii():
        full = re.sub(r"\*+", "*", full)
    else:
        title = _TITLE.search(full)
        bare = full[: title.start()] if title else full
        full = _MASK.sub("*", bare if len(bare) > 1 else bare + "*")
    star = full.find("*")
    return PersonName(full, full if star < 0 else full[:star], star >= 0)


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
    return "NAME_TYPO" if len(short) >= 4 and is_one_slip(short, long) else ""
