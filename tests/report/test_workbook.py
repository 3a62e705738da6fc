import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.report.blocks import Column, Section, Table, Text
from crmlib.report.workbook import sheet_names, write_workbook


@pytest.fixture(scope="module")
def book(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "report.xlsx"
    write_workbook(report, path)
    return openpyxl.load_workbook(path)


def cells(sheet):
    return [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.demand("K03")
def test_there_is_a_sheet_per_section_and_one_of_figures_and_a_list_of_them(book, report):
    assert book.sheetnames == ["目录", *(section.topic for section in report.sections), "指标一览"]
    links = [cell.hyperlink.location for cell in cells(book["目录"]) if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:]]
    assert all(sheet.freeze_panes for sheet in book)
    assert all(sheet["A2"].hyperlink.location == "'目录'!A1" for sheet in book if sheet.title != "目录")


@pytest.mark.demand("K04")
@pytest.mark.demand("K07")
def test_a_figure_leads_from_page_one_to_its_line_with_definition_and_query(book):
    leading = [cell for cell in cells(book["摘要"]) if cell.hyperlink and cell.value == "amount_12m"]
    assert len(leading) >= 2  # of the metric and of the sentence
    sheet, place = book["指标一览"], leading[0].hyperlink.location
    assert place.startswith("'指标一览'!A")
    row = [cell.value for cell in sheet[int(place.rpartition("A")[2])]]
    assert "amount_12m" in row and row[-1].startswith("SELECT customer_id FROM measures")
    head = next(cell.row for cell in cells(sheet) if cell.value == "指标编号")
    assert sheet.freeze_panes == f"A{head + 1}" and sheet.auto_filter.ref.startswith(f"A{head}:")


def test_a_figure_of_money_is_yuan_written_in_the_unit_that_reads_best(book):
    cell = next(cell for cell in cells(book["摘要"]) if cell.value == 31234567.89)
    assert cell.number_format == '[>=100000000]0\\.00,,"亿元";[>=10000]0\\.0,"万元";#,##0"元"'


@pytest.mark.demand("K03")
def test_ids_are_text_money_stays_in_yuan_and_days_are_days(book):
    sheet = book["高价值流失风险"]
    header = next(row for row in sheet.iter_rows() if row[0].value == "名称")
    at = {cell.value: cell.column for cell in header}
    row = header[0].row + 1
    assert sheet.cell(row, at["客户编号"]).value == "K000000" and sheet.cell(row, at["客户编号"]).number_format == "@"
    money = sheet.cell(row, at["12 个月金额（万元）"])
    assert (money.value, money.number_format) == (823000, "0\\.0,")
    assert sheet.cell(row, at["最近下单"]).is_date
    assert sheet.cell(row + 5, at["未联系（天）"]).value is None  # missing is blank
    assert sheet.freeze_panes == f"A{row}" and sheet.auto_filter.ref.startswith(f"A{row - 1}:")


def test_small_sums_are_yuan_in_the_workbook_too(report, tmp_path):
    rows = pd.DataFrame({"owed": [1_200, 8_000]})
    small = Section("x", "x", "y", (Table("t", (Column("owed", "欠款", "amount"),), rows),))
    write_workbook(replace(report, sections=(small,)), tmp_path / "small.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "small.xlsx")["x"]
    head = next(cell for cell in cells(sheet) if cell.value == "欠款（元）")
    assert (sheet.cell(head.row + 1, 1).value, sheet.cell(head.row + 1, 1).number_format) == (1200, "#,##0")


def test_charts_are_native(book):
    kinds = {sheet.title: [type(chart).__name__ for chart in sheet._charts] for sheet in book if sheet._charts}
    assert kinds["客户画像"] == ["PieChart", "BarChart", "BarChart", "BarChart"]
    assert kinds["订单趋势"] == ["LineChart", "BarChart", "BarChart"]
    assert "PieChart" in kinds["客户分层"]


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "http://example.com", "'quoted", "00123"])
def test_no_text_becomes_a_formula_a_link_or_a_number(report, tmp_path, text):
    table = Table(text, (Column("a", text), Column("b", "b", "id")), pd.DataFrame({"a": [text], "b": [text]}), text)
    write_workbook(replace(report, sections=(Section("x", "x", text, (Text(text), table)),)), tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["x"]
    found = [cell for cell in cells(sheet) if cell.value == text]
    assert len(found) >= 6
    assert all(cell.data_type == "s" and not cell.hyperlink for cell in found)


def test_a_long_table_that_would_stand_low_gets_its_own_sheet(report, tmp_path):
    rows = pd.DataFrame({"n": range(600)})
    blocks = [Table(f"t{i}", (Column("n", "n", "int"),), rows.head(2)) for i in range(5)]
    long = Table("全部", (Column("n", "n", "int"),), rows)
    write_workbook(replace(report, sections=(Section("x", "x", "y", (*blocks, long)),)), tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["目录", "x", "全部"]
    assert sum(isinstance(cell.value, int) for cell in cells(book["全部"])) == 600  # every row, however long


def test_two_writings_are_the_same_bytes(report, tmp_path):
    for name in "ab":
        write_workbook(report, tmp_path / f"{name}.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").properties.created == datetime(2024, 7, 1)  # not the clock


def test_shares_and_missing_numbers_survive(report, tmp_path):
    values = [0.25, None, float("nan"), float("inf"), pd.NA]
    table = Table("t", (Column("s", "s", "share"),), pd.DataFrame({"s": pd.Series(values, dtype="object")}))
    write_workbook(replace(report, sections=(Section("x", "x", "y", (table,)),)), tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["x"]
    assert [(cell.value, cell.number_format) for cell in cells(sheet) if cell.data_type == "n"] == [(0.25, "0.0%")]


@given(st.lists(st.text(min_size=0, max_size=45), max_size=12))
def test_sheet_names_are_what_excel_allows(topics):
    names = sheet_names(topics)
    assert len({name.casefold() for name in names}) == len(topics)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") and name.strip("'") == name for name in names)


@pytest.mark.office
@pytest.mark.skipif(not shutil.which("soffice"), reason="no LibreOffice on this machine")
def test_libreoffice_opens_it_with_its_chinese_intact(report, tmp_path):
    write_workbook(report, tmp_path / "report.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "report.xlsx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    from pypdf import PdfReader

    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "report.pdf").pages)
    assert report.title in text.replace("\n", "")
