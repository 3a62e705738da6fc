"""The needs of one period: what is asked, offered for and met; its tables, and its figures."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.insight.coverage import Tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.keywords import find_moves
from crmlib.insight.needs_asked import count_said, list_askers, quarters_before, rank_topics, read_said
from crmlib.insight.needs_met import CLOSED, needs_by_customer, sum_needs_met
from crmlib.settings import Settings


def compute_needs(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """needs_met, needs_by_customer, need_topics, need_askers, and by quarter need_terms and need_words with their moves
    need_moves and word_moves: the last full quarter against the one before."""
    rules = settings.needs
    askers = list_askers(tables, start=start, as_of=as_of)
    quarters = quarters_before(as_of, quarters=rules.quarters)
    said = read_said(tables, quarters=quarters, as_of=as_of)
    terms, words = count_said(said, tables, quarters=quarters, least=rules.word_least)
    before, last = quarters[rules.quarters - 2], quarters[rules.quarters - 1]
    compared = {"before": before, "last": last, "least": rules.least}
    return {
        "needs_met": sum_needs_met(tables, start=start, as_of=as_of, least=rules.least),
        "needs_by_customer": needs_by_customer(tables, as_of=as_of),
        "need_topics": rank_topics(askers, flag_share=rules.flag_share, top=rules.top, least=rules.least),
        "need_askers": askers,
        "need_terms": terms,
        "need_moves": find_moves(terms, **compared),
        "need_words": words,
        "word_moves": find_moves(words, **compared),
    }


def needs_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """What the report states of needs; nothing where no need was in play."""
    met, topics = results["needs_met"].set_index("scope"), results["need_topics"]
    now, year = met.loc["period"], met.loc["12m"]
    if not year["in_play"]:
        return []
    day, rows = now["as_of"], "SELECT row_id, customer_id FROM needs WHERE "
    over = f"coalesce(status, 'open') IN {CLOSED}"
    opened = f"opened_at >= DATE '{now['start']}' AND opened_at < DATE '{day}'"

    def play(one: pd.Series) -> str:
        start = f"DATE '{one['start']}'"
        undated = f"closed_at IS NULL AND (NOT {over} OR opened_at >= {start})"
        return f"coalesce(opened_at < DATE '{day}', true) AND (closed_at >= {start} OR ({undated}))"

    def satisfied(one: pd.Series) -> str:
        within = f"closed_at >= DATE '{one['start']}' AND closed_at < DATE '{day}'"
        return f"{rows}{play(one)} AND {within} AND status = 'satisfied'"

    figures = [
        state_figure("needs_new", "needs", now["new"], "needs", now["new"], rows + opened),
        state_figure("need_overlap_share", "needs", now["overlap_share"], "share", now["in_play"],
                     f"{rows}{play(now)} AND offer <> ''", better="up"),
        state_figure("need_satisfied_share", "needs", now["satisfied_share"], "share", now["closed"], satisfied(now), better="up"),
        state_figure("need_satisfied_share_12m", "needs", year["satisfied_share"], "share", year["closed"], satisfied(year),
                     better="up"),
    ]  # fmt: skip
    first = topics[topics["top"]]
    if len(first) and first["enough"].all():
        of = int(first["of"].iloc[0])
        asking = "SELECT DISTINCT customer_id FROM need_askers WHERE topic IN ({})"
        names = ["'" + topic.replace("'", "''") + "'" for topic in first["topic"]]
        some = results["need_askers"]
        any_of = some.loc[some["topic"].isin(set(first["topic"])), "customer_id"].nunique()
        figures += [
            state_figure("need_top_share", "needs", first["share"].iloc[0], "share", of, asking.format(names[0])),
            state_figure("need_top3_share", "needs", any_of / of, "share", of, asking.format(", ".join(names))),
        ]
    return figures
