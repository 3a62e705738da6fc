"""Conditions of users: fields, tests and values, never code; what is no comparison is refused with its place."""

import pandas as pd
import pyarrow as pa
import pytest

from crmlib.errors import SettingsError
from crmlib.insight.conditions import holds, parse_condition


@pytest.fixture
def facts():
    from datetime import date
    from decimal import Decimal

    return pd.DataFrame(
        {
            "amount_12m_cny": pd.array(
                [Decimal("499999.99"), Decimal("500000.00"), None], pd.ArrowDtype(pa.decimal128(18, 2))
            ),
            "orders_12m": pd.array([3, 0, None], "Int64"),
            "risk": pd.array(["stable", "churn_risk", None], "str"),
            "last_ordered_on": pd.array([date(2024, 6, 1), date(2024, 1, 1), None], pd.ArrowDtype(pa.date32())),
        }
    )


def fits(facts, text: str) -> list[bool]:
    return holds(parse_condition(text, fields=facts.columns, where="x"), facts, where="x").tolist()


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("amount_12m_cny >= 500000", [False, True, False]),
        ("amount_12m_cny<500000", [True, False, False]),
        ("orders_12m = 0", [False, True, False]),
        ("risk = stable and orders_12m > 2", [True, False, False]),
        ("risk != stable", [False, True, False]),  # missing is not "something else"
        ("risk contains risk", [False, True, False]),
        ("risk missing", [False, False, True]),
        ("orders_12m present", [True, True, False]),
        ("last_ordered_on >= 2024-06-01", [True, False, False]),
    ],
)
def test_a_condition_compares_fields_with_values_and_missing_fits_only_missing(facts, text, who):
    assert fits(facts, text) == who


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os').system('x')", "__import__"),
        ("orders_12m", "orders_12m"),
        ("", "when"),
        ("order_12m = 1", "'orders_12m'"),
        ("orders_12m = many", "many"),
        ("last_ordered_on > June", "June"),
    ],
)
def test_what_is_no_comparison_is_refused_with_its_place(facts, text, said):
    with pytest.raises(SettingsError) as caught:
        holds(parse_condition(text, fields=facts.columns, where="[[tags]] #1"), facts, where="[[tags]] #1")
    assert said in caught.value.message("en") and "[[tags]] #1" in caught.value.message("en")
