"""The stages of 8,800 real opportunities, against the raw file counted by hand in SQL."""

import os
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.csv as pv
import pytest

from crmlib.engine import to_frame
from crmlib.insight.conversion import rate_nodes, rate_steps, time_stages
from crmlib.insight.conversion_ways import read_ways

REAL = Path(os.environ.get("CRM_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILE = REAL / "pipeline" / "crm_sales_opportunities.zip"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="no real data here")
AS_OF = date(2018, 1, 1)


@pytest.fixture(scope="module")
def raw():
    with zipfile.ZipFile(FILE) as archive:
        name = next(one for one in archive.namelist() if one.endswith("sales_pipeline.csv"))
        with archive.open(name) as file:
            return pv.read_csv(file)


@pytest.mark.demand("F08")
def test_the_stages_of_a_real_pipeline_are_those_of_sql_on_its_file(raw, tables):
    opportunities = to_frame(
        duckdb.sql(
            "SELECT opportunity_id, account AS customer_id, lower(deal_stage) AS stage, engage_date AS opened_on,"
            " close_date AS closed_on FROM raw"
        ).to_arrow_table()
    )
    ways = read_ways(tables(opportunities=opportunities), as_of=AS_OF)
    steps = rate_steps(ways, start=date(2017, 12, 1), as_of=AS_OF, least=10)
    nodes = rate_nodes(ways, nodes=(), least=10)
    (every, engaged, won, lost), *_ = duckdb.sql(
        "SELECT count(*), count(engage_date), count(*) FILTER (deal_stage = 'Won'), count(*) FILTER (deal_stage = 'Lost') FROM raw"
    ).fetchall()
    cohort = steps[steps["definition"] == "cohort"]
    assert (
        cohort[["n", "converted"]].to_numpy().tolist()
        == [[every, engaged], [engaged, won]]
        == [[8800, 8300], [8300, 4238]]
    )
    assert nodes.loc[0, ["n", "converted", "lost"]].tolist() == [every, won, lost]
    # nobody wrote when a deal was engaged, only when it ended: no period is told, and no step is called the weakest
    assert not steps.loc[steps["definition"] == "period", "dated"].any() and not steps["weakest"].any()
    # half of the 6,711 that ended and the 1,589 that go on were over after so many days
    days = time_stages(ways, as_of=AS_OF, least=10).set_index("stage").loc["way", "median_days"]
    (over, still), *_ = duckdb.sql(
        f"SELECT count(*) FILTER (close_date - engage_date <= {days}), count(*) FILTER (close_date - engage_date < {days}) FROM raw"
        " WHERE engage_date IS NOT NULL"
    ).fetchall()
    assert days == 69 and still < 4150 and over > 3300
