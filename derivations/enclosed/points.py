"""Exact points inside a claim's hypotheses: many simple ones, and those where a statement may hide.

    simple      candidates by growing height, alphabets of 2, 3, 4 and 6 atoms
    generic     large odd denominators, so that no accident of a small one remains
    at the ends next to finite ends, far out, one scalar at a time and all at once; masses as
                unequal as 2^-1000, without an atom in common, one atom, up to 1000 atoms
    harvested   numbers that the chain names itself (`places.py`)

A step must be enclosed at the simple ones; at the others it may refuse (too far for the
arithmetic), but it must not be contradicted there, nor certainly be without a value. The order is
deterministic, so a counterexample is the same on every machine.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import sympy as sp
from flint import ctx

from divergences.enclosure import NotEnclosable, compile_ball, real

from ..words.claim import Chain, Relation
from ..words.language import Choice, Interval, Mass, PerAtom
from .evaluate import environment_at
from .places import harvested
from .point import Point
from .signs import may_vanish

BITS = 256  # of the comparisons that say whether a point is inside
SEED = 1967  # Csiszar's year; any fixed seed serves
WIDE_POOL = 40  # the rationals of height up to 5 or so, both signs
ATTEMPTS = 60  # candidates for each point wanted, before the hypotheses are called too narrow
ALPHABETS = (3, 2, 2, 4, 3, 2, 6, 2)  # sizes, in turn
PRIME = 10_007  # generic numbers have denominators like this
FAR = (100, 10**6, 10**20, 1000, 10**9, 10**12)
# distances from ends, smallest masses
TINY = tuple(sp.Rational(1, 2**k) for k in (12, 64, 30, 20, 40, 200))
TINIEST = sp.Rational(1, 2**1000)
MANY = (25, 100, 1000)  # atoms
LARGEST_NAMED = 5_000  # size of an alphabet that a chain names


def points(link: Chain, wanted: int) -> Iterator[Point]:
    """Up to `wanted` different simple points that satisfy the chain's domains and hypotheses."""
    if link.given and all(isinstance(domain, Choice) for domain in link.given.values()):
        yield from itertools.islice(_all_cases(link), wanted)
        return
    chooser = random.Random(SEED)
    seen: set[object] = set()
    for attempt in range(ATTEMPTS * wanted):
        point = _candidate(link, attempt, chooser)
        if point is None or (key := _key(point)) in seen or not _hypotheses_hold(link, point):
            continue
        point = replace(point, masses=_vanishing(link))
        seen.add(key)
        yield point
        if len(seen) == wanted:
            return


def further_points(link: Chain, simple: list[Point], most: int) -> list[Point]:
    """Up to `most` points of the other kinds, of each kind in turn, none twice."""
    if not simple or not link.given:
        return []
    kinds: list[Iterator[Point]] = [
        harvested(link, simple),
        _generic(link),
        _at_ends(link, simple[0]),
        _alphabets(link, simple[0]),
    ]
    return _in_turn(link, simple, kinds, most)


def scanned_points(link: Chain, simple: list[Point], most: int) -> Iterator[Point]:
    """Many more, for sides whose values cost little: all that is named, all ends, all alphabets."""
    if not simple or not link.given:
        return
    kinds = [harvested(link, simple), *(_at_ends(link, p) for p in simple[:2])]
    yield from _in_turn(link, simple, [*kinds, _alphabets(link, simple[0])], most)


def _in_turn(
    link: Chain, simple: list[Point], kinds: list[Iterator[Point]], most: int
) -> list[Point]:
    found: list[Point] = []
    seen = {_key(point) for point in simple}
    while kinds and len(found) < most:
        for kind in list(kinds):
            for point in kind:
                if (key := _key(point)) not in seen and respects(link, point):
                    seen.add(key)
                    found.append(replace(point, masses=_vanishing(link)))
                    break
            else:
                kinds.remove(kind)
    return found[:most]


def _vanishing(link: Chain) -> frozenset[sp.Symbol]:
    """The masses that may be 0 at some atoms."""
    return frozenset(s for s, d in link.given.items() if may_vanish(d))


def _key(point: Point) -> tuple[object, ...]:
    return (*point.scalars.items(), *point.vectors.items())


# --- inside or not --------------------------------------------------------------------------------


def respects(link: Chain, point: Point) -> bool:
    """All domains and hypotheses hold; what is not decided does not hold."""
    with ctx.workprec(BITS):
        return _domains_hold(link, point) and _hypotheses_hold(link, point)


def _domains_hold(link: Chain, point: Point) -> bool:
    env = environment_at(point)

    def less(a: sp.Expr, b: sp.Expr) -> bool:
        if a is -sp.oo or b is sp.oo:
            return True
        if a.is_Rational and b.is_Rational:
            return bool(a < b)
        try:
            left, right = (real(compile_ball(side)(env, False)) for side in (a, b))
        except NotEnclosable:
            return False
        return bool(left < right)

    for symbol, domain in link.given.items():
        inner = domain.domain if isinstance(domain, PerAtom) else domain
        if isinstance(inner, Interval):
            values = (
                point.vectors[symbol] if isinstance(domain, PerAtom) else [point.scalars[symbol]]
            )
            if not all(less(inner.lower, v) and less(v, inner.upper) for v in values):
                return False
        if isinstance(domain, Choice) and point.scalars[symbol] not in domain.values:
            return False
    return True


def _hypotheses_hold(link: Chain, point: Point) -> bool:
    with ctx.workprec(BITS):
        return all(_holds(h, point) for h in link.hypotheses)


def _holds(hypothesis: sp.Rel, point: Point) -> bool:
    """Decided by balls, exactly on the border; undecided counts as not holding."""
    env = environment_at(point)
    try:
        sides = [compile_ball(side, True)(env, False) for side in (hypothesis.lhs, hypothesis.rhs)]
        gap = sides[0] - sides[1]
        zero = bool(gap.is_zero())
        ball = real(gap)
    except (NotEnclosable, ArithmeticError):
        return False
    tests: dict[type, Callable[[], bool]] = {
        sp.StrictGreaterThan: lambda: ball > 0,
        sp.GreaterThan: lambda: zero or ball > 0,
        sp.StrictLessThan: lambda: ball < 0,
        sp.LessThan: lambda: zero or ball < 0,
        sp.Unequality: lambda: ball > 0 or ball < 0,
        sp.Equality: lambda: zero,
    }
    return bool(type(hypothesis) in tests and tests[type(hypothesis)]())


# --- simple points --------------------------------------------------------------------------------


def _all_cases(link: Chain) -> Iterator[Point]:
    """Every point of a chain whose domains are all finite."""
    values = [domain.rationals({}) for domain in link.given.values() if isinstance(domain, Choice)]
    for case in itertools.product(*values):
        point = Point(dict(zip(link.given, case, strict=True)), {})
        if _hypotheses_hold(link, point):
            yield point


def _candidate(link: Chain, attempt: int, chooser: random.Random) -> Point | None:
    """The pool of values widens with `attempt`; every other candidate is drawn from a wide one."""
    pool = 2 + attempt // 2 if attempt % 2 == 0 else WIDE_POOL
    atoms = ALPHABETS[attempt % len(ALPHABETS)]
    scalars: dict[sp.Symbol, sp.Expr] = {}
    vectors: dict[sp.Symbol, tuple[sp.Expr, ...]] = {}
    for symbol, domain in link.given.items():
        if isinstance(domain, Mass):
            weights = [chooser.randint(1, 1 + pool) for _ in range(atoms)]
            if domain.zero and attempt % 3 == 0 and atoms > 1:
                weights[chooser.randrange(atoms)] = 0
            vectors[symbol] = _shares(weights)
        elif isinstance(domain, PerAtom):
            options = _first(domain.domain, pool, scalars)
            vectors[symbol] = tuple(chooser.choice(options) for _ in range(atoms))
        else:
            options = _first(domain, pool, scalars)
            if not options:
                return None
            scalars[symbol] = chooser.choice(options)
    return Point(scalars, vectors)


def _shares(weights: list[int]) -> tuple[sp.Rational, ...]:
    return tuple(sp.Rational(w, sum(weights)) for w in weights)


_firsts: dict[tuple[object, ...], list[sp.Expr]] = {}


def _first(
    domain: Interval | Choice, count: int, scalars: dict[sp.Symbol, sp.Expr]
) -> list[sp.Expr]:
    """The first `count` values of a domain, remembered where they depend on nothing else."""
    if isinstance(domain, Choice):
        return list(domain.rationals(scalars))[:count]
    ends = sp.Tuple(domain.lower, domain.upper)
    names = ends.free_symbols
    key = (
        domain.lower,
        domain.upper,
        count,
        *((s, scalars.get(s)) for s in sorted(names, key=str)),
    )
    if key not in _firsts:
        if len(_firsts) > 5_000:
            _firsts.clear()
        distinct: dict[sp.Expr, None] = {}
        # An interval with no simple rational inside gives up rather than search for ever.
        for value in itertools.islice(domain.rationals(scalars), 20 * count):
            distinct[value] = None
            if len(distinct) >= count:
                break
        _firsts[key] = list(distinct)
    return _firsts[key]


# --- the others -----------------------------------------------------------------------------------


def _ends(domain: Interval, point: Point) -> tuple[sp.Expr | None, sp.Expr | None]:
    """Rational numbers near the ends, None at infinity."""
    found: list[sp.Expr | None] = []
    for end in map(sp.sympify, (domain.lower, domain.upper)):
        if end.is_infinite:
            found.append(None)
        elif end.is_Rational:
            found.append(end)
        else:
            ball = real(compile_ball(end)(environment_at(point), False))
            middle = ball.mid().fmpq() if ball.is_finite() else None
            found.append(None if middle is None else sp.Rational(int(middle.p), int(middle.q)))
    return found[0], found[1]


def _generic(link: Chain) -> Iterator[Point]:
    """Values with large odd denominators, drawn evenly over bounded and widely over long ranges."""
    chooser = random.Random(SEED + 1)
    for attempt in range(200):
        atoms = ALPHABETS[attempt % len(ALPHABETS)]
        scalars: dict[sp.Symbol, sp.Expr] = {}
        vectors: dict[sp.Symbol, tuple[sp.Expr, ...]] = {}
        for symbol, domain in link.given.items():
            point = Point(scalars, vectors, required=False)
            if isinstance(domain, Mass):
                weights = [chooser.randint(1, PRIME) for _ in range(atoms)]
                vectors[symbol] = _shares(weights)
            elif isinstance(domain, PerAtom):
                vectors[symbol] = tuple(_drawn(domain.domain, point, chooser) for _ in range(atoms))
            else:
                scalars[symbol] = _drawn(domain, point, chooser)
        yield Point(scalars, vectors, required=False)


def _drawn(domain: Interval | Choice, point: Point, chooser: random.Random) -> sp.Expr:
    if isinstance(domain, Choice):
        return sp.sympify(chooser.choice(domain.values))
    lower, upper = _ends(domain, point)
    share = sp.Rational(chooser.randint(1, PRIME - 1), PRIME)
    if lower is not None and upper is not None:
        return lower + (upper - lower) * share
    step = share * sp.Integer(2) ** chooser.randint(-2, 4)
    if lower is not None:
        return lower + step
    if upper is not None:
        return upper - step
    return step * chooser.choice((1, -1))


def _at_ends(link: Chain, start: Point) -> Iterator[Point]:
    """Close to an end or far out: all scalars at once, then one, the others as in `start`."""
    free = [s for s, domain in link.given.items() if isinstance(domain, Interval)]
    for tiny, far in zip(TINY, FAR, strict=True):
        for side in (0, 1):
            if len(free) > 1:
                yield _all_moved(link, start, free, side, tiny, far)
            for symbol in free:
                yield _all_moved(link, start, [symbol], side, tiny, far)


def _all_moved(
    link: Chain, point: Point, symbols: list[sp.Symbol], side: int, tiny: sp.Rational, far: int
) -> Point:
    """One after the other, since an end may be another scalar; they differ by small factors."""
    for k, symbol in enumerate(symbols, 1):
        domain = link.given[symbol]
        assert isinstance(domain, Interval)
        end = _ends(domain, point)[side]
        value = sp.Integer((-far, far)[side] * k) if end is None else end + (tiny, -tiny)[side] * k
        point = Point({**point.scalars, symbol: value}, point.vectors, required=False)
    return point


def _alphabets(link: Chain, start: Point) -> Iterator[Point]:
    """Masses spread over one atom, evenly over many, geometrically, or nearly all on one."""
    masses = [symbol for symbol, domain in link.given.items() if isinstance(domain, Mass)]
    if not start.vectors:
        return
    cases = [[_even(1) for _ in masses]]
    for tiny in TINY[:3]:
        cases += _unequal(len(masses), tiny)
    cases.append([_even(4) for _ in masses])
    cases.append([_halving(5)[:: (-1) ** j] for j, _ in enumerate(masses)])
    cases.append([_pointed(4, j, TINY[0]) for j, _ in enumerate(masses)])
    if any(may := [may_vanish(link.given[symbol]) for symbol in masses]):
        cases.append([_one_of(2, j) if z else _even(2) for j, z in enumerate(may)])  # disjoint
        cases.append([_one_of(3, 0) if z else _even(3) for z in may])
        cases.append([_one_of(3, 1) if z and j == 0 else _even(3) for j, z in enumerate(may)])
        cases.append([_one_of(3, 1) if z and j else _even(3) for j, z in enumerate(may)])
        cases.append([_but_one(3, j) if z else _even(3) for j, z in enumerate(may)])
    inequality = any(step.relation is not Relation.EQUAL for step in link.steps)
    cases += [[_even(n) for _ in masses] for n in (_many(link) if inequality else MANY[:1])]
    for tiny in (*TINY[3:], TINIEST):
        cases += _unequal(len(masses), tiny)
    for case in cases if masses else ([], [], []):
        atoms = len(case[0]) if case else 4
        vectors = dict(zip(masses, case, strict=True))
        for symbol, values in start.vectors.items():
            if symbol not in vectors:
                vectors[symbol] = tuple(itertools.islice(itertools.cycle(values), atoms))
        ordered = {symbol: vectors[symbol] for symbol in start.vectors}
        yield Point(start.scalars, ordered, required=False)


def _unequal(masses: int, tiny: sp.Rational) -> list[list[tuple[sp.Rational, ...]]]:
    """All but `tiny` on one of two atoms: of each mass on another, then of one mass only."""
    cases = [[_pointed(2, j % 2, tiny) for j in range(masses)]]
    for one in range(masses):
        cases.append([_pointed(2, 0, tiny) if j == one else _even(2) for j in range(masses)])
    return cases


def _many(link: Chain) -> list[int]:
    """Sizes of large alphabets: a few, and twice every size that the chain names."""
    rationals = [r for expr in link.expressions() for r in expr.atoms(sp.Rational)]
    named = {n for r in rationals for n in (abs(int(r.p)), int(r.q))}
    return sorted({*MANY, *(2 * n for n in named if 3 < n <= LARGEST_NAMED)})


def _even(n: int) -> tuple[sp.Rational, ...]:
    return (sp.Rational(1, n),) * n


def _one_of(n: int, where: int) -> tuple[sp.Rational, ...]:
    """All the mass on one atom, none on the others."""
    return tuple(sp.Rational(int(i == where % n)) for i in range(n))


def _but_one(n: int, where: int) -> tuple[sp.Rational, ...]:
    return tuple(sp.Rational(int(i != where % n), n - 1) for i in range(n))


def _pointed(n: int, where: int, tiny: sp.Rational) -> tuple[sp.Rational, ...]:
    """All but `tiny` on one atom, that evenly on the others."""
    others = tiny / (n - 1)
    return tuple(1 - tiny if i == where % n else others for i in range(n))


def _halving(n: int) -> tuple[sp.Rational, ...]:
    return _shares([2 ** (n - i) for i in range(n)])
