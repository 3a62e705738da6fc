"""KPI: each figure by hand, what is open counted as open, what nobody wrote down bounded, and a goal never taken for a fact."""

from datetime import date

import pandas as pd
import pytest

from crmlib.insight.kpi import (
    compute_kpi,
    due_contracts,
    judge_followups,
    kpi_figures,
    read_scores,
    time_complaints,
)
from crmlib.insight.service import compute_service
from crmlib.report.trace import agrees, open_sources, retell
from crmlib.settings import parse_settings

AS_OF, START = date(2024, 7, 1), date(2024, 6, 1)
SETTINGS = parse_settings("[entry]\nleast = 1\nbaseline = 2024-01-01")
ASKED = {"settings": SETTINGS, "start": START, "as_of": AS_OF}

ACTIONS = """
    customer_id  due_date    status     done_at              owner_side
    anna         2024-06-10  done       2024-06-10T23:59:00  ours
    anna         2024-06-10  done       2024-06-11T00:00:00  -
    bo           2024-06-20  open       -                    ours
    bo           2024-06-20  cancelled  -                    ours
    bo           2024-06-20  done       2024-06-01T09:00:00  theirs
    bo           2024-06-28  done       2024-07-01T00:00:00  ours
    cai          2024-06-30  done       2024-06-01T09:00:00  ours
    cai          2024-07-01  done       2024-06-01T09:00:00  ours
    cai          2023-11-01  done       2023-12-01T09:00:00  ours
"""


@pytest.mark.demand("G13")
def test_follow_ups_are_on_time_until_the_end_of_their_day(tables):
    judged = judge_followups(tables(actions=ACTIONS), as_of=AS_OF)
    june = judged[judged["due_date"] >= START]
    # what was done from the day on is still open on it; what is theirs, or cancelled, was not ours to do
    assert june["status"].tolist() == ["on_time", "late", "late", "late", "on_time"]
    told = compute_kpi(tables(actions=ACTIONS), **ASKED)
    row = told["kpi"].set_index("kpi").loc["followup"]
    assert (row["value_period"], row["n_period"]) == (0.4, 5)
    assert (row["value"], row["value_before"], row["change"]) == (0.4, 0.0, 0.4)
    assert (row["low"], row["high"]) == pytest.approx((0.1176, 0.7693), abs=1e-4)  # Wilson, 2 of 5


@pytest.mark.demand("G13")
def test_where_too_many_were_done_on_a_day_nobody_wrote_only_bounds_are_told(tables):
    actions = "customer_id  due_date  status\n" + "anna  2024-06-10  done\n" * 3 + "anna  2024-06-10  open"
    row = compute_kpi(tables(actions=actions), **ASKED)["kpi"].set_index("kpi").loc["followup"]
    assert pd.isna(row["value"]) and pd.isna(row["value_period"])
    assert (row["why"], row["unknown"], row["low"], row["high"]) == ("DONE_DAY_UNKNOWN", 3, 0.0, 0.75)


TICKETS = """
    customer_id  opened_at            resolved_at          kind
    anna         2024-06-01T09:00:00  2024-06-01T19:00:00  -
    anna         2024-06-02T09:00:00  2024-06-03T05:00:00  -
    bo           2024-06-03T09:00:00  2024-06-04T15:00:00  -
    bo           2024-06-30T19:00:00  -                    -
    bo           2024-06-30T19:00:00  2024-07-02T00:00:00  -
    bo           2024-06-05T09:00:00  2024-06-04T09:00:00  -
    cai          2024-06-05T00:00:00  2024-06-06T00:00:00  -
    cai          2024-06-05T09:00:00  2024-06-05T10:00:00  inquiry
    cai          2023-10-01T09:00:00  2023-10-03T09:00:00  -
    cai          2024-07-01T09:00:00  2024-07-01T10:00:00  -
"""


def test_handling_time_counts_open_complaints_as_still_waiting(tables):
    times = time_complaints(tables(tickets=TICKETS), settings=SETTINGS, since=START, as_of=AS_OF).dropna(subset="value")
    # settled before it was opened, or on a day without a time: no hours; an inquiry is no complaint
    assert sorted(zip(times["value"], times["done"], strict=True)) == [
        (5.0, False), (5.0, False), (10.0, True), (20.0, True), (30.0, True),
    ]  # fmt: skip
    # Kaplan-Meier: at 10 h 2/3 are left, at 20 h 1/3. The finished alone, or all as they stand, would say 20 or 10 by luck
    row = compute_kpi(tables(tickets=TICKETS), **ASKED)["kpi"].set_index("kpi").loc["handling"]
    assert (row["value"], row["n"], row["value_before"], row["n_before"]) == (20.0, 5, 48.0, 1)
    assert row["change"] == pytest.approx(20 / 48 - 1)
    assert (row["goal"], row["target"], row["met"]) == (-0.5, 24.0, True)  # half of 48 hours


SURVEYS = """
    customer_id  answered_at          score  scale  dimension
    anna         2024-06-05T10:00:00  4.0    5      overall
    bo           2024-06-05T10:00:00  3.9    5      overall
    bo           2024-06-06T10:00:00  1.0    5      price
    cai          2024-06-07T10:00:00  8      10     -
    cai          2024-06-07T10:00:00  10     10     recommend
    cai          2024-07-01T00:00:00  5      5      overall
    cai          2023-12-31T10:00:00  5      5      overall
"""


def test_satisfied_are_the_answers_from_four_on_and_the_mean_stands_beside(tables):
    scores = read_scores(tables(surveys=SURVEYS), satisfied_from=4, as_of=AS_OF)
    assert sorted(scores["score"]) == [1, 3.9, 4, 4, 5]  # of ten to of five; whether one would recommend us is no score
    row = compute_kpi(tables(surveys=SURVEYS), **ASKED)["kpi"].set_index("kpi").loc["satisfaction"]
    assert (row["value"], row["n"]) == (0.5, 4)
    assert row["mean"] == pytest.approx(12.9 / 4)
    assert (row["goal"], row["target"], row["met"]) == (0.95, 0.95, False)


def test_a_report_says_one_handling_time_and_one_share_of_the_satisfied(tables):
    settings = parse_settings("[entry]\nleast = 1\nbaseline = 2024-01-01\n[service]\nleast = 1")
    asked = {"tables": tables(tickets=TICKETS, surveys=SURVEYS), "settings": settings, "start": START, "as_of": AS_OF}
    kpi, service = compute_kpi(**asked)["kpi"].set_index("kpi"), compute_service(**asked)
    complaints, scores = service["complaint_sums"].iloc[0], service["satisfaction_sums"].iloc[0]
    timed = complaints["handled"] + complaints["running"]
    assert kpi.loc["handling", ["value_period", "n_period"]].tolist() == [complaints["handling_median_h"], timed]
    assert kpi.loc["satisfaction", ["value_period", "n_period"]].tolist() == [
        scores["satisfied_share"],
        scores["answers"],
    ]
    assert kpi.loc["satisfaction", "mean"] == scores["mean"]


CONTRACTS = """
    order_id  customer_id  contract_id  contract_end  renewed  ordered_on  amount_cny
    1         anna         H1           2024-06-30    true     2023-10-01  600000.00
    2         anna         H1           2024-06-30    -        2023-11-01   10000.00
    3         bo           H2           2024-06-01    false    2023-10-01  700000.00
    4         cai          H3           2024-06-15    true     2023-10-01   90000.00
    5         dora         H4           2024-06-15    false    2023-05-15  800000.00
    6         eve          H5           2024-06-15    true     2024-06-10  900000.00
    7         anna         H6           2024-07-01    false    2023-12-01     100.00
    8         fang         H7           2024-06-20    -        2023-12-01  600000.00
"""


@pytest.mark.demand("G15")
def test_renewal_is_of_contracts_due_whose_customers_were_of_high_value_when_the_period_began(tables):
    book = tables(orders=CONTRACTS)
    assert len(due_contracts(book, as_of=AS_OF)) == 6  # two rows of H1 are one; H6 ends on the day itself
    results = compute_kpi(book, **ASKED)
    due = results["contracts_due"].set_index("customer_id")["renewed"]
    # cai is middle; dora's order lies over a year before June; eve became high within June
    assert due.to_dict() == {"anna": True, "bo": False, "fang": None}
    row = results["kpi"].set_index("kpi").loc["renewal"]
    assert row["n_period"] == 2  # of fang's nobody says
    settings = parse_settings("[entry]\nleast = 1\nbaseline = 2024-01-01")
    known = CONTRACTS.replace("2024-06-20    -   ", "2024-06-20    true")
    row = (
        compute_kpi(tables(orders=known), settings=settings, start=START, as_of=AS_OF)["kpi"]
        .set_index("kpi")
        .loc["renewal"]
    )
    assert (row["value_period"], row["n_period"]) == (pytest.approx(2 / 3), 3)


CUSTOMERS = """
    customer_id  industry_raw  headcount  source_channel  first_contact_date  lifecycle_stage  owner_name  record_status
    anna         制造          10         fair            2024-02-01          customer         周*         -
    bo           制造          -          fair            2023-02-01          customer         -           -
    cai          -             -          -               -                   -                -           -
    dora         -             -          -               2024-02-01          -                -           archived
"""


@pytest.mark.demand("G12")
def test_completeness_is_of_all_today_and_those_met_since_stand_against_those_met_before(tables):
    results = compute_kpi(tables(customers=CUSTOMERS), **ASKED)
    row = results["kpi"].set_index("kpi").loc["completeness"]
    assert (row["n_period"], row["n"], row["n_before"]) == (
        3,
        1,
        1,
    )  # cai has no day of first contact, dora is archived
    assert row["value_period"] == pytest.approx((row["value"] + row["value_before"] + 0) / 3)
    assert row["change"] == pytest.approx(row["value"] - row["value_before"]) and row["change"] > 0
    assert row["target"] == pytest.approx(row["value_before"] * 1.4)
    months = results["kpi_months"].query("kpi == 'completeness'")
    assert months["month"].dt.strftime("%Y-%m").tolist() == ["2023-02", "2024-02"]


def test_what_cannot_be_told_says_why_and_a_goal_is_never_a_value(tables):
    told = compute_kpi(tables(customers="customer_id\nanna"), **ASKED)["kpi"].set_index("kpi")
    assert told["why"].to_dict() == {
        "completeness": "NO_FIRST_CONTACT", "followup": "NO_DUE_ACTION", "handling": "NO_COMPLAINT", "satisfaction": "NO_SURVEY",
        "renewal": "NO_CONTRACT_DUE",
    }  # fmt: skip
    assert told["value"].isna().all() and told["met"].isna().all()
    assert told["goal"].tolist() == [0.4, 0.3, -0.5, 0.95, 0.85]
    few = parse_settings("[entry]\nleast = 6\nbaseline = 2024-01-01")
    told = compute_kpi(tables(actions=ACTIONS), settings=few, start=START, as_of=AS_OF)["kpi"].set_index("kpi")
    assert (told.loc["followup", "why"], told.loc["followup", "n"]) == ("TOO_FEW", 5)


def test_the_figures_name_the_rows_behind_them(tables):
    results = compute_kpi(tables(actions=ACTIONS, customers=CUSTOMERS, orders=CONTRACTS), **ASKED)
    figures = {one.figure_id: one for one in kpi_figures(results)}
    with open_sources(None, frames=results) as sources:
        for figure in figures.values():
            assert agrees(figure.value, retell(sources, figure)) and retell(sources, figure) is not None
        assert [row[0] for row in sources.sql(figures["renewal_rate_high"].rows).fetchall()] == ["orders-1"]
