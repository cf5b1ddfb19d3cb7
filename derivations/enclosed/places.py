"""Points at, between and beside the numbers that a chain names (`harvest.py`, `roots.py`).

One scalar at a time takes such a value, the others as at a simple point. Inside a total the value is
that of a mass, or of a ratio of masses, at one atom, and the rest of the mass lies on another.
`Cells` tells points apart by the signs of all that decides something in the chain: of many points a
few, one a cell, meet every piece and every zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import sympy as sp
from flint import arb, ctx

from divergences.enclosure import Evaluator, NotEnclosable, compile_ball, number, real

from ..words.claim import Chain
from ..words.language import Interval, Mass, PerAtom, Supremum, Total
from . import harvest
from .evaluate import ATOMS, environment_at
from .point import Point
from .roots import turning_points

STARTS = 3  # simple points from which numbers are harvested
SHARES = tuple(sp.Rational(1, n) for n in (3, 100, 10_000))  # of an atom, where a ratio is named
BITS = 160  # of the signs: enough to tell numbers 10^-40 apart
OPAQUE = (sp.Integral, Supremum, sp.Limit, sp.Subs, sp.Derivative)  # dear to evaluate


def harvested(link: Chain, simple: list[Point]) -> Iterator[Point]:
    """In turn along each scalar from each start, and inside totals; so no symbol is left out."""
    queues = [*_along_scalars(link, simple[:STARTS]), *_inside_totals(link, simple[0])]
    for row in itertools.zip_longest(*queues):
        yield from (point for point in row if point is not None)


def _along_scalars(link: Chain, starts: list[Point]) -> list[Iterator[Point]]:
    intervals = {s: domain for s, domain in link.given.items() if isinstance(domain, Interval)}
    free = list(intervals)
    if not free:
        return []
    named, places, sides = harvest.constants(link), harvest.loci(link), _differences(link)
    ends = {sp.sympify(e) for d in intervals.values() for e in (d.lower, d.upper)}
    inner = harvest.inner_loci(link)
    queues, met = [], set[sp.Rational]()
    for start in starts:
        for symbol in free:
            values = {e for e in ends if e.is_Rational}
            for locus in places:
                values.update(harvest.zeros(locus, symbol, start))
                values.update(turning_points(locus, symbol, start.scalars))
            for locus in inner:
                for env, _ in environment_at(start).get(ATOMS, ())[:1]:
                    values.update(
                        harvest.zeros_along(locus, symbol, {**environment_at(start), **env})
                    )
            for pair in sides:
                values.update(turning_points(pair, symbol, start.scalars))
            queues.append(_moved(start, symbol, harvest.with_neighbours(values, named)))
            met.update(values)
    if len(free) > 1:
        queues.append(_diagonal(starts[0], free, harvest.with_neighbours({*met, *named})))
    return queues


def _diagonal(
    start: Point, free: list[sp.Symbol], values: Iterable[sp.Rational]
) -> Iterator[Point]:
    for value in values:
        yield Point({**start.scalars, **dict.fromkeys(free, value)}, start.vectors, required=False)


def _differences(link: Chain) -> list[harvest.Locus]:
    """The pairs of plain sides that the chain relates."""
    plain = [expr for expr in link.expressions() if not expr.has(*OPAQUE)]
    return list(dict.fromkeys(itertools.pairwise([*plain, plain[0]]))) if len(plain) > 1 else []


def _moved(start: Point, symbol: sp.Symbol, values: Iterable[sp.Rational]) -> Iterator[Point]:
    for value in values:
        yield Point({**start.scalars, symbol: value}, start.vectors, required=False)


def _inside_totals(link: Chain, start: Point) -> list[Iterator[Point]]:
    """The named number at atom 1 for one symbol; the masses have two atoms."""
    inner = harvest.inner_loci(link) if start.vectors else []
    masses = [s for s, domain in link.given.items() if isinstance(domain, Mass)]
    queues = []
    for share in SHARES if inner else ():
        rows = {
            s: (share, 1 - share) if s in masses else (values * 2)[:2]
            for s, values in start.vectors.items()
        }
        env = {s: number(v) for s, v in start.scalars.items()}
        env |= {s: number(row[0]) for s, row in rows.items()}
        for symbol, domain in link.given.items():
            if not isinstance(domain, Mass | PerAtom):
                continue
            values: set[sp.Rational] = set()
            for locus in inner:
                if locus[0].has(Total):
                    continue
                values.update(harvest.zeros_along(locus, symbol, env))
            base = Point(start.scalars, rows, required=False)
            queues.append(_with_first(base, symbol, symbol in masses, values))
    return queues


def _with_first(
    base: Point, symbol: sp.Symbol, mass: bool, values: set[sp.Rational]
) -> Iterator[Point]:
    for value in harvest.with_neighbours(values):
        if mass and not 0 < value < 1:
            continue
        row = (value, 1 - value) if mass else (value, *base.vectors[symbol][1:])
        yield Point(base.scalars, {**base.vectors, symbol: row}, required=False)


class Cells:
    """The signs of everything that decides something, outside and inside totals, at a point."""

    def __init__(self, link: Chain):
        self.outer = _compiled(harvest.loci(link))
        self.inner = _compiled(harvest.inner_loci(link))
        self.seen: set[tuple[int, ...]] = set()

    def is_new(self, point: Point) -> bool:
        """No earlier point had all these signs."""
        with ctx.workprec(BITS):
            env = environment_at(point)
            signs = [_sign(gap, env) for gap in self.outer]
            for atom, _ in env.get(ATOMS, ())[:1]:
                signs += [_sign(gap, {**env, **atom}) for gap in self.inner]
        cell = tuple(signs)
        if cell in self.seen:
            return False
        self.seen.add(cell)
        return True


def _compiled(loci: list[harvest.Locus]) -> list[list[Evaluator]]:
    found = []
    for locus in loci:
        try:
            found.append([compile_ball(side) for side in locus])
        except NotEnclosable:
            continue
    return found


def _sign(gap: list[Evaluator], env: dict[object, object]) -> int:
    try:
        sides = [real(side(env, False)) for side in gap]
    except (NotEnclosable, ArithmeticError):
        return 2
    value: arb = sides[0] - sides[1] if len(sides) == 2 else sides[0]
    return 1 if value > 0 else -1 if value < 0 else 0
