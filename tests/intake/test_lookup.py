"""Looking headers up: whole words, two known parts, names in two columns, a slip; the rest is offered."""

import pytest

from crmlib.dictionary import DICTIONARY
from crmlib.intake.header_words import read_header
from crmlib.intake.lookup import find_fields, offer_words, spellings


def fields(header: str) -> set[str]:
    found = find_fields({header: read_header(header)}, DICTIONARY)[header]
    return {f"{table}.{one.field}" for table, one in found.items()}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("收货人手机号", "contacts.phone"),
        ("收货人省份", "customers.province"),
        ("收货人手机号/提货人手机号", "contacts.phone"),
        ("商机所有人", "opportunities.staff_name"),
        ("订单创建时间", "orders.ordered_on"),
        ("工单分类", "tickets.category"),
        ("Billing City", "customers.city"),
        ("Contact owner", "customers.owner_name"),
        ("Lead Status", "customers.source_status"),
        ("会员编码", "customers.source_id"),
        ("专管业务员", "customers.owner_name"),
    ],
)
def test_whose_and_what_make_a_header(header, field):
    assert field in fields(header)


@pytest.mark.parametrize("header", ["客户简称", "订单类型", "商品规格", "公司官网", "姓名/电话", "订单付款时间"])
def test_a_part_that_no_field_of_that_table_has_is_no_guess(header):
    assert fields(header) == set()


@pytest.mark.parametrize(
    "header",
    [
        "客户名称",
        "客 户 名 称",
        "＊客户名称（必填）",
        "客戶名稱",
        "Customer_Name",
        "CUSTOMER NAME",
        "ＣｕｓｔｏｍｅｒＮａｍｅ",
        "1、客户名称",
    ],
)
def test_width_case_blanks_stars_and_script_never_matter(header):
    assert "customers.name" in fields(header)


@pytest.mark.parametrize("header", ["Custmer Name", "首次接触日其"])
def test_one_slip_is_understood(header):
    assert len(fields(header)) == 1


@pytest.mark.parametrize("header", ["预收款金额", "代收款金额", "收款总金额"])
def test_a_letter_more_or_another_first_letter_is_another_word(header):
    assert "payments.paid_amount_cny" not in fields(header)


@pytest.mark.demand("B05")
def test_what_is_unknown_is_offered_with_its_distance():
    assert offer_words(["客户名城"], ["客户名称", "电话"]) == "客户名城→客户名称(1)"
    assert offer_words(["客户名"], ["客户名称", "客户全名"]) == "客户名→客户名称/客户全名(1)"
    assert offer_words(["电话", "仓位"], ["电话"]) == ""
    assert "客户名称(1)" in offer_words(["客户名城"], spellings(DICTIONARY))
