"""Names of customers: companies and people, told apart and compared."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.naming import are_companies, compare_names, parse_names, parse_person


def compare(a: str, b: str) -> str:
    names = pa.array([a, b])
    (left, right), parsed = parse_names(names, are_companies(names))
    return parsed.compare(np.array([left]), np.array([right]))[0]


def test_a_name_tells_what_it_names_where_nothing_else_does():
    names = pa.array(["张伟", "上海示例科技有限公司", "示例", "张伟小吃店"])
    assert are_companies(names).tolist() == [False, True, True, True]


def test_spellings_of_one_name_are_one_name():
    places, names = parse_names(
        pa.array(["上海示例", "上海 示例", "张偉", "张 伟", "示例"]), np.array([1, 1, 0, 0, 1]) == 1
    )
    assert places.tolist() == [0, 0, 2, 2, 1] and names.companies == 2


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
