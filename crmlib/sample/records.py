"""Under which names and numbers each file knows a customer: origin, the sales people's list, and second entries by somebody else."""

from dataclasses import replace
from random import Random

from crmlib.sample.names import Inventor
from crmlib.sample.spellings import choose_spelling, respell, write_phone
from crmlib.sample.world import Customer, Record, World, hire, invent_customer

DUPLICATES = 0.18  # share of customers that were entered once more, written differently
AGAIN = {"web": ("fair", "fair", "crm", "web"), "fair": ("web", "web", "crm"), "referral": ("web", "fair", "crm")}
AGENCY = 10  # clients that one agency signs up with its own number


def build_world(customers: int, *, seed: int) -> World:
    rng = Random(f"{seed}/world")
    inventor = Inventor(rng)
    staff = hire(inventor, customers)
    sellers = [one["name"] for one in staff if one["role"] == "销售"]
    people = [invent_customer(inventor, sellers, n) for n in range(customers)]
    _relate(people, rng)
    for customer in people:
        _record(customer, rng)
    for n in rng.sample(range(customers), round(DUPLICATES * customers)):
        _record_again(people[n], inventor)
    _share_a_number(people, inventor)
    _number(people)
    return World(people, staff, seed)


def _relate(people: list[Customer], rng: Random) -> None:
    """What must not be merged: a branch beside its head office, and the same core in another city."""
    firms = [one for one in people if one.company is not None and one.company.form != "厂"]
    rng.shuffle(firms)
    pairs = max(1, len(people) // 40)
    for head, other in zip(firms[:pairs], firms[pairs : 2 * pairs], strict=False):
        parent, place = head.company, other.company.place
        other.domain, other.industry = head.domain, head.industry
        if rng.random() < 0.6:
            other.company = replace(parent, branch=f"{place.short}分公司")
        elif parent.place != place:
            other.company = replace(parent, place=place, form="有限公司", prefix=place.short)
        other.name = other.company.name


def _record(customer: Customer, rng: Random) -> None:
    plain = Record(customer, customer.source, customer.name, customer.contact, customer.contact.phone)
    if customer.source != "referral":
        customer.records.append(replace(plain, shows_code=customer.company is not None and rng.random() < 0.55))
    if customer.value != "lead" or customer.source == "referral" or rng.random() < 0.7:
        customer.records.append(replace(plain, system="crm"))


def _record_again(customer: Customer, inventor: Inventor) -> None:
    rng, firm, contact = inventor.rng, customer.company, customer.contact
    system = rng.choice(AGAIN[customer.source])
    if (firm is None and system == "fair") or (system == "crm" and customer.value in ("once", "lead")):
        system = "web"
    how = choose_spelling(rng, firm)
    old_core = inventor.core() if how == "renamed" else ""
    name = respell(firm, how, rng=rng, old_core=old_core) if firm else customer.name
    extra = Record(customer, system, name, contact, contact.phone, how)
    extra.shows_code = firm is not None and rng.random() < 0.55
    if how == "phone" or rng.random() < 0.4:
        extra.phone = write_phone(contact.phone, rng=rng)
    elif firm is not None and system != "crm" and how != "renamed" and rng.random() < 0.3:
        extra.contact = inventor.contact(customer.domain)  # somebody else of the same company
        extra.phone = extra.contact.phone
        if rng.random() < 0.7:
            customer.records[0].shows_code = extra.shows_code = True
    customer.records.append(extra)


def _share_a_number(people: list[Customer], inventor: Inventor) -> None:
    """A phone under ten names proves nothing."""
    alone = [one for one in people if one.company and len(one.records) <= 2 and one.records[0].system == "web"]
    size = min(AGENCY, len(alone) // 3)
    for n in range(max(1, len(people) // 600)):
        number = inventor.phone()
        for customer in alone[n * size : (n + 1) * size]:
            customer.records[0].phone = number


def _number(people: list[Customer]) -> None:
    """Numbers as each system gives them out: in the order in which customers came, second entries last."""
    for system, pattern in (("web", "W{:05d}"), ("crm", "C{:03d}")):
        found = [[record for record in one.records if record.system == system] for one in people]
        queue = [(n, c.met_on, c.key, r) for c, some in zip(people, found, strict=True) for n, r in enumerate(some)]
        for number, (*_, record) in enumerate(sorted(queue, key=lambda one: one[:3]), start=1):
            record.number = pattern.format(number)
