"""What customers buy and how they pay: orders with season, growth and decline; payments that come late when things go badly."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

from crmlib.sample.words import words
from crmlib.sample.world import END, START, Customer, Record, World, health

SEASON = (0.90, 0.60, 1.05, 1.00, 0.98, 1.02, 0.88, 0.90, 1.05, 1.05, 1.22, 1.35)  # January … December
DISCOUNTS = {"high": 0.06, "middle": 0.03}  # what large customers talk out of our margin, as a share of the amount
FESTIVAL = ((date(2023, 1, 19), date(2023, 1, 31)), (date(2024, 2, 7), date(2024, 2, 19)))  # nobody orders


class Order(NamedTuple):
    record: Record
    day: date
    product: str
    quantity: int
    amount: int  # yuan
    cost: int | None
    number: str = ""


def list_orders(world: World) -> list[Order]:
    """All orders of the 24 months by day; the number is the day and a count."""
    rng = world.dice("orders")
    drafts = [draft for one in world.customers if one.value != "lead" for draft in _orders_of(one, rng)]
    drafts.sort(key=lambda draft: draft.day)
    count: dict[date, int] = {}
    orders = []
    for draft in drafts:
        count[draft.day] = count.get(draft.day, 0) + 1
        orders.append(draft._replace(number=f"{draft.day:%Y%m%d}{count[draft.day]:04d}"))
    return orders


def days_by_customer(orders: list[Order]) -> dict[str, list[date]]:
    days: dict[str, list[date]] = {}
    for order in orders:
        days.setdefault(order.record.customer.key, []).append(order.day)
    return days


def _orders_of(customer: Customer, rng: Random) -> Iterator[Order]:
    prices = {name: price for name, (_, price) in words()["products"].items()}
    fitting = [name for name, price in prices.items() if price <= customer.basket * 1.2] or ["标签耗材（箱）"]
    liked = rng.sample(fitting, min(3, len(fitting)))
    last = min(END, customer.ended_on or END)
    pause = START + timedelta(rng.randrange(150, 450)) if customer.path == "returning" else None
    known = (START - customer.met_on).days  # days before the window in which we met
    at = rng.uniform(0, customer.pace) if known > 40 else max(0, -known) + rng.uniform(12, 60)
    if customer.value == "once":
        at = rng.uniform(max(0, -known) + 10, (END - START).days)
    while True:
        day = _working_day(START + timedelta(int(at)), rng)
        if pause and pause <= day:
            at, pause = at + rng.uniform(130, 220), None
            continue
        if day > last:
            return
        share = (day - START).days / (END - START).days
        drift = {"growing": 0.7 + 0.7 * share, "slipping": 0.45 + 0.55 * health(customer, day)}.get(customer.path, 1.0)
        product = rng.choice(liked)
        wanted = customer.basket * drift**0.7 * rng.lognormvariate(-0.045, 0.3)
        quantity = max(1, round(wanted / prices[product]))
        amount = round(quantity * prices[product] * rng.choice((1, 1, 0.95, 0.9)))
        cost = (
            round(amount * (rng.uniform(0.5, 0.78) + DISCOUNTS.get(customer.value, 0))) if rng.random() > 0.15 else None
        )
        yield Order(customer.book(day), day, product, quantity, amount, cost)
        if customer.value == "once":
            return
        gap = rng.gammavariate(4, customer.pace / 4) / drift**0.3
        at += gap / SEASON[(day + timedelta(gap / 2)).month - 1]


def _working_day(day: date, rng: Random) -> date:
    for first, after in FESTIVAL:
        if first <= day < after:
            day = after + timedelta(rng.randrange(3))
    return day + timedelta(7 - day.weekday()) if day.weekday() > 4 and rng.random() < 0.85 else day


def list_payments(orders: list[Order], world: World, *, purpose: str = "payments") -> Iterator[dict[str, Any]]:
    """One instalment an order; an advance and the rest for the large ones. What is not paid by the last day is open."""
    rng = world.dice(purpose)
    for order in orders:
        term = {"high": 60, "middle": 45}.get(order.record.customer.value, 30)
        parts = [(term, order.amount, "")]
        if order.amount >= 100_000:
            advance = round(order.amount * 0.3)
            parts = [(7, advance, "预付30%"), (term, order.amount - advance, "尾款")]
        for days, due, note in parts:
            due_on = order.day + timedelta(days)
            ill = 1 - health(order.record.customer, due_on)
            late = rng.random() < order.record.customer.slack + 0.3 * ill
            wait = 1 + int(rng.gammavariate(2, 8 + 25 * ill)) if late else -int(rng.random() * min(8, days))
            paid_on = due_on + timedelta(wait)
            paid = round(due * 0.9) if late and rng.random() < 0.1 else due
            is_open = paid_on > END or (late and ill > 0.6 and rng.random() < 0.35)
            yield {
                "order_id": order.number,
                "due_date": due_on,
                "due_amount_cny": f"{due:.2f}",
                "paid_date": None if is_open else paid_on,
                "paid_amount_cny": None if is_open else f"{paid:.2f}",
                "note": note,
            }
