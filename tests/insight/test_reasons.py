"""Reasons: JSON for machines, sentences for people, the figures in both."""

import json
from datetime import date
from decimal import Decimal

import pytest

from crmlib.insight.reasons import tell_money, tell_reasons
from crmlib.insight.tiers import LABELS, assign_tiers
from crmlib.labels import speaker
from crmlib.settings import parse_settings

ZH, EN = speaker("zh"), speaker("en")


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        ("625000.00", "62.5 万元", "CNY 625,000"),
        ("600000.00", "60 万元", "CNY 600,000"),
        ("12345678.00", "1,234.57 万元", "CNY 12,345,678"),
        ("12345678.90", "1,234.57 万元", "CNY 12,345,678.90"),
        ("499999.99", "499,999.99 元", "CNY 499,999.99"),  # must not read as 50 万
        ("485012.00", "48.5012 万元", "CNY 485,012"),  # nor this as 48.5 万
        ("100010.00", "10.001 万元", "CNY 100,010"),
        ("9999.00", "9,999 元", "CNY 9,999"),
        ("0.00", "0 元", "CNY 0"),
        ("-10000.00", "-1 万元", "CNY -10,000"),
    ],
)
def test_money_is_never_rounded_to_a_rounder_number(amount, zh, en):
    assert tell_money(Decimal(amount), ZH) == zh
    assert tell_money(Decimal(amount), EN) == en


def test_reasons_are_sentences_with_their_figures(tables):
    book = tables(
        customers="customer_id  lifecycle_stage\nanna  interested",
        orders="order_id  customer_id  ordered_on  amount_cny\n1  anna  2024-02-10  625000.00",
        payments="customer_id  due_date  due_amount_cny\nanna  2024-06-29  4500.50",
        needs="customer_id  clarity  opened_at\nanna  clear  2024-05-01",
    )
    tiers = assign_tiers(book, settings=parse_settings(), as_of=date(2024, 7, 1)).set_index("dimension")["reasons"]
    assert tell_reasons(tiers["value"], ZH) == ["近12个月合作金额 62.5 万元，达到高价值线 50 万元"]
    assert tell_reasons(tiers["risk"], ZH) == [
        "最近一次下单 2024-02-10，距 2024-07-01 已超过 3 个月",
        "近 12 个月有 1 笔回款逾期，最长 2 天，尚欠 4,500.50 元",
    ]
    assert tell_reasons(tiers["potential"], ZH) == ["意向高（依据：客户阶段）", "有 1 项强需求未关闭"]
    assert tell_reasons(tiers["value"], EN) == ["Amount of the last 12 months: CNY 625,000, from CNY 500,000 on high"]


def test_an_unknown_figure_is_told_as_unknown():
    reasons = json.dumps([{"rule": "OVERDUE", "figures": {"payments": 1, "months": 12, "owed_cny": None, "days": 2}}])
    assert tell_reasons(reasons, ZH) == ["近 12 个月有 1 笔回款逾期，最长 2 天，尚欠 未知"]


@pytest.mark.demand("D06")
def test_labels_carry_their_dimension_where_a_word_is_used_twice():
    for say in (ZH, EN):
        words = [say(f"tier.{dimension}.{label}") for dimension, labels in LABELS.items() for label in labels]
        assert len(set(words)) == len(words)
    assert ZH("tier.potential.potential") == "潜在（潜力维度）"
