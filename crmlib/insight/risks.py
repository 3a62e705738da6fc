"""Risks over time: how many customers stood in each risk tier at the end of the last months, and whose data came from third parties."""

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmlib.engine import count_of, money, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.measures import (
    active_customers,
    add_facts,
    orders_before,
    overdue_payments,
    sum_orders,
    sum_overdue,
)
from crmlib.insight.tiers import label_risk
from crmlib.judging import RiskTier
from crmlib.periods import add_months
from crmlib.settings import Settings

MONTHS = 6
THIRD_PARTY = (
    "SELECT customer_id FROM customers WHERE coalesce(record_status, 'active') = 'active' AND customer_id IN (SELECT customer_id"
    " FROM records GROUP BY customer_id HAVING bool_and(provenance = 'third_party'))"
)


def risk_trend(tables: Tables, *, risk: RiskTier, as_of: date, months: int = MONTHS) -> pd.DataFrame:
    """One row per day and risk tier that somebody is in: day (`as_of` and the same day of the months before), risk, customers,
    overdue_payments, owed_cny. Each day is judged by what lies before it."""
    days = [add_months(as_of, -n) for n in range(months - 1, -1, -1)]
    found = read_frame(ibis.union(*(_on_day(tables, risk, day) for day in days)))
    return found.sort_values(["day", "risk"], ignore_index=True)


def _on_day(tables: Tables, risk: RiskTier, day: date) -> ir.Table:
    orders = sum_orders(orders_before(tables, as_of=day)).select("customer_id", "last_ordered_on")
    overdue = sum_overdue(overdue_payments(tables, as_of=day, window_months=risk.window_months))
    facts = add_facts(active_customers(tables).select("customer_id"), orders, overdue)
    facts = facts.mutate(overdue_payments_12m=facts.overdue_payments_12m.fill_null(0))
    labelled = facts.mutate(risk=label_risk(facts, risk, as_of=day))
    sums = labelled.group_by("risk").agg(
        customers=count_of(labelled.count()),
        overdue_payments=count_of(labelled.overdue_payments_12m.sum()),
        owed_cny=money(labelled.overdue_amount_cny.sum().coalesce(ibis.literal(0).cast("decimal(18,2)"))),
    )
    return sums.select("risk", "customers", "overdue_payments", "owed_cny", day=ibis.date(day))


def list_third_party(tables: Tables) -> pd.DataFrame:
    """One row per active customer of whom every row came from a third party (`[sources.x] third_party`): customer_id."""
    records = tables["records"].filter(lambda t: t.customer_id.notnull())
    theirs = records.group_by("customer_id").agg(own=count_of(records.count(where=records.provenance != "third_party")))
    known = active_customers(tables).select("customer_id")
    found = read_frame(known.semi_join(theirs.filter(theirs.own == 0), "customer_id"))
    return found.sort_values("customer_id", ignore_index=True)


def compute_risks(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """risk_trend and third_party."""
    return {
        "risk_trend": risk_trend(tables, risk=settings.tiers.risk, as_of=as_of),
        "third_party": list_third_party(tables),
    }


def risk_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    n = len(results["third_party"])
    return [state_figure("third_party_customers", "risk", n, "customers", n, THIRD_PARTY, better="down")]
