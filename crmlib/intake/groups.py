"""Groups: a 集团 and the companies that carry its 字号 are related, and stay customers of their own."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.intake.columns import whole
from crmlib.intake.company import parse_plain, plain_names

_OWN_WORDS = 2  # a 字号 of two signs is shared by chance: then its trade must be the same as well
_GROUP = "集团"


def find_groups(customers: pd.DataFrame) -> pd.DataFrame:
    """customer_id, group_id (the customer whose name says 集团), why: CORE_SAME or MARK_SAME. A group is not its own member.

    `customers`: customer_id, name. Where two groups carry one 字号 nobody is said to belong to either.
    """
    named = customers.loc[customers["name"].notna(), ["customer_id", "name"]]
    plain = plain_names(whole(named["name"].astype("str")))
    akin = _akin(plain)
    names, named = parse_plain(plain.filter(akin)), named[akin.to_numpy(zero_copy_only=False)]
    parts = names.select(["core", "mark", "branch"]).to_pandas()
    parts = parts.assign(
        customer_id=named["customer_id"].array,
        heads=pc.match_substring(names["full"], _GROUP).to_numpy() & (parts["branch"].fillna("") == ""),
    )[~names["vague"].to_numpy()]
    found = []
    for key, why in (("core", "CORE_SAME"), ("mark", "MARK_SAME")):
        carrying = parts[parts[key].str.len() > (_OWN_WORDS if key == "mark" else 1)]
        heads = carrying[carrying["heads"]].drop_duplicates(key, keep=False)
        members = carrying[~carrying["heads"]].merge(heads[[key, "customer_id"]], on=key, suffixes=("", "_of"))
        found.append(members[["customer_id", "customer_id_of"]].assign(why=why))
    groups = pd.concat(found, ignore_index=True).drop_duplicates("customer_id")
    groups = groups.rename(columns={"customer_id_of": "group_id"}).sort_values("customer_id", ignore_index=True)
    return groups.astype({"customer_id": "str", "group_id": "str", "why": "str"})


def _akin(plain: pa.Array) -> pa.Array:
    """Names of groups, and those with a group's 字号 in them: only they are worth taking apart."""
    heads = pc.match_substring(plain, _GROUP)
    marks = sorted(set(parse_plain(plain.filter(heads))["mark"].to_pylist()) - {""})
    return pc.or_(heads, pc.match_substring_regex(plain, "|".join(map(re.escape, marks)))) if marks else heads
