import pytest

from crmlib.intervals import newcombe, wilson


def test_the_interval_of_a_share_is_wilsons():
    assert wilson(0, 10) == pytest.approx((0, 0.27753), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-4)


def test_the_interval_of_a_difference_is_that_of_newcombes_table_two():
    """Newcombe (1998), Statistics in Medicine 17:873, table II, method 10: 56/70 − 48/80, and 10/10 − 0/20."""
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert newcombe(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=1e-4)
