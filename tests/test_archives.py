"""Zip files: each member is a file by its right name; what is locked, nested or swollen is refused before it is unpacked."""

import zipfile
from datetime import date
from pathlib import Path

import pytest

from crmlib.archives import list_members
from crmlib.book.importing import import_files
from crmlib.errors import DataError
from crmlib.inputs import list_inputs, list_others
from crmlib.intake import read_file
from crmlib.labels import speaker
from crmlib.settings import parse_settings

CUSTOMERS = "客户编号,客户名称\nC001,示例甲科技有限公司\nC002,示例乙贸易有限公司\n".encode()


def pack(path: Path, members: dict[str, bytes], **how) -> Path:
    with zipfile.ZipFile(path, "w", **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    """The bytes of a name or flag as another program would have written them."""
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new))
    return path


def take(home, inputs):
    told: list[str] = []
    imported = import_files(
        home, inputs, settings=parse_settings(), origin="own", received_on=date(2024, 7, 1), say=speaker("zh"),
        tell=told.append,
    )  # fmt: skip
    return imported, told


def why(path: Path) -> DataError:
    (one,) = list_inputs([path])
    with pytest.raises(DataError) as caught, one.opened() as opened:
        read_file(opened, name=one.name)
    assert caught.value.message("zh").startswith(path.name) and caught.value.message("en").startswith(path.name)
    return caught.value


def test_every_member_is_an_input_of_its_own_and_what_is_no_table_is_passed_over(place, tmp_path):
    place.inbox.mkdir(parents=True)
    pack(
        place.inbox / "导出.zip",
        {
            "orders/客户.csv": CUSTOMERS, "readme.txt": "请先看这里。\n谢谢！".encode(), "门头.png": b"\x89PNG",
            "__MACOSX/orders/._客户.csv": b"x", "../.hidden.csv": b"x", "empty/": b"",
        },
    )  # fmt: skip
    (place.inbox / "合同.docx").write_text("x")
    inputs = list_inputs([place.inbox])
    assert [(one.name, one.system) for one in inputs] == [
        ("导出.zip/orders/客户.csv", "inbox"), ("导出.zip/readme.txt", "inbox"), ("导出.zip/门头.png", "inbox"),
    ]  # fmt: skip
    assert list_others([place.inbox]) == ["合同.docx"]
    imported, told = take(place, inputs)
    assert [(batch.file, batch.physical) for batch in imported.new] == [("导出.zip/orders/客户.csv", 3)]
    assert [line for line in told if "未读取" in line] == [
        "导出.zip/readme.txt → 不是表格，未读取", "导出.zip/门头.png → 不是表格，未读取",
    ]  # fmt: skip


def test_the_same_member_is_seen_again_in_another_pack_of_the_same_name(place, tmp_path):
    for level in (1, 9):
        path = pack(tmp_path / "a.zip", {"c.csv": CUSTOMERS}, compression=zipfile.ZIP_DEFLATED, compresslevel=level)
        imported, _ = take(place, list_inputs([path]))
    assert (len(imported.new), len(imported.seen)) == (0, 1)


def test_names_that_a_chinese_program_wrote_are_read_as_meant(tmp_path):
    path = pack(tmp_path / "a.zip", {"ABCDEFGH.csv": CUSTOMERS})
    patched(path, b"ABCDEFGH", "客户资料".encode("gbk"))
    assert list(list_members(path, file="a.zip")) == ["客户资料.csv"]
    patched(path, "客户资料".encode("gbk"), "客户".encode() + b"ab")  # a Mac writes UTF-8 and does not say so
    assert list(list_members(path, file="a.zip")) == ["客户ab.csv"]


def test_equal_names_stay_apart(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/a.csv", CUSTOMERS)
        archive.writestr("x/a.csv", CUSTOMERS + b"C003,\n")
    first, second = list_inputs([tmp_path / "a.zip"])
    assert (first.name, second.name) == ("a.zip/x/a.csv", "a.zip/x/a·2.csv")
    assert first.sha256() != second.sha256()


def test_a_zip_inside_a_zip_is_refused(tmp_path):
    inner = pack(tmp_path / "inner.zip", {"a.csv": CUSTOMERS})
    path = pack(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes()})
    assert why(path).key == "error.archive_nested"


def test_a_locked_zip_is_refused(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.csv": CUSTOMERS})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert why(path).key == "error.archive_encrypted"
    assert list_inputs([path])[0].member is None  # refused as a whole, not member by member


def test_a_damaged_zip_is_refused(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.csv": CUSTOMERS})
    patched(path, CUSTOMERS[-9:], b"012345678")
    assert why(path).key == "error.file_damaged"
    path.write_bytes(path.read_bytes()[:60])
    assert why(path).key == "error.file_damaged"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    zeros = bytes(60 << 20)
    path = pack(tmp_path / "a.zip", {"a.csv": zeros}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert why(path).key == "error.archive_bomb"
    path = pack(tmp_path / "b.zip", {f"{n}.csv": b"" for n in range(5_001)})
    assert why(path).key == "error.archive_members"


def test_a_zip_is_no_single_file_but_a_workbook_under_that_name_is(tmp_path):
    import xlsxwriter

    with pytest.raises(DataError) as caught:
        read_file(pack(tmp_path / "a.zip", {"a.csv": CUSTOMERS}))
    assert caught.value.key == "error.file_is_archive"
    with xlsxwriter.Workbook(tmp_path / "b.zip") as book:
        book.add_worksheet().write_row(0, 0, ["客户编号", "客户名称"])
    (one,) = list_inputs([tmp_path / "b.zip"])
    assert one.member is None and len(read_file(one.path).tables) == 1
