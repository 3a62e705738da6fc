"""One spelling of a text: one width, one case, simplified characters, one kind of bracket."""

import unicodedata
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace() and chr(code) != "\n")
_BRACKETS = {ord(sign): "()"[side] for side, signs in enumerate(("[{〔【「『<《", "]}〕】」』>》")) for sign in signs}


def simplify(text: str, *, drop: str = "") -> str:
    """One width, lower case, simplified characters, one kind of bracket; without the characters of `drop`."""
    if len(text) < 1000:
        return text.translate(_simplified()).casefold().translate(dict.fromkeys(map(ord, drop)))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    table, grows = _code_table()
    if grows[codes].any():
        plain = text.translate(_simplified()).casefold()
        codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), np.uint32)
    else:
        codes = table[codes]
    if drop:
        dropped = np.zeros(0x110000, bool)
        dropped[list(map(ord, drop))] = True
        codes = codes[~dropped[codes]]
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def simplify_all(texts: pa.Array, *, drop: str = "") -> pa.Array:
    """simplify for each text of a column, all of them as one; what breaks a line is a blank. None may be missing."""
    if not len(texts):
        return texts
    lines = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), pc.replace_substring(texts, "\n", " "))
    plain = simplify(pc.binary_join(lines, "\n")[0].as_py(), drop=drop)
    return pc.list_flatten(pc.split_pattern(pa.array([plain]), "\n"))


@cache
def _simplified() -> dict[int, str]:
    """Traditional → simplified, character by character (OpenCC's table, the first of several readings); wide → narrow."""
    table = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if line)
    forms = (
        chr(code)
        for start, end in ((0x2460, 0x2500), (0x3200, 0x3400), (0xF900, 0xFB00), (0xFF00, 0xFFF0))
        for code in range(start, end)
    )
    narrow = {ord(form): unicodedata.normalize("NFKC", form) for form in forms}
    return {ord(old): new.split()[0] for old, new in pairs} | narrow | _BRACKETS | dict.fromkeys(map(ord, "×○●"), "*")


@cache
def _code_table() -> tuple[np.ndarray, np.ndarray]:
    """simplify for each character by its code, and where that is not one character."""
    pairs = {sign: simplify(chr(sign)) for sign in {*range(0x3000), *range(0xA640, 0xD7A4), *_simplified()}}
    table, grows = np.arange(0x110000, dtype=np.uint32), np.zeros(0x110000, bool)
    grows[0x10000:0x20000] = True  # scripts with letter cases and few readers
    for sign, plain in pairs.items():
        grows[sign] = len(plain) != 1
        table[sign] = ord(plain[0])
    return table, grows
