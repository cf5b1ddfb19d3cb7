"""Downhill in exact rationals: from a point where an inequality holds to one where it may not.

`downhill(gap, starts, given)` moves one coordinate at a time, towards its ends, away from them,
far out, a mass from one atom to the others, always to where `gap` is smallest; it yields each point
that it comes to. The points stay inside their domains; hypotheses are the caller's to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import sympy as sp
from flint import arb

from ..enclosed.point import Point
from ..words.language import Choice, Domain, Interval, Mass, PerAtom

ROUNDS = 14  # moves from one start
LARGEST = 10**60  # numbers whose numerator or denominator is longer are not gone to
FACTORS = (sp.Rational(1, 2), sp.Integer(2), sp.Rational(1, 16), sp.Integer(16))


def downhill(
    gap: Callable[[Point], arb | None], starts: list[Point], given: Mapping[sp.Symbol, Domain]
) -> Iterator[Point]:
    """The points on the way down from each start, the starts left out."""
    for start in starts:
        point, lowest = start, gap(start)
        for _ in range(ROUNDS):
            if lowest is None:
                break
            best: tuple[Point, arb] | None = None
            for moved in _moves(point, given):
                value = gap(moved)
                if value is not None and value < (lowest if best is None else best[1]):
                    best = moved, value
            if best is None:
                break
            point, lowest = best
            yield point


def _moves(point: Point, given: Mapping[sp.Symbol, Domain]) -> Iterator[Point]:
    for symbol, domain in given.items():
        if isinstance(domain, Interval):
            for value in _numbers(point.scalars[symbol], domain, point):
                yield replace(point, scalars={**point.scalars, symbol: value})
        elif isinstance(domain, Mass):
            for i, _ in enumerate(point.vectors[symbol]):
                for factor in FACTORS:
                    weights = [w * factor if k == i else w
                               for k, w in enumerate(point.vectors[symbol])]  # fmt: skip
                    shares = tuple(w / sum(weights) for w in weights)
                    if all(_small(w) for w in shares):
                        yield replace(point, vectors={**point.vectors, symbol: shares})
        elif isinstance(domain, PerAtom):
            values = point.vectors[symbol]
            for i, value in enumerate(values):
                options = (
                    [sp.sympify(v) for v in domain.domain.values]
                    if isinstance(domain.domain, Choice)
                    else list(_numbers(value, domain.domain, point))
                )
                for new in options:
                    changed = (*values[:i], new, *values[i + 1 :])
                    yield replace(point, vectors={**point.vectors, symbol: changed})


def _numbers(value: sp.Expr, domain: Interval, point: Point) -> Iterator[sp.Expr]:
    """Nearer to each rational end and farther from it; around 0 where there is none."""
    lower, upper = (sp.sympify(end).subs(point.scalars) for end in (domain.lower, domain.upper))
    ends = [end for end in (lower, upper) if end.is_Rational]
    steps = [end + (value - end) * factor for end in ends for factor in FACTORS]
    if not ends:
        steps = [value * factor for factor in (*FACTORS, -1)] + [value + 1, value - 1]
    for new in steps:
        above = not lower.is_Rational or new > lower
        below = not upper.is_Rational or new < upper
        if new.is_Rational and above and below and _small(new):
            yield new


def _small(value: sp.Expr) -> bool:
    return bool(value.is_Rational) and max(abs(value.p), value.q) < LARGEST
