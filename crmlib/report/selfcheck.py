"""The self-check: what must hold before a report leaves the house. One failure and nothing is published."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from crmlib.errors import CheckError
from crmlib.report.data import ReportData


class Check(NamedTuple):
    """One thing that was checked. `found` says what was seen where it failed."""

    name: str
    passed: bool
    found: str


def run_checks(data: ReportData) -> list[Check]:
    """Every check with its outcome."""
    return [Check(name, not found, found) for name, found in _outcomes(data)]


def check_report(data: ReportData) -> list[Check]:
    """run_checks, and CheckError naming every one that failed."""
    checks = run_checks(data)
    failed = [
        CheckError("error.check", name=data.say(f"check.{c.name}"), found=c.found) for c in checks if not c.passed
    ]
    if failed:
        raise CheckError.of(failed)
    return checks


def _outcomes(data: ReportData) -> Iterator[tuple[str, str]]:
    """(check, what was found against it); an empty finding is a pass."""
    balance = data.balance
    if len(balance):
        off = balance[balance["in"] != balance.drop(columns=["file", "in"]).sum(axis=1)]
        yield "balance", ", ".join(off["file"])
    yield "customers_unique", _names(data.measures["customer_id"])
    keys = data.tiers["customer_id"].astype("str") + " " + data.tiers["dimension"].astype("str")
    yield "one_tier_each", _names(keys)
    per = data.tiers.groupby("dimension")["customer_id"].nunique()
    yield "everyone_tiered", ", ".join(f"{d} {n}" for d, n in per.items() if n != len(data.measures))
    shares = data.profile.groupby("dimension")["share"].sum()
    yield "shares_sum", ", ".join(f"{d} {s:.6f}" for d, s in shares.items() if s and abs(s - 1) > 1e-6)
    people = data.profile.groupby("dimension")["customers"].sum()
    yield "profile_total", ", ".join(f"{d} {n}" for d, n in people.items() if n != len(data.measures))
    days = set(pd.to_datetime(data.tiers["as_of"]).dt.date) - {data.period.as_of}
    yield "period", ", ".join(map(str, sorted(days)))
    yield "figures_unique", _names(data.figures["figure_id"])


def _names(keys: pd.Series) -> str:
    """Keys that repeat, the first five."""
    return ", ".join(keys[keys.duplicated()].astype("str").unique()[:5])
