"""Risk over time: every month's end is judged by what had happened until then, and ends in the tiers of today."""

from datetime import date
from decimal import Decimal

import pytest

from crmlib.insight.risks import list_third_party, risk_trend
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import parse_settings

AS_OF, SETTINGS = date(2024, 7, 1), parse_settings()


@pytest.fixture
def book(tables):
    return tables(
        customers="customer_id  record_status\nanna  active\nbo    active\ncai   active\ndora  archived",
        orders="""
        order_id  customer_id  ordered_on  amount_cny  status
        1         anna         2024-02-28   600.00  done
        2         bo           2024-04-15   300.00  done
        3         dora         2024-01-15   100.00  done
        """,
        payments="customer_id  due_date  due_amount_cny\nbo  2024-06-01  7.00",
    )


@pytest.mark.demand("H07")
def test_each_months_end_is_judged_by_what_had_happened_until_then(book):
    trend = risk_trend(book, risk=SETTINGS.tiers.risk, as_of=AS_OF, months=3)
    told = {(f"{row.day:%m}", row.risk): row.customers for row in trend.itertuples()}
    assert told == {
        ("05", "stable"): 2, ("05", "no_deal"): 1,  # anna ordered on 28 February, bo in April, cai never; dora is archived
        ("06", "churn_risk"): 1, ("06", "stable"): 1, ("06", "no_deal"): 1,  # more than three months for anna
        ("07", "churn_risk"): 1, ("07", "warning"): 1, ("07", "no_deal"): 1,  # bo's payment of June is overdue
    }  # fmt: skip
    assert trend["owed_cny"].sum() == Decimal(7) and trend["overdue_payments"].sum() == 1


def test_the_last_day_is_that_of_the_tiers(book):
    tiers = assign_tiers(book, settings=SETTINGS, as_of=AS_OF)
    today = tiers[tiers["dimension"].eq("risk")]["label"].value_counts().to_dict()
    trend = risk_trend(book, risk=SETTINGS.tiers.risk, as_of=AS_OF, months=1)
    assert dict(zip(trend["risk"], trend["customers"], strict=True)) == today


def test_who_is_known_from_third_parties_alone(tables):
    import ibis
    import pandas as pd

    records = [("anna", "own"), ("anna", "third_party"), ("bo", "third_party"), ("dora", "third_party")]
    book = tables(customers="customer_id  record_status\nanna  active\nbo    active\ncai   active\ndora  archived")
    book = {**book, "records": ibis.memtable(pd.DataFrame(records, columns=["customer_id", "provenance"]))}
    assert list_third_party(book)["customer_id"].tolist() == ["bo"]
