"""A period's tables, invented: small enough to check by hand, full enough to fill every section."""

import json
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.periods import add_months, parse_period
from crmlib.report.data import COLUMNS, ReportData
from crmlib.settings import parse_settings
from tests.report.invented_communication import FIGURES, communication_tables
from tests.report.served import served_figures, served_tables
from tests.report.value_tables import FIGURES as value_figures
from tests.report.value_tables import value_tables

PERIOD = parse_period("2024-06")
TIERS = {
    "value": {"high": 36, "middle": 74, "low": 130},
    "potential": {"focus": 18, "potential": 52, "watch": 170},
    "risk": {"stable": 121, "warning": 14, "churn_risk": 63, "no_deal": 42},
}
BEFORE = {"tier_value_high": 24, "tier_value_middle": 80, "tier_value_low": 136, "tier_risk_churn_risk": 70}


def make_figures(values: dict[str, tuple]) -> pd.DataFrame:
    rows = [
        (k, "summary", v, unit, n, f"definition.{k}", "SELECT customer_id FROM measures")
        for k, (v, unit, n) in values.items()
    ]
    columns = ["figure_id", "section", "value", "unit", "n", "definition", "rows"]
    return pd.DataFrame(rows, columns=columns).astype({"value": "float64", "n": "Int64"})


def _figures(*, before: bool = False) -> pd.DataFrame:
    tiers = {f"tier_{d}_{label}": n for d, labels in TIERS.items() for label, n in labels.items()} | (
        BEFORE if before else {}
    )
    return make_figures(
        {
            "customers_active": (238 if before else 240, "customers", 240),
            "amount_12m": (28_000_000 if before else 31_234_567.89, "cny", 171),
            "contacted_share_6m": (0.52 if before else 0.44, "share", 240),
            "overdue_payments_12m": (21, "payments", 14),
            "overdue_amount": (1_260_000, "cny", 14),
            "tier_moves": (23, "customers", 29),
            "tier_activity_active": (200, "customers", 240),
            "tier_activity_inactive": (40, "customers", 240),
            "customers_tagged": (0.901, "share", 240),
            "contradictions": (2, "customers", 2),
            "need_overlap_share": (0.4, "share", 50),
            "need_satisfied_share": (0.75, "share", 20),
            "need_top3_share": (0.9, "share", 40),
            "at_risk_customers": (12, "customers", 12),
            "at_risk_amount_12m": (9_810_000, "cny", 12),
            "unknown_industry": (0.1, "share", 240),
            "amount_last_month": (2_400_000 if before else 3_000_000, "cny", 88),
            "orders_last_month": (80 if before else 88, "orders", 88),
            "amount_change_1m": (0.25, "share", 168),
            "rows_quarantined": (23, "rows", 1466),
            "unattributed_orders_12m": (5, "orders", 5),
            "unattributed_amount_12m": (45_600, "cny", 5),
        }
        | value_figures
        | {name: (n, "customers", 240) for name, n in tiers.items()}
        | FIGURES
    )  # fmt: skip


def _tiers() -> pd.DataFrame:
    rows = [
        (f"K{i:06d}", dimension, label, "[]", PERIOD.as_of)
        for dimension, labels in TIERS.items()
        for i, label in enumerate(label for label, n in labels.items() for _ in range(n))
    ]
    return pd.DataFrame(rows, columns=["customer_id", "dimension", "label", "reasons", "as_of"])


def _measures() -> pd.DataFrame:
    amounts = {"high": 620_000, "middle": 110_000, "low": 6_000}
    labels = [label for label, n in TIERS["value"].items() for _ in range(n)]
    return pd.DataFrame(
        {"customer_id": [f"K{i:06d}" for i in range(240)], "amount_12m_cny": [Decimal(amounts[one]) for one in labels]}
    )


def _moves() -> pd.DataFrame:
    moves = {("value", "middle", "high"): 14, ("value", "high", "middle"): 2, ("value", "low", "middle"): 4,
             ("risk", "stable", "churn_risk"): 5, ("risk", "churn_risk", "stable"): 9, ("risk", "stable", "warning"): 3}  # fmt: skip
    rows = [(f"K{i:06d}", *move) for move, n in moves.items() for i in range(n)]
    rows.append(("K000300", "risk", None, "no_deal"))
    return pd.DataFrame(rows, columns=["customer_id", "dimension", "label_before", "label_now"])


def _profile() -> pd.DataFrame:
    counts = {
        "industry": {"I65": 60, "C39": 40, "F51": 32, "E47": 25, "C34": 20, "L72": 14, "M73": 10, "I64": 6, "P83": 5, "Q84": 4, "unknown": 24},
        "region": {"华东": 96, "华南": 50, "华北": 44, "西南": 20, "华中": 14, "unknown": 16},
        "size": {"large": 22, "medium": 61, "small": 98, "micro": 31, "unknown": 28},
        "source": {"fair": 70, "referral": 64, "website": 51, "online_ads": 30, "unknown": 25},
        "entity_type": {"org": 221, "person": 19},
        "lifecycle_stage": {"prospect": 50, "interested": 64, "customer": 110, "lost": 16},
    }  # fmt: skip
    rows = [
        (dimension, code, n, n / 240, Decimal(n * 130_000), n / 240)
        for dimension, codes in counts.items()
        for code, n in sorted(codes.items())
    ]
    return pd.DataFrame(rows, columns=["dimension", "code", "customers", "share", "amount_12m_cny", "amount_share"])


def _trend() -> pd.DataFrame:
    amounts = [1_950_000, 2_210_500, 1_870_000, 2_650_000, 2_400_000, 3_000_000]
    orders = [66, 71, 60, 83, 80, 88]
    months = [add_months(date(2024, 1, 1), i) for i in range(6)]
    rows = [(m, o, o - 9, Decimal(a), False) for m, a, o in zip(months, amounts, orders, strict=True)]
    return pd.DataFrame(rows, columns=["month", "orders", "customers", "amount_cny", "partial"])


def _funnel() -> pd.DataFrame:
    stages = {
        "customer": {"prospect": 50, "interested": 64, "customer": 110, "lost": 16},
        "opportunity": {"第一阶段": 40, "第二阶段": 22, "unknown": 3},
    }
    rows = [
        (entity, stage, i, n, n / sum(counts.values()))
        for entity, counts in stages.items()
        for i, (stage, n) in enumerate(counts.items(), start=1)
    ]
    return pd.DataFrame(rows, columns=["entity", "stage", "position", "n", "share"])


def _needs() -> dict[str, pd.DataFrame]:
    topics = [(1, "成本控制", 24, 31, 40, 0.6, 0.4460, 0.7365), (2, "数据对接", 10, 12, 40, 0.25, 0.1419, 0.4019),
              (3, "售后支持", 8, 9, 40, 0.2, 0.1050, 0.3476), (4, "unknown", 4, 4, 40, 0.1, 0.0396, 0.2305)]  # fmt: skip
    columns = ["position", "topic", "customers", "mentions", "of", "share", "low", "high"]
    ranked = pd.DataFrame(topics, columns=columns).assign(
        enough=True, flagged=[True, False, False, False], top=[True, True, True, False]
    )
    met = {"in_play": [50, 90], "matched": [20, 40], "closed": [20, 60], "satisfied": [15, 33], "open": [30, 30],
           "satisfied_share": [0.75, 0.55]}  # fmt: skip
    return {"need_topics": ranked, "needs_met": pd.DataFrame({"scope": ["period", "12m"], **met})}


def _at_risk() -> pd.DataFrame:
    reasons = [
        {"rule": "VALUE_HIGH", "figures": {"basis": "trailing_12m", "amount_cny": 823000.00, "high_cny": 500000}, "row_ids": [], "rows": 9},
        {"rule": "NO_ORDER_SINCE", "figures": {"last_ordered_on": "2024-03-01", "as_of": "2024-07-01", "months": 3}, "row_ids": [], "rows": 1},
    ]  # fmt: skip
    cities = ["上海", "杭州", "深圳", "广州", "成都", "武汉", "南京", "苏州", "青岛", "西安", "宁波", "厦门"]
    rows = [
        (f"K{i:06d}", f"{city}示例{'精密仪器制造' if i % 3 else '网络科技'}有限公司", "周示例", Decimal(823_000 - i * 1_000), date(2024, 3, 1),
         4, None if i == 5 else 20 + i, Decimal(60_000) if i == 2 else Decimal(0), json.dumps(reasons))
        for i, city in enumerate(cities)
    ]  # fmt: skip
    columns = ["customer_id", "name", "owner", "amount_12m_cny", "last_ordered_on", "months_since_last_order",
               "days_since_last_contact", "overdue_amount_cny", "reasons"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"days_since_last_contact": "Int64"})


def _churn() -> dict[str, pd.DataFrame]:
    """Scores of 240 customers, half of them active, their back-test on two days, and who left."""
    told = '[{"driver": "RHYTHM", "effect": 0.31, "figures": {"gap_days": 21, "gaps": 8, "silent_days": 64}}]'
    scored = [
        (f"K{n:06d}", round(n / 240, 4), 90, told, "blend", f"杭州示例{n}号有限公司", n % 2 == 0) for n in range(240)
    ]
    past = [
        (date(2024, m, 2), population, model, 120, 0.4, auc, brier, 0.05, 12, precision, 0.2)
        for m, lift in ((1, 0.0), (2, 0.1))
        for population in ("all", "active")
        for model, auc, brier, precision in (
            ("score", 0.80, 0.16, 0.7 + lift), ("bg_nbd", 0.79, 0.17, 0.7), ("recency", 0.7, None, 0.6), ("rule", 0.6, 0.3, 0.75)
        )
    ]  # fmt: skip
    bins = [("active", n, 12, n / 11, n / 10.5) for n in range(1, 11)]
    return {
        "churn": pd.DataFrame(scored, columns=COLUMNS["churn"]),
        "churn_backtest": pd.DataFrame(past, columns=COLUMNS["churn_backtest"]),
        "churn_reliability": pd.DataFrame(bins, columns=COLUMNS["churn_reliability"]),
        "renewals": pd.DataFrame(
            [("K000007", date(2024, 8, 1), 0.25, 40, "renewal_rate", "杭州示例7号有限公司", "周示例")],
            columns=COLUMNS["renewals"],
        ),
        "lost_lacking": pd.DataFrame(
            [("K000009", "杭州示例9号有限公司", "周示例", None, "price", "day")], columns=COLUMNS["lost_lacking"]
        ),
    }


def _lifetime() -> pd.DataFrame:
    values = [(f"K{n:06d}", f"上海示例{n}号有限公司", 400_000.0 - 9_000 * n) for n in range(1, 31)]
    rows = pd.DataFrame(values, columns=["customer_id", "name", "value_cny"])
    around = {
        "low": rows["value_cny"] * 0.9,
        "high": rows["value_cny"] * 1.1,
        "heuristic_cny": rows["value_cny"] * 0.95,
    }
    return rows.assign(
        **around, orders_expected=6.4, amount_expected=50_000.0, margin_cny=None, model="bg_nbd_gamma_gamma"
    )


def _judged() -> dict[str, pd.DataFrame]:
    """What rules, scores, clusters and tags say, a few rows of each."""
    people = {f"K{i:06d}": f"上海示例{i}号有限公司" for i in range(6)}
    active = [(f"K{i:06d}", "activity", "active" if i < 200 else "inactive", "[]", PERIOD.as_of) for i in range(240)]
    tiers = pd.concat([_tiers(), pd.DataFrame(active, columns=_tiers().columns)], ignore_index=True)
    need = json.dumps([{"rule": "NEED_STRONG", "figures": {"needs": 1}, "row_ids": ["n1"], "rows": 1}])
    segments = {"champions": (72, 3_100_000.0, 0.6), "asleep": (118, 2_000_000.0, 0.4), "no_deal": (50, 0.0, 0.0)}
    tags = [
        ("K000000", "purchase_cycle", "quarterly", "auto"),
        ("K000001", "custom", "重要", "import"),
        ("K000001", "region", "华东", "auto"),
    ]
    return {
        "tiers": tiers,
        "tier_scores": pd.DataFrame(
            [
                ("K000000", "potential", 90.0, "{}", "industry_growth"),
                ("K000001", "potential", 50.0, "{}", "industry_growth;need_match"),
            ],
            columns=["customer_id", "dimension", "score", "inputs", "missing"],
        ),
        "value_ranking": pd.DataFrame(
            [(1, "K000000", people["K000000"], "周*", Decimal(620_000), 0.02, 0.02)],
            columns=["position", "customer_id", "name", "owner", "amount_cny", "share", "cumulative_share"],
        ),
        "potential_list": pd.DataFrame(
            [
                ("K000000", people["K000000"], "周*", 90.0, need, None),
                ("K000001", people["K000001"], "周*", 50.0, need, '["T1"]'),
            ],
            columns=["customer_id", "name", "owner", "score", "reasons", "complaints"],
        ),
        "plan_segments": pd.DataFrame(
            [("K000000", "churn_risk", "high_value"), ("K000001", "potential", ""), ("K000002", "other", "")],
            columns=["customer_id", "plan_segment", "also"],
        ),
        "segment_sums": pd.DataFrame(
            [(name, n, n / 240, amount, share) for name, (n, amount, share) in segments.items()],
            columns=["segment", "customers", "share", "amount_12m_cny", "amount_share"],
        ),
        "satisfaction_cross": pd.DataFrame(
            [("champions", 40, 10, 2, 20, 4.2), ("asleep", 5, 3, 10, 100, 2.9)],
            columns=["segment", "satisfied", "middling", "dissatisfied", "unasked", "mean_score"],
        ),
        "cluster_sums": pd.DataFrame(
            [(1, "recent", "often", "large", 90, 0.5, 0.9), (2, "long_ago", "seldom", "small", 90, 0.5, 0.1)],
            columns=[
                "cluster",
                "recency_level",
                "frequency_level",
                "money_level",
                "customers",
                "share",
                "amount_share",
            ],
        ),
        "cluster_state": pd.DataFrame(
            [("kept", "2024-07-01", 180, 2, 0.93, 0.5, None)],
            columns=["outcome", "fitted_on", "customers", "clusters", "ari", "smallest", "noise"],
        ),
        "checks": pd.DataFrame(
            [("balance", "passed", ""), ("at_risk_list", "nothing", "")], columns=["name", "state", "found"]
        ),
        "risk_trend": pd.DataFrame(
            [(risk, n, 0, Decimal(0), PERIOD.as_of) for risk, n in TIERS["risk"].items()], columns=COLUMNS["risk_trend"]
        ),
        "last_suggestions": pd.DataFrame(
            [
                (
                    "2024-05-focus",
                    "17 家客户需求明确、意向高",
                    "给出方案",
                    "tier_potential_focus",
                    17.0,
                    "customers",
                    "客户负责人",
                    date(2024, 6, 14),
                )
            ],
            columns=COLUMNS["last_suggestions"],
        ),
        "reviews": pd.DataFrame(
            [("2024-05-focus", "done", "已报价 15 家", "", "周*"), ("amount_12m", "", "门店的单没录", "补录", "李*")],
            columns=COLUMNS["reviews"],
        ),
        "last_report": pd.DataFrame([("", "")], columns=["kind", "name"]),
        "corrections": pd.DataFrame(
            [
                ("amount_12m", "cny", 27_900_000.0, 28_000_000.0, "rows", 3, 0),
                ("tier_risk_churn_risk", "customers", 71.0, 70.0, "rows", 0, 1),
            ],
            columns=COLUMNS["corrections"],
        ),
        "late": pd.DataFrame([("orders", 3, date(2024, 5, 28), date(2024, 5, 31), 0)], columns=COLUMNS["late"]),
        "cluster_worth": pd.DataFrame(
            [("value_risk", 9, 0.38, 0.37), ("clusters", 2, 0.19, 0.19), ("tiers_clusters", 14, 0.40, 0.385)],
            columns=["grouping", "groups", "eta2", "eta2_adjusted"],
        ),
        "tags": pd.DataFrame(
            [(*one, "TAG", PERIOD.start, None) for one in tags],
            columns=["customer_id", "family", "value", "origin", "rule_id", "valid_from", "valid_to"],
        ),
        "tag_lint": pd.DataFrame(
            [("重要", "custom", 1, "VAGUE", None), ("长期合作", "custom", 5, "FORM", "合作-长期")],
            columns=["value", "family", "customers", "fault", "suggestion"],
        ),
        "tag_proposals": pd.DataFrame(
            [("K000001", people["K000001"], "新客户", "长期合作", "orders_12m = 3", PERIOD.as_of)],
            columns=["customer_id", "name", "of", "to", "why", "on"],
        ),
        "contradictions": pd.DataFrame(
            [
                ("K000001", people["K000001"], "周*", "STAGE_TAG", "lost", "长期合作"),
                ("K000002", people["K000002"], "周*", "GRADE_TIER", "value.high", "value.low"),
            ],
            columns=["customer_id", "name", "owner", "rule", "left", "right"],
        ),
    }


def make_data(**changes) -> ReportData:
    """The report's data of invented tables; `changes` are tables and facts, None a table that was not made."""
    tables = dict(
        figures=pd.concat([_figures(), served_figures()], ignore_index=True).fillna({"better": ""}),
        figures_before=_figures(before=True),
        measures=_measures(),
        tiers=_tiers(),
        tier_moves=_moves(),
        profile=_profile(),
        order_trend=_trend(),
        funnel=_funnel(),
        at_risk=_at_risk(),
        balance=pd.DataFrame(
            [("客户.xlsx", 262, 230, 10, 0, 4, 18), ("订单_2024-06.csv", 1204, 1180, 0, 12, 7, 5)],
            columns=["file", "in", "kept", "merged", "unchanged", "not_data", "quarantined"],
        ),
        **_churn(),
        lifetime=_lifetime(),
        lifetime_backtest=pd.DataFrame(
            [
                (date(2024, 1, 3), "model", 200, 9e6, 0.61, 0.88, 1.02),
                (date(2024, 1, 3), "heuristic", 200, 9e6, 0.58, 0.85, 0.9),
            ],
            columns=["origin", "model", "n", "bought_cny", "capture", "gini", "total"],
        ),
        quarantine=pd.DataFrame({"reason": ["MISSING_NAME", "EXTRA_CELLS"], "n": [18, 5]}),
        warnings=pd.DataFrame({"reason": ["SIZE_MISMATCH", "FEW_CONTACT_METHODS"], "n": [7, 31]}),
        completeness=pd.DataFrame(
            [
                ("customers", "industry_raw", 240, 216),
                ("customers", "owner_name", 240, 240),
                ("customers", "headcount", 240, 150),
            ],
            columns=["table", "field", "rows", "filled"],
        ),
        missing=pd.DataFrame(
            [("tier_potential", "needs", "NO_NEED_TABLE"), ("funnel_need", "needs", "NO_NEED_TABLE")],
            columns=["analysis", "table", "reason"],
        ),
    )
    facts = {
        "period": PERIOD,
        "settings": parse_settings('[report]\norg = "示例贸易有限公司"'),
        "run_id": "2024-06-1a2b3c4d",
        "book": "v000003",
        "kit_version": "0.1.0",
        "notes": ("「超市.xls」没有写明币种，按人民币计算。",),
    }
    tables |= _judged() | _needs() | served_tables() | value_tables() | communication_tables()
    for name, value in changes.items():
        (tables if name in COLUMNS else facts)[name] = value
    return ReportData(**facts, tables=tables)


def only(*sections: str):
    """Settings of a report that holds these sections; drawing all charts takes its time."""
    return parse_settings(f"[report]\nsections = {json.dumps(sections)}")


@pytest.fixture
def shares():
    """What a chart of shares is drawn from: ten customers by region, one of them unknown."""
    return pd.DataFrame(
        {"code": ["a", "b", "unknown"], "label": ["华东", "华北", "未知"], "n": [6, 3, 1], "share": [0.6, 0.3, 0.1]}
    )


@pytest.fixture(scope="session", name="make_data")
def make_data_():
    return make_data


@pytest.fixture(scope="session", name="only")
def only_():
    return only


@pytest.fixture(scope="session")
def report():
    from crmlib.report.sections import build_report

    return build_report(make_data())


@pytest.fixture(scope="session")
def english():
    from crmlib.report.sections import build_report

    return build_report(make_data(lang="en", notes=()))


@pytest.fixture(scope="session")
def fill():
    """fill(home, {"a.csv": text, …}) → the book made of these files, added to those before."""
    from crmlib.book.build import build_book
    from crmlib.book.importing import import_files
    from crmlib.inputs import list_inputs
    from crmlib.labels import speaker
    from crmlib.settings import load_settings

    def make(home, files: dict[str, str]):
        home.inbox.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (home.inbox / name).write_text(text, encoding="utf-8")
        how = {"settings": load_settings(home), "origin": "own"}
        told = {"received_on": date(2024, 7, 1), "say": speaker("zh"), "tell": lambda line: None}
        imported = import_files(home, list_inputs([home.inbox]), **how, **told)
        return build_book(home, key=imported.key, **how)

    return make


@pytest.fixture(scope="session")
def publish():
    """publish(home, "2024-06") → a report of the book with its tables, figures and manifest, without its pages."""
    from crmlib.book.work import open_work
    from crmlib.insight.results import compute_results, state_figures
    from crmlib.report.published import Published

    def make(home, period: str, *, version: str = "") -> Published:
        folder = home.reports / period
        work = open_work(home=str(home.root), period=period, book=version, out=str(folder))
        tables, days = work.book.tables, {"start": work.period.start, "as_of": work.as_of}
        results = dict(compute_results(tables, settings=work.settings, **days))
        results["figures"] = state_figures(tables, results, as_of=work.as_of)
        results |= {name: work.book.frame(tables[name]) for name in ("customers", "records")}
        for name, table in results.items():
            work.save_table(name, table)
        manifest = {"run_id": f"{period}-test", "period": period, "as_of": f"{work.as_of}", "book": work.book.version}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return Published(folder)

    return make


FILES = {
    "客户.csv": "客户名称,区域\n甲示例有限公司,华东\n乙示例有限公司,\n丙示例有限公司,\n",
    "订单.csv": (
        "订单号,客户名称,下单日期,金额,状态\n"
        "1,甲示例有限公司,2024-05-10,600,已完成\n"
        "1,甲示例有限公司,2024-05-10,400,已完成\n"  # of the same order
        "2,甲示例有限公司,2024-06-10,-100,已取消\n"  # takes its amount off, is no order
        "3,乙示例有限公司,2024-06-10,250,已完成\n"
        "4,乙示例有限公司,2023-06-30,70,已完成\n"  # a day more than 12 months ago
        "5,,2024-06-11,30,已完成\n"  # nobody's
    ),
}


@pytest.fixture(scope="session")
def june_home(tmp_path_factory, fill, publish):
    """A home of three customers with a report of June. Not to be changed: `june` is a copy."""
    from crmlib.home import Home

    root = tmp_path_factory.mktemp("june")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_KEY_FILE", str(root / "vault.key"))
        home = Home(root / "home")
        fill(home, FILES)
        publish(home, "2024-06")
    return home


@pytest.fixture
def june(june_home, tmp_path, monkeypatch):
    """A home of one's own with a report of June."""
    import shutil

    from crmlib.home import Home

    monkeypatch.setenv("CRM_KEY_FILE", str(june_home.root.parent / "vault.key"))
    shutil.copytree(june_home.root, tmp_path / "home")
    return Home(tmp_path / "home")
