"""Tiers: how many customers stand where on value, potential and risk, what they are worth, and who moved."""

from collections.abc import Iterator

import pandas as pd

from crmlib.labels import Say
from crmlib.report import charts_bars, charts_grid, style
from crmlib.report.blocks import Chart, Figure, Section, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_money, write_number, write_share
from crmlib.report.parts import columns, count_customers, make_figure, make_metrics, make_section, make_shares
from crmlib.report.sections.tier_lists import list_blocks


def build_tiers(data: ReportData) -> Section | None:
    if data.tiers.empty:
        return None
    say, moved = data.say, data.value("tier_moves")
    counts = count_tiers(data)
    drawn = [_tiers(counts, say)] if len(counts) else []  # activity alone is told, not drawn
    blocks = [*drawn, *_activity(data), *_parts(data, counts), *_moves(data), *list_blocks(data)]
    blanks = {
        "n": write_number(data.value("tier_value_high") or 0),
        "share": write_share(data.share("tier_value_high") or 0, say),
    }
    all_low = len(counts) and counts.set_index(["dimension", "label"])["share"].get(("value", "low")) == 1
    if all_low:
        limit = write_money(data.settings.tiers.value.middle, say)
        title = say("section.tiers.title_all_low", n=count_customers(data), limit=limit)
        blocks = [Text(say("section.tiers.all_low"), "caution"), *blocks]
    elif data.figure("tier_value_high") is None:
        title = say("section.tiers.title_without_value", moved=write_number(moved or 0))
    else:
        title = _title(say, moved, blanks)
    metrics = make_metrics(data, "tier_value_high", "tier_potential_focus", "tier_risk_churn_risk", "tier_moves")
    return make_section(data, "tiers", title, [*metrics, *blocks], n=count_customers(data))


def _title(say: Say, moved: float | None, blanks: dict[str, str]) -> str:
    return (
        say("section.tiers.title_moved", **blanks, moved=write_number(moved))
        if moved
        else say("section.tiers.title", **blanks)
    )


def count_tiers(data: ReportData) -> pd.DataFrame:
    """One row per dimension and label, best first, those without a label last where there are any.

    dimension, dimension_name, label, name, n, share, n_before (of the figures of the period before).
    """
    say, rows = data.say, []
    for dimension, labels in style.TIERS.items():
        here = data.tiers.loc[data.tiers["dimension"] == dimension, "label"].fillna("none")
        counts = here.value_counts()
        for label in (*labels, *(["none"] if "none" in counts else [])) if len(here) else ():
            if label == "warning" and data.is_off("risk_overdue"):
                continue
            name = say("section.tiers.none") if label == "none" else say(f"tier.{dimension}.{label}")
            n, before = int(counts.get(label, 0)), data.value(f"tier_{dimension}_{label}", before=True)
            rows.append((dimension, say(f"tier.{dimension}.title"), label, name, n, n / len(here), before))
    table = pd.DataFrame(rows, columns=["dimension", "dimension_name", "label", "name", "n", "share", "n_before"])
    return table.astype({"n_before": "Float64"})


def _tiers(counts: pd.DataFrame, say: Say) -> Figure:
    words = [
        say("section.alt_part", label=f"{row['dimension_name']} {row['name']}", n=write_number(row["n"]), share=write_share(row["share"], say))
        for _, row in counts.iterrows()
    ]  # fmt: skip
    named = columns(
        say, ("dimension_name", "text"), ("name", "text"), ("n", "int"), ("share", "share"), ("n_before", "int")
    )
    colors = [style.tier_color(d, label) for d, label in zip(counts["dimension"], counts["label"], strict=True)]
    title = say("section.tiers.chart", dimensions=say("section.join").join(counts["dimension_name"].unique()))
    return make_figure(
        "tiers", title, charts_bars.draw_tiers(counts, say), counts, named, words, say,
        caption=say("section.tiers.tick") if counts["n_before"].notna().any() else "",
        chart=Chart("bar", "name", ("n",), tuple(colors)),
    )  # fmt: skip


def _activity(data: ReportData) -> Iterator[Text]:
    counts = data.tiers.loc[data.tiers["dimension"].eq("activity"), "label"].value_counts()
    if len(counts):
        blanks = {label: write_number(counts.get(label, 0)) for label in ("active", "inactive")}
        words = data.say("section.tiers.activity", **blanks, months=data.settings.tiers.activity.months)
        yield Text(words, refs=("tier_activity_active", "tier_activity_inactive"))


def _parts(data: ReportData, counts: pd.DataFrame) -> Iterator[Figure]:
    """The value tiers as a ring of customers, and beside it the money that each brings."""
    say = data.say
    value = counts[(counts["dimension"] == "value") & (counts["n"] > 0)]
    parts = value.assign(code=value["label"], label=value["name"])
    if len(parts) < 2:  # one part is no division
        return
    colors = [style.tier_color("value", code) for code in parts["code"]]
    yield make_shares("tier_pie", say("section.tiers.pie"), parts, say, colors=colors, ring=True)
    if "amount_12m_cny" not in data.measures:
        return
    labels = data.tiers[data.tiers["dimension"] == "value"].set_index("customer_id")["label"]
    amounts = data.measures["amount_12m_cny"].astype(float).groupby(data.measures["customer_id"].map(labels)).sum()
    money = parts.assign(n=parts["code"].map(amounts).fillna(0).clip(lower=0).astype(float))
    total = money["n"].sum()
    if not total:
        return
    money = money[money["n"] > 0].assign(share=lambda rows: rows["n"] / total)
    colors = [style.tier_color("value", code) for code in money["code"]]
    drawn = charts_bars.draw_shares(money, say, colors=colors, kind="money")
    words = [
        say("section.alt_part", label=r.label, n=write_money(r.n, say), share=write_share(r.share, say))
        for r in money.itertuples()
    ]
    named = columns(say, ("label", "text"), ("amount_12m_cny", "amount"), ("share", "share"))
    yield make_figure(
        "tier_money", say("section.tiers.pie_money"), drawn, money.rename(columns={"n": "amount_12m_cny"}), named, words, say,
        chart=Chart("bar", "label", ("amount_12m_cny",), tuple(colors)), half=True,
    )  # fmt: skip


def _moves(data: ReportData) -> Iterator[Figure]:
    """Who moved from where to where, on value and on risk; those who stayed are what is left of each label."""
    say = data.say
    for dimension in ("value", "risk"):
        here = data.tier_moves[data.tier_moves["dimension"] == dimension]
        moves = here.groupby(["label_before", "label_now"], as_index=False).size().rename(columns={"size": "n"})
        if moves.empty:
            continue
        arrived, now = (
            here["label_now"].value_counts(),
            data.tiers.loc[data.tiers["dimension"] == dimension, "label"].value_counts(),
        )
        stayed = [(label, label, int(now.get(label, 0) - arrived.get(label, 0))) for label in style.TIERS[dimension]]
        cells = pd.concat(
            [moves, pd.DataFrame([row for row in stayed if row[2]], columns=moves.columns)], ignore_index=True
        )
        named = moves.assign(
            **{key: [say(f"tier.{dimension}.{label}") for label in moves[key]] for key in ("label_before", "label_now")}
        )
        words = [
            say("section.tiers.move", before=r.label_before, now=r.label_now, n=write_number(r.n))
            for r in named.itertuples()
        ]
        title = say("section.tiers.moves", dimension=say(f"tier.{dimension}.title"))
        yield make_figure(
            f"moves_{dimension}", title, charts_grid.draw_tier_moves(cells, say, dimension=dimension), named,
            columns(say, ("label_before", "text"), ("label_now", "text"), ("n", "int")), words, say,
            caption=say("section.tiers.moves_note"), half=True,
        )  # fmt: skip
