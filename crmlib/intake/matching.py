"""Which rows are one customer: named rules make links, links unite rows under vetoes, and what is doubtful is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import duckdb
import numpy as np
import pandas as pd

from crmlib.intake.evidence import NONE, Evidence, check_rows, gather_evidence
from crmlib.intake.naming import compare_names
from crmlib.intake.registry import assign_ids
from crmlib.intake.uniting import unite
from crmlib.labels import Say


@dataclass(frozen=True)
class Rule:
    """Rows with the same `key` are linked. `names` says what their names must be to each other.

    `conflict`: the reason under which a pair is asked whose names do not fit; "" asks nothing.
    `strict`: a name that says too little (科技公司) does not fit. `weak`: the pair is only ever asked; `ask`: it is asked where the explanation holds this word. `unless`: no link where
    the explanation holds all of these.
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
    Rule("contact_phone", ("phone", "contact"), 0.50, ("PHONE_SAME",), names="incompatible", weak=True),
    Rule("contact_email", ("email", "contact"), 0.50, ("EMAIL_SAME",), names="incompatible", weak=True),
    Rule("core", ("core", "seat"), 0.40, ("CORE_SAME",), weak=True, unless=("NAME_CORE_SAME", "CITY_DIFFERS")),
)
BY_HAND = Rule("decision", (), 1.0, ("DECIDED_SAME",), names="any")
VETOES = ("uscc", "branch", "id_no")  # two different values never meet in one customer
LESS = {
    "NAME_TYPO": 0.05,
    "NAME_SHORTENED": 0.03,
    "NAME_MASKED": 0.03,
    "NAME_VAGUE": 0.03,
    "NAME_MISSING": 0.02,
}  # off a link's strength
MOST_NAMES = 40  # how many different names under one key are compared with each other
MOST_ASKED = 5  # a core that more customers share than this is too common to ask about

_CODES = (
    "", "NAME_SAME", "NAME_CORE_SAME", "NAME_SHORTENED", "NAME_TYPO", "NAME_MASKED", "NAME_MISSING", "NAME_DIFFERS",
    "CONTACT_SAME", "CITY_SAME", "CITY_DIFFERS", "CITY_UNKNOWN", "NAME_VAGUE",
)  # fmt: skip


class Matched(NamedTuple):
    """`row_to_customer`: customer ids by row_id. `links`: row_a, row_b, rule, strength, why (codes, joined by commas).

    `review`: the same and reason (VETOED, ID_CONFLICT, WEAK): one pair for each two customers that may be one.
    `aliases`: alias_id, customer_id of customers that were merged. `ignored`: see Evidence.
    """

    row_to_customer: pd.Series
    links: pd.DataFrame
    review: pd.DataFrame
    aliases: pd.DataFrame
    ignored: pd.DataFrame


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
    check_rows(rows)
    ordered = rows.sort_values("row_id", ignore_index=True)
    row_ids = pd.Index(ordered["row_id"])
    evidence = gather_evidence(ordered, hub_names=hub_names)
    same, different = _decided(decisions, row_ids)
    found = find_links(evidence, [rule for rule in RULES if rule.name not in off])
    strong = found[~found["weak"] & ~found["conflict"]]
    by_hand = pd.DataFrame(
        {"a": same[:, 0], "b": same[:, 1], "rule": BY_HAND.name, "strength": 1.0, "why": BY_HAND.why[0]}
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
    )
    ids = assign_ids(row_ids, united.group, known=known)
    vetoed = np.zeros(len(links), bool)
    vetoed[united.vetoed] = True
    asked = pd.concat([links[vetoed].assign(reason="VETOED"), _doubts(found)], ignore_index=True)
    return Matched(
        pd.Series(ids.ids, index=row_ids, name="customer_id", dtype="str"),
        _publish(links[~vetoed], row_ids),
        _publish(_once_per_pair(asked, united.group, evidence, different), row_ids, "reason"),
        ids.aliases,
        evidence.ignored,
    )


def find_links(evidence: Evidence, rules: Sequence[Rule] = RULES) -> pd.DataFrame:
    """Every link that the rules find: a, b (row positions, a < b), rule, strength, why, weak, conflict.

    Links grow with the rows, not with their pairs: rows of one name under one key hang together as a star and a chain.
    """
    pairs = _candidates(evidence, rules)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    rule = pairs["rule"].to_numpy()
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
    kinds, which = np.unique(combined, return_inverse=True)
    told = [_explain_kind(int(kind), rules) for kind in kinds]
    keep &= np.array([one.made for one in told], dtype=bool)[which]
    links = pd.DataFrame(
        {
            "a": a,
            "b": b,
            "rule": np.array([one.name for one in rules], dtype=object)[rule],
            "strength": np.array([one.strength for one in told], dtype=float)[which],
            "why": np.array([one.why for one in told], dtype=object)[which],
            "weak": np.array([one.weak for one in told], dtype=bool)[which],
            "conflict": conflict,
        }
    )[keep]
    return links.sort_values(["strength", "a", "b", "rule"], ascending=[False, True, True, True], ignore_index=True)


def explain_why(why: str, say: Say) -> str:
    """PHONE_SAME,CITY_DIFFERS → 电话相同，城市不同."""
    return say("why.and").join(say(f"why.{code}") for code in why.split(",") if code)


class _Kind(NamedTuple):
    made: bool
    weak: bool
    strength: float
    why: str


def _explain_kind(kind: int, rules: Sequence[Rule]) -> _Kind:
    """One kind of link: its rule, how names fit, whether contacts and cities are the same."""
    rule = rules[kind >> 12]
    name, contact, city = _CODES[kind >> 8 & 15], _CODES[kind >> 4 & 15], _CODES[kind & 15]
    told = {name, contact, city}
    words = [*rule.why, name, contact, city if city != "CITY_UNKNOWN" or "core" in rule.key else ""]
    if "REGISTERED_NAME_SAME" in words or "CORE_SAME" in words:
        words = [word for word in words if word not in ("NAME_SAME", "NAME_CORE_SAME")]
    made = not rule.unless or not set(rule.unless) <= told
    strength = round(rule.strength - LESS.get(name, 0.0), 2)
    return _Kind(made, rule.weak or (rule.ask != "" and rule.ask in told), strength, ",".join(filter(None, words)))


def _candidates(evidence: Evidence, rules: Sequence[Rule]) -> pd.DataFrame:
    """Pairs of rows with an equal key, by SQL: a, b, rule (its place in `rules`)."""
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute("SET enable_progress_bar = false")
        db.register("rows", evidence.rows)
        for name, values in (("phones", evidence.phones), ("emails", evidence.emails)):
            db.register(f"{name}_raw", values)
            db.execute(
                f"CREATE TEMP TABLE {name} AS SELECT rows.*, value AS {name[:-1]} FROM {name}_raw JOIN rows USING (r)"
            )
        db.execute("CREATE TEMP VIEW reached AS SELECT phones.*, value AS email FROM phones JOIN emails_raw USING (r)")
        used = [(place, rule) for place, rule in enumerate(rules) if _is_used(rule, evidence)]
        found = [db.execute(_pairs_sql(rule)).df().assign(rule=place) for place, rule in used]
    return (
        pd.concat(found, ignore_index=True).astype("int64")
        if found
        else pd.DataFrame({"a": [], "b": [], "rule": []}, dtype="int64")
    )


def _is_used(rule: Rule, evidence: Evidence) -> bool:
    values = {"phone": evidence.phones["value"], "email": evidence.emails["value"]}
    return all((values[key] if key in values else evidence.rows[key]).ge(0).any() for key in rule.key)


def _pairs_sql(rule: Rule) -> str:
    """Within one name: each row with the first and with the one before. Across names: the first rows with each other."""
    tables = {(True, True): "reached", (True, False): "phones", (False, True): "emails"}
    table = tables.get(("phone" in rule.key, "email" in rule.key), "rows")
    keys = ", ".join(rule.key)
    label = "0" if rule.names == "any" else "label"
    there = " AND ".join(f"{key} >= 0" for key in rule.key)
    queries = []
    if rule.names != "incompatible":
        queries.append("""SELECT least(r, other) AS a, greatest(r, other) AS b FROM (
            SELECT r, head AS other FROM chained WHERE r <> head UNION ALL SELECT r, prev FROM chained WHERE prev <> head)""")
    if rule.names != "any":
        queries.append(f"""SELECT least(x.r, y.r) AS a, greatest(x.r, y.r) AS b
            FROM placed x JOIN placed y USING ({keys}) WHERE x.place < y.place AND x.who <> y.who""")
    return f"""WITH
        shared AS MATERIALIZED (SELECT {keys}, {label} AS who, r, c, uscc, branch FROM {table}
            JOIN (SELECT {keys} FROM {table} WHERE {there} GROUP BY ALL HAVING count(*) > 1) USING ({keys})),
        chained AS MATERIALIZED (SELECT r, first_value(r) OVER w AS head, lag(r) OVER w AS prev FROM shared
            WINDOW w AS (PARTITION BY {keys}, who ORDER BY uscc < 0, uscc, branch < 0, branch, r)),
        heads AS (SELECT *, row_number() OVER (PARTITION BY {keys}, who ORDER BY r) AS nth FROM (
            SELECT {keys}, who, c, min(r) AS r FROM shared GROUP BY ALL)),
        placed AS MATERIALIZED (SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY nth, r) AS place FROM heads
            QUALIFY place <= {MOST_NAMES})
        {" UNION ALL ".join(queries)}"""


def _name_codes(evidence: Evidence, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How the names of each pair fit, as places in _CODES; 0 where they do not. Each two names are compared once."""
    n, c = evidence.rows["n"].to_numpy(), evidence.rows["c"].to_numpy()
    named = (n[a] >= 0) & (n[b] >= 0)
    left, right = np.where(named, n[a], c[a]), np.where(named, n[b], c[b])
    base = max(len(evidence.names), len(evidence.contacts)) + 2
    asked, which = np.unique((named * base + left + 1) * base + right + 1, return_inverse=True)
    codes = np.array([_one_code(evidence, int(one), base) for one in asked], dtype=np.int64)
    return codes[which] if len(codes) else np.zeros(0, np.int64)


def _one_code(evidence: Evidence, asked: int, base: int) -> int:
    first, right = divmod(asked, base)
    named, left = divmod(first, base)
    left, right = left - 1, right - 1
    if named:
        names = evidence.names
        if left == right:
            return _CODES.index("NAME_MASKED" if names[left].vague else "NAME_SAME")
        code = compare_names(names[left], names[right])
        if code == "NAME_MASKED" and "*" not in names[left].full + names[right].full:
            code = "NAME_VAGUE"  # 科技公司: nothing is hidden, it says too little
        return _CODES.index(code)
    people = evidence.contacts
    fits = NONE in (left, right) or bool(compare_names(people[left], people[right]))
    return _CODES.index("NAME_MISSING") if fits else 0


def _decided(decisions: pd.DataFrame | None, row_ids: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of positions that a person called the same, and different. Rows that are gone decide nothing."""
    if decisions is None or decisions.empty:
        return np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64)
    pairs = np.column_stack([row_ids.get_indexer(decisions["row_a"]), row_ids.get_indexer(decisions["row_b"])])
    there = (pairs >= 0).all(axis=1)
    same = (decisions["decision"] == "same").to_numpy()
    return pairs[there & same], pairs[there & ~same]


def _doubts(found: pd.DataFrame) -> pd.DataFrame:
    doubtful = found[found["weak"] | found["conflict"]]
    return doubtful.assign(reason=np.where(doubtful["conflict"], "ID_CONFLICT", "WEAK"))


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
    crowd = pd.DataFrame({"core": evidence.rows["core"], "group": group}).groupby("core")["group"].nunique()
    shared = evidence.rows["core"].reindex(asked["a"]).map(crowd).to_numpy()
    return asked[(asked["rule"] != "core") | (shared <= MOST_ASKED)]


def _publish(links: pd.DataFrame, row_ids: pd.Index, *more: str) -> pd.DataFrame:
    """Positions become row ids."""
    table = pd.DataFrame(
        {"row_a": row_ids[links["a"].to_numpy(dtype=np.int64)], "row_b": row_ids[links["b"].to_numpy(dtype=np.int64)]}
    )
    for column in ("rule", "strength", "why", *more):
        table[column] = links[column].to_numpy()
    return table.astype({"rule": "str", "why": "str", **dict.fromkeys(more, "str")})
