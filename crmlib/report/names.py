"""Names of codes: the words of the dictionary, the reference tables and the labels for what the tables store as codes."""

from collections.abc import Mapping
from functools import cache

from crmlib.dictionary import DICTIONARY
from crmlib.labels import Say
from crmlib.settings import Settings

CHOICES = {
    "size": "customers.size_class",
    "source": "customers.source_channel",
    "entity_type": "customers.entity_type",
    "lifecycle_stage": "customers.lifecycle_stage",
    "customer": "customers.lifecycle_stage",  # the funnel's entities
    "need": "needs.stage",
    "opportunity": "opportunities.stage",
}


NAMED = {"industry": ("industries", "code"), "region": ("regions", "region")}  # reference table, its column of codes


@cache
def _references(name: str, code: str, lang: str) -> Mapping[str, str]:
    from crmlib.reference import load_reference

    table = load_reference(name)
    return dict(zip(table[code], table[lang if lang in table else code], strict=True))


def name_code(dimension: str, code: str, say: Say) -> str:
    """ "I65" → 软件和信息技术服务业; a code that nobody knows is shown as it is, a missing one as 未知."""
    if code == "unknown":
        return say("section.unknown")
    if code == "other":
        return say("section.other")
    if dimension in NAMED:
        return _references(*NAMED[dimension], say.lang).get(code, code)
    if dimension in CHOICES:
        return name_choice(*CHOICES[dimension].split("."), code, say)
    return code


def name_tag(family: str, value: str, settings: Settings, say: Say) -> str:
    """A tag in words: codes of base and behaviour tags by their names, a user's own rule by its words, others as written."""
    own = next((rule for rule in settings.tags if (rule.family, rule.value) == (family, value)), None)
    if own:
        return say.pick(own)
    if say.has(f"tag.{family}.{value}"):
        return say(f"tag.{family}.{value}")
    return name_code(family, value, say)


def name_segment(name: str, settings: Settings, say: Say) -> str:
    rule = next((one for one in settings.segments if one.name == name), None)
    return say.pick(rule) if rule else say(f"segment.{name}")


def name_field(table: str, field: str, say: Say) -> str:
    known = DICTIONARY.tables.get(table)
    return known.fields[field].word(say.lang) if known and field in known.fields else field


def name_choice(table: str, field: str, code: str, say: Say) -> str:
    choices = DICTIONARY.choices.get(DICTIONARY.tables[table].fields[field].choice, {})
    return choices[code].word(say.lang) if code in choices else code


def name_table(table: str, say: Say) -> str:
    return DICTIONARY.tables[table].word(say.lang) if table in DICTIONARY.tables else table
