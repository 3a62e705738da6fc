"""Charts of value and change: what is drawn is what the tables say, in both languages, with no word lost."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from crmlib.labels import speaker
from crmlib.report import charts_value, style
from tests.report.looks import check_looks
from tests.report.value_tables import value_tables

ZH, EN = speaker("zh"), speaker("en")
TABLES = value_tables()


@pytest.mark.demand("G08")
def test_a_heat_cell_is_the_darker_the_greater_its_share_and_white_where_missing():
    shares = pd.DataFrame(
        [[0.0, 0.1, 0.3], [0.5, 0.7, np.nan]], index=["华东", "华北"], columns=["大型", "小型", "未知"]
    )
    words = shares.map(lambda share: "" if pd.isna(share) else f"{share:.0%}")
    figure = charts_value.draw_heat(shares, words, ZH)
    mesh = figure.axes[0].collections[0]
    figure.draw_without_rendering()
    colors = [to_hex(color) for color in mesh.get_facecolors()]
    assert colors == [style.LIGHT[name] for name in ("paper", "series_5", "series_4", "series_3", "series_1", "paper")]
    assert {"华东", "小型", "70%"} <= set(check_looks(figure))


def test_the_curve_marks_the_top_tenth():
    curve = TABLES["concentration"]
    figure = charts_value.draw_concentration(curve, ZH)
    even, line, mark = figure.axes[0].lines
    assert list(line.get_ydata()) == curve["amount_share"].tolist()
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (0.1, curve["amount_share"].iloc[10])
    assert any("46.9 %" in word for word in check_looks(figure))


def test_who_is_served_is_one_bar_a_share_in_the_colour_of_the_tier():
    tiers = pd.DataFrame(
        {
            "label": ["high", "low"],
            "name": ["高价值", "低价值"],
            "customers": [0.1, 0.9],
            "revenue": [0.7, 0.3],
            "talks": [0.2, 0.8],
        }
    )
    figure = charts_value.draw_served(tiers, ZH)
    assert [[bar.get_width() for bar in ax.patches] for ax in figure.axes] == [[0.1, 0.7, 0.2], [0.9, 0.3, 0.8]]
    assert {"高价值", "沟通", "80.0 %"} <= set(check_looks(figure))


@pytest.mark.parametrize("say", [ZH, EN])
def test_a_month_of_talks_that_is_not_over_is_hollow(say):
    talks = TABLES["talk_trend"].assign(partial=[False] * 5 + [True])
    figure = charts_value.draw_talks(talks, say)
    assert [bar.get_height() for bar in figure.axes[0].patches] == [100, 101, 102, 103, 104, 105]
    assert figure.axes[0].patches[-1].get_facecolor()[:3] == (1, 1, 1)
    assert any(say("chart.partial") in word for word in check_looks(figure))


def test_the_season_has_a_bar_and_a_span_a_month():
    season = TABLES["season"]
    figure = charts_value.draw_season(season, ZH)
    assert [bar.get_height() for bar in figure.axes[0].patches] == season["season_index"].tolist()
    spans = figure.axes[0].collections[0].get_segments()
    assert [tuple(span[:, 1]) for span in spans] == list(zip(season["low"], season["high"], strict=True))
    assert "120" in check_looks(figure)


@pytest.mark.parametrize("say", [ZH, EN])
def test_a_figure_of_the_kit_shows_its_goal_and_one_without_values_says_why(say):
    told = TABLES["kpi"].assign(name=[say(f"kpi.{one}") for one in TABLES["kpi"]["kpi"]], state=[say("kpi_why.NO_TICKET")] * 5,
                                first=date(2022, 7, 1), last=date(2024, 7, 1))  # fmt: skip
    figure = charts_value.draw_kpis(TABLES["kpi_months"], told, say)
    complete, followup = figure.axes[:2]
    assert len(complete.lines[0].get_ydata()) == 24
    assert complete.lines[1].get_ydata()[0] == 0.98 and complete.lines[1].is_dashed()
    assert not any(line.is_dashed() for line in followup.lines)  # no goal can be told where nothing was before
    words = " ".join(check_looks(figure))
    assert say("kpi_why.NO_TICKET") in words.replace("\n", "" if say.lang == "zh" else " ")
