"""Exact rational points inside a claim's hypotheses, the simplest first.

A point gives each variable of a chain a rational inside its domain; `Mass` and `PerAtom` variables
get a vector over an alphabet of 2 or 3 atoms. The order is deterministic, so a counterexample is
the same on every machine, and small: candidates are tried by growing height.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from divergences.enclosure import NotEnclosable, enclose

from ..words.claim import Chain
from ..words.language import Choice, Interval, Mass, PerAtom, Total, inside

SEED = 1967  # Csiszar's year; any fixed seed serves
WIDE_POOL = 40  # the rationals of height up to 5 or so, both signs
FAR = (100, 1000)  # how many times farther out a lone scalar is looked at, besides
ATTEMPTS = 60  # candidates for each point wanted, before the hypotheses are called too narrow


@dataclass(frozen=True)
class Point:
    """Values for the scalars, and one tuple of values, an entry an atom, for the others."""

    scalars: dict[sp.Symbol, sp.Expr]
    vectors: dict[sp.Symbol, tuple[sp.Expr, ...]]

    @property
    def atoms(self) -> int:
        return len(next(iter(self.vectors.values()), ()))

    def __call__(self, expr: sp.Expr) -> sp.Expr:
        """`expr` at this point: totals written out, scalars replaced."""
        return self._written_out(expr).subs(self.scalars, simultaneous=True)

    def _written_out(self, expr: sp.Expr) -> sp.Expr:
        if isinstance(expr, Total):
            if not self.vectors:
                raise NotEnclosable(f"{expr} has no alphabet: nothing in it varies with the atom")
            term = self._written_out(expr.term)
            return sp.Add(
                *(
                    term.subs({s: values[i] for s, values in self.vectors.items()})
                    for i in range(self.atoms)
                )
            )
        if not expr.has(Total):
            return expr
        return expr.func(*(self._written_out(arg) for arg in expr.args))

    @property
    def height(self) -> int:
        """Sum of all numerators' and denominators' sizes: what "small" means for a point."""
        numbers = [*self.scalars.values(), *itertools.chain(*self.vectors.values())]
        return sum(abs(n.p) + n.q if n.is_Rational else 100 for n in numbers)

    def as_strings(self) -> dict[str, str]:
        written = {str(s): str(v) for s, v in self.scalars.items()}
        written.update(
            {str(s): "(" + ", ".join(map(str, v)) + ")" for s, v in self.vectors.items()}
        )
        return written


def points(link: Chain, wanted: int) -> Iterator[Point]:
    """Up to `wanted` different points that satisfy the chain's domains and hypotheses."""
    if link.given and all(isinstance(domain, Choice) for domain in link.given.values()):
        yield from itertools.islice(_all_cases(link), wanted)
        return
    chooser = random.Random(SEED)
    seen: set[tuple[tuple[str, str], ...]] = set()
    for attempt in range(ATTEMPTS * wanted):
        point = _candidate(link, attempt, chooser)
        if point is None:
            continue
        key = tuple(sorted(point.as_strings().items()))
        if key in seen or not all(_holds(h, point) for h in link.hypotheses):
            continue
        seen.add(key)
        yield point
        if len(seen) == wanted:
            return


def far_points(link: Chain) -> Iterator[Point]:
    """Points far out in one scalar at a time: they may refute, but need not be enclosable."""
    nearby = next(points(link, 1), None)
    if nearby is None:
        return
    for symbol, domain in link.given.items():
        if not isinstance(domain, Interval):
            continue
        lower, upper = (
            sp.sympify(end).subs(nearby.scalars) for end in (domain.lower, domain.upper)
        )
        for factor, sign in itertools.product(FAR, (1, -1)):
            value = sp.Integer(sign * factor)
            if inside(value, lower, upper):
                moved = Point({**nearby.scalars, symbol: value}, nearby.vectors)
                if _respects(link, moved):
                    yield moved


def _respects(link: Chain, point: Point) -> bool:
    """All domains and hypotheses hold, those of variables given in terms of others included."""
    for symbol, domain in link.given.items():
        if isinstance(domain, Interval):
            lower, upper = (
                sp.sympify(end).subs(point.scalars) for end in (domain.lower, domain.upper)
            )
            if not inside(point.scalars[symbol], lower, upper):
                return False
    return all(_holds(h, point) for h in link.hypotheses)


def _all_cases(link: Chain) -> Iterator[Point]:
    """Every point of a chain whose domains are all finite."""
    values = [domain.rationals({}) for domain in link.given.values() if isinstance(domain, Choice)]
    for case in itertools.product(*values):
        point = Point(dict(zip(link.given, case, strict=True)), {})
        if all(_holds(h, point) for h in link.hypotheses):
            yield point


def _candidate(link: Chain, attempt: int, chooser: random.Random) -> Point | None:
    """The pool of values widens with `attempt`; every other candidate is drawn from a wide one."""
    pool = 2 + attempt // 2 if attempt % 2 == 0 else WIDE_POOL
    atoms = 2 if attempt % 3 else 3
    scalars: dict[sp.Symbol, sp.Expr] = {}
    vectors: dict[sp.Symbol, tuple[sp.Expr, ...]] = {}
    for symbol, domain in link.given.items():
        if isinstance(domain, Mass):
            weights = [chooser.randint(1, 1 + pool) for _ in range(atoms)]
            vectors[symbol] = tuple(sp.Rational(w, sum(weights)) for w in weights)
        elif isinstance(domain, PerAtom):
            options = _first(domain.domain, pool, scalars)
            vectors[symbol] = tuple(chooser.choice(options) for _ in range(atoms))
        else:
            options = _first(domain, pool, scalars)
            if not options:
                return None
            scalars[symbol] = chooser.choice(options)
    return Point(scalars, vectors)


def _first(
    domain: Interval | Choice, count: int, scalars: dict[sp.Symbol, sp.Expr]
) -> list[sp.Expr]:
    distinct: dict[sp.Expr, None] = {}
    # An interval with no simple rational inside gives up rather than search for ever.
    for value in itertools.islice(domain.rationals(scalars), 20 * count):
        distinct[value] = None
        if len(distinct) >= count:
            break
    return list(distinct)


def _holds(hypothesis: sp.Rel, point: Point) -> bool:
    """Decided by balls; undecided counts as not holding, so that no point is outside."""
    difference = point(hypothesis.lhs - hypothesis.rhs)
    try:
        ball = enclose(difference)
    except NotEnclosable:
        return False
    if isinstance(hypothesis, sp.StrictGreaterThan | sp.GreaterThan):
        return bool(ball > 0)
    if isinstance(hypothesis, sp.StrictLessThan | sp.LessThan):
        return bool(ball < 0)
    if isinstance(hypothesis, sp.Unequality):
        return bool(ball > 0 or ball < 0)
    return isinstance(hypothesis, sp.Equality) and difference == 0
