"""Records are judged by hand-counted rows: in time or late, complete or not, telling or vague."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from crmlib.errors import SettingsError
from crmlib.insight.entry import (
    baseline_of,
    completeness_by_person,
    completeness_change,
    completeness_weights,
    judge_entries,
    judge_records,
    lacking_records,
    measure_texts,
    overdue_actions,
    score_completeness,
    timeliness_by_person,
)
from crmlib.settings import parse_settings

SETTINGS = parse_settings()
START, AS_OF = date(2024, 6, 1), date(2024, 7, 1)


def judge(tables, rows: str, **deadlines) -> dict[str, str]:
    book = tables(interactions=rows)
    wanted = replace(SETTINGS.deadlines, **deadlines)
    entries = judge_entries(book, deadlines=wanted, start=START, as_of=AS_OF)
    return dict(zip(entries["row_id"].str.removeprefix("interactions-"), entries["status"], strict=True))


@pytest.mark.demand("B11", "B12")
def test_an_entry_is_late_after_the_deadline_of_its_channel(tables):
    found = judge(
        tables,
        """
        channel  occurred_at       time_precision  recorded_at
        email    2024-06-03 10:00  minute          2024-06-04 10:00
        email    2024-06-03 10:00  minute          2024-06-04 10:01
        phone    2024-06-03 10:00  minute          2024-06-03 12:00
        phone    2024-06-03 10:00  minute          2024-06-03 12:01
        visit    2024-06-03 10:00  minute          2024-06-03 12:01
        -        2024-06-03 10:00  minute          2024-06-03 12:01
        """,
    )
    assert found == {"1": "on_time", "2": "late", "3": "on_time", "4": "late", "5": "late", "6": "on_time"}


@pytest.mark.demand("B12")
def test_the_deadlines_are_settings(tables):
    rows = "channel  occurred_at  time_precision  recorded_at\nphone  2024-06-03 10:00  minute  2024-06-03 13:00"
    assert judge(tables, rows) == {"1": "late"}
    assert judge(tables, rows, phone_visit_h=24) == {"1": "on_time"}
    assert judge(tables, rows, phone_visit=("visit",)) == {"1": "on_time"}


@pytest.mark.demand("B11")
def test_what_has_no_two_times_is_counted_apart_and_later_days_are_not_known(tables):
    found = judge(
        tables,
        """
        channel  occurred_at       time_precision  recorded_at
        email    2024-06-03 00:00  day             2024-06-09 10:00
        email    2024-06-03 10:00  minute          2024-06-09 00:00
        email    2024-06-03 10:00  minute          -
        email    2024-06-03 10:00  minute          2024-06-03 09:00
        email    2024-06-30 23:00  minute          2024-07-03 10:00
        email    2024-06-29 23:00  minute          2024-07-03 10:00
        email    2024-05-31 23:59  minute          2024-05-31 23:59
        email    2024-07-01 00:01  minute          2024-07-01 00:02
        """,
    )
    assert found == {"1": "day_only", "2": "day_only", "3": "not_recorded", "4": "before", "5": "open", "6": "late"}


@pytest.mark.demand("B11")
def test_the_on_time_rate_belongs_to_who_entered_it_and_few_entries_have_none(tables):
    book = tables(
        interactions="""
        staff_id  recorder_id  channel  occurred_at       time_precision  recorded_at
        S1        -            email    2024-06-03 10:00  minute          2024-06-03 11:00
        S1        -            email    2024-06-03 10:00  minute          2024-06-05 11:00
        S2        S1           email    2024-06-03 10:00  minute          2024-06-03 11:00
        S2        -            email    2024-06-03 10:00  minute          2024-06-03 11:00
        S2        -            email    2024-06-03 10:00  minute          -
        -         -            email    2024-06-03 10:00  minute          2024-06-03 11:00
        """
    )
    entries = judge_entries(book, deadlines=SETTINGS.deadlines, start=START, as_of=AS_OF)
    people = timeliness_by_person(entries, least=3).set_index("staff_id")
    assert people.loc["S1", ["entries", "judged", "on_time", "late"]].tolist() == [3, 3, 2, 1]
    assert people.loc["S1", "on_time_share"] == pytest.approx(2 / 3)
    assert people.loc["S2", ["entries", "judged", "not_recorded"]].tolist() == [2, 1, 1]
    assert pd.isna(people.loc["S2", "on_time_share"])
    assert people["entries"].sum() == 6  # nobody's too


def test_no_talk_at_all_is_an_empty_table(tables):
    entries = judge_entries(tables(), deadlines=SETTINGS.deadlines, start=START, as_of=AS_OF)
    assert len(entries) == 0 and len(timeliness_by_person(entries, least=5)) == 0


# ── complete


@pytest.fixture
def scored(tables):
    book = tables(
        customers="""
        customer_id  industry_raw  headcount  annual_revenue_cny  source_channel  first_contact_date  lifecycle_stage  owner_id
        anna         互联网        50人       -                   fair            2024-06-05          customer         S1
        bo           互联网        -          5.00                -               2023-01-05          customer         S1
        cai          -             -          -                   -               -                   -                -
        """,
        contacts="contact_id  customer_id  name  preference\nP1  anna  张*  上午",
        needs="need_id  customer_id  text  opened_at\n1  anna  提速  2024-06-01\n2  bo  提速  2024-07-01",
        orders="order_id  customer_id  ordered_on  amount_cny\n1  bo  2024-06-01  5.00",
    )
    return score_completeness(book, entry=SETTINGS.entry, as_of=AS_OF).set_index("customer_id")


@pytest.mark.demand("A63")
def test_focus_fields_weigh_more_and_a_later_need_is_not_known_yet(scored):
    # seven required ones of weight 1 (head count or revenue is one), and three focus fields of weight 2
    assert scored["share"].to_dict() == pytest.approx({"anna": 11 / 13, "bo": 7 / 13, "cai": 0})
    assert scored.loc["anna", "lacking"] == "orders.amount_cny"
    assert scored.loc["bo", "lacking"] == "customers.source_channel;contacts.name;needs.text;contacts.preference"


@pytest.mark.demand("A63")
def test_weights_are_settings_and_an_unknown_field_is_refused():
    own = parse_settings(
        '[entry]\nweights = { "needs.text" = 0, "customers.industry_raw" = 3, "customers.owner_id" = 2 }'
    )
    weights = completeness_weights(own.entry)
    assert ("needs.text",) not in weights
    assert weights[("customers.industry_raw",)] == 3
    assert weights[("customers.owner_name", "customers.owner_id")] == 2  # one of the two is enough
    with pytest.raises(SettingsError, match="neds.text"):
        completeness_weights(replace(own.entry, weights={"neds.text": 1.0}))


@pytest.mark.demand("G12", "A63")
def test_completeness_by_person_and_month_and_its_change_since_a_day(scored):
    months = completeness_by_person(scored.reset_index(), least=1)
    assert months["customers"].sum() == 3
    assert months.loc[months["month"].eq("2024-06-01"), "share"].tolist() == pytest.approx([11 / 13])
    assert completeness_by_person(scored.reset_index(), least=2)["share"].isna().all()
    change = completeness_change(scored.reset_index(), baseline=date(2024, 1, 1), least=1).set_index("owner_id")
    assert change.loc["S1", ["customers", "customers_before"]].tolist() == [1, 1]
    assert change.loc["S1", "change"] == pytest.approx(4 / 13)
    assert baseline_of(SETTINGS.entry, as_of=AS_OF) == date(2023, 7, 1)
    assert baseline_of(parse_settings("[entry]\nbaseline = 2024-03-01").entry, as_of=AS_OF) == date(2024, 3, 1)


# ── telling


@pytest.mark.demand("A66")
def test_a_follow_up_that_lacks_content_feedback_or_a_next_action_is_listed(tables):
    book = tables(
        interactions="""
        interaction_id  customer_id  occurred_at       content   feedback
        J1              anna         2024-06-03 10:00  谈价格    认可
        J2              anna         2024-06-04 10:00  谈价格    -
        J3              bo           2024-06-05 10:00  -         -
        J4              anna         2024-06-06 10:00  谈交付    认可
        J5              anna         2024-05-31 10:00  -         -
        """,
        actions="""
        row_id          interaction_id  customer_id  task
        interactions-1  -               anna         送样
        a2              J2              anna         报价
        a3              J3              anna         报价
        """,
    )
    records = judge_records(book, start=START, as_of=AS_OF)
    assert len(records) == 4
    lacking = lacking_records(records).set_index("row_id")["lacks"].to_dict()
    assert lacking == {
        "interactions-2": "feedback",
        "interactions-3": "content;feedback;next_action",  # the action that names J3 is another customer's
        "interactions-4": "next_action",
    }


def test_blank_and_vague_texts_are_counted_by_field(tables):
    book = tables(
        interactions="""
        occurred_at       content           feedback
        2024-06-03 10:00  已沟通            -
        2024-06-04 10:00  客户要求下周报价  好的
        2024-06-04 11:00  客户要求降价      很好吃
        2024-06-05 10:00  客户已了解情况    -
        2024-05-05 10:00  -                 -
        """
    )
    texts = measure_texts(book, entry=SETTINGS.entry, start=START, as_of=AS_OF).set_index(["table", "field"])
    assert texts.loc[("interactions", "content")].tolist() == [4, 0, 2]
    assert texts.loc[("interactions", "feedback")].tolist() == [4, 2, 2]
    assert "needs" not in texts.index.get_level_values(0)


@pytest.mark.demand("A30", "A59")
def test_what_was_due_and_is_still_open_on_the_day_is_overdue(tables):
    book = tables(
        actions="""
        row_id  customer_id  task  due_date    status     done_at
        a1      anna         送样  2024-06-30  open       -
        a2      anna         报价  2024-07-01  open       -
        a3      anna         回访  2024-06-01  -          -
        a4      anna         取样  2024-06-01  done       2024-06-20 10:00
        a5      anna         改价  2024-06-10  done       2024-07-02 10:00
        a6      anna         取消  2024-06-01  cancelled  -
        a7      anna         不明  2024-06-01  done       -
        """
    )
    late = overdue_actions(book, as_of=AS_OF)
    assert late[["row_id", "overdue_days"]].values.tolist() == [["a3", 30], ["a5", 21], ["a1", 1]]


def test_a_text_that_nobody_ever_wrote_is_no_fault_of_this_month(tables):
    rows = "occurred_at  content  feedback\n2024-06-03 10:00  客户要求降价  -\n2024-05-03 10:00  客户要求降价  {}"
    for feedback, fields in (("-", ["content"]), ("认可方案", ["content", "feedback"])):
        book = tables(interactions=rows.format(feedback))
        assert measure_texts(book, entry=SETTINGS.entry, start=START, as_of=AS_OF)["field"].tolist() == fields


def test_nothing_given_is_changed(scored):
    before = scored.copy()
    completeness_by_person(scored.reset_index(), least=1)
    pd.testing.assert_frame_equal(scored, before)
