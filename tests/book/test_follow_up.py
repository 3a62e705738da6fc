"""The review sheet: answers to suggestions and notes come back through the inbox, masked, once, and the last answer holds."""

from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest

from crmlib.book.follow_up import Note, add_notes, leave_review, review_notes, review_path
from crmlib.book.ledger import read_lines, undo_line
from crmlib.errors import UsageError
from crmlib.labels import speaker

AT = datetime(2024, 7, 5, 9)
ASKED = pd.DataFrame(
    [
        ("2024-06-overdue", "尚欠 7 元", "与客户对账", "财务", date(2024, 7, 15)),
        ("2024-06-focus", "1 家意向高", "给出方案", "客户负责人", date(2024, 7, 15)),
    ],
    columns=["suggestion_id", "finding", "action", "role", "due"],
)


def fill(path, target, **cells) -> None:
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        page, cell = place.split("_")
        book.worksheets[{"answers": 0, "notes": 1}[page]][cell] = value
    book.properties.lastModifiedBy = "周示例"
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)


@pytest.mark.demand("F22")
def test_what_people_write_into_the_sheet_stands_in_the_book_masked(intake, place):
    intake({"客户.csv": "客户名称\n上海示例科技有限公司\n"})
    assert "2 条建议" in leave_review(place, ASKED, period="2024-06", say=speaker("zh"))
    said = {"answers_B2": "已完成", "answers_C2": "已收回，联系人 10012345678", "answers_B3": "看情况"}
    fill(review_path(place, "2024-06"), place.inbox / "改名.xlsx", **said, notes_B2="amount_12m", notes_C2="门店的单没录", notes_D2="补录", notes_E2="李示例")  # fmt: skip
    book = intake({}).book
    rows = book.frame(book.table("reviews")).to_dict("records")
    assert [(one["about"], one["state"], one["text"], one["who"]) for one in rows] == [
        ("2024-06-overdue", "done", "已收回，联系人 100****5678", "周*"),
        ("amount_12m", "", "门店的单没录", "李*"),
    ]
    assert {one["period"] for one in rows} == {"2024-06"} and rows[1]["next"] == "补录"
    intake({})  # the same sheet again says nothing new
    assert len(read_lines(place, "entry")) == 2


def test_a_sheet_that_somebody_fills_in_is_left_alone(place):
    leave_review(place, ASKED, period="2024-06", say=speaker("zh"))
    assert "1 条建议" in leave_review(place, ASKED.head(1), period="2024-06", say=speaker("zh"))
    path = review_path(place, "2024-06")
    fill(path, path, notes_C2="x")
    before = path.read_bytes()
    assert "未覆盖" in leave_review(place, ASKED, period="2024-06", say=speaker("zh"))
    assert path.read_bytes() == before


def test_the_last_answer_holds_and_an_undone_one_does_not(place):
    for state in ("doing", "done"):
        add_notes(place, [Note("2024-06", "2024-06-focus", state, "")], who="周示例", at=AT)
    notes = [Note("2024-06", "amount_12m", "", text) for text in ("甲", "乙")]
    lines = add_notes(place, notes, who="周示例", at=AT)
    assert review_notes(place)[["state", "text"]].to_numpy().tolist() == [["done", ""], ["", "甲"], ["", "乙"]]
    undo_line(place, lines[0], who="周示例", at=AT)
    assert review_notes(place)["text"].tolist() == ["", "乙"]


def test_a_state_that_is_none_is_refused(place):
    with pytest.raises(UsageError, match="done, doing, not_done, dropped"):
        add_notes(place, [Note("2024-06", "x", "finished", "")], who="周示例", at=AT)
    assert review_notes(place).empty
