"""Needs asked for: by customers and not by mentions, the frequent ones flagged, the first three first."""

from datetime import date

import pytest

from crmlib.insight.needs_asked import count_said, list_askers, quarters_before, rank_topics, read_said

JUNE, JULY = date(2024, 6, 1), date(2024, 7, 1)
NEEDS = """
    customer_id  category  text          status     opened_at   closed_at
    a            售后支持   增加渠道        open       2024-06-02  -
    b            售后支持   增加渠道        open       2024-06-02  -
    c            -         咨询售后支持    open       2024-06-02  -
    a            成本控制   降成本         open       2024-06-02  -
    a            成本控制   再降成本       open       2024-06-03  -
    a            成本控制   还要降成本     open       2024-06-04  -
    a            成本控制   又要降成本     open       2024-06-05  -
    d            数据对接   打通接口       open       2024-05-02  -
    e            -         先了解一下     open       2024-06-02  -
    f            成本控制   早已解决       satisfied  2024-01-02  2024-02-01
"""


def ranked(tables, *, flag_share: float = 0.3, least: int = 1):
    askers = list_askers(tables(needs=NEEDS), start=JUNE, as_of=JULY)
    return rank_topics(askers, flag_share=flag_share, top=2, least=least).set_index("topic")


@pytest.mark.demand("F07")
def test_a_need_is_ranked_by_the_customers_who_have_it_and_not_by_how_often_they_say_so(tables):
    topics = ranked(tables)
    assert topics["customers"].to_dict() == {"售后支持": 3, "成本控制": 1, "数据对接": 1, "unknown": 1}
    assert topics["mentions"].to_dict() == {"售后支持": 3, "成本控制": 4, "数据对接": 1, "unknown": 1}
    assert (topics["of"] == 5).all() and topics.loc["售后支持", "share"] == 0.6  # f's need was closed in February
    assert topics.index[topics["flagged"].astype(bool)].tolist() == ["售后支持"]
    assert topics.index[topics["top"].astype(bool)].tolist() == [
        "售后支持",
        "成本控制",
    ]  # of equals the more often mentioned


@pytest.mark.demand("F07")
def test_a_share_that_reaches_the_setting_is_flagged_and_one_below_is_not(tables):
    assert ranked(tables, flag_share=0.6).loc["售后支持", "flagged"]
    assert not ranked(tables, flag_share=0.61)["flagged"].any()
    assert not ranked(tables, least=6)["flagged"].fillna(False).any()  # 样本不足


def test_quarters_are_full_ones_and_the_running_one(tables):
    assert quarters_before(JULY, quarters=2) == [date(2024, 1, 1), date(2024, 4, 1)]
    assert quarters_before(date(2024, 6, 10), quarters=1) == [date(2024, 1, 1), date(2024, 4, 1)]


def test_what_is_said_counts_in_the_quarter_in_which_it_was_raised(tables):
    book, quarters = tables(needs=NEEDS), [date(2024, 1, 1), date(2024, 4, 1)]
    terms, words = count_said(read_said(book, quarters=quarters, as_of=JULY), book, quarters=quarters, least=1)
    found = terms.set_index(["quarter", "term"])["customers"]
    assert found[date(2024, 1, 1)].to_dict() == {"成本控制": 1, "售后支持": 0, "数据对接": 0}
    assert found[date(2024, 4, 1)].to_dict() == {"售后支持": 3, "成本控制": 1, "数据对接": 1}
    assert "接口" in set(words["term"]) and "了解" not in set(words["term"])
