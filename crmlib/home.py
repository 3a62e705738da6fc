"""A home: the folder that holds one company's data and reports."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SAMPLE = CHECKOUT / "data" / "sample"
NOTEBOOKS = CHECKOUT / "notebooks"


def _below(*parts: str) -> property:
    return property(lambda home: home.root.joinpath(*parts))


@dataclass(frozen=True)
class Home:
    """Where things lie. Names of paths only; nothing is created here."""

    root: Path

    data = _below("data")
    inbox = _below("data", "inbox")
    book = _below("data", "book")
    vault = _below("data", "vault")
    ledger = _below("data", "ledger.sqlite")
    runs = _below("data", "runs.jsonl")
    todo = _below("data", "todo")
    reports = _below("reports")
    settings_file = _below("settings.toml")


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
