"""What a header may mean: the fields that its words are known for, whole, in two parts, or but for a slip."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from crmlib.dictionary import Dictionary
from crmlib.intake.header_words import HeaderWord, distance, is_near, squeeze
from crmlib.intake.joined import name_part

# what may stand before a known word and change nothing: 专管业务员, 本次收款金额
_VAGUE = (
    "详细", "具体", "所属", "所在", "本次", "专属", "专管", "专营", "归属", "来源", "关联", "对应",
    "更多", "其他", "其它", "备用", "受理", "实际", "最终", "当前", "责任", "默认", "常用", "主", "associated", "related", "actual", "primary",
)  # fmt: skip
LAST = 99  # a company's name goes before a person's
_IDS = ("编号", "编码", "代码", "账号", "帐号", "卡号", "id", "code", "no", "number")
# 收货人省份: a contact's place is its customer's; 客户电话: a customer's phone is its contact's
_SHARED = {"contacts": ("contacts", "customers"), "customers": ("customers", "contacts")}

Index = Mapping[str, Mapping[str, "Found"]]


class Found(NamedTuple):
    """how: exact, alias, words (two known parts), near, setting. rank: the field's first words go before its last."""

    field: str
    how: str
    distance: int = 0
    rank: int = 0


def index_words(dictionary: Dictionary) -> Index:
    """Every word for every field that a sheet may hold: word → table → field."""
    index: dict[str, dict[str, Found]] = {}
    for one in dictionary.fields():
        if not one.derived:
            for rank, word in enumerate((one.zh, one.en, one.key, *one.aliases)):
                found = Found(one.key, "exact" if rank < 3 else "alias", rank=max(rank - 2, 0))
                index.setdefault(squeeze(word), {}).setdefault(one.table, found)
    index.pop("", None)
    return index


def find_fields(words: Mapping[str, HeaderWord], dictionary: Dictionary) -> dict[str, Mapping[str, Found]]:
    """Header → table → field, by the fullest form that is known; else by its parts; else by the one field a slip explains."""
    index = index_words(dictionary)
    owners = sorted(
        ((squeeze(word), table) for table in dictionary.tables.values() for word in table.words),
        key=lambda pair: -len(pair[0]),
    )
    found = {}
    for header, word in words.items():
        known = next((index[form] for form in word.forms if form in index), None)
        if not known and name_part(word):
            known = {table: Found(one.field, "words", rank=LAST) for table, one in index["姓名"].items()}
        found[header] = known or _by_parts(word, index, owners) or _but_for_a_slip(word, index)
    return found


def _by_parts(word: HeaderWord, index: Index, owners: Iterable[tuple[str, "object"]]) -> Mapping[str, Found]:
    if len(word.halves) > 1:
        meant = [index.get(half) or _of_owner(half, index, owners) for half in word.halves]
        same = [{table: one.field for table, one in some.items()} for some in meant]
        return _as_words(meant[0]) if all(one == same[0] for one in same) else {}
    return next((hit for form in word.forms if (hit := _of_owner(form, index, owners))), {})


def _of_owner(form: str, index: Index, owners: Iterable[tuple[str, "object"]]) -> Mapping[str, Found]:
    """收货人 + 手机号, billing + city: the attribute, in the tables that may hold the owner's attributes."""
    for prefix, table in owners:
        rest = form.removeprefix(prefix)
        if rest == form or len(rest) < 2:
            continue
        if rest in _IDS and table.key not in ("orders", "products"):  # 商品编码 is not the order's number
            return {table.key: Found(table.source_key[0], "words")}
        for name in _SHARED.get(table.key, (table.key,)):
            if name in index.get(rest, {}):
                return _as_words({name: index[rest][name]})
    bare = next((form.removeprefix(prefix) for prefix in _VAGUE if form.startswith(prefix)), form)
    return _as_words(index.get(bare, {}))


def _as_words(tables: Mapping[str, Found]) -> Mapping[str, Found]:
    return {table: one._replace(how="words") for table, one in tables.items()}


def _but_for_a_slip(word: HeaderWord, index: Index) -> Mapping[str, Found]:
    slips = [(far, spelling) for form in word.forms for spelling in index if (far := is_near(form, spelling))]
    least = min((far for far, _ in slips), default=0)
    fields = {table: one.field for far, spelling in slips if far == least for table, one in index[spelling].items()}
    return {table: Found(key, "near", least) for table, key in fields.items()} if len(set(fields.values())) == 1 else {}


def offer_words(words: Iterable[str], known: Iterable[str]) -> str:
    """For each of `words` that is not known the nearest that are, and how many letters lie between: 客户名城→客户名称(1)."""
    by_word = {squeeze(word): word for word in known}
    offers = []
    for word in words:
        if (bare := squeeze(word)) not in by_word:
            near = get_close_matches(bare, by_word, n=3, cutoff=0.7)
            far = {one: distance(bare, one, limit=len(bare)) for one in near}
            closest = [by_word[one] for one in near if far[one] == min(far.values())]
            offers += [f"{word}→{'/'.join(closest[:2])}({min(far.values())})"] if near else []
    return "、".join(offers)


def spellings(dictionary: Dictionary) -> list[str]:
    """Every word for every field; where one word stands for several, the last is the Chinese name."""
    return [word for one in dictionary.fields() if not one.derived for word in (one.en, *one.aliases, one.zh)]
