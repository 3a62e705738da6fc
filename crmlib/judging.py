"""The settings by which customers are judged, as frozen records: tiers, scores, segments, tags, clusters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

# plan segment → the tier it is
PLAN_SEGMENTS = {
    "churn_risk": ("risk", "churn_risk"),
    "high_value": ("value", "high"),
    "potential": ("potential", "focus"),
}


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
class ActivityTier:
    months: int


@dataclass(frozen=True)
class Scoring:
    """Weights of inputs by name; growth a year by industry code."""

    value: Mapping[str, float]
    potential: Mapping[str, float]
    industry_growth: Mapping[str, float]


@dataclass(frozen=True)
class Tiers:
    """`precedence`: of the plan segments that a customer is in, the first one's cadence holds."""

    precedence: tuple[str, ...]
    value: ValueTier
    potential: PotentialTier
    risk: RiskTier
    activity: ActivityTier
    scoring: Scoring


@dataclass(frozen=True)
class Segment:
    """A named part of the customers: inclusive ranges of scores, 5 is best; a range that is left out holds every score."""

    name: str
    zh: str
    en: str
    recency_score: tuple[int, ...] = ()
    frequency_score: tuple[int, ...] = ()
    money_score: tuple[int, ...] = ()


@dataclass(frozen=True)
class TagRule:
    """A tag that a user defined: given to everybody of whom `when` is true, e.g. "amount_12m_cny >= 500000 and risk = stable"."""

    family: str
    value: str
    when: str
    zh: str
    en: str


@dataclass(frozen=True)
class TagProposal:
    """A tag to put in the place of another (or beside it, where `of` is empty), once somebody approves."""

    to: str
    when: str
    of: str = ""


@dataclass(frozen=True)
class Tagging:
    """Bands of days are inclusive, the first that fits wins. `least`: a tag of fewer customers is hardly used."""

    purchase_cycles: Mapping[str, tuple[float, ...]]
    contact_frequency: Mapping[str, tuple[float, ...]]
    min_orders: int
    min_contacts: int
    preference_share: float
    future_months: int
    features: tuple[str, ...]
    vague: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...]
    exclusive: tuple[tuple[str, ...], ...]
    least: int
    proposals: tuple[TagProposal, ...]


@dataclass(frozen=True)
class Cause:
    """Why an answer was late, where `when` is true of the wait."""

    name: str
    when: str
    zh: str
    en: str


@dataclass(frozen=True)
class Communication:
    """`cadence_days`: plan segment → days after which a customer should have been spoken to. `causes`: the first that fits."""

    least: int
    cadence_days: Mapping[str, int]
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Clusters:
    most: int
    min_share: float
    min_ari: float
    max_noise: float
    worth: float


@dataclass(frozen=True)
class Churn:
    """The probability of no order: how far ahead, and with how many customers it is told. `hold_out`: the share of customers at
    risk whom plans leave alone from that day on, by chance; never those of the value tiers `hold_out_spare`."""

    horizon_days: int
    min_customers: int
    min_repeaters: int
    min_contracts: int
    hold_out: float
    hold_out_spare: tuple[Literal["high", "middle", "low"], ...]
    hold_out_from: date | None = None


@dataclass(frozen=True)
class Lifetime:
    """What customers will be worth, and how that is proved."""

    horizon_days: int
    min_repeaters: int
    backtest_days: int


@dataclass(frozen=True)
class Needs:
    """What counts as a frequent need, and from how many customers on a share is told. `word_least`: customers behind a keyword."""

    flag_share: float
    top: int
    least: int
    quarters: int
    word_least: int


@dataclass(frozen=True)
class Conversion:
    """`nodes`: entity → two stages of its way, told beside the steps. `phone` and `face_to_face`: channels set against each other."""

    least: int
    quarters: int
    nodes: Mapping[str, tuple[str, ...]]
    phone: tuple[str, ...]
    face_to_face: tuple[str, ...]


@dataclass(frozen=True)
class Sla:
    """Deadlines of tickets of one level, from when they were opened: `close_h`, or `close_workdays` (of China, or one's own)."""

    respond_h: float
    close_h: float = 0.0
    close_workdays: int = 0


@dataclass(frozen=True)
class Service:
    """How complaints and satisfaction are read. `fall`: points by which a customer's score falls, `fall_mean` the mean of all."""

    window_months: int
    least: int
    revisit_below: float
    fall: float
    fall_mean: float
    target_share: float


@dataclass(frozen=True)
class Value:
    """What customers contribute. `least`: of fewer customers no share is told. `campaigns`: tags that mark a campaign."""

    least: int
    campaign_days: int
    campaigns: tuple[str, ...]


@dataclass(frozen=True)
class Goals:
    """What is aimed at, never what is so: the first three against the time before the baseline, the others as a level."""

    completeness: float
    followup: float
    handling: float
    satisfaction: float
    renewal: float


@dataclass(frozen=True)
class Kpi:
    """The kit's own figures. `blank_share`: a field that is blank or vague more often is listed."""

    goals: Goals
    blank_share: float
