from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.report.blocks import Figure, Metric, Table
from crmlib.report.sections.risk import build_risk


@pytest.mark.demand("H07")
def test_the_risk_section_has_counts_and_their_trend(make_data):
    rows = [
        ("stable", 121, 0, Decimal(0), date(2024, 6, 1)),
        ("churn_risk", 70, 2, Decimal(500), date(2024, 6, 1)),
        ("churn_risk", 63, 3, Decimal(900), date(2024, 7, 1)),
    ]
    trend = pd.DataFrame(rows, columns=["risk", "customers", "overdue_payments", "owed_cny", "day"])
    section = build_risk(make_data(risk_trend=trend))
    assert section.title.startswith("流失风险客户 63 家，比上期") and section.title.endswith("逾期尚欠 126.0 万元")
    [picture] = [block for block in section.blocks if isinstance(block, Figure)]
    assert "2024-07-01 流失风险 63" in picture.alt and ">70<" in picture.svg and "逾期尚欠（元）" in picture.svg
    behind = next(block for block in section.blocks if isinstance(block, Table))
    table = behind.rows
    assert behind.place == "appendix"
    assert table[["stable", "churn_risk", "overdue_payments"]].to_numpy().tolist() == [[121, 70, 2], [0, 63, 3]]


def test_without_payments_nothing_is_said_of_overdue_ones(make_data):
    rows = [("stable", 121, 0, Decimal(0), date(2024, 6, 1)), ("churn_risk", 63, 0, Decimal(0), date(2024, 7, 1))]
    trend = pd.DataFrame(rows, columns=["risk", "customers", "overdue_payments", "owed_cny", "day"])
    missing = pd.DataFrame([("risk_overdue", "payments", "NO_PAYMENT_TABLE")], columns=["analysis", "table", "reason"])
    section = build_risk(make_data(risk_trend=trend, missing=missing))
    [picture] = [block for block in section.blocks if isinstance(block, Figure)]
    behind = next(block for block in section.blocks if isinstance(block, Table))
    assert [column.key for column in behind.columns] == ["day", "stable", "churn_risk", "no_deal"]
    assert "预警" not in picture.alt and "逾期" not in picture.svg
    assert not [one for one in section.blocks if isinstance(one, Metric) and one.figure_id != "tier_risk_churn_risk"]


def test_where_risk_was_not_judged_there_is_no_section(make_data):
    assert build_risk(make_data(risk_trend=None)) is None
