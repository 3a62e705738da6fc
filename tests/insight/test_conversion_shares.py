"""Shares: the intervals are those of the papers."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from crmlib.insight.conversion_shares import add_share, newcombe, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (3, 10), (452, 608)])
def test_the_interval_of_a_share_is_wilsons(hits, n):
    exact = binomtest(hits, n).proportion_ci(method="wilson")
    assert [float(one) for one in wilson(np.array(hits), np.array(n))] == pytest.approx([exact.low, exact.high])


def test_the_interval_of_a_difference_is_newcombes():
    # Newcombe 1998, table II, method 10: 56/70 − 48/80 and 9/10 − 3/10
    assert [float(x) for x in newcombe(*map(np.array, (56.0, 70, 48, 80)))] == pytest.approx([0.0524, 0.3339], abs=5e-5)
    assert [float(x) for x in newcombe(*map(np.array, (9.0, 10, 3, 10)))] == pytest.approx([0.1705, 0.8090], abs=5e-5)


def test_too_few_have_no_share():
    rows = add_share(pd.DataFrame({"hits": [9, 1], "n": [10, 9]}), "hits", "n", least=10)
    assert rows["enough"].tolist() == [True, False]
    assert rows.loc[0, "share"] == 0.9 and rows.loc[1, ["share", "low", "high"]].isna().all()
