"""Response statistics: what waits come to by side and by group, with those still open counted as open, never dropped."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmlib.durations import median_duration
from crmlib.insight.response import SIDES, STATUSES, UNKNOWN

EDGES_H = (1, 4, 8, 24, 72, 168)  # bands of hours; the limit is one more edge
GROUPS = ("channel", "value", "owner_id")


def sum_waits(waits: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """One row per side with a wait: side, waits, one count for each status, mean_h, median_h, p90_h of the answered ones,
    km_median_h (with the open ones as censored; missing where fewer than half are answered in any time seen), the same three
    in working hours (work_…), late (those that began earlier included) and provisional. Below `least` answered ones nothing is told."""
    rows = []
    for side in (*SIDES, UNKNOWN):
        mine = waits[waits["side"].eq(side)]
        begun, late = mine[mine["begun"].astype(bool)], mine[mine["late"].astype(bool)]
        if mine.empty:
            continue
        counts = begun["status"].value_counts()
        told = begun if side != UNKNOWN else begun.iloc[:0]
        rows.append(
            {"side": side, "waits": len(begun)}
            | {status: counts.get(status, 0) for status in STATUSES}
            | _spread(told, least=least)
            | {"late": len(late), "provisional": int(begun["provisional"].sum())}
        )
    whole = ["waits", *STATUSES, "late", "provisional"]
    found = pd.DataFrame(rows, columns=["side", *whole[:-2], *SPREAD, *whole[-2:]])
    return found.astype({"side": "str", **dict.fromkeys(whole, "Int64"), **dict.fromkeys(SPREAD, float)})


SPREAD = ("mean_h", "median_h", "p90_h", "km_median_h", "work_mean_h", "work_median_h", "work_p90_h")


def _spread(begun: pd.DataFrame, *, least: int) -> dict[str, float]:
    answered = begun[begun["status"].eq("answered")]
    if len(answered) < max(least, 1):
        return dict.fromkeys(SPREAD, np.nan)
    measured = begun[begun["status"].isin(["answered", "open"])]
    told = {}
    for name, column in (("", "hours"), ("work_", "work_hours")):
        hours = answered[column].astype(float)
        told |= {f"{name}mean_h": hours.mean(), f"{name}median_h": hours.median(), f"{name}p90_h": hours.quantile(0.9)}
    told["km_median_h"] = median_duration(measured["hours"], measured["status"].eq("answered"))
    return {name: round(value, 10) for name, value in told.items()}


def sum_groups(waits: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """Waits that began in the period by channel, value tier and owner: side, dimension, code, answered, open, median_h, p90_h
    (missing below `least` answered), late. A missing code is "unknown"."""
    parts = []
    begun = waits[waits["begun"].astype(bool) & waits["side"].isin(SIDES) & waits["status"].isin(["answered", "open"])]
    for dimension in GROUPS:
        keys = [begun["side"], begun[dimension].fillna("unknown").rename("code")]
        answered = begun["hours"].where(begun["status"].eq("answered")).astype(float)
        grouped = answered.groupby(keys)
        table = pd.DataFrame(
            {
                "answered": grouped.count(),
                "open": grouped.size() - grouped.count(),
                "median_h": grouped.median(),
                "p90_h": grouped.quantile(0.9),
                "late": begun["late"].astype(bool).groupby(keys).sum(),
            }
        )
        enough = table["answered"] >= max(least, 1)
        table = table.assign(**{name: table[name].where(enough).round(10) for name in ("median_h", "p90_h")})
        parts.append(table.reset_index().assign(dimension=dimension))
    found = pd.concat(parts, ignore_index=True)
    columns = ["side", "dimension", "code", "answered", "open", "median_h", "p90_h", "late"]
    found = found[columns].astype({name: "Int64" for name in ("answered", "open", "late")})
    return found.sort_values(["side", "dimension", "code"], ignore_index=True)


def band_waits(waits: pd.DataFrame, *, limit_h: float, sides: Sequence[str] = SIDES) -> pd.DataFrame:
    """Answered waits that began in the period in bands of hours: side, above_h, up_to_h (missing: no end), n, share. A band holds
    its upper edge, so that exactly the limit is within it."""
    edges = sorted({0.0, *map(float, EDGES_H), float(limit_h)})
    answered = waits[waits["begun"].astype(bool) & waits["status"].eq("answered")]
    parts = []
    for side in sides:
        hours = answered.loc[answered["side"].eq(side), "hours"].astype(float)
        if hours.empty:
            continue
        place = np.clip(np.searchsorted(edges, hours, side="left") - 1, 0, None)
        n = np.bincount(place, minlength=len(edges))
        parts.append(
            pd.DataFrame(
                {"side": side, "above_h": edges, "up_to_h": [*edges[1:], np.nan], "n": n, "share": n / len(hours)}
            )
        )
    columns = {"side": "str", "above_h": float, "up_to_h": float, "n": "Int64", "share": float}
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    return (pd.concat(parts, ignore_index=True) if parts else empty).astype(columns).round({"share": 10})
