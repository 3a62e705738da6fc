"""New rows among known ones: what they can touch is found by keyed hashes, and matched again; the rest stays as it is."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.intake.evidence import FEW_ROWS, Evidence, check_rows, gather_evidence
from crmlib.intake.matching import Matched, match_evidence
from crmlib.intake.points import Points
from crmlib.intake.registry import extend_registry
from crmlib.intake.uniting import connect

# Rows without an equal one of these are never compared: every rule's key holds one of them.
TIES = (
    ("uscc",), ("id_no",), ("anchor",), ("system", "source_id"), ("phone",), ("email",),
    ("core", "city", "seat"), ("core", "contact", "seat"), ("rare", "seat"), ("title",), ("staff", "city", "seat", "initial"), ("staff", "mark", "seat"),
)  # fmt: skip
_WORDS = {"seat": "branch", "rare": "core", "staff": "contact"}


class Renewed(NamedTuple):
    """`matched`: of the new rows and of those they reach. `reached`: known row ids judged again, of which some may be gone.

    `keys`: their key rows, in the place of those of `reached`. All else stays as it is.
    """

    matched: Matched
    reached: pd.Index
    keys: pa.Table


def match_all(
    rows: pd.DataFrame,
    *,
    secret: str,
    known: pd.Series | None = None,
    decisions: pd.DataFrame | None = None,
    hub_names: int = 8,
    off: Sequence[str] = (),
) -> Renewed:
    """match_rows, and the keys of all rows for later: row_id, part (what hangs together), who, ties, hubs.

    All but row_id are numbers that only `secret` (16 signs) repeats: they can lie beside the book.
    """
    check_rows(rows)
    ordered = rows if rows["row_id"].is_monotonic_increasing else rows.sort_values("row_id", ignore_index=True)
    row_ids = pd.Index(ordered["row_id"])
    evidence = gather_evidence(ordered, hub_names=hub_names)
    matched = match_evidence(evidence, row_ids, decisions=decisions, known=known, off=off)
    registry = extend_registry(known, matched.row_to_customer)
    return Renewed(matched, row_ids, _keys_of(evidence, row_ids, secret, known=registry, decisions=decisions))


def match_new(
    new_rows: pd.DataFrame,
    *,
    keys: pa.Table,
    fetch: Callable[[pd.Index], pd.DataFrame],
    secret: str,
    known: pd.Series,
    decisions: pd.DataFrame | None = None,
    touched: Sequence[object] = (),
    hub_names: int = 8,
    off: Sequence[str] = (),
) -> Renewed:
    """match_rows for `new_rows` (unknown row ids, or known ones with a new content) beside the rows of `keys`.

    `fetch` gives the rows of some row ids, those that there still are. `known`: the registry, `decisions`: all of them.
    `touched`: known rows to judge again: those of new and undone decisions, and those that are gone.
    """
    check_rows(new_rows)
    again = pa.array(pd.Series([*new_rows["row_id"], *touched]).unique(), keys.schema.field("row_id").type)
    mine = np.asarray(pc.is_in(keys["row_id"], value_set=again))
    in_all = len(keys) - int(mine.sum()) + len(new_rows)
    if len(keys) <= FEW_ROWS < in_all:  # the rules are stricter from here on
        mine = np.ones(len(keys), bool)
    fresh = gather_evidence(new_rows.reset_index(drop=True), hub_names=hub_names, in_all=in_all)
    ties = _ties(fresh, secret, hubs=True)
    seeds = pd.DataFrame({"tie": ties["tie"], "who": _who(fresh, secret)[ties["r"]]})
    at, hubs = _reach(keys, seeds, mine, hub_names)
    reached = keys["row_id"].filter(pa.array(at)).to_pandas()
    older = pd.Index(reached).difference(pd.Index(new_rows["row_id"]))
    rows = pd.concat([fetch(older), new_rows], ignore_index=True).sort_values("row_id", ignore_index=True)
    row_ids = pd.Index(rows["row_id"])

    def are_hubs(kind: str, words: pa.Array) -> np.ndarray:
        return np.isin(_tie_of_points(kind, words, secret), hubs)

    evidence = gather_evidence(rows, hub_names=hub_names, in_all=in_all, are_hubs=are_hubs)
    ours = known[np.asarray(pc.is_in(pa.array(known.index), value_set=pa.array(row_ids)))]
    largest = _largest_number(known)
    matched = match_evidence(evidence, row_ids, decisions=decisions, known=ours, off=off, largest=largest)
    registry = extend_registry(ours, matched.row_to_customer)
    return Renewed(matched, pd.Index(reached), _keys_of(evidence, row_ids, secret, known=registry, decisions=decisions))


def _reach(keys: pa.Table, seeds: pd.DataFrame, mine: np.ndarray, hub_names: int) -> tuple[np.ndarray, np.ndarray]:
    """(which rows of `keys` hang together with the new rows, ties among theirs that are hubs).

    `mine`: those that come again or are judged anyway. Odd ties are phones and e-mails; one of too many names ties nobody.
    """
    asked = pd.unique(np.concatenate([seeds["tie"], *(_unnest(keys, kind, mine)[1] for kind in ("ties", "hubs"))]))
    row, tie = map(np.concatenate, zip(*(_unnest(keys, kind, asked=asked) for kind in ("ties", "hubs")), strict=True))
    held = pd.DataFrame({"tie": tie, "who": keys["who"].to_numpy()[row], "mine": mine[row]})
    points = held[held["tie"] & 1 == 1]
    later = pd.concat([points.loc[~points["mine"], ["tie", "who"]], seeds[seeds["tie"] & 1 == 1]])
    before, after = (
        one[one["who"] != 0].drop_duplicates().groupby("tie").size() for one in (points[["tie", "who"]], later)
    )
    always = before.index[before > hub_names].intersection(after.index[after > hub_names])
    part = keys["part"].to_numpy()
    parts = np.concatenate([part[row[~np.isin(tie, always)]], part[mine]])
    reached = np.asarray(pc.is_in(keys["part"], value_set=pa.array(pd.unique(parts))))
    known_hubs = np.setdiff1d(_unnest(keys, "hubs", reached)[1], asked)
    return reached, np.concatenate([known_hubs, after.index[after > hub_names]])


def _unnest(
    keys: pa.Table, kind: str, rows: np.ndarray | None = None, *, asked: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(row, tie) for each tie of some rows, or for each that is asked for."""
    lists = keys[kind].combine_chunks()
    ties, ends = lists.flatten(), lists.offsets.to_numpy()
    if rows is not None:
        at = np.flatnonzero(np.repeat(rows, np.diff(ends)))
    else:
        at = np.flatnonzero(pc.is_in(ties, value_set=pa.array(asked)))
    return np.searchsorted(ends, at, side="right") - 1, ties.take(pa.array(at)).to_numpy()


def _keys_of(
    evidence: Evidence, row_ids: pd.Index, secret: str, *, known: pd.Series | None, decisions: pd.DataFrame | None
) -> pa.Table:
    ties, hubs = _ties(evidence, secret, hubs=False), _hub_ties(evidence, secret)
    shared = ties[ties["tie"].duplicated(keep=False)]
    first = shared.drop_duplicates("tie").set_index("tie")["r"]
    edges = [(first.reindex(shared["tie"]).to_numpy(), shared["r"].to_numpy())]
    if known is not None:
        ids = pd.factorize(known.reindex(row_ids))[0]
        first = pd.Series(np.arange(len(ids))).groupby(ids).transform("min").to_numpy()
        edges.append((np.where(ids >= 0, first, np.arange(len(ids))), np.arange(len(ids))))
    if decisions is not None and len(decisions):
        ends = np.stack([row_ids.get_indexer(decisions[end]) for end in ("row_a", "row_b")])
        edges.append(tuple(ends[:, (ends >= 0).all(axis=0)]))
    part = connect(len(row_ids), *(np.concatenate(side) for side in zip(*edges, strict=True)))
    names = _hash(row_ids.astype("str").tolist(), secret).view(np.int64)
    return pa.table(
        {
            "row_id": pa.array(row_ids),
            "part": names[part],
            "who": _who(evidence, secret),
            "ties": _lists(ties, len(row_ids)),
            "hubs": _lists(hubs, len(row_ids)),
        }
    )


def _lists(ties: pd.DataFrame, n: int) -> pa.Array:
    ties = ties.sort_values("r", kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(ties["r"], minlength=n))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(ties["tie"].to_numpy()))


def _ties(evidence: Evidence, secret: str, *, hubs: bool) -> pd.DataFrame:
    """r, tie: what rows may have in common; `hubs`: with the phones and e-mails of many names."""
    found = [_hub_ties(evidence, secret)] if hubs else []
    texts = evidence.words | {"contact": pa.array(evidence.contacts, pa.string())}
    hashed: dict[str, np.ndarray] = {}
    for tie in TIES:
        if tie[0] in evidence.points:
            found.append(_point_ties(tie[0], evidence.points[tie[0]], secret))
            continue
        columns = [evidence.rows[key].to_numpy() for key in tie]
        r = np.flatnonzero(np.all([column >= 0 for column in columns], axis=0))
        value = _hash(["/".join(tie)], secret).repeat(len(r))
        for key, column in zip(tie, columns, strict=True) if len(r) else ():
            if key not in hashed:
                hashed[key] = _hash(texts[_WORDS.get(key, key)].to_pylist(), secret)
            value = (value ^ hashed[key][column[r]]) * np.uint64(0x9E3779B97F4A7C15)
            value ^= value >> np.uint64(29)
        found.append(pd.DataFrame({"r": r, "tie": (value & ~np.uint64(1)).view(np.int64)}))
    return pd.concat(found, ignore_index=True)


def _hub_ties(evidence: Evidence, secret: str) -> pd.DataFrame:
    return pd.concat([_point_ties(kind, points, secret) for kind, points in evidence.hubs.items()], ignore_index=True)


def _point_ties(kind: str, points: Points, secret: str) -> pd.DataFrame:
    used, which = np.unique(points.value, return_inverse=True)
    return pd.DataFrame({"r": points.r, "tie": _tie_of_points(kind, points.words.take(pa.array(used)), secret)[which]})


def _tie_of_points(kind: str, words: pa.Array, secret: str) -> np.ndarray:
    return _hash([f"{kind} {word}" for word in words.to_pylist()], secret).view(np.int64) | 1


def _who(evidence: Evidence, secret: str) -> np.ndarray:
    """Whom each row names; 0 where nobody. As float64 would lose digits, missing is not nan."""
    who = evidence.rows["who"].to_numpy()
    words = _hash([*evidence.words["who"].to_pylist(), *evidence.contacts, ""], secret).view(np.int64)
    return np.where(who < 0, 0, words[who])


def _hash(texts: Sequence[str], secret: str) -> np.ndarray:
    """SipHash under the secret."""
    return pd.util.hash_array(np.array([text or "" for text in texts], dtype=object), hash_key=secret, categorize=False)


def _largest_number(known: pd.Series) -> int:
    """Of ids such as K000123 the longest and then last."""
    ids = pa.array(known.astype("str"), pa.string(), from_pandas=True)
    length = pc.utf8_length(ids)
    last = pc.max(ids.filter(pc.equal(length, pc.max(length)))).as_py() if len(ids) else "0"
    return int("".join(filter(str.isdigit, last)))
