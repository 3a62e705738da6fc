"""A customer's stage over time: said in talks and in sheets, and the last saying holds."""

from datetime import date, datetime

import pytest

CUSTOMERS = "客户编号,客户名称{head}\nC1,上海示例科技有限公司{one}\nC2,北京示例贸易有限公司{two}\n"
TALKS = """记录编号,客户编号,客户名称,转化状态,跟进时间,跟进方式,跟进内容
J3,C1,上海示例科技有限公司,成交,2024-05-20 10:00,面谈,签约
J1,C1,上海示例科技有限公司,潜在,2024-04-01 10:00,电话,初次沟通
J2,C1,上海示例科技有限公司,意向,2024-04-20 10:00,电话,确认需求
J4,C1,上海示例科技有限公司,成交,2024-06-01 10:00,电话,交付沟通
J5,C2,北京示例贸易有限公司,意向,2024-06-02 10:00,电话,确认需求
"""


def changes_of(book, name):
    customers = book.frame(book.table("customers")).set_index("name")
    rows = book.frame(book.table("stage_changes"))
    mine = rows[(rows["entity"] == "customer") & (rows["entity_id"] == customers.loc[name, "customer_id"])]
    mine = mine.sort_values("changed_at")
    told = mine[["from_stage", "to_stage", "cause_interaction_id"]].fillna("").to_numpy().tolist()
    return customers.loc[name, "lifecycle_stage"], told, mine["changed_at"].tolist()


@pytest.mark.demand("A47")
def test_each_talk_that_says_another_stage_appends_a_change_with_its_number(intake):
    book = intake({"客户.csv": CUSTOMERS.format(head="", one="", two=""), "跟进.csv": TALKS}).book
    stage, told, days = changes_of(book, "上海示例科技有限公司")
    assert told == [["", "prospect", "J1"], ["prospect", "interested", "J2"], ["interested", "customer", "J3"]]
    assert stage == told[-1][1] and days[-1] == datetime(2024, 5, 20, 10)


@pytest.mark.demand("A47")
def test_the_stage_is_that_of_the_last_row_whoever_said_it(intake):
    listed = CUSTOMERS.format(head=",客户阶段", one=",意向", two=",意向")
    intake({"客户.csv": listed}, day=date(2024, 4, 10))  # before most talks
    book = intake({"跟进.csv": TALKS}, day=date(2024, 7, 1)).book
    stage, told, _ = changes_of(book, "上海示例科技有限公司")
    assert told == [["", "prospect", "J1"], ["prospect", "interested", ""], ["interested", "customer", "J3"]]
    assert stage == "customer"
    now = CUSTOMERS.format(head=",客户阶段,流失日期,流失原因", one=",流失,2024-07-03,价格", two=",意向,,")
    book = intake({"客户2.csv": now}, day=date(2024, 7, 5)).book
    stage, told, _ = changes_of(book, "上海示例科技有限公司")
    assert stage == "lost" and told[-1] == ["customer", "lost", ""]
    stage, told, _ = changes_of(book, "北京示例贸易有限公司")
    assert stage == "interested" and len(told) == 1  # the same again is no change


def test_a_sheet_that_says_its_stages_again_changes_nothing(intake):
    listed = CUSTOMERS.format(head=",客户阶段", one=",意向", two=",")
    intake({"客户.csv": listed}, day=date(2024, 1, 10))
    later = listed + "C3,广州示例物流有限公司,潜在\n"
    talk = "记录编号,客户编号,客户名称,转化状态,跟进时间,跟进方式,跟进内容\nJ9,C1,上海示例科技有限公司,成交,2024-01-20 10:00,面谈,签约\n"
    book = intake({"客户2.csv": later, "跟进.csv": talk}, day=date(2024, 2, 1)).book
    stage, told, _ = changes_of(book, "上海示例科技有限公司")
    assert stage == "customer" and told == [["", "interested", ""], ["interested", "customer", "J9"]]


def test_a_stage_put_right_by_hand_holds_until_a_later_talk_says_another(intake, place):
    from crmlib.book.amendments import Amendment, add_amendments
    from crmlib.dictionary import DICTIONARY
    from crmlib.keys import load_key

    book = intake({"客户.csv": CUSTOMERS.format(head="", one="", two=""), "跟进.csv": TALKS}).book
    customers = book.frame(book.table("customers")).set_index("name")["customer_id"]
    registry = book.frame(book.table("registry"))
    row = registry.loc[registry["customer_id"] == customers["北京示例贸易有限公司"], "row_id"].min()
    amended = Amendment(row, "lifecycle_stage", "成交", "意向", "王经理", "已签约")
    at = datetime(2024, 7, 2, 9)
    add_amendments(place, [amended], dictionary=DICTIONARY, key=load_key(place), source="a" * 16, at=at)
    book = intake({}, day=date(2024, 7, 2)).book
    stage, told, days = changes_of(book, "北京示例贸易有限公司")
    assert stage == "customer" and told[-1] == ["interested", "customer", ""] and days[-1] == at
    talk = "记录编号,客户编号,客户名称,转化状态,跟进时间,跟进方式,跟进内容\nJ8,C2,北京示例贸易有限公司,意向,2024-07-05 10:00,电话,重新谈价\n"
    book = intake({"跟进2.csv": talk}, day=date(2024, 7, 8)).book
    stage, told, _ = changes_of(book, "北京示例贸易有限公司")
    assert stage == "interested" and told[-1] == ["customer", "interested", "J8"]
