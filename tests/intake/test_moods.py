import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.dictionary import DICTIONARY
from crmlib.intake.moods import parse_mood

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
