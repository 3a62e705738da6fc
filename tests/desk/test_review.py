"""Doubtful pairs are decided by button or key, each decision is written at once and can be taken back."""

from datetime import datetime

import pytest

from crmlib.book.ledger import read_lines
from crmlib.book.shelf import open_book
from crmlib.desk.review import ReviewDesk
from crmlib.labels import speaker

SITE = """客户编号,客户名称,联系人,手机,城市
C1,上海示澄科技有限公司,陈示一,10012345678,上海
C2,北京例远贸易有限公司,林示二,10087654321,北京
"""
FAIR = """公司名称,联系人,手机,城市
杭州样川餐饮有限公司,陈示一,10012345678,杭州
广州样洛食品有限公司,林示二,10087654321,广州
"""


@pytest.fixture
def home(intake, place):
    intake({"官网.csv": SITE, "展会/名单.csv": FAIR})
    return place


def open_desk(home):
    return ReviewDesk(home, say=speaker("zh"), who="周示例", clock=lambda: datetime(2024, 7, 2, 12))


def verdicts(home) -> list[str]:
    return [line.subject["verdict"] for line in read_lines(home, "decision")]


def test_a_decision_is_written_at_once_and_back_takes_it_back(home):
    desk = open_desk(home)
    desk._remark.value = "同一老板"
    desk.act("same")
    assert [(one.who, one.why) for one in read_lines(home)] == [("周示例", "同一老板")]
    desk.act("different")
    assert verdicts(home) == ["same", "different"] and "没有待审核" in desk._shown.value
    desk.act("back")
    assert verdicts(home) == ["same"] and "第 2 对" in desk._shown.value


def test_keys_do_what_buttons_do_and_an_unsure_pair_is_asked_again(home):
    desk = open_desk(home)
    for key in ("3", "x", "2"):
        desk._key.value = key
    assert verdicts(home) == ["different"] and desk._key.value == ""
    assert "共 1 对" in open_desk(home)._shown.value


def test_what_the_page_shows_is_masked_and_escaped(home):
    shown = open_desk(home)._shown.value
    assert "10012345678" not in shown and "林示二" not in shown and "陈示一" not in shown and "100****" in shown


@pytest.mark.browser
@pytest.mark.demand("C01", "C02")
def test_in_jupyterlab_a_pair_is_united_by_button_and_another_told_apart_by_key(home, open_lab):
    from playwright.sync_api import expect

    with open_lab("desk/review_duplicates.ipynb", home.root) as page:
        expect(page.get_by_text("第 1 对，共 2 对")).to_be_visible(timeout=60_000)
        page.get_by_role("button", name="1 同一客户").click()
        expect(page.get_by_text("第 2 对，共 2 对")).to_be_visible()
        page.locator(".crm-review-key input").press("2")
        expect(page.get_by_text("没有待审核的了")).to_be_visible()
        page.get_by_role("button", name="按决定重建账本").click()
        expect(page.get_by_text("账本已更新为")).to_be_visible(timeout=60_000)
    assert verdicts(home) == ["same", "different"]
    assert open_book(home).count("customers") == 3
