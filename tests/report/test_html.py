import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from crmlib.report.blocks import Column, Metric, Section, Table, Text
from crmlib.report.html import inline_svg, render_html, write_html
from crmlib.report.sections import SECTIONS

ATTACK = '<script>alert("=1")</script>'


class Page(HTMLParser):
    """What a page holds: its tags with attributes, and its text outside of style and script."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._quiet = [], "", 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._quiet += tag in ("style", "script")

    def handle_endtag(self, tag):
        self._quiet -= tag in ("style", "script")

    def handle_data(self, data):
        self.text += "" if self._quiet else data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def html(report):
    return render_html(report)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_asks_for_nothing_outside_itself(html, page):
    assert not re.findall(r"(?:https?:)?//[\w.-]+\.\w+", html)
    assert not page.all("link") and not page.all("img") and not any("src" in attrs for _, attrs in page.tags)
    assert all(attrs["href"].startswith("#") for attrs in page.all("a"))
    assert any("default-src 'none'" in attrs.get("content", "") for attrs in page.all("meta"))


def test_every_link_arrives_and_no_id_stands_twice(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(set(ids)) == len(ids)
    assert {attrs["href"][1:] for attrs in page.all("a")} <= set(ids)
    assert {attrs["aria-describedby"] for _, attrs in page.tags if "aria-describedby" in attrs} <= set(ids)


@pytest.mark.demand("K04")
def test_a_finding_and_a_tile_lead_to_their_figure(page, report):
    summary = report.sections[0].blocks
    wanted = {ref for block in summary if isinstance(block, Text) for ref in block.refs}
    wanted |= {block.figure_id for block in summary if isinstance(block, Metric)}
    known = {attrs["id"] for attrs in page.all("tr") if "id" in attrs}
    assert wanted and {f"f-{one}" for one in wanted} <= known
    assert {f"#f-{one}" for one in wanted} <= {attrs["href"] for attrs in page.all("a")}
    assert {"明细"} <= set(page.text.split())
    for block in summary:
        if isinstance(block, Text):
            assert block.text in page.text.replace("\xa0", " ")


def test_the_page_can_be_read_by_ear(page):
    assert page.all("html") == [{"lang": "zh-CN"}]
    assert [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")] == ["h1"] + ["h2"] * len(SECTIONS)
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.all("svg"))
    assert all(th.get("scope") == "col" for th in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}


def test_charts_take_the_colours_of_the_page(html):
    body = html[html.index("<main") :]
    assert "var(--value-high)" in body and not re.findall(r"#[0-9a-f]{6}\b", body[: body.index("<script")])


@pytest.mark.demand("G08")
def test_the_fonts_hold_every_character_that_is_shown(html, page):
    import base64
    import io

    from fontTools.ttLib import TTFont

    faces = re.findall(r'font-family:"(Noto \w+ SC)";src:url\(data:font/woff;base64,([^)]*)\)', html)
    assert [family for family, _ in faces] == ["Noto Sans SC", "Noto Serif SC"]
    with TTFont(io.BytesIO(base64.b64decode(faces[0][1]))) as font:
        known = {chr(c) for c in font.getBestCmap()}
    assert set(page.text) - known <= set("\n\t\u2060")


def test_two_renderings_are_the_same_bytes_and_small(report, html, tmp_path):
    write_html(report, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_bytes() == html.encode()
    assert len(html.encode()) < 1_500_000


def test_what_a_cell_says_stays_text(report):
    rows = pd.DataFrame({"a": [ATTACK, '" onclick="x'], "n": [1, 2]})
    table = Table(ATTACK, (Column("a", ATTACK, note=ATTACK), Column("n", "n", "int")), rows, note=ATTACK, anchor="a")
    blocks = (Text(ATTACK, "finding", (ATTACK,)), Metric(ATTACK, 1, definition=ATTACK, figure_id=ATTACK), table)
    hostile = replace(report, title=ATTACK, org=ATTACK, sections=(Section("x", ATTACK, ATTACK, blocks, caveat=ATTACK),))
    page = Page(render_html(hostile))
    assert len(page.all("script")) == 1
    assert not any("onclick" in attrs for _, attrs in page.tags)
    assert page.text.count(ATTACK) >= 9


def test_a_description_cannot_leave_its_attribute():
    assert '<svg role="img" aria-label="&#34;&gt;&lt;b&gt;" ' in inline_svg(
        '<svg xmlns="http://www.w3.org/2000/svg" width="1">', '"><b>'
    )


def test_cells_carry_what_they_sort_by(html):
    assert re.search(r'data-v="1248\d{4}\.0">1,248\.0<', html)
    assert 'data-v="2024-03-01T00:00:00">2024-03-01<' in html
    assert re.search(r'<td class="int right">—<', html)  # missing: nothing to sort by


def test_a_long_table_is_cut_and_says_so(report):
    table = Table("t", (Column("n", "n", "int"),), pd.DataFrame({"n": range(600)}))
    page = Page(render_html(replace(report, sections=(Section("x", "x", "x", (table,)),))))
    assert len(page.all("tr")) == 501
    assert "共 600 行，此处为前 500 行，其余见 report.xlsx" in page.text.replace("\xa0", " ")


def test_english_is_english(english):
    page = Page(render_html(english))
    assert page.all("html") == [{"lang": "en"}]
    for block in english.sections[0].blocks:
        if isinstance(block, Text):
            assert block.text in page.text.replace("\xa0", " ")


def test_working_papers_are_linked_where_they_were_made(report):
    page = Page(render_html(replace(report, papers=(("30 谁重要？", "notebooks/30_tiers.html"),))))
    assert {"href": "notebooks/30_tiers.html"} in page.all("a")
