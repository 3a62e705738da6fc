"""Wide sheets taken apart: one row of a sheet becomes a row in every table that it speaks of."""

import json
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.book.build import build_book
from crmlib.book.importing import import_files
from crmlib.dictionary import DICTIONARY
from crmlib.home import Home
from crmlib.inputs import list_inputs
from crmlib.insight.measures import overdue_payments
from crmlib.intake import map_headers, standardise
from crmlib.intake.tables import resolve_staff, take_apart
from crmlib.keys import SAMPLE_KEY
from crmlib.labels import speaker
from crmlib.settings import parse_settings

SETTINGS = """
[sources.工商名单]
third_party = true

[fields.customers.茶龄]
zh = "茶龄"
en = "Years of tea"
type = "int"
"""
FILES = {
    "客户/客户表.csv": """
客户编号,客户名称,联系人,职务,采购决策人,客户需求描述,备注信息,主要业务类型,标签名称,互动记录,后续计划,茶龄,员工食堂,法人
C001,上海示例甲科技有限公司,张*,采购总监,王示例,需要对接财务系统,重点关注产品A,软件采购,"长期合作、技术导向/价格敏感",电话沟通产品方案,2024-05-10前提交优化方案,3,有,陈示例
C002,北京示例乙贸易有限公司,李*,总经理,李*,,,装修,长期合作；新客,,,,,林示例
""",
    "客户/客户表二.csv": """
客户编号,客户名称,关键需求,重要备注,维护时间,维护方式,维护内容,客户反馈
C001,上海示例甲科技有限公司,定制化服务,忌周五来电,2023-11-05,电话沟通,询问新品B使用体验,产品功能稳定
""",
    "客户/客户表三.csv": """
客户编号,客户名称,统一社会信用代码
C003,示例丁机械,91320500MA00000010
""",
    "客户/沟通.csv": """
记录ID,客户ID,沟通日期,沟通时间,沟通方式,参与人员,沟通主题,关键内容记录,后续行动,责任人,截止日期,事件状态
J001,C001,2024-04-20,14:30,电话,我方:销售代表;客户方:经理、*助理,方案细节确认,客户:希望增加接口;我方:三日内回复,提交方案,周示例,2024-04-23,待跟进
J002,C002,2024-04-21,,面谈,,需求沟通,先看样品,寄样品,,,已完成
""",
    "客户/需求.csv": """
需求编号,客户编号,需求描述,需求优先级,需求时间,需求阶段,初步接洽日期,方案评估日期,合同谈判日期
N001,C001,数据对接,高,2024-08-01,合同谈判,2024-03-01,2024-04-02,2024-05-06
N002,C002,人员培训,,,初步接洽,2024-06-01,,
""",
    "客户/回款.csv": """
回款编号,客户编号,应收日期,应收金额,实收日期,实收金额
HK1,C001,2024-05-01,10000,2024-05-20,10000
HK2,C001,2024-06-01,5000,,
""",
    "客户/订单.csv": """
订单编号,客户编号,下单日期,产品名称,金额(万元),成本(万元)
D1,C001,2024-05-02,标准版,1.5,0.6
D2,C002,2024-05-03,标准版,0.8,
""",
    "客户/投诉.csv": """
工单编号,客户编号,问题描述,受理时间,分派时间,首次响应时间,解决时间,回访时间,处理成本
T1,C001,交付延迟,2024-05-01 09:00,2024-05-01 09:30,2024-05-01 10:00,2024-05-02 17:00,2024-05-05 10:00,300
""",
    "官网/表单.csv": """
姓名,公司名称,手机,邮箱,需求说明,提交时间
赵示例,杭州示例丙科技有限公司,100-1234-5678,zhao@example.com,希望了解报价,2024-06-01 10:00
""",
    "展会/名单.csv": """
单位名称,联系人姓名,联系人职务,联系电话,所属行业,首次接触日期
杭州示例丙科技有限公司,赵示例,采购经理,100-1234-5678,软件业,2024-05-20
""",
    "咨询/在线咨询.csv": """
访客单位,咨询人,邮箱,咨询时间,咨询渠道,咨询内容
杭州示例丙科技有限公司,赵示例,zhao@example.com,2024-06-03 09:00,在线聊天,什么时候可以演示
""",
    "外勤/拜访记录.csv": """
客户名称,拜访日期,拜访方式,拜访纪要,意向反馈,后续行动
上海示例甲科技有限公司,2024-06-05,上门拜访,"参观机房，
对接口速度有疑问",意向较强,6月20日前演示
""",
    "第三方/工商名单.csv": """
企业名称,统一社会信用代码,成立日期,所属行业,注册资本
北京示例乙贸易有限公司,91110000MA0000000H,2012-05-01,批发业,500万元
苏州示例丁（集团）机械有限公司,91320500MA00000010,2015-06-01,制造业,800万元
""",
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    home, settings = Home(tmp_path_factory.mktemp("wide")), parse_settings(SETTINGS)
    for name, text in FILES.items():
        path = home.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    import_files(
        home, list_inputs([home.inbox]), settings=settings, origin="sample", received_on=date(2024, 7, 1),
        say=speaker("zh"), tell=lambda line: None,
    )  # fmt: skip
    return build_book(home, settings=settings, key=SAMPLE_KEY, origin="sample").book


@pytest.fixture(scope="module")
def of(book):
    """of("needs", "C001") → the rows of one customer by the number that our own sheets give them."""
    customers = book.frame(book.table("customers"))

    def rows(table: str, number: str) -> pd.DataFrame:
        whose = customers.loc[
            customers["source_id"].fillna("").str.split(";|；|、").map(lambda ids: number in ids), "customer_id"
        ]
        frame = book.frame(book.table(table))
        return frame[frame["customer_id"].isin(whose)].reset_index(drop=True)

    return rows


def texts(rows: pd.DataFrame, column: str) -> list[str]:
    return sorted(rows[column].dropna())


def test_every_file_is_read_and_no_row_is_refused(book):
    assert book.frame(book.table("quarantine")).empty
    records = book.frame(book.table("records"))
    assert len(records) == 19 and set(records["status"]) == {"kept", "merged"}


@pytest.mark.demand("A07", "A56")
def test_what_a_customers_row_says_it_needs_is_a_need(of):
    needs = of("needs", "C001")
    assert texts(needs, "text") == ["定制化服务", "数据对接", "需要对接财务系统"]
    assert texts(of("needs", "C002"), "text") == ["人员培训"]  # a blank makes no need


@pytest.mark.demand("A08", "A16")
def test_a_decider_who_is_not_the_contact_is_a_contact_more(of):
    contacts = of("contacts", "C001").set_index("name")
    assert contacts["decision_role"].dropna().to_dict() == {"王*": "decider"}
    assert contacts.loc["张*", "title"] == "采购总监" and contacts.loc["张*", "is_primary"]
    assert of("contacts", "C002")[["name", "decision_role"]].to_numpy().tolist() == [["李*", "decider"]]


@pytest.mark.demand("A10", "A37")
def test_notes_of_several_rows_are_all_kept(of):
    note = of("customers", "C001")["note"].item()
    assert "重点关注产品A" in note and "忌周五来电" in note


@pytest.mark.demand("A25")
def test_a_business_type_that_is_none_is_listed(book, of):
    assert of("customers", "C001")["business_type"].item() == "product"
    warnings = book.frame(book.table("warnings"))
    assert warnings.loc[warnings["field"].eq("business_type"), ["value", "reason"]].to_numpy().tolist() == [
        ["装修", "CHOICE_UNKNOWN"]
    ]


@pytest.mark.demand("A30", "A46", "A59")
def test_a_task_has_its_owner_day_and_status_and_what_it_lacks_is_listed(book, of):
    tasks = of("actions", "C001").set_index("task")
    assert tasks["due_date"].to_dict() == {
        "提交优化方案": date(2024, 5, 10), "提交方案": date(2024, 4, 23), "演示": date(2024, 6, 20),
    }  # fmt: skip
    assert tasks.loc["提交方案", ["owner_name", "status"]].tolist() == ["周*", "open"]
    assert of("actions", "C002")["status"].tolist() == ["done"]
    warnings = book.frame(book.table("warnings"))
    mine = warnings[warnings["source_file"].str.contains("沟通") & warnings["table"].eq("actions")]
    assert mine[["line", "reason"]].to_numpy().tolist() == [[3, "ACTION_WITHOUT_DATE"], [3, "ACTION_WITHOUT_OWNER"]]


@pytest.mark.demand("A31")
def test_tags_are_parted_at_every_mark(of):
    assert texts(of("tags", "C001"), "value") == sorted(["长期合作", "技术导向", "价格敏感"])
    assert texts(of("tags", "C002"), "value") == ["新客", "长期合作"]


@pytest.mark.demand("A42", "A43", "A44")
def test_a_talk_has_its_sides_its_topic_and_what_each_said(of):
    talk = of("interactions", "C001").set_index("interaction_id").loc["J001"]
    assert talk[["topic", "client_said", "we_said"]].tolist() == ["方案细节确认", "希望增加接口", "三日内回复"]
    assert talk["participants_ours"].startswith('["销') and "*助理" in talk["participants_theirs"]


def test_a_day_and_a_time_of_day_in_two_columns_are_one_moment(of):
    talk = of("interactions", "C001").set_index("interaction_id").loc["J001"]
    assert (talk["occurred_at"], talk["time_precision"]) == (datetime(2024, 4, 20, 14, 30), "minute")
    day_only = of("interactions", "C002").set_index("interaction_id").loc["J002"]
    assert (day_only["occurred_at"], day_only["time_precision"]) == (datetime(2024, 4, 21), "day")


@pytest.mark.demand("A57", "A67")
def test_what_was_said_last_and_what_was_done_are_interactions(of):
    talks = of("interactions", "C001").set_index("content")
    assert talks.loc["电话沟通产品方案", "time_precision"] == "unknown"
    visit = talks.loc["询问新品B使用体验"]
    assert visit[["channel", "feedback"]].tolist() == ["phone", "产品功能稳定"]
    assert visit["occurred_at"] == datetime(2023, 11, 5)


@pytest.mark.demand("A48")
def test_a_need_may_have_a_priority_and_a_day(of):
    need = of("needs", "C001").set_index("need_id").loc["N001"]
    assert need[["priority", "due_date"]].tolist() == ["high", date(2024, 8, 1)]
    assert of("needs", "C002")[["priority", "due_date"]].isna().all(axis=None)


def test_the_days_of_a_needs_stages_are_its_changes(of):
    changes = of("stage_changes", "C001").sort_values("changed_at")
    assert changes[["entity_id", "from_stage", "to_stage"]].fillna("").to_numpy().tolist() == [
        ["N001", "", "first_contact"],
        ["N001", "first_contact", "evaluation"],
        ["N001", "evaluation", "negotiation"],
    ]
    assert len(of("stage_changes", "C002")) == 1


def test_the_days_of_an_opportunitys_stages_are_its_changes():
    head = "商机编号,客户名称,销售阶段,预计金额,创建日期,接洽日期,方案报价日期,商务谈判日期,结单日期"
    raw = pd.DataFrame([["SJ1", "甲公司", "输单", "100", "2024-03-01", "2024-03-09", "2024-04-02", "", "2024-05-01"]],
                       columns=head.split(","), dtype="str")  # fmt: skip
    mapping = map_headers(raw)
    assert mapping.table == "opportunities" and not mapping.custom
    read = standardise(raw, mapping, received_on=date(2024, 7, 1)).rows.assign(row_id="r1", customer_id="K1")
    changes = take_apart(read, table="opportunities", system="crm", dictionary=DICTIONARY)["stage_changes"]
    assert changes[["entity", "entity_id", "to_stage"]].to_numpy().tolist() == [
        ["opportunity", "SJ1", "engaging"],
        ["opportunity", "SJ1", "proposal"],
    ]


@pytest.mark.demand("A68")
def test_what_is_owed_and_since_when_follows_from_the_payments(book):
    overdue = book.frame(overdue_payments({"payments": book.table("payments")}, as_of=date(2024, 7, 1)))
    assert sorted(overdue["overdue_days"]) == [19, 30]


@pytest.mark.demand("A69")
def test_costs_stand_where_they_were_given_and_are_missing_elsewhere(of):
    assert of("orders", "C001")["cost_cny"].tolist() == [Decimal("6000.00")]
    assert of("orders", "C002")["cost_cny"].isna().all()
    assert of("tickets", "C001")["cost_cny"].tolist() == [Decimal("300.00")]


@pytest.mark.demand("A70")
def test_a_problem_has_all_times_of_its_life(of):
    times = ["opened_at", "assigned_at", "first_response_at", "resolved_at", "revisit_at"]
    (ticket,) = of("tickets", "C001")[times].to_numpy().tolist()
    assert ticket == sorted(ticket)


@pytest.mark.demand("B01")
def test_form_fair_and_online_consult_have_headers_of_their_own_and_one_customer(book):
    customers = book.frame(book.table("customers")).set_index("name")
    number = customers.loc["杭州示例丙科技有限公司", "customer_id"]
    records = book.frame(book.table("records"))
    mine = records[records["customer_id"].eq(number)]
    assert set(mine["source_system"]) == {"官网", "展会", "咨询"}
    methods = book.frame(book.table("contact_methods"))
    assert set(methods.loc[methods["customer_id"].eq(number), "kind"]) == {"phone", "email"}


@pytest.mark.demand("B02")
def test_notes_of_a_visit_are_an_interaction_with_all_their_lines(of):
    visit = of("interactions", "C001").set_index("channel").loc["visit"]
    assert visit[["content", "feedback"]].tolist() == ["参观机房，\n对接口速度有疑问", "意向较强"]


@pytest.mark.demand("B03")
def test_bought_data_join_by_name_or_code_and_say_that_they_are_bought(book, of):
    customer = of("customers", "C002")
    assert customer[["uscc", "founded_on"]].to_numpy().tolist() == [["91110000MA0000000H", date(2012, 5, 1)]]
    records = book.frame(book.table("records"))
    bought = records[records["provenance"].eq("third_party")]
    assert set(bought["source_file"]) == {"第三方/工商名单.csv"}
    assert bought["customer_id"].nunique() == 2
    other = records[records["customer_id"].eq(of("customers", "C003")["customer_id"].item())]
    assert set(other["provenance"]) == {"own", "third_party"}  # another name, the same code


@pytest.mark.demand("A60", "B16")
def test_unknown_columns_are_kept_and_a_field_of_ones_own_is_a_column(book, of):
    customer = of("customers", "C001").iloc[0]
    assert json.loads(customer["custom"]) == {
        "员工食堂": "有",
        "法人": "陈*",
    }  # people are masked in unknown columns too
    assert customer["茶龄"] == 3
    assert book.table("customers").schema()["茶龄"].is_integer()


def test_colleagues_become_numbers_those_of_tickets_too():
    staff = pd.DataFrame({"row_id": ["r1"], "staff_id": ["S1"], "name": ["周示例"]})
    tickets = pd.DataFrame(
        {"assigned_to": ["周示例", "周范例", None, "吴示例"], "assigned_id": [None, None, None, "S7"]}
    )
    customers = pd.DataFrame({"owner_name": ["周范例"]})
    parts, customers, whole = resolve_staff({"staff": staff, "tickets": tickets}, customers, key=SAMPLE_KEY)
    known, made, nobody, given = parts["tickets"]["assigned_id"]
    assert known == "S1" and made == customers["owner_id"].iloc[0] and made not in ("S1", "S7")
    assert pd.isna(nobody) and given == "S7"
    assert whole["name"].tolist() == ["周示例", "周范例", "吴示例"]
