"""Stages: counts in the order of the way, with nobody left out."""

from datetime import date

import pandas as pd

from crmlib.insight.stages import count_stages

AS_OF = date(2024, 7, 1)


def stage_counts(funnel: pd.DataFrame, entity: str) -> dict:
    return funnel[funnel["entity"] == entity].set_index("stage")["n"].to_dict()


def test_each_entity_counts_its_own_at_each_stage(tables):
    funnel = count_stages(
        tables(
            customers="""
            customer_id  lifecycle_stage  record_status
            anna         prospect         active
            bo           prospect         -
            cai          customer         active
            dora         -                active
            eve          lost             archived
            """,
            needs="""
            customer_id  stage          status     opened_at
            anna         first_contact  open       2024-06-30
            anna         negotiation    satisfied  2024-06-01
            bo           negotiation    open       2024-07-01
            """,
            opportunities="""
            opportunity_id  customer_id  stage     opened_on
            1               anna         won       2024-06-30
            2               bo           proposal  -
            3               bo           proposal  2024-07-01
            4               -            showing   2024-01-01
            """,
        ),
        as_of=AS_OF,
    )
    assert stage_counts(funnel, "customer") == {"prospect": 2, "interested": 0, "customer": 1, "lost": 0, "unknown": 1}
    # open ones known on the day
    assert stage_counts(funnel, "need") == {"first_contact": 1, "evaluation": 0, "negotiation": 0, "maintenance": 0}
    assert list(stage_counts(funnel, "opportunity").items()) == [
        ("prospecting", 0), ("engaging", 0), ("proposal", 1), ("negotiation", 0), ("won", 1), ("lost", 0), ("showing", 1),
    ]  # fmt: skip
    customers = funnel[funnel["entity"] == "customer"]
    assert customers["position"].tolist() == [1, 2, 3, 4, 5]
    assert customers["share"].tolist() == [0.5, 0, 0.25, 0, 0.25]


def test_an_entity_without_rows_has_its_stages_and_no_share(tables):
    funnel = count_stages(tables(), as_of=AS_OF)
    assert (funnel["n"] == 0).all()
    assert funnel["share"].isna().all()
