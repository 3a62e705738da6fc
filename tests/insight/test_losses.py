"""Losses: contracts are judged by their own renewals, and a lost customer needs a day and a reason."""

from datetime import date

import ibis
import pandas as pd
import pytest

from crmlib.insight.losses import list_lost_lacking, score_renewals

AS_OF = date(2024, 7, 1)
CONTRACTS = """
    customer_id  ordered_on  contract_end  renewed
    anna         2022-06-01  2023-06-01    true
    anna         2023-06-01  2024-09-28    -
    bo           2023-01-01  2024-01-01    false
    bo           2024-03-01  2024-07-01    -
    cai          2023-02-01  2024-02-01    true
    cai          2024-02-01  2024-09-29    -
    dan          2023-05-01  2024-05-01    true
    dan          2024-08-01  2024-09-01    -
    eve          2023-04-01  2024-04-01    -
"""


def test_a_contract_that_ends_within_the_horizon_has_the_rate_of_those_that_ended_before(tables):
    found = score_renewals(tables(orders=CONTRACTS), as_of=AS_OF, horizon_days=90, min_contracts=4)
    # 29 September is 90 days on; dan's contract is of an order to come; eve's says nothing
    assert found[["customer_id", "p_not_renewed", "contracts"]].to_numpy().tolist() == [
        ["anna", 0.25, 4],
        ["bo", 0.25, 4],
    ]
    assert found["model"].eq("renewal_rate").all()


def test_below_a_number_of_ended_contracts_no_rate_is_told(tables):
    found = score_renewals(tables(orders=CONTRACTS), as_of=AS_OF, horizon_days=90, min_contracts=5)
    assert found["p_not_renewed"].isna().all() and found["model"].eq("refused: CONTRACTS 4/5").all()
    assert score_renewals(tables(), as_of=AS_OF, horizon_days=90, min_contracts=5).empty


def test_a_book_without_a_warning_keeps_their_columns_as_text_and_is_read_all_the_same(tables):
    customers = pd.DataFrame(
        [("anna", "lost", date(2024, 5, 1), None)], columns=["customer_id", "lifecycle_stage", "lost_on", "lost_reason"]
    )
    place = {"batch": "int64", "source_file": "string", "sheet": "string", "line": "int64"}
    none = {name: ibis.memtable([], schema=schema) for name, schema in {
        "records": place | {"table": "string", "customer_id": "string"},
        "warnings": dict.fromkeys(place, "string") | {"reason": "string"}}.items()}  # fmt: skip
    found = list_lost_lacking(tables(customers=customers) | none, as_of=AS_OF)
    assert found[["customer_id", "lacks"]].to_numpy().tolist() == [["anna", "reason"]]


@pytest.mark.demand("H05")
def test_a_lost_customer_needs_a_day_before_today_and_a_reason(tables):
    customers = pd.DataFrame(
        [("anna", "lost", date(2024, 5, 1), "price"), ("bo", "lost", None, None), ("cai", "lost", date(2024, 7, 1), "service"),
         ("dan", "lost", date(2024, 1, 1), None), ("eve", "customer", None, None)],
        columns=["customer_id", "lifecycle_stage", "lost_on", "lost_reason"],
    )  # fmt: skip
    found = list_lost_lacking(tables(customers=customers), as_of=AS_OF)
    assert found[["customer_id", "lacks"]].to_numpy().tolist() == [
        ["bo", "day reason"],
        ["cai", "day"],
        ["dan", "reason"],
    ]


@pytest.mark.demand("H05")
def test_a_stage_that_was_not_accepted_at_intake_is_listed_too(tables):
    customers = pd.DataFrame(
        [
            ("anna", None, None, None),
            ("bo", "customer", None, "price"),
            ("cai", "customer", None, None),
            ("dan", "customer", None, None),
        ],
        columns=["customer_id", "lifecycle_stage", "lost_on", "lost_reason"],
    )
    place = {"batch": 1, "source_file": "客户.csv", "sheet": ""}
    records = [(2, "customers", "anna"), (3, "customers", "bo"), (4, "customers", "cai"), (5, "interactions", "dan")]
    records = pd.DataFrame(records, columns=["line", "table", "customer_id"]).assign(**place)
    warnings = [(2, "LOST_UNEXPLAINED"), (3, "LOST_UNEXPLAINED"), (4, "SHORT_NAME"), (5, "LOST_UNEXPLAINED")]
    warnings = pd.DataFrame(warnings, columns=["line", "reason"]).assign(**place)
    book = tables(customers=customers) | {"records": ibis.memtable(records), "warnings": ibis.memtable(warnings)}
    found = list_lost_lacking(book, as_of=AS_OF)
    assert found[["customer_id", "lacks"]].to_numpy().tolist() == [
        ["anna", "day reason"],
        ["bo", "day"],
        ["dan", "day reason"],
    ]
