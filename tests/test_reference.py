"""The reference tables hold together, and agree with the official copies where these are at hand."""

import os
from pathlib import Path

import pandas as pd
import pytest

from crmlib.dictionary import DICTIONARY
from crmlib.reference import FOLDER, load_reference, surnames

REAL = Path(os.environ.get("CRM_REAL_DATA", Path(__file__).parents[2] / "shared" / "data")) / "reference"
real = pytest.mark.skipif(not REAL.exists(), reason="no official copies here")
NAMES = sorted(path.stem for path in FOLDER.glob("*.csv"))


def official(name: str) -> pd.DataFrame:
    return pd.read_csv(REAL / name, dtype="str", encoding="utf-8-sig")


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_text_and_names_its_source_and_version(name):
    table = load_reference(name)
    assert {str(dtype) for dtype in table.dtypes} == {"str"}
    assert table[["source", "version"]].notna().all(axis=None)
    assert not table.duplicated().any()


def test_tables_stay_small_enough_to_read():
    assert {name: size for name in NAMES if (size := (FOLDER / f"{name}.csv").stat().st_size) > 150_000} == {}


def test_every_code_lies_in_its_parent_and_names_its_level():
    industries = load_reference("industries")
    codes = set(industries["code"])
    assert len(codes) == len(industries) == 20 + 97 + 473 + 1382
    for row in industries.itertuples():
        assert (row.level == "section") == pd.isna(row.parent)
        if row.level != "section":
            assert row.parent in codes and row.code.startswith(row.parent)
        assert len(row.code) == {"section": 1, "division": 3, "group": 4, "class": 5}[row.level]
    assert industries.loc[industries["level"].isin(["section", "division"]), "en"].notna().all()


@pytest.mark.demand("C04", "A14")
def test_what_people_call_a_trade_leads_to_its_code():
    codes = load_reference("industry_aliases").set_index("alias")["code"]
    names = load_reference("industries").set_index("code")["zh"]
    assert names[codes["互联网"]] == "软件开发"
    assert names["I65"] == "软件和信息技术服务业"
    assert (codes["零售"], codes["零售业"], codes["制造业"]) == ("F52", "F52", "C")
    assert set(codes) <= set(names.index)
    assert codes.index.is_unique


def test_an_alias_never_contradicts_an_official_name():
    industries, aliases = load_reference("industries"), load_reference("industry_aliases")
    for alias, code in zip(aliases["alias"], aliases["code"], strict=True):
        same = industries.loc[industries["zh"] == alias, "code"]
        assert same.empty or code in set(same), (alias, code)


@pytest.mark.demand("A20")
def test_long_and_short_forms_of_a_place_lead_to_province_and_region():
    places = load_reference("places").set_index(["name", "kind"])
    for name in ("广东", "广东省"):
        assert places.loc[(name, "province"), ["province", "region", "region_alt"]].tolist() == [
            "广东省",
            "华南",
            "中南",
        ]
    for name in ("深圳", "深圳市"):
        assert places.loc[(name, "city"), ["province", "city"]].tolist() == ["广东省", "深圳市"]
    assert places.loc[("上海", "city"), "city"] == "上海市"
    assert places.loc[("昆山", "county"), "city"] == "苏州市"
    assert places.index.is_unique


def test_each_region_has_an_english_name():
    places, regions = load_reference("places"), load_reference("regions")
    for scheme, column in (("seven", "region"), ("six", "region_alt")):
        assert set(regions.loc[regions["scheme"] == scheme, "region"]) == set(places[column])
    assert set(regions.loc[regions["scheme"] == "seven", "region"]) >= {
        "华北",
        "东北",
        "华东",
        "华中",
        "华南",
        "西南",
        "西北",
    }


def test_size_steps_rise_and_no_trade_overlaps_another():
    steps = load_reference("size_standard")
    numbers = steps[["small", "medium", "large"]].astype("int64")
    assert (numbers["small"] < numbers["medium"]).all() and (numbers["medium"] < numbers["large"]).all()
    assert not steps.duplicated(["code", "figure"]).any()
    codes = set(steps["code"])
    assert codes <= set(load_reference("industries")["code"])
    assert [(a, b) for a in codes for b in codes if a != b and a.startswith(b)] == []


def test_moods_are_choices_of_the_dictionary():
    moods = load_reference("moods")
    assert set(moods["mood"]) == {"positive", "neutral", "negative"} <= set(DICTIONARY.choices["mood"])
    assert moods["word"].is_unique
    assert moods.set_index("word")["mood"][["满意", "对价格敏感"]].tolist() == ["positive", "negative"]


def test_surnames_have_the_reading_they_have_as_surnames():
    readings = load_reference("surnames").set_index("surname")["pinyin"]
    wanted = {
        "单": "shan",
        "解": "xie",
        "仇": "qiu",
        "区": "ou",
        "查": "zha",
        "朴": "piao",
        "欧阳": "ouyang",
        "万俟": "moqi",
    }
    assert readings[list(wanted)].to_dict() == wanted
    assert readings.index.is_unique
    assert {"王", "欧阳"} <= surnames()
    kinds = load_reference("surnames").set_index("surname")["kind"]
    assert all((kind == "single") == (len(name) == 1) for name, kind in kinds.items())


# ── against the official copies


@real
def test_industries_are_those_of_the_standard():
    theirs = official("gbt4754_2017_four_levels.csv")
    ours = load_reference("industries")
    digits = ours["code"].where(ours["level"] == "section", ours["code"].str[1:])
    assert dict(zip(digits, ours["zh"], strict=True)) == dict(
        zip(theirs["code"], theirs["name"].str.strip(), strict=True)
    )
    assert dict(zip(digits, ours["code"].str[0], strict=True)) == dict(zip(theirs["code"], theirs["door"], strict=True))


@real
def test_places_and_regions_are_those_of_the_official_codes():
    places = load_reference("places").drop_duplicates("code")
    cities = official("modood_cities.csv")
    named = cities[cities["name"].str.contains("市$|州$|盟$|地区$") & (cities["name"] != "市辖区")]
    assert set(named["code"] + "00") <= set(places["code"])
    regions = official("province_region.csv")
    ours = places[places["kind"] == "province"].set_index("province")
    theirs = regions.set_index("name").loc[lambda t: t.index.intersection(ours.index)]
    assert len(theirs) == 31
    assert ours.loc[theirs.index, "region"].tolist() == theirs["大区_深交所七分"].tolist()
    assert ours.loc[theirs.index, "region_alt"].tolist() == theirs["大区_Tableau六分"].tolist()


@real
def test_size_steps_agree_with_the_copy_but_for_loading_which_counts_as_transport():
    figures = {"从业人员(X)": "headcount", "营业收入(Y)": "revenue", "资产总额(Z)": "assets"}
    ours = (
        load_reference("size_standard")
        .groupby(["trade", "figure"])[["small", "medium", "large"]]
        .first()
        .astype("int64")
    )
    theirs = official("sme_2017_thresholds.csv")
    assert len(theirs) == len(ours)
    for row in theirs.itertuples(index=False):
        times = 10_000 if row.单位 == "万元" else 1
        steps = [int(step) * times for step in (row.小型下限, row.中型下限, row.大型下限)]
        assert ours.loc[(row.行业, figures[row.指标])].tolist() == steps, row
    codes = load_reference("size_standard").set_index("code")["trade"]
    assert (
        codes["G591"].iloc[0] == "交通运输业" and codes["G592"].iloc[0] == "仓储业"
    )  # the copy gives all of 59 to storage
