"""Tag lint: tags that are vague, not of the form feature-state, said twice, hardly used or never looked for, each with what to do."""

import re
import unicodedata
from collections.abc import Collection, Sequence

import pandas as pd

from crmlib.judging import Tagging

FORM = re.compile(r"[^-]+-[^-]+")
_FILLER = re.compile(r"客户|用户|公司|群体|类|级|的|很|非常|比较|较|特别|最|[-·\s]|customer|client", re.IGNORECASE)
NAMED_FAMILIES = ("status", "custom")  # tags of other families have their feature in the family: 采购周期-季度采购


def lint_tags(tags: pd.DataFrame, *, tagging: Tagging, searched: Collection[str] | None = None) -> pd.DataFrame:
    """One row per tag and fault: value, family, customers, fault (VAGUE, FORM, SYNONYM, FEW, UNSEARCHED), suggestion (a tag to
    use instead; missing where there is none). Tags that people gave or imported, as far as they hold now.

    `searched`: tags that somebody looked for; None where nobody counts that, and then none is said to be unsearched.
    """
    mine = tags[tags["origin"].ne("auto") & tags["valid_to"].isna()]
    used = mine.groupby(["family", "value"])["customer_id"].nunique().rename("customers").reset_index()
    rows = []
    for family, value, customers in used.itertuples(index=False):
        about = (value, family, customers)
        if is_vague(value, tagging.vague):
            rows.append((*about, "VAGUE", None))
        elif family in NAMED_FAMILIES and not FORM.fullmatch(value):
            rows.append((*about, "FORM", suggest_form(value, tagging.features)))
        if customers < tagging.least:
            rows.append((*about, "FEW", None))
        if searched is not None and value not in searched:
            rows.append((*about, "UNSEARCHED", None))
    rows += _synonyms(used, tagging.synonyms)
    found = pd.DataFrame(rows, columns=["value", "family", "customers", "fault", "suggestion"])
    texts = dict.fromkeys(("value", "family", "fault", "suggestion"), "str")
    return found.astype({**texts, "customers": "Int64"}).sort_values(["fault", "value", "family"], ignore_index=True)


def is_vague(value: str, words: Collection[str]) -> bool:
    """Nothing but vague words and filler: 重要客户, 很重要. 一般纳税人 says something."""
    rest = value
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != value and not _FILLER.sub("", rest)


def suggest_form(value: str, features: Sequence[str]) -> str | None:
    """长期合作 → 合作-长期: the feature that the tag names, and the rest as its state; None where it names none."""
    for feature in features:
        state = value.replace(feature, "", 1).strip(" -_/·—:：")
        if feature in value and state:
            return f"{feature}-{state}"
    return None


def _synonyms(used: pd.DataFrame, groups: Sequence[Sequence[str]]) -> list[tuple]:
    """Tags that say the same as one of more customers: the commonest stays."""
    keyed = used.assign(key=[_same(value, groups) for value in used["value"]])
    ranked = keyed.sort_values(["customers", "value"], ascending=[False, True])
    first = ranked.groupby("key")["value"].transform("first")
    return [
        (row.value, row.family, row.customers, "SYNONYM", keep)
        for row, keep in zip(ranked.itertuples(), first, strict=True)
        if row.value != keep
    ]


def _same(value: str, groups: Sequence[Sequence[str]]) -> str:
    """One key for tags that mean the same: width, case and filler aside, by the groups of the settings."""
    bare = _FILLER.sub("", unicodedata.normalize("NFKC", value)).casefold() or value
    for group in groups:
        if bare in {_FILLER.sub("", one).casefold() or one for one in group} or value in group:
            return group[0]
    return bare
