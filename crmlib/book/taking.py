"""Sheets of ours that people filled in and dropped back: what each kind says goes to the ledger, once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property

from crmlib.book import amendments, decisions, follow_up, quarantine_sheet, review_sheet, spotcheck, tag_sheet
from crmlib.book.batches import list_batches
from crmlib.book.corrections import add_corrections
from crmlib.book.form import is_filling, write_form
from crmlib.book.ledger import known_sources
from crmlib.book.shelf import Book, current_version, open_book
from crmlib.dictionary import Dictionary
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.inputs import Input
from crmlib.keys import Key
from crmlib.labels import Say
from crmlib.returned import last_author, sheet_kind


@dataclass(frozen=True)
class Taking:
    """A sheet that came back, and what it is taken with."""

    home: Home
    sheet: Input
    key: Key
    dictionary: Dictionary
    on: date
    say: Say

    @property
    def file(self) -> str:
        return self.sheet.name

    @property
    def at(self) -> datetime:
        return datetime.combine(self.on, time())

    @cached_property
    def who(self) -> str:
        """Who saved it last, where its program says so."""
        return last_author(self.sheet.path) or self.file

    @cached_property
    def source(self) -> str:
        return self.sheet.sha256()

    @cached_property
    def book(self) -> Book:
        if current_version(self.home) is None:
            raise DataError("error.sheet_no_book", file=self.file)
        return open_book(self.home)


def take_sheet(one: Taking) -> Iterator[str]:
    """Writes to the ledger what the sheet says, and yields what to tell. Raises DataError for a kind that is not known."""
    if one.source in known_sources(one.home):
        yield one.say("import.seen", file=one.file)
    elif (kind := sheet_kind(one.sheet.path)) in _TAKERS:
        yield from _TAKERS[kind](one)
    else:
        raise DataError("error.sheet_kind", file=one.file, kind=kind)


def _take_quarantine(one: Taking) -> Iterator[str]:
    found = quarantine_sheet.read_quarantine(
        one.sheet.path,
        one.book,
        list_batches(one.home),
        home=one.home,
        key=one.key,
        dictionary=one.dictionary,
        file=one.file,
    )
    add_corrections(one.home, found.corrections, key=one.key, source=one.source, who=one.who, at=one.at)
    yield one.say("import.corrected", file=one.file, rows=found.rows, cells=len(found.corrections))
    if found.unknown:
        yield one.say("import.corrected_unknown", file=one.file, n=found.unknown)


def _take_review(one: Taking) -> Iterator[str]:
    answers = review_sheet.read_review(one.sheet.path, file=one.file)
    decisions.add_decisions(one.home, answers.decisions, who=one.who, at=one.at, source=one.source)
    yield one.say("import.decided", file=one.file, n=len(answers.decisions), unsure=answers.unsure)
    if answers.unread:
        yield one.say("import.undecided", file=one.file, cells=", ".join(answers.unread[:5]))


def _take_amendments(one: Taking) -> Iterator[str]:
    words = {"dictionary": one.dictionary, "say": one.say}
    taken, refused = amendments.read_amendments(one.sheet.path, one.book, on=one.on, file=one.file, **words)
    amendments.add_amendments(one.home, taken, dictionary=one.dictionary, key=one.key, source=one.source, at=one.at)
    yield one.say("import.amended", file=one.file, n=len(taken))
    if refused:
        rest = one.home.todo / "amendments.xlsx"
        if is_filling(one.home, rest, amendments.KIND):
            rest = rest.with_stem(f"amendments_{one.source[:8]}")
        write_form(rest, amendments.KIND, amendments.amendment_pages(rows=refused, **words), say=one.say)
        yield one.say("import.not_amended", file=one.file, n=len(refused), why=refused[0].reason, path=rest)


def _take_spot_check(one: Taking) -> Iterator[str]:
    checked = spotcheck.read_spot_check(one.sheet.path, file=one.file)
    lines = spotcheck.add_spot_check(one.home, checked, who=one.who, at=one.at, source=one.source)
    yield one.say("import.checked", file=one.file, n=len(lines))


def _take_tags(one: Taking) -> Iterator[str]:
    entries, unread = tag_sheet.read_tag_sheet(one.sheet.path, one.book, file=one.file)
    tag_sheet.add_tags(one.home, entries, who=one.who, at=one.at, source=one.source)
    yield one.say("import.tagged", file=one.file, n=len(entries))
    if unread:
        yield one.say("import.not_tagged", file=one.file, cells=", ".join(unread[:5]))


def _take_follow_up(one: Taking) -> Iterator[str]:
    notes, unread = follow_up.read_review_sheet(one.sheet.path, file=one.file)
    follow_up.add_notes(one.home, notes, who=one.who, at=one.at, source=one.source)
    yield one.say("import.reviewed", file=one.file, n=len(notes))
    if unread:
        yield one.say("import.not_reviewed", file=one.file, cells=", ".join(unread[:5]))


_TAKERS: dict[str, Callable[[Taking], Iterator[str]]] = {
    quarantine_sheet.KIND: _take_quarantine,
    review_sheet.KIND: _take_review,
    amendments.KIND: _take_amendments,
    spotcheck.KIND: _take_spot_check,
    tag_sheet.KIND: _take_tags,
    follow_up.KIND: _take_follow_up,
}
