"""Bytes to text: the whole file reads in one encoding, or it is refused."""

import codecs
import re
from functools import cache
from typing import NamedTuple

import numpy as np

from crmlib.errors import DataError
from crmlib.intake.headings import is_lost
from crmlib.intake.notes import Note
from crmlib.intake.words import count_known

BOMS = (  # the four-byte marks first: the UTF-16 mark is the beginning of the UTF-32 one
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (b"\x84\x31\x95\x33", "gb18030"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHINESE = (("gb18030",), ("cp950", "big5hkscs"))  # cp950 is what Windows calls Big5
CONTROL = bytes((*range(1, 9), *range(14, 26), *range(28, 32), 127))
READS_AS_TEXT = 0.6  # share of common characters: true readings have .9 and more, false ones under .5 (see the tests)
SLICE = 1 << 20
LETTER, UNCOMMON, COMMON = 1, 2, 3  # kinds of characters: Latin ones, and those beyond ASCII; 0 is any other


class Decoded(NamedTuple):
    text: str
    encoding: str
    notes: list[Note]


def decode(data: bytes, *, file: str) -> Decoded:
    """The text of a file: by its mark, else strict UTF-8, else GB18030 or Big5, whichever reads as text throughout.

    Raises DataError where no encoding fits or the file is not text.
    """
    for mark, encoding in BOMS:
        if data.startswith(mark):
            try:
                return Decoded(data.decode(encoding).lstrip("\ufeff"), encoding, [])
            except UnicodeDecodeError as error:
                raise _unreadable(data, error, file) from None
    _check_is_text(data, file)
    if b"\0" in data:
        return _decode_unmarked_utf16(data, file=file)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", [])
    except UnicodeDecodeError as error:
        not_utf8 = error

    readings = []
    for encodings in CHINESE:
        for encoding in encodings:
            try:  # the beginning first: a wrong encoding fails there, before room is made for the whole
                codecs.getincrementaldecoder(encoding)().decode(data[:SLICE])
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            readings.append((_known_in_head(text), _common_share(text), text, encoding))
            break
    known, share, text, encoding = max(readings, key=lambda one: one[:2], default=(0, 0.0, "", ""))
    if share < READS_AS_TEXT:
        raise _unreadable(data, not_utf8, file)
    name = "GB18030" if encoding == "gb18030" else "Big5"
    return Decoded(text, encoding, [Note("note.encoding", file=file, encoding=name)])


def _decode_unmarked_utf16(data: bytes, *, file: str) -> Decoded:
    """A zero in every other byte is UTF-16 without its mark; zeros anywhere else are no text."""
    zeros = np.frombuffer(data, dtype=np.uint8) == 0
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        if zeros[first::2].mean() > 0.3 and not zeros[1 - first :: 2].any():
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            return Decoded(text, encoding, [Note("note.encoding", file=file, encoding=encoding.upper())])
    raise DataError("error.file_not_table", file=file)


def _check_is_text(data: bytes, file: str) -> None:
    """Text has next to no control characters; junk that happens to decode has many."""
    if (len(data) - len(data.translate(None, CONTROL))) * 100 > len(data):
        raise DataError("error.file_not_table", file=file)


def _unreadable(data: bytes, error: UnicodeDecodeError, file: str) -> DataError:
    for at, head in enumerate(data[:4000].decode("latin-1").splitlines()[:5], start=1):
        if is_lost(cells := re.split(r'["\t,;|]+', head)):
            return DataError("error.file_lossy_header", file=file, line=at, found=cells[0])
    line = data.count(b"\n", 0, error.start) + 1
    return DataError("error.file_encoding", file=file, line=line, byte=f"0x{data[error.start]:02X}")


def _known_in_head(text: str) -> int:
    """How many cells of one of the first lines are words of our dictionary, in either script."""
    lines = text[:4000].splitlines()[:8]
    return max((count_known(re.split(r'["\s,;|]+', line)) for line in lines), default=0)


def _common_share(text: str) -> float:
    """Share of the characters beyond ASCII that are common in Chinese, simplified or traditional.

    One that stands alone against a Latin letter counts as uncommon: so reads an accented letter of a Western encoding.
    """
    kinds, seen, hits = _kinds_of_characters(), 0, 0
    for start in range(0, len(text), SLICE):
        units = np.frombuffer(text[start : start + SLICE].encode("utf-16-le", "surrogatepass"), dtype=np.uint16)
        kind = np.pad(kinds[units], 1)
        common = kind[1:-1] == COMMON
        alone = 1 + np.flatnonzero(common & (kind[:-2] < UNCOMMON) & (kind[2:] < UNCOMMON))
        seen += np.count_nonzero(kind >= UNCOMMON)
        hits += np.count_nonzero(common) - np.count_nonzero((kind[alone - 1] == LETTER) | (kind[alone + 1] == LETTER))
    return hits / seen if seen else 1.0


@cache
def _kinds_of_characters() -> np.ndarray:
    """Beyond ASCII common are level 1 of GB 2312 (3,755 characters) and of Big5 (5,401), and East Asian punctuation."""
    kinds = np.zeros(1 << 16, dtype=np.uint8)
    kinds[128:] = UNCOMMON
    kinds[[*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)]] = LETTER
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    for encoding, leads in (("gb2312", range(0xB0, 0xD8)), ("big5", range(0xA4, 0xC7))):
        for lead in leads:
            for trail in trails:
                char = bytes((lead, trail)).decode(encoding, "ignore")
                if len(char) == 1 and "\u4e00" <= char <= "\u9fff":
                    kinds[ord(char)] = COMMON
    for first, last in ((0x3001, 0x3011), (0x2014, 0x2026), (0xFF01, 0xFF5E)):
        kinds[first : last + 1] = COMMON
    kinds[[ord(char) for char in "\u3000·×°℃￥"]] = COMMON
    return kinds
