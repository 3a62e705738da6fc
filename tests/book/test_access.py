"""The export guard: personal values in any file that a run may publish."""

import base64
import json
import random
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pylopdf_fonts_zh_cn
import pytest
import typst
import xlsxwriter

from crmlib.book.access import COLUMNS, check_publishable, names_in_vault, scan_files
from crmlib.book.vault import seal_batch
from crmlib.errors import CheckError, DataError
from crmlib.home import Home
from crmlib.keys import SAMPLE_KEY

PHONE, MAIL, ID = "10012345678", "zhang@example.com", "990101190001011234"


def found(path: Path, **options) -> list[tuple[str, str]]:
    hits = scan_files(path, **options)
    assert list(hits.columns) == COLUMNS
    assert not hits["excerpt"].str.contains(f"{PHONE}|{MAIL}|{ID}", regex=True).any()  # a finding is not a leak
    return list(hits[["place", "kind"]].itertuples(index=False, name=None))


def write_pdf(path: Path, *lines: str) -> None:
    text = "\n\n".join(f"#text({json.dumps(line, ensure_ascii=False)})" for line in lines)
    source = path.with_suffix(".typ")
    source.write_text(f'#set text(font: "Noto Sans SC")\n{text}', encoding="utf-8")
    typst.compile(source, output=path, font_paths=[pylopdf_fonts_zh_cn.sans_path().parent])
    source.unlink()


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.csv", f"客户,电话\n甲,{PHONE}\n", "L2"),
        ("a.txt", f"联系 {PHONE}", "L1"),
        ("a.md", f"# 标题\n\n联系 {PHONE}", "L3"),
        ("a.json", f'{{"phone":\n "{PHONE}"}}', "L2"),
        ("a.toml", f"x = 1\nphone = {PHONE}", "L2"),
        ("a.ics", f"BEGIN\nSUMMARY:{PHONE}", "L2"),
        ("a.html", f"<p>甲</p>\n<td>{PHONE}</td>", "L2"),
        ("attribute.html", f"\n<td title='{PHONE}'>甲</td>", "L2"),
        ("entity.html", "<p>" + "".join(f"&#{ord(digit)};" for digit in PHONE) + "</p>", "L1"),
        ("script.html", f'<script>rows = [["{PHONE}"]]</script>', "L1"),
        ("a.svg", f"<svg><text>{PHONE}</text></svg>", "L1"),
    ],
)
def test_a_phone_is_found_in_text_whatever_the_format(tmp_path, name, text, place):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert found(tmp_path / name) == [(place, "phone")]


def test_every_kind_is_found_and_shown_masked(tmp_path):
    (tmp_path / "a.txt").write_text(f"甲 {PHONE} 010-80001234 {MAIL}，{ID}，微信：zhang_example", encoding="gb18030")
    hits = scan_files(tmp_path)
    assert hits["kind"].tolist() == ["phone", "landline", "email", "id_no", "im"]
    assert hits["file"].unique().tolist() == ["a.txt"]
    assert hits["excerpt"][2] == "10-****1234 z***@example.com，9901*******"


def test_a_file_name_is_searched_too(tmp_path):
    (tmp_path / f"张_{PHONE}.txt").write_text("无")
    (tmp_path / f"客户 {PHONE}.png").touch()
    assert found(tmp_path) == [("name", "phone")]


def test_workbooks_are_searched_in_cells_comments_headers_charts_and_properties(tmp_path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    book.set_properties({"author": MAIL})
    sheet, hidden = book.add_worksheet("汇总"), book.add_worksheet("隐藏")
    hidden.hide()
    sheet.write_string(2, 1, f"电话{PHONE}")
    sheet.write_number(3, 1, int(PHONE))
    hidden.write_rich_string(0, 27, "100", book.add_format({"bold": True}), "12345678")
    sheet.write_comment(0, 0, f"问 {PHONE}")
    sheet.set_header(f"&L{PHONE}")
    chart = book.add_chart({"type": "column"})
    chart.set_title({"name": f"图 {PHONE}"})
    chart.add_series({"values": "=汇总!$D$1:$D$2"})
    sheet.insert_chart("E2", chart)
    book.close()
    places = [place for place, _ in found(path)]
    assert {"汇总!B3", "汇总!B4", "隐藏!AB1"} <= set(places)
    for part in ("comments", "worksheets/sheet1", "charts/chart1", "docProps/core"):
        assert any(part in place for place in places), part
    assert sum("worksheets/sheet1" in place for place in places) == 1  # the header; a cell is told once, by its name


def test_a_pdf_is_searched_page_by_page(tmp_path):
    write_pdf(tmp_path / "a.pdf", "报告", f"联系电话 {PHONE}，邮箱 {MAIL}")
    assert found(tmp_path) == [("p.1", "phone"), ("p.1", "email")]


def test_a_notebook_is_searched_in_cells_and_outputs(tmp_path):
    picture = base64.b64encode(random.Random(1).randbytes(3000)).decode()
    cells = [
        {"cell_type": "markdown", "source": ["# 标题\n", f"{PHONE}"], "metadata": {}},
        {
            "cell_type": "code",
            "source": "rows",
            "metadata": {},
            "outputs": [
                {"data": {"text/html": [f"<td>{MAIL}</td>"], "image/png": picture}},
                {"output_type": "stream", "text": ["打印\n", PHONE]},
            ],
        },
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}))
    assert found(tmp_path) == [("[1] L2", "phone"), ("[2]> L1", "email"), ("[2]> L2", "phone")]


def test_a_table_is_searched_by_distinct_values_also_inside_lists(tmp_path):
    table = pa.table(
        {
            "note": ["无", f"打{PHONE}", f"打{PHONE}"],
            "number": pa.array([1, 2, int(PHONE)]),
            "amount": pa.array([1.0, 2.0, float(PHONE)]),
            "reasons": pa.array([[], [{"why": MAIL}], None]),
            "label": pa.array(["甲", "乙", ID]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert found(tmp_path) == [
        ("note[1]", "phone"), ("number[2]", "phone"), ("reasons[1]", "email"), ("label[2]", "id_no"),
    ]  # fmt: skip


def clean_rows(count: int) -> pd.DataFrame:
    draw = random.Random(5)
    return pd.DataFrame(
        {
            "customer_id": [f"K{n:06d}" for n in range(count)],
            "row_id": [f"{draw.getrandbits(80):020x}" for _ in range(count)],
            "name": [f"上海示例{n}科技有限公司" for n in range(count)],
            "contact": ["张*"] * count,
            "phone": [f"100****{n:04d}" for n in range(count)],
            "email": ["z***@example.com"] * count,
            "uscc": [f"91310000MA1FL{n:04d}N" for n in range(count)],
            "order_id": [f"SO2024{n:08d}" for n in range(count)],
            "amount_cny": [round(draw.random() * 1e8, 2) for _ in range(count)],
            "at": ["2024-06-30 14:30:00"] * count,
            "sha256": [f"{draw.getrandbits(256):064x}" for _ in range(count)],
        }
    )


def test_nothing_is_found_in_masks_codes_amounts_hashes_and_embedded_fonts(tmp_path):
    rows = clean_rows(400)
    rows.to_csv(tmp_path / "a.csv", index=False)
    rows.to_parquet(tmp_path / "a.parquet")
    rows.to_excel(tmp_path / "a.xlsx", index=False)
    font = base64.b64encode(random.Random(2).randbytes(200_000)).decode()
    page = f"<style>@font-face{{src:url(data:font/woff2;base64,{font})}}</style>{rows.to_html()}"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    (tmp_path / "manifest.json").write_text(rows.to_json(orient="records", force_ascii=True))
    write_pdf(tmp_path / "a.pdf", *rows.head(20).astype("str").agg(" ".join, axis=1))
    (tmp_path / "fig.png").write_bytes(random.Random(3).randbytes(5000))
    hits = scan_files(tmp_path)
    assert hits.to_dict("records") == []
    assert hits.attrs["skipped"] == ["fig.png"]
    check_publishable(tmp_path)


def test_known_names_are_found_where_they_stand_as_names(tmp_path):
    (tmp_path / "a.txt").write_text(
        "联系人：张三\n王小明反馈价格高\n张三丰收\n李四先生来电\nAnna Berg\n王*", encoding="utf-8"
    )
    known = {"张三", "王小明", "李四", "Anna Berg", "王*"}
    assert found(tmp_path, known_names=known) == [("L1", "name"), ("L2", "name"), ("L4", "name"), ("L5", "name")]
    assert found(tmp_path) == []
    assert scan_files(tmp_path, known_names=known)["excerpt"][1] == "王*反馈价格高"


def test_the_names_to_look_for_come_from_the_vault(tmp_path):
    home = Home(tmp_path)
    seal_batch(home, "1-0-rows", pa.table({"contacts.name": ["王小明", "张*", None]}), SAMPLE_KEY)
    seal_batch(home, "1-0-raw", pa.table({"电话": [PHONE]}), SAMPLE_KEY)
    assert names_in_vault(home, SAMPLE_KEY) == {"王小明"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_folder_with_personal_values_is_not_published(tmp_path, lang):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.csv").write_text("\n".join(f"甲,100{n:08d}" for n in range(12)), encoding="utf-8")
    with pytest.raises(CheckError) as caught:
        check_publishable(tmp_path)
    words = caught.value.message(lang)
    assert caught.value.exit_code == 2 and "12" in words
    assert "tables/a.csv L10" in words and "L11" not in words and "100****0009" in words


def test_a_file_that_cannot_be_searched_is_a_finding(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 broken")
    (tmp_path / "a.xlsx").write_bytes(b"PK broken")
    assert scan_files(tmp_path)["kind"].tolist() == ["unreadable", "unreadable"]
    with pytest.raises(CheckError, match=r"a\.pdf"):
        check_publishable(tmp_path)


def test_several_paths_are_searched_and_a_missing_one_is_told(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(PHONE)
    assert scan_files([tmp_path / "a.txt", str(tmp_path / "b.txt")])["file"].tolist() == ["a.txt", "b.txt"]
    with pytest.raises(DataError, match="gone"):
        scan_files(tmp_path / "gone")


def test_workbooks_of_other_writers_are_searched(tmp_path):
    book = openpyxl.Workbook()
    book.active["C7"] = f"=CONCATENATE({PHONE})"
    book.active["C8"] = MAIL
    book.save(tmp_path / "a.xlsx")
    assert ("Sheet!C8", "email") in found(tmp_path)
