"""Shares with their uncertainty: nothing of too few."""

import numpy as np
import pandas as pd

from crmlib.intervals import wilson


def add_share(rows: pd.DataFrame, hits: str, n: str, *, least: int, name: str = "share") -> pd.DataFrame:
    """`rows` with the share (`name`) of `hits` in `n`, its low and high, and `enough`; below `least` they are missing (样本不足)."""
    enough = rows[n] >= least
    over = rows[n].to_numpy("float64")
    share = np.divide(rows[hits].to_numpy("float64"), over, out=np.full(len(rows), np.nan), where=over > 0)
    interval = wilson(rows[hits].to_numpy("float64"), over)
    told = {name: share, "low": interval.low, "high": interval.high}
    told = {one: pd.Series(values, rows.index).where(enough).round(10) for one, values in told.items()}
    return rows.assign(**told, enough=enough)
