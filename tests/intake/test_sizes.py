from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.sizes import CLASSES, size_class
from crmlib.reference import load_reference

WAN = 10_000


@pytest.mark.demand("A04")
@pytest.mark.parametrize(
    ("headcount", "revenue_wan", "size"),
    [(300, 10_000, "large"), (299, 10_000, "medium"), (300, 9_999, "medium"), (100, 1_000, "medium"),
     (99, 1_000, "small"), (10, 50, "small"), (9, 50, "micro"), (10, 49, "micro")],
)  # fmt: skip
def test_software_firms_follow_the_standard_of_2017_on_both_sides_of_each_step(headcount, revenue_wan, size):
    found = size_class(
        industry_code="I651",
        headcount_min=headcount,
        headcount_max=headcount,
        annual_revenue_cny=Decimal(revenue_wan * WAN),
    )
    assert found == size


@pytest.mark.demand("A04")
def test_a_figure_that_is_missing_leaves_the_size_unknown_unless_it_cannot_matter():
    assert size_class(industry_code="I65", headcount_min=500, headcount_max=500) == "unknown"
    assert size_class(industry_code="I65", headcount_min=5, headcount_max=9) == "micro"
    assert size_class(industry_code="M73", headcount_min=300) == "large"  # only heads count there
    assert size_class(headcount_min=5, headcount_max=9) == "unknown"
    assert size_class(industry_code="P83", headcount_min=5, headcount_max=9) == "unknown"  # schools are not in it


@pytest.mark.demand("D11")
@pytest.mark.parametrize(
    ("standard", "sizes"),
    [
        ("simple_500_50", {49: "micro", 50: "medium", 499: "medium", 500: "large"}),
        ("simple_500_100", {99: "small", 100: "medium", 500: "medium", 501: "large"}),
    ],
)
def test_heads_alone_may_settle_it(standard, sizes):
    assert {n: size_class(standard=standard, headcount_min=n, headcount_max=n) for n in sizes} == sizes
    assert size_class(standard=standard, annual_revenue_cny=Decimal(10**9)) == "unknown"
    assert size_class(standard=standard, headcount_min=40, headcount_max=600) == "unknown"


def test_a_band_across_a_step_is_unknown():
    assert size_class(industry_code="M73", headcount_min=100, headcount_max=299) == "medium"
    assert size_class(industry_code="M73", headcount_min=100, headcount_max=300) == "unknown"


@given(
    st.sampled_from(sorted(set(load_reference("size_standard")["code"]))),
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.integers(0, 10**10),
)
def test_more_people_never_make_a_firm_smaller(code, fewer, more, yuan):
    def size(heads):
        return size_class(
            industry_code=code,
            headcount_min=heads,
            headcount_max=heads,
            annual_revenue_cny=Decimal(yuan),
            total_assets_cny=Decimal(yuan),
        )

    fewer, more = sorted((fewer, more))
    assert CLASSES.index(size(fewer)) <= CLASSES.index(size(more))
