"""A home: the folder that holds one company's data and reports."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SAMPLE = CHECKOUT / "data" / "sample"
NOTEBOOKS = CHECKOUT / "notebooks"


@dataclass(frozen=True)
class Home:
    """Where things lie. Properties only name paths; nothing is created here."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    @property
    def book(self) -> Path:
        return self.data / "book"

    @property
    def vault(self) -> Path:
        return self.data / "vault"

    @property
    def ledger(self) -> Path:
        return self.data / "ledger.sqlite"

    @property
    def runs(self) -> Path:
        return self.data / "runs.jsonl"

    @property
    def todo(self) -> Path:
        return self.data / "todo"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def settings_file(self) -> Path:
        return self.root / "settings.toml"


def write_whole(path: Path, data: bytes) -> None:
    """Written aside and put in its place at once: nobody reads half a file, and what is written survives the plug."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.partial")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def free_place(path: Path) -> Path:
    """`path`, or where something lies there already, path-2, path-3 …"""
    number, place = 1, path
    while place.exists():
        number += 1
        place = path.with_name(f"{path.name}-{number}")
    return place


def find_home(path: str | Path | None = None) -> Home:
    """The home at `path`, else at $CRM_HOME, else the checkout that this package runs from."""
    return Home(Path(path or os.environ.get("CRM_HOME") or CHECKOUT).expanduser().resolve())
