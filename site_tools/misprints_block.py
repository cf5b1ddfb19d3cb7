"""```` ```misprints ````: every refuted claim of the ledger, with its counterexample, its printer and what is true.

Nothing is listed by hand. What is true is looked up as the claims that start from the same expression as
the false one; `RIGHT` names the claim where the ledger writes that expression in another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

import sympy as sp

from derivations.claim import Chain, Choice, Claim, Interval
from derivations.claim import Verdict as Expected
from derivations.language import Domain
from derivations.printing.sentences import parts
from derivations.printing.signs import readable

from .blocks import Block
from .claim_block import framed
from .ledger_pages import source
from .verdicts import Verdict

if TYPE_CHECKING:
    from .chapter import Chapter

RIGHT = {
    "misprint-alpha-conjugate": "conjugate-alpha-above-one",
    "misprint-gan-optimum": "gan-optimum",
    "misprint-score-matching": "score-matching",
}


def misprints(block: Block, chapter: Chapter) -> str:
    """One section a refuted claim, in the ledger's order."""
    block.arguments(0)
    claims = chapter.site.claims.values()
    return "".join(_section(each, chapter) for each in claims if _false(each))


def _false(claim: Claim) -> bool:
    return claim.expected is Expected.REFUTED


def _section(claim: Claim, chapter: Chapter) -> str:
    verdicts = chapter.site.run.verdicts
    verdict = verdicts[claim.id]
    found = verdict.counterexample
    statement = framed(claim, verdict, [found["chain"]], False, chapter)
    true = "".join(
        framed(other, verdicts[other.id], numbers, False, chapter)
        for other, numbers in right(claim, found["point"], chapter.site.claims)
    )
    note = f"<p><b>Instead.</b> {chapter.sentence(parts(claim.note))}</p>" if claim.note else ""
    return (
        f'<section class="misprint" id="{escape(claim.id)}">{statement}'
        f"{_facts(claim, verdict, chapter)}{note}{true}</section>"
    )


def _facts(claim: Claim, verdict: Verdict, chapter: Chapter) -> str:
    found = verdict.counterexample
    point = ", ".join(f"{name} = {value}" for name, value in found["point"].items())
    rows = (
        ("source", source(claim.source, chapter)),
        ("counterexample", escape(point or "the statement has no variable")),
        ("left side", f"<code>{escape(readable(found['left']))}</code>"),
        ("right side", f"<code>{escape(readable(found['right']))}</code>"),
    )
    body = "".join(f"<tr><th scope='row'>{name}</th><td>{cell}</td></tr>" for name, cell in rows)
    return (
        f'<div class="scroll" tabindex="0"><table class="facts"><tbody>{body}</tbody></table></div>'
    )


def right(
    claim: Claim, point: dict[str, str], claims: dict[str, Claim]
) -> Iterator[tuple[Claim, list[int]]]:
    """The true claims about what the false one speaks of, with those of their chains that cover the point."""
    starts = {link.unfolded.first for link in claim.chains}
    for other in claims.values():
        named = RIGHT.get(claim.id) == other.id
        numbers = [
            n
            for n, link in enumerate(other.chains, 1)
            if (named or link.unfolded.first in starts) and _covers(link, point)
        ]
        if numbers and not _false(other):
            yield other, numbers


def _covers(link: Chain, point: dict[str, str]) -> bool:
    """Do the chain's hypotheses speak of every symbol of the point, and exclude none of its values?"""
    given = {symbol.name: domain for symbol, domain in link.given.items()}
    if not point.keys() <= given.keys():
        return False
    return not any(_excludes(given[name], value) for name, value in point.items())


def _excludes(domain: Domain, value: str) -> bool:
    """Certainly not in the domain: an end with a parameter in it decides nothing."""
    match domain:
        case Interval(lower, upper):
            number = sp.sympify(value)
            return sp.true in (number <= lower, number >= upper)
        case Choice(values):
            return sp.sympify(value) not in map(sp.sympify, values)
    return False
