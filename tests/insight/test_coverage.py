"""Coverage: what a book lacks is said."""

from datetime import date

import pytest

from crmlib.insight.coverage import ANALYSES, REASONS, empty_tables, missing_costs, missing_tables
from crmlib.labels import speaker


def test_a_table_without_rows_switches_its_analyses_off(tables):
    book = tables(
        orders="order_id  customer_id  ordered_on  amount_cny\n1  anna  2024-01-01  1.00",
        interactions="customer_id  occurred_at\nanna  2024-01-01",
        opportunities="stage  opened_on\nwon  2024-01-01",
        surveys="customer_id  answered_at  score\nanna  2024-01-01  4.00",
    )
    assert empty_tables(book) == {"payments", "needs", "tickets"}
    assert missing_tables(book).values.tolist() == [
        ["tier_potential", "needs", "NO_NEED_TABLE"],
        ["risk_overdue", "payments", "NO_PAYMENT_TABLE"],
        ["funnel_need", "needs", "NO_NEED_TABLE"],
        ["complaints", "tickets", "NO_TICKET_TABLE"],
    ]


def test_every_analysis_and_reason_has_words():
    say = speaker("zh")
    for analysis, table in ANALYSES.items():
        assert say(f"analysis.{analysis}") and say(f"tier_rule.{REASONS[table]}")


@pytest.mark.demand("A69")
def test_a_missing_cost_is_counted_and_is_not_nothing(tables):
    book = tables(
        orders="""
        order_id  ordered_on  cost_cny  amount_cny  profit_cny
        1         2024-06-01      0.00           -           -
        2         2024-06-01         -           -        4.00
        3         2024-06-30         -       10.00           -
        4         2024-07-01         -           -           -
        5         2023-06-30         -           -           -
        6         2024-06-30         -       10.00        4.00
        """
    )  # the sixth states its cost by what it earned
    gaps = missing_costs(book, start=date(2023, 7, 1), as_of=date(2024, 7, 1))
    assert gaps.values.tolist() == [["orders", 4, 2]]
