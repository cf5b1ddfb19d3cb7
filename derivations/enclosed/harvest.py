"""Numbers that a chain itself names: where its pieces meet, its denominators vanish, its bounds bind.

Every rational constant of the expressions and hypotheses is one. So is the place where an
expression that decides something (a comparison, the argument of |.|, max, sign, a logarithm, a
power) vanishes along one variable, found by one exact Newton step, which is exact where the
expression is affine. Between neighbours, midpoints; beside each, close neighbours: a spike or a
narrow piece is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations, pairwise

import sympy as sp
from flint import fmpq

from divergences.constants import Constant
from divergences.enclosure import NotEnclosable, compile_ball
from divergences.jets import Jet

from ..words.claim import Chain
from ..words.language import Supremum, Total
from .evaluate import environment_at
from .point import Point

NEAR = sp.Rational(1, 10_007)  # how far a close neighbour is
OPAQUE = (Total, sp.Integral, Supremum, sp.Limit, sp.Subs)
Locus = tuple[sp.Expr, ...]  # one expression that may vanish, or two that may be equal


def constants(link: Chain) -> set[sp.Rational]:
    """The rational numbers in the chain's expressions, hypotheses and domains."""
    found: set[sp.Rational] = set()
    for expr in [*link.expressions(), *link.hypotheses]:
        found |= expr.atoms(sp.Rational)
    return found


def loci(link: Chain) -> list[Locus]:
    """What decides something in the chain, outside totals and bound variables."""
    found: dict[Locus, None] = {}
    for expr in [*link.expressions(), *link.hypotheses]:
        found.update(dict.fromkeys(_loci(expr)))
    return list(found)


@lru_cache(maxsize=2_000)
def _loci(expr: sp.Basic) -> tuple[Locus, ...]:
    return tuple(_decisive(expr))


def _decisive(node: sp.Basic) -> Iterator[Locus]:
    if isinstance(node, OPAQUE):
        return
    if isinstance(node, sp.core.relational.Relational):
        yield (node.lhs, node.rhs)
    elif isinstance(node, sp.Abs | sp.sign | sp.log):
        yield (node.args[0],)
    elif isinstance(node, sp.Max | sp.Min):
        yield from combinations(node.args, 2)
    elif isinstance(node, sp.Pow) and node.exp.is_number:
        yield (node.base,)
    for arg in node.args:
        yield from _decisive(arg)


def zeros(locus: Locus, symbol: sp.Symbol, point: Point) -> Iterator[sp.Rational]:
    """Where the locus vanishes along `symbol`, from the point, if it is rational and exact."""
    at = point.scalars[symbol]
    if not at.is_Rational or not any(symbol in side.free_symbols for side in locus):
        return
    x = fmpq(int(at.p), int(at.q))
    for _ in range(2):
        env = {**environment_at(point), symbol: Jet.variable(Constant.of(x), 1)}
        try:
            sides = [compile_ball(side, True)(env, False) for side in locus]
            gap = sides[0] - sides[1] if len(sides) == 2 else sides[0]
        except (NotEnclosable, ZeroDivisionError, ArithmeticError):
            return
        if not isinstance(gap, Jet):
            return
        value, slope = map(_rational, gap.c)
        if value is None or not slope:
            return
        if value == 0:
            yield sp.Rational(int(x.p), int(x.q))
            return
        x = x - value / slope


def _rational(c: object) -> fmpq | None:
    if isinstance(c, fmpq):
        return c
    return c.rational() if isinstance(c, Constant) else None


def with_neighbours(values: Iterable[sp.Rational]) -> Iterator[sp.Rational]:
    """The values, the midpoints between them, then both close neighbours of each."""
    found = sorted(set(values))
    yield from found
    for a, b in pairwise(found):
        yield (a + b) / 2
    for value in found:
        yield from (value - NEAR, value + NEAR)
