"""One company or person, typed by somebody else: short, in brackets, with a slip, in traditional characters, by its old name."""

from dataclasses import replace
from functools import cache
from random import Random

from crmlib.sample.names import Company, slips
from crmlib.sample.words import pick

# how, and how often; "phone" leaves the name alone and only writes the number another way
HOW = {"short": 20, "brackets": 18, "slip": 14, "traditional": 10, "renamed": 10, "form": 16, "phone": 12}


def choose_spelling(rng: Random, company: Company | None) -> str:
    how = "phone" if company is None else pick(HOW, rng)
    return "slip" if company and company.form == "厂" and how in ("brackets", "form") else how


def respell(company: Company, how: str, *, rng: Random, old_core: str = "") -> str:
    """The name as it stands in another file. Whatever `how`, it is the same company."""
    if how == "short":
        head = "" if rng.random() < 0.6 else company.place.short
        return head + company.core + company.trade + company.branch
    if how == "brackets":
        moved = replace(company, prefix="" if company.prefix else company.place.short).name
        return moved.replace("（", "(").replace("）", ")") if rng.random() < 0.5 else moved
    if how == "slip":
        sign = rng.choice(company.core)
        return replace(company, core=company.core.replace(sign, slips()[sign])).name
    if how == "traditional":
        return _converter().convert(company.name)
    if how == "renamed":
        return replace(company, core=old_core).name
    if how == "form":
        other = {"有限公司": "有限责任公司", "有限责任公司": "有限公司"}.get(company.form)
        return replace(company, form=other).name if other else company.name.replace(company.trade, f" {company.trade} ")
    return company.name


@cache
def _converter():
    from opencc import OpenCC

    return OpenCC("s2t")


def write_phone(phone: str, *, rng: Random) -> str:
    """The same number as another clerk types it."""
    grouped = (phone[:3], phone[3:7], phone[7:])
    return rng.choice(("+86" + phone, "+86 " + " ".join(grouped), " ".join(grouped), "-".join(grouped), "86-" + phone))
