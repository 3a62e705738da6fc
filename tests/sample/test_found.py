"""Against the truth: intake sets aside the rows that were spoiled, says why, and keeps every other row."""

from datetime import date

import pyarrow.parquet as pq
import pytest

from crmlib.home import CHECKOUT, SAMPLE, Home
from crmlib.intake import map_headers, read_file, split_rows, standardise
from crmlib.settings import load_settings

RECEIVED_ON = date(2024, 7, 1)
Where = tuple[str, str, int, str]  # file, sheet, line, reason

# what is settled only where all files are known, or is no fault of a row
LATER = {"ORPHAN_CUSTOMER", "DUPLICATE_ROW", "PERSONAL_IN_TEXT", "AMOUNT_WITH_UNIT"}


@pytest.fixture(scope="module")
def planted() -> list[dict]:
    return pq.read_table(CHECKOUT / "tests" / "truth" / "faults.parquet").to_pylist()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Where]]:
    """refused, said (every issue) and quarantined, each by file, sheet, line and reason."""
    checks = load_settings(Home(tmp_path_factory.mktemp("home"))).checks
    refused, said, quarantined = set(), set(), set()
    for path in sorted(SAMPLE.iterdir()):
        read = read_file(path)
        refused |= {(path.name, one.sheet or "", one.line, one.reason) for one in read.refused.itertuples()}
        for raw in read.tables:
            mapping = map_headers(raw)
            standard = standardise(raw, mapping, received_on=RECEIVED_ON)
            split = split_rows(
                standard.rows, standard.issues, mapping=mapping, checks=checks, received_on=RECEIVED_ON, file=path.name
            )
            where = (path.name, raw.attrs["sheet"])
            said |= {(*where, one.line, one.reason) for one in split.issues.itertuples()}
            quarantined |= {(*where, line, "") for line in split.quarantined.index}
    return {"refused": refused, "said": said, "quarantined": quarantined}


def places(faults: list[dict]) -> set[Where]:
    return {(one["file"], one["sheet"], one["line"], one["reason"]) for one in faults}


def test_what_is_no_data_is_set_aside_by_its_kind_and_nothing_else_is(planted, found):
    aside = [one for one in planted if one["severity"] == "not_data" or one["reason"] == "EXTRA_CELLS"]
    assert found["refused"] == places(aside)


@pytest.mark.demand("C07")
def test_spoiled_rows_are_quarantined_and_no_other(planted, found):
    spoiled = [one for one in planted if one["severity"] == "error" and one["reason"] not in {*LATER, "EXTRA_CELLS"}]
    assert {where[:3] for where in found["quarantined"]} == {where[:3] for where in places(spoiled)}


@pytest.mark.demand("C05")
def test_every_planted_fault_is_said_by_its_reason(planted, found):
    told = [
        one for one in planted if one["severity"] in ("error", "cell", "warning") or one["reason"] == "DATE_REPAIRED"
    ]
    wanted = places([one for one in told if one["reason"] not in {*LATER, "EXTRA_CELLS"}])
    assert wanted - found["said"] == set()
    assert ("展会名单.xlsx", "SIZE_REVENUE_CONFLICT") in {(file, reason) for file, _, _, reason in wanted}
