"""A value put right by hand is checked against what is on record, holds through every rebuild, and nothing is lost."""

from datetime import date

import openpyxl
import pytest

from crmlib.book.amendments import KIND, amendment_pages
from crmlib.book.customer import open_customer
from crmlib.book.form import write_form
from crmlib.book.ledger import read_lines, undo_line
from crmlib.dictionary import DICTIONARY
from crmlib.labels import speaker

CUSTOMERS = """客户编号,客户名称,城市,所属行业,地址
C1,上海示澄科技有限公司,上海,互联网,上海市浦东新区示例路1号
C2,北京例远贸易有限公司,北京,零售业,北京市海淀区示例街2号
"""
ORDERS = "订单编号,客户编号,下单日期,金额\nD1,C1,2024-05-01,1200\nD2,C2,2024-05-02,800\n"


@pytest.fixture
def amend(place, intake):
    intake({"客户.csv": CUSTOMERS, "订单.csv": ORDERS})

    def write(*rows: tuple[str, ...], name: str = "更正.xlsx"):
        path = place.inbox / name
        write_form(path, KIND, amendment_pages(dictionary=DICTIONARY, say=speaker("zh")), say=speaker("zh"))
        book = openpyxl.load_workbook(path)
        for row in rows:
            book["更正"].append(["", *row])
        book.save(path)
        return intake({})

    return write


def customers(built):
    return built.book.frame(built.book.table("customers")).set_index("source_id")


@pytest.mark.demand("C08", "C10")
def test_an_amended_value_is_taken_with_who_and_why_and_outlives_a_new_export(amend, place, intake):
    built = amend(("C1", "城市", "上海", "苏州", "周示例", "迁址"))
    assert customers(built).loc["C1", "city"] == "苏州市"
    later = intake({"客户_七月.csv": CUSTOMERS.replace("互联网", "软件开发")}, day=date(2024, 8, 1))
    assert customers(later).loc["C1", ["city", "industry_raw"]].tolist() == ["苏州市", "软件开发"]
    (line,) = read_lines(place)
    assert (line.who, line.why, line.subject["old"], line.subject["new"]) == ("周示例", "迁址", "上海市", "苏州")
    undo_line(place, line.id, who="周示例", at=line.at)
    assert customers(intake({})).loc["C1", "city"] == "上海市"


@pytest.mark.demand("C10")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("C1", "城市", "广州", "苏州"), "现在记录的是「上海市」"),
        (("C9", "城市", "", "苏州"), "没有编号为"),
        (("C1", "城氏", "", "苏州"), "没有叫「城氏」"),
        (("C1", "首次接触时间", "", "03/04/2023"), "读不懂"),
    ],
)
def test_what_contradicts_the_record_or_cannot_be_read_is_given_back_with_the_reason(amend, place, row, reason):
    built = amend(row)
    assert customers(built).loc["C1", "city"] == "上海市" and read_lines(place) == []
    given_back = openpyxl.load_workbook(place.todo / "amendments.xlsx")["更正"][2]
    assert [cell.value or "" for cell in given_back][1:5] == list(row) and reason in given_back[7].value


@pytest.mark.demand("C08")
def test_a_deleted_customer_leaves_a_tombstone_and_its_rows_stay(amend):
    built = amend(("北京例远贸易有限公司", "记录状态", "", "删除", "周示例", "重复登记"))
    assert customers(built).loc["C2", "record_status"] == "tombstone"
    assert built.book.count("orders") == 2 and built.balance["quarantined"].sum() == 0


def test_what_follows_from_a_value_is_amended_with_it_and_its_origin_is_said(amend, place):
    built = amend(("C1", "所属行业", "", "房地产业"))
    before = customers(built).loc["C2", "industry_code"]
    one = open_customer(built.book, place, "C1").values.set_index("field")
    assert one.loc["industry_code", "value"].startswith("K") and before != one.loc["industry_code", "value"]


@pytest.mark.demand("L06")
def test_an_amended_address_lies_in_the_vault_alone(amend, place):
    amend(("C1", "地址", "", "苏州市工业园区示例道88号"))
    (place.inbox / "更正.xlsx").unlink()
    stored = b"".join(path.read_bytes() for path in [place.ledger, *place.book.rglob("*.*")] if path.is_file())
    assert "示例道88号".encode() not in stored
