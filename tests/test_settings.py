"""Settings: the defaults stand, a user's words go over them, and every mistake is told at once."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from crmlib import settings as module
from crmlib.errors import SettingsError
from crmlib.settings import Settings, parse_settings


def test_without_a_file_the_defaults_stand():
    settings = parse_settings("")
    assert settings.tiers.value.high == 500_000 and settings.tiers.value.middle == 100_000
    assert settings.tiers.value.basis == "trailing_12m"
    assert settings.tiers.risk.lost_months == 3


def test_a_user_changes_one_key_and_keeps_the_rest():
    settings = parse_settings("[tiers.value]\nhigh = 600000\n")
    assert settings.tiers.value.high == 600_000
    assert settings.tiers.value.middle == 100_000


def test_every_mistake_is_listed_at_once_with_the_nearest_known_word():
    text = "[checks]\nflood_shares = 1\nflood_from = 'x'\n[tier]\na = 1\n"
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    said = str(caught.value)
    assert "flood_share」" in said and "flood_from" in said and "tiers」" in said
    assert "Did you mean 'flood_share'?" in caught.value.message("en")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[tiers.value]\nhigh = 10\n", "middle"),
        ("[checks]\nflood_share = 30\n", "flood_share"),
        ("[periods]\nfiscal_year_start = 13\n", "fiscal_year_start"),
        ("[tiers.value]\nbasis = 'yearly'\n", "trailing_12m"),
        ("[checks]\nflood_from = true\n", "flood_from"),
        ("[[checks.rules]]\ntable = 'orders'\n", "test"),
        ("x = ", "TOML"),
    ],
)
def test_what_cannot_be_is_refused_by_name(text, word):
    with pytest.raises(SettingsError, match=word):
        parse_settings(text)


def test_chinese_keys_need_no_quotes():
    settings = parse_settings('# 网店\n[sources.网店]\nsystem = "网店"\ncolumns = { 金额 = "amount_cny" }  # 实付\n')
    assert settings.sources["网店"].columns == {"金额": "amount_cny"}


@pytest.mark.demand("B16")
def test_a_field_of_ones_own_is_a_dictionary_field():
    (own,) = parse_settings('[fields.customers.偏好品类]\nzh = "偏好品类"\nen = "Preferred category"\n').own_fields()
    assert (own.name, own.zh, own.custom) == ("customers.偏好品类", "偏好品类", True)


def _leaves(kind, path=""):
    for one in fields(kind):
        hint = get_type_hints(kind)[one.name]
        yield from _leaves(hint, f"{path}.{one.name}") if is_dataclass(hint) else [f"{path}.{one.name}".strip(".")]


def test_a_setting_that_no_code_reads_does_not_exist():
    package = Path(module.__file__).parent
    files = [*package.rglob("*.py"), *(package.parent / "notebooks").rglob("*.ipynb")]
    code = "\n".join(p.read_text(encoding="utf-8") for p in files if p.name != "settings.py")
    by_name = re.findall(
        r"(?:getattr|asdict)\([\w.]*\.(\w+)[,)]", code
    )  # parts whose settings are read one by one, by their names
    parts = [path.split(".") for path in _leaves(Settings)]
    unread = [path for path in parts if not {*path[-2:-1]} & {*by_name} and not re.search(rf"\.{path[-1]}\b", code)]
    assert unread == []
