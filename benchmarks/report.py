"""Where the time of a report goes: CPU seconds of each step on the tables of a published run.

    python benchmarks/report.py HOME [--period 2024-06] [--lang zh]

Collecting reads the run's tables; building draws every chart once, as SVG, for all forms.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home")
    parser.add_argument("--period", default="2024-06")
    parser.add_argument("--lang", default="zh")
    given = parser.parse_args()
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable):
        started = time.process_time()
        result = work()
        spent[name] = time.process_time() - started
        return result

    timed("import", _import)
    from crmlib.book.work import open_work
    from crmlib.report.collect import collect_report
    from crmlib.report.html import write_html
    from crmlib.report.pdf import write_pdf
    from crmlib.report.sections import build_report
    from crmlib.report.workbook import write_workbook

    folder = Path(given.home) / "reports" / given.period
    work = open_work(home=given.home, period=given.period, lang=given.lang, out=str(folder))
    data = timed("collect", lambda: collect_report(work))
    report = timed("build, charts", lambda: build_report(data))
    with tempfile.TemporaryDirectory() as place:
        writers = {"report.html": write_html, "report.pdf": write_pdf, "report.xlsx": write_workbook}
        for name, write in writers.items():
            timed(name, lambda write=write, name=name: write(report, Path(place) / name))
        sizes = {name: (Path(place) / name).stat().st_size for name in writers}
    for name, seconds in spent.items():
        print(f"{name:14}{seconds:6.2f} s" + (f"{sizes[name] / 1e6:8.2f} MB" if name in sizes else ""))
    forms = sum(seconds for name, seconds in spent.items() if name not in ("import", "collect"))
    print(f"{'all forms':14}{forms:6.2f} s   {len(report.sections)} sections")


def _import() -> None:
    import crmlib.report.collect
    import crmlib.report.html
    import crmlib.report.pdf
    import crmlib.report.sections
    import crmlib.report.workbook  # noqa: F401


if __name__ == "__main__":
    main()
