"""From files to the book: every row counted once, ids stable, nothing personal in the open."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmlib.book.access import scan_files
from crmlib.book.balance import STATUSES
from crmlib.book.batches import Sheet, list_batches
from crmlib.errors import DataError, SettingsError
from crmlib.keys import load_key

CUSTOMERS = """客户编号,客户名称,联系人,手机,所属行业,客户来源
C1,上海示澄科技有限公司,陈示一,10012345678,软件开发,展会
C2,北京例远贸易有限公司,林示二,10087654321,零售业,官网
"""
ORDERS = """订单编号,客户编号,客户名称,下单日期,产品,金额
D1,C1,上海示澄科技有限公司,2024-05-01,云平台,1200
D2,C2,北京例远贸易有限公司,2024-05-02,终端,3万
D3,C9,,2024-05-03,终端,50
D4,,,2024-05-04,终端,60
"""
TALKS = """记录ID,客户编号,沟通日期,沟通方式,关键内容记录
J1,C1,2024-05-05 10:30,电话,请回电 10055556666 或写信 chen@example.com
J2,C7,2024-05-06,电话,谁也不是
"""


def rows(built, name):
    return built.book.frame(built.book.table(name))


def total(built) -> dict[str, int]:
    return built.balance[["in", *STATUSES]].sum().astype(int).to_dict()


@pytest.mark.demand("B07", "A33")
def test_each_row_is_counted_once_and_orphans_are_told_apart(intake):
    built = intake({"客户.csv": CUSTOMERS, "订单.csv": ORDERS, "沟通.csv": TALKS})
    assert total(built) == {"in": 11, "kept": 7, "merged": 0, "unchanged": 0, "not_data": 3, "quarantined": 1}
    orders = rows(built, "orders").set_index("order_id")["customer_id"]
    assert orders[["D1", "D2"]].tolist() == ["K000001", "K000002"] or orders[["D1", "D2"]].notna().all()
    assert orders[["D3", "D4"]].isna().all()  # kept, counted as 未归属
    assert rows(built, "quarantine")[["line", "reason", "value"]].to_numpy().tolist() == [[3, "ORPHAN_CUSTOMER", "C7"]]
    doubts = rows(built, "warnings").set_index("reason")["line"]
    assert doubts["ORPHAN_CUSTOMER"] == 4 and doubts["UNASSIGNED"] == 5


@pytest.mark.demand("A11")
def test_the_same_file_twice_changes_nothing_and_a_new_export_keeps_the_ids(intake):
    first = intake({"客户.csv": CUSTOMERS, "订单.csv": ORDERS})
    again = intake({})
    assert (again.fresh, again.book.version) == (False, first.book.version)
    more = CUSTOMERS.replace("零售业", "批发业") + "C3,广州样川实业有限公司,周示三,10011112222,制造业,展会\n"
    later = intake({"客户_六月.csv": more})
    old, new = (dict(rows(b, "customers")[["name", "customer_id"]].itertuples(index=False)) for b in (first, later))
    assert {name: new[name] for name in old} == old and len(new) == 3
    assert later.balance.set_index("file").loc["客户_六月.csv", ["kept", "unchanged"]].tolist() == [2, 1]
    industry = rows(later, "customers").set_index("name")["industry_raw"]
    assert industry["北京例远贸易有限公司"] == "批发业"  # the later export updates


def test_a_row_twice_in_one_file_is_merged_and_an_orders_two_lines_are_two(intake):
    built = intake(
        {
            "客户.csv": CUSTOMERS + CUSTOMERS.splitlines()[1] + "\n",
            "订单.csv": ORDERS + "D1,C1,上海示澄科技有限公司,2024-05-01,云平台,1200\n",
        }
    )
    assert built.balance.set_index("file")["merged"].to_dict() == {"客户.csv": 1, "订单.csv": 0}
    assert (rows(built, "orders")["order_id"] == "D1").sum() == 2


@pytest.mark.demand("A38", "L06")
def test_nothing_personal_lies_in_the_open_and_the_key_brings_every_cell_back(intake, place):
    intake({"客户.csv": CUSTOMERS, "沟通.csv": TALKS})
    assert scan_files([place.book]).empty
    texts = b"".join(path.read_bytes() for path in place.book.rglob("*") if path.is_file())
    for secret in ("陈示一", "10012345678", "chen@example.com"):
        assert secret.encode() not in texts
    key = load_key(place)
    sheets = {b.file: Sheet(b, 0) for b in list_batches(place)}
    for name, text in (("客户.csv", CUSTOMERS), ("沟通.csv", TALKS)):
        lines = [line.split(",") for line in text.splitlines()]
        raw = sheets[name].raw(place, key)
        assert raw.to_numpy().tolist() == lines[1:] and raw.columns.tolist() == lines[0]
        assert sheets[name].raw(place, None).to_numpy().tolist() != lines[1:]


def test_one_number_under_two_names_in_two_files_is_two_customers_and_is_said(intake):
    built = intake(
        {
            "甲.csv": "客户编号,客户名称,所属行业\nC1,上海示澄科技有限公司,软件开发\n",
            "乙.csv": "客户编号,客户名称,所属行业\nC1,重庆样川食品厂,食品制造业\n",
            "沟通.csv": "记录ID,客户编号,沟通日期,关键内容记录\nJ1,C1,2024-05-05,谈了价格\n",
        }
    )
    assert len(rows(built, "customers")) == 2
    assert "ID_CONFLICT" in set(rows(built, "review")["reason"])
    assert rows(built, "interactions")["customer_id"].isna().tolist() == [True]  # kept, whose is not guessed
    assert "ID_CONFLICT" in set(rows(built, "warnings")["reason"])


def test_payments_belong_to_whom_the_order_belongs(intake):
    built = intake(
        {
            "订单.csv": ORDERS,
            "回款.csv": "回款编号,订单编号,应收日期,应收金额\nH1,D1,2024-06-01,1200\n",
        }
    )
    owner = rows(built, "orders").set_index("order_id")["customer_id"]["D1"]
    assert rows(built, "payments")["customer_id"].tolist() == [owner]


def test_orders_alone_make_their_customers(intake):
    built = intake(
        {
            "销售.csv": "订单号,客户姓名,订单日期,销售额\n1,曾示,2024-05-01,10\n2,曾示,2024-05-02,20\n3,许样,2024-05-03,5\n"
        }
    )
    assert rows(built, "orders")["customer_id"].nunique() == 2
    assert set(rows(built, "customers")["name"]) == {"曾*", "许*"}


def test_a_file_that_is_no_table_stops_the_import_whole(intake, place):
    with pytest.raises(DataError) as caught:
        intake({"客户.csv": CUSTOMERS, "坏.csv": "", "也坏.csv": ""})
    assert "坏.csv" in str(caught.value) and "也坏.csv" in str(caught.value) and caught.value.exit_code == 3
    assert list_batches(place) == [] and not list(place.vault.glob("*.sealed"))


def test_two_currencies_need_a_rate(intake):
    files = {"甲店.csv": ORDERS, "乙店.csv": ORDERS.replace("D", "E")}
    with pytest.raises(SettingsError, match="GBP"):
        intake(files, settings='[sources.乙店]\ncurrency = "GBP"\n')
    built = intake({}, settings='[sources.乙店]\ncurrency = "GBP"\nrate = 9.0\n')
    amounts = rows(built, "orders").set_index("order_id")["amount_cny"].astype("float64")
    assert amounts["D1"] == 1200 and amounts["E1"] == 10800  # read anew by the rules of today


CELLS = st.lists(
    st.tuples(
        st.sampled_from(["C1", "C2", "C3", "", " "]),
        st.sampled_from(["上海示澄科技有限公司", "北京例远贸易有限公司", "合计", ""]),
        st.sampled_from(["2024-05-01", "03/04/2023", "明天", "", "2024/5/2"]),
        st.sampled_from(["100", "1.5万", "面议", "", "-3", "1,000"]),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CELLS)
def test_whatever_the_rows_hold_they_balance(tmp_path_factory, cells):
    """Law: in = kept + merged + unchanged + not data + quarantined, for any sheet."""
    from datetime import date

    from crmlib.book.build import build_book
    from crmlib.book.importing import import_files
    from crmlib.home import Home
    from crmlib.inputs import list_inputs
    from crmlib.keys import SAMPLE_KEY
    from crmlib.labels import speaker
    from crmlib.settings import parse_settings

    home = Home(tmp_path_factory.mktemp("law"))
    home.inbox.mkdir(parents=True)
    text = "订单编号,客户编号,客户名称,下单日期,金额\n" + "".join(
        f"D{i % 5},{','.join(row)}\n" for i, row in enumerate(cells)
    )
    (home.inbox / "订单.csv").write_text(text + "D9,C1,上海示澄科技有限公司,2024-05-09,10\n", encoding="utf-8")
    import_files(
        home, list_inputs([home.inbox]), settings=parse_settings(), origin="sample", received_on=date(2024, 7, 1),
        say=speaker("zh"), tell=lambda line: None,
    )  # fmt: skip
    built = build_book(home, settings=parse_settings(), key=SAMPLE_KEY, origin="sample")
    counts = total(built)
    assert counts["in"] == len(cells) + 2 == sum(counts[s] for s in STATUSES)
    assert isinstance(built.balance, pd.DataFrame)


@pytest.mark.parametrize(("period", "code"), [("2024-06", 0), ("2024-04", 3), ("2026-06", 3)])
def test_a_period_without_data_is_refused_with_the_time_there_is(intake, place, period, code):
    from crmlib.book.results import check_period
    from crmlib.book.work import open_work

    intake({"订单.csv": ORDERS})
    work = open_work(home=str(place.root), period=period)
    if not code:
        return check_period(work)
    with pytest.raises(DataError, match="从 2024-05-01 到 2024-05-04") as caught:
        check_period(work)
    assert caught.value.exit_code == code
