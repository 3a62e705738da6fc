"""Chance: the tests are those of scipy, which takes longer to load."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control, fisher_exact

from crmlib.insight.chance import adjust, fisher_test


@pytest.mark.parametrize("counts", [(0, 5, 5, 5), (3, 10, 1, 8), (7, 7, 7, 7), (1, 47, 11, 75)])
def test_fishers_exact_test_to_both_sides_and_to_one(counts):
    a, n, b, m = counts
    table = [[a, n - a], [b, m - b]]
    assert fisher_test(*counts) == pytest.approx(fisher_exact(table).pvalue)
    assert fisher_test(*counts, more=True) == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


def test_many_tests_are_adjusted_for_their_number():
    p = np.array([0.01, 0.04, 0.03, 0.5])
    assert adjust(p) == pytest.approx(false_discovery_control(p))
