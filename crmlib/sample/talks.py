"""How we talk with customers: rhythm, mood and the time each side takes to answer follow from how well things go."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from crmlib.sample.trade import Order, days_by_customer
from crmlib.sample.words import pick, words
from crmlib.sample.world import END, START, VALUES, Customer, World, health

CLOSE = datetime.combine(END, time(23, 59))
LEFT_AFTER = 100  # days without an order, then sales writes a customer down as lost


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
    beside = _Beside(world, bought)
    return (beside.tell(meeting, _talk(meeting, rng)) for meeting in meetings)


class _Beside:
    """What else stands in the list: which campaign a talk belonged to, what a visit cost, when a task was done, when and why a customer left."""

    def __init__(self, world: World, bought: dict[str, list[date]]) -> None:
        self.done, self.spent = world.dice("tasks done"), world.dice("travel")
        invited, left = world.dice("campaigns"), world.dice("why they left")
        self.invited = {
            (name, one.key)
            for name, (first, _, share) in words()["campaigns"].items()
            for one in world.customers
            if invited.random() < share and bought.get(one.key, [END])[0] < first
        }
        self.reasons = {one.key: _why(one, left) for one in world.customers}

    def tell(self, meeting: Meeting, talk: dict[str, Any]) -> dict[str, Any]:
        day, customer = meeting.at.date(), meeting.customer
        for name, (first, last, _) in words()["campaigns"].items():
            if first <= day <= last and meeting.stage == "成交" and (name, customer.key) in self.invited:
                talk["campaign"] = name
        if talk.get("actions.task"):
            talk |= _done(day, talk["actions.due_date"], customer, self.done)
        if talk["channel"] in ("拜访", "面谈") and self.spent.random() < 0.8:
            talk["cost_cny"] = round(self.spent.lognormvariate(0, 0.7) * 420)
        if meeting.stage == "流失":
            lost_on = customer.ended_on + timedelta(LEFT_AFTER) if customer.ended_on else day
            talk |= {"customers.lost_on": lost_on, "customers.lost_reason": self.reasons[customer.key]}
        return talk


def _why(customer: Customer, rng: Random) -> str:
    shares = words()["leaving"]
    return pick(shares | {"服务": shares["服务"] * (3 if customer.sluggish > 0.35 else 1)}, rng)


def _done(day: date, due: date, customer: Customer, rng: Random) -> dict[str, Any]:
    """Most tasks are done by their day, more of them as time goes on; where we are sluggish they wait, and a few are forgotten."""
    better, forgotten = 0.22 * ((day - START) / (END - START)), rng.random() < 0.07
    if rng.random() < 0.72 + better - 0.3 * customer.sluggish:
        done = due - timedelta(rng.randrange(min(5, (due - day).days) + 1))
    else:
        done = due + timedelta(1 + int(rng.gammavariate(2, 2)))
    if forgotten or done > END:
        return {"actions.status": "待跟进"}
    return {"actions.status": "已完成", "actions.done_at": done}


def _meetings(customer: Customer, bought: list[date], rng: Random) -> Iterator[Meeting]:
    days = list(_days(customer, bought, rng))
    refuses = customer.value == "lead" and days[-1] < END - timedelta(30) and rng.random() < 0.35
    for day in days:
        at = datetime.combine(day, time(9)) + timedelta(minutes=rng.randrange(540))
        stage = "流失" if refuses and day == days[-1] else _stage(customer, day, bought)
        yield Meeting(at, customer, stage)


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
            gap = rng.gammavariate(2, 4)
        elif not more or (gone and neglected):
            return
        else:
            more -= 1
            gap = rng.gammavariate(2, rhythm * (2.2 if gone else 1) / 2)
        day += timedelta(1 + int(gap))


def _stage(customer: Customer, day: date, bought: list[date]) -> str:
    if customer.ended_on is not None and (day - customer.ended_on).days > LEFT_AFTER:
        return "流失"
    if bought and (customer.met_on < START or day >= bought[0]):
        return "成交"
    cool = customer.value == "lead" and customer.sluggish > 0.35  # whom we keep waiting never warms
    return "潜在" if cool or (day - max(customer.met_on, START)).days < 5 else "意向"


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
        talk |= {"actions.task": f"我方{due}前{topic['action']}", "actions.due_date": due}
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
