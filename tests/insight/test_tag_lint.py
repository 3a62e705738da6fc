"""Tag lint: vague, formless, twofold and unused tags, each with what to use instead."""

from datetime import date

import pandas as pd
import pytest

from crmlib.insight.tag_lint import is_vague, lint_tags, suggest_form
from crmlib.settings import parse_settings

RULES = parse_settings().tagging


def tagged(*tags: tuple, origin: str = "import") -> pd.DataFrame:
    rows = [(f"K{n}", family, value, origin, None, None, None) for value, family, count in tags for n in range(count)]
    columns = ["customer_id", "family", "value", "origin", "rule_id", "valid_from", "valid_to"]
    return pd.DataFrame(rows, columns=columns)


def faults(found: pd.DataFrame) -> dict:
    return {(row.value, row.fault): row.suggestion for row in found.itertuples()}


@pytest.mark.demand("D17")
@pytest.mark.parametrize(
    ("tag", "form"),
    [
        ("长期合作", "合作-长期"),
        ("价格敏感", "价格-敏感"),
        ("需求升级", "需求-升级"),
        ("新客户", "客户-新"),
        ("VIP客户", "客户-VIP"),
        ("铁杆", None),
    ],
)
def test_a_tag_without_the_form_feature_state_gets_one_suggested(tag, form):
    assert suggest_form(tag, RULES.features) == form
    found = faults(lint_tags(tagged((tag, "custom", 5)), tagging=RULES))
    assert (tag, "FORM") in found and (pd.isna(found[(tag, "FORM")]) if form is None else found[(tag, "FORM")] == form)


@pytest.mark.demand("D17")
def test_a_tag_of_that_form_or_of_a_family_that_is_its_feature_is_fine():
    assert len(lint_tags(tagged(("合作-长期", "custom", 5), ("季度采购", "purchase_cycle", 5)), tagging=RULES)) == 0


@pytest.mark.demand("D18")
@pytest.mark.parametrize(
    ("tag", "vague"),
    [
        ("重要", True),
        ("重要客户", True),
        ("很重要", True),
        ("重要-客户", True),
        ("一般纳税人", False),
        ("好评-多", False),
        ("价格-敏感", False),
    ],
)
def test_vague_words_alone_are_flagged(tag, vague):
    assert is_vague(tag, RULES.vague) is vague
    assert ((tag, "VAGUE") in faults(lint_tags(tagged((tag, "custom", 5)), tagging=RULES))) is vague


@pytest.mark.demand("D19")
def test_tags_that_say_the_same_lead_to_the_commonest_and_unused_ones_are_counted():
    tags = tagged(("VIP", "custom", 9), ("VIP客户", "custom", 4), ("ｖｉｐ", "custom", 2), ("贵宾", "custom", 3))
    found = faults(lint_tags(tags, tagging=RULES))
    assert {tag: to for (tag, fault), to in found.items() if fault == "SYNONYM"} == {
        "VIP客户": "VIP",
        "ｖｉｐ": "VIP",
        "贵宾": "VIP",
    }
    assert [tag for tag, fault in found if fault == "FEW"] == ["ｖｉｐ"]


@pytest.mark.demand("D19")
def test_tags_that_nobody_looked_for_are_said_only_where_searches_are_counted():
    tags = tagged(("合作-长期", "custom", 5), ("价格-敏感", "custom", 5))
    assert faults(lint_tags(tags, tagging=RULES, searched={"合作-长期"})) == {
        ("价格-敏感", "UNSEARCHED"): pytest.approx(float("nan"), nan_ok=True)
    }
    assert len(lint_tags(tags, tagging=RULES)) == 0


def test_the_kits_own_tags_and_those_that_ended_are_not_linted():
    ended = tagged(("重要", "custom", 1)).assign(valid_to=date(2024, 1, 1))
    assert len(lint_tags(pd.concat([tagged(("重要", "custom", 1), origin="auto"), ended]), tagging=RULES)) == 0
