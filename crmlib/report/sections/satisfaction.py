"""Satisfaction: how many are satisfied and how well that is known, whom to revisit, whether it helps, and why scores fell."""

from collections.abc import Iterator

import pandas as pd

from crmlib.labels import Say
from crmlib.report import charts_time
from crmlib.report.blocks import Block, Figure, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import columns, make_figure, make_metrics, make_section, make_shares
from crmlib.report.style import LIGHT

POINT_COLORS = {
    1: "bad",
    2: "risk_churn_risk",
    3: "risk_warning",
    4: "risk_stable",
    5: "good",
}  # the same in every report
METRICS = (
    "satisfaction_mean", "satisfaction_share_good", "satisfaction_response_rate", "satisfaction_low", "satisfaction_change",
    "revisit_lift", "nps", "mood_negative_share",
)  # fmt: skip


def build_satisfaction(data: ReportData) -> Section | None:
    """None where nobody was asked and no mood was noted. In a period without answers the open revisits and moods remain."""
    answered, moods = data.figure("satisfaction_mean"), data.moods
    heard = bool(len(moods)) and (moods["n"].sum() + moods["unknown"].sum()) > 0
    if not answered and not heard:
        return None
    say = data.say
    blocks = [
        *make_metrics(data, *METRICS),
        *_sentences(data),
        *_pictures(data, say),
        *_low(data, say),
        *_falls(data, say),
        *_dimensions(data, say),
        *_moods(data, say),
    ]
    n = say("section.satisfaction.n", n=write_number(answered.n if answered else 0))
    return make_section(data, "satisfaction", _title(data), blocks, n=n)


def _title(data: ReportData) -> str:
    say, share, mean = data.say, data.value("satisfaction_share_good"), data.value("satisfaction_mean")
    if share is not None and mean is not None:
        return say("section.satisfaction.title", share=write_share(share, say), mean=write_number(mean, 2))
    stated = data.figure("satisfaction_mean")
    return (
        say("section.satisfaction.title_few", n=write_number(stated.n))
        if stated and stated.n
        else say("section.satisfaction.title_none")
    )


def _sentences(data: ReportData) -> Iterator[Block]:
    say, sums, rules = data.say, data.satisfaction_sums, data.settings.service
    if len(sums) and pd.notna(sums["low"].iloc[0]):
        one = sums.iloc[0]
        blanks = {key: write_share(one[key], say, digits=0) for key in ("low", "high")}
        verdict = (
            "missed" if one["high"] < rules.target_share else "met" if one["low"] >= rules.target_share else "unsure"
        )
        blanks |= {"n": write_number(one["answers"]), "target": write_share(rules.target_share, say, digits=0)}
        yield Text(say(f"section.satisfaction.target_{verdict}", **blanks), "finding", ("satisfaction_share_good",))
    replies = data.satisfaction_replies
    if len(replies) and replies["asked"].iloc[0] and pd.isna(replies["rate"].iloc[0]):
        yield Text(say("section.satisfaction.no_rate"), "note")
    groups = data.revisit_groups.set_index("group")
    if len(groups) and pd.notna(groups.loc["revisited", "lift"]):
        yield _revisited(groups, say)
    change = data.figure("satisfaction_change")
    if change and change.value is not None and change.value <= -rules.fall_mean:
        yield Text(
            say("section.satisfaction.fell", points=write_number(-change.value, 2), n=write_number(change.n)), "caution"
        )


def _revisited(groups: pd.DataFrame, say: Say) -> Text:
    one, other = groups.loc["revisited"], groups.loc["others"]
    blanks = {key: write_number(one[key], 2) for key in ("before", "after")} | {"n": write_number(one["customers"])}
    beside = ""
    if pd.notna(other["lift"]):
        beside = say(
            "section.satisfaction.beside",
            lift=write_number(other["lift"], 2, sign=True),
            n=write_number(other["customers"]),
        )
    return Text(say("section.satisfaction.revisited", **blanks, beside=beside), "finding", ("revisit_lift",))


def _pictures(data: ReportData, say: Say) -> Iterator[Figure]:
    points = data.satisfaction_points.sort_values("points", ascending=False)
    if len(points):
        rows = points.assign(label=[say(f"section.satisfaction.points_{one}") for one in points["points"]])
        colors = [LIGHT[POINT_COLORS[one]] for one in rows["points"]]
        yield make_shares("satisfaction_points", say("section.satisfaction.points"), rows, say, colors=colors)
    if len(data.revisits):
        rows, title = data.revisits, say("section.satisfaction.slopes")
        words = [say("section.satisfaction.slope", name=r.name, before=write_number(r.before, 1), after=write_number(r.after, 1)) for r in rows.head(20).itertuples()]  # fmt: skip
        named = columns(
            say, ("name", "text"), ("dimension", "text"), ("before", "score"), ("before_on", "date"), ("revisited_on", "date"),
            ("after", "score"), ("after_on", "date"), ("customer_id", "id"),
        )  # fmt: skip
        shown = rows.assign(dimension=_dimension_names(rows["dimension"], say))
        yield make_figure("revisits", title, charts_time.draw_slopes(rows, say), shown, named, words, say,
                          caption=say("section.satisfaction.slopes_note"), half=True)  # fmt: skip


def _dimension_names(codes: pd.Series, say: Say) -> list[str]:
    return [name_choice("surveys", "dimension", one, say) for one in codes]


def _low(data: ReportData, say: Say) -> Iterator[Block]:
    """The revisits that are not closed yet."""
    low = data.low_scores
    still = low[low["state"].ne("closed")]
    if low.empty:
        return
    below = write_number(data.settings.service.revisit_below, 1)
    if still.empty:
        yield Text(say("section.satisfaction.all_closed", n=write_number(len(low)), below=below), "note")
        return
    rows = still.assign(
        dimension=_dimension_names(still["dimension"], say),
        state=[say(f"section.satisfaction.state_{one}") for one in still["state"]],
        root_cause=[
            name_choice("surveys", "root_cause", one, say) if pd.notna(one) else "" for one in still["root_cause"]
        ],
    )
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("answered_on", "date"), ("dimension", "text"), ("score", "score"), ("comment", "text"),
        ("revisited_on", "date"), ("root_cause", "text"), ("state", "text"), ("customer_id", "id"),
        screen_only=("customer_id", "dimension", "revisited_on"),
    )  # fmt: skip
    note = say("section.satisfaction.low_note", closed=write_number(len(low) - len(still)), n=write_number(len(low)))
    yield Table(say("section.satisfaction.low", below=below), named, rows, note, on_paper=20)


def _falls(data: ReportData, say: Say) -> Iterator[Block]:
    """A fall is shown with what was said in that time."""
    if data.score_falls.empty:
        return
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("dimension", "text"), ("before", "score"), ("after", "score"), ("change", "score"),
        ("after_on", "date"), ("customer_id", "id"), screen_only=("customer_id",),
    )  # fmt: skip
    rows = data.score_falls.assign(dimension=_dimension_names(data.score_falls["dimension"], say))
    yield Table(say("section.satisfaction.falls"), named, rows, say("section.satisfaction.falls_note"), on_paper=10)
    if data.score_fall_talks.empty:
        yield Text(say("section.satisfaction.nothing_said"), "note")
        return
    said = data.score_fall_talks
    told = said.assign(
        kind=[say(f"section.satisfaction.kind_{one}") for one in said["kind"]],
        mood=[name_choice("interactions", "mood", one, say) if pd.notna(one) else "" for one in said["mood"]],
        channel=[name_choice("interactions", "channel", one, say) if pd.notna(one) else "" for one in said["channel"]],
    )
    named = columns(
        say, ("name", "text"), ("on", "date"), ("kind", "text"), ("channel", "text"), ("mood", "text"), ("text", "text"), ("row_id", "id"),
        screen_only=("row_id", "channel"),
    )  # fmt: skip
    yield Table(say("section.satisfaction.fall_talks"), named, told, on_paper=15)


def _dimensions(data: ReportData, say: Say) -> Iterator[Block]:
    if len(data.satisfaction_dimensions) < 2:
        return
    rows = data.satisfaction_dimensions.rename(
        columns={"mean": "mean_score", "satisfied_share": "good_share", "low": "share_low", "high": "share_high"}
    )
    rows = rows.assign(dimension=_dimension_names(rows["dimension"], say)).sort_values("answers", ascending=False)
    named = columns(
        say, ("dimension", "text"), ("answers", "int"), ("mean_score", "decimal"), ("good_share", "share"), ("share_low", "share"),
        ("share_high", "share"),
    )  # fmt: skip
    yield Table(say("section.satisfaction.dimensions"), named, rows)


def _moods(data: ReportData, say: Say) -> Iterator[Block]:
    moods = data.moods.set_index("source")
    if moods.empty:
        return
    noted, text = moods.loc["noted"], moods.loc["text"]
    if pd.notna(noted["negative_share"]):
        blanks = {
            "n": write_number(noted["n"]),
            "negative": write_number(noted["negative"]),
            "unknown": write_number(noted["unknown"]),
        }
        yield Text(
            say("section.satisfaction.mood", **blanks, share=write_share(noted["negative_share"], say)),
            "body",
            ("mood_negative_share",),
        )
    if pd.notna(text["negative_share"]):
        blanks = {"n": write_number(text["n"] + text["unknown"]), "judged": write_number(text["n"])}
        yield Text(
            say("section.satisfaction.mood_text", **blanks, share=write_share(text["negative_share"], say)), "note"
        )
    if len(words := data.mood_words.head(8)):
        listed = say("section.join").join(
            f"{r.word}（{r.talks}）" if say.lang == "zh" else f"{r.word} ({r.talks})" for r in words.itertuples()
        )
        yield Text(say("section.satisfaction.unmapped", words=listed), "note")
