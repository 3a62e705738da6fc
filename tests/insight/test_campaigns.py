"""Campaigns: windows to the day, a change with its interval, and the others beside it."""

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats

from crmlib.insight.campaigns import campaign_effects

AS_OF = date(2024, 7, 1)
DAY = date(2024, 3, 1)


def effects(tables, orders, talks, *, least=2):
    return campaign_effects(tables(orders=orders, interactions=talks), tags=(), days=90, least=least, as_of=AS_OF)


def written(rows):
    return "customer_id  ordered_on  amount_cny\n" + "\n".join("  ".join(map(str, row)) for row in rows)


TALKS = """
    customer_id  occurred_at          campaign
    anna         2024-03-01T10:00:00  春季展会
    anna         2024-03-20T10:00:00  春季展会
    bo           2024-03-01T10:00:00  春季展会
    cai          2024-06-01T10:00:00  春季展会
    dora         2024-03-01T10:00:00  春季展会
    eve          2024-03-01T10:00:00  -
"""


@pytest.mark.demand("G11")
def test_before_and_after_are_windows_to_the_day_around_the_first_contact(tables):
    orders = written([
        ("anna", DAY - timedelta(91), "7.00"), ("anna", DAY - timedelta(90), "100.00"), ("anna", DAY, "300.00"),
        ("anna", DAY + timedelta(89), "50.00"), ("anna", DAY + timedelta(90), "9.00"),
        ("bo", DAY - timedelta(1), "100.00"), ("bo", DAY + timedelta(1), "-20.00"),
        ("cai", DAY, "10.00"), ("dora", DAY + timedelta(5), "500.00"),
        ("eve", DAY - timedelta(30), "40.00"), ("fang", DAY - timedelta(30), "60.00"), ("fang", DAY + timedelta(3), "20.00"),
    ])  # fmt: skip
    found = effects(tables, orders, TALKS).set_index("grouping")
    reached, others = found.loc["reached"], found.loc["others"]
    # anna and bo; the window of cai is not over, dora had never ordered before
    assert reached[["customers", "left_out"]].tolist() == [2, 2]
    assert reached[["orders_before", "orders_after"]].tolist() == [1, 1]  # a return is no order
    assert reached[["before_cny", "after_cny", "change_cny"]].tolist() == [100, 165, 65]
    assert others[["customers", "before_cny", "after_cny", "change_cny"]].tolist() == [2, 50, 10, -40]
    assert found.loc["difference", "change_cny"] == 105
    assert (reached["first_on"], reached["last_on"]) == (DAY, date(2024, 6, 1))


@pytest.mark.demand("G11")
def test_the_intervals_are_those_of_student_and_welch(tables):
    changes = {"a": [40, -10, 25, 5, 60], "b": [10, 0, -30, 5]}
    rows = [(f"{side}{n}", DAY + timedelta(shift), f"{amount}.00") for side, some in changes.items() for n, change in enumerate(some)
            for shift, amount in ((-5, 100), (5, 100 + change))]  # fmt: skip
    talks = "customer_id  occurred_at  campaign\n" + "\n".join(f"a{n}  {DAY}T09:00:00  展会" for n in range(5))
    found = effects(tables, written(rows), talks).set_index("grouping")
    one = stats.ttest_1samp(changes["a"], 0).confidence_interval()
    assert found.loc["reached", ["low", "high"]].tolist() == pytest.approx([one.low, one.high])
    both = stats.ttest_ind(changes["a"], changes["b"], equal_var=False).confidence_interval()
    assert found.loc["difference", ["low", "high"]].tolist() == pytest.approx([both.low, both.high])
    assert found.loc["difference", "change_cny"] == pytest.approx(np.mean(changes["a"]) - np.mean(changes["b"]))


def test_of_too_few_no_change_is_told(tables):
    rows = written([("a", DAY - timedelta(1), "1.00"), ("a", DAY, "2.00"), ("b", DAY - timedelta(1), "1.00")])
    talks = f"customer_id  occurred_at  campaign\na  {DAY}T09:00:00  展会"
    found = effects(tables, rows, talks, least=2).set_index("grouping")
    assert found[["change_cny", "low", "high"]].isna().all(axis=None)
    assert found.loc["reached", "customers"] == 1


def test_a_tag_of_the_settings_is_a_campaign_from_the_day_it_holds(tables):
    rows = written([("a", DAY - timedelta(1), "1.00"), ("b", DAY - timedelta(1), "5.00"), ("b", DAY, "9.00")])
    tags = f"customer_id  family  value  valid_from\na  custom  会员日  {DAY}\nb  custom  会员日  {DAY}\na  custom  老客户  {DAY}"
    book = tables(orders=rows, tags=tags)
    told = campaign_effects(book, tags=["会员日"], days=90, least=2, as_of=AS_OF).set_index("grouping")
    assert set(told["campaign"]) == {"会员日"}
    assert told.loc["reached", ["customers", "change_cny"]].tolist() == [2, 1.5]


def test_without_a_campaign_there_is_nothing_to_compare(tables):
    assert effects(tables, written([("a", DAY, "1.00")]), "customer_id  occurred_at\na  2024-03-01T10:00:00").empty
    late = "customer_id  occurred_at  campaign\na  2024-07-01T10:00:00  展会"
    assert effects(tables, written([("a", DAY, "1.00")]), late).empty
