"""The section on churn: a proof that a manager can read, the rules beside it, who to call and why; or why nothing is said."""

import pytest

from crmlib.report.blocks import Figure, Table, Text
from crmlib.report.sections.churn import build_churn


def texts(section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Text)]


def table(section, title: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.title == title)


@pytest.mark.demand("H02")
def test_of_a_hundred_warned_of_it_says_how_many_left_and_of_those_who_left_how_many_were_warned_of(make_data):
    said = texts(build_churn(make_data()))
    assert said[0] == (
        "回看 2 个时点，还在下单的客户里，每预警 100 家有 75 家后来确实没有下单（各时点 70–80 家；不加挑选是 40 家）；"
        "没有再下单的每 100 家里，预警到了 20 家。"
    )
    assert said[1] == "只按多久没下单来排，同样预警 100 家，有 60 家没有再下单。"
    assert said[2].startswith("规则“3 个月未下单即为流失”：所有客户里，每判 100 家有 75 家")


def test_the_finding_counts_those_who_still_order(make_data):
    section = build_churn(make_data())
    active = make_data().churn.query("active")
    assert (
        section.title
        == f"近 90 天下过单的 120 家客户中，预计约 {round(active['p_no_order'].sum())} 家未来 90 天不再下单"
    )


def test_the_list_has_those_who_still_order_the_likeliest_to_stop_first_with_their_own_rhythm(make_data):
    rows = table(build_churn(make_data()), "还在下单、最可能停下来的客户").rows
    assert rows["customer_id"].tolist()[:2] == ["K000238", "K000236"] and len(rows) == 15
    assert rows["why"].iloc[0] == "平均每 21 天下单（8 次间隔），已 64 天未下单（推高 31 个百分点）"


def test_the_proof_stands_beside_the_rule_and_the_reliability_picture(make_data):
    section = build_churn(make_data())
    rows = table(section, "与简单办法相比（各时点平均）").rows
    assert rows["model"].tolist() == ["score", "bg_nbd", "recency", "rule"] * 2
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
    assert texts(short) == ["样本不足：历史太短，还不能回看检验。"]
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
