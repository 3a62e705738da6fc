from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.intake.prose import NextAction, parse_next_action, split_participants, split_said

SAID_ON = date(2023, 10, 15)


@pytest.mark.demand("A44")
def test_what_the_client_said_and_what_we_said_are_two_columns():
    assert split_said("客户：希望降价；我方：三日内答复") == ("希望降价", "三日内答复")
    assert split_said("客户要求增加数据对接模块,我方承诺3日内提供定制方案") == (None, None)


@pytest.mark.demand("A42")
def test_participants_are_ours_and_theirs():
    assert split_participants("我方:销售代表;客户方:经理、*助理") == ("经理、*助理", "销售代表")
    assert split_participants("张三、李四") == (None, None)


@pytest.mark.demand("A30", "A46")
@pytest.mark.parametrize(
    ("text", "due", "side"),
    [
        ("2024-05-10前提交优化方案", date(2024, 5, 10), None),
        ("2024年5月10日之前提交优化方案", date(2024, 5, 10), None),
        ("我方10月18日前提交方案,客户同步评估可行性", date(2023, 10, 18), "ours"),
        ("整理3个成功案例,10月20日前发送", date(2023, 10, 20), None),
        ("产品部10月底前评估新增渠道可行性", date(2023, 10, 31), "ours"),
        ("客户1月5日前回复", date(2024, 1, 5), "theirs"),
        ("3日内提供方案", date(2023, 10, 18), None),
        ("一个月内回访", date(2023, 11, 15), None),
        ("5/10前提交", date(2024, 5, 10), None),
        ("报价打8.5折", None, None),
        ("2月30日前提交", None, None),
        ("提交方案", None, None),
    ],
)
def test_a_next_action_has_a_day_and_a_side_where_the_words_say_so(text, due, side):
    action = parse_next_action(text, said_on=SAID_ON)
    assert (action.due_date, action.owner_side) == (due, side)


@pytest.mark.demand("A30")
def test_the_task_is_what_follows_its_deadline():
    assert parse_next_action("2024-05-10前提交优化方案", said_on=None) == NextAction(
        "提交优化方案", date(2024, 5, 10), None
    )


def test_a_day_without_a_year_needs_the_day_on_which_it_was_said():
    assert parse_next_action("10月18日前提交", said_on=None).due_date is None


@given(st.text() | st.from_regex(r"[0-9年月日前底内天周一二:：;；客户我方/.\-]{1,20}", fullmatch=True))
def test_no_sentence_breaks_the_reading(text):
    split_said(text), split_participants(text), parse_next_action(text, said_on=SAID_ON)
