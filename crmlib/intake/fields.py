"""Which parser reads which field, and what else the same cell tells."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, NamedTuple

from crmlib.dictionary import Dictionary, Field
from crmlib.intake import amounts, cells, codes, dates, people, plain, prose, spans
from crmlib.intake.cells import MISSING, Parsed
from crmlib.intake.entities import entity_of
from crmlib.intake.industries import parse_industry
from crmlib.intake.moods import parse_mood
from crmlib.intake.places import parse_place
from crmlib.periods import add_months
from crmlib.reference import surnames

YEARS_AHEAD = 30  # contracts may end so long after the file came; a number beyond is no day


class Reading(NamedTuple):
    """`parse` reads a cell; `gives` takes from its value what each field of the book gets.

    The first field given is the column's own; the others are filled only where no column of theirs says otherwise.
    `plain` reads the cells that need no parser, with the same result.
    """

    parse: Callable[[str], Parsed]
    gives: Mapping[str, Callable[[Any], Any]]
    plain: "plain.Plain | None" = None


class SheetFacts(NamedTuple):
    """What is known of a column before it is read: the worth of 1, whose money signs are no fault, when it came."""

    unit: Decimal
    currency: str
    received_on: date


METHODS = {
    "contacts.phone": people.parse_phones,
    "contacts.email": people.parse_emails,
    "contacts.im": people.parse_handles,
}


def reading_of(field: Field, dictionary: Dictionary, sheet: SheetFacts) -> Reading:
    """How the cells of one field are read."""
    own, latest = {field.name: _same}, add_months(sheet.received_on, 12 * YEARS_AHEAD)
    if special := _SPECIAL.get(field.name):
        return special(field, dictionary)
    if parse := METHODS.get(field.name) or _CODES.get(field.name):
        return Reading(parse, own, plain.mobile(field.name) if field.name == "contacts.phone" else None)
    if field.choice:
        return Reading(partial(codes.parse_choice, choices=dictionary.choices[field.choice]), own)
    if field.type == "dec":
        return _decimal(field, sheet)
    if field.type == "int":
        parse = spans.parse_months if field.key.endswith("_months") else amounts.parse_integer
        return Reading(partial(parse, unit=sheet.unit), own)
    if field.type == "dt":
        known = "interactions.time_precision"
        gives = {field.name: _at} | ({known: _precision} if field.name == "interactions.occurred_at" else {})
        return Reading(partial(dates.parse_moment, latest=latest), gives, plain.moment(field.name, known))
    if field.type == "date":
        return Reading(partial(dates.parse_date, latest=latest), own, plain.day(field.name))
    if field.type == "str" and (field.key.endswith("_id") or field.key in dictionary.tables[field.table].source_key):
        return Reading(people.parse_key, own, plain.words(field.name))
    easy = {"str": plain.words, "text": plain.prose}.get(field.type)
    return Reading(_BY_TYPE[field.type], own, easy and easy(field.name))


def _same(value: Any) -> Any:
    return value


def _at(moment: dates.Moment) -> Any:
    return moment.at


def _precision(moment: dates.Moment) -> str:
    return moment.precision


def _cents(number: Decimal) -> Decimal:
    return number.quantize(amounts.CENT, ROUND_HALF_UP)


def _parse_list(text: str) -> Parsed:
    """A JSON list of texts, from one or from items with marks between them."""
    items = _json_list(text)
    items = cells.split_items(text) if items is None else items
    return Parsed(json.dumps(items, ensure_ascii=False)) if items else MISSING


def _json_list(text: str) -> list[str] | None:
    try:
        items = json.loads(text) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return items if isinstance(items, list) and all(isinstance(item, str) for item in items) else None


def _parse_json(text: str) -> Parsed:
    try:
        return Parsed(json.dumps(json.loads(text), ensure_ascii=False))
    except (ValueError, RecursionError):
        return cells.parse_prose(text)


_BY_TYPE: Mapping[str, Callable[[str], Parsed]] = {
    "str": cells.parse_words,
    "enum": cells.parse_words,  # a user's own field without a list
    "text": cells.parse_prose,
    "json": _parse_json,
    "list": _parse_list,
    "bool": codes.parse_bool,
}


_CODES: Mapping[str, Callable[[str], Parsed]] = {
    "staff.name": people.parse_person,
    "customers.uscc": codes.parse_uscc,
    "customers.id_no": people.parse_id_no,
}


def _decimal(field: Field, sheet: SheetFacts) -> Reading:
    gives, easy = {field.name: _cents}, None
    if field.key.endswith("_share"):
        parse = partial(amounts.parse_share, unit=sheet.unit)
    elif field.key.endswith("score"):
        parse = amounts.parse_score
    else:
        easy = plain.number(field.name, currency=sheet.currency) if sheet.unit == 1 else None
        parse = partial(amounts.parse_number, unit=sheet.unit, currency=sheet.currency)
        parse = partial(amounts.parse_quantity, unit=sheet.unit) if field.key == "quantity" else parse
    return Reading(parse, gives, easy)


# ── cells that tell more than their own field


def _customer_name(field: Field, dictionary: Dictionary) -> Reading:
    known, kind = surnames(), "customers.entity_type"
    gives = {field.name: _same, kind: lambda name: entity_of(name, known)}
    return Reading(people.parse_person, gives, plain.organisation(field.name, kind))


def _contact_name(field: Field, dictionary: Dictionary) -> Reading:
    return Reading(people.parse_person, {field.name: _same, "contacts.honorific": people.honorific_of})


class _Size(NamedTuple):
    words: str
    people: spans.Band | None = None
    revenue: Decimal | None = None
    size_class: str | None = None


def _founded(field: Field, dictionary: Dictionary) -> Reading:
    """A year is all that most know of a founding: it stands for its first day, and that is noted."""

    def parse(text: str) -> Parsed:
        day = dates.parse_date(text)
        year = re.fullmatch(r"((?:18|19|20)\d{2})年?", cells.compact(text))
        return Parsed(date(int(year[1]), 1, 1), note="DATE_YEAR_ONLY") if year else day

    return Reading(parse, {field.name: _same})


def _headcount(field: Field, dictionary: Dictionary) -> Reading:
    """企业规模 holds a head count, sometimes a year's revenue, sometimes a size class."""

    def parse(text: str) -> Parsed:
        band = spans.parse_headcount(text)
        if band.reason is None:
            return band._replace(value=band.value and _Size(cells.tidy(text), people=band.value))
        if re.search("[万亿元]", text):
            revenue = amounts.parse_amount(re.sub("年?营收|年?营业额|年?收入", "", text))
            if revenue.value is not None:
                return revenue._replace(value=_Size(cells.tidy(text), revenue=revenue.value))
        word = codes.parse_choice(text, dictionary.choices["size_class"])
        return Parsed(_Size(cells.tidy(text), size_class=word.value)) if word.value else band

    return Reading(
        parse,
        {
            field.name: lambda size: size.words,
            "customers.headcount_min": lambda size: size.people and size.people.low,
            "customers.headcount_max": lambda size: size.people and size.people.high,
            "customers.annual_revenue_cny": lambda size: size.revenue,
            "customers.size_class": lambda size: size.size_class,
        },
    )


def _routed(field: Field, dictionary: Dictionary) -> Reading:
    """客户类型 means organisation or person to some, a lifecycle stage to others: a value goes where it belongs."""
    other = {"customers.entity_type": "customers.lifecycle_stage", "customers.lifecycle_stage": "customers.entity_type"}
    there = other[field.name]
    lists = [dictionary.choices[dictionary.field(name).choice] for name in (field.name, there)]

    def parse(text: str) -> Parsed:
        here, elsewhere = (codes.parse_choice(text, choices) for choices in lists)
        if here.reason and elsewhere.value:
            return Parsed((None, elsewhere.value), note="VALUE_ROUTED")
        return here._replace(value=here.value and (here.value, None))

    return Reading(parse, {field.name: lambda pair: pair[0], there: lambda pair: pair[1]})


DECIDER = "contacts.decider_name"


def _decider(field: Field, dictionary: Dictionary) -> Reading:
    """采购决策人 holds the row's contact's role, or the name of the person who decides."""

    def parse(text: str) -> Parsed:
        role = codes.parse_choice(text, dictionary.choices[field.choice])
        if role.reason is None:
            return role._replace(value=role.value and (role.value, None))
        name = cells.tidy(text)
        named = people.is_masked_name(name) or entity_of(name, surnames()) == "person"
        return Parsed((None, name)) if named else role

    return Reading(parse, {field.name: lambda pair: pair[0], DECIDER: lambda pair: pair[1]})


def _industry(field: Field, dictionary: Dictionary) -> Reading:
    return Reading(
        parse_industry,
        {field.name: lambda found: found.words, "customers.industry_code": lambda found: found.code},
    )


def _place(field: Field, dictionary: Dictionary) -> Reading:
    names = [field.name, *(f"customers.{key}" for key in ("province", "city", "region") if key != field.key)]
    return Reading(
        partial(parse_place, kind=field.key), {name: lambda at, key=name[10:]: getattr(at, key) for name in names}
    )


def _mood(field: Field, dictionary: Dictionary) -> Reading:
    parse = partial(parse_mood, choices=dictionary.choices["mood"])
    return Reading(parse, {field.name: lambda mood: mood.words, "interactions.mood": lambda mood: mood.code})


def _content(field: Field, dictionary: Dictionary) -> Reading:
    def parse(text: str) -> Parsed:
        words = cells.parse_prose(text).value
        return Parsed(words and (words, prose.split_said(words)))

    return Reading(
        parse,
        {
            field.name: lambda talk: talk[0],
            "interactions.client_said": lambda talk: talk[1].client,
            "interactions.we_said": lambda talk: talk[1].ours,
        },
        plain.monologue(field.name),
    )


def _participants(field: Field, dictionary: Dictionary) -> Reading:
    def side(text: str, name: str) -> str | None:
        people_there = getattr(prose.split_participants(text), name)
        return _parse_list(people_there).value if people_there else None

    return Reading(
        cells.parse_prose,
        {
            field.name: _same,
            "interactions.participants_ours": lambda text: side(text, "ours"),
            "interactions.participants_theirs": lambda text: side(text, "client"),
        },
    )


_SPECIAL: Mapping[str, Callable[[Field, Dictionary], Reading]] = {
    "customers.name": _customer_name,
    "contacts.name": _contact_name,
    "customers.founded_on": _founded,
    "customers.headcount": _headcount,
    "customers.entity_type": _routed,
    "customers.lifecycle_stage": _routed,
    "customers.industry_raw": _industry,
    "customers.address": _place,
    "customers.province": _place,
    "customers.city": _place,
    "customers.region": _place,
    "contacts.decision_role": _decider,
    "interactions.mood_raw": _mood,
    "interactions.content": _content,
    "interactions.participants": _participants,
}
