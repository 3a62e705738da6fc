"""What is signed for half a year or a year: contracts for support, renewed or not as it goes with the customer."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

from crmlib.periods import add_months
from crmlib.sample.trade import Order, days_by_customer
from crmlib.sample.words import words
from crmlib.sample.world import END, START, Customer, World, health

TAKERS = {"high": 0.7, "middle": 0.42, "low": 0.1}  # share of customers with a contract
FIRST = 9001  # the orders that stand behind contracts are counted from here on, day by day


class Contract(NamedTuple):
    order: Order  # a contract is an order of its own
    ends_on: date
    renewed: bool | None  # None: not decided on the last day
    number: str = ""


def list_contracts(world: World, orders: list[Order]) -> list[Contract]:
    """Contracts by the day of signing. A renewed one has a follower that is signed around its end."""
    rng, bought = world.dice("contracts"), days_by_customer(orders)
    drafts = [
        draft for one in world.customers if one.key in bought for draft in _contracts_of(one, bought[one.key][0], rng)
    ]
    drafts.sort(key=lambda draft: draft.order.day)
    count: dict[date | int, int] = {}
    contracts = []
    for draft in drafts:
        day = draft.order.day
        for key in (day, day.year):
            count[key] = count.get(key, 0) + 1
        order = draft.order._replace(number=f"{day:%Y%m%d}{FIRST + count[day] - 1}")
        contracts.append(draft._replace(order=order, number=f"HT{day.year}{count[day.year]:03d}"))
    return contracts


def _contracts_of(customer: Customer, first_order: date, rng: Random) -> Iterator[Contract]:
    if rng.random() >= TAKERS.get(customer.value, 0):
        return
    product = rng.choice(tuple(words()["contracts"]))
    category, share = words()["contracts"][product]
    months = 12 if rng.random() < 0.6 else 6
    fee = max(3_000, customer.basket * 365 / customer.pace * share * months / 12)
    day = _weekday(max(START + timedelta(rng.randrange(300)), first_order + timedelta(rng.randrange(5, 60))))
    last = customer.ended_on or END
    while day <= last:
        ends_on = add_months(day, months) - timedelta(1)
        stays = rng.random() < 0.15 + 0.8 * health(customer, min(ends_on, END))
        following = _weekday(ends_on + timedelta(rng.randrange(-20, 6)))
        renewed = stays and following <= last
        if not renewed and (following > END or ends_on > END):
            renewed = None
        amount = round(fee, -2)
        order = Order(customer.book(day), day, product, 1, amount, round(amount * rng.uniform(0.45, 0.7)))
        yield Contract(order, ends_on, renewed)
        if not renewed:
            return
        day, fee = following, fee * rng.uniform(1.0, 1.08)


def _weekday(day: date) -> date:
    return day + timedelta(7 - day.weekday()) if day.weekday() > 4 else day


def contract_rows(contracts: list[Contract]) -> Iterator[dict[str, Any]]:
    for one in contracts:
        order = one.order
        yield {
            "record": order.record,
            "contract_id": one.number,
            "order_id": order.number,
            "customers.source_id": order.record.number,
            "customers.name": order.record.name,
            "product": order.product,
            "category": words()["contracts"][order.product][0],
            "ordered_on": order.day,
            "contract_end": one.ends_on,
            "amount_cny": order.amount,
            "cost_cny": order.cost,
            "renewed": one.renewed,
            "status": "执行中" if one.ends_on > END else "已完成",
        }
