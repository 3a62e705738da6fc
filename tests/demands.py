"""Lists the demands of demands.csv that no test carries; `make demands` prints it."""

import csv
import re
from pathlib import Path

HERE = Path(__file__).parent
MARK = re.compile(r"""pytest\.mark\.demand\(([^)]*)\)""")


def read_demands() -> list[dict[str, str]]:
    with (HERE / "demands.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def proven() -> set[str]:
    """The ids that the marks in the tests name."""
    named = (m for path in HERE.rglob("test_*.py") for m in MARK.findall(path.read_text(encoding="utf-8")))
    return {one for marks in named for one in re.findall(r"[A-M]\d{2}", marks)}


def main() -> None:
    demands, done = read_demands(), proven()
    for one in demands:
        if one["id"] not in done:
            print(f"{one['id']}  {one['capability']:<9} {one['demand']}")
    print(f"{len(done)} of {len(demands)} demands are proved by a test")


if __name__ == "__main__":
    main()
