"""What becomes of every file of a folder, under a gigabyte of memory: `python benchmarks/files.py ../shared/data > docs/files.md`."""

import csv
import io
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from crmlib.errors import DataError
from crmlib.inputs import Input, list_inputs, list_others

LIMIT = 1 << 30
TITLE = """# What becomes of a file

| what comes | what is done |
| --- | --- |
| csv, tsv, txt | comma, tab, semicolon, bar or blanks between cells; UTF-8, UTF-16, GB18030, Big5; quotes that never close cost their own line alone; `="0001"` is 0001 |
| xlsx, xlsm, xls, xlsb, ods | every sheet, hidden ones too; a text merged over rows counts for each; hidden rows and columns are read and said; `#N/A` is a reason at its cell (not in xlsb, whose error cells come as blanks) |
| html, or html, Excel's XML or a single-file page named .xls | each table with more than one cell; spans as merged cells |
| Parquet | each column as the text a sheet would show |
| zip | a folder: each member a file of its own (`a.zip/orders.csv`), names in GBK too; what is no table is passed over and said; a zip inside, a password, or more than 4 GB or 250 times its size unpacked: refused |
| `crm import postgresql://user@host/db --table orders` | also `mysql://`, `sqlite:///shop.db`; a table or view, each value as the text the database casts it to, in the order of its key; user and password are kept nowhere (a password may come from PGPASSWORD, ~/.pgpass, MYSQL_PWD) |
| a file without column names | refused, until `[sources.<file name>] header = [...]` names them in order |
| tables one below the other, a blank row between | each on its own |

Below, every file of the real and of the hostile collections in `../shared/data`, read by `crmlib.intake.read_file` in a process that may not use more than
a gigabyte of address space. Made by `python benchmarks/files.py ../shared/data`. *Rows* are data rows in tables, *aside* those set aside and why, *counted* is
the number of physical rows by another count (the csv module; the height of the sheets; Parquet's own), where there is one: rows and aside together.
Western encodings are refused on purpose: without a mark they cannot be told from one another.
"""


def main(place: Path) -> None:
    inputs = list_inputs([place])
    found: dict[str, str] = {}
    pool = ProcessPoolExecutor(1, initializer=limit)
    for one in inputs:
        try:
            found[one.name] = pool.submit(outcome, one).result(timeout=300)
        except (BrokenProcessPool, TimeoutError) as error:
            found[one.name] = f"**{type(error).__name__}**"
            pool = ProcessPoolExecutor(1, initializer=limit)
    pool.shutdown()
    found |= {name: "not read: no kind of file that holds tables" for name in list_others([place])}
    print(TITLE)
    kinds = Counter("read" if "rows" in text else text.partition(":")[0] for text in found.values())
    print(f"{len(found)} files: " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()) + ".\n")
    for folder in sorted({str(Path(name).parent) for name in found}):
        print(f"## {folder}\n\n| file | outcome |\n| --- | --- |")
        groups: dict[str, list[str]] = {}
        for name in sorted(found):
            if str(Path(name).parent) == folder:
                groups.setdefault(found[name], []).append(Path(name).name)
        for text, names in groups.items():
            print(f"| {', '.join(f'`{name}`' for name in names)} | {text} |")
        print()


def limit() -> None:
    import resource  # not on every system

    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))


def outcome(one: Input) -> str:
    """What becomes of one file, in a line."""
    from crmlib.intake import read_file

    try:
        with one.opened() as path:
            if not one.may_be_table:
                return "not read: no kind of file that holds tables"
            read = read_file(path, name=one.name)
            counted = count_rows(path)
    except DataError as error:
        return "refused: " + error.message("en").partition(": ")[2].replace("|", "\\|").replace("\n", " ")
    except Exception as error:
        return f"**{type(error).__name__}: {error}**"
    rows, aside = sum(map(len, read.tables)), Counter(read.refused["reason"])
    shown = ", ".join(f"{n:,} {reason}" for reason, n in aside.most_common())
    text = f"rows {rows:,}" + (f" in {len(read.tables)} tables" if len(read.tables) > 1 else "")
    text += f"; aside {shown}" if shown else ""
    if counted is None:
        return text
    return f"{text}; counted {counted:,}" + ("" if counted == rows + len(read.refused) else " **unequal**")


def count_rows(path: Path) -> int | None:
    """The physical rows of a file by another way of counting; None where there is none."""
    start = path.read_bytes()[:8]
    if start.startswith(b"PAR1"):
        import pyarrow.parquet as pq

        return pq.ParquetFile(path).metadata.num_rows
    if start.startswith((b"PK", b"\xd0\xcf", b"\x09")):
        from python_calamine import CalamineWorkbook, SheetTypeEnum

        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        names = [one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        return sum(sheet.end[0] + 1 for sheet in map(book.get_sheet_by_name, names) if sheet.end is not None)
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return None
    from crmlib.intake.delimited import ONE_COLUMN, read_delimited
    from crmlib.intake.encodings import decode

    text = decode(path.read_bytes(), file=path.name).text
    delimiter = read_delimited(text, file=path.name).delimiter
    if delimiter in (ONE_COLUMN, " "):
        return len(text.splitlines())
    try:
        return sum(1 for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
