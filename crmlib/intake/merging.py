"""Rows of one customer become one: field by field the best value survives, and where it came from is kept."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.dictionary import DICTIONARY
from crmlib.intake.columns import distinct, is_rising, whole, words_of
from crmlib.intake.company import parse_plain, plain_names
from crmlib.intake.evidence import number_credit_codes
from crmlib.intake.pairing import places_of, sort_order

# what a customer row carries for matching or tracing, and a customer does not
_NOT_FIELDS = """row_id customer_id system source sheet line stated seen_on norm contact_name phone email id_no
    name_history"""
NOT_FIELDS = frozenset(_NOT_FIELDS.split())
NONE = -1
UNSTATED = 1000  # a source's rank where no customer sheet says it: after every source of one that does
GATHERED = ("source_id", "note", "custom")  # fields of which nothing is dropped
JUDGED = ("uscc", "name", "address", "owner_name")  # fields of which a value may be less than another
WHY = ("only", "stated", "source", "valid", "whole", "latest", "first", "gathered")

_WHOLE_NAME = r"(?:公司|合伙企业|合伙\)|合伙）|[厂社店院所行部馆校会]|中心|大学|工作室)$"
_VAGUE = r"[*＊×]|^.{1,3}(?:先生|女士|小姐|老师|经理|总)$"


class Merged(NamedTuple):
    """`customers`: one row per customer, the dictionary's fields. `cells`: customer_id, field, row_id, why; whose value it is.

    why: only (the one row with a value), stated, source, valid, whole, latest or first: what set it before the next best;
    gathered where nothing is dropped. A customer of one row has no cells: all of it is that row's.
    """

    customers: pd.DataFrame
    cells: pd.DataFrame


class _Shared(NamedTuple):
    """Rows of customers that have several, sorted by customer (code), rank and age.

    position: in the rows given; rank: of their source; seen: a later day is more, 0 where nobody dated; age: their place
    among all of these, latest first, then by row_id.
    """

    code: np.ndarray
    position: np.ndarray
    rank: np.ndarray
    seen: np.ndarray
    age: np.ndarray


class _Cells(NamedTuple):
    """One field's origin: customer, row, and why as a place in WHY."""

    code: np.ndarray
    position: np.ndarray
    why: np.ndarray


def merge_customers(
    customer_rows: pd.DataFrame, row_to_customer: pd.Series, *, source_priority: Sequence[str] = ()
) -> Merged:
    """One customer per customer id of `row_to_customer`; rows that it does not name are left out.

    Of several values the one survives whose row a customer sheet states (`stated`), whose source comes first in
    `source_priority`, which is valid (not masked), whole (a full name, an address with a number), seen last (`seen_on`),
    and first by row_id. source_id, note and own fields are gathered; other names go to name_history.
    """
    codes, ids = _customers_of(customer_rows, row_to_customer)
    several = np.append(np.bincount(codes[codes >= 0], minlength=len(ids)) > 1, False)[codes]
    alone = np.flatnonzero((codes >= 0) & ~several)
    only = np.full(len(ids), NONE)
    only[codes[alone]] = alone
    in_order = places_of(_order(whole(customer_rows["row_id"])))
    shared = _in_order(customer_rows, codes, np.flatnonzero(several), in_order, source_priority)

    columns: dict[str, object] = {"customer_id": pd.array(ids, dtype="str")}
    cells = {}
    for field in customer_rows.columns.drop(NOT_FIELDS, errors="ignore"):
        if field in GATHERED:
            columns[field], cells[field] = _gather(customer_rows, shared, only, field)
        else:
            cells[field] = _choose(customer_rows[field], shared, field)
            chosen = only.copy()
            chosen[cells[field].code] = cells[field].position
            columns[field] = customer_rows[field].array.take(chosen, allow_fill=True)
    columns["name_history"], cells["name_history"] = _history(customer_rows, columns.get("name"), shared, only)
    customers = pd.DataFrame(columns, copy=False)
    known = [field for field in DICTIONARY.tables["customers"].fields if field in columns]
    others = [field for field in columns if field not in known]
    traced = _trace(cells, ids, customer_rows["row_id"], in_order)
    return Merged(customers[["customer_id", *(field for field in known + others if field != "customer_id")]], traced)


def _customers_of(rows: pd.DataFrame, row_to_customer: pd.Series) -> tuple[np.ndarray, pa.Array]:
    """(each row's customer as a number, the customers' ids in order); NONE where a row has none."""
    if not row_to_customer.index.equals(pd.Index(rows["row_id"])):
        row_to_customer = row_to_customer.reindex(rows["row_id"])
    codes, ids = distinct(row_to_customer.astype("str"))
    order = _order(ids)
    return np.append(places_of(order), NONE)[codes], ids.take(pa.array(order))


def _order(ids: pa.Array) -> np.ndarray:
    """The order that sorts ids; as a rule they are."""
    return np.arange(len(ids)) if is_rising(ids) else pc.sort_indices(ids).to_numpy()


def _in_order(
    rows: pd.DataFrame, codes: np.ndarray, some: np.ndarray, in_order: np.ndarray, source_priority: Sequence[str]
) -> _Shared:
    mine, place = rows.iloc[some], {name: n for n, name in enumerate(source_priority)}
    rank = _sources(mine).map(place).fillna(len(place)).to_numpy(np.int64)
    if "stated" in mine:
        rank = rank + UNSTATED * ~mine["stated"].fillna(True).to_numpy(bool)
    seen = np.zeros(len(some), np.int64)
    if "seen_on" in mine:
        seen = np.unique(pd.to_datetime(mine["seen_on"]).to_numpy().view(np.int64), return_inverse=True)[1]
        seen = np.where(mine["seen_on"].isna(), 0, seen + 1)
    age = places_of(sort_order(seen.max(initial=0) - seen, in_order[some]))
    order = sort_order(codes[some], rank, age)
    return _Shared(*(column[order] for column in (codes[some], some, rank, seen, age)))


def _sources(rows: pd.DataFrame) -> pd.Series:
    return next((rows[name] for name in ("system", "source") if name in rows), pd.Series("", rows.index))


def _choose(values: pd.Series, shared: _Shared, field: str) -> _Cells:
    """For each customer of several rows the row whose value survives."""
    values = values.array.take(shared.position)
    there = np.flatnonzero(~values.isna())
    code, position, rank, seen, age = (column[there] for column in shared)
    invalid = partial = np.zeros(len(there), bool)
    if field in JUDGED:
        invalid, partial = _faults(whole(pd.Series(values[there]).astype("str")), field)
        order = sort_order(code, rank, invalid, partial, age)
        columns = (code, position, rank, seen, invalid, partial)
        code, position, rank, seen, invalid, partial = (column[order] for column in columns)
    best = np.flatnonzero(np.diff(code, prepend=NONE))
    after = np.minimum(best + 1, len(code) - 1)
    alone = (after == best) | (code[after] != code[best])
    differs = [rank[after] - rank[best] >= UNSTATED, *(one[best] != one[after] for one in (rank, invalid, partial))]
    dated = (seen[best] != seen[after]) & (seen[best] > 0)  # two that nobody dated do not differ
    return _Cells(code[best], position[best], np.select([alone, *differs, dated], range(6), default=6))


def _faults(values: pa.Array, field: str) -> tuple[np.ndarray, np.ndarray]:
    """Which values are not valid, and which are not whole."""
    nothing = np.zeros(len(values), bool)
    if field == "uscc":
        return number_credit_codes(values)[0] < 0, nothing
    masked = np.asarray(pc.match_substring_regex(values, _VAGUE))
    if field == "owner_name":
        return masked, nothing
    return masked, ~np.asarray(pc.match_substring_regex(values, _WHOLE_NAME if field == "name" else "[0-9]"))


def _gather(rows: pd.DataFrame, shared: _Shared, only: np.ndarray, field: str) -> tuple[pd.Series, _Cells]:
    """Every different value of a field, in the order of survival; notes say their source where there are several."""
    texts = whole(rows[field].astype("str"))
    value = pd.array(texts.take(pa.array(shared.position)), dtype="str")
    there = pd.DataFrame({"code": shared.code, "position": shared.position, "value": value})
    there = there.dropna(subset="value").drop_duplicates(["code", "value"])
    cells = _Cells(there["code"].to_numpy(), there["position"].to_numpy(), np.full(len(there), WHY.index("gathered")))
    if field == "note":
        source = _sources(rows).fillna("").array.take(there["position"])
        many = there["code"].duplicated(keep=False) & (source != "")
        there["value"] = there["value"].mask(many, "〔" + source + "〕" + there["value"])
    join = {"source_id": ";".join, "note": "\n".join, "custom": _join_custom}[field]
    return _written(texts.take(pa.array(only, mask=only < 0)), there["code"], there["value"], join), cells


def _join_custom(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    custom: dict = {}
    for text in texts:
        custom |= {key: value for key, value in json.loads(text).items() if key not in custom}
    return json.dumps(custom, ensure_ascii=False)


def _written(texts: pa.Array, codes: pd.Series, values: pd.Series, join: Callable[[list[str]], str]) -> pd.Series:
    """`texts`, and for each of `codes`, which are sorted, its values joined."""
    code, items = codes.to_numpy(), whole(values.astype("str")).to_pylist()
    edges = np.flatnonzero(np.diff(code, prepend=NONE, append=NONE)).tolist()
    joined = [join(items[start:end]) for start, end in pairwise(edges)]
    filled = np.zeros(len(texts), bool)
    filled[code] = True
    return pd.Series(pc.replace_with_mask(texts, pa.array(filled), pa.array(joined, pa.string())), dtype="str")


def _history(
    rows: pd.DataFrame, names: pd.api.extensions.ExtensionArray | None, shared: _Shared, only: np.ndarray
) -> tuple[pd.Series, _Cells]:
    """name_history: other names a customer goes or went by, in the order of survival; not the short forms of its name."""
    told = rows["name_history"] if "name_history" in rows else pd.Series(None, rows.index)
    told = whole(told.astype("str"))
    history = told.take(pa.array(only, mask=only < 0))
    mine = pd.DataFrame({"code": shared.code, "position": shared.position})
    if names is None:
        return pd.Series(history, dtype="str"), _Cells(*(mine["code"].to_numpy()[:0],) * 3)
    names = whole(pd.Series(names).astype("str"))
    called = mine.assign(name=rows["name"].array.take(mine["position"])).dropna(subset="name")
    earlier = mine.assign(name=pd.Series(told.take(pa.array(mine["position"])), dtype="str")).dropna(subset="name")
    earlier = earlier.assign(name=earlier["name"].map(json.loads)).explode("name")
    others = pd.concat([called, earlier]).sort_index(kind="stable") if len(earlier) else called
    others = others.dropna(subset="name").drop_duplicates(["code", "name"])
    others = others[_is_news(whole(others["name"].astype("str")), _own(names, others))]  # most are a part of its name
    core, own = _cores(whole(others["name"].astype("str")), _own(names, others))
    others = others.assign(core=core.to_pandas().array)
    others = others[_is_news(core, own) & ~others["core"].str.contains("*", regex=False).to_numpy(bool)]
    others = others.drop_duplicates(["code", "core"])
    cells = others[["code", "position"]].drop_duplicates()
    written = _written(history, others["code"], others["name"], partial(json.dumps, ensure_ascii=False))
    return written, _Cells(
        cells["code"].to_numpy(), cells["position"].to_numpy(), np.full(len(cells), WHY.index("gathered"))
    )


def _own(names: pa.Array, others: pd.DataFrame) -> pa.Array:
    return names.take(pa.array(others["code"])).fill_null("")


def _is_news(texts: pa.Array, known: pa.Array) -> np.ndarray:
    """Which texts are no part of what is known."""
    return np.array([x not in y for x, y in zip(texts.to_pylist(), known.to_pylist(), strict=True)], dtype=bool)


def _cores(*columns: pa.Array) -> list[pa.Array]:
    """What makes a name another one: not its blanks, brackets, region or form."""
    codes, names = distinct(pa.concat_arrays(columns))
    cores = parse_plain(plain_names(names))["core"].combine_chunks().take(pa.array(codes))
    ends = np.cumsum([len(column) for column in columns])
    return [cores.slice(end - len(column), len(column)) for column, end in zip(columns, ends, strict=True)]


def _trace(cells: dict[str, _Cells], ids: pa.Array, row_ids: pd.Series, in_order: np.ndarray) -> pd.DataFrame:
    fields = sorted(cells)
    code, position, why = (np.concatenate(column) for column in zip(*(cells[field] for field in fields), strict=True))
    field = np.repeat(np.arange(len(fields)), [len(cells[field].code) for field in fields])
    order = sort_order(code, field, in_order[position])
    return pd.DataFrame(
        {
            "customer_id": pd.array(ids.take(pa.array(code[order])), dtype="str"),
            "field": words_of(fields, field[order]),
            "row_id": row_ids.array.take(position[order]),
            "why": words_of(WHY, why[order]),
        }
    )
