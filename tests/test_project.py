"""The project: one truth for the environment, held together in three places; every mark names a demand."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from crmlib.home import NOTEBOOKS
from crmlib.run import STEPS
from tests.demands import proven, read_demands

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {"ibis-framework": "ibis-duckdb", "duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}


@pytest.fixture(scope="module")
def wanted() -> dict[str, Requirement]:
    """What pyproject.toml asks for, the extra "test" included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return {one.name: one for one in map(Requirement, texts)}


@pytest.fixture(scope="module")
def locked() -> dict[str, list[str]]:
    """name → versions that requirements.lock names, one per Python or platform."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", _lock(), flags=re.M):
        found.setdefault(name, []).append(version)
    return found


def _lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_satisfies_every_requirement(wanted, locked):
    off = {name for name, one in wanted.items() if not all(map(one.specifier.contains, locked.get(name, ["none"])))}
    assert off == set()


def test_the_lock_holds_the_build_backend_hashes_and_no_address(locked):
    assert {"hatchling", "editables"} <= locked.keys()
    assert "://" not in _lock()
    assert all(
        "--hash=sha256:" in block for block in re.split(r"^(?=[A-Za-z0-9])", _lock(), flags=re.M) if block.strip()
    )


def test_conda_asks_for_what_pyproject_asks_for(wanted):
    lines = re.findall(r"^\s+- ([a-z0-9][^:\n]*)$", (ROOT / "environment.yml").read_text(encoding="utf-8"), flags=re.M)
    conda = {re.split(r"[<>=~ ]", line, maxsplit=1)[0]: line for line in lines}
    for name, one in wanted.items():
        if one.marker and "win32" in str(one.marker):
            continue
        line = conda.get(CONDA_NAMES.get(name, name)) or conda.get(name)
        assert line, f"environment.yml lacks {name}"
        bounds = {str(s).replace("==", "=") for s in one.specifier}
        assert {b for b in bounds if b in line.replace("==", "=")} == bounds, line


def test_every_dependency_is_explained(wanted):
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").casefold()
    assert [name for name in wanted if name.casefold() not in text] == []


def test_every_mark_names_a_demand_and_each_demand_has_one_line():
    demands = read_demands()
    ids = [one["id"] for one in demands]
    assert len(ids) == len(set(ids)) == 237
    assert proven() <= set(ids)


def test_the_settings_a_user_may_copy_are_valid_as_they_stand():
    from crmlib.settings import DEFAULTS, parse_settings

    assert parse_settings(DEFAULTS.read_text(encoding="utf-8")) == parse_settings("")


def test_nothing_of_a_home_is_committed():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8")
    assert "/data/*" in ignored and "/reports/*" in ignored and "/settings.toml" in ignored


@pytest.mark.demand("L13")
@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_has_a_row_for_every_notebook_of_a_run_with_its_reader_and_what_it_leaves(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\| `\d\d_.*$", text, flags=re.M)
    ]
    assert {cells[0].strip("`") for cells in rows} == set(STEPS) == {p.stem for p in NOTEBOOKS.glob("[0-9]*.ipynb")}
    assert all(len(cells) == 4 and all(cells) for cells in rows)
