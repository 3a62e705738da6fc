"""What is read at once is read as its parser would: the same cells both ways."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.dictionary import DICTIONARY
from crmlib.intake import values
from crmlib.intake.fields import SheetFacts, reading_of
from crmlib.intake.headers import ColumnMatch, Mapping
from crmlib.intake.values import standardise

SIGNS = "019Aa人某公司厂元万:：,，;；.。-—–/()（）·*＊+#%％@ \u3000\t\n１Ａ¥￥|×x'\"\\“…\u200b\u00adé"
PIECES = [
    "100", "1000", "12345678", "2024", "02", "29", "30", "31", "-", "/", " ", "T", ":", "09", "23", "59", "60", ".5", ".55",
    ".555", ",000", "元", "万", "￥", "¥", "+86", "86", "公司", "示例甲科技有限", "先生", "客户：好", "我方:行", "某", "无", "unknown", "#N/A", "1E+17",
]  # fmt: skip
NEAR = st.one_of(
    st.text(SIGNS, max_size=12),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.builds(lambda y, m, d, rest: f"{y}-{m:02}-{d:02}{rest}", st.integers(1898, 2202), st.integers(0, 13), st.integers(0, 32),
              st.sampled_from(["", " 10:30", " 0:00:00", " 00:00:00", "T09:08:07", " 24:00", " 23:59:59"])),
    st.builds(lambda n, form: form.format(n), st.decimals(-(10**6), 10**6, places=2),
              st.sampled_from(["{}", "{:,}", "￥{}", "{}元", "¥{:,}元", "0{}", "({})"])),
    st.builds("{}{}{}{}{}".format, st.sampled_from(["", "+86", "+86 ", "+86-", "86", "86 "]), st.just("100"),
              st.sampled_from(["", " ", "-", "--"]), st.just("1234"), st.sampled_from(["5678", " 5678", "-5678", "567", "56789"])),
)  # fmt: skip
FIELDS = [
    "orders.order_id", "orders.product", "orders.note", "orders.ordered_on", "orders.amount_cny", "orders.quantity", "orders.price",
    "customers.name", "contacts.phone", "interactions.occurred_at", "interactions.replied_at", "interactions.content", "interactions.feedback",
]  # fmt: skip
FACTS = SheetFacts(Decimal(1), "CNY", date(2024, 12, 31))


def both_ways(
    name: str, cells: list[str], monkeypatch: pytest.MonkeyPatch, currency: str = "CNY"
) -> list[values.Standard]:
    table, _, key = name.partition(".")
    raw = pd.DataFrame({"列": pd.array(cells, dtype="str")}, index=pd.RangeIndex(2, 2 + len(cells), name="line"))
    mapping = Mapping(table, [ColumnMatch("列", table, key, "exact")], currency=currency)
    at_once = standardise(raw, mapping, received_on=FACTS.received_on)
    with monkeypatch.context() as patch:
        patch.setattr(values, "reading_of", lambda *given: reading_of(*given)._replace(plain=None))
        return [at_once, standardise(raw, mapping, received_on=FACTS.received_on)]


@pytest.mark.parametrize("name", FIELDS)
@settings(max_examples=12)
@given(cells=st.lists(NEAR, min_size=30, max_size=80), currency=st.sampled_from(["CNY", "USD"]))
def test_nothing_differs_between_the_fast_way_and_the_parser(name, cells, currency):
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow = both_ways(name, cells, monkeypatch, currency)
    pd.testing.assert_frame_equal(fast.rows, slow.rows)
    pd.testing.assert_frame_equal(fast.issues, slow.issues)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("orders.order_id", "DD202400000017"), ("orders.note", "第51批，共9648634箱，随货附检测报告"), ("orders.ordered_on", "2024-03-31"),
        ("orders.amount_cny", "1,947.73"), ("orders.amount_cny", "￥1947.7元"), ("customers.name", "（上海）示例甲科技有限公司"),
        ("contacts.phone", "+86 100 1234 5678"), ("interactions.occurred_at", "2024-02-28 09:30:00"), ("interactions.content", "客户要求开专票"),
    ],
)  # fmt: skip
def test_what_exports_are_full_of_needs_no_parser(name, cell):
    plain = reading_of(DICTIONARY.field(name), DICTIONARY, FACTS).plain
    assert pc.match_substring_regex(pa.array([cell]), plain.pattern).to_pylist() == [True]


def test_a_column_in_wan_or_of_another_currency_has_its_own_plain_cells():
    amount = DICTIONARY.field("orders.amount_cny")
    assert reading_of(amount, DICTIONARY, FACTS._replace(unit=Decimal(10_000))).plain is None
    dollars = reading_of(amount, DICTIONARY, FACTS._replace(currency="USD")).plain.pattern
    assert pc.match_substring_regex(pa.array(["￥5", "5"]), dollars).to_pylist() == [False, True]
