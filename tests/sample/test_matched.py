"""Against the truth: customers that were entered twice are found, and no two customers become one."""

import importlib
from datetime import date
from types import ModuleType

import pandas as pd
import pytest

from crmlib.dictionary import DICTIONARY
from crmlib.home import CHECKOUT, SAMPLE, Home
from crmlib.intake import map_headers, match_rows, read_file, split_rows, standardise
from crmlib.intake.identity import identify_rows, row_contents
from crmlib.intake.references import References, resolve_references
from crmlib.keys import load_key
from crmlib.settings import load_settings

RECEIVED_ON = date(2024, 7, 1)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def benchmark() -> tuple[ModuleType, ModuleType]:
    """The generator of records with truth, and what measures against it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(CHECKOUT / "benchmarks")
        return importlib.import_module("customer_records"), importlib.import_module("matching")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[References, pd.Series]:
    """Whom the sample's rows speak of, and the true customer of each customer row."""
    home = Home(tmp_path_factory.mktemp("home"))
    key, checks = load_key(home, mint=True, sample=True), load_settings(home).checks
    sheets, places = [], []
    for path in sorted(SAMPLE.iterdir()):
        for raw in read_file(path).tables:
            mapping = map_headers(raw)
            if mapping.table is None:
                continue
            read = standardise(raw, mapping, received_on=RECEIVED_ON)
            rows = split_rows(read.rows, read.issues, mapping=mapping, checks=checks, received_on=RECEIVED_ON).kept
            whose = {"table": mapping.table, "system": "sample", "key": key}
            ids = identify_rows(row_contents(raw, **whose), rows, **whose, dictionary=DICTIONARY)
            rows = rows.assign(row_id=ids["row_id"].reindex(rows.index)).drop_duplicates("row_id")
            sheets.append((mapping.table, "sample", rows))
            places.append((path.name, raw.attrs["sheet"]))
    references = resolve_references(sheets, key=key)
    lines = references.by_line.assign(
        file=references.by_line["sheet"].map(lambda n: places[n][0]),
        sheet=references.by_line["sheet"].map(lambda n: places[n][1]),
    )
    truth = pd.read_parquet(CHECKOUT / "tests" / "truth" / "rows.parquet")
    known = lines.merge(truth, on=["file", "sheet", "line"]).dropna(subset=["true_customer", "customer_row_id"])
    return references, known.drop_duplicates("customer_row_id").set_index("customer_row_id")["true_customer"]


@pytest.mark.demand("C01")
def test_no_two_customers_of_the_sample_become_one_and_nearly_all_doubles_are_found(sample, benchmark):
    references, truth = sample
    matched = match_rows(references.customers)
    found = benchmark[1].score(matched.row_to_customer.reindex(truth.index), truth)
    assert found["precision"] == 1 and found["recall"] > 0.95


@pytest.mark.demand("C06")
def test_the_customer_of_every_channel_is_one(sample):
    references, truth = sample
    customers = match_rows(references.customers).row_to_customer.reindex(truth.index)
    assert customers.groupby(truth).nunique().mean() < 1.03


@pytest.mark.demand("C01")
def test_generated_duplicates_are_found_with_stated_precision_and_recall(benchmark):
    records, measured = benchmark
    rows, truth = records.generate(3000, seed=7)
    found = measured.score(match_rows(rows).row_to_customer, truth)
    assert found["precision"] > 0.99 and found["recall"] > 0.93


def test_every_question_about_the_sample_is_worth_asking(sample):
    references, truth = sample
    review = match_rows(references.customers).review
    known = review[review["row_a"].isin(truth.index) & review["row_b"].isin(truth.index)]
    same = truth.loc[known["row_a"]].to_numpy() == truth.loc[known["row_b"]].to_numpy()
    assert len(review) < 60 and same.mean() > 0.3
