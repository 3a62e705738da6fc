"""Which rows of a grid name its columns: one line, or a line of groups and the names below it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from crmlib.errors import DataError
from crmlib.intake.words import count_known, is_field_list, is_known

Cells = Sequence[str | None]
Merge = tuple[tuple[int, int], tuple[int, int]]  # first and last (row, column) of a merged range, counted from 0

BLANKS = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
SEARCHED = 30  # non-blank rows among which the header is looked for
# a header's least shares: of the columns that are filled, of cells that are no values, of different cells
FILLED, WORDS, DISTINCT = 0.6, 0.7, 0.8

_VALUE = re.compile(
    r"""[¥￥$€£]?\s*[-+(]?\s*\d[\d,，\s]*(\.\d+)?([eE][-+]?\d+)?\s*[%％)]?\s*[万亿]?元?      # a number
    | (19|20)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?([T\s~至–—-].{0,30})?                # a day, a moment, a span
    | \d{1,2}[-/.]\d{1,2}[-/.](19|20)?\d{2}([T\s]*\d{1,2}:\d{2}.*)?
    | [A-Z]{1,6}[-_]?\d{3,} | [^@\s]+@[^@\s]+\.\w+ | (?i:true|false)                        # a code, an e-mail, a truth""",
    re.X,
)
# what is left of Chinese written in a Western encoding
_LOST = re.compile(r"[?？\ufffd□_\s]*[?？\ufffd□][?？\ufffd□_\s]*")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SENTENCE = re.compile(r"[。！？!]|[.;；]\s|\n.*\n")


class Heading(NamedTuple):
    """Where the header stands in the rows that were looked at (`first` ≤ `last`), and one name per column ("" if unnamed)."""

    first: int
    last: int
    names: list[str]


def blank(cell: str | None) -> bool:
    return not cell or not cell.strip(BLANKS)


def filled(cells: Cells) -> list[int]:
    return [at for at, cell in enumerate(cells) if not blank(cell)]


def find_heading(
    rows: Sequence[Cells], *, merged: Sequence[Merge] = (), file: str = "", offset: int = 0
) -> Heading | None:
    """The header among the first rows of a grid; None where no row can be one. `offset`: the grid row of the first of `rows`.

    Raises DataError where the header's characters were destroyed, which no reader can mend.
    """
    places = {at: where for at, cells in enumerate(rows) if (where := filled(cells))}
    if not places:
        return None
    counts = sorted(map(len, places.values()))
    usual = counts[int(0.9 * (len(counts) - 1))]
    near = list(places)[: SEARCHED if usual > 1 else 3]
    for at in near[:5]:
        if is_lost(rows[at]):
            raise DataError("error.file_lossy_header", file=file, line=offset + at + 1, found=rows[at][places[at][0]])
    at = _best(rows, places, near, usual)
    if at is None:
        return None
    return _with_neighbours(rows, places, at, merged, offset)


def is_lost(cells: Cells) -> bool:
    """Whether half of the cells and two at least are nothing but question marks."""
    given = [cell for cell in cells if not blank(cell)]
    lost = sum(bool(_LOST.fullmatch(cell)) for cell in given)
    return lost >= max(2, len(given) / 2)


def is_value(cell: str) -> bool:
    return bool(_VALUE.fullmatch(cell.strip(BLANKS)))


def is_prose(names: Sequence[str]) -> bool:
    """Whether what should be column names are pieces of sentences."""
    given = [name for name in names if name]
    if count_known(given):
        return False
    if any(_SENTENCE.search(name) for name in given):
        return True
    return sum(len(name.split()) / 8 + len(_HAN.findall(name)) / 25 for name in given) > len(given)


def begins_table(rows: Sequence[Cells], names: Sequence[str]) -> bool:
    """Whether below a blank row another table begins: a header, maybe under a title, that is not `names` again."""
    given = [[cell.strip(BLANKS) for cell in row if not blank(cell)] for row in rows]
    given = [(row, cells) for row, cells in zip(rows, given, strict=True) if cells]
    if len(given) > 1 and len(given[0][1]) == 1:
        given = given[1:]
    if not given:
        return False
    (header, words), below = given[0], [row for row, _ in given[1:]]
    if len(words) < 2 or len(set(words)) < len(words) or set(words) <= set(names) or any(map(is_value, words)):
        return False
    if count_known(words) >= max(2, FILLED * len(words)):
        return True
    places = filled(header)  # words over numbers and days, twice at least, and over nothing that is none
    under = [
        at
        for at in places
        if below and all(at < len(row) and not blank(row[at]) and is_value(row[at]) for row in below)
    ]
    return len(under) > 1 and not any(name.endswith((":", "：")) for name in words)


def is_whole(header: Cells, below: Sequence[Cells]) -> bool:
    """Whether a line of names is a header we know, over rows of its own."""
    names = [header[at] for at in filled(header)]
    known = count_known(names) >= max(2, FILLED * len(names)) and not any(
        n.rstrip(BLANKS).endswith((":", "：")) for n in names
    )
    return known and any(len(filled(row)) > 1 for row in below)


def _best(rows: Sequence[Cells], places: dict[int, list[int]], near: list[int], usual: int) -> int | None:
    known = {at: count_known(rows[at]) for at in near}
    enough = max(min(2, usual), 0.7 * max(known.values()))
    for at in near:
        if is_field_list(rows[at]):
            return at
        if known[at] >= enough and known[at] * 2 >= len(places[at]):
            return at
    for at in near:
        cells = [rows[at][c].strip(BLANKS) for c in places[at]]
        if len(cells) < max(min(2, usual), FILLED * usual) or any(cell.endswith((":", "：")) for cell in cells):
            continue
        words = [cell for cell in cells if not is_value(cell)]
        if len(words) >= WORDS * len(cells) and len(set(cells)) >= DISTINCT * len(cells):
            return at
        if len(cells) > 2 and cells[0] in words and not any(len(places[a]) >= FILLED * usual for a in near if a < at):
            labels = [cell for cell in cells[1:] if is_value(cell)]  # years, months or codes across
            if len(set(labels)) == len(labels) and labels == sorted(labels):
                return at
        if len(cells) >= usual > 1:  # a full row of values: the data have begun
            return None
    return None


def _with_neighbours(rows: Sequence[Cells], places: dict, at: int, merged: Sequence[Merge], offset: int) -> Heading:
    merges = [(r0 - offset, r1 - offset, c0, c1) for (r0, c0), (r1, c1) in merged]
    last = max((r1 for r0, r1, _, _ in merges if r0 == at and r1 - at < 6), default=at)
    tall = [rows[r][c] for r in range(at, last + 1) for c in places.get(r, ())]
    if at < last < len(rows) and not any(map(is_value, tall)):  # the merged cells say how tall the header is
        return Heading(at, last, _joined(rows[at : last + 1], at, merges))
    for upper in (at, at - 1):
        if _is_group_line(rows, places, upper, [m for m in merges if m[0] == m[1] == upper]):
            return Heading(upper, upper + 1, _joined(rows[upper : upper + 2], upper, merges))
    last = at
    while len(where := places.get(last + 1, ())) > 1 and count_known(rows[last + 1]) >= 0.8 * len(where):
        last += 1  # the same header again, in the other language or as field keys
    return Heading(at, last, [(cell or "").strip(BLANKS) for cell in rows[at]])


def _is_group_line(rows: Sequence[Cells], places: dict, upper: int, merges: list) -> bool:
    """Whether `upper` holds groups over the names in the next line: merged cells say so, else the gaps do."""
    if upper not in places or upper + 1 not in places or len(places[upper]) < 2:
        return False
    above, below = set(places[upper]), set(places[upper + 1])
    if any(is_value(rows[upper + 1][c]) for c in below) or any(is_value(rows[upper][c]) for c in above):
        return False
    if any(rows[upper][c].rstrip(BLANKS).endswith((":", "：")) for c in above):
        return False  # 导出人： 张三 is a preamble
    if merges:
        return any(below & set(range(c0, c1 + 1)) for _, _, c0, c1 in merges if c1 > c0)
    starts = {c for c in above if c + 1 not in above and c + 1 in below}
    return bool(starts & below) and (below & above) <= starts and min(above) <= min(below)


def _joined(lines: Sequence[Cells], first: int, merges: list) -> list[str]:
    """One name per column: 联系人 over 姓名 is 联系人姓名 where that is a known word, 姓名 where it stands alone, else 联系人-姓名."""
    width = max(map(len, lines))
    grid = [[(cell or "").strip(BLANKS) for cell in line] + [""] * (width - len(line)) for line in lines]
    inside = [m for m in merges if first <= m[0] < first + len(grid)]
    for r0, r1, c0, c1 in inside:
        for row in grid[r0 - first : r1 - first + 1]:
            row[c0 : c1 + 1] = [grid[r0 - first][c0]] * len(row[c0 : c1 + 1])
    if not inside:
        for at in range(1, width):
            grid[0][at] = grid[0][at] or (grid[0][at - 1] if grid[1][at] else "")
    parts = [list(dict.fromkeys(row[c] for row in grid if row[c])) for c in range(width)]
    lowest = [one[-1] if one else "" for one in parts]
    names = []
    for one, name in zip(parts, lowest, strict=True):
        if len(one) > 1 and is_known(one[-2] + name):
            name = one[-2] + name
        elif len(one) > 1 and lowest.count(name) > 1:
            name = "-".join(one)
        names.append(name)
    return names
