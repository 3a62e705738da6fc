"""A tenth of the records is drawn, the same at every run; what people find comes back as an error rate with its interval."""

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from crmlib.book.access import scan_files
from crmlib.book.ledger import read_lines, undo_line
from crmlib.book.spotcheck import (
    draw_sample,
    estimate_errors,
    leave_spot_check,
    read_spot_check,
)
from crmlib.labels import speaker
from crmlib.periods import parse_period
from crmlib.returned import sheet_kind
from crmlib.settings import parse_settings

ENTRY = parse_settings().entry
PERIOD = parse_period("2024-06")
CUSTOMERS = "客户ID,客户名称,所属行业,联系人姓名,联系电话\n" + "".join(
    f"C{n:03d},上海示例{n}号科技有限公司,互联网,张*,100123{n:05d}\n" for n in range(1, 46)
)
ORDERS = "订单编号,客户ID,订单日期,金额\n" + "".join(f"A{n},C001,2024-0{5 + n % 2}-10,10\n" for n in range(1, 21))


@pytest.fixture
def book(intake):
    return intake({"客户.csv": CUSTOMERS, "订单.csv": ORDERS}).book


@pytest.fixture
def sheet(book, place):
    told = leave_spot_check(place, book, period=PERIOD, entry=ENTRY, say=speaker("zh"))
    assert "6 条" in told  # five customers and an order
    return place.todo / "spot_check_2024-06.xlsx"


@pytest.mark.demand("C11")
def test_a_tenth_of_the_records_is_drawn_and_the_same_at_every_run(book):
    drawn = draw_sample(book, "customers", period=PERIOD, entry=ENTRY)
    assert len(drawn) == 5 and drawn.attrs["records"] == 45  # a tenth, rounded up
    again = draw_sample(book, "customers", period=PERIOD, entry=ENTRY)
    pd.testing.assert_frame_equal(drawn, again)
    later = draw_sample(book, "customers", period=parse_period("2024-07"), entry=ENTRY)
    assert set(later["customer_id"]) != set(drawn["customer_id"])
    assert len(draw_sample(book, "customers", period=PERIOD, entry=replace(ENTRY, spot_most=2))) == 2


@pytest.mark.demand("C11")
def test_of_dated_tables_only_the_rows_of_the_month_are_drawn(book):
    drawn = draw_sample(book, "orders", period=PERIOD, entry=ENTRY)
    assert len(drawn) == 1 and str(drawn["ordered_on"].iloc[0]) == "2024-06-10"


@pytest.mark.demand("C11")
def test_the_sheet_has_boxes_to_tick_a_hidden_key_and_no_personal_value(sheet):
    workbook = openpyxl.load_workbook(sheet)
    page = workbook["客户"]
    assert sheet_kind(sheet) == "spot_check" and page.column_dimensions["A"].hidden
    heads = [cell.value for cell in page[1]]
    assert heads[1:5] == ["2024-06 出处", "核对结果", "错误字段", "说明"] and "客户名称" in heads
    assert page["A2"].value.startswith("2024-06|customers|K")
    number = int(page.cell(2, heads.index("客户名称") + 1).value[4:-7])
    assert page["B2"].value == f"客户.csv : {number + 1}"  # the line that it stands on
    assert [rule.formula1 for rule in page.data_validations.dataValidation] == [
        '"对,错,无法核对"',
        f'"{",".join(heads[5:])}"',
    ]
    assert len(scan_files(sheet)) == 0


@pytest.mark.demand("C11")
def test_verdicts_come_back_and_give_an_error_rate_by_field(sheet):
    workbook = openpyxl.load_workbook(sheet)
    page = workbook["客户"]
    for line, (result, field) in enumerate(
        [("对", None), ("对", None), ("错", "所属行业"), (None, "所属行业、客户名称")], start=2
    ):
        page.cell(line, 3).value, page.cell(line, 4).value = result, field
    page.cell(6, 3).value = "无法核对"
    workbook.save(sheet)
    checked = read_spot_check(sheet, file=sheet.name)
    assert len(checked) == 5 + 1 + 1  # one of them with two wrong fields, one order that nobody looked at
    rates = estimate_errors(checked).set_index(["table", "field"])
    assert rates.loc[("all", "any"), ["drawn", "judged", "wrong"]].tolist() == [6, 4, 2]
    assert rates.loc[("customers", "industry_raw"), ["judged", "wrong", "rate"]].tolist() == [4, 2, 0.5]
    assert rates.loc[("customers", "name"), "wrong"] == 1
    assert pd.isna(rates.loc[("orders", "any"), "rate"])


def test_nothing_to_look_over_leaves_no_sheet(intake, place):
    book = intake({"订单.csv": ORDERS}).book
    words = {"period": parse_period("2020-01"), "entry": replace(ENTRY, spot_share=0.0), "say": speaker("zh")}
    assert "没有可抽查" in leave_spot_check(place, book, **words)
    assert not place.todo.exists()


def test_a_sheet_that_somebody_is_filling_in_is_not_written_over(book, sheet, place):
    words = {"period": PERIOD, "entry": ENTRY, "say": speaker("zh")}
    assert "6 条" in leave_spot_check(place, book, **words)  # untouched: written anew
    workbook = openpyxl.load_workbook(sheet)
    workbook["客户"]["C2"] = "对"
    workbook.save(sheet)
    before = sheet.read_bytes()
    assert "未覆盖" in leave_spot_check(place, book, **words)
    assert sheet.read_bytes() == before


def test_without_a_verdict_there_is_no_rate():
    assert estimate_errors(pd.DataFrame(columns=["table", "row_id", "result", "field"], dtype="str"))[
        "judged"
    ].tolist() == [0]


@pytest.mark.demand("C11")
def test_a_filled_sheet_dropped_into_the_inbox_becomes_an_error_rate_and_undone_it_is_gone(intake, book, sheet, place):
    page = (filled := openpyxl.load_workbook(sheet)).worksheets[0]
    for row, word in enumerate(("对", "错", "对"), start=2):
        page.cell(row, 3, word)
    filled.save(place.inbox / "抽查.xlsx")
    built = intake({})
    whole = estimate_errors(built.book.frame(built.book.table("spot_checks"))).set_index(["table", "field"])
    assert whole.loc[("all", "any"), ["judged", "wrong"]].tolist() == [3, 1]
    lines = read_lines(place, "entry")
    for line in lines:
        undo_line(place, line.id, who="周示例", at=line.at)
    assert intake({}).book.count("spot_checks") == 0
