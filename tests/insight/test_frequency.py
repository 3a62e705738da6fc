"""Frequency: talks by active months, silence by the cadence of the plan segment, and those never spoken to apart."""

from datetime import date

import pandas as pd
import pytest

from crmlib.insight.frequency import band_talks, count_channels, count_talks, find_silent, sum_talks
from crmlib.periods import parse_period

JUNE = {"start": date(2024, 6, 1), "as_of": date(2024, 7, 1)}
CUSTOMERS = """
    customer_id  first_contact_date  record_status  name
    anna         2020-01-05          active         甲公司
    bo           2024-05-20          active         乙公司
    cai          -                   active         丙公司
    dora         2024-06-10          active         丁公司
    gone         2020-01-05          archived       戊公司
    eve          -                   active         己公司
"""
TALKS = """
    customer_id  occurred_at          channel
    anna         2023-06-30T23:59:00  phone
    anna         2023-07-01T00:00:00  phone
    anna         2024-06-01T00:00:00  phone
    anna         2024-06-30T23:59:00  -
    anna         2024-07-01T00:00:00  phone
    bo           2024-06-03T10:00:00  im
    bo           2024-06-03T15:00:00  im
    bo           2024-06-28T15:00:00  phone
    cai          2024-04-15T15:00:00  email
    gone         2024-06-15T15:00:00  phone
    -            2024-06-15T15:00:00  phone
"""


@pytest.fixture
def talked(tables):
    return count_talks(tables(customers=CUSTOMERS, interactions=TALKS), **JUNE).set_index("customer_id")


@pytest.mark.demand("F03")
def test_a_months_talks_are_talks_by_active_months(talked):
    # anna: three talks within the twelve months; bo is known since 20 May: two months begun; cai since the first talk, three
    assert talked["talks_12m"].to_dict() == {"anna": 3, "bo": 3, "cai": 1, "dora": 0, "eve": 0}
    assert talked["active_months"].dropna().to_dict() == {"anna": 12, "bo": 2, "cai": 3, "dora": 1}
    assert talked["talks_per_month"].dropna().to_dict() == {
        "anna": 0.25, "bo": 1.5, "cai": pytest.approx(1 / 3), "dora": 0,
    }  # fmt: skip
    assert talked["talked_months"].to_dict() == {"anna": 2, "bo": 1, "cai": 1, "dora": 0, "eve": 0}


def test_the_period_counts_its_own_talks_and_days_of_silence_end_with_it(talked):
    assert talked["talks"].to_dict() == {"anna": 2, "bo": 3, "cai": 0, "dora": 0, "eve": 0}
    assert talked["days_silent"].dropna().to_dict() == {"anna": 1, "bo": 3, "cai": 77}


@pytest.mark.demand("F01")
@pytest.mark.parametrize(
    ("period", "talks"), [("2024-W40", 2), ("2024-09", 2), ("2024-10", 1), ("2024-Q3", 2), ("2024-Q4", 1)]
)
def test_a_week_begins_on_monday_a_month_and_a_quarter_on_their_first_day(tables, period, talks):
    # Sunday before the week, its Monday and Sunday, the Monday after
    rows = "customer_id  occurred_at\n" + "\n".join(
        f"anna  {at}"
        for at in ("2024-09-29T23:59:59", "2024-09-30T00:00:00", "2024-10-06T23:59:59", "2024-10-07T00:00:00")
    )
    span = parse_period(period)
    found = count_talks(tables(interactions=rows), start=span.start, as_of=span.as_of)
    assert found["talks"].sum() == {"2024-10": 2, "2024-Q4": 2}.get(period, talks)


@pytest.mark.demand("F01")
def test_a_moment_in_utc_belongs_to_the_week_of_shanghai(intake):
    built = intake(
        {"沟通.csv": "客户名称,沟通时间,沟通内容\n甲方科技有限公司,2024-09-29T16:30:00Z,询问交期\n"},
        day=date(2024, 12, 1),
    )
    week = parse_period("2024-W40")  # 16:30 on Sunday in London is half past midnight on Monday in Shanghai
    found = count_talks(built.book.tables, start=week.start, as_of=week.as_of)
    assert found["talks"].tolist() == [1]


def test_channels_count_talks_with_known_customers(tables):
    found = count_channels(tables(customers=CUSTOMERS, interactions=TALKS), **JUNE).set_index("channel")
    assert found["talks"].to_dict() == {"phone": 3, "im": 2, "unknown": 1}
    assert found["customers"].to_dict() == {"phone": 3, "im": 1, "unknown": 1}
    assert found["share"].to_dict() == {"phone": 0.5, "im": pytest.approx(1 / 3), "unknown": pytest.approx(1 / 6)}


def judged(rows: list[tuple]) -> pd.DataFrame:
    names = ["customer_id", "talks", "talks_12m", "active_months", "talks_per_month", "days_silent", "value"]
    kinds = {"active_months": "Int64", "days_silent": "Int64"}
    return pd.DataFrame(rows, columns=names).astype(kinds).assign(plan_segment="other", owner_id=None, silent=False)


def test_silent_is_longer_than_the_cadence_and_never_is_not_silent():
    talks = judged(
        [("even", 0, 1, 1, 1, 7, "low"), ("over", 0, 1, 1, 1, 8, "low"), ("never", 0, 0, 1, 0, None, "low")]
    ).assign(plan_segment="churn_risk")
    found = find_silent(talks, cadence_days={"churn_risk": 7}).set_index("customer_id")
    assert found["silent"].to_dict() == {"even": False, "over": True, "never": False}
    assert found["over_days"].dropna().to_dict() == {"over": 1}


def test_a_segment_without_a_cadence_is_automatic_and_never_silent():
    talks = judged([("anna", 0, 1, 1, 1, 900, "low")])
    assert not find_silent(talks, cadence_days={"churn_risk": 7})["silent"].any()


def test_a_groups_frequency_is_all_its_talks_by_all_its_months_and_too_few_customers_tell_nothing():
    talks = judged([("a", 1, 12, 12, 1.0, 3, "high"), ("b", 0, 0, 6, 0.0, None, "high"), ("c", 2, 9, 3, 3.0, 3, "low")])
    found = sum_talks(talks, least=2).query("dimension == 'value'").set_index("code")
    assert found.loc["high", "talks_per_month"] == pytest.approx(12 / 18)
    assert pd.isna(found.loc["low", "talks_per_month"]) and found.loc["low", "talks"] == 2


def test_bands_hold_their_lower_edge():
    talks = judged([(str(n), 0, 0, 1, x, 3, "low") for n, x in enumerate([0, 0.1, 0.5, 0.99, 1, 2, 9])])
    found = band_talks(talks).set_index("band")["customers"]
    assert found.to_dict() == {"none": 1, "seldom": 1, "half": 2, "monthly": 1, "often": 2}
    assert band_talks(talks)["share"].sum() == pytest.approx(1)
