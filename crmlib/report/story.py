"""The story of page one: of all that could be said, the sentences that are most news; a figure that only wavers stays in its section."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from crmlib.intervals import newcombe
from crmlib.labels import Say
from crmlib.report.data import ReportData, Stated
from crmlib.report.numbers import compare, write_money, write_number, write_share, write_value
from crmlib.report.parts import KIND, NO_CHANGE, change_of, tell_change

MOST = 5
NEWS = 1.0  # a change of less than one standard error is not told
BEYOND = 2.0  # from here on a change is called larger than usual
LEAST = 10  # rows on both sides, or a share, a mean or a count is no news
USUAL = 0.20  # how far an amount moves from month to month on the log scale, where too few months are known
SCORE_SPREAD = 1.0  # standard deviation of one answer of 1 to 5
DULL = {"profile": 0.4, "tags": 0.4, "health": 0.4, "definitions": 0.0}  # sections whose changes weigh less on page one


class Sentence(NamedTuple):
    """One finding: its words, the figures it rests on, the section it belongs to, and how much news it is (in standard errors)."""

    text: str
    refs: tuple[str, ...]
    section: str
    news: float


def tell_story(data: ReportData, *, most: int = MOST) -> list[Sentence]:
    """At most `most` sentences: what came in and why first, then the greatest news, one a section, then how things stand.

    A change is measured against what chance does: two shares by their standard error, counts as Poisson, amounts by the
    changes of the months before. Few rows (LEAST) are never news.
    """
    lead = [*_money(data), *_driver(data)]
    rest = sorted([*_high(data), *_risk(data), *_balance(data), *_moved(data)], key=lambda one: -one.news)
    first = {one.section: one for one in reversed(rest)}  # the greatest of each section
    return [*lead, *(one for one in rest if first[one.section] is one)][:most]


def surprise(now: Stated, before: Stated, *, usual: float = USUAL) -> float:
    """How far a figure moved, in standard errors of what chance or habit does; 0 where there are too few rows to tell."""
    if now.value is None or before.value is None or now.value == before.value:
        return 0.0
    if now.unit == "share" and _of_money(now):
        return abs(now.value - before.value) / usual
    if now.unit == "share" or _of_whole(now):
        if min(now.n, before.n) < LEAST:
            return 0.0
        count, count_before = (one.value * one.n if one.unit == "share" else one.value for one in (now, before))
        pooled = (count + count_before) / (now.n + before.n)
        error = math.sqrt(max(pooled * (1 - pooled), 0) * (1 / now.n + 1 / before.n))
        return abs(count / now.n - count_before / before.n) / error if error else 0.0
    if now.unit in ("score", "hours", "days", "times", "cny"):
        if min(now.n, before.n) < LEAST:
            return 0.0
        # a mean of waits has its own size as spread
        error = usual if now.unit == "cny" else math.sqrt(1 / now.n + 1 / before.n)
        if now.unit == "score":
            return abs(now.value - before.value) / (SCORE_SPREAD * error)
        return abs(math.log(now.value / before.value)) / error if min(now.value, before.value) > 0 else 0.0
    total = now.value + before.value
    return abs(now.value - before.value) / math.sqrt(total) if total >= LEAST else 0.0


def usual_change(months: pd.DataFrame) -> float:
    """The standard deviation of the monthly changes of the amount before the last one, on the log scale; of fewer than four, 0.2."""
    amounts = months["amount_cny"].astype("float64")
    if len(amounts) < 6 or (amounts <= 0).any():
        return USUAL
    changes = [math.log(now / before) for before, now in zip(amounts[:-1], amounts[1:], strict=True)]
    return max(float(pd.Series(changes[:-1]).std()), 0.05)


def _of_whole(stated: Stated) -> bool:
    return stated.unit == "customers" and stated.figure_id.startswith("tier_") and stated.n > 0


def _of_money(stated: Stated) -> bool:
    """A share of money is no count of rows that chance could have dealt otherwise."""
    return any(word in stated.figure_id for word in ("amount", "revenue", "coverage"))


def _full_months(data: ReportData) -> pd.DataFrame:
    return data.order_trend[~data.order_trend["partial"].astype(bool)]


def _sentence(data: ReportData, rule: str, section: str, news: float, /, *refs: str, **blanks: str) -> Sentence:
    return Sentence(data.say(f"story.{rule}", **blanks), refs, section, news)


def _news(data: ReportData, figure_id: str) -> float:
    now, before = data.figure(figure_id), data.figure(figure_id, before=True)
    if not now or not before:
        return 0.0
    return surprise(now, before, usual=usual_change(_full_months(data))) * DULL.get(_section(data, figure_id), 1.0)


def _section(data: ReportData, figure_id: str) -> str:
    return data.figures.loc[data.figures["figure_id"] == figure_id, "section"].iloc[0]


def _money(data: ReportData) -> Iterator[Sentence]:
    amount = data.value("amount_12m")
    if amount is not None:
        words = {"n": write_number(data.value("customers_active") or 0), "amount": write_money(amount, data.say)}
        moved = tell_change(data, "amount_12m")
        yield _sentence(data, "money", "summary", math.inf, "customers_active", "amount_12m", **words, moved=moved)


def _driver(data: ReportData) -> Iterator[Sentence]:
    full = _full_months(data)
    last = full.tail(2)
    if len(last) == 2 and last["orders"].min() > 0 and last["amount_cny"].min() > 0:
        words = _explain(last, data.say) | {"trend": _against(full, data.say)}
        yield _sentence(
            data, "driver", "trend", math.inf, "amount_last_month", "amount_change_1m", "orders_last_month", **words
        )


def _explain(months: pd.DataFrame, say: Say) -> dict[str, str]:
    """Why the amount of a month moved: the number of orders, or their size, whichever moved more in the amount's own direction."""
    amounts, orders = months["amount_cny"].astype(float).tolist(), months["orders"].astype(int).tolist()
    pairs = {"amount": amounts, "orders": orders, "size": [a / n for a, n in zip(amounts, orders, strict=True)]}
    change = {key: compare(now, before, "money", say) for key, (before, now) in pairs.items()}
    way = change["amount"].sign
    moved = {key: way * (now / before - 1) for key, (before, now) in pairs.items()}
    why = "same" if not way else "orders" if moved["orders"] >= moved["size"] else "size"
    return {key: one.text for key, one in change.items()} | {
        "now": write_money(amounts[1], say),
        "n": write_number(orders[1]),
        "why": say(f"story.driver_{why}"),
        "month": f"{pd.Timestamp(months['month'].iloc[1]):%Y-%m}",
    }


def _against(months: pd.DataFrame, say: Say) -> str:
    """A turn: at least three of the four changes before went the other way, and this one is larger than usual."""
    amounts = months["amount_cny"].astype("float64").tolist()[-6:]
    if len(amounts) < 6 or min(amounts) <= 0:
        return ""
    *earlier, last = [now - before for before, now in zip(amounts[:-1], amounts[1:], strict=True)]
    other_way = sum(change * last < 0 for change in earlier)
    large = abs(math.log(amounts[-1] / amounts[-2])) >= usual_change(months)
    if other_way < 3 or not large:
        return ""
    return say("story.turned_down" if last < 0 else "story.turned_up", n=write_number(other_way))


def _high(data: ReportData) -> Iterator[Sentence]:
    share = data.share("tier_value_high")
    if share or data.share("tier_value_high", before=True):  # none, and none before, is no news
        words = {"n": write_number(data.value("tier_value_high")), "share": write_share(share, data.say)}
        moved = tell_change(data, "tier_value_high", both=True)
        yield _sentence(data, "high", "tiers", _news(data, "tier_value_high"), "tier_value_high", **words, moved=moved)


def _risk(data: ReportData) -> Iterator[Sentence]:
    share, at_risk = data.share("tier_risk_churn_risk"), data.value("at_risk_customers")
    if share is None:
        return
    words = {
        "n": write_number(data.value("tier_risk_churn_risk")),
        "share": write_share(share, data.say),
        "moved": tell_change(data, "tier_risk_churn_risk"),
    }
    news = max(_news(data, name) for name in ("tier_risk_churn_risk", "at_risk_customers", "at_risk_amount_12m"))
    if not at_risk:
        yield _sentence(data, "risk_alone", "at_risk", news, "tier_risk_churn_risk", **words)
        return
    both = {"high": write_number(at_risk), "amount": write_money(data.value("at_risk_amount_12m") or 0, data.say)}
    refs = ("tier_risk_churn_risk", "at_risk_customers", "at_risk_amount_12m")
    yield _sentence(
        data, "risk", "at_risk", max(news, BEYOND), *refs, **words, **both
    )  # valued customers leaving are news


def tell_balance(data: ReportData) -> dict[str, str]:
    """The blanks rows, quarantined and share of every sentence about the balance."""
    rows, quarantined = int(data.balance["in"].sum()), int(data.balance["quarantined"].sum())
    share = write_share(quarantined / rows if rows else 0, data.say)
    return {"rows": write_number(rows), "quarantined": write_number(quarantined), "share": share}


def _balance(data: ReportData) -> Iterator[Sentence]:
    """News where more than one row in a hundred was set aside."""
    rows = int(data.balance["in"].sum()) if len(data.balance) else 0
    if rows:
        share = int(data.balance["quarantined"].sum()) / rows
        yield _sentence(data, "data", "health", share / 0.01 * NEWS, "rows_quarantined", **tell_balance(data))


# told by sentences of their own, or the parts of one that is, or by a share of the same
TOLD_BY = ("tier_risk", "tier_activity", "at_risk", "unattributed")
_TOLD = {"customers_active", "amount_12m", "orders_12m", "amount_last_month", "orders_last_month", "tier_value_high"}


def _moved(data: ReportData) -> Iterator[Sentence]:
    """Any other figure that moved: its name, value, change, and for a share the interval of the change."""
    for figure_id in data.figures["figure_id"]:
        if figure_id in _TOLD | NO_CHANGE or figure_id.startswith(TOLD_BY):
            continue
        news, change = _news(data, figure_id), change_of(data, figure_id)
        if news < NEWS or not change or not change.sign:
            continue
        now, before = data.figure(figure_id), data.figure(figure_id, before=True)
        words = {
            "name": data.say(f"figure.{figure_id}"),
            "value": write_value(now.value, KIND.get(now.unit, "int"), data.say),
            "moved": tell_change(data, figure_id),
            "n": _n(now, before, data.say),
            "beyond": data.say("story.beyond") if news >= BEYOND else "",
        }
        yield _sentence(data, "moved", _section(data, figure_id), news, figure_id, **words)


def _n(now: Stated, before: Stated, say: Say) -> str:
    n = write_number(now.n)
    if now.unit != "share" or _of_money(now) or not now.n or not before.n:
        return say("story.n", n=n)
    counts = (round(now.value * now.n), now.n, round(before.value * before.n), before.n)
    low, high = (write_number(one * 100, 1, sign=True) for one in newcombe(*counts))
    return say("story.n_interval", n=n, low=low, high=high)
