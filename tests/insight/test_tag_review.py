"""Tag review: people's tags beside the kit's own and never overwritten, proposals that wait, contradictions named."""

from datetime import date, datetime

import pandas as pd
import pytest

from crmlib.book.tag_sheet import TagEntry, add_tags
from crmlib.insight.measures import measure_customers
from crmlib.insight.tag_results import compute_tags
from crmlib.insight.tag_review import ENTRY, find_contradictions, join_tags, propose_tags
from crmlib.insight.tags import COLUMNS
from crmlib.insight.tiers import assign_tiers
from crmlib.settings import parse_settings

JUNE, AS_OF = date(2024, 6, 1), date(2024, 7, 1)
NOTHING = pd.DataFrame(columns=list(COLUMNS))


def imported(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "family", "value", "valid_from", "valid_to"])


def entries(*rows: tuple) -> pd.DataFrame:
    told = [(who, "status", value, act, on, "", "周示例", line) for line, (who, value, act, on) in enumerate(rows, 1)]
    return pd.DataFrame(told, columns=ENTRY)


def spans(tags: pd.DataFrame) -> list[tuple]:
    rows = tags.astype(object).where(tags.notna(), None)
    return [(r.value, r.origin, r.valid_from, r.valid_to) for r in rows.itertuples()]


@pytest.mark.demand("D16")
def test_manual_imported_and_automatic_tags_stand_apart():
    auto = pd.DataFrame([("a", "custom", "价格-敏感", "auto", "own:价格-敏感", JUNE, None)], columns=list(COLUMNS))
    told = entries(("a", "价格-敏感", "add", JUNE), ("a", "VIP", "add", JUNE))
    joined = join_tags(auto, imported(("a", "custom", "价格-敏感", None, None)), told, as_of=AS_OF)
    assert spans(joined) == [
        ("价格-敏感", "auto", JUNE, None),
        ("价格-敏感", "import", None, None),
        ("VIP", "manual", JUNE, None),
        ("价格-敏感", "manual", JUNE, None),
    ]


@pytest.mark.demand("D16")
def test_a_tag_of_people_ends_by_its_day_or_by_somebodys_word_and_may_come_again():
    told = entries(
        ("a", "VIP", "end", JUNE), ("a", "VIP", "add", date(2024, 6, 20)), ("a", "later", "add", date(2024, 7, 2))
    )
    given = imported(("a", "custom", "VIP", date(2024, 1, 1), None), ("a", "custom", "试用", None, date(2024, 3, 1)))
    assert spans(join_tags(NOTHING, given, told, as_of=AS_OF)) == [
        ("VIP", "import", date(2024, 1, 1), JUNE),
        ("试用", "import", None, date(2024, 3, 1)),
        ("VIP", "manual", date(2024, 6, 20), None),
    ]
    earlier = join_tags(NOTHING, given, told, as_of=date(2024, 2, 1))  # what was decided later is not yet known
    assert [row[3] for row in spans(earlier)] == [None, None]


@pytest.fixture
def facts():
    rows = [("old", 12.0, 3, 0), ("young", 11.0, 9, 0), ("grown", 3.0, 1, 1)]
    return pd.DataFrame(rows, columns=["customer_id", "months_since_first_order", "orders_12m", "needs_grown"])


@pytest.mark.demand("D20")
def test_a_new_customer_of_long_standing_is_proposed_as_such_with_its_figures(facts):
    tags = join_tags(
        NOTHING,
        imported(("old", "status", "新客户", None, None), ("young", "status", "新客户", None, None)),
        entries(),
        as_of=AS_OF,
    )
    rules = parse_settings().tagging.proposals
    found = propose_tags(tags, facts, rules, entries=entries(), as_of=AS_OF)
    assert found.values.tolist() == [
        ["old", "新客户", "长期合作", "months_since_first_order = 12; orders_12m = 3", AS_OF],
        ["grown", "", "需求升级", "needs_grown = 1", AS_OF],
    ]
    decided = entries(("old", "长期合作", "reject", AS_OF), ("grown", "需求升级", "add", AS_OF))
    tags = join_tags(NOTHING, imported(("old", "status", "新客户", None, None)), decided, as_of=AS_OF)
    assert len(propose_tags(tags, facts, rules, entries=decided, as_of=AS_OF)) == 0  # asked once


@pytest.mark.demand("C13")
def test_status_class_and_tags_that_contradict_each_other_are_listed(tables):
    book = tables(
        customers="""
        customer_id  lifecycle_stage  source_grade  source_status
        lost         lost             -             活跃
        buyer        interested       高价值        -
        fine         customer         低价值        活跃
        """,
        orders="""
        order_id  customer_id  ordered_on  amount_cny
        1         buyer        2024-06-01  10.00
        2         fine         2024-06-01  10.00
        """,
        tags="""
        customer_id  family  value     origin
        lost         custom  长期合作  import
        fine         custom  长期合作  import
        buyer        custom  新客户    import
        buyer        custom  长期合作  import
        """,
    )
    settings = parse_settings()
    measures, tiers = measure_customers(book, as_of=AS_OF), assign_tiers(book, settings=settings, as_of=AS_OF)
    made = compute_tags(book, measures, tiers, settings=settings, before_on=JUNE, as_of=AS_OF, in_yuan=True)
    found = made["contradictions"][["customer_id", "rule", "left", "right"]].values.tolist()
    assert found == [
        ["buyer", "GRADE_TIER", "value.high", "value.low"],
        ["buyer", "STAGE_ORDERS", "interested", "customer"],
        ["lost", "STAGE_TAG", "lost", "长期合作"],
        ["lost", "STATUS_ACTIVITY", "活跃", "inactive"],
        ["buyer", "TAG_TAG", "新客户", "长期合作"],
    ]
    own = parse_settings("[checks]\nstage_tags = { lost = [] }\n[tagging]\nexclusive = []")
    fewer = find_contradictions(book, made["tags"], tiers, measures, settings=own, as_of=AS_OF)
    assert not {"STAGE_TAG", "TAG_TAG"} & set(fewer["rule"])


@pytest.mark.demand("D16")
@pytest.mark.slow
def test_a_run_changes_no_tag_of_people_and_a_rebuild_keeps_them(intake, place):
    sheet = "客户编号,客户名称,客户标签\nC1,上海示例科技有限公司,新客户、价格敏感\n"
    book = intake({"客户.csv": sheet}).book
    who = book.frame(book.table("customers"))["customer_id"].iloc[0]
    add_tags(place, [TagEntry(who, "custom", "服务-专人", "add", AS_OF)], who="周示例", at=datetime(2024, 7, 5))
    book, settings = intake({}).book, parse_settings()
    measures, tiers = (
        measure_customers(book.tables, as_of=AS_OF),
        assign_tiers(book.tables, settings=settings, as_of=AS_OF),
    )
    twice = [
        compute_tags(book.tables, measures, tiers, settings=settings, before_on=JUNE, as_of=AS_OF, in_yuan=True)["tags"]
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(*twice)
    people = twice[0][twice[0]["origin"].ne("auto")]
    assert set(zip(people["value"], people["origin"], strict=True)) == {
        ("新客户", "import"),
        ("价格敏感", "import"),
        ("服务-专人", "manual"),
    }
    assert people["valid_to"].isna().all()
