"""Which raw files a run reads, and whether anything at all has changed since the last one. Light: no table library."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from crmlib import __version__
from crmlib.errors import DataError
from crmlib.home import NOTEBOOKS, SAMPLE, Home

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".parquet")


@dataclass(frozen=True)
class Input:
    """One raw file: `name` is its path below the folder it was found in, `system` whose customer numbers it holds."""

    path: Path
    name: str
    system: str

    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def list_inputs(places: list[Path]) -> list[Input]:
    """Every readable file at or below `places`, by name; a first subfolder names the source system.

    Raises DataError where a place does not exist. Hidden files and a spreadsheet's lock files are passed over.
    """
    found: list[Input] = []
    for place in places:
        if place.is_file():
            found.append(Input(place, place.name, "inbox"))
            continue
        if not place.is_dir():
            raise DataError("error.no_inbox", path=place)
        for path in sorted(place.rglob("*")):
            parts = path.relative_to(place).parts
            if path.suffix.lower() in SUFFIXES and not any(p.startswith((".", "~$")) for p in parts) and path.is_file():
                found.append(Input(path, "/".join(parts), parts[0] if len(parts) > 1 else "inbox"))
    return sorted(found, key=lambda one: one.name)


def home_inputs(home: Home) -> tuple[list[Input], str]:
    """The inbox's files and "own"; where there are none and never were, the sample's and "sample"."""
    own = list_inputs([home.inbox]) if home.inbox.is_dir() else []
    if own or book_origin(home) == "own":
        return own, "own"
    return list_inputs([SAMPLE]), "sample"


def book_origin(home: Home) -> str:
    """ "own", "sample", or "" where there is no book: what the book in this home was made from."""
    marker = home.book / "ORIGIN"
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""


def kit_hash(*parts: str) -> str:
    """One hash over the kit's own code, words, rules and notebooks, or over some parts of crmlib alone."""
    package = Path(__file__).parent
    files = [
        p for p in package.rglob("*") if p.suffix in (".py", ".toml", ".csv", ".j2", ".typ", ".css", ".js", ".html")
    ]
    if parts:
        files = [p for p in files if p.relative_to(package).parts[0] in parts]
    digest = hashlib.sha256(__version__.encode())
    for path in sorted([*files, *([] if parts else NOTEBOOKS.glob("*.ipynb"))]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
