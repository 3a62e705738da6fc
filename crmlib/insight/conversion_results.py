"""The conversion of one period: its tables, and its figures."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from crmlib.insight.conversion import count_losses, rate_cohorts, rate_nodes, rate_steps, time_stages
from crmlib.insight.conversion_groups import compare_groups
from crmlib.insight.conversion_ways import read_ways, tell_ways
from crmlib.insight.coverage import Tables
from crmlib.insight.figures import Figure, state_figure
from crmlib.insight.names import name_people
from crmlib.settings import Settings


def compute_conversion(tables: Tables, *, settings: Settings, start: date, as_of: date) -> Mapping[str, pd.DataFrame]:
    """stage_ways, conversion_steps, conversion_cohorts, conversion_nodes, conversion_groups, stage_days and stage_losses."""
    rules, ways = settings.conversion, read_ways(tables, as_of=as_of)
    least = {"least": rules.least}
    groups = compare_groups(ways, tables, phone=rules.phone, face_to_face=rules.face_to_face, as_of=as_of, **least)
    return {
        "stage_ways": tell_ways(ways),
        "conversion_steps": rate_steps(ways, start=start, as_of=as_of, **least),
        "conversion_cohorts": rate_cohorts(ways, as_of=as_of, quarters=rules.quarters, **least),
        "conversion_nodes": rate_nodes(ways, nodes=[(entity, *pair) for entity, pair in rules.nodes.items()], **least),
        "conversion_groups": name_people(groups, tables, column="code"),
        "stage_days": time_stages(ways, as_of=as_of, **least),
        "stage_losses": count_losses(ways, least=rules.least),
    }


def conversion_figures(results: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """What the report states of the ways; nothing of an entity that has none."""
    figures, steps, ways = [], results["conversion_steps"], results["stage_ways"]

    def state(name: str, value, unit: str, n: int, rows: str, *, better: str = "up") -> None:
        figures.append(state_figure(name, "funnel", value, unit, n, rows, better=better))

    for entity in dict.fromkeys(steps["entity"]):
        cases = f"SELECT {'' if entity == 'customer' else 'row_id, '}entity_id, customer_id FROM stage_ways WHERE entity = '{entity}'"
        mine = _of(steps, entity)
        order = list(dict.fromkeys(mine["from_stage"]))
        for node in _of(results["conversion_nodes"], entity).itertuples():
            name = f"conversion_{entity}_overall" if node.node == "overall" else f"conversion_{entity}_node"
            place = order.index(node.to_stage) + 1 if node.to_stage in order else len(order) + 1
            state(name, node.share if node.enough else None, "share", node.n, f"{cases} AND reached >= {place}")
        within = mine[(mine["definition"] == "period") & (mine["position"] == 1)].iloc[0]
        value = within["share"] if within["enough"] else None
        gone = f"{cases} AND reached > 1 AND second_on >= DATE '{within['start']}' AND second_on < DATE '{within['as_of']}'"
        state(f"conversion_{entity}_period", value, "share", within["n"], f"{gone} AND began_on IS NOT NULL")
        losses, days = _of(results["stage_losses"], entity), _of(results["stage_days"], entity)
        n, whole = (ways["entity"] == entity).sum(), days[days["stage"] == "way"].iloc[0]
        lost = losses["lost"].sum() / n if losses["enough"].any() else None
        state(f"lost_share_{entity}", lost, "share", n, f"{cases} AND outcome = 'lost'", better="down")
        dated = f"{cases} AND began_on IS NOT NULL"
        state(f"stage_days_median_{entity}", whole["median_days"], "days", whole["n"], dated, better="down")
    for _, step in steps[steps["weakest"]].sort_values("share").head(1).iterrows():
        rows = f"SELECT entity_id, customer_id FROM stage_ways WHERE entity = '{step['entity']}' AND reached > {step['position']}"
        state("conversion_weakest_step", step["share"], "share", step["n"], rows)
    return figures


def _of(rows: pd.DataFrame, entity: str) -> pd.DataFrame:
    return rows[rows["entity"] == entity]
