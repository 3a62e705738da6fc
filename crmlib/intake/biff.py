"""What the records of an .xls tell that its reader does not: error cells and hidden rows and columns, sheet by sheet."""

from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from

from crmlib.intake.sheet_xml import SheetMarks

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOF, _EOF, _BOUNDSHEET = (0x0809,), 0x000A, 0x0085
_FORMULA, _BOOLERR, _ROW, _COLINFO = (0x0006, 0x0206, 0x0406), 0x0205, 0x0208, 0x007D
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_LAST = 0xFFFFFFFA  # from here on a sector number ends a chain


def read_records(path: Path) -> list[SheetMarks]:
    """One for each sheet, in the workbook's order; empty where the records cannot be followed."""
    data = path.read_bytes()
    try:
        stream = _workbook(data) if data.startswith(OLE) else data
        offsets = [unpack_from("<I", body)[0] for kind, body in _records(stream, 0) if kind == _BOUNDSHEET]
        return [_marks(stream, offset) for offset in offsets]
    except Exception:  # a damaged file: the reader of workbooks says what is wrong with it
        return []


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream; charts inside it are passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = unpack_from("<HH", stream, at)
        depth += kind in _BOF
        if depth <= 1:
            yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _EOF:
            depth -= 1
            if depth <= 0:
                return


def _marks(stream: bytes, offset: int) -> SheetMarks:
    marks = SheetMarks()
    for kind, body in _records(stream, offset):
        if kind == _BOOLERR and body[7]:
            marks.errors[unpack_from("<HH", body)] = _ERRORS.get(body[6], "#UNKNOWN!")
        elif kind in _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
            marks.errors[unpack_from("<HH", body)] = _ERRORS.get(body[8], "#UNKNOWN!")
        elif kind == _ROW and body[12] & 0x20:
            marks.hidden_rows += 1
        elif kind == _COLINFO and body[8] & 1:
            first, last = unpack_from("<HH", body)
            marks.hidden_columns += last - first + 1 if last < 255 else 0
    return marks


def _workbook(data: bytes) -> bytes:
    """The stream "Workbook" (older: "Book") of an OLE file."""
    size = 1 << unpack_from("<H", data, 30)[0]
    directory_at, _, cutoff, mini_at, _, difat_at = unpack_from("<IIIIII", data, 48)

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    def numbers(block: bytes) -> tuple[int, ...]:
        return unpack_from(f"<{len(block) // 4}I", block)

    tables = list(unpack_from("<109I", data, 76))
    while difat_at < _LAST and len(tables) < len(data) // size:
        *more, difat_at = numbers(sector(difat_at))
        tables += more
    fat = [one for number in tables if number < _LAST for one in numbers(sector(number))]

    def chain(at: int, table: list[int]) -> Iterator[int]:
        for _ in range(len(table)):
            if at >= _LAST:
                return
            yield at
            at = table[at]

    def read(at: int) -> bytes:
        return b"".join(map(sector, chain(at, fat)))

    directory = read(directory_at)
    entries = {}
    for at in range(0, len(directory), 128):
        name = directory[at : at + max(unpack_from("<H", directory, at + 64)[0] - 2, 0)].decode("utf-16-le")
        entries[name.casefold()] = unpack_from("<II", directory, at + 116)
    start, length = entries.get("workbook") or entries["book"]
    if length >= cutoff:
        return read(start)[:length]
    small = read(entries["root entry"][0])
    mini = list(numbers(read(mini_at)))
    return b"".join(small[at * 64 : at * 64 + 64] for at in chain(start, mini))[:length]
