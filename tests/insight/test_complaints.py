"""Complaints measured by hand-counted rows: deadlines, days without a time, open ones censored, and who waits for what."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmlib.errors import SettingsError
from crmlib.insight.complaints import judge_complaints, open_complaints, sum_complaints
from crmlib.insight.complaints_late import list_overdue
from crmlib.insight.complaints_types import find_weak_points, rank_types
from crmlib.settings import parse_settings

SLA = parse_settings().sla
START, AS_OF, SINCE = date(2024, 6, 1), date(2024, 7, 1), date(2023, 7, 1)


def judge(book, **changes) -> pd.DataFrame:
    wanted = {"sla": SLA, "own_days": {}, "since": SINCE, "start": START, "as_of": AS_OF} | changes
    return judge_complaints(book, **wanted).set_index("ticket_id")


@pytest.fixture
def judged(tables):
    def of(rows: str, **changes) -> pd.DataFrame:
        return judge(tables(tickets=rows), **changes)

    return of


# ── deadlines


@pytest.mark.demand("J03")
def test_a_first_response_is_judged_by_the_deadline_of_its_level(judged):
    found = judged(
        """
        ticket_id  kind       level   opened_at         first_response_at  status
        T1         complaint  urgent  2024-06-03 10:00  2024-06-03 12:00   closed
        T2         complaint  urgent  2024-06-03 10:00  2024-06-03 12:01   closed
        T3         complaint  major   2024-06-03 10:00  2024-06-03 22:00   closed
        T4         complaint  -       2024-06-03 10:00  2024-06-04 10:01   closed
        T5         complaint  normal  2024-06-03 10:00  -                  open
        T6         complaint  normal  2024-06-30 12:00  -                  open
        T7         complaint  normal  2024-06-03 10:00  -                  closed
        T8         complaint  normal  2024-06-30 10:00  2024-07-01 09:00   open
        T9         inquiry    normal  2024-06-03 10:00  -                  open
        """
    )
    assert found["response"].to_dict() == {
        "T1": "on_time", "T2": "late", "T3": "on_time", "T4": "late", "T5": "late", "T6": "waiting", "T7": "not_recorded",
        "T8": "waiting",  # what is answered on the day itself is not known yet; T9 is no complaint
    }  # fmt: skip
    sums = sum_complaints(found.assign(level="all"), by="level", least=1).iloc[0]
    assert (sums["on_time"], sums["judged"], sums["on_time_share"]) == (2, 5, 0.4)
    assert sums["low"] == pytest.approx(0.1176, abs=1e-4) and sums["high"] == pytest.approx(0.7693, abs=1e-4)  # Wilson


def test_workdays_leave_out_weekends_and_holidays_and_hours_do_not(judged):
    # 2024-06-03 is a Monday, the 10th the Dragon Boat festival: three workdays from Monday 3rd end on the 6th, from Wednesday 5th
    # (6th, 7th, 11th) on the 11th, from Thursday 6th on the 12th; Saturday 8th is taken for Tuesday 11th, and ends on the 14th
    rows = "ticket_id  opened_at  kind  level  status\n" + "\n".join(
        f"T{n}  2024-06-{day:02d} 10:00  complaint  {level}  open"
        for n, (day, level) in enumerate([(3, "normal"), (5, "normal"), (6, "normal"), (8, "normal"), (8, "major")])
    )
    assert judged(rows)["close_h"].tolist() == [72, 144, 144, 144, 120]
    own = parse_settings("[sla.一般]\nclose_workdays = 0\nclose_h = 48").sla
    assert judged(rows, sla=own)["close_h"].tolist() == [48, 48, 48, 48, 120]
    # with Saturday 8th worked, they end on the 8th, the 11th and the 13th
    assert judged(rows, own_days={"2024-06-08": True})["close_h"].tolist() == [72, 72, 120, 120, 120]


def test_a_level_that_no_ticket_has_is_refused():
    with pytest.raises(SettingsError, match="特急.*一般、?,? ?重大"):
        parse_settings("[sla.特急]\nrespond_h = 1\nclose_h = 2")


def test_a_day_without_a_time_is_judged_only_where_no_time_would_change_it(judged):
    found = judged(
        """
        ticket_id  kind       level   opened_at         first_response_at  resolved_at
        T1         complaint  normal  2024-06-03 09:00  2024-06-03 00:00   2024-06-04 00:00
        T2         complaint  normal  2024-06-03 00:00  2024-06-04 00:00   2024-06-11 00:00
        T3         complaint  normal  2024-06-03 00:00  2024-06-06 00:00   2024-06-06 00:00
        T4         complaint  normal  2024-06-27 00:00  -                  -
        T5         complaint  normal  2024-06-30 00:00  -                  -
        """
    )
    found = found.sort_index()
    assert found["response"].tolist() == ["on_time", "day_only", "late", "late", "waiting"]
    assert found["closing"].tolist() == ["on_time", "late", "day_only", "waiting", "waiting"]
    assert found[["response_h", "handling_h"]].isna().all(axis=None)  # never invented hours
    assert found["handling_days"].tolist()[:3] == [1, 8, 3]


# ── open ones are censored


@pytest.mark.demand("J02")
def test_open_complaints_are_counted_and_censored_not_dropped(judged):
    found = judged(
        """
        ticket_id  kind       opened_at         first_response_at  resolved_at       reopened  status
        T1         complaint  2024-06-03 00:01  2024-06-03 01:01   2024-06-03 10:01  false     closed
        T2         complaint  2024-06-03 00:01  2024-06-03 01:01   2024-06-03 20:01  false     resolved
        T3         complaint  2024-06-03 00:01  2024-06-03 01:01   2024-06-04 06:01  true      closed
        T4         complaint  2024-06-30 23:00  -                  -                 -         open
        T5         complaint  2024-06-28 00:01  -                  2024-07-02 00:01  -         closed
        T6         complaint  2024-05-01 00:01  -                  -                 -         in_progress
        """
    )
    assert found["is_open"].tolist() == [True, False, False, False, True, True]  # in order of opening: T6 first
    sums = sum_complaints(found[found["in_period"]].assign(level="all"), by="level", least=1).iloc[0]
    assert (sums["complaints"], sums["open"], sums["handled"], sums["running"]) == (5, 2, 3, 2)
    assert sums["handling_mean_h"] == 20  # 10, 20, 30: the settled alone
    # S after 1 h (one leaves, none settled) 1; 10 h: 3/4; 20 h: 2/4: the curve lies on a half until 30 h
    assert sums["handling_median_h"] == 25
    assert (sums["reopened"], sums["reopened_known"]) == (1, 3) and sums["reopened_share"] == pytest.approx(1 / 3)


def test_without_any_time_or_status_of_settling_nobody_knows_what_is_open(judged):
    found = judged("ticket_id  opened_at  first_response_at\nT1  2024-06-03 10:00  2024-06-03 12:00")
    assert found["is_open"].isna().all() and found["closing"].tolist() == ["not_recorded"]
    assert found["response"].tolist() == ["on_time"]
    assert np.isnan(sum_complaints(found.assign(level="all"), by="level", least=1)["open"].iloc[0])


def test_a_reopened_complaint_in_hand_is_open_again(tables):
    book = tables(
        tickets="""
        ticket_id  customer_id  kind       opened_at         resolved_at       reopened  status
        T1         anna         complaint  2024-06-03 10:00  2024-06-04 10:00  true      in_progress
        T2         anna         complaint  2024-06-03 10:00  2024-06-04 10:00  true      closed
        """
    )
    assert judge(book)["is_open"].to_dict() == {"T1": True, "T2": False}
    assert open_complaints(book, as_of=AS_OF).row_id.to_pyarrow().to_pylist() == ["tickets-1"]


# ── what lies still


@pytest.mark.demand("J04")
def test_an_overdue_complaint_without_a_next_step_is_listed_first(tables):
    book = tables(
        customers="customer_id  name  owner_name\nanna  上海示例有限公司  周*\nbo  杭州示例有限公司  吴*\ncai  苏州示例有限公司  吴*",
        tickets="""
        ticket_id  customer_id  kind       level   opened_at         first_response_at  status
        T1         anna         complaint  normal  2024-06-20 10:00  2024-06-20 11:00   open
        T2         bo           complaint  normal  2024-06-03 10:00  -                  open
        T3         cai          complaint  urgent  2024-06-30 10:00  -                  open
        T4         cai          complaint  normal  2024-06-29 10:00  2024-06-29 11:00   open
        T5         cai          complaint  normal  2024-06-03 10:00  2024-06-03 11:00   closed
        """,
        actions="""
        customer_id  task    due_date    status
        anna         退换货  2024-07-05  open
        bo           致电    2024-06-10  open
        cai          致电    2024-07-02  done
        """,
    )
    late = list_overdue(judge(book).reset_index(), book, as_of=AS_OF)
    assert late["ticket_id"].tolist() == [
        "T2",
        "T3",
        "T1",
    ]  # bo's step is itself overdue; T4 is within its three workdays
    assert late["lacks"].tolist() == ["response", "response", "close"]
    assert late["next_step"].tolist()[2] == "退换货" and late["next_step"].isna().tolist() == [True, True, False]
    assert late["overdue_h"].tolist() == [662 - 24, 14 - 2, 254 - 120]


# ── what is complained of


@pytest.mark.demand("J01")
def test_problem_types_are_ranked_with_counts_and_masked_examples(tables):
    rows = [
        ("账务", "对账单有误"),
        ("账务", "请回电 13800138000"),
        ("账务", "发票开错"),
        ("交付", "迟到"),
        ("-", "不明"),
    ]
    text = "kind  category  opened_at  status  description\n" + "\n".join(
        f"complaint  {category}  2024-06-0{n} 10:00  closed  {words}"
        for n, (category, words) in enumerate(rows, start=1)
    )
    book = tables(tickets=text)
    found = rank_types(judge(book).reset_index(), book, since=SINCE)
    assert found[["category", "complaints"]].values.tolist() == [["账务", 3], ["交付", 1], ["unknown", 1]]
    assert found["cumulative_share"].tolist() == [0.6, 0.8, 1.0]
    assert found["examples"].tolist() == ["发票开错；请回电 138****8000", "迟到", "不明"]  # the latest two
    few = rank_types(judge(book).reset_index(), book, since=SINCE, most=1)
    assert few["category"].tolist() == ["账务", "other", "unknown"]


@pytest.mark.demand("J01")
def test_a_weak_point_is_a_pair_that_chance_does_not_explain():
    pairs = [("网关", "质量")] * 12 + [("网关", "账务")] * 2 + [("平台", "质量")] * 2 + [("平台", "账务")] * 12
    rows = pd.DataFrame(pairs, columns=["product", "category"]).assign(
        opened_at=pd.Timestamp("2024-06-03"), assigned_to=None
    )
    found = find_weak_points(rows, since=SINCE, least=5)
    assert found[["of", "category", "complaints", "expected", "clear"]].values.tolist() == [
        ["平台", "账务", 12, 7.0, True],
        ["网关", "质量", 12, 7.0, True],
    ]
    # Fisher's exact test of 12, 2, 2, 12, one-sided: (91² + 14² + 1) / C(28, 14) … of the four pairs two are as small
    assert found["p"].iloc[0] == pytest.approx(2 * (91 * 91 + 14 * 14 + 1) / 40116600, rel=1e-6)
    even = rows.assign(category=["质量", "账务"] * 14)
    assert not find_weak_points(even, since=SINCE, least=5)["clear"].any()


@pytest.mark.demand("J01")
def test_two_people_of_one_masked_name_are_two(tables):
    book = tables(
        staff="staff_id  name\nS1  周*\nS2  周*\nS3  吴*",
        tickets="""
        ticket_id  kind       opened_at         assigned_to  assigned_id  status
        T1         complaint  2024-06-03 10:00  周*          S1           closed
        T2         complaint  2024-06-04 10:00  周*          S2           closed
        T3         complaint  2024-06-05 10:00  吴*          S3           closed
        T4         complaint  2024-06-06 10:00  郑*          -            closed
        T5         complaint  2024-06-07 10:00  -            -            closed
        """,
    )
    assert judge(book)["assigned_to"].fillna("-").tolist() == ["周* S1", "周* S2", "吴*", "郑*", "-"]


@pytest.mark.parametrize(
    ("start", "as_of"), [(date(2024, 6, 3), date(2024, 6, 10)), (date(2024, 4, 1), date(2024, 7, 1))]
)
def test_the_future_never_changes_what_was_known(tables, start, as_of):
    rows = """
    ticket_id  kind       opened_at         first_response_at  resolved_at       revisit_at        revisit_score  status
    T1         complaint  2024-06-04 10:00  2024-06-04 12:00   2024-06-05 10:00  -                 -              closed
    """
    later = rows + "T2  complaint  2024-07-02 10:00  -  -  -  -  open\n"
    found = judge(tables(tickets=rows), start=start, as_of=as_of)
    pd.testing.assert_frame_equal(found, judge(tables(tickets=later), start=start, as_of=as_of))
