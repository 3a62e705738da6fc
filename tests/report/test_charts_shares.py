import pandas as pd
import pytest
from matplotlib.text import Text

from crmlib.labels import speaker
from crmlib.report import charts_shares, drawing, style
from tests.report.looks import check_looks, words_of
from tests.report.value_tables import value_tables

ZH = speaker("zh")
TABLES = value_tables()


@pytest.mark.demand("G09")
def test_a_ring_gives_each_part_its_angle_and_its_words(shares):
    figure = charts_shares.draw_pie(shares, ZH, colors=style.series_colors(shares["code"]))
    angles = [wedge.theta2 - wedge.theta1 for wedge in figure.axes[0].patches]
    assert [abs(round(angle)) for angle in angles] == [216, 108, 36]
    assert {"华东\n6（60.0 %）", "华北\n3（30.0 %）", "未知\n1（10.0 %）", "共 10"} <= set(words_of(figure))


@pytest.mark.parametrize("n", [[100, 1, 1, 1, 1], [1, 1, 1, 1, 123_456]])
def test_the_words_of_thin_parts_do_not_overlap_or_leave_the_page(n):
    thin = pd.DataFrame({"label": list("甲乙丙丁戊"), "n": n, "share": [one / sum(n) for one in n]})
    figure = charts_shares.draw_pie(thin, ZH, colors=style.ramp(5))
    drawing.to_svg(figure, "thin")
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]  # without their lines
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_the_curve_marks_the_top_tenth():
    curve = TABLES["concentration"]
    figure = charts_shares.draw_concentration(curve, ZH)
    even, line, mark = figure.axes[0].lines
    assert list(line.get_ydata()) == curve["amount_share"].tolist()
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (0.1, curve["amount_share"].iloc[10])
    assert any("46.9 %" in word for word in check_looks(figure))
