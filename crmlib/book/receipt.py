"""The receipt of an import: what each file was taken for, which header became which field and why, what is new."""

from collections.abc import Iterator

import pandas as pd

from crmlib.book.batches import Batch, Sheet
from crmlib.book.build import Built
from crmlib.dictionary import DICTIONARY
from crmlib.labels import Say

SHOWN_CHANGES = 5


def file_lines(batch: Batch, *, say: Say) -> Iterator[str]:
    """What one file was taken for, then of each sheet its headers, its unknown columns, and what was noticed."""
    parts = []
    for sheet in batch.sheets:
        name = f"{sheet['sheet']}：" if sheet["sheet"] and len(batch.sheets) > 1 else ""
        table = sheet["table"]
        word = DICTIONARY.tables[table].word(say.lang) if table else say(f"reason.{sheet['refusal']}")
        parts.append(f"{name}{word} {sheet['physical']:,}")
    yield say("import.file", file=batch.file, parts=say("list.separator").join(parts) or "–")
    for note in batch.notes:
        yield f"    {note.message(say.lang)}"
    for sheet in batch.sheets:
        name = f"{sheet['sheet']} · " if len(batch.sheets) > 1 else ""
        if sheet["columns"]:
            yield f"    {name}" + say("import.headers", pairs=say("list.separator").join(_pairs(sheet["columns"], say)))
        for note in sheet["notes"]:
            yield f"    {name}{note.message(say.lang)}"


def _pairs(columns: list[dict], say: Say) -> Iterator[str]:
    """单位名称→客户名称: a header that is the field's own name is said alone, a near one with its distance."""
    for column in columns:
        field = DICTIONARY.tables[column["table"]].fields.get(column["field"])
        word = field.word(say.lang) if field else column["field"]
        near = f" ({say('how.near')} {column['distance']})" if column["distance"] else ""
        yield column["header"] if column["header"] == word else f"{column['header']}→{word}{near}"


def news_lines(built: Built, batches: list[Batch], *, say: Say) -> Iterator[str]:
    """Of each file just read the rows that are new, changed and unchanged, with the first few changes."""
    changes = built.book.frame(built.book.table("changes"))
    counts = built.balance.set_index("batch")
    for batch in batches:
        mine = changes[changes["batch"].eq(batch.sequence)]
        one, changed = counts.loc[batch.sequence], mine["row_id"].nunique()
        terms = {"new": one["kept"] - changed, "changed": changed, "same": one["unchanged"]}
        told = [say(f"import.{term}", n=f"{n:,}", cells=f"{len(mine):,}") for term, n in terms.items() if n]
        yield say("import.file", file=batch.file, parts=say("list.separator").join(told) or "0")
        for change in mine.head(SHOWN_CHANGES).itertuples():
            field = DICTIONARY.tables[change.table].fields.get(change.field)
            old, new = ("–" if pd.isna(side) else side for side in (change.old, change.new))
            word = field.word(say.lang) if field else change.field
            yield "    " + say("import.change", line=change.line, field=word, old=old, new=new)


def count_issues(batches: list[Batch], *, say: Say) -> pd.DataFrame:
    """What was quarantined, emptied or doubted when the files were read: one row per reason and severity, with n."""
    issues = [Sheet(batch, n).issues() for batch in batches for n in range(len(batch.sheets))]
    issues = [frame[["reason", "severity"]] for frame in issues if len(frame)]
    if not issues:
        return pd.DataFrame(columns=["reason", "severity", "n"])
    counts = pd.concat(issues).value_counts().rename("n").reset_index()
    words = counts["reason"].map(lambda r: say.get(f"reason.{r}", r))
    return counts.assign(reason=words, severity=counts["severity"].map(lambda s: say(f"severity.{s}")))


def header_table(batches: list[Batch], *, say: Say) -> pd.DataFrame:
    """Which header became which field and how: one row per column of each sheet."""
    how = say("import.column_names").split("|")
    rows = []
    for batch in batches:
        for sheet in batch.sheets:
            for column in sheet["columns"]:
                field = DICTIONARY.tables[column["table"]].fields.get(column["field"])
                word = field.word(say.lang) if field else column["field"]
                table = DICTIONARY.tables[column["table"]].word(say.lang)
                rows.append(
                    [batch.file, sheet["sheet"], column["header"], f"{table}·{word}", say(f"how.{column['how']}")]
                )
            rows += [[batch.file, sheet["sheet"], header, "", say("how.custom")] for header in sheet["custom"]]
    return pd.DataFrame(rows, columns=how)
