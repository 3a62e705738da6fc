import re
from dataclasses import replace

import pandas as pd
import pytest
from pypdf import PdfReader

from crmlib.report.blocks import Column, Figure, Metric, Section, Table, Text
from crmlib.report.pdf import render_pdf, write_pdf
from crmlib.report.sections import build_report


def read(pdf, tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    return PdfReader(path)


def text_of(page):
    return re.sub(r"\s", "", page.extract_text())


@pytest.fixture(scope="module")
def pdf(report):
    return render_pdf(report)


@pytest.mark.demand("K03")
def test_chinese_can_be_selected_and_searched_in_charts_too(pdf, tmp_path):
    text = "".join(text_of(page) for page in read(pdf, tmp_path).pages)
    assert "客户运营分析报告" in text and "示例贸易有限公司" in text
    assert "软件和信息技术服务业" in text and "60（25.0%）" in text


def test_page_one_is_the_whole_summary(pdf, report, tmp_path):
    first = text_of(read(pdf, tmp_path).pages[0])
    for block in report.sections[0].blocks:
        if isinstance(block, Text):
            assert re.sub(r"\s", "", block.text) in first
    assert "2024-07-15" in first and "第1页" in first and "2024-06-1a2b3c4d" in first
    assert "目录" not in first


def test_a_summary_that_is_too_full_still_stays_on_page_one(make_data, only, tmp_path):
    notes = tuple(f"第 {i} 份文件没有写明币种，按人民币计算。" for i in range(9))
    pages = read(render_pdf(build_report(make_data(notes=notes, settings=only("summary", "health")))), tmp_path).pages
    assert "2024-07-15" in text_of(pages[0]) and "目录" in text_of(pages[1])


def test_every_section_is_a_bookmark_and_no_heading_ends_a_page(pdf, report, tmp_path):
    reader = read(pdf, tmp_path)
    assert [re.sub(r"\s", " ", one.title) for one in reader.outline] == [
        *(section.title for section in report.sections),
        "附表",
    ]
    titles = {re.sub(r"\s", "", section.title) for section in report.sections}
    for page in reader.pages:
        lines = [line for line in page.extract_text().splitlines() if line.strip()]
        assert re.sub(r"\s", "", lines[-2]) not in titles  # the last line is the footer


def test_a_section_begins_with_its_tiles_and_its_first_picture_on_one_page(pdf, report, tmp_path):
    pages = [text_of(page) for page in read(pdf, tmp_path).pages]
    for section in report.sections[1:]:
        title = re.sub(r"\s", "", section.title)
        page = [text for text in pages[1:] if title in text][-1]  # the contents name it too
        begun = page[page.rindex(title) :]
        first = next((b for b in section.blocks if isinstance(b, Figure)), None)
        for block in [b for b in section.blocks if isinstance(b, Metric)] + [first] * bool(first):
            assert re.sub(r"\s", "", getattr(block, "label", "") or block.title) in begun, (section.id, block)


def test_a_long_table_is_cut_in_its_section_and_says_where_the_rest_is(report, tmp_path):
    rows = pd.DataFrame({"name": [f"客户{i}" for i in range(120)]})
    tables = [Table(title, (Column("name", "名称"),), rows) for title in ("正文的表", "后面的表")]
    pages = [
        text_of(p)
        for p in read(render_pdf(replace(report, sections=(Section("x", "x", "y", tuple(tables)),))), tmp_path).pages
    ]
    assert (
        "正文的表" in pages[0]
        and "共120行，此处为前8行，其余见report.xlsx" in pages[0]
        and "另见附表：附表1" in pages[0]
    )
    assert len(pages) == 2 and "附表1后面的表" in pages[1] and "客户8" not in "".join(pages).replace("客户80", "")


def test_a_long_table_repeats_its_header_with_the_title_on_top(report, tmp_path):
    rows = pd.DataFrame({"name": [f"客户{i}" for i in range(120)], "n": range(120)})
    table = Table("长表标题", (Column("name", "表头名称"), Column("n", "表头数量", "int")), rows, on_paper=120)
    pages = [
        text_of(p)
        for p in read(render_pdf(replace(report, sections=(Section("x", "x", "y", (table,)),))), tmp_path).pages
    ]
    with_rows = [page for page in pages if "客户" in page.replace("客户运营", "")]
    assert len(with_rows) >= 3 and all("表头名称" in page for page in with_rows)
    assert [("长表标题" in page) for page in with_rows] == [True] + [False] * (len(with_rows) - 1)


def test_two_renderings_are_the_same_bytes_and_small(report, pdf, tmp_path):
    write_pdf(report, tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == pdf
    assert len(pdf) < 1_500_000


def test_what_a_value_says_is_never_markup(report, tmp_path):
    attack = '#panic("x") *b* _i_ $x$ <label> @ref `c` #read("report.typ") 🙂'
    rows = pd.DataFrame({"a": [attack]})
    table = Table(attack, (Column("a", attack),), rows, anchor="a")
    hostile = replace(
        report, title=attack, sections=(Section("x", attack, attack, (Text(attack, "finding", (attack,)), table)),)
    )
    text = "".join(text_of(page) for page in read(render_pdf(hostile), tmp_path).pages)
    assert text.count(re.sub(r"\s", "", attack.replace("🙂", "〓"))) >= 4


def test_a_report_of_one_section_is_one_page(make_data, only, tmp_path):
    pdf = render_pdf(build_report(make_data(settings=only("summary"))))
    assert len(read(pdf, tmp_path).pages) == 1


def test_english_renders_on_one_first_page(english, tmp_path):
    pages = read(render_pdf(english), tmp_path).pages
    assert "Page1of" in text_of(pages[0]) and "Whattodo" in text_of(pages[0]) and "Contents" in text_of(pages[1])


def test_no_row_is_torn_between_two_pages(report, tmp_path):
    long = "很长的一段原因，说明为什么这家客户需要联系；" * 12
    rows = pd.DataFrame({"why": [long + f"第{i}行完" for i in range(30)]})
    table = Table("t", (Column("why", "原因"),), rows)
    hostile = replace(report, sections=(Section("x", "x", "y", (table,)),))
    for page in read(render_pdf(hostile), tmp_path).pages:
        text = text_of(page)
        assert text.count("很长的一段原因") % 12 == 0
