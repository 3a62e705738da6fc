"""Needs met: how many needs we have an offer for, and how many of the closed ones were satisfied."""

from datetime import date

import ibis.expr.types as ir
import pandas as pd

from crmlib.engine import count_of, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.names import name_rows
from crmlib.insight.shares import add_share
from crmlib.periods import add_months

CLOSED = ("satisfied", "unsatisfied", "dropped")


def needs_in_play(tables: Tables, *, start: date, as_of: date) -> ir.Table:
    """Needs raised before `as_of` and not closed before `start`; one without a day was always there. A closed one without the
    day of its end is in play only where it was raised on or after `start`."""
    needs = tables["needs"]
    opened, closed = needs.opened_at.date(), needs.closed_at.date()
    over = needs.status.fill_null("open").isin(CLOSED)
    known = opened.isnull() | (opened < as_of)
    return needs.filter(known & ((closed >= start) | (closed.isnull() & (~over | (opened >= start)))))


def sum_needs_met(tables: Tables, *, start: date, as_of: date, least: int) -> pd.DataFrame:
    """Two rows, scope "period" ([start, as_of)) and "12m": start, as_of, new, in_play, matched, overlap_share (matched / in play),
    noted (with a degree of match), match_share (its mean), closed, satisfied, unsatisfied, dropped, open (at the end),
    satisfied_share (satisfied / closed) with low and high, customers, undated (closed at some time, nobody wrote when).

    Shares of fewer than `least` are missing. A need without an offer counts as not matched: nobody wrote one.
    """
    rows = [_sums(tables, scope, first, as_of) for scope, first in (("period", start), ("12m", add_months(as_of, -12)))]
    found = pd.concat(rows, ignore_index=True)
    found = add_share(found, "matched", "in_play", least=least, name="overlap_share")
    found = found.drop(columns=["low", "high", "enough"])
    found = add_share(found, "satisfied", "closed", least=least, name="satisfied_share")
    return found.assign(match_share=found["match_share"].where(found["noted"] >= least))


def _sums(tables: Tables, scope: str, start: date, as_of: date) -> pd.DataFrame:
    needs = needs_in_play(tables, start=start, as_of=as_of)
    sums = needs.agg(**_counts(needs, start=start, as_of=as_of), customers=count_of(needs.customer_id.nunique()))
    every = tables["needs"]
    lost = (every.status.isin(CLOSED) & every.closed_at.isnull()).fill_null(False)
    undated = read_frame(every.agg(undated=count_of(every.count(where=lost))))
    return pd.concat([read_frame(sums), undated], axis=1).assign(scope=scope, start=start, as_of=as_of)


def _counts(needs: ir.Table, *, start: date, as_of: date) -> dict[str, ir.Scalar]:
    opened, closed = needs.opened_at.date(), needs.closed_at.date()
    ended = ((closed >= start) & (closed < as_of)).fill_null(False)
    undated = closed.isnull() & needs.status.fill_null("open").isin(CLOSED)
    wanted = {
        "new": (opened >= start).fill_null(False),
        "in_play": needs.row_id.notnull(),
        "matched": needs.offer.notnull() & (needs.offer != ""),
        "noted": needs.match_share.notnull(),
        "closed": ended & needs.status.isin(CLOSED),
        **{status: ended & (needs.status == status) for status in CLOSED},
        "open": ~ended & ~undated,
    }
    counts = {name: count_of(needs.count(where=where.fill_null(False))) for name, where in wanted.items()}
    return counts | {"match_share": needs.match_share.cast("float64").mean()}


def needs_by_customer(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per customer with a need in play within 12 months: customer_id, name, owner, new, in_play, matched, overlap_share, noted,
    match_share, closed, satisfied, unsatisfied, dropped, open, satisfied_share. Sorted by customer_id.

    Shares of one customer are told whatever the number: they are that customer's own history.
    """
    start = add_months(as_of, -12)
    needs = needs_in_play(tables, start=start, as_of=as_of)
    needs = needs.filter(needs.customer_id.notnull())
    found = read_frame(needs.group_by("customer_id").agg(**_counts(needs, start=start, as_of=as_of)))
    shares = {"overlap_share": ("matched", "in_play"), "satisfied_share": ("satisfied", "closed")}
    for name, (part, whole) in shares.items():
        found[name] = (found[part] / found[whole].where(found[whole] > 0)).astype("float64").round(10)
    return name_rows(found, tables).sort_values("customer_id", ignore_index=True)
