"""Figures: each number names the rows it counts, and they are that many."""

from datetime import date

import duckdb
import pytest

from crmlib.insight.figures import Figure, build_figures, collect_figures
from crmlib.insight.lists import list_at_risk, rank_high_value, screen_potential
from crmlib.insight.measures import measure_customers
from crmlib.insight.moves import tier_history
from crmlib.insight.profile import profile_customers
from crmlib.insight.stages import count_stages
from crmlib.insight.tag_results import compute_tags
from crmlib.insight.tiers import assign_tiers
from crmlib.insight.trend import order_trend
from crmlib.labels import speaker
from crmlib.settings import parse_settings

AS_OF = date(2024, 7, 1)


@pytest.fixture
def book(tables):
    return tables(
        customers="""
        customer_id  region  record_status
        anna         华东    active
        bo           -       active
        cai          -       active
        dora         -       archived
        """,
        orders="""
        order_id  customer_id  ordered_on  amount_cny  status
        1         anna         2024-01-15   600000.00  done
        2         bo           2024-05-15      300.00  done
        3         bo           2024-06-15      150.00  done
        4         -            2024-06-20       50.00  done
        5         -            2023-06-30       99.00  done
        6         dora         2024-06-20      100.00  done
        """,
        payments="customer_id  due_date  due_amount_cny\nbo  2024-06-01  7.00",
        needs="""
        customer_id  opened_at   closed_at   status
        anna         2024-06-01  -           open
        anna         2024-06-01  2024-07-02  satisfied
        anna         2024-06-01  2024-06-02  satisfied
        anna         2024-07-01  -           open
        """,
    )


@pytest.fixture
def results(book):
    measures = measure_customers(book, as_of=AS_OF)
    settings, before = parse_settings(), date(2024, 4, 1)
    tiers = assign_tiers(book, settings=settings, as_of=AS_OF)
    tags = compute_tags(book, measures, tiers, settings=settings, before_on=before, as_of=AS_OF, in_yuan=True)
    return {
        "measures": measures,
        "tiers": tiers,
        "tier_moves": tier_history(book, settings=settings, days=[before, AS_OF]),
        "value_ranking": rank_high_value(book, tiers, settings=settings, as_of=AS_OF),
        "potential_list": screen_potential(book, tiers, as_of=AS_OF),
        "tags": tags["tags"],
        "contradictions": tags["contradictions"],
        "at_risk": list_at_risk(book, tiers, measures),
        "profile": profile_customers(book, as_of=AS_OF),
        "order_trend": order_trend(book, as_of=AS_OF),
        "funnel": count_stages(book, as_of=AS_OF),
    }


def test_the_figures_are_those_counted_by_hand(book, results):
    value = build_figures(book, results, as_of=AS_OF).set_index("figure_id")["value"]
    assert value["customers_active"] == 3
    assert (value["amount_12m"], value["orders_12m"]) == (600450, 3)
    assert value["buying_share_12m"] == pytest.approx(2 / 3)
    assert value[["contacted_share_6m"]].isna().all()  # no interactions were imported
    assert (value["unattributed_orders_12m"], value["unattributed_amount_12m"]) == (1, 50)
    assert (value["tier_value_high"], value["tier_value_low"], value["tier_risk_churn_risk"]) == (1, 2, 1)
    assert (value["at_risk_customers"], value["at_risk_amount_12m"]) == (1, 600000)
    assert value["tier_moves"] == 2  # anna to churn risk; bo from no deal to warning
    assert (value["amount_last_month"], value["orders_last_month"], value["amount_change_1m"]) == (300, 3, 0)
    assert value["unknown_region"] == pytest.approx(2 / 3)
    assert (value["needs_open"], value["overdue_payments_12m"], value["overdue_amount"]) == (2, 1, 7)


def test_the_query_of_a_figure_gives_the_rows_it_counts(book, results):
    figures = build_figures(book, results, as_of=AS_OF)
    connection = duckdb.connect()
    for name, expr in book.items():
        connection.register(name, expr.to_pyarrow())
    for name, frame in results.items():
        connection.register(name, frame)
    for figure in figures.itertuples():
        rows = len(connection.execute(figure.rows).fetchall())
        if figure.unit == "share" and figure.section != "trend" and figure.value == figure.value:
            assert rows / figure.n == pytest.approx(figure.value), figure.figure_id
        elif figure.unit in ("customers", "needs") and figure.figure_id != "tier_moves":
            assert rows == figure.n if figure.section != "tiers" else rows == figure.value, figure.figure_id


def test_every_figure_has_a_name_and_a_definition(book, results):
    figures = build_figures(book, results, as_of=AS_OF)
    assert list(figures.columns) == ["figure_id", "section", "value", "unit", "n", "definition", "rows", "better"]
    for say in (speaker("zh"), speaker("en")):
        for figure in figures.itertuples():
            assert say(f"figure.{figure.figure_id}") and say(figure.definition)


def test_two_figures_of_one_id_are_refused():
    one = Figure("a", "summary", 1, "customers", 1, "definition.a", "SELECT 1")
    with pytest.raises(ValueError, match="a"):
        collect_figures([one, one])
