import base64
import io

from fontTools.ttLib import TTFont

from crmlib.report import fonts


def test_a_subset_holds_what_the_text_needs_and_no_more():
    face = fonts.embed(fonts.SANS, "客户 123 客户")
    data = base64.b64decode(face.split("base64,")[1].split(")")[0])
    with TTFont(io.BytesIO(data)) as font:
        assert {chr(c) for c in font.getBestCmap()} == set("客户 123")
    assert fonts.embed(fonts.SANS, "321户客 ") == face


def test_what_the_font_lacks_is_marked():
    assert fonts.printable("𠮷野家🙂") == "〓野家〓"
    assert fonts.printable("重庆市渝中区 ≥ 10 万元 ▲▼＝") == "重庆市渝中区 ≥ 10 万元 ▲▼＝"
