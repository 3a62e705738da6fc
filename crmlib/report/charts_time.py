"""Charts of time: how figures go from month to month, over the year, and from before to after."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crmlib.labels import Say
from crmlib.report import style
from crmlib.report.drawing import INK, LINE, MUTED, drawn
from crmlib.report.marks import DASHED, above, beside, columns, fold, name_month, new_figure
from crmlib.report.numbers import head_unit, unit_of, write_day, write_number, write_value

MOST_LINES = 40  # customers drawn one by one
LABELLED = 13  # points that each have their number; of more only the last and the extremes have


@drawn
def draw_order_trend(trend: pd.DataFrame, say: Say) -> Figure:
    """Amounts as a line, orders as bars below, by month: month, orders, amount_cny, partial; a month that is not full is hollow."""
    figure, [top, low] = new_figure(2.75, width=style.FULL, rows=2, sharex=True, height_ratios=[2.3, 1])
    places, partial = range(len(trend)), trend["partial"].astype(bool).tolist()
    amounts, orders = trend["amount_cny"].astype(float).tolist(), trend["orders"].astype(int).tolist()
    full = [i for i in places if not partial[i]]
    color = style.LIGHT["series_1"]
    _line(top, full, [amounts[i] for i in full], color)
    for i in (i for i in places if partial[i]):
        if i:
            top.plot([i - 1, i], amounts[i - 1 : i + 1], color=color, linewidth=1.4, linestyle=(0, (3, 3)))
        top.plot([i], [amounts[i]], "o", markersize=6, markerfacecolor=style.LIGHT["paper"], markeredgecolor=color)
    unit = unit_of(amounts)
    _number(top, places, amounts, unit, say)
    top.set(title=head_unit(say("chart.trend_amount"), unit, say), ylim=(min(0, *amounts), max(1, *amounts) * 1.3))
    tints = [style.LIGHT["paper" if p else "series_3"] for p in partial]
    columns(low, places, orders, list(map(write_number, orders)), colors=tints, edge=style.LIGHT["series_3"])
    low.set(title=say("chart.trend_orders"), ylim=(0, max(1, *orders) * 1.35))
    low.set_xticks(places, [_named(month, i, partial[i], say) for i, month in enumerate(trend["month"])])
    return figure


def _line(ax: Axes, places: Sequence, values: Sequence[float], color: str) -> None:
    ax.yaxis.set_visible(False)
    ax.plot(places, values, color=color, linewidth=2, marker="o", markersize=5, markeredgewidth=0)


def _number(ax: Axes, places: Sequence, values: Sequence[float], kind: str, say: Say) -> None:
    """The numbers over the points of a line."""
    some = {values.index(max(values)), values.index(min(values)), len(values) - 1}
    for i, (place, value) in enumerate(zip(places, values, strict=True)):
        if len(values) <= LABELLED or i in some:
            above(ax, place, value, write_value(value, kind, say), gap=7)


def _named(month: object, place: int, partial: bool, say: Say) -> str:
    """The month, that it is not over, and the year where one begins."""
    day = pd.Timestamp(month)
    below = [str(day.year)] if place == 0 or day.month == 1 else []
    return "\n".join([name_month(day, say), *([say("chart.partial")] if partial else []), *below])


@drawn
def draw_talks(trend: pd.DataFrame, say: Say) -> Figure:
    """Talks by month: month, talks, per_customer, partial; a month that is not full is hollow."""
    figure, [ax] = new_figure(2.3)
    talks, places = trend["talks"].astype(int).tolist(), range(len(trend))
    colors = [style.LIGHT["paper" if one else "series_2"] for one in trend["partial"].astype(bool)]
    columns(ax, places, talks, list(map(write_number, talks)), colors=colors, edge=style.LIGHT["series_2"])
    names = zip(trend["month"], trend["partial"].astype(bool), strict=True)
    ax.set_xticks(
        places, [f"{name_month(day, say)}\n{say('chart.partial')}" if p else name_month(day, say) for day, p in names]
    )
    ax.set(ylim=(0, max(1, *talks) * 1.2), xlim=(-0.6, len(trend) - 0.4))
    return figure


@drawn
def draw_season(season: pd.DataFrame, say: Say) -> Figure:
    """The mean month is 100: month, season_index, low and high as a line from the least to the greatest year."""
    figure, [ax] = new_figure(2.3)
    ax.bar(season["month"], season["season_index"].tolist(), width=0.62, color=style.LIGHT["series_4"])
    ax.vlines(season["month"], season["low"], season["high"], color=style.LIGHT["series_1"], linewidth=1.6)
    ax.axhline(1, color=MUTED, linewidth=0.8)
    behind = {
        "facecolor": style.LIGHT["paper"],
        "edgecolor": "none",
        "pad": 0.6,
    }  # the line of 100 does not cross the words
    for row in season.itertuples():
        above(ax, row.month, max(row.high, row.season_index), write_number(row.season_index * 100), gap=3, bbox=behind)
    ax.set_xticks(season["month"], [str(month) for month in season["month"]])
    ax.yaxis.set_visible(False)
    ax.set(ylim=(0, season["high"].max() * 1.22), xlim=(0.4, 12.6), xlabel=say("chart.month_of_year"))
    return figure


@drawn
def draw_risk(days: pd.DataFrame, say: Say) -> Figure:
    """How many were at risk and what they owed, a point a day: day, warning, churn_risk, owed_cny (left out where nothing is owed)."""
    owed = days["owed_cny"].astype(float).tolist()
    figure, axes = new_figure(1.75, width=style.FULL, across=1 + any(owed))
    places, ahead = range(len(days)), days["churn_risk"].astype(int) >= days["warning"].astype(int)
    tiers = [one for one in ("churn_risk", "warning") if days[one].any()]
    most = max(1, days[tiers].astype(int).to_numpy().max(initial=0))
    for tier in tiers:
        counted = days[tier].astype(int).tolist()
        _line(axes[0], places, counted, style.tier_color("risk", tier))
        for place, n, over in zip(places, counted, ahead == (tier == "churn_risk"), strict=True):
            above(axes[0], place, n, write_number(n), **({"gap": 7} if over else {"gap": -7, "va": "top"}))
        beside(axes[0], places[-1], counted[-1], fold(say(f"tier.risk.{tier}"), 4), gap=10)
    floor = -0.3 * most if len(tiers) > 1 else 0  # the numbers under the lower line
    axes[0].set(title=say("chart.risk_customers"), ylim=(floor, most * 1.3), xlim=(-0.4, len(days) + 0.1))
    if any(owed):
        unit = unit_of(owed)
        _line(axes[1], places, owed, style.LIGHT["series_1"])
        _number(axes[1], places, owed, unit, say)
        axes[1].set(
            title=head_unit(say("chart.risk_owed"), unit, say), ylim=(0, max(owed) * 1.3), xlim=(-0.4, len(days) - 0.6)
        )
    for ax in axes:
        ax.set_xticks(places, [write_day(day, "%m-%d") for day in days["day"]])
    return figure


@drawn
def draw_kpis(months: pd.DataFrame, told: pd.DataFrame, say: Say) -> Figure:
    """Small multiples, one a figure of the kit: kpi, month, value; and told: kpi, unit, name, value, target, baseline, state (why
    there is none). A line is broken where a month says too little; the goal is dashed, the baseline day upright."""
    figure, axes = new_figure(3.3, width=style.FULL, rows=2, across=3)
    for ax, row in zip(axes, told.itertuples(), strict=False):
        mine = months[months["kpi"].eq(row.kpi)].sort_values("month")
        kind, color = ("hours" if row.unit == "hours" else "share"), style.LIGHT["series_1"]
        ax.plot(mine["month"], mine["value"].astype("float64"), color=color, linewidth=1.6, marker="o", markersize=2.5)
        known = [one for one in (*mine["value"].dropna(), row.target) if pd.notna(one)]
        if pd.notna(row.target):
            ax.axhline(row.target, color=style.LIGHT["good"], linewidth=1, linestyle=DASHED)
        if mine["value"].notna().any():
            ax.axvline(pd.Timestamp(row.baseline), color=MUTED, linewidth=0.8)
        else:
            ax.text(0.5, 0.45, fold(row.state, 12), transform=ax.transAxes, ha="center", va="center", color=MUTED)
        now = say("chart.kpi_now", value=write_value(row.value, kind, say), target=write_value(row.target, kind, say))
        ax.set_title(f"{row.name}\n{now}")
        top = max(known, default=1.0)
        ax.set_ylim(0, top * 1.1 or 1)
        ax.xaxis.set_visible(False)
        ax.yaxis.set_visible(False)
        ax.set_xlim(pd.Timestamp(row.first), pd.Timestamp(row.last))
    for ax in axes[len(told) :]:
        ax.axis("off")
        ax.text(0, 0.5, say("chart.kpi_key"), transform=ax.transAxes, va="center", color=MUTED, linespacing=1.6)
    return figure


@drawn
def draw_slopes(revisits: pd.DataFrame, say: Say) -> Figure:
    """A line per customer from the score before the revisit to the one after, and their mean: before, after."""
    figure, [ax] = new_figure(2.3)
    for row in revisits.head(MOST_LINES).itertuples():
        color = style.LIGHT["good" if row.after > row.before else "bad" if row.after < row.before else "unknown"]
        ax.plot([0, 1], [row.before, row.after], color=color, linewidth=1.2, alpha=0.55, marker="o", markersize=3)
    means = [float(revisits[side].mean()) for side in ("before", "after")]
    ax.plot([0, 1], means, color=INK, linewidth=2.4, marker="o", markersize=5)
    for place, mean, gap in zip((0, 1), means, (-7, 7), strict=True):
        beside(ax, place, mean, write_number(mean, 1), gap=gap)
    ax.set_xticks([0, 1], [say("chart.before_revisit"), say("chart.after_revisit")])
    ax.set_yticks(range(1, 6))
    ax.set(xlim=(-0.35, 1.35), ylim=(0.8, 5.2))
    ax.grid(axis="y", color=LINE, linewidth=0.6)
    return figure
