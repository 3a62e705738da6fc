"""What is recorded of customers who leave: contracts that were not renewed, and lost customers whose day or reason nobody wrote down."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.measures import active_customers
from crmlib.insight.names import name_rows


def score_renewals(tables: Tables, *, as_of: date, horizon_days: int, min_contracts: int) -> pd.DataFrame:
    """One row per customer whose latest contract ends within [as_of, as_of + horizon_days): customer_id, contract_end,
    p_not_renewed, contracts (that the rate rests on), model. Sorted by customer_id.

    Contracts have a label of their own: not renewed. The rate is that of all contracts that ended before `as_of` and say whether they
    were renewed; below `min_contracts` of them the model is "refused: CONTRACTS 12/30" and the rate is missing.
    """
    orders = tables["orders"]
    told = orders.filter(orders.customer_id.notnull() & orders.contract_end.notnull() & (orders.ordered_on < as_of))
    contracts = read_frame(told.select("customer_id", "contract_end", "renewed"))
    ended = contracts[(contracts["contract_end"] < as_of) & contracts["renewed"].notna()]
    n = len(ended)
    model = "renewal_rate" if n >= min_contracts else f"refused: CONTRACTS {n}/{min_contracts}"
    rate = float((~ended["renewed"].astype(bool)).mean()) if n >= min_contracts else np.nan
    latest = contracts.groupby("customer_id", as_index=False)["contract_end"].max().sort_values("customer_id")
    near = latest[(latest["contract_end"] >= as_of) & (latest["contract_end"] < as_of + timedelta(days=horizon_days))]
    scored = near.assign(p_not_renewed=round(rate, 10), contracts=n, model=model)
    return scored.astype({"p_not_renewed": "Float64", "contracts": "Int64", "model": "str"}).reset_index(drop=True)


def _not_accepted(tables: Tables) -> list[str]:
    """The customers of the rows, talks too, whose stage lost was refused for want of its day or reason."""
    if not {"warnings", "records"} <= set(tables):
        return []
    place = ["batch", "source_file", "sheet", "line"]
    refused = tables["warnings"].filter(lambda t: t.reason == "LOST_UNEXPLAINED").select(*place)
    refused = refused.cast({"batch": "int64", "line": "int64"})  # without a row, text
    rows = tables["records"].filter(lambda t: t.customer_id.notnull())
    return sorted(set(read_frame(rows.semi_join(refused, place).select("customer_id"))["customer_id"]))


def list_lost_lacking(tables: Tables, *, as_of: date) -> pd.DataFrame:
    """One row per active customer whose stage is lost, or was not accepted as lost at intake, and whose day or reason is missing, or
    whose day is not before `as_of`: customer_id, name, owner, lost_on, lost_reason, lacks ("day", "reason" or "day reason").
    Sorted by customer_id."""
    customers = active_customers(tables)
    lost = customers.filter((customers.lifecycle_stage == "lost") | customers.customer_id.isin(_not_accepted(tables)))
    rows = name_rows(read_frame(lost.select("customer_id", "lost_on", "lost_reason")), tables)
    day = rows["lost_on"].isna() | ~(rows["lost_on"] < as_of).fillna(False).astype(bool)
    lacks = day.map({True: "day ", False: ""}) + rows["lost_reason"].isna().map({True: "reason", False: ""})
    rows = rows.assign(lacks=lacks.str.strip().astype("str"))
    wanted = ["customer_id", "name", "owner", "lost_on", "lost_reason", "lacks"]
    return rows.loc[rows["lacks"] != "", wanted].sort_values("customer_id", ignore_index=True)
