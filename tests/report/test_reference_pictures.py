"""How key pages look, against pictures that somebody has looked at: tests/report/pictures/.

After a change that is meant: CRM_NEW_PICTURES=1 python -m pytest tests/report/test_reference_pictures.py, look at them, commit.
"""

import io
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from crmlib.report.html import render_html
from crmlib.report.pdf import render_pages
from tests.report.specimen import make_specimen

PICTURES = Path(__file__).with_name("pictures")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SCREENS = {
    "screen": {"viewport": {"width": 1280, "height": 1500}},
    "night": {"viewport": {"width": 1280, "height": 1500}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 1200}},
}
WIDTH = 420  # pixels of a kept picture
NEW = bool(os.environ.get("CRM_NEW_PICTURES"))


@pytest.fixture(scope="module")
def specimen():
    return make_specimen()


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def small(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)


def compare(name: str, png: bytes, made_with: str) -> None:
    """The same shape, and hardly a spot that is darker or lighter; a shift of a hair is blurred away."""
    path, made = PICTURES / f"{name}.png", PICTURES / "made_with.json"
    with_what = json.loads(made.read_text(encoding="utf-8")) if made.is_file() else {}
    if NEW:
        PICTURES.mkdir(exist_ok=True)
        small(png).quantize(96).save(path, optimize=True)
        made.write_text(json.dumps(with_what | {name: made_with}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        pytest.skip("made anew")
    if with_what.get(name) != made_with:
        pytest.skip(f"the picture was made with {with_what.get(name)}, here is {made_with}")
    now, kept = small(png), small(path.read_bytes())
    assert now.size == kept.size
    pair = [np.asarray(one.filter(ImageFilter.GaussianBlur(1.5)), dtype=float) for one in (now, kept)]
    off = np.abs(pair[0] - pair[1]).max(axis=2)
    assert (off > 24).mean() < 0.006, f"{(off > 24).mean():.1%} of {name} looks different"


@pytest.mark.parametrize(("name", "page"), [("paper_first", 0), ("paper_section", 2), ("paper_appendix", -1)])
def test_paper_looks_as_it_was_approved(specimen, name, page):
    compare(name, render_pages(specimen, ppi=70)[page], f"typst {version('typst')}, matplotlib {version('matplotlib')}")


@pytest.mark.browser
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_looks_as_it_was_approved(specimen, browser, tmp_path, name):
    (tmp_path / "report.html").write_text(render_html(specimen), encoding="utf-8")
    page = browser.new_page(**SCREENS[name])
    page.goto((tmp_path / "report.html").as_uri())
    page.evaluate("document.fonts.ready")
    made_with = f"Chromium {browser.version.split('.')[0]}, matplotlib {version('matplotlib')}"
    compare(name, page.screenshot(), made_with)


def test_a_page_that_looks_different_is_found_out():
    """Its own guard: an empty page is not the page that was approved."""
    if NEW:
        pytest.skip("made anew")
    made_with = json.loads((PICTURES / "made_with.json").read_text(encoding="utf-8"))["paper_first"]
    blank, out = small((PICTURES / "paper_first.png").read_bytes()), io.BytesIO()
    blank.paste("white", (0, 0, *blank.size))
    blank.save(out, format="png")
    with pytest.raises(AssertionError, match="looks different"):
        compare("paper_first", out.getvalue(), made_with)
