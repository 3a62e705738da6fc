"""ReportData: everything a report is made of, as plain tables; the sections read nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from crmlib.intake.rules import rule_words
from crmlib.labels import Say, speaker
from crmlib.periods import Period
from crmlib.settings import Settings

COLUMNS = {
    "figures": ["figure_id", "section", "value", "unit", "n", "definition", "rows", "better"],
    "figures_before": ["figure_id", "section", "value", "unit", "n", "definition", "rows", "better"],
    "measures": ["customer_id"],
    "tiers": ["customer_id", "dimension", "label", "reasons", "as_of"],
    "tier_moves": ["customer_id", "name", "owner", "dimension", "label_before", "label_now", "cause", "figures"],
    "tier_scores": ["customer_id", "dimension", "score", "inputs", "missing"],
    "value_ranking": ["position", "customer_id", "name", "owner", "amount_cny", "share", "cumulative_share"],
    "potential_list": ["customer_id", "name", "owner", "score", "reasons", "complaints"],
    "plan_segments": ["customer_id", "plan_segment", "also"],
    "segment_sums": ["segment", "customers", "share", "amount_12m_cny", "amount_share"],
    "satisfaction_cross": ["segment", "satisfied", "middling", "dissatisfied", "unasked", "mean_score"],
    "cluster_sums": ["cluster", "recency_level", "frequency_level", "money_level", "customers", "share", "amount_share"],
    "cluster_state": ["outcome", "fitted_on", "customers", "clusters", "ari", "smallest", "noise"],
    "cluster_worth": ["grouping", "groups", "eta2", "eta2_adjusted"],
    "tags": ["customer_id", "family", "value", "origin", "rule_id", "valid_from", "valid_to"],
    "tag_lint": ["value", "family", "customers", "fault", "suggestion"],
    "tag_proposals": ["customer_id", "name", "of", "to", "why", "on"],
    "contradictions": ["customer_id", "name", "owner", "rule", "left", "right"],
    "profile": ["dimension", "code", "customers", "share", "amount_12m_cny", "amount_share"],
    "order_trend": ["month", "orders", "customers", "amount_cny", "partial"],
    "profile_cross": ["pair", "code", "across", "customers", "share", "amount_12m_cny"],
    "talk_trend": ["month", "talks", "customers", "per_customer", "partial"],
    "season": ["month", "season_index", "low", "high", "years", "months"],
    "retention": ["cohort", "months_since", "customers", "retained", "share"],
    "repurchase": ["window", "since", "until", "customers", "repeaters", "share", "low", "high"],
    "tier_value": [
        "label", "customers", "orders", "revenue_cny", "size_cny", "costed_size_cny", "cost_coverage", "costed_cny", "cost_cny",
        "margin_cny", "margin_share", "talks", "tickets", "service_rows", "service_costed", "service_cost_cny", "since", "until",
    ],
    "tier_habits": [
        "label", "buyers", "orders_each", "amount_each_order", "gap_days", "category", "category_share", "channel", "channel_share",
    ],
    "concentration": ["customer_share", "customers", "amount_share", "buyers", "gini"],
    "campaigns": [
        "campaign", "grouping", "customers", "left_out", "orders_before", "orders_after", "before_cny", "after_cny", "change_cny",
        "low", "high", "first_on", "last_on",
    ],
    "kpi": [
        "kpi", "unit", "value_period", "n_period", "value", "n", "low", "high", "value_before", "n_before", "change", "goal",
        "target", "met", "why", "mean", "unknown", "since", "baseline",
    ],
    "kpi_months": ["kpi", "month", "value", "n"],
    "fields_to_improve": ["table", "field", "rows", "blank", "vague", "share"],
    "funnel": ["entity", "stage", "position", "n", "share"],
    "stage_ways": ["entity", "entity_id", "customer_id", "reached", "stage", "outcome", "unplaced"],
    "conversion_steps": [
        "entity", "definition", "position", "from_stage", "to_stage", "n", "converted", "lost", "open", "undated", "share", "low",
        "high", "enough", "dated", "weakest",
    ],
    "conversion_cohorts": ["entity", "cohort", "position", "n", "converted", "open", "share", "low", "high", "enough"],
    "conversion_nodes": ["entity", "node", "from_stage", "to_stage", "n", "converted", "lost", "open", "share", "low", "high", "enough"],
    "conversion_groups": ["entity", "dimension", "code", "person", "n", "share", "others", "others_share", "difference", "diff_low", "diff_high"],
    "stage_days": ["entity", "position", "stage", "n", "ended", "open", "undated", "median_days", "enough", "dated"],
    "stage_losses": ["entity", "position", "stage", "to_stage", "n", "lost", "share", "low", "high", "enough", "part"],
    "needs_met": ["scope", "new", "in_play", "matched", "closed", "satisfied", "open", "overlap_share", "satisfied_share"],
    "needs_by_customer": ["customer_id", "name", "owner", "in_play", "matched", "open", "overlap_share", "satisfied_share"],
    "need_topics": ["position", "topic", "customers", "mentions", "of", "share", "low", "high", "enough", "flagged", "top"],
    "need_askers": ["customer_id", "topic", "mentions"],
    "need_terms": ["quarter", "term", "customers", "of", "share"],
    "need_moves": ["term", "customers", "of", "share", "customers_before", "of_before", "share_before", "direction"],
    "need_words": ["quarter", "term", "customers", "of", "share"],
    "word_moves": ["term", "customers", "of", "share", "customers_before", "of_before", "share_before", "direction"],
    "at_risk": [
        "customer_id", "name", "owner", "amount_12m_cny", "last_ordered_on", "months_since_last_order",
        "days_since_last_contact", "overdue_amount_cny", "reasons",
    ],
    "balance": ["file", "in", "kept", "merged", "unchanged", "not_data", "quarantined"],
    "warnings": ["reason", "n"],
    "quarantine": ["reason", "n"],
    "completeness": ["table", "field", "rows", "filled"],
    "missing": ["analysis", "table", "reason"],
    "entry_by_person": [
        "staff_id", "person", "entries", "judged", "on_time", "late", "open", "day_only", "not_recorded", "before",
        "on_time_share",
    ],
    "completeness_change": ["owner_id", "person", "customers", "share", "customers_before", "share_before", "change"],
    "texts": ["table", "field", "rows", "blank", "vague"],
    "costs": ["table", "rows", "missing"],
    "given": ["customer_id", "field", "given", "computed", "agrees"],
    "churn": ["customer_id", "p_no_order", "horizon_days", "drivers", "model", "name", "active"],
    "churn_backtest": ["origin", "population", "model", "n", "base_rate", "auc", "brier", "ece", "warned", "precision", "recall"],
    "churn_reliability": ["population", "bin", "n", "said", "happened"],
    "hold_out": ["customer_id", "group", "value", "assigned_on", "until", "ordered_on", "contacted_on", "ended", "name", "owner"],
    "uplift": [
        "at_risk", "contacted", "contacted_ordered", "contacted_reached", "held_out", "held_out_ordered", "held_out_reached",
        "difference", "low", "high", "open", "open_held_out", "base_rate", "needed", "ready_on",
    ],
    "renewals": ["customer_id", "contract_end", "p_not_renewed", "contracts", "model", "name", "owner"],
    "lost_lacking": ["customer_id", "name", "owner", "lost_on", "lost_reason", "lacks"],
    "lifetime": [
        "customer_id", "value_cny", "low", "high", "orders_expected", "amount_expected", "heuristic_cny", "margin_cny", "model",
    ],
    "lifetime_backtest": ["origin", "model", "n", "bought_cny", "capture", "gini", "total"],
    "groups": ["customer_id", "group_id", "why"],
    "waits": ["row_id", "customer_id", "side", "status", "begun", "late", "hours"],
    "response": [
        "side", "waits", "answered", "open", "day_only", "reversed", "unrecorded", "mean_h", "median_h", "p90_h", "km_median_h",
        "work_mean_h", "work_median_h", "work_p90_h", "late", "provisional", "start", "as_of",
    ],
    "response_groups": ["side", "dimension", "code", "answered", "open", "median_h", "p90_h", "late", "person"],
    "response_bands": ["side", "above_h", "up_to_h", "n", "share"],
    "response_late": ["row_id", "customer_id", "name", "owner", "side", "channel", "since", "status", "hours", "cause"],
    "talks_by_customer": ["customer_id", "talks", "talks_12m", "active_months", "talks_per_month", "days_silent", "silent"],
    "talk_channels": ["channel", "talks", "customers", "share"],
    "talk_groups": [
        "dimension", "code", "customers", "talks", "talks_12m", "active_months", "talks_per_month", "silent", "person",
    ],
    "talk_bands": ["value", "band", "customers", "share"],
    "silent": [
        "customer_id", "name", "owner", "value", "plan_segment", "cadence_days", "last_talked_on", "days_silent", "over_days",
    ],
    "match_rules": ["rule", "united", "asked", "judged", "right", "share", "low", "high"],
    "spot_errors": ["table", "field", "drawn", "judged", "wrong", "rate", "low", "high"],
    "checks": ["name", "state", "found"],
    "corrections": ["figure_id", "unit", "published", "today", "cause", "rows_added", "rows_gone"],
    "risk_trend": ["risk", "customers", "overdue_payments", "owed_cny", "day"],
    "third_party": ["customer_id"],
    "suggestions": ["suggestion_id", "name", "figure_id", "value", "unit", "due"],
    "last_suggestions": ["suggestion_id", "finding", "action", "figure_id", "value", "unit", "role", "due"],
    "reviews": ["about", "state", "text", "next", "who"],
    "last_report": ["kind", "name"],
    "late": ["table", "came_late", "first_day", "last_day", "changed"],
    "attachments_missing": ["table", "row_id", "customer_id", "path"],
    "service_span": ["start", "as_of"],
    "complaints": ["row_id", "level", "in_period", "is_open", "response", "response_h", "handling_h", "age_h", "revisit_at", "revisit_score"],
    "complaint_sums": [
        "level", "complaints", "open", "judged", "on_time", "on_time_share", "low", "high", "response_median_h", "handling_median_h",
        "running", "handling_mean_h", "handled", "handling_median_days", "unclear", "close_on_time_share",
    ],
    "complaint_months": [
        "month", "complaints", "open", "on_time_share", "response_median_h", "close_on_time_share", "handling_median_h", "handling_mean_h",
    ],
    "complaint_types": ["category", "complaints", "in_period", "open", "share", "cumulative_share", "handling_median_h", "examples"],
    "complaint_weak_points": ["by", "of", "category", "complaints", "expected", "ratio", "p", "clear"],
    "complaints_overdue": [
        "row_id", "ticket_id", "customer_id", "name", "owner", "assigned_to", "level", "category", "opened_at", "lacks", "overdue_h",
        "next_step", "next_due",
    ],
    "complaint_revisits": ["level", "answers", "mean", "satisfied_share"],
    "satisfaction_answers": ["row_id", "customer_id", "answered_on", "dimension", "score", "satisfied"],
    "satisfaction_sums": ["of", "answers", "mean", "satisfied", "satisfied_share", "low", "high", "low_scores"],
    "satisfaction_dimensions": ["dimension", "answers", "mean", "satisfied", "satisfied_share", "low", "high", "low_scores"],
    "satisfaction_points": ["points", "n", "share"],
    "satisfaction_replies": ["asked", "replied", "rate", "low", "high"],
    "satisfaction_nps": ["answers", "promoters", "passives", "detractors", "nps"],
    "low_scores": [
        "row_id", "customer_id", "name", "owner", "answered_on", "dimension", "score", "comment", "revisited_on", "root_cause", "state",
        "in_period",
    ],
    "revisits": ["customer_id", "name", "dimension", "before", "before_on", "revisited_on", "after", "after_on", "change"],
    "revisit_groups": ["group", "customers", "before", "after", "lift", "low", "high"],
    "score_changes": ["customer_id", "dimension", "before", "after", "change"],
    "score_falls": ["customer_id", "name", "owner", "dimension", "before", "before_on", "after", "after_on", "change"],
    "score_fall_talks": ["customer_id", "name", "on", "kind", "row_id", "channel", "mood", "text"],
    "moods": ["source", "positive", "neutral", "negative", "unknown", "n", "negative_share", "low", "high"],
    "mood_texts": ["row_id", "customer_id", "mood"],
    "mood_words": ["word", "talks"],
}  # fmt: skip


class Stated(NamedTuple):
    """A figure as the report states it. `value` is None where it is not known; `better` is "up", "down" or ""."""

    figure_id: str
    value: float | None
    n: int
    unit: str
    better: str = ""


@dataclass(frozen=True, eq=False)
class ReportData:
    """The tables of a run, each an attribute by its name (COLUMNS); one that was not made is an empty one.

    `figures_before` are the figures of the period before, `notes` sentences for the first page (an undeclared currency …).
    """

    period: Period
    settings: Settings
    lang: str = "zh"
    run_id: str = ""
    book: str = ""
    kit_version: str = ""
    currency: str = "CNY"
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    before: Mapping[str, pd.DataFrame] = field(
        default_factory=dict
    )  # the tables of the period before, as far as computed

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in COLUMNS:
            raise AttributeError(name)
        found = self.tables.get(name)
        return pd.DataFrame(columns=COLUMNS[name]) if found is None else found

    @property
    def say(self) -> Say:
        return speaker(self.lang, self.currency).with_words(rule_words(self.settings.checks))

    @cached_property
    def _stated(self) -> dict[bool, dict[str, dict]]:
        """The rows of the figures by their ids, now and before."""
        tables = {False: self.figures, True: self.figures_before}
        return {before: {row["figure_id"]: row for row in table.to_dict("records")} for before, table in tables.items()}

    def is_off(self, analysis: str) -> bool:
        """Whether the book lacks the table that an analysis (of insight.coverage) rests on."""
        return bool(self.missing["analysis"].eq(analysis).any())

    def figure(self, figure_id: str, *, before: bool = False) -> Stated | None:
        """The figure, or None where it was not made."""
        row = self._stated[before].get(figure_id)
        if row is None:
            return None
        value = None if pd.isna(row["value"]) else float(row["value"])
        return Stated(figure_id, value, int(row["n"]), row["unit"], row.get("better") or "")

    def value(self, figure_id: str, *, before: bool = False) -> float | None:
        stated = self.figure(figure_id, before=before)
        return stated.value if stated else None

    def share(self, figure_id: str, *, before: bool = False) -> float | None:
        """A count as a share of what it counts among."""
        stated = self.figure(figure_id, before=before)
        return stated.value / stated.n if stated and stated.value is not None and stated.n else None
