"""settings.toml over defaults.toml, as frozen records; every mistake is listed at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from crmlib import dictionary
from crmlib.dictionary import Field
from crmlib.errors import SettingsError
from crmlib.home import Home

DEFAULTS = Path(__file__).with_name("defaults.toml")

# outside strings and comments only a key can hold such letters; TOML wants it in quotes, people do not write them
_STRANGE_KEY = re.compile(
    r'""".*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|([\w-]*[^\x00-\x7f\W][\w-]*)', re.DOTALL
)


@dataclass(frozen=True)
class Words:
    """The same words in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Report:
    title: Words
    sections: tuple[str, ...]
    org: str


@dataclass(frozen=True)
class Periods:
    fiscal_year_start: int


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
    """Hours from a communication to its entry."""

    interaction_h: float
    phone_visit_h: float
    phone_visit: tuple[str, ...]


@dataclass(frozen=True)
class Matching:
    hub_names: int
    source_priority: tuple[str, ...]
    off: tuple[str, ...]


@dataclass(frozen=True)
class Privacy:
    name: Literal["surname_star", "honorific"]


@dataclass(frozen=True)
class ValueTier:
    basis: Literal["trailing_12m", "calendar_year", "fiscal_year", "cumulative"]
    high: float
    middle: float


@dataclass(frozen=True)
class PotentialTier:
    intents: tuple[str, ...]
    priorities: tuple[str, ...]
    stages: tuple[str, ...]
    lifecycle_stages: tuple[str, ...]
    clarity: tuple[str, ...]


@dataclass(frozen=True)
class RiskTier:
    lost_months: int
    warn_overdue: int
    window_months: int


@dataclass(frozen=True)
class Tiers:
    value: ValueTier
    potential: PotentialTier
    risk: RiskTier


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
    matching: Matching
    template: Template
    privacy: Privacy
    tiers: Tiers
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
    return parse_settings(text, file=home.settings_file.name)


@cache
def parse_settings(text: str = "", *, file: str = "settings.toml") -> Settings:
    """The text of a settings.toml → Settings; "" gives the defaults."""
    try:
        own = tomllib.loads(_STRANGE_KEY.sub(lambda m: f'"{m[1]}"' if m[1] else m[0], text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError("error.settings_toml", file=file, detail=error) from None
    tree = _over(tomllib.loads(DEFAULTS.read_text(encoding="utf-8")), own)
    problems: list[SettingsError] = []
    settings = _read(Settings, tree, "", file, problems)
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
    if not 1 <= settings.periods.fiscal_year_start <= 12:
        found.append(("error.settings_month", {"value": settings.periods.fiscal_year_start}))
    return found


def _over(base: dict, own: dict) -> dict:
    """`own` over `base`, key by key."""
    both = {
        k: _over(base[k], v) if isinstance(v, dict) and isinstance(base.get(k), dict) else v for k, v in own.items()
    }
    return {**base, **both}


def _read(kind: Any, node: Any, where: str, file: str, problems: list[SettingsError]) -> Any:
    """`node` of TOML as `kind`; what does not fit is added to `problems`."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return node
    if is_dataclass(kind) and isinstance(node, dict):
        hints = get_type_hints(kind)
        for key in node.keys() - hints.keys():
            near = get_close_matches(key, hints, n=1)
            problems.append(
                SettingsError(
                    "error.setting_unknown" if near else "error.setting_unknown_far",
                    **({"near": near[0]} if near else {"known": ", ".join(hints)}),
                    file=file, where=f"[{where}]" if where else file, key=key,
                )
            )  # fmt: skip
        given = {k: _read(hints[k], node[k], f"{where}.{k}".strip("."), file, problems) for k in hints if k in node}
        missing = [f.name for f in fields(kind) if f.name not in node and _no_default(f)]
        for key in missing:
            problems.append(SettingsError("error.setting_missing", file=file, where=where, key=key))
        return None if missing else kind(**given)
    if origin in (Mapping, dict, get_origin(Mapping[str, str])) and isinstance(node, dict):
        return {key: _read(args[1], value, f"{where}.{key}", file, problems) for key, value in node.items()}
    if origin is tuple and isinstance(node, list):
        return tuple(_read(args[0], one, where, file, problems) for one in node)
    if origin is Literal and node in args:
        return node
    if origin in (Union, UnionType):
        return _read(next(a for a in args if a is not type(None)), node, where, file, problems)
    if kind is float and isinstance(node, int) and not isinstance(node, bool):
        return float(node)
    if isinstance(kind, type) and isinstance(node, kind) and not (kind is not bool and isinstance(node, bool)):
        return node
    wanted = " | ".join(map(str, args)) if origin is Literal else getattr(kind, "__name__", str(kind))
    problems.append(SettingsError("error.setting_type", file=file, where=where, wanted=wanted, found=repr(node)))
    return None


def _no_default(one: Any) -> bool:
    return one.default is MISSING and one.default_factory is MISSING
