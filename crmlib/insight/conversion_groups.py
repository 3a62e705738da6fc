"""Groups: how far those go who came by one channel, source or owner, against all others; a difference, not a cause."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.conversion_ways import Way
from crmlib.insight.coverage import Tables
from crmlib.insight.shares import add_share
from crmlib.intervals import newcombe

PHONE_VISIT = "phone_visit"
_KEYS = ["entity", "dimension", "code"]


def compare_groups(
    ways: Mapping[str, Way],
    tables: Tables,
    *,
    phone: Sequence[str],
    face_to_face: Sequence[str],
    as_of: date,
    least: int,
) -> pd.DataFrame:
    """One row per entity, dimension (channel, source, owner, phone_visit) and group: entity, dimension, code, n, converted (from the
    first stage to the last), share, low, high, enough, others, others_share, difference, diff_low, diff_high. Sorted by its keys.

    channel: of the first talk from the day the way was begun to its end, so that no later talk, which success itself brings
    about, moves a case from one group to the other. `others` are all of the other groups; in phone_visit, where phone is set
    against face to face, the one other group. The difference is missing where one side has fewer than `least`.
    """
    rows = []
    for entity, way in ways.items():
        cases = _describe(way, tables, as_of=as_of)
        cases = cases.assign(won=way.cases["reached"].eq(len(way.stages) - 1).to_numpy())
        sides = dict.fromkeys(phone, "phone") | dict.fromkeys(face_to_face, "face_to_face")
        cases = cases.assign(phone_visit=cases["channel"].map(sides))
        for dimension in ("channel", "source", "owner", PHONE_VISIT):
            told = cases.dropna(subset=dimension)
            counts = told.groupby(dimension)["won"].agg(["size", "sum"])
            if len(counts) > 1:
                rows.append(_set_against_others(counts, entity=entity, dimension=dimension))
    columns = [*_KEYS, "n", "converted", "others", "others_converted"]
    found = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return _differ(found[columns], least=least).sort_values(_KEYS, ignore_index=True)


def _set_against_others(counts: pd.DataFrame, *, entity: str, dimension: str) -> pd.DataFrame:
    rows = counts.rename(columns={"size": "n", "sum": "converted"}).rename_axis("code").reset_index()
    rows = rows.assign(others=rows["n"].sum() - rows["n"], others_converted=rows["converted"].sum() - rows["converted"])
    return rows.assign(entity=entity, dimension=dimension)


def _differ(rows: pd.DataFrame, *, least: int) -> pd.DataFrame:
    counts = [rows[name].to_numpy("float64") for name in ("converted", "n", "others_converted", "others")]
    rows = add_share(rows, "converted", "n", least=least)
    both = rows["enough"] & (rows["others"] >= least)
    interval = newcombe(*counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        others = counts[2] / counts[3]
        told = {"others_share": others, "difference": counts[0] / counts[1] - others}
    told |= {"diff_low": interval.low, "diff_high": interval.high}
    told = {name: pd.Series(values, rows.index).where(both).round(10) for name, values in told.items()}
    kinds = dict.fromkeys(_KEYS, "str") | dict.fromkeys(("n", "converted", "others"), "Int64") | {"enough": "boolean"}
    return rows.assign(**told).drop(columns="others_converted").astype(kinds)


def _describe(way: Way, tables: Tables, *, as_of: date) -> pd.DataFrame:
    """channel, source and owner of each case; missing where nobody wrote it."""
    cases = way.cases[["customer_id", "owner_id", "began_on", "ended_on"]]
    talks = tables["interactions"]
    moment = talks.occurred_at
    told = talks.filter(
        moment.notnull() & talks.channel.notnull() & talks.customer_id.notnull() & (moment.date() < as_of)
    )
    told = told.select("customer_id", "channel", at=moment.date().cast("timestamp")).distinct()
    heard = read_frame(told.order_by("at", "channel"))
    heard = heard.assign(at=heard["at"].astype("datetime64[s]"))
    begun = cases.reset_index().dropna(subset=["began_on", "customer_id"]).sort_values("began_on")
    over = way.entered[:, -1].astype("datetime64[s]")  # the day of arrival
    first = pd.merge_asof(
        begun, heard, left_on="began_on", right_on="at", by="customer_id", direction="forward"
    ).set_index("index")  # fmt: skip
    end = np.fmin(over, cases["ended_on"].to_numpy().astype("datetime64[s]"))
    within = ~(first["at"] > pd.Series(end, cases.index).reindex(first.index))
    return pd.DataFrame(
        {
            "channel": first["channel"].where(within).reindex(cases.index),
            "source": way.cases["source"],
            "owner": cases["owner_id"],
        }
    )
