"""Tags by rule, each at its edge: base, behaviour, needs, and the rules that users wrote."""

from datetime import date, timedelta

import pandas as pd
import pytest

from crmlib.insight.measures import measure_customers
from crmlib.insight.segments import assign_segments, score_rfm
from crmlib.insight.tags import date_tags, gather_facts_for_tags, tag_customers
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)


def tags_of(book, family: str | None = None, *, text: str = "") -> dict:
    settings = parse_settings(text)
    measures, tiers = measure_customers(book, as_of=AS_OF), assign_tiers(book, settings=settings, as_of=AS_OF)
    segments = assign_segments(score_rfm(measures), settings.segments)
    facts = gather_facts_for_tags(book, measures, tiers, segments, as_of=AS_OF)
    tags = tag_customers(book, facts, settings=settings, as_of=AS_OF)
    assert tags["rule_id"].notna().all()
    return {row.customer_id: row.value for row in tags.itertuples() if family in (None, row.family)}


@pytest.mark.demand("D11")
def test_base_tags_are_industry_region_and_size_with_their_rule(tables):
    book = tables(
        customers="""
        customer_id  industry_code  region  size_class  record_status
        anna         I651           华东    small       -
        bo           -              -       unknown     -
        old          I651           华东    small       archived
        """
    )
    assert tags_of(book, "industry") == {"anna": "I65"}
    assert tags_of(book, "industry", text='[classes]\nindustry_level = "group"') == {"anna": "I651"}
    assert tags_of(book, "region") == {"anna": "华东"} and tags_of(book, "size") == {"anna": "small"}


def orders_every(who: str, gaps: list[int], *, first: date = date(2023, 1, 1)) -> list[str]:
    days = [first]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return [f"{who}-{n}  {who}  {day}  10.00" for n, day in enumerate(days)]


@pytest.mark.demand("D12")
def test_a_median_gap_of_75_to_105_days_is_quarterly_and_fewer_than_3_orders_give_no_tag(tables):
    rows = [
        *orders_every("at_75", [75, 75]),
        *orders_every("at_105", [105, 105]),
        *orders_every("at_74", [74, 74]),
        *orders_every("at_106", [106, 106]),
        *orders_every("median", [10, 90, 200]),
        *orders_every("two", [90]),
        *orders_every("weekly", [7, 7]),
    ]
    book = tables(orders="order_id  customer_id  ordered_on  amount_cny\n" + "\n".join(rows))
    assert tags_of(book, "purchase_cycle") == {
        "at_75": "quarterly",
        "at_105": "quarterly",
        "median": "quarterly",
        "weekly": "weekly",
    }


@pytest.mark.demand("D13")
def test_the_preferred_category_brings_the_set_share_of_the_amount(tables):
    book = tables(
        orders="""
        order_id  customer_id  ordered_on  amount_cny  category
        1         at_share     2024-01-01   60.00      硬件设备
        2         at_share     2024-02-01   39.99      耗材配件
        3         at_share     2024-03-01    0.01      -
        4         below        2024-01-01   59.99      硬件设备
        5         below        2024-02-01   40.01      耗材配件
        6         below        2024-03-01    0.00      耗材配件
        7         two_orders   2024-01-01  100.00      硬件设备
        8         two_orders   2024-02-01  100.00      硬件设备
        9         future       2024-01-01   10.00      硬件设备
        10        future       2024-02-01   10.00      耗材配件
        11        future       2024-03-01    0.00      耗材配件
        12        future       2024-07-01   90.00      硬件设备
        """
    )
    assert tags_of(book, "product_preference") == {"at_share": "硬件设备"}
    lower = tags_of(book, "product_preference", text="[tagging]\npreference_share = 0.5999")
    assert lower["below"] == "硬件设备"


@pytest.mark.demand("D14")
def test_contact_frequency_goes_by_the_median_gap_between_conversations(tables):
    talks = {"weekly": [10, 10], "monthly": [11, 45], "quarterly": [46, 46], "seldom": [106, 200], "twice": [5]}
    rows = []
    for who, gaps in talks.items():
        days = [date(2023, 1, 1)]
        for gap in gaps:
            days.append(days[-1] + timedelta(days=gap))
        rows += [f"{who}  {day} 10:00" for day in days]
    rows.append("weekly  2023-01-01 15:00")  # a second call on one day is no gap of 0 days
    book = tables(interactions="customer_id  occurred_at\n" + "\n".join(rows))
    assert tags_of(book, "interaction_frequency") == {who: who for who in ("weekly", "monthly", "quarterly", "seldom")}


@pytest.mark.demand("D15")
def test_current_and_future_needs_are_two_families(tables):
    book = tables(
        needs="""
        customer_id  category  horizon  due_date    opened_at   status
        anna         扩容      current  -           2024-05-01  open
        anna         培训      future   2024-07-02  2024-05-01  open
        bo           扩容      -        2024-10-01  2024-05-01  open
        cai          扩容      -        2024-10-02  2024-05-01  open
        dora         扩容      -        -           2024-05-01  open
        eve          扩容      current  -           2024-05-01  satisfied
        """
    )
    assert tags_of(book, "current_need") == {"anna": "扩容", "bo": "扩容"}
    assert tags_of(book, "future_need") == {"anna": "培训", "cai": "扩容"}  # noted, or due in more than three months


def test_a_rule_of_a_user_gives_its_tag_beside_the_kits_own(tables):
    book = tables(
        orders="order_id  customer_id  ordered_on  amount_cny\n1  anna  2024-06-01  500000.00\n2  bo  2024-06-01  1.00"
    )
    text = '[[tags]]\nfamily = "custom"\nvalue = "大额-稳定"\nwhen = "value = high and risk = stable"\nzh = "大额-稳定"\nen = "Large, stable"'
    assert tags_of(book, "custom", text=text) == {"anna": "大额-稳定"}


def test_tags_of_two_days_say_since_when_and_until_when():
    columns = ["customer_id", "family", "value", "rule_id"]
    before = pd.DataFrame([("a", "region", "华东", "R"), ("a", "size", "small", "R")], columns=columns, dtype="str")
    now = pd.DataFrame([("a", "region", "华东", "R"), ("a", "size", "medium", "R")], columns=columns, dtype="str")
    dated = date_tags(now, before, before_on=date(2024, 6, 1), as_of=AS_OF)
    spans = {row.value: (row.valid_from, row.valid_to) for row in dated.itertuples()}
    assert spans == {"华东": (date(2024, 6, 1), None), "medium": (AS_OF, None), "small": (date(2024, 6, 1), AS_OF)}


def test_a_need_has_grown_where_it_asks_for_more_than_any_satisfied_one(tables):
    book = tables(
        needs="""
        customer_id  budget_cny  priority  opened_at   closed_at   status
        more         100.00      -         2023-01-01  2023-02-01  satisfied
        more         100.01      low       2024-06-01  -           open
        same         100.00      -         2023-01-01  2023-02-01  satisfied
        same         100.00      high      2024-06-01  -           open
        urgent       -           -         2023-01-01  2023-02-01  satisfied
        urgent       -           high      2024-06-01  -           open
        earlier      1.00        -         2023-01-01  2023-02-01  satisfied
        earlier      9.00        -         2024-03-31  -           open
        first        9.00        high      2024-06-01  -           open
        """
    )
    settings = parse_settings()
    measures, tiers = measure_customers(book, as_of=AS_OF), assign_tiers(book, settings=settings, as_of=AS_OF)
    segments = assign_segments(score_rfm(measures), settings.segments)
    facts = gather_facts_for_tags(book, measures, tiers, segments, as_of=AS_OF).set_index("customer_id")
    assert facts["needs_grown"].loc[lambda n: n > 0].index.tolist() == ["more", "urgent"]
