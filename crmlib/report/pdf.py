"""PDF by Typst: A4, bookmarks, selectable Chinese, vector charts. Values travel as JSON and are never markup."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from crmlib.report import fonts, style
from crmlib.report.blocks import Report
from crmlib.report.layout import lay_out

TEMPLATE = Path(__file__).with_name("templates") / "report.typ"


def write_pdf(report: Report, path: Path | str) -> None:
    Path(path).write_bytes(render_pdf(report))


def render_pdf(report: Report) -> bytes:
    """The same bytes for the same report: the document's date is the day its figures stand on."""
    return _compile(report, format="pdf")


def render_pages(report: Report, *, ppi: int = 100) -> list[bytes]:
    """The same pages as pictures (PNG)."""
    made = _compile(report, format="png", ppi=ppi)
    return made if isinstance(made, list) else [made]


def _compile(report: Report, **form: Any) -> Any:
    day = report.as_of
    laid = _printable(lay_out(report, paper=True))
    data = laid | {"day": [day.year, day.month, day.day], "colors": style.LIGHT, "sizes": style.SIZE}
    document, warnings = typst.compile_with_warnings(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
        **form,
    )
    if warnings:
        raise RuntimeError(f"{TEMPLATE.name}: {'; '.join(warning.message for warning in warnings)}")
    return document


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(fonts.FOLDER)])


def _printable(value: Any) -> Any:
    """Typst says nothing of a glyph that is missing, so none is."""
    if isinstance(value, str):
        return fonts.printable(value)
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list) else value
