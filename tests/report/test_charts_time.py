from datetime import date

import pandas as pd
import pytest

from crmlib.labels import speaker
from crmlib.report import charts_time, style
from tests.report.looks import check_looks, words_of
from tests.report.value_tables import value_tables

ZH, EN = speaker("zh"), speaker("en")
TABLES = value_tables()


@pytest.fixture
def trend():
    months = [date(2024, m, 1) for m in range(1, 8)]
    return pd.DataFrame({"month": months, "orders": [3, 4, 2, 5, 6, 4, 1], "customers": 1, "amount_cny": [10e4, 20e4, 15e4, 30e4, 12e4, 25e4, 2e4],
                         "partial": [False] * 6 + [True]})  # fmt: skip


@pytest.mark.demand("G09")
def test_the_trend_shows_full_months_as_a_line_and_marks_the_partial_one(trend):
    figure = charts_time.draw_order_trend(trend, ZH)
    line, dashed, hollow = figure.axes[0].lines
    assert list(line.get_ydata()) == [10e4, 20e4, 15e4, 30e4, 12e4, 25e4]
    assert dashed.is_dashed() and list(dashed.get_ydata()) == [25e4, 2e4]
    assert hollow.get_markerfacecolor() == style.LIGHT["paper"]
    assert [bar.get_height() for bar in figure.axes[1].patches] == [3, 4, 2, 5, 6, 4, 1]
    assert {"30.0", "2.0", "1 月\n2024", "7 月\n未满月", "订单金额（万元）"} <= set(words_of(figure))


@pytest.mark.parametrize("say", [ZH, EN])
def test_a_month_of_talks_that_is_not_over_is_hollow(say):
    talks = TABLES["talk_trend"].assign(partial=[False] * 5 + [True])
    figure = charts_time.draw_talks(talks, say)
    assert [bar.get_height() for bar in figure.axes[0].patches] == [100, 101, 102, 103, 104, 105]
    assert figure.axes[0].patches[-1].get_facecolor()[:3] == (1, 1, 1)
    assert any(say("chart.partial") in word for word in check_looks(figure))


def test_the_season_has_a_bar_and_a_span_a_month():
    season = TABLES["season"]
    figure = charts_time.draw_season(season, ZH)
    assert [bar.get_height() for bar in figure.axes[0].patches] == season["season_index"].tolist()
    spans = figure.axes[0].collections[0].get_segments()
    assert [tuple(span[:, 1]) for span in spans] == list(zip(season["low"], season["high"], strict=True))
    assert "120" in check_looks(figure)


@pytest.mark.parametrize("say", [ZH, EN])
def test_a_figure_of_the_kit_shows_its_goal_and_one_without_values_says_why(say):
    told = TABLES["kpi"].assign(name=[say(f"kpi.{one}") for one in TABLES["kpi"]["kpi"]], state=[say("kpi_why.NO_COMPLAINT")] * 5,
                                first=date(2022, 7, 1), last=date(2024, 7, 1))  # fmt: skip
    figure = charts_time.draw_kpis(TABLES["kpi_months"], told, say)
    complete, followup = figure.axes[:2]
    assert len(complete.lines[0].get_ydata()) == 24
    assert complete.lines[1].get_ydata()[0] == 0.98 and complete.lines[1].is_dashed()
    assert not any(line.is_dashed() for line in followup.lines)  # no goal can be told where nothing was before
    words = " ".join(check_looks(figure))
    assert say("kpi_why.NO_COMPLAINT") in words.replace("\n", "" if say.lang == "zh" else " ")


@pytest.mark.parametrize("say", [ZH, EN])
def test_risk_is_a_line_a_tier_named_at_its_end_and_what_is_owed_beside_it(say):
    days = pd.DataFrame(
        {"day": [date(2024, m, 1) for m in range(2, 8)], "churn_risk": [89, 70, 60, 59, 61, 166], "warning": [71, 70, 65, 60, 68, 61],
         "owed_cny": [900, 1_200, 0, 800, 700, 950]}
    )  # fmt: skip
    customers, owed = charts_time.draw_risk(days, say).axes
    assert [list(line.get_ydata()) for line in customers.lines] == [
        days[one].tolist() for one in ("churn_risk", "warning")
    ]
    assert list(owed.lines[0].get_ydata()) == days["owed_cny"].tolist()
    words = check_looks(customers.figure)
    assert {"166", "71", "1,200", "07-01"} <= set(words)
    assert {say("tier.risk.churn_risk"), say("tier.risk.warning")} <= {
        word.replace("\n", "" if say is ZH else " ") for word in words
    }


def test_where_nothing_is_owed_there_is_no_line_of_it():
    days = pd.DataFrame(
        {"day": [date(2024, 6, 1), date(2024, 7, 1)], "churn_risk": [3, 4], "warning": 0, "owed_cny": 0}
    )
    [customers] = charts_time.draw_risk(days, ZH).axes
    assert [list(line.get_ydata()) for line in customers.lines] == [[3, 4]]
