"""The sample: the same each time, nobody's data, and as faulty as its table of faults says."""

import re
import zipfile
from collections import Counter
from pathlib import Path

import phonenumbers
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.home import CHECKOUT, SAMPLE
from crmlib.masking import find_personal
from crmlib.sample import write_sample
from crmlib.sample.faults import BLANK_ROWS, FAULTS, REPEATED_HEADERS, TWICE_ENTERED, TWICE_NUMBERED, UNEXPLAINED
from crmlib.sample.names import USCC_ALPHABET, Inventor, with_check
from crmlib.sample.records import DUPLICATES, build_world
from crmlib.sample.sheets import ORDERS, PAYMENTS, TALKS, TICKETS, WEBSITE, Sheet, build_files

TRUTH = CHECKOUT / "tests" / "truth"
FILES = 11
ADDRESS = re.compile(r"(?:[\w-]+\.)*example\.(?:com|cn|org|net)", re.I)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_sample(folder / "files", truth=folder / "truth")
    return folder


@pytest.fixture(scope="module")
def clean() -> dict[str, list[Sheet]]:
    """The sheets before a fault is planted."""
    return {sheets[0].file: sheets for sheets in build_files(build_world(600, seed=7))}


def content(path: Path) -> object:
    """The bytes of a file; of a workbook those of its parts, which do not depend on how a machine compresses."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def column(sheets: list[Sheet], field: str) -> list[str]:
    return [row.cells[sheet.at(field)] for sheet in sheets for row in sheet.rows if not row.kind]


def test_equal_arguments_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write_sample(tmp_path / name, customers=40, seed=3, truth=tmp_path / name / "truth")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*.*")} for n in ("one", "two"))
    assert one == two and len(one) == FILES + 2


def test_another_seed_gives_another_market(tmp_path):
    one = write_sample(tmp_path / "one", customers=40, seed=3)
    two = write_sample(tmp_path / "two", customers=40, seed=4)
    assert all(a.read_bytes() != b.read_bytes() for a, b in zip(one, two, strict=True))


def test_the_committed_sample_is_what_the_command_writes(made):
    committed = {path.name: content(path) for path in SAMPLE.iterdir()}
    assert committed == {path.name: content(path) for path in (made / "files").iterdir()}
    assert len(committed) == FILES
    for name in ("rows.parquet", "faults.parquet"):
        assert pq.read_table(TRUTH / name).equals(pq.read_table(made / "truth" / name)), name


def test_the_sample_is_small():
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 3_000_000
    assert sum(path.stat().st_size for path in TRUTH.iterdir()) < 500_000


def test_files_come_in_the_encodings_that_people_save_them_in():
    heads = {path.name: path.read_bytes() for path in SAMPLE.glob("*.csv")}
    assert heads[WEBSITE].startswith(b"\xef\xbb\xbf")
    assert not heads[PAYMENTS].startswith(b"\xef\xbb\xbf") and heads[PAYMENTS].decode("utf-8")
    for name in (TALKS, TICKETS):
        assert heads[name].decode("gb18030").startswith(("记录编号", "工单编号"))
        with pytest.raises(UnicodeDecodeError):
            heads[name].decode("utf-8")


@pytest.mark.demand("A17")
@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_an_invented_number_is_possible_and_nobodys(seed):
    from random import Random

    inventor = Inventor(Random(seed))
    phone = phonenumbers.parse(inventor.phone(), "CN")
    assert phonenumbers.is_possible_number(phone) and not phonenumbers.is_valid_number(phone)
    number = inventor.identity_number()
    assert number.startswith("99") and [span.kind for span in find_personal(f"证件{number}")] == ["id_no"]
    firm = inventor.company()
    code = inventor.credit_code(firm)
    assert len(code) == 18 and set(code) <= set(USCC_ALPHABET) and with_check(code[:17]) == code
    assert ADDRESS.fullmatch(inventor.contact(inventor.domain(firm)).email.partition("@")[2])


def test_a_published_credit_code_has_the_check_character_that_the_formula_gives():
    assert with_check("91350100M000100Y4") == "91350100M000100Y43"  # the example of GB 32100-2015


def test_every_phone_and_address_of_the_files_is_nobodys(clean):
    phones = [p for file in (WEBSITE, "展会名单.xlsx", TALKS) for p in column(clean[file], "contacts.phone")]
    for number in set(phones):
        parsed = phonenumbers.parse(number, "CN")
        assert phonenumbers.is_possible_number(parsed) and not phonenumbers.is_valid_number(parsed), number
    addresses = [a for file in (WEBSITE, "展会名单.xlsx") for a in column(clean[file], "contacts.email") if a]
    assert addresses and all(ADDRESS.fullmatch(address.partition("@")[2]) for address in addresses)


def test_credit_codes_are_right_but_for_the_planted_ones(clean):
    codes = [c for file in (WEBSITE, "展会名单.xlsx") for c in column(clean[file], "customers.uscc") if c]
    assert codes and all(with_check(code[:17]) == code for code in codes)


def test_every_fault_is_planted_as_often_as_its_table_says():
    planted = pq.read_table(TRUTH / "faults.parquet").to_pylist()
    found = Counter((one["file"], one["field"], one["reason"], one["severity"]) for one in planted)
    wanted = Counter()
    for fault in FAULTS:
        wanted[fault.file, fault.field, fault.reason, fault.severity] += fault.count
    del found[TALKS, "customers.lifecycle_stage", "LOST_UNEXPLAINED", "cell"]  # as many as these customers have talks
    wanted[TALKS, "interactions.interaction_id", "DUPLICATE_KEY", "error"] = 2 * TWICE_NUMBERED
    wanted[ORDERS, "", "DUPLICATE_ROW", "merged"] = TWICE_ENTERED
    assert {key: n for key, n in found.items() if key[3] != "not_data"} == wanted
    not_data = Counter((one["file"], one["reason"]) for one in planted if one["severity"] == "not_data")
    for kind, places in (("BLANK", BLANK_ROWS), ("REPEATED_HEADER", REPEATED_HEADERS)):
        assert {file: not_data[file, kind] for file in places} == places
    assert {reason for _, reason in not_data} == {"TITLE", "HEADER", "REPEATED_HEADER", "TOTAL", "BLANK", "NOTE"}


def test_of_some_lost_customers_nobody_wrote_the_reason(clean):
    truth = {name: pq.read_table(TRUTH / f"{name}.parquet").to_pylist() for name in ("rows", "faults")}
    whose = {row["line"]: row["true_customer"] for row in truth["rows"] if row["file"] == TALKS}
    said = [whose[one["line"]] for one in truth["faults"] if one["reason"] == "LOST_UNEXPLAINED"]
    (sheet,) = clean[TALKS]
    lost = [row.customer for row in sheet.rows if row.cells[sheet.at("customers.lost_reason")]]
    assert len(set(said)) == UNEXPLAINED < len(set(lost)) / 5
    assert sorted(said) == sorted(key for key in lost if key in set(said))  # in none of their talks


def test_no_row_has_two_faults():
    planted = [one for one in pq.read_table(TRUTH / "faults.parquet").to_pylist()]
    assert max(Counter((one["file"], one["sheet"], one["line"]) for one in planted).values()) == 1


def test_about_one_customer_in_six_was_entered_again_in_other_writing():
    rows = pq.read_table(TRUTH / "rows.parquet").to_pylist()
    everyone = {row["true_customer"] for row in rows}
    again = {row["true_customer"] for row in rows if row["variant"]}
    assert len(everyone) == 600
    assert abs(len(again) / len(everyone) - DUPLICATES) < 0.02
    assert {row["variant"] for row in rows} == {
        "", "short", "brackets", "slip", "traditional", "renamed", "form", "phone"
    }  # fmt: skip


def test_a_line_of_the_truth_is_the_physical_line_of_the_file(made):
    text = (made / "files" / TALKS).read_bytes().decode("gb18030")
    lines = text.replace("\r\n", "\n").split("\n")
    rows = [row for row in pq.read_table(made / "truth" / "rows.parquet").to_pylist() if row["file"] == TALKS]
    assert all(re.match(r"J\d{6},C\d+,", lines[row["line"] - 1]) for row in rows)
    assert "；\n我方" in text  # cells over two lines, or this proves little
