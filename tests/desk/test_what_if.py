"""Boundaries tried out: who would change tier, by name, at once, and the lines that make it so; nothing is kept."""

import re
import time
from datetime import date

import pytest

from crmlib.book.shelf import open_book
from crmlib.desk.what_if import WhatIf
from crmlib.labels import speaker
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)
NAMES = ["上海示例科技有限公司", "北京样例贸易有限公司", "广州示样食品有限公司"]
CUSTOMERS = "客户编号,客户名称\n" + "\n".join(f"C{n},{name}" for n, name in enumerate(NAMES, 1)) + "\n"
ORDERS = """订单编号,客户编号,客户名称,下单日期,订单金额
D1,C1,上海示例科技有限公司,2024-06-01,600000
D2,C2,北京样例贸易有限公司,2024-06-01,599999.99
D3,C3,广州示样食品有限公司,2024-03-15,500000
"""


@pytest.fixture
def home(intake, place):
    intake({"客户.csv": CUSTOMERS, "订单.csv": ORDERS})
    return place


@pytest.fixture
def desk(home):
    return WhatIf(open_book(home).tables, settings=parse_settings(), as_of=AS_OF, say=speaker("zh"))


def told(desk) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", desk._shown.value)


def test_a_boundary_that_moves_names_who_moves_with_it_and_what_to_write(desk):
    assert "没有客户换层" in told(desk)
    started = time.perf_counter()
    desk.inputs["high"].value = 60
    assert time.perf_counter() - started < 1
    said = told(desk)
    assert (
        "2 家由高变中" in said and NAMES[1] in said and NAMES[2] in said and NAMES[0] not in said
    )  # 60 万 itself is high
    assert desk.settings_lines() == "[tiers.value]\nhigh = 600000"
    assert parse_settings(desk.settings_lines()).tiers.value.high == 600_000
    desk.inputs["lost_months"].value = 4
    assert "1 家由流失风险变稳定" in told(desk) and "[tiers.risk]\nlost_months = 4" in desk.settings_lines()
    desk.reset()
    assert "没有客户换层" in told(desk) and desk.settings_lines() == ""


def test_boundaries_in_the_wrong_order_are_said_and_not_tried(desk):
    desk.inputs["middle"].value = 50
    assert "高价值线要大于中价值线" in told(desk)


def test_amounts_that_are_not_yuan_have_no_boundaries_to_try(home):
    desk = WhatIf(open_book(home).tables, settings=parse_settings(), as_of=AS_OF, say=speaker("zh"), in_yuan=False)
    assert set(desk.inputs) == {"lost_months", "warn_overdue", "active_months"} and "没有客户换层" in told(desk)


@pytest.mark.browser
def test_in_jupyterlab_a_number_is_changed_and_the_names_appear(home, open_lab):
    from playwright.sync_api import expect

    with open_lab("desk/what_if.ipynb", home.root) as page:
        expect(page.get_by_text("没有客户换层")).to_be_visible(timeout=60_000)
        box = page.locator(".crm-what-if-high input")
        box.fill("60")
        box.press("Enter")
        expect(page.get_by_text("2 家由高变中")).to_be_visible(timeout=10_000)
        expect(page.get_by_text(NAMES[1])).to_be_visible()
        expect(page.get_by_text("high = 600000")).to_be_visible()
        page.get_by_role("button", name="还原").click()
        expect(page.get_by_text("没有客户换层")).to_be_visible(timeout=10_000)
