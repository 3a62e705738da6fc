"""Headers: which table a sheet is and which field each column feeds."""

import json
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.dictionary import DICTIONARY, Field
from crmlib.errors import SettingsError
from crmlib.intake.header_words import distance, is_near, read_header
from crmlib.intake.headers import Mapping, map_headers
from crmlib.intake.readers import read_file
from crmlib.sample import write_sample
from crmlib.settings import Source, parse_settings

REAL = Path(os.environ.get("CRM_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real data are not here")


def sheet(headers: str, *rows: str) -> pd.DataFrame:
    """Headers and rows of text; cells stand apart by "|", an empty one is missing."""
    names = [name.strip() for name in headers.split("|")]
    cells = [[cell.strip() or None for cell in row.split("|")] for row in rows] or [["x"] * len(names)]
    return pd.DataFrame(cells, columns=names, dtype="str")


def fed(mapping: Mapping) -> dict[str, str]:
    return {column.header: column.name for column in mapping.columns}


def how(mapping: Mapping) -> dict[str, str]:
    return {column.header: column.how for column in mapping.columns}


# ── one header


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("客户名称", "客户名称"),
        ("  客 户\n名 称 ", "客户名称"),
        ("＊客户名称（必填）", "客户名称"),
        ("客户名称*", "客户名称"),
        ("1. 客户名称", "客户名称"),
        ("Customer_Name", "customername"),
        ("ＣｕｓｔｏｍｅｒＩＤ", "customerid"),
        ("客戶名稱", "客户名称"),
        ("金额（万元）", "金额"),
        ("金额/万元", "金额"),
        ("合同金额万元", "合同金额"),
        ("Revenue in millions of USD", "revenue"),
    ],
)
def test_a_header_is_known_by_its_words_alone(written, word):
    assert word in read_header(written).forms


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("累计合作金额(万元)", 10_000),
        ("金额（元）", 1),
        ("金额(千元)", 1_000),
        ("年营收（单位：亿元）", 100_000_000),
        ("金额/万元", 10_000),
        ("Revenue (in millions)", 1_000_000),
        ("Amount (USD thousands)", 1_000),
        ("匹配度(%)", 0.01),
        ("平均响应时长(小时)", 1),
        ("客户名称（全称）", 1),
        ("万元户", 1),
    ],
)
def test_a_header_says_what_one_of_its_column_is_worth(header, unit):
    assert read_header(header).unit == unit


def test_a_term_counts_in_months_and_an_amount_does_not_know_years():
    mapping = map_headers(sheet("客户名称|预计合作周期(年)|年营收(2023年)"))
    assert {c.field: c.unit for c in mapping.columns} == {
        "name": 1,
        "expected_term_months": 12,
        "annual_revenue_cny": 1,
    }


def test_the_currency_of_a_header_is_said():
    mapping = map_headers(sheet("Order Date|Customer|Amount (USD)"))
    assert mapping.currency == "USD"
    assert any("USD" in note for note in mapping.notes)
    assert map_headers(sheet("订单日期|客户名称|金额(元)")).currency == ""


@given(st.text("客户名称编号abc ", max_size=8), st.text("客户名称编号abc ", max_size=8))
def test_distance_is_the_same_both_ways_and_0_only_for_equals(a, b):
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)


def test_a_slip_is_near_a_short_word_or_another_digit_is_not():
    assert is_near("custmername", "customername") == 1
    assert is_near("cutsomername", "customername") == 1  # two letters changed places
    assert is_near("首次接触日其", "首次接触日期") == 1
    assert is_near("发货日期", "发票日期") == 0
    assert is_near("联系人姓名2", "联系人姓名") == 0


# ── one sheet


def test_a_wide_customer_sheet_feeds_the_tables_beside_it():
    mapping = map_headers(sheet("客户名称|行业|城市|客户来源|联系人|电话|跟进时间|跟进方式|跟进内容|后续计划|标签"))
    assert mapping.table == "customers"
    assert fed(mapping) == {
        "客户名称": "customers.name",
        "行业": "customers.industry_raw",
        "城市": "customers.city",
        "客户来源": "customers.source_channel",
        "联系人": "contacts.name",
        "电话": "contacts.phone",
        "跟进时间": "interactions.occurred_at",
        "跟进方式": "interactions.channel",
        "跟进内容": "interactions.content",
        "后续计划": "actions.task",
        "标签": "tags.value",
    }


def test_common_words_mean_the_sheets_own_table():
    orders = map_headers(sheet("订单编号|日期|客户|金额|状态|备注"))
    tickets = map_headers(sheet("工单号|日期|客户|问题描述|状态|备注"))
    customers = map_headers(sheet("客户编号|客户名称|城市|状态|备注|日期"))
    assert fed(orders)["日期"] == "orders.ordered_on"
    assert fed(orders)["状态"] == "orders.status"
    assert fed(tickets)["日期"] == "tickets.opened_at"
    assert fed(tickets)["状态"] == "tickets.status"
    assert fed(customers)["备注"] == "customers.note"
    assert customers.custom == ["日期"]  # the date of what?


def test_an_order_list_is_no_customer_list_however_much_it_says_of_customers():
    wide = "订单编号|订单日期|客户编号|客户名称|联系人|电话|地址|城市|省份|行业|企业规模|产品|金额"
    assert map_headers(sheet(wide)).table == "orders"
    assert map_headers(sheet("日期|客户名称|城市|省份|行业|产品|金额")).table == "orders"


def test_customers_who_come_up_again_and_again_are_no_customer_list():
    headers = "日期|客户名称|城市|省份|行业|企业规模|信息来源|金额"
    once = sheet(headers, "2024-01-01|甲|||||展会|1", "2024-01-02|乙|||||展会|1")
    again = sheet(headers, "2024-01-01|甲|||||展会|1", "2024-01-02|甲|||||展会|1")
    assert (map_headers(once).table, map_headers(again).table) == ("customers", "orders")


def test_a_company_beside_a_name_makes_the_name_a_contacts():
    assert fed(map_headers(sheet("姓名|公司名称|电话"))) == {
        "姓名": "contacts.name",
        "公司名称": "customers.name",
        "电话": "contacts.phone",
    }
    assert fed(map_headers(sheet("姓名|电话|城市")))["姓名"] == "customers.name"


def test_contacts_are_their_own_table_where_a_customer_has_several():
    headers = "客户编号|联系人|职务|电话"
    assert map_headers(sheet(headers, "C1|张*|经理|", "C1|李*|总监|", "C2|王*|经理|")).table == "contacts"
    assert map_headers(sheet(headers, "C1|张*|经理|", "C2|李*|总监|")).table == "customers"


@pytest.mark.demand("A12", "A34")
def test_customer_type_goes_where_its_values_belong_and_this_is_said():
    kinds = map_headers(sheet("客户名称|客户类型", "甲|单位", "乙|个人"))
    stages = map_headers(sheet("客户名称|客户类型", "甲|意向客户", "乙|成交客户"))
    assert fed(kinds)["客户类型"] == "customers.entity_type"
    assert fed(stages)["客户类型"] == "customers.lifecycle_stage"
    assert how(stages)["客户类型"] == "values"
    assert any("客户类型" in note for note in stages.notes)


@pytest.mark.demand("A58")
def test_a_status_stays_a_status_unless_it_holds_stages():
    assert fed(map_headers(sheet("客户名称|状态", "甲|活跃", "乙|潜在流失")))["状态"] == "customers.source_status"
    assert fed(map_headers(sheet("客户名称|状态", "甲|成交", "乙|流失")))["状态"] == "customers.lifecycle_stage"


def test_a_second_phone_is_a_phone_too_but_one_name_is_enough():
    mapping = map_headers(sheet("客户名称|手机|固定电话|客户全称"))
    assert mapping.headers("contacts.phone") == ["手机", "固定电话"]
    assert fed(mapping)["客户名称"] == "customers.name"
    assert mapping.custom == ["客户全称"]


def test_of_two_columns_for_one_field_the_one_not_taken_is_named():
    mapping = map_headers(sheet("客户名称|下单日期|订单金额|总金额|实付金额"))
    assert mapping.headers("orders.amount_cny") == ["订单金额"]
    assert mapping.custom == ["总金额", "实付金额"]
    assert sum("订单金额" in note for note in mapping.notes) >= 2
    assert map_headers(sheet("客户名称|下单日期|总金额|实付金额")).headers("orders.amount_cny") == ["实付金额"]


@pytest.mark.parametrize(
    ("when", "name", "field"),
    [
        ("2012-05-01", "上海示例科技有限公司", "founded_on"),
        ("2023-01-05 09:30", "上海示例科技有限公司", "first_contact_date"),
        ("2023-01-05", "张伟", "first_contact_date"),
    ],
)
def test_a_company_is_registered_a_member_joins(when, name, field):
    assert fed(map_headers(sheet("客户名称|电话|注册时间", f"{name}||{when}")))["注册时间"] == f"customers.{field}"


def test_a_common_word_belongs_to_the_one_part_of_a_row_that_can_have_it():
    mapping = map_headers(sheet("记录ID|客户ID|沟通日期|沟通方式|后续行动|责任人"))
    assert fed(mapping)["责任人"] == "actions.owner_name"
    assert map_headers(sheet("记录ID|客户ID|沟通日期|沟通方式|责任人")).custom == ["责任人"]


def test_an_amount_without_a_day_beside_customers_is_no_order_and_a_title_without_a_person_no_contact():
    assert map_headers(sheet("客户名称|城市|行业|成交金额|职务")).custom == ["成交金额", "职务"]


def test_a_table_that_fits_almost_as_well_is_named():
    close = map_headers(sheet("客户名称|下单日期|产品名称|订单金额|商机阶段|商机金额|商机名称|数量"))
    assert close.table == "orders" and any("商机" in note and "符合" in note for note in close.notes)
    assert not any("符合" in note for note in map_headers(sheet("订单编号|下单日期|客户名称|金额")).notes)


@pytest.mark.demand("B05")
def test_a_sheet_that_lacks_one_column_is_told_which():
    mapping = map_headers(sheet("订单编号|产品名称|数量|单价|订单金额"))
    assert mapping.table is None
    assert any("订单日期" in note and "缺少" in note for note in mapping.notes)


@pytest.mark.demand("B17")
@pytest.mark.parametrize("required", ["", "complete"])
def test_a_required_field_stays_required(required):
    weaker = f'[fields.customers.name]\nzh = "名称"\nen = "Name"\nrequired = "{required}"\n'
    with pytest.raises(SettingsError, match="客户名称.*必填"):
        DICTIONARY.with_fields(parse_settings(weaker).own_fields())


def test_a_known_field_that_is_renamed_stays_what_it_is():
    own = '[fields.contacts.phone]\nzh = "热线"\nen = "Hotline"\n'
    renamed = DICTIONARY.with_fields(parse_settings(own).own_fields())
    phone = renamed.field("contacts.phone")
    assert (phone.zh, phone.type, phone.personal, phone.import_only) == ("热线", "list", "P", True)
    mapping = map_headers(sheet("客户名称|热线|手机"), dictionary=renamed)
    assert mapping.headers("contacts.phone") == ["热线", "手机"]


def test_a_slip_is_taken_and_said_and_the_doubtful_is_only_offered():
    mapping = map_headers(sheet("客户名称|首次接触日其|发货日期"))
    assert [(c.how, c.distance) for c in mapping.columns if c.header == "首次接触日其"] == [("near", 1)]
    assert any("首次接触日其" in note for note in mapping.notes)
    assert mapping.custom == ["发货日期"]


@pytest.mark.demand("A60")
def test_an_unknown_column_is_kept_as_an_own_field_and_said():
    mapping = map_headers(sheet("客户名称|偏好品类"))
    assert mapping.custom == ["偏好品类"]
    assert any("偏好品类" in note for note in mapping.notes)


@pytest.mark.demand("B16")
def test_a_users_own_field_is_recognised_by_its_names():
    own = Field(
        "customers", "preference_category", "偏好品类", "Preferred category", aliases=("喜好品类",), custom=True
    )
    mapping = map_headers(sheet("客户名称|喜好品类"), dictionary=DICTIONARY.with_fields([own]))
    assert fed(mapping)["喜好品类"] == "customers.preference_category"


# ── what is no table


def test_a_table_of_totals_is_refused_as_such():
    for headers in ("分析维度|指标名称|本周数据|上周数据|环比变化", "月份|销售额|同比|环比"):
        mapping = map_headers(sheet(headers))
        assert (mapping.table, mapping.refusal, mapping.columns) == (None, "SUMMARY_TABLE", [])


@pytest.mark.demand("B05")
def test_an_unknown_sheet_is_refused_with_the_nearest_names():
    mapping = map_headers(sheet("客户名城|所属行叶|电话"))
    assert (mapping.table, mapping.refusal) == (None, "NO_TABLE_RECOGNISED")
    assert "客户名城→客户名" in mapping.notes[0]
    assert map_headers(sheet("Table|Field|Description")).refusal == "NO_TABLE_RECOGNISED"


@pytest.mark.parametrize("headers", ["name|age", "姓名|年龄", "date|value", "id|text", "备注|状态"])
def test_a_lone_common_word_makes_no_table(headers):
    assert map_headers(sheet(headers)).table is None


def test_one_known_word_among_many_makes_no_table():
    mapping = map_headers(sheet("往来单位|温度|湿度|压力"))
    assert (mapping.table, mapping.refusal) == (None, "NO_TABLE_RECOGNISED")


def test_every_header_is_mapped_or_custom_never_both_and_never_neither():
    headers = "客户名称|手机|电话|备注|备注2|姓名|xyz|状态|合同编号|产品系列|金额"
    mapping = map_headers(sheet(headers))
    assert sorted([*fed(mapping), *mapping.custom]) == sorted(headers.split("|"))
    assert mapping.custom == ["备注2", "xyz", "合同编号", "产品系列", "金额"]  # a contract alone makes no order


@settings(max_examples=20, deadline=None)
@given(
    st.permutations(["订单编号", "订单日期", "客户编号", "客户名称", "城市", "产品", "数量", "单价", "金额", "备注"])
)
def test_the_order_of_columns_never_matters(headers):
    mapping = map_headers(sheet("|".join(headers)))
    assert (mapping.table, fed(mapping)["备注"], fed(mapping)["单价"]) == ("orders", "orders.note", "orders.price")
    assert mapping.custom == []


def test_what_is_kept_of_a_mapping_can_be_written_as_json():
    mapping = map_headers(sheet("客户名称|累计合作金额(万元)|匹配"))
    assert json.loads(json.dumps([column._asdict() for column in mapping.columns]))[1]["unit"] == 10_000
    assert json.dumps(mapping.notes)


# ── exports as known systems write them

EXPORTS = pd.read_csv(
    Path(__file__).parents[2] / "benchmarks" / "headers_exports.csv", dtype="str", keep_default_na=False
)


@pytest.mark.demand("B01", "B05")
@pytest.mark.parametrize("export", EXPORTS["export"].unique())
def test_nearly_all_columns_of_a_known_export_are_taken_for_what_they_are(export):
    columns = EXPORTS[EXPORTS["export"].eq(export)]
    cells = {one.header: one[4].split("|") for one in columns.itertuples()}
    taken = fed(map_headers(pd.DataFrame(cells, dtype="str").replace("", None)))
    wrong = [one.header for one in columns.itertuples() if taken.get(one.header, "custom") != one.field]
    assert len(wrong) <= 0.2 * len(columns), wrong


# ── settings


def test_settings_name_the_columns_that_cannot_be_recognised():
    source = Source(
        table="orders", columns={"发生额": "amount_cny", "网店昵称": "customers.name", "付款日": "ordered_on"}
    )
    mapping = map_headers(sheet("付款日|网店昵称|发生额"), source=source)
    assert fed(mapping) == {"付款日": "orders.ordered_on", "网店昵称": "customers.name", "发生额": "orders.amount_cny"}
    assert set(how(mapping).values()) == {"setting"}


def test_settings_beat_what_the_header_says():
    mapping = map_headers(sheet("订单日期|客户|金额|成本"), source=Source(columns={"成本": "amount_cny"}))
    assert mapping.headers("orders.amount_cny") == ["成本"]
    assert mapping.custom == ["金额"]


def test_a_column_that_was_renamed_is_said_with_the_nearest():
    source = Source(table="orders", columns={"实付总额": "amount_cny"})
    mapping = map_headers(sheet("订单日期|客户|实付总数"), source=source)
    assert (mapping.table, mapping.refusal) == (None, "COLUMN_MISSING")
    assert "实付总数" in mapping.notes[0]
    assert "订单金额" in mapping.notes[1]


def test_settings_that_name_nothing_are_refused_with_the_nearest():
    with pytest.raises(SettingsError, match="amount_cny"):
        map_headers(sheet("金额"), source=Source(table="orders", columns={"金额": "amount_cnyy"}))
    with pytest.raises(SettingsError, match="orders"):
        map_headers(sheet("金额"), source=Source(table="order"))


# ── real files, without settings

TEMPLATES = {
    "客户信息分类表": (
        "customers",
        {"客户类型": "entity_type", "客户等级": "source_grade", "累计合作金额": "opening_amount_cny"},
    ),
    "客户信息表": ("customers", {"公司名称": "name", "购买历史": "opening_amount_cny", "状态": "source_status"}),
    "客户基础信息库": ("customers", {"客户类型": "lifecycle_stage", "初始来源": "source_channel", "重要备注": "note"}),
    "客户登记与维护": (
        "customers",
        {"企业规模": "headcount", "年营收": "annual_revenue_cny", "信息来源": "source_channel"},
    ),
    "沟通动态记录表": ("interactions", {"关键内容记录": "content", "客户情绪": "mood_raw", "参与人员": "participants"}),
    "沟通效果分析周报": (None, {}),
}


@real
@pytest.mark.demand("A12", "A16", "A18", "A19", "A28", "A29", "A35", "A36", "A41", "A43", "A52", "A54", "A57", "A67")
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_sources_own_templates_map_whole(name):
    raw = pd.read_csv(REAL / "templates" / f"{name}.csv", dtype="str", encoding="utf-8-sig")
    table, wanted = TEMPLATES[name]
    mapping = map_headers(raw)
    assert mapping.table == table
    assert {**fed(mapping), **{h: f"{table}.{key}" for h, key in wanted.items()}} == fed(mapping)
    assert mapping.custom == ([] if table else list(raw.columns))


@real
def test_the_real_order_and_pipeline_files_map_without_settings():
    shop = map_headers(pd.read_excel(REAL / "orders" / "超市.xls", dtype="str", engine="calamine", nrows=300))
    assert shop.table == "orders"
    assert {
        "订单 Id": "orders.order_id",
        "省/自治区": "customers.province",
        "销售额": "orders.amount_cny",
    }.items() <= fed(shop).items()
    assert set(shop.custom) == {"利润率", "记录数", "制造商", "发货日期", "折扣", "细分", "邮寄方式"}
    expected = {
        "accounts": "customers",
        "products": "products",
        "sales_pipeline": "opportunities",
        "sales_teams": "staff",
    }
    with zipfile.ZipFile(REAL / "pipeline" / "crm_sales_opportunities.zip") as archive:
        for path in archive.namelist():
            mapping = map_headers(pd.read_csv(archive.open(path), dtype="str"))
            assert mapping.table == expected.get(Path(path).stem), path
            assert mapping.custom in ([], ["subsidiary_of"], ["Table", "Field", "Description"])


def test_a_wholesalers_english_export_maps_whole():
    mapping = map_headers(sheet("InvoiceNo|StockCode|Description|Quantity|InvoiceDate|UnitPrice|CustomerID|Country"))
    assert mapping.table == "orders"
    assert fed(mapping) == {
        "InvoiceNo": "orders.order_id",
        "StockCode": "orders.product_id",
        "Description": "orders.product",
        "Quantity": "orders.quantity",
        "InvoiceDate": "orders.ordered_on",
        "UnitPrice": "orders.price",
        "CustomerID": "customers.source_id",
        "Country": "customers.country",
    }


def test_the_sample_maps_without_settings(tmp_path):
    write_sample(tmp_path, customers=60, seed=7)
    found, unknown = {}, set()
    for path in sorted(one for one in tmp_path.rglob("*") if one.suffix in (".csv", ".xlsx", ".xls")):
        for raw in read_file(path).tables:
            mapping = map_headers(raw)
            found.setdefault(path.stem, set()).add(mapping.table)
            unknown |= set(mapping.custom)
    wanted = {
        "员工": "staff",
        "回款": "payments",
        "投诉": "tickets",
        "满意度": "surveys",
        "订单": "orders",
        "需求": "needs",
        "商机": "opportunities",
        "合同": "orders",
    }
    wanted |= {"官网注册": "customers", "展会名单": "customers", "销售跟进": "interactions"}
    assert {stem: {table} for stem, table in wanted.items()}.items() <= found.items()
    assert unknown <= {"序号", "关注产品", "输单原因"}
