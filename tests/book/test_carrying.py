"""What an import does not reach is carried over, and the book is the one that would have been made anew, byte by byte."""

import shutil
from datetime import date, datetime

import pandas as pd
import pytest

from benchmarks.customer_records import generate
from crmlib.book.amendments import Amendment, add_amendments
from crmlib.book.build import build_book
from crmlib.book.carrying import Renewal
from crmlib.book.decisions import add_decisions, decide
from crmlib.book.ledger import read_lines, undo_line
from crmlib.dictionary import DICTIONARY
from crmlib.home import Home
from crmlib.keys import load_key
from crmlib.labels import speaker
from crmlib.settings import load_settings

NOON = datetime(2024, 7, 2, 12)
HEAD = "客户编号,客户名称,联系人,手机,所属行业,客户来源,负责人,备注,客户标签,客户阶段\n"
ROWS = {
    "C1": "C1,上海示澄科技有限公司,陈示一,10012345678,软件开发,展会,周示例,老客户,重要,意向\n",
    "C2": "C2,北京例远贸易有限公司,林示二,10087654321,零售业,官网,吴示例,,,潜在\n",
    "C3": "C3,广州样川实业有限公司,周示三,10011112222,制造业,展会,郑示例,,,潜在\n",
    "C4": "C4,示澄科技,方示四,10099990000,软件开发,展会,王示例,要发票,大客户,潜在\n",
    "C5": "C5,何示五,何示五,10055550000,,官网,周示例,,,潜在\n",
    "C6": "C6,样川实业集团有限公司,,,制造业,展会,周示例,,,潜在\n",
    "C7": "C7,成都示远建材有限公司,,13800138000,制造业,展会,周示例,,,潜在\n",
}
SITE = HEAD + "".join(ROWS.values())
FAIR = "公司名称,联系人,手机,城市\n杭州样川餐饮有限公司,许示七,10077778888,杭州\n示远建材,,13800138000,成都\n"
TALKS = "记录ID,客户编号,客户名称,沟通日期,沟通方式,客户阶段,关键内容记录\nJ1,C2,北京例远贸易有限公司,2024-05-05,电话,意向,谈了价格\n"
ORDERS = "订单编号,客户编号,客户名称,下单日期,产品,金额\nD1,C1,上海示澄科技有限公司,2024-05-01,云平台,1200\nD2,,南京例安食品厂,2024-05-02,终端,30\n"
SNAPSHOT = "[sources.展会]\nsnapshot = true\n"


def tables(home: Home) -> dict[str, bytes]:
    version = (home.book / "CURRENT").read_text().strip()
    return {path.name: path.read_bytes() for path in (home.book / version).glob("*.parquet")}


@pytest.fixture
def rebuilt(place, tmp_path):
    """The book after what was imported and written down, which must equal the one that a home without keys makes."""

    def run():
        copy = Home(tmp_path / "copy")
        shutil.rmtree(copy.root, ignore_errors=True)
        shutil.copytree(place.root, copy.root)
        (copy.vault / "matching.sealed").unlink()
        key, known = load_key(place), load_settings(place)
        full, built = (build_book(home, settings=known, key=key, origin="own") for home in (copy, place))
        assert (full.renewal.why, built.renewal.why) == ("keys", "")
        one, other = tables(copy), tables(place)
        assert one.keys() == other.keys() and [name for name in one if one[name] != other[name]] == []
        pd.testing.assert_frame_equal(full.balance, built.balance)
        return built

    return run


def rows(built, name: str) -> pd.DataFrame:
    return built.book.frame(built.book.table(name))


@pytest.mark.slow
def test_imports_decisions_undo_and_amendments_make_the_book_that_a_rebuild_makes(intake, rebuilt, place):
    start = {"客户.csv": SITE, "展会/名单.csv": FAIR, "沟通.csv": TALKS, "订单.csv": ORDERS}
    first = intake(start, settings=SNAPSHOT)
    assert first.renewal.why == "first" and len(rows(first, "groups")) == 1
    start_ids = dict(rows(first, "customers")[["source_id", "customer_id"]].dropna().itertuples(index=False))
    one, other = sorted([start_ids["C1"], start_ids["C4"]])

    # a phone changes, a new row joins two customers, a talk says another stage, an order names a new customer
    again = HEAD + ROWS["C2"].replace("10087654321", "10033334444")
    joins = "C8,示澄科技,陈示一,10012345678;10099990000,软件开发,展会,钱示例,新备注,,潜在\n"
    talk = (
        TALKS.replace("J1", "J2")
        .replace("意向", "成交")
        .replace("05-05", "07-15")
        .replace("C2,北京例远贸易", "C3,广州样川实业")
    )
    order = ORDERS.replace("D1", "D3").replace("D2", "D4").replace("南京例安食品厂", "样川实业")
    more = {"客户_七月.csv": again + joins, "沟通_七月.csv": talk, "订单_七月.csv": order}
    intake(more, day=date(2024, 8, 1), build=False)
    built = rebuilt()
    assert rows(built, "aliases").to_numpy().tolist() == [[other, one]]
    assert built.renewal.customers < len(rows(built, "customers"))
    stages = rows(built, "customers").set_index("customer_id")["lifecycle_stage"]
    assert stages[[start_ids["C3"], start_ids["C5"]]].tolist() == ["customer", "prospect"]

    # a decision parts them again; a value is amended
    key = load_key(place)
    side = rows(built, "records").query("source_file == '客户.csv'").sort_values("line")["row_id"].tolist()
    apart = add_decisions(place, [decide(built.book, "different", [side[0], side[3]])], who="周示例", at=NOON)
    told = Amendment(side[1], "owner_name", "孙示例", "", "周示例", "")
    add_amendments(place, [told], dictionary=DICTIONARY, key=key, source="a" * 64, at=NOON)
    built = rebuilt()
    assert len(rows(built, "aliases")) == 0 and "孙*" in set(rows(built, "staff")["name"])

    # both are undone, and a list that is a snapshot comes with a row less: the placeholder's count falls
    undo_line(place, apart[0], who="周示例", at=NOON)
    undo_line(place, apart[0] + 1, who="周示例", at=NOON)
    fewer = {"展会/名单.csv": "".join(FAIR.splitlines(keepends=True)[:2])}
    intake(fewer, day=date(2024, 9, 1), build=False)
    built = rebuilt()
    assert rows(built, "ignored")[["reason", "rows"]].to_numpy().tolist() == [["PLACEHOLDER", 1]]


@pytest.mark.slow
def test_what_decides_the_rules_makes_all_anew_and_says_so(intake, place):
    first = intake({"客户.csv": SITE})
    assert first.renewal.line(speaker("zh")) == "全部客户重新匹配、合并：账本还没有版本"
    more = intake({"订单.csv": ORDERS})
    assert more.renewal.line(speaker("zh")).startswith("新增、变动或消失 2 行")
    assert intake({}, settings="[matching]\nhub_names = 9\n").renewal.why == "rules"
    assert intake({"人员.csv": "工号,姓名,角色\nS1,周示例,销售\n"}).renewal.why == "staff"
    (place.vault / "matching.sealed").unlink()
    assert intake({"订单_六月.csv": ORDERS.replace("D1", "D5")}).renewal.why == "keys"


@pytest.mark.slow
def test_a_larger_book_stays_the_one_of_a_rebuild_through_corrections_and_changed_settings(intake, rebuilt, place):
    sheet, _ = generate(3000, seed=7)
    columns = {"row_id": "客户编号", "name": "客户名称", "contact_name": "联系人", "phone": "手机", "email": "邮箱",
               "uscc": "统一社会信用代码", "city": "城市"}  # fmt: skip
    sheet = sheet[[*columns]].rename(columns=columns)
    parts = [part.to_csv(index=False) for part in (sheet[:2800], sheet[2800:2900], sheet[2900:])]
    intake({"客户.csv": parts[0]})
    intake({"客户_七月.csv": parts[1]}, day=date(2024, 8, 1), build=False)
    built = rebuilt()
    assert 100 <= built.renewal.changed < built.renewal.judged < 600 and built.renewal.customers < 400
    before = tables(place)

    # what was typed is put right for a customer of several rows and for one of a single row, and taken back
    whose = rows(built, "registry").groupby("customer_id")["row_id"].agg(["first", "size"])
    several, single = (whose[whose["size"].eq(n)]["first"].iloc[0] for n in (3, 1))
    told = [Amendment(several, "name", "示例改名有限公司", "", "周示例", ""),
            Amendment(single, "owner_name", "孙示例", "", "周示例", "")]  # fmt: skip
    add_amendments(place, told, dictionary=DICTIONARY, key=load_key(place), source="a" * 64, at=NOON)
    built = rebuilt()
    assert built.renewal.customers == 2 and "示例改名有限公司" in set(rows(built, "customers")["name"])
    for line in read_lines(place, "correction"):
        undo_line(place, line.id, who="周示例", at=NOON)
    built = rebuilt()
    assert built.renewal.customers == 2 and tables(place) == before

    # settings that decide no rule reach only who was ever amended; others make all anew, and the next import stands on that
    place.settings_file.write_text("[tiers.value]\nhigh = 400000\n", encoding="utf-8")
    assert rebuilt().renewal == Renewal("", 0, 0, 2) and tables(place) == before
    few = "[matching]\nhub_names = 2\noff = ['core_contact']\n"
    assert intake({}, settings=few).renewal.why == "rules" and tables(place) != before
    intake({"客户_八月.csv": parts[2]}, day=date(2024, 9, 1), build=False)
    assert 100 <= rebuilt().renewal.changed < 300
