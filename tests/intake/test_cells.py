from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.cells import compact, is_nothing, narrow, parse_prose, parse_words, same_word, split_items, tidy


def test_words_lose_accidents_of_width_and_blanks_but_keep_chinese_punctuation():
    assert tidy("　ＡＢＣ\u200b 科技（上海）\t有限公司 ") == "ABC 科技（上海） 有限公司"


def test_codes_and_numbers_become_narrow_throughout():
    assert narrow("（１，２００）") == "(1,200)"
    assert compact(" 138 1234 ") == "1381234"


def test_signs_for_nothing_are_missing_and_zero_is_a_value():
    assert [parse_words(text).value for text in ("", "  ", "--", "N/A", "无", "0")] == [None] * 5 + ["0"]
    assert is_nothing("null") and not is_nothing("0")


def test_prose_keeps_its_lines_and_says_nothing_only_when_blank():
    assert parse_prose("第一行  有空格\r\n\r\n第二行").value == "第一行 有空格\n第二行"
    assert parse_prose("无").value == "无"
    assert parse_prose(" \n ").value is None


def test_items_are_split_at_every_mark_and_each_is_kept_once():
    assert split_items("长期合作、技术导向，价格敏感;A；B/C|A") == ["长期合作", "技术导向", "价格敏感", "A", "B", "C"]


def test_two_spellings_of_a_word_are_one():
    assert same_word(" E-Mail ") == same_word("ｅｍａｉｌ")


@given(st.text())
def test_tidying_twice_is_tidying_once(text):
    for form in (
        tidy,
        narrow,
        lambda words: parse_words(words).value or "",
        lambda words: parse_prose(words).value or "",
    ):
        assert form(form(text)) == form(text)
