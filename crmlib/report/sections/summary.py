"""Page one: the figures, the sentences that follow from them, and what to do."""

from collections.abc import Iterator

import pandas as pd

from crmlib.labels import Say
from crmlib.report.advice import advise
from crmlib.report.blocks import Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import compare, write_money, write_number, write_share
from crmlib.report.parts import columns, count_customers, make_metrics, make_section, tell_change

SHOWN = (
    "customers_active", "amount_12m", "amount_last_month", "tier_value_high",
    "tier_risk_churn_risk", "at_risk_customers", "overdue_amount", "contacted_share_6m",
)  # fmt: skip


def build_summary(data: ReportData) -> Section:
    """Always made: with few tables it says what it can."""
    say, advice = data.say, advise(data)
    named = columns(
        say, ("finding", "text"), ("action", "text"), ("figure_id", "id"), ("role", "text"), ("due", "date")
    )
    tables = [Table(say("section.summary.actions"), named, advice)] if len(advice) else []
    notes = [Text(note, "caution") for note in data.notes]
    blocks = [*notes, *make_metrics(data, *SHOWN), *_findings(data), *tables]
    return make_section(data, "summary", _title(data), blocks, n=count_customers(data))


def _title(data: ReportData) -> str:
    share = data.share("tier_value_high")
    if share is None:
        return data.say("section.summary.title_plain", n=write_number(data.value("customers_active") or 0))
    blanks = {"n": write_number(data.value("tier_value_high")), "share": write_share(share, data.say)}
    return data.say("section.summary.title", **blanks, moved=tell_change(data, "tier_value_high"))


def _findings(data: ReportData) -> Iterator[Text]:
    """What changed, why, and where it leads; a sentence whose figures are missing is not said."""
    say, value, share = data.say, data.value, data.share

    def finding(name: str, *refs: str, **blanks: str) -> Text:
        return Text(say(f"section.summary.{name}", **blanks), "finding", refs)

    if value("amount_12m") is not None:
        blanks = {"n": write_number(value("customers_active") or 0), "amount": write_money(value("amount_12m"), say)}
        yield finding("money", "customers_active", "amount_12m", **blanks, moved=tell_change(data, "amount_12m"))
    full = data.order_trend[~data.order_trend["partial"].astype(bool)].tail(2)
    if len(full) == 2 and full["orders"].min() > 0 and full["amount_cny"].min() > 0:
        yield finding("driver", "amount_last_month", "amount_change_1m", "orders_last_month", **_driver(full, say))
    if share("tier_value_high") is not None:
        blanks = {"n": write_number(value("tier_value_high")), "share": write_share(share("tier_value_high"), say)}
        yield finding("high", "tier_value_high", **blanks, moved=tell_change(data, "tier_value_high", both=True))
    if share("tier_risk_churn_risk") is not None:
        blanks = {
            "n": write_number(value("tier_risk_churn_risk")),
            "share": write_share(share("tier_risk_churn_risk"), say),
            "moved": tell_change(data, "tier_risk_churn_risk"),
        }
        both = {
            "high": write_number(value("at_risk_customers") or 0),
            "amount": write_money(value("at_risk_amount_12m") or 0, say),
        }
        if value("at_risk_customers") is None:
            yield finding("risk_alone", "tier_risk_churn_risk", **blanks)
        else:
            yield finding("risk", "tier_risk_churn_risk", "at_risk_customers", "at_risk_amount_12m", **blanks, **both)
    if len(data.balance):
        yield finding("data", "rows_quarantined", **tell_balance(data))


def _driver(months: pd.DataFrame, say: Say) -> dict[str, str]:
    """Why the amount of a month moved: more orders, or larger ones, whichever moved more."""
    amounts, orders = months["amount_cny"].astype(float).tolist(), months["orders"].astype(int).tolist()
    pairs = {"amount": amounts, "orders": orders, "size": [a / n for a, n in zip(amounts, orders, strict=True)]}
    change = {key: compare(now, before, "money", say) for key, (before, now) in pairs.items()}
    moved = {key: abs(now / before - 1) for key, (before, now) in pairs.items()}
    why = "same" if not change["amount"].sign else "orders" if moved["orders"] >= moved["size"] else "size"
    return {key: one.text for key, one in change.items()} | {
        "now": write_money(amounts[1], say),
        "n": write_number(orders[1]),
        "why": say(f"section.summary.driver_{why}"),
        "month": f"{pd.Timestamp(months['month'].iloc[1]):%Y-%m}",
    }


def tell_balance(data: ReportData) -> dict[str, str]:
    """The blanks rows, quarantined and share of every sentence about the balance."""
    rows, quarantined = int(data.balance["in"].sum()), int(data.balance["quarantined"].sum())
    share = write_share(quarantined / rows if rows else 0, data.say)
    return {"rows": write_number(rows), "quarantined": write_number(quarantined), "share": share}
