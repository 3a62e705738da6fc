"""Names of customers: companies and people, told apart and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.company import CompanyName
from crmlib.intake.naming import PersonName, compare_names, parse_names, parse_person


def compare(a: str, b: str) -> str:
    return compare_names(*parse_names([a, b], ["", ""]))


def test_a_name_tells_what_it_names_where_nothing_else_does():
    kinds = [type(name) for name in parse_names(["张伟", "上海示例科技有限公司", "张伟", "示例"], ["", "", "org", ""])]
    assert kinds == [PersonName, CompanyName, CompanyName, CompanyName]


def test_a_shop_that_is_called_a_person_is_compared_as_a_shop():
    assert isinstance(parse_names(["张伟小吃店"], ["person"])[0], CompanyName)


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        ("张伟", "张 伟", "NAME_SAME"),
        ("張偉", "张伟", "NAME_SAME"),
        ("张伟", "张*", "NAME_MASKED"),
        ("张伟", "张总", "NAME_MASKED"),
        ("张先生", "张某某", "NAME_MASKED"),
        ("张伟", "李*", ""),
        ("张伟", "张强", ""),
        ("Jane Doe", "DOE, Jane", "NAME_SAME"),
        ("Mitchell Green", "Mitchel Green", "NAME_TYPO"),
    ],
)
def test_two_people_may_be_one_or_may_not(a, b, code):
    assert compare_names(parse_person(a), parse_person(b)) == compare_names(parse_person(b), parse_person(a)) == code


def test_what_reads_like_a_person_may_be_a_company_s_short_name():
    assert compare("华信", "上海华信科技有限公司") == "NAME_SHORTENED"
    assert compare("张伟", "上海华信科技有限公司") == ""


@given(st.text(alphabet="张伟李*某 总先生aB·", max_size=6))
def test_a_person_is_themself(name):
    person = parse_person(name)
    assert compare_names(person, person) in ("NAME_SAME", "NAME_MASKED")
