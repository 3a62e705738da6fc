"""The export guard: whatever a run publishes is searched for personal values, and held back where there is one."""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.book.pieces import Pieces, read_pieces
from crmlib.book.vault import list_batches, open_batch
from crmlib.errors import CheckError, DataError, KeyMissing
from crmlib.home import Home
from crmlib.keys import Key, load_key
from crmlib.masking import CANDIDATE, MASKS, Span, find_personal

COLUMNS = ["file", "place", "kind", "excerpt"]
_HAN_RUN = re.compile(r"[\u3400-\u9fff·]{2,}")
_TITLE = re.compile(r"先生|女士|小姐|经理|总监|主任|老师|总$")


def scan_files(paths: str | Path | Iterable[str | Path], *, known_names: Collection[str] | None = None) -> pd.DataFrame:
    """One row per personal value found in the files, or in all files under a folder: file, place, kind, masked excerpt.

    known_names: full names of people to look for as well; without them names are not found. A value that a table column
    repeats is given once, at its first row; a damaged file is a finding of kind "unreadable". `.attrs["skipped"]` lists the files that hold no text (pictures, fonts).
    """
    names = Names(known_names or ())
    rows: list[tuple[str, str, str, str]] = []
    skipped: list[str] = []
    for file, shown in _files([paths] if isinstance(paths, str | Path) else paths):
        called = Pieces(pa.array([file.name], pa.large_string()), lambda i: "name")
        rows += [(shown, *hit) for hit in _in_texts([called], names)]
        pieces: Iterable[Pieces] | None = ()
        try:
            pieces = read_pieces(file)
            rows += [(shown, *hit) for hit in _in_texts(pieces or (), names)]
        except Exception as error:  # whatever a reader stumbles over: what cannot be searched is a finding too
            rows.append((shown, "", "unreadable", f"{type(error).__name__}: {error}"[:120]))
        if pieces is None:
            skipped.append(shown)
    hits = pd.DataFrame(rows, columns=COLUMNS, dtype="str").drop_duplicates(ignore_index=True)
    hits.attrs["skipped"] = skipped
    return hits


def check_publishable(folder: str | Path, *, known_names: Collection[str] | None = None) -> None:
    """Nothing, or CheckError with the first ten personal values found in the folder."""
    hits = scan_files(folder, known_names=known_names)
    if len(hits):
        first = [CheckError(f"personal.{hit['kind']}", **hit) for hit in hits.head(10).to_dict("records")]
        raise CheckError.of([CheckError("error.personal_found", folder=str(folder), n=len(hits)), *first])


def names_in_vault(home: Home, key: Key) -> set[str]:
    """Every contact's full name that was sealed, for `known_names`; masked ones are not names."""
    names: set[str] = set()
    for batch in list_batches(home):
        table = open_batch(home, batch, key)
        if "contacts.name" in table.column_names:
            names |= {name for name in table["contacts.name"].unique().to_pylist() if name and "*" not in name}
    return names


def known_names(home: Home) -> set[str]:
    """Everybody's full name, where the key is there to read them: the guard looks for these too."""
    try:
        return names_in_vault(home, load_key(home))
    except KeyMissing:
        return set()


def _files(paths: Iterable[str | Path]) -> Iterator[tuple[Path, str]]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from ((one, one.relative_to(path).as_posix()) for one in sorted(path.rglob("*")) if one.is_file())
        elif path.is_file():
            yield path, path.name
        else:
            raise DataError("error.file_missing", path=path)


def _in_texts(pieces: Iterable[Pieces], names: "Names") -> Iterator[tuple[str, str, str]]:
    for texts, place in pieces:
        wanted = pc.match_substring_regex(texts, CANDIDATE)
        if names:
            wanted = pc.or_(wanted, pc.match_substring_regex(texts, names.candidate))
        for i in pc.indices_nonzero(pc.fill_null(wanted, False)).to_pylist():
            text = texts[i].as_py()
            spans = _both(find_personal(text), names.find(text))
            yield from ((place(i), span.kind, _excerpt(text, spans, n)) for n, span in enumerate(spans))


def _both(values: list[Span], names: list[Span]) -> list[Span]:
    names = [name for name in names if not any(name.start < v.end and v.start < name.end for v in values)]
    return sorted([*values, *names], key=lambda span: span.start)


def _excerpt(text: str, spans: list[Span], n: int) -> str:
    """A few words around value n, with every personal value in them masked."""
    near = spans[max(0, n - 9) : n + 10]
    before, at = "", max(0, spans[n].start - 40)
    for span in near:
        if span.start >= spans[n].start:
            break
        before, at = before + text[at : span.start] + _mask(span), max(at, span.end)
    before += text[at : spans[n].start]
    after, at = "", spans[n].end
    for span in near:
        if span.start > spans[n].start:
            after, at = after + text[at : span.start] + _mask(span), span.end
    after += text[at : spans[n].end + 40]
    return " ".join(f"{before[-12:]}{_mask(spans[n])}{after[:12]}".split())


def _mask(span: Span) -> str:
    return MASKS[span.kind](span.value) or ""


class Names:
    """Full names to look for. A name of two characters counts only where it stands alone or before a title."""

    def __init__(self, names: Collection[str]) -> None:
        plain = {name.strip() for name in names if isinstance(name, str) and "*" not in name and len(name.strip()) > 1}
        self._han = frozenset(name for name in plain if _HAN_RUN.fullmatch(name))
        self._lengths = sorted({len(name) for name in self._han}, reverse=True)
        latin = sorted((re.escape(name) for name in plain - self._han), key=len, reverse=True)
        self._latin = re.compile(rf"(?<!\w)(?:{'|'.join(latin)})(?!\w)") if latin else None
        self.candidate = ".." if latin else r"[\x{3400}-\x{9fff}]{2}"

    def __bool__(self) -> bool:
        return bool(self._han or self._latin)

    def find(self, text: str) -> list[Span]:
        spans = (
            [Span("name", *found.span(), found.group()) for found in self._latin.finditer(text)] if self._latin else []
        )
        for run in _HAN_RUN.finditer(text) if self._han else ():
            whole = run.group()
            at = 0
            while at < len(whole):
                length = next(
                    (n for n in self._lengths if whole[at : at + n] in self._han and _counts(whole, at, n)), 0
                )
                if length:
                    start = run.start() + at
                    spans.append(Span("name", start, start + length, whole[at : at + length]))
                at += length or 1
        return spans


def _counts(run: str, at: int, length: int) -> bool:
    return length > 2 or (at == 0 and (len(run) == length or _TITLE.match(run[length:]) is not None))
