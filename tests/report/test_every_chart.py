"""Every chart of the report, in both languages: all of its words can be read."""

import pytest
from matplotlib.figure import Figure

from crmlib.report import parts
from crmlib.report.sections import build_report
from tests.report.looks import check_looks


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_of_every_chart_can_be_read(make_data, monkeypatch, lang):
    to_svg, drawn = parts.to_svg, []

    def look(figure, name):
        drawn.append(name)
        check_looks(figure)
        return to_svg(figure, name)

    monkeypatch.setattr(parts, "to_svg", look)
    build_report(make_data(lang=lang))
    assert len(drawn) >= 12 and len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ([(0.5, 0.5, "客户"), (0.51, 0.5, "订单")], "lies over"),
        ([(0.97, 0.5, "一家名字很长的公司")], "cut off"),
        ([(0.27, 0.5, "半在柱上")], "half over a bar"),
    ],
)
def test_a_chart_whose_words_cannot_be_read_is_found_out(texts, fault):
    figure = Figure(figsize=(3, 1))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    ax.barh([0.5], [0.3], height=0.6)
    for x, y, words in texts:
        ax.text(x, y, words, fontfamily="Noto Sans SC")
    with pytest.raises(AssertionError, match=fault):
        check_looks(figure)


def test_a_missing_glyph_is_found_out():
    figure = Figure(figsize=(3, 1))
    figure.text(0.1, 0.5, "🙂")
    with pytest.raises(UserWarning, match="Glyph"):
        check_looks(figure)
