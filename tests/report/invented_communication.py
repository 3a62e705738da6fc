"""What waits and talks of June come to, invented: a row for each thing that the section can say."""

from datetime import datetime

import pandas as pd

from crmlib.insight.communication import LATE, SILENT
from crmlib.periods import parse_period
from crmlib.report.data import COLUMNS

PERIOD = parse_period("2024-06")
TODAY = {"start": PERIOD.start, "as_of": PERIOD.as_of}
FIGURES = {
    "talks": (100, "talks", 100), "talks_customers": (69, "customers", 240), "silent_customers": (45, "customers", 200),
    "response_customer_median_h": (14.5, "hours", 50), "talks_per_customer_month": (0.355, "times", 240),
}  # fmt: skip


def response(side: str, waits: int, answered: int, opened: int, median, late: int, **more) -> dict:
    row = (
        dict.fromkeys(COLUMNS["response"], 0)
        | TODAY
        | {"side": side, "waits": waits, "answered": answered, "open": opened}
    )
    hours = dict.fromkeys(
        ("mean_h", "median_h", "p90_h", "km_median_h", "work_mean_h", "work_median_h", "work_p90_h"), median
    )
    return row | hours | {"late": late} | more  # fmt: skip


def communication_tables() -> dict[str, pd.DataFrame]:
    sides = [
        response("customer", 60, 50, 8, 14.5, 7, km_median_h=16.25, day_only=2),
        response("us", 30, 29, 1, 7.0, 0),
        response("ticket", 3, 3, 0, None, 0),
        response("unknown", 4, 4, 0, None, 0),
    ]
    late = [
        ("t1", "K1", "上海示例一有限公司", "周*", "customer", "email", None, datetime(2024, 6, 3, 9), None, "open", 660.0, 180.0, "days_off", False),
        ("t2", "K2", "上海示例二有限公司", "周*", "customer", None, None, datetime(2024, 6, 3, 9), None, "answered", 50.25, 18.0, None, False),
    ]  # fmt: skip
    silent = [
        ("K1", "上海示例一有限公司", "周*", "high", "churn_risk", 7, PERIOD.start, 30, 23),
        ("K9", "上海示例九有限公司", None, "low", "other", 92, None, None, None),
    ]
    bands = [("customer", 24.0, 48.0, 40, 0.8), ("customer", 48.0, None, 10, 0.2)]
    return {
        "response": pd.DataFrame(sides),
        "response_bands": pd.DataFrame(bands, columns=COLUMNS["response_bands"]),
        "response_late": pd.DataFrame(late, columns=list(LATE)),
        "response_groups": pd.DataFrame(
            [("customer", "channel", "email", 30, 2, 20.0, 60.0, 6, None), ("us", "owner_id", "S03", 2, 0, None, None, 0, "周*")],
            columns=COLUMNS["response_groups"],
        ),
        "talks_by_customer": pd.DataFrame([("K1", 3, 9, 12, 0.75, 3, True)], columns=COLUMNS["talks_by_customer"]),
        "talk_channels": pd.DataFrame([("phone", 90, 60, 0.9), ("unknown", 10, 9, 0.1)], columns=COLUMNS["talk_channels"]),
        "talk_groups": pd.DataFrame(
            [("value", "high", 36, 40, 500, 400, 1.25, 3, None), ("plan_segment", "churn_risk", 3, 1, 4, 20, None, 2, None)],
            columns=COLUMNS["talk_groups"],
        ),
        "talk_bands": pd.DataFrame([("high", "monthly", 36, 1.0)], columns=COLUMNS["talk_bands"]),
        "silent": pd.DataFrame(silent, columns=list(SILENT)).astype({"days_silent": "Int64", "cadence_days": "Int64"}),
    }  # fmt: skip
