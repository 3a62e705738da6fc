"""Segment rules: every combination has a segment, every segment is reached, or the settings are refused by name."""

import pytest

from crmlib.errors import SettingsError
from crmlib.segment_rules import fit_combinations
from crmlib.settings import parse_settings

REST = '[[segments]]\nname = "rest"\nzh = "其余"\nen = "Rest"\n'


def rule(name: str, **ranges) -> str:
    held = "".join(f"{axis}_score = {list(pair)}\n" for axis, pair in ranges.items())
    return f'[[segments]]\nname = "{name}"\nzh = "{name}"\nen = "{name}"\n{held}'


def test_the_kits_own_segments_cover_all_125_combinations_and_each_is_reached():
    rules = parse_settings().segments
    fitted = fit_combinations(rules)
    assert len(fitted) == 125 and set(fitted.values()) == {one.name for one in rules}


def test_the_first_rule_that_fits_wins():
    rules = parse_settings(rule("best", recency=(4, 5)) + rule("good", frequency=(3, 5)) + REST).segments
    fitted = fit_combinations(rules)
    assert fitted[(4, 5, 1)] == "best" and fitted[(3, 3, 1)] == "good" and fitted[(3, 2, 5)] == "rest"


def test_a_segment_that_nobody_can_be_in_is_refused_by_name():
    with pytest.raises(SettingsError) as caught:
        parse_settings(rule("all", recency=(1, 5)) + rule("vip", money=(5, 5)))
    assert "nobody can be 'vip'" in caught.value.message("en") and "Move it up" in caught.value.message("en")


def test_a_gap_is_refused_with_a_combination_that_falls_through():
    with pytest.raises(SettingsError) as caught:
        parse_settings(rule("good", recency=(2, 5)))
    said = caught.value.message("en")
    assert "25 of 125" in said and "recency_score = 1, frequency_score = 1, money_score = 1" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rule("a", recency=(0, 5)) + REST, "recency_score"),
        (rule("a", recency=(4, 2)) + REST, "recency_score"),
        (rule("a", money=(5, 5)) + rule("a", recency=(5, 5)) + REST, "two|twice|两个"),
        ('[[segments]]\nname = "a"\nzh = "a"\nen = "a"\nfreq = [1, 2]\n', "segments #1.*freq"),
        ('[tiers]\nprecedence = ["vip"]\n', "vip"),
        ('[[tags]]\nfamily = "x"\nvalue = "a"\nwhen = "a = b"\nzh = ""\nen = ""\n', "custom"),
        ("[tagging.purchase_cycles]\nweekly = [9, 5]\n", "weekly"),
    ],
)
def test_rules_that_cannot_be_are_refused_by_name(text, said):
    with pytest.raises(SettingsError, match=said):
        parse_settings(text)
