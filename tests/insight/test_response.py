"""Response: hours by hand over holidays, the limit to the second, days never made into hours, and each late wait listed once."""

from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmlib.errors import SettingsError
from crmlib.insight.response import find_causes, list_waits
from crmlib.insight.response_stats import band_waits, sum_groups, sum_waits
from crmlib.periods import parse_period
from crmlib.settings import parse_settings
from crmlib.workdays import look_up

OWN = parse_settings("")
YEAR = (date(2024, 1, 1), date(2025, 1, 1))
WORKS = {pd.Timestamp(day): look_up(day.date()).works for day in pd.date_range("2024-01-01", "2024-12-31")}
HEAD = "row_id  customer_id  awaiting_from  awaiting_since       replied_at"


@pytest.fixture
def waits(tables):
    """waits("t1  anna  customer  2024-…", start=, as_of=) → list_waits of these talks, by row_id."""

    def build(rows: str, *, start: date = YEAR[0], as_of: date = YEAR[1], settings=OWN, head: str = HEAD, **more):
        book = tables(interactions=f"{head}\n{rows.strip()}", **more)
        return list_waits(book, settings=settings, start=start, as_of=as_of).set_index("row_id")

    return build


@pytest.mark.demand("F02")
def test_natural_and_working_hours_over_national_day_2024_and_its_make_up_days(waits):
    found = waits("""
        holiday  anna  customer  2024-09-30T17:00:00  2024-10-08T10:00:00
        sunday   anna  customer  2024-09-28T12:00:00  2024-09-29T12:00:00
        makeup   anna  customer  2024-10-11T17:30:00  2024-10-12T09:30:00
        weekend  anna  customer  2024-10-18T17:00:00  2024-10-21T09:30:00
        night    anna  customer  2024-10-22T20:00:00  2024-10-23T08:00:00
    """)
    # one hour before the holiday and one after it, of seven days and seventeen hours
    assert found.loc["holiday", ["hours", "work_hours"]].tolist() == [185, 2]
    assert found.loc["sunday", ["hours", "work_hours"]].tolist() == [
        24,
        3,
    ]  # Sunday 29 September is made up for: 9 to 12
    assert found.loc["makeup", ["hours", "work_hours"]].tolist() == [16, 1]  # so is Saturday 12 October
    assert found.loc["weekend", ["hours", "work_hours"]].tolist() == [64.5, 1.5]
    assert found.loc["night", ["hours", "work_hours"]].tolist() == [12, 0]


def test_working_hours_over_spring_festival_2024(waits):
    found = waits(
        "t1  anna  customer  2024-02-09T16:00:00  2024-02-18T10:00:00"
    )  # eve is a workday, Sunday 18 made up for
    assert found.loc["t1", ["hours", "work_hours"]].tolist() == [210, 3]


def test_own_days_and_own_hours_change_the_working_hours_alone(waits):
    text = '[periods]\nwork_hours = ["08:30", "12:00"]\nown_days = { "2024-10-02" = true }'
    found = waits("t1  anna  us  2024-09-30T11:30:00  2024-10-08T08:45:00", settings=parse_settings(text))
    assert found.loc["t1", "hours"] == 189.25
    assert found.loc["t1", "work_hours"] == 0.5 + 3.5 + 0.25


@settings(
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.reuse, Phase.generate],
)
@given(st.lists(st.tuples(st.integers(1, 500_000), st.integers(0, 20_000)), min_size=5, max_size=15))
def test_working_hours_are_those_that_counting_minute_by_minute_gives(waits, pairs):
    first = datetime(2024, 1, 1)
    spans = [(first + timedelta(minutes=a), first + timedelta(minutes=a + b)) for a, b in pairs]
    spans = [span for span in spans if span[1] < datetime(2025, 1, 1) and all(one.time() > time(0) for one in span)]
    rows = "\n".join(f"t{n}  anna  us  {a.isoformat()}  {b.isoformat()}" for n, (a, b) in enumerate(spans))
    found = waits(rows) if spans else pd.DataFrame()
    for n, (a, b) in enumerate(spans):
        minutes = pd.date_range(a, b, freq="min", inclusive="left")
        at_work = [9 <= m.hour < 18 for m in minutes]
        works = [WORKS[day] for day in minutes.normalize()]
        assert found.loc[f"t{n}", "work_hours"] == pytest.approx(np.logical_and(at_work, works).sum() / 60)


@pytest.mark.demand("F04")
def test_forty_eight_hours_are_not_listed_and_a_second_more_is(waits):
    found = waits("""
        even  anna  customer  2024-06-03T09:00:00  2024-06-05T09:00:00
        over  anna  customer  2024-06-03T09:00:00  2024-06-05T09:00:01
        open  anna  customer  2024-12-29T23:59:59  -
        young  anna  customer  2024-12-30T00:00:01  -
    """)
    assert found["late"].to_dict() == {"even": False, "over": True, "open": True, "young": False}
    assert found.loc["open", "hours"] == pytest.approx(48 + 1 / 3600)  # its age on the day of the figures


def test_a_day_without_a_time_is_never_made_into_hours(waits):
    found = waits("""
        exact  anna  customer  2024-06-03T09:00:00  2024-06-04T09:00:00
        day    anna  customer  2024-06-03T09:00:00  2024-06-14T00:00:00
        start  anna  us        2024-06-03T00:00:00  2024-06-14T10:00:00
        open   anna  us        2024-06-03T00:00:00  -
    """)
    assert found["status"].to_dict() == {
        "exact": "answered",
        "day": "day_only",
        "start": "day_only",
        "open": "day_only",
    }
    day_only = found[found["status"].eq("day_only")]
    assert day_only["hours"].isna().all() and day_only["work_hours"].isna().all() and not day_only["late"].any()
    assert day_only["days"].tolist()[1:2] == [11]  # as a calendar counts them


def test_what_is_replied_on_or_after_the_day_is_still_open(waits):
    rows = """
        before  anna  us  2024-06-28T09:00:00  2024-06-30T23:59:59
        after   anna  us  2024-06-28T09:00:00  2024-07-01T00:00:01
        later   anna  us  2024-07-01T09:00:00  2024-07-01T10:00:00
    """
    found = waits(rows, start=date(2024, 6, 1), as_of=date(2024, 7, 1))
    assert found["status"].to_dict() == {"before": "answered", "after": "open"}
    assert found.loc["after", "hours"] == 63 and pd.isna(found.loc["after", "replied_at"])


@pytest.mark.demand("F02")
def test_who_is_waited_for_is_as_the_row_says_else_the_other_than_who_began_and_never_pooled(waits):
    head = "row_id  customer_id  awaiting_from  direction  occurred_at          awaiting_since       replied_at"
    found = waits(
        """
        said     anna  us        out  2024-06-03T09:00:00  2024-06-03T10:00:00  2024-06-03T12:00:00
        began    anna  -         out  2024-06-03T09:00:00  -                    2024-06-03T12:00:00
        called   anna  -         in   2024-06-03T09:00:00  -                    2024-06-03T10:00:00
        nobody   anna  -         -    2024-06-03T09:00:00  -                    2024-06-03T15:00:00
        nothing  anna  -         out  2024-06-03T09:00:00  -                    -
        """,
        head=head,
    )
    assert found["side"].to_dict() == {"began": "customer", "called": "us", "nobody": "unknown", "said": "us"}
    assert found["hours"].to_dict() == {"began": 3, "called": 1, "nobody": 6, "said": 2}
    sums = sum_waits(found.reset_index(), least=1).set_index("side")
    assert sums["mean_h"].dropna().to_dict() == {"customer": 3, "us": 1.5}  # of nobody's replies nothing is told
    assert sums.loc["unknown", "waits"] == 1


def test_tickets_wait_for_our_first_response_and_are_a_side_of_their_own(waits):
    tickets = """
        row_id  customer_id  opened_at            first_response_at    resolved_at          status
        k1      anna         2024-06-03T09:00:00  2024-06-03T13:00:00  -                    open
        k2      anna         2024-06-03T09:00:00  -                    -                    open
        k3      anna         2024-06-03T09:00:00  -                    2024-06-05T09:00:00  closed
        k4      anna         2024-06-03T09:00:00  -                    -                    closed
        k5      anna         2024-06-03T09:00:00  2024-06-02T09:00:00  -                    open
    """
    found = waits("t1  anna  us  2024-06-03T09:00:00  2024-06-03T10:00:00", tickets=tickets)
    assert found["side"].to_dict() == {"t1": "us"} | dict.fromkeys(("k1", "k2", "k3", "k4", "k5"), "ticket")
    assert found["status"].drop("t1").to_dict() == {
        "k1": "answered", "k2": "open", "k3": "unrecorded", "k4": "unrecorded", "k5": "reversed",
    }  # fmt: skip


@pytest.mark.demand("F01")
def test_every_late_wait_is_listed_in_one_week_and_one_month_alone(tables):
    since = pd.date_range("2024-04-01 08:30", "2024-06-29", freq="7h")
    answered = since + pd.to_timedelta([(n * 13) % 120 for n in range(len(since))], unit="h")
    rows = "\n".join(
        f"t{n}  anna  customer  {a.isoformat()}  {b.isoformat()}"
        for n, (a, b) in enumerate(zip(since, answered, strict=True))
    )
    book = tables(interactions=f"{HEAD}\n{rows}")

    def late(texts: list[str]) -> list[str]:
        spans = [parse_period(text) for text in texts]
        each = [list_waits(book, settings=OWN, start=one.start, as_of=one.as_of) for one in spans]
        return sorted(id for found in each for id in found.loc[found["late"].astype(bool), "row_id"])

    quarter = late(["2024-Q2"])
    assert late(["2024-04", "2024-05", "2024-06"]) == quarter
    assert late([f"2024-W{week}" for week in range(14, 27)]) == quarter  # 1 April is a Monday, 30 June a Sunday
    assert len(quarter) > 50


@pytest.mark.demand("F02")
def test_the_mean_the_median_and_the_ninetieth_percentile_stand_beside_n(waits):
    rows = "\n".join(f"t{h}  anna  customer  2024-06-03T00:00:01  2024-06-{3 + h // 24:02}T{h % 24:02}:00:01" for h in range(1, 11))  # fmt: skip
    sums = sum_waits(waits(rows).reset_index(), least=5).iloc[0]
    assert sums["answered"] == 10 and sums["waits"] == 10
    assert sums[["mean_h", "median_h", "p90_h"]].tolist() == [5.5, 5.5, 9.1]


def test_of_too_few_answers_nothing_is_told_but_their_number(waits):
    found = waits("t1  anna  us  2024-06-03T09:00:00  2024-06-03T10:00:00").reset_index()
    sums = sum_waits(found, least=2).iloc[0]
    assert sums["answered"] == 1 and pd.isna(sums["median_h"]) and pd.isna(sums["work_median_h"])


def test_open_waits_are_censored_not_dropped(waits):
    found = waits(
        """
        a  anna  customer  2024-06-03T09:00:00  2024-06-03T10:00:00
        b  anna  customer  2024-06-03T09:00:00  2024-06-03T11:00:00
        c  anna  customer  2024-06-03T09:00:00  2024-06-04T05:00:00
        d  anna  customer  2024-12-31T09:00:00  -
        """
    ).reset_index()
    sums = sum_waits(found, least=1).iloc[0]
    # 1, 2 and 20 hours, and 15 so far: 3/4 after 1, 2/4 from 2 to 20; of the answered alone the median is 2
    assert sums[["median_h", "km_median_h"]].tolist() == [2, 11]


def test_groups_and_bands_count_what_was_answered(waits):
    head = HEAD + "  channel"
    found = waits(
        """
        a  anna  customer  2024-06-03T09:00:00  2024-06-05T09:00:00  email
        b  anna  customer  2024-06-03T09:00:00  2024-06-05T09:00:01  email
        c  anna  customer  2024-06-03T09:00:00  2024-06-03T09:30:00  phone
        d  anna  customer  2024-12-31T09:00:00  -                    phone
        """,
        head=head,
    ).reset_index()
    bands = band_waits(found, limit_h=48).query("n > 0")
    assert list(zip(bands["above_h"], bands["n"], strict=True)) == [(0, 1), (24, 1), (48, 1)]  # 48:00:00 is within 48
    groups = (
        sum_groups(found.assign(value=None, owner_id=None), least=2).query("dimension == 'channel'").set_index("code")
    )
    assert groups.loc["email", ["answered", "open", "late"]].tolist() == [2, 0, 1]
    assert groups.loc["phone", ["answered", "open"]].tolist() == [1, 1] and pd.isna(groups.loc["phone", "median_h"])


@pytest.mark.demand("F04")
def test_the_likely_cause_is_the_first_rule_that_fits_or_blank(waits):
    head = HEAD + "  channel  topic"
    found = waits(
        """
        weekend  anna  customer  2024-06-14T17:00:00  2024-06-17T09:00:00  email  -
        payment  anna  customer  2024-06-17T09:00:00  2024-06-20T09:00:00  email  回款沟通
        low      bo    customer  2024-06-17T09:00:00  2024-06-20T09:00:00  email  -
        email    anna  customer  2024-06-17T09:00:00  2024-06-20T09:00:00  email  -
        blank    cai   customer  2024-06-17T09:00:00  2024-06-20T09:00:00  phone  -
        """,
        head=head,
    ).reset_index()
    tiers = pd.DataFrame(
        [("anna", "value", "high"), ("bo", "value", "low")], columns=["customer_id", "dimension", "label"]
    )
    causes = find_causes(found, tiers, causes=OWN.communication.causes)
    named = dict(zip(found["row_id"], causes, strict=True))
    assert pd.isna(named.pop("blank"))
    assert named == {"weekend": "days_off", "payment": "payment", "low": "low_value", "email": "email"}


def test_a_cause_that_asks_for_no_field_is_refused_with_the_nearest():
    text = '[[communication.causes]]\nname = "x"\nwhen = "chanel = email"\nzh = "x"\nen = "x"'
    nobody = pd.DataFrame(columns=["customer_id", "dimension", "label"], dtype="str")
    late = pd.DataFrame({"customer_id": ["anna"]})
    with pytest.raises(SettingsError, match="channel"):
        find_causes(late, nobody, causes=parse_settings(text).communication.causes)
