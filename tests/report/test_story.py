import math
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.report.data import Stated
from crmlib.report.story import surprise, tell_story, usual_change


def stated(value, n, unit, figure_id="x"):
    return Stated(figure_id, value, n, unit)


def months(*amounts):
    rows = [(date(2024, m, 1), 40, 30, Decimal(a), False) for m, a in enumerate(amounts, start=1)]
    return pd.DataFrame(rows, columns=["month", "orders", "customers", "amount_cny", "partial"])


def with_values(frame, **values):
    return frame.assign(value=frame["value"].where(~frame["figure_id"].isin(values), frame["figure_id"].map(values)))


def test_a_share_is_measured_by_its_standard_error():
    # 60 % and 50 % of 100 each: pooled .55, error sqrt(.55 × .45 × 2 / 100) = .07036, so 1.421
    assert surprise(stated(0.6, 100, "share"), stated(0.5, 100, "share")) == pytest.approx(0.1 / 0.0703562, abs=1e-4)


def test_a_tier_is_a_share_of_its_customers_and_a_count_is_poisson():
    tier = [stated(n, 100, "customers", "tier_value_high") for n in (60, 50)]
    assert surprise(*tier) == pytest.approx(1.4213, abs=1e-3)
    assert surprise(stated(60, 60, "tickets"), stated(40, 40, "tickets")) == pytest.approx(2.0)  # 20 / sqrt(100)


def test_an_amount_is_measured_by_how_it_usually_moves():
    assert surprise(stated(math.e, 90, "cny"), stated(1, 90, "cny"), usual=0.5) == pytest.approx(2.0)


def test_a_wait_has_its_own_size_as_spread_and_an_answer_one_point():
    # ln(48 / 36) = .28768 and sqrt(1/50 + 1/50) = .2
    assert surprise(stated(36, 50, "hours"), stated(48, 50, "hours")) == pytest.approx(1.4384, abs=1e-4)
    assert surprise(stated(4.2, 50, "score"), stated(4.0, 50, "score")) == pytest.approx(1.0)


def test_a_share_of_money_is_no_chance_of_rows():
    now, before = (stated(share, 2_000, "share", "revenue_share_high") for share in (0.55, 0.50))
    assert surprise(now, before, usual=0.2) == pytest.approx(0.25)


@pytest.mark.parametrize("unit", ["share", "cny", "hours", "score", "tickets"])
def test_few_rows_are_never_news(unit):
    assert surprise(stated(0.9, 9, unit), stated(0.1, 900, unit)) == 0


@pytest.mark.parametrize("missing", [(None, 1.0), (1.0, None), (1.0, 1.0)])
def test_what_is_unknown_or_the_same_is_no_news(missing):
    now, before = (stated(value, 90, "cny") for value in missing)
    assert surprise(now, before) == 0


def test_the_usual_change_is_that_of_the_months_before_the_last():
    # log changes ln 2, −ln 2, ln 2, −ln 2 have the standard deviation ln 2 × 2 / sqrt(3); the last one is left out
    assert usual_change(months(1, 2, 1, 2, 1, 900)) == pytest.approx(math.log(2) * 2 / math.sqrt(3))
    assert usual_change(months(1, 2)) == 0.2


@pytest.mark.demand("K04")
def test_other_months_have_other_sentences(make_data):
    quiet = make_data(figures_before=make_data().figures)
    told = [{one.refs for one in tell_story(make_data(figures_before=with_values(quiet.figures, **change)))}
            for change in ({}, {"unknown_industry": 0.4}, {"overdue_payments_12m": 90}, {"tier_potential_focus": 2})]  # fmt: skip
    assert len({frozenset(one) for one in told}) == len(told)


def test_a_section_says_one_thing_on_page_one(make_data):
    before = with_values(make_data().figures, tier_value_high=5, tier_potential_focus=100, overdue_payments_12m=100)
    sections = [one.section for one in tell_story(make_data(figures_before=before))[2:]]
    assert len(sections) == len(set(sections)) <= 3


def test_the_greater_news_stands_first_and_what_came_in_before_it(make_data):
    story = tell_story(make_data())
    assert [one.news for one in story] == sorted((one.news for one in story), reverse=True)
    assert story[0].news == math.inf


def test_a_turn_against_the_months_before_is_said(make_data):
    turned = tell_story(make_data(order_trend=months(100, 110, 121, 133, 146, 80)))[1].text
    assert "此前五个月有 4 次上升，本月转降" in turned
    assert "转" not in tell_story(make_data(order_trend=months(100, 110, 121, 133, 146, 160)))[1].text


def test_valued_customers_at_risk_are_told_even_when_their_number_stood_still(make_data):
    data = make_data()
    texts = [one.text for one in tell_story(make_data(figures_before=data.figures))]
    assert any("其中高价值 12 家" in text for text in texts)
