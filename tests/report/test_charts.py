import re
import warnings
from datetime import date

import pandas as pd
import pytest
from matplotlib.text import Text

from crmlib.labels import speaker
from crmlib.report import charts, drawing, style

ZH = speaker("zh")


@pytest.fixture
def shares():
    return pd.DataFrame(
        {"code": ["a", "b", "unknown"], "label": ["华东", "华北", "未知"], "n": [6, 3, 1], "share": [0.6, 0.3, 0.1]}
    )


@pytest.fixture
def trend():
    months = [date(2024, m, 1) for m in range(1, 8)]
    return pd.DataFrame({"month": months, "orders": [3, 4, 2, 5, 6, 4, 1], "customers": 1, "amount_cny": [10e4, 20e4, 15e4, 30e4, 12e4, 25e4, 2e4],
                         "partial": [False] * 6 + [True]})  # fmt: skip


def words(figure):
    texts = [
        text for ax in figure.axes for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label)
    ]
    return [text.get_text() for text in texts] + [ax.get_title(loc="left") for ax in figure.axes]


def colors(patches):
    import matplotlib.colors

    return [matplotlib.colors.to_hex(patch.get_facecolor()) for patch in patches]


def test_bars_are_as_long_as_their_numbers_and_say_them(shares):
    figure = charts.draw_shares(shares, ZH, colors=[charts.bar_color(code) for code in shares["code"]])
    assert [bar.get_width() for bar in figure.axes[0].patches] == [6, 3, 1]
    assert {"6（60.0 %）", "3（30.0 %）", "1（10.0 %）", "华东", "华北", "未知"} <= set(words(figure))
    assert colors(figure.axes[0].patches)[-1] == style.LIGHT["unknown"]
    assert figure.axes[0].get_legend() is None


@pytest.mark.demand("G09")
def test_a_ring_gives_each_part_its_angle_and_its_words(shares):
    figure = charts.draw_pie(shares, ZH, colors=style.series_colors(shares["code"]))
    angles = [wedge.theta2 - wedge.theta1 for wedge in figure.axes[0].patches]
    assert [abs(round(angle)) for angle in angles] == [216, 108, 36]
    assert {"华东\n6（60.0 %）", "华北\n3（30.0 %）", "未知\n1（10.0 %）", "共 10"} <= set(words(figure))


@pytest.mark.parametrize("n", [[100, 1, 1, 1, 1], [1, 1, 1, 1, 123_456]])
def test_the_words_of_thin_parts_do_not_overlap_or_leave_the_page(n):
    thin = pd.DataFrame({"label": list("甲乙丙丁戊"), "n": n, "share": [one / sum(n) for one in n]})
    figure = charts.draw_pie(thin, ZH, colors=style.ramp(5))
    drawing.to_svg(figure, "thin")
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]  # without their lines
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 and box.x1 <= figure.bbox.x1 for box in boxes)


@pytest.mark.demand("G09")
def test_the_trend_shows_full_months_as_a_line_and_marks_the_partial_one(trend):
    figure = charts.draw_order_trend(trend, ZH)
    line, dashed, hollow = figure.axes[0].lines
    assert list(line.get_ydata()) == [10e4, 20e4, 15e4, 30e4, 12e4, 25e4]
    assert dashed.is_dashed() and list(dashed.get_ydata()) == [25e4, 2e4]
    assert hollow.get_markerfacecolor() == style.LIGHT["paper"]
    assert [bar.get_height() for bar in figure.axes[1].patches] == [3, 4, 2, 5, 6, 4, 1]
    assert {"30.0", "2.0", "1 月\n2024", "7 月\n未满月", "订单金额（万元）"} <= set(words(figure))


def test_tiers_are_small_multiples_on_one_scale_with_a_tick_for_before():
    rows = [
        ("value", "价值", "high", "高价值", 3, 0.3, 2),
        ("value", "价值", "low", "低价值", 7, 0.7, 7),
        ("risk", "风险", "churn_risk", "流失风险", 10, 1.0, None),
    ]
    tiers = pd.DataFrame(rows, columns=["dimension", "dimension_name", "label", "name", "n", "share", "n_before"])
    figure = charts.draw_tiers(tiers, ZH)
    value, risk = figure.axes
    assert [bar.get_width() for bar in value.patches] == [3, 7]
    assert value.get_xlim() == risk.get_xlim()
    assert colors(value.patches) == [style.LIGHT["value_high"], style.LIGHT["value_low"]]
    ticks = [line.get_xdata()[0] for line in value.lines if line.get_xdata()[0]]
    assert ticks == [2]  # nothing where nothing moved


def test_moves_are_coloured_by_whether_they_are_good():
    moves = pd.DataFrame(
        [("middle", "high", 4), ("high", "low", 1), ("low", "low", 9)], columns=["label_before", "label_now", "n"]
    )
    figure = charts.draw_tier_moves(moves, ZH, dimension="value")
    mesh = figure.axes[0].collections[0]
    assert mesh.get_array().reshape(3, 3).tolist() == [[0, 0, 3], [2, 0, 0], [0, 0, 1]]
    assert {"4", "1", "9", "高价值"} <= set(words(figure))


def test_a_funnel_keeps_the_order_of_its_stages(shares):
    figure = charts.draw_funnel(shares, ZH)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["华东", "华北", "未知"]


def test_the_same_figure_gives_the_same_bytes_and_touches_no_setting(shares):
    import matplotlib

    before = dict(matplotlib.rcParams)
    one, two = (drawing.to_svg(charts.draw_funnel(shares, ZH), "x") for _ in range(2))
    assert one == two
    assert dict(matplotlib.rcParams) == before
    assert "<metadata" not in one and "<style" not in one


def test_ids_of_two_charts_on_one_page_differ(shares):
    found = [set(re.findall(r'id="([^"]+)"', drawing.to_svg(charts.draw_funnel(shares, ZH), name))) for name in "ab"]
    assert not found[0] & found[1]


@pytest.mark.demand("G08")
def test_no_glyph_is_missing_and_dollars_are_no_formula(shares):
    strange = shares.assign(label=["$a_1$ 至 $b$", "𠮷野 🙂", "<b>&amp;"])
    figure = charts.draw_funnel(strange, ZH)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg, png = drawing.to_svg(figure, "strange"), drawing.to_png(figure)
    assert ">$a_1$ 至 $b$<" in svg and "〓野 〓" in svg and "&lt;b&gt;&amp;amp;" in svg
    assert png.startswith(b"\x89PNG")


@pytest.mark.demand("G08")
def test_chinese_is_drawn_not_boxed():
    """A font without the glyph would draw the same box for each of them."""
    from io import BytesIO

    from matplotlib.image import imread

    def pixels(text):
        rows = pd.DataFrame({"code": ["a"], "label": [text], "n": [1], "share": [1.0]})
        return imread(BytesIO(drawing.to_png(charts.draw_funnel(rows, ZH), dpi=60)))

    assert (pixels("客户") != pixels("订单")).any()
