"""A run: the notebooks in order under doit, then checks, the export guard, and publishing whole or not at all."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from crmlib import __version__
from crmlib.book.lock import run_lock
from crmlib.errors import DataError, SettingsError, UsageError
from crmlib.home import NOTEBOOKS, SAMPLE, Home, write_whole
from crmlib.inputs import Input, home_inputs, kit_hash, list_inputs
from crmlib.labels import Say
from crmlib.periods import Period
from crmlib.register import add_run, put_earlier

# name → what must be there before it
STEPS: dict[str, tuple[str, ...]] = {
    "10_import": (),
    "20_merge": ("10_import",),
    "30_tiers": ("20_merge",),
    "35_clusters": ("30_tiers",),
    "37_tags": ("30_tiers",),
    "40_communication": ("30_tiers",),
    "42_needs": ("20_merge",),
    "43_conversion": ("20_merge",),
    "45_service": ("20_merge",),
    "50_profile": ("20_merge",),
    "55_value": ("20_merge",),
    "60_quality": ("30_tiers",),
    "70_churn": ("20_merge",),
    "75_value": ("20_merge",),
    "90_report": (
        "70_churn",
        "75_value",
        "35_clusters",
        "37_tags",
        "40_communication",
        "42_needs",
        "43_conversion",
        "45_service",
        "50_profile",
        "55_value",
        "60_quality",
    ),
}
KEPT_STEPS = ("10_import", "20_merge", "30_tiers", "90_report")  # without which there is no report
READING = ("10_import", "20_merge")  # left out when an old version of the book is asked for
OUTPUTS = ("report.html", "report.pdf", "report.xlsx", "manifest.json")


@dataclass(frozen=True)
class Plan:
    """One run, settled before anything is read."""

    home: Home
    period: Period
    lang: str
    role: str
    book: str
    jobs: int
    inputs: tuple[Input, ...]
    origin: str
    received_on: date
    label: str = ""
    at: str = ""

    def fingerprint(self) -> dict[str, Any]:
        """What the result is a function of. Equal fingerprints, equal reports: nothing to do."""
        return {
            "period": self.period.text,
            "lang": self.lang,
            "role": self.role,
            "kit": kit_hash(),
            "settings": hashlib.sha256(b"".join(path.read_bytes() for path in _settings_files(self.home))).hexdigest(),
            "origin": self.origin,
            "inputs": {} if self.book else {one.name: one.sha256() for one in self.inputs},  # an old book reads none
        }


def _settings_files(home: Home) -> list[Path]:
    """settings.toml and the days off that it names, as far as they are there."""
    from crmlib.settings import load_settings

    files = (home.settings_file, home.root / load_settings(home).periods.workdays)
    return [path for path in files if path.is_file()]


def plan_run(
    home: Home,
    *,
    period: Period | str,
    lang: str,
    role: str,
    book: str,
    jobs: int,
    inbox: list[Path],
    today: date,
    label: str = "",
    at: str = "",
) -> Plan:
    """Settle inputs and period. `period` may be a word of LAST: the last full month, week or quarter, by the clock for own data,
    the sample's own else."""
    from crmlib.periods import LAST, last_full, parse_period
    from crmlib.sample import SAMPLE_PERIOD
    from crmlib.settings import load_settings

    settings = load_settings(home)  # every mistake in it is told before anything is read
    if settings.report.modules_off:
        check_modules(settings.report.modules_off)
    if role:
        raise UsageError("error.role_unknown", role=role)
    if inbox:
        inputs, origin = list_inputs(inbox), "sample" if [p.resolve() for p in inbox] == [SAMPLE] else "own"
    else:
        inputs, origin = home_inputs(home)
    if inbox and not inputs:
        raise DataError("error.inbox_empty", path=", ".join(map(str, inbox)))
    if book:
        from crmlib.book.shelf import open_book

        open_book(home, version=book)  # that it is there is known before anything runs
    if isinstance(period, str):
        now = parse_period(SAMPLE_PERIOD).as_of if origin == "sample" else today
        period = last_full(LAST[period], now) if period in LAST else parse_period(period)
    return Plan(home, period, lang, role, book, jobs, tuple(inputs), origin, today, label, at)


def run_plan(plan: Plan, *, say: Say, tell: Callable[[str], None]) -> Path:
    """Run the notebooks and publish. Returns the report's folder. Raises NotebookError or CheckError: nothing published."""
    target = plan.home.reports / plan.period.text
    wanted = plan.fingerprint()
    if (known := read_manifest(target)) and is_current(target, known, wanted, plan):
        tell(say("run.nothing_new", period=plan.period.text))
        if plan.label and plan.label != known.get("label"):
            write_manifest(target, known | {"label": plan.label, "at": plan.at})
            add_run(plan.home, known | {"label": plan.label, "at": plan.at})
            tell(say("run.labelled", label=plan.label))
        tell(say("run.where", path=target / "report.html"))
        return target
    with run_lock(plan.home):
        started = time.monotonic()
        digest = hashlib.sha256(json.dumps([wanted, plan.book], sort_keys=True).encode()).hexdigest()
        run_id = f"{plan.period.text}-{digest[:8]}"
        build = plan.home.reports / f".new-{run_id}"
        for other in plan.home.reports.glob(".new-*"):  # a run that was killed is repeated whole
            if other != build:
                shutil.rmtree(other, ignore_errors=True)
        (build / "notebooks").mkdir(parents=True, exist_ok=True)
        seconds = run_notebooks(plan, build, say=say, tell=tell)
        tell(say("run.publishing"))
        finish_run(plan, build, run_id=run_id, fingerprint=wanted, seconds=seconds)
        publish_folder(build, target, home=plan.home)
        add_run(plan.home, read_manifest(target) or {})
        for line in closing_lines(target, say=say, seconds=time.monotonic() - started):
            tell(line)
    return target


def read_manifest(folder: Path) -> dict[str, Any] | None:
    path = folder / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    write_whole(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_current(folder: Path, manifest: dict[str, Any], wanted: dict[str, Any], plan: Plan) -> bool:
    """Whether the published report is what a run would give again: same fingerprint, same book, all files there."""
    pointer = plan.home.book / "CURRENT"
    version = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""
    wanted_book = f"v{int(plan.book.lstrip('v') or 0):06d}" if plan.book.lstrip("v").isdigit() else version
    same_book = manifest["book"] == wanted_book
    return manifest.get("fingerprint") == wanted and same_book and all((folder / name).is_file() for name in OUTPUTS)


def run_notebooks(plan: Plan, build: Path, *, say: Say, tell: Callable[[str], None]) -> dict[str, float]:
    """Every notebook in its order. Returns seconds by notebook. Raises NotebookError."""
    from crmlib.notebook import run_tasks

    common = {
        "home": str(plan.home.root),
        "period": plan.period.text,
        "lang": plan.lang,
        "role": plan.role,
        "book": plan.book,
        "out": str(build),
    }
    own = {
        "10_import": {
            "inbox": json.dumps([[str(i.path), i.name, i.system, i.member] for i in plan.inputs], ensure_ascii=False),
            "received_on": plan.received_on.isoformat(),
            "origin": plan.origin,
        },
        "90_report": {"run_id": build.name.removeprefix(".new-")},
    }
    steps = wanted_steps(plan)
    tasks = {
        name: {
            "src": NOTEBOOKS / f"{name}.ipynb",
            "dst": build / "notebooks" / f"{name}.ipynb",
            "params": common | own.get(name, {}),
            "needs": [one for one in needs if one in steps],
        }
        for name, needs in steps.items()
    }
    return run_tasks(tasks, state=build / ".doit.sqlite3", jobs=plan.jobs, say=say, tell=tell)


def wanted_steps(plan: Plan) -> dict[str, tuple[str, ...]]:
    """STEPS without those that an old version of the book does not need and those that the settings switch off."""
    from crmlib.settings import load_settings

    off = {name for name in STEPS if name[3:] in load_settings(plan.home).report.modules_off} - {*KEPT_STEPS}
    off |= set(READING) if plan.book else set()
    return {name: tuple(one for one in needs if one not in off) for name, needs in STEPS.items() if name not in off}


def check_modules(names: Collection[str]) -> None:
    """Raises SettingsError for a module that is neither a notebook nor a section, or without which there is no report."""
    from crmlib.report.sections import SECTIONS

    can = {name[3:] for name in STEPS if name not in KEPT_STEPS} | (SECTIONS.keys() - {"definitions", "checks"})
    if unknown := sorted(set(names) - can):
        raise SettingsError("error.module_unknown", name=unknown[0], known=", ".join(sorted(can)))


def finish_run(plan: Plan, build: Path, *, run_id: str, fingerprint: dict[str, Any], seconds: dict[str, float]) -> None:
    """Working papers, settings, manifest; then the guard reads every file, and the folder is fit to publish."""
    from crmlib.book.access import check_publishable, known_names
    from crmlib.report.papers import write_working_papers

    for leftover in build.glob(".doit.sqlite3*"):
        leftover.unlink()
    write_working_papers(build / "notebooks", lang=plan.lang, run_id=run_id)
    for path in _settings_files(plan.home):
        shutil.copyfile(path, build / path.name)
    summary = json.loads((build / "run.json").read_text(encoding="utf-8"))  # what 90_report found and checked
    (build / "run.json").unlink()
    manifest = {
        "run_id": run_id,
        "at": plan.at,
        "label": plan.label or run_id,
        "period": plan.period.text,
        "as_of": plan.period.as_of.isoformat(),
        "lang": plan.lang,
        "role": plan.role,
        "kit_version": __version__,
        "inputs": [
            {"file": one.name, "system": one.system, "sha256": fingerprint["inputs"][one.name]}
            for one in plan.inputs
            if one.name in fingerprint["inputs"]
        ],
        "settings_sha256": fingerprint["settings"],
        "origin": plan.origin,
        **summary,
        "outputs": {name: file_hash(build / name) for name in OUTPUTS if (build / name).is_file()},
        "tables": {path.stem: file_hash(path) for path in sorted((build / "tables").glob("*.parquet"))},
        "seconds": seconds,
        "fingerprint": fingerprint,
    }
    write_manifest(build, manifest)
    check_publishable(build, known_names=known_names(plan.home))


def publish_folder(build: Path, target: Path, *, home: Home) -> None:
    """Put the finished folder in the place of last time's, which is kept among the earlier ones; or leave it as it was."""
    aside = target.with_name(f".old-{target.name}")
    if aside.exists():
        shutil.rmtree(aside)
    try:
        if target.exists():
            os.replace(target, aside)
        os.replace(build, target)
    except OSError as error:  # on Windows a report that is open elsewhere cannot be moved
        if aside.exists() and not target.exists():
            os.replace(aside, target)
        raise DataError("error.report_open", path=target, detail=error.strerror or error) from error
    if aside.exists():
        before, now = read_manifest(aside), read_manifest(target)
        if before and now and before["run_id"] != now["run_id"]:
            put_earlier(home, aside, before["run_id"])
    shutil.rmtree(aside, ignore_errors=True)


def closing_lines(folder: Path, *, say: Say, seconds: float) -> list[str]:
    """The ten lines that a run ends with."""
    manifest = read_manifest(folder) or {}
    return [
        *manifest.get("closing", []),
        say("run.where", path=folder / "report.html"),
        say("run.seconds", seconds=f"{seconds:.0f}"),
    ]
