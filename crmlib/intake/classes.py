"""Region and size class of a customer, by the schemes that the settings name; from all that its rows tell together."""

import pandas as pd

from crmlib.intake.sizes import size_class
from crmlib.reference import load_reference
from crmlib.settings import Classes

FIGURES = ("industry_code", "headcount_min", "headcount_max", "annual_revenue_cny", "total_assets_cny")


def classify_customers(customers: pd.DataFrame, classes: Classes) -> pd.DataFrame:
    """`customers` with region and size_class. A size class that a source states stays; one that no figure settles is
    "unknown". Intake names regions by the scheme "seven"; a region of one's own (华东一区) is left alone."""
    return customers.assign(**_sizes(customers, classes.size_standard), **_regions(customers, classes.region_scheme))


def _sizes(customers: pd.DataFrame, standard: str) -> dict[str, pd.Series]:
    known = [name for name in FIGURES if name in customers]
    stated = customers.get("size_class", pd.Series(pd.NA, index=customers.index, dtype="str"))
    if not known:
        return {}
    figures = customers[known].astype(object)
    rows = list(figures.where(figures.notna(), None).itertuples(index=False, name=None))
    found = {row: size_class(standard=standard, **dict(zip(known, row, strict=True))) for row in set(rows)}
    computed = pd.Series([found[row] for row in rows], index=customers.index, dtype="str")
    return {"size_class": stated.astype("str").fillna(computed)}


def _regions(customers: pd.DataFrame, scheme: str) -> dict[str, pd.Series]:
    if scheme == "seven" or not {"province", "region"} <= set(customers.columns):
        return {}
    places = load_reference("places")
    provinces = places[places["kind"].eq("province")].drop_duplicates("province").set_index("province")
    seven, six = (customers["province"].map(provinces[name]) for name in ("region", "region_alt"))
    return {"region": customers["region"].mask(customers["region"].eq(seven), six).astype("str")}
