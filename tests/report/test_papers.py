import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from crmlib.report.papers import in_language, list_papers, write_working_papers

BOTH = "# 谁重要？\n**Who matters?**\n\n看三个分层。  \nLooks at three tiers (see 口径)."


@pytest.mark.parametrize(
    ("lang", "told"),
    [("zh", "# 谁重要？\n\n看三个分层。  "), ("en", "# Who matters?\n\nLooks at three tiers (see 口径).")],
)
def test_a_text_in_two_languages_is_told_in_one(lang, told):
    assert in_language(BOTH, lang) == told


def test_a_text_in_one_language_stays(lang="en"):
    assert in_language("只有中文", lang) == "只有中文"


@pytest.mark.parametrize(("lang", "title", "back"), [("zh", "谁重要？", "← 报告"), ("en", "Who matters?", "← Report")])
def test_papers_are_listed_by_their_question_and_lead_to_each_other_and_back(tmp_path, lang, title, back):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("30_tiers", "50_profile", "90_report.partial"):
        nbformat.write(new_notebook(cells=[new_markdown_cell(BOTH)]), folder / f"{name}.ipynb")
    listed = list_papers(folder, lang=lang)
    assert listed == ((f"30 {title}", "notebooks/30_tiers.html"), (f"50 {title}", "notebooks/50_profile.html"))
    write_working_papers(folder, lang=lang, run_id="2024-06-1a2b3c4d")
    page = (folder / "30_tiers.html").read_text(encoding="utf-8")
    assert f'<a href="../report.html">{back}</a>' in page and 'href="50_profile.html"' in page
    assert "<title>30_tiers · 2024-06-1a2b3c4d</title>" in page
    assert "--series-1" in page and "prefers-color-scheme:dark" in page
    assert ("看三个分层" in page) == (lang == "zh")
