"""Doubtful pairs go out side by side, come back decided, and the decision outlives every rebuild."""

from datetime import date, datetime

import openpyxl
import pytest

from crmlib.book.decisions import add_decisions, decide, read_decisions
from crmlib.book.ledger import read_lines, undo_line
from crmlib.book.results import write_todo
from crmlib.errors import UsageError
from crmlib.labels import speaker

# the same telephone and contact under two names that do not fit: nobody unites them without being asked
SITE = """客户编号,客户名称,联系人,手机,城市
C1,上海示澄科技有限公司,陈示一,10012345678,上海
C2,北京例远贸易有限公司,林示二,10087654321,北京
"""
FAIR = """公司名称,联系人,手机,城市
杭州样川餐饮有限公司,陈示一,10012345678,杭州
"""
TALKS = """记录ID,客户名称,沟通日期,沟通方式,关键内容记录
J1,上海示澄科技有限公司,2024-05-05 10:30,电话,要报价
J2,杭州样川餐饮有限公司,2024-05-04 09:00,电话,要样品
"""
NOON = datetime(2024, 7, 2, 12)


@pytest.fixture
def built(intake):
    return intake({"官网.csv": SITE, "展会/名单.csv": FAIR, "跟进.csv": TALKS})


def customers(built) -> dict[str, str]:
    return dict(built.book.frame(built.book.table("customers").select("name", "customer_id")).itertuples(index=False))


def answer(place, built, text: str, *, lang: str = "zh", remark: str = "") -> None:
    write_todo(place, built, say=speaker(lang))
    book = openpyxl.load_workbook(place.todo / "review.xlsx")
    page = book.worksheets[0]
    page["B2"], page["C2"] = text, remark
    book.save(place.inbox / "review.xlsx")


@pytest.mark.demand("C01")
def test_a_doubtful_pair_is_laid_side_by_side_with_its_rule_strength_and_words(built, place):
    write_todo(place, built, say=speaker("zh"))
    page = openpyxl.load_workbook(place.todo / "review.xlsx")["待审核"]
    head, pair = ([cell.value for cell in page[row]] for row in (1, 2))
    shown = dict(zip(head, pair, strict=True))
    assert {shown["名称甲"], shown["名称乙"]} == {"上海示澄科技有限公司", "杭州样川餐饮有限公司"}
    assert shown["电话甲"] == shown["电话乙"] == "100****5678" and shown["联系人甲"] == "陈*"
    assert shown["原因"] == "证据不足，请人工判断"
    assert "电话相同" in shown["说明"] and "联系人相同" in shown["说明"] and 0 < shown["强度"] < 1
    assert page.data_validations.dataValidation[0].formula1 == '"同一客户,不是同一客户,不确定"'


@pytest.mark.demand("C02", "C06", "A11")
def test_decided_same_they_are_one_and_undone_they_are_two_again_with_their_ids(built, place, intake):
    before = customers(built)
    answer(place, built, "同一客户", remark="同一老板")
    one = intake({})
    merged = customers(one)
    oldest = min(before["上海示澄科技有限公司"], before["杭州样川餐饮有限公司"])
    assert len(merged) == 2 and oldest in merged.values()
    talks = one.book.frame(one.book.table("interactions")).sort_values("occurred_at")
    assert talks["interaction_id"].tolist() == ["J2", "J1"] and set(talks["customer_id"]) == {oldest}
    later = intake({"官网_七月.csv": SITE.replace("10087654321", "10087654322")}, day=date(2024, 8, 1))
    assert len(customers(later)) == 2  # the decision outlives a rebuild and a new export
    (line,) = read_lines(place, "decision")
    assert line.why == "同一老板" and line.subject["rule"] == "contact_phone"
    undo_line(place, line.id, who="周示例", at=NOON)
    assert customers(intake({})) == before


def test_undo_gives_every_table_back_byte_for_byte(built, place, intake):
    names = ("customers", "contacts", "contact_methods", "interactions", "records", "cells", "registry", "tags")
    before = {name: (built.book.path / f"{name}.parquet").read_bytes() for name in names}
    answer(place, built, "同一客户")
    intake({})
    undo_line(place, read_lines(place)[-1].id, who="周示例", at=NOON)
    after = intake({}).book.path
    assert {name: (after / f"{name}.parquet").read_bytes() for name in names} == before


def test_decided_different_the_pair_is_not_asked_again(built, place, intake):
    answer(place, built, "different", lang="en")
    again = intake({})
    assert again.book.count("review") == 0 and customers(again) == customers(built)


def test_an_unsure_pair_stays_and_what_is_no_choice_is_said(built, place, intake):
    for text in ("不确定", "大概吧"):
        answer(place, built, text)
        assert intake({}).book.count("review") == 1 and read_lines(place) == []


@pytest.mark.demand("C02")
def test_customers_are_decided_by_their_ids_old_ones_too(built, place, intake):
    ids = customers(built)
    a, b = ids["上海示澄科技有限公司"], ids["北京例远贸易有限公司"]
    add_decisions(place, [decide(built.book, "same", [a, b])], who="周示例", at=NOON)
    one = intake({})
    assert len(customers(one)) == 2
    add_decisions(place, [decide(one.book, "different", [b, a])], who="周示例", at=NOON)
    assert customers(intake({})) == ids  # the last word on a pair holds
    assert set(read_decisions(place)["decision"]) == {"different"}


@pytest.mark.parametrize("sides", [["K000001"], ["K000001", "K000001"], ["K000001", "K999999"]])
def test_a_decision_wants_two_customers_that_are_there(built, sides):
    with pytest.raises(UsageError):
        decide(built.book, "same", sides)
