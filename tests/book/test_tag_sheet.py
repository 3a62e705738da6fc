"""The sheet of tags: proposals apply only when approved, own tags are added and taken off, and a sheet in use is left alone."""

from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest

from crmlib.book.ledger import read_lines, undo_line
from crmlib.book.shelf import open_book
from crmlib.book.tag_sheet import FILE, leave_tag_sheet, tag_entries
from crmlib.insight.tag_review import join_tags, read_own_tags
from crmlib.labels import speaker

AS_OF = date(2024, 7, 1)
SHEET = "客户编号,客户名称,客户标签\nC1,上海示例科技有限公司,新客户\nC2,北京样例贸易有限公司,\n"


@pytest.fixture
def left(intake, place):
    """A sheet with two proposals in the todo folder of a book of two customers."""
    book = intake({"客户.csv": SHEET}).book
    known = book.frame(book.table("customers")).set_index("source_id")["customer_id"]
    proposals = pd.DataFrame(
        [
            (known["C1"], "上海示例科技有限公司", "新客户", "长期合作", "orders_12m = 5", AS_OF),
            (known["C2"], "北京样例贸易有限公司", "", "需求升级", "needs_grown = 1", AS_OF),
        ],
        columns=["customer_id", "name", "of", "to", "why", "on"],
    )
    told = leave_tag_sheet(place, proposals, as_of=AS_OF, say=speaker("zh"))
    assert "2 条" in told and FILE in told
    return place.todo / FILE, proposals


def fill(path, target, **cells) -> None:
    """Cells of both pages by name: proposals_B2, own_B2 …"""
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        page, cell = place.split("_")
        book.worksheets[{"proposals": 0, "own": 1}[page]][cell] = value
    book.properties.lastModifiedBy = "周示例"
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)


def standing(home) -> set[tuple]:
    imported, entries = read_own_tags(open_book(home).tables)
    tags = join_tags(pd.DataFrame(), imported, entries, as_of=AS_OF)
    return {(row.value, row.origin, pd.isna(row.valid_to)) for row in tags.itertuples()}


@pytest.mark.demand("D20")
def test_a_proposal_holds_once_approved_and_one_turned_down_never(left, intake, place):
    path, _ = left
    assert standing(place) == {("新客户", "import", True)}
    fill(path, place.inbox / "标签.xlsx", proposals_B2="同意", proposals_B3="不同意", proposals_C3="只是试用")
    intake({})
    assert standing(place) == {("新客户", "import", False), ("长期合作", "manual", True)}
    lines = read_lines(place, "entry")
    assert [(one.subject["tag"]["act"], one.who, one.why) for one in lines] == [
        ("end", "周示例", ""), ("add", "周示例", ""), ("reject", "周示例", "只是试用"),
    ]  # fmt: skip
    intake({})  # the same sheet again says nothing new
    assert len(read_lines(place, "entry")) == 3


@pytest.mark.demand("D16")
def test_tags_of_ones_own_are_written_down_by_name_or_id_and_taken_off_again(left, intake, place):
    path, _ = left
    fill(
        path, place.inbox / "标签.xlsx",
        own_B2="北京样例贸易有限公司", own_C2="状态", own_D2="服务-专人",
        own_B3="上海示例科技有限公司", own_D3="新客户", own_E3="去掉",
        own_B4="没有这家", own_D4="x", own_B5="C1", own_C5="没有这类", own_D5="x",
    )  # fmt: skip
    said: list[str] = []
    from crmlib.book.importing import import_files
    from crmlib.inputs import list_inputs
    from crmlib.settings import load_settings

    import_files(
        place,
        list_inputs([place.inbox]),
        settings=load_settings(place),
        origin="own",
        received_on=AS_OF,
        say=speaker("zh"),
        tell=said.append,
    )
    intake({})
    assert standing(place) == {("新客户", "import", False), ("服务-专人", "manual", True)}
    assert any("手工标签!B4" in line and "手工标签!C5:E5" in line for line in said)
    undo_line(place, read_lines(place, "entry")[0].id, who="周示例", at=datetime(2024, 7, 2))
    assert "服务-专人" not in set(tag_entries(place)["value"])


def test_a_sheet_that_somebody_is_filling_in_is_left_alone(left, place):
    path, proposals = left
    assert "2 条" in leave_tag_sheet(place, proposals, as_of=AS_OF, say=speaker("zh"))  # untouched: written anew
    fill(path, path, proposals_B2="同意")
    before = path.read_bytes()
    assert "未覆盖" in leave_tag_sheet(place, proposals.head(1), as_of=AS_OF, say=speaker("zh"))
    assert path.read_bytes() == before


def test_an_id_that_was_merged_leads_to_the_one_that_lives(place):
    from crmlib.book.tag_sheet import TagEntry, add_tags

    add_tags(place, [TagEntry("K000009", "custom", "VIP", "add", AS_OF)], who="周示例", at=datetime(2024, 7, 1))
    aliases = pd.DataFrame({"alias_id": ["K000009"], "customer_id": ["K000001"]})
    assert tag_entries(place, aliases)["customer_id"].tolist() == ["K000001"]
