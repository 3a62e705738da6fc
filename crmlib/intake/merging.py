"""Rows of one customer become one: field by field the best value survives, and where it came from is kept."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.dictionary import DICTIONARY
from crmlib.intake.company import parse_plain, plain_names
from crmlib.intake.evidence import number_credit_codes

# what a customer row carries for matching or tracing, and a customer does not
_NOT_FIELDS = """row_id customer_id system source sheet line stated seen_on norm contact_name phone email id_no
    name_history"""
NOT_FIELDS = frozenset(_NOT_FIELDS.split())
NONE = -1
UNSTATED = 1000  # a source's rank where no customer sheet says it: after every source of one that does
GATHERED = ("source_id", "note", "custom")  # fields of which nothing is dropped

_WHOLE_NAME = r"(?:公司|合伙企业|合伙\)|合伙）|[厂社店院所行部馆校会]|中心|大学|工作室)$"
_VAGUE = r"[*＊×]|^.{1,3}(?:先生|女士|小姐|老师|经理|总)$"


class Merged(NamedTuple):
    """`customers`: one row per customer, the dictionary's fields. `cells`: customer_id, field, row_id, why; whose value it is.

    why: only (the one row with a value), stated, source, valid, whole, latest or first: what set it before the next best;
    gathered where nothing is dropped. A customer of one row has no cells: all of it is that row's.
    """

    customers: pd.DataFrame
    cells: pd.DataFrame


def merge_customers(
    customer_rows: pd.DataFrame, row_to_customer: pd.Series, *, source_priority: Sequence[str] = ()
) -> Merged:
    """One customer per customer id of `row_to_customer`; rows that it does not name are left out.

    Of several values the one survives whose row a customer sheet states (`stated`), whose source comes first in
    `source_priority`, which is valid (not masked), whole (a full name, an address with a number), seen last (`seen_on`),
    and first by row_id. source_id, note and own fields are gathered; other names go to name_history.
    """
    codes, ids = _customers_of(customer_rows, row_to_customer)
    count = np.bincount(codes[codes >= 0], minlength=len(ids))
    several = (codes >= 0) & (count[codes] > 1)
    alone = np.flatnonzero((codes >= 0) & ~several)
    only = np.full(len(ids), NONE)
    only[codes[alone]] = alone
    shared = _in_order(customer_rows, codes, np.flatnonzero(several), source_priority)

    columns: dict[str, object] = {"customer_id": pd.array(ids, dtype="str")}
    cells = []
    for field in _fields(customer_rows):
        if field in GATHERED:
            columns[field], origin = _gather(customer_rows, shared, only, field)
        else:
            best = _choose(customer_rows, shared, field)
            chosen = only.copy()
            chosen[best["code"]] = best["position"]
            columns[field] = customer_rows[field].array.take(chosen, allow_fill=True)
            origin = best
        cells.append(origin.reindex(columns=["code", "position", "why"]).assign(field=field))
    customers = pd.DataFrame(columns)
    columns["name_history"], origin = _history(customer_rows, customers, shared, only)
    cells.append(origin.assign(field="name_history"))
    traced = pd.concat(cells, ignore_index=True)
    traced["row_id"] = customer_rows["row_id"].take(traced["position"]).array
    traced = traced.sort_values(["code", "field", "row_id"], kind="stable", ignore_index=True)
    traced.insert(0, "customer_id", customers["customer_id"].take(traced["code"]).array)
    return Merged(
        _dictionary_order(pd.DataFrame(columns)),
        traced[["customer_id", "field", "row_id", "why"]]
        .fillna({"why": "gathered"})
        .astype({"customer_id": "str", "field": "str", "why": "str"}),
    )


def _customers_of(rows: pd.DataFrame, row_to_customer: pd.Series) -> tuple[np.ndarray, list[str]]:
    """(each row's customer as a number, the customers' ids in order); NONE where a row has none."""
    if not row_to_customer.index.equals(pd.Index(rows["row_id"])):
        row_to_customer = row_to_customer.reindex(rows["row_id"])
    coded = pa.array(row_to_customer.astype("str"), pa.string(), from_pandas=True)
    coded = (coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded).dictionary_encode()
    order = pc.sort_indices(coded.dictionary)
    place = np.full(len(order) + 1, NONE)
    place[order.to_numpy()] = np.arange(len(order))
    return place[coded.indices.fill_null(NONE).to_numpy()], coded.dictionary.take(order).to_pylist()


def _in_order(rows: pd.DataFrame, codes: np.ndarray, some: np.ndarray, source_priority: Sequence[str]) -> pd.DataFrame:
    """Rows of customers that have several: code, position, rank (of their source), order (latest first, then by row_id)."""
    place = {name: n for n, name in enumerate(source_priority)}
    mine = rows.iloc[some]
    source = mine["system"] if "system" in mine else mine["source"] if "source" in mine else pd.Series("", mine.index)
    rank = source.map(place).fillna(len(place)).to_numpy(np.int64)
    if "stated" in mine:
        rank = rank + UNSTATED * ~mine["stated"].fillna(True).to_numpy(bool)
    seen = pd.to_datetime(mine["seen_on"]) if "seen_on" in mine else pd.Series(pd.NaT, index=mine.index)
    found = pd.DataFrame(
        {"code": codes[some], "position": some, "rank": rank, "seen": seen.array, "row_id": mine["row_id"].array}
    )
    found["source"] = source.fillna("").array
    found = found.sort_values("row_id").sort_values("seen", ascending=False, na_position="last", kind="stable")
    return found.assign(order=np.arange(len(found))).sort_values(["code", "rank", "order"], ignore_index=True)


def _fields(rows: pd.DataFrame) -> list[str]:
    return [column for column in rows.columns if column not in NOT_FIELDS]


def _choose(rows: pd.DataFrame, shared: pd.DataFrame, field: str) -> pd.DataFrame:
    """For each customer of several rows the row whose value of `field` survives: code, position, why."""
    values = rows[field].take(shared["position"])
    there = shared[values.notna().to_numpy()]
    judged = {"invalid": False, "partial": False}
    if field in ("uscc", "name", "address", "owner_name"):
        judged = dict(zip(judged, _faults(values.dropna(), field), strict=True))
    there = there[["code", "position", "rank", "seen", "order"]].assign(**judged)
    if field in ("uscc", "name", "address", "owner_name"):
        there = there.iloc[np.lexsort([there[c] for c in ("order", "partial", "invalid", "rank", "code")])]
    best = np.flatnonzero(~there["code"].duplicated())
    best_rows, next_rows = there.iloc[best], there.iloc[np.minimum(best + 1, len(there) - 1)]
    return best_rows[["code", "position"]].assign(why=_reasons(best_rows, next_rows))


def _reasons(there: pd.DataFrame, after: pd.DataFrame) -> np.ndarray:
    """What sets each row before the next one, of the same customer: the first of these in which they differ."""
    after = after.set_axis(there.index)
    alone = (there["code"].ne(after["code"]) | there["position"].eq(after["position"])).to_numpy()
    differs = {name: there[name].ne(after[name]).to_numpy() for name in ("rank", "invalid", "partial", "seen")}
    differs["seen"] = differs["seen"] & there["seen"].notna().to_numpy()  # two that nobody dated do not differ
    stated = (after["rank"] - there["rank"]).ge(UNSTATED).to_numpy()
    tests = [alone, differs["rank"] & stated, differs["rank"], differs["invalid"], differs["partial"], differs["seen"]]
    words = ["only", "stated", "source", "valid", "whole", "latest"]
    return np.select(tests, words, default="first").astype(object)


def _faults(values: pd.Series, field: str) -> tuple[np.ndarray, np.ndarray]:
    """Which values are not valid, and which are not whole."""
    nothing = np.zeros(len(values), bool)
    if field == "uscc":
        return number_credit_codes(pa.array(values.astype("str"), pa.string()))[0] < 0, nothing
    texts = values.astype("str")
    masked = texts.str.contains(_VAGUE).to_numpy(bool)
    if field == "name":
        return masked, ~texts.str.contains(_WHOLE_NAME).to_numpy(bool)
    return masked, ~texts.str.contains(r"\d").to_numpy(bool) if field == "address" else nothing


def _gather(rows: pd.DataFrame, shared: pd.DataFrame, only: np.ndarray, field: str) -> tuple[pd.Series, pd.DataFrame]:
    """Every different value of a field, in the order of survival; notes say their source where there are several."""
    there = shared.assign(value=rows[field].astype("str").take(shared["position"]).array).dropna(subset="value")
    there = there.drop_duplicates(["code", "value"])
    many = there["code"].duplicated(keep=False)
    if field == "note":
        there.loc[many & there["source"].ne(""), "value"] = "〔" + there["source"] + "〕" + there["value"]
    values = rows[field].astype("str").array.take(only, allow_fill=True).astype(object)
    values[there["code"][~many]] = there["value"][~many].to_numpy(object)
    join = {"source_id": ";".join, "note": "\n".join, "custom": _join_custom}[field]
    for code, some in _by_code(there["code"][many], there["value"][many]):
        values[code] = join(some)
    return pd.Series(values, dtype="str"), there


def _by_code(codes: pd.Series, values: pd.Series) -> Iterator[tuple[int, list]]:
    """(code, its values) for codes that stand together; a plain loop, for there may be very many."""
    code, items = codes.to_numpy(), values.tolist()
    if not len(code):
        return
    starts = np.flatnonzero(np.append(True, code[1:] != code[:-1]))
    for start, end in zip(starts, [*starts[1:], len(code)], strict=True):
        yield int(code[start]), items[start:end]


def _join_custom(texts: list[str]) -> str:
    whole: dict = {}
    for text in texts:
        whole = {**whole, **{key: value for key, value in json.loads(text).items() if key not in whole}}
    return json.dumps(whole, ensure_ascii=False)


def _history(
    rows: pd.DataFrame, customers: pd.DataFrame, shared: pd.DataFrame, only: np.ndarray
) -> tuple[pd.Series, pd.DataFrame]:
    """name_history: other names a customer goes or went by, latest first; not the short forms of its name."""
    told = rows["name_history"].astype("str") if "name_history" in rows else pd.Series(None, rows.index, dtype="str")
    history = told.array.take(only, allow_fill=True).astype(object)
    nobody = pd.DataFrame({"code": [], "position": []}, dtype="int64")
    if "name" not in rows:
        return pd.Series(history, dtype="str"), nobody
    mine = shared.assign(name=rows["name"].take(shared["position"]).array, told=told.take(shared["position"]).array)
    mine = mine.sort_values(["code", "order"])[["code", "position", "name", "told"]]
    earlier = mine.dropna(subset="told")
    earlier = earlier.assign(name=earlier["told"].map(json.loads)).explode("name").assign(nth=1)
    own = customers["name"].take(mine["code"]).array
    called = mine[mine["name"].notna() & (mine["name"].array != own)]
    others = pd.concat([called, earlier]).sort_index(kind="stable").dropna(subset="name")
    own = customers["name"].take(others["code"]).fillna("")
    others = others[
        np.array([x not in y for x, y in zip(others["name"], own, strict=True)], dtype=bool)
    ]  # most are spelt as a part of it
    core, own_core = _cores(others["name"]), _cores(customers["name"].take(others["code"]).fillna(""))
    other = [x != "" and "*" not in x and x not in y for x, y in zip(core, own_core, strict=True)]
    others = others.assign(core=core)[np.array(other, dtype=bool)].drop_duplicates(["code", "core"])
    for code, names in _by_code(others["code"], others["name"]):
        history[code] = json.dumps(names, ensure_ascii=False)
    return pd.Series(history, dtype="str"), others[["code", "position"]].drop_duplicates()


def _cores(names: pd.Series) -> list[str]:
    """What makes a name another one: not its blanks, brackets, region or form."""
    codes, distinct = pd.factorize(names)
    cores = parse_plain(pa.array(plain_names(distinct.tolist()), pa.string()))["core"].to_numpy()
    return cores[codes].tolist()


def _dictionary_order(customers: pd.DataFrame) -> pd.DataFrame:
    known = [field for field in DICTIONARY.tables["customers"].fields if field in customers]
    return customers[
        [
            "customer_id",
            *(f for f in known if f != "customer_id"),
            *(c for c in customers if c not in known and c != "customer_id"),
        ]
    ]
