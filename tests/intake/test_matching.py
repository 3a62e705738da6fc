"""Matching: rows of one customer are found by named rules, and the doubtful are asked."""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.intake import match_rows
from crmlib.intake.codes import uscc_check_character
from crmlib.intake.matching import RULES, explain_why
from crmlib.intake.registry import extend_registry, list_aliases
from crmlib.intake.renewing import list_ignored, match_all
from crmlib.labels import speaker

COLUMNS = [
    "row_id",
    "name",
    "contact_name",
    "phone",
    "email",
    "city",
    "uscc",
    "system",
    "source_id",
    "id_no",
    "entity_type",
]


def uscc(n: int) -> str:
    first = f"91310000MA1FL{n:04d}"
    return first + uscc_check_character(first)


def rows(text: str) -> pd.DataFrame:
    """Rows as they read: the first line names columns; "-" is missing."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    frame = pd.DataFrame(lines[1:], columns=lines[0])
    return frame.mask(frame == "-")


def groups(matched) -> set[frozenset]:
    customers = matched.row_to_customer
    return {frozenset(map(str, some.index)) for _, some in customers.groupby(customers)}


def joined(text: str, **options) -> bool:
    return match_rows(rows(text), **options).row_to_customer.nunique() == 1


# ── each rule


CASES = {
    "uscc": f"""
        row_id  name              uscc
        a       上海示例科技有限公司  {uscc(1)}
        b       上海新名贸易有限公司  {uscc(1)}""",
    "id_no": """
        row_id  name  id_no               entity_type
        a       张伟  110101190001010011  person
        b       张*   110101190001010011  person""",
    "named": """
        row_id  name    anchor
        a       Cancity  a
        b       Cancity  a""",
    "source_id": """
        row_id  name              system  source_id
        a       上海示例科技有限公司  crm     C001
        b       示例              crm     C001""",
    "renamed": """
        row_id  name              system  source_id  phone
        a       上海示例科技有限公司  crm     C001       10012345670
        b       上海新名贸易有限公司  crm     C001       10012345670""",
    "phone": """
        row_id  name              phone
        a       上海示例科技有限公司  100 1234 5670
        b       示例              +86-10012345670""",
    "email": """
        row_id  name              email
        a       上海华信科技有限公司  z@example.com
        b       上海华新科技有限公司  Z@EXAMPLE.COM""",
    "registered_name": """
        row_id  name                city
        a       上海示例（集团）有限公司  上海
        b       上海 示例(集团)有限公司  -""",
    "core_city": """
        row_id  name              city
        a       上海示例科技有限公司  -
        b       示例科技           上海市""",
    "moved": """
        row_id  name              contact_name  phone        email          city
        a       上海示例科技有限公司  张伟          10012345670  z@example.com  上海
        b       上海新名科技有限公司  张伟          10012345670  z@example.com  -""",
    "core_contact": """
        row_id  name              contact_name
        a       上海示例科技有限公司  张伟
        b       示例科技           张 伟""",
    "staff_city": """
        row_id  name              contact_name  city
        a       上海示例科技有限公司  张伟          上海
        b       示例              张伟          上海""",
    "staff_mark": """
        row_id  name              contact_name  city
        a       上海示例科技有限公司  张伟          上海
        b       示例              张伟          -""",
}


@pytest.mark.demand("C01")
@pytest.mark.parametrize("rule", [rule.name for rule in RULES if not rule.weak])
def test_every_rule_links_its_case(rule):
    matched = match_rows(rows(CASES[rule]))
    assert matched.row_to_customer.nunique() == 1
    assert rule in set(matched.links["rule"])


@pytest.mark.demand("C01")
@pytest.mark.parametrize("rule", [rule.name for rule in RULES if not rule.weak])
def test_every_link_has_a_strength_and_words_that_explain_it(rule):
    links = match_rows(rows(CASES[rule])).links
    assert links["strength"].between(0, 1).all()
    for lang in ("zh", "en"):
        say = speaker(lang)
        assert all(explain_why(why, say) for why in links["why"]) and say(f"rule.{rule}")


def test_a_link_is_explained_in_words():
    matched = match_rows(
        rows("""
        row_id  name              phone        city
        a       上海示例科技有限公司  10012345670  上海
        b       示例科技           10012345670  北京""")
    )
    assert explain_why(matched.links["why"].iloc[0], speaker("zh")) == "电话相同，名称相容，城市不同"


def test_a_rule_that_is_off_links_nothing():
    assert not joined(CASES["core_city"], off=["core_city"])


@pytest.mark.demand("C02")
def test_one_customer_from_several_channels_is_one():
    matched = match_rows(
        rows("""
        row_id  name              phone        email          system  source_id
        a       上海示例科技有限公司  10012345670  -              crm     CUS20240501001
        b       示例科技           10012345670  z@example.com  web     C001
        c       -                 -            z@example.com  fair    -""")
    )
    assert matched.row_to_customer.nunique() == 1


# ── what is not one customer


@pytest.mark.parametrize(
    "text",
    [
        """
        row_id  name              phone
        a       上海示例科技有限公司  021-02345670
        b       上海示例贸易有限公司  021-02345670""",
        """
        row_id  name  phone
        a       张伟  10012345670
        b       李强  10012345670""",
        """
        row_id  name  city
        a       张伟  上海
        b       张伟  上海""",
        """
        row_id  name              phone
        a       上海示例科技有限公司  13800138000
        b       示例科技           13800138000""",
        """
        row_id  name              phone
        a       上海示例科技有限公司  138****5678
        b       示例科技           138****5678""",
        """
        row_id  name           city
        a       *科技有限公司   上海
        b       *科技有限公司   上海""",
        """
        row_id  name      city
        a       示例科技   上海
        b       示例科技   北京""",
        """
        row_id  name   contact_name  phone
        a       -      张伟          10012345670
        b       -      李强          10012345670""",
    ],
)
def test_these_are_two_customers(text):
    assert not joined(text)


def test_a_phone_of_many_names_joins_nobody():
    names = [f"上海{mark}示例科技有限公司" for mark in "甲乙丙丁戊己庚辛壬癸"]
    table = pd.DataFrame({"row_id": range(20), "name": names + [name[2:6] for name in names], "phone": "10012345670"})
    found = match_all(table, hub_names=8)
    assert "phone" not in set(found.matched.links["rule"])
    ignored = [["phone", "HUB", "100****5670", 20, 20]]
    assert list_ignored(found.keys).to_numpy().tolist() == ignored


# ── vetoes and review


def test_two_valid_credit_codes_are_never_joined_and_the_pair_is_asked():
    matched = match_rows(
        rows(f"""
        row_id  name              phone        uscc
        a       上海示例科技有限公司  10012345670  {uscc(1)}
        b       上海示例科技有限公司  10012345670  {uscc(2)}
        c       示例科技           10012345670  -""")
    )
    customers = matched.row_to_customer
    assert customers["a"] != customers["b"]
    assert matched.review[["row_a", "row_b", "reason"]].to_numpy().tolist() == [["a", "b", "VETOED"]]


def test_two_branches_and_the_head_office_are_three():
    matched = match_rows(
        rows("""
        row_id  name                       phone
        a       上海示例科技有限公司           10012345670
        b       上海示例科技有限公司北京分公司   10012345670
        c       上海示例科技有限公司广州分公司   10012345670""")
    )
    assert matched.row_to_customer.nunique() == 3


def test_one_number_with_two_names_that_do_not_fit_is_a_conflict():
    matched = match_rows(
        rows("""
        row_id  name              system  source_id
        a       上海示例科技有限公司  crm     C001
        b       上海新名贸易有限公司  crm     C001
        c       上海新名贸易有限公司  web     C001""")
    )
    assert groups(matched) == {frozenset("a"), frozenset("bc")}
    assert matched.review["reason"].tolist() == ["ID_CONFLICT"]


@pytest.mark.parametrize(
    "text",
    [
        """
        row_id  name              city
        a       上海示例科技有限公司  -
        b       示例科技           -""",
        """
        row_id  name              contact_name  phone
        a       上海示例科技有限公司  张伟          10012345670
        b       上海新名贸易有限公司  张伟          10012345670""",
        """
        row_id  name              contact_name  city
        a       上海华信科技有限公司  张伟          上海
        b       上海华新科技有限公司  张伟          上海""",
    ],
)
def test_weak_evidence_is_asked_and_does_not_join(text):
    matched = match_rows(rows(text))
    assert matched.row_to_customer.nunique() == 2
    assert matched.review["reason"].tolist() == ["WEAK"]


def test_a_core_that_many_share_is_not_asked_about():
    table = pd.DataFrame(
        {"row_id": range(6), "name": "示例科技", "city": ["上海", "北京", "广州", "深圳", "杭州", None]}
    )
    assert match_rows(table).review.empty


def test_a_person_s_decision_joins_and_parts():
    text = f"""
        row_id  name              uscc
        a       上海示例科技有限公司  {uscc(1)}
        b       上海新名贸易有限公司  {uscc(2)}
        c       上海新名贸易有限公司  -"""
    decide = lambda *lines: pd.DataFrame(lines, columns=["row_a", "row_b", "decision"])  # noqa: E731
    same = match_rows(rows(text), decisions=decide(("a", "b", "same")))
    assert groups(same) == {frozenset("abc")}
    apart = match_rows(rows(text), decisions=decide(("b", "c", "different"), ("a", "gone", "same")))
    assert groups(apart) == {frozenset("a"), frozenset("b"), frozenset("c")}
    assert apart.review.empty


def test_decisions_reach_through_other_links():
    text = """
        row_id  name              phone
        a       上海示例科技有限公司  10012345670
        b       示例科技           10012345670
        c       新名贸易           10012345671
        d       新名贸易有限公司    10012345671
        e       甲乙建材           -"""
    decide = lambda *lines: pd.DataFrame(lines, columns=["row_a", "row_b", "decision"])  # noqa: E731
    assert groups(match_rows(rows(text))) == {frozenset("ab"), frozenset("cd"), frozenset("e")}
    same = decide(("b", "c", "same"), ("d", "e", "same"))
    assert groups(match_rows(rows(text), decisions=same)) == {frozenset("abcde")}
    apart = decide(("b", "c", "same"), ("a", "d", "different"))
    found = match_rows(rows(text), decisions=apart)
    assert found.row_to_customer["a"] != found.row_to_customer["d"]  # whatever links say, also through b and c
    assert found.row_to_customer["b"] == found.row_to_customer["c"]


def test_a_mistyped_name_that_is_another_company_s_does_not_join_both():
    matched = match_rows(
        rows("""
        row_id  name              contact_name  phone        city
        a       上海示例科技有限公司  张伟          10012345670  上海
        b       上海实例科技有限公司  张伟          10012345670  上海
        c       上海实例科技有限公司  李强          10012345671  上海""")
    )
    assert groups(matched) == {frozenset("ab"), frozenset("c")}


def test_a_full_name_without_its_place_that_is_found_in_two_cities_is_nobody_s():
    assert not joined("""
        row_id  name          city
        a       示例科技有限公司  上海
        b       示例科技有限公司  北京""")


# ── laws


@pytest.mark.demand("A11")
def test_what_is_known_keeps_its_id_and_merged_ids_become_aliases():
    table = rows("""
        row_id  name              phone
        a       上海示例科技有限公司  10012345670
        b       示例              10012345671
        c       新名贸易有限公司    10012345672""")
    first = match_rows(table)
    assert first.row_to_customer.tolist() == ["K000001", "K000002", "K000003"]
    more = pd.concat([table, rows("row_id  name  phone\nA  示例  10012345670;10012345671")], ignore_index=True)
    later = match_rows(more, known=first.row_to_customer)
    assert later.row_to_customer.to_dict() == {"A": "K000001", "a": "K000001", "b": "K000001", "c": "K000003"}
    aliases = list_aliases(extend_registry(first.row_to_customer, later.row_to_customer), later.row_to_customer)
    assert aliases.to_numpy().tolist() == [["K000002", "K000001"]]


def test_row_ids_keep_their_type_and_the_table_is_left_alone():
    table = pd.DataFrame({"row_id": [3, 1, 2], "name": ["示例科技有限公司"] * 3})
    before = table.copy()
    matched = match_rows(table)
    assert matched.row_to_customer.index.dtype == table["row_id"].dtype
    assert matched.links["row_a"].dtype == table["row_id"].dtype
    pd.testing.assert_frame_equal(table, before)


def test_no_rows_are_no_customers():
    matched = match_rows(pd.DataFrame({"row_id": [], "name": []}))
    assert len(matched.row_to_customer) == len(matched.links) == len(matched.review) == 0


LAW = settings(max_examples=12, deadline=None)  # each asks a database
some = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["上海示例科技有限公司", "示例科技", "示例", "上海实例科技有限公司", "示例科技有限公司北京分公司", "张伟", "张*", "*公司", None]),
        "contact_name": st.sampled_from(["张伟", "李强", None]),
        "phone": st.sampled_from(["10012345670", "10012345671", "10012345670;10012345671", "13800138000", None]),
        "email": st.sampled_from(["z@example.com", None]),
        "city": st.sampled_from(["上海", "北京市", None]),
        "uscc": st.sampled_from([uscc(1), uscc(2), None]),
        "source_id": st.sampled_from(["C1", None]),
    }
)  # fmt: skip
tables = st.lists(some, min_size=1, max_size=12).map(
    lambda found: pd.DataFrame(found).assign(row_id=range(len(found)), system="crm")
)


@LAW
@given(tables, st.randoms())
def test_the_order_of_rows_never_matters(table, shuffle):
    order = list(range(len(table)))
    shuffle.shuffle(order)
    one, other = match_rows(table), match_rows(table.iloc[order])
    for a, b in zip(one, other, strict=True):
        (pd.testing.assert_series_equal if isinstance(a, pd.Series) else pd.testing.assert_frame_equal)(a, b)


@LAW
@given(tables)
def test_matching_twice_is_matching_once(table):
    first = match_rows(table)
    again = match_rows(table, known=first.row_to_customer)
    pd.testing.assert_series_equal(first.row_to_customer, again.row_to_customer)


@LAW
@given(
    tables,
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda pair: pair[0] != pair[1]), max_size=2),
)
def test_vetoes_hold(table, apart):
    decisions = pd.DataFrame([(a, b, "different") for a, b in apart], columns=["row_a", "row_b", "decision"])
    customers = match_rows(table, decisions=decisions).row_to_customer
    codes = table.set_index("row_id")["uscc"].groupby(customers).nunique()
    assert codes.max() <= 1
    assert all(customers[a] != customers[b] for a, b in apart if a in customers and b in customers)


@LAW
@given(tables)
def test_linked_rows_are_one_customer_and_asked_rows_are_two(table):
    matched = match_rows(table)
    customer = matched.row_to_customer
    assert (customer.loc[matched.links["row_a"]].to_numpy() == customer.loc[matched.links["row_b"]].to_numpy()).all()
    assert (customer.loc[matched.review["row_a"]].to_numpy() != customer.loc[matched.review["row_b"]].to_numpy()).all()
