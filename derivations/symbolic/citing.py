"""A step that cites another claim: the same statement for the expressions at hand, nothing more.

The cited claim's symbols are put for by the step's `where`; each must lie in its domain, and the
cited hypotheses must hold there. That the cited claim itself is shown is `verify`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from ..ground.prepare import Atoms, Prepared, put
from ..ground.totals import above_zero, equal_to_zero, varies
from ..words.claim import ByClaim, Choice, Claim, Interval, Mass, PerAtom, Relation, Step, Verdict
from ..words.language import Total
from .closing import NotShown, closed


def by_claim(
    left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared, claims: Mapping[str, Claim]
) -> None:
    """The left side with the cited claim's first expression rewritten into its last."""
    by = step.by
    assert isinstance(by, ByClaim)
    if by.claim not in claims:
        raise NotShown(f"the ledger has no claim {by.claim}")
    if claims[by.claim].expected is Verdict.REFUTED:
        raise NotShown(f"{by.claim} is a false statement")
    cited = claims[by.claim].chains[by.chain].unfolded
    if cited.relation is not step.relation:
        raise NotShown(f"{by.claim} shows {cited.relation}, the step says {step.relation}")
    images = {symbol: by.where.get(symbol, symbol) for symbol in cited.given}
    for symbol, domain in cited.given.items():
        _require_in_domain(prepared(images[symbol]), domain, images, prepared, by.claim)
    instance = {symbol: prepared(image) for symbol, image in images.items()}
    for hypothesis in cited.hypotheses:
        if not _holds(hypothesis, instance, prepared.atoms):
            raise NotShown(f"{by.claim} needs {hypothesis}, which is not shown")
    first, last = (put(e, instance, 0) for e in (cited.first, cited.last))
    # An equality may be used inside an expression; an inequality only on the whole of it.
    inside = step.relation is Relation.EQUAL and left.has(first)
    rewritten = left.xreplace({first: last}) if inside else None
    if rewritten is None and equal_to_zero(left - first, prepared.atoms):
        rewritten = last
    if rewritten is None:
        raise NotShown(f"{by.claim} does not speak of {left}")
    if not equal_to_zero(closed(rewritten) - closed(right), prepared.atoms):
        raise NotShown(f"{by.claim} gives {rewritten}, not {right}")


def _holds(hypothesis: sp.Rel, instance: Mapping[sp.Symbol, sp.Expr], atoms: Atoms) -> bool:
    difference = put(hypothesis.lhs - hypothesis.rhs, instance, 0)
    if isinstance(hypothesis, sp.StrictGreaterThan | sp.GreaterThan):
        return above_zero(difference, atoms)
    if isinstance(hypothesis, sp.StrictLessThan | sp.LessThan):
        return above_zero(-difference, atoms)
    return isinstance(hypothesis, sp.Equality) and equal_to_zero(difference, atoms)


def _require_in_domain(
    image: sp.Expr,
    domain: object,
    images: Mapping[sp.Symbol, sp.Expr],
    prepared: Prepared,
    claim: str,
) -> None:
    if isinstance(domain, Mass):
        good = image in prepared.atoms.masses or bool(
            image.is_positive and equal_to_zero(Total(image) - 1, prepared.atoms)
        )
    elif isinstance(domain, Choice):
        good = image in [sp.sympify(v) for v in domain.values]
    else:
        interval = domain.domain if isinstance(domain, PerAtom) else domain
        if not isinstance(interval, Interval):
            raise NotShown(f"{claim} is for a choice at every atom")
        if not isinstance(domain, PerAtom) and varies(image, prepared.atoms):
            raise NotShown(f"{claim} is for one number, {image} differs from atom to atom")
        instance = {symbol: prepared(value) for symbol, value in images.items()}
        lower, upper = (put(end, instance, 0) for end in (interval.lower, interval.upper))
        good = bool(
            (image.is_real or image.has(Total))
            and (lower is -sp.oo or above_zero(image - lower, prepared.atoms))
            and (upper is sp.oo or above_zero(upper - image, prepared.atoms))
        )
    if not good:
        raise NotShown(f"{claim} needs {image} in {domain}, which is not shown")
