"""The sources' own example rows: all kept, each with the warning it deserves. Skipped where the data are not there."""

import os
from datetime import date
from pathlib import Path

import pytest

from crmlib.book.build import build_book
from crmlib.book.importing import import_files
from crmlib.home import Home
from crmlib.inputs import list_inputs
from crmlib.keys import SAMPLE_KEY
from crmlib.labels import speaker
from crmlib.settings import parse_settings

TEMPLATES = Path(os.environ.get("CRM_REAL_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "templates"
pytestmark = pytest.mark.skipif(not TEMPLATES.is_dir(), reason="the real data are not here")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    home, known = Home(tmp_path_factory.mktemp("templates")), parse_settings()
    import_files(
        home, list_inputs([TEMPLATES]), settings=known, origin="sample", received_on=date(2024, 7, 1),
        say=speaker("zh"), tell=lambda line: None,
    )  # fmt: skip
    return build_book(home, settings=known, key=SAMPLE_KEY, origin="sample").book


def read(book, name):
    return book.frame(book.table(name))


def test_every_row_of_the_five_record_tables_is_kept(book):
    records = read(book, "records")
    assert records.groupby("source_file").size().to_dict() == {
        "客户信息分类表.csv": 1, "客户信息表.csv": 1, "客户基础信息库.csv": 3, "客户登记与维护.csv": 2, "沟通动态记录表.csv": 3,
    }  # fmt: skip
    assert set(records["status"]) == {"kept"} and read(book, "quarantine").empty


def test_the_weekly_table_is_a_summary_and_is_not_imported(book):
    files = {one["file"]: one for one in book.manifest["balance"]["files"]}
    assert files["沟通效果分析周报.csv"]["kinds"] == {"HEADER": 1, "SUMMARY_TABLE": 4}


@pytest.mark.demand("A12")
def test_client_type_goes_where_its_values_belong(book):
    stages = read(book, "customers").set_index("name")["lifecycle_stage"]
    assert stages[["科技公司", "YY制造集团", "ZZ贸易公司"]].tolist() == ["interested", "prospect", "customer"]


@pytest.mark.demand("A50")
def test_one_number_in_two_files_under_two_names_is_told_apart(book):
    customers = read(book, "customers")
    assert sorted(customers.loc[customers["source_id"].eq("C001"), "name"]) == ["ABC科技有限公司", "科技公司"]
    assert read(book, "review")["reason"].tolist() == ["ID_CONFLICT"]


@pytest.mark.demand("C05", "A27", "A45")
def test_each_row_has_the_warnings_it_deserves(book):
    said = set(read(book, "warnings")[["source_file", "reason"]].itertuples(index=False, name=None))
    assert {
        ("客户登记与维护.csv", "SIZE_REVENUE_CONFLICT"),
        ("沟通动态记录表.csv", "MISSING_FIELD"),  # a talk without its channel
        ("客户信息分类表.csv", "DATE_REPAIRED"),
    } <= said
    talks = read(book, "interactions").set_index("interaction_id")
    assert talks.loc["J003", ["mood_raw", "mood"]].tolist() == ["满意", "positive"]
