import pandas as pd

from crmlib.labels import speaker
from crmlib.report import charts_bars, style
from tests.report.looks import check_looks, colors_of, words_of

ZH = speaker("zh")


def test_bars_are_as_long_as_their_numbers_and_say_them(shares):
    figure = charts_bars.draw_shares(shares, ZH, colors=[charts_bars.bar_color(code) for code in shares["code"]])
    assert [bar.get_width() for bar in figure.axes[0].patches] == [6, 3, 1]
    assert {"6（60.0 %）", "3（30.0 %）", "1（10.0 %）", "华东", "华北", "未知"} <= set(words_of(figure))
    assert colors_of(figure.axes[0].patches)[-1] == style.LIGHT["unknown"]
    assert figure.axes[0].get_legend() is None


def test_tiers_are_small_multiples_on_one_scale_with_a_tick_for_before():
    rows = [
        ("value", "价值", "high", "高价值", 3, 0.3, 2),
        ("value", "价值", "low", "低价值", 7, 0.7, 7),
        ("risk", "风险", "churn_risk", "流失风险", 10, 1.0, None),
    ]
    tiers = pd.DataFrame(rows, columns=["dimension", "dimension_name", "label", "name", "n", "share", "n_before"])
    figure = charts_bars.draw_tiers(tiers, ZH)
    value, risk = figure.axes
    assert [bar.get_width() for bar in value.patches] == [3, 7]
    assert value.get_xlim() == risk.get_xlim()
    assert colors_of(value.patches) == [style.LIGHT["value_high"], style.LIGHT["value_low"]]
    ticks = [line.get_xdata()[0] for line in value.lines if line.get_xdata()[0]]
    assert ticks == [2]  # nothing where nothing moved


def test_a_funnel_keeps_the_order_of_its_stages(shares):
    figure = charts_bars.draw_shares(shares, ZH, colors=style.ramp(len(shares)))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["华东", "华北", "未知"]


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
    figure = charts_bars.draw_served(tiers, ZH)
    assert [[bar.get_width() for bar in ax.patches] for ax in figure.axes] == [[0.1, 0.7, 0.2], [0.9, 0.3, 0.8]]
    assert {"高价值", "沟通", "80.0 %"} <= set(check_looks(figure))
