"""Raw files are read whole: every physical row is in a table or set aside with a reason, and each file that is no table says so."""

import csv
import datetime as dt
import io
import os
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from benchmarks.files import outcome
from crmlib.errors import DataError
from crmlib.inputs import list_inputs
from crmlib.intake import delimited, read_file
from crmlib.intake.encodings import decode
from crmlib.intake.headings import find_heading
from crmlib.intake.workbooks import cell_text

RAW = Path(__file__).parents[1] / "raw_files"
REAL = Path(os.environ.get("CRM_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
real = pytest.mark.skipif(not REAL.exists(), reason="no real data here")

HEADER = ["客户编号", "客户名称", "备注"]


def write(path: Path, rows: list[list[str]], *, encoding: str = "utf-8", **dialect) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **dialect).writerows(rows)
    return path


def refusals(read) -> dict[int, str]:
    return dict(zip(read.refused["line"], read.refused["reason"], strict=True))


def balance(read) -> int:
    return sum(map(len, read.tables)) + len(read.refused)


@pytest.fixture
def workbook(tmp_path):
    """workbook(fill) → path of an .xlsx that `fill(book)` wrote."""

    def make(fill, name="book.xlsx") -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as book:
            fill(book)
        return path

    return make


# ── delimited text


def test_titles_totals_repeated_headers_and_remarks_are_set_aside_by_name():
    read = read_file(RAW / "title_totals_and_remarks.csv")
    (table,) = read.tables
    assert list(table["客户编号"]) == ["C001", "C002", "C003"]
    assert list(table.index) == [5, 6, 11]
    assert table.attrs["header_line"] == 4
    assert refusals(read) == {
        **{1: "TITLE", 2: "TITLE", 3: "BLANK", 4: "HEADER", 7: "TOTAL", 8: "BLANK", 9: "TITLE", 10: "REPEATED_HEADER"},
        **{12: "TOTAL", 13: "TOTAL", 14: "NOTE", 15: "NOTE"},
    }
    assert set(read.refused["kind"]) == {"not_data"}


def test_a_department_that_ends_like_a_total_is_no_total(tmp_path):
    rows = [HEADER, ["C001", "示例会计", "100"], ["C002", "设计", "5"], ["总计划部", "示例甲", "7"]]
    assert len(read_file(write(tmp_path / "a.csv", rows)).tables[0]) == 3


def test_a_row_with_more_cells_than_the_header_is_refused_and_one_with_fewer_is_filled_up():
    read = read_file(RAW / "row_has_extra_cells.csv")
    (table,) = read.tables
    assert refusals(read) == {1: "HEADER", 3: "EXTRA_CELLS"}
    assert read.refused["kind"].tolist() == ["not_data", "refused"]
    assert table.loc[4].tolist() == ["C003", "示例丙制造有限公司", "300"]
    assert pd.isna(table.loc[5, "金额"])
    assert [note.key for note in read.notes] == ["note.short_rows"]


def test_a_quote_that_never_closes_swallows_no_row():
    read = read_file(RAW / "quote_never_closes.csv")
    (table,) = read.tables
    assert list(table["客户编号"]) == ["C001", "C002", "C003", "C004", "C005"]
    assert table.loc[2, "备注"] == "多行\n备注，没有问题"
    assert [note.key for note in read.notes] == ["note.open_quote"]


def test_names_under_a_group_are_joined_with_it_only_where_needed():
    (table,) = read_file(RAW / "header_in_two_lines.csv").tables
    assert list(table.columns) == ["客户名称", "联系人姓名", "联系人电话", "名称", "开票信息-电话", "所属行业"]
    assert len(table) == 2


def test_a_preamble_above_the_header_is_no_group():
    rows = [
        ["报表导出人：", "李*", "", "", ""],
        ["考勤周期", "2023-03-01-2023-03-31", "", "", ""],
        ["", "", "领域", "平台", "人数"],
        ["", "", "甲", "乙", "9"],
    ]
    assert find_heading(rows).first == 2


ORDERS = [
    ["订单编号", "客户编号", "下单时间", "金额"],
    ["D1", "C001", "2024-05-01", "10"],
    ["D2", "C002", "2024-05-02", "20"],
]


@pytest.mark.parametrize("filling", [1, 21_000])
@pytest.mark.parametrize("between", [[[]], [["", "", "", ""], ["订单明细", "", "", ""]], [["", "", "", ""]]])
def test_tables_one_below_the_other_are_two_tables(tmp_path, between, filling):
    rows = [HEADER, *[[f"C{n}", "示例甲", "x"] for n in range(filling)], *between, *ORDERS]
    read = read_file(write(tmp_path / "a.csv", rows))
    customers, orders = read.tables
    assert customers.columns.tolist() == HEADER and len(customers) == filling
    assert orders.columns.tolist() == ORDERS[0] and orders.values.tolist() == ORDERS[1:]
    assert orders.attrs["header_line"] == 2 + filling + len(between)
    assert balance(read) == len(rows) and [note.key for note in read.notes] == ["note.stacked"]
    read = read_file(write(tmp_path / "b.csv", [*ORDERS, *between, [*HEADER, ""], ["C001", "示例甲", "x", ""]]))
    assert [len(table) for table in read.tables] == [2, 1]


def test_a_small_table_above_a_wide_one_is_no_title(tmp_path):
    wide = [
        ["订单编号", "客户编号", "客户名称", "下单时间", "金额", "备注"],
        ["D1", "C001", "示例甲", "2024-05-01", "10", "x"],
    ]
    small, large = read_file(
        write(tmp_path / "a.csv", [["客户编号", "客户名称"], ["C001", "示例甲"], [], *wide])
    ).tables
    assert (len(small), len(large)) == (1, 1) and large.columns.tolist() == wide[0]


def test_marks_that_guard_a_code_are_taken_off_and_said(tmp_path):
    (tmp_path / "a.csv").write_text(
        '客户编号,客户名称,备注\n="0001",\'s 店,\'10012345678\n"=""0002""",="",x\n', encoding="utf-8"
    )
    read = read_file(tmp_path / "a.csv")
    assert read.tables[0].fillna("").values.tolist() == [["0001", "'s 店", "10012345678"], ["0002", "", "x"]]
    assert [(note.key, note.blanks["names"]) for note in read.notes] == [("note.guarded", "客户编号、客户名称、备注")]


def test_words_no_dictionary_knows_begin_a_table_where_numbers_stand_below(tmp_path):
    rows = [*ORDERS, [], ["机台", "开机率", "班次数"], ["M1", "0.9", "3"], ["M2", "0.8", "2"]]
    assert [len(table) for table in read_file(write(tmp_path / "a.csv", rows)).tables] == [2, 2]


def test_a_blank_row_among_data_parts_nothing(tmp_path):
    rows = [HEADER, ["C001", "示例甲", "x"], [], ["C002", "示例乙", "客户"], [], HEADER, ["C003", "示例丙", ""]]
    (table,) = read_file(write(tmp_path / "a.csv", rows)).tables
    assert len(table) == 3
    form = [["客户名称：", "示例甲公司"], ["日期：", "2024-01-01"], [], *ORDERS]
    (table,) = read_file(write(tmp_path / "b.csv", form)).tables
    assert len(table) == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_ending_gives_the_same_rows(tmp_path, delimiter, ending):
    rows = [HEADER, ["C001", "示例甲", "我方:销售;客户:经理"], ["C002", "示例乙, 分店", ""], ["C003", "示|例", "a\tb"]]
    path = write(tmp_path / "a.txt", rows, delimiter=delimiter, lineterminator=ending)
    (table,) = read_file(path).tables
    assert table.astype(object).where(table.notna(), "").values.tolist() == rows[1:]


def test_equal_and_missing_names_stay_apart(tmp_path):
    read = read_file(write(tmp_path / "a.csv", [["编号", "备注", "", "备注", ""], ["1", "a", "b", "c", ""]]))
    assert list(read.tables[0].columns) == ["编号", "备注", "第3列", "备注·2"]
    assert {note.key for note in read.notes} == {"note.unnamed_column", "note.equal_headers"}


def test_a_million_blank_looking_cells_are_missing_not_empty(tmp_path):
    (table,) = read_file(write(tmp_path / "a.csv", [HEADER, ["C001", " ", "\u3000\u200b"], ["", "x", "0"]])).tables
    assert table.isna().values.tolist() == [[False, True, True], [True, False, False]]
    assert all(str(dtype) == "str" for dtype in table.dtypes)


CELLS = st.text(st.sampled_from('ab1甲，,;"\n\r\t|· 0'), max_size=6)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=12), st.sampled_from(",;\t|"))
def test_every_record_of_a_file_is_counted_once(rows, delimiter):
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.csv", [HEADER, *rows], delimiter=delimiter)
        with path.open(encoding="utf-8", newline="") as file:
            records = sum(1 for _ in csv.reader(file, delimiter=delimiter))
        read = read_file(path)
        assert balance(read) == records
        lines = [*read.refused["line"], *(line for table in read.tables for line in table.index)]
        assert len(set(lines)) == len(lines)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from('ab,;"\n\r甲1\t'), max_size=80))
def test_no_text_is_lost_or_raises_anything_but_a_refusal(text):
    lines = delimited.Lines(text)
    assert "".join(lines[at] for at in range(len(lines))) == text
    rows = list(delimited.read_delimited("h1,h2,h3\n" + text, file="a.csv").rows)
    starts = [line for line, _ in rows]
    assert starts == sorted(set(starts))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["a", "", " ", "合计", "12", "示例甲", "客户编号"]), min_size=3, max_size=3),
        max_size=9,
    )
)
def test_reading_at_once_and_row_by_row_agree(rows):
    from tempfile import TemporaryDirectory
    from unittest.mock import patch

    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.csv", [HEADER, *rows], quoting=csv.QUOTE_NONE, escapechar="\\")
        slow = read_file(path)
        with patch.object(delimited, "BULK_FROM", 0):
            fast = read_file(path)
    pd.testing.assert_frame_equal(fast.tables[0], slow.tables[0])
    pd.testing.assert_frame_equal(fast.refused, slow.refused)


@pytest.mark.parametrize(
    "text",
    ["00001  1 19970101  1  11.77\n00002  1 19970112  5\n\n", "00001,1,19970101,1,11.77\n00002,1,19970112,5\n,,,,\n"],
)
def test_the_columns_of_a_file_without_a_header_can_be_named(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(DataError) as caught:
        read_file(tmp_path / "a.txt")
    assert caught.value.key == "error.file_no_header" and "[sources." in caught.value.message("zh")
    read = read_file(tmp_path / "a.txt", header=["source_id", "_", "ordered_on", "quantity", "amount_cny"])
    (table,) = read.tables
    assert table.columns.tolist() == ["source_id", "第2列", "ordered_on", "quantity", "amount_cny"]
    assert table.fillna("").values.tolist() == [
        ["00001", "1", "19970101", "1", "11.77"],
        ["00002", "1", "19970112", "5", ""],
    ]
    assert table.index.tolist() == [1, 2] and table.attrs["header_line"] == 0 and refusals(read) == {3: "BLANK"}


# ── encodings


@pytest.mark.demand("B06")
@pytest.mark.parametrize("name", ["encoding_gb18030.csv", "encoding_utf8_bom.csv", "encoding_utf16.csv"])
def test_every_encoding_gives_the_same_rows(name):
    read = read_file(RAW / name)
    assert read.tables[0].iloc[0].tolist() == ["C001", "示例甲科技有限公司", "互联网", "重点客户"]
    assert list(read.tables[0].columns) == ["客户编号", "客户名称", "所属行业", "备注"]


def test_big5_is_told_from_gb18030_and_said():
    read = read_file(RAW / "encoding_big5.csv")
    assert read.tables[0].iloc[1, 1] == "示例乙貿易有限公司"
    assert read.tables[0].attrs["encoding"] == "cp950"
    assert read.notes[0].message("en") == "encoding_big5.csv: read as Big5"


HEADERS = [
    "姓名",
    "电话",
    "客户名称",
    "手机",
    "邮箱",
    "地址",
    "公司",
    "日期",
    "金额",
    "联系人",
    "城市",
    "编号",
    "订单",
    "行业",
    "职务",
]


@cache
def to_traditional() -> OpenCC:
    return OpenCC("s2t")


@given(st.lists(st.sampled_from(HEADERS), min_size=2, max_size=5, unique=True))
@settings(max_examples=40, deadline=None)
def test_a_header_alone_tells_the_two_chinese_encodings(words):

    simplified = ",".join(words)
    traditional = to_traditional().convert(simplified)
    assert decode(simplified.encode("gb18030"), file="a").text == simplified
    assert decode(traditional.encode("cp950"), file="a").text == traditional


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"", "utf-16-le"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_utf16_is_read_with_and_without_its_mark(mark, encoding):
    assert decode(mark + "id,name,city\n1,示例,上海\n".encode(encoding), file="a").text.startswith(
        "id,name,city\n1,示例"
    )


# ── what is no table


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("headers_destroyed.csv", "error.file_lossy_header"),
        ("encoding_latin1.csv", "error.file_encoding"),
        ("no_header.csv", "error.file_no_header"),
        ("picture.csv", "error.file_not_table"),
        ("prose.txt", "error.file_not_table"),
        ("web_page.html", "error.file_not_table"),
        ("workbook_cut_short.xlsx", "error.file_damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_both_languages(name, key):
    with pytest.raises(DataError) as caught:
        read_file(RAW / name)
    assert caught.value.key == key
    assert caught.value.message("zh").startswith(name)
    assert caught.value.message("en").startswith(name)


def test_missing_empty_and_unknown_files_are_refused(tmp_path):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "blank.csv").write_text("\n \n,,\n", encoding="utf-8")
    (tmp_path / "letter.docx").write_text("x", encoding="utf-8")
    (tmp_path / "junk.parquet").write_text("not parquet", encoding="utf-8")
    for name, key in (
        ("none.csv", "error.file_missing"),
        ("empty.csv", "error.file_empty"),
        ("blank.csv", "error.file_empty"),
        ("letter.docx", "error.file_suffix"),
        ("junk.parquet", "error.file_damaged"),
        ("", "error.file_is_folder"),
    ):
        with pytest.raises(DataError) as caught:
            read_file(tmp_path / name)
        assert caught.value.key == key


def test_a_list_of_one_column_is_a_table(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("客户名称\n示例甲科技有限公司\n示例乙，贸易\n", encoding="utf-8")
    assert len(read_file(path).tables[0]) == 2


# ── workbooks


def test_numbers_days_and_codes_of_a_sheet_become_the_text_one_sees():
    assert cell_text(7.0) == "7"
    assert cell_text(0.1 + 0.2) == "0.3"
    assert cell_text(-1234.5) == "-1234.5"
    assert cell_text(1e-7) == "0.0000001"
    assert cell_text(440301199001011.0) == "440301199001011"
    assert cell_text(4.40301199001011e17) == "4.40301199001011E+17"
    assert cell_text("000001") == "000001"
    assert cell_text(dt.date(2024, 4, 20)) == "2024-04-20"
    assert cell_text(dt.datetime(2024, 4, 20)) == "2024-04-20"
    assert cell_text(dt.datetime(2024, 4, 20, 14, 29, 59, 999_600)) == "2024-04-20 14:30:00"
    assert cell_text(dt.time(14, 30)) == "14:30:00"
    assert cell_text(dt.timedelta(hours=36, minutes=5)) == "36:05:00"
    assert cell_text(True) == "TRUE"
    assert cell_text("") is None


def test_every_sheet_is_read_and_a_hidden_one_is_said(workbook):
    def fill(book):
        for name in ("客户", "旧客户", "说明"):
            sheet = book.add_worksheet(name)
            if name == "说明":
                sheet.write(0, 0, "本表由各区域填写，每月五日前提交。如有疑问请联系总部。")
                continue
            sheet.write_row(1, 1, ["客户名称", "首次合作时间", "金额"])
            sheet.write_row(2, 1, [f"示例{name}公司"])
            sheet.write_datetime(2, 2, dt.datetime(2023, 3, 15), book.add_format({"num_format": "yyyy-mm-dd"}))
            sheet.write_number(2, 3, 50)
        book.get_worksheet_by_name("旧客户").hide()

    read = read_file(workbook(fill))
    assert [table.attrs["sheet"] for table in read.tables] == ["客户", "旧客户"]
    assert read.tables[1].loc[3].tolist() == ["示例旧客户公司", "2023-03-15", "50"]
    assert read.tables[0].attrs["header_line"] == 2
    assert [note.key for note in read.notes] == ["note.sheet_hidden", "note.sheet_no_table"]
    assert balance(read) == 3 + 3 + 1


def test_merged_cells_name_columns_and_a_merged_text_counts_for_each_row(workbook):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range("A1:D1", "客户联系表")
        sheet.merge_range("A2:A3", "客户名称")
        sheet.merge_range("B2:C2", "联系人")
        sheet.merge_range("D2:D3", "金额")
        sheet.write_row("B3", ["姓名", "电话"])
        sheet.merge_range("A4:A5", "示例甲科技有限公司")
        sheet.write_row("B4", ["张*", "10012345678"])
        sheet.write_row("B5", ["李*", "10012345679"])
        sheet.merge_range("D4:D5", 300)

    read = read_file(workbook(fill))
    (table,) = read.tables
    assert list(table.columns) == ["客户名称", "联系人姓名", "联系人电话", "金额"]
    assert table["客户名称"].tolist() == ["示例甲科技有限公司"] * 2
    assert table["金额"].tolist()[0] == "300" and pd.isna(table["金额"].iloc[1])
    assert refusals(read) == {1: "TITLE", 2: "HEADER", 3: "HEADER"}


def test_a_sheet_of_numbers_without_names_is_refused_row_by_row_beside_a_good_one(workbook):
    def fill(book):
        book.add_worksheet("数据").write_row(0, 0, ["客户名称", "金额"])
        book.get_worksheet_by_name("数据").write_row(1, 0, ["示例甲公司", 5])
        book.add_worksheet("附").write_row(0, 0, [1, 2, 3])

    read = read_file(workbook(fill))
    assert len(read.tables) == 1
    assert read.refused.loc[read.refused["sheet"] == "附", ["kind", "reason"]].values.tolist() == [
        ["refused", "NO_HEADER"]
    ]


def test_a_cell_typed_far_off_does_not_fill_the_memory(workbook):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(DataError) as caught:
        read_file(workbook(fill))
    assert caught.value.key == "error.file_stray_cell"
    assert "16384" in caught.value.message("en")


def test_a_file_is_read_by_what_it_is_not_by_its_name(workbook, tmp_path):
    path = workbook(lambda book: book.add_worksheet().write_row(0, 0, HEADER))
    renamed = path.rename(tmp_path / "book.csv")
    assert list(read_file(renamed).tables[0].columns) == HEADER
    text = write(tmp_path / "export.xls", [HEADER, ["C001", "示例甲", ""]], delimiter="\t", encoding="gb18030")
    assert [note.key for note in read_file(text).notes] == ["note.encoding", "note.other_content"]


# ── Parquet


def test_typed_columns_become_the_text_a_sheet_would_give(tmp_path):
    path = tmp_path / "a.parquet"
    moment = dt.datetime(2009, 12, 1, 7, 45)
    columns = {
        " CustomerID ": pa.array([13085.0, None, float("nan")]),
        "price": pa.array([1.25, None, 3.0]),
        "at": pa.array([moment, None, moment], pa.timestamp("us")),
        "zoned": pa.array([moment, None, moment], pa.timestamp("ms", "UTC")),
        "on": pa.array([dt.date(2024, 4, 20), None, None]),
        "kind": pa.array(["a", None, " "]).dictionary_encode(),
        "tags": pa.array([["甲"], None, []]),
        "nothing": pa.nulls(3),
    }
    pq.write_table(pa.table(columns), path)
    read = read_file(path)
    (table,) = read.tables
    assert table.loc[1].fillna("").tolist() == [
        *["13085", "1.25", "2009-12-01 07:45:00", "2009-12-01 15:45:00", "2024-04-20", "a", '["甲"]', ""],
    ]
    assert table.columns[0] == "CustomerID"
    assert list(table.index) == [1, 3] and refusals(read) == {2: "BLANK"}
    assert table.loc[3].isna().tolist() == [True, False, False, False, True, True, False, True]


def test_equal_names_in_parquet_stay_apart(tmp_path):
    columns = [pa.array([1, 2]), pa.array(["a", None]), pa.array([0.5, None])]
    pq.write_table(pa.Table.from_arrays(columns, names=["备注", "客户名称", "备注"]), tmp_path / "a.parquet")
    (table,) = read_file(tmp_path / "a.parquet").tables
    assert table.fillna("").to_dict("list") == {"备注": ["1", "2"], "客户名称": ["a", ""], "备注·2": ["0.5", ""]}


# ── privacy


def test_what_is_set_aside_shows_no_phone(tmp_path):
    rows = [HEADER, ["C001", "示例甲", "10012345678", "多一格"], ["C002", "示例乙", "zhang@example.com", "多一格"]]
    excerpts = " ".join(read_file(write(tmp_path / "a.csv", rows)).refused["excerpt"])
    assert "zhang@example.com" not in excerpts


def test_importing_the_wing_loads_no_table_library():
    import subprocess
    import sys

    code = "import sys, crmlib.intake; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# ── real data


@real
@pytest.mark.parametrize("path", sorted((REAL / "templates").glob("*.csv")), ids=lambda path: path.stem)
def test_the_source_templates_import(path):
    read = read_file(path)
    assert refusals(read) == {1: "HEADER"}
    assert balance(read) == len(list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))))


@real
@pytest.mark.slow
def test_each_hostile_file_is_read_whole_or_refused_with_a_reason():
    """Rows and rows set aside are as many as another count finds: see docs/files.md, which holds every file."""
    slow = ("large.ods", "wide.csv")
    found = {one.name: outcome(one) for one in list_inputs([REAL / "messy"]) if one.path.name not in slow}
    assert len(found) > 300
    assert {name: text for name, text in found.items() if "**" in text} == {}


@real
def test_a_million_rows_of_parquet_keep_their_customers_whole():
    read = read_file(REAL / "orders" / "online_retail_II.parquet")
    (table,) = read.tables
    assert balance(read) == 1_044_847
    assert not table["CustomerID"].str.contains(".", regex=False).any()
    assert table["InvoiceDate"].iloc[0] == "2009-12-01 07:45:00"


@real
@pytest.mark.parametrize(
    ("name", "told", "aside", "rows", "customers"),
    [
        ("CDNOW_sample", 'header = ["_", "source_id", "ordered_on", "quantity", "amount_cny"]', 0, 6919, 2357),
        ("CDNOW_master", 'columns = { number_of_cds = "quantity", dollar_value = "amount_cny" }', 1, 69659, 23570),
    ],
)
def test_the_cd_shops_orders_import_whole_once_their_columns_are_named(place, name, told, aside, rows, customers):
    from crmlib.book.batches import Sheet as kept_sheet
    from crmlib.book.importing import import_files
    from crmlib.labels import speaker
    from crmlib.settings import parse_settings

    known = parse_settings(f"[sources.{name}]\n{told}\ncurrency = 'USD'\n")
    imported = import_files(
        place, list_inputs([REAL / "orders" / f"{name}.txt"]), settings=known, origin="own", received_on=dt.date(2024, 7, 1),
        say=speaker("zh"), tell=lambda line: None,
    )  # fmt: skip
    (batch,) = imported.new
    assert (batch.physical, batch.sheets[0]["table"]) == (rows + aside, "orders")
    kept = kept_sheet(batch, 0).rows(place, imported.key)
    assert len(kept) == rows and not kept["quarantined"].any()
    assert kept["customers.source_id"].nunique() == customers


@real
def test_the_store_orders_and_listed_companies_keep_their_codes():
    (orders,) = read_file(REAL / "orders" / "超市.xls").tables
    assert len(orders) == 9935 and not any(name != name.strip() for name in orders.columns)
    (companies,) = read_file(REAL / "names" / "szse_A股列表.xlsx").tables
    assert len(companies) == 2880 and companies["A股代码"].iloc[0] == "000001"


def test_two_tables_of_one_file_are_both_imported_and_counted(intake):
    rows = [HEADER, ["C001", "示例甲科技有限公司", "x"], [], *ORDERS]
    built = intake({"月报.csv": "\n".join(",".join(row) for row in rows)})
    assert len(built.book.frame(built.book.table("orders"))) == 2
    assert built.book.manifest["balance"]["files"][0]["kinds"] == {"BLANK": 1, "HEADER": 2}
