"""The engine: the expressions in which engines differ, and the types that frames come in."""

from datetime import date
from decimal import Decimal

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from crmlib.engine import days_between, money, month_number, open_engine, read_frame, safe_divide
from crmlib.errors import SettingsError


def value_of(expr) -> object:
    return open_engine().to_pyarrow(expr).as_py()


def test_dividing_by_nothing_is_missing():
    assert value_of(safe_divide(ibis.literal(1), ibis.literal(4))) == 0.25
    assert value_of(safe_divide(ibis.literal(1), ibis.literal(0))) is None


def test_days_and_months_are_counted():
    assert value_of(days_between(ibis.date(2024, 2, 28), date(2024, 3, 1))) == 2
    assert value_of(month_number(ibis.date(2024, 1, 31)) - month_number(ibis.date(2023, 12, 1))) == 1


def test_a_frame_keeps_money_exact_days_days_and_missing_numbers_missing():
    table = pa.table(
        {
            "amount_cny": pa.array([Decimal("0.10"), None], pa.decimal128(18, 2)),
            "ordered_on": pa.array([date(2024, 1, 1), None]),
            "orders": pa.array([1, None]),
            "share": [1 / 3, None],
            "known": [True, None],
            "name": ["甲", None],
        }
    )
    frame = read_frame(ibis.memtable(table).mutate(amount_cny=lambda t: money(t.amount_cny)))
    assert [str(kind) for kind in frame.dtypes] == [
        "decimal128(18, 2)[pyarrow]", "date32[day][pyarrow]", "Int64", "float64", "boolean", "str",
    ]  # fmt: skip
    assert frame.iloc[0].tolist() == [Decimal("0.10"), date(2024, 1, 1), 1, 0.3333333333, True, "甲"]
    assert frame.iloc[1].map(pd.isna).all()


def test_an_unknown_engine_is_refused():
    with pytest.raises(SettingsError):
        open_engine("oracle://x")
