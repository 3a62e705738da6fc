"""Fitted models that are kept: data/book/models/<name>-<version>.json, a list by the day each was fitted.

They lie in the book's folder because they were learnt from it: a book that is set aside takes its models along.
"""

import hashlib
import json
from datetime import date
from typing import Any

from crmlib.home import Home, write_whole


def model_version(rules: object) -> str:
    """Changes with the settings that a model was fitted under: another setting, another model."""
    return hashlib.sha256(repr(rules).encode()).hexdigest()[:12]


def read_models(home: Home, name: str, *, version: str) -> list[dict[str, Any]]:
    """Every model that was kept, the earliest `fitted_on` first."""
    path = home.book / "models" / f"{name}-{version}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def keep_model(home: Home, name: str, model: dict[str, Any], *, version: str) -> None:
    """Add one to those kept; of the same day the later one holds. Replaced as a whole file."""
    models = [one for one in read_models(home, name, version=version) if one["fitted_on"] != model["fitted_on"]]
    models = sorted([*models, model], key=lambda one: one["fitted_on"])
    path = home.book / "models" / f"{name}-{version}.json"
    write_whole(path, json.dumps(models, ensure_ascii=False, indent=1).encode())


def model_for(models: list[dict[str, Any]], *, as_of: date) -> dict[str, Any] | None:
    """The last one fitted up to `as_of`, so that an old month keeps its own; else the first there is."""
    up_to = [one for one in models if one["fitted_on"] <= as_of.isoformat()]
    return up_to[-1] if up_to else models[0] if models else None
