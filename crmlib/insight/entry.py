"""Entry: how promptly, completely and tellingly people keep their records, by person; what cannot be judged is counted apart."""

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmlib.dictionary import DICTIONARY
from crmlib.engine import count_of, days_between, hours_between, is_midnight, moment, read_frame, within
from crmlib.errors import SettingsError
from crmlib.insight.coverage import WHEN, Tables
from crmlib.insight.measures import active_customers, add_facts
from crmlib.intake.checks import EITHER
from crmlib.periods import add_months
from crmlib.settings import Deadlines, Entry

STATUSES = ("on_time", "late", "open", "day_only", "not_recorded", "before")
# what a follow-up record tells; the next action is a row of its own table
TOLD = ("content", "feedback", "next_action")
# texts that people write, by table
TEXTS = {
    "interactions": ("content", "feedback"),
    "needs": ("text",),
    "actions": ("task",),
    "tickets": ("description", "solution", "root_cause"),
}


# ── in time


def judge_entries(tables: Tables, *, deadlines: Deadlines, start: date, as_of: date) -> pd.DataFrame:
    """One row per communication of [start, as_of): row_id, customer_id, staff_id (who entered it, else whose it is),
    channel, occurred_at, recorded_at, deadline_h, hours (from the one to the other), status.

    status: on_time, late; open where the deadline lies after `as_of`; day_only where one of the two times is only a day;
    not_recorded without a time of entry; before where it was entered before it happened. Only the first two are judged.
    """
    talks = within(tables["interactions"], "occurred_at", start=start, as_of=as_of)
    end = moment(as_of)
    known = ibis.least(talks.recorded_at, end)  # what is entered later is not yet entered
    short = talks.channel.fill_null("").isin(deadlines.phone_visit)
    talks = talks.mutate(
        staff_id=talks.recorder_id.coalesce(talks.staff_id),
        deadline_h=short.ifelse(float(deadlines.phone_visit_h), float(deadlines.interaction_h)),
        hours=hours_between(talks.occurred_at, known),
        day_only=(talks.time_precision.fill_null("day") != "minute") | is_midnight(talks.recorded_at),
    )
    status = ibis.cases(
        (talks.recorded_at.isnull(), "not_recorded"),
        (talks.day_only, "day_only"),
        (talks.hours < 0, "before"),
        (talks.hours > talks.deadline_h, "late"),
        (talks.recorded_at >= end, "open"),
        else_="on_time",
    )
    columns = ["row_id", "customer_id", "staff_id", "channel", "occurred_at", "recorded_at", "deadline_h", "hours"]
    judged = read_frame(talks.mutate(status=status).select(*columns, "status"))
    return judged.sort_values(["occurred_at", "row_id"], ignore_index=True)


def timeliness_by_person(entries: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """Rows of `judge_entries` → one row per person (missing: nobody is named): staff_id, entries, judged, one count for each
    status, on_time_share (missing below `least` judged ones: too few to say)."""
    counts = pd.crosstab(entries["staff_id"].fillna(""), entries["status"]).reindex(
        columns=list(STATUSES), fill_value=0
    )
    counts = counts.astype("Int64").rename_axis("staff_id").rename_axis(None, axis=1).reset_index()
    judged = counts["on_time"] + counts["late"]
    share = (counts["on_time"] / judged.where(judged >= max(least, 1))).astype("float64").round(10)
    people = counts.assign(
        entries=counts[list(STATUSES)].sum(axis=1).astype("Int64"), judged=judged, on_time_share=share
    )
    people = people.assign(staff_id=people["staff_id"].mask(people["staff_id"].eq("")).astype("str"))
    return people[["staff_id", "entries", "judged", *STATUSES, "on_time_share"]]


# ── complete


def completeness_weights(entry: Entry) -> dict[tuple[str, ...], float]:
    """Fields of which one is enough → weight: what the dictionary requires of a customer, and the focus fields of the settings."""
    customers = DICTIONARY.tables["customers"].fields.values()
    names = [f.name for f in customers if f.required == "complete"] + ["contacts.name"]
    groups = dict.fromkeys(next((either for either in EITHER if name in either), (name,)) for name in names)
    weights = dict.fromkeys(groups, 1.0)
    for name, weight in entry.weights.items():
        table, _, field = name.partition(".")
        if table not in DICTIONARY.tables or field not in DICTIONARY.tables[table].fields:
            raise SettingsError("error.entry_field", word=name)
        weights[next((group for group in weights if name in group), (name,))] = float(weight)
    return {group: weight for group, weight in weights.items() if weight > 0}


def score_completeness(tables: Tables, *, entry: Entry, as_of: date) -> pd.DataFrame:
    """One row per active customer: customer_id, owner_id, first_contact_date, share (of the weights, 0 to 1), lacking (names
    of fields with ";" between). Rows of other tables from `as_of` on are not there yet. Sorted by customer_id."""
    weights = completeness_weights(entry)
    known = active_customers(tables)
    kept = {
        name for group in weights for name in group if name.partition(".")[2] in tables[name.partition(".")[0]].columns
    }
    flags = {name: f"has_{at}" for at, name in enumerate(sorted(kept))}
    own = {flag: known[name[10:]].notnull() for name, flag in flags.items() if name.startswith("customers.")}
    joined = known.select("customer_id", "owner_id", "first_contact_date", **own)
    for name, flag in flags.items():
        if not name.startswith("customers."):
            joined = add_facts(joined, _having(tables, name, flag, as_of=as_of))
    frame = read_frame(joined).sort_values("customer_id", ignore_index=True)
    there = {
        group: frame[[flags[name] for name in group if name in flags]].fillna(False).any(axis=1).to_numpy(dtype=bool)
        for group in weights
    }
    filled = sum(weights[group] * there[group] for group in weights)
    lacking = [
        ";".join(group[0] for group, has in zip(there, row, strict=True) if not has)
        for row in zip(*there.values(), strict=True)
    ]
    return frame[["customer_id", "owner_id", "first_contact_date"]].assign(
        share=(filled / sum(weights.values())).round(10), lacking=pd.array(lacking, dtype="str")
    )


def _having(tables: Tables, name: str, flag: str, *, as_of: date) -> ir.Table:
    """Customers with a row, known before `as_of`, in which the field is filled."""
    table, _, field = name.partition(".")
    rows = tables[table]
    rows = rows.filter(rows.customer_id.notnull() & rows[field].notnull())
    if when := WHEN.get(table):
        rows = rows.filter(rows[when].isnull() | (rows[when].cast("date") < as_of))
    return rows.select("customer_id").distinct().mutate(**{flag: ibis.literal(True)})


def completeness_by_person(scores: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """Rows of `score_completeness` → one row per owner and month of first contact (either may be missing): owner_id, month,
    customers, share (their mean; missing for fewer than `least`)."""
    month = scores["first_contact_date"].astype("datetime64[us]").dt.to_period("M").dt.to_timestamp()
    grouped = scores.assign(month=month).groupby(["owner_id", "month"], dropna=False)["share"]
    return _mean_share(grouped, least)


def completeness_change(scores: pd.DataFrame, *, baseline: date, least: int) -> pd.DataFrame:
    """One row per owner: owner_id, customers and share of those first met since `baseline`, customers_before and share_before
    of those met earlier, and change (both shares missing below `least`). A customer without a day of first contact is in neither.
    """
    day = scores["first_contact_date"].astype("datetime64[us]")
    parts = [
        _mean_share(scores[where].groupby("owner_id", dropna=False)["share"], least)
        for where in (day >= pd.Timestamp(baseline), day < pd.Timestamp(baseline))
    ]
    both = parts[0].merge(parts[1], on="owner_id", how="outer", suffixes=("", "_before"))
    return both.assign(change=(both["share"] - both["share_before"]).round(10))


def _mean_share(grouped, least: int) -> pd.DataFrame:
    made = grouped.agg(customers="size", share="mean").reset_index().astype({"customers": "Int64"})
    return made.assign(share=made["share"].where(made["customers"] >= least).round(10))


def baseline_of(entry: Entry, *, as_of: date) -> date:
    """The day that completeness is compared with: the one in the settings, else a year before `as_of`."""
    return entry.baseline or add_months(as_of, -12)


# ── telling


def judge_records(tables: Tables, *, start: date, as_of: date) -> pd.DataFrame:
    """One row per communication of [start, as_of): row_id, customer_id, staff_id, occurred_at, and whether it holds content,
    feedback and next_action (an action of the same source row, or one that names the record)."""
    talks, actions = within(tables["interactions"], "occurred_at", start=start, as_of=as_of), tables["actions"]
    same_row = actions.select("row_id").filter(lambda t: t.row_id.notnull()).distinct().mutate(with_row=True)
    named = actions.filter(actions.interaction_id.notnull() & actions.customer_id.notnull())
    named = named.select("customer_id", "interaction_id").distinct().mutate(with_name=True)
    joined = talks.left_join(same_row, "row_id").drop("row_id_right")
    joined = joined.left_join(named, ["customer_id", "interaction_id"])
    told = {key: joined[key].notnull() & (joined[key].strip() != "") for key in ("content", "feedback")}
    told["next_action"] = joined.with_row.fill_null(False) | joined.with_name.fill_null(False)
    frame = read_frame(joined.select("row_id", "customer_id", "staff_id", "occurred_at", **told))
    return frame.sort_values(["occurred_at", "row_id"], ignore_index=True)


def lacking_records(records: pd.DataFrame) -> pd.DataFrame:
    """Rows of `judge_records` that lack something: row_id, customer_id, staff_id, occurred_at, lacks (";" between)."""
    told = records[list(TOLD)].astype(bool)
    lacks = [";".join(name for name, has in zip(TOLD, row, strict=True) if not has) for row in told.to_numpy()]
    some = records[["row_id", "customer_id", "staff_id", "occurred_at"]].assign(lacks=pd.array(lacks, dtype="str"))
    return some[~told.all(axis=1).to_numpy()].reset_index(drop=True)


def overdue_actions(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per action that was due before `as_of` and is still open on it (not done, not cancelled): row_id, customer_id,
    owner_id, task, due_date, overdue_days. Longest overdue first."""
    tasks = tables["actions"]
    done = (tasks.done_at.cast("date") < as_of).fill_null(False)
    # a task without a day of completion that is done by now may have been open then; nobody knows, so it is not listed
    unknown = tasks.done_at.isnull() & (tasks.status.fill_null("open") == "done")
    still = tasks.filter((tasks.due_date < as_of) & ~done & ~unknown & (tasks.status.fill_null("open") != "cancelled"))
    days = days_between(still.due_date, as_of)
    found = read_frame(still.select("row_id", "customer_id", "owner_id", "task", "due_date", overdue_days=days))
    return found.sort_values(["due_date", "row_id"], ignore_index=True)


def measure_texts(tables: Tables, *, entry: Entry, start: date, as_of: date) -> pd.DataFrame:
    """One row per text field of a table with rows in [start, as_of): table, field, rows, blank, vague (shorter than
    `entry.vague_chars`, or nothing but words of `entry.vague`). Undated rows count; a field that was never filled is left out.
    """
    parts = []
    for table, fields in TEXTS.items():
        rows = tables[table]
        day = rows[WHEN[table]].cast("date") if table in WHEN else ibis.null("date")
        here = day.isnull() | ((day >= start) & (day < as_of))
        for field in fields:
            words = rows[field].strip().nullif("")
            vague = (words.length() < entry.vague_chars) | words.isin(entry.vague)
            counts = {"rows": here, "blank": here & words.isnull(), "vague": here & vague, "ever": words.notnull()}
            sums = rows.agg(**{name: count_of(rows.count(where=one)) for name, one in counts.items()})
            parts.append(sums.mutate(table=ibis.literal(table), field=ibis.literal(field)))
    found = read_frame(ibis.union(*parts))
    found = found[(found["rows"] > 0) & (found["ever"] > 0)].sort_values(["table", "field"], ignore_index=True)
    return found[["table", "field", "rows", "blank", "vague"]]
