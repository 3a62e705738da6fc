"""Needs met: offers and satisfaction by hand, open needs beside, nobody's silence taken for a no."""

from datetime import date

import pandas as pd
import pytest

from crmlib.insight.needs_met import needs_by_customer, sum_needs_met

JUNE, JULY = date(2024, 6, 1), date(2024, 7, 1)


@pytest.fixture
def book(tables):
    return tables(
        customers="""
        customer_id  name
        anna         甲公司
        bo           乙公司
        """,
        needs="""
        need_id  customer_id  status       opened_at   closed_at   offer  match_share
        n1       anna         satisfied    2024-03-01  2024-06-10  基础版  0.80
        n2       anna         satisfied    2024-06-02  2024-06-30  基础版  0.60
        n3       anna         unsatisfied  2024-05-01  2024-06-20  -      -
        n4       bo           dropped      2024-05-01  2024-06-05  基础版  -
        n5       bo           open         2024-06-20  -           -      -
        n6       bo           satisfied    2024-06-20  2024-07-01  基础版  0.70
        n7       bo           satisfied    2024-01-01  2024-05-31  基础版  1.00
        n8       bo           open         2024-07-01  -           基础版  -
        n9       bo           dropped      2024-01-01  -           -      -
        n10      bo           -            -           -           -      -
        """,
    )


@pytest.mark.demand("F06")
def test_satisfied_is_of_the_closed_with_the_open_counted_beside(book):
    rows = sum_needs_met(book, start=JUNE, as_of=JULY, least=1).set_index("scope")
    june = rows.loc["period"]
    assert june[["closed", "satisfied", "unsatisfied", "dropped", "open"]].tolist() == [4, 2, 1, 1, 3]
    assert june["satisfied_share"] == 0.5 and june["low"] < 0.5 < june["high"]
    assert rows.loc["12m", ["closed", "satisfied", "satisfied_share"]].tolist() == [5, 3, 0.6]
    assert june["undated"] == 1  # closed, and nobody wrote when: in no period
    few = sum_needs_met(book, start=JUNE, as_of=JULY, least=5).set_index("scope")
    assert pd.isna(few.loc["period", "satisfied_share"]) and few.loc["12m", "satisfied_share"] == 0.6


@pytest.mark.demand("F05")
def test_overlap_is_the_share_of_needs_with_an_offer_by_customer_and_in_total(book):
    june = sum_needs_met(book, start=JUNE, as_of=JULY, least=1).set_index("scope").loc["period"]
    # n7 closed before June, n8 came after it, n9 closed who knows when
    assert june[["in_play", "new", "matched", "noted"]].tolist() == [7, 3, 4, 3]
    assert june["overlap_share"] == pytest.approx(4 / 7)
    assert june["match_share"] == pytest.approx(0.7)  # of the three that have one
    customers = needs_by_customer(book, as_of=JULY).set_index("customer_id")
    assert customers["name"].tolist() == ["甲公司", "乙公司"]
    assert customers[["in_play", "matched"]].to_numpy().tolist() == [[3, 2], [6, 3]]  # n9 was raised within the year
    assert customers["overlap_share"].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert customers["satisfied_share"].tolist() == pytest.approx([2 / 3, 1 / 2])


def test_no_needs_are_zeros_and_no_shares(tables):
    rows = sum_needs_met(tables(), start=JUNE, as_of=JULY, least=1)
    assert (rows[["in_play", "closed", "open"]] == 0).all(axis=None)
    assert rows[["overlap_share", "satisfied_share", "match_share"]].isna().all(axis=None)
    assert needs_by_customer(tables(), as_of=JULY).empty
