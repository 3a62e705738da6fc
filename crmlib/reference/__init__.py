"""Tables that are true for everybody: industries, places, the size standard, moods, surnames. Each names its source."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent


@cache
def load_reference(name: str) -> "pd.DataFrame":
    """The table `name`.csv, every column text, a blank cell missing. Shared: do not change it. See README.md for the columns."""
    import pandas as pd  # a run with nothing to do loads no table library

    return pd.read_csv(FOLDER / f"{name}.csv", dtype="str", keep_default_na=False, na_values=[""])


@cache
def surnames() -> frozenset[str]:
    """Single and compound surnames."""
    return frozenset(load_reference("surnames")["surname"])
