import pytest

from crmlib.labels import speaker
from crmlib.report.names import name_code, name_field, name_table

ZH, EN = speaker("zh"), speaker("en")


@pytest.mark.parametrize(
    ("dimension", "code", "zh", "en"),
    [
        ("size", "small", "小型", "Small"),
        ("source", "fair", "展会", "Trade fair"),
        ("customer", "prospect", "潜在", "Prospect"),
        ("region", "华东", "华东", "East China"),
        ("region", "海外", "海外", "海外"),
        ("industry", "unknown", "未知", "Unknown"),
        ("industry", "other", "其他", "Other"),
        ("opportunity", "第七阶段", "第七阶段", "第七阶段"),  # a stage of the user's own
    ],
)
def test_a_code_is_named_in_both_languages(dimension, code, zh, en):
    assert (name_code(dimension, code, ZH), name_code(dimension, code, EN)) == (zh, en)


def test_industries_are_named_by_the_reference_table():
    assert name_code("industry", "I65", ZH) == "软件和信息技术服务业"


def test_what_nobody_knows_is_shown_as_it_is():
    assert ZH.get("reason.MY_OWN_RULE", "MY_OWN_RULE") == "MY_OWN_RULE"
    assert name_table("orders", ZH) == "订单"
    assert name_field("customers", "owner_name", EN) == "Owner" and name_field("customers", "mine", EN) == "mine"
