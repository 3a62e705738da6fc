"""One customer's file: every value leads to its row, and what united the rows is said."""

from datetime import datetime

import pytest

from crmlib.book.customer import open_customer
from crmlib.book.customer_lines import customer_lines
from crmlib.book.decisions import add_decisions, decide
from crmlib.errors import UsageError
from crmlib.labels import speaker

SITE = """客户编号,客户名称,联系人,手机,城市,所属行业
C1,上海示澄科技有限公司,陈示一,10012345678,上海,
C2,北京例远贸易有限公司,林示二,10087654321,北京,零售业
"""
FAIR = """公司名称,联系人,手机,城市,所属行业
上海示澄科技有限公司,陈示一,10012345678,,软件开发
"""
ORDERS = "订单编号,客户编号,下单日期,金额\nD1,C1,2024-05-01,1200\n"


@pytest.fixture
def built(intake):
    return intake({"官网.csv": SITE, "展会/名单.csv": FAIR, "官网订单.csv": ORDERS})


def read(built, place, who):
    return open_customer(built.book, place, who)


@pytest.mark.demand("A33", "C02")
def test_every_value_names_its_row_and_every_link_its_rule(built, place):
    one = read(built, place, "C1")
    from_row = one.values.set_index("field")[["source_file", "line"]]
    assert from_row.loc["industry_raw"].tolist() == ["展会/名单.csv", 2]
    assert from_row.loc["city"].tolist() == ["官网.csv", 2]
    assert set(one.rows["source_file"]) == {"官网.csv", "展会/名单.csv", "官网订单.csv"}
    assert "phone" in set(one.links["rule"]) or "registered_name" in set(one.links["rule"])
    assert dict(one.linked.itertuples(index=False)) == {"contacts": 1, "contact_methods": 1, "orders": 1}


def test_a_customer_is_found_by_id_source_id_name_or_part_of_it(built, place):
    whole = read(built, place, "北京例远贸易有限公司").customer_id
    assert {read(built, place, who).customer_id for who in (whole, "C2", "例远")} == {whole}
    with pytest.raises(UsageError, match="2 家客户"):
        read(built, place, "有限公司")
    with pytest.raises(UsageError, match="没有编号"):
        read(built, place, "谁也不是")


@pytest.mark.demand("A11")
def test_an_id_that_a_merge_gave_up_still_leads_to_the_customer_and_the_decision_is_told(built, place, intake):
    a, b = read(built, place, "C1").customer_id, read(built, place, "C2").customer_id
    noon = datetime(2024, 7, 2, 12)
    add_decisions(place, [decide(built.book, "same", [a, b], why="同一老板")], who="周示例", at=noon)
    one = read(intake({}), place, max(a, b))
    assert (one.customer_id, one.former) == (min(a, b), [max(a, b)])
    text = "\n".join(customer_lines(one, say=speaker("zh")))
    assert "周示例" in text and "同一老板" in text and "曾用编号" in text


def test_the_lines_are_in_english_too_and_hold_no_plain_number(built, place):
    text = "\n".join(customer_lines(read(built, place, "C1"), say=speaker("en")))
    assert "Industry" in text and "10012345678" not in text and "陈示一" not in text


def test_a_group_and_its_companies_lead_to_each_other_and_stay_customers_of_their_own(intake, place):
    names = ["样川实业集团有限公司", "广州样川实业有限公司", "北京例远贸易有限公司"]
    built = intake({"客户.csv": "客户编号,客户名称\n" + "".join(f"C{n},{name}\n" for n, name in enumerate(names))})
    group, company = (read(built, place, f"C{n}") for n in (0, 1))
    assert "\n".join(customer_lines(company, say=speaker("zh"))).endswith(
        f"属于集团 {group.customer_id} 样川实业集团有限公司（字号与行业词相同）"
    )
    told = "\n".join(customer_lines(group, say=speaker("zh")))
    assert told.endswith(f"集团成员 1 家，各是一个客户：{company.customer_id} 广州样川实业有限公司")
    assert built.book.count("customers") == 3 and read(built, place, "C2").group.empty
