"""A kept sheet is the file, cell by cell, for whoever has the key; without it nothing personal is seen."""

import csv
import io

from crmlib.book.batches import Sheet, list_batches
from crmlib.book.results import balance_table
from crmlib.keys import load_key
from crmlib.labels import speaker

NASTY = [
    ["0007", "张三", "100 1234 5678", "2024-06-01", "1,234.50", '他说 "好"'],
    ["００８", "  李四 ", "+86-100-1234-5678", "2024/6/2", "￥12", "第一行\n第二行 10012345678"],
    ["1E+17", "示例甲,科技有限公司", "100１２３４5678", "待定", "面议", "a@example.com，\u3000全角　"],
    ["", "王五\u200b", "10012345678;10087654321", "6月3日", "0012.50", "'=1+1"],
    ["9", "O'Neil 先生", "见备注", "45444", "-5", "尾部空格  "],
]
HEADER = ["订单编号", "客户名称", "联系电话", "订单日期", "订单金额", "订单备注"]


def test_with_the_key_every_cell_is_the_files_own_and_without_it_no_number_is_read(place, intake):
    sink = io.StringIO()
    csv.writer(sink, quoting=csv.QUOTE_ALL).writerows([HEADER, *NASTY])
    intake({"orders.csv": sink.getvalue()})
    (batch,) = list_batches(place)
    sheet = Sheet(batch, 0)
    plain = sheet.raw(place, load_key(place))
    assert plain.fillna("").values.tolist() == NASTY
    assert plain.index.tolist() == [2, 3, 5, 6, 7]  # a cell of the third line goes on in the fourth
    shown = sheet.raw(place, None).to_csv()
    assert all(secret not in shown for secret in ("10012345678", "1234 5678", "a@example.com", "张三", "王五"))


def test_the_balance_names_the_kinds_of_rows_that_are_no_data(intake):
    built = intake({"订单.csv": "六月订单\n订单编号,客户编号,下单日期,金额\nD1,C1,2024-06-01,10\n\n合计,,,10\n"})
    shown = balance_table(built.balance, say=speaker("zh")).iloc[0]
    assert shown["非数据"] == 4 and shown["非数据的种类"] == "空行 1；列名行 1；标题行 1；合计行 1"
