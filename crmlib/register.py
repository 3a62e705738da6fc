"""The register of runs: one line for each report that was published, with what it was made from; lines are only added."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from crmlib.home import Home, free_place

KEPT = ("run_id", "at", "period", "as_of", "label", "lang", "role", "book", "kit_version", "settings_sha256", "inputs")


def add_run(home: Home, manifest: dict[str, Any]) -> None:
    """data/runs.jsonl: time, period, label, book, kit, hash of the settings and of each input."""
    home.data.mkdir(parents=True, exist_ok=True)
    line = json.dumps({key: manifest.get(key) for key in KEPT}, ensure_ascii=False)
    with home.runs.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def list_runs(home: Home) -> list[dict[str, Any]]:
    """Every run, oldest first. A last line that was cut off is passed over."""
    runs = []
    for line in home.runs.read_text(encoding="utf-8").splitlines() if home.runs.is_file() else ():
        try:
            runs.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return runs


def put_earlier(home: Home, folder: Path, run_id: str) -> Path:
    """Move a report that another one has replaced to data/earlier_reports/<run_id>; returns where it lies."""
    place = free_place(home.data / "earlier_reports" / run_id)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, place)
    return place
