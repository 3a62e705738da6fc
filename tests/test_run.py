"""The whole run on the sample: published whole, nothing to do the second time, stopped without harm."""

import json
import socket
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from crmlib import cli, commands, run
from crmlib.book.access import scan_files
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.inputs import list_inputs
from crmlib.periods import parse_period

TRUTH = Path(__file__).parent / "truth"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory):
    """A home after one run of the sample, and what the run printed."""
    home = Home(tmp_path_factory.mktemp("sample"))
    lines: list[str] = []
    guard = tmp_path_factory.mktemp("guard")
    (guard / "sitecustomize.py").write_text(GUARD, encoding="utf-8")  # in every kernel, too
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "tell", lines.append)
        patch.setenv("PYTHONPATH", str(guard))
        patch.setenv("CALLED_OUTSIDE", str(home.root / "called"))
        patch.setattr(socket.socket, "connect", socket.socket.connect)  # put back when done
        exec(GUARD, {})
        assert cli.main(["run", "--home", str(home.root)]) == 0
    return home, lines


# writes down whatever is called outside this machine
GUARD = """
import os, socket
connect = socket.socket.connect
def guarded(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        open(os.environ["CALLED_OUTSIDE"], "a").write(f"{address}\\n")
    return connect(self, address)
socket.socket.connect = guarded
"""


@pytest.mark.demand("M07")
def test_nothing_is_called_outside_this_machine(sample_run):
    assert not (sample_run[0].root / "called").exists()


@pytest.fixture
def folder(sample_run):
    return sample_run[0].reports / "2024-06"


@pytest.mark.demand("K01", "A49")
def test_a_run_leaves_the_report_its_tables_its_papers_and_what_explains_them(folder):
    names = {"report.html", "report.pdf", "report.xlsx", "manifest.json", "tables", "notebooks"}
    assert names <= {path.name for path in folder.iterdir()}
    steps = set(run.STEPS)
    assert {path.stem for path in (folder / "notebooks").glob("*.html")} == steps
    assert {path.stem for path in (folder / "notebooks").glob("*.ipynb")} == steps
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["period"], manifest["as_of"], manifest["book"]) == ("2024-06", "2024-07-01", "v000001")
    assert len(manifest["inputs"]) == 11 and all(len(one["sha256"]) == 64 for one in manifest["inputs"])
    assert all(check["passed"] for check in manifest["checks"])


@pytest.mark.demand("B07")
def test_each_row_of_the_sample_is_counted_once(folder, sample_run):
    balance = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["balance"]
    for counts in (*balance["files"].values(), balance["total"]):
        assert counts["in"] == sum(v for k, v in counts.items() if k != "in")
    assert any(f"{balance['total']['in']:,} 行 = 入库" in line for line in sample_run[1])


def test_the_planted_faults_are_found_in_exactly_their_number(folder):
    """Every row planted as faulty is quarantined, with its reason, and no other row is."""
    planted = pd.read_parquet(TRUTH / "faults.parquet").query("severity == 'error'")
    found = pq.read_table(folder / "tables" / "quarantine.parquet").to_pandas()
    want = set(planted[["file", "sheet", "line", "reason"]].itertuples(index=False, name=None))
    have = set(found[["source_file", "sheet", "line", "reason"]].itertuples(index=False, name=None))
    assert {row[:3] for row in have} == {row[:3] for row in want}
    assert want <= have


@pytest.mark.demand("C01", "C02")
def test_who_is_who_is_found_and_nobody_is_made_one_with_another(folder):
    truth = pd.read_parquet(TRUTH / "rows.parquet")
    records = pq.read_table(folder / "tables" / "records.parquet").to_pandas()
    both = truth.merge(records, left_on=["file", "sheet", "line"], right_on=["source_file", "sheet", "line"])
    both = both[both["customer_id"].notna() & both["true_customer"].ne("")]
    assert both.groupby("customer_id")["true_customer"].nunique().max() == 1  # precision is whole
    split = both.groupby("true_customer")["customer_id"].nunique()
    assert (split == 1).mean() > 0.97


@pytest.mark.demand("L06", "L07")
def test_nothing_personal_is_published(folder, sample_run):
    assert scan_files([folder]).empty
    assert scan_files([sample_run[0].book]).empty


@pytest.mark.demand("M13")
def test_with_nothing_new_it_says_so_and_touches_nothing(sample_run, folder, capsys):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert cli.main(["run", "--home", str(sample_run[0].root)]) == 0
    assert "没有变化" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_failed_step_leaves_last_months_report_in_place(sample_run, folder, monkeypatch, capsys):
    def broken(*args, **kwargs):
        from crmlib.errors import NotebookError

        raise NotebookError("error.notebook_failed", name="90_report", detail="坏了")

    before = (folder / "report.html").read_bytes()
    monkeypatch.setattr(run, "run_notebooks", broken)
    assert cli.main(["run", "--home", str(sample_run[0].root), "--lang", "en"]) == 2
    assert "nothing was published" in capsys.readouterr().err
    assert (folder / "report.html").read_bytes() == before


def test_a_report_held_open_elsewhere_is_put_back(tmp_path, monkeypatch):
    target, build = tmp_path / "2024-06", tmp_path / ".new-x"
    for place, text in ((target, "old"), (build, "new")):
        place.mkdir()
        (place / "report.html").write_text(text)
    replace, calls = run.os.replace, []

    def second_fails(source, to):
        calls.append(source)
        if len(calls) == 2:
            raise PermissionError(13, "in use")
        replace(source, to)

    monkeypatch.setattr(run.os, "replace", second_fails)
    with pytest.raises(DataError, match="正被别的程序打开"):
        run.publish_folder(build, target, home=Home(tmp_path))
    assert (target / "report.html").read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--inbox", "/nowhere/at/all"], "没有文件或文件夹"),
        (["run", "--period", "2024-6"], "2024-W23"),
        (["run", "--role", "boss"], "没有角色"),
        (["import", "/nowhere.csv"], "没有文件或文件夹"),
    ],
)
def test_each_mistake_has_one_clear_message_and_exit_code_3(tmp_path, capsys, arguments, said):
    assert cli.main([*arguments[:1], "--home", str(tmp_path), *arguments[1:]]) == 3
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told
    assert not (tmp_path / "reports").exists()


def test_an_empty_file_and_a_file_that_is_no_table_stop_with_3_and_leave_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CRM_KEY_FILE", str(tmp_path / "key"))
    inbox = tmp_path / "in"
    inbox.mkdir()
    (inbox / "空.csv").write_text("")
    (inbox / "图.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    assert cli.main(["import", "--home", str(tmp_path / "home"), str(inbox)]) == 3
    told = capsys.readouterr().err
    assert "空.csv" in told and "图.csv" in told and "Traceback" not in told
    assert not (tmp_path / "home" / "data" / "book" / "CURRENT").exists()


def test_last_is_the_month_before_todays_for_own_data_and_the_samples_own_else(tmp_path):
    common = {"lang": "zh", "role": "", "book": "", "jobs": 1, "today": date(2026, 11, 21)}
    own = tmp_path / "own.csv"
    own.write_text("客户名称\n上海示澄科技有限公司\n", encoding="utf-8")
    home = Home(tmp_path / "home")
    assert run.plan_run(home, period="last", inbox=[own], **common).period == parse_period("2026-10")
    assert run.plan_run(home, period="last", inbox=[], **common).period == parse_period("2024-06")
    assert run.plan_run(home, period="last-week", inbox=[], **common).period == parse_period("2024-W26")


def test_a_first_subfolder_names_the_source_system(tmp_path):
    for name in ("甲/客户.csv", "乙/客户.csv", "客户.csv", "~$客户.xlsx", ".hidden/x.csv", "说明.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert {(one.name, one.system) for one in list_inputs([tmp_path])} == {
        ("甲/客户.csv", "甲"),
        ("乙/客户.csv", "乙"),
        ("客户.csv", "inbox"),
    }
