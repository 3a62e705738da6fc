import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from crmlib.labels import speaker
from crmlib.report import charts_grid, style
from tests.report.looks import check_looks, words_of

ZH = speaker("zh")


@pytest.mark.demand("G08")
def test_a_heat_cell_is_the_darker_the_greater_its_share_and_white_where_missing():
    shares = pd.DataFrame(
        [[0.0, 0.1, 0.3], [0.5, 0.7, np.nan]], index=["华东", "华北"], columns=["大型", "小型", "未知"]
    )
    words = shares.map(lambda share: "" if pd.isna(share) else f"{share:.0%}")
    figure = charts_grid.draw_heat(shares, words, ZH)
    mesh = figure.axes[0].collections[0]
    figure.draw_without_rendering()
    colors = [to_hex(color) for color in mesh.get_facecolors()]
    assert colors == [style.LIGHT[name] for name in ("paper", "series_5", "series_4", "series_3", "series_1", "paper")]
    assert {"华东", "小型", "70%"} <= set(check_looks(figure))


def test_moves_are_coloured_by_whether_they_are_good():
    moves = pd.DataFrame(
        [("middle", "high", 4), ("high", "low", 1), ("low", "low", 9)], columns=["label_before", "label_now", "n"]
    )
    figure = charts_grid.draw_tier_moves(moves, ZH, dimension="value")
    mesh = figure.axes[0].collections[0]
    assert mesh.get_array().reshape(3, 3).tolist() == [[0, 0, 3], [2, 0, 0], [0, 0, 1]]
    assert {"4", "1", "9", "高价值"} <= set(words_of(figure))
