"""New rows among known ones: what they can touch is found by hashes of their keys, and matched again; the rest stays as it is."""

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.intake.columns import as_arrow, whole
from crmlib.intake.evidence import FEW_ROWS, Evidence, gather_evidence, in_order
from crmlib.intake.hashing import hash_rows, hash_texts
from crmlib.intake.matching import Matched, match_evidence
from crmlib.intake.points import Points
from crmlib.intake.registry import extend_registry, is_in
from crmlib.intake.uniting import connect
from crmlib.masking import MASKS

# Rows without an equal one of these are never compared: every rule's key holds one of them.
TIES = (
    ("uscc",), ("id_no",), ("anchor",), ("system", "source_id"), ("phone",), ("email",),
    ("core", "city", "seat"), ("core", "contact", "seat"), ("rare", "seat"), ("title",), ("staff", "city", "seat", "initial"), ("staff", "mark", "seat"),
)  # fmt: skip
_WORDS = {"seat": "branch", "rare": "core", "staff": "contact"}
READ = ("name", "contact_name", "phone", "email", "uscc", "id_no", "entity_type", "city", "province", "address", "source",
        "system", "source_id", "anchor")  # fmt: skip
_POINTS = {"ties": "", "hubs": "HUB", "nobody": "PLACEHOLDER"}  # the lists of `keys`, and why no evidence is in them


class Matching(NamedTuple):
    """`matched`: all rows. `reached`: ids of the rows that were judged for it, of which some may be gone.

    `keys`: what the next import needs, one row per row: row_id, customer_id, state (what the rules read of it), part (what
    hangs together), who, and the hashes of its ties, of its hubs and of its placeholders (nobody). They are not secret: keep them sealed.
    """

    matched: Matched
    keys: pa.Table
    reached: pd.Index


def match_all(
    rows: pd.DataFrame,
    *,
    known: pd.Series | None = None,
    decisions: pd.DataFrame | None = None,
    hub_names: int = 8,
    off: Sequence[str] = (),
) -> Matching:
    """match_rows, and the keys of all rows for the next time."""
    rows = in_order(rows)
    row_ids = pd.Index(rows["row_id"])
    evidence = gather_evidence(rows, hub_names=hub_names)
    matched = match_evidence(evidence, row_ids, decisions=decisions, known=known, off=off)
    keys = _keys_of(evidence, matched.row_to_customer, hash_rows(rows, READ), known=known, decisions=decisions)
    return Matching(matched, keys, row_ids)


def match_new(
    rows: pd.DataFrame,
    *,
    before: Matching,
    known: pd.Series,
    decisions: pd.DataFrame | None = None,
    touched: Sequence[object] = (),
    hub_names: int = 8,
    off: Sequence[str] = (),
) -> Matching:
    """match_all of all `rows`, by judging only those that are new, changed or gone since `before`, and those they reach.

    `known`: the registry, `decisions`: all of them; `touched`: row ids of decisions made or undone since `before`.
    """
    rows, keys = in_order(rows), before.keys
    ids, state = as_arrow(rows["row_id"]), hash_rows(rows, READ)
    place = pc.index_in(ids, value_set=keys["row_id"].combine_chunks().cast(ids.type)).fill_null(-1).to_numpy()
    same = place >= 0
    same[same] = keys["state"].to_numpy()[place[same]] == state[same]
    again = _asked(rows, keys, place, same, known=known, touched=touched)
    fresh = gather_evidence(rows[~same].reset_index(drop=True), hub_names=hub_names, in_all=len(rows))
    reached, hubs = _reach(keys, fresh, again, hub_names)

    judged = ~same
    judged[place >= 0] |= reached[place[place >= 0]]
    some = rows[judged].reset_index(drop=True)
    evidence = gather_evidence(
        some,
        hub_names=hub_names,
        in_all=len(rows),
        are_hubs=lambda kind, words: np.isin(_point_hashes(kind, words), hubs),
    )
    row_ids = pd.Index(some["row_id"])
    ours = known[is_in(known.index, row_ids)]
    largest = _largest_number(known)
    matched = match_evidence(evidence, row_ids, decisions=decisions, known=ours, off=off, largest=largest)
    made = _keys_of(evidence, matched.row_to_customer, state[judged], known=ours, decisions=decisions)
    gone = pd.Index(keys["row_id"].filter(pa.array(reached)).to_pandas())
    return Matching(
        _join(before.matched, matched, keys, gone, place, judged, pd.Index(rows["row_id"])),
        _join_keys(keys.filter(pa.array(~reached)), made),
        gone.union(row_ids, sort=False),
    )


def list_ignored(keys: pa.Table) -> pd.DataFrame:
    """kind, reason (HUB, PLACEHOLDER), mask, rows, names: phones and e-mails that are no evidence of anyone."""
    who, masks = keys["who"].to_numpy(), _masks(keys)
    found = []
    for part, reason in list(_POINTS.items())[1:]:
        row, value = _unnest(keys, part)
        held = pd.DataFrame({"value": value, "who": pd.Series(who[row]).mask(who[row] == 0)})
        counts = held.groupby("value")["who"].agg(rows="size", names="nunique").reset_index()
        words = pd.DataFrame([masks[str(one)] for one in counts["value"]], columns=["kind", "mask"], dtype="str")
        found.append(words.assign(reason=reason, rows=counts["rows"], names=counts["names"]))
    ignored = pd.concat(found)[["kind", "reason", "mask", "rows", "names"]].astype({"reason": "str"})
    return ignored.sort_values([*ignored.columns], ignore_index=True)


def _asked(
    rows: pd.DataFrame,
    keys: pa.Table,
    place: np.ndarray,
    same: np.ndarray,
    *,
    known: pd.Series,
    touched: Sequence[object],
) -> np.ndarray:
    """Which rows of `keys` are judged again whatever the new ones say: changed, gone, touched."""
    again = np.ones(len(keys), bool)
    if (len(keys) <= FEW_ROWS) != (len(rows) <= FEW_ROWS):  # among so many rows the rules are stricter
        return again
    again[place[same]] = False
    back = known[
        is_in(known.index, pd.Index(rows["row_id"][place < 0]))
    ]  # rows that were gone: their id is another's now
    touched = pd.Index([*touched, *known.index[is_in(known, back)]] if len(back) else touched)
    if len(touched):
        again |= np.asarray(pc.is_in(keys["row_id"], value_set=pa.array(touched).cast(keys["row_id"].type)))
    return again


def _reach(keys: pa.Table, fresh: Evidence, again: np.ndarray, hub_names: int) -> tuple[np.ndarray, np.ndarray]:
    """(which rows of `keys` hang together with the new rows, points of theirs that are hubs).

    `again`: those that come again or are judged anyway. Odd ties are phones and e-mails; one of too many names ties nobody.
    """
    ties = pd.concat([_ties(fresh), _points(fresh.hubs)])
    seeds = pd.DataFrame({"tie": ties["tie"], "who": _who(fresh)[ties["r"]]})
    asked = pd.unique(np.concatenate([seeds["tie"], *(_unnest(keys, kind, again)[1] for kind in ("ties", "hubs"))]))
    row, tie = map(np.concatenate, zip(*(_unnest(keys, kind, asked=asked) for kind in ("ties", "hubs")), strict=True))
    held = pd.DataFrame({"tie": tie, "who": keys["who"].to_numpy()[row], "again": again[row]})
    points = held[held["tie"] & 1 == 1]
    later = pd.concat([points.loc[~points["again"], ["tie", "who"]], seeds[seeds["tie"] & 1 == 1]])
    before, after = (
        one[one["who"] != 0].drop_duplicates().groupby("tie").size() for one in (points[["tie", "who"]], later)
    )
    always = before.index[before > hub_names].intersection(after.index[after > hub_names])
    part = keys["part"].to_numpy()
    parts = np.concatenate([part[row[~np.isin(tie, always)]], part[again]])
    reached = np.asarray(pc.is_in(keys["part"], value_set=pa.array(pd.unique(parts))))
    known_hubs = np.setdiff1d(_unnest(keys, "hubs", reached)[1], asked)
    return reached, np.concatenate([known_hubs, after.index[after > hub_names]])


def _join(
    before: Matched,
    made: Matched,
    keys: pa.Table,
    gone: pd.Index,
    place: np.ndarray,
    judged: np.ndarray,
    row_ids: pd.Index,
) -> Matched:
    """What was known of the rows that were not judged, and what has been found of those that were."""
    carried = keys["customer_id"].combine_chunks().take(pa.array(place, mask=place < 0))
    found = whole(made.row_to_customer).cast(carried.type)
    ids = pc.replace_with_mask(carried, pa.array(judged), found)
    links, review = (
        pd.concat([old[~is_in(old["row_a"], gone)], new], ignore_index=True) if len(old) else new
        for old, new in ((before.links, made.links), (before.review, made.review))
    )
    return Matched(pd.Series(ids, index=row_ids, name="customer_id", dtype="str"), links, review)


def _join_keys(kept: pa.Table, made: pa.Table) -> pa.Table:
    some = [one.replace_schema_metadata(None) for one in (kept, made) if len(one)]  # of no rows the types are not known
    whole = pa.concat_tables([one.cast(some[-1].schema) for one in some]) if some else made
    return whole.replace_schema_metadata({"masks": json.dumps(_masks(kept) | _masks(made), ensure_ascii=False)})


def _masks(keys: pa.Table) -> dict[str, list[str]]:
    """(kind, mask) of each hub and placeholder, by its hash."""
    return json.loads((keys.schema.metadata or {}).get(b"masks", b"{}"))


def _unnest(
    keys: pa.Table, kind: str, rows: np.ndarray | None = None, *, asked: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(row, tie) for each tie, for each of some rows, or for each that is asked for."""
    lists = keys[kind].combine_chunks()
    if asked is None:
        some = np.arange(len(keys)) if rows is None else np.flatnonzero(rows)
        lists = lists.take(pa.array(some))
        return some[pc.list_parent_indices(lists).to_numpy()], lists.flatten().to_numpy()
    ties, ends = lists.flatten().to_numpy(), lists.offsets.to_numpy() - lists.offsets[0].as_py()
    begins = np.zeros(1 << 20, bool)  # most ties do not even begin as one that is asked for
    begins[asked.view(np.uint64) >> 44] = True
    at = np.flatnonzero(begins[ties.view(np.uint64) >> 44])
    at = at[np.asarray(pc.is_in(pa.array(ties[at]), value_set=pa.array(asked)))]
    return np.searchsorted(ends, at, side="right") - 1, ties[at]


def _keys_of(
    evidence: Evidence,
    row_to_customer: pd.Series,
    state: np.ndarray,
    *,
    known: pd.Series | None,
    decisions: pd.DataFrame | None,
) -> pa.Table:
    ties, row_ids = _ties(evidence), row_to_customer.index
    shared = ties[ties["tie"].duplicated(keep=False)]
    first = shared.drop_duplicates("tie").set_index("tie")["r"]
    edges = [(first.reindex(shared["tie"]).to_numpy(), shared["r"].to_numpy())]
    ids = pd.factorize(extend_registry(known, row_to_customer).reindex(row_ids))[0]
    first = pd.Series(np.arange(len(ids))).groupby(ids).transform("min").to_numpy()
    edges.append((np.where(ids >= 0, first, np.arange(len(ids))), np.arange(len(ids))))
    if decisions is not None and len(decisions):
        ends = np.stack([row_ids.get_indexer(decisions[end]) for end in ("row_a", "row_b")])
        edges.append(tuple(ends[:, (ends >= 0).all(axis=0)]))
    part = connect(len(row_ids), *(np.concatenate(side) for side in zip(*edges, strict=True)))
    names = hash_texts(row_ids.astype("str"))
    table = {
        "row_id": as_arrow(row_ids),
        "customer_id": whole(row_to_customer),
        "state": state,
        "part": names[part],
        "who": _who(evidence),
        "ties": _lists(ties, len(row_ids)),
        "hubs": _lists(_points(evidence.hubs), len(row_ids)),
        "nobody": _lists(_points(evidence.nobody), len(row_ids)),
    }
    return pa.table(table).replace_schema_metadata({"masks": json.dumps(_masks_of(evidence), ensure_ascii=False)})


def _masks_of(evidence: Evidence) -> dict[str, tuple[str, str]]:
    masks = {}
    for kept in (evidence.hubs, evidence.nobody):
        for kind, points in kept.items():
            words = points.words.take(pa.array(np.unique(points.value)))
            hashes = _point_hashes(kind, words).tolist()
            masks |= {
                str(n): (kind, MASKS[kind](word) or "") for n, word in zip(hashes, words.to_pylist(), strict=True)
            }
    return masks


def _lists(ties: pd.DataFrame, n: int) -> pa.Array:
    ties = ties.sort_values("r", kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(ties["r"], minlength=n))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(ties["tie"].to_numpy()))


def _ties(evidence: Evidence) -> pd.DataFrame:
    """r, tie: what rows may have in common."""
    found = [_points(evidence.points)]
    texts = evidence.words | {"contact": pa.array(evidence.contacts, pa.string())}
    hashed: dict[str, np.ndarray] = {}
    by_row = [tie for tie in TIES if tie[0] not in evidence.points]
    for tie, begin in zip(by_row, hash_texts(["/".join(tie) for tie in by_row]), strict=True):
        columns = [evidence.rows[key].to_numpy() for key in tie]
        r = np.flatnonzero(np.all([column >= 0 for column in columns], axis=0))
        value = np.full(len(r), begin)
        for key, column in zip(tie, columns, strict=True) if len(r) else ():
            if key not in hashed:
                hashed[key] = hash_texts(texts[_WORDS.get(key, key)])
            value = (value ^ hashed[key][column[r]]) * np.uint64(0x9E3779B97F4A7C15)
            value ^= value >> np.uint64(29)
        found.append(pd.DataFrame({"r": r, "tie": (value & ~np.uint64(1)).view(np.int64)}))
    return pd.concat(found, ignore_index=True)


def _points(kinds: dict[str, Points]) -> pd.DataFrame:
    """r, tie: the hashes of phones and e-mails; they are odd."""
    found = []
    for kind, points in kinds.items():
        used, which = np.unique(points.value, return_inverse=True)
        hashes = _point_hashes(kind, points.words.take(pa.array(used)))
        found.append(pd.DataFrame({"r": points.r, "tie": hashes[which]}))
    return pd.concat(found, ignore_index=True)


def _point_hashes(kind: str, words: pa.Array) -> np.ndarray:
    return hash_texts(pc.binary_join_element_wise(kind, words, " ")).view(np.int64) | 1


def _who(evidence: Evidence) -> np.ndarray:
    """Whom each row names; 0 where nobody. As float64 would lose digits, missing is not nan."""
    who = evidence.rows["who"].to_numpy()
    words = pa.concat_arrays([evidence.words["who"].cast(pa.string()), pa.array([*evidence.contacts, ""], pa.string())])
    return np.where(who < 0, 0, hash_texts(words).view(np.int64)[who])


def _largest_number(known: pd.Series) -> int:
    """Of ids such as K000123 the longest and then last."""
    ids = as_arrow(known.astype("str"))
    length = pc.utf8_length(ids)
    last = pc.max(ids.filter(pc.equal(length, pc.max(length)))).as_py() if len(ids) else "0"
    return int("".join(filter(str.isdigit, last)))
