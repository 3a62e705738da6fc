"""Which rows are one customer: named rules make links, links unite rows under vetoes, and what is doubtful is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from crmlib.intake.columns import words_of
from crmlib.intake.evidence import Evidence, gather_evidence, in_order
from crmlib.intake.naming import PersonName, compare_names
from crmlib.intake.pairing import find_pairs, join_keys, order_rows, sort_order
from crmlib.intake.registry import assign_ids
from crmlib.intake.uniting import unite
from crmlib.labels import Say


@dataclass(frozen=True)
class Rule:
    """Rows with the same `key` are linked. `names` says what their names must be to each other.

    `conflict`: the reason under which a pair is asked whose names do not fit; "" asks nothing.
    `strict`: a name that says too little (科技公司) does not fit. `weak`: the pair is only ever asked; `ask`: it is asked where
    the explanation holds this word. `unless`: no link where it holds all of these; `only`: none where names fit otherwise.
    """

    name: str
    key: tuple[str, ...]
    strength: float
    why: tuple[str, ...]
    names: Literal["any", "compatible", "incompatible"] = "compatible"
    conflict: str = ""
    strict: bool = False
    weak: bool = False
    ask: str = ""
    unless: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


RULES = (
    Rule("uscc", ("uscc",), 0.99, ("USCC_SAME",), names="any"),
    Rule("id_no", ("id_no",), 0.98, ("ID_NO_SAME",), conflict="ID_CONFLICT"),
    Rule("named", ("anchor",), 0.975, ("NAME_SAME",), names="any"),  # a sheet names a row of its own system
    Rule("source_id", ("system", "source_id"), 0.97, ("SOURCE_ID_SAME",), conflict="ID_CONFLICT", strict=True),
    Rule("renamed", ("system", "source_id", "phone"), 0.96, ("SOURCE_ID_SAME", "PHONE_SAME"), names="incompatible"),
    Rule("phone", ("phone",), 0.95, ("PHONE_SAME",)),
    Rule("email", ("email",), 0.94, ("EMAIL_SAME",)),
    Rule("registered_name", ("registered",), 0.93, ("REGISTERED_NAME_SAME",), names="any"),
    Rule("core_city", ("core", "city", "seat"), 0.88, ("CORE_SAME",)),
    # a person who changes company keeps the phone, one with two companies may keep both; neither keeps the trade as well
    Rule(
        "moved",
        ("phone", "email", "contact", "trade"),
        0.82,
        ("PHONE_SAME", "EMAIL_SAME"),
        "incompatible",
        ask="CITY_DIFFERS",
    ),
    Rule("core_contact", ("core", "contact", "seat"), 0.80, ("CORE_SAME",), ask="CITY_DIFFERS"),
    Rule("staff_city", ("staff", "city", "seat", "initial"), 0.75, (), ask="NAME_TYPO"),
    Rule("staff_mark", ("staff", "mark", "seat"), 0.72, (), ask="CITY_DIFFERS", only=("NAME_SHORTENED",)),
    Rule("contact_phone", ("phone", "contact"), 0.50, ("PHONE_SAME",), names="incompatible", weak=True),
    Rule("contact_email", ("email", "contact"), 0.50, ("EMAIL_SAME",), names="incompatible", weak=True),
    Rule("core", ("rare", "seat"), 0.40, ("CORE_SAME",), weak=True, unless=("NAME_CORE_SAME", "CITY_DIFFERS")),
)
BY_HAND = Rule("decision", (), 1.0, ("DECIDED_SAME",), names="any")
RENAMING = [rule.name for rule in RULES if rule.names != "compatible" and rule.key != ("registered",)]
VETOES = ("uscc", "branch", "id_no")  # two different values never meet in one customer
LESS = {
    "NAME_TYPO": 0.05,
    "NAME_SHORTENED": 0.03,
    "NAME_MASKED": 0.03,
    "NAME_VAGUE": 0.03,
    "NAME_MISSING": 0.02,
}  # off a link's strength
MOST_ASKED = 2  # a core that more customers share than this is too common to ask about

_CODES_TEXT = """- NAME_SAME NAME_CORE_SAME NAME_SHORTENED NAME_TYPO NAME_MASKED NAME_MISSING NAME_DIFFERS CONTACT_SAME
    CITY_SAME CITY_DIFFERS CITY_UNKNOWN NAME_VAGUE"""
_CODES = ("", *_CODES_TEXT.split()[1:])


class Matched(NamedTuple):
    """`row_to_customer`: customer ids by row_id. `links`: row_a, row_b, rule, strength, why (codes, joined by commas).

    `review`: the same and reason (VETOED, ID_CONFLICT, WEAK): one pair for each two customers that may be one.
    """

    row_to_customer: pd.Series
    links: pd.DataFrame
    review: pd.DataFrame


def match_rows(
    rows: pd.DataFrame,
    *,
    decisions: pd.DataFrame | None = None,
    known: pd.Series | None = None,
    hub_names: int = 8,
    off: Sequence[str] = (),
) -> Matched:
    """Which customer each row belongs to.

    `rows`: row_id, and any of name, contact_name, phone, email, uscc, id_no, entity_type, city, province, address, source,
    system, source_id, as people typed them (several phones separated by ";"). `decisions`: row_a, row_b, decision (same,
    different). `known`: row_id → customer id given earlier. `hub_names`: a phone under more names than this points at
    nobody. `off`: names of rules that are not used. Raises DataError where row_id is missing, empty or repeated.
    """
    ordered = in_order(rows)
    evidence = gather_evidence(ordered, hub_names=hub_names)
    return match_evidence(evidence, pd.Index(ordered["row_id"]), decisions=decisions, known=known, off=off)


def match_evidence(
    evidence: Evidence,
    row_ids: pd.Index,
    *,
    decisions: pd.DataFrame | None = None,
    known: pd.Series | None = None,
    off: Sequence[str] = (),
    largest: int = 0,
) -> Matched:
    """match_rows where the rows are keys already. `largest`: the highest number of an id given to any row."""
    same, different = _decided(decisions, row_ids)
    found = find_links(evidence, [rule for rule in RULES if rule.name not in off])
    strong = found[~found["weak"] & ~found["conflict"]]
    by_hand = pd.DataFrame(
        {"a": same[:, 0], "b": same[:, 1], "rule": BY_HAND.name, "strength": 1.0, "why": BY_HAND.why[0], "soft": False}
    )
    links = pd.concat([by_hand, strong], ignore_index=True) if len(by_hand) else strong.reset_index(drop=True)

    united = unite(
        len(row_ids),
        links["a"].to_numpy(),
        links["b"].to_numpy(),
        strength=links["strength"].to_numpy(),
        marks=[evidence.rows[mark].to_numpy() for mark in VETOES],
        apart=[tuple(pair) for pair in different],
        by_hand=(links["rule"] == BY_HAND.name).to_numpy(),
        soft=links["soft"].to_numpy(),
        names=evidence.rows["whole"].to_numpy(),
        renaming=links["rule"].isin(RENAMING).to_numpy(),
    )
    ids = assign_ids(row_ids, united.group, known=known, largest=largest)
    vetoed = np.zeros(len(links), bool)
    vetoed[united.vetoed] = True
    doubts = found[found["weak"] | found["conflict"]]
    doubts = doubts.assign(reason=np.where(doubts["conflict"], "ID_CONFLICT", "WEAK"))
    asked = pd.concat([links[vetoed].assign(reason="VETOED"), doubts], ignore_index=True)
    return Matched(
        pd.Series(ids, index=row_ids, name="customer_id", dtype="str"),
        _publish(links[united.group[links["a"]] == united.group[links["b"]]], row_ids),
        _publish(_once_per_pair(asked, united.group, evidence, different), row_ids, "reason"),
    )


def find_links(evidence: Evidence, rules: Sequence[Rule] = RULES) -> pd.DataFrame:
    """Every link that the rules find: a, b (row positions, a < b), rule, strength, why, weak, conflict.

    Links grow with the rows, not with their pairs: rows of one name under one key hang together as a star and a chain.
    """
    a, b, rule = _candidates(evidence, rules)
    name = _name_codes(evidence, a, b)
    strict = np.array([one.strict for one in rules], dtype=bool)[rule]
    fits = (name != 0) & ~(strict & (name == _CODES.index("NAME_VAGUE")))
    mode = np.array([("any", "compatible", "incompatible").index(one.names) for one in rules], dtype=np.int64)[rule]
    conflict = (mode == 1) & ~fits & np.array([bool(one.conflict) for one in rules], dtype=bool)[rule]
    keep = (mode == 0) | ((mode == 1) & fits) | ((mode == 2) & ~fits) | conflict

    city, contact = evidence.rows["city"].to_numpy(), evidence.rows["c"].to_numpy()
    known = (city[a] >= 0) & (city[b] >= 0)
    where = np.where(known, np.where(city[a] == city[b], 9, 10), 11)
    person = np.where((contact[a] == contact[b]) & (contact[a] >= 0), 8, 0)
    combined = ((rule * 16 + np.where(fits, name, 7)) * 16 + person) * 16 + where
    kinds = np.flatnonzero(np.bincount(combined))
    which = np.searchsorted(kinds, combined)
    told = [_explain_kind(int(kind), rules) for kind in kinds]
    keep &= np.array([one.made for one in told], dtype=bool)[which]
    a, b, rule, which, conflict = (column[keep] for column in (a, b, rule, which, conflict))
    weakest_last = np.unique([-one.strength for one in told], return_inverse=True)[1]
    by_name = np.argsort(np.argsort([one.name for one in rules]))
    order = sort_order(weakest_last[which], a, b, by_name[rule])
    a, b, rule, which, conflict = (column[order] for column in (a, b, rule, which, conflict))
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "rule": words_of([one.name for one in rules], rule),
            "strength": np.array([one.strength for one in told], dtype=float)[which],
            "why": words_of([one.why for one in told], which),
            "weak": np.array([one.weak for one in told], dtype=bool)[which],
            "soft": np.array([one.soft for one in told], dtype=bool)[which],
            "conflict": conflict,
        },
        copy=False,
    )


def explain_why(why: str, say: Say) -> str:
    """PHONE_SAME,CITY_DIFFERS → 电话相同，城市不同."""
    return say("why.and").join(say(f"why.{code}") for code in why.split(",") if code)


class _Kind(NamedTuple):
    made: bool
    weak: bool
    soft: bool
    strength: float
    why: str


def _explain_kind(kind: int, rules: Sequence[Rule]) -> _Kind:
    """One kind of link: its rule, how names fit, whether contacts and cities are the same."""
    rule = rules[kind >> 12]
    name, contact, city = _CODES[kind >> 8 & 15], _CODES[kind >> 4 & 15], _CODES[kind & 15]
    told = {name, contact, city}
    words = [*rule.why, name, contact, city if city != "CITY_UNKNOWN" or "CORE_SAME" in rule.why else ""]
    if "REGISTERED_NAME_SAME" in words or "CORE_SAME" in words:
        words = [word for word in words if word not in ("NAME_SAME", "NAME_CORE_SAME")]
    made = (not rule.unless or not set(rule.unless) <= told) and (not rule.only or name in rule.only)
    by_name = "CORE_SAME" in rule.why or "registered" in rule.key or name == "NAME_SHORTENED"
    soft = rule.name == "staff_mark" or (by_name and contact != "CONTACT_SAME")
    strength = round(rule.strength - LESS.get(name, 0.0), 2)
    return _Kind(
        made, rule.weak or (rule.ask != "" and rule.ask in told), soft, strength, ",".join(filter(None, words))
    )


def _candidates(evidence: Evidence, rules: Sequence[Rule]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of rows with an equal key: a, b, rule (its place in `rules`)."""
    rows, found = order_rows(evidence.rows), []
    for place, rule in enumerate(rules):
        r, keys = _where(evidence, rule)
        at, key = join_keys(keys)
        a, b = find_pairs(key, r[at], rows, rule.names)
        found.append((a, b, np.full(len(a), place)))
    a, b, rule = (np.concatenate(column) for column in zip(*found, strict=True))
    return a, b, rule


def _where(evidence: Evidence, rule: Rule) -> tuple[np.ndarray, list[np.ndarray]]:
    """The rows that a rule looks at, one as often as it has numbers or addresses, and their keys."""
    points = [evidence.points[kind] for kind in ("phone", "email") if kind in rule.key]
    columns = [evidence.rows[key].to_numpy() for key in rule.key if key in evidence.rows]
    if not points:
        return evidence.rows["r"].to_numpy(), columns
    if len(points) == 1:
        r, values = points[0].r, [points[0].value]
    else:
        shared = (pd.DataFrame({"r": one.r, "value": one.value}).iloc[join_keys([one.value])[0]] for one in points)
        both = pd.merge(*shared, on="r")
        r, *values = (both[name].to_numpy() for name in ("r", "value_x", "value_y"))
    return r, values + [column[r] for column in columns]


def _name_codes(evidence: Evidence, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How the names of each pair fit, as places in _CODES; 0 where they do not. Each two names are compared once."""
    n, c = evidence.rows["n"].to_numpy(), evidence.rows["c"].to_numpy()
    named = (n[a] >= 0) & (n[b] >= 0)
    codes = np.where(named, _CODES.index("NAME_SAME"), _CODES.index("NAME_MISSING"))
    vague = evidence.names.numpy("vague")
    codes[named & (n[a] == n[b]) & np.append(vague, False)[n[a]]] = _CODES.index("NAME_MASKED")

    differ = np.flatnonzero(named & (n[a] != n[b]))
    (left, right), which = _different(n[a[differ]], n[b[differ]])
    compared = pd.Series(evidence.names.compare(left, right), dtype=object)
    starred = pc.match_substring(evidence.names.table["full"], "*").to_numpy()
    said_little = (
        (compared == "NAME_MASKED") & ~starred[left] & ~starred[right]
    )  # 科技公司 hides nothing, it says too little
    compared = compared.mask(said_little, "NAME_VAGUE").map({code: i for i, code in enumerate(_CODES)})
    codes[differ] = compared.to_numpy(np.int64)[which]

    people = np.flatnonzero(~named & (c[a] != c[b]) & (c[a] >= 0) & (c[b] >= 0))
    (left, right), which = _different(c[a[people]], c[b[people]])
    asked = zip((evidence.contacts[i] for i in left), (evidence.contacts[i] for i in right), strict=True)
    fits = [compare_names(PersonName(x), PersonName(y)) != "" for x, y in asked]
    codes[people] = np.where(np.array(fits, dtype=bool)[which], codes[people], 0)
    return codes


def _different(x: np.ndarray, y: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """((left, right) of each different pair, which of them each pair is)."""
    size = int(y.max(initial=0)) + 1
    which, pairs = pd.factorize(x * size + y)
    return (pairs // size, pairs % size), which


def _decided(decisions: pd.DataFrame | None, row_ids: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of positions that a person called the same, and different. Rows that are gone decide nothing."""
    if decisions is None or decisions.empty:
        return np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64)
    pairs = np.column_stack([row_ids.get_indexer(decisions["row_a"]), row_ids.get_indexer(decisions["row_b"])])
    there = (pairs >= 0).all(axis=1)
    same = (decisions["decision"] == "same").to_numpy()
    return pairs[there & same], pairs[there & ~same]


def _once_per_pair(asked: pd.DataFrame, group: np.ndarray, evidence: Evidence, different: np.ndarray) -> pd.DataFrame:
    """One question for each two customers, its best reason; none about what a person has told apart already."""
    x, y = group[asked["a"].to_numpy(dtype=np.int64)], group[asked["b"].to_numpy(dtype=np.int64)]
    low, high = np.minimum(x, y), np.maximum(x, y)
    pair = low * (len(group) + 1) + high
    told = group[different]
    told_pairs = told.min(axis=1, initial=len(group)) * (len(group) + 1) + told.max(axis=1, initial=0)
    place = asked["reason"].map({"VETOED": 0, "ID_CONFLICT": 1, "WEAK": 2})
    asked = asked.assign(pair=pair, place=place, low=low, high=high)[(low != high) & ~np.isin(pair, told_pairs)]
    asked = asked.sort_values(["place", "strength", "a", "b", "rule"], ascending=[True, False, True, True, True])
    asked = asked.drop_duplicates("pair")
    at, shared = join_keys([evidence.rows[key].to_numpy() for key in ("rare", "seat")])
    customers = pd.DataFrame({"core": shared, "group": group[at]}).drop_duplicates()["core"].value_counts()
    core = np.full(len(group), -1)
    core[at] = shared
    branch = evidence.rows["branch"].to_numpy()
    x, y = branch[asked["a"]], branch[asked["b"]]
    two_branches = (asked["reason"] == "VETOED") & (x >= 0) & (y >= 0) & (x != y)
    many = customers.reindex(core[asked["a"]], fill_value=0).to_numpy() > MOST_ASKED
    crowded = (asked["rule"] == "core") & many
    return asked[~two_branches & ~crowded]


def _publish(links: pd.DataFrame, row_ids: pd.Index, *more: str) -> pd.DataFrame:
    """Positions become row ids."""
    ends = {f"row_{end}": row_ids[links[end].to_numpy(dtype=np.int64)] for end in "ab"}
    table = pd.DataFrame(ends).assign(**{name: links[name].array for name in ("rule", "strength", "why", *more)})
    return table.astype({"rule": "str", "why": "str", **dict.fromkeys(more, "str")})
