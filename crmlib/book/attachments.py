"""Attachments: files that rows point to and that are not there. They are looked for, never opened and never copied."""

from pathlib import Path

import pandas as pd

from crmlib.book.shelf import Book
from crmlib.home import Home

HOLDERS = ("customers", "orders")  # tables with an attachment


def missing_attachments(book: Book, home: Home) -> pd.DataFrame:
    """One row per attachment that is neither at its path nor at it under the inbox, beside the source file, or the home:
    table, row_id, customer_id, path. An address (https://…) is not looked up."""
    parts = []
    for name in HOLDERS:
        rows = book.table(name)
        if "attachment" in rows.columns:
            told = rows.filter(rows.attachment.notnull()).select("row_id", "customer_id", path="attachment")
            parts.append(book.frame(told).assign(table=name))
    told = pd.concat(parts or [pd.DataFrame(columns=["row_id", "customer_id", "path", "table"])], ignore_index=True)
    if not len(told):
        return told[["table", "row_id", "customer_id", "path"]]
    records = book.frame(book.table("records").select("row_id", "source_file")).drop_duplicates("row_id")
    beside = told["row_id"].map(records.set_index("row_id")["source_file"])
    there = [_is_there(path, home, source) for path, source in zip(told["path"], beside, strict=True)]
    gone = told[[not one for one in there]]
    return gone[["table", "row_id", "customer_id", "path"]].sort_values(["table", "path", "row_id"], ignore_index=True)


def _is_there(path: str, home: Home, source: object) -> bool:
    if "://" in path:
        return True
    place = Path(path.replace("\\", "/"))
    folders = [home.inbox, home.root, *([home.inbox / Path(source).parent] if isinstance(source, str) else [])]
    try:
        return any((folder / place).is_file() for folder in folders)
    except (OSError, ValueError):  # a name that no file can have
        return False
