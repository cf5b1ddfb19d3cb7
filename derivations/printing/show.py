"""One claim as a page of text, and its derivation as LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..symbolic.lemmas import LEMMAS
from ..words.claim import Chain, Claim
from . import signs, tex, text
from .sentences import parts
from .statements import LaidChain, definitions, laid, title


def dependents(claim: Claim, claims: Mapping[str, Claim]) -> list[str]:
    return [other.id for other in claims.values() if claim.id in other.rests_on]


def title_text(claim: Claim) -> str:
    """The title in one line, its formulas as they are typed: KL(P || Q) <= ..."""
    return text.sentence(title(claim))


def as_text(claim: Claim, claims: Mapping[str, Claim]) -> str:
    """Title, source, hypotheses, derivation, definitions, what it rests on and what rests on it."""
    return "\n".join(_text_lines(claim, claims))


def _text_lines(claim: Claim, claims: Mapping[str, Claim]) -> Iterator[str]:
    yield f"{claim.id}: {title_text(claim)}"
    if claim.shown_for:
        yield f"shown for {text.sentence(parts(claim.shown_for))}"
    yield f"topic     {claim.topic}"
    yield f"source    {claim.source}"
    yield f"expected  {claim.expected}"
    if claim.note:
        yield f"note      {text.sentence(parts(claim.note))}"
    for number, link in enumerate(claim.chains, 1):
        yield ""
        label = f": {text.sentence(parts(link.label))}" if link.label else ""
        yield f"Derivation{f' {number}' if len(claim.chains) > 1 else ''}{label}"
        yield from _chain_lines(laid(link))
    if words := definitions(claim):
        yield ""
        yield "where"
        for word in words:
            yield f"  {text.sentence(word.said)}"
            yield f"       [{word.means}; {word.defined}; {word.source}]"
    if claim.rests_on:
        yield ""
        yield "Rests on"
        for name in claim.rests_on:
            what = LEMMAS[name].statement if name in LEMMAS else title_text(claims[name])
            yield f"  {name}: {what}"
    if users := dependents(claim, claims):
        yield ""
        yield f"On it rest {', '.join(users)}"


def _chain_lines(link: LaidChain) -> Iterator[str]:
    yield from (f"  given {text.sentence(each)}" for each in link.given)
    yield ""
    yield f"     {text.write(link.first)}"
    for step in link.steps:
        yield f"  {signs.typed(step.relation):<2} {text.write(step.right)}"
        if step.reason:
            yield f"       [{text.sentence(step.reason)}]"


def as_latex(claim: Claim) -> str:
    """One align* environment a chain, ready to paste."""
    return "\n\n".join(_align(link) for link in claim.chains)


def _align(link: Chain) -> str:
    chain = laid(link)
    rows = [rf"  & {tex.write(chain.first)} \\"]
    for i, step in enumerate(chain.steps):
        end = r" \\" if i < len(chain.steps) - 1 else ""
        why = rf" && \text{{{tex.sentence(step.why)}}}" if step.why else ""
        rows.append(rf"  {signs.tex(step.relation)}{{}}& {tex.write(step.right)}{why}{end}")
    return "\n".join([r"\begin{align*}", *rows, r"\end{align*}"])
