"""The house: a module imports the hall and the wings before its own, never one after."""

import ast
import subprocess
import sys
from pathlib import Path

import crmlib

PACKAGE = Path(crmlib.__file__).parent
WINGS = ["intake", "book", "insight", "action", "report", "desk"]
# beside the wings: what drives them. They may import everything, and no wing imports them.
DRIVERS = {"run", "cli", "commands", "notebook", "schedule", "sample"}


def imports_of(path: Path) -> set[str]:
    """The parts of crmlib that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module == "crmlib":
            names = [f"crmlib.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("crmlib.")}
    return found


def test_no_module_imports_a_wing_after_its_own():
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part in DRIVERS or part == "__init__":
            continue
        allowed = set(WINGS[: WINGS.index(part) + 1]) if part in WINGS else set()
        wrong += [f"{path.relative_to(PACKAGE)} → {one}" for one in imports_of(path) & {*WINGS, *DRIVERS} - allowed]
    assert wrong == []


def test_every_module_opens_with_a_sentence_and_stays_one_idea_long():
    long = []
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), path
        if text.count("\n") > 330:
            long.append(path.name)
    assert long == []


def test_importing_is_silent_and_light():
    code = "import sys, crmlib, crmlib.cli, crmlib.run; print(sorted({'pandas', 'ibis', 'duckdb', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
