"""Evidence: what people type becomes keys, and what says nothing is dropped and counted."""

import pandas as pd
import pytest

from crmlib.errors import DataError
from crmlib.intake.codes import uscc_check_character
from crmlib.intake.evidence import gather_evidence, in_order


def evidence(hub_names=8, **columns):
    rows = pd.DataFrame({"row_id": range(len(next(iter(columns.values())))), **columns})
    return gather_evidence(rows, hub_names=hub_names)


def same(keys, *rows) -> bool:
    values = keys.iloc[list(rows)]
    return values.nunique() == 1 and values.iloc[0] >= 0


def test_one_phone_is_one_key_however_it_is_typed():
    typed = [
        "10012345670",
        "+86 100 1234 5670",
        "100-1234-5670",
        10012345670.0,
        "１００１２３４５６７０",
        "021-02345670；10012345670",
    ]
    found = evidence(phone=typed).points["phone"]
    assert found.r[found.value == found.value[0]].tolist() == [0, 1, 2, 3, 4, 5]


def test_a_numeric_column_of_phones_is_read_as_numbers():
    assert len(evidence(phone=[10012345670.0, None, 10012345670.0]).points["phone"].r) == 2


def test_an_extension_is_not_part_of_the_number():
    assert len(set(evidence(phone=["021-02345670-801", "021-02345670转802", "02102345670"]).points["phone"].value)) == 1


def test_e_mails_know_no_case():
    assert (
        len(set(evidence(email=["Z@Example.com", "z@example.com ", "mailto:z@example.com"]).points["email"].value)) == 1
    )


def test_placeholders_are_set_apart():
    found = evidence(
        phone=["13800138000", "11111111111", "无", "暂无", "138****5678"],
        email=["test@example.com", "TEST1@example.cn", "-", None, "z***@example.com"],
    )
    assert not len(found.points["phone"].r) and not len(found.points["email"].r)
    assert {kind: len(points.r) for kind, points in found.nobody.items()} == {"phone": 2, "email": 2}


def test_a_phone_under_more_names_than_the_limit_is_a_hub():
    names = [f"{mark}贸易有限公司" for mark in "甲乙丙丁"]
    column = {"name": names, "phone": ["10012345670"] * 4}
    assert len(evidence(hub_names=4, **column).points["phone"].r) == 4
    hub = evidence(hub_names=3, **column)
    assert not len(hub.points["phone"].r)
    assert list(hub.hubs["phone"].r) == [0, 1, 2, 3]


def test_one_company_written_in_many_ways_does_not_make_a_hub():
    names = ["上海示例科技有限公司", "示例科技", "上海市示例科技公司", "示例（上海）科技有限公司"]
    assert len(evidence(hub_names=1, name=names, phone=["10012345670"] * 4).points["phone"].r) == 4


def test_only_a_valid_credit_code_is_a_key():
    code = "91310000MA1FL0000" + uscc_check_character("91310000MA1FL0000")
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    keys = evidence(uscc=[code, code.lower(), f" {code[:8]} {code[8:]}", wrong, wrong, None]).rows["uscc"]
    assert same(keys, 0, 1, 2) and keys.iloc[3:].lt(0).all()


def test_the_city_comes_from_its_column_else_address_else_name():
    keys = evidence(
        city=["上海市", "上海", None, None, None, "示例镇"],
        address=[None, None, "上海市示例路1号", None, None, None],
        name=[None, None, None, "上海示例科技有限公司", "示例科技", "上海示例科技有限公司"],
        province=[None, None, None, None, "上海", None],
    ).rows["city"]
    assert same(keys, 0, 1, 2, 3, 4) and not same(keys, 0, 5)


def test_a_person_is_their_own_contact_and_a_masked_one_is_nobody_s():
    keys = evidence(
        name=["张伟", None, "示例科技有限公司"],
        contact_name=[None, "张 伟", "张*"],
        entity_type=["person", None, "org"],
    ).rows
    assert same(keys["c"], 0, 1) and keys["contact"].iloc[2] == -1


@pytest.mark.demand("C09")
@pytest.mark.parametrize("rows", [{"name": ["张伟"]}, {"row_id": [1, 1]}, {"row_id": [1, None]}])
def test_rows_that_cannot_be_told_apart_are_refused(rows):
    with pytest.raises(DataError, match="row_id"):
        in_order(pd.DataFrame(rows))
