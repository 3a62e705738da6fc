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


# the contrast of every visible piece of text with the ground it stands on, after WCAG 2
CONTRAST = """() => {
  const parse = (color) => { const v = color.match(/[\\d.]+/g).map(Number); return [...v.slice(0, 3), v[3] ?? 1]; };
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
                           return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (node) => { for (; node; node = node.parentElement) { const c = parse(getComputedStyle(node).backgroundColor); if (c[3] > 0) return c; } };
  const drawn = (node) => {  // the shape of a chart that the word was drawn on
    const { left, top, width, height } = node.getBoundingClientRect(), x = left + width / 2, y = top + height / 2;
    return [...node.closest("svg").querySelectorAll("path, rect")].filter((shape) => {
      const box = shape.getBoundingClientRect();
      const under = shape.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING;
      return under && box.left <= x && x <= box.right && box.top <= y && y <= box.bottom && getComputedStyle(shape).fill !== "none";
    }).map((shape) => parse(getComputedStyle(shape).fill)).pop();
  };
  const ratio = (one, other) => { const [a, b] = [one, other].map((c) => light(c.slice(0, 3))); return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), faint = [];
  let looked = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement, words = walker.currentNode.textContent.trim();
    if (!words || !node.checkVisibility() || node.closest("script, style")) continue;
    looked++;
    const style = getComputedStyle(node), color = parse(node.closest("svg") ? style.fill : style.color);
    let found = ratio(color, ground(node));
    if (found < 4.5 && node.closest("svg") && drawn(node)) found = ratio(color, drawn(node));
    if (found < 4.5) faint.push(`${words.slice(0, 20)} ${found.toFixed(2)}`);
  }
  return [looked, faint];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_visible_word_stands_out_from_its_ground(open_page, scheme):
    page = open_page(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.locator("#summary .tip").first.focus()
    looked, faint = page.evaluate(CONTRAST)
    assert looked > 500 and faint == []


def test_the_keyboard_reaches_contents_definitions_rows_tables_and_filters(open_page):
    page = open_page(viewport={"width": 1280, "height": 800})
    reached = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(({activeElement: a}) => [a.tagName, a.className, a.closest('nav') ? 'nav' : a.closest('th') ? 'th' : ''].join(' ').trim())(document)"
            )
        )
    wanted = {"A skip", "A  nav", "BUTTON tip", "A rows", "A ref", "BUTTON  th", "DIV scroll", "INPUT", "SUMMARY"}
    assert wanted <= reached
    assert (
        page.evaluate('document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length') == 0
    )


def test_a_long_table_shows_ten_rows_until_more_are_asked_for(open_page):
    page = open_page()
    table = page.locator("#definitions .table").last
    assert table.locator("tbody tr:visible").count() == 10
    more = table.locator(".more")
    total = int("".join(filter(str.isdigit, more.inner_text())))
    more.press("Enter")
    assert table.locator("tbody tr:visible").count() == total > 12
    assert not more.is_visible()


def test_a_figure_leads_to_its_line_though_it_is_cut_off_or_folded_away(open_page):
    page = open_page()
    link = page.locator("#summary .rows").last
    link.click()
    row = page.locator(f"tr[id='{link.get_attribute('href')[1:]}']")
    assert row.is_visible() and link.get_attribute("title") in row.inner_text()
    fold = page.locator("#tiers details.folded").first
    assert fold.get_attribute("open") is None
    fold.locator("summary").press("Enter")
    assert fold.locator("table").is_visible()


def test_a_tap_shows_a_definition_and_the_next_one_hides_it(open_page):
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    first, second = page.locator("#summary .tip").nth(0), page.locator("#summary .tip").nth(1)
    bubble = page.locator(f"#{first.get_attribute('aria-describedby')}")
    first.tap()
    assert bubble.is_visible()
    second.tap()
    assert not bubble.is_visible()


def test_a_small_screen_has_its_contents_in_a_line_that_stays(open_page):
    page = open_page(viewport={"width": 360, "height": 740})
    page.evaluate("document.getElementById('trend').scrollIntoView({behavior: 'instant'})")
    page.wait_for_function("document.querySelector('.here').textContent === '订单趋势'")
    bar = page.locator(".contents")
    assert bar.bounding_box()["y"] == 0 and not bar.locator("ol").is_visible()
    bar.locator("summary").click()
    bar.locator("a", has_text="阶段转化").click()
    assert not bar.locator("ol").is_visible()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_print_is_on_white_without_what_only_a_screen_needs(open_page):
    page = open_page(color_scheme="dark", viewport={"width": 680, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for gone in (".contents", ".tip", ".filter", ".more", "details", ".rows"):
        assert not page.locator(gone).first.is_visible()
    assert page.locator("#at_risk table").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
