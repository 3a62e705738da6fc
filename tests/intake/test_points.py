"""Phones and e-mails as keys: read all at once as each is read alone."""

import pyarrow as pa
import pytest

from crmlib.intake.points import gather_emails, gather_phones


def read(gather, *texts):
    points = gather(pa.array(texts, pa.string()))
    words = points.words.to_pylist()
    return [[words[v] for r, v in zip(points.r, points.value, strict=True) if r == row] for row in range(len(texts))]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("10012345670", ["10012345670"]),
        ("+86 100 1234 5670", ["10012345670"]),
        ("100-1234-5670;021-02345670", ["10012345670", "02102345670"]),
        ("021-02345670转801", ["02102345670"]),
        ("10012345670;10012345670", ["10012345670"]),
        ("138****5678", []),
        ("无号码", []),
        (None, []),
    ],
)
def test_numbers_are_read_beside_others_as_alone(typed, numbers):
    assert read(gather_phones, typed) == [numbers]
    assert read(gather_phones, "10012345671", typed, "10012345672")[1] == numbers


def test_addresses_know_no_case_and_masked_ones_are_nobody_s():
    assert read(gather_emails, "Z@Example.com", "z***@example.com") == [["z@example.com"], []]


def test_placeholders_are_known():
    points = gather_phones(pa.array(["13800138000", "11111111111", "10012345670"]))
    assert dict(zip(points.words.to_pylist(), points.placeholders.tolist(), strict=True)) == {
        "13800138000": True, "11111111111": True, "10012345670": False
    }  # fmt: skip
