"""New rows among known ones: what they can touch is found by keyed hashes, and matched again; the rest stays as it is."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from crmlib.intake.evidence import FEW_ROWS, Evidence, check_rows, gather_evidence
from crmlib.intake.matching import Matched, match_evidence
from crmlib.intake.points import Points
from crmlib.intake.uniting import connect

# Rows without an equal one of these are never compared: every rule's key holds one of them.
TIES = (
    ("uscc",), ("id_no",), ("anchor",), ("system", "source_id"), ("phone",), ("email",),
    ("core", "seat"), ("staff", "city", "seat", "initial"), ("staff", "mark", "seat"),
)  # fmt: skip
_WORDS = {"seat": "branch"}


class Renewed(NamedTuple):
    """`matched`: of the new rows and of those they reach. `reached`: known row ids judged again, of which some may be gone.

    `keys`: their key rows, in the place of those of `reached`. All else stays as it is.
    """

    matched: Matched
    reached: pd.Index
    keys: pa.Table


def build_keys(
    rows: pd.DataFrame,
    *,
    secret: str,
    known: pd.Series | None = None,
    decisions: pd.DataFrame | None = None,
    hub_names: int = 8,
) -> pa.Table:
    """One row per row: row_id, part (rows that hang together), who, ties, hubs; numbers that only `secret` (16 signs) repeats.

    `known`: the registry after matching: rows that were ever one customer hang together too.
    """
    ordered = rows.sort_values("row_id", ignore_index=True)
    evidence = gather_evidence(ordered, hub_names=hub_names)
    row_ids = pd.Index(ordered["row_id"])
    return _keys_of(evidence, row_ids, secret, known=known, decisions=decisions)


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
    fresh = gather_evidence(new_rows.reset_index(drop=True), hub_names=hub_names)
    ties = _ties(fresh, secret, hubs=True)
    seeds = pa.table({"tie": ties["tie"].to_numpy(), "who": _who(fresh, secret).take(pa.array(ties["r"].to_numpy()))})
    mine = pd.DataFrame({"row_id": pd.Series([*new_rows["row_id"], *touched]).drop_duplicates()})
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute("SET enable_progress_bar = false")
        for name, table in (("keys", keys), ("seeds", seeds), ("mine", mine)):
            db.register(name, table)
        total, repeated = db.execute(
            "SELECT count(*), count(mine.row_id) FROM keys LEFT JOIN mine USING (row_id)"
        ).fetchone()
        in_all = total - repeated + len(new_rows)
        everything = total <= FEW_ROWS < in_all  # the rules are stricter from here on
        reached, hubs = _reach(db, hub_names, everything)
    older = pd.Index(reached).difference(pd.Index(new_rows["row_id"]))
    rows = pd.concat([fetch(older), new_rows], ignore_index=True).sort_values("row_id", ignore_index=True)
    row_ids = pd.Index(rows["row_id"])

    def are_hubs(kind: str, words: pa.Array) -> np.ndarray:
        return np.isin(_tie_of_points(kind, words, secret), hubs)

    evidence = gather_evidence(rows, hub_names=hub_names, in_all=in_all, are_hubs=are_hubs)
    ours = known[pd.array(known.index).isin(row_ids)]
    largest = _largest_number(known)
    matched = match_evidence(evidence, row_ids, decisions=decisions, known=ours, off=off, largest=largest)
    registry = pd.concat([ours, matched.row_to_customer[~matched.row_to_customer.index.isin(ours.index)]])
    return Renewed(matched, pd.Index(reached), _keys_of(evidence, row_ids, secret, known=registry, decisions=decisions))


def _reach(db: duckdb.DuckDBPyConnection, hub_names: int, everything: bool) -> tuple[np.ndarray, np.ndarray]:
    """(row ids that hang together with the new rows, ties among theirs that are hubs). Odd ties are phones and e-mails."""
    db.execute("""
        CREATE TEMP TABLE asked AS SELECT tie FROM seeds
            UNION SELECT unnest(list_concat(ties, hubs)) FROM keys SEMI JOIN mine USING (row_id);
        CREATE TEMP TABLE held AS SELECT * FROM (
            SELECT row_id, part, who, unnest(list_concat(ties, hubs)) AS tie FROM keys) SEMI JOIN asked USING (tie)""")
    db.execute(f"""
        CREATE TEMP TABLE counted AS SELECT tie,
            count(DISTINCT who) FILTER (was) AS before, count(DISTINCT who) FILTER (will) AS after FROM (
                SELECT tie, who, true AS was, row_id NOT IN (SELECT row_id FROM mine) AS will FROM held
                UNION ALL SELECT tie, who, false, true FROM seeds) WHERE tie & 1 = 1 GROUP BY tie;
        CREATE TEMP TABLE parts AS
            SELECT DISTINCT part FROM held LEFT JOIN counted USING (tie) WHERE coalesce(least(before, after), 0) <= {hub_names}
            UNION SELECT part FROM keys WHERE row_id IN (SELECT row_id FROM mine) OR {everything};
        CREATE TEMP TABLE reached AS SELECT row_id, hubs FROM keys WHERE part IN (SELECT part FROM parts)""")
    hubs = db.execute(f"""
        SELECT tie FROM (SELECT DISTINCT unnest(hubs) AS tie FROM reached) ANTI JOIN counted USING (tie)
        UNION SELECT tie FROM counted WHERE after > {hub_names}""").fetchnumpy()["tie"]
    return db.execute("SELECT row_id FROM reached").df()["row_id"], np.asarray(hubs, dtype=np.int64)


def _keys_of(
    evidence: Evidence, row_ids: pd.Index, secret: str, *, known: pd.Series | None, decisions: pd.DataFrame | None
) -> pa.Table:
    ties, hubs = _ties(evidence, secret, hubs=False), _hub_ties(evidence, secret)
    order = ties.sort_values(["tie", "r"])
    same = order["tie"].to_numpy()[1:] == order["tie"].to_numpy()[:-1]
    r = order["r"].to_numpy()
    edges = [(r[:-1][same], r[1:][same])]
    if known is not None:
        ids = pd.factorize(known.reindex(row_ids))[0]
        first = pd.Series(np.arange(len(ids))).groupby(ids).transform("min").to_numpy()
        edges.append((np.where(ids >= 0, first, np.arange(len(ids))), np.arange(len(ids))))
    if decisions is not None and len(decisions):
        ends = np.stack([row_ids.get_indexer(decisions[end]) for end in ("row_a", "row_b")])
        edges.append(tuple(ends[:, (ends >= 0).all(axis=0)]))
    part = connect(len(row_ids), *(np.concatenate(side) for side in zip(*edges, strict=True)))
    names = _hash(row_ids.astype("str"), secret).view(np.int64)
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
    ties = ties.sort_values(["r", "tie"])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(ties["r"], minlength=n))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(ties["tie"].to_numpy()))


def _ties(evidence: Evidence, secret: str, *, hubs: bool) -> pd.DataFrame:
    """r, tie: what rows may have in common; `hubs`: with the phones and e-mails of many names."""
    found = [_hub_ties(evidence, secret)] if hubs else []
    texts = evidence.words | {"staff": pa.array(evidence.contacts, pa.string())}
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


def _who(evidence: Evidence, secret: str) -> pa.Array:
    who = evidence.rows["who"].to_numpy()
    words = _hash([*evidence.words["who"].to_pylist(), *evidence.contacts, ""], secret).view(np.int64)
    return pa.array(words[who], mask=who < 0)


def _hash(texts: Sequence[str], secret: str) -> np.ndarray:
    """SipHash under the secret."""
    return pd.util.hash_array(np.array([text or "" for text in texts], dtype=object), hash_key=secret, categorize=False)


def _largest_number(known: pd.Series) -> int:
    return int(known.astype("str").str.lstrip("K").astype("int64").max()) if len(known) else 0
