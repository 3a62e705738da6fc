"""What customers wish for and how they are served: needs through their stages, tickets up to the revisit, quarterly surveys."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from crmlib.sample.trade import Order, days_by_customer
from crmlib.sample.words import pick, words
from crmlib.sample.world import END, START, Customer, World, health

CLOSE = datetime.combine(END, time(23, 59))
STAGES = ("初步接洽", "方案评估", "合同谈判", "合作维护")
LEVELS = {"一般": (10, 46), "重大": (5, 80), "紧急": (1.2, 18)}  # hours to respond, then to resolve
QUARTERS = [date(year, month, 5) for year in (2022, 2023, 2024) for month in (3, 6, 9, 12)]


def list_needs(world: World, orders: list[Order]) -> list[dict[str, Any]]:
    """Needs by the day they were raised, each with the days on which it reached its stages."""
    rng = world.dice("needs")
    bought = days_by_customer(orders)
    needs = [need for one in world.customers if one.listed for need in _needs_of(one, bought.get(one.key, []), rng)]
    return sorted(needs, key=lambda need: (need["opened_at"], need["record"].number))


def _needs_of(customer: Customer, bought: list[date], rng: Random) -> Iterator[dict[str, Any]]:
    day = max(START, customer.met_on + timedelta(rng.randrange(1, 12)))
    if (not bought or customer.met_on >= START) and rng.random() < 0.75 and day < END:
        yield _need(customer, day, bought[0] if bought else None, rng)
    if not bought:
        return
    yearly = {"high": 1.3, "middle": 0.8}.get(customer.value, 0.35)
    day = START + timedelta(int(rng.expovariate(yearly / 365)))
    while day < (customer.ended_on or END):
        if day > customer.met_on:
            yield _need(customer, day, None, rng)
        day += timedelta(30 + int(rng.expovariate(yearly / 365)))


def _need(customer: Customer, opened: date, won_on: date | None, rng: Random) -> dict[str, Any]:
    keen = 0.78 if won_on else 0.3 if customer.value == "lead" else 0.62 * health(customer, opened)
    reached = _stage_days(opened, won_on, keen, rng)
    chance, idle = rng.random(), (END - reached[-1]).days
    if len(reached) == len(STAGES):
        status = "已满足" if chance < 0.85 else "未满足"
    else:
        status = "跟进中" if idle < 90 or chance < 0.2 else "已放弃" if chance < 0.75 else "未满足"
    category = pick({name: share for name, (*_, share) in words()["needs"].items()}, rng)
    texts, offer, _ = words()["needs"][category]
    record = customer.book(START)
    need = {
        "record": record,
        "customers.source_id": record.number,
        "customers.name": record.name,
        "text": "先了解产品，具体需求待定",
        "priority": rng.choices(("高", "中", "低", ""), (28, 40, 22, 10))[0],
        "clarity": "模糊",
        "intent": "低",
        "stage": STAGES[len(reached) - 1],
        "due_date": opened + timedelta(rng.randrange(20, 120)) if rng.random() < 0.6 else None,
        "status": status,
        "opened_at": opened,
        "closed_at": None if status == "跟进中" else min(END, reached[-1] + timedelta(rng.randrange(3, 40))),
        **{f"{stage}日期": day for stage, day in zip(STAGES, reached, strict=False)},
    }
    if len(reached) > 1 or rng.random() > 0.6:
        need |= {"text": rng.choice(texts), "category": category, "clarity": "明确", "offer": offer}
        need |= {"intent": pick({"高": keen, "中": 0.4, "低": 0.7 - 0.6 * keen}, rng)}
        need |= {"match_share": f"{rng.randrange(50, 101, 5)}%"}
        if rng.random() < 0.5 and customer.basket:
            need["budget_cny"] = max(1, round(customer.basket * rng.uniform(0.8, 2.5) / 10_000))
    return need


def _stage_days(opened: date, won_on: date | None, keen: float, rng: Random) -> list[date]:
    if won_on and opened < won_on:  # the first order is where this need was answered
        return [opened + n * (won_on - opened) / 3 for n in range(4)]
    reached = [opened]
    while len(reached) < len(STAGES) and rng.random() < keen + 0.15:
        following = reached[-1] + timedelta(3 + int(rng.gammavariate(2, 11)))
        if following > END:
            break
        reached.append(following)
    return reached


def list_tickets(world: World, orders: list[Order]) -> list[dict[str, Any]]:
    """Tickets by the time they came in: the worse things go, the more of them."""
    rng = world.dice("tickets")
    desk = [one["name"] for one in world.staff if one["role"] == "客服"]
    bought = days_by_customer(orders)
    tickets = []
    for customer in world.customers:
        if customer.key not in bought:
            continue
        monthly = {"high": 1.8, "middle": 1.0}.get(customer.value, 0.4) / 12
        last = min(END, customer.ended_on + timedelta(60)) if customer.ended_on else END
        for month in range(24):
            day = START + timedelta(int(month * 30.4) + rng.randrange(30))
            if bought[customer.key][0] <= day <= last and rng.random() < monthly * (2.6 - 1.6 * health(customer, day)):
                tickets.append(_ticket(customer, day, rng.choice(desk), rng))
    about = world.dice("products complained of")
    for ticket in tickets:
        if ticket["kind"] == "投诉" and about.random() < 0.85:
            often = words()["concerned"].get(ticket["category"])
            ticket["product"] = about.choice(often if often and about.random() < 0.75 else tuple(words()["products"]))
    return sorted(tickets, key=lambda ticket: (ticket["opened_at"], ticket["record"].number))


def _ticket(customer: Customer, day: date, clerk: str, rng: Random) -> dict[str, Any]:
    ill = 1 - health(customer, day)
    slow = 0.7 + 1.6 * customer.sluggish
    kind = pick({"投诉": 40 + 40 * ill, "咨询": 30, "需求": 18, "建议": 12}, rng)
    angry = kind == "投诉"
    level = pick({"一般": 74, "重大": 19, "紧急": 7}, rng) if angry else "一般"
    category = rng.choice(tuple(words()["complaints"]))
    what, why = words()["complaints"][category]
    respond, resolve = LEVELS[level]
    opened = datetime.combine(day, time(8, 30)) + timedelta(minutes=rng.randrange(600))
    responded = opened + timedelta(minutes=round(60 * respond * slow * rng.lognormvariate(-0.3, 0.8)) + 3)
    resolved = responded + timedelta(minutes=round(60 * resolve * slow * rng.lognormvariate(-0.2, 0.7)) + 20)
    revisit = datetime.combine(resolved.date() + timedelta(rng.randrange(1, 8)), time(10 + rng.randrange(7), 30))
    record = customer.book(START)
    ticket = {
        "record": record,
        "customers.source_id": record.number if rng.random() < 0.85 else "",  # some call in by name only
        "customers.name": record.name,
        "kind": kind,
        "level": level,
        "category": category if angry else "",
        "description": rng.choice(what if angry else words()["questions"][kind]),
        "channel": pick({"电话": 6, "微信": 3, "邮件": 1}, rng),
        "opened_at": opened,
        "first_response_at": responded if responded < CLOSE else None,
        "assigned_to": clerk,
        "reopened": rng.random() < 0.06 + 0.1 * ill,
        "root_cause": rng.choice(why) if angry and rng.random() < 0.7 else "",
        "status": "待处理" if responded >= CLOSE else "处理中",
    }
    if resolved < CLOSE:
        solution = rng.choice(words()["phrases"]["solutions" if angry else "answers"])
        ticket |= {"resolved_at": resolved, "solution": solution, "status": rng.choice(("已解决", "已关闭"))}
        if revisit < CLOSE and rng.random() < (0.75 if angry else 0.3):
            waited = (resolved - opened) / timedelta(hours=1)
            ticket |= {"revisit_at": revisit, "revisit_score": _points(4.5 - waited / 160 - 1.2 * ill, 0.5, rng)}
    return ticket


def list_surveys(world: World, orders: list[Order], tickets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The quarterly survey of customers that bought before; key accounts are asked most often, about one in three does not answer."""
    rng, silent, visits = world.dice("surveys"), world.dice("unanswered"), world.dice("revisits")
    bought = days_by_customer(orders)
    trouble: dict[str, list[date]] = {}
    for ticket in tickets:
        if ticket["kind"] == "投诉":
            trouble.setdefault(ticket["record"].customer.key, []).append(ticket["opened_at"].date())
    surveys = []
    for asked in QUARTERS:
        for customer in world.customers:
            days = bought.get(customer.key)
            if not START < asked < END or not days or days[0] > asked:
                continue
            gone = customer.ended_on is not None and (asked - customer.ended_on).days > 120
            if not gone and rng.random() < {"high": 0.7, "middle": 0.4}.get(customer.value, 0.16):
                recent = sum(0 <= (asked - day).days < 90 for day in trouble.get(customer.key, ()))
                surveys.append(_survey(customer, asked, recent, rng))
            elif not gone and silent.random() < {"high": 0.7, "middle": 0.3}.get(customer.value, 0.08):
                surveys.append(_sent(customer, asked))
    return [one | _revisited(one, visits) for one in surveys]


def _revisited(survey: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Who scored low is mostly revisited within weeks, and scores higher then; now and then the cause is not written down."""
    chance = 0.75 if survey.get("score", 5) < 3 else 0.4 if survey.get("score", 5) == 3 else 0.0
    day = survey["asked_at"] + timedelta(15 + rng.randrange(12))
    if rng.random() >= chance or day > END:
        return {}
    told = {"revisited_at": day, "revisit_score": min(5.0, survey["score"] + rng.choice((0, 0.5, 1.0, 1.0, 1.5)))}
    return told | ({"root_cause": rng.choice(words()["low_scores"]["causes"])} if rng.random() < 0.8 else {})


def list_recommending(world: World, surveys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whether they would recommend us, from 0 to 10, asked once half a year of customers who answered the survey."""
    rng, asked = world.dice("recommending"), []
    for one in surveys:
        if one.get("score") and one["asked_at"].month in (6, 12) and rng.random() < 0.6:
            points = min(10, max(0, round(rng.gauss(2 * one["score"] - 0.4, 1.2))))
            same = {
                key: one[key] for key in ("record", "customers.source_id", "customers.name", "asked_at", "answered_at")
            }
            asked.append(same | {"score": points, "scale": 10, "dimension": "推荐意愿"})
    return asked


def _sent(customer: Customer, asked: date) -> dict[str, Any]:
    record = customer.book(asked)
    return {"record": record, "customers.source_id": record.number, "customers.name": record.name, "asked_at": asked}


def _survey(customer: Customer, asked: date, complaints: int, rng: Random) -> dict[str, Any]:
    ill = 1 - health(customer, asked)
    score = _points(4.55 - 1.5 * ill - 0.55 * min(complaints, 2) - 0.7 * customer.sluggish, 0.45, rng)
    feeling = "good" if score >= 4.5 else "plain" if score >= 3.5 else "bad"
    record = customer.book(asked)
    return {
        "record": record,
        "customers.source_id": record.number,
        "customers.name": record.name,
        "asked_at": asked,
        "answered_at": asked + timedelta(rng.randrange(14)),
        "score": score,
        "dimension": pick(words()["shares"]["dimension"], rng),
        "comment": rng.choice(words()["comments"][feeling]) if rng.random() < 0.45 else "",
    }


def _points(mean: float, spread: float, rng: Random) -> float:
    """From 1 to 5 in halves."""
    return min(5.0, max(1.0, round(rng.gauss(mean, spread) * 2) / 2))
