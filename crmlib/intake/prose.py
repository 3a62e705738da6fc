"""What a sentence holds for other columns: who said what, who was there, what is to be done and until when."""

import re
from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from crmlib.intake.cells import split_items, tidy
from crmlib.periods import add_months

_CLIENT = r"(?:客户方?|对方|甲方|他方|client|customer)"
_OURS = r"(?:我方|我司|我们|己方|乙方|本公司|us|we)"
_SPEAKER = re.compile(rf"(?:^|(?<=[;；。\n|｜,，、 ]))\s*(?:(?P<client>{_CLIENT})|(?P<ours>{_OURS}))\s*[:：]\s*", re.I)

_OUR_SIDE = re.compile(
    rf"^{_OURS}|^(?:产品|销售|客服|技术|市场|售后|财务|研发|运营|项目|法务|商务)(?:部门?|组|团队|经理|专员|顾问)?"
)
_THEIR_SIDE = re.compile(rf"^{_CLIENT}")
_BEFORE = r"\s*(?:之?前|以前|截止|为止)"
_DAY = r"(?P<m>\d{1,2})\s*月\s*(?:(?P<d>\d{1,2})\s*[日号]?|(?P<part>[上中下]旬|底|末|初))"
_DUE = (  # a full date or one with 月 may stand alone; a bare 5/10 is a day only when something is due before it
    re.compile(rf"(?P<y>\d{{4}})\s*年\s*{_DAY}(?:{_BEFORE})?"),
    re.compile(rf"(?<!\d)(?P<y>\d{{4}})([-/.])(?P<m>\d{{1,2}})\2(?P<d>\d{{1,2}})(?!\d)(?P<part>)(?:{_BEFORE})?"),
    re.compile(rf"(?<!\d)(?P<y>){_DAY}(?:{_BEFORE})?"),
    re.compile(rf"(?<![\d.\-/])(?P<y>)(?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?P<part>){_BEFORE}"),
)
_WITHIN = re.compile(r"(?P<n>\d{1,3}|[一二两三四五六七八九十])\s*(?:个)?(?P<unit>天|日|周|星期|个?月)(?:之?内|以内)")
_PART_OF_MONTH = {"上旬": 10, "初": 10, "中旬": 20, "下旬": 31, "底": 31, "末": 31}
_SMALL = {han: n for n, han in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


class Said(NamedTuple):
    client: str | None
    ours: str | None


class NextAction(NamedTuple):
    """What is to be done; what the sentence leaves open is None."""

    task: str
    due_date: date | None
    owner_side: str | None  # "ours", "theirs"


def split_said(text: str) -> Said:
    """客户:…;我方:… → the two halves. Text without both marks stays whole, elsewhere."""
    if ":" not in text and "：" not in text:
        return Said(None, None)
    parts: dict[str, list[str]] = {"client": [], "ours": []}
    marks = list(_SPEAKER.finditer(text))
    for mark, after in pairwise([*marks, None]):
        words = tidy(text[mark.end() : after.start() if after else len(text)]).strip(" ;；|｜,，、")
        if words:
            parts[mark.lastgroup or ""].append(words)
    return Said("；".join(parts["client"]) or None, "；".join(parts["ours"]) or None)


def split_participants(text: str) -> Said:
    """我方:销售代表;客户方:经理、*助理 → who came, side by side, joined by "、". Without marks nobody is placed."""
    said = split_said(text)
    return Said(*("、".join(split_items(side)) if side else None for side in said))


def parse_next_action(text: str, *, said_on: date | None) -> NextAction | None:
    """2024-05-10前提交优化方案 → due on that day. A day without a year is the next such day after `said_on`."""
    words = tidy(text)
    if not words:
        return None
    due, task = _due(words, said_on)
    side = "theirs" if _THEIR_SIDE.match(words) else "ours" if _OUR_SIDE.match(words) else None
    return NextAction(task.strip(" ,，;；。:：") or words, due, side)


def _due(words: str, said_on: date | None) -> tuple[date | None, str]:
    """The first date that can be a deadline, and the words without it when they begin with it."""
    if found := next(filter(None, (form.search(words) for form in _DUE)), None):
        due = _on_calendar(found, said_on)
        task = words[found.end() :] if found.start() == 0 and due else words
        return due, task
    if said_on and (found := _WITHIN.search(words)):
        n = _SMALL.get(found["n"]) or int(found["n"])
        if "月" in found["unit"]:
            return add_months(said_on, n), words
        return said_on + timedelta(days=n * (7 if found["unit"] in ("周", "星期") else 1)), words
    return None, words


def _on_calendar(found: re.Match[str], said_on: date | None) -> date | None:
    month = int(found["m"])
    years = [int(found["y"])] if found["y"] else [said_on.year, said_on.year + 1] if said_on else []
    for year in years:
        if not (1 <= month <= 12 and 1900 <= year < 2200):
            continue
        length = monthrange(year, month)[1]
        number = int(found["d"]) if found["d"] else min(_PART_OF_MONTH[found["part"]], length)
        if 1 <= number <= length and (found["y"] or date(year, month, number) >= said_on):
            return date(year, month, number)
    return None
