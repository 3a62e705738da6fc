"""Ways: through which stages each customer, need and opportunity has gone by a day, and when, as far as anybody wrote it down."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

import crmlib.dictionary
from crmlib.dictionary import Dictionary
from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import add_facts, orders_before
from crmlib.insight.stages import FIELDS, LOST

DAY = "datetime64[D]"
NEVER = np.datetime64("NaT", "D")


class Way(NamedTuple):
    """Everybody of one entity who is on the way or was.

    stages: those in use, in their order, and the last. cases: one row each: entity_id, row_id, customer_id, owner_id,
    source, began_on, reached (0 is the first stage), outcome (arrived, open, settled: closed and content before the last stage,
    lost), ended_on, unplaced (lost, and nobody wrote from where: counted at the last step), seen_at (the stage at which a
    customer's first record found it, −1 for none: earlier steps were made before there were records). entered: days,
    case × stage; a stage that was skipped counts as passed on the day of the next. measured: whether that day is its own.
    unknown: cases left out, for nobody wrote their stage.
    """

    entity: str
    stages: tuple[str, ...]
    cases: pd.DataFrame
    entered: np.ndarray
    measured: np.ndarray
    unknown: int

    @property
    def reached(self) -> np.ndarray:
        return self.cases["reached"].to_numpy()

    @property
    def outcome(self) -> np.ndarray:
        return self.cases["outcome"].to_numpy()


def read_ways(tables: Tables, *, as_of: date, dictionary: Dictionary | None = None) -> dict[str, Way]:
    """entity → Way, as known before `as_of`; an entity without a case, or whose way has one stage, is left out.

    A stage without a day counts as reached. What a customer's first record says was so before: it is reached, without a day.
    """
    dictionary = dictionary or crmlib.dictionary.DICTIONARY
    ways = {entity: _read_way(tables, entity, as_of=as_of, dictionary=dictionary) for entity in FIELDS}
    return {entity: way for entity, way in ways.items() if way is not None}


def tell_ways(ways: Mapping[str, Way]) -> pd.DataFrame:
    """One row per case: entity, entity_id, row_id, customer_id, began_on, second_on (when the second stage was entered), reached
    (1 is the first stage), stage, outcome, ended_on, unplaced. Sorted by entity and entity_id."""
    parts = [
        way.cases.assign(
            entity=entity,
            second_on=way.entered[:, 1].astype("datetime64[s]"),
            stage=np.array(way.stages)[way.cases["reached"]],
            reached=way.cases["reached"] + 1,
        )
        for entity, way in ways.items()
    ]
    kept = [
        "entity", "entity_id", "row_id", "customer_id", "began_on", "second_on", "reached", "stage", "outcome", "ended_on",
        "unplaced",
    ]  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=kept)
    return pd.concat(parts, ignore_index=True)[kept].astype({"stage": "str", "reached": "Int64"})


def _read_way(tables: Tables, entity: str, *, as_of: date, dictionary: Dictionary) -> Way | None:
    codes = [code for code in dictionary.choices[dictionary.field(FIELDS[entity]).choice or ""] if code != LOST]
    cases = _with_history(_CASES[entity](tables), tables, entity, codes)
    cases = cases.filter(cases.began_on.isnull() | (cases.began_on < ibis.timestamp(str(as_of))))
    cases = read_frame(cases.order_by("entity_id", "row_id"))
    if cases.empty:
        return None
    day, k = np.datetime64(as_of, "D"), len(codes)
    facts = _read_facts(cases, entity, codes, day)
    reached, touched, lost, unplaced = _stand(tables, cases, entity, facts, as_of=as_of)
    # a customer first heard of later
    not_yet = (facts.seen_on >= day) & np.isnat(facts.first[:, :k]).all(axis=1) & np.isnat(facts.began)
    kept = ((reached >= 0) | unplaced) & ~not_yet
    used = [n for n in range(k) if n == k - 1 or (kept & (reached >= n) & touched[:, n]).any()]
    if not kept.any() or len(used) < 2:
        return None
    reached, seen_at = (np.searchsorted(used, place, side="right") - 1 for place in (reached, facts.seen_place))
    reached = np.where(unplaced, len(used) - 2, reached)[kept]
    # whoever is first heard of as the first stage
    began = np.where((facts.seen_place == 0) & np.isnat(facts.began), facts.seen_on, facts.began)
    entered, measured = _enter(facts.first[kept][:, used], began[kept], reached)
    settled, lost = (cases["settled"].to_numpy(bool) & facts.over)[kept], lost[kept]
    outcome = np.select([lost, reached == len(used) - 1, settled], ["lost", "arrived", "settled"], "open")
    lost_on = np.where(np.isnat(facts.first[:, k]) | (entity != "customer"), facts.ended, facts.first[:, k])[kept]
    found = cases.loc[kept, ["entity_id", "row_id", "customer_id", "owner_id", "source"]].assign(
        began_on=entered[:, 0].astype("datetime64[s]"),
        reached=reached,
        outcome=pd.array(outcome, dtype="str"),
        ended_on=np.where((lost | settled) & (lost_on < day), lost_on, NEVER).astype("datetime64[s]"),
        unplaced=unplaced[kept],
        seen_at=seen_at[kept],
    )
    stages = tuple(codes[n] for n in used)
    return Way(entity, stages, found.reset_index(drop=True), entered, measured, int((~kept & ~not_yet).sum()))


class _Facts(NamedTuple):
    """What is written of each case: the number of its stage (lost last, −1: none), its first and last day and whether the end has
    come by the day of judgement, known or not; the first day of each stage as far as it lies before that day, and whether it
    lies later (lost last); the stage that a customer's first record says, and its day; the last day of any stage but lost."""

    stage: np.ndarray
    began: np.ndarray
    ended: np.ndarray
    over: np.ndarray
    first: np.ndarray
    later: np.ndarray
    seen_place: np.ndarray
    seen_on: np.ndarray
    last_other: np.ndarray


def _read_facts(cases: pd.DataFrame, entity: str, codes: list[str], day: np.datetime64) -> _Facts:
    k = len(codes)
    stage = cases["stage"].map({code: n for n, code in enumerate([*codes, LOST])}).fillna(-1).to_numpy("int64")
    began, ended, seen_on, last_other = (
        _days(cases[name]) for name in ("began_on", "ended_on", "seen_on", "last_other")
    )
    over = ~(ended >= day)
    first = np.column_stack([_days(cases[f"first_{n}"]) for n in range(k + 1)])
    later = first >= day
    first = np.where(later, NEVER, first)
    if entity == "opportunity":  # a deal is won on the day it is closed
        won = (stage == k - 1) & over & np.isnat(first[:, k - 1])
        first[:, k - 1] = np.where(won, ended, first[:, k - 1])
    seen_place = cases["seen_place"].fillna(-1).to_numpy("int64")
    return _Facts(stage, began, ended, over, first, later, seen_place, seen_on, last_other)


def _stand(
    tables: Tables, cases: pd.DataFrame, entity: str, facts: _Facts, *, as_of: date
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each case the furthest stage reached (−1: none is known), at which stages it was found (case × stage), whether it is lost,
    and whether nobody wrote from where."""
    day, k = np.datetime64(as_of, "D"), facts.first.shape[1] - 1
    numbers, stage = np.arange(k), facts.stage
    # a later day forbids to take the present stage for the stage of then
    blocked = (stage >= 0) & facts.later[np.arange(len(cases)), np.clip(stage, 0, k)]
    if entity == "opportunity":
        blocked |= (stage >= k - 1) & ~facts.over
    standing = np.where(blocked, -1, stage)
    observed = np.where(facts.seen_on >= day, -1, facts.seen_place)
    at = (standing[:, None] == numbers) | (observed[:, None] == numbers)
    touched = ~np.isnat(facts.first[:, :k]) | at
    reached = np.maximum(np.where(touched, numbers, -1).max(axis=1), np.where(blocked, 0, -1))
    lost = _lost(cases, entity, facts, standing == k, day)
    unplaced = lost & (reached < 0)
    if entity == "customer" and unplaced.any():  # who has ordered has been a customer
        orders = orders_before(tables, as_of=as_of)
        buyers = read_frame(orders.filter(orders.customer_id.notnull()).select("customer_id").distinct())
        bought = unplaced & cases["customer_id"].isin(set(buyers["customer_id"])).to_numpy()
        reached, unplaced = np.where(bought, k - 1, reached), unplaced & ~bought
    return reached, touched, lost, unplaced


def _lost(cases: pd.DataFrame, entity: str, facts: _Facts, standing: np.ndarray, day: np.datetime64) -> np.ndarray:
    """Who has left the way by `day`: customers by their last stage, needs by their status, opportunities by their stage."""
    if entity != "customer":
        return cases["failed"].to_numpy(bool) & facts.over
    lost_on, place = facts.first[:, -1], facts.seen_place
    back = (facts.last_other > lost_on) & (facts.last_other < day)
    from_the_first = (place == place.max(initial=0)) & ~(facts.seen_on >= day) & standing
    return (~np.isnat(lost_on) & ~back) | (np.isnat(lost_on) & standing & facts.over) | from_the_first


def _with_history(cases: ir.Table, tables: Tables, entity: str, codes: list[str]) -> ir.Table:
    """The cases with the first day of each stage (first_0 …, lost last), the last day of any stage but lost, and what a customer's
    first record found, and when."""
    changes = tables["stage_changes"]
    changes = changes.filter((changes.entity == entity) & changes.changed_at.notnull() & changes.entity_id.notnull())
    begins = changes.from_stage.isnull() & (entity == "customer")
    at = changes.changed_at
    names = [*codes, LOST]
    sums = {f"first_{n}": at.min(where=(changes.to_stage == code) & ~begins) for n, code in enumerate(names)}
    place = ibis.cases(*((changes.to_stage == code, n) for n, code in enumerate(names)), else_=-1).cast("int64")
    known = changes.to_stage.isin(names)
    history = changes.group_by(key="entity_id").agg(
        **sums,
        last_other=at.max(where=known & (changes.to_stage != LOST)),
        seen_on=at.min(where=begins & known),
        seen_place=place.max(where=begins & known),
    )
    return cases.left_join(history, cases.entity_id == history.key).drop("key")


def _enter(first: np.ndarray, began: np.ndarray, reached: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The day on which each stage up to `reached` was entered, never after the next one's; and whether it is its own."""
    own = first.copy()
    own[:, 0] = np.fmin(own[:, 0], began)
    own[np.arange(own.shape[1]) > reached[:, None]] = NEVER
    entered = np.fmin.accumulate(own[:, ::-1], axis=1)[:, ::-1]
    return entered, ~np.isnat(own) & (own == entered)


def _days(values: pd.Series) -> np.ndarray:
    return values.to_numpy().astype(DAY)


def _customers(tables: Tables) -> ir.Table:
    rows = tables["customers"]
    rows = rows.filter(rows.record_status.fill_null("active") != "tombstone")
    return rows.select(
        "customer_id", "owner_id", entity_id=rows.customer_id, row_id=rows.customer_id, source=rows.source_channel,
        began_on=rows.first_contact_date.cast("timestamp"), stage=rows.lifecycle_stage, ended_on=rows.lost_on.cast("timestamp"), failed=rows.customer_id.isnull(), settled=rows.customer_id.isnull(),
    )  # fmt: skip


def _needs(tables: Tables) -> ir.Table:
    rows = tables["needs"]
    customers = tables["customers"].select("customer_id", "owner_id", source="source_channel")
    status = rows.status.fill_null("open")
    cases = rows.select(
        "customer_id", "row_id", "stage", entity_id=rows.need_id.coalesce(rows.row_id), began_on=rows.opened_at,
        ended_on=rows.closed_at, failed=status.isin(["unsatisfied", "dropped"]), settled=status == "satisfied",
    )  # fmt: skip
    return add_facts(cases, customers)


def _opportunities(tables: Tables) -> ir.Table:
    rows = tables["opportunities"]
    customers = tables["customers"].select("customer_id", source="source_channel")
    cases = rows.select(
        "customer_id", "row_id", "stage", entity_id=rows.opportunity_id.coalesce(rows.row_id), owner_id=rows.staff_id,
        began_on=rows.opened_on.cast("timestamp"), ended_on=rows.closed_on.cast("timestamp"), failed=rows.stage == LOST,
        settled=rows.row_id.isnull(),
    )  # fmt: skip
    return add_facts(cases, customers)


_CASES = {"customer": _customers, "need": _needs, "opportunity": _opportunities}
