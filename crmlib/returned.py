"""Sheets of ours that people fill in and drop back: told by a mark in their first cell, not by their name."""

import html
import re
import zipfile
import zlib
from pathlib import Path

_MARK = re.compile(rb"#crm:([a-z_]+)")
_PARTS = re.compile(r"xl/sharedStrings\.xml|xl/worksheets/[^/]+\.xml|content\.xml")
_MOST = 64 << 20  # of each part; our own sheets are far smaller


def mark(kind: str) -> str:
    """What the first cell of such a sheet says; its column is hidden and names each row."""
    return f"#crm:{kind}"


def sheet_kind(path: Path) -> str:
    """ "quarantine", "review", …: which of our sheets a file is; "" for any other."""
    try:
        with path.open("rb") as file:
            start = file.read(200)
        if not start.startswith(b"PK"):
            found = _MARK.search(start)
            return found[1].decode() if found else ""
        with zipfile.ZipFile(path) as parts:
            for name in filter(_PARTS.fullmatch, parts.namelist()):
                with parts.open(name) as part:
                    rest = b""
                    while part.tell() < _MOST and (chunk := part.read(1 << 20)):
                        if found := _MARK.search(rest + chunk):
                            return found[1].decode()
                        rest = chunk[-40:]
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        pass  # whoever reads it says what is wrong with it
    return ""


def last_author(path: Path) -> str:
    """Who saved a workbook last, as its program noted it; "" where it did not."""
    return html.unescape(_about(path, "lastModifiedBy")).strip()


def is_as_made(path: Path) -> bool:
    """Whether no program has saved a workbook since it was made."""
    return _about(path, "created") == _about(path, "modified")


def _about(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as parts:
            about = parts.read("docProps/core.xml").decode("utf-8", "replace")
    except (OSError, KeyError, zipfile.BadZipFile):
        return ""
    found = re.search(rf"<\w+:{name}\b[^>]*>([^<]+)<", about)
    return found[1] if found else ""
