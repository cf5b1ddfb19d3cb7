"""Every single edit of a claim's closed form: each must be told from the truth, or be the truth.

For each chain the last expression is edited in one place in all the ways of `edits`; no edit is
left out. A mutant is *refuted* when, at one of the claim's points, its ball contradicts the ball
of the chain's definition (or it has no real value there); *equivalent* when the symbolic route
shows that it states something true as well: the same value, or, in an inequality, a weaker bound.
Whatever is neither is *undecided*, and named.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp
from flint import acb, arb, fmpq

from divergences.enclosure import NotEnclosable, compile_ball

from ..enclosed.check import ball_at, contradicts
from ..enclosed.points import Point, points
from ..symbolic.rules import check_step
from ..words.claim import Chain, Claim, Relation, Step
from ..words.language import Supremum

POINTS = 8  # the definition is enclosed once at each, and every mutant held against it

# What one function is mistaken for; sqrt and square are an exponent's edit.
FUNCTIONS: dict[type, tuple[type, ...]] = {
    sp.log: (sp.exp,),
    sp.exp: (sp.log,),
    sp.sin: (sp.cos,),
    sp.cos: (sp.sin,),
    sp.sinh: (sp.cosh,),
    sp.cosh: (sp.sinh,),
    sp.tanh: (sp.tan, sp.atanh),
    sp.erf: (sp.erfc,),
    sp.erfc: (sp.erf,),
    sp.gamma: (sp.loggamma,),
    sp.loggamma: (sp.gamma,),
    sp.LambertW: (sp.log,),
    sp.Max: (sp.Min,),
    sp.Min: (sp.Max,),
}

# What sympy and the enclosures raise on an expression that makes no sense.
SENSELESS = (
    NotEnclosable, ValueError, TypeError, ZeroDivisionError, NotImplementedError, AttributeError,
    KeyError, RecursionError, sp.polys.polyerrors.BasePolynomialError,
)  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """How many mutants there are, and what became of them so far; the rest are undecided."""

    tried: int = 0
    refuted: int = 0
    equivalent: int = 0
    survivors: tuple[str, ...] = ()

    @property
    def undecided(self) -> int:
        return self.tried - self.refuted - self.equivalent

    def as_dict(self) -> dict[str, int]:
        return {
            "tried": self.tried,
            "refuted": self.refuted,
            "equivalent": self.equivalent,
            "undecided": self.undecided,
        }


def mutants(link: Chain) -> list[sp.Expr]:
    """The single edits of the chain's last expression, each once, the original left out."""
    last = link.last
    if last.is_infinite:
        return []
    found = dict.fromkeys(itertools.chain(_whole(last), edits(last), _symbols_changed(last)))
    return [mutant for mutant in found if mutant != last]


def tallies(claim: Claim) -> Iterator[Tally]:
    """The count as it grows: first the number of mutants, then again after each of them."""
    family = [(number, link, mutants(link)) for number, link in enumerate(claim.chains, 1)]
    tally = Tally(tried=sum(len(each) for _, _, each in family))
    yield tally
    for number, link, each in family:
        truth = _Truth(link)
        for mutant in each:
            if truth.refutes(mutant):
                tally = replace(tally, refuted=tally.refuted + 1)
            elif truth.implies(mutant):
                tally = replace(tally, equivalent=tally.equivalent + 1)
            else:
                name = f"chain {number}: {link.relation} {mutant}"
                tally = replace(tally, survivors=(*tally.survivors, name))
            yield tally


# --- the edits --------------------------------------------------------------------------------


def edits(expr: sp.Basic) -> Iterator[sp.Basic]:
    """`expr` with one node edited, in all ways."""
    yield from _here(expr)
    for i, arg in enumerate(expr.args):
        if isinstance(expr, sp.Integral | Supremum) and i > 0:
            break  # the range and its variable are not part of the formula
        for edited in edits(arg):
            try:
                yield expr.func(*expr.args[:i], edited, *expr.args[i + 1 :])
            except SENSELESS:
                continue


def _here(node: sp.Basic) -> Iterator[sp.Basic]:
    if isinstance(node, sp.Rational):
        yield from (node + 1, node - 1, 2 * node, node / 2, -node)
    if isinstance(node, sp.Add):
        for term in node.args:
            yield from (node - 2 * term, node + term, node - term / 2)  # -term, 2 term, term/2
    if isinstance(node, sp.exp):
        yield sp.exp(-node.args[0])
    for function in FUNCTIONS.get(type(node), ()):
        try:
            yield function(*node.args)
        except SENSELESS:
            continue


def _whole(expr: sp.Expr) -> Iterator[sp.Expr]:
    yield from (-expr, 2 * expr, expr / 2, expr + 1, expr - 1, expr**2, sp.sqrt(expr), 1 / expr)


def _symbols_changed(expr: sp.Expr) -> Iterator[sp.Expr]:
    """Two symbols swapped everywhere, and one occurrence of one written as another."""
    names = sorted(expr.free_symbols, key=str)
    for a, b in itertools.combinations(names, 2):
        yield expr.subs({a: b, b: a}, simultaneous=True)
    for a, b in itertools.permutations(names, 2):
        yield from _one_occurrence(expr, a, b)


def _one_occurrence(expr: sp.Basic, a: sp.Symbol, b: sp.Symbol) -> Iterator[sp.Basic]:
    if expr == a:
        yield b
    for i, arg in enumerate(expr.args):
        if isinstance(expr, sp.Integral | Supremum) and i > 0:
            break
        for changed in _one_occurrence(arg, a, b):
            try:
                yield expr.func(*expr.args[:i], changed, *expr.args[i + 1 :])
            except SENSELESS:
                continue


# --- judging them -----------------------------------------------------------------------------


class _Truth:
    """A chain's definition as balls at its points, each computed once for all mutants."""

    def __init__(self, link: Chain):
        self.link = link
        there = sorted(points(link, POINTS if link.given else 1), key=lambda point: point.height)
        self.values = [(point, ball) for point in there if (ball := self._definition(point))]

    def _definition(self, point: Point) -> arb | None:
        """The first expression that has a ball: where a definition has none, a later one, which
        the claim's proof shows to be equal to it, stands in (in a chain of equalities)."""
        equal = self.link.relation is Relation.EQUAL
        for expr in self.link.expressions() if equal else [self.link.first]:
            try:
                return ball_at(expr, point)
            except SENSELESS:
                continue
        return None

    def refutes(self, mutant: sp.Expr) -> bool:
        for point, truth in self.values:
            try:
                ball = ball_at(mutant, point)
            except SENSELESS:
                if _certainly_without_value(mutant, point):
                    return True
                continue
            if contradicts(truth, self.link.relation, ball):
                return True
        return False

    def implies(self, mutant: sp.Expr) -> bool:
        """Is the mutant shown to be true, given that the claim is: equal to it, or weaker?"""
        relation = self.link.relation
        weakly = Relation.AT_LEAST if relation is Relation.ABOVE else relation
        step = Step(weakly, mutant, "a mutant")
        return check_step(replace(self.link, first=self.link.last, steps=(step,)), 0) is None


def _certainly_without_value(mutant: sp.Expr, point: Point) -> bool:
    """A division by zero, or an imaginary part that is certainly not zero."""
    try:
        there = point(mutant)
        if there.has(sp.zoo, sp.nan) or there.is_extended_real is False:
            return True
        if point.vectors or mutant.has(sp.Integral, Supremum):
            return False
        values = {s: acb(arb(fmpq(int(v.p), int(v.q)))) for s, v in point.scalars.items()}
        value = compile_ball(mutant)(values, False)
    except SENSELESS:
        return False
    return isinstance(value, acb) and bool(value.is_finite()) and not value.imag.contains(0)
