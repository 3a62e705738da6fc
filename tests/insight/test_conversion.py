"""Conversion: n, N and intervals by hand; who still stands there is in; a median of times that are not over."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from crmlib.insight.conversion import count_losses, rate_cohorts, rate_nodes, rate_steps, time_stages
from crmlib.insight.conversion_ways import NEVER, Way, read_ways

JUNE, JULY = date(2024, 6, 1), date(2024, 7, 1)


def way(
    cases: str, *, stages: str = "first_contact evaluation negotiation maintenance", entity: str = "need"
) -> dict[str, Way]:
    """One case a line: outcome (and * where unplaced), day it ended, and the day on which each stage was entered."""
    names, rows = tuple(stages.split()), [line.split() for line in cases.splitlines() if line.strip()]
    day = lambda text: NEVER if text == "-" else np.datetime64(text if len(text) > 5 else f"2024-{text}", "D")  # noqa: E731
    entered = np.array([[day(t) for t in [*row[2:], *["-"] * len(names)][: len(names)]] for row in rows])
    frame = pd.DataFrame({
        "entity_id": [f"x{n}" for n in range(len(rows))], "row_id": None, "customer_id": [f"c{n}" for n in range(len(rows))],
        "owner_id": None, "source": None, "began_on": entered[:, 0].astype("datetime64[s]"), "reached": [len(row) - 3 for row in rows],
        "outcome": [row[0].strip("*") for row in rows], "ended_on": np.array([day(row[1]) for row in rows]).astype("datetime64[s]"),
        "unplaced": [row[0].endswith("*") for row in rows], "seen_at": -1,
    })  # fmt: skip
    return {entity: Way(entity, names, frame, entered, ~np.isnat(entered), 0)}


# four came in; three went on to evaluation, two to negotiation, one to the end
FOUR = """
    arrived  -      01-01  02-01  06-10  06-20
    open     -      03-01  06-05  06-15
    lost     04-20  04-01  04-10
    open     -      06-10
"""


def step(rates: pd.DataFrame, definition: str, position: int) -> pd.Series:
    return rates[(rates["definition"] == definition) & (rates["position"] == position)].iloc[0]


@pytest.mark.demand("F08")
def test_a_step_has_both_definitions_with_n_and_N(tables):
    rates = rate_steps(way(FOUR), start=JUNE, as_of=JULY, least=1)
    names = ["n", "converted", "lost", "open"]
    # of all who ever came to the stage
    assert [step(rates, "cohort", p)[names].tolist() for p in (1, 2, 3)] == [[4, 3, 0, 1], [3, 2, 1, 0], [2, 1, 0, 1]]
    # of those who stood there in June: the second and fourth at the first stage; the first and second at the next
    assert [step(rates, "period", p)[names].tolist() for p in (1, 2, 3)] == [[2, 1, 0, 1], [2, 2, 0, 0], [2, 1, 0, 1]]
    assert step(rates, "cohort", 1)["share"] == 0.75
    exact = binomtest(3, 4).proportion_ci(method="wilson")
    assert step(rates, "cohort", 1)[["low", "high"]].tolist() == pytest.approx([exact.low, exact.high])


def test_who_stands_there_since_nobody_knows_when_is_counted_apart_from_the_period():
    rates = rate_steps(way("arrived - - - - -\nopen - 06-01"), start=JUNE, as_of=JULY, least=1)
    assert step(rates, "cohort", 1)[["n", "converted"]].tolist() == [2, 1]
    assert step(rates, "period", 1)[["n", "converted", "undated"]].tolist() == [1, 0, 1]
    assert (
        pd.isna(step(rates, "period", 1)["share"]) and not step(rates, "period", 1)["dated"]
    )  # every second has no day
    older = way("arrived - - - - -\nopen - 06-01")
    older["need"].cases["seen_at"] = [3, -1]  # its first record found it at the end already
    assert step(rate_steps(older, start=JUNE, as_of=JULY, least=1), "period", 1)[["undated", "share"]].tolist() == [
        0,
        0.0,
    ]


@pytest.mark.demand("F09")
def test_the_weakest_step_is_the_lowest_and_a_step_of_few_is_marked():
    rates = rate_steps(way(FOUR * 4 + "open - 06-01\n" * 9), start=JUNE, as_of=JULY, least=10)
    shares = rates[rates["definition"] == "cohort"].set_index("position")
    assert shares["n"].tolist() == [25, 12, 8]
    assert shares["enough"].tolist() == [True, True, False]
    assert pd.isna(shares.loc[3, "share"]) and pd.isna(shares.loc[3, "low"])  # 样本不足
    assert shares["weakest"].tolist() == [True, False, False]  # 12 of 25, against 8 of 12
    assert 0 < shares.loc[1, "low"] < 12 / 25 < shares.loc[1, "high"] < 1


def test_no_step_is_called_weakest_where_it_hangs_on_losses_that_nobody_placed():
    known = "arrived - 01-01 02-01 03-01\n" * 10 + "open - 01-01\n" * 4
    lost = "lost* 02-01 01-01 -\n" * 10
    rates = rate_steps(way(known + lost, stages="a b c"), start=JUNE, as_of=JULY, least=10)
    cohort = rates[rates["definition"] == "cohort"]
    assert cohort["converted"].tolist() == [20, 10] and cohort["n"].tolist() == [24, 20]  # counted at the last step
    assert not cohort["weakest"].any()  # lost at the first, it would be 10 of 24 against 10 of 10
    losses = count_losses(way(known + lost, stages="a b c"), least=1).set_index("stage")
    assert losses["lost"].to_dict() == {"a": 0, "b": 0, "c": 0, "unknown": 10}


@pytest.mark.demand("F10")
def test_from_proposal_to_deal_is_counted_from_the_history_of_needs(tables):
    book = tables(
        needs="""
        need_id  customer_id  stage        status     opened_at
        n1       anna         maintenance  satisfied  2024-01-01
        n2       anna         evaluation   dropped    2024-01-01
        n3       bo           evaluation   open       2024-01-01
        n4       bo           first_contact  open     2024-01-01
        """,
        stage_changes="""
        entity  entity_id  customer_id  from_stage     to_stage     changed_at
        need    n1         anna         first_contact  evaluation   2024-02-01
        need    n1         anna         evaluation     maintenance  2024-03-01
        need    n2         anna         first_contact  evaluation   2024-02-01
        """,
    )
    ways = read_ways(book, as_of=JULY)
    nodes = rate_nodes(ways, nodes=[("need", "evaluation", "maintenance"), ("opportunity", "proposal", "won")], least=1)
    assert nodes["node"].tolist() == ["overall", "node"]
    assert nodes[["n", "converted", "lost", "open"]].to_numpy().tolist() == [[4, 1, 1, 2], [3, 1, 1, 1]]


@pytest.mark.demand("H04")
def test_losses_stand_at_the_stage_from_which_nobody_went_on():
    cases = (
        "lost 02-01 01-01\nlost 02-01 01-01\nlost 03-01 01-01 02-01\nopen - 01-01 02-01\narrived - 01-01 02-01 03-01"
    )
    losses = count_losses(way(cases, stages="first_contact evaluation maintenance"), least=1)
    assert losses[["stage", "to_stage", "n", "lost"]].fillna("").to_numpy().tolist() == [
        ["first_contact", "evaluation", 5, 2], ["evaluation", "maintenance", 3, 1], ["maintenance", "", 1, 0],
    ]  # fmt: skip
    assert losses["share"].round(4).tolist() == [0.4, 0.3333, 0] and losses["part"].round(4).tolist() == [
        0.6667,
        0.3333,
        0,
    ]


def test_a_cohort_is_the_quarter_in_which_its_way_began():
    cases = "arrived - 2023-11-01 2023-12-01 2024-01-01\nopen - 2024-02-01 03-01\nopen - 05-01\nlost 06-01 05-02"
    found = rate_cohorts(way(cases, stages="a b c"), as_of=JULY, quarters=4, least=1)
    first = found[found["position"] == 1]
    assert first["cohort"].tolist() == [date(2023, 10, 1), date(2024, 1, 1), date(2024, 4, 1)]
    assert first[["n", "converted", "open"]].to_numpy().tolist() == [[1, 1, 0], [1, 1, 0], [2, 0, 1]]


def test_the_time_in_a_stage_runs_to_the_next_or_to_the_day_where_it_is_not_over():
    spans = time_stages(way(FOUR), as_of=JULY, least=1).set_index("stage")
    # first stage: 31, 96 and 9 days, and 21 so far: S = 3/4 after 9, 3/8 after 31
    assert spans.loc["first_contact", ["n", "ended", "open", "median_days"]].tolist() == [4, 3, 1, 31]
    # the whole way: lost after 19, arrived after 171; 21 and 122 so far
    assert spans.loc["way", ["n", "ended", "open", "median_days"]].tolist() == [4, 2, 2, 171]
    few = time_stages(way(FOUR), as_of=JULY, least=5)
    assert few["median_days"].isna().all() and not few["enough"].any()


def test_nothing_is_changed_and_nothing_comes_of_nothing():
    for made in (
        rate_steps({}, start=JUNE, as_of=JULY, least=1), rate_cohorts({}, as_of=JULY, quarters=4, least=1),
        rate_nodes({}, nodes=(), least=1), count_losses({}, least=1), time_stages({}, as_of=JULY, least=1),
    ):  # fmt: skip
        assert made.empty
    ways = way(FOUR)
    before = ways["need"].entered.copy(), ways["need"].cases.copy()
    rate_steps(ways, start=JUNE, as_of=JULY, least=1), time_stages(ways, as_of=JULY, least=1)
    assert (np.array_equal(ways["need"].entered, before[0], equal_nan=True)) and ways["need"].cases.equals(before[1])
