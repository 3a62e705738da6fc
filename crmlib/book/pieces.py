"""Files taken apart into texts, each with the place where it stands, so that whatever is published can be read by the guard."""

import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


class Pieces(NamedTuple):
    """Texts of one part of a file; `place(i)` says where text i stands: a line, a cell, a page, a column and row."""

    texts: pa.Array
    place: Callable[[int], str]


# Pictures, fonts and what is sealed hold no text that can be read; they are listed as skipped.
SKIPPED = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".woff", ".woff2", ".ttf", ".otf", ".sealed"}
# Embedded pictures and fonts; long runs without a blank that are nothing else either.
_EMBEDDED = re.compile(r"data:[\w/+.;=-]*;base64,[A-Za-z0-9+/=]+|(?<![\w+/])[A-Za-z0-9+/]{200,}={0,2}")


def read_pieces(path: Path) -> Iterator[Pieces] | None:
    """The texts of a file; None for one that is skipped."""
    suffix = path.suffix.lower()
    if suffix in SKIPPED:
        return None
    if reader := _READERS.get(suffix):
        return reader(path)
    data = path.read_bytes()
    return None if b"\0" in data[:8192] and data[:2] not in (b"\xff\xfe", b"\xfe\xff") else _lines(_decode(data))


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _lines(text: str, *, prefix: str = "") -> Iterator[Pieces]:
    texts = pa.array(_EMBEDDED.sub("", text).split("\n"), pa.large_string())
    yield Pieces(texts, lambda i: f"{prefix}L{i + 1}")


def _text_file(path: Path, change: Callable[[str], str]) -> Iterator[Pieces]:
    return _lines(change(_decode(path.read_bytes())))


def _unescape_json(text: str) -> str:
    return (
        re.sub(r"\\u(?![dD][89a-fA-F])([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
        if "\\u" in text
        else text
    )


def _unescape_html(text: str) -> str:
    """Text, attributes, comments and scripts alike; a tag never falls inside a value that we write."""
    return _unescape_json(html.unescape(_EMBEDDED.sub("", text)))


def _notebook(path: Path) -> Iterator[Pieces]:
    """Cells and what they show: [3] is the third cell, [3]> its output; pictures are left out."""
    notebook = json.loads(_decode(path.read_bytes()))
    yield from _lines(json.dumps(notebook.get("metadata", {}), ensure_ascii=False, indent=0), prefix="metadata ")
    for number, cell in enumerate(notebook.get("cells", []), 1):
        yield from _lines("".join(cell.get("source", "")), prefix=f"[{number}] ")
        for output in cell.get("outputs", []):
            shown = {
                k: v for k, v in output.get("data", {}).items() if not k.startswith("image/") or k.endswith("svg+xml")
            }
            parts = [output.get("text", ""), *output.get("traceback", []), *shown.values(), cell.get("metadata", {})]
            text = "\n".join(_flat(part) for part in parts if part)
            yield from _lines(_unescape_html(text), prefix=f"[{number}]> ")


def _flat(part: Any) -> str:
    if isinstance(part, list) and all(isinstance(line, str) for line in part):
        return "".join(part)
    return part if isinstance(part, str) else json.dumps(part, ensure_ascii=False, indent=0)


def _workbook(path: Path) -> Iterator[Pieces]:
    """Every cell of every sheet, hidden ones too; of xlsx also comments, headers, charts, links and properties."""
    import python_calamine
    from xlsxwriter.utility import xl_rowcol_to_cell

    book = python_calamine.CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        cells = [
            (r, c, f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value))
            for r, row in enumerate(sheet.to_python(skip_empty_area=False))
            for c, value in enumerate(row)
            if isinstance(value, str | float | int) and value != ""
        ]
        texts = pa.array([text for _, _, text in cells], pa.large_string())
        yield Pieces(texts, lambda i, cells=cells, name=name: f"{name}!{xl_rowcol_to_cell(*cells[i][:2])}")
        yield Pieces(pa.array([name], pa.large_string()), lambda i, name=name: f"{name}!")
    if not zipfile.is_zipfile(path):  # .xls
        return
    with zipfile.ZipFile(path) as parts:
        for part in sorted(parts.namelist()):
            if part.endswith((".xml", ".rels", ".vml")) and not part.endswith(
                ("sharedStrings.xml", "styles.xml", "theme1.xml")
            ):
                text = parts.read(part).decode("utf-8", "replace")
                text = re.sub(r"<sheetData>.*?</sheetData>", "", text, flags=re.S)  # the cells have been read
                text = re.sub(r"</?(?:r|t|rPr|a:r|a:t)(?:\s[^>]*)?>", "", text)  # one text in several runs
                text = re.sub(r"&amp;[A-Z]", " ", text)  # &L, &C: the parts of a page header
                yield from _lines(html.unescape(text).replace(">", ">\n"), prefix=f"{part} ")


def _pdf(path: Path) -> Iterator[Pieces]:
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(path.read_bytes()))
    about = [str(value) for value in (reader.metadata or {}).values()]
    yield Pieces(pa.array(about, pa.large_string()), lambda i: "p.0")
    for number, page in enumerate(reader.pages, 1):
        texts = pa.array(page.extract_text().split("\n"), pa.large_string())
        yield Pieces(texts, lambda i, number=number: f"p.{number}")


def _parquet(path: Path) -> Iterator[Pieces]:
    """Each column through its distinct values; decimals and floats are amounts."""
    file = pq.ParquetFile(path)
    names = [
        *file.schema_arrow.names,
        *(v.decode("utf-8", "replace") for v in (file.schema_arrow.metadata or {}).values()),
    ]
    yield Pieces(pa.array(names, pa.large_string()), lambda i: "schema")
    for name in file.schema_arrow.names:
        values, rows = _leaves(file.read(columns=[name])[name].combine_chunks())
        for leaf, row in zip(values, rows, strict=True):
            encoded = leaf.dictionary_encode()
            place = _row_of(name, encoded.indices, row)
            yield Pieces(encoded.dictionary.cast(pa.large_string()), place)


def _row_of(name: str, indices: pa.Array, row: pa.Array | None) -> Callable[[int], str]:
    """Of each distinct value the first row that holds it; worked out when the first is asked for."""

    @cache
    def first() -> np.ndarray:
        at = indices.fill_null(-1).to_numpy()[::-1]
        rows = np.zeros(at.max(initial=0) + 1, int)
        rows[at[at >= 0]] = np.arange(len(at))[::-1][at >= 0]
        return rows

    return lambda i: f"{name}[{first()[i] if row is None else row[int(first()[i])]}]"


def _leaves(values: pa.Array, row: pa.Array | None = None) -> tuple[list[pa.Array], list[pa.Array | None]]:
    """The text and whole-number columns inside a column, and of each value the row that it stands in."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _leaves(values.cast(kind.value_type), row)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        parent = pc.list_parent_indices(values)
        return _leaves(pc.list_flatten(values), parent if row is None else row.take(parent))
    if pa.types.is_struct(kind):
        found = [_leaves(pc.struct_field(values, i), row) for i in range(kind.num_fields)]
        return [leaf for leaves, _ in found for leaf in leaves], [one for _, rows in found for one in rows]
    if pa.types.is_integer(kind) and (pc.max(values).as_py() or 0) >= 10**10:
        values = values.cast(pa.large_string())
    text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    return ([values], [row]) if text else ([], [])


_READERS: dict[str, Callable[[Path], Iterator[Pieces]]] = {
    ".html": lambda path: _text_file(path, _unescape_html),
    ".htm": lambda path: _text_file(path, _unescape_html),
    ".svg": lambda path: _text_file(path, _unescape_html),
    ".json": lambda path: _text_file(path, _unescape_json),
    ".ipynb": _notebook,
    ".xlsx": _workbook,
    ".xlsm": _workbook,
    ".xls": _workbook,
    ".ods": _workbook,
    ".pdf": _pdf,
    ".parquet": _parquet,
}
