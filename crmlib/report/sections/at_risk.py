"""At risk: the list to work through, high value and churn risk, with the reasons."""

import json

from crmlib.insight.reasons import tell_reasons
from crmlib.labels import Say
from crmlib.report.blocks import Section, Table, Text
from crmlib.report.data import ReportData
from crmlib.report.numbers import write_money, write_number
from crmlib.report.parts import columns, count_customers, make_metrics, make_section


def build_at_risk(data: ReportData) -> Section | None:
    """Somebody or nobody; None where value or risk could not be judged, and where no customer is of high value."""
    say, rows, tiers = data.say, data.at_risk, data.tiers
    if (
        not {"value", "risk"} <= set(tiers["dimension"])
        or not (tiers["dimension"].eq("value") & tiers["label"].eq("high")).any()
    ):
        return None
    if rows.empty:
        nobody = [Text(say("section.at_risk.nobody"))]
        return make_section(data, "at_risk", say("section.at_risk.title_none"), nobody, n=count_customers(data))
    named = columns(
        say, ("name", "text"), ("owner", "text"), ("amount_12m_cny", "amount"), ("last_ordered_on", "date"),
        ("months_since_last_order", "int"), ("days_since_last_contact", "int"), ("overdue_amount_cny", "amount"),
        ("why", "text"), ("customer_id", "id"), screen_only=("months_since_last_order", "customer_id"),
    )  # fmt: skip
    told = rows.assign(why=[_why(reasons, say) for reasons in rows["reasons"]])
    blanks = {"n": write_number(len(rows)), "amount": write_money(rows["amount_12m_cny"].sum(), say)}
    metrics = make_metrics(data, "tier_risk_churn_risk", "at_risk_customers", "at_risk_amount_12m", "overdue_amount")
    blocks = [*metrics, Table(say("section.at_risk.list"), named, told, on_paper=15)]
    return make_section(data, "at_risk", say("section.at_risk.title", **blanks), blocks, n=count_customers(data))


def _why(reasons: str, say: Say) -> str:
    """The reasons of the risk; those of the value are the amount's own column."""
    risk = [one for one in json.loads(reasons) if not one["rule"].startswith("VALUE_")]
    return say("section.join").join(tell_reasons(json.dumps(risk), say))
