"""Communication: the tables of a period, and figures that each stand with their n and lead back to their rows."""

from datetime import date

import pandas as pd
import pytest

from crmlib.insight.communication import communication_figures, compute_communication
from crmlib.insight.results import ANALYSES
from crmlib.labels import speaker
from crmlib.report.trace import agrees, open_sources, retell
from crmlib.settings import parse_settings

JUNE = {"start": date(2024, 6, 1), "as_of": date(2024, 7, 1)}
TALKS = """
    row_id  customer_id  occurred_at          awaiting_from  awaiting_since       replied_at
    t1      anna         2024-06-03T09:00:00  customer       2024-06-03T09:00:00  2024-06-03T11:00:00
    t2      anna         2024-06-04T09:00:00  customer       2024-06-04T09:00:00  2024-06-04T15:00:00
    t3      bo           2024-06-05T09:00:00  customer       2024-06-05T09:00:00  2024-06-08T09:00:00
    t4      bo           2024-06-06T09:00:00  customer       2024-06-06T09:00:00  -
    t5      anna         2024-06-07T09:00:00  us             2024-06-07T09:00:00  2024-06-07T10:00:00
    t6      anna         2024-06-10T09:00:00  us             2024-06-10T09:00:00  2024-06-12T00:00:00
    t7      bo           2024-01-10T09:00:00  -              -                    -
"""
TIERS = pd.DataFrame([("bo", "value", "high", "[]")], columns=["customer_id", "dimension", "label", "reasons"])
SETTINGS = parse_settings("[communication]\nleast = 1")


@pytest.fixture
def results(tables):
    book = tables(
        interactions=TALKS,
        customers="customer_id  name\nanna  甲公司\nbo  乙公司\ncai  丙公司",
        orders="customer_id  ordered_on  amount_cny\nanna  2024-01-05  600000.00",
    )
    return compute_communication(book, settings=SETTINGS, tiers=TIERS, **JUNE)


@pytest.fixture
def figures(results):
    return {one.figure_id: one for one in communication_figures(results)}


@pytest.mark.demand("F02")
def test_each_side_has_its_figures_with_n_and_days_only_are_counted(figures):
    told = {name: (one.value, one.n) for name, one in figures.items()}
    assert told["response_customer_mean_h"] == (pytest.approx((2 + 6 + 72) / 3), 3)
    assert told["response_customer_median_h"] == (6, 3)
    assert told["response_customer_p90_h"] == (pytest.approx(6 + 0.8 * 66), 3)
    assert told["response_customer_work_median_h"] == (6, 3)  # 2, 6, and Wednesday 9:00 to Saturday 9:00: 27
    assert told["response_customer_open"] == (1, 4)
    assert told["response_customer_over48"] == (2, 4)  # 72 hours, and the one that is open since 6 June
    assert told["response_us_mean_h"] == (1, 1)
    assert told["response_day_only"] == (1, 6)
    assert told["talks"] == (6, 6) and told["talks_customers"] == (2, 3)
    assert told["never_talked"] == (1, 3)


@pytest.mark.demand("F04")
def test_the_late_list_names_the_customer_and_says_what_is_still_open(results):
    late = results["response_late"].set_index("row_id")
    assert late["name"].to_dict() == {"t3": "乙公司", "t4": "乙公司"}
    assert late["status"].to_dict() == {"t3": "answered", "t4": "open"}


def test_every_figure_is_told_again_from_its_rows(results, figures, tables):
    frames = {name: table.reset_index(drop=True) for name, table in results.items()}
    frames["interactions"] = tables(interactions=TALKS)["interactions"].to_pandas()
    with open_sources(None, frames=frames) as sources:
        told = {name: retell(sources, one) for name, one in figures.items()}
        assert {name for name, value in told.items() if value is None} == {
            f"response_{side}_{name}" for side in ("customer", "us") for name in ("p90_h", "work_p90_h", "km_median_h")
        }
        assert {name for name, one in figures.items() if not agrees(one.value, told[name])} == set()
        assert len(rows_of(sources, figures["response_customer_p90_h"])) == 3


def rows_of(sources, figure) -> list:
    return sources.execute(figure.rows).fetchall()


def test_every_figure_has_its_name_and_definition_in_both_languages(figures, tables):
    ticket = "customer_id  opened_at  first_response_at\nanna  2024-06-03T09:00:00  2024-06-03T10:00:00"
    results = compute_communication(tables(tickets=ticket), settings=SETTINGS, tiers=TIERS, **JUNE)
    found = communication_figures(results)
    assert {one.figure_id.split("_")[1] for one in found} == {"ticket"}  # no talks: nothing is told of them, not even 0
    for one in (*figures.values(), *found):
        assert all(
            speaker(lang).has(key) for lang in ("zh", "en") for key in (f"figure.{one.figure_id}", one.definition)
        )


def test_the_least_number_holds_for_every_figure_of_hours(tables):
    book = tables(interactions=TALKS)
    results = compute_communication(book, settings=parse_settings("[communication]\nleast = 4"), tiers=TIERS, **JUNE)
    figures = {one.figure_id: one for one in communication_figures(results)}
    assert figures["response_customer_median_h"].value is None and figures["response_customer_median_h"].n == 3


def test_nothing_at_all_gives_tables_without_rows(tables):
    results = compute_communication(tables(), settings=SETTINGS, **JUNE)
    assert results["response"].empty and results["response_late"].empty and communication_figures(results) == []


def test_nobody_is_of_low_value_for_want_of_orders(tables):
    book = tables(interactions=TALKS)
    tiers = TIERS.assign(label="low")
    results = compute_communication(book, settings=SETTINGS, tiers=tiers, **JUNE)
    assert results["response_late"]["cause"].isna().all() and results["talks_by_customer"]["value"].isna().all()


def test_tiers_that_are_given_decide_the_cadence(results):
    talks = results["talks_by_customer"].set_index("customer_id")
    assert talks.loc["bo", "plan_segment"] == "high_value" and talks.loc["anna", "plan_segment"] == "other"
    assert ANALYSES["40_communication"].takes == ("tiers",)
