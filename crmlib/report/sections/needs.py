"""Needs: what most customers ask for, whether we have an offer, and whether what was closed was satisfied."""

from collections.abc import Iterator, Mapping

import pandas as pd

from crmlib.insight.needs_asked import UNKNOWN
from crmlib.labels import Say
from crmlib.report import charts_bars
from crmlib.report.blocks import Block, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import rounded, write_number, write_share
from crmlib.report.parts import columns, make_figure, make_metrics, make_section

SHOWN, LISTED = 10, 12  # topics in the picture; words and customers in a list


def build_needs(data: ReportData) -> Section | None:
    """None where no need was in play."""
    say, topics = data.say, data.need_topics
    if topics.empty or not topics["enough"].any():
        return None
    known = topics[topics["topic"] != UNKNOWN]
    of = int(topics["of"].iloc[0])
    blocks: list[Block] = [
        *make_metrics(data, "needs_new", "need_overlap_share", "need_satisfied_share", "need_top3_share")
    ]
    blocks += [*_findings(data, known), _picture(data), *_tables(data)]
    n = say("section.needs.n", n=write_number(of))
    if known.empty:
        return make_section(data, "needs", say("section.needs.title_unknown", n=write_number(of)), blocks, n=n)
    first = known.iloc[0]
    title = "section.needs.title" if first["flagged"] else "section.needs.title_plain"
    words = {"topic": first["topic"], "share": write_share(first["share"], say), "n": write_number(first["customers"])}
    words |= {"of": write_number(of), "flag": write_share(data.settings.needs.flag_share, say, digits=0)}
    return make_section(data, "needs", say(title, **words), blocks, n=n)


def tell_top_needs(topics: pd.DataFrame, say: Say, *, before: pd.DataFrame | None = None) -> Mapping[str, str]:
    """The weekly table's row of the leading needs: dimension, metric, this, last ("--" where nothing is known), change, analysis."""
    named = [
        [] if rows is None else rows.loc[rows["top"].fillna(False).astype(bool), "topic"].tolist()
        for rows in (topics, before)
    ]
    this, last = ("/".join(names) or "--" for names in named)
    first = topics.iloc[0] if named[0] else None
    percent = "" if first is None or pd.isna(first["share"]) else f"{rounded(float(first['share']) * 100)}%"
    analysis = say("needs.top_analysis", share=percent, topic=first["topic"]) if percent else ""
    metric = say("needs.top_metric", n=max(len(named[0]), 1))
    return {
        "dimension": say("needs.top_dimension"),
        "metric": metric,
        "this": this,
        "last": last,
        "change": "",
        "analysis": analysis,
    }


def _findings(data: ReportData, known: pd.DataFrame) -> Iterator[Text]:
    say, met = data.say, data.needs_met.set_index("scope")
    if known["top"].any():
        told = tell_top_needs(known, say)
        yield Text(
            say("section.needs.top", topics=told["this"], analysis=told["analysis"]),
            "finding",
            refs=("need_top3_share",),
        )
    now, year = met.loc["period"], met.loc["12m"]
    blanks = {key: write_number(now[key]) for key in ("in_play", "matched", "closed", "satisfied", "open")}
    blanks |= {"year_closed": write_number(year["closed"])}
    for key, scope in (("satisfied_share", now), ("year_share", year)):
        share = scope["satisfied_share"]
        blanks[key] = say("section.too_few") if pd.isna(share) else write_share(share, say)
    yield Text(say("section.needs.met", **blanks), "finding", refs=("need_overlap_share", "need_satisfied_share"))
    moves = data.need_moves
    if moves.empty:
        return
    told = moves[moves["direction"] != ""]
    parts = [
        say(f"section.needs.moved_{row.direction}", topic=row.term, before=write_share(row.share_before, say), now=write_share(row.share, say))
        for row in told.itertuples()
    ]  # fmt: skip
    blanks = {"of": write_number(moves["of"].iloc[0]), "of_before": write_number(moves["of_before"].iloc[0])}
    words = (
        say("section.needs.moves", parts=say("section.join").join(parts), **blanks)
        if parts
        else say("section.needs.no_moves", **blanks)
    )
    yield Text(words, "finding")


def _picture(data: ReportData) -> Block:
    say = data.say
    rows = data.need_topics.head(SHOWN)
    rows = rows.assign(
        label=[say("section.needs.unclassified") if topic == UNKNOWN else topic for topic in rows["topic"]],
        n=rows["customers"],
    )
    words = [
        say("section.alt_part", label=row.label, n=write_number(row.n), share=write_share(row.share, say))
        for row in rows.itertuples()
    ]
    named = columns(
        say, ("label", "text"), ("asking", "int"), ("share", "share"), ("interval", "text"), ("mentions", "int")
    )
    rows = rows.assign(
        asking=rows["customers"], interval=[tell_interval(r.low, r.high, say) for r in rows.itertuples()]
    )
    picture = charts_bars.draw_topics(rows, say, flag_share=data.settings.needs.flag_share)
    return make_figure("needs_topics", say("section.needs.chart"), picture, rows, named, words, say,
                       caption=say("section.needs.chart_note"))  # fmt: skip


def tell_interval(low: float, high: float, say: Say) -> str:
    """ "70.7–77.6 %", or 样本不足."""
    if pd.isna(low):
        return say("section.too_few")
    return f"{write_number(float(low) * 100, 1)}–{write_share(high, say)}"


def _tables(data: ReportData) -> Iterator[Table]:
    say, words = data.say, data.need_words
    if len(words):
        last = words["quarter"].max()
        now = words[(words["quarter"] == last) & (words["customers"] > 0)].head(LISTED)
        moves = data.word_moves.set_index("term")["direction"] if len(data.word_moves) else {}
        shown = now.assign(
            keyword=now["term"], asking=now["customers"],
            state=[say(f"section.needs.word_{moves.get(term, '') or 'same'}") for term in now["term"]],
        )  # fmt: skip
        named = columns(say, ("keyword", "text"), ("asking", "int"), ("share", "share"), ("state", "text"))
        title = say(
            "section.needs.words", quarter=f"{last.year}Q{(last.month + 2) // 3}", of=write_number(now["of"].max())
        )
        yield Table(title, named, shown, say("section.needs.words_note"), on_paper=8)
    waiting = data.needs_by_customer
    waiting = waiting[(waiting["open"] > 0) & (waiting["matched"] < waiting["in_play"])]
    if len(waiting):
        waiting = waiting.assign(unmatched=waiting["in_play"] - waiting["matched"])
        waiting = waiting.sort_values(["unmatched", "open", "customer_id"], ascending=[False, False, True])
        named = columns(
            say, ("name", "text"), ("owner", "text"), ("open_needs", "int"), ("unmatched", "int"), ("overlap_share", "share"),
            ("satisfied_share", "share"), ("customer_id", "id"), screen_only=("customer_id",),
        )  # fmt: skip
        yield Table(say("section.needs.waiting"), named, waiting.assign(open_needs=waiting["open"]).head(LISTED),
                    say("section.needs.waiting_note"), on_paper=8)  # fmt: skip
