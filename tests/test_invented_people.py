"""Whatever the project ships names invented people only: numbers that nobody can have, addresses at example domains."""

import re
from pathlib import Path

import phonenumbers
import pyarrow as pa
import pytest

from crmlib.book.pieces import Pieces, read_pieces
from crmlib.home import CHECKOUT
from crmlib.masking import Span, find_personal

SHIPPED = ["crmlib", "notebooks", "tests", "data/sample", "data/README.md", "reports/README.md"]
NOBODY = {"13800138000"}  # the operator's recharge line, which forms are filled with
DOMAIN = re.compile(r"[@＠](?:[\w-]+\.)*example\.(?:com|cn|org|net|com\.cn)$|[@＠].*\.(?:example|invalid|test)$", re.I)


def shipped_files() -> list[Path]:
    roots = [*(CHECKOUT / name for name in SHIPPED), *CHECKOUT.glob("*.md"), *CHECKOUT.glob("*.toml")]
    files = [file for root in roots for file in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def pieces_of(file: Path) -> list[Pieces]:
    try:
        return list(read_pieces(file) or ())
    except Exception:  # damaged on purpose: then its bytes
        text = file.read_bytes().decode("utf-8", "replace")
        return [Pieces(pa.array(text.split("\n")), lambda i: f"L{i + 1}")]


def is_invented(span: Span) -> bool:
    """Nobody's: a number that may be dialled but that no operator gives out, an example domain, a wrong check digit."""
    if span.value in NOBODY:
        return True
    if span.kind == "email":
        return DOMAIN.search(span.value) is not None
    if span.kind == "id_no":
        return "10X98765432"[sum(int(d) * 2 ** (17 - i) for i, d in enumerate(span.value[:17])) % 11] != span.value[17]
    if span.kind in ("phone", "landline"):
        without_extension = re.sub(r"(?:转|(?<=\d{7})-)\d{1,6}$", "", span.value)
        number = phonenumbers.parse(without_extension, "CN")
        return phonenumbers.is_possible_number(number) and not phonenumbers.is_valid_number(number)
    return "example" in span.value or len(set(span.value)) < 7


@pytest.mark.demand("A17")
def test_no_shipped_file_holds_a_value_that_a_person_could_have():
    wrong = []
    for file in shipped_files():
        for texts, place in pieces_of(file):
            for number, text in enumerate(texts.to_pylist()):
                spans = find_personal(text) if text else []
                wrong += [
                    (file.relative_to(CHECKOUT).as_posix(), place(number), s.value) for s in spans if not is_invented(s)
                ]
    assert wrong == []


@pytest.mark.demand("A17")
def test_a_number_that_a_person_could_have_is_told_from_an_invented_one():
    given_out = phonenumbers.example_number_for_type("CN", phonenumbers.PhoneNumberType.MOBILE)
    number = str(given_out.national_number)
    assert not is_invented(Span("phone", 0, 11, number))
    assert is_invented(Span("phone", 0, 11, "10012345678"))
    assert phonenumbers.is_possible_number(phonenumbers.parse("10012345678", "CN"))
    assert not is_invented(Span("email", 0, 9, "zhang@" + "qq.com")) and is_invented(
        Span("email", 0, 9, "a@example.cn")
    )
