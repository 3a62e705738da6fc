"""Two columns that together hold one value."""

import pandas as pd
import pytest

from crmlib.intake.header_words import read_header
from crmlib.intake.headers import map_headers
from crmlib.intake.joined import is_clock, name_part, read_columns


def cells(columns: dict[str, list[str | None]]) -> tuple[pd.DataFrame, dict[str, list]]:
    """A raw sheet, and field → the cells that are read for it."""
    raw = pd.DataFrame(columns, dtype="str")
    mapping = map_headers(raw)
    read = read_columns(raw, mapping.columns)
    return mapping, {column.name: texts.where(texts.notna(), None).tolist() for column, texts in read}


@pytest.mark.parametrize(
    ("values", "clock"),
    [
        (["14:30", "9:05", None], True),
        (["14:30:00"], True),
        (["下午2点"], True),
        (["2024-05-01 14:30"], False),
        (["-"], False),
    ],
)
def test_a_time_of_day_is_no_moment(values, clock):
    assert is_clock(pd.Series(values, dtype="str")) == clock


@pytest.mark.parametrize("order", [1, -1])
def test_a_day_and_a_time_of_day_are_one_moment_whichever_comes_first(order):
    columns = {"拜访日期": ["2024-05-01", "2024-05-02", None], "拜访时间": ["14:30", None, "09:00"]}
    pairs = list(columns.items())[::order]
    mapping, read = cells(dict([("客户名称", ["甲公司", "乙公司", "丙公司"]), *pairs, ("拜访纪要", ["a", "b", "c"])]))
    assert read["interactions.occurred_at"] == ["2024-05-01 14:30", "2024-05-02", "09:00"]
    assert mapping.custom == []


def test_two_days_are_not_one_moment():
    mapping, _ = cells(
        {"客户名称": ["甲公司"], "拜访日期": ["2024-05-01"], "跟进日期": ["2024-05-02"], "拜访纪要": ["a"]}
    )
    assert mapping.custom == ["拜访日期"]


def test_a_name_in_two_columns_is_one_name():
    assert [name_part(read_header(word)) for word in ("First Name", "surname", "姓", "名", "姓名")] == [1, 2, 1, 2, 0]
    _, read = cells({"Last Name": ["Example", None], "First Name": ["Anna", "Bo"], "Email": ["a@example.com", None], "City": ["Paris", "Rome"]})  # fmt: skip
    assert read["customers.name"] == ["Anna Example", "Bo"]
    _, read = cells({"公司名称": ["甲公司"], "姓": ["张"], "名": ["示例"], "手机": [None]})
    assert (read["contacts.name"], read["customers.name"]) == (["张示例"], ["甲公司"])
