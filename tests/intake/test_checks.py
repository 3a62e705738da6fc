"""Checks: each row is kept or quarantined with a reason; a bad cell beside is emptied; a suspicion is said."""

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.dictionary import DICTIONARY
from crmlib.engine import to_frame
from crmlib.errors import DataError, SettingsError
from crmlib.intake.checks import ISSUE_COLUMNS, Split, split_rows
from crmlib.intake.headers import Mapping
from crmlib.intake.rules import KIT_CHECKS, rule_words
from crmlib.labels import speaker
from crmlib.settings import Rule, parse_settings

CHECKS = parse_settings().checks
TODAY = date(2024, 6, 30)
READERS = {
    "int": int,
    "dec": Decimal,
    "date": date.fromisoformat,
    "dt": datetime.fromisoformat,
    "bool": {"true": True, "false": False}.__getitem__,
}


def wide(text: str) -> pd.DataFrame:
    """Standardised rows as they leave `values`: typed columns "table.field", lines from 2 on; "-" is a missing cell."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    columns = {}
    for at, name in enumerate(lines[0]):
        field = DICTIONARY.field(name)
        read = READERS.get(field.type, str)
        values = [None if row[at] == "-" else read(row[at]) for row in lines[1:]]
        array = pa.array(values, field.arrow_type)
        arrow = pa.types.is_decimal(field.arrow_type) or pa.types.is_date(field.arrow_type)
        columns[name] = pd.arrays.ArrowExtensionArray(array) if arrow else array.to_pandas().array
    return pd.DataFrame(columns, index=pd.RangeIndex(2, len(lines) + 1, name="line"))


def issue(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=ISSUE_COLUMNS)


def split(rows: pd.DataFrame, table: str, *, issues: pd.DataFrame | None = None, checks=CHECKS, file="f.csv") -> Split:
    mapping = Mapping(table)
    return split_rows(
        rows, issue() if issues is None else issues, mapping=mapping, checks=checks, received_on=TODAY, file=file
    )


def said(made: Split, *, severity: str = "") -> dict[int, set[str]]:
    """Line → its reasons, without those that concern the whole sheet (said on line 1)."""
    some = made.issues[made.issues["line"] > 1]
    some = some[some["severity"].eq(severity)] if severity else some
    return some.groupby("line")["reason"].agg(set).to_dict()


# ── laws

ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "C7", None]),
        st.integers(-2, 2).map(lambda days: date.fromordinal(TODAY.toordinal() + days)) | st.none(),
        st.integers(-1, 1).map(Decimal) | st.none(),
        st.integers(-1, 1).map(Decimal) | st.none(),
    ),
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(ORDERS)
def test_no_row_is_lost_by_a_split_and_every_quarantined_one_has_a_reason(orders):
    names = ["orders.order_id", "orders.ordered_on", "orders.amount_cny", "orders.quantity"]
    columns = {
        name: pa.array([one[at] for one in orders], DICTIONARY.field(name).arrow_type) for at, name in enumerate(names)
    }
    rows = pd.DataFrame({name: pd.arrays.ArrowExtensionArray(array) for name, array in columns.items()})
    before = rows.copy()
    made = split(rows, "orders")
    assert sorted([*made.kept.index, *made.quarantined.index]) == list(rows.index)
    assert set(said_errors(made)) == set(made.quarantined.index)
    assert list(made.issues.columns) == ISSUE_COLUMNS
    pd.testing.assert_frame_equal(rows, before)


def said_errors(made: Split) -> list[int]:
    return made.issues.loc[made.issues["severity"].eq("error"), "line"].tolist()


CUSTOMERS = st.lists(
    st.tuples(
        st.sampled_from(["C1", "C2", None]),
        st.sampled_from(["甲一有限公司", "甲一", "*", "张*", None]),
        st.sampled_from(["prospect", "lost", "customer", None]),
        st.sampled_from(['["长期合作"]', "[]", None]),
        st.sampled_from([Decimal(0), Decimal(10**8), None]),
        st.integers(-1, 1).map(lambda days: date.fromordinal(TODAY.toordinal() + days)) | st.none(),
        st.sampled_from(["10012345678;a", "100****5678", None]),
    ),
    max_size=6,
)


@settings(max_examples=20, deadline=None)
@given(CUSTOMERS)
def test_customers_are_kept_or_quarantined_whatever_they_say_and_splitting_twice_is_splitting_once(customers):
    names = ["customers.source_id", "customers.name", "customers.lifecycle_stage", "tags.value"]
    names += ["customers.annual_revenue_cny", "customers.first_contact_date", "contacts.phone"]
    columns = {
        name: pa.array([one[at] for one in customers], DICTIONARY.field(name).arrow_type)
        for at, name in enumerate(names)
    }
    rows = to_frame(pa.table(columns))
    before = rows.copy()
    made = split(rows, "customers")
    assert sorted([*made.kept.index, *made.quarantined.index]) == list(rows.index)
    assert set(said_errors(made)) == set(made.quarantined.index)
    assert len(split(made.kept, "customers").quarantined) == 0
    pd.testing.assert_frame_equal(rows, before)


def test_splitting_what_was_kept_keeps_all_of_it():
    rows = wide("""
        orders.order_id  orders.ordered_on  orders.amount_cny  customers.name
        A1               2024-06-01         10                 上海示例有限公司
        A2               2024-07-01         10                 上海示例有限公司
        A3               2024-06-01         -5                 上海示例有限公司
    """)
    again = split(split(rows, "orders").kept, "orders")
    assert list(again.kept.index) == [2]
    assert len(again.quarantined) == 0


def test_every_rule_of_the_kit_names_fields_that_exist_and_has_words():
    say = speaker("zh")
    for check in KIT_CHECKS:
        assert check.field in DICTIONARY.tables[check.table].fields
        assert say.has(f"reason.{check.reason}") and say.has(f"fix.{check.reason}")
        if check.test in ("not_before", "score") and check.value:
            table, _, field = f"{check.table}.{check.value}".rpartition(".")
            assert field in DICTIONARY.tables[table.rpartition(".")[2]].fields


# ── identity, keys, required values


@pytest.mark.demand("A01", "C07")
def test_a_customer_without_name_and_number_is_quarantined_one_with_a_number_is_only_doubted():
    made = split(
        wide("""
            customers.source_id  customers.name
            C1                   上海示例有限公司
            C2                   -
            -                    -
        """),
        "customers",
    )
    assert said(made, severity="error") == {4: {"MISSING_NAME"}}
    assert "MISSING_NAME" in said(made, severity="warning")[3]
    assert list(made.kept.index) == [2, 3]


@pytest.mark.demand("A51")
def test_a_name_of_stars_is_nobody_unless_a_number_stands_beside_it():
    made = split(wide("customers.source_id  customers.name\nC1  *\n-  **\n-  张*"), "customers")
    assert said(made, severity="error") == {3: {"NAME_FULLY_MASKED"}}


def test_a_required_value_that_is_missing_quarantines_the_row_and_is_not_said_twice():
    rows = wide("""
        orders.order_id  orders.ordered_on  orders.amount_cny
        A1               -                  10
        A2               2024-06-01         -
        A3               -                  10
    """)
    unread = issue((4, "orders", "ordered_on", "03/04/2023", "DATE_AMBIGUOUS", "error"))
    made = split(rows, "orders", issues=unread)
    assert said(made, severity="error") == {2: {"MISSING_VALUE"}, 3: {"MISSING_VALUE"}, 4: {"DATE_AMBIGUOUS"}}


def test_an_amount_that_price_and_quantity_gave_saves_the_row():
    rows = wide("""
        orders.order_id  orders.ordered_on  orders.amount_cny
        A1               2024-06-01         10
    """)
    made = split(rows, "orders", issues=issue((2, "orders", "amount_cny", "见附件", "AMOUNT_NOT_NUMBER", "error")))
    assert list(made.kept.index) == [2]
    assert "AMOUNT_NOT_NUMBER" in said(made, severity="warning").get(2, ())


@pytest.mark.demand("A39")
def test_one_number_with_two_contents_quarantines_all_of_them_and_equal_rows_pass():
    made = split(
        wide("""
            interactions.interaction_id  interactions.occurred_at  interactions.content
            J1                           2024-06-01                甲
            J1                           2024-06-01                乙
            J2                           2024-06-01                丙
            J2                           2024-06-01                丙
            -                            2024-06-01                丁
            -                            2024-06-01                戊
        """),
        "interactions",
    )
    assert said(made, severity="error") == {2: {"DUPLICATE_KEY"}, 3: {"DUPLICATE_KEY"}}


def test_one_customer_may_stand_in_two_rows_with_two_contacts():
    made = split(
        wide("""
            customers.source_id  customers.name    contacts.name
            C1                   上海示例有限公司  张*
            C1                   上海示例有限公司  李*
        """),
        "customers",
    )
    assert len(made.quarantined) == 0


def test_the_lines_of_an_order_repeat_its_number():
    made = split(
        wide("""
            orders.order_id  orders.product  orders.ordered_on  orders.amount_cny
            A1               甲              2024-06-01         10
            A1               甲              2024-06-01         20
        """),
        "orders",
    )
    assert len(made.quarantined) == 0


def test_an_order_of_nobody_is_kept_and_said():
    made = split(
        wide("""
            orders.ordered_on  orders.amount_cny  customers.source_id
            2024-06-01         10                 -
            2024-06-01         10                 C1
        """),
        "orders",
    )
    assert list(made.kept.index) == [2, 3]
    assert said(made) == {2: {"UNASSIGNED"}}


# ── ranges, order, the future


@pytest.mark.demand("A55")
@pytest.mark.parametrize(
    ("score", "fits"),
    [("0", False), ("0.9", False), ("1", True), ("4.2", True), ("5", True), ("5.1", False), ("6", False)],
)
def test_a_score_is_1_to_5_with_decimals(score, fits):
    made = split(wide(f"surveys.score  customers.source_id\n{score}  C1"), "surveys")
    assert (len(made.kept) == 1) == fits
    assert said(made) == ({} if fits else {2: {"OUT_OF_RANGE"}})


def test_a_score_of_another_scale_is_measured_by_it():
    made = split(wide("surveys.score  surveys.scale\n9  10\n0  10\n11  10\n9  5"), "surveys")
    assert set(said(made)) == {4, 5}


@pytest.mark.demand("J05")
def test_a_questionnaire_that_was_sent_and_not_answered_is_kept_for_the_response_rate():
    rows = """
        surveys.asked_at  surveys.answered_at  surveys.score
        2024-06-01        -                    -
        2024-06-01        2024-06-03           -
        -                 -                    -
    """
    assert said(split(wide(rows), "surveys")) == {3: {"MISSING_VALUE"}, 4: {"MISSING_VALUE"}}


def test_whether_a_customer_would_recommend_us_is_asked_from_0_to_10():
    made = split(wide("surveys.score  surveys.dimension\n9  recommend\n11  recommend\n9  overall"), "surveys")
    assert set(said(made)) == {3, 4}


@pytest.mark.demand("A05")
@pytest.mark.parametrize(("day", "fits"), [("2024-06-30", True), ("2024-07-01", False), ("2023-10-15", True)])
def test_a_first_contact_lies_not_after_the_day_of_import(day, fits):
    made = split(wide(f"customers.name  customers.first_contact_date\n上海示例有限公司  {day}"), "customers")
    assert (len(made.kept) == 1) == fits
    assert ("DATE_FUTURE" in said(made, severity="error").get(2, ())) == (not fits)


def test_late_on_the_day_of_import_is_not_the_future():
    made = split(wide("interactions.occurred_at\n2024-06-30 23:59\n2024-07-01 00:00"), "interactions")
    assert said(made, severity="error") == {3: {"DATE_FUTURE"}}


@pytest.mark.demand("A70")
def test_a_ticket_is_not_answered_before_it_was_opened():
    made = split(
        wide("""
            tickets.opened_at  tickets.first_response_at  tickets.resolved_at
            2024-06-01 09:00   2024-06-01 09:00           2024-06-02 10:00
            2024-06-01 09:00   2024-06-01 08:59           -
            2024-06-01 09:00   -                          2024-05-31 23:00
            2024-06-01 09:00   -                          2024-06-01 00:00
        """),
        "tickets",
    )
    assert said(made, severity="error") == {3: {"TIME_ORDER"}, 4: {"TIME_ORDER"}}  # 0:00 on the same day has no time


@pytest.mark.parametrize(
    ("table", "first", "later"),
    [
        ("customers", "customers.first_contact_date", "customers.given_last_contact_on"),
        ("customers", "customers.founded_on", "customers.first_contact_date"),
        ("needs", "needs.opened_at", "needs.due_date"),
        ("interactions", "interactions.occurred_at", "interactions.recorded_at"),
        ("interactions", "interactions.occurred_at", "actions.due_date"),
        ("payments", "orders.ordered_on", "payments.due_date"),
    ],
)
def test_what_comes_later_is_not_dated_earlier(table, first, later):
    made = split(
        wide(f"{first}  {later}  customers.name\n2024-05-02  2024-05-01  甲公司\n2024-05-02  2024-05-02  乙公司"), table
    )
    late = made.issues[made.issues["reason"].eq("TIME_ORDER")]
    assert late[["line", "field", "severity"]].values.tolist() == [[2, later.partition(".")[2], "warning"]]


def test_a_contract_that_ends_before_the_order_is_only_doubted():
    rows = wide("""
        orders.ordered_on  orders.amount_cny  customers.name    orders.contract_end
        2024-06-01         10                 上海示例有限公司  2024-05-01
    """)
    made = split(rows, "orders")
    assert said(made, severity="warning") == {2: {"TIME_ORDER"}}
    assert len(made.kept) == 1


# ── negative amounts


def test_a_negative_amount_is_a_fault_unless_it_is_a_cancellation():
    made = split(
        wide("""
            orders.order_id  orders.ordered_on  orders.amount_cny  orders.quantity  orders.status
            A1               2024-06-01         -5                 1                -
            C123             2024-06-01         -5                 1                -
            A2               2024-06-01         -5                 -1               done
            A3               2024-06-01         -5                 1                cancelled
            C-9              2024-06-01         -5                 1                -
            C124             2024-06-01         5                  1                done
        """),
        "orders",
    )
    assert said(made, severity="error") == {2: {"AMOUNT_NEGATIVE"}, 6: {"AMOUNT_NEGATIVE"}}
    assert made.kept["orders.status"].to_dict() == {3: "cancelled", 4: "cancelled", 5: "cancelled", 7: "done"}
    assert made.kept.loc[3, "orders.amount_cny"] == Decimal("-5.00")  # it takes its amount off


# ── wide rows


def test_a_fault_in_another_table_empties_its_cell_and_keeps_the_row():
    rows = wide("""
        customers.name    interactions.occurred_at  interactions.content  surveys.score
        上海示例有限公司  2030-01-01                到访                  6
    """)
    unread = issue((2, "interactions", "occurred_at", "上周", "DATE_INVALID", "error"))
    made = split(rows, "customers", issues=unread)
    assert len(made.kept) == 1
    assert made.kept[["interactions.occurred_at", "surveys.score"]].isna().all(axis=None)
    assert made.kept.loc[2, "interactions.content"] == "到访"
    assert said(made, severity="cell") == {2: {"DATE_INVALID", "DATE_FUTURE", "OUT_OF_RANGE"}}


def test_the_same_fault_in_the_sheets_own_table_quarantines_the_row():
    made = split(wide("surveys.score  customers.name\n6  上海示例有限公司"), "surveys")
    assert list(made.quarantined.index) == [2]


@pytest.mark.demand("A13")
def test_a_bad_credit_code_quarantines_a_customer():
    unread = issue((2, "customers", "uscc", "91310000MA1FL00000", "BAD_USCC", "error"))
    rows = wide("customers.name\n上海示例有限公司")
    assert list(split(rows, "customers", issues=unread).quarantined.index) == [2]


# ── suspicions


@pytest.mark.demand("C05")
@pytest.mark.parametrize(
    ("people", "revenue", "conflict"),
    [("50", "100000000", True), ("51", "100000000", False), ("50", "99999999.99", False), ("-", "100000000", False)],
)
def test_few_people_with_a_large_revenue_are_to_be_verified(people, revenue, conflict):
    rows = wide(
        f"customers.name  customers.headcount_max  customers.annual_revenue_cny\n测试有限公司  {people}  {revenue}"
    )
    made = split(rows, "customers")
    assert ("SIZE_REVENUE_CONFLICT" in said(made, severity="warning").get(2, ())) == conflict
    assert len(made.kept) == 1


def test_who_has_bought_is_past_the_first_stages():
    made = split(
        wide("""
            customers.name    customers.lifecycle_stage  customers.opening_amount_cny  customers.given_first_order_on
            上海示例有限公司  prospect                   500                           -
            北京示例有限公司  interested                 -                             2024-01-01
            广州示例有限公司  prospect                   0                             -
            深圳示例有限公司  customer                   500                           2024-01-01
        """),
        "customers",
    )
    found = said(made, severity="warning")
    assert [line for line in found if "STAGE_ORDER_CONFLICT" in found[line]] == [2, 3]
    assert len(made.kept) == 4


@pytest.mark.parametrize(
    ("stage", "tags", "conflict"),
    [
        ("lost", '["长期合作", "VIP"]', True),
        ("lost", '["长期合作过"]', False),
        ("customer", '["长期合作"]', False),
        ("-", '["长期合作"]', False),
        ("prospect", '["老客户"]', True),
    ],
)
def test_a_tag_may_contradict_the_stage(stage, tags, conflict):
    made = split(wide(f"customers.name  customers.lifecycle_stage  tags.value\n甲公司  {stage}  {tags}"), "customers")
    assert ("STAGE_TAG_CONFLICT" in said(made, severity="warning").get(2, ())) == conflict


def test_stages_in_settings_may_be_written_in_words_and_an_unknown_one_is_refused():
    rows = wide('customers.name  customers.lifecycle_stage  tags.value\n甲公司  interested  ["熟客"]')
    own = parse_settings('[checks.stage_tags]\n意向 = ["熟客"]').checks
    assert "STAGE_TAG_CONFLICT" in said(split(rows, "customers", checks=own))[2]
    with pytest.raises(SettingsError, match="意象"):
        split(rows, "customers", checks=parse_settings('[checks.stage_tags]\n意象 = ["熟客"]').checks)


@pytest.mark.demand("B04", "B08")
def test_all_faults_of_a_row_are_said_at_once():
    rows = wide("""
        customers.name  customers.first_contact_date  customers.headcount_max  customers.annual_revenue_cny  customers.lifecycle_stage  customers.opening_amount_cny
        甲              2030-01-01                    10                       100000000                     prospect                   5
    """)
    unread = issue((2, "customers", "uscc", "9131", "BAD_USCC", "error"))
    made = split(rows, "customers", issues=unread)
    assert said(made, severity="error") == {2: {"DATE_FUTURE", "BAD_USCC"}}
    assert said(made, severity="warning")[2] >= {
        "SIZE_REVENUE_CONFLICT",
        "SHORT_NAME",
        "STAGE_ORDER_CONFLICT",
    }


@pytest.mark.demand("B09")
@pytest.mark.parametrize(
    ("name", "kind", "short"),
    [
        ("示例科技", "org", True),
        ("上海示例科技有限公司", "org", False),
        ("示例集团", "org", False),
        ("示例食品厂", "org", False),
        ("示例便利店", "org", False),
        ("示例科技（上海）", "org", True),
        ("示例有限公司（上海）", "org", False),
        ("*科技", "org", False),
        ("Example Ltd", "org", False),
        ("张三", "person", False),
        ("示例科技", "-", True),
    ],
)
def test_a_company_name_that_does_not_end_as_one_is_doubted(name, kind, short):
    made = split(wide(f"customers.name  customers.entity_type\n{name}  {kind}"), "customers")
    assert ("SHORT_NAME" in said(made).get(2, ())) == short


@pytest.mark.demand("A21")
@pytest.mark.parametrize(
    ("phone", "email", "few"),
    [
        ("10012345678", "a@example.com", False),
        ("10012345678;10112345678", "-", False),
        ("10012345678", "-", True),
        ("100****5678", "a@example.com", True),
        ("-", "-", True),
    ],
)
def test_fewer_than_two_valid_ways_to_reach_a_customer_is_a_warning(phone, email, few):
    made = split(
        wide(f"customers.name  contacts.phone  contacts.email\n上海示例有限公司  {phone}  {email}"), "customers"
    )
    assert ("FEW_CONTACTS" in said(made, severity="warning").get(2, ())) == few


def test_what_a_complete_record_lacks_is_said_by_row_and_a_lacking_column_once():
    rows = wide("""
        customers.name    customers.industry_raw  customers.headcount  customers.annual_revenue_cny
        上海示例有限公司  -                       100-500人            -
        北京示例有限公司  互联网                  -                    -
        广州示例有限公司  互联网                  -                    5
    """)
    lacking = split(rows, "customers").issues.query("reason == 'MISSING_FIELD'")
    by_row = lacking[lacking["line"] > 1]
    assert list(zip(by_row["line"], by_row["field"], strict=True)) == [(2, "industry_raw"), (3, "headcount")]
    assert set(lacking.loc[lacking["line"] == 1, "field"]) == {
        "name", "first_contact_date", "source_channel", "lifecycle_stage", "owner_name",
    }  # fmt: skip
    assert set(lacking["severity"]) == {"warning"}


def test_reasons_switched_off_are_not_heard_but_those_that_quarantine_are():
    off = replace(CHECKS, off=("SHORT_NAME", "MISSING_NAME", "MISSING_FIELD", "FEW_CONTACTS"))
    made = split(wide("customers.name  customers.source_id\n示例科技  C1\n-  -"), "customers", checks=off)
    assert said(made) == {3: {"MISSING_NAME"}}


# ── a flood


def flood(bad: int, *, rows: int = 100) -> pd.DataFrame:
    days = pa.array([date(2030, 1, 1)] * bad + [date(2024, 1, 1)] * (rows - bad))
    return pd.DataFrame(
        {
            "orders.ordered_on": pd.arrays.ArrowExtensionArray(days),
            "orders.amount_cny": pd.arrays.ArrowExtensionArray(pa.array([Decimal(1)] * rows, pa.decimal128(18, 2))),
        }
    )


def test_more_than_the_limit_for_one_reason_stops_the_file_and_says_what_would_do():
    with pytest.raises(DataError) as caught:
        split(flood(31), "orders", file="shop.csv")
    for part in ("shop.csv", "100", "31", "31.0%", "30%", "DATE_FUTURE", "flood_share", "0.31"):
        assert part in caught.value.message("zh") and part in caught.value.message("en")
    assert len(split(flood(30), "orders").quarantined) == 30


def test_a_short_file_is_never_a_flood():
    assert len(split(flood(99, rows=99), "orders").quarantined) == 99


# ── rules that a user wrote


def rule(test: str, value=None, *, field="amount_cny", table="orders", severity="error") -> Rule:
    return Rule(table=table, field=field, test=test, value=value, severity=severity, zh="金额太小", en="too small")


@pytest.mark.parametrize(
    ("one", "broken"),
    [
        (rule("min", 10), {3}),
        (rule("max", 10), {2}),
        (rule("one_of", [5, 20]), set()),
        (rule("one_of", ["甲"], field="product"), {3}),
        (rule("matches", r"A\d", field="order_id"), {3}),
        (rule("present", field="category"), {2, 3, 4}),
        (rule("present", field="product"), {4}),
        (rule("before", "2024-06-02", field="ordered_on"), {3}),
        (rule("after", date(2024, 6, 1), field="ordered_on"), {2, 4}),
        (rule("after", "ordered_on", field="contract_end"), {2}),
    ],
)
def test_users_rules_of_every_kind_and_a_missing_cell_passes_all_but_present(one, broken):
    rows = wide("""
        orders.order_id  orders.ordered_on  orders.amount_cny  orders.product  orders.contract_end
        A1               2024-06-01         20                 甲              2024-06-01
        B1               2024-06-02         5                  乙              2024-06-03
        A2               2024-06-01         10                 -               -
    """)
    if one.test == "one_of" and one.field == "amount_cny":
        rows = rows.drop(index=4)
    made = split(rows, "orders", checks=replace(CHECKS, rules=(one,)))
    assert set(made.quarantined.index) == broken
    assert set(made.issues.loc[made.issues["severity"].eq("error"), "reason"]) <= {"RULE_1"}


def test_a_users_list_of_choices_may_be_written_in_words():
    rows = wide("interactions.occurred_at  interactions.channel\n2024-06-01  phone\n2024-06-01  sms")
    one = rule("one_of", ["电话", "拜访"], table="interactions", field="channel")
    assert list(split(rows, "interactions", checks=replace(CHECKS, rules=(one,))).quarantined.index) == [3]


def test_users_rules_speak_for_themselves():
    checks = replace(CHECKS, rules=(rule("min", 10),))
    assert speaker("zh").with_words(rule_words(checks))("reason.RULE_1") == "金额太小"
    assert speaker("en").with_words(rule_words(checks))("reason.RULE_1") == "too small"


@pytest.mark.parametrize(
    "one",
    [
        rule("min", 1, table="order"),
        rule("min", 1, field="amount"),
        rule("min", "ten"),
        rule("matches", "("),
        rule("before", "soon", field="ordered_on"),
        rule("one_of", 5),
    ],
)
def test_a_users_rule_that_cannot_be_is_refused(one):
    with pytest.raises(SettingsError, match="1"):
        split(flood(0), "orders", checks=replace(CHECKS, rules=(one,)))


@pytest.mark.demand("H05")
def test_stage_lost_is_accepted_with_its_day_and_its_reason_alone():
    rows = wide("""
        customers.name  customers.lifecycle_stage  customers.lost_on  customers.lost_reason
        甲公司          lost                       2024-05-01         price
        乙公司          lost                       -                  price
        丙公司          lost                       2024-05-01         -
        丁公司          customer                   -                  -
        戊公司          -                          2024-05-01         price
    """)
    made = split(rows, "customers")
    assert made.kept["customers.lifecycle_stage"].fillna("-").tolist() == ["lost", "-", "-", "customer", "-"]
    assert {line for line, reasons in said(made).items() if "LOST_UNEXPLAINED" in reasons} == {3, 4}
    assert made.quarantined.empty
    bare = wide("customers.name  customers.lifecycle_stage\n甲公司  lost")  # a sheet that cannot say why
    assert split(bare, "customers").kept["customers.lifecycle_stage"].isna().all()
    off = split(bare, "customers", checks=replace(CHECKS, off=("LOST_UNEXPLAINED",)))
    assert off.kept["customers.lifecycle_stage"].tolist() == ["lost"]
