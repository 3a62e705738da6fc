"""One spelling for all ways to write a text."""

import unicodedata
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.spelling import simplify


def test_width_case_brackets_and_traditional_characters_do_not_matter():
    assert simplify("ＡＢＣ臺灣【電機】㈱") == "abc台湾(电机)(株)"


# characters that Unicode keeps twice for old code pages (禍 at U+FA52) become simple in a second step
@given(st.text(max_size=8).map(partial(unicodedata.normalize, "NFKC")))
def test_simple_stays_simple_and_long_texts_are_simplified_like_short_ones(text):
    plain = simplify(text)
    assert simplify(plain) == plain
    assert simplify(text * 300) == plain * 300


def test_every_character_is_simplified_in_a_long_text_as_in_a_short_one():
    signs = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    ones = [simplify(sign) for sign in signs]
    single = "".join(sign for sign, one in zip(signs, ones, strict=True) if len(one) == 1)
    assert simplify(single) == "".join(one for one in ones if len(one) == 1)
