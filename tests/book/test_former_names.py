"""A renamed customer keeps its old name, dated, and is found by it."""

from datetime import date

import pytest

from crmlib.book.customer import find_customer

JUNE = "客户编号,客户名称,联系人,手机\nC1,上海示澄科技有限公司,陈示一,10012345678\nC2,林示二,林示二,10087654321\n"
AUGUST = JUNE.replace("上海示澄科技有限公司", "上海样川智能有限公司")


@pytest.mark.demand("C12")
def test_both_names_are_kept_with_their_days_and_either_finds_the_customer(intake):
    intake({"客户.csv": JUNE}, day=date(2024, 7, 1))
    built = intake({"客户_八月.csv": AUGUST}, day=date(2024, 9, 1))
    names = built.book.frame(built.book.table("names")).set_index("name")
    old, new = names.loc["上海示澄科技有限公司"], names.loc["上海样川智能有限公司"]
    assert old["customer_id"] == new["customer_id"]
    assert (old["first_seen_on"], new["last_seen_on"]) == (date(2024, 7, 1), date(2024, 9, 1))
    assert (bool(old["is_current"]), bool(new["is_current"])) == (False, True)
    assert find_customer(built.book, "上海示澄科技有限公司") == find_customer(built.book, "上海样川智能有限公司")


def test_a_persons_names_are_masked(intake):
    built = intake({"客户.csv": JUNE})
    assert "林*" in set(built.book.frame(built.book.table("names"))["name"])
