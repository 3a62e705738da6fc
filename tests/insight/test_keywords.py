"""Keywords: whole product names, nothing empty of meaning, and a rise only where chance would hardly make one."""

from datetime import date

import pandas as pd
import pytest
from scipy.stats import false_discovery_control, fisher_exact

from crmlib.insight.keywords import count_terms, find_moves, product_words, split_words

Q1, Q2 = date(2024, 1, 1), date(2024, 4, 1)


def test_words_are_cut_with_the_products_kept_whole():
    texts = pd.Series(["希望了解云端管家标准版的数据对接", "我们需要ERP integration support", None, "2024年12月"])
    plain, known = split_words(texts), split_words(texts, known=["云端管家标准版", "数据对接"])
    assert "云端管家标准版" not in plain[0] and known[0] == ["云端管家标准版", "数据对接"]
    assert known[1] == ["erp", "integration"]  # what stop words are left out says nothing of the need
    assert known[2] == [] and known[3] == []


def test_products_offers_and_categories_are_the_words_that_stay_whole(tables):
    book = tables(
        products="product_id  name  series  keywords\np1  云端管家（年）  云端  库存、盘点",
        orders="order_id  customer_id  product\n1  anna  智能网关G5",
        needs="need_id  customer_id  category  offer\nn1  anna  数据对接  接口包",
    )
    assert product_words(book) == sorted(["云端管家", "云端", "库存", "盘点", "智能网关g5", "数据对接", "接口包"])


def said(**customers: dict) -> pd.DataFrame:
    rows = [(q, f"c{n}", term) for term, by in customers.items() for q, count in by.items() for n in range(count)]
    return pd.DataFrame(rows, columns=["quarter", "customer_id", "term"])


def test_a_term_is_counted_by_customers_and_not_by_mentions():
    twice = pd.concat([said(成本={Q1: 4, Q2: 6}), said(成本={Q1: 4})])
    terms = count_terms(twice, pd.Series({Q1: 10, Q2: 10}), least=5)
    assert terms[["quarter", "customers", "of", "share"]].to_numpy().tolist() == [[Q1, 4, 10, 0.4], [Q2, 6, 10, 0.6]]
    assert count_terms(twice, pd.Series({Q1: 10, Q2: 10}), least=7).empty  # a word of few could point at somebody


@pytest.mark.demand("G03")
def test_only_what_chance_would_hardly_make_is_told_as_rising_or_falling():
    terms = count_terms(
        said(对接={Q1: 10, Q2: 30}, 售后={Q1: 30, Q2: 8}, 成本={Q1: 20, Q2: 24}), pd.Series({Q1: 60, Q2: 60}), least=5
    )
    moves = find_moves(terms, before=Q1, last=Q2, least=10).set_index("term")
    assert moves["direction"].to_dict() == {"对接": "up", "成本": "", "售后": "down"}
    exact = [fisher_exact([[a, 60 - a], [b, 60 - b]]).pvalue for a, b in ((30, 10), (24, 20), (8, 30))]
    assert moves["p"].tolist() == pytest.approx(exact, abs=1e-9)
    assert moves["q"].tolist() == pytest.approx(false_discovery_control(exact), abs=1e-9)
    assert find_moves(terms, before=Q1, last=Q2, least=100).empty  # 样本不足
