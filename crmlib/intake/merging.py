"""Rows of one customer become one: field by field the best value survives, and where it came from is kept."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.intake.codes import is_uscc
from crmlib.intake.company import parse_company

# what a customer row carries for matching or tracing, and a customer does not
NOT_FIELDS = frozenset(
    [
        "row_id",
        "customer_id",
        "system",
        "source",
        "sheet",
        "line",
        "stated",
        "seen_on",
        "norm",
        "contact_name",
        "phone",
        "email",
        "id_no",
        "name_history",
    ]
)
GATHERED = ("source_id", "note", "custom")  # fields of which nothing is dropped

_WHOLE_NAME = r"(?:公司|合伙企业|合伙\)|合伙）|[厂社店院所行部馆校会]|中心|大学|工作室)$"
_VAGUE = r"[*＊×]|^.{1,3}(?:先生|女士|小姐|老师|经理|总)$"


class Merged(NamedTuple):
    """`customers`: one row per customer, the dictionary's fields. `cells`: customer_id, field, row_id; whose value it is.

    A customer of one row has no cells: all of it is that row's.
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
    rows = _in_order(customer_rows, row_to_customer, source_priority)
    codes, ids = pd.factorize(rows["customer_id"], sort=True)
    positions = np.arange(len(rows))
    count = np.bincount(codes, minlength=len(ids))
    several = count[codes] > 1
    only = np.full(len(ids), -1)
    only[codes[~several]] = positions[~several]
    shared = rows[several].assign(code=codes[several], position=positions[several])

    columns, cells = {"customer_id": np.asarray(ids, dtype=object)}, []
    for field in _fields(customer_rows):
        chosen, best = only.copy(), _choose(shared, field)
        chosen[best["code"]] = best["position"]
        columns[field] = rows[field].reindex(chosen).array
        cells.append(best[["code", "row_id"]].assign(field=field))
    customers = pd.DataFrame(columns).astype({"customer_id": "str"})
    for field in GATHERED:
        if field in customers:
            customers, origin = _gather(customers, shared, field)
            cells = [*(one for one in cells if one["field"].iloc[:1].ne(field).all()), origin]
    customers, origin = _with_history(customers, rows, shared, only)
    cells.append(origin)
    traced = pd.concat(cells, ignore_index=True).sort_values(
        ["code", "field", "row_id"], kind="stable", ignore_index=True
    )
    traced.insert(0, "customer_id", np.asarray(ids, dtype=object)[traced["code"].to_numpy(dtype=np.int64)])
    return Merged(
        _dictionary_order(customers),
        traced[["customer_id", "field", "row_id"]].astype({"customer_id": "str", "field": "str"}),
    )


def _in_order(rows: pd.DataFrame, row_to_customer: pd.Series, source_priority: Sequence[str]) -> pd.DataFrame:
    """The rows with `customer_id` and `rank` (of their source), latest first, then by row_id."""
    place = {name: n for n, name in enumerate(source_priority)}
    source = (
        rows["system"] if "system" in rows else rows["source"] if "source" in rows else pd.Series("", index=rows.index)
    )
    rank = source.map(place).fillna(len(place)).astype("int64")
    if "stated" in rows:
        rank = rank + (len(place) + 1) * ~rows["stated"].fillna(True).astype(bool)
    seen = pd.to_datetime(rows["seen_on"]) if "seen_on" in rows else pd.Series(pd.NaT, index=rows.index)
    ranked = rows.assign(
        customer_id=row_to_customer.reindex(rows["row_id"]).to_numpy(), rank=rank, _seen=seen, _source=source.fillna("")
    )
    ranked = ranked[ranked["customer_id"].notna()].sort_values("row_id")
    return ranked.sort_values("_seen", ascending=False, na_position="last", kind="stable", ignore_index=True)


def _fields(rows: pd.DataFrame) -> list[str]:
    return [column for column in rows.columns if column not in NOT_FIELDS]


def _choose(shared: pd.DataFrame, field: str) -> pd.DataFrame:
    """For each customer of several rows the row whose value of `field` survives: code, position, row_id."""
    there = shared[shared[field].notna()]
    invalid, partial = _faults(there[field], field)
    order = np.lexsort((there["position"], partial, invalid, there["rank"], there["code"]))
    return there[["code", "position", "row_id"]].iloc[order].drop_duplicates("code")


def _faults(values: pd.Series, field: str) -> tuple[np.ndarray, np.ndarray]:
    """Which values are not valid, and which are not whole."""
    nothing = np.zeros(len(values), bool)
    if field == "uscc":
        return ~np.array([is_uscc(str(value)) for value in values], dtype=bool), nothing
    if field not in ("name", "address", "owner_name"):
        return nothing, nothing
    texts = values.astype("str")
    masked = texts.str.contains(_VAGUE).to_numpy(bool)
    if field == "name":
        return masked, ~texts.str.contains(_WHOLE_NAME).to_numpy(bool)
    return masked, ~texts.str.contains(r"\d").to_numpy(bool) if field == "address" else nothing


def _gather(customers: pd.DataFrame, shared: pd.DataFrame, field: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every different value of a field, in the order of survival; notes say their source where there are several."""
    there = shared[shared[field].notna()].sort_values(["code", "rank", "position"]).drop_duplicates(["code", field])
    many = there[there["code"].duplicated(keep=False)]
    join = {"source_id": ";".join, "note": "\n".join, "custom": _join_custom}[field]
    texts = many[field].astype("str")
    if field == "note":
        texts = ("〔" + many["_source"].astype("str") + "〕").mask(many["_source"].eq(""), "") + texts
    values = customers[field].astype(object).to_numpy(copy=True)
    for code, some in _by_code(many["code"], texts):
        values[code] = join(some)
    return customers.assign(**{field: pd.Series(values, dtype="str")}), there[["code", "row_id"]].assign(field=field)


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


def _with_history(customers: pd.DataFrame, rows: pd.DataFrame, shared: pd.DataFrame, only: np.ndarray) -> tuple:
    """name_history: other names a customer goes or went by, latest first; not the short forms of its name."""
    told = rows["name_history"] if "name_history" in rows else pd.Series(np.nan, index=rows.index, dtype=object)
    history = told.reindex(only).astype(object).to_numpy(copy=True)
    origin: list[tuple[int, object]] = []
    if "name" in rows:
        names = customers["name"].astype(object).tolist()
        mine = shared.assign(told=told.reindex(shared["position"]).to_numpy(dtype=object)).sort_values(
            ["code", "position"]
        )
        differs = mine["name"].astype(object).to_numpy() != customers["name"].astype(object).to_numpy()[mine["code"]]
        mine = mine[(differs & mine["name"].notna().to_numpy()) | mine["told"].notna()]
        for code, some in _by_code(
            mine["code"], pd.Series(list(zip(mine["name"], mine["told"], mine["row_id"], strict=True)), dtype=object)
        ):
            if others := _other_names(names[code], some):
                history[code] = json.dumps([other for other, _ in others], ensure_ascii=False)
                origin += [(code, row_id) for _, row_id in others]
    cells = pd.DataFrame(origin, columns=["code", "row_id"]).drop_duplicates().assign(field="name_history")
    return customers.assign(name_history=pd.Series(history, dtype="str")), cells


def _other_names(name: object, rows: list[tuple]) -> list[tuple[str, object]]:
    own, found = _plain(name), {}
    for called, told, row_id in rows:
        for other in [called, *(json.loads(told) if isinstance(told, str) else [])]:
            plain = _plain(other)
            if plain and "*" not in plain and plain not in own and plain not in found:
                found[plain] = (other, row_id)
    return list(found.values())


def _plain(name: object) -> str:
    """What makes a name another one: not its blanks, brackets, region or form."""
    return parse_company(name).core if isinstance(name, str) else ""


def _dictionary_order(customers: pd.DataFrame) -> pd.DataFrame:
    known = [field for field in DICTIONARY.tables["customers"].fields if field in customers]
    return customers[
        [
            "customer_id",
            *(f for f in known if f != "customer_id"),
            *(c for c in customers if c not in known and c != "customer_id"),
        ]
    ]
