"""What follows from several cells of a row: an order's amount, an action's day."""

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.dictionary import Dictionary
from crmlib.intake.amounts import CENT, LARGEST
from crmlib.intake.columns import Coded, combine, encode, first_of, spread
from crmlib.intake.fields import DECIDER
from crmlib.intake.prose import parse_next_action

Columns = Mapping[str, pa.Array]


class Finding(NamedTuple):
    """One reason in one field: the rows (by position) and what was typed there."""

    field: str
    rows: np.ndarray
    values: list[str]
    reason: str
    severity: str


class Derived(NamedTuple):
    columns: dict[str, pa.Array]
    findings: list[Finding]


def derive_columns(
    columns: Columns, exact: Mapping[str, Coded], custom: Mapping[str, Coded], *, table: str, dictionary: Dictionary
) -> Derived:
    """`columns` and what they imply. `exact`: cells before rounding; `custom`: columns that no field claims."""
    whole, findings = dict(columns), []
    for derive in (
        partial(_amounts, exact=exact),
        _deciders,
        _actions,
        _precision,
        partial(_custom, custom=custom, name=f"{table}.custom", dictionary=dictionary),
    ):
        made = derive(whole)
        whole |= made.columns
        findings += made.findings
    return Derived(whole, findings)


NOTHING = Derived({}, [])


def _amounts(columns: Columns, *, exact: Mapping[str, Coded]) -> Derived:
    """Price × quantity where an order has no amount of its own; cents are rounded once, at the end."""
    if "orders.price" not in exact or "orders.quantity" not in exact:
        return NOTHING

    def times(pair: tuple[Decimal | None, Decimal | None]) -> Decimal | None:
        if None in pair or abs(amount := pair[0] * pair[1]) >= LARGEST:
            return None
        return amount.quantize(CENT, ROUND_HALF_UP)

    product = spread(combine([exact["orders.price"], exact["orders.quantity"]]).map(times), pa.decimal128(18, 2))
    return Derived({"orders.amount_cny": _fill(columns, "orders.amount_cny", product)}, [])


def _deciders(columns: Columns) -> Derived:
    """A decider by name is the row's own contact, if there is none yet or the names are one; else a contact more."""
    if DECIDER not in columns:
        return NOTHING
    named, nothing = columns[DECIDER], pa.scalar(None, pa.string())
    name = _fill(columns, "contacts.name", named)
    same = pc.fill_null(pc.equal(name, named), False)
    role = _fill(columns, "contacts.decision_role", pc.if_else(same, "decider", nothing))
    other = pc.if_else(same, nothing, named)
    return Derived({"contacts.name": name, "contacts.decision_role": role, DECIDER: other}, [])


def _actions(columns: Columns) -> Derived:
    """A task's day and side, read from its words; the year from the day of the talk."""
    if "actions.task" not in columns:
        return NOTHING
    task = columns["actions.task"]
    talk = columns.get("interactions.occurred_at")
    said_on = talk.cast(pa.date32(), safe=False) if talk is not None else pa.nulls(len(task), pa.date32())
    pairs = combine([encode(task), encode(said_on)])
    actions = pairs.map(lambda pair: parse_next_action(pair[0], said_on=pair[1]) if pair[0] else None)

    def part(name: str) -> Coded:
        return actions.map(lambda action: action and getattr(action, name))

    own = columns.get("actions.due_date", pa.nulls(len(task), pa.date32()))
    due = first_of([own, spread(part("due_date"), pa.date32())])
    shorter = pc.if_else(own.is_valid(), task, spread(part("task"), pa.string()))  # the day moves to its column, once
    side = _fill(columns, "actions.owner_side", spread(part("owner_side"), pa.string()))
    owner = first_of([side, *(columns[n] for n in ("actions.owner_name", "actions.owner_id") if n in columns)])
    return Derived(
        {
            "actions.task": shorter,
            "actions.due_date": due,
            "actions.owner_side": side,
        },
        [
            _missing(task, due, "actions.due_date", "ACTION_WITHOUT_DATE"),
            _missing(task, owner, "actions.owner_name", "ACTION_WITHOUT_OWNER"),
        ],
    )


def _missing(there: pa.Array, wanted: pa.Array, field: str, reason: str) -> Finding:
    at = np.flatnonzero(pc.and_(pc.is_valid(there), pc.is_null(wanted)).to_numpy(zero_copy_only=False))
    return Finding(field, at, there.take(at).to_pylist(), reason, "warning")


def _precision(columns: Columns) -> Derived:
    """A talk without any day is a talk all the same: its time is unknown."""
    names = [f"interactions.{key}" for key in ("content", "feedback", "topic")]
    told = [columns[name] for name in names if name in columns]
    if not told:
        return NOTHING
    some = told[0].is_valid()
    for array in told[1:]:
        some = pc.or_(some, array.is_valid())
    unknown = pc.if_else(some, "unknown", pa.scalar(None, pa.string()))
    return Derived({"interactions.time_precision": _fill(columns, "interactions.time_precision", unknown)}, [])


def _custom(columns: Columns, *, custom: Mapping[str, Coded], name: str, dictionary: Dictionary) -> Derived:
    """Columns that no field claims, as one JSON object per row."""
    table, _, key = name.partition(".")
    if not custom or table not in dictionary.tables or key not in dictionary.tables[table].fields:
        return NOTHING

    def as_json(values: tuple[str | None, ...]) -> str | None:
        there = {header: value for header, value in zip(custom, values, strict=True) if value is not None}
        return json.dumps(there, ensure_ascii=False) if there else None

    return Derived({name: spread(combine(list(custom.values())).map(as_json), pa.string())}, [])


def _fill(columns: Columns, name: str, array: pa.Array) -> pa.Array:
    return first_of([columns[name], array]) if name in columns else array
