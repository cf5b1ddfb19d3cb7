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
from derivations.printing import signs, tex
from derivations.printing.layout import Box, Parts
from derivations.printing.sentences import parts
from derivations.printing.signs import readable
from derivations.printing.statements import LaidChain, LaidStep, definitions, laid, put, title

from . import formulas
from .blocks import Block
from .errors import SiteError
from .names import shown
from .verdicts import Verdict

if TYPE_CHECKING:
    from .chapter import Chapter

WORDS = {  # of a verdict, as its badge has them
    "both": "proved and supported",
    "proved": "proved",
    "supported": "supported at points",
    "refuted": "refuted",
    "undecided": "undecided",
}
MEANS = {
    "both": "every step proved symbolically, and supported by ball arithmetic",
    "proved": "every step proved, symbolically or by ball arithmetic over the whole domain",
    "supported": "for some step ball arithmetic at the points tried is all there is: no proof",
    "refuted": "false: there is a counterexample",
    "undecided": "neither shown nor refuted",
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
    """The frame: title and badge, what the statement was shown for, each chain, its words."""
    href = chapter.link(f"ledger/{found.id}.md")
    numbers = list(numbers)
    chains = "".join(chain(found, verdict, n, derived, chapter) for n in numbers)
    return (
        f'<div class="claim"><div class="claim-head"><a href="{href}">'
        f"{_heading(found, numbers, derived, chapter)}</a>{badge(verdict, href)}</div>"
        f"{shown_for(found, chapter)}{chains}{meanings(found, chapter)}</div>"
    )


def _heading(found: Claim, numbers: list[int], derived: bool, chapter: Chapter) -> str:
    """The title; only the name, or the id, where the title's formula is displayed right below."""
    said = parts(found.title)
    below = laid(found.chains[numbers[0] - 1]).statement if len(numbers) == 1 else None
    formulas_only = all(isinstance(part, Box) or part == " with " for part in said)
    if derived or said[0] != below or not formulas_only:  # with f(u) = ... is among what is given
        return chapter.sentence(title(found))
    return escape(found.name) or f"<code>{escape(found.id)}</code>"


def badge(verdict: Verdict, href: str) -> str:
    word = WORDS[verdict.verdict]
    return (
        f'<a class="badge {verdict.verdict}" href="{href}" title="claim {escape(verdict.id)}: '
        f'{MEANS[verdict.verdict]}">{word}</a>'
    )


def shown_for(found: Claim, chapter: Chapter) -> str:
    """What the verdict is about, where the statement could mean more."""
    if not found.shown_for:
        return ""
    return f'<div class="shown-for">shown for {chapter.sentence(parts(found.shown_for))}</div>'


def meanings(found: Claim, chapter: Chapter) -> str:
    """The definitions of the words that the claim is written with, one click away."""
    items = "".join(
        f"<dt>{chapter.sentence(each.said)}</dt><dd>{escape(readable(each.means))}; "
        f"{escape(readable(each.defined))}. {escape(each.source)}.</dd>"
        for each in definitions(found)
    )
    if not items:
        return ""
    return f'<details class="meanings"><summary>definitions</summary><dl>{items}</dl></details>'


def chain(found: Claim, verdict: Verdict, number: int, derived: bool, chapter: Chapter) -> str:
    """One chain: its hypotheses, then the statement or every link."""
    link = found.chains[number - 1]
    there = laid(link)
    label = f"<b>{chapter.sentence(parts(shown(link.label)))}.</b> " if link.label else ""
    given = "; ".join(map(chapter.sentence, there.given))
    head = f'<div class="given">{label}{f"Given {given}" if given else ""}</div>'
    if not derived:
        formula = chapter.math(formulas.statement(there), display=True)
        return f'{head if given or label else ""}<div class="formula" tabindex="0">{formula}</div>'
    rows = "".join(_rows(link, there, verdict, number, chapter))
    return f'{head if given or label else ""}<div class="steps">{rows}</div>'


def _rows(
    link: Chain, there: LaidChain, verdict: Verdict, number: int, chapter: Chapter
) -> Iterator[str]:
    first = chapter.math(rf"\displaystyle {tex.write(there.first)}")
    yield f'<div class="sign"></div><div class="formula" tabindex="0">{first}</div>'
    for i, (step, each) in enumerate(zip(link.steps, there.steps, strict=True), 1):
        right = chapter.math(rf"\displaystyle {tex.write(each.right)}")
        sign = chapter.math(signs.tex(each.relation))
        why = "; ".join(map(chapter.sentence, filter(None, (each.why, _by(step, each)))))
        marks = " ".join(_marks(step, verdict, number, i, chapter))
        yield (
            f'<div class="sign">{sign}</div><div class="formula" tabindex="0">{right}</div>'
            f'<div class="why"><span>{why}</span> <span class="marks">{marks}</span></div>'
        )


def _by(step: Step, each: LaidStep) -> Parts:
    """The reason; of a lemma or a claim the mark says which, so that only the values are left."""
    if isinstance(step.by, TakenOnTrust):
        return ()
    return tuple(put(step.by.where)) if isinstance(step.by, ByClaim) else each.by


def _marks(step: Step, verdict: Verdict, chain: int, i: int, chapter: Chapter) -> Iterator[str]:
    """What each route says of this step: how it was closed symbolically, and boxes or points."""
    explained = chapter.link("verifier.md")
    symbolic, enclosure = verdict.words(chain, i)
    if symbolic == "proved":
        yield _closed(step, chapter)
    found = verdict.counterexample
    if found and (found["chain"], found["step"]) == (chain, i):
        yield _mark("false", f"{explained}#refuted", "false", "refuted by the counterexample")
    elif enclosure == "boxes":
        why = "ball arithmetic over the whole domain, a proof"
        yield _mark("boxes", f"{explained}#enclosure", "boxes", why)
    elif enclosure == "points":
        why = "both sides in balls at exact points, evidence"
        yield _mark("points", f"{explained}#enclosure", "points", why)


def _closed(step: Step, chapter: Chapter) -> str:
    if isinstance(step.by, TakenOnTrust):
        href = f"{chapter.link('ledger/trusted.md')}#{step.by.lemma}"
        return _mark("trust", href, "by lemma", f"the lemma {step.by.lemma}, taken on trust")
    if isinstance(step.by, ByClaim):
        href = chapter.link(f"ledger/{step.by.claim}.md")
        return _mark("symbolic", href, "by claim", f"the claim {step.by.claim} of this ledger")
    href = f"{chapter.link('verifier.md')}#symbolic"
    return _mark("symbolic", href, "symbolic", "closed by computer algebra")


def _mark(kind: str, href: str, word: str, title: str) -> str:
    return f'<a class="mark {kind}" href="{href}" title="{escape(title)}">{word}</a>'
