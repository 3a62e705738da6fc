"""Tiers: every label at its edge, with the figures and rows it rests on."""

import json
from datetime import date, timedelta
from decimal import Decimal

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as law
from hypothesis import strategies as st

from crmlib.engine import read_frame
from crmlib.insight.lists import list_at_risk
from crmlib.insight.measures import measure_customers
from crmlib.insight.tiers import assign_tiers, label_risk, label_value
from crmlib.periods import add_months, months_between
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)


def tiers_of(tables: dict, dimension: str, *, settings: str = "", as_of: date = AS_OF) -> pd.DataFrame:
    """customer_id → label, reasons (parsed), rules (their codes)."""
    found = assign_tiers(tables, settings=parse_settings(settings), as_of=as_of)
    found = found[found["dimension"] == dimension].set_index("customer_id")
    reasons = found["reasons"].map(json.loads)
    return pd.DataFrame(
        {"label": found["label"], "reasons": reasons, "rules": reasons.map(lambda rs: [one["rule"] for one in rs])}
    )


@pytest.mark.demand("D01", "D02", "D03")
def test_value_boundaries_are_half_open(tables):
    orders = """
        order_id  customer_id  ordered_on  amount_cny
        1         at_high      2024-01-15   500000.00
        2         below_high   2024-01-15   499999.99
        3         at_middle    2024-01-15   100000.00
        4         below        2024-01-15    99999.99
        5         lapsed       2023-06-30   900000.00
    """
    found = tiers_of(tables(orders=orders), "value")
    assert found["label"].to_dict() == {
        "at_high": "high",
        "below_high": "middle",
        "at_middle": "middle",
        "below": "low",
        "lapsed": "low",  # bought before the window
    }
    assert found["rules"]["at_high"] == ["VALUE_HIGH"]
    assert found["rules"]["lapsed"] == ["NO_ORDER"]


def test_the_value_reason_cites_the_amount_the_line_and_the_largest_rows(tables):
    orders = """
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2024-01-01    10000.00
        2         anna         2024-01-02   600000.00
        3         anna         2024-01-03    10000.00
        4         anna         2024-01-04     2000.00
        5         anna         2024-01-05     2000.00
        6         anna         2024-01-06     1000.00
    """
    (reason,) = tiers_of(tables(orders=orders), "value").loc["anna", "reasons"]
    assert reason["figures"] == {
        "basis": "trailing_12m",
        "amount_cny": 625000.00,
        "from": "2023-07-01",
        "before": "2024-07-01",
        "high_cny": 500000.00,
        "middle_cny": 100000.00,
        "orders": 6,
    }
    assert reason["row_ids"] == ["orders-2", "orders-1", "orders-3", "orders-4", "orders-5"]  # at most five …
    assert reason["rows"] == 6  # … and how many there are


@pytest.mark.demand("D03")
def test_no_order_is_low_with_its_reason_also_without_an_order_table(tables):
    some = tables(customers="customer_id\nbo", orders="customer_id  ordered_on  amount_cny\n-  2024-01-01  1.00")
    assert tiers_of(some, "value").loc["bo", ["label", "rules"]].tolist() == ["low", ["NO_ORDER"]]
    none = tables(customers="customer_id\nbo")
    assert tiers_of(none, "value").loc["bo", ["label", "rules"]].tolist() == ["low", ["NO_ORDER", "NO_ORDER_TABLE"]]
    assert tiers_of(none, "risk").loc["bo", "rules"] == ["NEVER_ORDERED", "NO_PAYMENT_TABLE", "NO_ORDER_TABLE"]


@pytest.mark.demand("D04")
@pytest.mark.parametrize(
    ("basis", "label"),
    [("trailing_12m", "middle"), ("calendar_year", "low"), ("fiscal_year", "middle"), ("cumulative", "high")],
)
def test_the_basis_is_a_setting(tables, basis, label):
    orders = """
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2022-01-01   400000.00
        2         anna         2023-12-31   100000.00
        3         anna         2024-05-01        1.00
    """
    settings = f'[tiers.value]\nbasis = "{basis}"\n[periods]\nfiscal_year_start = 10'
    assert tiers_of(tables(orders=orders), "value", settings=settings).loc["anna", "label"] == label


@pytest.mark.demand("D05", "D06", "D07")
def test_potential_goes_by_the_intent_and_strength_of_open_needs(tables):
    customers = """
        customer_id  lifecycle_stage
        focus        prospect
        low_intent   interested
        vague        prospect
        silent       prospect
        by_stage     prospect
        by_customer  interested
        urgent       prospect
        unclear      prospect
        satisfied    prospect
    """
    needs = """
        customer_id  intent  clarity  priority  stage          status     opened_at
        focus        high    clear    -         -              open       2024-05-01
        low_intent   low     clear    high      negotiation    open       2024-05-01
        vague        high    vague    high      negotiation    open       2024-05-01
        by_stage     -       clear    -         evaluation     open       2024-05-01
        by_customer  -       clear    low       first_contact  -          2024-05-01
        urgent       -       -        high      -              open       2024-05-01
        unclear      high    -        -         -              open       2024-05-01
        satisfied    high    clear    -         -              satisfied  2024-05-01
        silent       high    clear    -         -              open       2024-07-01
    """
    found = tiers_of(tables(customers=customers, needs=needs), "potential")
    assert found["label"].to_dict() == {
        "focus": "focus",
        "low_intent": "potential",  # the noted intent is not overruled by priority or stage
        "vague": "watch",
        "silent": "watch",  # the need is not known yet
        "by_stage": "focus",
        "by_customer": "focus",
        "urgent": "focus",
        "unclear": "potential",
        "satisfied": "watch",
    }
    rules = found["rules"].to_dict()
    assert rules["focus"] == ["INTENT_HIGH", "NEED_STRONG"]
    assert rules["low_intent"] == ["INTENT_LOW"]
    assert rules["unclear"] == ["NEED_NOT_STRONG"]
    assert (rules["vague"], rules["silent"]) == (["NEED_VAGUE"], ["NO_NEED"])


@pytest.mark.demand("D05")
def test_potential_cites_the_rows_that_set_intent_and_need(tables):
    customers = """
        customer_id  lifecycle_stage
        anna         prospect
        bo           interested
    """
    needs = """
        customer_id  intent  clarity  opened_at
        anna         low     vague    2024-06-01
        anna         high    clear    2024-05-01
        bo           -       clear    2024-06-01
    """
    found = tiers_of(tables(customers=customers, needs=needs), "potential")["reasons"]
    intent, need = found["anna"]
    assert (intent["figures"], intent["row_ids"]) == ({"by": "intent"}, ["needs-2"])
    assert (need["figures"], need["row_ids"], need["rows"]) == ({"needs": 1}, ["needs-2"], 1)
    by_stage, need = found["bo"]
    assert (by_stage["figures"], by_stage["row_ids"]) == ({"by": "lifecycle_stage"}, ["bo"])
    assert need["row_ids"] == ["needs-3"]


@pytest.mark.demand("D07")
def test_a_need_that_was_closed_later_was_open_on_the_day(tables):
    needs = """
        customer_id  intent  clarity  status     opened_at   closed_at
        anna         high    clear    satisfied  2024-05-01  2024-07-01
        bo           high    clear    satisfied  2024-05-01  2024-06-30
    """
    assert tiers_of(tables(needs=needs), "potential")["label"].to_dict() == {"anna": "focus", "bo": "watch"}


@pytest.mark.demand("D08", "D09")
def test_an_overdue_payment_is_a_warning_and_none_is_stable(tables):
    orders = """
        order_id  customer_id  ordered_on  amount_cny
        1         stable       2024-06-01        1.00
        2         once         2024-06-01        1.00
        3         twice        2024-06-01        1.00
        4         thrice       2024-06-01        1.00
        5         long_ago     2024-06-01        1.00
    """
    payments = """
        customer_id  due_date    due_amount_cny  paid_date
        stable       2024-05-01          100.00  2024-05-01
        once         2024-05-01          100.00  2024-05-03
        twice        2024-05-01          100.00  2024-05-03
        twice        2024-06-01          100.00  -
        thrice       2024-04-01          100.00  -
        thrice       2024-05-01          100.00  -
        thrice       2024-06-01          100.00  -
        long_ago     2023-06-30          100.00  -
    """
    book = tables(orders=orders, payments=payments)
    found = tiers_of(book, "risk")
    warned = {"once", "twice", "thrice"}
    assert found["label"].to_dict() == {who: "warning" if who in warned else "stable" for who in found.index}
    assert found["rules"]["stable"] == ["NO_OVERDUE"]
    (reason,) = found["reasons"]["twice"]
    assert reason["rule"] == "OVERDUE"
    assert reason["figures"] == {"payments": 2, "months": 12, "owed_cny": 100.00, "days": 30}
    assert reason["row_ids"] == ["payments-3", "payments-4"]  # the oldest first

    two = tiers_of(book, "risk", settings="[tiers.risk]\nwarn_overdue = 2")
    assert two.loc["once", ["label", "rules"]].tolist() == ["stable", ["OVERDUE"]]  # too few for a warning, yet said
    assert two.loc["twice", "label"] == "warning"


@pytest.mark.demand("D10")
@pytest.mark.parametrize(
    ("last_order", "as_of", "label"),
    [
        (date(2024, 4, 1), date(2024, 7, 1), "stable"),  # exactly three months: not yet
        (date(2024, 3, 31), date(2024, 7, 1), "churn_risk"),
        (date(2024, 2, 29), date(2024, 5, 31), "stable"),  # three months before 31 May is the last of February
        (date(2024, 2, 28), date(2024, 5, 31), "churn_risk"),
    ],
)
def test_churn_risk_begins_after_three_full_months(tables, last_order, as_of, label):
    book = tables(orders=f"order_id  customer_id  ordered_on  amount_cny\n1  anna  {last_order}  1.00")
    found = tiers_of(book, "risk", as_of=as_of).loc["anna"]
    assert found["label"] == label
    if label == "churn_risk":
        reason = found["reasons"][0]
        assert reason["rule"] == "NO_ORDER_SINCE"
        assert reason["figures"] == {"last_ordered_on": f"{last_order}", "as_of": f"{as_of}", "months": 3}
        assert reason["row_ids"] == ["orders-1"]


@pytest.mark.demand("D10")
def test_who_never_ordered_is_no_deal_and_not_lost(tables):
    orders = """
        order_id  customer_id  ordered_on  amount_cny  status
        1         anna         2024-06-01       -5.00  cancelled
        2         bo           2024-06-01        5.00  done
    """
    found = tiers_of(tables(orders=orders), "risk")
    assert found.loc["anna", ["label", "rules"]].tolist() == ["no_deal", ["NEVER_ORDERED", "NO_PAYMENT_TABLE"]]
    assert found.loc["bo", "label"] == "stable"


def test_a_customer_at_churn_risk_who_owes_stays_at_risk_and_both_are_cited(tables):
    book = tables(
        orders="order_id  customer_id  ordered_on  amount_cny\n1  anna  2024-01-01  1.00",
        payments="customer_id  due_date  due_amount_cny\nanna  2024-02-01  1.00",
    )
    assert tiers_of(book, "risk").loc["anna", ["label", "rules"]].tolist() == [
        "churn_risk",
        ["NO_ORDER_SINCE", "OVERDUE"],
    ]


def test_every_active_customer_has_one_label_in_each_dimension(tables):
    book = tables(customers="customer_id  record_status\nbo  active\nanna  -\nold  archived")
    found = assign_tiers(book, settings=parse_settings(), as_of=AS_OF)
    assert found[["customer_id", "dimension"]].values.tolist() == [
        [who, dimension]
        for who in ("anna", "bo")
        for dimension in ("potential", "risk", "value")  # no activity: nothing was looked at
    ]
    assert set(found["as_of"]) == {AS_OF}


def test_an_id_with_quotes_still_makes_json(tables):
    orders = 'row_id  order_id  customer_id  ordered_on  amount_cny\na"\\b  1  anna  2024-06-01  1.00'
    (reason,) = tiers_of(tables(orders=orders), "value").loc["anna", "reasons"]
    assert reason["row_ids"] == ['a"\\b']


@pytest.fixture
def lapsed(tables):
    return tables(
        customers="""
        customer_id  name          owner_name  owner_id
        anna         甲示例有限公司  周示例       S01
        bo           乙示例有限公司  -           S02
        cai          丙示例有限公司  -           S03
        dora         丁示例有限公司  -           -
        """,
        staff="staff_id  name\nS02  吴示例",
        orders="""
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2024-01-01   600000.00
        2         bo           2024-02-01   900000.00
        3         cai          2024-03-01   600000.00
        4         dora         2024-06-01   900000.00
        """,
        payments="customer_id  due_date  due_amount_cny\nbo  2024-02-01  7.00",
        interactions="customer_id  occurred_at\nbo  2024-06-20 09:00",
    )


@pytest.mark.demand("D24")
def test_high_value_at_churn_risk_is_a_list_with_its_reasons_largest_first(lapsed):
    tiers = assign_tiers(lapsed, settings=parse_settings(), as_of=AS_OF)
    listed = list_at_risk(lapsed, tiers, measure_customers(lapsed, as_of=AS_OF)).set_index("customer_id")
    assert list(listed.index) == ["bo", "anna", "cai"]  # dora still buys
    assert listed["owner"].tolist() == ["吴示例", "周示例", "S03"]
    bo = listed.loc["bo"]
    assert (bo["name"], bo["amount_12m_cny"], bo["last_ordered_on"]) == (
        "乙示例有限公司",
        Decimal(900000),
        date(2024, 2, 1),
    )
    assert (bo["months_since_last_order"], bo["days_since_last_contact"], bo["overdue_amount_cny"]) == (
        5,
        11,
        Decimal(7),
    )
    assert [one["rule"] for one in json.loads(bo["reasons"])] == ["VALUE_HIGH", "NO_ORDER_SINCE", "OVERDUE"]


def test_nobody_at_risk_is_an_empty_list(tables):
    book = tables(customers="customer_id\nbo")
    tiers = assign_tiers(book, settings=parse_settings(), as_of=AS_OF)
    assert len(list_at_risk(book, tiers, measure_customers(book, as_of=AS_OF))) == 0


@pytest.mark.parametrize(
    ("ordered", "talked", "label", "rules"),
    [
        ("2024-01-01", None, "active", ["ACTIVE_ORDER"]),  # exactly six months: still
        ("2023-12-31", None, "inactive", ["INACTIVE_ORDER"]),
        ("2023-12-31", "2024-01-01 09:00", "active", ["ACTIVE_CONTACT"]),
        ("2023-12-31", "2023-12-31 23:59", "inactive", ["INACTIVE_ORDER", "INACTIVE_CONTACT"]),
        (None, "2024-07-01 00:00", "inactive", ["NEVER_SEEN"]),  # the day itself is not yet
    ],
)
def test_activity_is_an_order_or_a_conversation_of_six_months_with_its_rows(tables, ordered, talked, label, rules):
    orders = "order_id  customer_id  ordered_on  amount_cny\n1  other  2024-01-01  1.00"
    orders += f"\n2  anna  {ordered}  1.00" if ordered else ""
    talks = "customer_id  occurred_at\nother  2024-01-01 09:00" + (f"\nanna  {talked}" if talked else "")
    found = tiers_of(tables(orders=orders, interactions=talks), "activity").loc["anna"]
    assert (found["label"], found["rules"]) == (label, rules)
    cited = {one["rule"]: one["row_ids"] for one in found["reasons"]}
    for rule, ids in cited.items():
        assert ids == ({"ORDER": ["orders-2"], "CONTACT": ["interactions-2"]}.get(rule.rpartition("_")[2], []))


cents = st.builds(
    lambda line, off: Decimal(line) + Decimal(off) / 100, st.sampled_from([100_000, 500_000]), st.integers(-3, 3)
)


@pytest.mark.demand("D01", "D02", "D03")
@given(amounts=st.lists(st.none() | cents, min_size=1, max_size=20))
@law(max_examples=25, deadline=None)
def test_to_the_cent_an_amount_has_one_label_and_its_line_belongs_to_the_higher(amounts):
    facts = pa.table({"amount_cny": pa.array(amounts, pa.decimal128(18, 2)), "n": range(len(amounts))})
    table = ibis.memtable(facts)
    labels = read_frame(table.mutate(label=label_value(table, parse_settings().tiers.value)).order_by("n"))["label"]
    expected = ["low" if (a or 0) < 100_000 else "middle" if a < 500_000 else "high" for a in amounts]
    assert labels.tolist() == expected


@pytest.mark.demand("D10")
@given(as_of=st.dates(date(2023, 1, 1), date(2025, 12, 31)), months=st.integers(1, 13))
@law(max_examples=25, deadline=None)
def test_exactly_so_many_months_is_not_yet_and_a_day_more_is(as_of, months):
    on_the_day = add_months(as_of, -months)
    days = [on_the_day - timedelta(days=1), on_the_day, on_the_day + timedelta(days=1)]
    rule = parse_settings(f"[tiers.risk]\nlost_months = {months}").tiers.risk
    facts = pa.table(
        {"last_ordered_on": pa.array(days), "overdue_payments_12m": pa.nulls(3, pa.int64()), "n": [0, 1, 2]}
    )
    table = ibis.memtable(facts)
    labels = read_frame(table.mutate(label=label_risk(table, rule, as_of=as_of)).order_by("n"))["label"].tolist()
    assert labels == ["churn_risk", "stable", "stable"]
    assert months_between(days[0], as_of) >= months
