"""Retention and repurchase: counted by hand, months that are not over left out."""

from datetime import date

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmlib.insight.retention import cohort_retention, count_repurchase, repeater_rows, retained_rows

ORDERS = """
    order_id  customer_id  ordered_on  amount_cny  status
    1         anna         2024-01-03       10.00  done
    2         anna         2024-02-03       10.00  done
    3         anna         2024-04-03       10.00  done
    4         bo           2024-01-20       10.00  done
    5         bo           2024-02-20      -10.00  done
    6         cai          2024-04-30       10.00  done
    6         cai          2024-04-30        5.00  done
    7         cai          2024-05-02       10.00  done
    8         -            2024-01-01       10.00  done
    9         dora         2023-01-01       10.00  done
    10        dora         2024-03-01       10.00  cancelled
"""
AS_OF = date(2024, 5, 15)


def cells(tables, *, as_of=AS_OF, least=1):
    found = cohort_retention(tables(orders=ORDERS), as_of=as_of, least=least, months=6)
    keyed = found.assign(month=[f"{day:%Y-%m}" for day in found["cohort"]]).set_index(["month", "months_since"])
    return keyed[["customers", "retained", "share"]]


@pytest.mark.demand("F21")
def test_each_cohort_is_followed_month_by_month(tables):
    found = cells(tables)
    january = found.loc["2024-01"]
    assert january["customers"].eq(2).all()
    assert january["retained"].tolist() == [2, 1, 0, 1]  # a return is no order; February, March, April
    assert january["share"].tolist() == [1.0, 0.5, 0.0, 0.5]


def test_the_month_that_is_not_over_is_no_cell_and_old_cohorts_are_left_out(tables):
    found = cells(tables)
    assert found.loc["2024-04"].index.tolist() == [0]  # May runs: that cai came back in it is not yet told
    assert set(found.index.get_level_values("month")) == {"2024-01", "2024-04"}  # dora's is of 2023


def test_a_cohort_of_too_few_has_its_counts_and_no_share(tables):
    found = cells(tables, least=2)
    assert found.loc[("2024-04", 0), "customers"] == 1
    assert found.loc["2024-04", "share"].isna().all()
    assert found.loc["2024-01", "share"].notna().all()


def test_the_query_behind_a_month_since_gives_exactly_its_customers(tables):
    third = cohort_retention(tables(orders=ORDERS), as_of=AS_OF, least=1, months=6).query("months_since == 3")
    db = duckdb.connect()
    db.register("orders", tables(orders=ORDERS)["orders"].to_pyarrow())
    assert [row[0] for row in db.sql(retained_rows(third, 3)).fetchall()] == ["anna"]
    assert {row[0] for row in db.sql(repeater_rows(date(2023, 5, 15), AS_OF)).fetchall()} == {"anna", "cai"}


@pytest.mark.demand("F21")
def test_repurchase_is_two_orders_among_those_with_one_within_the_window(tables):
    starts = {"year": date(2023, 5, 15), "april": date(2024, 4, 1)}
    found = count_repurchase(tables(orders=ORDERS), starts=starts, as_of=AS_OF, least=1).set_index("window")
    # within the year anna has three orders, cai two (two rows of one order are one), bo one, his return none
    assert found.loc["year", ["customers", "repeaters"]].tolist() == [3, 2]
    assert found.loc["year", "share"] == pytest.approx(2 / 3)
    assert found.loc["year", "low"] == pytest.approx(0.2077, abs=1e-4)  # Wilson, 2 of 3
    assert found.loc["april", ["customers", "repeaters", "share"]].tolist() == [2, 1, 0.5]


@pytest.mark.demand("F21")
def test_of_too_few_no_rate_is_told_and_without_orders_neither(tables):
    for orders, n in ((ORDERS, 3), (None, 0)):
        book = tables(orders=orders) if orders else tables()
        found = count_repurchase(book, starts={"year": date(2023, 5, 15)}, as_of=AS_OF, least=4).iloc[0]
        assert found["customers"] == n
        assert found[["share", "low", "high"]].isna().all()


@given(days=st.lists(st.tuples(st.sampled_from(["anna", "bo", "cai"]), st.integers(0, 200)), min_size=1, max_size=20))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_month_nought_is_everybody_and_nobody_returns_who_never_came(tables, days):
    start = date(2024, 1, 1).toordinal()
    rows = "\n".join(f"{who}  {date.fromordinal(start + day)}  1.00" for who, day in days)
    found = cohort_retention(
        tables(orders=f"customer_id  ordered_on  amount_cny\n{rows}"), as_of=date(2024, 8, 1), least=1
    )
    assert (found["retained"] <= found["customers"]).all()
    assert found.loc[found["months_since"].eq(0), "share"].eq(1).all()
    assert found.loc[found["months_since"].eq(0), "customers"].sum() == len({who for who, _ in days})
