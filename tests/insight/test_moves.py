"""Moves: one row per change, with the figure that crossed the boundary; status changes of sources beside them."""

import json
from datetime import date

import pandas as pd
import pytest

from crmlib.insight.moves import join_history, list_moves, status_changes, tier_history
from crmlib.settings import parse_settings

JUNE, JULY, AUGUST = date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)


def history(book, *, days=(JUNE, JULY), **named) -> pd.DataFrame:
    found = tier_history(book, settings=parse_settings(), days=list(days), **named)
    return found.assign(figures=found["figures"].map(json.loads)).set_index(["customer_id", "dimension"])


@pytest.fixture
def book(tables):
    return tables(
        orders="""
        order_id  customer_id  ordered_on  amount_cny
        1         up           2024-05-01   400000.00
        2         up           2024-06-15   100000.00
        3         down         2023-06-15   450000.00
        4         down         2024-05-20    50000.00
        5         lapsing      2024-03-31       10.00
        6         back         2024-01-01       10.00
        7         back         2024-06-20       10.00
        8         fresh        2024-06-30       10.00
        9         late         2024-04-30       10.00
        10        steady       2024-05-01       10.00
        """,
        payments="customer_id  due_date  due_amount_cny\nlate  2024-06-10  5.00",
        needs="customer_id  intent  clarity  opened_at\nsteady  high  clear  2024-06-05",
    )


@pytest.mark.demand("D21")
def test_each_change_is_one_row_with_the_figure_and_the_line_it_crossed(book):
    found = history(book)
    assert found.index.is_unique
    labels = {key: (row.label_before, row.label_now, row.cause) for key, row in found.iterrows()}
    assert labels == {
        ("up", "value"): ("middle", "high", "AMOUNT_ROSE"),
        ("down", "value"): ("high", "low", "AMOUNT_FELL"),
        ("lapsing", "risk"): ("stable", "churn_risk", "ORDER_LAPSED"),
        ("back", "risk"): ("churn_risk", "stable", "ORDERED_AGAIN"),
        ("fresh", "risk"): ("no_deal", "stable", "FIRST_ORDER"),
        ("fresh", "activity"): ("inactive", "active", "SEEN"),
        ("late", "risk"): ("stable", "warning", "OVERDUE_ROSE"),
        ("steady", "potential"): ("watch", "focus", "NEED_OPENED"),
    }
    assert found.loc[("up", "value"), "figures"] == {
        "basis": "trailing_12m", "before_cny": 400000.0, "now_cny": 500000.0, "line_cny": 500000.0,
    }  # fmt: skip
    assert found.loc[("down", "value"), "figures"]["line_cny"] == 100000.0  # fell past both lines: where it stands now
    assert found.loc[("lapsing", "risk"), "figures"] == {"last_ordered_on": "2024-03-31", "months": 3}
    assert found.loc[("late", "risk"), "figures"] == {"before": 0, "now": 1, "line": 1, "months": 12}
    assert set(found["before_on"]) == {JUNE} and set(found["as_of"]) == {JULY}


@pytest.mark.demand("D21")
def test_a_longer_history_tells_each_step_and_going_back_and_forth(book):
    found = tier_history(book, settings=parse_settings(), days=[JUNE, JULY, AUGUST])
    pd.testing.assert_frame_equal(
        found[found["as_of"].eq(JULY)].reset_index(drop=True),
        tier_history(book, settings=parse_settings(), days=[JUNE, JULY]),
    )
    assert found[found["customer_id"].eq("late") & found["as_of"].eq(AUGUST)]["label_now"].tolist() == ["churn_risk"]
    august = list_moves(found, book, as_of=AUGUST)
    assert (
        set(august["as_of"]) == {AUGUST} and august["name"].tolist() == august["customer_id"].tolist()
    )  # nobody has a name


def test_nothing_moved_is_an_empty_table_and_amounts_that_are_not_yuan_move_nobody(book, tables):
    assert len(history(tables(customers="customer_id\nbo"))) == 0
    assert "value" not in history(book, in_yuan=False).index.get_level_values("dimension")


@pytest.mark.demand("D21")
def test_a_status_that_its_source_changed_stands_in_the_history_with_its_place(intake):
    intake(
        {"客户.csv": "客户编号,客户名称,客户等级,客户阶段\nC1,上海示例科技有限公司,普通,成交\n"}, day=date(2024, 6, 3)
    )
    changed = (
        "客户编号,客户名称,客户等级,客户阶段,流失日期,流失原因\nC1,上海示例科技有限公司,VIP,流失,2024-06-15,价格\n"
    )
    book = intake({"客户2.csv": changed}, day=date(2024, 6, 20)).book
    found = status_changes(book.tables, start=JUNE, as_of=JULY)
    told = {row.dimension: (row.label_before, row.label_now) for row in found.itertuples()}
    assert told["source_grade"] == ("普通", "VIP") and told["lifecycle_stage"] == ("customer", "lost")
    assert json.loads(found["figures"].iloc[0]) == {"file": "客户2.csv", "line": 2}
    assert set(found["cause"]) == {"SOURCE_CHANGED"}
    assert len(status_changes(book.tables, start=JULY, as_of=AUGUST)) == 0  # known on that day, and not before


def test_moves_and_status_changes_are_one_history(book, tables):
    staged = tables(
        stage_changes="entity  customer_id  from_stage  to_stage  changed_at\ncustomer  up  interested  customer  2024-06-15 00:00"
    )
    changes = status_changes(staged, start=JUNE, as_of=JULY)
    moves = tier_history(book, settings=parse_settings(), days=[JUNE, JULY])
    joined = join_history(moves, changes)
    assert len(joined) == len(moves) + 1
    assert joined.iloc[0][["customer_id", "dimension", "cause"]].tolist() == ["up", "lifecycle_stage", "STAGE_DATED"]
