"""Masking: what is shown of a personal value, and what is found inside a text."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.masking import (
    MASKS,
    find_personal,
    mask_address,
    mask_column,
    mask_name,
    mask_text,
    mask_texts,
)

ID_NUMBER = "990101190001011234"  # no such region, wrong check digit


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, span.value) for span in find_personal(text)]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("欧阳娜娜", "欧阳*"),
        ("欧阳娜", "欧阳*"),
        ("张*", "张*"),
        ("*女士", "*女士"),
        ("张＊", "张*"),
        ("张*明", "张*明"),
        ("张三*", "张*"),  # a star behind the whole name hides nothing
        ("张经理", "张*"),
        ("王小明女士", "王*"),
        (" 张 三 ", "张*"),
        ("张三、李四", "张*、李*"),
        ("Anna Berg", "A* B*"),
        ("张", "*"),
    ],
)
def test_a_name_keeps_its_surname_alone(name, shown):
    assert mask_name(name) == shown
    assert mask_name(shown) == shown


@pytest.mark.demand("L10")
def test_the_other_style_of_names_keeps_the_title_alone():
    assert mask_name("张三", style="honorific", title="经理") == "*经理"
    assert mask_name("李小红女士", style="honorific") == "*女士"
    assert mask_name("*经理", style="honorific") == "*经理"
    assert mask_name("张三", style="honorific") == "*"
    assert mask_name("张三") == "张*"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("10012345678", "100****5678"),
        ("+86 100 1234 5678", "100****5678"),
        ("１００１２３４５６７８", "100****5678"),
        ("010-80001234", "010-****1234"),
        ("+86-10-80001234", "010-****1234"),
        ("(021)00000123转801", "021-****0123"),
        ("10012345678;12112345678", "100****5678;121****5678"),
        ("100****5678", "100****5678"),
        ("8888", "****"),
    ],
)
def test_a_phone_keeps_its_head_and_its_last_four_digits(phone, shown):
    assert MASKS["phone"](phone) == shown


def test_other_values_have_masks_of_their_own():
    assert MASKS["email"]("zhang@example.com") == "z***@example.com"
    assert MASKS["email"]("z@example.com") == "***@example.com"
    assert MASKS["id_no"](ID_NUMBER) == "9901**********1234"
    assert mask_address("上海市徐汇区示例路1号") == "上海市***"


def test_an_im_account_is_masked_and_may_be_missing():
    assert [MASKS["im"](one) for one in ("zhang_example", "*_manager", "10012345678", None)] == [
        "z***", "*_manager", "100****5678", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请打10012345678联系", [("phone", "10012345678")]),
        ("电话：100-1234-5678，或 010-80001234转801", [("phone", "100-1234-5678"), ("landline", "010-80001234转801")]),
        ("tel10012345678", [("phone", "10012345678")]),
        ("+86 100 1234 5678", [("phone", "+86 100 1234 5678")]),
        ("１００１２３４５６７８", [("phone", "１００１２３４５６７８")]),
        ("3,10012345678,5", [("phone", "10012345678")]),
        ("+852 0123 4567", [("phone", "+852 0123 4567")]),
        ("(021)00000123", [("landline", "(021)00000123")]),
        ("01080001234", [("landline", "01080001234")]),
        ("邮箱zhang@example.com。", [("email", "zhang@example.com")]),
        ("10012345678@example.com", [("email", "10012345678@example.com")]),
        (f"身份证{ID_NUMBER}", [("id_no", ID_NUMBER)]),
        ("微信号：zhang_example", [("im", "zhang_example")]),
        ("QQ号123456", [("im", "123456")]),
    ],
)
def test_personal_values_are_found_in_prose(text, found):
    assert kinds(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "订单号10012345678",  # labelled as an order
        "SO-10012345678 SO10012345678 plan_10012345678 #10012345678",
        "20240501001 202406300001",
        "金额10012345678.00，¥10012345678，10012345678元，0.10012345678",
        "2024-06-30 14:30:00.100123 1719705600000 20240630143000123",
        "91310000MA1FL0000N 913100001234567890",  # credit codes
        "990199190002301234 202406201102030001",  # no such day; a time stamp with a number behind it
        "d1f210012345678ab 3f2a-10012345678c",
        "138 2023 2024",
        "z***@example.com 100****5678 010-****1234 9901**********1234 张*",
        "logo@2x.png user@localhost",
        "微信：沟通 QQ：12 WeChat",
        "12 100 2000 3000 5",
    ],
)
def test_order_numbers_amounts_dates_codes_and_masks_are_left_alone(text):
    assert kinds(text) == []
    assert mask_text(text) == text


def test_a_text_keeps_everything_but_its_personal_values():
    assert mask_text("张总 10012345678，发zhang@example.com") == "张总 100****5678，发z***@example.com"
    assert mask_text(None) is None


def test_a_column_is_masked_through_its_distinct_values():
    texts = pd.Series(["打10012345678", None, "没有", "打10012345678"], index=[4, 5, 6, 7], name="note", dtype="str")
    masked = mask_texts(texts)
    expected = pd.Series(["打100****5678", None, "没有", "打100****5678"], index=[4, 5, 6, 7], name="note", dtype="str")
    pd.testing.assert_series_equal(masked, expected)
    assert mask_column("email", pd.Series(["zhang@example.com", None])).tolist()[0] == "z***@example.com"
    assert mask_texts(texts.astype("category")).tolist()[0] == "打100****5678"
    assert mask_texts(pd.concat([texts, texts])).tolist()[4:] == masked.tolist()  # in several chunks


HAN = st.text(st.sampled_from("张王李欧阳司马三四明娜总工经理先生"), min_size=1, max_size=5)
DIGITS = st.text(st.sampled_from("0123456789"), min_size=11, max_size=18)
VALUES = {
    "name": HAN,
    "phone": st.one_of(DIGITS, st.from_regex(r"0(10|21|755)-[0-9]{7,8}", fullmatch=True)),
    "email": st.from_regex(r"[a-z0-9._+-]{1,12}@example\.(com|cn)", fullmatch=True),
    "id_no": DIGITS,
    "im": st.from_regex(r"[a-z][a-z0-9_-]{0,15}", fullmatch=True),
    "address": st.text(st.sampled_from("上海市区路1号"), min_size=1),
}


@given(st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_a_mask_never_holds_the_value(case):
    kind, value = case
    assert value not in MASKS[kind](value)


@given(st.text(st.sampled_from("0123456789108-+() .@ax元转:微信号*，"), max_size=40))
def test_masking_a_text_twice_is_masking_it_once(text):
    once = mask_text(text)
    assert find_personal(once) == []
    assert mask_text(once) == once


@given(
    st.text(max_size=8),
    st.from_regex(r"1[012][0-9]{9}", fullmatch=True),
    st.sampled_from(["", "，", "。", "\n", " 或"]),
)
def test_a_mobile_number_never_survives_in_a_column(before, number, after):
    text = f"{before}电话{number}{after}"
    assert number in text and number not in mask_texts(pd.Series([text])).iloc[0]


@given(st.lists(st.sampled_from(["1", "0", "86", "+", "00", "-", " ", ".", "(", ")", "1234", "010", "@a.cn", "微信号：", "ａ", "０", "x" * 9, "字"]), max_size=14))  # fmt: skip
def test_the_sieve_for_columns_lets_every_personal_value_through(parts):
    text = "".join(parts)
    assert mask_texts(pd.Series([text])).iloc[0] == mask_text(text)


@given(st.lists(st.lists(st.sampled_from(["+86", "86", " ", "-", "100", "1234", "5678", "1", "；", "\u3000", "*"]), max_size=7).map("".join), max_size=20))  # fmt: skip
def test_a_column_of_phones_is_masked_as_each_of_them_is(phones):
    assert mask_column("phone", pd.Series(phones, dtype="str")).tolist() == [MASKS["phone"](one) for one in phones]
