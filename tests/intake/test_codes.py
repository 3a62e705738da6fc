import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.dictionary import DICTIONARY
from crmlib.intake.codes import USCC_ALPHABET, is_uscc, parse_bool, parse_choice, parse_uscc, uscc_check_character

CHANNELS, SOURCES = DICTIONARY.choices["channel"], DICTIONARY.choices["source_channel"]


@pytest.mark.demand("A13")
def test_a_credit_code_proves_itself_by_its_last_character():
    # the code that GB 32100-2015 works out as its example
    assert uscc_check_character("91350100M000100Y4") == "3"
    assert parse_uscc(" 91350100 m000100y43 ") == ("91350100M000100Y43", None, None)
    assert parse_uscc("91350100M000100Y44") == (None, "BAD_USCC", None)
    assert parse_uscc("91350100M000100").reason == "BAD_USCC"
    assert parse_uscc("9.135E+17").reason == "ID_PRECISION_LOST"
    assert parse_uscc("9135****00Y43").reason == "ALREADY_MASKED"


def test_a_credit_code_has_no_letter_that_looks_like_a_digit():
    assert not set("IOSVZ") & set(USCC_ALPHABET)
    assert not is_uscc("91350100O000100Y43")


@given(st.text(USCC_ALPHABET, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_is_always_found(first17, place, other):
    code = first17 + uscc_check_character(first17)
    wrong = code[:place] + other + code[place + 1 :]
    assert is_uscc(code) and (is_uscc(wrong) == (wrong == code))


@pytest.mark.demand("A06", "A28", "A36", "A41", "A53")
def test_every_spelling_of_a_choice_is_its_code():
    assert {
        parse_choice(text, SOURCES).value for text in ("行业展会", "展会推荐", "展会", " 展 会 ", "Trade Fair")
    } == {"fair"}
    assert [parse_choice(text, CHANNELS).value for text in ("电话", "电话沟通", "面谈", "视频会议", "E-mail")] == [
        "phone",
        "phone",
        "face_to_face",
        "video",
        "email",
    ]


@pytest.mark.demand("A06", "B08")
def test_an_unlisted_choice_is_said_and_never_the_nearest_one():
    assert parse_choice("鸽子传书", CHANNELS) == (None, "CHOICE_UNKNOWN", None)
    assert parse_choice("电活", CHANNELS).reason == "CHOICE_UNKNOWN"
    assert parse_choice("--", CHANNELS) == (None, None, None)


@pytest.mark.demand("A34", "A35")
def test_lifecycle_and_need_stages_are_read():
    stages = DICTIONARY.choices["lifecycle_stage"]
    assert [parse_choice(text, stages).value for text in ("潜在客户", "意向", "成交客户", "流失")] == list(stages)
    assert parse_choice("合作维护", DICTIONARY.choices["need_stage"]).value == "maintenance"


def test_every_choice_reads_its_own_code_and_names():
    for name, choices in DICTIONARY.choices.items():
        for choice in choices.values():
            for word in (choice.code, choice.zh, choice.en):
                assert parse_choice(word, choices).value == choice.code, (name, word)


def test_yes_and_no_in_both_languages():
    assert [parse_bool(text).value for text in ("是", "Y", "√", "1", "否", "no", "0", "无")] == [True] * 4 + [False] * 4
    assert parse_bool("也许") == (None, "NOT_YES_NO", None)
    assert parse_bool("") == (None, None, None)


@given(st.text())
def test_any_text_is_a_value_a_reason_or_nothing(text):
    for parse in (parse_uscc, parse_bool, lambda words: parse_choice(words, CHANNELS)):
        value, reason, _ = parse(text)
        assert value is None or reason is None
