"""Shares with their uncertainty: nothing of too few."""

import numpy as np
import pandas as pd

from crmlib.intervals import wilson


def add_share(rows: pd.DataFrame, hits: str, n: str, *, least: int) -> pd.DataFrame:
    """`rows` with share, low and high of `hits` / `n`, and `enough`; below `least` they are missing (样本不足)."""
    enough = rows[n] >= least
    over = rows[n].to_numpy("float64")
    share = np.divide(rows[hits].to_numpy("float64"), over, out=np.full(len(rows), np.nan), where=over > 0)
    interval = wilson(rows[hits].to_numpy("float64"), over)
    told = {"share": share, "low": interval.low, "high": interval.high}
    told = {name: pd.Series(values, rows.index).where(enough).round(10) for name, values in told.items()}
    return rows.assign(**told, enough=enough)
