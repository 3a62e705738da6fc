import re
import warnings

import pandas as pd
import pytest

from crmlib.labels import speaker
from crmlib.report import charts_bars, drawing, style

ZH = speaker("zh")


def test_the_same_figure_gives_the_same_bytes_and_touches_no_setting(shares):
    import matplotlib

    before = dict(matplotlib.rcParams)
    one, two = (
        drawing.to_svg(charts_bars.draw_shares(shares, ZH, colors=style.ramp(len(shares))), "x") for _ in range(2)
    )
    assert one == two
    assert dict(matplotlib.rcParams) == before
    assert "<metadata" not in one and "<style" not in one


def test_ids_of_two_charts_on_one_page_differ(shares):
    found = [
        set(
            re.findall(
                r'id="([^"]+)"',
                drawing.to_svg(charts_bars.draw_shares(shares, ZH, colors=style.ramp(len(shares))), name),
            )
        )
        for name in "ab"
    ]
    assert not found[0] & found[1]


@pytest.mark.demand("G08")
def test_no_glyph_is_missing_and_dollars_are_no_formula(shares):
    strange = shares.assign(label=["$a_1$ 至 $b$", "𠮷野 🙂", "<b>&amp;"])
    figure = charts_bars.draw_shares(strange, ZH, colors=style.ramp(len(strange)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = drawing.to_svg(figure, "strange")
    assert ">$a_1$ 至 $b$<" in svg and "〓野 〓" in svg and "&lt;b&gt;&amp;amp;" in svg


@pytest.mark.demand("G08")
def test_chinese_is_drawn_not_boxed():
    """A font without the glyph would draw the same box for each of them."""
    from io import BytesIO

    from matplotlib import rc_context
    from matplotlib.image import imread

    def pixels(text):
        rows = pd.DataFrame({"code": ["a"], "label": [text], "n": [1], "share": [1.0]})
        out = BytesIO()
        with rc_context(drawing.theme()):
            charts_bars.draw_shares(rows, ZH, colors=style.ramp(1)).savefig(out, format="png", dpi=60)
        out.seek(0)
        return imread(out)

    assert (pixels("客户") != pixels("订单")).any()
