"""Working papers: each executed notebook as one page without code, in the look and the language of the report."""

import json
from pathlib import Path
from typing import Any

from crmlib.labels import speaker


def list_papers(folder: Path, *, lang: str) -> tuple[tuple[str, str], ...]:
    """(title, path from the report) of each notebook that has been executed."""
    done = [path for path in sorted(folder.glob("*.ipynb")) if not path.stem.endswith(".partial")]
    return tuple((f"{path.stem[:2]} {_title(path, lang)}", f"{folder.name}/{path.stem}.html") for path in done)


def write_working_papers(folder: Path, *, lang: str, run_id: str) -> None:
    """An HTML page beside each notebook, without any address outside the run's folder; its title names the run."""
    import nbformat
    from nbconvert import HTMLExporter

    from crmlib.report.html import fill_pages

    exporter = HTMLExporter(template_name="basic", exclude_input=True, exclude_input_prompt=True)
    exporter.exclude_output_prompt = True
    bodies = {}
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [c for c in notebook.cells if not {"parameters", "injected-parameters"} & set(_tags(c))]
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = in_language(cell.source, lang)
        bodies[path], _ = exporter.from_notebook_node(notebook)
    say = speaker(lang)
    contents = [{"title": title, "path": Path(path).name} for title, path in list_papers(folder, lang=lang)]
    pages = [
        {
            "lang": lang,
            "name": path.stem,
            "run_id": run_id,
            "body": body,
            "papers": contents,
            "back": say("report.report"),
        }
        for path, body in bodies.items()
    ]
    for path, page in zip(bodies, fill_pages("paper.html.j2", pages), strict=True):
        path.with_suffix(".html").write_text(page, encoding="utf-8")


def in_language(text: str, lang: str) -> str:
    """Of a text cell in both languages, the lines of one; where there is only one, that."""
    lines = text.splitlines()
    own = [line for line in lines if not line.strip() or _is_chinese(line) == (lang == "zh")]
    if not any(line.strip() for line in own):
        return text
    if lines[0].startswith("#") and not own[0].startswith("#"):  # the title of the other language stood first
        level = lines[0][: len(lines[0]) - len(lines[0].lstrip("#"))]
        own[0] = f"{level} {own[0].strip().strip('*')}"
    return "\n".join(own)


def _is_chinese(line: str) -> bool:
    return sum(ord(c) > 0x2E80 for c in line) * 5 > len(line)


def _title(path: Path, lang: str) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next(("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"), path.stem)
    return in_language(first, lang).splitlines()[0].strip("# ")


def _tags(cell: Any) -> list[str]:
    return cell.metadata.get("tags", [])
