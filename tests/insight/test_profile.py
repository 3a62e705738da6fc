"""Profile: shares with the unknown shown, and the fewest codes that bring most of the money."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.insight.profile import DIMENSIONS, compute_profile, find_core_segments, profile_customers, round_shares
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)


@pytest.fixture
def profile(tables) -> pd.DataFrame:
    return profile_customers(
        tables(
            customers="""
            customer_id  industry_code  region  size_class  source_channel  entity_type  lifecycle_stage  record_status
            anna         I65            华东    small       fair            org          customer         active
            bo           I6513          华东    unknown     fair            org          prospect         -
            cai          C              华北    large       -               person       -                active
            dora         -              -       -           website         org          lost             archived
            """,
            orders="""
            order_id  customer_id  ordered_on  amount_cny
            1         anna         2024-01-01       60.00
            2         bo           2024-01-01       20.00
            3         cai          2024-01-01       20.00
            4         dora         2024-01-01      900.00
            """,
        ),
        as_of=AS_OF,
    )


@pytest.mark.demand("G01")
def test_shares_are_counted_by_hand_and_the_unknown_are_shown(profile):
    rows = profile.set_index(["dimension", "code"])
    assert rows.loc[("industry", "I65")].tolist() == [
        2,
        0.6666666667,
        Decimal("80.00"),
        0.8,
    ]  # I6513 is of division I65
    assert rows.loc[("industry", "C")].tolist() == [1, 0.3333333333, Decimal("20.00"), 0.2]  # only the section is known
    assert rows.loc["size", "customers"].to_dict() == {"large": 1, "small": 1, "unknown": 1}
    assert rows.loc["source", "customers"].to_dict() == {"fair": 2, "unknown": 1}
    assert rows.loc["lifecycle_stage", "customers"].to_dict() == {"customer": 1, "prospect": 1, "unknown": 1}


@pytest.mark.demand("G01")
def test_shares_of_a_dimension_add_up_to_one(profile):
    assert set(profile["dimension"]) == set(DIMENSIONS)
    sums = profile.groupby("dimension")[["share", "amount_share"]].sum()
    assert sums.map(lambda total: round(total, 9)).eq(1).all(axis=None)
    assert profile.sort_values(["dimension", "code"]).index.tolist() == profile.index.tolist()


def test_nobody_bought_is_no_share_of_the_money(tables):
    found = profile_customers(tables(customers="customer_id  region\nanna  华东"), as_of=AS_OF)
    assert found["amount_share"].isna().all()
    assert (found["share"] == 1).all()


@pytest.mark.demand("G01")
def test_core_segments_are_the_fewest_that_cover_four_fifths(profile):
    core = find_core_segments(profile).set_index("dimension")
    assert core.loc["industry", ["code", "position", "cumulative_share"]].tolist() == [
        "I65",
        1,
        0.8,
    ]  # exactly 80 % is enough
    whole = find_core_segments(profile, cover=Decimal("0.81")).set_index("dimension")
    assert whole.loc["industry", "code"].tolist() == ["I65", "C"]
    assert whole.loc["industry", "cumulative_share"].tolist() == [0.8, 1]


def test_shares_are_printed_so_that_they_add_up():
    assert round_shares(pd.Series([1 / 3, 1 / 3, 1 / 3])).tolist() == [33.4, 33.3, 33.3]
    assert round_shares(pd.Series([1 / 3, 2 / 3]), places=0).tolist() == [33, 67]


@given(counts=st.lists(st.integers(0, 1000), min_size=1, max_size=12), places=st.integers(0, 2))
def test_printed_shares_always_add_up_and_stay_close(counts, places):
    total = sum(counts) or 1
    exact = pd.Series([n / total for n in counts] if sum(counts) else [1.0] + [0.0] * (len(counts) - 1)).round(10)
    printed = round_shares(exact, places=places)
    assert round(printed.sum(), 6) == 100
    assert ((printed - exact * 100).abs() < 1.000001 / 10**places).all()


@pytest.mark.demand("A14")
def test_industries_are_told_at_the_level_of_the_settings(tables):
    book = tables(customers="customer_id  industry_code\nanna  I651\nbo  I652\ncai  I63\ndan  -")
    for level, codes in {
        "section": ["I", "unknown"],
        "division": ["I63", "I65", "unknown"],
        "group": ["I63", "I651", "I652", "unknown"],
    }.items():
        rows = profile_customers(book, as_of=AS_OF, industry_level=level)
        assert rows.loc[rows["dimension"].eq("industry"), "code"].tolist() == codes


@pytest.mark.demand("G01")
def test_two_dimensions_at_once_add_up_to_each_of_them(tables):
    book = tables(
        customers="""
        customer_id  industry_code  region  size_class
        anna         I65            华东    small
        bo           I6513          华东    large
        cai          I65            -       small
        dora         C              华北    -
        """,
        orders="customer_id  ordered_on  amount_cny\nanna  2024-01-01  600000.00\nbo  2024-01-01  20.00",
    )
    found = compute_profile(book, settings=parse_settings(), start=date(2024, 6, 1), as_of=AS_OF)["profile_cross"]
    cells = found.set_index(["pair", "code", "across"])
    assert cells.loc[("industry_value", "I65", "high"), ["customers", "amount_12m_cny"]].tolist() == [
        1,
        Decimal("600000.00"),
    ]
    assert cells.loc[("industry_value", "I65", "low"), ["customers", "share"]].tolist() == [2, 0.6666666667]
    assert cells.loc["region_size", "customers"].to_dict() == {
        ("华东", "small"): 1, ("华东", "large"): 1, ("unknown", "small"): 1, ("华北", "unknown"): 1,
    }  # fmt: skip
    assert found.groupby("pair")["customers"].sum().tolist() == [4, 4]
    assert found.groupby(["pair", "code"])["share"].sum().round(9).eq(1).all()
