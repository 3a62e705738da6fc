"""The ledger: what people entered, put right and decided, one line each; a line is never changed, only undone by a later one."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, Literal, NamedTuple

from crmlib.errors import DataError, UsageError
from crmlib.home import Home

Kind = Literal["correction", "decision", "entry", "undo"]

# REPLACE deletes a row without asking the delete trigger: an id that is there refuses the insert instead
_SCHEMA = """
CREATE TABLE IF NOT EXISTS lines (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       TEXT NOT NULL,
    who      TEXT NOT NULL CHECK (who <> ''),
    kind     TEXT NOT NULL CHECK (kind IN ('correction', 'decision', 'entry', 'undo')),
    subject  TEXT NOT NULL CHECK (json_valid(subject)),
    sealed   TEXT,
    why      TEXT NOT NULL DEFAULT ''
);
CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON lines BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS never_removed BEFORE DELETE ON lines BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS never_replaced BEFORE INSERT ON lines
    WHEN NEW.id IN (SELECT id FROM lines) BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
_COLUMNS = "id, at, who, kind, subject, sealed, why"


class Line(NamedTuple):
    """One line. `subject` says what is meant, masked; `sealed` names the vault's batch with its personal values."""

    id: int
    at: datetime
    who: str
    kind: Kind
    subject: dict[str, Any]
    sealed: str | None
    why: str


def append_lines(
    home: Home,
    kind: Kind,
    subjects: Iterable[dict[str, Any]],
    *,
    who: str,
    at: datetime,
    why: str = "",
    sealed: str | None = None,
) -> list[int]:
    """Write one line per subject, all or none. Returns their ids."""
    home.data.mkdir(parents=True, exist_ok=True)
    with _open(home) as ledger, ledger:
        stamp = at.isoformat(timespec="seconds")
        insert = "INSERT INTO lines (at, who, kind, subject, sealed, why) VALUES (?, ?, ?, ?, ?, ?)"
        texts = (json.dumps(one, ensure_ascii=False, sort_keys=True) for one in subjects)
        return [ledger.execute(insert, (stamp, who, kind, text, sealed, why)).lastrowid for text in texts]


def read_lines(home: Home, kind: Kind | None = None, *, undone: bool = False) -> list[Line]:
    """The lines that hold, oldest first; with `undone` those that were undone too."""
    if not home.ledger.is_file():
        return []
    with _open(home) as ledger:
        lines = [_line(row) for row in ledger.execute(f"SELECT {_COLUMNS} FROM lines ORDER BY id")]
    gone: set[int] = set()
    for line in reversed(lines):  # an undo that was itself undone takes nothing back
        if line.kind == "undo" and line.id not in gone:
            gone.add(line.subject["id"])
    return [line for line in lines if kind in (None, line.kind) and (undone or line.id not in gone)]


def undo_line(home: Home, id: int, *, who: str, at: datetime, why: str = "") -> int:
    """Take a line back by a further one; of the lines that were written together, that one alone. Returns its id.

    Raises UsageError where there is no such line, or where it is undone already.
    """
    known = {line.id for line in read_lines(home, undone=True)}
    if id not in known:
        raise UsageError("error.ledger_no_line", id=id, last=max(known, default=0))
    if id not in {line.id for line in read_lines(home)}:
        raise UsageError("error.ledger_undone", id=id)
    return append_lines(home, "undo", [{"id": id}], who=who, at=at, why=why)[0]


def known_sources(home: Home) -> set[str]:
    """The hashes of the sheets that were taken before, also where what they said was undone since."""
    return {source for line in read_lines(home, undone=True) if (source := line.subject.get("source"))}


def _line(row: tuple) -> Line:
    id, at, who, kind, subject, sealed, why = row
    return Line(id, datetime.fromisoformat(at), who, kind, json.loads(subject), sealed, why)


@contextmanager
def _open(home: Home) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(home.ledger, timeout=30)) as ledger:
            ledger.execute("PRAGMA journal_mode = WAL")
            ledger.execute("PRAGMA synchronous = FULL")
            ledger.executescript(_SCHEMA)
            yield ledger
    except sqlite3.DatabaseError as error:
        raise DataError("error.ledger_unreadable", path=home.ledger, detail=error) from error
