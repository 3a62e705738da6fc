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
from crmlib.insight.measures import orders_before
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


def read_ways(tables: Tables, *, as_of: date, dictionary: Dictionary | None = None) -> dict[str, Way]:
    """entity → Way, as known before `as_of`; an entity without a case, or whose way has one stage, is left out.

    A stage without a day counts as reached. What a customer's first record says was so before: it is reached, without a day.
    """
    dictionary = dictionary or crmlib.dictionary.DICTIONARY
    ways = {entity: _read_way(tables, entity, np.datetime64(as_of, "D"), as_of, dictionary) for entity in FIELDS}
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
        "entity",
        "entity_id",
        "row_id",
        "customer_id",
        "began_on",
        "second_on",
        "reached",
        "stage",
        "outcome",
        "ended_on",
        "unplaced",
    ]
    if not parts:
        return pd.DataFrame(columns=kept)
    return pd.concat(parts, ignore_index=True)[kept].astype({"stage": "str", "reached": "Int64"})


def _read_way(tables: Tables, entity: str, day: np.datetime64, as_of: date, dictionary: Dictionary) -> Way | None:
    codes = [code for code in dictionary.choices[dictionary.field(FIELDS[entity]).choice or ""] if code != LOST]
    known = _with_history(_CASES[entity](tables), tables, entity, codes)
    known = known.filter(known.began_on.isnull() | (known.began_on < ibis.timestamp(str(as_of))))
    cases = read_frame(known.order_by("entity_id", "row_id"))
    if cases.empty:
        return None
    began = _days(cases["began_on"])
    first = np.column_stack([_days(cases[f"first_{n}"]) for n in range(len(codes) + 1)])
    place = cases["seen_place"].fillna(-1).to_numpy("int64")
    seen = _Seen(place, _days(cases["seen_on"]), _days(cases["last_other"]))
    ended = _days(cases["ended_on"])
    over = ~(ended >= day)  # its end, dated or not, has come by `day`
    # what the history says before `day`; a later day also forbids to take the present stage for the stage of then
    later = first >= day
    first = np.where(later, NEVER, first)
    stage = cases["stage"].map({code: n for n, code in enumerate([*codes, LOST])}).fillna(-1).to_numpy("int64")
    k = len(codes)
    column = np.clip(stage, 0, k)
    rows = np.arange(len(cases))
    last = stage == k - 1
    if entity == "opportunity":  # a deal is won on the day it is closed
        first[:, k - 1] = np.where(last & over & np.isnat(first[:, k - 1]), ended, first[:, k - 1])
    blocked = (stage >= 0) & (later[rows, column] | ((entity == "opportunity") & (stage >= k - 1) & ~over))
    standing = np.where((stage >= 0) & ~blocked, stage, -1)
    lost = _lost(cases, entity, first[:, k], seen, standing == k, over, day)
    on_way = np.where(standing < k, standing, -1)
    dated = np.where(~np.isnat(first[:, :k]), np.arange(k), -1).max(axis=1)
    observed = np.where((seen.place >= 0) & (seen.place < k) & ~(seen.day >= day), seen.place, -1)
    reached = np.maximum.reduce([on_way, dated, observed, np.where(blocked, 0, -1)])
    not_yet = (seen.day >= day) & (dated < 0) & np.isnat(began)  # a customer first heard of later
    unplaced = lost & (reached < 0)
    if entity == "customer" and unplaced.any():  # who has ordered has been a customer
        buyers = (
            orders_before(tables, as_of=as_of)
            .filter(lambda t: t.customer_id.notnull())
            .select("customer_id")
            .distinct()
        )
        bought = unplaced & cases["customer_id"].isin(set(read_frame(buyers)["customer_id"])).to_numpy()
        reached, unplaced = np.where(bought, k - 1, reached), unplaced & ~bought
    kept = ((reached >= 0) | unplaced) & ~not_yet
    used = [n for n in range(k) if n == k - 1 or (kept & (reached >= n) & (_at(first, on_way, observed, n))).any()]
    if not kept.any() or len(used) < 2:
        return None
    reached = np.array([sum(n <= r for n in used) - 1 for r in range(-1, k)])[reached + 1]
    reached = np.where(unplaced, len(used) - 2, reached)[kept]
    listed = np.where(
        (seen.place == 0) & np.isnat(began), seen.day, began
    )  # whoever is first heard of as the first stage
    entered, measured = _enter(first[kept][:, used], listed[kept], reached)
    settled = cases["settled"].to_numpy(bool)[kept] & over[kept]
    lost = lost[kept]
    arrived = reached == len(used) - 1
    outcome = np.select([lost, arrived, settled], ["lost", "arrived", "settled"], "open")
    lost_on = np.where(np.isnat(first[kept, k]), ended[kept], first[kept, k]) if entity == "customer" else ended[kept]
    found = cases.loc[kept, ["entity_id", "row_id", "customer_id", "owner_id", "source"]].assign(
        began_on=entered[:, 0].astype("datetime64[s]"),
        reached=reached,
        outcome=pd.array(outcome, dtype="str"),
        ended_on=np.where((lost | settled) & (lost_on < day), lost_on, NEVER).astype("datetime64[s]"),
        unplaced=unplaced[kept],
        seen_at=np.array([sum(n <= place for n in used) - 1 for place in range(-1, k + 1)])[seen.place + 1][kept],
    )
    stages = tuple(codes[n] for n in used)
    return Way(entity, stages, found.reset_index(drop=True), entered, measured, int((~kept & ~not_yet).sum()))


class _Seen(NamedTuple):
    """What the first record of a customer says, when somebody else's change was not yet on record."""

    place: np.ndarray
    day: np.ndarray
    last: np.ndarray  # the last day of any other stage than lost


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


def _lost(
    cases: pd.DataFrame,
    entity: str,
    lost_on: np.ndarray,
    seen: _Seen,
    standing: np.ndarray,
    over: np.ndarray,
    day: np.datetime64,
) -> np.ndarray:
    """Who has left the way by `day`: customers by their last stage, needs by their status, opportunities by their stage."""
    if entity != "customer":
        return cases["failed"].to_numpy(bool) & over
    back = (seen.last > lost_on) & (seen.last < day)
    from_the_first = (seen.place == seen.place.max(initial=0)) & ~(seen.day >= day) & standing
    return (~np.isnat(lost_on) & ~back) | (np.isnat(lost_on) & standing & over) | from_the_first


def _at(first: np.ndarray, on_way: np.ndarray, observed: np.ndarray, place: int) -> np.ndarray:
    return ~np.isnat(first[:, place]) | (on_way == place) | (observed == place)


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
    return cases.left_join(customers, "customer_id").drop("customer_id_right")


def _opportunities(tables: Tables) -> ir.Table:
    rows = tables["opportunities"]
    customers = tables["customers"].select("customer_id", source="source_channel")
    cases = rows.select(
        "customer_id", "row_id", "stage", entity_id=rows.opportunity_id.coalesce(rows.row_id), owner_id=rows.staff_id,
        began_on=rows.opened_on.cast("timestamp"), ended_on=rows.closed_on.cast("timestamp"), failed=rows.stage == LOST,
        settled=rows.row_id.isnull(),
    )  # fmt: skip
    return cases.left_join(customers, "customer_id").drop("customer_id_right")


_CASES = {"customer": _customers, "need": _needs, "opportunity": _opportunities}
