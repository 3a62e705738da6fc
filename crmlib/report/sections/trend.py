"""Trend: orders and talks by month, the season of the year, and who comes back; a month that is not over is marked."""

from collections.abc import Iterator

import pandas as pd

from crmlib.labels import Say
from crmlib.report import charts_grid, charts_time, style
from crmlib.report.blocks import Block, Chart, Figure, Section, Text
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
        say, ("month", "month"), ("amount_cny", "amount"), ("orders", "int"), ("customers", "int"), ("state", "text")
    )
    figure = make_figure(
        "trend", say("section.trend.chart"), charts_time.draw_order_trend(trend, say), trend, named, words, say,
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
    metrics = make_metrics(
        data,
        "amount_last_month",
        "orders_last_month",
        "unattributed_amount_12m",
        "repurchase_rate",
        "retention_3m",
        "active_share",
    )
    n = say("section.n_orders", n=write_number(trend["orders"].sum()))
    return make_section(data, "trend", say("section.trend.title", **blanks), [*metrics, figure, *over_time(data)], n=n)


def over_time(data: ReportData) -> Iterator[Block]:
    """Talks beside the orders, the season, who came back, who turned active or inactive; each only where it is known."""
    say, talks, season, again = data.say, data.talk_trend, data.season, data.repurchase
    if len(talks):
        yield _talks(talks, say)
    if len(season) and season["season_index"].notna().all():
        yield _season(season, say)
    elif len(season):
        yield Text(say("section.trend.no_season", months=write_number(season["months"].iloc[0])), "note")
    newcomers = data.retention.loc[data.retention["months_since"].eq(0), "customers"].sum()
    if newcomers >= data.settings.value.least:
        yield _retention(data, say)
    for row in again[again["window"].eq("year") & again["share"].notna()].itertuples():
        blanks = {"n": write_number(row.customers), "again": write_number(row.repeaters)}
        blanks |= {name: write_share(getattr(row, name), say) for name in ("share", "low", "high")}
        yield Text(say("section.trend.repurchase", **blanks), refs=("repurchase_rate",))
    if data.value("active_share") is not None:
        yield Text(_activity(data, say), refs=("active_share",))


def _activity(data: ReportData, say: Say) -> str:
    share = write_share(data.value("active_share"), say)
    text = say("section.trend.activity", share=share, months=data.settings.tiers.activity.months)
    if data.tier_moves.empty:
        return text
    moves = data.tier_moves[data.tier_moves["dimension"].eq("activity")].dropna(subset=["label_before"])
    to = {label: write_number(moves["label_now"].eq(label).sum()) for label in ("active", "inactive")}
    return text + say("section.trend.activity_moved", **to)


def _talks(talks: pd.DataFrame, say: Say) -> Figure:
    words = [
        say("section.trend.talks_part", month=f"{pd.Timestamp(row.month):%Y-%m}", n=write_number(row.talks))
        for row in talks.itertuples()
    ]
    rows = talks.rename(columns={"customers": "customers_talked"})
    named = columns(say, ("month", "month"), ("talks", "int"), ("customers_talked", "int"), ("per_customer", "score"))
    title = say("section.trend.talks")
    return make_figure("talks", title, charts_time.draw_talks(talks, say), rows, named, words, say, half=True,
                       chart=Chart("column", "month", ("talks",), (style.LIGHT["series_2"],)))  # fmt: skip


def _season(season: pd.DataFrame, say: Say) -> Figure:
    words = [
        say("section.alt_value", label=str(row.month), value=write_number(row.season_index * 100))
        for row in season.itertuples()
    ]
    rows = season.rename(columns={"month": "month_of_year", "low": "index_low", "high": "index_high"})
    named = columns(
        say, ("month_of_year", "int"), ("season_index", "share"), ("index_low", "share"), ("index_high", "share")
    )
    return make_figure(
        "season", say("section.trend.season"), charts_time.draw_season(season, say), rows, named, words, say, half=True,
        caption=say("section.trend.season_note", years=write_number(season["years"].iloc[0])),
        chart=Chart("column", "month_of_year", ("season_index",), (style.LIGHT["series_4"],)),
    )  # fmt: skip


def _retention(data: ReportData, say: Say) -> Figure:
    """A row per month of first order and all of them together on top; cells of too few customers are blank."""
    cells, least = data.retention, data.settings.value.least
    whole = cells.groupby("months_since")[["customers", "retained"]].sum().astype("float64")
    pooled = (whole["retained"] / whole["customers"]).where(whole["customers"] >= least)
    wide = cells.pivot(index="cohort", columns="months_since", values="share").astype("float64")
    size = cells[cells["months_since"].eq(0)].set_index("cohort")["customers"]
    names = [
        say("section.trend.cohort", month=f"{pd.Timestamp(day):%Y-%m}", n=write_number(n)) for day, n in size.items()
    ]
    everyone = say("section.trend.cohorts", n=write_number(size.sum()))
    wide = pd.concat([pooled.to_frame(everyone).T, wide.set_axis(names)]).set_axis(
        [str(one) for one in wide.columns], axis=1
    )
    wide = wide.dropna(how="all").dropna(how="all", axis=1)
    words = wide.map(lambda share: "" if pd.isna(share) else write_number(share * 100))
    drawn = charts_grid.draw_heat(wide, words, say, across=say("chart.months_since"), width=style.FULL)
    named = columns(
        say,
        ("cohort", "month"),
        ("months_since", "int"),
        ("n_customers", "int"),
        ("retained", "int"),
        ("share", "share"),
    )
    told = [
        say("section.alt_value", label=one, value=words.loc[everyone, one]) for one in words if words.loc[everyone, one]
    ]
    rows = cells.rename(columns={"customers": "n_customers"})
    return make_figure("retention", say("section.trend.retention"), drawn, rows, named, told, say,
                       caption=say("section.trend.retention_note", least=least))  # fmt: skip
