"""The invented market behaves as a market does: few large customers, seasons, and a decline that shows before the end."""

from collections import Counter
from datetime import date, datetime
from statistics import mean, median

import pytest

from crmlib.sample.contracts import Contract, list_contracts
from crmlib.sample.pipeline import list_opportunities
from crmlib.sample.records import build_world
from crmlib.sample.talks import list_talks
from crmlib.sample.trade import Order, list_orders, list_payments
from crmlib.sample.world import END, START, World, health


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(600, seed=7)


@pytest.fixture(scope="module")
def orders(world: World) -> list[Order]:
    return list_orders(world)


def standing(world: World, orders: list[Order], *, as_of: date) -> dict[str, tuple[str, bool]]:
    """Customer → value tier of the last twelve months, and whether the last order is more than three months old."""
    amount, last = Counter(), {}
    for order in orders:
        if order.day < as_of:
            key = order.record.customer.key
            last[key] = order.day
            amount[key] += order.amount if order.day >= as_of.replace(year=as_of.year - 1) else 0
    bound = as_of.replace(month=as_of.month - 3)
    tiers = {key: "high" if n >= 500_000 else "middle" if n >= 100_000 else "low" for key, n in amount.items()}
    return {one.key: (tiers.get(one.key, "low"), last.get(one.key, END) < bound) for one in world.customers}


def test_few_customers_are_large_and_some_of_those_are_leaving(world, orders):
    now = standing(world, orders, as_of=date(2024, 7, 1))
    tiers = Counter(tier for tier, _ in now.values())
    assert 25 <= tiers["high"] <= 60 and 70 <= tiers["middle"] <= 160 and tiers["low"] > 300
    assert 5 <= sum(now[key] == ("high", True) for key in now) <= 15


def test_customers_move_between_may_and_june(world, orders):
    before = standing(world, orders, as_of=date(2024, 6, 1))
    now = standing(world, orders, as_of=date(2024, 7, 1))
    assert sum(before[key][0] != now[key][0] for key in now) >= 5
    assert sum(before[key][1] < now[key][1] for key in now) >= 5


def test_orders_stay_in_the_window_and_follow_the_season(orders):
    assert all(START <= order.day <= END for order in orders)
    months = Counter((order.day.year, order.day.month) for order in orders)
    assert len(months) == 24
    for year in (2022, 2023):
        assert months[year, 12] > 1.3 * months[year + 1, 2]
    assert len({order.number for order in orders}) == len(orders)


def test_payments_come_late_when_things_go_badly(world, orders):
    owner = {order.number: order.record.customer for order in orders}
    late: dict[bool, list[bool]] = {True: [], False: []}
    for one in list_payments(orders, world):
        well = health(owner[one["order_id"]], one["due_date"]) > 0.9
        if one["due_date"] <= END:
            late[well].append(one["paid_date"] is None or one["paid_date"] > one["due_date"])
    assert mean(late[False]) > 2 * mean(late[True]) > 0


def test_customers_that_are_leaving_answer_later_and_in_a_worse_mood(world, orders):
    hours: dict[bool, list[float]] = {True: [], False: []}
    bad: dict[bool, list[bool]] = {True: [], False: []}
    for talk in list_talks(world, orders):
        well = health(talk["record"].customer, talk["recorded_at"].date()) > 0.5
        bad[well].append(talk["mood_raw"] in ("消极", "不满"))
        if talk.get("awaiting_from") == "客户" and isinstance(
            talk["replied_at"], datetime
        ):  # some are noted by their day
            hours[well].append((talk["replied_at"] - talk["awaiting_since"]).total_seconds() / 3600)
    assert median(hours[False]) > 1.5 * median(hours[True])
    assert mean(bad[False]) > 2 * mean(bad[True])


def test_every_customer_stands_somewhere_and_every_buyer_with_sales(world, orders):
    assert all(one.records for one in world.customers)
    assert all(order.record.system == "crm" for order in orders)
    numbers = [record.number for record in (*world.records("web"), *world.records("crm"))]
    assert len(numbers) == len(set(numbers))


def test_a_branch_and_a_namesake_stand_beside_the_company_they_must_not_be_merged_with(world):
    firms = [one for one in world.customers if one.company]
    by_core: dict[tuple[str, str], list[str]] = {}
    for one in firms:
        by_core.setdefault((one.company.core, one.company.trade), []).append(one.name)
    related = [names for names in by_core.values() if len(names) > 1]
    assert any("分公司" in name for names in related for name in names)
    assert any("分公司" not in "".join(names) for names in related)
    assert len({one.credit_code for one in firms}) == len(firms)


def test_a_deal_goes_through_its_stages_and_ends_in_an_order_or_for_a_reason(world, orders):
    ordered = {(order.record.customer.key, order.day, order.amount) for order in orders}
    deals = list_opportunities(world, orders)
    ways: dict[str, int] = Counter(deal["stage"] for deal in deals)
    assert set(ways) == {"线索", "接洽", "方案报价", "谈判", "赢单", "输单"}
    assert 0.3 < ways["赢单"] / (ways["赢单"] + ways["输单"]) < 0.6
    for deal in deals:
        days = [day for key, day in deal.items() if key.startswith("stage_changes.")]
        days += [deal["closed_on"]] if "closed_on" in deal else []
        assert days == sorted(days) and START <= days[0] == deal["opened_on"] and days[-1] <= END
        assert ("closed_on" in deal) == (deal["stage"] in ("赢单", "输单"))
        assert ("输单原因" in deal) == (deal["stage"] == "输单")
        sold = (deal["record"].customer.key, deal.get("closed_on"), deal["amount_cny"])
        assert deal["stage"] != "赢单" or sold in ordered


def test_a_renewed_contract_has_a_follower_and_no_other_has(world, orders):
    contracts = list_contracts(world, orders)
    by_customer: dict[str, list[Contract]] = {}
    for one in contracts:
        by_customer.setdefault(one.order.record.customer.key, []).append(one)
    for some in by_customer.values():
        *before, last = some
        assert all(one.renewed for one in before) and not last.renewed
        assert all(abs((b.order.day - a.ends_on).days) < 30 for a, b in zip(some, some[1:], strict=False))
    ended = [one.renewed for one in contracts if one.ends_on <= END and one.renewed is not None]
    assert len(ended) > 60 and 0.6 < mean(ended) < 0.95
    assert len({one.order.number for one in contracts} | {order.number for order in orders}) == len(contracts) + len(
        orders
    )


def test_who_is_lost_has_one_day_and_one_reason(world, orders):
    told: dict[str, set[tuple[date, str]]] = {}
    for talk in list_talks(world, orders):
        assert ("customers.lost_on" in talk) == (talk["customers.lifecycle_stage"] == "流失")
        if "customers.lost_on" in talk:
            told.setdefault(talk["record"].customer.key, set()).add(
                (talk["customers.lost_on"], talk["customers.lost_reason"])
            )
    assert len(told) > 40 and all(len(one) == 1 for one in told.values())
    assert all(day <= END for one in told.values() for day, _ in one)
