"""Stages: how many customers, needs and opportunities stand at each step of the way."""

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

import crmlib.dictionary
from crmlib.dictionary import Dictionary
from crmlib.engine import count_of, read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers
from crmlib.insight.needs import open_needs

UNKNOWN, LOST = "unknown", "lost"
FIELDS = {"customer": "customers.lifecycle_stage", "need": "needs.stage", "opportunity": "opportunities.stage"}


def count_stages(tables: Tables, *, as_of: date, dictionary: Dictionary | None = None) -> pd.DataFrame:
    """One row per entity and stage: entity, stage, position (from 1, in the order of the way), n, share of the entity.

    Active customers, needs open on `as_of`, and every opportunity opened before `as_of`. A stage where nobody stands
    has 0; "unknown", and stages that the dictionary does not know, come last and only if somebody stands there.
    """
    dictionary = dictionary or crmlib.dictionary.DICTIONARY
    opportunities = tables["opportunities"]
    rows = {
        "customer": active_customers(tables).select(stage="lifecycle_stage"),
        "need": open_needs(tables, as_of=as_of).select("stage"),
        "opportunity": opportunities.filter(
            opportunities.opened_on.isnull() | (opportunities.opened_on < as_of)
        ).select("stage"),
    }  # fmt: skip
    counts = read_frame(ibis.union(*(_count_stages(table, entity) for entity, table in rows.items())))
    shown = [_order_stages(counts[counts["entity"] == entity], entity, dictionary) for entity in FIELDS]
    return pd.concat(shown, ignore_index=True)


def _count_stages(rows: ir.Table, entity: str) -> ir.Table:
    rows = rows.mutate(stage=rows.stage.nullif("").fill_null(UNKNOWN))
    return rows.group_by("stage").agg(n=count_of(rows.count())).mutate(entity=ibis.literal(entity))


def _order_stages(counts: pd.DataFrame, entity: str, dictionary: Dictionary) -> pd.DataFrame:
    choice = dictionary.field(FIELDS[entity]).choice
    known = list(dictionary.choices[choice]) if choice else []
    strange = sorted(set(counts["stage"]) - {*known, UNKNOWN})
    stages = known + strange + [UNKNOWN] * (UNKNOWN in set(counts["stage"]))
    n = counts.set_index("stage")["n"].reindex(stages).fillna(0).astype("Int64")
    share = (n / n.sum()).astype("float64").round(10) if n.sum() else pd.Series(float("nan"), index=n.index)
    return pd.DataFrame(
        {
            "entity": pd.array([entity] * len(stages), dtype="str"),
            "stage": pd.array(stages, dtype="str"),
            "position": pd.array(range(1, len(stages) + 1), dtype="Int64"),
            "n": n.array,
            "share": share.array,
        }
    )
