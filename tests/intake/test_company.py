"""Company names: the same company however its name is written, and not another one."""

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.intake.company import (
    compare_columns,
    compare_companies,
    is_one_slip,
    parse_companies,
    parse_company,
    parse_plain,
    plain_names,
)

NAMES = Path(os.environ.get("CRM_REAL_DATA", "../shared/data")) / "names"


def compare(a: str, b: str) -> str:
    return compare_companies(parse_company(a), parse_company(b))


def test_a_name_comes_apart_into_region_core_form_and_branch():
    name = parse_company("上海市示例科技股份有限公司北京分公司")
    assert (name.province, name.city, name.core, name.mark, name.trade) == ("上海", "上海", "示例科技", "示例", "科技")
    assert (name.form, name.branch, name.registered) == ("股份有限公司", "北京分公司", True)


@pytest.mark.parametrize(
    ("written", "core", "city"),
    [
        ("示例（上海）科技有限公司", "示例科技", "上海"),
        ("上海示例科技（集团）有限公司", "示例科技", "上海"),
        ("广东省深圳市南山区示例贸易商行", "示例贸易商行", "深圳"),
        ("上海电气集团股份有限公司", "上海电气", "上海"),
        ("中国石油", "中国石油", ""),
        ("ＡＢＣ 科技有限公司", "abc科技", ""),
        ("Example Co., Ltd.", "example", ""),
        ("示例会计师事务所（特殊普通合伙）", "示例会计师事务所", ""),
        ("上海示例（原示例网络）科技有限公司", "示例科技", "上海"),
    ],
)
def test_the_core_is_what_is_left_without_region_and_form(written, core, city):
    name = parse_company(written)
    assert (name.core, name.city) == (core, city)


@pytest.mark.parametrize(
    ("written", "branch"),
    [
        ("上海示例科技有限公司", ""),
        ("示例科技", None),
        ("示例科技北京市分公司", "北京分公司"),
        ("示例银行股份有限公司上海徐汇支行", "上海徐汇支行"),
        ("示例超市（人民路店）", "人民路店"),
    ],
)
def test_a_whole_name_without_branch_is_the_head_office_and_a_short_one_says_nothing(written, branch):
    assert parse_company(written).branch == branch


@pytest.mark.parametrize("written", ["*科技有限公司", "科技有限公司", "上海某某科技有限公司", "某公司"])
def test_a_masked_name_or_a_bare_trade_is_no_evidence(written):
    name = parse_company(written)
    assert name.vague and not name.registered


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        ("上海示例科技有限公司", "上海 示例科技有限公司", "NAME_SAME"),
        ("臺灣水泥股份有限公司", "台湾水泥股份有限公司", "NAME_SAME"),
        ("上海示例科技有限公司", "示例科技", "NAME_CORE_SAME"),
        ("示例（上海）科技有限公司", "上海市示例科技有限公司", "NAME_CORE_SAME"),
        ("上海示例科技有限公司", "示例", "NAME_SHORTENED"),
        ("臺灣水泥股份有限公司", "台泥", "NAME_SHORTENED"),
        ("上海华信科技有限公司", "上海华新科技有限公司", "NAME_TYPO"),
        ("上海示例科技有限公司", "*科技有限公司", "NAME_MASKED"),
        ("上海示例科技有限公司", "上海示例贸易有限公司", ""),
        ("深圳示例科技有限公司", "广州示例科技有限公司", ""),
        ("示例科技有限公司北京分公司", "示例科技有限公司上海分公司", ""),
        ("第一建筑工程有限公司", "第二建筑工程有限公司", ""),
        ("示例有限公司", "实例有限公司", ""),
        ("上海示例科技有限公司", "贸易有限公司", ""),
    ],
)
def test_two_names_may_stand_for_one_company_or_may_not(a, b, code):
    assert compare(a, b) == compare(b, a) == code


def test_a_slip_is_one_character_wrong_missing_added_or_swapped():
    for other in ("华新科技", "华信科", "华信科技园", "信华科技"):
        assert is_one_slip(*sorted(("华信科技", other), key=len))
    for other in ("华新科枝", "技科信华", "华信"):
        assert not is_one_slip(*sorted(("华信科技", other), key=len))


words = st.text(alphabet="上海示例科技（）()有限公司北京分 *Ａb集团某", max_size=14)


@given(words)
def test_any_text_has_a_name_and_it_is_itself(text):
    name = parse_company(text)
    assert compare_companies(name, name) == "NAME_SAME"


@given(words, words)
def test_comparing_is_symmetric(a, b):
    assert compare(a, b) == compare(b, a)


@settings(max_examples=20, deadline=None)
@given(st.lists(words, max_size=5))
def test_many_names_are_parsed_as_each_alone(names):
    alone = [parse_company(name) for name in names]
    assert parse_companies(names) == alone
    assert parse_companies(names * 200)[: len(names)] == alone  # many enough to be cut by one pattern


@pytest.mark.skipif(not NAMES.is_dir(), reason="real data not here")
@pytest.mark.parametrize(
    ("file", "full", "short", "least"),
    [
        ("szse_fullname_shortname.csv", "公司全称", "简称_归一(本次推导)", 0.97),
        ("twse_fullname_shortname_no_persons.csv", "公司名稱", "公司簡稱", 0.92),
    ],
)
def test_real_short_names_fit_their_full_names_and_hardly_any_other(file, full, short, least):
    table = pd.read_csv(NAMES / file, dtype=str)
    whole, brief = (parse_plain(plain_names(pa.array(table[column], pa.string()))) for column in (full, short))
    assert (compare_columns(whole, brief) != "").mean() >= least
    n = len(table)
    strangers = [(compare_columns(whole.slice(0, n - step), brief.slice(step)) != "").mean() for step in range(1, 21)]
    assert sum(strangers) / len(strangers) < 0.001
