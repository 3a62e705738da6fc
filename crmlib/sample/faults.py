"""The faults that are planted, each a line of one table: where, what, how many in 600 customers, and what is to become of it."""

from collections.abc import Callable
from datetime import date
from random import Random
from typing import NamedTuple

from crmlib.sample.names import USCC_ALPHABET, Inventor
from crmlib.sample.sheets import (
    CONTRACTS,
    FAIR,
    NEEDS,
    OPPORTUNITIES,
    ORDERS,
    PAYMENTS,
    SATISFACTION,
    SURVEYS,
    TALKS,
    TICKETS,
    WEBSITE,
    Cell,
    Row,
    Sheet,
)

# severity: error the row is set aside · cell the cell is emptied · warning it is said · repaired it is read all the same
# merged the row is there twice · masked a personal value in a text · not_data no row at all


class Fault(NamedTuple):
    file: str
    field: str
    reason: str
    severity: str
    count: int
    spoil: (
        "tuple[Cell, ...] | Callable[[Sheet, Row, Random], bool]"  # the texts to put there, or how; False: not this row
    )


def _clear(*fields: str) -> Callable[[Sheet, Row, Random], bool]:
    def spoil(sheet: Sheet, row: Row, rng: Random) -> bool:
        for one in fields:
            row.cells[sheet.at(one)] = ""
        row.customer = row.variant = ""
        return True

    return spoil


def _wrong_check(sheet: Sheet, row: Row, rng: Random) -> bool:
    at = sheet.at("customers.uscc")
    code = row.cells[at]
    if not code:
        return False
    row.cells[at] = code[:-1] + USCC_ALPHABET[(USCC_ALPHABET.index(code[-1]) + rng.randrange(1, 31)) % 31]
    return True


def _small_but_rich(sheet: Sheet, row: Row, rng: Random) -> bool:
    row.cells[sheet.at("customers.headcount")] = "1-50人"
    row.cells[sheet.at("customers.annual_revenue_cny")] = rng.choice(("1亿元", "1.2亿元"))
    return True


def _stranger(sheet: Sheet, row: Row, rng: Random) -> bool:
    _clear("customers.name")(sheet, row, rng)
    row.cells[sheet.at("customers.source_id")] = f"C9{rng.randrange(10**5):05d}"
    return True


def _with_wan(sheet: Sheet, row: Row, rng: Random) -> bool:
    at = sheet.at("orders.amount_cny")
    if sheet.unit > 1:
        return False
    row.cells[at] = f"{row.cells[at] / 10_000}万"
    return True


def _negative(name: str) -> Callable[[Sheet, Row, Random], bool]:
    def spoil(sheet: Sheet, row: Row, rng: Random) -> bool:
        at = sheet.at(name)
        row.cells[at] = "-" + row.cells[at] if isinstance(row.cells[at], str) else -row.cells[at]
        return True

    return spoil


def _shortened(sheet: Sheet, row: Row, rng: Random) -> bool:
    at = sheet.at("payments.order_id")
    row.cells[at] = f"{int(row.cells[at]):.5E}"  # what a narrow column does to a long number
    return True


def _solved_before(sheet: Sheet, row: Row, rng: Random) -> bool:
    opened, solved = sheet.at("tickets.opened_at"), sheet.at("tickets.resolved_at")
    if not row.cells[solved] or row.cells[solved][:10] <= row.cells[opened][:10]:
        return False
    row.cells[opened], row.cells[solved] = row.cells[solved], row.cells[opened]
    return True


def _off_scale(sheet: Sheet, row: Row, rng: Random) -> bool:
    if sheet.name != SATISFACTION:  # elsewhere 6 is a fair answer
        return False
    row.cells[sheet.at("surveys.score")] = rng.choice((0, 6, 10))
    return True


def _unquoted_comma(name: str) -> Callable[[Sheet, Row, Random], bool]:
    def spoil(sheet: Sheet, row: Row, rng: Random) -> bool:
        at = sheet.at(name)
        row.cells[at : at + 1] = [row.cells[at][:3], row.cells[at][3:]]
        return True

    return spoil


def _with_person(sheet: Sheet, row: Row, rng: Random) -> bool:
    inventor = Inventor(rng)
    at = sheet.at("interactions.content")
    said = (f"，新联系手机{inventor.phone()}", f"，资料发到{inventor.email('caigou', 'example.com')}")
    row.cells[at] += rng.choice((*said, f"，经办人身份证{inventor.identity_number()}"))
    return True


def _without_blank(sheet: Sheet, row: Row, rng: Random) -> bool:
    """2024-04-2014:30, which hurried people type."""
    at = sheet.at("interactions.occurred_at")
    day, blank, clock = row.cells[at].partition(" ")
    if not blank or "/" in day:
        return False
    row.cells[at] = day + clock
    return True


def _american(name: str) -> Callable[[Sheet, Row, Random], bool]:
    """A day that may be read two ways, the same month and day as before or near them."""

    def spoil(sheet: Sheet, row: Row, rng: Random) -> bool:
        first, second = rng.sample(range(1, 13), 2)
        row.cells[sheet.at(name)] = f"{first:02d}/{second:02d}/2023"
        return True

    return spoil


NO_DAY, LATER = ("2023-02-30", "2023-13-05", "2023-04-31"), ("2042-03-15", "2032-11-08")
LATER_DAYS = tuple(date.fromisoformat(one) for one in LATER)
FAULTS = (
    Fault(WEBSITE, "customers.name", "MISSING_NAME", "error", 3, _clear("customers.name", "customers.source_id")),
    Fault(WEBSITE, "customers.uscc", "BAD_USCC", "error", 4, _wrong_check),
    Fault(
        WEBSITE, "customers.first_contact_date", "DATE_AMBIGUOUS", "cell", 4, _american("customers.first_contact_date")
    ),
    Fault(WEBSITE, "customers.first_contact_date", "DATE_INVALID", "cell", 3, NO_DAY),
    Fault(WEBSITE, "customers.first_contact_date", "DATE_FUTURE", "error", 2, LATER),
    Fault(WEBSITE, "contacts.phone", "BAD_PHONE", "cell", 6, ("12345", "见名片", "100-23", "1002345678901234")),
    Fault(WEBSITE, "contacts.email", "BAD_EMAIL", "cell", 5, ("zhang#example.com", "liwei@example", "example.com")),
    Fault(WEBSITE, "customers.source_channel", "CHOICE_UNKNOWN", "cell", 3, ("楼下大屏", "车身贴", "老板安排")),
    Fault(WEBSITE, "customers.source_channel", "MISSING_FIELD", "warning", 5, ("",)),
    Fault(FAIR, "customers.name", "MISSING_NAME", "error", 2, _clear("customers.name")),
    Fault(FAIR, "customers.uscc", "BAD_USCC", "error", 2, _wrong_check),
    Fault(FAIR, "customers.annual_revenue_cny", "SIZE_REVENUE_CONFLICT", "warning", 3, _small_but_rich),
    Fault(FAIR, "contacts.phone", "BAD_PHONE", "cell", 2, ("23456", "前台转")),
    Fault(FAIR, "contacts.email", "BAD_EMAIL", "cell", 2, ("wang.example.com", "@example.cn")),
    Fault(TALKS, "interactions.occurred_at", "DATE_AMBIGUOUS", "error", 3, _american("interactions.occurred_at")),
    Fault(TALKS, "interactions.occurred_at", "DATE_INVALID", "error", 2, ("2023-02-30 10:00", "2023-06-31")),
    Fault(TALKS, "interactions.occurred_at", "DATE_FUTURE", "error", 2, ("2042-05-06 15:20", "2032-01-09 09:10")),
    Fault(TALKS, "interactions.occurred_at", "DATE_REPAIRED", "repaired", 20, _without_blank),
    Fault(TALKS, "interactions.occurred_at", "MISSING_VALUE", "error", 3, ("",)),
    Fault(TALKS, "customers.source_id", "ORPHAN_CUSTOMER", "error", 6, _stranger),
    Fault(TALKS, "interactions.mood_raw", "MOOD_UNMAPPED", "warning", 8, ("微妙", "待观察", "嗯嗯", "说不清")),
    Fault(TALKS, "interactions.channel", "CHOICE_UNKNOWN", "cell", 3, ("托人带话", "飞鸽")),
    Fault(TALKS, "interactions.channel", "MISSING_FIELD", "warning", 6, ("",)),
    Fault(TALKS, "", "EXTRA_CELLS", "error", 4, _unquoted_comma("interactions.content")),
    Fault(TALKS, "interactions.content", "PERSONAL_IN_TEXT", "masked", 24, _with_person),
    Fault(ORDERS, "orders.ordered_on", "MISSING_VALUE", "error", 3, (None,)),
    Fault(ORDERS, "orders.ordered_on", "DATE_AMBIGUOUS", "error", 3, _american("orders.ordered_on")),
    Fault(ORDERS, "orders.ordered_on", "DATE_INVALID", "error", 2, NO_DAY),
    Fault(ORDERS, "orders.ordered_on", "DATE_FUTURE", "error", 2, LATER_DAYS),
    Fault(ORDERS, "orders.amount_cny", "MISSING_VALUE", "error", 3, (None,)),
    Fault(ORDERS, "orders.amount_cny", "AMOUNT_NOT_NUMBER", "error", 4, ("面议", "待定", "见合同", "赠送")),
    Fault(ORDERS, "orders.amount_cny", "AMOUNT_NEGATIVE", "error", 3, _negative("orders.amount_cny")),
    Fault(ORDERS, "orders.amount_cny", "AMOUNT_WITH_UNIT", "repaired", 5, _with_wan),
    Fault(ORDERS, "customers.source_id", "ORPHAN_CUSTOMER", "warning", 5, _stranger),
    Fault(PAYMENTS, "payments.order_id", "ID_PRECISION_LOST", "cell", 4, _shortened),
    Fault(PAYMENTS, "payments.due_date", "DATE_INVALID", "error", 2, NO_DAY),
    Fault(PAYMENTS, "payments.due_date", "MISSING_VALUE", "error", 2, ("",)),
    Fault(PAYMENTS, "payments.due_amount_cny", "AMOUNT_NOT_NUMBER", "error", 2, ("按进度", "待确认")),
    Fault(PAYMENTS, "payments.due_amount_cny", "AMOUNT_NEGATIVE", "error", 2, _negative("payments.due_amount_cny")),
    Fault(PAYMENTS, "payments.paid_amount_cny", "AMOUNT_NOT_NUMBER", "cell", 2, ("已付", "部分")),
    Fault(TICKETS, "tickets.opened_at", "MISSING_VALUE", "error", 2, ("",)),
    Fault(TICKETS, "tickets.resolved_at", "TIME_ORDER", "error", 4, _solved_before),
    Fault(TICKETS, "tickets.level", "CHOICE_UNKNOWN", "cell", 2, ("三级", "待定级")),
    Fault(TICKETS, "tickets.revisit_score", "OUT_OF_RANGE", "cell", 2, ("6", "0")),
    Fault(TICKETS, "", "EXTRA_CELLS", "error", 2, _unquoted_comma("tickets.description")),
    Fault(SURVEYS, "surveys.score", "OUT_OF_RANGE", "error", 5, _off_scale),
    Fault(SURVEYS, "surveys.score", "MISSING_VALUE", "error", 2, (None,)),
    Fault(NEEDS, "needs.priority", "CHOICE_UNKNOWN", "cell", 2, ("看情况", "A级")),
    Fault(NEEDS, "needs.due_date", "DATE_INVALID", "cell", 2, ("2024-02-30", "2023-06-31")),
    Fault(CONTRACTS, "orders.contract_end", "DATE_INVALID", "cell", 2, NO_DAY),
    Fault(CONTRACTS, "orders.amount_cny", "AMOUNT_NOT_NUMBER", "error", 2, ("按实际结算", "见附件")),
    Fault(OPPORTUNITIES, "opportunities.stage", "CHOICE_UNKNOWN", "error", 3, ("再说", "老板定", "看情况")),
    Fault(OPPORTUNITIES, "opportunities.stage", "MISSING_VALUE", "error", 2, (None,)),
    Fault(OPPORTUNITIES, "opportunities.amount_cny", "AMOUNT_NOT_NUMBER", "cell", 3, ("待评估", "十几个点位", "未报")),
    Fault(OPPORTUNITIES, "opportunities.opened_on", "DATE_FUTURE", "cell", 2, LATER_DAYS),
)
UNEXPLAINED = 5  # lost customers of whom nobody wrote the reason, in none of their talks
TWICE_NUMBERED = 4  # interactions that carry the number of another one, with other content: both are in doubt
TWICE_ENTERED = 12  # orders of a half-year's last days that stand in the next sheet once more, cell for cell
BLANK_ROWS = {WEBSITE: 2, ORDERS: 5}
REPEATED_HEADERS = {WEBSITE: 1, ORDERS: 2}


def plant_faults(sheets: list[Sheet], *, rng: Random, customers: int) -> None:
    """Spoil the rows of one file, each by one fault at most. The numbers grow with the customers."""
    file = sheets[0].file
    rows = [(sheet, row) for sheet in sheets for row in sheet.rows if not row.kind]
    rng.shuffle(rows)
    if file == TALKS:
        rows = _leave_unexplained(rows, _scaled(UNEXPLAINED, customers))
    for fault in FAULTS:
        if fault.file == file:
            for n in range(_scaled(fault.count, customers)):
                _spoil_next(rows, fault, n, rng)
    if file == TALKS:
        _number_twice(rows, _scaled(TWICE_NUMBERED, customers))
    if file == ORDERS:
        _enter_twice(sheets, _scaled(TWICE_ENTERED, customers))
    for kind, places in (("REPEATED_HEADER", REPEATED_HEADERS), ("BLANK", BLANK_ROWS)):
        for n in range(places.get(file, 0)):
            sheet = sheets[n % len(sheets)]
            cells: list[Cell] = [column.header for column in sheet.columns] if kind == "REPEATED_HEADER" else []
            sheet.rows.insert(rng.randrange(len(sheet.rows) // 4, len(sheet.rows) * 3 // 4), Row(cells, kind=kind))


def _scaled(count: int, customers: int) -> int:
    return max(1, round(count * customers / 600))


def _spoil_next(rows: list[tuple[Sheet, Row]], fault: Fault, n: int, rng: Random) -> None:
    """The next row that the fault fits: one that says something where it is to be spoiled."""
    for at in range(len(rows) - 1, -1, -1):
        sheet, row = rows[at]
        if fault.field and row.cells[sheet.at(fault.field)] in ("", None):
            continue
        if callable(fault.spoil):
            if not fault.spoil(sheet, row, rng):
                continue
        else:
            row.cells[sheet.at(fault.field)] = fault.spoil[n % len(fault.spoil)]
        row.faults.append((fault.field, fault.reason, fault.severity))
        del rows[at]
        return


def _leave_unexplained(rows: list[tuple[Sheet, Row]], count: int) -> list[tuple[Sheet, Row]]:
    """The lost customers of the first rows lose their reason wherever it stands; what is left of the rows."""
    sheet = rows[0][0]
    at = sheet.at("customers.lost_reason")
    left = [row for _, row in rows if row.cells[at]]
    chosen = set(list(dict.fromkeys(row.customer for row in left))[:count])
    for row in left:
        if row.customer in chosen:
            row.cells[at] = ""
            row.faults.append(("customers.lifecycle_stage", "LOST_UNEXPLAINED", "cell"))
    return [(sheet, row) for sheet, row in rows if not row.faults]


def _number_twice(rows: list[tuple[Sheet, Row]], count: int) -> None:
    for _ in range(count):
        (sheet, one), (_, other) = rows.pop(), rows.pop()
        at = sheet.at("interactions.interaction_id")
        other.cells[at] = one.cells[at]
        for row in (one, other):
            row.faults.append(("interactions.interaction_id", "DUPLICATE_KEY", "error"))


def _enter_twice(sheets: list[Sheet], count: int) -> None:
    """Only between sheets of one layout and unit: these rows are the same to the last cell."""
    for n, (sheet, following) in enumerate(((sheets[0], sheets[1]), (sheets[1], sheets[2]))):
        share = count // 2 + (count % 2 if n == 0 else 0)
        last = [row for row in sheet.rows if not row.kind and not row.faults][-share:]
        again = [
            Row(list(row.cells), row.customer, row.variant, faults=[("", "DUPLICATE_ROW", "merged")]) for row in last
        ]
        following.rows[:0] = again
