"""```` ```claim ID ````: a claim's statement under its hypotheses, with the verdict of this build.

`derivation` shows the whole chain instead, each link marked with how it was checked; `chains=1,3` (or
labels) chooses among a claim's chains, which are all shown otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from derivations.claim import ByClaim, Chain, Claim, Step, TakenOnTrust

from . import formulas
from .blocks import Block
from .errors import SiteError
from .names import readable, shown
from .verdicts import Verdict

if TYPE_CHECKING:
    from .chapter import Chapter

WORDS = {
    "both": "proved and enclosed",
    "proved": "proved",
    "enclosed": "enclosed",
    "refuted": "refuted",
    "undecided": "undecided",
}


def claim(block: Block, chapter: Chapter) -> str:
    """The block of one claim. Raises on an id that the ledger lacks, naming the near ones."""
    (name,) = block.arguments(1, frozenset({"derivation"}), frozenset({"chains"}))
    if block.body.strip():
        raise SiteError("a claim block has no body: its text comes from the ledger")
    found = known(name, chapter.site.claims)
    numbers = chosen(found, block.options.get("chains", ""))
    verdict = chapter.site.run.verdicts[name]
    return framed(found, verdict, numbers, "derivation" in block.flags, chapter)


def known(name: str, claims: dict[str, Claim]) -> Claim:
    if name in claims:
        return claims[name]
    near = difflib.get_close_matches(name, claims, n=5, cutoff=0.4)
    near += [other for other in claims if name in other and other not in near][:5]
    hint = f"; did you mean {', '.join(near)}?" if near else "; `fenchel list` shows them all"
    raise SiteError(f"the ledger has no claim {name!r}{hint}")


def chosen(found: Claim, words: str) -> list[int]:
    """The numbers, from 1, of the chains named by number or label; all when none is."""
    if not words:
        return list(range(1, len(found.chains) + 1))
    by_name = {str(n): n for n in range(1, len(found.chains) + 1)}
    by_name.update({link.label: n for n, link in enumerate(found.chains, 1) if link.label})
    numbers = []
    for word in (part.strip() for part in words.split(",")):
        if word not in by_name:
            raise SiteError(f"claim {found.id} has no chain {word!r}; it has {', '.join(by_name)}")
        numbers.append(by_name[word])
    return numbers


def framed(
    found: Claim, verdict: Verdict, numbers: Iterable[int], derived: bool, chapter: Chapter
) -> str:
    """The frame: title and badge, then each chain."""
    href = chapter.link(f"ledger/{found.id}.md")
    chains = "".join(chain(found, verdict, n, derived, chapter) for n in numbers)
    return (
        f'<div class="claim"><div class="claim-head"><a href="{href}">{escape(readable(found.title))}</a>'
        f"{badge(verdict, href)}</div>{chains}</div>"
    )


def badge(verdict: Verdict, href: str) -> str:
    word = WORDS[verdict.verdict]
    return (
        f'<a class="badge {verdict.verdict}" href="{href}" title="claim {escape(verdict.id)}: '
        f'how this was checked">{word}</a>'
    )


def chain(found: Claim, verdict: Verdict, number: int, derived: bool, chapter: Chapter) -> str:
    """One chain: its hypotheses, then the statement or every link."""
    link = found.chains[number - 1]
    label = f"<b>{escape(shown(link.label))}.</b> " if link.label else ""
    given = ", ".join(chapter.text(each) for each in formulas.hypotheses(link))
    head = f'<div class="given">{label}{f"Given {given}" if given else ""}</div>'
    if not derived:
        formula = chapter.math(formulas.statement(link), display=True)
        return f'{head if given or label else ""}<div class="formula" tabindex="0">{formula}</div>'
    rows = "".join(_rows(found, link, verdict, number, chapter))
    return f'{head if given or label else ""}<div class="steps">{rows}</div>'


def _rows(
    found: Claim, link: Chain, verdict: Verdict, number: int, chapter: Chapter
) -> Iterator[str]:
    first = chapter.math(rf"\displaystyle {formulas.tex(link.first)}")
    yield f'<div class="sign"></div><div class="formula" tabindex="0">{first}</div>'
    for i, step in enumerate(link.steps, 1):
        right = chapter.math(rf"\displaystyle {formulas.tex(step.right)}")
        sign = chapter.math(formulas.relation(step.relation))
        why = "; ".join(filter(None, (escape(step.why), chapter.text(formulas.reason(step.by)))))
        marks = " ".join(_marks(step, verdict, number, i, chapter))
        yield (
            f'<div class="sign">{sign}</div><div class="formula" tabindex="0">{right}</div>'
            f'<div class="why"><span>{why}</span> <span class="marks">{marks}</span></div>'
        )


def _marks(step: Step, verdict: Verdict, chain: int, i: int, chapter: Chapter) -> Iterator[str]:
    """How this link was checked: by which reason symbolically, and whether it was enclosed."""
    explained = chapter.link("verifier.md")
    unproved = verdict.silent.get(("symbolic", chain, i), "")
    if isinstance(step.by, TakenOnTrust):
        href = f"{chapter.link('ledger/trusted.md')}#{step.by.lemma}"
        yield _mark("trust", href, "by lemma", f"the lemma {step.by.lemma}, taken on trust")
    elif isinstance(step.by, ByClaim):
        href = chapter.link(f"ledger/{step.by.claim}.md")
        yield _mark("symbolic", href, "by claim", f"the claim {step.by.claim} of this ledger")
    elif not unproved and verdict.verdict != "refuted":
        yield _mark("symbolic", f"{explained}#symbolic", "symbolic", "closed by computer algebra")
    found = verdict.counterexample
    if found and (found["chain"], found["step"]) == (chain, i):
        yield _mark("false", f"{explained}#refuted", "false", "refuted by the counterexample")
    elif ("enclosure", chain, i) not in verdict.silent and not found:
        yield _mark(
            "enclosed", f"{explained}#enclosure", "enclosed", "both sides in balls at exact points"
        )


def _mark(kind: str, href: str, word: str, title: str) -> str:
    return f'<a class="mark {kind}" href="{href}" title="{escape(title)}">{word}</a>'
