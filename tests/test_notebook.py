"""One notebook: its parameters are proved first, a failure leaves what is published alone."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from crmlib.errors import NotebookError, UsageError
from crmlib.labels import speaker
from crmlib.notebook import check_parameters, run_tasks
from crmlib.report.papers import write_working_papers

SAY = speaker("zh")


@pytest.fixture
def notebook(tmp_path):
    """A notebook of the given cells, the first of them its parameters."""

    def make(name: str, *cells: str):
        parameters = new_code_cell('period: str = "2024-06"  # month\nn: int = 1\n')
        parameters.metadata["tags"] = ["parameters"]
        made = new_notebook(cells=[parameters, *map(new_code_cell, cells)])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(made, path)
        return path

    return make


def task(source, folder, needs=(), **params):
    return {"src": source, "dst": folder / source.name, "params": params, "needs": list(needs)}


def run(tasks, tmp_path, jobs=1):
    lines = []
    seconds = run_tasks(tasks, state=tmp_path / "state.sqlite3", jobs=jobs, say=SAY, tell=lines.append)
    return seconds, lines


def test_every_wrong_parameter_is_named_before_anything_runs(notebook):
    with pytest.raises(UsageError) as caught:
        check_parameters(notebook("a"), {"perod": "2024-06", "n": "1", "period": "2024-06"})
    assert "perod" in str(caught.value) and "n 应为 int" in str(caught.value)
    assert caught.value.exit_code == 3


def test_notebooks_run_in_order_and_what_is_current_is_skipped(notebook, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    first = notebook("first", "print(period, n)")
    tasks = {"first": task(first, out, period="2024-05"), "second": task(notebook("second", "1"), out, ["first"])}
    seconds, lines = run(tasks, tmp_path)
    assert set(seconds) == {"first", "second"} and ["运行" in line for line in lines] == [True, True]
    assert "2024-05 1" in (out / "first.ipynb").read_text(encoding="utf-8")
    assert ["已是最新" in line for line in run(tasks, tmp_path)[1]] == [True, True]


@pytest.mark.parametrize(
    ("cell", "said", "code"),
    [
        ("raise ValueError('坏了')", "坏了", 2),
        ("import os; os._exit(1)", "", 2),
        ("from crmlib.errors import DataError\nraise DataError('error.no_inbox', path='收件箱')", "收件箱", 3),
    ],
    ids=["a failed cell", "a killed kernel", "a fault of the input"],
)
def test_a_failure_names_its_cause_and_leaves_only_a_partial(notebook, tmp_path, cell, said, code):
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(NotebookError) as caught:
        run({"bad": task(notebook("bad", cell), out)}, tmp_path)
    assert said in str(caught.value) and caught.value.exit_code == code
    assert not (out / "bad.ipynb").exists()


def test_working_papers_have_no_code_and_no_address(notebook, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    run({"one": task(notebook("one", "print('结果' + '在此')"), out)}, tmp_path)
    write_working_papers(out, lang="zh", run_id="2024-06-1a2b3c4d")
    page = (out / "one.html").read_text(encoding="utf-8")
    assert "结果在此" in page and "'结果'" not in page and 'lang="zh-CN"' in page
    assert "http://" not in page and "https://" not in page
    assert json.loads((out / "one.ipynb").read_text(encoding="utf-8"))
