"""The sources' own columns, from a sheet into the book: needs, notes, business types, payments and costs find their place."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.engine import read_frame
from crmlib.insight.measures import overdue_payments
from crmlib.labels import speaker

AS_OF = date(2024, 7, 1)


def rows(built, name) -> pd.DataFrame:
    return built.book.frame(built.book.table(name))


@pytest.mark.demand("A07", "A56")
@pytest.mark.parametrize("header", ["客户需求描述", "关键需求"])
def test_a_need_in_a_customer_sheet_is_a_need_of_that_customer_and_a_blank_is_none(intake, header):
    built = intake(
        {"客户.csv": f"客户ID,客户名称,{header}\nC1,上海示例科技有限公司,定制化服务\nC2,北京示例科技有限公司,\n"}
    )
    needs, customers = rows(built, "needs"), rows(built, "customers").set_index("source_id")
    assert needs["text"].tolist() == ["定制化服务"]
    assert needs["customer_id"].tolist() == [customers.loc["C1", "customer_id"]]
    assert len(customers) == 2


@pytest.mark.demand("A10", "A37")
def test_notes_of_several_sources_survive_their_merge_with_the_mark_of_the_source(intake):
    built = intake(
        {
            "甲/客户.csv": "客户名称,地址,备注信息\n上海示例科技有限公司,上海市示例路1号,重点关注产品A\n",
            "乙/客户.csv": "客户名称,地址,重要备注\n上海示例科技有限公司,上海市示例路1号,不要在周一致电\n",
        }
    )
    (note,) = rows(built, "customers")["note"]
    assert sorted(note.splitlines()) == sorted(["〔甲〕重点关注产品A", "〔乙〕不要在周一致电"])


@pytest.mark.demand("A25")
def test_a_business_type_is_one_of_the_list_and_others_are_reported(intake):
    built = intake(
        {
            "客户.csv": "客户ID,客户名称,主要业务类型\nC1,甲一有限公司,产品采购\nC2,乙二有限公司,软件采购\nC3,丙三有限公司,卖花\n"
        }
    )
    types = rows(built, "customers").set_index("source_id")["business_type"]
    assert types[["C1", "C2"]].tolist() == ["product", "product"] and pd.isna(types["C3"])
    said = rows(built, "warnings")
    told = said[said["reason"].eq("CHOICE_UNKNOWN")]
    assert told[["field", "value", "line"]].values.tolist() == [["business_type", "卖花", 4]]


@pytest.mark.demand("A48")
def test_a_need_may_have_a_priority_and_a_day_and_may_have_neither(intake):
    needs = "客户名称,需求内容,需求优先级,需求时间,需求阶段\n甲一有限公司,提速,高,2024/8/1,方案评估\n甲一有限公司,降价,,,合作维护\n"
    found = rows(intake({"需求.csv": needs}), "needs").set_index("text")
    assert found.loc["提速", ["priority", "due_date"]].tolist() == ["high", date(2024, 8, 1)]
    assert found.loc["降价", ["priority", "due_date"]].isna().all()


@pytest.mark.demand("A59")
def test_an_event_is_open_or_done(intake):
    tasks = "客户名称,任务内容,截止日期,事件状态\n甲一有限公司,送样,2024-06-01,待跟进\n甲一有限公司,报价,2024-06-02,已完成\n"
    found = rows(intake({"待办.csv": tasks}), "actions").set_index("task")
    assert found["status"].to_dict() == {"送样": "open", "报价": "done"}


@pytest.mark.demand("A68")
def test_how_late_a_payment_was_is_counted_to_the_day(intake):
    payments = """客户名称,应收日期,应收金额,实收日期,实收金额
甲一有限公司,2024-06-01,100,2024-06-11,100
甲一有限公司,2024-06-21,1万,,
甲一有限公司,2024-06-21,50,2024-06-20,50
"""
    built = intake({"回款.csv": payments})
    late = read_frame(overdue_payments(built.book.tables, as_of=AS_OF)).sort_values(["overdue_days", "owed_cny"])
    assert late[["overdue_days", "owed_cny"]].values.tolist() == [[10, Decimal("0.00")], [10, Decimal("10000.00")]]


@pytest.mark.demand("A69")
def test_a_cost_that_nobody_gave_stays_missing(intake):
    built = intake(
        {
            "订单.csv": "客户名称,订单日期,金额,成本\n甲一有限公司,2024-06-01,100,60\n甲一有限公司,2024-06-02,100,\n甲一有限公司,2024-06-03,100,0\n"
        }
    )
    costs = rows(built, "orders").sort_values("ordered_on")["cost_cny"]
    assert costs.isna().tolist() == [False, True, False]
    assert costs.dropna().tolist() == [Decimal("60.00"), Decimal("0.00")]


@pytest.mark.demand("B04", "B10")
def test_every_fault_is_listed_with_file_line_field_value_and_a_reason_in_words(intake):
    say = speaker("zh")
    built = intake(
        {
            "客户.csv": "客户ID,客户名称,联系电话,电子邮箱,首次接触时间\nC1,甲一有限公司,12345,a@b,03/04/2023\n,,10012345678,,\n",
        }
    )
    refused, doubted = rows(built, "quarantine"), rows(built, "warnings")
    assert refused[["source_file", "line", "table", "field", "reason"]].values.tolist() == [
        ["客户.csv", 3, "customers", "name", "MISSING_NAME"]
    ]
    told = set(doubted[doubted["line"].eq(2)][["field", "reason"]].itertuples(index=False, name=None))
    assert {("phone", "BAD_PHONE"), ("email", "BAD_EMAIL"), ("first_contact_date", "DATE_AMBIGUOUS")} <= told
    assert ("first_contact_date", "MISSING_FIELD") not in told  # said once
    for fault in [*refused.itertuples(), *doubted.itertuples()]:
        assert say.has(f"reason.{fault.reason}") and say.has(fault.suggestion)
