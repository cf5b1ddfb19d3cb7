"""Where an inequality is tightest: its gap followed downhill from a point, in exact rationals.

    toward_lowest(link, j, starts)     points at which the j-th step's gap is smaller and smaller

A pattern search in coordinates without borders: x, log(x - end), log((x - a)/(b - x)), the logarithms
of the atoms' weights. A step that leads down is repeated and doubled, others are quartered. Every point
is exact; only the gap's size, which chooses the way, comes from balls of low precision.

Source: Hooke, Jeeves, "Direct search" solution of numerical and statistical problems (1961).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import sympy as sp
from flint import arb, ctx

from divergences.enclosure import NotEnclosable, compile_ball, number, real
from divergences.trees import added, negated

from ..words.claim import Chain, Relation
from ..words.language import Interval, Mass
from .evaluate import environment_at
from .point import Point

EVALUATIONS = 240  # of the gap, from one start
FIRST, LAST = 1.0, 2.0**-20  # lengths of steps
FARTHEST = 400.0  # a logarithm, e^400
BITS = 90
MOST_ATOMS = 6  # of a start: each is a coordinate of each mass

Coordinates = list[float]


def toward_lowest(link: Chain, j: int, starts: list[Point]) -> Iterator[Point]:
    """The lowest point from each start."""
    left, right = link.expressions()[j : j + 2]
    if link.steps[j].relation is Relation.AT_MOST:
        left, right = right, left
    gap = added([left, negated(right)])
    for start in starts:
        search = _Search(link, gap, start)
        if search.coordinates:
            yield search.lowest()


class _Search:
    def __init__(self, link: Chain, gap: sp.Expr, start: Point):
        self.gap, self.start, self.left = compile_ball(gap), start, EVALUATIONS
        self.given = link.given
        self.ends: dict[sp.Symbol, tuple[float, float]] = {}
        self.coordinates = self._coordinates()

    def _coordinates(self) -> list[tuple[sp.Symbol, int]]:
        """(scalar, 0) and (mass, atom); what lies between ends that move stays."""
        found: list[tuple[sp.Symbol, int]] = []
        for symbol, domain in self.given.items():
            if isinstance(domain, Interval):
                ends = [sp.sympify(end) for end in (domain.lower, domain.upper)]
                if all(end.is_infinite or end.is_Rational for end in ends):
                    self.ends[symbol] = float(ends[0]), float(ends[1])
                    found.append((symbol, 0))
            elif isinstance(domain, Mass) and all(self.start.vectors[symbol]):
                found += [(symbol, i) for i in range(self.start.atoms) if self.start.atoms > 1]
        return found

    def lowest(self) -> Point:
        at = [self._from_value(symbol, i) for symbol, i in self.coordinates]
        steps = [FIRST] * len(at)
        point, low = self.start, self._value(self.start)
        while self.left > 0 and max(steps) > LAST and low is not None:
            for k, _ in enumerate(at):
                for step in (steps[k], -steps[k]):
                    moved = [x + step if i == k else x for i, x in enumerate(at)]
                    there = self._point(moved)
                    value = self._value(there) if there is not None else None
                    if there is not None and value is not None and value < low:
                        at, point, low = moved, there, value
                        steps[k] = 2 * step
                        break
                else:
                    steps[k] /= 4
        return point

    def _value(self, point: Point) -> arb | None:
        self.left -= 1
        with ctx.workprec(BITS):
            try:
                found = real(self.gap(environment_at(point), False))
            except (NotEnclosable, ArithmeticError, RecursionError):
                return None
            return found.mid() if found.is_finite() else None

    # -- coordinates

    def _from_value(self, symbol: sp.Symbol, i: int) -> float:
        if symbol not in self.ends:
            return _log(self.start.vectors[symbol][i])
        lower, upper = self.ends[symbol]
        value = self.start.scalars[symbol]
        below, above = value - self._end(symbol, 0), self._end(symbol, 1) - value
        if math.isfinite(lower) and math.isfinite(upper):
            return _log(below) - _log(above)
        if math.isfinite(lower):
            return _log(below)
        return -_log(above) if math.isfinite(upper) else float(value)

    def _end(self, symbol: sp.Symbol, which: int) -> sp.Expr:
        domain = self.given[symbol]
        assert isinstance(domain, Interval)
        return sp.sympify((domain.lower, domain.upper)[which])

    def _point(self, at: Coordinates) -> Point | None:
        if any(abs(x) > FARTHEST for x in at):
            return None
        scalars = dict(self.start.scalars)
        weights: dict[sp.Symbol, dict[int, sp.Rational]] = {}
        for (symbol, i), x in zip(self.coordinates, at, strict=True):
            if symbol in self.ends:
                scalars[symbol] = self._to_value(symbol, x)
            else:
                weights.setdefault(symbol, {})[i] = sp.Rational(math.exp(x))
        vectors = dict(self.start.vectors)
        for symbol, row in weights.items():
            vectors[symbol] = tuple(w / sum(row.values()) for w in row.values())
        return Point(scalars, vectors, required=False, masses=self.start.masses)

    def _to_value(self, symbol: sp.Symbol, x: float) -> sp.Expr:
        lower, upper = self.ends[symbol]
        if math.isfinite(lower) and math.isfinite(upper):
            ratio = sp.Rational(math.exp(x))
            a, b = self._end(symbol, 0), self._end(symbol, 1)
            return (a + b * ratio) / (1 + ratio)
        if math.isfinite(lower):
            return self._end(symbol, 0) + sp.Rational(math.exp(x))
        if math.isfinite(upper):
            return self._end(symbol, 1) - sp.Rational(math.exp(-x))
        return sp.Rational(x)


def _log(value: sp.Expr) -> float:
    with ctx.workprec(BITS):
        return float(real(number(value)).log())
