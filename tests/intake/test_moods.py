import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.dictionary import DICTIONARY
from crmlib.intake.moods import judge_text, parse_mood
from crmlib.reference import load_reference

MOODS = DICTIONARY.choices["mood"]


@pytest.mark.demand("A45")
@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("积极", "positive"),
        ("满意", "positive"),
        ("总体满意", "positive"),
        ("中性", "neutral"),
        ("消极", "negative"),
        ("不满意", "negative"),
        ("客户对价格敏感", "negative"),
        ("Negative", "negative"),
    ],
)
def test_listed_words_and_known_phrases_are_a_mood_and_the_words_stay(text, mood):
    assert parse_mood(text, choices=MOODS) == ((text, mood), None, None)


@pytest.mark.demand("A45")
@pytest.mark.parametrize("text", ["难说", "服务满意但价格不满意", "不太认可"])
def test_a_mood_that_no_table_knows_or_two_moods_at_once_are_said(text):
    assert parse_mood(text, choices=MOODS) == ((text, "unknown"), None, "MOOD_UNMAPPED")


@given(st.text())
def test_any_text_has_one_of_the_four_moods_or_is_missing(text):
    value = parse_mood(text, choices=MOODS).value
    assert value is None or value.code in MOODS


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("送餐很快，味道不错", "positive"),
        ("太慢了", "negative"),
        ("不满意", "negative"),
        ("不太好", "negative"),
        ("没有问题", "positive"),
        ("问题已解决", "positive"),
        ("价格不贵", "positive"),
        ("服务不够专业", "negative"),
        ("特别棒", "positive"),  # 别 inside 特别 denies nothing
        ("味道很好，但是送得太慢", "negative"),  # what follows 但 is what the writer wants heard
        ("不仅好吃还便宜", "positive"),
        ("快递到了，好像有三个人", None),  # neither 快递 nor 好像 is praise
        ("味道好，送得慢", None),  # as much of the one as of the other
        ("约定下周三再谈", None),
        ("", None),
    ],
)
def test_a_free_text_has_the_mood_of_its_words_and_of_what_denies_them(text, mood):
    assert judge_text(text) == mood


def test_words_of_feeling_are_listed_once_each():
    words = load_reference("mood_words")
    assert words["word"].is_unique and set(words["mood"]) == {"positive", "negative", "none"}


@given(st.text())
def test_any_text_can_be_read(text):
    assert judge_text(text) in ("positive", "negative", None)
