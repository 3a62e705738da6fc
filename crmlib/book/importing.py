"""Files into the book's store: what is new is read and kept, what was seen is passed over, nothing is kept by halves."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from crmlib.book import batches as kept
from crmlib.book.corrections import Corrections
from crmlib.book.receipt import file_lines
from crmlib.book.shelf import set_aside
from crmlib.book.taking import Taking, take_sheet
from crmlib.book.work import Work
from crmlib.dictionary import DICTIONARY
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.inputs import Input, book_origin, home_inputs, list_others
from crmlib.keys import Key, load_key
from crmlib.labels import Say
from crmlib.returned import sheet_kind
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
        if sheet_kind(one.path):
            for line in take_sheet(Taking(home, one, key, dictionary, received_on, say)):
                tell(line)
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


def import_inputs(work: Work, *, inbox: str = "", received_on: str = "", origin: str = "") -> Imported:
    """import_files for a notebook: `inbox` is a JSON list of [path, name, system, member], "" finds the files itself."""
    found, kind = home_inputs(work.home)
    for name in list_others([work.home.inbox]) if work.home.inbox.is_dir() else ():
        print(work.say("import.passed_over", file=name))
    given = [Input(Path(path), *rest) for path, *rest in json.loads(inbox)] if inbox else found
    day = date.fromisoformat(received_on) if received_on else work.as_of
    return import_files(work.home, given, settings=work.settings, origin=origin or kind, received_on=day, say=work.say)
