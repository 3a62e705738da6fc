"""Complaints past a deadline: who waits for what, those first for whom nothing more is planned."""

from datetime import date

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.names import name_rows


def list_overdue(complaints: pd.DataFrame, tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per open complaint past a deadline: row_id, ticket_id, customer_id, name, owner, assigned_to, level, category,
    opened_at, lacks (response, else close), overdue_h (missing where only the day is noted), next_step (what is to be done for
    the customer, not itself overdue), next_due. Those without a next step first, then the longest overdue."""
    unanswered = complaints["response"].eq("late") & ~complaints["is_answered"].astype(bool)
    late = complaints["is_open"].eq(True).fillna(False) & (unanswered | complaints["closing"].eq("late"))
    found, unanswered = complaints[late], unanswered[late]
    overdue = found["age_h"] - found["respond_h"].where(unanswered, found["close_h"])
    found = found.assign(lacks=np.where(unanswered, "response", "close"), overdue_h=overdue.round(10))
    found = found.merge(_next_steps(tables, as_of=as_of), on="customer_id", how="left")
    found = name_rows(found, tables).astype({"lacks": "str"})
    found = found.assign(stuck=found["next_step"].isna()).sort_values(
        ["stuck", "overdue_h", "row_id"], ascending=[False, False, True], ignore_index=True
    )
    columns = ["row_id", "ticket_id", "customer_id", "name", "owner", "assigned_to", "level", "category", "opened_at"]
    return found[[*columns, "lacks", "overdue_h", "next_step", "next_due"]]


def _next_steps(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per customer for whom something is to be done on `as_of` or later: customer_id, next_step, next_due."""
    tasks = tables["actions"]
    ready = (tasks.status.fill_null("open") == "open") & (tasks.due_date.isnull() | (tasks.due_date >= as_of))
    open_still = tasks.filter(ready & tasks.customer_id.notnull()).select(
        "customer_id", "row_id", next_step="task", next_due="due_date"
    )
    rows = read_frame(open_still).sort_values(["customer_id", "next_due", "row_id"])
    return rows.drop_duplicates("customer_id").drop(columns="row_id")
