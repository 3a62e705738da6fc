"""Mood of conversations: what was noted, what no table knows, and what a text alone suggests, each counted apart."""

from datetime import date

import numpy as np
import pytest

from crmlib.insight.mood import read_moods, sum_moods, unmapped_words

JUNE = {"start": date(2024, 6, 1), "as_of": date(2024, 7, 1)}


@pytest.fixture
def book(tables):
    return tables(
        interactions="""
        row_id  occurred_at       mood      mood_raw  content           client_said
        i1      2024-06-03 10:00  negative  消极      -                 -
        i2      2024-06-03 10:00  positive  积极      -                 -
        i3      2024-06-03 10:00  neutral   中性      客户抱怨交付太慢  -
        i4      2024-06-03 10:00  unknown   难说      客户很满意        -
        i5      2024-06-03 10:00  -         -         我们道歉          交付太慢，很失望
        i6      2024-06-03 10:00  -         -         谈了合同条款      -
        i7      2024-06-03 10:00  -         -         -                 -
        i8      2024-05-31 10:00  negative  消极      -                 -
        i9      2024-07-01 00:00  negative  消极      -                 -
        """
    )


@pytest.mark.demand("F12")
def test_the_negative_share_is_of_the_moods_that_were_noted_and_recognised(book):
    texts = read_moods(book, **JUNE)
    noted = sum_moods(book, texts, **JUNE, least=1).set_index("source").loc["noted"]
    assert noted[["positive", "neutral", "negative", "unknown", "n"]].tolist() == [1, 1, 1, 1, 3]
    assert noted["negative_share"] == pytest.approx(1 / 3)  # 难说 is in no table: counted apart
    assert unmapped_words(book, **JUNE).values.tolist() == [["难说", 1]]
    assert np.isnan(sum_moods(book, texts, **JUNE, least=4)["negative_share"]).all()


def test_a_text_is_read_only_where_no_mood_was_noted_and_never_added_to_the_noted_ones(book):
    texts = read_moods(book, **JUNE)
    assert texts["row_id"].tolist() == ["i5", "i6", "i7"]
    assert texts["mood"].fillna("-").tolist() == ["negative", "-", "-"]  # the customer's words, not ours
    text = sum_moods(book, texts, **JUNE, least=1).set_index("source").loc["text"]
    assert text[["negative", "unknown", "n", "negative_share"]].tolist() == [1, 2, 1, 1.0]
