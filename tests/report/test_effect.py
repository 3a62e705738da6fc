import pandas as pd
import pytest

from crmlib.errors import SettingsError
from crmlib.periods import parse_period
from crmlib.report.blocks import Metric, Table
from crmlib.report.sections import build_report, order_sections
from crmlib.report.sections.effect import build_effect
from crmlib.settings import parse_settings

UNITS = {"response_customer_mean_h": "hours", "conversion_customer_overall": "share", "satisfaction_mean": "score",
         "need_satisfied_share": "share"}  # fmt: skip
BETTER = {"response_customer_mean_h": "down"}


def figures(**values):
    rows = [
        (name, "effect", value, UNITS[name], n, f"definition.{name}", "", BETTER.get(name, "up"))
        for name, (value, n) in values.items()
    ]
    columns = ["figure_id", "section", "value", "unit", "n", "definition", "rows", "better"]
    return pd.DataFrame(rows, columns=columns).astype({"value": "float64", "n": "Int64"})


NOW = {"response_customer_mean_h": (36, 40), "need_satisfied_share": (0.5, 8), "conversion_customer_overall": (0.15, 200),
       "satisfaction_mean": (4.2, 50)}  # fmt: skip
BEFORE = {"response_customer_mean_h": (48, 40), "need_satisfied_share": (0.25, 8), "conversion_customer_overall": (0.10, 200),
          "satisfaction_mean": (4.0, 50)}  # fmt: skip


def shown(data):
    section = build_effect(data)
    table = next(block for block in section.blocks if isinstance(block, Table))
    return table.rows.set_index("effect_metric"), section


@pytest.fixture
def week(make_data):
    def make(now=NOW, last=BEFORE, **changes):
        told = {"figures": figures(**now), "figures_before": figures(**last), "need_topics": None}
        return make_data(period=parse_period("2024-W23"), **(told | changes))

    return make


@pytest.mark.demand("F15", "K02")
def test_the_weekly_table_has_exactly_six_columns(week):
    rows, _ = shown(week())
    assert [*rows.reset_index().columns] == [
        "effect_metric",
        "effect_dimension",
        "effect_now",
        "effect_before",
        "effect_change",
        "effect_note",
    ]
    table = next(block for block in build_effect(week()).blocks if isinstance(block, Table))
    assert [column.title for column in table.columns] == ["维度", "指标", "本期", "上期", "变化", "简要分析"]


@pytest.mark.demand("F16")
def test_36_hours_after_48_is_a_quarter_less(week):
    rows, _ = shown(week())
    row = rows.iloc[0]
    assert (row["effect_now"], row["effect_before"], row["effect_change"]) == ("36.0 小时", "48.0 小时", "−25.0 %")


@pytest.mark.demand("F17")
def test_15_per_cent_after_10_is_five_points_and_half_as_much_again(week):
    rows, _ = shown(week())
    assert rows["effect_change"].tolist()[2] == "+5.0 个百分点（+50.0 %）"


@pytest.mark.demand("F18")
def test_4_2_after_4_0_is_two_tenths_of_a_point(week):
    rows, _ = shown(week())
    assert rows["effect_change"].tolist()[3] == "+0.2 分"


def test_few_rows_are_not_read(week):
    rows, _ = shown(week())
    assert rows["effect_note"].tolist()[1] == "样本不足（n = 8），不作解读"


def test_a_measure_without_a_week_before_has_no_change(week):
    rows, section = shown(week(last={}))
    assert set(rows["effect_change"]) == {"—"} and section.title == "4 项指标有了第一期数字，上期没有可比的"
    assert rows["effect_note"].tolist()[0] == "n = 40；上期没有数字可比"


def test_the_title_counts_what_moved_by_more_than_usual_and_names_the_worst(week):
    worse = BEFORE | {"conversion_customer_overall": (0.30, 200), "need_satisfied_share": (0.5, 8)}
    _, section = shown(week(last=worse))
    assert (
        section.title.startswith("4 项指标中 0 项向好、1 项变差超出平常波动，最要紧的是")
        and "−15.0 个百分点" in section.title
    )


def test_where_nothing_moved_by_more_than_usual_the_title_says_so(week):
    _, section = shown(week())
    assert section.title == "4 项指标的变化都在平常波动之内，变动最大的是客户全程转化率（+5.0 个百分点）"


@pytest.mark.demand("F19")
def test_the_three_needs_most_asked_for_stand_in_one_row_word_for_word(week):
    """The sample of the source: 成本控制/数据对接/售后支持, and 60% 客户关注“成本控制”，需准备针对性案例."""
    ranked = [("成本控制", 12, 0.6), ("数据对接", 8, 0.4), ("售后支持", 5, 0.25), ("培训", 1, 0.05)]
    topics = pd.DataFrame([(name, n, 20, share, i < 3) for i, (name, n, share) in enumerate(ranked)],
                          columns=["topic", "customers", "of", "share", "top"])  # fmt: skip
    rows, _ = shown(week(need_topics=topics, before={"need_topics": topics.iloc[1:]}))
    row = rows.loc["高频需求 TOP3"]
    assert row["effect_dimension"] == "需求匹配度" and row["effect_now"] == "成本控制/数据对接/售后支持"
    assert row["effect_before"] == "数据对接/售后支持" and row["effect_change"] == "—"
    assert row["effect_note"] == "60 % 客户关注「成本控制」（n = 20），需准备针对性案例"


@pytest.mark.demand("K08")
def test_each_dimension_has_one_tile(week):
    _, section = shown(week())
    tiles = [block.figure_id for block in section.blocks if isinstance(block, Metric)]
    assert tiles == [
        "response_customer_mean_h",
        "need_satisfied_share",
        "conversion_customer_overall",
        "satisfaction_mean",
    ]


@pytest.mark.demand("F01", "K02")
def test_a_week_has_a_report_of_its_own(week):
    report = build_report(week())
    assert report.title == "沟通效果分析周报" and report.sections[0].id == "effect"
    assert "2024-W23" in report.subtitle


@pytest.mark.demand("F20")
@pytest.mark.parametrize(("phase", "first"), [("初创期", "profile"), ("成长期", "needs"), ("成熟期", "satisfaction")])
def test_the_phase_of_the_business_puts_sections_first_and_leaves_none_out(phase, first):
    plain = parse_settings().report
    stressed = parse_settings(f'[report]\nphase = "{phase}"').report
    order = order_sections(stressed, kind="month")
    assert order[2] == first and sorted(order) == sorted(order_sections(plain, kind="month"))


def test_an_unknown_phase_is_named_with_those_there_are():
    with pytest.raises(SettingsError, match="衰退期.*初创期, 成长期, 成熟期"):
        order_sections(parse_settings('[report]\nphase = "衰退期"').report, kind="month")
