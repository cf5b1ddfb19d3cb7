"""Route two: both sides of each step as balls, at exact rational points of the hypotheses.

Nothing of the symbolic route's reasons is used. Each side of a step is enclosed from its own
expression: an integral by rigorous quadrature with its tails, a supremum by bracketing, a total by
summing. Balls of radius <= 1e-25 that overlap support the step at that point; disjoint balls
refute it, and the point with both balls is the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp
from flint import arb

from divergences.enclosure import NotEnclosable, enclose

from ..words.claim import Chain, Choice, Claim, Counterexample, Relation, Step, Verdict
from ..words.language import Supremum, Total
from .points import Point, far_points, points
from .suprema import enclose_supremum

DIGITS = 28
POINTS = 24  # for a chain of plain expressions
SUPREMUM_POINTS = 16  # where each point costs a bracketing
INTEGRAL_POINTS = 8  # where each point costs a quadrature
SEARCH_FACTOR = 8  # more points for a statement that is expected to be refuted


@dataclass
class Evidence:
    """What the enclosure route found: a refutation, gaps, and how many points support it."""

    counterexample: Counterexample | None = None
    gaps: list[str] = field(default_factory=list)
    points: int = 0


def check(claim: Claim) -> Evidence:
    """Every step of every chain at its points, the smallest first; stops at a refutation."""
    evidence = Evidence()
    factor = SEARCH_FACTOR if claim.expected is Verdict.REFUTED else 1
    for number, link in enumerate(claim.chains, 1):
        _check_chain(link, number, factor * points_wanted(link), evidence)
        if evidence.counterexample:
            return evidence
    return evidence


def points_wanted(link: Chain) -> int:
    if not link.given:
        return 1
    if any(e.has(sp.Integral) for e in link.expressions()):
        return INTEGRAL_POINTS
    return SUPREMUM_POINTS if any(e.has(Supremum) for e in link.expressions()) else POINTS


def _check_chain(link: Chain, number: int, wanted: int, evidence: Evidence) -> None:
    there = sorted(points(link, wanted), key=lambda point: point.height)
    # A finite set of cases has fewer points than wanted, and then all of them are tried.
    finite = all(isinstance(domain, Choice) for domain in link.given.values())
    needed = len(there) if finite and there else wanted
    supported = [0] * len(link.steps)
    gaps: dict[int, str] = {}
    expressions = [_differentiated(expr) for expr in link.expressions()]
    for point in there:
        evidence.points += 1
        sides: list[arb | str] = [_side(expr, point) for expr in expressions]
        for j, step in enumerate(link.steps):
            left, right = sides[j], sides[j + 1]
            if isinstance(left, str) or isinstance(right, str):
                gaps.setdefault(j, left if isinstance(left, str) else str(right))
                continue
            if contradicts(left, step.relation, right):
                evidence.counterexample = _certificate(point, number, j, step, left, right)
                return
            if supports(left, step.relation, right):
                supported[j] += 1
            else:
                gaps.setdefault(j, f"{show(left)} and {show(right)} cannot be told apart")
    for point in far_points(link) if points_wanted(link) == POINTS else ():
        sides = [_side(expr, point) for expr in expressions]
        for j, step in enumerate(link.steps):
            left, right = sides[j], sides[j + 1]
            if isinstance(left, str) or isinstance(right, str):
                continue
            if contradicts(left, step.relation, right):
                evidence.counterexample = _certificate(point, number, j, step, left, right)
                return
    for j, count in enumerate(supported):
        if count < needed:
            reason = gaps.get(j, "too few points satisfy the hypotheses")
            evidence.gaps.append(
                f"chain {number}, step {j + 1}: enclosed at {count} of {needed} points: {reason}"
            )


def _certificate(
    point: Point, chain: int, step: int, what: Step, left: arb, right: arb
) -> Counterexample:
    return Counterexample(
        point.as_strings(), chain, step + 1, str(what.relation), show(left), show(right)
    )


def _differentiated(expr: sp.Expr) -> sp.Expr:
    """Derivatives carried out once, before any point is put in."""
    nodes = expr.atoms(sp.Subs) or expr.atoms(sp.Derivative)
    return expr.xreplace({node: node.doit() for node in nodes})


def _side(expr: sp.Expr, point: Point) -> arb | str:
    """The ball of one side, or why there is none."""
    try:
        return ball_at(expr, point)
    except (NotEnclosable, ZeroDivisionError) as gap:
        return str(gap)
    except (ValueError, TypeError, NotImplementedError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


def ball_at(expr: sp.Expr, point: Point, digits: int = DIGITS) -> arb:
    """`expr` at the point, as a ball of radius <= 10^-digits max(1, |value|)."""
    there = point(expr)
    if there.has(sp.nan, sp.zoo):
        raise NotEnclosable(f"{expr} has no value at {point.as_strings()}")
    suprema = sorted(there.atoms(Supremum), key=str)
    if not suprema:
        return enclose(there, digits=digits)
    if there.has(Total):
        raise NotEnclosable("a total was not written out")
    # Each supremum's ball enters the rest of the expression as an exact midpoint and its radius.
    if there in suprema:
        return enclose_supremum(there, digits)
    return _around(there, {node: enclose_supremum(node, digits) for node in suprema}, digits)


def _around(expr: sp.Expr, balls: dict[sp.Expr, arb], digits: int) -> arb:
    """An expression that is linear in its suprema."""
    names = {node: sp.Dummy(f"sup{i}") for i, node in enumerate(balls)}
    flat = expr.xreplace(names)
    total = enclose(flat.subs(dict.fromkeys(names.values(), 0)), digits=digits)
    for node, name in names.items():
        coefficient = sp.diff(flat, name)
        if coefficient.free_symbols & set(names.values()):
            raise NotEnclosable(f"{expr} is not linear in its suprema")
        total = total + enclose(coefficient, digits=digits) * balls[node]
    return total


def contradicts(left: arb, relation: Relation, right: arb) -> bool:
    """True when the balls make `left relation right` impossible."""
    if relation is Relation.EQUAL:
        if left.is_finite() and right.is_finite():
            return not left.overlaps(right)
        return bool(left < right or left > right)
    smaller, larger = (left, right) if relation is Relation.AT_MOST else (right, left)
    if relation is Relation.ABOVE and smaller.is_exact() and larger.is_exact():
        return bool(smaller >= larger)
    return bool(smaller > larger)


def supports(left: arb, relation: Relation, right: arb) -> bool:
    """True when the balls, which do not contradict the relation, speak for it."""
    return relation is not Relation.ABOVE or bool(left > right)


def show(ball: arb) -> str:
    return str(ball.str(20)) if ball.is_finite() else ("oo" if ball > 0 else "-oo")
