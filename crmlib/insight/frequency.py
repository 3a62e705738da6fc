"""Frequency: how often each customer is spoken to, through which channels, and who has been silent for longer than their cadence."""

from collections.abc import Mapping
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmlib.engine import count_of, days_between, read_frame, safe_divide, within
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers, add_facts, customer_orders, full_months, talks_before
from crmlib.periods import add_months

MONTHS = 12  # of the window in which frequency is counted
# talks a month, from … on; the first band is of nobody's talks
BANDS = {"none": 0.0, "seldom": 1e-9, "half": 0.5, "monthly": 1.0, "often": 2.0}


def count_talks(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """One row per active customer: talks (in [start, as_of)), talks_12m, active_months, talks_per_month, talked_months,
    last_talked_on, days_silent (both missing for who was never spoken to).

    active_months: of the 12 months before `as_of` those since the customer is known, from the first contact, talk or order on
    (a month begun counts; missing where nothing dates it). talks_per_month = talks_12m / active_months, 0 where nobody spoke.
    talked_months: those of the 12 with a talk. Months end with `as_of`, so that a week and a quarter are told alike.
    """
    since, last_day = add_months(as_of, -MONTHS), as_of - timedelta(days=1)
    talks = talks_before(tables, as_of=as_of)
    recent = talks.talked_on >= since
    spoken = talks.group_by("customer_id").agg(
        talks=count_of(talks.count(where=talks.talked_on >= start)),
        talks_12m=count_of(talks.count(where=recent)),
        talked_months=count_of(full_months(talks.talked_on, last_day).nunique(where=recent)),
        first_talked_on=talks.talked_on.min(),
        last_talked_on=talks.talked_on.max(),
    )
    orders = customer_orders(tables, as_of=as_of)
    bought = orders.group_by("customer_id").agg(first_ordered_on=orders.ordered_on.min())
    known = add_facts(active_customers(tables).select("customer_id", "first_contact_date"), spoken, bought)
    met = (known.first_contact_date < as_of).ifelse(known.first_contact_date, ibis.null("date"))
    known = known.mutate(first_day=ibis.least(met, known.first_talked_on, known.first_ordered_on))
    zeros = {name: known[name].fill_null(0) for name in ("talks", "talks_12m", "talked_months")}
    months = ibis.least(full_months(known.first_day, last_day) + 1, ibis.literal(MONTHS, "int64"))
    known = known.mutate(**zeros, active_months=known.first_day.isnull().ifelse(ibis.null("int64"), months))
    known = known.mutate(
        talks_per_month=safe_divide(known.talks_12m, known.active_months),
        days_silent=days_between(known.last_talked_on, as_of),
    )
    columns = (
        "talks", "talks_12m", "active_months", "talks_per_month", "talked_months", "last_talked_on", "days_silent",
    )  # fmt: skip
    return read_frame(known.select("customer_id", *columns)).sort_values("customer_id", ignore_index=True)


def count_channels(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """Talks of [start, as_of) with a known customer, most used channel first: channel, talks, customers, share."""
    talks = within(tables["interactions"], "occurred_at", start=start, as_of=as_of)
    talks = talks.filter(talks.customer_id.notnull())
    talks = talks.mutate(channel=talks.channel.fill_null("unknown"))
    counts = talks.group_by("channel").agg(
        talks=count_of(talks.count()), customers=count_of(talks.customer_id.nunique())
    )
    found = read_frame(counts).sort_values(["talks", "channel"], ascending=[False, True], ignore_index=True)
    return found.assign(share=(found["talks"].astype(float) / max(found["talks"].sum(), 1)).round(10))


def sum_talks(talks: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """Rows of `count_talks` with value, plan_segment and owner_id → by each of them: dimension, code, customers, talks, talks_12m,
    active_months, talks_per_month (all talks by all months; missing below `least` customers), silent."""
    parts = []
    for dimension in ("value", "plan_segment", "owner_id"):
        if talks[dimension].isna().all():
            continue
        dated = talks[talks["active_months"].notna()]
        counts = talks.groupby(talks[dimension].fillna("unknown").rename("code")).agg(
            customers=("customer_id", "size"), talks=("talks", "sum"), silent=("silent", "sum")
        )
        sums = dated.groupby(dated[dimension].fillna("unknown").rename("code"))[["talks_12m", "active_months"]].sum()
        table = counts.join(sums).reset_index().assign(dimension=dimension)
        ratio = table["talks_12m"].astype(float) / table["active_months"].astype(float).replace(0, np.nan)
        parts.append(table.assign(talks_per_month=ratio.where(table["customers"] >= least).round(10)))
    columns = [
        "dimension", "code", "customers", "talks", "talks_12m", "active_months", "talks_per_month", "silent",
    ]  # fmt: skip
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    whole = dict.fromkeys(("customers", "talks", "talks_12m", "active_months", "silent"), "Int64")
    return found[columns].astype(whole).sort_values(["dimension", "code"], ignore_index=True)


def band_talks(talks: pd.DataFrame) -> pd.DataFrame:
    """Customers of each value tier by how often a month they were spoken to: value, band, customers, share (of the tier)."""
    dated = talks[talks["active_months"].notna() & talks["value"].notna()]
    places = np.searchsorted(list(BANDS.values()), dated["talks_per_month"].astype(float), side="right") - 1
    bands = pd.Categorical.from_codes(places, categories=list(BANDS))
    counts = pd.crosstab(dated["value"], pd.Series(bands, index=dated.index), dropna=False)
    counts = counts.reindex(columns=list(BANDS), fill_value=0).rename_axis("band", axis=1)
    found = counts.stack().rename("customers").reset_index()
    whole = found.groupby("value")["customers"].transform("sum")
    return found.assign(share=(found["customers"] / whole).round(10)).astype({"band": "str", "customers": "Int64"})


def find_silent(talks: pd.DataFrame, *, cadence_days: Mapping[str, int]) -> pd.DataFrame:
    """Rows of `count_talks` with plan_segment → with cadence_days, over_days (beyond it) and silent: longer ago than the cadence.
    Who was never spoken to is not silent but never spoken to: days_silent is missing. A segment without a cadence is
    looked after automatically, and its customers are never silent."""
    cadence = talks["plan_segment"].map(cadence_days).astype("Int64")
    over = talks["days_silent"].astype("Int64") - cadence
    return talks.assign(cadence_days=cadence, over_days=over.where(over > 0), silent=(over > 0).fillna(False))
