"""How good the matching is: what each rule united and asked, how often people agreed, and how it stands against known truth."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmlib.book.shelf import Book
from crmlib.errors import DataError
from crmlib.intervals import wilson

ENOUGH = 10  # judged pairs from which on a share is shown
_LABELS = {"row_id": "row_id", "行": "row_id", "source_file": "source_file", "文件": "source_file", "sheet": "sheet",
           "工作表": "sheet", "line": "line", "行号": "line", "entity": "entity", "真实客户": "entity"}  # fmt: skip


class Facts(NamedTuple):
    """rows: customer rows. customers: what they became. largest: rows of the largest customer. asked: pairs in review.
    vetoed: of them those that a veto kept apart. hubs, placeholders: values that are no evidence of anyone."""

    rows: int
    customers: int
    largest: int
    asked: int
    vetoed: int
    hubs: int
    placeholders: int


class Agreement(NamedTuple):
    """Pairs of labelled rows: truly one customer, called one, both. n: labelled rows that the book knows."""

    n: int
    true: int
    called: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / self.called if self.called else float("nan")

    @property
    def recall(self) -> float:
        return self.both / self.true if self.true else float("nan")

    @property
    def f1(self) -> float:
        return 2 * self.both / (self.called + self.true) if self.called + self.true else float("nan")


def rule_quality(book: Book, *, decided: pd.DataFrame) -> pd.DataFrame:
    """One row per rule: rule, united and asked (pairs), judged, right (judged the same), share, low, high.

    The share and its Wilson interval (95 %) are missing below ENOUGH judged pairs.
    """
    united = book.frame(book.table("links").group_by("rule").agg(united=_count))
    asked = book.frame(book.table("review").group_by("rule").agg(asked=_count))
    judged = (
        decided[decided["rule"].ne("")]
        .groupby("rule")["decision"]
        .agg(judged="size", right=lambda d: d.eq("same").sum())
    )
    table = united.merge(asked, on="rule", how="outer").merge(judged.reset_index(), on="rule", how="left")
    counts = ["united", "asked", "judged", "right"]
    table = table.assign(**{c: table[c].fillna(0).astype("int64") for c in counts})
    shares = [_share(right, n) for right, n in zip(table["right"], table["judged"], strict=True)]
    return pd.concat(
        [table, pd.DataFrame(shares, columns=["share", "low", "high"], index=table.index)], axis=1
    ).sort_values("united", ascending=False, ignore_index=True)


def match_facts(book: Book) -> Facts:
    """The figures of the book's matching."""
    registry = book.frame(book.table("registry").select("row_id", "customer_id"))
    records = book.frame(book.table("records").select("row_id", "customer_id", "table", "status"))
    own = records[
        records["table"].eq("customers") & records["status"].ne("quarantined") & records["customer_id"].notna()
    ]
    sizes = own.drop_duplicates("row_id").groupby("customer_id").size()
    review = book.frame(book.table("review").select("reason"))["reason"]
    ignored = book.frame(book.table("ignored"))["reason"] if "ignored" in book.names else pd.Series(dtype="str")
    return Facts(
        rows=len(registry),
        customers=book.count("customers"),
        largest=int(sizes.max()) if len(sizes) else 0,
        asked=len(review),
        vetoed=int(review.eq("VETOED").sum()),
        hubs=int(ignored.eq("HUB").sum()),
        placeholders=int(ignored.eq("PLACEHOLDER").sum()),
    )


def read_labels(path: Path) -> pd.DataFrame:
    """LABELS.csv: entity (真实客户), and row_id (行) or source_file, sheet, line (文件、工作表、行号) of a row. DataError else."""
    try:
        labels = pd.read_csv(path, dtype="str", encoding="utf-8-sig").rename(
            columns=lambda c: _LABELS.get(c.strip(), c)
        )
    except (OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise DataError("error.file_unreadable", file=path.name, detail=error) from None
    if "entity" not in labels or not ({"row_id"} <= set(labels) or {"source_file", "line"} <= set(labels)):
        raise DataError("error.labels_columns", file=path.name, found=", ".join(labels.columns))
    return labels.dropna(subset=["entity"])


def compare_labels(book: Book, labels: pd.DataFrame) -> Agreement:
    """How the book's customers agree with the true ones, over all pairs of labelled rows."""
    records = (
        book.frame(book.table("records")).dropna(subset=["customer_id"]).assign(line=lambda r: r["line"].astype("str"))
    )
    if "row_id" in labels:
        known = records.drop_duplicates("row_id")
        on = ["row_id"]
    else:
        on = ["source_file", *(["sheet"] if "sheet" in labels else []), "line"]
        known = records.assign(sheet=records["sheet"].fillna("")).drop_duplicates(on)
        labels = labels.assign(sheet=labels["sheet"].fillna("")) if "sheet" in labels else labels
    both = labels.merge(known[[*on, "customer_id"]], on=on)
    called, true = (_pairs(both.groupby(one).size()) for one in ("customer_id", "entity"))
    return Agreement(len(both), true, called, _pairs(both.groupby(["customer_id", "entity"]).size()))


def _count(rows):
    return rows.count()


def _pairs(sizes: pd.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _share(right: int, n: int) -> tuple[float, float, float]:
    if n < ENOUGH:
        return (np.nan, np.nan, np.nan)
    return (right / n, *wilson(int(right), int(n)))
