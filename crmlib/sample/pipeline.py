"""What we hope to sell: opportunities through their stages, won where an order follows, lost for a reason, or open on the last day."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from crmlib.sample.trade import Order
from crmlib.sample.words import pick, words
from crmlib.sample.world import END, START, Customer, World, health

STAGES = ("线索", "接洽", "方案报价", "谈判")
YEARLY = {"high": 0.9, "middle": 0.5, "low": 0.2}  # opportunities that do not become an order, of one buyer in a year
LARGE = 1.7  # an order of so many times the usual amount was an opportunity before


def list_opportunities(world: World, orders: list[Order]) -> list[dict[str, Any]]:
    """Opportunities by the day they were opened."""
    rng, bought = world.dice("opportunities"), {}
    for order in orders:
        bought.setdefault(order.record.customer.key, []).append(order)
    deals = [deal for one in world.customers if one.listed for deal in _deals_of(one, bought.get(one.key, []), rng)]
    return sorted(deals, key=lambda deal: (deal["opened_on"], deal["record"].number))


def _deals_of(customer: Customer, bought: list[Order], rng: Random) -> Iterator[dict[str, Any]]:
    first = max(START, customer.met_on + timedelta(rng.randrange(0, 9)))
    if not bought:
        first = first if customer.met_on >= START else START + timedelta(rng.randrange(300))
        if first < END and rng.random() < 0.7:
            yield _hoped_for(customer, first, rng)
        return
    for n, order in enumerate(bought):
        new, large = n == 0 and customer.met_on >= START, order.amount > max(30_000, LARGE * customer.basket)
        opened = first if new else order.day - timedelta(rng.randrange(25, 110))
        if rng.random() < (0.8 if new else 0.3 if large else 0) and first <= opened < order.day - timedelta(4):
            yield _won(customer, opened, order, rng)
    day = START + timedelta(int(rng.expovariate(YEARLY.get(customer.value, 0.05) / 365)))
    while day < (customer.ended_on or END):
        if day > bought[0].day:
            yield _hoped_for(customer, day, rng)
        day += timedelta(45 + int(rng.expovariate(YEARLY.get(customer.value, 0.05) / 365)))


def _won(customer: Customer, opened: date, order: Order, rng: Random) -> dict[str, Any]:
    marks = sorted(rng.uniform(0.05, 0.95) for _ in STAGES[1:])
    days = [opened, *(opened + mark * (order.day - opened) for mark in marks)]
    return _deal(customer, order.product, order.amount, days, rng) | {"stage": "赢单", "closed_on": order.day}


def _hoped_for(customer: Customer, opened: date, rng: Random) -> dict[str, Any]:
    """It goes on until somebody gives up, or stands where it stands on the last day."""
    goes_on = 0.45 + 0.2 * health(customer, opened)
    prices = {name: price for name, (_, price) in words()["products"].items() if price > 1_000}
    product = rng.choice(tuple(prices))
    wanted = customer.basket * rng.uniform(0.8, 2.2) or rng.lognormvariate(0, 0.6) * 25_000
    amount = max(1, round(wanted / prices[product])) * prices[product]
    days = [opened]
    while True:
        following = days[-1] + timedelta(4 + int(rng.gammavariate(2, 12)))
        if following > END:
            return _deal(customer, product, amount, days, rng) | {"stage": STAGES[len(days) - 1]}
        if len(days) == len(STAGES) or rng.random() >= goes_on:
            break
        days.append(following)
    deal = _deal(customer, product, amount, days, rng)
    closed = days[-1] + timedelta(10 + int(rng.gammavariate(2, 16)))
    if closed > END or rng.random() < 0.04:  # some are never closed by anybody
        return deal | {"stage": STAGES[len(days) - 1]}
    return deal | {"stage": "输单", "closed_on": closed, "输单原因": pick(words()["shares"]["deal_lost"], rng)}


def _deal(customer: Customer, product: str, amount: int, days: list[date], rng: Random) -> dict[str, Any]:
    record = customer.book(days[0])
    entered = zip(("prospecting", "engaging", "proposal", "negotiation"), days, strict=False)
    return {
        "record": record,
        "customers.source_id": record.number,
        "customers.name": record.name,
        "product": product,
        "amount_cny": amount,
        "opened_on": days[0],
        "staff_name": customer.owner,
        **{f"stage_changes.{stage}": day for stage, day in entered},
    }
