"""Complaints, scores and talks of a June, invented, and what the kit makes of them: the service tables of the report's tests."""

import io
from collections.abc import Mapping
from datetime import date
from functools import cache

import pandas as pd

from crmlib.insight.figures import collect_figures
from crmlib.insight.service import compute_service
from crmlib.insight.service_figures import service_figures
from crmlib.settings import parse_settings
from tests.insight.conftest import _as_book_table

START, AS_OF = date(2024, 6, 1), date(2024, 7, 1)
STAFF = "staff_id,name\nS1,周*\n"
CUSTOMERS = "customer_id,name,owner_id\n" + "".join(f"K{n},上海示例{n}号有限公司,S1\n" for n in range(1, 13))
# ten of the network gateway's quality at one product, and a few others; T13 lies still, T14 is day only
TICKETS = (
    "ticket_id,customer_id,kind,level,category,product,assigned_to,description,opened_at,first_response_at,resolved_at,reopened,"
    "revisit_at,revisit_score,status\n"
    + "".join(
        f"T{n},K{n},complaint,normal,产品质量,智能网关,韩*,网关第{n}次掉线,2024-06-{n:02d} 09:00,2024-06-{n:02d} 11:00,2024-06-{n + 1:02d} 09:00,"
        f"{'true' if n == 1 else 'false'},2024-06-{n + 3:02d} 10:00,{4 if n % 2 else 5},closed\n"
        for n in range(1, 9)
    )
    + "".join(
        f"T{n},K{n},complaint,major,交付延迟,云平台,郑*,第{n}批迟到,2024-06-{n:02d} 09:00,2024-06-{n + 1:02d} 09:00,2024-06-{n + 3:02d} 09:00,"
        "false,,,resolved\n"
        for n in range(9, 13)
    )
    + "T13,K1,complaint,urgent,系统故障,云平台,郑*,登录不了,2024-06-20 09:00,,,,,,open\n"
    + "T14,K2,complaint,normal,,,,发票抬头开错,2024-06-21 00:00,2024-06-22 00:00,2024-06-24 00:00,,,,closed\n"
)
# in spring everybody gave 4.5; in June K1 to K4 fell; K1 was revisited and classed, K2 was not; K9 did not answer
SURVEYS = (
    "survey_id,customer_id,asked_at,answered_at,score,scale,dimension,comment,revisited_at,revisit_score,root_cause\n"
    + "".join(f"A{n},K{n},2024-03-05,2024-03-06,4.5,5,overall,,,,\n" for n in range(1, 9))
    + "B1,K1,2024-06-05,2024-06-06,2,5,overall,交付总是延期,2024-06-10,3.5,delivery\n"
    + "B2,K2,2024-06-05,2024-06-07,2.5,5,overall,响应太慢,,,\n"
    + "B3,K3,2024-06-05,2024-06-07,3,5,service,,2024-06-12,4,\n"
    + "".join(
        f"B{n},K{n},2024-06-05,2024-06-07,{score},5,overall,,,,\n" for n, score in enumerate((4, 4, 4.5, 5, 5), start=4)
    )
    + "B9,K9,2024-06-05,,,,,,,,\n"
    + "".join(
        f"R{n},K{n},2024-06-05,2024-06-08,{score},10,recommend,,,,\n" for n, score in enumerate((3, 7, 9, 10), start=1)
    )
)
TALKS = (
    "interaction_id,customer_id,occurred_at,channel,kind,content,mood_raw,mood\n"
    + "".join(f"J{n},K{n},2024-06-0{n} 10:00,phone,,例行沟通,中性,neutral\n" for n in range(1, 7))
    + "J7,K1,2024-06-02 10:00,phone,,客户抱怨交付延误,消极,negative\nJ8,K2,2024-06-03 10:00,im,,客户等了一周,难说,unknown\n"
    + "".join(f"J{n},K{n - 8},2024-06-11 10:00,email,,{'响应太慢，很失望' if n < 11 else '问题已解决，感谢'},,\n" for n in range(9, 15))
)  # fmt: skip
ACTIONS = "action_id,customer_id,task,due_date,status\nA1,K9,回复客户,2024-06-20,open\n"


@cache
def served_tables() -> Mapping[str, pd.DataFrame]:
    """What `compute_service` makes of June."""
    return compute_service(book(), settings=parse_settings(), start=START, as_of=AS_OF)


@cache
def served_figures() -> pd.DataFrame:
    return collect_figures(service_figures(served_tables()))


def book() -> dict:
    from crmlib.dictionary import DICTIONARY

    texts = {
        "staff": STAFF, "customers": CUSTOMERS, "tickets": TICKETS, "surveys": SURVEYS, "interactions": TALKS, "actions": ACTIONS
    }  # fmt: skip
    frames = {name: _typed(name, text) for name, text in texts.items()}
    return {name: _as_book_table(name, frames.get(name)) for name in DICTIONARY.tables}


def _typed(name: str, text: str) -> pd.DataFrame:
    from crmlib.dictionary import DICTIONARY

    frame = pd.read_csv(io.StringIO(text), dtype="str")
    kinds = {key: DICTIONARY.tables[name].fields[key].type for key in frame.columns}
    for key, kind in kinds.items():
        if kind in ("dt", "date"):
            frame[key] = pd.to_datetime(frame[key], format="ISO8601").astype("datetime64[us]")
        elif kind in ("dec", "int"):
            frame[key] = pd.to_numeric(frame[key])
        elif kind == "bool":
            frame[key] = frame[key].map({"true": True, "false": False}).astype("boolean")
    return frame
