"""Scores beside the tiers: weighed as set, the weight of what is missing goes to the rest and is said."""

import json
from datetime import date

import pytest

from crmlib.insight.measures import measure_customers
from crmlib.insight.scoring import gather_inputs, score_tiers
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)


@pytest.fixture
def scored(tables):
    book = tables(
        customers="customer_id  industry_code\nanna  I651\nbo  C35\ncai  -",
        orders="""
        order_id  customer_id  ordered_on  amount_cny
        1         anna         2024-04-01    30000.00
        2         bo           2022-01-01   100000.00
        3         bo           2024-06-01    24000.00
        """,
        needs="""
        customer_id  match_share  intent  clarity  opened_at
        anna         0.60         high    clear    2024-05-01
        anna         0.90         low     clear    2024-05-01
        bo           -            low     clear    2024-05-01
        """,
    )

    def score(text: str = ""):
        settings = parse_settings(text)
        measures, tiers = measure_customers(book, as_of=AS_OF), assign_tiers(book, settings=settings, as_of=AS_OF)
        rules = settings.tiers.scoring
        inputs = gather_inputs(book, measures, tiers, growth=rules.industry_growth, as_of=AS_OF).set_index(
            "customer_id"
        )
        table = score_tiers(book, measures, tiers, scoring=rules, as_of=AS_OF).set_index(["customer_id", "dimension"])
        return inputs, table

    return score


@pytest.mark.demand("D22")
def test_arpu_tenure_growth_and_match_are_figures(scored):
    inputs, _ = scored("[tiers.scoring]\nindustry_growth = { I = 0.05, I65 = 0.12 }")
    assert inputs.loc["anna", "arpu"] == pytest.approx(30000 / (91 / 30.4375))  # a customer for three months
    assert inputs.loc["bo", "arpu"] == 2000.0  # at most twelve months count
    assert inputs.loc["bo", "tenure"] == pytest.approx(912 / 30.4375)
    assert inputs.loc["anna", "industry_growth"] == 0.12  # the longest code wins
    assert inputs.loc["anna", "need_match"] == 0.9
    assert inputs.loc[["bo", "cai"], ["industry_growth", "need_match"]].isna().all(axis=None)


@pytest.mark.demand("D22")
def test_the_weight_of_a_missing_input_goes_to_the_others_and_it_is_said(scored):
    """Potential weighs need 2, growth 1, match 1. anna lacks growth: need 2/3, match 1/3; bo and cai have the need alone."""
    _, found = scored()
    anna = found.loc[("anna", "potential")]
    weights = {name: one["weight"] for name, one in json.loads(anna["inputs"]).items()}
    assert weights == {"need": 0.6667, "need_match": 0.3333} and anna["missing"] == "industry_growth"
    # of three needs anna's is the best (5/6 of the ranking), of one match hers is the middle (1/2)
    assert anna["score"] == pytest.approx(100 * (2 / 3 * 5 / 6 + 1 / 3 * 1 / 2), abs=0.01)
    assert found.loc[("bo", "potential"), "missing"] == "industry_growth;need_match"
    assert found.loc[("bo", "potential"), "score"] == 50.0


@pytest.mark.demand("D22")
def test_who_has_no_input_has_no_score_and_a_weight_of_0_leaves_one_out(scored):
    _, found = scored("[tiers.scoring]\nvalue = { amount = 1, arpu = 0, tenure = 0 }")
    assert found.loc[("cai", "value"), ["missing"]].tolist() == ["amount"]
    assert found["score"].isna()[("cai", "value")]
    assert found.loc[("anna", "value"), "score"] == 75.0 and found.loc[("bo", "value"), "score"] == 25.0
