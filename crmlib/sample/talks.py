"""How we talk with customers: rhythm, mood and the time each side takes to answer follow from how well things go."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from crmlib.sample.trade import Order, days_by_customer
from crmlib.sample.words import pick, words
from crmlib.sample.world import END, START, VALUES, Customer, World, health

CLOSE = datetime.combine(END, time(23, 59))


class Meeting(NamedTuple):
    at: datetime
    customer: Customer
    stage: str


def list_talks(world: World, orders: list[Order]) -> Iterator[dict[str, Any]]:
    """All talks of the 24 months, in order of time."""
    rng = world.dice("talks")
    bought = days_by_customer(orders)
    meetings = [m for one in world.customers if one.listed for m in _meetings(one, bought.get(one.key, []), rng)]
    meetings.sort(key=lambda one: (one.at, one.customer.key))
    return (_talk(meeting, rng) for meeting in meetings)


def _meetings(customer: Customer, bought: list[date], rng: Random) -> Iterator[Meeting]:
    for day in _days(customer, bought, rng):
        at = datetime.combine(day, time(9)) + timedelta(minutes=rng.randrange(540))
        yield Meeting(at, customer, _stage(customer, day, bought))


def _days(customer: Customer, bought: list[date], rng: Random) -> Iterator[date]:
    *_, rhythm = VALUES[customer.value]
    day = max(START, customer.met_on + timedelta(rng.randrange(0, 4)))
    first = rng.randrange(2, 5) if customer.met_on >= START or not bought else 0  # talks before the first order
    more = rng.randrange(1, 3) if customer.value in ("once", "lead") else 10_000
    neglected = rng.random() < 0.4
    if not first:
        day += timedelta(int(rng.uniform(0, rhythm)))
    while day <= END:
        yield day + timedelta(2 if day.weekday() > 4 and day < END - timedelta(2) else 0)
        gone = customer.ended_on is not None and day > customer.ended_on
        if first:
            first -= 1
            gap = rng.gammavariate(2, 6)
        elif not more or (gone and neglected):
            return
        else:
            more -= 1
            gap = rng.gammavariate(2, rhythm * (2.2 if gone else 1) / 2)
        day += timedelta(1 + int(gap))


def _stage(customer: Customer, day: date, bought: list[date]) -> str:
    if customer.ended_on is not None and (day - customer.ended_on).days > 100:
        return "流失"
    if bought and (customer.met_on < START or day >= bought[0]):
        return "成交"
    return "潜在" if (day - max(customer.met_on, START)).days < 8 else "意向"


def _talk(meeting: Meeting, rng: Random) -> dict[str, Any]:
    at, customer, stage = meeting
    record = customer.book(at.date())
    well = health(customer, at.date())
    chance = rng.random()
    feeling = "bad" if chance < 0.06 + 0.5 * (1 - well) else "good" if chance > 0.95 - 0.38 * well else "plain"
    about = "回款" if stage == "成交" and rng.random() < 0.28 - 0.2 * well else rng.choice(words()["topics_of"][stage])
    topic = words()["topics"][about]
    exact = rng.random() > 0.09  # else only the day was written down
    talk = {
        "record": record,
        "customers.source_id": record.number,
        "customers.name": record.name,
        "contacts.name": record.contact.name,
        "contacts.phone": record.phone,
        "customers.industry_raw": customer.industry,
        "customers.lifecycle_stage": stage,
        "customers.owner_name": customer.owner,
        "occurred_at": write_moment(at, rng) if exact else write_day(at.date(), rng),
        "channel": pick(words()["shares"]["channel"], rng),
        "staff_name": customer.owner,
        "topic": topic["title"],
        "content": _content(topic, feeling, rng),
        "mood_raw": rng.choice(words()["moods"][feeling]) if rng.random() < 0.88 else "",
        "feedback": rng.choice(topic[feeling]) if rng.random() < 0.2 else "",
        "recorded_at": min(at + timedelta(minutes=round(60 * rng.lognormvariate(0.7, 1.1))), CLOSE),
    }
    if rng.random() < 0.3:
        theirs = record.contact.name[0] + rng.choice(("经理", "总", "主任"))
        talk["participants"] = f"我方：{customer.owner}；客户：{theirs}"
    if rng.random() < 0.55:
        due = at.date() + timedelta(rng.randrange(2, 15))
        done = due < END - timedelta(10) and rng.random() < 0.93
        talk |= {"actions.task": f"我方{due}前{topic['action']}", "actions.due_date": due}
        talk["actions.status"] = "已完成" if done else "待跟进"
    if exact and rng.random() < 0.6:
        ours = rng.random() < 0.35
        since = at + timedelta(minutes=rng.randrange(5, 60))
        hours = 5 * (1 + 3 * customer.sluggish) if ours else 13 * (1 + 2.4 * (1 - well))
        replied = since + timedelta(minutes=round(60 * rng.lognormvariate(0, 0.85) * hours))
        talk |= {"awaiting_from": "我方" if ours else "客户", "awaiting_since": since}
        noted = replied.date() if replied.minute < 2 else replied  # some write down the day alone
        talk["replied_at"] = noted if replied <= CLOSE and rng.random() > 0.05 else None
    return talk


def _content(topic: dict[str, Any], feeling: str, rng: Random) -> str:
    """Both sides where somebody took the time, some on two lines; else one note."""
    theirs, ours, style = rng.choice(topic[feeling]), rng.choice(topic["ours"]), rng.random()
    if style < 0.5:
        return f"客户：{theirs}；" + ("\n" if style < 0.01 else "") + f"我方：{ours}"
    return f"{theirs}，{ours}" if style < 0.85 else f"客户{theirs}。"


def write_day(day: date, rng: Random) -> str:
    style = rng.random()
    if style < 0.8:
        return f"{day}"
    if style < 0.9:
        return f"{day.year}/{day.month}/{day.day}"
    return f"{day.year}年{day.month}月{day.day}日" if style < 0.96 else f"{day:%Y.%m.%d}"


def write_moment(at: datetime, rng: Random) -> str:
    if rng.random() < 0.9:
        return at.isoformat(" ", "minutes")
    return f"{at.year}/{at.month}/{at.day} {at:%H:%M}"
