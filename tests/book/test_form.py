"""A form that people fill in: what they began is never written over, and a cell is known by its header wherever it stands."""

from datetime import datetime

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.book.form import Column, Page, Row, code_of, is_filling, leave_form, read_form, write_form
from crmlib.book.ledger import append_lines
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.inputs import Input
from crmlib.labels import Say, speaker
from crmlib.returned import sheet_kind

ZH = speaker("zh")


def heads(say: Say) -> dict[str, str]:
    return {one: say(f"todo.{one}") for one in ("decision", "remark", "strength")}


def pages(*texts: str) -> list[Page]:
    columns = [Column("决定", look="fill", choices=("同一客户", "不确定")), Column("文件名"), Column("强度")]
    return [Page("待审核", columns, [(f"k{n}", ["", text, 0.85]) for n, text in enumerate(texts)])]


@pytest.fixture
def path(place):
    assert leave_form(place, place.todo / "a.xlsx", "review", pages("甲", "乙"), say=ZH, done="写好") == "写好"
    return place.todo / "a.xlsx"


def change(path, **cells: str | None) -> None:
    book = openpyxl.load_workbook(path)
    for cell, text in cells.items():
        book.worksheets[0][cell] = text
    book.save(path)


def rows(path) -> list[Row]:
    return list(read_form(path, "review", heads=heads, file=path.name))


def leave(place, path) -> str:
    return leave_form(place, path, "review", pages("丙"), say=ZH, done="写好")


def test_what_was_written_comes_back_with_its_key_and_its_place(path):
    change(path, B3="同一客户")
    first, second = rows(path)
    assert (first.key, first["decision"], first["文件名"], first["strength"]) == ("k0", "", "甲", "0.85")
    assert (second.key, second["decision"], second.place("decision")) == ("k1", "同一客户", "待审核!B3")
    assert second.place("decision", "strength") == "待审核!B3:D3" and second.place() == "待审核!3"
    assert sheet_kind(path) == "review"


def test_an_untouched_form_is_written_anew_even_when_a_program_saved_it(place, path):
    change(path)
    assert leave(place, path) == "写好" and [row["文件名"] for row in rows(path)] == ["丙"]


@pytest.mark.parametrize("cells", [{"B2": "不确定"}, {"C3": "别的"}, {"E2": "一列自己的"}, {"C3": None}])
def test_a_form_that_somebody_began_to_fill_in_is_left_until_it_was_taken(place, path, cells):
    change(path, **cells)
    before = path.read_bytes()
    assert "未覆盖" in leave(place, path) and path.read_bytes() == before
    taken = Input(path, path.name, "").sha256()
    append_lines(place, "entry", [{"source": taken}], who="周示例", at=datetime(2024, 7, 1))
    assert leave(place, path) == "写好"


def test_a_form_of_an_older_kit_is_written_anew_unless_somebody_saved_it(place, path):
    for saved in (False, True):
        with xlsxwriter.Workbook(str(path)) as book:
            book.set_properties({"created": datetime(2024, 6, 1)})
            book.add_worksheet().write_row(0, 0, ["#crm:review", "决定"])
        if saved:
            change(path, B2="同一客户")
        assert ("未覆盖" in leave(place, path)) == saved


def test_a_form_that_is_open_in_a_program_is_left_alone(place, path):
    (path.parent / "~$a.xlsx").touch()
    assert "未覆盖" in leave(place, path)


def test_what_is_no_workbook_any_more_is_left_alone(place, path):
    path.write_bytes(b"PK half a file")
    assert "未覆盖" in leave(place, path)


def test_columns_may_be_put_in_and_moved_but_not_taken_out(path):
    change(path, B3="同一客户")
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    page.move_range("B1:B3", cols=5)
    book.save(path)
    assert rows(path)[1]["decision"] == "同一客户" and rows(path)[1].place("decision") == "待审核!G3"
    change(path, G1="我的决定")
    with pytest.raises(DataError, match="没有「决定 / decision」"):
        rows(path)[1]["decision"]


def test_a_long_list_of_choices_stands_on_a_hidden_page(tmp_path):
    many = tuple(f"第{n}种很长的选项名称" for n in range(60))
    write_form(tmp_path / "a.xlsx", "review", [Page("甲:乙", [Column("决定", choices=many)], [])], say=ZH)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert (
        book.sheetnames == ["甲乙", "_1"] and book["_1"].sheet_state == "hidden" and book["_1"]["A60"].value == many[-1]
    )
    assert book["甲乙"].data_validations.dataValidation[0].formula1 == "_1!$A$1:$A$60"
    assert rows(tmp_path / "a.xlsx") == []


def test_a_form_with_nothing_to_fill_in_is_still_known_as_one_of_ours(tmp_path):
    write_form(tmp_path / "a.xlsx", "review", [], say=ZH)
    assert sheet_kind(tmp_path / "a.xlsx") == "review" and rows(tmp_path / "a.xlsx") == []


@settings(max_examples=6)
@given(texts=st.lists(st.text(max_size=12), min_size=9, max_size=12))
def test_whatever_stands_in_a_form_it_is_untouched_until_it_is_touched(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("form") / "a.xlsx"
    write_form(path, "review", pages(*texts, "x" * 40_000), say=ZH)
    assert not is_filling(Home(path.parent), path, "review")


def test_a_word_is_known_in_either_language_whatever_its_width_and_blanks():
    said = ["同一客户", " same", "ＳＡＭＥ", "不 确定", "也许", ""]
    assert [code_of(one, "todo.", ("same", "unsure")) for one in said] == ["same", "same", "same", "unsure", None, None]
