"""The ledger keeps every line, and takes none back but by another."""

import sqlite3
from datetime import datetime

import pytest

from crmlib.book.ledger import append_lines, read_lines, undo_line
from crmlib.errors import UsageError

NOON = datetime(2024, 7, 1, 12)


def write(place, *subjects, kind="decision"):
    return append_lines(place, kind, subjects, who="周示例", at=NOON, why="电话核实")


def test_lines_come_back_as_they_were_written(place):
    write(place, {"a": 1}, {"a": "二"})
    lines = read_lines(place)
    assert [(one.id, one.subject, one.at, one.who, one.why) for one in lines] == [
        (1, {"a": 1}, NOON, "周示例", "电话核实"),
        (2, {"a": "二"}, NOON, "周示例", "电话核实"),
    ]
    assert read_lines(place, "correction") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lines SET who = 'x'",
        "DELETE FROM lines",
        "REPLACE INTO lines (id, at, who, kind, subject) VALUES (1, 'x', 'x', 'entry', '{}')",
        "INSERT OR REPLACE INTO lines (id, at, who, kind, subject) VALUES (1, 'x', 'x', 'entry', '{}')",
    ],
)
def test_no_statement_changes_or_removes_a_line(place, statement):
    write(place, {"a": 1})
    with sqlite3.connect(place.ledger) as ledger, pytest.raises(sqlite3.IntegrityError, match="append only"):
        ledger.execute(statement)
    ledger.close()
    assert [one.who for one in read_lines(place)] == ["周示例"]


def test_all_subjects_are_written_or_none(place):
    with pytest.raises(TypeError):
        write(place, {"a": 1}, {"a": {1, 2}})
    assert read_lines(place) == []


def test_an_undone_line_no_longer_holds_and_an_undone_undo_gives_it_back(place):
    write(place, {"a": 1}, {"a": 2})
    undo = undo_line(place, 1, who="周示例", at=NOON)
    assert [one.subject for one in read_lines(place, "decision")] == [{"a": 2}]
    assert len(read_lines(place, undone=True)) == 3
    undo_line(place, undo, who="周示例", at=NOON)
    assert [one.subject for one in read_lines(place, "decision")] == [{"a": 1}, {"a": 2}]


def test_what_is_not_there_or_undone_cannot_be_undone(place):
    write(place, {"a": 1})
    undo_line(place, 1, who="周示例", at=NOON)
    with pytest.raises(UsageError, match="已经撤销"):
        undo_line(place, 1, who="周示例", at=NOON)
    with pytest.raises(UsageError, match="没有第 9 条"):
        undo_line(place, 9, who="周示例", at=NOON)


def test_writing_survives_and_is_synced_to_the_disk(place):
    write(place, {"a": 1})
    with sqlite3.connect(place.ledger) as ledger:
        assert ledger.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    ledger.close()
