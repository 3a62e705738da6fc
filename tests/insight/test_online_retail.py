"""Real orders (Online Retail II): a million rows measured twice, by the kit and by pandas."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from crmlib.insight.measures import measure_customers

DATA = Path(os.environ.get("CRM_REAL_DATA", "../shared/data")) / "orders" / "online_retail_II.parquet"
AS_OF = date(2011, 12, 1)


@pytest.mark.skipif(not DATA.is_file(), reason="real data are not here")
@pytest.mark.demand("A24")
@pytest.mark.slow
def test_a_million_order_lines_add_up_as_they_do_in_pandas(tables):
    lines = pd.read_parquet(DATA)
    cents = (lines["Quantity"] * lines["UnitPrice"] * 100).round().astype("int64")
    customer = lines["CustomerID"].astype("Int64").astype("string")
    lines = pd.DataFrame(
        {
            "order_id": lines["InvoiceNo"].astype("str"),
            "customer_id": customer.astype("str").where(customer.notna()),
            "ordered_on": lines["InvoiceDate"].dt.date,
            "status": lines["InvoiceNo"].str.startswith("C").map({True: "cancelled", False: "done"}),
            "cents": cents,
        }
    )
    amounts = [Decimal(one).scaleb(-2) for one in lines["cents"].tolist()]
    measured = measure_customers(tables(orders=lines.drop(columns="cents").assign(amount_cny=amounts)), as_of=AS_OF)
    measured = measured.set_index("customer_id")

    known = lines[lines["customer_id"].notna() & (lines["ordered_on"] < AS_OF)]
    totals = known.groupby("customer_id")["cents"].sum()
    assert (measured["amount_total_cny"].astype("float64") * 100).round().astype("int64")[totals.index].equals(totals)
    orders = known[(known["status"] == "done") & (known["cents"] >= 0)]
    assert (
        measured.loc[measured["orders_total"] > 0, "orders_total"].to_dict()
        == orders.groupby("customer_id")["order_id"].nunique().to_dict()
    )
    recent = orders[orders["ordered_on"] >= date(2010, 12, 1)].groupby("customer_id")["order_id"].nunique()
    assert measured.loc[measured["orders_12m"] > 0, "orders_12m"].to_dict() == recent.to_dict()
    assert measured["last_ordered_on"].dropna().to_dict() == orders.groupby("customer_id")["ordered_on"].max().to_dict()
