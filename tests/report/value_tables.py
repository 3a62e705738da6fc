"""Invented tables of value, of change over time and of the kit's own figures, for the report's tests."""

from datetime import date

import pandas as pd

from crmlib.periods import add_months

COUNTS = {"high": (36, 22.0e6, 600, 80), "middle": (74, 8.1e6, 500, 60), "low": (130, 0.8e6, 900, 90)}


def _tier_value() -> pd.DataFrame:
    rows = [
        {
            "label": label, "customers": n, "orders": n * 3, "revenue_cny": amount, "size_cny": amount, "costed_size_cny": amount / 2,
            "cost_coverage": 0.5, "costed_cny": amount / 2, "cost_cny": amount / 3, "margin_cny": amount / 6, "margin_share": 1 / 3,
            "talks": talks, "tickets": tickets, "service_rows": talks + tickets, "service_costed": 0, "service_cost_cny": None,
            "since": date(2023, 7, 1), "until": date(2024, 7, 1),
        }
        for label, (n, amount, talks, tickets) in COUNTS.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _retention() -> pd.DataFrame:
    rows = [
        (add_months(date(2023, 7, 1), c), k, 20, 20 if not k else 8 - k % 3, 1.0 if not k else (8 - k % 3) / 20)
        for c in range(12)
        for k in range(12 - c)
    ]
    return pd.DataFrame(rows, columns=["cohort", "months_since", "customers", "retained", "share"])


def _kpi() -> pd.DataFrame:
    told = [
        ("completeness", "share", 0.71, 240, 0.78, 60, None, None, 0.70, 180, 0.08, 0.4, 0.98, False, None, None, 0),
        ("followup", "share", None, 3, None, 20, 0.1, 0.9, None, 0, None, 0.3, None, None, "DONE_DAY_UNKNOWN", None, 400),
        ("handling", "hours", 20.0, 12, 21.5, 90, None, None, 40.0, 80, -0.46, -0.5, 20.0, False, None, None, 0),
        ("satisfaction", "share", 0.9, 30, 0.96, 120, 0.91, 0.99, 0.9, 100, 0.06, 0.95, 0.95, True, None, 4.4, 0),
        ("renewal", "share", None, 0, None, 0, None, None, None, 0, None, 0.85, 0.85, None, "NO_CONTRACT_DUE", None, 0),
    ]  # fmt: skip
    columns = ["kpi", "unit", "value_period", "n_period", "value", "n", "low", "high", "value_before", "n_before", "change",
               "goal", "target", "met", "why", "mean", "unknown"]  # fmt: skip
    return pd.DataFrame(told, columns=columns).assign(since=date(2023, 7, 1), baseline=date(2023, 7, 1))


def value_tables() -> dict[str, pd.DataFrame]:
    share = [i / 100 for i in range(101)]
    months = [add_months(date(2022, 7, 1), i) for i in range(24)]
    cells = [
        ("industry_value", code, across, n, 0.3, 1e5)
        for code in ("I65", "C39", "unknown")
        for across, n in (("high", 6), ("middle", 12), ("low", 20))
    ] + [("region_size", code, size, 9, 0.5, 1e5) for code in ("华东", "华南") for size in ("small", "unknown")]
    talks = [(add_months(date(2024, 1, 1), i), 100 + i, 60, 1.7, False) for i in range(6)]
    return {
        "profile_cross": pd.DataFrame(
            cells, columns=["pair", "code", "across", "customers", "share", "amount_12m_cny"]
        ),
        "talk_trend": pd.DataFrame(talks, columns=["month", "talks", "customers", "per_customer", "partial"]),
        "season": pd.DataFrame(
            [(m, 0.8 + m / 30, 0.7 + m / 30, 0.9 + m / 30, 2, 24) for m in range(1, 13)],
            columns=["month", "season_index", "low", "high", "years", "months"],
        ),
        "retention": _retention(),
        "repurchase": pd.DataFrame(
            [("year", date(2023, 7, 1), date(2024, 7, 1), 171, 120, 0.702, 0.629, 0.766)],
            columns=["window", "since", "until", "customers", "repeaters", "share", "low", "high"],
        ),
        "tier_value": _tier_value(),
        "tier_habits": pd.DataFrame(
            [("high", 36, 8.2, 60_000.0, 30.0, "硬件设备", 0.5, "phone", 0.4), ("low", 60, 1.5, 4_000.0, None, None, None, None, None)],
            columns=["label", "buyers", "orders_each", "amount_each_order", "gap_days", "category", "category_share", "channel", "channel_share"],
        ),
        "concentration": pd.DataFrame(
            {"customer_share": share, "customers": [round(171 * s) for s in share], "amount_share": [1 - (1 - s) ** 6 for s in share]}
        ).assign(buyers=171, gini=0.71),
        "campaigns": pd.DataFrame(
            [
                ("春季展会", "reached", 22, 8, 1.2, 1.6, 21_000.0, 26_000.0, 5_000.0, 1_000.0, 9_000.0, date(2024, 3, 1), date(2024, 3, 9)),
                ("春季展会", "others", 90, None, 1.1, 1.2, 9_000.0, 9_500.0, 500.0, -900.0, 1_900.0, date(2024, 3, 1), date(2024, 3, 9)),
                ("春季展会", "difference", 112, None, None, None, None, None, 4_500.0, 300.0, 8_700.0, date(2024, 3, 1), date(2024, 3, 9)),
            ],
            columns=["campaign", "grouping", "customers", "left_out", "orders_before", "orders_after", "before_cny", "after_cny",
                     "change_cny", "low", "high", "first_on", "last_on"],
        ),
        "kpi": _kpi(),
        "kpi_months": pd.DataFrame(
            [(kpi, month, value + i / 100 * value, 20) for kpi, value in (("completeness", 0.7), ("handling", 30.0), ("satisfaction", 0.75))
             for i, month in enumerate(months)],
            columns=["kpi", "month", "value", "n"],
        ),
        "fields_to_improve": pd.DataFrame(
            [("interactions", "feedback", 120, 90, 3, 0.775), ("needs", "budget_cny", 40, 20, 0, 0.5)],
            columns=["table", "field", "rows", "blank", "vague", "share"],
        ),
    }  # fmt: skip


FIGURES = {
    "repurchase_rate": (0.702, "share", 171), "retention_3m": (0.35, "share", 180), "active_share": (0.83, "share", 240),
    "top10_amount_share": (0.469, "share", 171), "gini_amount": (0.71, "share", 171), "margin_high": (3.7e6, "cny", 36),
    "margin_low": (1.3e5, "cny", 130), "cost_coverage_share": (0.45, "share", 720), "revenue_share_high": (0.712, "share", 36),
    "revenue_share_low": (0.026, "share", 130), "talk_share_high": (0.3, "share", 36), "talk_share_low": (0.45, "share", 130),
    "completeness_share": (0.71, "share", 240), "followup_on_time_share": (None, "share", 3), "renewal_rate_high": (None, "share", 0),
}  # fmt: skip
