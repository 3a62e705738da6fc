"""The invented market: who the customers are, what each is worth, and how it goes with them."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from crmlib.sample.names import Company, Contact, Inventor
from crmlib.sample.words import pick, words

START, END = date(2022, 7, 1), date(2024, 6, 30)  # the 24 months, both days inside
FAIRS = [day for year in range(2020, 2025) for month in (3, 9) if (day := date(year, month, 12)) < END]

# how many customers are one; what one buys in a year (yuan: median, spread, least, most); days between orders, and talks
VALUES = {
    "high": (8, (980_000, 0.42, 620_000, 4_000_000), (16, 42), 24),
    "middle": (22, (210_000, 0.40, 115_000, 460_000), (28, 70), 48),
    "low": (41, (32_000, 0.80, 2_500, 92_000), (40, 110), 125),
    "once": (11, (15_000, 0.70, 1_500, 80_000), (900, 901), 150),
    "lead": (18, (0, 0, 0, 0), (900, 901), 150),
}
SHARES = {value: share for value, (share, *_) in VALUES.items()}
PATHS = {"steady": 50, "growing": 15, "slipping": 12, "lost": 18, "returning": 5}
BANDS = {("1-50人", 1, 50): 38, ("51-100人", 51, 100): 24, ("100-500人", 100, 500): 28, ("500人以上", 501, 2000): 10}
SLACK = {0.004: 76, 0.05: 17, 0.25: 7}  # share of payments that come late in good times: how many pay so
TEAMS = ("华东销售部", "华南销售部", "华北销售部", "中西部销售部")


@dataclass(slots=True)
class Record:
    """One customer as one file knows it. `variant`: how the name is typed ("" as registered)."""

    customer: "Customer"
    system: str  # web, fair, crm
    name: str
    contact: Contact
    phone: str
    variant: str = ""
    shows_code: bool = False
    number: str = ""


@dataclass(slots=True)
class Customer:
    key: str
    company: Company | None  # None: a person
    name: str
    contact: Contact
    domain: str
    credit_code: str
    industry: str
    band: str
    revenue: int  # 万元 a year
    address: str
    city: str
    source: str  # web, fair, referral
    met_on: date
    owner: str
    value: str
    path: str
    ended_on: date | None
    pace: float  # days between two orders
    basket: float  # yuan an order
    slack: float
    sluggish: float  # 0–1: how slowly we serve this one
    switch: date  # from here on sales uses its second entry, if there is one
    records: list[Record] = field(default_factory=list)

    def book(self, day: date) -> Record:
        """The entry that sales uses on a day."""
        books = [record for record in self.records if record.system == "crm"]
        return books[-1] if day >= self.switch else books[0]

    @property
    def listed(self) -> bool:
        return any(record.system == "crm" for record in self.records)


@dataclass(slots=True)
class World:
    customers: list[Customer]
    staff: list[dict[str, Any]]
    seed: int

    def dice(self, purpose: str) -> Random:
        """Each purpose throws its own dice, so that a change in one file leaves the others as they were."""
        return Random(f"{self.seed}/{purpose}")

    def records(self, system: str) -> list[Record]:
        return [record for customer in self.customers for record in customer.records if record.system == system]


def health(customer: Customer, day: date) -> float:
    """1 all is well … 0 gone. It falls over the 150 days before a customer leaves, and shows in all that is done and said."""
    if customer.ended_on is not None:
        return min(1.0, max(0.0, (customer.ended_on - day).days / 150))
    return 1 - 0.65 * max(0.0, 1 - (END - day).days / 400) if customer.path == "slipping" else 1.0


def hire(inventor: Inventor, customers: int) -> list[dict[str, Any]]:
    """Our own people, as the staff file lists them. One seller in eight has left; the customers are still theirs."""
    sellers = max(8, customers // 60)
    leaders = max(3, sellers // 6)
    roles = (
        ["主管"] * leaders + ["销售"] * sellers + ["客服"] * max(3, customers // 200) + ["财务", "财务", "数据管理员"]
    )
    names: dict[str, None] = {}
    while len(names) < len(roles):
        names[inventor.person()[0]] = None
    heads = list(names)[:leaders]
    return [
        {
            "staff_id": f"S{n + 1:02d}",
            "name": name,
            "team": TEAMS[n % leaders % 4]
            if role in ("主管", "销售")
            else "客户服务部"
            if role == "客服"
            else "综合部",
            "role": role,
            "manager_name": "" if n < leaders else heads[n % leaders],
            "active": role != "销售" or n % 8 != 7,
            "capacity_per_week": {"销售": 30, "主管": 12}.get(role),
        }
        for n, (name, role) in enumerate(zip(names, roles, strict=True))
    ]


def invent_customer(inventor: Inventor, sellers: list[str], n: int) -> Customer:
    rng = inventor.rng
    company = None if rng.random() < 0.12 else inventor.company()
    domain = inventor.domain(company)
    contact = inventor.contact(domain)
    value = pick(SHARES, rng)
    if value in ("high", "middle") and (company is None or company.form == "厂"):
        value = "low"
    path = pick(PATHS, rng) if value in ("high", "middle", "low") else "steady"
    if value == "high" and rng.random() < 0.04:
        path = "lost"
    _, (median, spread, least, most), pace, _ = VALUES[value]
    yearly = min(most, max(least, rng.lognormvariate(0, spread) * median))
    if value == "high" and path == "lost":
        yearly *= 1.7  # the ones that hurt
    days = rng.uniform(*pace)
    band, low, high = pick(BANDS, rng)
    heads = rng.randint(low, high) * rng.uniform(20, 40) if low < 100 else low * rng.uniform(30, 90)
    place = company.place if company else inventor.place()
    source = pick({"web": 52, "fair": 33, "referral": 15} if company else {"web": 80, "referral": 20}, rng)
    if source == "fair":
        met = rng.choice(FAIRS)
    elif rng.random() < (0.8 if value == "high" else 0.55):
        met = START - timedelta(rng.randrange(20, 700))
    else:
        met = START + timedelta(int(rng.random() ** 1.25 * 722))
    return Customer(
        key=f"T{n + 1:05d}",
        company=company,
        name=company.name if company else contact.name,
        contact=contact,
        domain=domain,
        credit_code=inventor.credit_code(company) if company else "",
        industry=rng.choice(words()["trades"][company.trade][1:]) if company else "",
        band=band if company else "",
        revenue=round(heads, -1),
        address=inventor.address(place),
        city=place.city,
        source=source,
        met_on=met,
        owner=rng.choice(sellers),
        value=value,
        path=path,
        ended_on=_last_day(rng, value, met) if path == "lost" else None,
        pace=days,
        basket=yearly * min(days, 365) / 365,
        slack=pick(SLACK, rng),
        sluggish=rng.betavariate(1.3, 4),
        switch=START + timedelta(rng.randrange(120, 600)),
    )


def _last_day(rng: Random, value: str, met: date) -> date:
    """The day of the last order. Most key accounts that leave have left within the year: that is what the report is for."""
    back = rng.randrange(95, 200) if value == "high" and rng.random() < 0.8 else rng.randrange(60, 600)
    return max(END - timedelta(back), min(met + timedelta(150), END - timedelta(40)))
