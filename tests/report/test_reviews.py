"""Reviews: last month's suggestions come back with their answer and their figure then and now; notes are carried along."""

import pandas as pd
import pytest

from crmlib import cli
from crmlib.book.work import open_work
from crmlib.errors import SettingsError
from crmlib.labels import speaker
from crmlib.periods import parse_period
from crmlib.report.advice import advise, suggest
from crmlib.report.published import find_published
from crmlib.report.reviews import last_suggestions, said_of_last
from crmlib.report.sections.reviews import build_reviews
from crmlib.settings import parse_settings

JUNE = parse_period("2024-06")
SAY = speaker("zh")


@pytest.mark.demand("F22")
def test_a_note_typed_on_last_months_report_is_carried_into_this_months(june, fill, capsys, make_data):
    told = ["review", "门店的单没录", "--about", "amount_12m", "--next", "补录", "--home", str(june.root)]
    assert cli.main(told) == 0 and "2024-06" in capsys.readouterr().out
    assert (
        cli.main(["review", "已联系", "--about", "2024-06-unattributed", "--state", "done", "--home", str(june.root)])
        == 0
    )
    fill(june, {})
    work = open_work(home=str(june.root), period="2024-07")
    asked, said = last_suggestions(work, find_published(june, JUNE)), said_of_last(work)
    data = make_data(period=work.period, last_suggestions=asked, reviews=said)
    section = build_reviews(data)
    assert section.title == f"2024-06 的建议 {len(asked)} 条：已完成 1，进行中 0，未答复 {len(asked) - 1}"
    answers, notes = (block.rows for block in section.blocks[:2])
    done = answers[answers["name"].eq("unattributed")].iloc[0]
    assert (done["answer"], done["came_of_it"], done["then"]) == ("已完成", "已联系", "30 元")
    assert done["now"] == "4.6 万元"  # 45,600, the figure of this report
    assert notes[["about", "review_note", "next"]].to_numpy().tolist() == [["近12个月合作金额", "门店的单没录", "补录"]]


def test_without_suggestions_and_notes_there_is_no_section(make_data):
    assert build_reviews(make_data(last_suggestions=None, reviews=None)) is None


@pytest.mark.demand("K06")
def test_each_suggestion_has_an_id_a_finding_its_figure_a_role_and_a_day(make_data):
    rows = suggest(make_data())
    assert rows["suggestion_id"].tolist()[:2] == ["2024-06-at_risk", "2024-06-overdue"]
    assert rows[["finding", "action", "figure_id", "role", "due", "value"]].notna().all(axis=None)
    first = rows.iloc[0]
    assert first["finding"] == "12 家高价值客户有流失风险，涉及金额 981.0 万元" and first["value"] == 12


FIGURES = pd.DataFrame([("overdue_amount", 50_000.0, "cny"), ("contacted_share_6m", 0.5, "share")],
                       columns=["figure_id", "value", "unit"])  # fmt: skip
OWN = """
[advice]
contact = { under = 0.6 }
overdue = { off = true }
催收 = { figure = "overdue_amount", over = 49999, days = 3, finding = { zh = "尚欠 {value}", en = "{value} owed" }, action = { zh = "催", en = "ask" }, role = { zh = "财务", en = "Finance" } }
"""


def test_a_rule_of_advice_is_changed_switched_off_or_added_in_the_settings():
    def asked(settings):
        how = {"period": "2024-06", "as_of": JUNE.as_of, "say": SAY}
        return advise(FIGURES, rules=parse_settings(settings).advice, **how).set_index("name")["finding"].to_dict()

    assert asked("") == {}  # overdue names a second figure that is not there; half is not under half
    assert asked(OWN) == {"contact": "近 6 个月只有 50.0 % 的客户有沟通记录", "催收": "尚欠 5.0 万元"}
    with pytest.raises(SettingsError, match="finding"):
        asked('[advice]\nmine = { figure = "overdue_amount", days = 3 }')
