"""A run is a function of its book, its day and its settings: an old month made again gives the same bytes in every table."""

import json
import re
import warnings
from datetime import date

import pytest

from crmlib import cli, run
from crmlib.home import Home
from crmlib.register import list_runs

pytestmark = pytest.mark.slow

CUSTOMERS = "客户名称,区域,行业\n" + "".join(f"示例{n}号机械有限公司,华东,制造业\n" for n in "甲乙丙丁戊己庚辛")
ORDERS = "订单号,客户名称,下单日期,金额\n" + "".join(
    f"{n}{m},示例{n}号机械有限公司,2024-0{m}-1{i},{1000 * m + i}\n"
    for i, n in enumerate("甲乙丙丁戊己")
    for m in (2, 4, 6)
)
LATE = "订单号,客户名称,下单日期,金额\nx1,示例庚号机械有限公司,2024-06-20,5000\nx2,示例辛号机械有限公司,2024-07-02,70\n"
SETTINGS = '[report]\nsections = ["summary", "at_risk", "corrections", "checks", "definitions"]\n'


def run_inline(tasks, *, state, jobs, say, tell):
    """The notebooks' own cells in this process, one after the other: what a kernel would do, without starting one."""
    for task in tasks.values():
        cells = [c for c in json.loads(task["src"].read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        space: dict = {}
        with warnings.catch_warnings(action="ignore"):  # a kernel does not stop at one
            for cell in cells:
                exec("".join(cell["source"]), space)
                if "parameters" in cell["metadata"].get("tags", ()):
                    space |= task["params"]
    return dict.fromkeys(tasks, 0.0)


SOME = {"10_import": (), "20_merge": ("10_import",), "30_tiers": ("20_merge",), "90_report": ("30_tiers",)}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """June, made; then late rows and July, made; then June made again, of its own book. The home, and June's tables before."""
    root = tmp_path_factory.mktemp("house")
    home = Home(root / "home")
    home.inbox.mkdir(parents=True)
    home.settings_file.write_text(SETTINGS, encoding="utf-8")

    def make(period: str, *more: str) -> dict[str, bytes]:
        assert cli.main(["run", "--home", str(home.root), "--period", period, *more]) == 0
        folder = home.reports / period
        return {path.stem: path.read_bytes() for path in (folder / "tables").glob("*.parquet")}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_KEY_FILE", str(root / "vault.key"))
        patch.setattr("crmlib.notebook.run_tasks", run_inline)
        patch.setattr("crmlib.report.papers.write_working_papers", lambda folder, **how: None)
        (home.inbox / "客户.csv").write_text(CUSTOMERS, encoding="utf-8")
        (home.inbox / "订单.csv").write_text(ORDERS, encoding="utf-8")
        inputs = {path: path.read_bytes() for path in home.inbox.iterdir()}
        first = make("2024-06", "--label", "六月定稿")
        first_id = manifest(home, "2024-06")["run_id"]
        (home.inbox / "订单_07.csv").write_text(LATE, encoding="utf-8")
        with pytest.MonkeyPatch.context() as fewer:
            fewer.setattr(run, "STEPS", SOME)
            make("2024-07")
        again = make("2024-06", "--book", "v1")
        patch.setattr(run, "STEPS", SOME)  # for the tests
        yield home, first, again, first_id, inputs


def manifest(home, period):
    return json.loads((home.reports / period / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.demand("K05", "M13")
def test_an_old_month_made_again_of_its_own_book_has_the_same_bytes_in_every_table(house):
    home, first, again, _, _ = house
    assert len(first) > 40 and set(first) == set(again)
    assert [name for name in first if first[name] != again[name]] == []
    assert manifest(home, "2024-06")["book"] == "v000001" and manifest(home, "2024-07")["book"] == "v000002"


def test_what_came_late_stands_in_the_next_report_as_a_correction(house):
    home = house[0]
    text = (home.reports / "2024-07" / "report.html").read_text(encoding="utf-8")
    text = text.replace("\u00a0", " ")
    assert re.search(r"2024-06 公布的指标有 \d+ 个需要更正：其后又到或改了 1 行", text)
    checks = {one["name"]: one["state"] for one in manifest(home, "2024-07")["checks"]}
    assert checks["last_report"] == checks["last_figures"] == "passed"
    assert {one["name"]: one["state"] for one in manifest(home, "2024-06")["checks"]}["last_report"] == "nothing"


@pytest.mark.demand("A49", "M05")
def test_a_run_is_registered_with_its_time_label_inputs_settings_and_kit(house):
    home, _, _, first_id, _ = house
    runs = list_runs(home)
    assert [(one["period"], one["book"]) for one in runs] == [
        ("2024-06", "v000001"), ("2024-07", "v000002"), ("2024-06", "v000001"),
    ]  # fmt: skip
    first = runs[0]
    assert (first["run_id"], first["label"], first["kit_version"]) == (first_id, "六月定稿", run.__version__)
    assert {one["file"] for one in first["inputs"]} == {"客户.csv", "订单.csv"}
    assert date.fromisoformat(first["at"][:10]) and len(first["settings_sha256"]) == 64
    assert runs[1]["label"] == runs[1]["run_id"]


@pytest.mark.demand("A49")
def test_every_output_names_its_run(house):
    home = house[0]
    told = manifest(home, "2024-07")
    page = (home.reports / "2024-07" / "report.html").read_text(encoding="utf-8")
    assert told["run_id"] in page
    assert set(told["outputs"]) == {"report.html", "report.pdf", "report.xlsx"}
    tables = home.reports / "2024-07" / "tables"
    assert told["tables"] == {path.stem: run.file_hash(path) for path in tables.glob("*.parquet")}


@pytest.mark.demand("M13")
def test_inputs_are_not_touched_and_a_report_that_is_replaced_is_kept_under_its_run(house):
    home, first, _, first_id, inputs = house
    assert all(path.read_bytes() == before for path, before in inputs.items())
    kept = home.data / "earlier_reports" / first_id
    assert {path.stem: path.read_bytes() for path in (kept / "tables").glob("*.parquet")} == first
    assert (kept / "report.pdf").is_file()


def test_the_same_run_gives_the_same_pages_byte_for_byte(house):
    home = house[0]
    folder = home.reports / "2024-07"
    before = {name: (folder / name).read_bytes() for name in ("report.html", "report.pdf", "report.xlsx")}
    (folder / "manifest.json").unlink()  # so that it is made again
    assert cli.main(["run", "--home", str(home.root), "--period", "2024-07"]) == 0
    assert [name for name, held in before.items() if (folder / name).read_bytes() != held] == []


@pytest.mark.demand("M05")
def test_a_label_can_be_given_to_a_run_that_is_made(house, capsys):
    home = house[0]
    assert cli.main(["run", "--home", str(home.root), "--period", "2024-07", "--label", "七月"]) == 0
    assert manifest(home, "2024-07")["label"] == "七月"
    assert cli.main(["runs", "--home", str(home.root)]) == 0
    assert "七月" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.demand("K05")
def test_a_failed_check_publishes_nothing_and_leaves_the_report_that_is_there(house, capsys):
    home = house[0]
    report = home.reports / "2024-07" / "report.html"
    before = report.read_bytes()
    table = home.reports / "2024-06" / "tables" / "tiers.parquet"
    sound = table.read_bytes()
    table.write_bytes(sound + b" ")
    (home.settings_file).write_text(SETTINGS + "[tiers.risk]\nlost_months = 4\n", encoding="utf-8")
    try:
        assert cli.main(["run", "--home", str(home.root), "--period", "2024-07"]) == 2
        assert "自查未通过：上期报告的表未被改动" in capsys.readouterr().err
    finally:
        table.write_bytes(sound)
        home.settings_file.write_text(SETTINGS, encoding="utf-8")
    assert report.read_bytes() == before
