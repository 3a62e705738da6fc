"""New rows among known ones: the same customers as if all had been matched anew."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.intake import renewing
from crmlib.intake.codes import uscc_check_character
from crmlib.intake.matching import RULES
from crmlib.intake.registry import extend_registry
from crmlib.intake.renewing import TIES, list_ignored, match_all, match_new

CODE = "91310000MA1FL0001" + uscc_check_character("91310000MA1FL0001")


def in_order(table):
    return table.sort_values([*table.columns], ignore_index=True)


def assert_same(one, other):
    """Everything but the names of the parts, which may be too large."""
    pd.testing.assert_series_equal(one.matched.row_to_customer, other.matched.row_to_customer)
    for name in ("links", "review"):
        pd.testing.assert_frame_equal(in_order(getattr(one.matched, name)), in_order(getattr(other.matched, name)))
    keys = [
        pd.DataFrame(m.keys.drop_columns(["part"]).to_pylist()).set_index("row_id").sort_index() for m in (one, other)
    ]
    lists = ["ties", "hubs", "nobody"]
    pd.testing.assert_frame_equal(*(k.assign(**{c: k[c].map(sorted) for c in lists}) for k in keys))
    pd.testing.assert_frame_equal(list_ignored(one.keys), list_ignored(other.keys))


def test_every_rule_looks_only_at_rows_that_are_tied():
    for rule in RULES:
        key = {"title" if one == "registered" else one for one in rule.key}
        assert any(set(tie) <= key for tie in TIES), rule.name


some = st.fixed_dictionaries(
    {
        "name": st.sampled_from(
            ["上海示例科技有限公司", "示例科技", "示例", "上海实例科技有限公司", "示例科技有限公司北京分公司", "新名贸易", "张伟", "张*", None]
        ),
        "contact_name": st.sampled_from(["张伟", "李强", None, None]),
        "phone": st.sampled_from(["10012345670", "10012345671", "10012345670;10012345672", "13800138000", None, None]),
        "email": st.sampled_from(["z@example.com", "y@example.com", None, None]),
        "city": st.sampled_from(["上海", "北京市", None]),
        "uscc": st.sampled_from([CODE, None, None, None]),
        "source_id": st.sampled_from(["C1", "C2", None, None]),
    }
)  # fmt: skip
tables = st.lists(some, min_size=3, max_size=14).map(
    lambda t: pd.DataFrame(t).assign(row_id=range(len(t)), system="crm")
)
decided = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["same", "different"])).filter(
        lambda d: d[0] != d[1]
    ),
    max_size=2,
).map(lambda found: pd.DataFrame(found, columns=["row_a", "row_b", "decision"]))


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(tables, st.randoms(), st.integers(1, 3), decided, decided, st.sampled_from([20_000, 0, 5]))
def test_an_incremental_import_is_the_full_rebuild(table, chance, hub_names, decisions, later, few):
    """Rows come, change, go and come back; decisions are made and undone; the number of rows passes the limit of few."""
    rules = {"hub_names": hub_names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renewing, "FEW_ROWS", few)
        patch.setattr("crmlib.intake.evidence.FEW_ROWS", few)
        ids = list(table["row_id"])
        new = set(chance.sample(ids, chance.randint(1, len(ids) - 1)))
        old = table[~table["row_id"].isin(new)]
        moved = old["row_id"].isin(chance.sample(ids, len(ids) // 2))
        old = old.assign(name=old["name"].mask(moved, "示例"), phone=old["phone"].mask(moved, "10012345671"))
        fewer = table[~table["row_id"].isin(chance.sample(ids, chance.randint(0, 2)))]

        one = match_all(old, decisions=decisions, **rules)
        registry = one.matched.row_to_customer
        for rows, told in ((table, decisions), (fewer, later), (table, decisions)):
            ledger = {"decisions": told, "known": registry}
            touched = sorted({*decisions["row_a"], *decisions["row_b"], *later["row_a"], *later["row_b"]})
            one = match_new(rows, before=one, touched=touched, **ledger, **rules)
            assert_same(one, match_all(rows, **ledger, **rules))
            registry = extend_registry(registry, one.matched.row_to_customer)


def test_rows_that_nothing_ties_to_the_new_one_are_not_judged_again():
    table = pd.DataFrame(
        {
            "row_id": ["a", "b", "c"],
            "name": ["上海示例科技有限公司", "新名贸易", "甲乙建材"],
            "phone": ["10012345670", None, "10012345671"],
        }
    )
    first = match_all(table)
    new = pd.DataFrame({"row_id": ["d"], "name": ["示例科技"], "phone": ["10012345670"]})
    found = match_new(pd.concat([table, new]), before=first, known=first.matched.row_to_customer)
    assert list(found.reached) == ["a", "d"]
    assert found.matched.row_to_customer.to_dict() == {"a": "K000001", "b": "K000002", "c": "K000003", "d": "K000001"}
    assert "示例" not in str(first.keys.to_pylist()) and "10012345670" not in str(first.keys.to_pylist())
    again = match_new(pd.concat([table, new]), before=found, known=found.matched.row_to_customer)
    assert not len(again.reached)
    assert_same(again, found)


def test_a_row_that_is_gone_parts_what_only_it_joined_and_joins_it_again_when_it_is_back():
    table = pd.DataFrame(
        {
            "row_id": ["a", "b", "c"],
            "name": ["示例"] * 3,
            "phone": ["10012345670", "10012345670;10012345671", "10012345671"],
        }
    )
    first = match_all(table)
    registry = first.matched.row_to_customer
    without = match_new(table[table["row_id"] != "b"], before=first, known=registry)
    assert without.matched.row_to_customer.to_dict() == {"a": "K000001", "c": "K000002"}
    registry = extend_registry(registry, without.matched.row_to_customer)
    back = match_new(table, before=without, known=registry)
    assert back.matched.row_to_customer.to_dict() == {"a": "K000001", "b": "K000001", "c": "K000001"}
