import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.people import parse_emails, parse_id_no, parse_key, parse_person, parse_phones

HOTLINE = "400" + "0" * 7  # every number that begins with 400 is somebody's


@pytest.mark.demand("A17", "B10")
@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("10012345678", "10012345678"),
        ("100 1234 5678", "10012345678"),
        ("100-1234-5678", "10012345678"),
        ("１００１２３４５６７８", "10012345678"),
        ("+86 10012345678", "10012345678"),
        ("+86-100-1234-5678", "10012345678"),
        ("008610012345678", "10012345678"),
        ("8610012345678", "10012345678"),
        ("手机：10012345678", "10012345678"),
        ("Tel:10012345678", "10012345678"),
        ("021-00001234", "02100001234"),
        ("（021）0000-1234", "02100001234"),
        ("+86 21 0000 1234", "02100001234"),
        ("+86 (21) 00001234", "02100001234"),
        ("0313-00001234", "031300001234"),
        ("021-00001234-801", "02100001234-801"),
        ("021-00001234转801", "02100001234-801"),
        ("0313 00001234 ext.12", "031300001234-12"),
        (f"{HOTLINE[:3]}-{HOTLINE[3:6]}-{HOTLINE[6:]}", HOTLINE),
        ("+1 255 010 0000", "+12550100000"),
        ("10012345678;021-00001234", "10012345678;02100001234"),
        ("10012345678/10112345678", "10012345678;10112345678"),
        ("10012345678、10112345678", "10012345678;10112345678"),
        ("10012345678 10112345678", "10012345678;10112345678"),
        ("10012345678或10112345678", "10012345678;10112345678"),
        ("手机:10012345678 座机:021-00001234", "10012345678;02100001234"),
        ("办:021-00001234", "02100001234"),
        ("100.1234.5678", "10012345678"),
        ("100—1234—5678", "10012345678"),
        ("(+86)10012345678", "10012345678"),
        ("'10012345678", "10012345678"),
        ("10012345678.0", "10012345678"),
        ("+852 0000 0000", "+85200000000"),
    ],
)
def test_every_way_to_write_a_number_is_its_digits(text, digits):
    assert parse_phones(text) == (digits, None, None)


@pytest.mark.demand("B10")
@pytest.mark.parametrize("text", ["12345", "1001234567", "abc", "李经理10012345678", "0", "010-1234567"])
def test_what_has_no_shape_of_a_number_is_a_bad_phone(text):
    assert parse_phones(text) == (None, "BAD_PHONE", None)


@pytest.mark.demand("L10")
@pytest.mark.parametrize("text", ["100****5678", "100xxxx5678", "***", "客户联系方式-1"])
def test_a_number_that_came_masked_is_kept_and_noted(text):
    assert parse_phones(text) == (text, None, "ALREADY_MASKED")


@pytest.mark.demand("B08")
def test_a_number_that_a_spreadsheet_rounded_is_lost_not_guessed():
    assert [parse("4.4E+17").reason for parse in (parse_phones, parse_key, parse_id_no)] == ["ID_PRECISION_LOST"] * 3


def test_a_local_number_is_kept_and_the_unreadable_half_of_a_cell_is_said():
    assert parse_phones("62345678") == ("62345678", None, "PHONE_NO_AREA")
    assert parse_phones("10012345678;abc") == ("10012345678", None, "BAD_PHONE")
    assert parse_phones("10012345678（微信同号）") == ("10012345678", None, "PHONE_REMARK")


@pytest.mark.demand("A18", "B10")
@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" A.B@Example.COM ", "a.b@example.com"),
        ("a＠example.com", "a@example.com"),
        ("a @ example.com", "a@example.com"),
        ("mailto:a@example.com", "a@example.com"),
        ("李雷 <a@example.com>", "a@example.com"),
        ("a@example.com，b@example.org", "a@example.com;b@example.org"),
    ],
)
def test_every_way_to_write_an_address_is_one(text, address):
    assert parse_emails(text) == (address, None, None)


@pytest.mark.demand("B10")
def test_what_is_no_address_is_refused_and_a_masked_one_is_noted():
    assert [parse_emails(text).reason for text in ("a@b", "@example.com", "a@example..com", "x")] == ["BAD_EMAIL"] * 4
    assert parse_emails("a***@example.com") == ("a***@example.com", None, "ALREADY_MASKED")
    assert parse_emails("example*").note == "ALREADY_MASKED"


@pytest.mark.demand("A13")
def test_an_identity_number_proves_itself_by_day_and_check_character():
    first17 = "99999919900230" + "001"  # 30 February
    assert parse_id_no(first17 + "X").reason == "BAD_ID_NO"
    good = [f"99999919900228001{check}" for check in "0123456789X" if parse_id_no(f"99999919900228001{check}").value]
    assert len(good) == 1
    assert parse_id_no("999999****0228001X").note == "ALREADY_MASKED"


@pytest.mark.demand("A02", "A51")
def test_a_name_that_came_masked_is_kept_and_noted():
    assert [parse_person(name).note for name in ("张*", "*女士", "*经理", "李某")] == ["NAME_MASKED"] * 4
    assert parse_person(" 李  雷 ") == ("李 雷", None, None)


def test_identifiers_stay_text():
    assert [parse_key(text).value for text in (" 000001 ", "C001", "12E5", "ＣＵＳ1")] == [
        "000001",
        "C001",
        "12E5",
        "CUS1",
    ]


@given(st.text() | st.from_regex(r"[0-9+\-() 转x*;/.]{5,30}", fullmatch=True) | st.emails())
def test_reading_twice_is_reading_once_and_nothing_breaks(text):
    for parse in (parse_phones, parse_emails, parse_id_no, parse_person, parse_key):
        value, reason, _ = parse(text)
        assert value is None or reason is None
        if value is not None:
            assert parse(value).value == value
