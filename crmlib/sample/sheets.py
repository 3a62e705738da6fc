"""The eleven files as the people who keep them lay them out: their headers, their order, their titles and totals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any, NamedTuple

from crmlib.sample.contracts import contract_rows, list_contracts
from crmlib.sample.pipeline import list_opportunities
from crmlib.sample.service import list_needs, list_recommending, list_surveys, list_tickets
from crmlib.sample.talks import list_talks, write_day
from crmlib.sample.trade import Order, list_orders, list_payments
from crmlib.sample.words import pick, words
from crmlib.sample.world import Record, World

Cell = str | int | float | date | datetime | None

WEBSITE, FAIR, TALKS = "官网注册.csv", "展会名单.xlsx", "销售跟进.csv"
ORDERS, PAYMENTS, TICKETS = "订单.xlsx", "回款.csv", "投诉.csv"
SURVEYS, NEEDS, STAFF = "满意度.xlsx", "需求.csv", "员工.csv"
OPPORTUNITIES, CONTRACTS = "商机.xlsx", "合同.csv"
SATISFACTION, RECOMMENDING = "季度满意度", "推荐意愿"
HALVES = {
    "2022下半年": "orders",
    "2023上半年": "orders_in_other_words",
    "2023下半年": "orders",
    "2024上半年": "orders_in_wan",
}


class Column(NamedTuple):
    header: str
    key: str  # of the event
    field: str  # table.key of the dictionary; "" is a column of their own
    group: str  # the merged cell above it


@dataclass(slots=True)
class Row:
    """One physical row. `kind`: "" data, else what it is instead. `faults`: (field, reason, severity)."""

    cells: list[Cell]
    customer: str = ""
    variant: str = ""
    kind: str = ""
    faults: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Sheet:
    file: str
    table: str
    columns: list[Column]
    rows: list[Row]
    name: str = ""
    encoding: str = ""
    titles: tuple[str, ...] = ()
    unit: int = 1  # yuan in one of its amounts

    def at(self, field: str) -> int:
        return next(n for n, column in enumerate(self.columns) if column.field == field)


def build_files(world: World) -> Iterator[list[Sheet]]:
    """The sheets of one file after the other, so that only one is in memory."""
    orders = list_orders(world)
    yield [lay_out(WEBSITE, "customers", "website", website_rows(world), encoding="utf-8-sig")]
    yield [fair_sheet(world)]
    talks = list_talks(world, orders)
    talks = lay_out(TALKS, "interactions", "talks", talks, number="J{:06d}", encoding="gb18030")
    talks.rows.reverse()  # the newest first, as the CRM exports it
    yield [talks]
    yield order_sheets(orders)
    contracts = list_contracts(world, orders)
    yield [lay_out(CONTRACTS, "orders", "contracts", contract_rows(contracts), encoding="utf-8-sig")]
    payments = chain(
        list_payments(orders, world),
        list_payments([one.order for one in contracts], world, purpose="payments of contracts"),
    )
    yield [lay_out(PAYMENTS, "payments", "payments", payments, number="HK{:06d}", encoding="utf-8")]
    tickets = list_tickets(world, orders)
    yield [lay_out(TICKETS, "tickets", "tickets", tickets, number="T{:05d}", encoding="gb18030")]
    surveys = list_surveys(world, orders, tickets)
    asked, about = list_recommending(world, surveys), {"name": SATISFACTION, "titles": ("季度客户满意度调查汇总",)}
    yield [
        lay_out(SURVEYS, "surveys", "surveys", surveys, number="V{:05d}", **about),
        lay_out(SURVEYS, "surveys", "recommending", asked, number="R{:05d}", name=RECOMMENDING),
    ]
    needs = list_needs(world, orders)
    yield [lay_out(NEEDS, "needs", "needs", needs, number="N{:05d}", encoding="utf-8-sig")]
    deals = list_opportunities(world, orders)
    yield [lay_out(OPPORTUNITIES, "opportunities", "opportunities", deals, number="SJ{:05d}", name="商机列表")]
    yield [lay_out(STAFF, "staff", "staff", world.staff, encoding="gb18030")]


def lay_out(
    file: str, table: str, layout: str, events: Iterable[dict[str, Any]], *, number: str = "", **about: Any
) -> Sheet:
    """Events as the rows of a sheet. An event may hold the `record` of the customer it is about.

    number: the pattern of the first column, where the file counts its rows.
    """
    columns = _columns(table, words()["layouts"][layout])
    sheet = Sheet(file, table, columns, [], **about)
    keys = [column.key for column in columns]
    for n, event in enumerate(events, start=1):
        if number:
            event[keys[0]] = number.format(n)
        cells = [event.get(key) for key in keys]
        record = event.get("record")
        row = Row([cell if type(cell) is str else _text(cell) for cell in cells] if sheet.encoding else cells)
        if record is not None:
            row.customer, row.variant = record.customer.key, record.variant
        sheet.rows.append(row)
    return sheet


def _columns(table: str, layout: str) -> list[Column]:
    columns = []
    for one in layout.split():
        group, _, rest = one.rpartition(":")
        header, _, key = rest.partition("=")
        name = key if "." in key or not key else f"{table}.{key}"
        columns.append(Column(header, key or header, name, group))
    return columns


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes")
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def website_rows(world: World) -> Iterator[dict[str, Any]]:
    rng = world.dice("website")
    for record in sorted(world.records("web"), key=lambda one: one.number):
        customer, firm = record.customer, record.customer.company is not None
        shouts = record.variant and rng.random() < 0.3
        yield {
            **_signed_up(record),
            "source_id": record.number,
            "entity_type": rng.choice(("单位", "企业")) if firm else "个人",
            "contacts.email": record.contact.email.upper() if shouts else record.contact.email,
            "annual_revenue_cny": customer.revenue if firm and rng.random() < 0.6 else None,
            "city": customer.city if rng.random() < 0.7 else customer.city.removesuffix("市"),
            "needs.text": rng.choice(words()["phrases"]["wishes"]) if rng.random() < 0.25 else "",
            "source_channel": pick(words()["shares"]["source"], rng),
            "first_contact_date": write_day(customer.met_on, rng),
        }


def fair_sheet(world: World) -> Sheet:
    rng, phrases = world.dice("fair"), words()["phrases"]
    events = []
    for n, record in enumerate(sorted(world.records("fair"), key=lambda one: (one.customer.met_on, one.name)), start=1):
        event = {
            **_signed_up(record),
            "序号": n,
            "annual_revenue_cny": record.customer.revenue if rng.random() < 0.75 else None,
            "address": record.customer.address,
            "contacts.title": record.contact.title,
            "contacts.email": record.contact.email if rng.random() < 0.85 else "",
            "first_contact_date": record.customer.met_on,
            "source_channel": rng.choice(phrases["fair_names"]),
            "关注产品": rng.choice(phrases["interests"]),
            "note": rng.choice(phrases["fair_notes"]) if rng.random() < 0.3 else "",
        }
        event["name"] += "　" if rng.random() < 0.06 else ""
        events.append(event)
    titles = ("历届行业展会客户登记表", "整理：市场部　　更新：2024-06-28")
    sheet = lay_out(FAIR, "customers", "fair", events, name="客户登记", titles=titles)
    note = "备注：以上信息由展台扫码和名片录入，名称以营业执照为准。"
    sheet.rows += [Row([], kind="BLANK"), Row(["合计", f"共{len(events)}家"], kind="TOTAL"), Row([note], kind="NOTE")]
    return sheet


def _signed_up(record: Record) -> dict[str, Any]:
    return {
        "record": record,
        "name": record.name,
        "uscc": record.customer.credit_code if record.shows_code else "",
        "industry_raw": record.customer.industry,
        "headcount": record.customer.band,
        "contacts.name": record.contact.name,
        "contacts.phone": record.phone,
    }


def order_sheets(orders: list[Order]) -> list[Sheet]:
    """One sheet a half-year; the last was kept by somebody else, in 万元 and in another order."""
    halves: dict[str, list[Order]] = {name: [] for name in HALVES}
    for order in orders:
        halves[f"{order.day.year}{'上' if order.day.month < 7 else '下'}半年"].append(order)
    sheets = []
    for name, layout in HALVES.items():
        unit = 10_000 if layout.endswith("wan") else 1
        titles = (f"{name}订单台账",) if layout != "orders_in_other_words" else ()
        events = (_order(order, unit) for order in halves[name])
        sheet = lay_out(ORDERS, "orders", layout, events, name=name, titles=titles, unit=unit)
        total: list[Cell] = [None] * len(sheet.columns)
        total[0], total[sheet.at("orders.amount_cny")] = "合计", sum(order.amount for order in halves[name]) / unit
        sheet.rows.append(Row(total, kind="TOTAL"))
        sheets.append(sheet)
    return sheets


def _order(order: Order, unit: int) -> dict[str, Any]:
    return {
        "record": order.record,
        "order_id": order.number,
        "customers.source_id": order.record.number,
        "customers.name": order.record.name,
        "ordered_on": order.day,
        "product": order.product,
        "category": words()["products"][order.product][0],
        "quantity": order.quantity,
        "amount_cny": order.amount / unit if unit > 1 else order.amount,
        "cost_cny": order.cost / unit if order.cost and unit > 1 else order.cost,
        "status": "已完成" if order.day < date(2024, 6, 10) else "执行中",
    }
