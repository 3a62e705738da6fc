"""The sheet of refused rows goes out masked, comes back corrected, and the rows are the very same rows."""

from datetime import date

import openpyxl
import pytest

from crmlib.book.balance import STATUSES
from crmlib.book.ledger import read_lines, undo_line
from crmlib.book.results import write_todo
from crmlib.book.work import open_work
from crmlib.errors import DataError
from crmlib.labels import speaker

CUSTOMERS = """客户编号,客户名称,联系人,手机,统一社会信用代码,客户性质
C1,上海示澄科技有限公司,陈示一,10012345678,,单位
,,林示二,10087654321,,单位
C3,广州样川实业有限公司,周示三,10011112222,91310000MA1FL00001,单位
"""
ORDERS = """订单编号,客户编号,下单日期,产品,金额
D1,C1,2024-05-01,云平台,1200
D2,C1,2024-05-02,终端,面议
"""


@pytest.fixture
def todo(place):
    def write(built):
        write_todo(place, built, say=speaker("zh"))
        return openpyxl.load_workbook(place.todo / "quarantine.xlsx")

    return write


def fill(book, place, *, name="改好.xlsx", **cells):
    """cells: {"页!D2": "text"} → the sheet saved into the inbox."""
    for where, text in cells.items():
        page, _, cell = where.partition("!")
        book[page][cell] = text
    place.inbox.mkdir(parents=True, exist_ok=True)
    book.save(place.inbox / name)


def find(page, header, line):
    column = next(cell.column for cell in page[1] if cell.value == header)
    row = next(row[0].row for row in page.iter_rows(min_row=2) if row[3].value == line)
    return page.cell(row, column)


def total(built) -> dict:
    return {k: int(v) for k, v in built.balance[["in", *STATUSES]].sum().items() if v}


@pytest.mark.demand("B04", "B08")
def test_every_refused_row_is_there_with_its_reason_and_only_the_faulty_cell_is_plain(intake, todo):
    book = todo(intake({"客户.csv": CUSTOMERS, "订单.csv": ORDERS}))
    assert book.sheetnames == ["客户", "订单"]
    page = book["客户"]
    assert [cell.value for cell in page["D"]] == ["行号", 3, 4]
    assert find(page, "联系人", 3).value == "林*" and find(page, "手机", 3).value == "100****4321"
    code = find(page, "统一社会信用代码", 4)
    assert code.value == "91310000MA1FL00001" and code.fill.fgColor.rgb.endswith("FDE0DC")
    assert "校验" in find(page, "原因", 4).value and page.column_dimensions["A"].hidden
    assert find(book["订单"], "金额", 3).value == "面议"


@pytest.mark.demand("B04", "C07", "A13")
def test_corrected_rows_come_in_under_their_own_file_and_line(intake, todo, place):
    first = intake({"客户.csv": CUSTOMERS, "订单.csv": ORDERS})
    book = todo(first)
    find(book["客户"], "客户名称", 3).value = "北京例远贸易有限公司"
    find(book["客户"], "统一社会信用代码", 4).value = None
    find(book["订单"], "金额", 3).value = 3600
    fill(book, place)
    built = intake({})
    assert total(first) == {"in": 7, "kept": 2, "not_data": 2, "quarantined": 3}
    assert total(built) == {"in": 7, "kept": 5, "not_data": 2}
    records = built.book.frame(built.book.table("records")).set_index(["source_file", "line"])
    assert records.loc[("客户.csv", 3), "status"] == "kept"
    customers = built.book.frame(built.book.table("customers"))
    assert set(customers["name"]) == {"上海示澄科技有限公司", "北京例远贸易有限公司", "广州样川实业有限公司"}
    orders = built.book.frame(built.book.table("orders")).set_index("order_id")
    assert float(orders.loc["D2", "amount_cny"]) == 3600
    methods = built.book.frame(built.book.table("contact_methods"))
    assert (methods["mask"] == "100****4321").sum() == 1  # the mask that nobody touched is still the number behind it


def test_the_same_sheet_twice_is_taken_once_and_an_undone_correction_is_gone(intake, todo, place):
    book = todo(intake({"订单.csv": ORDERS}))
    find(book["订单"], "金额", 3).value = "3600"
    fill(book, place)
    assert total(intake({})) == {"in": 3, "kept": 2, "not_data": 1}
    intake({})
    (line,) = read_lines(place, "correction")
    assert (line.subject["old"], line.subject["new"], line.subject["line"]) == ("面议", "3600", 3)
    undo_line(place, line.id, who="周示例", at=line.at)
    assert total(intake({})) == {"in": 3, "kept": 1, "not_data": 1, "quarantined": 1}


def test_the_same_faulty_row_in_a_later_export_is_put_right_as_well(intake, todo, place):
    book = todo(intake({"订单.csv": ORDERS}))
    find(book["订单"], "金额", 3).value = "3600"
    fill(book, place)
    intake({})
    built = intake({"订单_六月.csv": ORDERS + "D3,C1,2024-06-01,终端,5\n"}, day=date(2024, 8, 1))
    assert built.balance.set_index("file").loc["订单_六月.csv", ["kept", "unchanged", "quarantined"]].tolist() == [
        1,
        2,
        0,
    ]


def test_a_row_that_a_later_export_brings_in_order_leaves_the_sheet(intake, todo):
    intake({"订单.csv": ORDERS})
    built = intake({"订单_六月.csv": ORDERS.replace("面议", "3600")})
    assert todo(built).sheetnames == ["1"]


@pytest.mark.demand("L06")
def test_a_corrected_telephone_number_lies_in_the_vault_alone(intake, todo, place):
    book = todo(intake({"客户.csv": CUSTOMERS}))
    page = book["客户"]
    find(page, "客户名称", 3).value = "北京例远贸易有限公司"
    find(page, "手机", 3).value = "10077778888"
    fill(book, place)
    intake({})
    (place.inbox / "改好.xlsx").unlink()
    stored = b"".join(path.read_bytes() for path in [place.ledger, *place.book.rglob("*.*")] if path.is_file())
    assert b"10077778888" not in stored and "100****8888" in str(read_lines(place)[-1].subject)


def test_columns_that_people_put_in_do_not_shift_what_is_read(intake, todo, place):
    book = todo(intake({"订单.csv": ORDERS}))
    find(book["订单"], "金额", 3).value = "3600"
    book["订单"].insert_cols(3)
    book["订单"]["C1"] = "谁来改"
    fill(book, place)
    assert total(intake({})) == {"in": 3, "kept": 2, "not_data": 1}


def test_without_the_hidden_column_no_cell_can_be_told(intake, todo, place):
    book = todo(intake({"订单.csv": ORDERS}))
    book["订单"].move_range("A1:A2", cols=12)
    fill(book, place)
    with pytest.raises(DataError, match="左边的列"):
        intake({})


def test_rows_of_another_book_are_counted_and_not_used(intake, todo, place):
    book = todo(intake({"订单.csv": ORDERS}))
    find(book["订单"], "金额", 3).value = "3600"
    book["订单"]["A2"] = "7:0:3:feedfeed"
    fill(book, place)
    assert total(intake({}))["quarantined"] == 1 and read_lines(place) == []


def test_a_row_that_the_reader_could_not_part_into_cells_is_listed_apart(intake, todo):
    book = todo(intake({"订单.csv": ORDERS + "D4,C1,2024-06-01,终端,5,多,余\n"}))
    page = book["只能改原文件"]
    assert [cell.value for cell in page[2]][3] == 4


def test_a_rule_of_ones_own_speaks_in_its_own_words(intake, place):
    rule = '[[checks.rules]]\ntable = "orders"\nfield = "amount_cny"\ntest = "min"\nvalue = 100\nseverity = "error"\n'
    built = intake({"订单.csv": ORDERS.replace("1200", "12")}, settings=rule + 'zh = "金额太小"\nen = "too small"\n')
    say = open_work(home=str(place.root), period="2024-06").say
    write_todo(place, built, say=say)
    page = openpyxl.load_workbook(place.todo / "quarantine.xlsx")["订单"]
    assert find(page, "原因", 2).value == "金额太小"
