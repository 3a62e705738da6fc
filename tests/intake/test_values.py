import json
import os
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmlib.dictionary import DICTIONARY
from crmlib.intake.headers import ColumnMatch, Mapping, map_headers
from crmlib.intake.readers import read_file
from crmlib.intake.values import Standard, standardise
from crmlib.settings import Source

RECEIVED_ON = date(2024, 7, 1)
REAL = Path(os.environ.get("CRM_REAL_DATA", "../shared/data"))


def sheet(table: str, columns: dict[str, list[str | None]], *, custom: dict[str, list[str | None]] | None = None):
    """A raw sheet whose headers are "table.field", a unit behind "@"; and how they were mapped."""
    custom = custom or {}
    raw = pd.DataFrame({**columns, **custom}, dtype="str")
    raw.index = pd.RangeIndex(2, 2 + len(raw), name="line")
    matches = []
    for header in columns:
        name, _, unit = header.partition("@")
        home, _, field = name.partition("#")[0].partition(".")
        matches.append(ColumnMatch(header, home, field, "exact", 0, float(unit) if unit else 1))
    return raw, Mapping(table, matches, list(custom))


def read(table: str, columns: dict[str, list[str | None]], *, source: Source | None = None, **more) -> Standard:
    raw, mapping = sheet(table, columns, **more)
    return standardise(raw, mapping, received_on=RECEIVED_ON, source=source)


def reasons(standard: Standard) -> list[tuple]:
    return list(standard.issues[["line", "field", "value", "reason", "severity"]].itertuples(index=False, name=None))


@pytest.mark.demand("C03", "B08")
def test_a_cell_that_cannot_be_read_is_missing_and_its_reason_is_listed():
    standard = read(
        "customers",
        {"customers.name": ["示例公司"] * 3, "customers.first_contact_date": ["2023/10/15", "03/04/2023", None]},
    )
    assert standard.rows["customers.first_contact_date"].tolist() == [date(2023, 10, 15), pd.NA, pd.NA]
    assert reasons(standard) == [(3, "first_contact_date", "03/04/2023", "DATE_AMBIGUOUS", "cell")]


@pytest.mark.demand("B08")
def test_a_required_value_that_cannot_be_read_is_an_error_and_never_zero():
    standard = read("orders", {"orders.ordered_on": ["2024-01-01", "下周"], "orders.amount_cny": ["面议", "100"]})
    assert standard.rows["orders.amount_cny"].isna().tolist() == [True, False]
    assert [(line, reason, severity) for line, _, _, reason, severity in reasons(standard)] == [
        (2, "AMOUNT_NOT_NUMBER", "error"),
        (3, "DATE_INVALID", "error"),
    ]


@pytest.mark.demand("A13")
def test_faults_of_identity_are_errors():
    standard = read(
        "customers",
        {
            "customers.name": ["示例公司"] * 2,
            "customers.source_id": ["C1", "4.4E+17"],
            "customers.uscc": ["91350100M000100Y44", None],
        },
    )
    assert [(line, reason, severity) for line, _, _, reason, severity in reasons(standard)] == [
        (2, "BAD_USCC", "error"),
        (3, "ID_PRECISION_LOST", "error"),
    ]


@pytest.mark.demand("A27", "A40", "A57")
def test_a_talk_says_how_exactly_its_time_is_known():
    rows = read(
        "interactions",
        {
            "interactions.occurred_at": ["2024-04-2014:30", "2023-10-15", None, None],
            "interactions.content": ["谈价格", "回访", "电话沟通", None],
        },
    ).rows
    assert rows["interactions.occurred_at"].tolist()[:2] == [datetime(2024, 4, 20, 14, 30), datetime(2023, 10, 15)]
    assert rows["interactions.time_precision"].tolist()[:3] == ["minute", "day", "unknown"]
    assert rows["interactions.time_precision"].isna().tolist() == [False, False, False, True]


@pytest.mark.demand("A04")
def test_a_size_is_people_or_revenue_or_a_class():
    standard = read("customers", {"customers.headcount": ["100-500人", "1亿元", "大型企业", "很多", "约200人"]})
    rows = standard.rows
    assert rows["customers.headcount_min"].tolist() == [100, pd.NA, pd.NA, pd.NA, 200]
    assert rows["customers.headcount_max"].tolist() == [500, pd.NA, pd.NA, pd.NA, 200]
    assert rows["customers.annual_revenue_cny"].tolist() == [pd.NA, Decimal(100000000), pd.NA, pd.NA, pd.NA]
    assert rows["customers.size_class"].dropna().to_dict() == {
        4: "large"
    }  # as it is written; figures are judged together
    assert reasons(standard) == [
        (5, "headcount", "很多", "BAD_SIZE", "cell"),
        (6, "headcount", "约200人", "APPROXIMATE", "warning"),
    ]


@pytest.mark.demand("A04", "A14")
def test_industry_and_figures_are_read_apart():
    rows = read(
        "customers",
        {
            "customers.industry_raw": ["互联网", "宇宙业"],
            "customers.headcount": ["300人", "300人"],
            "customers.annual_revenue_cny@10000": ["1亿", "10000"],
        },
    ).rows
    assert rows["customers.industry_code"].tolist()[0] == "I651" and pd.isna(rows["customers.industry_code"].iloc[1])
    assert rows["customers.annual_revenue_cny"].tolist() == [Decimal(100000000)] * 2


@pytest.mark.demand("A20")
def test_a_place_of_its_own_column_beats_the_one_in_the_address():
    rows = read("customers", {"customers.address": ["广东深圳南山区"] * 2, "customers.city": ["广州", None]}).rows
    assert rows["customers.province"].tolist() == ["广东省"] * 2
    assert rows["customers.city"].tolist() == ["广州市", "深圳市"]
    assert rows["customers.region"].tolist() == ["华南"] * 2


@pytest.mark.demand("A12")
def test_a_stage_in_the_column_of_kinds_goes_to_its_own_field_and_is_said():
    standard = read(
        "customers", {"customers.name": ["示例公司", "李雷"], "customers.entity_type": ["意向客户", "个人"]}
    )
    assert standard.rows["customers.lifecycle_stage"].tolist()[0] == "interested"
    assert standard.rows["customers.entity_type"].tolist() == ["org", "person"]  # the first by its name
    assert reasons(standard) == [(2, "entity_type", "意向客户", "VALUE_ROUTED", "warning")]


@pytest.mark.demand("A31")
def test_tags_are_a_list():
    rows = read("customers", {"tags.value": ["长期合作、技术导向；价格敏感", None]}).rows
    assert json.loads(rows["tags.value"].iloc[0]) == ["长期合作", "技术导向", "价格敏感"]
    assert pd.isna(rows["tags.value"].iloc[1])


@pytest.mark.demand("A17")
def test_numbers_of_several_columns_stand_in_one():
    rows = read(
        "customers", {"contacts.phone": ["100 1234 5678", None], "contacts.phone#2": ["021-00001234", "--"]}
    ).rows
    assert rows["contacts.phone"].tolist()[0] == "10012345678;02100001234"
    assert pd.isna(rows["contacts.phone"].iloc[1])


@pytest.mark.demand("A30", "A46")
def test_a_plan_gets_its_day_from_its_words_and_the_year_from_the_talk():
    standard = read(
        "interactions",
        {
            "interactions.occurred_at": ["2023-10-15", "2023-12-30"],
            "actions.task": ["我方10月18日前提交方案", "1月5日前回访"],
            "actions.due_date": [None, "2024-02-01"],
        },
    )
    assert standard.rows["actions.due_date"].tolist() == [date(2023, 10, 18), date(2024, 2, 1)]
    assert standard.rows["actions.task"].tolist()[1] == "1月5日前回访"  # its day is not the one in the column
    assert standard.rows["actions.owner_side"].tolist()[0] == "ours"
    assert reasons(standard) == [(3, "owner_name", "1月5日前回访", "ACTION_WITHOUT_OWNER", "warning")]


@pytest.mark.demand("A42", "A44", "A45")
def test_a_talk_is_taken_apart():
    rows = read(
        "interactions",
        {
            "interactions.participants": ["我方:销售代表;客户方:经理、*助理"],
            "interactions.content": ["客户：希望降价；我方：三日内答复"],
            "interactions.mood_raw": ["满意"],
        },
    ).rows.iloc[0]
    assert json.loads(rows["interactions.participants_theirs"]) == ["经理", "*助理"]
    assert rows["interactions.client_said"] == "希望降价" and rows["interactions.we_said"] == "三日内答复"
    assert rows["interactions.mood"] == "positive" and rows["interactions.mood_raw"] == "满意"


def test_an_order_without_an_amount_is_price_times_quantity_rounded_once():
    rows = read(
        "orders",
        {
            "orders.price": ["0.125", "2.50", "3"],
            "orders.quantity": ["3", "-2", None],
            "orders.amount_cny": [None, None, "7"],
        },
    ).rows
    assert rows["orders.amount_cny"].tolist() == [Decimal("0.38"), Decimal("-5.00"), Decimal("7.00")]


def test_money_of_the_declared_currency_may_carry_its_sign():
    standard = read("orders", {"orders.amount_cny": ["£5", "¥5"]}, source=Source(currency="GBP"))
    assert standard.rows["orders.amount_cny"].tolist() == [Decimal(5), pd.NA]


@pytest.mark.demand("A08")
def test_a_named_decider_is_the_contact_where_the_row_has_no_other():
    standard = read(
        "customers",
        {"contacts.name": ["李雷", "王梅", None, "赵四"], "contacts.decision_role": ["李雷", "张三", "张三", "是"]},
    )
    rows = standard.rows
    assert rows["contacts.name"].tolist() == ["李雷", "王梅", "张三", "赵四"]
    assert rows["contacts.decision_role"].isna().tolist() == [False, True, False, False]
    assert set(rows["contacts.decision_role"].dropna()) == {"decider"}
    assert rows["contacts.decider_name"].fillna("-").tolist() == ["-", "张三", "-", "-"]  # a contact of their own
    assert reasons(standard) == []


@pytest.mark.demand("A60")
def test_columns_that_no_field_claims_are_kept_together():
    rows = read("customers", {"customers.name": ["示例公司"] * 2}, custom={"偏好品类": ["B", None]}).rows
    assert json.loads(rows["customers.custom"].iloc[0]) == {"偏好品类": "B"}
    assert pd.isna(rows["customers.custom"].iloc[1])


TEXTS = [
    "", "--", "无", "2024-04-2014:30", "03/04/2023", "45214", "2023年10月", "3.2万", "约50万", "(1,200)", "-5", "85%", "4.4E+17", "100-500人", "半年",
    "1亿元", "10012345678", "021-00001234转801", "100****5678", "a@example.com；b@example.org", "张*", "李女士", "示例公司", "互联网", "广东深圳南山区", "吉林",
    "意向客户", "个人", "是", "电话", "满意", "不太满意", "客户：好；我方：行", "我方:甲;客户方:乙", "10月18日前10月20日前提交", "长期合作、价格敏感", '["a", "b"]', '{"a": 1}', "朝阳区",
]  # fmt: skip
CELL = st.sampled_from(TEXTS) | st.text(max_size=12) | st.none()
FIELDS = [
    field.name for field in DICTIONARY.fields() if field.table not in ("tiers", "stage_changes", "contact_methods")
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_text_breaks_it_and_standardising_twice_is_standardising_once(data):
    names = data.draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=8, unique=True))
    columns = {name: data.draw(st.lists(CELL, min_size=3, max_size=3)) for name in names}
    raw, mapping = sheet("customers", columns)
    before = raw.copy(deep=True)
    once = standardise(raw, mapping, received_on=RECEIVED_ON)
    pd.testing.assert_frame_equal(raw, before)
    assert once.rows.index.equals(raw.index)
    assert set(once.issues["line"]) <= set(raw.index)
    texts = {name: [None if pd.isna(value) else str(value) for value in once.rows[name]] for name in once.rows.columns}
    twice = standardise(*sheet("customers", texts), received_on=RECEIVED_ON)
    pd.testing.assert_frame_equal(twice.rows[list(once.rows)], once.rows)


@pytest.mark.skipif(not (REAL / "templates").is_dir(), reason="needs the real data")
def test_the_sources_own_templates_are_read_without_a_fault():
    for path in sorted((REAL / "templates").glob("*.csv")):
        for raw in read_file(path).tables:
            mapping = map_headers(raw)
            if mapping.table:
                standard = standardise(raw, mapping, received_on=RECEIVED_ON)
                assert set(standard.issues["severity"]) <= {"warning"}, (path.name, standard.issues)


@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "orders/online_retail_II.parquet").is_file(), reason="needs the real data")
def test_a_million_order_lines_take_seconds_and_every_penny_is_there():
    raw = read_file(REAL / "orders/online_retail_II.parquet").tables[0]
    mapping = map_headers(raw)
    started = time.perf_counter()
    standard = standardise(raw, mapping, received_on=date(2012, 1, 1), source=Source(currency="GBP"))
    assert time.perf_counter() - started < 30  # about 6 s alone on two cores
    assert len(standard.rows) == len(raw) == 1_044_847
    assert abs(standard.rows["orders.amount_cny"].sum() - Decimal("18909744.12")) < 1
