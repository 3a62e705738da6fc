"""Every table about tags of one day, in one call."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.insight.coverage import Tables
from crmlib.insight.measures import measure_customers
from crmlib.insight.names import name_rows
from crmlib.insight.segments import assign_segments, score_rfm
from crmlib.insight.tag_lint import lint_tags
from crmlib.insight.tag_review import find_contradictions, join_tags, propose_tags, read_own_tags
from crmlib.insight.tags import date_tags, gather_facts_for_tags, tag_customers
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import Settings


def compute_tags(
    tables: Tables,
    measures: pd.DataFrame,
    tiers: pd.DataFrame,
    *,
    settings: Settings,
    before_on: date,
    as_of: date,
    in_yuan: bool,
) -> Mapping[str, pd.DataFrame]:
    """tags (all origins, as they stand on `as_of`), tag_lint, tag_proposals and contradictions."""
    facts = _facts(tables, measures, tiers, settings=settings, as_of=as_of)
    earlier = facts
    if settings.tags:  # only the users' own rules ask for more than the tables
        old = measure_customers(tables, as_of=before_on)
        old_tiers = assign_tiers(tables, settings=settings, as_of=before_on, in_yuan=in_yuan)
        earlier = _facts(tables, old, old_tiers, settings=settings, as_of=before_on)
    auto = tag_customers(tables, facts, settings=settings, as_of=as_of)
    before = tag_customers(tables, earlier, settings=settings, as_of=before_on)
    imported, entries = read_own_tags(tables)
    tags = join_tags(date_tags(auto, before, before_on=before_on, as_of=as_of), imported, entries, as_of=as_of)
    proposals = propose_tags(tags, facts, settings.tagging.proposals, entries=entries, as_of=as_of)
    pairs = find_contradictions(tables, tags, tiers, measures, settings=settings, as_of=as_of)
    return {
        "tags": tags,
        "tag_lint": lint_tags(tags, tagging=settings.tagging),
        "tag_proposals": name_rows(proposals, tables).drop(columns="owner"),
        "contradictions": name_rows(pairs, tables),
    }


def _facts(
    tables: Tables, measures: pd.DataFrame, tiers: pd.DataFrame, *, settings: Settings, as_of: date
) -> pd.DataFrame:
    segments = assign_segments(score_rfm(measures), settings.segments)
    return gather_facts_for_tags(tables, measures, tiers, segments, as_of=as_of)
