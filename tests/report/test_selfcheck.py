"""The self-check: on sound tables everything holds; each fault is found by the check that is there for it, and stops the report."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from crmlib.book.shelf import open_book
from crmlib.errors import CheckError
from crmlib.insight.lists import assign_plan_segments, rank_high_value
from crmlib.insight.segments import assign_segments, score_rfm, sum_segments
from crmlib.labels import speaker
from crmlib.periods import parse_period
from crmlib.report.data import ReportData
from crmlib.report.published import find_published
from crmlib.report.sections.checks import build_checks
from crmlib.report.selfcheck import CHECKS, check_report, list_checks
from crmlib.report.trace import open_sources
from crmlib.settings import parse_settings

JUNE = parse_period("2024-06")
SETTINGS = parse_settings("[tiers.value]\nhigh = 900\nmiddle = 200")


@pytest.fixture(scope="module")
def sound(june_home):
    """June's tables, whole: every check has something to look at."""
    published, book = find_published(june_home, JUNE), open_book(june_home)
    tables = {path.stem: published.table(path.stem) for path in published.tables.glob("*.parquet")}
    segments = assign_segments(score_rfm(tables["measures"]), SETTINGS.segments)
    more = {
        "segment_sums": sum_segments(segments, tables["measures"], SETTINGS.segments),
        "plan_segments": assign_plan_segments(tables["tiers"], precedence=SETTINGS.tiers.precedence),
        "value_ranking": rank_high_value(book.tables, tables["tiers"], settings=SETTINGS, as_of=JUNE.as_of),
        "balance": pd.DataFrame([("a.csv", 6, 5, 0, 0, 1, 0)], columns=BALANCE),
        "last_report": pd.DataFrame([("", "")], columns=["kind", "name"]),
    }
    data = ReportData(period=JUNE, settings=SETTINGS, book="v000001", tables=tables | more)
    with open_sources(book, frames=data.tables) as sources:
        yield data, sources


BALANCE = ["file", "in", "kept", "merged", "unchanged", "not_data", "quarantined"]


@pytest.fixture
def checked(sound):
    """checked(tiers=…) → the report's data with their checks, where these tables are others."""
    data, sources = sound

    def look(**changed):
        own = replace(data, tables={**data.tables, **changed})
        for name, frame in changed.items():
            sources.register(name, pa.Table.from_pandas(frame, preserve_index=False))
        checks = list_checks(own, sources)
        for name in changed:
            sources.register(name, pa.Table.from_pandas(data.tables[name], preserve_index=False))
        return replace(own, tables={**own.tables, "checks": checks})

    return look


@pytest.mark.demand("K05")
def test_on_sound_tables_every_check_is_made_and_holds(checked):
    data = checked()
    states = data.checks.set_index("name")["state"]
    assert list(states.index) == list(CHECKS)
    assert states[states.ne("passed")].to_dict() == {"high_value_list": "nothing", "at_risk_list": "nothing"}
    assert check_report(data) is data.checks
    page = build_checks(data)
    assert page.title == "发布前自查 19 项，全部通过"
    assert page.blocks[0].rows["outcome"].value_counts().to_dict() == {"通过": 19, "没有可查的数据": 2}


def moved(column, to, where=0):
    """A change of one cell of a table."""

    def change(frame):
        cells = frame[column].astype(object)
        cells.iloc[where] = to
        return frame.assign(**{column: cells})

    return change


def doubled(frame):
    return pd.concat([frame, frame.head(1)], ignore_index=True)


FAULTS = [
    ("balance", "balance", moved("quarantined", 1), "a.csv"),
    ("customers_unique", "measures", doubled, "K00000"),
    ("figures_unique", "figures", doubled, "active_share"),
    ("one_tier_each", "tiers", doubled, "K000001 activity"),
    ("everyone_tiered", "tiers", lambda t: t[t["dimension"].ne("risk") | t["customer_id"].ne("K000001")], "risk 2 ≠ 3"),
    ("period", "tiers", moved("as_of", date(2024, 6, 30)), "2024-06-30"),
    ("months_ended", "order_trend", moved("month", date(2024, 7, 1)), "2024-07-01"),
    ("months_amount", "order_trend", moved("amount_cny", 999, -1), "2024-06-01 999"),
    ("tier_figures", "figures", lambda f: f.assign(value=f["value"] + f["figure_id"].eq("tier_risk_stable")), "risk 4"),
    ("year_amount", "figures", lambda f: f.assign(value=f["value"] + f["figure_id"].eq("amount_12m")), "1181"),
    ("figures_retold", "figures", lambda f: f.assign(value=f["value"] + f["figure_id"].eq("orders_12m")), "orders_12m 3 ≠ 2"),
    ("profile_total", "profile", moved("customers", 9), "≠ 3"),
    ("profile_amount", "profile", moved("amount_12m_cny", 9), "≠ 1150"),
    ("shares_sum", "profile", moved("share", 0.5), "entity_type"),
    ("segments_total", "segment_sums", moved("customers", 9), "≠ 3"),
    ("segments_amount", "segment_sums", moved("amount_12m_cny", 9e9), "≠ 1150"),
    ("plan_total", "plan_segments", doubled, "4 ≠ 3"),
    ("high_value_list", "value_ranking", lambda r: pd.DataFrame({"customer_id": ["K000001"]}), "K000001"),
    ("at_risk_list", "at_risk", lambda r: pd.DataFrame({"customer_id": ["K000002"], "amount_12m_cny": [1]}), "K000002"),
    ("last_report", "last_report", lambda r: pd.DataFrame({"kind": ["file"], "name": ["tiers"]}), "tiers"),
    ("last_figures", "last_report", lambda r: pd.DataFrame({"kind": ["figure"], "name": ["x 1 ≠ 2"]}), "x 1 ≠ 2"),
]  # fmt: skip


@pytest.mark.demand("K05")
@pytest.mark.parametrize(("name", "table", "change", "said"), FAULTS, ids=[one[0] for one in FAULTS])
def test_each_fault_is_found_and_stops_the_report(sound, checked, name, table, change, said):
    data = checked(**{table: change(sound[0].tables[table])})
    found = data.checks.set_index("name").loc[name]
    assert found["state"] == "failed" and said in found["found"]
    for lang in ("zh", "en"):
        with pytest.raises(CheckError) as stopped:
            check_report(replace(data, lang=lang))
        told = stopped.value.message(lang)
        assert stopped.value.exit_code == 2 and speaker(lang)(f"check.{name}") in told and said in told


def test_every_check_is_tried_by_a_fault():
    assert {one[0] for one in FAULTS} == set(CHECKS)


def test_without_a_table_there_is_nothing_to_check():
    data = ReportData(period=JUNE, settings=SETTINGS)
    checks = list_checks(data)
    assert set(checks["state"]) == {"nothing"} and build_checks(data) is None
