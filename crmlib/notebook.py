"""One notebook run by papermill under doit: parameters proved first, written aside, renamed when whole."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from crmlib import errors
from crmlib.errors import CrmError, NotebookError, UsageError
from crmlib.labels import Say

TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool}


def _papermill() -> Any:
    """papermill, imported without the checker of web addresses that jsonschema would load and nobody here asks: it compiles
    its grammars at import, 2.5 seconds of a run."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # an import of it fails, as jsonschema allows
    import papermill

    if sys.modules["rfc3987_syntax"] is None:
        del sys.modules["rfc3987_syntax"]
    return papermill


def check_parameters(notebook: Path, given: Mapping[str, Any]) -> None:
    """Names and types against the notebook's own parameters cell. Raises UsageError with every mistake."""
    declared = _papermill().inspect_notebook(str(notebook))
    problems = []
    for name, value in given.items():
        if name not in declared:
            problems.append(
                UsageError("error.parameter_unknown", notebook=notebook.name, name=name, known=", ".join(declared))
            )
            continue
        kind = declared[name]["inferred_type_name"]
        wanted = TYPES.get(kind)
        if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
            problems.append(
                UsageError("error.parameter_type", notebook=notebook.name, name=name, wanted=kind, found=repr(value))
            )
    if problems:
        raise UsageError.of(problems)


def execute_notebook(source: Path, target: Path, parameters: dict[str, Any]) -> dict[str, float]:
    """Run `source` into `target`; a failure leaves `target` unmade and a .partial with the traceback."""
    started = time.monotonic()
    part = target.with_name(f"{target.stem}.partial.ipynb")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the notebooks share the cores; and a sum has one order
    quiet = ["--IPKernelApp.log_level=CRITICAL"]  # else each kernel warns of its local ports
    _papermill().execute_notebook(
        str(source),
        str(part),
        parameters=parameters,
        kernel_name="python3",
        progress_bar=False,
        extra_arguments=quiet,
    )
    os.replace(part, target)
    return {"seconds": round(time.monotonic() - started, 1)}


def run_tasks(
    tasks: Mapping[str, dict[str, Any]], *, state: Path, jobs: int, say: Say, tell: Callable[[str], None]
) -> dict[str, float]:
    """tasks: name → src, dst, params, needs. Returns seconds by task. Raises NotebookError naming the first failure."""
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain
    from doit.reporter import ZeroReporter
    from doit.tools import config_changed

    for task in tasks.values():
        check_parameters(task["src"], task["params"])
    failed: list[tuple[str, str]] = []
    done: list[str] = []

    class Progress(ZeroReporter):
        def execute_task(self, task):
            tell(say("run.step", n=list(tasks).index(task.name) + 1, total=len(tasks), name=task.name))

        def skip_uptodate(self, task):
            done.append(task.name)
            tell(say("run.step_current", n=list(tasks).index(task.name) + 1, total=len(tasks), name=task.name))

        def add_success(self, task):
            done.append(task.name)

        def add_failure(self, task, fail):
            failed.append((task.name, fail.get_msg()))

    def creator(name: str, task: dict[str, Any]):
        def make():
            return {
                "actions": [(execute_notebook, [task["src"], task["dst"], task["params"]])],
                "file_dep": [str(task["src"]), *(str(tasks[need]["dst"]) for need in task["needs"])],
                "targets": [str(task["dst"])],
                "uptodate": [config_changed(json.dumps(task["params"], sort_keys=True))],
                "verbosity": 0,
            }

        return make

    space: dict[str, Any] = {f"task_{name}": creator(name, task) for name, task in tasks.items()}
    space["DOIT_CONFIG"] = {
        "dep_file": str(state),
        "backend": "sqlite3",
        "reporter": Progress,
        "num_process": jobs if jobs > 1 else 0,
        "par_type": "process" if os.name == "posix" else "thread",
        "check_file_uptodate": "md5",
        "verbosity": 0,
    }
    code = DoitMain(ModuleTaskLoader(space)).run(["run"])
    if code or failed:
        name, detail = failed[0] if failed else ("doit", str(code))
        raise _failure(name, tasks.get(name), detail)
    return {name: _seconds(task["dst"]) for name, task in tasks.items()}


def _failure(name: str, task: dict[str, Any] | None, detail: str) -> NotebookError:
    """The failed cell's own words. A fault of input or settings keeps its exit code inside a notebook too."""
    part = task and task["dst"].with_name(f"{task['dst'].stem}.partial.ipynb")
    cells = json.loads(part.read_text(encoding="utf-8"))["cells"] if part and part.is_file() else []
    raised = [o for cell in cells for o in cell.get("outputs", ()) if o["output_type"] == "error"]
    if raised:
        detail = raised[0]["evalue"] or raised[0]["ename"]
    else:
        detail = detail.strip().splitlines()[-1] if detail.strip() else ""
    error = NotebookError("error.notebook_failed", name=name, detail=detail)
    kind = getattr(errors, raised[0]["ename"], None) if raised else None
    if isinstance(kind, type) and issubclass(kind, CrmError):
        error.exit_code = kind.exit_code
    return error


def _seconds(path: Path) -> float:
    return round(json.loads(path.read_text(encoding="utf-8"))["metadata"]["papermill"]["duration"] or 0, 1)
