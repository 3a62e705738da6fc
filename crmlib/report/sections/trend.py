"""Trend: orders by month, the full months as a line, a month that is not over marked."""

import pandas as pd

from crmlib.report import charts, style
from crmlib.report.blocks import Chart, Section
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_money, write_number, write_share
from crmlib.report.parts import columns, make_figure, make_metrics, make_section


def build_trend(data: ReportData) -> Section | None:
    trend = data.order_trend
    if trend.empty or not trend["orders"].sum():
        return None
    say, partial = data.say, trend["partial"].astype(bool)
    trend = trend.assign(state=["" if not one else say("chart.partial") for one in partial])
    words = [
        say("section.trend.alt", month=f"{pd.Timestamp(row.month):%Y-%m}", amount=write_money(row.amount_cny, say), n=write_number(row.orders))
        for row in trend.itertuples()
    ]  # fmt: skip
    named = columns(
        say, ("month", "month"), ("amount_cny", "wan"), ("orders", "int"), ("customers", "int"), ("state", "text")
    )
    figure = make_figure(
        "trend", say("section.trend.chart"), charts.draw_order_trend(trend, say), trend, named, words, say,
        caption=say("section.trend.partial") if partial.any() else "",
        chart=Chart("line", "month", ("amount_cny",), (style.LIGHT["series_1"],)),
    )  # fmt: skip
    last = trend[~partial].iloc[-1] if (~partial).any() else trend.iloc[-1]
    change = data.value("amount_change_1m")
    moved = "" if change is None else say("section.trend.moved", change=write_share(change, say, sign=True))
    blanks = {
        "month": f"{pd.Timestamp(last['month']):%Y-%m}",
        "amount": write_money(last["amount_cny"], say),
        "moved": moved,
    }
    metrics = make_metrics(data, "amount_last_month", "orders_last_month", "unattributed_amount_12m")
    n = say("section.n_orders", n=write_number(trend["orders"].sum()))
    return make_section(data, "trend", say("section.trend.title", **blanks), [*metrics, figure], n=n)
