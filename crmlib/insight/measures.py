"""Measures: facts per customer as Ibis expressions, so that one definition runs on every engine.

Every measure counts what lies strictly before `as_of`; what a table says of later days is as if it were not there.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmlib.engine import count_of, days_between, money, month_number, read_frame
from crmlib.insight.coverage import Tables, empty_tables
from crmlib.periods import add_months

Measure = Callable[[Tables, date], ir.Table]

CANCELLED = "cancelled"
# what a measure that finds no row means: nothing was ordered, said or owed. Everything else stays missing.
ZERO = {
    "orders": ("amount_12m_cny", "orders_12m", "amount_total_cny", "orders_total"),
    "interactions": ("contacts_6m",),
    "payments": ("overdue_payments_12m", "overdue_amount_cny"),
}


def active_customers(tables: Tables) -> ir.Table:
    """The customers who are neither archived nor merged away; one who has no record_status is active."""
    customers = tables["customers"]
    return customers.filter(customers.customer_id.notnull() & (customers.record_status.fill_null("active") == "active"))


def add_facts(rows: ir.Table, *facts: ir.Table) -> ir.Table:
    """`rows` with the columns of tables of one row per customer, missing where these have none."""
    for one in facts:
        rows = rows.left_join(one, "customer_id").drop("customer_id_right")
    return rows


def orders_before(tables: Tables, *, as_of: date, start: date | None = None) -> ir.Table:
    """Order rows of [start, as_of): row_id, customer_id, ordered_on, counted_cny, is_order, order_key. Orders of no customer
    (未归属) are included.

    A cancellation takes its negative amount off and is no order; a cancelled row with a positive amount is a sale that
    never was, and counts as 0. A negative row that is not marked cancelled is a return: it takes its amount off too.
    """
    needed = ["row_id", "customer_id", "order_id", "ordered_on", "amount_cny", "status"]
    orders = tables["orders"].select(needed)
    within = orders.filter(orders.ordered_on < as_of)
    if start is not None:
        within = within.filter(within.ordered_on >= start)
    cancelled = within.status.fill_null("") == CANCELLED
    returned = within.amount_cny.fill_null(0) < 0
    return within.select(
        "row_id",
        "customer_id",
        "ordered_on",
        counted_cny=money(ibis.cases((cancelled & ~returned, 0), else_=within.amount_cny)),
        is_order=~cancelled & ~returned,
        order_key=within.order_id.coalesce(within.row_id),
    )


def customer_orders(tables: Tables, *, as_of: date, start: date | None = None) -> ir.Table:
    """Of `orders_before` those of a known customer, neither cancelled nor returned."""
    orders = orders_before(tables, as_of=as_of, start=start)
    return orders.filter(orders.customer_id.notnull() & orders.is_order)


def count_orders(orders: ir.Table) -> ir.Value:
    """Orders among rows of `orders_before`: one number used for two customers is two orders, as in the sums by customer."""
    return count_of((orders.customer_id.fill_null("") + "/" + orders.order_key).nunique(where=orders.is_order))


def sum_orders(orders: ir.Table) -> ir.Table:
    """Rows of `orders_before` → one row per customer: amount_cny, orders, first and last order day.

    Several rows of one order_id are one order; a row without an id is one by itself. Days are those of orders, not of cancellations.
    """
    known = orders.filter(orders.customer_id.notnull())
    return known.group_by("customer_id").agg(
        amount_cny=money(known.counted_cny.sum()),
        orders=count_of(known.order_key.nunique(where=known.is_order)),
        first_ordered_on=known.ordered_on.min(where=known.is_order),
        last_ordered_on=known.ordered_on.max(where=known.is_order),
    )


def value_start(basis: str, *, as_of: date, fiscal_year_start: int = 1) -> date | None:
    """The first day that a customer's value counts from; None from the beginning. The last day is always the one before `as_of`."""
    if basis == "cumulative":
        return None
    if basis == "trailing_12m":
        return add_months(as_of, -12)
    first_month = fiscal_year_start if basis == "fiscal_year" else 1
    last_month = add_months(as_of.replace(day=1), -1) if as_of.day == 1 else as_of.replace(day=1)
    return add_months(last_month, -((last_month.month - first_month) % 12))


def measure_orders_12m(tables: Tables, as_of: date) -> ir.Table:
    """One row per customer with an order row in the 12 months before `as_of`: amount_12m_cny, orders_12m."""
    sums = sum_orders(orders_before(tables, as_of=as_of, start=add_months(as_of, -12)))
    return sums.select("customer_id", amount_12m_cny=sums.amount_cny, orders_12m=sums.orders)


def measure_orders_total(tables: Tables, as_of: date) -> ir.Table:
    """One row per customer with an order row before `as_of`: amount_total_cny, orders_total, first_ordered_on, last_ordered_on,
    days_since_last_order, months_since_last_order (full calendar months)."""
    sums = sum_orders(orders_before(tables, as_of=as_of))
    last = sums.last_ordered_on
    return sums.select(
        "customer_id",
        "first_ordered_on",
        "last_ordered_on",
        amount_total_cny=sums.amount_cny,
        orders_total=sums.orders,
        days_since_last_order=days_between(last, as_of),
        months_since_last_order=full_months(last, as_of),
    )


def full_months(earlier: ir.DateValue, as_of: date) -> ir.IntegerValue:
    """Full calendar months up to `as_of`, as `periods.months_between` counts them: 31 January to 28 February is one."""
    months = as_of.year * 12 + as_of.month - 1 - month_number(earlier)
    month_ends = add_months(as_of.replace(day=1), 1).toordinal() - as_of.toordinal() == 1
    return months if month_ends else months - (earlier.day() > as_of.day).ifelse(1, 0)


def measure_order_gap(tables: Tables, as_of: date) -> ir.Table:
    """One row per customer with orders on two days or more before `as_of`: median_order_gap_days between them."""
    return median_gaps(customer_orders(tables, as_of=as_of), "ordered_on").rename(
        median_order_gap_days="median_gap_days"
    )


def median_gaps(rows: ir.Table, day: str) -> ir.Table:
    """One row per customer with rows on two days or more: median_gap_days between them."""
    days = rows.select("customer_id", on=rows[day]).distinct()
    days = days.mutate(earlier=days.on.lag().over(ibis.window(group_by="customer_id", order_by="on")))
    gaps = days.filter(days.earlier.notnull())
    gaps = gaps.mutate(gap=days_between(gaps.earlier, gaps.on).cast("float64"))
    return gaps.group_by("customer_id").agg(median_gap_days=gaps.gap.median().cast("float64"))


def talks_before(tables: Tables, *, as_of: date) -> ir.Table:
    """Conversations with a known customer before `as_of`: row_id, customer_id, talked_on."""
    talks = tables["interactions"].filter(lambda t: t.customer_id.notnull())
    talks = talks.select("row_id", "customer_id", talked_on=talks.occurred_at.date())
    return talks.filter(talks.talked_on < as_of)


def measure_contacts(tables: Tables, as_of: date) -> ir.Table:
    """One row per customer spoken to before `as_of`: last_contacted_on, days_since_last_contact, contacts_6m."""
    talks = talks_before(tables, as_of=as_of)
    recent = talks.talked_on >= add_months(as_of, -6)
    last = talks.group_by("customer_id").agg(
        last_contacted_on=talks.talked_on.max(), contacts_6m=count_of(talks.count(where=recent))
    )
    return last.mutate(days_since_last_contact=days_between(last.last_contacted_on, as_of))


def overdue_payments(tables: Tables, *, as_of: date, window_months: int = 12) -> ir.Table:
    """Payments due in the `window_months` before `as_of` that were paid after their day, or not in full until `as_of`.

    One row per payment: row_id, customer_id, due_date, owed_cny (still open on `as_of`), overdue_days (until it was paid, else
    until `as_of`).
    Money paid on or after `as_of` is not yet paid; an amount paid without a date counts as paid in time.
    """
    needed = ["row_id", "customer_id", "due_date", "due_amount_cny", "paid_date", "paid_amount_cny"]
    due = tables["payments"].select(needed)
    due = due.filter(lambda t: (t.due_date >= add_months(as_of, -window_months)) & (t.due_date < as_of))
    later = due.paid_date.notnull() & (due.paid_date >= as_of)
    due = due.mutate(
        paid_on=later.ifelse(ibis.null("date"), due.paid_date),
        paid_cny=money(
            ibis.cases(
                (later, 0),
                (due.paid_date.notnull(), due.paid_amount_cny.coalesce(due.due_amount_cny)),
                else_=due.paid_amount_cny.fill_null(0),
            )
        ),
        nothing_paid=later | (due.paid_date.isnull() & due.paid_amount_cny.isnull()),
    )
    owed = money(due.due_amount_cny - due.paid_cny)
    due = due.mutate(owed_cny=money(ibis.cases((owed < 0, 0), else_=owed)))
    late = due.paid_on.notnull() & (due.paid_on > due.due_date)
    # an unknown amount that nobody paid is overdue; nothing due is not
    open_still = ibis.coalesce(due.owed_cny > 0, due.nothing_paid)
    overdue = due.filter(open_still | late)
    settled = overdue.paid_on.notnull() & ~ibis.coalesce(overdue.owed_cny > 0, False)
    until_paid = days_between(overdue.due_date, overdue.paid_on)
    overdue_days = settled.ifelse(until_paid, days_between(overdue.due_date, as_of))
    return overdue.select("row_id", "customer_id", "due_date", "owed_cny", overdue_days=overdue_days)


def measure_overdue(tables: Tables, as_of: date) -> ir.Table:
    """One row per customer with a payment overdue in the last 12 months: overdue_payments_12m, overdue_amount_cny (still owed
    of these on `as_of`), max_overdue_days."""
    return sum_overdue(overdue_payments(tables, as_of=as_of))


def sum_overdue(overdue: ir.Table) -> ir.Table:
    """Rows of `overdue_payments` → one row per customer."""
    known = overdue.filter(overdue.customer_id.notnull())
    return known.group_by("customer_id").agg(
        overdue_payments_12m=count_of(known.count()),
        overdue_amount_cny=money(known.owed_cny.sum()),
        max_overdue_days=count_of(known.overdue_days.max()),
    )


MEASURES: Mapping[str, Measure] = {
    "orders_12m": measure_orders_12m,
    "orders_total": measure_orders_total,
    "order_gap": measure_order_gap,
    "contacts": measure_contacts,
    "overdue": measure_overdue,
}
COLUMNS = (
    "customer_id", "amount_12m_cny", "orders_12m", "amount_total_cny", "orders_total", "first_ordered_on", "last_ordered_on",
    "days_since_last_order", "months_since_last_order", "median_order_gap_days", "last_contacted_on",
    "days_since_last_contact", "contacts_6m", "overdue_payments_12m", "overdue_amount_cny", "max_overdue_days",
)  # fmt: skip


def build_measures(tables: Tables, *, as_of: date, missing: Collection[str] = ()) -> ir.Table:
    """One row per active customer, sorted by customer_id, with every measure (COLUMNS).

    A customer without orders has 0 orders for 0 yuan; where a whole table is `missing`, its measures are missing too.
    """
    joined = add_facts(
        active_customers(tables).select("customer_id"), *(measure(tables, as_of) for measure in MEASURES.values())
    )
    zeros = {column: 0 for table, columns in ZERO.items() if table not in missing for column in columns}
    filled = {column: joined[column].fill_null(ibis.literal(0).cast(joined[column].type())) for column in zeros}
    return joined.mutate(**filled).select(*COLUMNS).order_by("customer_id")


def measure_customers(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """`build_measures` run where the tables are; what rests on a table without rows is missing."""
    frame = read_frame(build_measures(tables, as_of=as_of, missing=empty_tables(tables)))
    return frame.sort_values("customer_id", ignore_index=True)  # engines sort text each in its way
