"""Contribution: revenue, cost and margin by tier counted by hand; what nobody stated stays unknown; how concentrated amounts are."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmlib.insight.contribution import compute_value, concentration, value_figures
from crmlib.insight.measures import measure_customers
from crmlib.insight.tiers import assign_tiers
from crmlib.report.trace import open_sources, retell
from crmlib.settings import parse_settings

AS_OF, START = date(2024, 7, 1), date(2024, 6, 1)
ASKED = {"settings": parse_settings(), "start": START, "as_of": AS_OF}

ORDERS = """
    order_id  customer_id  ordered_on  amount_cny  cost_cny   profit_cny  category  status
    1         anna         2024-01-10   600000.00  400000.00  -           硬件      done
    2         anna         2024-02-10   100000.00  -          30000.00    软件      done
    3         anna         2024-03-10   100000.00  -          -           硬件      done
    4         anna         2024-04-10   -50000.00  -30000.00  -           硬件      cancelled
    5         bo           2024-05-10     1000.00  0.00       -           软件      done
    6         bo           2024-05-20     9000.00  5000.00    -           软件      cancelled
    7         cai          2024-06-30     3000.00  -          -           -         done
    8         -            2024-06-30      500.00  100.00     -           -         done
    9         anna         2023-06-30   900000.00  1.00       -           硬件      done
"""
TALKS = """
    customer_id  occurred_at          channel  cost_cny
    anna         2024-01-01T10:00:00  visit    200.00
    anna         2024-01-02T10:00:00  visit    -
    bo           2024-01-03T10:00:00  phone    -
    bo           2024-01-04T10:00:00  phone    -
    cai          2024-01-05T10:00:00  phone    -
    cai          2024-07-01T00:00:00  phone    9.00
    -            2024-01-06T10:00:00  phone    -
"""


@pytest.fixture
def results(tables):
    return compute_value(tables(orders=ORDERS, interactions=TALKS), **ASKED)


@pytest.mark.demand("G04")
def test_revenue_cost_and_margin_of_a_tier_are_those_counted_by_hand(results):
    tiers = results["tier_value"].set_index("label")
    high = tiers.loc["high"]
    assert (high["customers"], high["orders"]) == (1, 3)
    assert high["revenue_cny"] == Decimal("750000.00")  # the return takes its amount off, the year before is out
    # 600 000 with its cost, 100 000 with its profit, the return of 50 000 with its own: 750 000 of 850 000 by size
    assert (high["size_cny"], high["costed_size_cny"]) == (Decimal("850000.00"), Decimal("750000.00"))
    assert high["cost_coverage"] == pytest.approx(750 / 850)
    assert (high["costed_cny"], high["cost_cny"]) == (Decimal("650000.00"), Decimal("440000.00"))
    assert (high["margin_cny"], high["margin_share"]) == (Decimal("210000.00"), pytest.approx(21 / 65))


@pytest.mark.demand("G04")
def test_a_cost_that_nobody_stated_is_missing_and_one_of_nought_is_nought(results):
    low = results["tier_value"].set_index("label").loc["low"]
    assert low["revenue_cny"] == Decimal("4000.00")  # the cancelled sale never was
    assert (low["cost_coverage"], low["cost_cny"], low["margin_cny"]) == (0.25, Decimal("0.00"), Decimal("1000.00"))
    middle = results["tier_value"].set_index("label").loc["middle"]
    assert middle[["cost_coverage", "cost_cny", "margin_cny", "margin_share"]].isna().all()
    assert (middle["customers"], middle["orders"], middle["revenue_cny"]) == (
        0,
        0,
        0,
    )  # nobody is, so nothing was bought


@pytest.mark.demand("G04")
def test_service_is_counted_and_its_cost_told_only_where_stated(results):
    tiers = results["tier_value"].set_index("label")
    assert tiers["talks"].to_dict() == {"high": 2, "middle": 0, "low": 3, "none": 1}  # the day itself is not before it
    assert tiers["tickets"].isna().all()  # no ticket is known: not nought, unknown
    assert tiers.loc["high", ["service_rows", "service_costed", "service_cost_cny"]].tolist() == [
        2,
        1,
        Decimal("200.00"),
    ]
    assert tiers.loc["low", ["service_rows", "service_costed"]].tolist() == [3, 0]
    assert pd.isna(tiers.loc["low", "service_cost_cny"])


def test_what_belongs_to_nobody_is_a_row_of_its_own_and_the_revenue_adds_up(results):
    tiers = results["tier_value"].set_index("label")
    assert pd.isna(tiers.loc["none", "customers"]) and tiers.loc["none", "revenue_cny"] == Decimal("500.00")
    assert sum(tiers["revenue_cny"]) == Decimal("754500.00")


@pytest.mark.demand("G11")
def test_how_a_tier_buys(results):
    habits = results["tier_habits"].set_index("label")
    assert habits.index.tolist() == ["high", "low"]  # nobody of the middle ordered
    high = habits.loc["high"]
    assert high[["buyers", "orders_each", "amount_each_order"]].tolist() == [1, 3, 250_000]
    assert high["gap_days"] == 30  # 31 and 29 days
    assert high[["category", "category_share"]].tolist() == ["硬件", pytest.approx(65 / 75)]
    assert high[["channel", "channel_share"]].tolist() == ["visit", 1]
    low = habits.loc["low"]
    assert pd.isna(low["gap_days"]) and low["category"] == "软件" and low["channel"] == "phone"


AMOUNTS = [1000, 500, 300, 100, 40, 20, 20, 10, 5, 5, 3]


def spread(tables, amounts):
    rows = "\n".join(f"c{n:03d}  2024-01-01  {amount}.00" for n, amount in enumerate(amounts))
    return concentration(tables(orders=f"customer_id  ordered_on  amount_cny\n{rows}"), as_of=AS_OF)


def test_concentration_is_that_of_the_sorted_amounts(tables):
    curve = spread(tables, AMOUNTS)
    tenth = curve.iloc[10]
    assert (tenth["customer_share"], tenth["customers"]) == (0.1, 2)  # 1.1 of 11 customers are 2
    assert tenth["amount_share"] == pytest.approx(1500 / 2003)
    pairs = np.abs(
        np.subtract.outer(AMOUNTS, AMOUNTS)
    ).sum()  # Gini by its other definition: half the relative mean difference
    assert curve["gini"].iloc[0] == pytest.approx(pairs / (2 * 11**2 * np.mean(AMOUNTS)))
    assert (curve["amount_share"].iloc[0], curve["amount_share"].iloc[-1]) == (0, 1)


def test_nobody_bought_is_no_curve(tables):
    assert concentration(tables(), as_of=AS_OF).empty
    figures = value_figures(compute_value(tables(customers="customer_id\nanna"), **ASKED))
    assert {one.value for one in figures} == {None}


@given(amounts=st.lists(st.integers(1, 10_000), min_size=1, max_size=30))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_curve_never_falls_and_gini_lies_between_none_and_all(tables, amounts):
    curve = spread(tables, amounts)
    assert curve["amount_share"].is_monotonic_increasing
    assert -1e-9 <= curve["gini"].iloc[0] < 1
    assert (curve["amount_share"] >= curve["customer_share"] - 1e-9).all()


def test_the_figures_name_the_rows_behind_them(tables, results):
    book = tables(orders=ORDERS, interactions=TALKS)
    figures = {one.figure_id: one for one in value_figures(results)}
    assert figures["margin_high"].value == 210_000
    assert figures["revenue_share_high"].value == pytest.approx(750_000 / 754_500)
    assert figures["talk_share_low"].value == pytest.approx(3 / 6)
    assert figures["cost_coverage_share"].value == pytest.approx((750_000 + 1000 + 500) / 854_500)
    assert figures["top10_amount_share"].value == pytest.approx(750_000 / 754_000)
    frames = {name: book[name].to_pyarrow().to_pandas() for name in ("orders", "interactions")}
    frames |= {
        "measures": measure_customers(book, as_of=AS_OF),
        "tiers": assign_tiers(book, settings=parse_settings(), as_of=AS_OF),
    }
    with open_sources(None, frames=frames) as sources:
        assert {name: retell(sources, one) for name, one in figures.items()} == {
            name: pytest.approx(one.value, abs=1e-9) for name, one in figures.items()
        }
        behind = {name: {row[0] for row in sources.sql(one.rows).fetchall()} for name, one in figures.items()}
    assert behind["margin_high"] == {"orders-1", "orders-2", "orders-4"}  # 3 states no cost, 9 lies a year back
    assert behind["cost_coverage_share"] == {f"orders-{n}" for n in (1, 2, 3, 4, 5, 7, 8)}  # 6 never was
    assert behind["gini_amount"] == {"anna", "bo", "cai"}
