"""Satisfaction by hand-counted scores: who is low, who answered, and what a revisit changed beside those whom nobody visited."""

from datetime import date

import numpy as np
import pytest

from crmlib.engine import read_frame
from crmlib.insight.satisfaction import (
    answers_before,
    count_promoters,
    count_replies,
    distribute_scores,
    list_low_scores,
    sum_scores,
)
from crmlib.insight.satisfaction_changes import (
    asked_again,
    compare_revisits,
    list_fall_talks,
    list_falls,
    list_revisits,
    pair_scores,
)

START, AS_OF, SINCE = date(2024, 6, 1), date(2024, 7, 1), date(2023, 7, 1)
JUNE = {"start": START, "as_of": AS_OF}


def scores(book, since=START):
    return read_frame(answers_before(book, as_of=AS_OF, since=since)).sort_values("row_id")


@pytest.mark.demand("F11", "G14")
def test_the_mean_the_share_and_the_distribution_are_given_together(tables):
    book = tables(
        surveys="""
        customer_id  answered_at  score  scale  dimension
        anna         2024-06-03   5.00   5      overall
        bo           2024-06-03   4.00   -      overall
        cai          2024-06-03   3.90   5      price
        dora         2024-06-30   6.00   10     overall
        ed           2024-05-31   1.00   5      overall
        fei          2024-07-01   1.00   5      overall
        gu           2024-06-03   9.00   10     recommend
        """
    )
    answers = scores(book)
    assert answers["score"].tolist() == [5.0, 4.0, 3.9, 3.0]  # May, July and the recommendation are not in it
    one = sum_scores(answers.assign(of="all"), by="of", satisfied_from=4, below=3, least=1).iloc[0]
    assert (one["answers"], one["satisfied"], one["satisfied_share"], one["low_scores"]) == (4, 2, 0.5, 0)
    assert one["mean"] == pytest.approx(15.9 / 4) and (one["low"], one["high"]) == pytest.approx(
        (0.15, 0.85), abs=0.001
    )
    assert distribute_scores(answers)["n"].tolist() == [0, 0, 2, 1, 1]
    few = sum_scores(answers.assign(of="all"), by="of", satisfied_from=4, below=3, least=5).iloc[0]
    assert np.isnan(few["mean"]) and np.isnan(few["satisfied_share"])


@pytest.mark.demand("F11", "J05")
def test_the_response_rate_counts_questionnaires_and_is_not_told_where_only_answers_were_kept(tables):
    rows = """
    customer_id  asked_at    answered_at       score  dimension
    anna         2024-06-03  2024-06-05 10:00  4.00   overall
    anna         2024-06-03  -                 -      price
    bo           2024-06-03  2024-07-02 10:00  4.00   overall
    cai          2024-05-03  2024-06-03 10:00  4.00   overall
    """
    unanswered = rows + "dora  2024-06-03  -  -  overall\n"
    found = count_replies(tables(surveys=unanswered), **JUNE).iloc[0]
    assert (found["asked"], found["replied"]) == (3, 1)  # one of anna's two questions is enough; bo answered later
    assert found["rate"] == pytest.approx(1 / 3)
    whole = "customer_id  asked_at  answered_at  score\nanna  2024-06-03  2024-06-05  4.00"
    assert np.isnan(count_replies(tables(surveys=whole), **JUNE)["rate"].iloc[0])


def test_nps_is_promoters_less_detractors_of_the_question_from_0_to_10(tables):
    rows = "customer_id  answered_at  score  scale  dimension\n" + "\n".join(
        f"c{n}  2024-06-03  {score}.00  {scale}  recommend"
        for n, (score, scale) in enumerate([(10, 10), (9, "-"), (8, 10), (7, 10), (6, 10), (0, 10), (5, 5)])
    )
    found = count_promoters(tables(surveys=rows), **JUNE).iloc[0]
    assert (found["answers"], found["promoters"], found["passives"], found["detractors"]) == (6, 2, 2, 2)
    assert found["nps"] == 0
    assert np.isnan(count_promoters(tables(), **JUNE)["nps"].iloc[0])


@pytest.mark.demand("F13", "J05")
def test_a_score_below_3_is_listed_and_closed_only_with_a_revisit_and_a_cause(tables):
    book = tables(
        customers="customer_id  name\nanna  上海示例有限公司\nbo  杭州示例有限公司\ncai  苏州示例有限公司\ndora  宁波示例有限公司",
        surveys="""
        survey_id  customer_id  answered_at  score  revisited_at  root_cause
        V1         anna         2024-06-03   3.00   -             -
        V2         anna         2024-06-04   2.90   -             -
        V3         bo           2024-06-04   1.00   2024-06-10    -
        V4         cai          2024-06-04   2.50   2024-06-10    delivery
        V5         dora         2024-05-04   2.50   -             price
        V6         cai          2024-06-05   2.00   2024-07-01    price
        """,
        interactions="customer_id  occurred_at  kind\ndora  2024-05-03 10:00  revisit\nanna  2024-06-20 10:00  follow_up",
    )
    low = list_low_scores(book, below=3, since=SINCE, **JUNE)
    assert low[["row_id", "score", "state"]].values.tolist() == [
        ["surveys-3", 1.0, "revisited"],
        ["surveys-6", 2.0, "open"],  # a visit on the day itself is not known yet, nor its cause
        ["surveys-5", 2.5, "classed"],  # the visit was before the score
        ["surveys-2", 2.9, "open"],
        ["surveys-4", 2.5, "closed"],
    ]
    assert low["in_period"].tolist() == [True, True, False, True, True]


@pytest.fixture
def revisited(tables):
    return tables(
        customers="customer_id  name\nC004  上海示例有限公司\nC005  杭州示例有限公司\nC006  苏州示例有限公司\nC007  宁波示例有限公司",
        surveys="""
        customer_id  answered_at  score  dimension  revisited_at  revisit_score
        C004         2024-03-03   3.00   overall    -             -
        C004         2024-06-03   4.50   overall    -             -
        C004         2024-06-03   1.00   price      -             -
        C005         2024-03-03   2.00   overall    2024-03-20    2.50
        C006         2024-03-03   3.00   overall    -             -
        C006         2024-06-03   3.50   overall    -             -
        C007         2024-03-03   5.00   overall    -             -
        C007         2024-06-03   2.00   overall    -             -
        """,
        interactions="""
        row_id  customer_id  occurred_at       kind       channel  mood      content
        i1      C004         2024-03-20 10:00  revisit    phone    positive  已解释交付
        i2      C007         2024-04-20 10:00  follow_up  email    negative  交付又延期
        i3      C007         2024-02-20 10:00  follow_up  email    positive  一切顺利
        i4      C006         2024-04-20 10:00  follow_up  email    negative  价格偏高
        """,
        tickets="row_id  customer_id  kind  opened_at  description\nt1  C007  complaint  2024-05-20 10:00  第二批迟到",
    )


@pytest.mark.demand("J06")
def test_before_and_after_of_each_customer_revisited(revisited):
    pairs = pair_scores(revisited, as_of=AS_OF)
    found = list_revisits(pairs, revisited, since=SINCE, satisfied_from=4)
    assert found[["customer_id", "before", "after", "change"]].values.tolist() == [
        ["C004", 3.0, 4.5, 1.5],  # of the same dimension: the 1 for the price is another question
        ["C005", 2.0, 2.5, 0.5],  # asked at the revisit itself
    ]
    groups = compare_revisits(found, pairs, since=SINCE, satisfied_from=4, least=1).set_index("group")
    assert groups.loc["revisited", ["customers", "before", "after", "lift"]].tolist() == [2, 2.5, 3.5, 1.0]
    assert groups.loc["others", ["customers", "lift"]].tolist() == [1, 0.5]  # C006; C007 did not begin low
    # Student's t of 1.5 and 0.5: 1 ± 12.706 × 0.7071 / √2
    assert groups.loc["revisited", "low"] == pytest.approx(1 - 12.7062 * 0.5, abs=1e-3)
    assert np.isnan(compare_revisits(found, pairs, since=SINCE, satisfied_from=4, least=5)["lift"]).all()


def test_a_visit_that_was_not_yet_made_has_changed_nothing(revisited):
    early = pair_scores(revisited, as_of=date(2024, 3, 20))
    assert list_revisits(early, revisited, since=SINCE, satisfied_from=4).empty


@pytest.mark.demand("J07")
def test_a_fall_is_listed_with_what_was_said_in_that_time(revisited):
    again = asked_again(pair_scores(revisited, as_of=AS_OF), **JUNE)
    assert again["change"].tolist() == [1.5, 0.5, -3.0]
    falls = list_falls(again, revisited, fall=3, fall_mean=1, least=1)
    assert falls[["customer_id", "before", "after"]].values.tolist() == [["C007", 5.0, 2.0]]
    talks = list_fall_talks(falls, revisited)
    assert talks[["row_id", "kind", "text"]].values.tolist() == [
        ["t1", "ticket", "第二批迟到"],
        ["i2", "talk", "交付又延期"],
    ]
    assert list_falls(again, revisited, fall=3.1, fall_mean=1, least=1).empty  # less than x: nothing is listed


@pytest.mark.demand("J07")
def test_where_the_mean_falls_everybody_who_fell_is_listed(tables):
    rows = "customer_id  answered_at  score\n" + "\n".join(
        f"c{n}  {day}  {score}" for n, pair in enumerate([("5.00", "4.50"), ("4.00", "3.80"), ("4.00", "4.10")])
        for day, score in zip(("2024-03-03", "2024-06-03"), pair, strict=True)
    )  # fmt: skip
    book = tables(surveys=rows)
    again = asked_again(pair_scores(book, as_of=AS_OF), **JUNE)
    assert again["change"].mean() == pytest.approx(-0.2)
    assert list_falls(again, book, fall=1, fall_mean=0.2, least=3)["customer_id"].tolist() == ["c0", "c1"]
    assert list_falls(again, book, fall=1, fall_mean=0.21, least=3).empty
    assert list_falls(again, book, fall=1, fall_mean=0.2, least=4).empty  # three changes are too few to speak of all
