import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.labels import speaker
from crmlib.report.blocks import Column, Figure, Metric, Table, Text, grouped
from crmlib.report.layout import HALF, WIDE, glue, lay_blocks, lay_out, tiles_across
from crmlib.report.numbers import Change

ZH, EN = speaker("zh"), speaker("en")


def figure(half):
    return Figure("f", "<svg/>", "alt", Table("t", (), pd.DataFrame()), half=half)


def test_neighbours_that_belong_together_stand_together():
    blocks = [
        Metric("a", 1),
        Metric("b", 2),
        Text("x", "finding"),
        Text("y", "finding"),
        Text("z"),
        *[figure(True)] * 3,
        figure(False),
    ]
    assert [(kind, len(members)) for kind, members in grouped(blocks)] == [
        ("metrics", 2), ("findings", 2), ("body", 1), ("pair", 2), ("figure", 1), ("figure", 1),
    ]  # fmt: skip


def test_no_line_breaks_between_a_number_and_its_unit():
    assert glue("占 15.0 %，共 36 家") == "占 15.0\u00a0%，共 36\u00a0家"


@given(st.text())
def test_glue_changes_no_word(text):
    assert glue(text).replace("\u00a0", " ") == text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("say", "number", "unit"), [(ZH, "123.5", "万元"), (EN, "1.23", "million CNY")], ids=["zh", "en"]
)  # fmt: skip
def test_a_metric_stands_with_its_number_apart_from_its_unit(say, number, unit):
    [laid] = lay_blocks((Metric("a", 1234567, "money", change=Change("+1.0 %", 1, False)),), say)
    assert (laid["blocks"][0]["number"], laid["blocks"][0]["unit"]) == (number, unit)
    assert laid["blocks"][0]["change"]["tone"] == "bad" and laid["blocks"][0]["change"]["mark"] == "▲"


def test_tiles_stand_in_full_rows_where_they_can():
    assert [tiles_across(n) for n in range(1, 11)] == [3, 3, 3, 4, 5, 3, 4, 4, 3, 5]


def test_a_missing_metric_is_a_dash():
    [laid] = lay_blocks((Metric("a", None, "money"),), ZH)
    assert (laid["blocks"][0]["number"], laid["blocks"][0]["unit"]) == ("—", "")


def test_paper_leaves_out_what_only_a_screen_has_room_for():
    columns = (Column("a", "a"), Column("b", "b", "id", paper=False))
    table = Table("t", columns, pd.DataFrame({"a": ["x"] * 50, "b": ["y"] * 50}))
    [screen], [paper] = lay_blocks((table,), ZH), lay_blocks((table,), ZH, paper=True)
    assert [len(one["blocks"][0]["columns"]) for one in (screen, paper)] == [2, 1]
    assert [len(one["blocks"][0]["rows"]) for one in (screen, paper)] == [50, 8]
    assert paper["blocks"][0]["total"] == 50 and "共 50\u00a0行，此处为前 # 行" in paper["blocks"][0]["cut"]


def test_the_head_of_a_column_of_money_names_the_unit_it_is_written_in():
    rows = pd.DataFrame({"small": [1_200, 8_000], "large": [1_200_000, 0]})
    table = Table("t", (Column("small", "欠款", "amount"), Column("large", "金额", "amount")), rows)
    [laid] = lay_blocks((table,), ZH)
    assert [column["title"] for column in laid["blocks"][0]["columns"]] == ["欠款（元）", "金额（万元）"]
    assert [cell["text"] for cell in laid["blocks"][0]["rows"][0]] == ["1,200", "120.0"]


def test_the_columns_on_paper_fill_the_page_and_break_no_word():
    long = "区间 70.8 % 至 81.2 %，均分 4.11，其余的月份样本不足，不作比较"
    rows = pd.DataFrame({name: [long] * 9 for name in "abcd"} | {"word": "Completeness", "n": 1_234_567})
    columns = tuple(Column(name, name) for name in ("a", "b", "c", "d", "word")) + (Column("n", "n", "int"),)
    [laid] = lay_blocks((Table("t", columns, rows),), ZH, paper=True)
    *wide, word, number = laid["blocks"][0]["widths"]
    assert sum(wide) + word + number == pytest.approx(WIDE)
    assert word >= 12 * HALF and number >= 9 * HALF and len(set(wide)) == 1 and wide[0] > word
    [short] = lay_blocks((Table("t", columns[-1:], rows),), ZH, paper=True)
    assert short["blocks"][0]["widths"][0] < 60  # a narrow table stays narrow


def test_the_first_table_stands_in_its_section_and_the_others_behind_it():
    def table(title, **own):
        return Table(title, (Column("a", "a"),), pd.DataFrame({"a": ["x"]}), **own)

    def behind(*tables):
        return [t["title"] for g in lay_blocks(tables, ZH) for t in g["blocks"] if t["appended"]]

    assert behind(table("a"), table("b"), table("c")) == ["b", "c"]
    assert behind(table("a", place="appendix"), table("b")) == ["a"]
    assert behind(table("a"), table("b", place="body"), table("c", anchor="a")) == []


def test_a_column_of_the_workbook_alone_is_on_no_page():
    columns = (Column("a", "a"), Column("sql", "sql", page=False, paper=False))
    table = Table("t", columns, pd.DataFrame({"a": ["x"], "sql": ["SELECT"]}))
    for paper in (False, True):
        [laid] = lay_blocks((table,), ZH, paper=paper)
        assert [column["title"] for column in laid["blocks"][0]["columns"]] == ["a"]


def test_a_finding_is_numbered_by_the_line_of_its_figure(report):
    laid = lay_out(report)
    first = next(group for group in laid["sections"][0]["groups"] if group["kind"] == "findings")
    table = next(
        g["blocks"][0] for g in laid["sections"][-1]["groups"] if g["kind"] == "table" and g["blocks"][0]["anchors"]
    )
    for ref in first["blocks"][0]["refs"]:
        assert table["anchors"][int(ref["no"]) - 1] == ref["id"]
        assert table["rows"][int(ref["no"]) - 1][0]["text"] == ref["no"]
