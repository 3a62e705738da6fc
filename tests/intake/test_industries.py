import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.industries import Industry, parse_industry
from crmlib.reference import load_reference


@pytest.mark.demand("A03", "A14", "C04")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("互联网", "I651"),  # the sources' 互联网 → 软件开发
        ("软件开发", "I651"),
        ("软件和信息技术服务业", "I65"),
        ("农林牧渔业", "A"),
        ("零售", "F52"),
        ("J 金融业", "J"),
        ("I65", "I65"),
        ("651", "I651"),
    ],
)
def test_a_trade_has_its_code_and_keeps_its_words(text, code):
    assert parse_industry(text) == (Industry(text, code), None, None)


@pytest.mark.demand("A03")
def test_a_trade_without_a_code_is_said_and_its_words_stay():
    assert parse_industry("宇宙业") == (Industry("宇宙业"), None, "INDUSTRY_UNMAPPED")


@pytest.mark.demand("C04")
def test_every_name_of_the_standard_is_read_at_its_own_level_or_above():
    table = load_reference("industries").set_index("code")
    found = table["zh"].map(lambda name: parse_industry(name).value.code)
    assert (table.loc[found, "zh"].to_numpy() == table["zh"].to_numpy()).all()


@given(st.text())
def test_any_text_is_read_or_said(text):
    value, reason, note = parse_industry(text)
    assert reason is None and (value is None or (value.code is None) == (note is not None))
