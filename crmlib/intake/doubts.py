"""Doubts about customers: what two cells of a row say cannot both be so, or can hardly be; the row is kept, and someone should look."""

import re
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from crmlib.dictionary import Dictionary
from crmlib.errors import SettingsError
from crmlib.intake.codes import parse_choice
from crmlib.intake.rules import list_issues, numbers, said_once
from crmlib.settings import Checks

METHODS = ("contacts.phone", "contacts.email", "contacts.im")
SMALL, LARGE = 50, Decimal(100_000_000)  # people who do not earn so many yuan a year
BEFORE_BUYING = ("prospect", "interested")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_FULL_NAME = re.compile(
    r"(?:公司|集团|总厂|厂|商店|店|商行|行|社|院|校|园|所|局|馆|站|部|中心|协会|学会|商会|联盟|基金会|大学|学院|银行|医院|"
    r"办公室|委员会|办事处|管理处|事务所|工作室|俱乐部|超市|市场|酒店|宾馆|农场|户|队|处|会|[厅室署])$"
)


def doubt_customers(rows: pd.DataFrame, *, checks: Checks, dictionary: Dictionary) -> list[pd.DataFrame]:
    """Warnings on rows of a customer sheet."""
    return [
        list_issues(rows, "customers", "annual_revenue_cny", _too_rich(rows), "SIZE_REVENUE_CONFLICT", "warning"),
        list_issues(rows, "customers", "name", _short_names(rows), "SHORT_NAME", "warning"),
        list_issues(rows, "customers", "lifecycle_stage", _bought(rows), "STAGE_ORDER_CONFLICT", "warning"),
        list_issues(rows, "tags", "value", _against_tags(rows, checks, dictionary), "STAGE_TAG_CONFLICT", "warning"),
        *_few_methods(rows, checks.min_contact_methods),
    ]


def _too_rich(rows: pd.DataFrame) -> np.ndarray:
    small = pc.less_equal(numbers(rows, "customers.headcount_max"), float(SMALL))
    rich = pc.greater_equal(numbers(rows, "customers.annual_revenue_cny"), float(LARGE))
    return pc.fill_null(pc.and_(small, rich), False).to_numpy(zero_copy_only=False)


def _short_names(rows: pd.DataFrame) -> np.ndarray:
    if "customers.name" not in rows:
        return np.zeros(len(rows), dtype=bool)
    kind = rows.get("customers.entity_type", pd.Series("org", index=rows.index)).fillna("org")
    short = {name for name in rows["customers.name"].dropna().unique() if _is_short(name)}
    return (rows["customers.name"].isin(short) & kind.eq("org")).to_numpy(dtype=bool)


def _is_short(name: str) -> bool:
    """A Chinese name that does not end as registered names do; a masked one cannot be judged."""
    bare = re.sub(r"[(（][^()（）]*[)）]$", "", name).rstrip(" *＊")
    return bool(_HAN.search(bare)) and "*" not in name and not _FULL_NAME.search(bare)


def _bought(rows: pd.DataFrame) -> np.ndarray:
    """Who has bought is past 潜在 and 意向."""
    if "customers.lifecycle_stage" not in rows:
        return np.zeros(len(rows), dtype=bool)
    bought = pc.fill_null(pc.greater(numbers(rows, "customers.opening_amount_cny"), 0.0), False)
    for name in ("customers.given_first_order_on", "orders.ordered_on"):
        if name in rows:
            bought = pc.or_(bought, rows[name].notna().to_numpy())
    early = rows["customers.lifecycle_stage"].isin(BEFORE_BUYING).to_numpy(dtype=bool)
    return early & bought.to_numpy(zero_copy_only=False)


def _against_tags(rows: pd.DataFrame, checks: Checks, dictionary: Dictionary) -> np.ndarray:
    """A stage beside a tag that contradicts it, by `[checks.stage_tags]`: 流失 and 长期合作."""
    where, stages = np.zeros(len(rows), dtype=bool), stage_tags(checks, dictionary)
    if not {"customers.lifecycle_stage", "tags.value"} <= set(rows.columns):
        return where
    for stage, tags in stages.items():
        mine = rows["customers.lifecycle_stage"].eq(stage).fillna(False).to_numpy(dtype=bool)
        tagged = rows["tags.value"].str.contains("|".join(f'"{re.escape(tag)}"' for tag in tags)).fillna(False)
        where |= mine & tagged.to_numpy(dtype=bool)
    return where


def stage_tags(checks: Checks, dictionary: Dictionary) -> Mapping[str, tuple[str, ...]]:
    """`[checks.stage_tags]` with its stages as codes. Raises SettingsError for a stage that is none."""
    choices, found = dictionary.choices["lifecycle_stage"], {}
    for word, tags in checks.stage_tags.items():
        if (stage := parse_choice(word, choices).value) is None:
            near = get_close_matches(word, choices, n=1, cutoff=0)[0]
            raise SettingsError("error.stage_unknown", word=word, near=near)
        if tags:
            found[stage] = tags
    return found


def _few_methods(rows: pd.DataFrame, wanted: int) -> list[pd.DataFrame]:
    if not wanted:
        return []
    if not any(name in rows for name in METHODS):
        return [said_once(rows, "contacts", "phone", "FEW_CONTACTS")]
    few = _count_methods(rows) < wanted
    return [list_issues(rows, "contacts", "phone", few, "FEW_CONTACTS", "warning").assign(value=None)]


def _count_methods(rows: pd.DataFrame) -> np.ndarray:
    """Ways to reach a customer that may work: those that came masked cannot be verified, so they do not count."""
    count = np.zeros(len(rows), dtype=int)
    for name in (one for one in METHODS if one in rows):
        seen = {
            cell: sum(bool(part.strip()) and not re.search(r"[*＊]|^客户联系方式", part) for part in cell.split(";"))
            for cell in rows[name].dropna().unique()
        }
        count += rows[name].map(seen).fillna(0).to_numpy(dtype=int)
    return count
