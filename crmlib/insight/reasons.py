"""Reasons: why a label was given, as JSON with the figures and the rows it rests on; made for all customers at once."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.labels import Say

CITED = 5  # rows named by a reason; the rest are counted


class Cited(NamedTuple):
    """The rows behind a reason, one entry per customer: the first few row_ids as JSON without brackets, and how many in all."""

    row_ids: pa.Array
    rows: pa.Array


def cite_rows(rows: ir.Table, customers: pa.Array, *, first: list[ir.Value]) -> Cited:
    """The `rows` (customer_id, row_id) of each of `customers`; the order `first` says which are named."""
    within = ibis.window(group_by="customer_id", order_by=[*first, "row_id"])
    ranked = rows.filter(rows.customer_id.notnull()).mutate(
        rank=ibis.row_number().over(within).cast("int64"),
        rows=ibis._.count().over(ibis.window(group_by="customer_id")).cast("int64"),
    )
    ranked = ranked.filter(ranked.rank < CITED).select("customer_id", "rank", "row_id", "rows")
    table = ranked.order_by("customer_id", "rank").to_pyarrow().combine_chunks()
    if not len(table):
        nothing = pa.scalar(None, pa.string()), pa.scalar(0, pa.int64())
        return Cited(
            *(pa.array([one.as_py()], one.type).take(pa.array(np.zeros(len(customers), int))) for one in nothing)
        )
    starts = np.flatnonzero(table["rank"].to_numpy() == 0)
    offsets = pa.array(np.append(starts, len(table)), pa.int32())
    named = pa.ListArray.from_arrays(offsets, quote(table["row_id"].combine_chunks()))
    place = pd.Index(table["customer_id"].take(starts).to_pandas()).get_indexer(customers.to_pandas())
    place = pa.array(place, mask=place < 0)
    return Cited(pc.binary_join(named, ",").take(place), table["rows"].take(pa.array(starts)).take(place))


def write_reason(
    rule: pa.Array | str, *, when: pa.Array, figures: Mapping[str, pa.Array | object], cited: Cited | None = None
) -> pa.Array:
    """One reason a customer, `{"rule", "figures", "row_ids", "rows"}` as JSON text; missing where `when` is not true.

    A figure is an array, one value per customer, or one value for all.
    """
    rule_text = pc.cast(rule, pa.string()) if isinstance(rule, (pa.Array, pa.ChunkedArray)) else pa.scalar(rule)
    parts: list = [pa.scalar('{"rule":"'), rule_text, pa.scalar('","figures":{')]
    for number, (name, value) in enumerate(figures.items()):
        parts += [pa.scalar(("," if number else "") + f'"{name}":'), _as_json(value)]
    row_ids = pc.fill_null(cited.row_ids, "") if cited else pa.scalar("")
    rows = pc.cast(pc.fill_null(cited.rows, 0), pa.string()) if cited else pa.scalar("0")
    parts += [pa.scalar('},"row_ids":['), row_ids, pa.scalar('],"rows":'), rows, pa.scalar("}"), ""]
    text = pc.binary_join_element_wise(*parts)
    if isinstance(text, pa.Scalar):
        text = pa.repeat(text, len(when))
    return pc.if_else(pc.fill_null(when, False), text, pa.scalar(None, pa.string()))


def join_reasons(*reasons: pa.Array) -> pa.Array:
    """Several reasons a customer → one JSON list, in the order given."""
    inner = pc.binary_join_element_wise(*reasons, ",", null_handling="skip")
    return pc.binary_join_element_wise("[", inner, "]", "")


def _as_json(value: pa.Array | object) -> pa.Array | pa.Scalar:
    value = value if isinstance(value, (pa.Array, pa.ChunkedArray, pa.Scalar)) else pa.scalar(value)
    text = pc.cast(value, pa.string())
    if pa.types.is_string(value.type) or pa.types.is_date(value.type):
        text = quote(text)
    return pc.fill_null(text, "null")


def quote(text: pa.Array | pa.Scalar) -> pa.Array | pa.Scalar:
    """Texts as JSON strings."""
    escaped = pc.replace_substring(pc.replace_substring(text, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise('"', escaped, '"', "")


def tell_reasons(reasons: str, say: Say) -> list[str]:
    """The reasons of one label as sentences with their figures."""
    return [tell_reason(one["rule"], one["figures"], say) for one in json.loads(reasons, parse_float=Decimal)]


def tell_reason(rule: str, figures: Mapping[str, object], say: Say, *, words: str = "tier_rule") -> str:
    """One reason as a sentence: the label `<words>.<rule>`, money as people say it, codes as their labels."""
    return say(f"{words}.{rule}", **{name: _tell(name, value, say) for name, value in figures.items()})


def _tell(name: str, value: object, say: Say) -> str:
    if value is None:
        return say("tier_rule.unknown")
    if name.endswith("_cny"):
        return tell_money(Decimal(str(value)), say)
    if name in ("basis", "by"):
        return say(f"tier_{name}.{value}")
    return str(value)


def tell_money(amount: Decimal, say: Say) -> str:
    """62.35 万元 / CNY 623,456; never rounded to a rounder number than it is: 499,999.99 does not read as 50 万."""
    tens_of_thousands = amount / 10000
    short = round(tens_of_thousands, 2)
    if say.lang == "zh" and abs(amount) >= 10000:
        exact = round(tens_of_thousands, 4)
        if short == tens_of_thousands or short * 10 % 1:
            return say("money.wan", amount=f"{short.normalize():,f}")
        if exact == tens_of_thousands:
            return say("money.wan", amount=f"{exact.normalize():,f}")
    return say("money.yuan", amount=f"{amount:,.2f}".removesuffix(".00"))
