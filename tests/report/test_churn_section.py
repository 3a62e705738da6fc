"""The section on churn: a proof that a manager can read, the rules beside it, who to call and why; or why nothing is said."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.report.blocks import Figure, Table, Text
from crmlib.report.data import COLUMNS
from crmlib.report.sections.churn import build_churn
from crmlib.report.sections.lifetime import build_lifetime
from crmlib.settings import parse_settings


def texts(section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Text)]


def table(section, title: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.title == title)


@pytest.mark.demand("H02")
def test_of_a_hundred_warned_of_it_says_how_many_left_and_of_those_who_left_how_many_were_warned_of(make_data):
    said = texts(build_churn(make_data()))[1:]
    assert said[0] == (
        "回看 2 个时点，还在下单的客户里，每预警 100 家有 75 家后来确实没有下单（各时点 70–80 家；不加挑选是 40 家）；"
        "没有再下单的每 100 家里，预警到了 20 家。"
    )
    assert said[1] == "只按多久没下单来排，同样预警 100 家，有 60 家没有再下单。"
    assert said[2].startswith("规则“3 个月未下单即为流失”：所有客户里，每判 100 家有 75 家")


def test_an_order_no_better_than_chance_is_no_list_to_call_by(make_data):
    past = make_data().churn_backtest.assign(auc=0.53)
    said = build_churn(make_data(churn_backtest=past)).blocks[0]
    assert said.role == "caution" and "AUC 0.53" in said.text
    assert build_churn(make_data()).blocks[0].text.startswith("建议：")


def test_the_finding_counts_those_who_still_order(make_data):
    section = build_churn(make_data())
    active = make_data().churn.query("active")
    assert (
        section.title
        == f"近 90 天下过单的 120 家客户中，预计约 {round(active['p_no_order'].sum())} 家未来 90 天不再下单"
    )


def test_the_list_has_the_tenth_likeliest_to_stop_the_largest_first_with_their_own_rhythm(make_data):
    measures = make_data().measures
    large = measures["customer_id"].isin(["K000236", "K000010"])  # one of the tenth, one who is not
    measures = measures.assign(amount_12m_cny=measures["amount_12m_cny"].mask(large, Decimal(9000)))
    section = build_churn(make_data(measures=measures))
    rows = table(section, "还在下单、最可能停下来的客户").rows
    assert rows["customer_id"].tolist()[:2] == ["K000236", "K000238"] and len(rows) == 12  # of 120
    # 11 customers of 6,000 yuan and one of 9,000
    assert texts(section)[0].startswith("建议：先联系这 12 家（近 12 个月合作金额合计 7.5 万元）")
    assert rows["why"].iloc[0] == "平均每 21 天下单（8 次间隔），已 64 天未下单（推高 31 个百分点）"


def test_the_proof_stands_beside_the_rule_and_the_reliability_picture(make_data):
    section = build_churn(make_data())
    rows = table(section, "与简单办法相比（各时点平均）").rows
    assert rows["model"].tolist() == ["score", "bg_nbd", "recency", "rule"] * 2
    nobody = make_data().churn_backtest.assign(
        precision=lambda t: t["precision"].mask(t["model"].eq("rule") & t["population"].eq("active"))
    )
    rows = table(build_churn(make_data(churn_backtest=nobody)), "与简单办法相比（各时点平均）").rows
    assert rows["model"].tolist() == ["score", "bg_nbd", "recency", "score", "bg_nbd", "recency", "rule"]
    assert rows["auc_range"].iloc[0] == "0.80–0.80" and rows["brier"].tolist()[2] == ""  # a ranking has no Brier score
    drawn = [block for block in section.blocks if isinstance(block, Figure)]
    assert len(drawn) == 1 and "说 9.1 %，发生 9.5 %" in drawn[0].alt


def test_too_few_data_are_said_and_no_number_is_shown(make_data):
    data = make_data()
    refused = data.churn.assign(p_no_order=None, drivers="[]", model="refused: CUSTOMERS 120/200")
    section = build_churn(make_data(churn=refused, renewals=None, lost_lacking=None))
    assert section.title == "样本不足，暂不计算流失概率：有订单的客户 120 家，至少要 200 家"
    assert [type(block) for block in section.blocks] == [Text]
    short = build_churn(make_data(churn_backtest=None))
    assert texts(short)[1:] == ["样本不足：历史太短，还不能回看检验。"]
    assert build_churn(make_data(churn=data.churn.head(0))) is None


@pytest.mark.demand("H05")
def test_lost_customers_without_day_or_reason_are_listed_in_words(make_data):
    rows = table(build_churn(make_data()), "已流失客户缺日期或原因").rows
    assert rows[["lost_reason", "lacks"]].to_numpy().tolist() == [["价格", "缺流失日期"]]


def test_contracts_that_end_have_the_rate_of_those_that_ended_before(make_data):
    block = table(build_churn(make_data()), "即将到期的合同")
    assert "p_not_renewed" in [column.key for column in block.columns] and "40 份" in block.note
    few = make_data().renewals.assign(p_not_renewed=None, model="refused: CONTRACTS 12/30")
    block = table(build_churn(make_data(renewals=few)), "即将到期的合同")
    assert "p_not_renewed" not in [column.key for column in block.columns] and block.note.startswith("样本不足")


NEVER = {"at_risk": 150, "contacted": 0, "contacted_ordered": 0, "contacted_reached": 0, "held_out": 0, "held_out_ordered": 0,
         "held_out_reached": 0, "difference": None, "low": None, "high": None, "open": 0, "open_held_out": 0, "base_rate": 0.28,
         "needed": 198, "ready_on": date(2027, 12, 13)}  # fmt: skip
HELD = {"contacted": 386, "contacted_ordered": 148, "contacted_reached": 350, "held_out": 50, "held_out_ordered": 10,
        "held_out_reached": 4, "difference": 0.1834, "low": 0.0447, "high": 0.2787, "open": 202, "open_held_out": 20}  # fmt: skip
ALONE = [
    (
        "K000238",
        "held_out",
        "low",
        date(2024, 6, 1),
        date(2024, 8, 30),
        None,
        None,
        False,
        "上海示例238号有限公司",
        "周*",
    ),
    (
        "K000100",
        "held_out",
        "low",
        date(2024, 1, 1),
        date(2024, 3, 31),
        None,
        None,
        True,
        "上海示例100号有限公司",
        "周*",
    ),
    (
        "K000236",
        "contacted",
        "low",
        date(2024, 6, 1),
        date(2024, 8, 30),
        None,
        None,
        False,
        "上海示例236号有限公司",
        "周*",
    ),
]


def compared(make_data, text: str = "[churn]\nhold_out_from = 2024-01-01", **told):
    uplift = pd.DataFrame([NEVER | told])
    hold_out = pd.DataFrame(ALONE if told else [], columns=COLUMNS["hold_out"])
    return build_churn(make_data(uplift=uplift, hold_out=hold_out, settings=parse_settings(text)))


def test_without_a_hold_out_it_is_said_what_is_not_known_and_which_line_to_write(make_data):
    said = texts(compared(make_data, ""))[-1]
    assert (
        "hold_out_from = 2024-07-01" in said and "随机留出 10 % 的风险客户（高价值客户除外），90 天内不主动联系" in said
    )
    assert said.endswith(
        "现有风险客户 150 家，以往约有 28 % 在 90 天内又下单；要看清 10 个百分点的差别，约需留出 198 家，大约到 2027-12-13。"
    )
    assert texts(compared(make_data, "", needed=None, base_rate=None, ready_on=None))[-1].endswith(
        "多久才能看清还说不上来。"
    )


def test_too_few_left_alone_is_no_difference_yet(make_data):
    said = texts(compared(make_data, held_out=12, contacted=90, open=202, open_held_out=20))[-1]
    assert said.startswith(
        "样本不足，还不能说联系有没有用：满 90 天的留出客户 12 家，至少要 30 家；观察中 202 家，其中留出 20 家。"
    )


@pytest.mark.parametrize(
    ("told", "so"),
    [
        ({}, "联系有用"),
        ({"low": -0.05}, "还看不出差别"),
        ({"low": -0.3, "high": -0.01}, "联系之后下单反而更少"),
        ({"held_out_reached": 46}, "但留出组实际被联系的占比不低于联系组"),
    ],
)
def test_a_difference_is_told_with_its_interval_and_what_follows(make_data, told, so):
    section = compared(make_data, **HELD | told)
    said = next(one for one in texts(section) if one.startswith("按计划联系的"))
    assert said.startswith(
        "按计划联系的 386 家次与随机留出的 50 家次相比，90 天内下单的占比相差 +18.3 个百分点（95 % 区间 "
    )
    assert f"：{so}" in said
    rows = table(section, "联系与留出相比").rows
    assert rows["ordered_share"].round(3).tolist() == [0.383, 0.2] and rows["low"].round(3).tolist() == [0.336, 0.112]


def test_whom_not_to_call_is_listed_and_stands_in_no_list_of_whom_to_call(make_data):
    section = compared(make_data, **HELD)
    assert table(section, "观察期内请勿主动联系的客户").rows["customer_id"].tolist() == ["K000238"]
    assert table(section, "还在下单、最可能停下来的客户").rows["customer_id"].tolist()[0] == "K000236"


def test_what_the_look_back_allows_is_said_of_lifetime_value(make_data):
    past = make_data().lifetime_backtest
    for totals, word in (([0.95, 1.08], "排序和总额都可用"), ([0.8, 1.1], "用它排先后，别用它做预算")):
        rows = past[past["model"].eq("model")].head(1)
        rows = pd.concat([rows.assign(capture=0.6, total=one) for one in totals])
        said = texts(build_lifetime(make_data(lifetime_backtest=rows)))[0]
        assert said.startswith("建议：预计金额最高的 3 家由专人维护") and word in said
        assert (
            "回看 2 次，当时预测的前一成客户后来买走了全部金额的 60 %" in said and f"{totals[0] * 100:.0f} %–" in said
        )
    assert "还不能回看检验" in texts(build_lifetime(make_data(lifetime_backtest=None)))[0]
