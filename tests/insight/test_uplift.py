"""Uplift: who is left alone is drawn by chance yet always the same, for a whole horizon; then groups are compared as drawn."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.errors import SettingsError
from crmlib.insight.tiers import assign_tiers
from crmlib.insight.uplift import (
    LEAST,
    choose_group,
    compute_uplift,
    eligible_customers,
    measure_uplift,
    plan_days,
    size_hold_out,
    uplift_figures,
)
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)
DEFAULTS = parse_settings()
SETTINGS = parse_settings("[churn]\nhold_out = 0.5\nhold_out_from = 2024-01-01")


def settings(**churn):
    return replace(SETTINGS, churn=replace(SETTINGS.churn, **churn))


def draw(tables, *, as_of=AS_OF, settings=SETTINGS) -> dict[str, pd.DataFrame]:
    return dict(compute_uplift(tables, settings=settings, start=date(2024, 6, 1), as_of=as_of))


# asleep never comes back; returns orders within its first horizon and falls asleep again; large is of high value until March,
# when its order of 2023-03-15 is a year old; awake orders every month; late falls asleep in May
ORDERS = """
    customer_id  ordered_on  amount_cny
    asleep       2023-06-01  100
    returns      2023-08-01  100
    returns      2024-02-10  100
    large        2023-03-15  900000
    awake        2023-12-20  100
    awake        2024-03-20  100
    awake        2024-06-20  100
    late         2024-02-01  100
"""
TALKS = """
    customer_id  occurred_at          direction
    asleep       2023-12-31T10:00:00  out
    asleep       2024-01-05T10:00:00  in
    asleep       2024-02-01T10:00:00  out
    asleep       2024-02-03T10:00:00  -
    large        2024-07-02T10:00:00  out
"""


def test_an_assignment_holds_for_a_horizon_and_what_became_of_it_is_counted_within(tables):
    found = draw(tables(orders=ORDERS, interactions=TALKS))["hold_out"]
    shown = (
        found[["customer_id", "assigned_on", "until", "ordered_on", "contacted_on", "ended"]].astype("str").fillna("-")
    )
    assert shown.to_numpy().tolist() == [
        ["asleep", "2024-01-01", "2024-03-31", "-", "2024-02-01", "True"],  # not the call of December, nor its own in January
        ["asleep", "2024-04-01", "2024-06-30", "-", "-", "True"],  # February and March were bound
        ["asleep", "2024-07-01", "2024-09-29", "-", "-", "False"],
        ["large", "2024-04-01", "2024-06-30", "-", "-", "True"],  # of high value, it was never drawn
        ["large", "2024-07-01", "2024-09-29", "-", "-", "False"],  # the call of 2 July is not known yet
        ["late", "2024-06-01", "2024-08-30", "-", "-", "False"],  # on 1 May exactly three months: not yet at risk
        ["returns", "2024-01-01", "2024-03-31", "2024-02-10", "-", "True"],
        ["returns", "2024-06-01", "2024-08-30", "-", "-", "False"],
    ]  # fmt: skip


def test_a_later_run_on_a_later_book_finds_the_draws_of_every_earlier_one(tables):
    drawn = ["customer_id", "group", "value", "assigned_on", "until"]
    later = draw(tables(orders=ORDERS + "    asleep  2024-07-15  100\n"), as_of=date(2024, 9, 1))["hold_out"]
    before = draw(tables(orders=ORDERS), as_of=date(2024, 5, 1))["hold_out"]
    kept = later[later["assigned_on"] <= date(2024, 5, 1)]
    assert len(before) == 4
    pd.testing.assert_frame_equal(kept[drawn].reset_index(drop=True), before[drawn])


@pytest.mark.parametrize("day", [date(2024, 3, 1), date(2024, 3, 16)])
def test_eligible_are_those_whom_the_risk_tier_names_but_for_the_spared_value_tiers(tables, day):
    book = tables(orders=ORDERS)
    tiers = assign_tiers(book, settings=DEFAULTS, as_of=day).pivot(
        index="customer_id", columns="dimension", values="label"
    )
    at_risk = tiers[tiers["risk"].eq("churn_risk")]
    found = eligible_customers(book, settings=SETTINGS, days=[day, AS_OF])
    found = found[found["on"] == day].set_index("customer_id")["value"]
    assert found.to_dict() == at_risk.loc[at_risk["value"].ne("high"), "value"].to_dict()
    nobody_spared = eligible_customers(book, settings=settings(hold_out_spare=()), days=[day])
    assert nobody_spared["customer_id"].tolist() == at_risk.index.tolist()


def test_the_archived_and_the_unassigned_are_not_drawn(tables):
    customers = pd.DataFrame({"customer_id": ["asleep", "late"], "record_status": ["archived", "active"]})
    orders = ORDERS + "    -  2023-01-01  100\n"
    assert set(draw(tables(orders=orders, customers=customers))["hold_out"]["customer_id"]) == {"late"}


def test_without_a_day_to_begin_nobody_is_left_alone_and_what_it_would_take_is_told(tables):
    asleep = pd.DataFrame(
        {"customer_id": [f"c{n}" for n in range(40)], "ordered_on": date(2024, 1, 1), "amount_cny": "5.00"}
    )
    again = asleep.head(10).assign(ordered_on=date(2024, 6, 1))
    book = tables(orders=pd.concat([asleep, again], ignore_index=True))
    made = draw(book, settings=DEFAULTS)
    one = made["uplift"].iloc[0]
    # of 40 at risk on 2 April 10 have come back: they are not at risk now
    assert made["hold_out"].empty and one["base_rate"] == 0.25 and one["at_risk"] == 30
    needed = size_hold_out(0.25, share=0.1)
    assert one["needed"] == needed and one["ready_on"] == AS_OF + timedelta(days=90) * -(-needed // 3)
    assert uplift_figures(made)[1].value is None
    assert draw(book, settings=settings(hold_out=0.0))["hold_out"].empty


def test_plans_are_of_the_first_of_each_month_from_the_day_given():
    assert plan_days(date(2024, 4, 2), as_of=AS_OF) == [date(2024, 5, 1), date(2024, 6, 1), AS_OF]
    assert plan_days(date(2024, 5, 1), as_of=date(2024, 6, 12)) == [date(2024, 5, 1), date(2024, 6, 1)]
    assert plan_days(None, as_of=AS_OF) == plan_days(date(2024, 7, 2), as_of=AS_OF) == []


@given(st.text(), st.dates(), st.floats(0, 1), st.floats(0, 1))
def test_who_is_held_out_of_fewer_is_held_out_of_more(customer, on, one, other):
    fewer, more = sorted((one, other))
    if choose_group(customer, on=on, share=fewer) == "held_out":
        assert choose_group(customer, on=on, share=more) == "held_out"


def test_the_share_is_kept_and_one_month_s_draw_says_nothing_of_the_next():
    groups = [
        [choose_group(f"K{n:06d}", on=date(2024, month, 1), share=0.1) == "held_out" for n in range(20_000)] for month in (1, 4)
    ]  # fmt: skip
    assert [abs(np.mean(one) - 0.1) < 0.006 for one in groups] == [True, True]
    assert abs(np.mean(np.logical_and(*groups)) - 0.01) < 0.003


def followed(*groups: tuple[str, int, int, int], ended: bool = True) -> pd.DataFrame:
    """Rows of (group, n, how many ordered, how many were contacted)."""
    rows = []
    for group, n, ordered, reached in groups:
        for i in range(n):
            rows.append((group, AS_OF if i < ordered else None, AS_OF if i < reached else None, ended))
    return pd.DataFrame(rows, columns=["group", "ordered_on", "contacted_on", "ended"])


def test_the_difference_has_the_interval_of_the_paper_and_counts_whom_it_should_not_have_reached():
    # Newcombe (1998), Statistics in Medicine 17, table II, column (a), method 10: 56/70 − 48/80
    rows = pd.concat(
        [followed(("contacted", 70, 56, 60), ("held_out", 80, 48, 5)), followed(("held_out", 4, 0, 0), ended=False)]
    )
    one = measure_uplift(rows, rules=SETTINGS.churn, pool=10, base_rate=0.9, as_of=AS_OF).iloc[0]
    assert one["difference"] == pytest.approx(0.2) and (one["low"], one["high"]) == pytest.approx(
        (0.0524, 0.3339), abs=5e-5
    )
    assert (one["contacted_reached"], one["held_out_reached"], one["open"], one["open_held_out"]) == (60, 5, 4, 4)
    assert one["base_rate"] == 0.6  # of those held out, no longer of what was before


def test_below_the_least_number_no_difference_is_told():
    for alone, known in ((LEAST - 1, False), (LEAST, True)):
        rows = followed(("contacted", 500, 100, 400), ("held_out", alone, 1, 0))
        one = measure_uplift(rows, rules=SETTINGS.churn, pool=0, base_rate=None, as_of=AS_OF).iloc[0]
        assert pd.notna(one["difference"]) == pd.notna(one["low"]) == pd.notna(one["needed"]) == known
        assert pd.isna(one["ready_on"])  # nobody is at risk now


def test_how_many_are_needed_is_what_r_says():
    # power.prop.test(p1 = .2, p2 = .3, power = .8): n = 293.15 a group
    assert size_hold_out(0.2, share=0.5) == 294
    assert (
        size_hold_out(0.2, share=0.1) < 294 < size_hold_out(0.2, share=0.1) * 10
    )  # nine are called for each left alone
    assert size_hold_out(0.0, share=0.5, detect=0.9) == LEAST


def test_an_effect_that_was_put_in_is_found(tables):
    since, rows = date(2024, 1, 1), []
    for n in range(300):
        rows.append((f"c{n}", date(2023, 6, 1)))
        of_ten = 5 if choose_group(f"c{n}", on=since, share=0.5) == "contacted" else 2
        if n % 10 < of_ten:
            rows.append((f"c{n}", since + timedelta(days=n % 90)))
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_on"]).assign(amount_cny="5.00")
    one = draw(tables(orders=orders), as_of=date(2024, 3, 31))["uplift"].iloc[0]
    assert one["contacted"] + one["held_out"] == 300 and one["difference"] == pytest.approx(0.3, abs=0.05)
    assert 0 < one["low"] < 0.3 < one["high"]


def test_a_share_above_one_half_is_refused():
    with pytest.raises(SettingsError, match="hold_out"):
        parse_settings("[churn]\nhold_out = 0.6")
