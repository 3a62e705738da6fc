"""The quality of matching is in the open: by rule with an interval, and against labels."""

from datetime import datetime

import pandas as pd
import pytest

from crmlib.book.decisions import Decision, add_decisions, read_decisions
from crmlib.book.match_quality import compare_labels, match_facts, read_labels, rule_quality
from crmlib.errors import DataError

SITE = """客户编号,客户名称,联系人,手机,城市
C1,上海示澄科技有限公司,陈示一,10012345678,上海
C2,北京例远贸易有限公司,林示二,10087654321,北京
C3,上海示澄科技有限公司,陈示一,10012345678,上海
"""
FAIR = "公司名称,联系人,手机,城市\n杭州样川餐饮有限公司,陈示一,10012345678,杭州\n"


@pytest.fixture
def book(intake):
    return intake({"官网.csv": SITE, "展会/名单.csv": FAIR}).book


@pytest.mark.demand("C01")
def test_labels_are_compared_pair_by_pair(book, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(
        "文件,行号,真实客户\n官网.csv,2,a\n官网.csv,3,b\n官网.csv,4,a\n展会/名单.csv,2,a\n", encoding="utf-8"
    )
    found = compare_labels(book, read_labels(path))
    # true: three rows of a make 3 pairs; the book unites the first two of them alone
    assert (found.n, found.true, found.called, found.both) == (4, 3, 1, 1)
    assert (found.precision, round(found.recall, 3), found.f1) == (1.0, 0.333, 0.5)


def test_labels_without_the_true_customer_are_refused(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("文件,行号\na.csv,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="真实客户"):
        read_labels(path)


def test_the_facts_count_rows_customers_and_questions(book):
    facts = match_facts(book)
    assert (facts.customers, facts.largest, facts.asked, facts.vetoed) == (3, 2, 1, 0)


def test_a_rule_shows_its_share_with_an_interval_once_enough_pairs_are_judged(book, place):
    noon = datetime(2024, 7, 2)
    judged = [
        Decision("same" if n < 9 else "different", [(f"a{n}", f"b{n}")], ("", ""), rule="phone") for n in range(10)
    ]
    add_decisions(place, judged[:9], who="周示例", at=noon)
    before = rule_quality(book, decided=read_decisions(place)).set_index("rule")
    assert before.loc["phone", "judged"] == 9 and pd.isna(before.loc["phone", "share"])
    add_decisions(place, judged[9:], who="周示例", at=noon)
    one = rule_quality(book, decided=read_decisions(place)).set_index("rule").loc["phone"]
    # Wilson, z = 1.96: (p + z²/2n ± z·sqrt(p(1−p)/n + z²/4n²)) / (1 + z²/n) with p = .9, n = 10
    assert (one["share"], round(one["low"], 3), round(one["high"], 3)) == (0.9, 0.596, 0.982)
