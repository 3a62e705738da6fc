"""Tables of web pages, the way systems export them under the name .xls: read as they show; a page without one is refused."""

import pandas as pd
import pytest

from crmlib.errors import DataError
from crmlib.intake import read_file


@pytest.fixture
def page(tmp_path):
    def write(text: str, name: str = "导出.xls", encoding: str = "utf-8"):
        (tmp_path / name).write_text(text, encoding=encoding)
        return read_file(tmp_path / name)

    return write


def rows(table: pd.DataFrame) -> list[list[str]]:
    return table.fillna("").values.tolist()


def test_a_table_saved_as_xls_is_read_and_said(page):
    read = page(
        """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset=gbk><style>td {color: red}</style></head>
        <body><table border=1><tr><td colspan=3>客户清单<tr><th>客户编号<th>客户名称<th>备注
        <tr><td>0001</td><td>示例甲&amp;乙
           有限公司</td><td>第一行<br>第二行<script>x</script></td></tr>
        <tr><td>0002<td>示例丙<td><span style="display:none">9</span>&nbsp;</table></body></html>""",
        encoding="gbk",
    )
    (table,) = read.tables
    assert rows(table) == [["0001", "示例甲&乙 有限公司", "第一行\n第二行"], ["0002", "示例丙", ""]]
    assert (table.attrs["header_line"], table.attrs["encoding"], table.attrs["sheet"]) == (2, "gb18030", "")
    assert [note.key for note in read.notes] == ["note.encoding", "note.other_content"]
    assert read.refused["reason"].tolist() == ["TITLE", "HEADER"]


def test_spans_fill_like_merged_cells(page):
    (table,) = page(
        """<table><tr><td rowspan=2>客户名称<td colspan=2>联系人<td rowspan=2>金额<tr><td>姓名<td>电话
        <tr><td rowspan=2>示例甲公司<td>张*<td>100<td rowspan=2>300<tr><td>李*<td>101</table>"""
    ).tables
    assert table.columns.tolist() == ["客户名称", "联系人姓名", "联系人电话", "金额"]
    assert rows(table) == [["示例甲公司", "张*", "100", "300"], ["示例甲公司", "李*", "101", ""]]


def test_a_table_that_only_lays_out_is_none_and_a_small_one_in_a_cell_is_its_text(page):
    read = page(
        """<table><tr><td><table><caption>客户</caption><tr><th>客户编号<th>客户名称<th>联系方式
        <tr><td>C1<td>示例甲<td><table><tr><td>电话</td></tr><tr><td>100</td></tr></table></td></tr></table>
        </td></tr><tr><td><table><caption>订单</caption><tr><th>订单编号<th>金额<tr><td>D1<td>5</table></table>"""
    )
    assert [table.attrs["sheet"] for table in read.tables] == ["客户", "订单"]
    assert [rows(table) for table in read.tables] == [[["C1", "示例甲", "电话 100"]], [["D1", "5"]]]


def test_excels_own_xml_is_read_with_its_places(page):
    (table,) = page(
        """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook><Worksheet ss:Name="客户"><Table>
        <Row><Cell><Data ss:Type="String">客户编号</Data></Cell><Cell><Data>客户名称</Data></Cell><Cell><Data>首次合作时间</Data></Cell></Row>
        <Row ss:Index="3"><Cell><Data>001</Data></Cell><Cell ss:Index="3"><Data>2024-04-20T00:00:00.000</Data></Cell></Row>
        <Row><Cell><Data>002</Data></Cell><Cell><Data>示例乙</Data></Cell><Cell><Data>2024-04-20T14:30:00.000</Data></Cell></Row>
        </Table></Worksheet></Workbook>"""
    ).tables
    assert table.index.tolist() == [3, 4] and table.attrs["sheet"] == "客户"
    assert rows(table) == [["001", "", "2024-04-20"], ["002", "示例乙", "2024-04-20 14:30:00"]]


def test_a_single_file_page_is_read(page):
    (table,) = page(
        "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n"
        "Content-Transfer-Encoding: quoted-printable\n\n<table><tr><td>=E5=AE=A2=E6=88=B7=E5=90=8D=E7=A7=B0<td>x=\n</td>"
        "<tr><td>a<td>1</table>\n--b--\n"
    ).tables
    assert table.columns.tolist() == ["客户名称", "x"]


def test_nothing_that_hides_or_spans_can_lose_or_swell_rows(page):
    (table,) = page(
        """<table><tr><td>客户编号<td>客户名称<tr><td><div style="display:none">x<td>甲
        <tr><td colspan=nonsense>2<td rowspan=99999999>乙<tr><td>3</table>"""
    ).tables
    assert rows(table) == [["", "甲"], ["2", "乙"], ["3", ""]]
    with pytest.raises(DataError) as caught:
        page(
            '<table><row><cell>客户名称</cell></row><row ss:index="9999999"><cell ss:index="16384">x</cell></row></table>'
        )
    assert caught.value.key == "error.file_stray_cell"


@pytest.mark.parametrize(
    "text",
    [
        "<html><body><p>登录已过期，请重新登录。</p></body></html>",
        "<table></table>",
        "<!-- x --><div><table><tr><td>登录</td></tr></table>",
    ],
)
def test_a_page_without_a_table_is_refused(page, text):
    with pytest.raises(DataError) as caught:
        page(text)
    assert caught.value.key == "error.file_not_table"
