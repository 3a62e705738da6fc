"""One run at a time in a home: a lock file that names who holds it, and gives way when that one is gone."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crmlib.errors import DataError
from crmlib.home import Home

_WRITING = 5  # seconds that a lock may be empty: its owner is just writing its name


@contextmanager
def run_lock(home: Home) -> Iterator[Path]:
    """Hold data/run.lock while the block runs. DataError at once where another run holds it.

    A lock whose process has ended, or whose number another program has by now, is taken over.
    """
    path = home.data / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = _myself()
    while not _create(path, mine):
        held = _read(path)
        if held is not None and _is_alive(held):
            since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(held["since"]))
            raise DataError("error.locked", pid=held["pid"], host=held["host"], since=since, path=path)
        _remove_stale(path, held)
    try:
        yield path
    finally:
        if _read(path) == mine:  # not one that somebody put there by hand
            path.unlink(missing_ok=True)


def _myself() -> dict:
    import psutil

    started = psutil.Process().create_time()
    return {"pid": os.getpid(), "started": started, "since": time.time(), "host": socket.gethostname()}


def _create(path: Path, about: dict) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(about, file)
    return True


def _read(path: Path) -> dict | None:
    """Who holds it; None for a lock that is gone or says nothing and is older than its writing takes."""
    try:
        text, age = path.read_text(encoding="utf-8"), time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return None
    try:
        held = json.loads(text)
        return held if {"pid", "started", "since", "host"} <= set(held) else None
    except (ValueError, TypeError):
        unknown = {"pid": "?", "started": None, "since": time.time() - age, "host": "?"}
        return unknown if age < _WRITING else None


def _is_alive(held: dict) -> bool:
    """Whether the very process still runs; of another machine nothing is known, so it is taken to run."""
    import psutil

    if held["host"] != socket.gethostname():
        return True
    try:
        return abs(psutil.Process(held["pid"]).create_time() - held["started"]) < 2
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _remove_stale(path: Path, seen: dict | None) -> None:
    """Move it away first, then look: two that find it stale at once must not remove each other's new lock."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.stale")
    try:
        os.replace(path, aside)
    except FileNotFoundError:
        return
    if _read(aside) != seen:
        with suppress(OSError):
            os.link(aside, path)
    aside.unlink(missing_ok=True)
