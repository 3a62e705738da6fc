"""Trend: six full months of orders and talks, months without any, the running month, and the season."""

import json
from datetime import date
from decimal import Decimal

import pytest

from crmlib.insight.moves import tier_history
from crmlib.insight.tiers import assign_tiers
from crmlib.insight.trend import compute_trend, order_season, order_trend, talk_trend, trend_figures
from crmlib.periods import add_months
from crmlib.settings import parse_settings

ORDERS = """
    order_id  customer_id  ordered_on  amount_cny  status
    1         anna         2023-12-31     1000.00  done
    2         anna         2024-01-01       10.00  done
    2         anna         2024-01-01        5.00  done
    3         bo           2024-01-31       20.00  done
    4         -            2024-03-15        7.00  done
    5         anna         2024-06-30       40.00  done
    6         anna         2024-06-30      -15.00  cancelled
    7         bo           2024-07-01       80.00  done
    8         bo           2024-07-10       90.00  done
"""


@pytest.mark.demand("G02")
def test_six_full_months_before_the_day(tables):
    trend = order_trend(tables(orders=ORDERS), as_of=date(2024, 7, 1))
    assert trend.values.tolist() == [
        [date(2024, 1, 1), 2, 2, Decimal("35.00"), False],
        [date(2024, 2, 1), 0, 0, Decimal("0.00"), False],  # nobody ordered: the month is there
        [date(2024, 3, 1), 1, 0, Decimal("7.00"), False],  # an order of no customer
        [date(2024, 4, 1), 0, 0, Decimal("0.00"), False],
        [date(2024, 5, 1), 0, 0, Decimal("0.00"), False],
        [date(2024, 6, 1), 1, 1, Decimal("25.00"), False],  # the cancellation is no order and takes its amount off
    ]


def test_a_number_used_for_two_customers_is_two_orders(tables):
    orders = """
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2024-06-01       10.00
        1         anna         2024-06-01        5.00
        1         bo           2024-06-03       20.00
        1         -            2024-06-04        7.00
    """
    assert order_trend(tables(orders=orders), as_of=date(2024, 7, 1))["orders"].tolist()[-1] == 3


@pytest.mark.demand("G02")
def test_the_running_month_is_marked_and_ends_before_the_day(tables):
    trend = order_trend(tables(orders=ORDERS), as_of=date(2024, 7, 10))
    assert len(trend) == 7
    assert trend.iloc[-1].tolist() == [date(2024, 7, 1), 1, 1, Decimal("80.00"), True]
    assert trend["month"].iloc[0] == date(2024, 1, 1)
    assert not trend["partial"].iloc[:-1].any()


def test_without_orders_every_month_is_zero(tables):
    trend = order_trend(tables(), as_of=date(2024, 3, 1))
    assert trend["month"].tolist()[:2] == [date(2023, 9, 1), date(2023, 10, 1)]
    assert (trend[["orders", "customers"]] == 0).all(axis=None)
    assert str(trend["amount_cny"].dtype) == "decimal128(18, 2)[pyarrow]"


TALKS = """
    customer_id  occurred_at
    anna         2024-01-31T23:59:00
    anna         2024-02-01T00:00:00
    bo           2024-02-10T10:00:00
    anna         2024-02-11T10:00:00
    -            2024-02-12T10:00:00
    bo           2024-07-05T10:00:00
    bo           2024-07-10T00:00:00
"""


@pytest.mark.demand("G02")
def test_talks_stand_beside_the_orders_by_month(tables):
    trend = talk_trend(tables(interactions=TALKS), as_of=date(2024, 7, 10))
    assert trend["month"].tolist() == order_trend(tables(orders=ORDERS), as_of=date(2024, 7, 10))["month"].tolist()
    assert trend["talks"].tolist() == [1, 4, 0, 0, 0, 0, 1]  # midnight of the day is not before it
    assert trend["customers"].tolist() == [1, 2, 0, 0, 0, 0, 1]
    assert trend["per_customer"].fillna(-1).tolist() == [1, 1.5, -1, -1, -1, -1, 1]  # the talk with nobody is nobody's
    assert trend["partial"].tolist() == [False] * 6 + [True]


def test_without_talks_there_is_no_row_rather_than_zeros(tables):
    assert talk_trend(tables(orders=ORDERS), as_of=date(2024, 7, 1)).empty
    later = "customer_id  occurred_at\nanna  2024-08-01T10:00:00"
    assert talk_trend(tables(interactions=later), as_of=date(2024, 7, 1)).empty


def monthly(first: date, amounts: list[int]) -> str:
    rows = [f"{add_months(first, n)}  {amount}.00" for n, amount in enumerate(amounts)]
    return "\n".join(["ordered_on  amount_cny", *rows])


def test_the_season_is_each_month_against_the_mean_month_of_its_year(tables):
    # July to June twice: 10 a month and 30 in December, then 20 a month and 100 in December
    first, second = [10] * 12, [20] * 12
    first[5], second[5] = 30, 100
    season = order_season(tables(orders=monthly(date(2022, 7, 15), first + second)), as_of=date(2024, 7, 1))
    assert season["month"].tolist() == list(range(1, 13))
    assert set(season["years"]) == {2}
    december = season.set_index("month").loc[12]
    means = (140 / 12, 320 / 12)
    assert december[["low", "high"]].tolist() == pytest.approx([30 / means[0], 100 / means[1]])
    assert december["season_index"] == pytest.approx((30 / means[0] + 100 / means[1]) / 2)
    assert season["season_index"].sum() == pytest.approx(12)


def test_below_two_full_years_no_season_is_told_and_the_months_are(tables):
    season = order_season(tables(orders=monthly(date(2022, 8, 15), [10] * 23)), as_of=date(2024, 7, 1))
    assert season["season_index"].isna().all()
    assert (season["years"].iloc[0], season["months"].iloc[0]) == (1, 23)
    assert order_season(tables(), as_of=date(2024, 7, 1))["months"].eq(0).all()


def test_the_running_month_is_not_in_the_season(tables):
    orders = monthly(date(2022, 7, 15), [10] * 24 + [5000])
    season = order_season(tables(orders=orders), as_of=date(2024, 7, 20))
    assert season["season_index"].tolist() == pytest.approx([1.0] * 12)


@pytest.mark.demand("G03")
def test_the_activity_class_cites_its_rows_and_its_change(tables):
    book = tables(orders=ORDERS, interactions="row_id  customer_id  occurred_at\nt1  cai  2024-01-05T10:00:00")
    settings = parse_settings()
    tiers = assign_tiers(book, settings=settings, as_of=date(2024, 7, 8)).query("dimension == 'activity'")
    reasons = {row.customer_id: (row.label, json.loads(row.reasons)) for row in tiers.itertuples()}
    label, (why, *_) = reasons["cai"]  # a talk of January, six months and three days ago
    assert (label, why["rule"], why["row_ids"]) == ("inactive", "INACTIVE_CONTACT", ["t1"])
    assert reasons["anna"][0] == "active" and reasons["anna"][1][0]["rule"] == "ACTIVE_ORDER"
    moves = tier_history(book, settings=settings, days=[date(2024, 7, 1), date(2024, 7, 8)])
    moved = moves[moves["dimension"].eq("activity") & moves["label_before"].notna()]
    assert moved[["customer_id", "label_before", "label_now"]].to_numpy().tolist() == [["cai", "active", "inactive"]]


def test_the_share_of_the_active_is_stated_where_tiers_were_made(tables):
    book = tables(orders=ORDERS)
    results = compute_trend(book, settings=parse_settings(), start=date(2024, 6, 1), as_of=date(2024, 7, 1))
    assert {one.figure_id for one in trend_figures(results)} == {"repurchase_rate", "retention_3m"}
    tiers = assign_tiers(book, settings=parse_settings(), as_of=date(2024, 7, 1))
    stated = {one.figure_id: one for one in trend_figures({**results, "tiers": tiers})}
    assert (stated["active_share"].value, stated["active_share"].n) == (1.0, 2)
