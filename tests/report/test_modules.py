"""Modules and modes: what is switched off is neither run nor shown; the basic mode looks at customers and conversations alone."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import run
from crmlib.book.work import open_work
from crmlib.errors import SettingsError
from crmlib.insight.results import compute_results
from crmlib.report.blocks import Table
from crmlib.report.collect import collect_report
from crmlib.report.data import COLUMNS
from crmlib.report.sections import build_report
from crmlib.report.selfcheck import check_report

TALKS = "客户名称,沟通时间,沟通方式,沟通内容\n甲示例有限公司,2024-06-05 10:00,电话,谈了续约\n乙示例有限公司,2024-03-05 10:00,拜访,看了样品\n"
SECTIONS = 'sections = ["summary", "tiers", "trend", "profile", "checks", "definitions"]'


def made(home, settings: str):
    """The report of June by these settings, from the tables that the notebook of tiers would leave."""
    home.settings_file.write_text(f"[report]\n{SECTIONS}\n{settings}\n", encoding="utf-8")
    work = open_work(home=str(home.root), period="2024-06")
    tables = compute_results(work.book.tables, settings=work.settings, start=work.period.start, as_of=work.as_of)
    for name, table in {**tables, "tier_moves": pd.DataFrame(columns=COLUMNS["tier_moves"])}.items():
        work.save_table(name, table)
    data = collect_report(work)
    check_report(data)
    return data, build_report(data)


def off(report) -> set[tuple[str, str]]:
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    return {(row.table, row.reason) for block in tables if "analysis" in block.rows for row in block.rows.itertuples()}


@pytest.mark.demand("B14")
@pytest.mark.slow
def test_the_basic_mode_looks_at_customers_and_conversations_and_the_advanced_one_says_what_is_missing(june, fill):
    fill(june, {"沟通.csv": TALKS})
    data, report = made(june, 'mode = "basic"')
    assert data.value("contacted_share_6m") == pytest.approx(2 / 3) and data.value("customers_active") == 3
    assert data.figure("amount_12m") is None and set(data.tiers["dimension"]) == {"activity"}
    assert "trend" not in {one.id for one in report.sections}
    assert {reason for _, reason in off(report)} == {"基础模式只看客户与沟通"}
    data, report = made(june, "")
    assert data.value("amount_12m") == 1150 and "trend" in {one.id for one in report.sections}
    assert ("需求", "没有需求数据") in off(report) and not any(table == "订单" for table, _ in off(report))


@pytest.mark.slow
@pytest.mark.demand("B15")
def test_a_module_that_is_off_is_not_run_and_leaves_no_section(place, make_data, monkeypatch):
    place.root.mkdir()
    place.settings_file.write_text('[report]\nmodules_off = ["churn", "trend"]\n', encoding="utf-8")
    steps = run.wanted_steps(SimpleNamespace(home=place, book=""))
    assert "70_churn" not in steps and "70_churn" not in steps["90_report"] and "37_tags" in steps
    from crmlib.settings import load_settings

    sections = [one.id for one in build_report(make_data(settings=load_settings(place), churn=None)).sections]
    assert not {"churn", "trend"} & set(sections) and "lifetime" in sections


@pytest.mark.parametrize("name", ["chrun", "import", "report"])
def test_a_module_that_is_none_or_that_the_report_stands_on_cannot_be_switched_off(place, name):
    place.root.mkdir()
    place.settings_file.write_text(f'[report]\nmodules_off = ["{name}"]\n', encoding="utf-8")
    how = {"lang": "zh", "role": "", "book": "", "jobs": 1, "inbox": [], "today": date(2024, 7, 2)}
    with pytest.raises(SettingsError, match=f"{name}.*churn"):
        run.plan_run(place, period="last", **how)
