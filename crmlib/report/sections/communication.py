"""Communication: how long each side waits for the other, how often customers are spoken to, and who has gone silent."""

from collections.abc import Iterator

import pandas as pd

from crmlib.labels import Say
from crmlib.report import charts_bars, style
from crmlib.report.blocks import Block, Figure, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice
from crmlib.report.numbers import write_number, write_share, write_value
from crmlib.report.parts import columns, make_figure, make_metrics, make_section

TOP = 15  # rows of a list on paper
METRICS = (
    "response_customer_median_h", "response_customer_over48", "response_us_median_h", "talks_per_customer_month",
    "silent_customers",
)  # fmt: skip
SIDES = ("customer", "us", "ticket")


def build_communication(data: ReportData) -> Section | None:
    """None where nobody waited and nobody talked."""
    response, say = data.response[data.response["side"].isin(SIDES)], data.say
    if response.empty and data.talks_by_customer.empty:
        return None
    told = [*list(_told(response, data))[:1], *_talked(data)]
    blocks: list[Block] = [*make_metrics(data, *METRICS), *_response(response, data), *_late(data)]
    blocks += [*_groups(data), *_frequency(data), *_silent(data)]
    n = say("section.communication.n", waits=write_number(response["waits"].sum()), talks=_count(data, "talks"))
    return make_section(
        data, "communication", say("section.join").join(told) or say("section.communication.nothing"), blocks, n=n
    )


def _count(data: ReportData, figure_id: str) -> str:
    return write_number(data.value(figure_id) or 0)


def _limit(data: ReportData) -> str:
    return f"{data.settings.deadlines.response_h:g}"


def _told(response: pd.DataFrame, data: ReportData) -> Iterator[str]:
    """One clause a side, the customer's first; a side of which too few answered is left out."""
    for row in response.itertuples():
        if pd.notna(row.median_h) and (row.side != "ticket" or len(response) == 1):
            words = {"median": write_number(row.median_h, 1), "late": write_number(row.late), "limit": _limit(data)}
            yield data.say(f"section.communication.told_{row.side}", **words)


def _talked(data: ReportData) -> Iterator[str]:
    talks = data.talks_by_customer
    if len(talks):
        yield data.say("section.communication.told_talks", silent=_count(data, "silent_customers"))


# ── response


def _response(response: pd.DataFrame, data: ReportData) -> Iterator[Block]:
    if response.empty:
        return
    say = data.say
    for row in response.itertuples():
        if row.open and pd.notna(row.km_median_h) and row.side == "customer":
            blanks = {"open": write_number(row.open), "km": write_number(row.km_median_h, 1)}
            yield Text(say("section.communication.censored", **blanks, median=write_number(row.median_h, 1)), "body")
    if len(data.response_bands):
        yield _bands(data)
    few = response["median_h"].isna()
    rows = response.assign(
        awaited=[say(f"section.communication.side_{side}") for side in response["side"]],
        state=few.map({True: say("section.health.too_few"), False: ""}),
    )
    named = columns(
        say, ("awaited", "text"), ("waits", "int"), ("answered", "int"), ("open", "int"), ("day_only", "int"), ("mean_h", "score"),
        ("median_h", "score"), ("p90_h", "score"), ("work_median_h", "score"), ("work_p90_h", "score"), ("late", "int"),
        *([("state", "text")] if few.any() else []), screen_only=("work_p90_h",),
    )  # fmt: skip
    yield Table(say("section.communication.response"), named, rows, _coverage(response, data))


def _coverage(response: pd.DataFrame, data: ReportData) -> str:
    """How many waits could be measured, and what became of the others; working hours and how sure they are."""
    say, sums = (
        data.say,
        response[["waits", "answered", "open", "day_only", "reversed", "unrecorded", "provisional"]].sum(),
    )
    first, last = data.settings.periods.work_hours
    told = say(
        "section.communication.coverage", measured=write_number(sums["answered"] + sums["open"]), limit=_limit(data),
        waits=write_number(sums["waits"]), day_only=write_number(sums["day_only"]),
        apart=write_number(sums["reversed"] + sums["unrecorded"]), first=first, last=last,
    )  # fmt: skip
    unknown = data.response.loc[data.response["side"] == "unknown", "waits"].sum()
    more = [say("section.communication.unsided", n=write_number(unknown))] if unknown else []
    more += (
        [say("section.communication.provisional", n=write_number(sums["provisional"]))] if sums["provisional"] else []
    )
    return "".join([told, *more])


def _bands(data: ReportData) -> Figure:
    """Answers in bands of hours, a panel a side; beyond the limit in the colour of risk."""
    say, limit = data.say, data.settings.deadlines.response_h
    rows = data.response_bands.assign(
        panel=[say(f"section.communication.side_{side}") for side in data.response_bands["side"]],
        label=[
            _band(low, high, say)
            for low, high in zip(data.response_bands["above_h"], data.response_bands["up_to_h"], strict=True)
        ],
    )
    late = rows["above_h"] >= limit
    drawn = rows.assign(
        color=late.map({True: style.LIGHT["risk_churn_risk"], False: style.LIGHT["series_1"]}),
        line=[say("section.communication.limit", limit=_limit(data)) if up == limit else "" for up in rows["up_to_h"]],
    )
    named = columns(say, ("panel", "text"), ("label", "text"), ("n", "int"), ("share", "share"))
    return make_figure(
        "response_bands", say("section.communication.bands"), charts_bars.draw_bands(drawn, say), rows, named,
        _alt(rows[rows["n"] > 0], say), say, caption=say("section.communication.bands_note", limit=_limit(data)),
    )  # fmt: skip


def _band(low: float, high: float, say: Say) -> str:
    if pd.isna(high):
        return say("section.communication.over", low=f"{low:g}")
    return say("section.communication.between", low=f"{low:g}", high=f"{high:g}")


def _alt(rows: pd.DataFrame, say: Say) -> list[str]:
    return [
        say(
            "section.communication.alt",
            panel=one.panel,
            label=one.label,
            n=write_number(one.n),
            share=write_share(one.share, say),
        )
        for one in rows.itertuples()
    ]


def _late(data: ReportData) -> Iterator[Block]:
    say, rows = data.say, data.response_late
    rows = rows[rows["side"].isin(SIDES)]
    if rows.empty:
        return
    words = {one.name: say.pick(one) for one in data.settings.communication.causes}
    told = rows.assign(
        awaited=[say(f"section.communication.side_{side}") for side in rows["side"]],
        channel=[name_choice("interactions", "channel", one, say) if pd.notna(one) else "" for one in rows["channel"]],
        since=pd.to_datetime(rows["since"]),
        state=[say(f"section.communication.status_{one}") for one in rows["status"]],
        likely=[words.get(one, "") if pd.notna(one) else "" for one in rows["cause"]],
    )
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("awaited", "text"), ("channel", "text"), ("since", "date"), ("hours", "score"),
        ("state", "text"), ("likely", "text"), ("customer_id", "id"), screen_only=("customer_id", "channel"),
    )  # fmt: skip
    counts = rows["side"].map(say_sides(say)).value_counts(sort=False)
    parts = [say("section.communication.late_part", side=side, n=write_number(n)) for side, n in counts.items()]
    note = say("section.communication.late_note", limit=_limit(data), parts=say("section.join").join(parts))
    yield Table(say("section.communication.late", limit=_limit(data)), named, told, note, on_paper=TOP)


def say_sides(say: Say) -> dict[str, str]:
    return {side: say(f"section.communication.side_{side}") for side in SIDES}


def _groups(data: ReportData) -> Iterator[Block]:
    """Customers by channel and tier, us by person; groups of too few answers are only counted."""
    say, rows = data.say, data.response_groups
    mine = (rows["side"].eq("customer") & rows["dimension"].isin(["channel", "value"])) | (
        rows["side"].eq("us") & rows["dimension"].eq("owner_id")
    )
    rows, few = rows[mine & rows["median_h"].notna()], rows[mine & rows["median_h"].isna()]
    if rows.empty:
        return
    rows = rows.sort_values(["side", "dimension", "median_h"], ascending=[True, True, False], kind="stable")
    told = rows.assign(
        awaited=rows["side"].map(say_sides(say)), group=[_group(one.dimension, one.code, one.person, say) for one in rows.itertuples()]
    )  # fmt: skip
    named = columns(
        say, ("awaited", "text"), ("group", "text"), ("answered", "int"), ("median_h", "score"), ("p90_h", "score"),
        ("late", "int"),
    )  # fmt: skip
    note = say("section.communication.groups_note", least=data.settings.communication.least, n=write_number(len(few)))
    yield Table(say("section.communication.groups"), named, told, note, on_paper=20)


def _group(dimension: str, code: str, person: object, say: Say) -> str:
    if code == "unknown":
        return say("section.unknown")
    if dimension == "channel":
        return name_choice("interactions", "channel", code, say)
    if dimension == "owner_id":
        return str(person)
    return say(f"plan_segment.{code}" if dimension == "plan_segment" else f"tier.value.{code}")


# ── frequency and silence


def _frequency(data: ReportData) -> Iterator[Block]:
    say, groups = data.say, data.talk_groups
    if len(data.talk_bands):
        yield _talk_bands(data)
    if len(groups):
        cadence = data.settings.communication.cadence_days
        rows = groups[groups["dimension"].isin(["value", "plan_segment"])]
        order = {name: at for at, name in enumerate((*style.TIERS["value"], *cadence))}
        rows = rows.assign(at=rows["code"].map(order)).sort_values(["dimension", "at"], ascending=[False, True])
        few = rows["talks_per_month"].isna()
        told = rows.assign(
            group=[_group(one.dimension, one.code, None, say) for one in rows.itertuples()],
            often=[write_number(one, 2) if pd.notna(one) else say("section.health.too_few") for one in rows["talks_per_month"]],
            cadence=[_cadence(one, cadence, say) for one in rows.itertuples()],
            customers_active=rows["customers"],
        )  # fmt: skip
        named = columns(
            say, ("group", "text"), ("customers_active", "int"), ("talks", "int"), ("often", "text"), ("cadence", "text"),
            ("silent", "int"),
        )  # fmt: skip
        yield Table(say("section.communication.frequency"), named, told, say("section.communication.frequency_note"))
        if few.all():
            yield Text(say("section.health.too_few"), "note")
    if len(channels := data.talk_channels):
        rows = channels.assign(
            channel=[_group("channel", code, None, say) for code in channels["channel"]],
            spoken=channels["customers"],
        )
        named = columns(say, ("channel", "text"), ("talks", "int"), ("share", "share"), ("spoken", "int"))
        yield Table(say("section.communication.channels"), named, rows, say("section.communication.channels_note"))


def _cadence(row, cadence, say: Say) -> str:
    if row.dimension != "plan_segment":
        return ""
    days = cadence.get(row.code)
    return write_value(days, "days", say) if days else say("section.communication.automatic")


def _talk_bands(data: ReportData) -> Figure:
    """How often a month, a panel a value tier."""
    say, bands = data.say, data.talk_bands
    rows = bands.assign(
        panel=[say(f"tier.value.{value}") for value in bands["value"]],
        label=[say(f"section.communication.band_{band}") for band in bands["band"]],
        n=bands["customers"],
        at=bands["value"].map({value: at for at, value in enumerate(style.TIERS["value"])}),
    ).sort_values("at", kind="stable")
    drawn = rows.assign(color=[style.tier_color("value", value) for value in rows["value"]], line="")
    named = columns(say, ("panel", "text"), ("label", "text"), ("n", "int"), ("share", "share"))
    return make_figure(
        "talk_bands", say("section.communication.bands_talk"), charts_bars.draw_bands(drawn, say), rows, named,
        _alt(rows[rows["n"] > 0], say), say, caption=say("section.communication.bands_talk_note"),
    )  # fmt: skip


def _silent(data: ReportData) -> Iterator[Block]:
    say, rows = data.say, data.silent
    spoken, never = rows[rows["days_silent"].notna()], int(rows["days_silent"].isna().sum())
    note = say("section.communication.never", n=write_number(never)) if never else ""
    if spoken.empty:
        if note:
            yield Text(note, "note")
        return
    told = spoken.assign(
        group=[_group("plan_segment", one, None, say) for one in spoken["plan_segment"]],
        worth=[_group("value", one, None, say) if pd.notna(one) else "" for one in spoken["value"]],
    )
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("worth", "text"), ("group", "text"), ("cadence_days", "int"),
        ("last_talked_on", "date"), ("days_silent", "int"), ("customer_id", "id"), screen_only=("customer_id",),
    )  # fmt: skip
    yield Table(say("section.communication.silent"), named, told, note, on_paper=TOP)
