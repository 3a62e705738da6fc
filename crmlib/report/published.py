"""What was published: a period's report as its manifest tells of it."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.periods import Period
from crmlib.settings import Settings, parse_settings


@dataclass(frozen=True)
class Published:
    """One report in its folder."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    @property
    def tables(self) -> Path:
        return self.folder / "tables"

    @cached_property
    def settings(self) -> Settings:
        """What it was made with: a copy of settings.toml lies beside it."""
        path = self.folder / "settings.toml"
        return parse_settings(path.read_text(encoding="utf-8-sig") if path.is_file() else "")

    @cached_property
    def figures(self) -> pd.DataFrame:
        """The figures as they were stated."""
        return self.table("figures")

    def table(self, name: str) -> pd.DataFrame:
        from crmlib.engine import to_frame

        path = self.tables / f"{name}.parquet"
        if not path.is_file():
            raise DataError("error.table_not_made", name=name, folder=self.tables)
        return to_frame(pq.read_table(path))


def find_published(home: Home, period: Period) -> Published | None:
    """The report of a period, or None where there is none."""
    folder = home.reports / period.text
    return Published(folder) if (folder / "manifest.json").is_file() else None


def list_published(home: Home) -> list[Published]:
    """Every report, by the day its figures stand on."""
    found = [Published(path.parent) for path in home.reports.glob("[0-9]*/manifest.json")]
    return sorted(found, key=lambda one: (one.manifest["as_of"], one.folder.name))
