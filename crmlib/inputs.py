"""Which raw files a run reads, and whether anything at all has changed since the last one. Light: no table library."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from crmlib import __version__
from crmlib.archives import list_members, member_sha256, unpacked
from crmlib.errors import DataError
from crmlib.home import NOTEBOOKS, SAMPLE, Home
from crmlib.returned import sheet_kind

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".parquet", ".html", ".htm")
ARCHIVE = ".zip"


@dataclass(frozen=True)
class Input:
    """One raw file: `name` is its path below the folder it was found in, `system` whose customer numbers it holds.

    member: its place in the zip file at `path`; the name of "orders.csv" in "a.zip" is "a.zip/orders.csv".
    """

    path: Path
    name: str
    system: str
    member: int | None = None

    def sha256(self) -> str:
        if self.member is not None:
            return member_sha256(self.path, self.member, name=self.name)
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def opened(self) -> AbstractContextManager[Path]:
        """The file to read, for as long as the block lasts."""
        if self.member is None:
            return nullcontext(self.path)
        return unpacked(self.path, self.member, name=self.name)

    @property
    def may_be_table(self) -> bool:
        """By its suffix: a picture among the members of a zip is no table."""
        suffix = self.path.suffix if self.member is None else PurePosixPath(self.name).suffix
        return suffix.lower() in (*SUFFIXES, ARCHIVE)


def list_inputs(places: list[Path]) -> list[Input]:
    """Every readable file at or below `places`, by name, and all that lies in zip files; a first subfolder names the source system.

    Raises DataError where a place does not exist. Hidden files and a spreadsheet's lock files are passed over.
    """
    found = [one for path, parts in _visible(places) if (one := _input(path, parts)).may_be_table]
    return sorted((each for one in found for each in _members(one)), key=lambda one: one.name)


def list_others(places: list[Path]) -> list[str]:
    """The names of the files at or below `places` that the kit does not read: pictures, letters, programs."""
    return [one.name for path, parts in _visible(places) if not (one := _input(path, parts)).may_be_table]


def _visible(places: list[Path]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for place in places:
        if place.is_file():
            yield place, (place.name,)
        elif not place.is_dir():
            raise DataError("error.no_inbox", path=place)
        else:
            for path in sorted(place.rglob("*")):
                parts = path.relative_to(place).parts
                if not any(part.startswith((".", "~$")) for part in parts) and path.is_file():
                    yield path, parts


def _input(path: Path, parts: tuple[str, ...]) -> Input:
    return Input(path, "/".join(parts), parts[0] if len(parts) > 1 else "inbox")


def _members(one: Input) -> list[Input]:
    """What a zip file holds; a zip that is refused stands for itself, so that reading it says why."""
    if one.path.suffix.lower() != ARCHIVE:
        return [one]
    try:
        members = list_members(one.path, file=one.name)
    except DataError:
        return [one]
    return [Input(one.path, f"{one.name}/{name}", one.system, place) for name, place in members.items()] or [one]


def home_inputs(home: Home) -> tuple[list[Input], str]:
    """The inbox's files and "own"; where there are none and never were, the sample's and "sample"."""
    own = list_inputs([home.inbox]) if home.inbox.is_dir() else []
    if book_origin(home) == "own" or any(not sheet_kind(one.path) for one in own):
        return own, "own"
    return [*list_inputs([SAMPLE]), *own], "sample"  # our own sheets, filled in, are no data


def book_origin(home: Home) -> str:
    """ "own", "sample", or "" where there is no book: what the book in this home was made from."""
    marker = home.book / "ORIGIN"
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""


@cache
def kit_hash(*parts: str) -> str:
    """One hash over the kit's own code, words, rules and notebooks, or over some parts of crmlib alone; as they were at the first call."""
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
