"""Unknown columns offered as lines for settings.toml."""

import pandas as pd
import pytest

from crmlib.dictionary import DICTIONARY
from crmlib.intake.headers import map_headers
from crmlib.intake.offers import guess_type, offer_fields
from crmlib.settings import parse_settings


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "20", "-3"], "int"),
        (["1.5", "2"], "dec"),
        (["000123", "000124"], "str"),
        (["2024-05-01", "2024/6/2"], "date"),
        (["2024-05-01 10:00"], "dt"),
        (["是", "否"], "bool"),
        (["茶叶", "咖啡"], "str"),
        (["这是一段很长的话，" * 8], "text"),
        (["-", ""], "str"),
    ],
)
def test_a_type_is_what_every_value_can_be_read_as(values, kind):
    assert guess_type(values) == kind


@pytest.mark.demand("A60")
def test_what_is_offered_can_be_pasted_and_is_then_known():
    raw = pd.DataFrame(
        {
            "客户名称": ["甲公司", "乙公司"],
            "行业类型2": ["茶叶", "咖啡"],
            "茶龄(年)": ["3", "5"],
            "空列": [None, None],
            "助理电话": ["100-1234-5678", None],
        },
        dtype="str",
    )  # fmt: skip
    mapping = map_headers(raw)
    lines = offer_fields(mapping.custom, raw, table="customers")
    assert any(lines in note and "[fields.customers]" in note for note in mapping.notes)
    own = {one.zh: one for one in parse_settings(lines).own_fields()}
    assert {word: one.type for word, one in own.items()} == {"行业类型2": "str", "茶龄(年)": "int", "助理电话": "str"}
    assert own["助理电话"].personal == "P"
    known = map_headers(raw, dictionary=DICTIONARY.with_fields(own.values()))
    assert known.custom == ["空列"]


def test_nothing_is_offered_where_every_column_is_known():
    raw = pd.DataFrame({"客户名称": ["甲公司"], "城市": ["杭州"]}, dtype="str")
    assert offer_fields(map_headers(raw).custom, raw, table="customers") == ""
