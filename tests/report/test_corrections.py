"""Corrections: what late rows do to last month's figures is told, and last month's report is held against its own book."""

import json

import pandas as pd
import pytest

from crmlib.book.work import open_work
from crmlib.inputs import kit_hash
from crmlib.insight.results import compute_results, state_figures
from crmlib.periods import parse_period
from crmlib.report.corrections import altered_files, file_hash, review_last
from crmlib.report.published import find_published
from crmlib.report.sections.corrections import build_corrections

pytestmark = pytest.mark.slow
JUNE = parse_period("2024-06")
LATE = {
    "订单_07.csv": "订单号,客户名称,下单日期,金额\n6,丙示例有限公司,2024-06-20,5000\n7,丙示例有限公司,2024-07-02,1\n"
}


def looked_at(home):
    """July's view of the report of June."""
    work = open_work(home=str(home.root), period="2024-07")
    last, tables = work.period.previous(), work.book.tables
    frames = compute_results(tables, settings=work.settings, start=last.start, as_of=last.as_of)
    return review_last(work, state_figures(tables, frames, as_of=last.as_of), frames)


def rewrite_manifest(home, **more):
    path = home.reports / "2024-06" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | more))


def test_where_nothing_came_late_nothing_is_corrected(june):
    found = looked_at(june)
    assert found.corrections.empty and found.late.empty and found.last_report["kind"].tolist() == [""]


@pytest.mark.demand("K05")
def test_an_order_that_came_late_is_a_correction_and_no_fault(june, fill):
    rewrite_manifest(june, fingerprint={"kit": kit_hash()})
    fill(june, LATE)
    found = looked_at(june)
    rows = found.corrections.set_index("figure_id")
    amount = rows.loc["amount_12m"]
    assert (amount["published"], amount["today"], amount["cause"]) == (1150, 6150, "rows")
    assert (amount["rows_added"], amount["rows_gone"]) == (1, 0)
    assert rows.loc["tier_risk_no_deal", ["published", "today", "rows_added", "rows_gone"]].tolist() == [1, 0, 0, 1]
    assert "overdue_amount" not in rows.index and "tier_value_high" not in rows.index
    late = found.late.to_dict("records")
    assert [(one["table"], one["came_late"], f"{one['last_day']:%Y-%m-%d}") for one in late] == [
        ("orders", 1, "2024-06-20")
    ]
    assert found.last_report["kind"].tolist() == [""]  # by its own book it is as it was


@pytest.mark.demand("K05")
def test_a_published_figure_that_its_own_book_does_not_give_is_a_fault(june, fill):
    rewrite_manifest(june, fingerprint={"kit": kit_hash()})
    path = june.reports / "2024-06" / "tables" / "figures.parquet"
    figures = pd.read_parquet(path)
    figures.loc[figures["figure_id"].eq("orders_12m"), "value"] = 9
    figures.to_parquet(path)
    fill(june, LATE)  # another book now; June is told again from its own
    found = looked_at(june)
    assert found.last_report["name"].tolist() == ["", "orders_12m 9 ≠ 2"]
    rewrite_manifest(june, fingerprint={"kit": "another"})
    found = looked_at(june)
    assert found.last_report["kind"].tolist() == [""]  # another kit may tell it otherwise: that is a correction
    assert found.corrections.set_index("figure_id").loc["orders_12m", ["published", "today"]].tolist() == [9, 3]


def test_other_settings_are_named_as_the_cause(june):
    june.settings_file.write_text("[tiers.value]\nhigh = 900\nmiddle = 200\n", encoding="utf-8")
    rows = looked_at(june).corrections.set_index("figure_id")
    assert rows.loc["tier_value_high", ["published", "today", "cause"]].tolist() == [0, 1, "settings"]


def test_a_table_of_a_report_that_was_altered_is_named(june):
    published = find_published(june, JUNE)
    hashes = {path.stem: file_hash(path) for path in published.tables.glob("*.parquet")}
    rewrite_manifest(june, tables=hashes)
    published = find_published(june, JUNE)
    assert altered_files(published) == []
    (published.tables / "tiers.parquet").write_bytes(b"other")
    (published.tables / "profile.parquet").unlink()
    assert altered_files(published) == ["profile", "tiers"]
    assert looked_at(june).last_report["name"].tolist() == ["profile", "tiers"]


def test_the_section_says_what_is_corrected_and_how_many_rows_came_late(make_data):
    section = build_corrections(make_data())
    assert section.title == "2024-05 公布的指标有 2 个需要更正：其后又到或改了 3 行"
    told = section.blocks[0].rows.iloc[0]
    assert (told["published"], told["today"], told["change"]) == ("2,790.0 万元", "2,800.0 万元", "+0.4 %")
    assert (told["changed_by"], told["rows_added"], told["rows_gone"]) == ("有行晚到或被改正", 3, 0)
    assert section.blocks[1].rows["table"].tolist() == ["订单"]


def test_without_a_correction_the_section_says_so_and_without_a_last_report_it_is_not_there(make_data):
    assert build_corrections(make_data(corrections=None, late=None)).title == "2024-05 公布的指标没有变化"
    assert build_corrections(make_data(last_report=None)) is None
