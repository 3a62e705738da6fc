"""What only a browser can tell: sorting, filtering, small screens, dark mode, and that nothing is fetched."""

import shutil

import pytest

from crmlib.report.html import write_html

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_html(report, path)
    return path.as_uri()


@pytest.fixture
def open_page(browser, address):
    said, asked = [], []

    def open_page(**look):
        page = browser.new_page(**look)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        return page

    yield open_page
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", address))] == []


def column(table, n):
    return [cell.inner_text().strip() for cell in table.locator(f"tbody tr:visible td:nth-child({n})").all()]


def test_a_table_sorts_by_value_with_the_missing_last_both_ways(open_page):
    table = open_page().locator("#at_risk table")
    head = table.locator("th", has_text="未联系（天）")
    head.locator("button").click()
    up = column(table, 6)
    assert head.get_attribute("aria-sort") == "ascending"
    assert up == [*sorted(up[:-1], key=int), "—"]
    head.locator("button").click()
    down = column(table, 6)
    assert head.get_attribute("aria-sort") == "descending"
    assert down == [*sorted(up[:-1], key=int, reverse=True), "—"]


def test_a_table_filters_as_one_types(open_page):
    page = open_page()
    box, table = page.locator("#at_risk input"), page.locator("#at_risk table")
    box.fill("网络 杭")
    assert column(table, 1) == []
    assert page.locator("#at_risk .none").inner_text() == "没有符合的行"
    box.fill("青岛")
    assert column(table, 1) == ["青岛示例精密仪器制造有限公司"]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_is_wider_than_its_screen(open_page, width):
    page = open_page(viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_contents_follow_the_reader(open_page):
    page = open_page(viewport={"width": 1280, "height": 800})
    page.locator("#trend").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('trend').scrollIntoView({behavior: 'instant'})")
    page.wait_for_selector(".contents a[aria-current][href='#trend']")
    assert page.locator(".contents a[aria-current]").count() == 1


def test_a_definition_shows_on_focus_and_goes_with_escape(open_page):
    page = open_page()
    tip = page.locator("#summary .tip").first
    tip.focus()
    bubble = page.locator(f"#{tip.get_attribute('aria-describedby')}")
    assert bubble.is_visible() and "n = 240" in bubble.inner_text()
    page.keyboard.press("Escape")
    assert not bubble.is_visible()


def test_the_night_has_its_own_colours(open_page):
    page = open_page(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 27, 33)"
    text = page.locator("#trend svg text").first
    assert text.evaluate("node => getComputedStyle(node).fill") not in ("rgb(28, 39, 51)", "rgb(0, 0, 0)")
