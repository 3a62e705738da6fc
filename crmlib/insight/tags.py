"""Tags by rule: base, behaviour and need tags of every customer with the rule that gave them, and the rules that users wrote."""

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.engine import count_of, read_frame, safe_divide
from crmlib.insight.conditions import holds, parse_condition
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers, customer_orders, median_gaps, talks_before
from crmlib.insight.needs import open_needs
from crmlib.insight.profile import LEVELS, UNKNOWN
from crmlib.judging import Tagging, TagRule
from crmlib.periods import add_months
from crmlib.settings import Settings

COLUMNS = ("customer_id", "family", "value", "origin", "rule_id", "valid_from", "valid_to")
# family → the rule that gives it; values are codes, except categories and what users name
RULES = {
    "industry": "TAG_INDUSTRY",
    "region": "TAG_REGION",
    "size": "TAG_SIZE",
    "purchase_cycle": "TAG_PURCHASE_CYCLE",
    "product_preference": "TAG_PREFERENCE",
    "interaction_frequency": "TAG_CONTACT",
    "current_need": "TAG_NEED_CURRENT",
    "future_need": "TAG_NEED_FUTURE",
}
_PRIVATE = ("str", "enum", "int", "dec", "date")  # types of customers' fields that a condition may ask


def tag_customers(tables: Tables, facts: pd.DataFrame, *, settings: Settings, as_of: date) -> pd.DataFrame:
    """The automatic tags of one day: customer_id, family, value, rule_id. Sorted; no customer has one twice.

    `facts` is `gather_facts_for_tags`: what the users' own rules may ask.
    """
    rules = settings.tagging
    parts = [
        _base(tables, level=settings.classes.industry_level),
        _rhythm(
            customer_orders(tables, as_of=as_of), "ordered_on", "order_key", least=rules.min_orders,
            bands=rules.purchase_cycles, family="purchase_cycle",
        ),
        _preference(tables, rules, as_of=as_of),
        _rhythm(
            talks_before(tables, as_of=as_of), "talked_on", "talked_on", least=rules.min_contacts,
            bands=rules.contact_frequency, family="interaction_frequency",
        ),
        _needs(tables, rules, as_of=as_of),
    ]  # fmt: skip
    auto = pd.concat(parts, ignore_index=True)
    known = auto["customer_id"].isin(facts["customer_id"]) & auto["value"].notna() & ~auto["value"].isin(["", UNKNOWN])
    auto = auto[known].assign(rule_id=auto["family"].map(RULES))
    own = [_own(one, facts, where=f"[[tags]] #{n}") for n, one in enumerate(settings.tags, start=1)]
    every = pd.concat([auto, *own], ignore_index=True)[["customer_id", "family", "value", "rule_id"]].astype("str")
    every = every.drop_duplicates(["customer_id", "family", "value"])
    return every.sort_values(["customer_id", "family", "value"], ignore_index=True)


def date_tags(now: pd.DataFrame, before: pd.DataFrame, *, before_on: date, as_of: date) -> pd.DataFrame:
    """The tags of two days with their span (COLUMNS): those of both hold since `before_on` at least, new ones since `as_of`,
    gone ones up to `as_of`."""
    key = ["customer_id", "family", "value", "rule_id"]
    both = before.merge(now, on=key, how="outer", indicator=True)
    start = both["_merge"].map({"both": before_on, "left_only": before_on, "right_only": as_of}).astype(object)
    end = both["_merge"].map({"left_only": as_of}).astype(object)
    dated = both[key].assign(origin="auto", valid_from=start, valid_to=end.where(end.notna(), None))
    return dated[list(COLUMNS)].sort_values(key, ignore_index=True)


def gather_facts_for_tags(
    tables: Tables, measures: pd.DataFrame, tiers: pd.DataFrame, segments: pd.DataFrame, *, as_of: date
) -> pd.DataFrame:
    """One row per customer with everything a condition may name: measures, a column per tier, scores and segment, the fields
    of the customer that are not personal, months_since_first_order and needs_grown (open needs opened in the last three
    months that ask for more than any satisfied one did: a larger budget, or where none is known a high priority)."""
    fields = DICTIONARY.tables["customers"].fields.values()
    free = [f.key for f in fields if not f.personal and not f.import_only and f.type in _PRIVATE]
    customers = read_frame(active_customers(tables).select(*free))
    wide = tiers.pivot(index="customer_id", columns="dimension", values="label").reset_index()
    facts = customers.merge(measures, on="customer_id").merge(wide, on="customer_id", how="left")
    facts = facts.merge(segments, on="customer_id", how="left")
    grown = read_frame(_grown_needs(tables, as_of=as_of))
    months = (pd.Timestamp(as_of) - pd.to_datetime(facts["first_ordered_on"])).dt.days // 30.4375
    facts = facts.merge(grown, on="customer_id", how="left").assign(months_since_first_order=months)
    return facts.assign(needs_grown=facts["needs_grown"].fillna(0)).sort_values("customer_id", ignore_index=True)


def _own(rule: TagRule, facts: pd.DataFrame, *, where: str) -> pd.DataFrame:
    clauses = parse_condition(rule.when, fields=facts.columns, where=where)
    mine = facts.loc[holds(clauses, facts, where=where), ["customer_id"]]
    return mine.assign(family=rule.family, value=rule.value, rule_id=f"own:{rule.value}")


def _base(tables: Tables, *, level: str) -> pd.DataFrame:
    customers = active_customers(tables)
    known = read_frame(
        customers.select(
            "customer_id", industry=customers.industry_code.substr(0, LEVELS[level]), region="region", size="size_class"
        )
    )
    return known.melt("customer_id", var_name="family", value_name="value").dropna(subset=["value"])


def _rhythm(
    rows: ir.Table, day: str, times: str, *, least: int, bands: Mapping[str, tuple[float, ...]], family: str
) -> pd.DataFrame:
    """The first band, from and to inclusive, that holds the median gap of a customer with `least` different `times`; none: no tag."""
    enough = rows.group_by("customer_id").agg(n=rows[times].nunique())
    gaps = read_frame(median_gaps(rows, day).semi_join(enough.filter(enough.n >= least), "customer_id"))
    days = gaps["median_gap_days"].astype("float64")
    value = pd.Series(None, index=gaps.index, dtype="object")
    for name, (low, high) in bands.items():
        value = value.where(value.notna() | ~days.between(low, high), name)
    return pd.DataFrame({"customer_id": gaps["customer_id"], "family": family, "value": value})


def _preference(tables: Tables, rules: Tagging, *, as_of: date) -> pd.DataFrame:
    """The category that brings `preference_share` of a customer's amount or more; amounts of unknown category are in the whole."""
    orders = customer_orders(tables, as_of=as_of)
    category = tables["orders"].select("row_id", "category").filter(lambda t: t.row_id.notnull())
    lines = orders.left_join(category, "row_id").drop("row_id_right")
    whole = lines.group_by("customer_id").agg(whole=lines.counted_cny.sum(), n=count_of(lines.order_key.nunique()))
    sums = lines.group_by("customer_id", "category").agg(amount=lines.counted_cny.sum())
    sums = sums.filter(sums.category.notnull()).inner_join(whole, "customer_id")
    share = safe_divide(sums.amount, sums.whole)
    enough = sums.filter((sums.n >= rules.min_orders) & (sums.whole > 0) & (share >= rules.preference_share))
    return read_frame(enough.select("customer_id", value="category")).assign(family="product_preference")


def _needs(tables: Tables, rules: Tagging, *, as_of: date) -> pd.DataFrame:
    """Open needs by horizon; where none is noted, by the day they are due: later than `future_months` is future. Neither noted:
    no tag."""
    needs = open_needs(tables, as_of=as_of).filter(lambda t: t.customer_id.notnull() & t.category.notnull())
    later = needs.due_date > add_months(as_of, rules.future_months)
    by_day = ibis.cases((later, "future"), (needs.due_date.notnull(), "current"))
    horizon = needs.horizon.coalesce(by_day)
    needs = needs.mutate(family=horizon + "_need").filter(lambda t: t.family.notnull())
    return read_frame(needs.select("customer_id", "family", value="category").distinct())


def _grown_needs(tables: Tables, *, as_of: date) -> ir.Table:
    needs = tables["needs"].filter(lambda t: t.customer_id.notnull())
    done = needs.filter((needs.status == "satisfied") & (needs.closed_at.date() < as_of))
    most = done.group_by("customer_id").agg(most=done.budget_cny.max(), closed=done.closed_at.min())
    fresh = open_needs(tables, as_of=as_of)
    fresh = fresh.filter(fresh.opened_at.date() >= add_months(as_of, -3)).inner_join(most, "customer_id")
    more = (fresh.budget_cny > fresh.most) | (
        (fresh.budget_cny.isnull() | fresh.most.isnull()) & (fresh.priority == "high")
    )
    grown = fresh.filter(more.fill_null(False) & (fresh.closed < fresh.opened_at))
    return grown.group_by("customer_id").agg(needs_grown=count_of(grown.count()))
