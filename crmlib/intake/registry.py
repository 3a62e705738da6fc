"""Customer ids: the oldest survives a merge, a split gives each part its own back, nothing is numbered twice."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.errors import DataError
from crmlib.intake.columns import as_arrow, is_rising, whole


def assign_ids(
    row_ids: pd.Index, group: np.ndarray, *, known: pd.Series | None = None, largest: int = 0
) -> pd.arrays.ArrowStringArray:
    """One id per group. `row_ids` are sorted and unique; `group` holds the position of each group's first row.

    `known`: row_id → the id the row was given first, the rows known longest first. An id belongs to the group of the row
    that has had it longest; a group with several ids keeps the oldest; a group with none gets the next number, in row_id
    order. `largest`: a number given elsewhere.
    """
    if not (is_rising(row_ids) or row_ids.is_unique):
        raise DataError("error.row_id_repeats", example=row_ids[row_ids.duplicated()][0])
    known = pd.Series([], dtype="str") if known is None else known.dropna()
    number = pc.replace_substring_regex(whole(known.astype("str")), r"^.*\D", "").cast(pa.int64()).to_numpy()
    held = pd.DataFrame({"id": known.array, "number": number, "row": row_ids.get_indexer(known.index)})
    held = held[held["row"] >= 0].drop_duplicates("id")
    held = held.assign(group=group[held["row"]])
    kept = held.sort_values("number").drop_duplicates("group")

    new = np.zeros(len(row_ids), bool)
    new[group] = True
    new[kept["group"]] = False
    new = np.flatnonzero(new)
    start = max(int(number.max()) if len(number) else 0, largest) + 1
    numbers = pc.utf8_lpad(pa.array(np.arange(start, start + len(new))).cast(pa.string()), 6, "0")
    ids = pa.concat_arrays([whole(kept["id"].astype("str")), pc.binary_join_element_wise("K", numbers, "")])
    place = np.zeros(len(row_ids), np.int64)
    place[np.concatenate([kept["group"], new])] = np.arange(len(ids))
    return pd.array(ids.take(pa.array(place[group])), dtype="str")


def extend_registry(known: pd.Series | None, row_to_customer: pd.Series) -> pd.Series:
    """What to pass as `known` next time: a row keeps the id it was given first; new rows are added at the end.

    A row that was parted from its customer and got an id that nobody had is known by that one from now on.
    """
    if known is None or known.empty:
        return row_to_customer
    fresh = ~is_in(row_to_customer.index, known.index) | ~is_in(row_to_customer, known)
    new = row_to_customer[fresh]
    return pd.concat([known[~is_in(known.index, new.index)], new])


def list_aliases(
    registry: pd.Series, row_to_customer: pd.Series, *, earlier: pd.DataFrame | None = None
) -> pd.DataFrame:
    """alias_id, customer_id: ids that were given once, and whose oldest row is another customer's now.

    An id none of whose rows is left is led on by `earlier`, the aliases of the time before.
    """
    given_up = registry[~is_in(registry, row_to_customer)]
    led = pd.DataFrame({"alias_id": given_up.to_numpy(), "customer_id": row_to_customer.reindex(given_up.index).array})
    led = led.dropna(subset="customer_id").drop_duplicates("alias_id")
    led = led[["alias_id", "customer_id"]].astype("str")
    if earlier is not None and len(earlier):
        now = dict(led.itertuples(index=False))
        earlier = earlier.assign(customer_id=earlier["customer_id"].replace(now))
        still = earlier[~is_in(earlier["alias_id"], row_to_customer)]  # one that lives again leads nowhere
        led = pd.concat([still, led]).drop_duplicates("alias_id", keep="last")
    return led.sort_values("alias_id", ignore_index=True)


def is_in(values: pd.Series | pd.Index, among: pd.Series | pd.Index) -> np.ndarray:
    """Series.isin, which looks at strings one by one."""
    left, right = (as_arrow(one.astype("str")).cast(pa.large_string()) for one in (values, among.unique()))
    return np.asarray(pc.is_in(left, value_set=right))
