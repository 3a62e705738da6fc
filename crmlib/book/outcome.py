"""What became of each physical row: kept, merged, unchanged or quarantined, and every fault with its place and reason."""

import pandas as pd
import pyarrow.parquet as pq

from crmlib.book.assemble import Sheets
from crmlib.book.batches import Batch, to_frame
from crmlib.intake.headers import NOT_RECORDS

FAULT = ["source_file", "sheet", "line", "table", "field", "value", "reason", "suggestion", "batch"]
_ORDER = ["source_file", "sheet", "line", "field", "reason"]


def trace_rows(
    batches: list[Batch], sheets: Sheets, by_line: pd.DataFrame, lost: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """records, quarantine and warnings, and the rows that are no data (batch, sheet, line, reason).

    records: one row per physical row of data. quarantine and warnings: one row per fault; `suggestion` is a label.
    """
    index = sheets.index.merge(by_line[["sheet", "line", "customer_id", "fault"]], on=["sheet", "line"], how="left")
    nobody = pd.MultiIndex.from_frame(lost[["sheet", "line"]])
    if len(nobody):
        gone = pd.MultiIndex.from_frame(index[["sheet", "line"]]).isin(nobody)
        index = index.assign(quarantined=index["quarantined"] | gone)
    unknown, not_data = _set_aside(batches)
    records = pd.concat([_records(index, sheets), _unknown_records(unknown, batches)], ignore_index=True)
    doubtful = index[index["fault"].notna() & ~index["quarantined"]]
    faults = [
        *(
            s.issues().assign(source_file=s.batch.file, sheet=s.about["sheet"], batch=s.batch.sequence)
            for s in sheets.about
        ),
        _placed(lost, sheets).assign(field="customer_id", severity="error"),
        _placed(doubtful.assign(reason=doubtful["fault"]), sheets).assign(field="customer_id", severity="warning"),
        unknown.assign(severity="error"),
    ]
    every = pd.concat(
        [one for one in faults if len(one)] or [pd.DataFrame(columns=[*FAULT, "severity"])], ignore_index=True
    )
    every = every.assign(suggestion="fix." + every["reason"].astype("str")).reindex(columns=[*FAULT, "severity"])
    bad = every["severity"].eq("error")
    return {
        "records": records.sort_values(["source_file", "sheet", "line", "batch"], ignore_index=True),
        "quarantine": every.loc[bad, FAULT].sort_values(_ORDER, ignore_index=True),
        "warnings": every[~bad]
        .assign(emptied=every["severity"].eq("cell"))[[*FAULT, "emptied"]]
        .sort_values(_ORDER, ignore_index=True),
    }, not_data


def _records(index: pd.DataFrame, sheets: Sheets) -> pd.DataFrame:
    first = index["table"].eq("customers") & index["current"] & ~index["quarantined"] & index["customer_id"].notna()
    again = index["customer_id"].where(first).duplicated() & first
    place = {n: (s.batch.file, s.about["sheet"], s.about["system"]) for n, s in enumerate(sheets.about)}
    file, sheet, system = ({n: at[k] for n, at in place.items()} for k in range(3))
    provenance = {n: "third_party" if s.about.get("third_party") else "own" for n, s in enumerate(sheets.about)}
    return pd.DataFrame(
        {
            "row_id": index["row_id"],
            "source_system": index["sheet"].map(system),
            "provenance": index["sheet"].map(provenance),
            "source_file": index["sheet"].map(file),
            "sheet": index["sheet"].map(sheet),
            "line": index["line"],
            "table": index["table"],
            "customer_id": index["customer_id"],
            "status": index["seen"].mask(again, "merged").mask(index["quarantined"], "quarantined"),
            "batch": index["batch"],
        }
    )


def _placed(rows: pd.DataFrame, sheets: Sheets) -> pd.DataFrame:
    """Rows that name their sheet by number, with the names of file, sheet and table instead."""
    file = {n: s.batch.file for n, s in enumerate(sheets.about)}
    name = {n: s.about["sheet"] for n, s in enumerate(sheets.about)}
    table = {n: s.table for n, s in enumerate(sheets.about)}
    columns = [c for c in ("line", "value", "reason") if c in rows]
    batch = {n: s.batch.sequence for n, s in enumerate(sheets.about)}
    of = {"source_file": file, "sheet": name, "table": table, "batch": batch}
    return rows[columns].assign(**{column: rows["sheet"].map(known) for column, known in of.items()})


def _unknown_records(unknown: pd.DataFrame, batches: list[Batch]) -> pd.DataFrame:
    """Rows of a sheet that is no known table, and rows that the reader refused: records without an id."""
    rows = unknown.drop_duplicates(["batch", "sheet", "line"])
    system = {batch.sequence: batch.system for batch in batches}
    told = rows[["source_file", "sheet", "line", "batch"]]
    return told.assign(source_system=rows["batch"].map(system), status="quarantined")


def _set_aside(batches: list[Batch]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What never became a row: refused ones as faults, and what is no data, by kind."""
    faults, not_data = [], []
    for batch in batches:
        about = {"source_file": batch.file, "batch": batch.sequence}
        refused = to_frame(pq.read_table(batch.folder / "refused.parquet"))
        if len(refused):
            bad = refused["kind"].eq("refused")
            faults.append(refused[bad].rename(columns={"excerpt": "value"}).assign(**about))
            not_data.append(refused[~bad].assign(**about))
        for n, sheet in enumerate(batch.sheets):
            if not sheet["table"]:
                lines = to_frame(pq.read_table(batch.folder / f"{n}.raw.parquet", columns=["line"]))
                rows = lines.assign(sheet=sheet["sheet"], reason=sheet["refusal"], **about)
                (not_data if sheet["refusal"] in NOT_RECORDS else faults).append(rows)
    columns = ["source_file", "batch", "sheet", "line", "reason", "value"]
    none = pd.DataFrame(columns=columns)
    return tuple(
        pd.concat([one for one in some if len(one)] or [none], ignore_index=True).reindex(columns=columns)
        for some in (faults, not_data)
    )
