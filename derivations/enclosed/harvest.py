"""Numbers that a chain itself names: where its pieces meet, its denominators vanish, its bounds bind.

Every rational constant of the expressions and hypotheses is one. So is the place where an
expression that decides something (a comparison, the argument of |.|, max, sign, a logarithm, a
power) vanishes along one variable, found by one exact Newton step, which is exact where the
expression is affine. Between neighbours, midpoints; beside each, close neighbours: a spike or a
narrow piece is met. Inside a total the masses at its first atom are such variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any

import sympy as sp
from flint import fmpq

from divergences.constants import Constant
from divergences.enclosure import NotEnclosable, Number, compile_ball
from divergences.jets import Jet

from ..words.claim import Chain
from ..words.language import Supremum, Total
from .evaluate import environment_at
from .point import Point

NEAR = tuple(sp.Rational(1, 2**k) for k in (30, 12, 64))  # how far close neighbours are
OPAQUE = (Total, sp.Integral, Supremum, sp.Limit, sp.Subs)
DEAR = (sp.Integral, Supremum, sp.Limit, sp.Derivative)
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


def inner_loci(link: Chain) -> list[Locus]:
    """What decides something in the term of a total."""
    found: dict[Locus, None] = {}
    for expr in [*link.expressions(), *link.hypotheses]:
        for total in sorted(expr.atoms(Total), key=str):
            found.update(dict.fromkeys(_loci(total.term)))
    return list(found)


@lru_cache(maxsize=2_000)
def _loci(expr: sp.Basic) -> tuple[Locus, ...]:
    """Those whose sign costs little: nothing is integrated, no limit or supremum taken."""
    return tuple(locus for locus in _decisive(expr) if not any(s.has(*DEAR) for s in locus))


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
    if point.scalars[symbol].is_Rational:
        yield from zeros_along(locus, symbol, environment_at(point))


def zeros_along(
    locus: Locus, symbol: sp.Symbol, start: Mapping[Any, Number]
) -> Iterator[sp.Rational]:
    x = start[symbol]
    if not isinstance(x, fmpq) or not any(symbol in side.free_symbols for side in locus):
        return
    for _ in range(2):
        env = {**start, symbol: Jet.variable(Constant.of(x), 1)}
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


def with_neighbours(
    values: Iterable[sp.Rational], named: Iterable[sp.Rational] = ()
) -> Iterator[sp.Rational]:
    """The values, the midpoints between them, beyond the last; both close neighbours of each.

    Then the numbers that are only `named`, and the midpoints that they make.
    """
    found = sorted(set(values))
    yield from found
    for a, b in pairwise(found):
        yield (a + b) / 2
    if found:
        yield from (found[-1] + 1, found[0] - 1)
    for near in NEAR:
        for value in found:
            yield from (value - near, value + near)
    more = sorted({*found, *named})
    yield from sorted(set(more) - set(found))
    for a, b in pairwise(more):
        yield (a + b) / 2
    for value in sorted(set(more) - set(found)):
        yield from (value - NEAR[1], value + NEAR[1])
