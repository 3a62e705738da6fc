"""What a workbook hides or fails to say is said: error cells, formulas never calculated, hidden lines; a hostile one is refused."""

import os
import shutil
import struct
import subprocess
import sys
import zipfile
from datetime import date

import openpyxl
import pytest
import xlsxwriter

from crmlib.intake import map_headers, read_file, standardise
from crmlib.intake.biff import read_records

HEADER = ["客户编号", "客户名称", "年营收", "备注"]


def test_an_error_is_a_reason_at_its_cell_and_never_a_blank(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row("B3", HEADER)
        sheet.write_row("B4", ["C001", "示例甲科技有限公司"])
        sheet.write_formula("D4", "=1/0", None, "#DIV/0!")
        sheet.write_row("B5", ["C002", "示例乙贸易有限公司"])
        sheet.write_formula("E5", "=NA()", None, "#N/A")
    (raw,) = read_file(tmp_path / "a.xlsx").tables
    assert raw.fillna("").values.tolist() == [
        ["C001", "示例甲科技有限公司", "#DIV/0!", ""], ["C002", "示例乙贸易有限公司", "", "#N/A"],
    ]  # fmt: skip
    done = standardise(raw, map_headers(raw), received_on=date(2024, 7, 1))
    told = done.issues[["line", "field", "value", "reason"]]
    assert told.values.tolist() == [
        [4, "annual_revenue_cny", "#DIV/0!", "ERROR_CELL"],
        [5, "note", "#N/A", "ERROR_CELL"],
    ]
    assert done.rows["customers.annual_revenue_cny"].isna().all()


def test_a_formula_that_was_never_calculated_is_said_with_its_place(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADER[:3])
    book.active.append(["C001", "示例甲科技有限公司", "=1+1"])
    book.save(tmp_path / "a.xlsx")
    read = read_file(tmp_path / "a.xlsx")
    assert read.tables[0].loc[2, "年营收"] == "#FORMULA!"
    (note,) = read.notes
    assert note.key == "note.not_calculated" and note.blanks["places"] == "C2"


def test_hidden_rows_and_columns_are_read_and_said(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for row in (1, 2, 3):
            sheet.write_row(row, 0, [f"C{row}", "示例甲", row, "x"])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(2, 3, None, None, {"hidden": True})
    read = read_file(tmp_path / "a.xlsx")
    assert read.tables[0].shape == (3, 4)
    (note,) = read.notes
    assert (note.key, note.blanks["rows"], note.blanks["columns"]) == ("note.hidden_lines", 1, 2)


def test_the_records_of_an_xls_tell_its_errors_and_hidden_lines(tmp_path):
    """A stream as it stands inside an .xls."""

    def record(kind, *parts):
        body = b"".join(parts)
        return struct.pack("<HH", kind, len(body)) + body

    begin, end = record(0x809, bytes(16)), record(10)
    globals_ = begin + record(0x85, struct.pack("<IBB", 0, 0, 0), b"\1\0a") + end
    offset = struct.pack("<I", len(globals_))
    globals_ = globals_.replace(record(0x85, bytes(6), b"\1\0a"), record(0x85, offset, bytes(2), b"\1\0a"))
    sheet = [
        record(0x205, struct.pack("<HHHBB", 3, 1, 0, 42, 1)),
        record(0x205, struct.pack("<HHHBB", 3, 2, 0, 1, 0)),  # TRUE
        record(0x6, struct.pack("<HHH", 4, 2, 0), bytes([2, 0, 7, 0, 0, 0, 255, 255]), bytes(8)),
        record(0x208, bytes(12), struct.pack("<I", 0x20)),
        record(0x7D, struct.pack("<HHHHH", 2, 3, 0, 0, 1)),
        begin + record(0x205, struct.pack("<HHHBB", 9, 9, 0, 42, 1)) + end,  # a chart's own
    ]
    (tmp_path / "a.xls").write_bytes(globals_ + begin + b"".join(sheet) + end)
    (marks,) = read_records(tmp_path / "a.xls")
    assert marks.errors == {(3, 1): "#N/A", (4, 2): "#DIV/0!"}
    assert (marks.hidden_rows, marks.hidden_columns) == (1, 2)


@pytest.mark.office
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not here")
def test_an_xls_and_an_ods_of_libreoffice_say_their_errors_and_hidden_lines(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("客户")
        sheet.write_row("B3", HEADER)
        sheet.write_row("B4", ["C001", "示例甲科技有限公司"])
        sheet.write_formula("D4", "=1/0", None, "#DIV/0!")
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_column("E:E", None, None, {"hidden": True})
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    for kind in ("xls", "ods"):
        command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", tmp_path, tmp_path / "a.xlsx"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        read = read_file(tmp_path / f"a.{kind}")
        assert read.tables[0].fillna("").values.tolist() == [["C001", "示例甲科技有限公司", "#DIV/0!", ""]]
        (note,) = read.notes
        assert (note.key, note.blanks["rows"], note.blanks["columns"]) == ("note.hidden_lines", 1, 1)


# ── hostile files, each read by a process of its own that may not use more than a gigabyte

SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
)
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from crmlib.errors import DataError
from crmlib.intake import read_file
for path in sys.argv[1:]:
    try:
        print(sum(map(len, read_file(path).tables)))
    except DataError as error:
        assert error.message("zh") and error.message("en")
        print(error.key)
"""


def swapped(path, source, name, content, says=None):
    """The workbook with one part replaced, whose size its table of contents may lie about."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            new.writestr(one, content if one == name else old.read(one))
        new.getinfo(name).file_size = says or len(content)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with xlsxwriter.Workbook(folder / "good.xlsx") as book:
        book.add_worksheet().write_row(0, 0, HEADER)
        book.worksheets()[0].write_row(1, 0, ["C001", "示例甲", 1, "x"])
    sheet, texts = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>客户名称</t></is></c></row><row r="2"><c r="{}2" t="inlineStr"><is><t>x</t></is></c></row>'
    named = {
        "says_far.xlsx": '<dimension ref="A1:XFD1048576"/><sheetData>' + rows.format("A") + "</sheetData>",
        "stray.xlsx": [
            "<sheetData>" + rows.format("A").replace("2", "1048576").replace("A1048576", "XFD1048576") + "</sheetData>"
        ],
        "says_near.xlsx": '<dimension ref="A1:B2"/><sheetData>' + rows.format("ZZZZZ") + "</sheetData>",
    }
    made = {
        name: swapped(folder / name, folder / "good.xlsx", sheet, SHEET.format(body).encode())
        for name, body in named.items()
    }
    made["bomb.xlsx"] = swapped(folder / "bomb.xlsx", folder / "good.xlsx", sheet, b" " * (60 << 20))
    made["texts.xlsx"] = swapped(folder / "texts.xlsx", folder / "good.xlsx", texts, os.urandom(3 << 20), 400 << 20)
    wide = folder / "wide.csv"
    wide.write_text(",".join(f"c{n}" for n in range(1_000_000)) + "\n1,2\n", encoding="utf-8")
    return made | {"wide.csv": wide, "good.xlsx": folder / "good.xlsx"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_no_file_can_make_the_kit_take_a_gigabyte(hostile):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, hostile.values())], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert dict(zip(hostile, done.stdout.split(), strict=True)) == {
        "says_far.xlsx": "1", "stray.xlsx": "error.file_stray_cell", "says_near.xlsx": "error.file_stray_cell",
        "bomb.xlsx": "error.archive_bomb", "texts.xlsx": "error.file_texts", "wide.csv": "error.file_too_wide",
        "good.xlsx": "1",
    }  # fmt: skip
