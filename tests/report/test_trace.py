"""Trace: each figure leads to its rows, and its rows lead to the figure."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from crmlib import cli
from crmlib.book.access import scan_files
from crmlib.book.shelf import open_book
from crmlib.errors import CheckError, UsageError
from crmlib.insight.figures import Figure
from crmlib.periods import parse_period
from crmlib.report import trace
from crmlib.report.published import find_published

JUNE = parse_period("2024-06")


@pytest.fixture
def sources():
    with trace.open_sources(None, frames={"sales": pd.DataFrame({"counted": [1, 3], "of": [4, 4]})}) as found:
        yield found


def figure(rows, unit="customers", n=8):
    return Figure("x", "summary", 1.0, unit, n, "definition.x", rows)


@pytest.mark.demand("K07")
def test_a_figure_leads_to_the_rows_it_counts_and_to_their_place_in_the_source_files(june):
    traced = trace.trace_figure(june, "amount_12m", period=JUNE)
    assert traced.rows["counted"].tolist() == [-100, 250, 400, 600] or sorted(traced.rows["counted"]) == [
        -100,
        250,
        400,
        600,
    ]
    lines = traced.rows[["source_file", "line", "name"]].sort_values("line").to_numpy().tolist()
    assert lines[0] == ["订单.csv", 2, "甲示例有限公司"] and len(lines) == 4
    assert traced.retold == traced.figure.value == 1150
    assert (traced.run_id, traced.book) == ("2024-06-test", "v000001")


@pytest.mark.demand("K07")
def test_every_figure_is_what_its_rows_come_to(june):
    published = find_published(june, JUNE)
    figures = [trace.find_figure(published.figures, one) for one in published.figures["figure_id"]]
    stated = [one for one in figures if one.value is not None]
    assert len(stated) > 25
    with trace.open_sources(open_book(june), folder=published.tables) as sources:
        told = {one.figure_id: trace.retell(sources, one) for one in stated}
    assert [name for name, value in told.items() if value is None] == []
    assert [one.figure_id for one in stated if not trace.agrees(one.value, told[one.figure_id])] == []


def test_a_figure_that_was_changed_by_hand_no_longer_agrees_with_its_rows(june, capsys):
    path = june.reports / "2024-06" / "tables" / "figures.parquet"
    figures = pq.read_table(path).to_pandas()
    figures.loc[figures["figure_id"].eq("orders_12m"), "value"] += 1
    figures.to_parquet(path)
    traced = trace.trace_figure(june, "orders_12m")
    assert (traced.figure.value, traced.retold) == (3, 2)
    assert cli.main(["trace", "orders_12m", "--home", str(june.root)]) == 0
    assert "与报告不一致" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "unit", "told"),
    [
        ("SELECT * EXCLUDE (counted) FROM sales", "customers", 2),  # how many rows
        ("SELECT counted FROM sales", "cny", 4),  # their sum
        ("SELECT counted, 'of' AS x FROM sales", "hours", 4),
        ("SELECT * EXCLUDE (counted) FROM sales", "share", 0.25),  # 2 of n = 8
        ('SELECT counted, "of" AS whole FROM sales', "share", 0.5),  # 4 of 8
        ("SELECT counted AS typical FROM sales", "days", 2),  # the median
        ("SELECT counted FROM sales WHERE false", "cny", 0),
        ('SELECT "of" FROM sales', "cny", None),  # an amount of which the rows do not tell
        ('SELECT counted, "of" AS whole FROM sales WHERE false', "share", None),
    ],
)
def test_what_rows_come_to(sources, rows, unit, told):
    assert trace.retell(sources, figure(rows, unit)) == told


def test_an_unknown_figure_and_a_period_without_a_report_name_what_there_is(june, capsys):
    with pytest.raises(UsageError, match="overdue_amount, overdue_payments_12m"):
        trace.trace_figure(june, "overdue")
    assert cli.main(["trace", "amount_12m", "--period", "2024-05", "--home", str(june.root)]) == 3
    assert "没有 2024-05 的报告。已有：2024-06" in capsys.readouterr().err


@pytest.mark.slow
def test_last_months_figure_is_traced_in_the_book_that_last_months_run_read(june, fill, publish):
    fill(june, {"订单_07.csv": "订单号,客户名称,下单日期,金额\n6,丙示例有限公司,2024-06-20,5000\n"})
    publish(june, "2024-07")
    assert trace.trace_figure(june, "amount_12m", period=JUNE).retold == 1150
    assert trace.trace_figure(june, "amount_12m").retold == 6150


@pytest.mark.demand("L07")
def test_rows_are_shown_masked_and_all_of_them_go_to_a_file(june, tmp_path, capsys):
    out = tmp_path / "明细" / "行.xlsx"
    assert cli.main(["trace", "customers_active", "--home", str(june.root), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "SELECT customer_id FROM measures" in told and "共 3 行" in told and "与报告一致" in told
    names = pd.read_excel(out, dtype=str, engine="calamine")["名称"]
    assert sorted(names) == ["丙示例有限公司", "乙示例有限公司", "甲示例有限公司"]
    csv = out.with_suffix(".csv")
    assert cli.main(["trace", "customers_active", "--home", str(june.root), "--out", str(csv)]) == 0
    assert len(pd.read_csv(csv)) == 3 and scan_files([out.parent]).empty


def test_a_file_of_rows_that_holds_a_personal_value_is_not_left(june, tmp_path):
    from crmlib.labels import speaker

    traced = trace.trace_figure(june, "customers_active")
    traced = traced._replace(rows=traced.rows.assign(note="请打 10012345678"))
    with pytest.raises(CheckError):
        trace.write_rows(traced, tmp_path / "x.csv", home=june, say=speaker("zh"))
    assert list(tmp_path.glob("*x.csv")) == []
