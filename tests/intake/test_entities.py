import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.entities import entity_of, holds_people

SURNAMES = frozenset(["王", "李", "张", "金", "欧阳", "欧"])


@pytest.mark.demand("A12", "A52")
@pytest.mark.parametrize(
    "name",
    [
        "上海示例科技有限公司",
        "*科技有限公司",
        "王记饭店",
        "李宁专卖店",
        "张江社区医院",
        "金山软件",
        "YY制造集团",
        "Example Ltd",
        "某某中心",
        "蔚蓝",
        "ABC",
    ],
)
def test_a_name_with_the_words_of_an_organisation_is_one(name):
    assert entity_of(name, SURNAMES) == "org"


@pytest.mark.demand("A12")
@pytest.mark.parametrize("name", ["张三", "王小明", "欧阳小明", "张*", "李某", "李女士", "阿依古丽·买买提"])
def test_a_short_name_that_begins_with_a_surname_is_a_person(name):
    assert entity_of(name, SURNAMES) == "person"


@given(st.text())
def test_every_name_is_one_or_the_other(name):
    assert entity_of(name, SURNAMES) in ("org", "person")


@pytest.mark.parametrize(
    ("header", "values", "people"),
    [
        ("法人", ["张三", "王小明"], True),
        ("创建人（姓名）", ["李四", "系统"], False),  # as many are none
        ("创建人2", ["李四", "王五", "系统"], True),
        ("会员卡", ["金卡", "张卡"], False),  # the header does not say so
        ("合伙人", [], False),
    ],
)
def test_an_unknown_column_names_people_where_header_and_values_say_so(header, values, people):
    assert holds_people(header, values, SURNAMES) == people
