"""Lists: the largest customers with their shares, the most promising without complaints, and whose cadence holds."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.insight.lists import assign_plan_segments, rank_high_value, screen_potential
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)


def tiered(book, text: str = "") -> pd.DataFrame:
    return assign_tiers(book, settings=parse_settings(text), as_of=AS_OF)


@pytest.mark.demand("G10")
def test_high_value_customers_are_ranked_with_amount_and_share(tables):
    book = tables(
        customers="customer_id  name  owner_name\nanna  甲示例有限公司  周示例\nbo  乙示例有限公司  -\ncai  丙示例有限公司  -",
        orders="""
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2024-01-01   600000.00
        2         bo           2024-01-01  1000000.00
        3         cai          2024-01-01   400000.00
        """,
    )
    ranked = rank_high_value(book, tiered(book), settings=parse_settings(), as_of=AS_OF)
    assert ranked["customer_id"].tolist() == ["bo", "anna"] and ranked["position"].tolist() == [1, 2]
    assert ranked["amount_cny"].tolist() == [Decimal(1000000), Decimal(600000)]
    assert ranked["share"].tolist() == [0.5, 0.3] and ranked["cumulative_share"].tolist() == [0.5, 0.8]
    assert ranked["owner"].tolist()[1] == "周示例"


def test_the_ranking_counts_in_the_basis_of_the_tier(tables):
    book = tables(orders="order_id  customer_id  ordered_on  amount_cny\n1  anna  2020-01-01  900000.00")
    text = '[tiers.value]\nbasis = "cumulative"'
    ranked = rank_high_value(book, tiered(book, text), settings=parse_settings(text), as_of=AS_OF)
    assert ranked["share"].tolist() == [1.0]
    assert len(rank_high_value(book, tiered(book), settings=parse_settings(), as_of=AS_OF)) == 0


@pytest.mark.demand("H03")
def test_the_most_promising_are_listed_with_reasons_and_without_those_in_complaint(tables):
    needs = "\n".join(f"{who}  high  clear  2024-05-01" for who in ("anna", "bo", "cai", "dora", "eve"))
    book = tables(
        needs="customer_id  intent  clarity  opened_at\n" + needs,
        tickets="""
        customer_id  kind       opened_at         resolved_at       status
        anna         complaint  2024-06-01 09:00  -                 open
        bo           complaint  2024-06-01 09:00  2024-06-30 09:00  closed
        cai          complaint  2024-06-01 09:00  2024-07-01 09:00  closed
        dora         inquiry    2024-06-01 09:00  -                 open
        eve          complaint  2024-07-01 09:00  -                 open
        """,
    )
    scores = pd.DataFrame({"customer_id": ["bo", "dora", "eve"], "dimension": "potential", "score": [10.0, 90.0, 50.0]})
    found = screen_potential(book, tiered(book), as_of=AS_OF, scores=scores)
    listed, held = found[found["complaints"].isna()], found[found["complaints"].notna()]
    assert listed["customer_id"].tolist() == ["dora", "eve", "bo"]  # eve complains on the day itself, bo's is settled
    assert held["complaints"].to_dict() == {3: '["tickets-1"]', 4: '["tickets-3"]'}  # cai's was open on the day
    assert listed["reasons"].str.contains("INTENT_HIGH").all()


@pytest.mark.demand("D23", "D24")
def test_a_customer_in_several_plan_segments_gets_the_stricter_cadence():
    rows = [("a", "value", "high"), ("a", "risk", "churn_risk"), ("a", "potential", "focus"),
            ("b", "value", "high"), ("b", "risk", "stable"), ("b", "potential", "focus"),
            ("c", "value", "low"), ("c", "risk", "stable"), ("c", "potential", "focus"),
            ("d", "value", "low"), ("d", "risk", "no_deal"), ("d", "potential", "watch")]  # fmt: skip
    tiers = pd.DataFrame(rows, columns=["customer_id", "dimension", "label"])
    found = assign_plan_segments(tiers, precedence=parse_settings().tiers.precedence).set_index("customer_id")
    assert found["plan_segment"].to_dict() == {"a": "churn_risk", "b": "high_value", "c": "potential", "d": "other"}
    assert found["also"].to_dict() == {"a": "high_value;potential", "b": "potential", "c": "", "d": ""}
    other = assign_plan_segments(tiers, precedence=("churn_risk", "potential", "high_value")).set_index("customer_id")
    assert other.loc["b", "plan_segment"] == "potential"  # the sources differ: a setting decides
