"""Files into the book's store: what is new is read and kept, what was seen is passed over, nothing is kept by halves."""

import json
import shutil
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import NamedTuple

from crmlib.book import batches as kept
from crmlib.book.amendments import KIND as AMENDMENTS
from crmlib.book.amendments import add_amendments, read_amendments, write_amendments
from crmlib.book.corrections import Corrections, add_corrections
from crmlib.book.decisions import add_decisions
from crmlib.book.ledger import known_sources
from crmlib.book.quarantine_sheet import KIND as QUARANTINE
from crmlib.book.quarantine_sheet import read_quarantine
from crmlib.book.receipt import file_lines
from crmlib.book.review_sheet import KIND as REVIEW
from crmlib.book.review_sheet import read_review
from crmlib.book.shelf import Book, current_version, open_book, set_aside
from crmlib.book.spotcheck import KIND as SPOT_CHECK
from crmlib.book.spotcheck import add_spot_check, read_spot_check
from crmlib.book.work import Work
from crmlib.dictionary import DICTIONARY, Dictionary
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.inputs import Input, book_origin, home_inputs, list_others
from crmlib.keys import Key, load_key
from crmlib.labels import Say
from crmlib.returned import last_author, sheet_kind
from crmlib.settings import Settings


class Imported(NamedTuple):
    """new: the batches just read. seen: those of files that were read before, byte for byte. key: the vault's."""

    new: list[kept.Batch]
    seen: list[kept.Batch]
    key: Key

    @property
    def batches(self) -> list[kept.Batch]:
        return [*self.seen, *self.new]


def import_files(
    home: Home,
    inputs: list[Input],
    *,
    settings: Settings,
    origin: str,
    received_on: date,
    say: Say,
    tell: Callable[[str], None] = print,
    table: str = "",
) -> Imported:
    """Keep every file that was not seen before. Raises DataError naming every file that is none: then none is kept."""
    if book_origin(home) not in ("", origin):  # a book holds the sample or own data, never both
        tell(say("import.set_aside", path=set_aside(home, book_origin(home))))
    key = load_key(home, mint=True, sample=origin == "sample")
    if key.minted:
        tell(say("import.key_minted", path=key.path))
    (home.book / "ORIGIN").write_text(origin, encoding="utf-8")
    batches = kept.list_batches(home)
    known = {(one.system, one.file, one.sha256): one for one in batches}
    dictionary = DICTIONARY.with_fields(settings.own_fields())
    for one in inputs:
        if kind := sheet_kind(one.path):
            take_returned(home, one, kind, key=key, dictionary=dictionary, at=received_on, say=say, tell=tell)
    inputs = [one for one in inputs if not sheet_kind(one.path)]
    reader = kept.Reader(home, settings, dictionary, key, Corrections(home, key))
    new, seen, problems = [], [], []
    for one in inputs:
        if not one.may_be_table:
            tell(say("import.passed_over", file=one.name))
            continue
        if batch := known.get((one.system, one.name, one.sha256())):
            seen.append(batch)
            tell(say("import.seen", file=batch.file))
            continue
        sequence = (batches[-1].sequence if batches else 0) + len(new) + 1
        try:
            batch = reader.stage(one, sequence=sequence, received_on=received_on, origin=origin, table=table)
        except DataError as error:
            if one.member is not None and error.key == "error.file_not_table":
                tell(say("import.passed_over", file=one.name))  # the readme that lies beside the tables
                continue
            problems.append(error)
            continue
        new.append(batch)
        for line in file_lines(batch, say=say):
            tell(line)
    if problems:
        for batch in new:
            shutil.rmtree(batch.folder)
            for sealed in home.vault.glob(f"{batch.folder.name}-*"):
                sealed.unlink()
        raise DataError.of(problems)
    return Imported(new, seen, key)


def take_returned(
    home: Home,
    one: Input,
    kind: str,
    *,
    key: Key,
    dictionary: Dictionary,
    at: date,
    say: Say,
    tell: Callable[[str], None],
) -> None:
    """A sheet of ours that somebody filled in: what it says goes to the ledger, once."""
    source, when = one.sha256(), datetime.combine(at, time())
    if source in known_sources(home):
        tell(say("import.seen", file=one.name))
    elif kind == QUARANTINE:
        found = read_quarantine(
            one.path,
            _book(home, one),
            kept.list_batches(home),
            home=home,
            key=key,
            dictionary=dictionary,
            file=one.name,
        )
        add_corrections(home, found.corrections, key=key, source=source, who=last_author(one.path) or one.name, at=when)
        tell(say("import.corrected", file=one.name, rows=found.rows, cells=len(found.corrections)))
        if found.unknown:
            tell(say("import.corrected_unknown", file=one.name, n=found.unknown))
    elif kind == REVIEW:
        answers = read_review(one.path, file=one.name)
        add_decisions(home, answers.decisions, who=last_author(one.path) or one.name, at=when, source=source)
        tell(say("import.decided", file=one.name, n=len(answers.decisions), unsure=answers.unsure))
        if answers.unread:
            tell(say("import.undecided", file=one.name, cells=", ".join(answers.unread[:5])))
    elif kind == AMENDMENTS:
        taken, refused = read_amendments(
            one.path, _book(home, one), dictionary=dictionary, on=at, file=one.name, say=say
        )
        add_amendments(home, taken, dictionary=dictionary, key=key, source=source, at=when)
        tell(say("import.amended", file=one.name, n=len(taken)))
        if refused:
            rest = home.todo / "amendments.xlsx"
            write_amendments(rest, dictionary=dictionary, say=say, rows=refused)
            tell(say("import.not_amended", file=one.name, n=len(refused), why=refused[0].reason, path=rest))
    elif kind == SPOT_CHECK:
        lines = add_spot_check(
            home,
            read_spot_check(one.path, file=one.name),
            who=last_author(one.path) or one.name,
            at=when,
            source=source,
        )
        tell(say("import.checked", file=one.name, n=len(lines)))
    else:
        raise DataError("error.sheet_kind", file=one.name, kind=kind)


def _book(home: Home, one: Input) -> Book:
    if current_version(home) is None:
        raise DataError("error.sheet_no_book", file=one.name)
    return open_book(home)


def import_inputs(work: Work, *, inbox: str = "", received_on: str = "", origin: str = "") -> Imported:
    """import_files for a notebook: `inbox` is a JSON list of [path, name, system, member], "" finds the files itself."""
    found, kind = home_inputs(work.home)
    for name in list_others([work.home.inbox]) if work.home.inbox.is_dir() else ():
        print(work.say("import.passed_over", file=name))
    given = [Input(Path(path), *rest) for path, *rest in json.loads(inbox)] if inbox else found
    day = date.fromisoformat(received_on) if received_on else work.as_of
    return import_files(work.home, given, settings=work.settings, origin=origin or kind, received_on=day, say=work.say)
