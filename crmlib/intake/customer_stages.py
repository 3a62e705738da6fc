"""A customer's stage over time: each talk, export or correction that says another one than before is a change."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd

from crmlib.intake.merging import Merged

STAGE = "customers.lifecycle_stage"
_EVENT = ("customer_id", "at", "rank", "stage", "was", "row_id")


def collect_sayings(
    sheets: Sequence[tuple[str, pd.DataFrame]], first_seen: pd.Series, changes: pd.DataFrame
) -> pd.DataFrame:
    """Who said which stage of whom, and when: customer_id, at (missing for a talk: its own moment), rank, stage, was, row_id.

    sheets: (table, wide rows with customer_id). first_seen: row_id → the day it first came. changes: the
    book's changes; a row of a customer sheet said its stage on the day it first said it, not each time it was exported again.
    """
    told = changes[(changes["table"] == "customers") & (changes["field"] == "lifecycle_stage")]
    told = told.assign(at=pd.to_datetime(told["changed_on"]))
    since = pd.concat([pd.to_datetime(first_seen), told.groupby("row_id")["at"].max()]).groupby(level=0).max()
    parts, of_sheets = [], set()
    for table, rows in sheets:
        if STAGE not in rows:
            continue
        said = rows[rows[STAGE].notna() & rows["customer_id"].notna()]
        part = pd.DataFrame({"customer_id": said["customer_id"], "stage": said[STAGE], "row_id": said["row_id"]})
        if table == "interactions":
            parts.append(part.assign(at=pd.NaT, rank=1))
        else:
            parts.append(part.assign(at=part["row_id"].map(since), rank=0))
            of_sheets |= set(part["row_id"])
    earlier = told[told["row_id"].isin(of_sheets)]
    owner = pd.concat([p[["row_id", "customer_id"]] for p in parts]).drop_duplicates("row_id") if parts else None
    if len(earlier):
        earlier = earlier.drop(columns="customer_id", errors="ignore").merge(owner, on="row_id")
        parts.append(earlier.assign(stage=earlier["new"], was=earlier["old"], rank=0))
    none = pd.DataFrame(columns=list(_EVENT))
    every = pd.concat([part for part in parts if len(part)] or [none], ignore_index=True).reindex(columns=list(_EVENT))
    return every.astype({name: "str" for name in ("customer_id", "stage", "was", "row_id")})


def date_stages(
    merged: Merged, sayings: pd.DataFrame, talks: pd.DataFrame | None, *, by_hand: Mapping[str, datetime]
) -> tuple[Merged, pd.DataFrame]:
    """The customers, each at the stage that was said last, and their changes of stage as rows of stage_changes.

    Of what sheets say the merged value holds; a later talk says more (its moment is that of the table of talks), and so does
    a correction by hand on its day (`by_hand`: customer_id → when). The first saying has no stage before it.
    """
    customers = merged.customers
    if "lifecycle_stage" not in customers:
        return merged, pd.DataFrame()
    now = customers.dropna(subset="lifecycle_stage").set_index("customer_id")["lifecycle_stage"]
    known = {"occurred_at": "talked_at", "interaction_id": "cause_interaction_id", "staff_id": "by"}
    heard = (pd.DataFrame(columns=["row_id"]) if talks is None else talks).reindex(columns=["row_id", *known])
    heard = (
        heard.rename(columns=known).drop_duplicates("row_id").astype({"row_id": "str", "cause_interaction_id": "str"})
    )
    events = sayings.merge(heard, on="row_id", how="left")
    talked = events["rank"] == 1
    events = events.assign(at=pd.to_datetime(events["at"].where(~talked, events["talked_at"])))
    settled = events["was"].notna() | (events["stage"] == events["customer_id"].map(now))
    corrected = events["customer_id"].isin(set(by_hand))
    events = events[events["at"].notna() & (talked | settled & ~corrected)]
    hands = pd.DataFrame(
        [{"customer_id": c, "at": at, "rank": 2, "stage": now[c]} for c, at in by_hand.items() if c in now]
    )
    events = pd.concat([events, hands] if len(hands) else [events], ignore_index=True)
    events = events.sort_values(["customer_id", "at", "rank", "cause_interaction_id", "row_id"], ignore_index=True)
    before = events.groupby("customer_id")["stage"].shift().astype(events["stage"].dtype)
    events = events.assign(from_stage=before.fillna(events["was"].astype(before.dtype)))[
        before.isna() | (before != events["stage"])
    ]
    last = events.drop_duplicates("customer_id", keep="last").set_index("customer_id")
    said = customers["lifecycle_stage"]
    stage = customers["customer_id"].map(last["stage"]).astype(said.dtype).fillna(said)
    moved = customers.loc[stage.notna() & stage.ne(customers["lifecycle_stage"]), "customer_id"]
    cells = merged.cells
    stale = cells["customer_id"].isin(set(moved)) & cells["field"].eq("lifecycle_stage")
    origin = last.loc[moved, ["row_id"]].reset_index().assign(field="lifecycle_stage", why="latest")
    cells = pd.concat([cells[~stale], origin[cells.columns]], ignore_index=True) if len(moved) else cells
    changes = events.assign(entity="customer", entity_id=events["customer_id"]).rename(
        columns={"stage": "to_stage", "at": "changed_at"}
    )
    kept = ["entity", "entity_id", "customer_id", "from_stage", "to_stage", "changed_at", "cause_interaction_id", "by",
            "row_id"]  # fmt: skip
    texts = {name: "str" for name in kept if name != "changed_at"}
    return merged._replace(customers=customers.assign(lifecycle_stage=stage), cells=cells), changes[kept].astype(texts)
