"""Ways: what each case has passed by a day, from its history where there is one, else from the stage it stands at."""

from datetime import date, timedelta

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmlib.insight.conversion_ways import read_ways, tell_ways

JULY, JUNE = date(2024, 7, 1), date(2024, 6, 1)


def told(tables, entity: str, *, as_of: date = JULY) -> dict:
    """entity_id → (stage reached, outcome)"""
    rows = tell_ways(read_ways(tables, as_of=as_of))
    rows = rows[rows["entity"] == entity]
    return dict(zip(rows["entity_id"], zip(rows["stage"], rows["outcome"], strict=True), strict=True))


def needs(tables) -> dict:
    return tables(
        needs="""
        need_id  customer_id  stage          status       opened_at   closed_at
        n1       anna         maintenance    satisfied    2024-01-01  2024-06-20
        n2       anna         evaluation     dropped      2024-01-05  2024-03-01
        n3       bo           negotiation    open         2024-02-01  -
        n4       bo           first_contact  open         2024-07-01  -
        n5       cai          evaluation     unsatisfied  2024-05-01  2024-06-10
        n6       cai          -              open         2024-05-01  -
        """,
        stage_changes="""
        entity  entity_id  customer_id  from_stage     to_stage       changed_at
        need    n1         anna         -              first_contact  2024-01-01
        need    n1         anna         first_contact  evaluation     2024-02-01
        need    n1         anna         evaluation     maintenance    2024-06-15
        need    n2         anna         -              first_contact  2024-01-05
        need    n2         anna         first_contact  evaluation     2024-02-05
        """,
    )


def test_a_needs_history_says_how_far_it_came_by_a_day(tables):
    book = needs(tables)
    assert told(book, "need") == {
        "n1": ("maintenance", "arrived"),  # negotiation was skipped: it counts as passed
        "n2": ("evaluation", "lost"),
        "n3": ("negotiation", "open"),  # nobody noted a day: it stands where its row says
        "n5": ("evaluation", "lost"),
    }  # n4 is raised on the day itself, n6 has no stage on record
    assert told(book, "need", as_of=JUNE)["n1"] == ("evaluation", "open")  # what happened in June is not known in May
    assert told(book, "need", as_of=JUNE)["n5"] == ("evaluation", "open")


def test_the_day_of_a_skipped_stage_is_the_next_ones_and_not_its_own(tables):
    way = read_ways(needs(tables), as_of=JULY)["need"]
    assert way.stages == ("first_contact", "evaluation", "negotiation", "maintenance")
    n1 = way.cases["entity_id"].eq("n1").to_numpy()
    assert [str(day) for day in way.entered[n1][0]] == ["2024-01-01", "2024-02-01", "2024-06-15", "2024-06-15"]
    assert way.measured[n1][0].tolist() == [True, True, False, True]
    assert way.unknown == 1


def test_a_customers_first_record_is_what_was_so_before_and_no_change(tables):
    book = tables(
        customers="""
        customer_id  lifecycle_stage  first_contact_date
        old          customer         2020-01-01
        new          customer         2024-05-01
        back         customer         2024-01-01
        gone         lost             2024-01-01
        later        lost             2023-01-01
        """,
        stage_changes="""
        entity    entity_id  customer_id  from_stage  to_stage    changed_at
        customer  old        old          -           customer    2024-03-01
        customer  new        new          -           prospect    2024-05-02
        customer  new        new          prospect    customer    2024-06-10
        customer  back       back         -           customer    2024-02-01
        customer  back       back         customer    lost        2024-04-01
        customer  back       back         lost        customer    2024-06-02
        customer  gone       gone         -           interested  2024-02-01
        customer  gone       gone         interested  lost        2024-06-11
        """,
        orders="order_id  customer_id  ordered_on  amount_cny\n1  later  2023-05-01  10",
    )
    assert told(book, "customer") == {
        "old": ("customer", "arrived"),
        "new": ("customer", "arrived"),
        "back": ("customer", "arrived"),  # lost, and won back
        "gone": ("interested", "lost"),
        "later": ("customer", "lost"),  # nobody noted from where, but there was an order
    }
    assert told(book, "customer", as_of=JUNE) == {
        "old": ("customer", "arrived"), "new": ("prospect", "open"), "back": ("customer", "lost"),
        "gone": ("interested", "open"), "later": ("customer", "lost"),
    }  # fmt: skip
    way = read_ways(book, as_of=JULY)["customer"]
    old = way.cases["entity_id"].eq("old").to_numpy()
    assert pd.isna(way.entered[old, 2]).all()  # since when, nobody knows


def test_a_deal_without_history_counts_by_its_stage_and_its_last_day(tables):
    book = tables(
        opportunities="""
        opportunity_id  customer_id  stage        opened_on   closed_on
        o1              anna         won          2024-01-01  2024-03-01
        o2              anna         won          2024-01-01  2024-07-01
        o3              -            lost         2024-01-01  2024-06-30
        o4              bo           engaging     2024-05-01  -
        o5              bo           prospecting  -           -
        """
    )
    way = read_ways(book, as_of=JULY)["opportunity"]
    assert way.stages == ("prospecting", "engaging", "won")  # a stage that nobody uses is no step
    assert told(book, "opportunity") == {
        "o1": ("won", "arrived"),
        "o2": ("prospecting", "open"),  # won on the day itself
        "o3": ("engaging", "lost"),  # nobody noted from where: at the last step
        "o4": ("engaging", "open"),
        "o5": ("prospecting", "open"),
    }
    assert way.cases.set_index("entity_id")["unplaced"].to_dict() == dict.fromkeys(("o1", "o2", "o4", "o5"), False) | {
        "o3": True
    }


def test_nobody_on_a_way_gives_no_way(tables):
    assert read_ways(tables(), as_of=JULY) == {}
    assert tell_ways({}).empty


DAYS = st.integers(-3, 3).map(lambda n: JULY + timedelta(n))
STAGES = ("first_contact", "evaluation", "negotiation", "maintenance")


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["n1", "n2", "n3"]), st.sampled_from(STAGES), DAYS), min_size=1, max_size=6))
def test_what_happens_from_the_day_on_changes_no_way(tables, events):
    base = "need_id  customer_id  stage  status  opened_at\n" + "\n".join(
        f"n{n}  anna  {STAGES[n]}  open  2024-05-01" for n in (1, 2, 3)
    )
    head = "entity  entity_id  customer_id  from_stage  to_stage  changed_at"
    always = [f"need  n{n}  anna  first_contact  {STAGES[n]}  2024-06-01" for n in (1, 2, 3)]
    said = [(day, f"need  {need}  anna  first_contact  {stage}  {day}") for need, stage, day in events]
    whole = tables(needs=base, stage_changes="\n".join([head, *always, *(line for _, line in said)]))
    known = tables(needs=base, stage_changes="\n".join([head, *always, *(line for day, line in said if day < JULY)]))
    pd.testing.assert_frame_equal(tell_ways(read_ways(whole, as_of=JULY)), tell_ways(read_ways(known, as_of=JULY)))
