"""Tag review: what people tagged joined with the kit's own, changes proposed for approval, contradictions listed; nothing is overwritten."""

from collections.abc import Sequence
from datetime import date

import ibis
import pandas as pd
import pyarrow as pa

from crmlib.dictionary import DICTIONARY
from crmlib.engine import read_frame
from crmlib.insight.conditions import holds, parse_condition
from crmlib.insight.coverage import Tables
from crmlib.insight.given import compare_given
from crmlib.insight.measures import active_customers
from crmlib.insight.tags import COLUMNS
from crmlib.intake.doubts import stage_tags
from crmlib.judging import TagProposal
from crmlib.settings import Settings

# words of a given status → the activity that it claims
STATUSES = {"活跃": "active", "正常": "active", "active": "active", "流失": "inactive", "终止": "inactive", "停用": "inactive",
            "休眠": "inactive", "inactive": "inactive"}  # fmt: skip


def join_tags(auto: pd.DataFrame, imported: pd.DataFrame, entries: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Automatic, imported and manual tags as they stand on `as_of` (COLUMNS), each with its origin; a tag that has two origins
    stands there twice. What ends an imported or manual tag is its own day, or an entry of somebody; a run ends none.

    imported: the book's tags. entries: `tag_entries` (customer_id, family, value, act, on, of, who, line).
    """
    told = [row for row in entries.sort_values("line").to_dict("records") if row["on"] <= as_of]
    spans = []
    for row in imported.to_dict("records"):
        start, end = (None if pd.isna(row[key]) else row[key] for key in ("valid_from", "valid_to"))
        if start is None or start <= as_of:
            end = end if end is not None and end <= as_of else None
            spans.append([row["customer_id"], row["family"], row["value"], "import", None, start, end])
    for row in told:
        mine = [one for one in spans if one[0] == row["customer_id"] and one[2] == row["value"] and one[6] is None]
        if row["act"] == "end":
            for one in mine:
                one[6] = row["on"]
        elif row["act"] == "add" and not any(one[3] == "manual" for one in mine):
            spans.append(
                [row["customer_id"], row["family"], row["value"], "manual", f"ledger:{row['line']}", row["on"], None]
            )
    people = pd.DataFrame(spans, columns=list(COLUMNS))
    joined = pd.concat([part for part in (auto, people) if len(part)] or [people], ignore_index=True)
    joined = joined.astype(dict.fromkeys(("customer_id", "family", "value", "origin", "rule_id"), "str"))
    days = {
        key: pd.array(joined[key].astype(object).where(joined[key].notna(), None), dtype=_DAY)
        for key in ("valid_from", "valid_to")
    }
    order = ["customer_id", "family", "value", "origin", "valid_from"]
    return joined.assign(**days).sort_values(order, ignore_index=True)


def propose_tags(
    tags: pd.DataFrame, facts: pd.DataFrame, rules: Sequence[TagProposal], *, entries: pd.DataFrame, as_of: date
) -> pd.DataFrame:
    """One row per customer and rule that fits: customer_id, of (the tag to replace, or empty), to, why (the figures of the
    condition), on (the day from which it would hold). Not proposed: a tag that is there, or that somebody turned down."""
    decided = set(
        entries.loc[entries["act"].isin(["reject", "add"]), ["customer_id", "value"]].itertuples(index=False, name=None)
    )
    people = tags[tags["valid_to"].isna() & tags["origin"].ne("auto")]
    rows = []
    for n, rule in enumerate(rules, start=1):
        where = f"[tagging] proposals #{n}"
        clauses = parse_condition(rule.when, fields=facts.columns, where=where)
        fits = holds(clauses, facts, where=where) & ~facts["customer_id"].isin(
            people.loc[people["value"].eq(rule.to), "customer_id"]
        )
        if rule.of:
            fits &= facts["customer_id"].isin(people.loc[people["value"].eq(rule.of), "customer_id"])
        asked = list(dict.fromkeys(one.field for one in clauses))
        for row in facts.loc[fits, ["customer_id", *asked]].to_dict("records"):
            if (row["customer_id"], rule.to) not in decided:
                why = "; ".join(f"{field} = {_plain(row[field])}" for field in asked)
                rows.append((row["customer_id"], rule.of, rule.to, why, as_of))
    return pd.DataFrame(rows, columns=["customer_id", "of", "to", "why", "on"]).astype({"on": _DAY})


def find_contradictions(
    tables: Tables, tags: pd.DataFrame, tiers: pd.DataFrame, measures: pd.DataFrame, *, settings: Settings, as_of: date
) -> pd.DataFrame:
    """One row per customer and pair that cannot both be so: customer_id, rule, left, right (words or codes of the two).

    STAGE_TAG: a stage and a tag, by `[checks.stage_tags]`. TAG_TAG: two tags of one exclusive group. STAGE_ORDERS: the stage
    given, and the one that the orders show. GRADE_TIER: a grade given, and the tier. STATUS_ACTIVITY: a status given, and
    the activity.
    """
    customers = read_frame(active_customers(tables).select("customer_id", "lifecycle_stage", "source_status"))
    now = tags.loc[tags["valid_to"].isna(), ["customer_id", "value"]].drop_duplicates()
    rows: list[tuple] = []
    staged = now.merge(customers, on="customer_id")
    for stage, against in stage_tags(settings.checks, DICTIONARY).items():
        hit = staged[staged["lifecycle_stage"].eq(stage) & staged["value"].isin(against)]
        rows += [(one.customer_id, "STAGE_TAG", stage, one.value) for one in hit.itertuples()]
    for group in settings.tagging.exclusive:
        mine = now[now["value"].isin(group)].sort_values("value").groupby("customer_id")["value"].agg(list)
        rows += [(who, "TAG_TAG", values[0], other) for who, values in mine.items() for other in values[1:]]
    given = compare_given(tables, measures, tiers, as_of=as_of)
    for field, rule in (("lifecycle_stage", "STAGE_ORDERS"), ("source_grade", "GRADE_TIER")):
        differ = given[given["field"].eq(field) & given["agrees"].eq(False).fillna(False)]
        rows += [(one.customer_id, rule, one.given, one.computed) for one in differ.itertuples()]
    activity = tiers[tiers["dimension"].eq("activity")].set_index("customer_id")["label"]
    claims = customers["source_status"].map(STATUSES)
    found = customers["customer_id"].map(activity)
    differ = customers[claims.notna() & found.notna() & claims.ne(found)]
    rows += [
        (one.customer_id, "STATUS_ACTIVITY", one.source_status, activity[one.customer_id])
        for one in differ.itertuples()
    ]
    table = pd.DataFrame(rows, columns=["customer_id", "rule", "left", "right"], dtype="str")
    return table.sort_values(["rule", "customer_id", "left", "right"], ignore_index=True)


def read_own_tags(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What people tagged: the imported tags of the book, and the entries made by hand (none in a book that has none)."""
    imported = read_frame(tables["tags"].filter(ibis._.customer_id.notnull()))
    if "tag_entries" not in tables:
        return imported, pd.DataFrame(columns=ENTRY)
    entries = read_frame(tables["tag_entries"])
    return imported, entries.assign(on=[date.fromisoformat(str(day)) for day in entries["on"]]).reindex(columns=ENTRY)


ENTRY = ["customer_id", "family", "value", "act", "on", "of", "who", "line"]
_DAY = pd.ArrowDtype(pa.date32())


def _plain(value: object) -> str:
    return "–" if pd.isna(value) else f"{value:g}" if isinstance(value, float) else str(value)
