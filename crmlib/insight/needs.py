"""Open needs, weighed: how strong each is, and what speaks for a high intent to buy."""

from datetime import date

import ibis
import ibis.expr.types as ir

from crmlib.engine import count_of
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers
from crmlib.judging import PotentialTier

WEIGHTS = {3: "focus", 2: "potential", 1: "watch"}
EVIDENCE = {1: "intent", 2: "priority", 3: "stage", 4: "lifecycle_stage"}  # the plainest word first


def open_needs(tables: Tables, *, as_of: date) -> ir.Table:
    """Needs known and not yet closed at the start of `as_of`; one without a day counts as known."""
    needs = tables["needs"]
    needs = needs.filter(needs.opened_at.isnull() | (needs.opened_at.date() < as_of))
    closed_later = needs.closed_at.notnull() & (needs.closed_at.date() >= as_of)
    still_open = needs.closed_at.isnull() & (needs.status.fill_null("open") == "open")
    return needs.filter(closed_later | still_open)


def weigh_needs(tables: Tables, *, potential: PotentialTier, as_of: date) -> ir.Table:
    """One row per open need that decides a customer's potential, the weightiest ones: customer_id, row_id, opened_at, weight (key of WEIGHTS), evidence (key of EVIDENCE).

    Strong: said clearly; where nobody noted how clearly, a need of high priority. A need said vaguely weighs 1.
    High intent: the noted intent; only where none is noted, the priority, the stage of the need, then the stage of the customer.
    """
    customers = active_customers(tables).select("customer_id", "lifecycle_stage")
    needs = open_needs(tables, as_of=as_of).inner_join(customers, "customer_id")
    urgent = needs.priority.isin(potential.priorities).fill_null(False)
    evidence = ibis.cases(
        (needs.intent.isin(potential.intents), 1),
        (needs.intent.notnull(), 0),
        (urgent, 2),
        (needs.stage.isin(potential.stages), 3),
        (needs.lifecycle_stage.isin(potential.lifecycle_stages), 4),
        else_=0,
    ).nullif(0)
    strong = needs.clarity.isin(potential.clarity) | (needs.clarity.isnull() & urgent)
    strong = strong.fill_null(False)
    weight = ibis.cases((strong & evidence.notnull(), 3), (needs.clarity.notnull() & ~strong, 1), else_=2)
    weighed = needs.mutate(weight=weight.cast("int64"), evidence=evidence.cast("int64"))
    best = weighed.weight.max().over(ibis.window(group_by="customer_id"))
    weighed = weighed.mutate(best=best)
    return weighed.filter(weighed.weight == weighed.best).select(
        "customer_id", "row_id", "opened_at", "weight", "evidence"
    )


def sum_needs(needs: ir.Table) -> ir.Table:
    """Rows of `weigh_needs` → one row per customer: potential (label), needs (how many decide it), intent_by."""
    best = needs.group_by("customer_id").agg(
        weight=needs.weight.max(), needs=count_of(needs.count()), evidence=needs.evidence.min()
    )
    return best.select(
        "customer_id",
        "needs",
        potential=ibis.cases(*((best.weight == weight, label) for weight, label in WEIGHTS.items())),
        intent_by=ibis.cases(*((best.evidence == number, name) for number, name in EVIDENCE.items())),
    )
