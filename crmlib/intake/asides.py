"""Rows of a grid that are no data: blank, titles, repeated headers, totals and remarks, each named."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.intake.bulk import holds
from crmlib.intake.headings import BLANKS, Heading, Merge, filled

EXCERPT = 60

_TOTAL_SEARCH = r"[合总小共]\s*计|(?i)\btotals?\b"  # cheap: which rows to look at
_TOTAL_FIRST = re.compile(
    r".{0,12}?[合总小共]\s*计(金额|数量?)?\s*([(（].*[)）])?[:：]?|(grand\s*|sub[-\s]?)?totals?\s*:?", re.I
)
_TOTAL_ALONE = re.compile(r"[合总小共]\s*计\s*[:：]?")
_NUMERIC = re.compile(
    r"[¥￥$€£]?\s*[(（]?[-+]?[\d,，.\s]+[%％]?[)）]?\s*([万亿]?元|[万亿家个人笔条单户件次分天])?|[-–—/\\]+|共.{1,12}"
)
_REMARK = re.compile(
    r"[*※#【(（\[]?\s*(备?注|说明|附注?|(数据|资料)?来源|统计(口径|日期|时间)|notes?|source)\s*\d*\s*[)）\]】]?\s*[:：.、]|[*※]\s*\S|注意",
    re.I,
)
_SIGNED = re.compile(
    r"(制表|填表|审核|复核|批准|编制|打印|导出|经办|负责|主管|签[字名]|盖章|日期)[人员者单位部门日期时间]*\s*[:：]"
)


class Aside(NamedTuple):
    """One physical row that is no data row: kind "not_data" or "refused", and why."""

    line: int
    kind: str
    reason: str
    excerpt: str


def excerpt(cells: Iterable[str | None]) -> str:
    """What the row begins with, personal values masked."""
    from crmlib.masking import mask_text  # needed only for rows set aside

    text = " | ".join(cell.strip(BLANKS) for cell in islice((c for c in cells if c and c.strip(BLANKS)), 12))
    masked = mask_text(" ".join(text[: 4 * EXCERPT].split()))
    return masked if len(masked) <= EXCERPT else masked[: EXCERPT - 1] + "…"


def set_aside(line: int, cells: Sequence[str | None], kind: str, reason: str) -> Aside:
    text = excerpt(cells)
    return Aside(line, kind, reason, text) if text else Aside(line, "not_data", "BLANK", "")


def find_asides(
    lines: np.ndarray,
    columns: list[pa.ChunkedArray],
    head: Sequence[tuple[int, Sequence[str | None]]],
    heading: Heading,
    aside: list[Aside],
    merged: Sequence[Merge],
) -> np.ndarray:
    """Finds blank rows, repeated headers and titles, totals, and the remarks below a table. Returns which rows remain."""
    keep = np.ones(len(lines), dtype=bool)
    counts = sum(
        (column.is_valid().to_numpy().astype(np.int32) for column in columns), start=np.zeros(len(lines), np.int32)
    )

    def cells(at: int) -> list[str | None]:
        return [column[at].as_py() for column in columns]

    def put(at: int, reason: str) -> None:
        keep[at] = False
        aside.append(set_aside(int(lines[at]), cells(at), "not_data", reason))

    for at in np.flatnonzero(counts == 0):
        keep[at] = False
        aside.append(Aside(int(lines[at]), "not_data", "BLANK", ""))

    for reason, above in (
        ("TITLE", head[: heading.first]),
        ("REPEATED_HEADER", head[heading.first : heading.last + 1]),
    ):
        for _, known in above:
            where = filled(known)
            if not where or where[0] >= len(columns) or (len(where) == 1 and (len(columns) == 1 or reason != "TITLE")):
                continue
            wanted = [known[c].strip(BLANKS) if c in where else None for c in range(len(columns))]
            same = (
                pc.equal(pc.utf8_trim(columns[where[0]], characters=BLANKS), wanted[where[0]])
                .fill_null(False)
                .to_numpy()
            )
            for at in np.flatnonzero(same & keep & (counts == len(where))):
                if [cell and cell.strip(BLANKS) for cell in cells(at)] == wanted:
                    put(at, reason)

    maybe = np.zeros(len(lines), dtype=bool)
    for column in (one for one in columns[:6] if holds(one, "计".encode(), b"total", any_case=True)):
        maybe |= pc.match_substring_regex(column, _TOTAL_SEARCH).fill_null(False).to_numpy()
    for at in np.flatnonzero(maybe & keep):
        if _is_total(cells(at)):
            put(at, "TOTAL")

    across = {r0 + 1 for (r0, c0), (_, c1) in merged if c1 - c0 + 1 >= max(2, len(columns) / 2)}
    for at in np.flatnonzero(np.isin(lines, list(across)) & keep & (counts == 1)):
        put(at, "NOTE")  # a cell merged over the table: a section's title

    usual = counts[keep].mean() if keep.any() else 0
    for at in np.flatnonzero(keep)[::-1]:
        if usual < 2 or not _is_remark([cell.strip(BLANKS) for cell in cells(at) if cell], usual):
            break
        put(at, "NOTE")
    return keep


def _is_total(cells: Sequence[str | None]) -> bool:
    """合计, 华东小计 or Total in the first cell, or a bare 小计 in a later one; then nothing but numbers."""
    texts = [cell.strip(BLANKS) for cell in cells if cell]
    if _TOTAL_FIRST.fullmatch(texts[0]):
        return all(_NUMERIC.fullmatch(text) for text in texts[1:])
    at = next((at for at, text in enumerate(texts) if _TOTAL_ALONE.fullmatch(text)), None)
    return at is not None and all(_NUMERIC.fullmatch(text) for text in texts[at + 1 :])


def _is_remark(texts: Sequence[str], usual: float) -> bool:
    if _SIGNED.match(texts[0]):
        return len(texts) < max(usual, 2) or all(_SIGNED.match(text) for text in texts)
    if len(texts) > 1 or usual < 2:
        return False
    return bool(_REMARK.match(texts[0])) or (len(texts[0]) >= 15 and bool(re.search(r"[。；;：:]", texts[0])))
