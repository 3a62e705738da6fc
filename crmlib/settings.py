"""settings.toml over defaults.toml, as frozen records; every mistake is listed at once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from crmlib import dictionary
from crmlib.dictionary import Field
from crmlib.errors import SettingsError
from crmlib.home import Home
from crmlib.judging import (
    PLAN_SEGMENTS,
    Churn,
    Clusters,
    Communication,
    Conversion,
    Kpi,
    Lifetime,
    Needs,
    Segment,
    Service,
    Sla,
    Tagging,
    TagRule,
    Tiers,
    Value,
)
from crmlib.segment_rules import find_faults
from crmlib.toml_records import lay_over, parse_toml, read_record
from crmlib.workdays import parse_hours, read_own_days

DEFAULTS = Path(__file__).with_name("defaults.toml")
STAGES = {
    "customer": "lifecycle_stage",
    "need": "need_stage",
    "opportunity": "opportunity_stage",
}  # entity → its choice


@dataclass(frozen=True)
class Words:
    """The same words in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Report:
    title: Words
    sections: tuple[str, ...]
    week_title: Words
    week_sections: tuple[str, ...]
    phase: str
    phases: Mapping[str, tuple[str, ...]]
    org: str
    satisfied_from: float
    mode: Literal["basic", "advanced"] = "advanced"
    modules_off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Periods:
    """`work_hours`: from, to. `own_days`: ISO day → whether we work on it; those of the file `workdays` are laid over it."""

    fiscal_year_start: int
    work_hours: tuple[str, ...]
    workdays: str
    own_days: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    url: str
    memory_limit: str


@dataclass(frozen=True)
class Source:
    """What cannot be read from a file itself. `columns` maps a header to a field; `header` names all columns of a file without."""

    system: str = ""
    table: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    amount: str = ""
    currency: str = ""
    rate: float | None = None
    snapshot: bool = False
    third_party: bool = False


@dataclass(frozen=True)
class Rule:
    """A row check that a user wrote, with its own words."""

    table: str
    field: str
    test: Literal["present", "one_of", "min", "max", "matches", "before", "after"]
    zh: str
    en: str
    value: Any = None
    severity: Literal["error", "warning"] = "warning"


@dataclass(frozen=True)
class Checks:
    flood_share: float
    flood_from: int
    off: tuple[str, ...]
    min_contact_methods: int
    stage_tags: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Classes:
    region_scheme: Literal["seven", "six"]
    size_standard: Literal["nbs2017", "simple_500_50", "simple_500_100"]
    industry_level: Literal["section", "division", "group"]


@dataclass(frozen=True)
class Entry:
    """How records are judged. `weights`: "table.field" → weight; what the dictionary requires has weight 1."""

    weights: Mapping[str, float]
    least: int
    vague_chars: int
    vague: tuple[str, ...]
    spot_share: float
    spot_most: int
    baseline: date | None = None


@dataclass(frozen=True)
class Deadlines:
    """Hours from a communication to its entry, and for an answer to it."""

    interaction_h: float
    phone_visit_h: float
    phone_visit: tuple[str, ...]
    response_h: float


@dataclass(frozen=True)
class Matching:
    hub_names: int
    source_priority: tuple[str, ...]
    off: tuple[str, ...]


@dataclass(frozen=True)
class Advice:
    """A rule of advice: said where `figure` lies over and under these. `blanks`: blank of its words → figure; {value} is the figure
    itself. A rule of one's own brings its words."""

    figure: str
    days: int
    over: float | None = None
    under: float | None = None
    blanks: Mapping[str, str] = field(default_factory=dict)
    finding: Words | None = None
    action: Words | None = None
    role: Words | None = None
    off: bool = False


@dataclass(frozen=True)
class Privacy:
    name: Literal["surname_star", "honorific"]


@dataclass(frozen=True)
class Template:
    """`profile`: the fields of one trade, beside those that every trade has."""

    profile: Literal["", "retail", "b2b"]


@dataclass(frozen=True)
class OwnField:
    """A user's own field of a table."""

    zh: str
    en: str
    type: str = "str"
    required: str = ""
    personal: str = ""
    choice: str = ""
    aliases: tuple[str, ...] = ()
    level: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Everything a user may set. Functions receive the part that they need."""

    report: Report
    periods: Periods
    engine: Engine
    checks: Checks
    classes: Classes
    entry: Entry
    deadlines: Deadlines
    communication: Communication
    matching: Matching
    template: Template
    privacy: Privacy
    tiers: Tiers
    segments: tuple[Segment, ...]
    tagging: Tagging
    clusters: Clusters
    lifetime: Lifetime
    churn: Churn
    needs: Needs
    conversion: Conversion
    value: Value
    kpi: Kpi
    service: Service
    sla: Mapping[str, Sla]
    advice: Mapping[str, Advice] = field(default_factory=dict)
    tags: tuple[TagRule, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, OwnField]] = field(default_factory=dict)

    def own_fields(self) -> list[Field]:
        """The fields of the profile and of `[fields.<table>.<name>]` as dictionary fields."""
        profile = dictionary.DICTIONARY.profiles[self.template.profile] if self.template.profile else ()
        return [
            *profile,
            *(
                Field(
                    table=table,
                    key=key,
                    **{k: getattr(one, k) for k in ("zh", "en", "type", "required", "personal", "choice", "aliases")},
                    level1=(one.level + ("",))[0],
                    level2=(one.level + ("", ""))[1],
                    custom=True,
                )
                for table, named in self.fields.items()
                for key, one in named.items()
            ),
        ]


def load_settings(home: Home) -> Settings:
    """The home's settings.toml over the kit's defaults. Raises SettingsError with every mistake at once."""
    text = home.settings_file.read_text(encoding="utf-8-sig") if home.settings_file.is_file() else ""
    settings = parse_settings(text, file=home.settings_file.name)
    days = home.root / settings.periods.workdays
    if not days.is_file():
        return settings
    own = {**settings.periods.own_days, **read_own_days(days)}
    return replace(settings, periods=replace(settings.periods, own_days=own))


@cache
def parse_settings(text: str = "", *, file: str = "settings.toml") -> Settings:
    """The text of a settings.toml → Settings; "" gives the defaults."""
    try:
        own = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError("error.settings_toml", file=file, detail=error) from None
    tree = lay_over(parse_toml(DEFAULTS.read_text(encoding="utf-8")), own)
    problems: list[SettingsError] = []
    settings = read_record(Settings, tree, "", file=file, problems=problems)
    if not problems:
        problems = [SettingsError(key, file=file, **blanks) for key, blanks in _contradictions(settings)]
    if problems:
        raise SettingsError.of(problems)
    return settings


def _contradictions(settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    """What each key allows alone, but not together."""
    value, found = settings.tiers.value, []
    if not 0 < value.middle < value.high:
        found.append(("error.settings_tiers", {"high": value.high, "middle": value.middle}))
    if not 0 < settings.checks.flood_share <= 1:
        found.append(("error.settings_share", {"where": "[checks] flood_share", "value": settings.checks.flood_share}))
    if not 0 <= settings.churn.hold_out <= 0.5:
        found.append(("error.settings_hold_out", {"value": settings.churn.hold_out}))
    if not 1 <= settings.periods.fiscal_year_start <= 12:
        found.append(("error.settings_month", {"value": settings.periods.fiscal_year_start}))
    if not parse_hours(settings.periods.work_hours):
        found.append(("error.settings_hours", {"value": list(settings.periods.work_hours)}))
    cadence = settings.communication.cadence_days
    known = (*PLAN_SEGMENTS, "other")
    found += [
        ("error.settings_cadence", {"word": name, "value": days, "known": ", ".join(known)})
        for name, days in cadence.items()
        if name not in known or days < 1
    ]
    found += find_faults(settings.segments)
    for word in settings.tiers.precedence:
        if word not in PLAN_SEGMENTS:
            found.append(("error.precedence", {"word": word, "known": ", ".join(PLAN_SEGMENTS)}))
    choices = dictionary.DICTIONARY.choices
    for entity, pair in settings.conversion.nodes.items():
        stages = choices.get(STAGES.get(entity, ""), {})
        if len(pair) != 2 or not set(pair) <= set(stages) or list(stages).index(pair[0]) >= list(stages).index(pair[1]):
            known = ", ".join(stages) or ", ".join(STAGES)
            found.append(("error.conversion_node", {"entity": entity, "value": ", ".join(pair), "known": known}))
    levels = [one.zh for one in choices["ticket_level"].values()]
    found += [
        ("error.sla_level", {"word": word, "known": ", ".join(levels)}) for word in settings.sla.keys() - set(levels)
    ]
    families = choices["tag_family"]
    for n, rule in enumerate(settings.tags, start=1):
        if rule.family not in families:
            found.append(
                ("error.tag_family", {"where": f"[[tags]] #{n}", "word": rule.family, "known": ", ".join(families)})
            )
    for name in ("purchase_cycles", "contact_frequency"):
        for key, band in getattr(settings.tagging, name).items():
            if len(band) != 2 or band[0] > band[1]:
                found.append(("error.settings_band", {"where": f"[tagging] {name}.{key}", "value": list(band)}))
    return found
