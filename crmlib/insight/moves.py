"""Moves: who changed tier or status between two days, and which figure crossed which boundary."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables, empty_tables
from crmlib.insight.names import name_rows
from crmlib.insight.tiers import DIMENSIONS, gather_facts, label_facts
from crmlib.judging import Tiers
from crmlib.settings import Settings

COLUMNS = ("customer_id", "dimension", "label_before", "label_now", "before_on", "as_of", "cause", "figures")
DAY = pd.ArrowDtype(pa.date32())
# what sources say, in the book's changes
STATUS = ("lifecycle_stage", "record_status", "source_status", "source_grade")


def tier_history(tables: Tables, *, settings: Settings, days: Sequence[date], in_yuan: bool = True) -> pd.DataFrame:
    """One row per customer and dimension whose label on one of `days` differs from that on the day before it in the list.

    customer_id, dimension, label_before, label_now, before_on, as_of, cause (words: `move.<cause>`), figures (JSON).
    Sorted by as_of, customer_id, dimension. All days are judged by today's settings on today's book.
    """
    off = {"value"} if not in_yuan else set()
    empty = empty_tables(tables)
    if {"orders", "interactions"} <= empty:
        off.add("activity")
    judged = [
        read_frame(label_facts(gather_facts(tables, settings=settings, as_of=day), settings.tiers, as_of=day))
        for day in days
    ]
    wanted = [name for name in DIMENSIONS if name not in off]
    steps = [
        _moves(before, now, name, settings.tiers).assign(before_on=days[n], as_of=days[n + 1])
        for n, (before, now) in enumerate(zip(judged, judged[1:], strict=False))
        for name in wanted
    ]
    return _ordered(pd.concat(steps) if steps else pd.DataFrame(columns=list(COLUMNS)))


def list_moves(history: pd.DataFrame, tables: Tables, *, as_of: date) -> pd.DataFrame:
    """The moves of one day of `history`, with name and owner."""
    return name_rows(history[history["as_of"].eq(as_of)], tables)


def _moves(before: pd.DataFrame, now: pd.DataFrame, dimension: str, tiers: Tiers) -> pd.DataFrame:
    both = before.merge(now, on="customer_id", suffixes=("_before", "_now"))
    moved = both[both[f"{dimension}_before"].ne(both[f"{dimension}_now"])]
    told = [_CAUSES[dimension](row, tiers) for row in moved.to_dict("records")]
    return pd.DataFrame(
        {
            "customer_id": moved["customer_id"].to_numpy(),
            "dimension": dimension,
            "label_before": moved[f"{dimension}_before"].to_numpy(),
            "label_now": moved[f"{dimension}_now"].to_numpy(),
            "cause": [cause for cause, _ in told],
            "figures": [json.dumps(figures, ensure_ascii=False, default=_plain) for _, figures in told],
        }
    )


Cause = tuple[str, dict[str, object]]


def _value(row: dict, tiers: Tiers) -> Cause:
    amounts = [Decimal(0) if pd.isna(row[key]) else row[key] for key in ("amount_cny_before", "amount_cny_now")]
    rose = amounts[1] > amounts[0]
    line = tiers.value.high if (row["value_now"] if rose else row["value_before"]) == "high" else tiers.value.middle
    if not rose and row["value_now"] == "low":
        line = tiers.value.middle  # fell past both: the lower one is where it stands
    about = {"basis": tiers.value.basis, "before_cny": amounts[0], "now_cny": amounts[1], "line_cny": line}
    return ("AMOUNT_ROSE" if rose else "AMOUNT_FELL"), about


def _risk(row: dict, tiers: Tiers) -> Cause:
    since = {"last_ordered_on": row["last_ordered_on_now"], "months": tiers.risk.lost_months}
    if row["risk_now"] == "churn_risk":
        return "ORDER_LAPSED", since
    if row["risk_before"] == "no_deal":
        return "FIRST_ORDER", since
    if row["risk_before"] == "churn_risk":
        return "ORDERED_AGAIN", since
    counts = {side: 0 if pd.isna(n := row[f"overdue_payments_12m_{side}"]) else int(n) for side in ("before", "now")}
    about = counts | {"line": tiers.risk.warn_overdue, "months": tiers.risk.window_months}
    return ("OVERDUE_ROSE" if row["risk_now"] == "warning" else "OVERDUE_FELL"), about


def _potential(row: dict, tiers: Tiers) -> Cause:
    counts = {side: 0 if pd.isna(n := row[f"needs_{side}"]) else int(n) for side in ("before", "now")}
    if row["no_need_before"]:
        return "NEED_OPENED", counts
    if row["no_need_now"]:
        return "NEED_CLOSED", counts
    order = ("watch", "potential", "focus")
    rose = order.index(row["potential_now"]) > order.index(row["potential_before"])
    return ("NEED_ROSE" if rose else "NEED_FELL"), counts


def _activity(row: dict, tiers: Tiers) -> Cause:
    days = [row[f"last_{verb}_on_now"] for verb in ("ordered", "contacted")]
    last = max((day for day in days if not pd.isna(day)), default=None)
    return ("SEEN" if row["activity_now"] == "active" else "UNSEEN"), {"last_on": last, "months": tiers.activity.months}


_CAUSES: dict[str, Callable[[dict, Tiers], Cause]] = {
    "value": _value,
    "risk": _risk,
    "potential": _potential,
    "activity": _activity,
}


def status_changes(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """What sources changed of a customer's stage, status or grade in [start, as_of), as `tier_history` gives moves.

    `cause` is SOURCE_CHANGED, with the file and line that said so; a stage whose days are noted is STAGE_DATED.
    """
    parts = []
    if "changes" in tables:
        rows = tables["changes"]
        day = rows.changed_on.cast("date")
        mine = rows.filter(rows.field.isin(STATUS) & rows.customer_id.notnull() & (day >= start) & (day < as_of))
        found = read_frame(
            mine.select("customer_id", "field", "old", "new", "source_file", "line", on=mine.changed_on.cast("date"))
        )
        parts.append(found.assign(cause="SOURCE_CHANGED"))
    rows = tables["stage_changes"]
    day = rows.changed_at.date()
    changed = (rows.entity == "customer") & rows.customer_id.notnull() & rows.from_stage.notnull()
    mine = rows.filter(changed & (day >= start) & (day < as_of))
    found = read_frame(mine.select("customer_id", old=mine.from_stage, new=mine.to_stage, on=mine.changed_at.date()))
    parts.append(found.assign(field="lifecycle_stage", cause="STAGE_DATED", source_file=None, line=None))
    every = pd.concat([part for part in parts if len(part)] or [parts[-1]])
    every = every.drop_duplicates(["customer_id", "field", "old", "new", "on"])  # what a source changed is dated too
    places = zip(every["source_file"], every["line"], strict=True)
    about = [{"file": file, "line": int(line)} if isinstance(file, str) else {} for file, line in places]
    return _ordered(
        pd.DataFrame(
            {
                "customer_id": every["customer_id"].to_numpy(),
                "dimension": every["field"].to_numpy(),
                "label_before": every["old"].to_numpy(),
                "label_now": every["new"].to_numpy(),
                "before_on": pd.array([start] * len(every), DAY),
                "as_of": pd.array(every["on"].tolist(), DAY),
                "cause": every["cause"].to_numpy(),
                "figures": [json.dumps(one, ensure_ascii=False) for one in about],
            }
        )
    )


def join_history(*parts: pd.DataFrame) -> pd.DataFrame:
    """Moves and status changes in one table, in the order they happened."""
    return _ordered(pd.concat([part for part in parts if len(part)] or parts[:1]))


def _ordered(moves: pd.DataFrame) -> pd.DataFrame:
    texts = dict.fromkeys(("customer_id", "dimension", "label_before", "label_now", "cause", "figures"), "str")
    typed = moves.astype({**texts, "before_on": DAY, "as_of": DAY})
    return typed.sort_values(["as_of", "customer_id", "dimension"], ignore_index=True)[list(COLUMNS)]


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    return float(value) if isinstance(value, Decimal) else str(value)
