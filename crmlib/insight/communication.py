"""Communication: response, frequency and silence of one period as the tables of a run, and the figures that are stated of them."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables, empty_tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.frequency import band_talks, count_channels, count_talks, find_silent, sum_talks
from crmlib.insight.lists import assign_plan_segments
from crmlib.insight.names import name_customers, name_people
from crmlib.insight.response import find_causes, list_waits
from crmlib.insight.response_stats import band_waits, sum_groups, sum_waits
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import Settings

LATE = (
    "row_id", "customer_id", "name", "owner", "side", "channel", "topic", "since", "replied_at", "status", "hours",
    "work_hours", "cause", "provisional",
)  # fmt: skip
SILENT = (
    "customer_id", "name", "owner", "value", "plan_segment", "cadence_days", "last_talked_on", "days_silent", "over_days",
)  # fmt: skip
# nobody is of low value for want of a table
JUDGED_BY = (("orders", "value"), ("orders", "risk"), ("needs", "potential"))
WORTH = {"high": 0, "middle": 1, "low": 2}


def compute_communication(
    tables: Tables, *, settings: Settings, start: date, as_of: date, tiers: pd.DataFrame | None = None
) -> Mapping[str, pd.DataFrame]:
    """waits, response (by side), response_groups, response_bands and response_late of [start, as_of); and, where there are talks,
    talks_by_customer, talk_channels, talk_groups, talk_bands and silent (by value, longest beyond their cadence first; those never
    spoken to stand last). `tiers` are those of `as_of`; they are assigned where they are not given."""
    if tiers is None:
        tiers = assign_tiers(tables, settings=settings, as_of=as_of)
    empty = empty_tables(tables)
    tiers = tiers[~tiers["dimension"].isin([of for table, of in JUDGED_BY if table in empty])]
    least, names = settings.communication.least, name_customers(tables)
    owners = read_frame(tables["customers"].select("customer_id", "owner_id"))
    names = names.merge(owners, on="customer_id", how="left")
    value = tiers.loc[tiers["dimension"].eq("value"), ["customer_id", "label"]].rename(columns={"label": "value"})
    waits = list_waits(tables, settings=settings, start=start, as_of=as_of)
    known = waits.merge(names, on="customer_id", how="left").merge(value, on="customer_id", how="left")
    late = known[known["late"].astype(bool)].reset_index(drop=True)
    late = late.assign(cause=find_causes(late, tiers, causes=settings.communication.causes))
    late = late.sort_values(["side", "hours", "row_id"], ascending=[True, False, True], ignore_index=True)
    made = {
        "waits": waits,
        "response": sum_waits(waits, least=least).assign(start=start, as_of=as_of),
        "response_groups": _name_owners(sum_groups(known, least=least), tables),
        "response_bands": band_waits(waits, limit_h=settings.deadlines.response_h),
        "response_late": late[list(LATE)],
    }
    if "interactions" in empty:
        return made
    segments = assign_plan_segments(tiers, precedence=settings.tiers.precedence)[["customer_id", "plan_segment"]]
    talks = count_talks(tables, start=start, as_of=as_of)
    talks = talks.merge(names, on="customer_id", how="left").merge(value, on="customer_id", how="left")
    talks = talks.merge(segments, on="customer_id", how="left")
    talks = talks.assign(plan_segment=talks["plan_segment"].fillna("other"))
    talks = find_silent(talks, cadence_days=settings.communication.cadence_days)
    listed = talks[talks["silent"] | talks["days_silent"].isna()]
    worth = listed["value"].map(WORTH).fillna(len(WORTH))  # whom it costs most first
    listed = listed.assign(never=listed["days_silent"].isna(), worth=worth).sort_values(
        ["never", "worth", "over_days", "customer_id"], ascending=[True, True, False, True], ignore_index=True
    )
    return made | {
        "talks_by_customer": talks.drop(columns=["name", "owner"]).assign(start=start, as_of=as_of),
        "talk_channels": count_channels(tables, start=start, as_of=as_of),
        "talk_groups": _name_owners(sum_talks(talks, least=least), tables),
        "talk_bands": band_talks(talks),
        "silent": listed[list(SILENT)],
    }


def _name_owners(groups: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """With `person`, the owner by name; missing in other groups."""
    people = name_people(groups, tables, column="code")["person"]
    return groups.assign(person=people.where(groups["dimension"].eq("owner_id") & groups["code"].ne("unknown")))


def communication_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """Each side by itself, never pooled; then talks, frequency and silence."""
    response = results["response"].set_index("side")
    found = [one for side in response.index if side != "unknown" for one in _response_figures(side, response.loc[side])]
    if len(response):
        talked = response.loc[response.index != "ticket"]
        day_only, waits = talked["day_only"].sum(), talked["waits"].sum()
        rows = "SELECT row_id FROM waits WHERE side <> 'ticket' AND begun AND status = 'day_only'"
        if len(talked):
            found.append(state_figure("response_day_only", SECTION, day_only, "talks", waits, rows))
    if "talks_by_customer" in results:
        found += _talk_figures(results["talks_by_customer"], results["talk_channels"])
    return found


SECTION = "communication"
# figure of hours → what its rows tell it again from
_TOLD = {
    "mean_h": ", hours AS counted, 1 AS whole",
    "median_h": ", hours AS typical",
    "p90_h": "",
    "work_mean_h": ", work_hours AS counted, 1 AS whole",
    "work_median_h": ", work_hours AS typical",
    "work_p90_h": "",
}


def _response_figures(side: str, row: pd.Series) -> list[Figure]:
    unit, measured = "tickets" if side == "ticket" else "talks", row["answered"] + row["open"]

    def state(name: str, value, unit: str, n: int, where: str, told: str = "") -> Figure:
        rows = f"SELECT row_id{told} FROM waits WHERE side = '{side}' AND {where}"
        return state_figure(f"response_{side}_{name}", SECTION, value, unit, n, rows, better="down")

    answered = "begun AND status = 'answered'"
    hours = [state(name, row[name], "hours", row["answered"], answered, told) for name, told in _TOLD.items()]
    censored = state("km_median_h", row["km_median_h"], "hours", measured, "begun AND status IN ('answered', 'open')")
    return [
        *hours,
        censored,
        state("over48", row["late"], unit, measured, "late"),
        state("open", row["open"], unit, measured, "begun AND status = 'open'"),
    ]


def _talk_figures(talks: pd.DataFrame, channels: pd.DataFrame) -> list[Figure]:
    n, everyone = int(channels["talks"].sum()), len(talks)
    dated, never = talks[talks["active_months"].notna()], talks["days_silent"].isna()
    months = dated["active_months"].sum()
    often = dated["talks_12m"].sum() / months if months else None
    spoken = int((~never).sum())
    found = [
        state_figure("talks_per_customer_month", SECTION, often, "times", len(dated),
                     "SELECT customer_id, talks_12m AS counted, active_months AS whole FROM talks_by_customer"
                     " WHERE active_months IS NOT NULL"),
        state_figure("silent_customers", SECTION, talks["silent"].sum(), "customers", spoken,
                     "SELECT customer_id FROM talks_by_customer WHERE silent", better="down"),
        state_figure("never_talked", SECTION, never.sum(), "customers", everyone,
                     "SELECT customer_id FROM talks_by_customer WHERE days_silent IS NULL", better="down"),
        state_figure("talks_customers", SECTION, (talks["talks"] > 0).sum(), "customers", everyone,
                     "SELECT customer_id FROM talks_by_customer WHERE talks > 0"),
    ]  # fmt: skip
    if everyone:
        start, as_of = talks[["start", "as_of"]].iloc[0]
        rows = (
            "SELECT row_id FROM interactions WHERE customer_id IS NOT NULL"
            f" AND occurred_at >= DATE '{start}' AND occurred_at < DATE '{as_of}'"
        )
        found.append(state_figure("talks", SECTION, n, "talks", n, rows))
    return found
