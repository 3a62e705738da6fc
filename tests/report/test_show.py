import pandas as pd

from crmlib.report.blocks import Column, Metric, Table
from crmlib.report.show import show


def test_a_notebook_shows_blocks_as_the_report_draws_them(report):
    html = show(next(one for one in report.sections if one.id == "trend"))._repr_html_()
    assert "<svg" in html and "订单趋势" in html and "<script" not in html
    assert "@scope (.crm-shown)" in html  # the notebook keeps its own look


def test_a_table_can_be_shown_alone_in_either_language():
    table = Table("t", (Column("a", "金额", "wan"),), pd.DataFrame({"a": [1234567]}))
    assert "123.5" in show(table)._repr_html_()
    assert "1,235" in show(table, lang="en")._repr_html_()
    assert "<dl" in show([Metric("a", 1), Metric("b", 2)])._repr_html_()


def test_a_missing_cell_is_empty_and_a_long_table_says_how_long_it_is():
    from crmlib.report.show import show_table

    rows = pd.DataFrame({"n": pd.array([1, None, 3], dtype="Int64"), "t": ["<b>", None, "c"]})
    html = show_table(rows, most=2)._repr_html_()
    assert "NA" not in html and "&lt;b&gt;" in html and "共 3 行" in html
