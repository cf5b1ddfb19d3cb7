"""One claim as a page of text, and its derivation as LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from ..symbolic.lemmas import LEMMAS
from ..words.claim import (
    Algebra,
    AtEnd,
    AtKink,
    ByClaim,
    Chain,
    ChangeOfVariable,
    Claim,
    Reason,
    Relation,
    Stationary,
    TakenOnTrust,
    Touching,
)
from ..words.language import Choice, Domain, Interval, Mass, PerAtom

LATEX_RELATIONS = {Relation.AT_MOST: r"\le", Relation.AT_LEAST: r"\ge"}  # others as they are


def domain_text(domain: Domain) -> str:
    """What a symbol is, in words."""
    if isinstance(domain, Mass):
        return "probability vector, positive at every atom"
    if isinstance(domain, PerAtom):
        return f"one value an atom, each {domain_text(domain.domain)}"
    if isinstance(domain, Choice):
        values = ", ".join(map(str, domain.values))
        return f"one of {values}" if len(domain.values) > 1 else f"equal to {values}"
    assert isinstance(domain, Interval)
    lower, upper = sp.sympify(domain.lower), sp.sympify(domain.upper)
    if lower is -sp.oo and upper is sp.oo:
        return "real"
    return f"in ({lower}, {upper})"


def reason_text(by: Reason) -> str:
    """What the reason adds to the step's own words; empty for plain algebra."""
    match by:
        case Algebra():
            return ""
        case Stationary(at):
            return f"attained where the slope is zero, at {at}"
        case AtKink(at):
            return f"attained at the kink {at}"
        case AtEnd(end):
            return f"the limit at the end {end}"
        case ChangeOfVariable(old, new, _):
            return f"{old} = {new}"
        case Touching(variable, at):
            return f"convex in {variable}, touching zero at {at}"
        case TakenOnTrust(lemma):
            return f"lemma {lemma}, taken on trust"
        case ByClaim(claim, where):
            images = ", ".join(f"{a} := {b}" for a, b in where.items())
            return f"claim {claim}" + (f" with {images}" if images else "")
    return str(by)


def given_lines(link: Chain) -> list[str]:
    lines = [f"{symbol}: {domain_text(domain)}" for symbol, domain in link.given.items()]
    return lines + [str(hypothesis) for hypothesis in link.hypotheses]


def dependents(claim: Claim, claims: Mapping[str, Claim]) -> list[str]:
    return [other.id for other in claims.values() if claim.id in other.rests_on]


def as_text(claim: Claim, claims: Mapping[str, Claim]) -> str:
    """Title, source, hypotheses, derivation, what it rests on and what rests on it."""
    return "\n".join(_text_lines(claim, claims))


def _text_lines(claim: Claim, claims: Mapping[str, Claim]) -> Iterator[str]:
    yield f"{claim.id}: {claim.title}"
    yield f"topic     {claim.topic}"
    yield f"source    {claim.source}"
    yield f"expected  {claim.expected}"
    if claim.note:
        yield f"note      {claim.note}"
    for number, link in enumerate(claim.chains, 1):
        yield ""
        label = f": {link.label}" if link.label else ""
        yield f"Derivation{f' {number}' if len(claim.chains) > 1 else ''}{label}"
        yield from (f"  given {each}" for each in given_lines(link))
        yield ""
        yield f"     {link.first}"
        for step in link.steps:
            yield f"  {step.relation!s:<2} {step.right}"
            why = "; ".join(filter(None, (step.why, reason_text(step.by))))
            yield f"       [{why}]"
    if claim.rests_on:
        yield ""
        yield "Rests on"
        for name in claim.rests_on:
            what = LEMMAS[name].statement if name in LEMMAS else claims[name].title
            yield f"  {name}: {what}"
    if users := dependents(claim, claims):
        yield ""
        yield f"On it rest {', '.join(users)}"


def as_latex(claim: Claim) -> str:
    """One align* environment a chain, ready to paste."""
    return "\n\n".join(_align(link) for link in claim.chains)


def _align(link: Chain) -> str:
    rows = [rf"  & {sp.latex(link.first)} \\"]
    for i, step in enumerate(link.steps):
        end = r" \\" if i < len(link.steps) - 1 else ""
        rows.append(
            rf"  {LATEX_RELATIONS.get(step.relation, step.relation)}{{}}& {sp.latex(step.right)}"
            rf" && \text{{{_latex_text(step.why)}}}{end}"
        )
    return "\n".join([r"\begin{align*}", *rows, r"\end{align*}"])


def _latex_text(text: str) -> str:
    special = {
        "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
        "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\ensuremath{|}",
        **{c: f"\\{c}" for c in "&%$#_{}"},
    }  # fmt: skip
    return "".join(special.get(c, c) for c in text)
