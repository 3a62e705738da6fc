"""New rows among known ones: the same customers as if all had been matched anew."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.intake import evidence
from crmlib.intake.codes import uscc_check_character
from crmlib.intake.matching import RULES
from crmlib.intake.renewing import TIES, match_all, match_new

SECRET = "0123456789abcdef"
CODE = "91310000MA1FL0001" + uscc_check_character("91310000MA1FL0001")


def by_row(matched):
    return matched.row_to_customer.sort_index().to_dict()


def pairs(table, reached, new):
    """Links or reviews of an import: those kept from before, and those of the rows judged again."""
    kept = table[~(table["row_a"].isin(reached) | table["row_b"].isin(reached))]
    return sorted(map(tuple, pd.concat([kept, new]).to_numpy().tolist()))


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


@settings(max_examples=20, deadline=None)
@given(tables, st.randoms(), st.integers(1, 3), decided, st.booleans())
def test_an_incremental_import_is_the_full_rebuild(table, chance, hub_names, decisions, few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "FEW_ROWS", 20_000 if few else 0)
        ids = list(table["row_id"])
        new = set(chance.sample(ids, chance.randint(1, len(ids) - 1)))
        changed = set(chance.sample(sorted(set(ids) - new), chance.randint(0, len(ids) - len(new)) // 2))
        old = table[~table["row_id"].isin(new)]
        moved = old["row_id"].isin(changed)
        old = old.assign(name=old["name"].mask(moved, "示例"), phone=old["phone"].mask(moved, "10012345671"))
        fresh = table[table["row_id"].isin(new | changed)]

        first, _, keys = match_all(old, secret=SECRET, decisions=decisions, hub_names=hub_names)
        renewed = match_new(
            fresh,
            keys=keys,
            fetch=lambda ids: table[table["row_id"].isin(ids)],
            secret=SECRET,
            known=first.row_to_customer,
            decisions=decisions,
            touched=sorted(set(decisions["row_a"]) | set(decisions["row_b"])),
            hub_names=hub_names,
        )
        known = first.row_to_customer
        full, _, anew = match_all(table, secret=SECRET, decisions=decisions, known=known, hub_names=hub_names)
        assert {**by_row(first), **by_row(renewed.matched)} == by_row(full)
        for part in ("links", "review"):
            found = pairs(getattr(first, part), renewed.reached, getattr(renewed.matched, part))
            assert found == sorted(map(tuple, getattr(full, part).to_numpy().tolist()))

        rebuilt = anew.to_pylist()
        judged = {one["row_id"]: one for one in renewed.keys.to_pylist()}
        kept = [one for one in keys.to_pylist() if one["row_id"] not in set(renewed.reached)]
        for one in kept:
            judged[one["row_id"]] = one
        assert {r["row_id"]: sorted(r["ties"]) for r in rebuilt} == {
            r: sorted(one["ties"]) for r, one in judged.items()
        }
        assert {r["row_id"]: sorted(r["hubs"]) for r in rebuilt} == {
            r: sorted(one["hubs"]) for r, one in judged.items()
        }


def test_rows_that_nothing_ties_to_the_new_one_are_not_judged_again():
    table = pd.DataFrame(
        {
            "row_id": ["a", "b", "c"],
            "name": ["上海示例科技有限公司", "新名贸易", "甲乙建材"],
            "phone": ["10012345670", None, "10012345671"],
        }
    )
    first, _, keys = match_all(table, secret=SECRET)
    new = pd.DataFrame({"row_id": ["d"], "name": ["示例科技"], "phone": ["10012345670"]})
    found = match_new(
        new, keys=keys, fetch=lambda ids: table[table["row_id"].isin(ids)], secret=SECRET, known=first.row_to_customer
    )
    assert list(found.reached) == ["a"]
    assert found.matched.row_to_customer.to_dict() == {"a": "K000001", "d": "K000001"}
    assert "示例" not in str(keys.to_pylist()) and "10012345670" not in str(keys.to_pylist())


def test_a_row_that_is_gone_parts_what_only_it_joined():
    table = pd.DataFrame(
        {
            "row_id": ["a", "b", "c"],
            "name": ["示例"] * 3,
            "phone": ["10012345670", "10012345670;10012345671", "10012345671"],
        }
    )
    first, _, keys = match_all(table, secret=SECRET)
    left = table[table["row_id"] != "b"]
    found = match_new(
        table.iloc[:0],
        keys=keys,
        fetch=lambda ids: left[left["row_id"].isin(ids)],
        secret=SECRET,
        known=first.row_to_customer,
        touched=["b"],
    )
    assert found.matched.row_to_customer.to_dict() == {"a": "K000001", "c": "K000002"}
