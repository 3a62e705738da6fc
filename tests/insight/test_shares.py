"""Shares: too few have none."""

import pandas as pd

from crmlib.insight.shares import add_share


def test_too_few_have_no_share():
    rows = add_share(pd.DataFrame({"hits": [9, 1], "n": [10, 9]}), "hits", "n", least=10)
    assert rows["enough"].tolist() == [True, False]
    assert rows.loc[0, "share"] == 0.9 and rows.loc[1, ["share", "low", "high"]].isna().all()
