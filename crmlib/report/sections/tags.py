"""Tags: what customers are tagged with, where status, class and tags contradict each other, and which tags want tidying up."""

from collections.abc import Iterator

import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.insight.figures import TELLING
from crmlib.labels import Say
from crmlib.report.blocks import Block, Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.names import name_choice, name_tag
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import columns, count_customers, make_metrics, make_section

SHOWN = 3  # tags of each family
_FIRST = (*TELLING, "status", "custom")  # base tags are the profile's pages


def build_tags(data: ReportData) -> Section | None:
    """None where nobody has a tag that says more than the profile does."""
    now = data.tags[data.tags["valid_to"].isna()]
    now = now[now["family"].isin(_FIRST)]
    if now.empty and data.contradictions.empty:
        return None
    say, share = data.say, data.value("customers_tagged") or 0
    kinds = now[["family", "value"]].drop_duplicates()
    title = say("section.tags.title", share=write_share(share, say), n=write_number(len(kinds)))
    blocks: list[Block] = [
        *make_metrics(data, "customers_tagged", "contradictions"),
        *_top(data, now),
        *_proposed(data),
    ]
    blocks += [*_contradictions(data), *_lint(data)]
    section = make_section(data, "tags", title, blocks, n=count_customers(data))
    return section


def _top(data: ReportData, now: pd.DataFrame) -> Iterator[Table]:
    if now.empty:
        return
    say, everyone = data.say, max(len(data.measures), 1)
    counts = now.groupby(["family", "value", "origin"])["customer_id"].nunique().rename("n").reset_index()
    counts = counts.assign(at=counts["family"].map(_FIRST.index)).sort_values(
        ["at", "n", "value"], ascending=[True, False, True]
    )
    top = counts.groupby("family", sort=False).head(SHOWN)
    rows = top.assign(
        tag=[
            name_tag(family, value, data.settings, say)
            for family, value in zip(top["family"], top["value"], strict=True)
        ],
        family=[name_choice("tags", "family", one, say) for one in top["family"]],
        origin=[name_choice("tags", "origin", one, say) for one in top["origin"]],
        share=top["n"] / everyone,
    )
    named = columns(say, ("family", "text"), ("tag", "text"), ("n", "int"), ("share", "share"), ("origin", "text"))
    yield Table(say("section.tags.top"), named, rows)


def _proposed(data: ReportData) -> Iterator[Text]:
    if len(data.tag_proposals):
        yield Text(data.say("section.tags.proposed", n=write_number(len(data.tag_proposals))), "note")


def _contradictions(data: ReportData) -> Iterator[Table]:
    say, pairs = data.say, data.contradictions
    if pairs.empty:
        return
    rows = pairs.assign(
        rule=[say(f"contradiction.{one}") for one in pairs["rule"]],
        left=[_side(one.rule, one.left, say) for one in pairs.itertuples()],
        right=[_side(one.rule, one.right, say) for one in pairs.itertuples()],
    )
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("rule", "text"), ("left", "text"), ("right", "text"), ("customer_id", "id"),
        screen_only=("customer_id",),
    )  # fmt: skip
    yield Table(say("section.tags.contradictions"), named, rows)


def _side(rule: str, side: str, say: Say) -> str:
    """One side of a contradiction in words; what people wrote stays as it is."""
    if rule == "GRADE_TIER":
        return say(f"tier.{side}")
    if rule == "STATUS_ACTIVITY" and say.has(f"tier.activity.{side}"):
        return say(f"tier.activity.{side}")
    stages = DICTIONARY.choices["lifecycle_stage"]
    return stages[side].word(say.lang) if rule in ("STAGE_TAG", "STAGE_ORDERS") and side in stages else side


def _lint(data: ReportData) -> Iterator[Table]:
    say, faults = data.say, data.tag_lint
    if faults.empty:
        return
    rows = faults.assign(
        tag=faults["value"], n=faults["customers"], fault=[say(f"tag_fault.{one}") for one in faults["fault"]]
    )
    named = columns(say, ("tag", "text"), ("n", "int"), ("fault", "text"), ("suggestion", "text"))
    yield Table(say("section.tags.lint"), named, rows)
