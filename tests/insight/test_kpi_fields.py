"""Fields to improve: what is blank or vague more often than the setting allows, worst first."""

from datetime import date

import pytest

from crmlib.insight.kpi_fields import fields_to_improve
from crmlib.settings import parse_settings

TALKS = """
    customer_id  occurred_at          channel  content                feedback
    anna         2024-06-01T10:00:00  phone    客户希望增加数据模块   -
    anna         2024-06-02T10:00:00  phone    已沟通                 -
    anna         2024-06-03T10:00:00  -        跟进                   价格偏高需要再谈
    anna         2024-06-04T10:00:00  phone    客户要求下周给出报价   -
    anna         2024-05-31T10:00:00  -        -                      -
"""
CUSTOMERS = """
    customer_id  industry_raw  headcount  source_channel  first_contact_date  lifecycle_stage  owner_name  annual_revenue_cny
    anna         制造          10         fair            2024-02-01          customer         周*         1.00
    bo           -             10         fair            2024-02-01          customer         周*         1.00
"""


def listed(tables, *, blank_share, least=2):
    entry = parse_settings(f"[entry]\nleast = {least}").entry
    book = tables(interactions=TALKS, customers=CUSTOMERS)
    found = fields_to_improve(
        book, entry=entry, blank_share=blank_share, start=date(2024, 6, 1), as_of=date(2024, 7, 1)
    )
    return {f"{row.table}.{row.field}": (row.rows, row.blank, row.vague, row.share) for row in found.itertuples()}


@pytest.mark.demand("F23")
def test_fields_over_the_share_are_listed_worst_first_with_their_counts(tables):
    assert listed(tables, blank_share=0.3) == {
        "interactions.feedback": (4, 3, 0, 0.75),  # the one of May is not of the period
        "customers.industry_raw": (2, 1, 0, 0.5),
        "interactions.content": (4, 0, 2, 0.5),  # a set phrase, and two characters
    }
    assert list(listed(tables, blank_share=0.3)) == [
        "interactions.feedback",
        "customers.industry_raw",
        "interactions.content",
    ]


@pytest.mark.demand("F23")
def test_the_share_itself_is_not_over_it_and_few_rows_are_no_finding(tables):
    assert list(listed(tables, blank_share=0.5)) == ["interactions.feedback"]
    assert "customers.industry_raw" not in listed(tables, blank_share=0.3, least=3)
    assert "interactions.channel" in listed(tables, blank_share=0.24)
