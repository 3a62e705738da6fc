"""The future changes nothing: what lies on or after the day is as if it were not there, in every table of the wing."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmlib.engine import read_frame
from crmlib.insight.measures import build_measures
from crmlib.insight.profile import profile_customers
from crmlib.insight.stages import count_stages
from crmlib.insight.tiers import assign_tiers
from crmlib.insight.trend import order_trend
from crmlib.periods import add_months
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)
WHO = ["anna", "bo", "cai", "dora", "eve", "fang"]
TWIN = "-past"
# an edge is rarely drawn unless days are drawn close to it
edges = st.sampled_from([AS_OF, add_months(AS_OF, -3), add_months(AS_OF, -6), add_months(AS_OF, -12)])
days = st.builds(lambda edge, shift: edge + timedelta(days=shift), edges, st.integers(-3, 3))


@st.composite
def books(draw) -> dict[str, pd.DataFrame]:
    """Orders, talks, payments and needs of some customers, on days close to the edges of the windows."""
    who = st.sampled_from(WHO)
    amounts = st.sampled_from([Decimal("-10.00"), Decimal("99999.99"), Decimal("100000.00"), Decimal("400000.00")])
    maybe = st.none() | st.sampled_from([AS_OF + timedelta(days=shift) for shift in (-1, 0, 1)])
    rows = {
        "orders": st.tuples(who, days, amounts, st.sampled_from(["done", "cancelled"])),
        "interactions": st.tuples(who, days),
        "payments": st.tuples(who, days, st.just(Decimal("100.00")), maybe),
        "needs": st.tuples(who, days, maybe, st.sampled_from(["clear", "vague"]), st.sampled_from(["high", "low"])),
    }
    columns = {
        "orders": ["customer_id", "ordered_on", "amount_cny", "status"],
        "interactions": ["customer_id", "occurred_at"],
        "payments": ["customer_id", "due_date", "due_amount_cny", "paid_date"],
        "needs": ["customer_id", "opened_at", "closed_at", "clarity", "intent"],
    }
    return {
        name: pd.DataFrame(draw(st.lists(row, min_size=20, max_size=40)), columns=columns[name]).assign(
            row_id=lambda t, name=name: [f"{name}-{n}" for n in range(len(t))]
        )
        for name, row in rows.items()
    }


# the day a row is known from
DAY = {"orders": "ordered_on", "interactions": "occurred_at", "payments": "due_date", "needs": "opened_at"}
laws = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.reuse, Phase.generate],  # an example takes a second: a failure is shown as drawn, not shrunk
)


def without_future(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Without the rows on or after the day, and without what was noted on the others from that day on."""
    kept = {name: frame[frame[DAY[name]] < AS_OF] for name, frame in frames.items()}
    for table, column in (("payments", "paid_date"), ("needs", "closed_at")):
        late = kept[table][column].map(lambda day: day is not None and day >= AS_OF).astype(bool)
        kept[table] = kept[table].assign(**{column: kept[table][column].mask(late)})
    return kept


@pytest.mark.slow
@given(frames=books())
@laws
def test_the_future_changes_no_measure_and_no_tier(tables, frames):
    """Each customer stands in one book twice: as it is, and as a twin of whom the future is not known."""
    past = {
        name: frame.assign(customer_id=frame["customer_id"] + TWIN) for name, frame in without_future(frames).items()
    }
    customers = pd.DataFrame(
        {"customer_id": WHO + [f"{who}{TWIN}" for who in WHO], "lifecycle_stage": ["interested", "lost"] * 6}
    )
    book = tables(customers=customers, **{name: pd.concat([frames[name], past[name]]) for name in frames})
    measures = read_frame(build_measures(book, as_of=AS_OF))
    tiers = assign_tiers(book, settings=parse_settings(), as_of=AS_OF)
    for found in (measures, tiers):
        twin = found["customer_id"].str.endswith(TWIN)
        without = found[twin].assign(customer_id=lambda t: t["customer_id"].str.removesuffix(TWIN))
        pd.testing.assert_frame_equal(found[~twin].reset_index(drop=True), without.reset_index(drop=True))


@pytest.mark.slow
@given(frames=books())
@laws
def test_the_future_changes_no_trend_profile_or_funnel(tables, frames):
    customers = pd.DataFrame({"customer_id": WHO})
    found, past = (
        [
            make(tables(customers=customers, **one), as_of=AS_OF)
            for make in (order_trend, profile_customers, count_stages)
        ]
        for one in (frames, without_future(frames))
    )
    for now, without in zip(found, past, strict=True):
        pd.testing.assert_frame_equal(now, without)
