"""How many headers are recognised without settings: real files and the exports of known systems, against a truth written by hand.

    python benchmarks/headers.py [--data ../shared/data]

Three truths, each written before the kit's answer was looked at, say what a careful reader of header and values takes a
column for, "custom" where the kit has no such field: headers_truth.csv for the real files and data/sample,
headers_exports.csv for exports as CRM, ERP and shop systems write them, headers_held_out.csv for more of these that no
rule or alias was made for: only it says what a file never seen before may expect. Prints the share that the kit takes
for the same, and every column that it does not.
"""

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from crmlib.errors import DataError
from crmlib.intake.headers import map_headers
from crmlib.intake.readers import read_file

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "data" / "sample"
CUSTOM = "custom"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    args = parser.parse_args()
    for name in ("held_out", "exports"):
        exports = read_truth(f"headers_{name}.csv")
        show(f"exports of known systems ({name})", compare(exports, "export", dict(made_sheets(exports))))
    truth = read_truth("headers_truth.csv")
    with TemporaryDirectory() as folder:
        show("real files and sample", compare(truth, "file", dict(real_sheets(truth, args.data, Path(folder)))))


def read_truth(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, dtype="str", keep_default_na=False)


def made_sheets(exports: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    for export, columns in exports.groupby("export", sort=False):
        cells = {
            one.header: one.values_.split("|") for one in columns.rename(columns={"values": "values_"}).itertuples()
        }
        yield (export, ""), pd.DataFrame(cells, dtype="str").replace("", pd.NA)


def real_sheets(truth: pd.DataFrame, data: Path, folder: Path) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """The sheets of the files that are here."""
    for file in truth["file"].unique():
        kind, _, name = file.partition("/")
        path = (SAMPLE / name) if kind == "sample" else data / file
        if kind == "pipeline" and (archive := data / kind / "crm_sales_opportunities.zip").is_file():
            with zipfile.ZipFile(archive) as packed:
                member = next(one for one in packed.namelist() if Path(one).name == name)
                path = Path(packed.extract(member, folder))
        if not path.is_file():
            continue
        try:
            tables = read_file(path).tables
        except DataError:
            continue
        for raw in tables:
            yield (file, raw.attrs.get("sheet", "")), raw


def compare(truth: pd.DataFrame, by: str, sheets: dict[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """`truth` of the sheets that are there, and what each of its columns was `taken` for."""
    taken = {}
    for (file, sheet), raw in sheets.items():
        fed = {column.header: column.name for column in map_headers(raw).columns}
        taken |= {(file, sheet, header): fed.get(header, CUSTOM) for header in raw.columns}
    keys = zip(truth[by], truth.get("sheet", pd.Series("", index=truth.index)), truth["header"], strict=True)
    compared = truth.assign(taken=[taken.get(key, "not a column") for key in keys])
    return compared[compared[by].isin([file for file, _ in sheets])]


def show(title: str, compared: pd.DataFrame) -> None:
    right = compared["taken"].eq(compared["field"])
    known = compared["field"].ne(CUSTOM)
    print(
        f"{title}: {right.mean():.1%} of {len(compared)} columns right; of the {known.sum()} that have a field {right[known].mean():.1%}"
    )
    for one in compared[~right].itertuples():
        sheet = f" [{one.sheet}]" if getattr(one, "sheet", "") else ""
        print(f"  {one[1]}{sheet}  {one.header}: {one.taken}, should be {one.field}")


if __name__ == "__main__":
    main()
