"""False bounds that fail far out only, on large alphabets, or at one narrow ratio p/q."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import mpmath as mp
import sympy as sp
from sympy import Abs, Max, Piecewise, Rational, atan, erf, exp, log, sqrt, tanh

from derivations.claim import Relation, Step, chain
from derivations.language import POSITIVE, REAL, UNIT, Domain, Interval, Mass, Total

from .statement import FALSE, MEANINGLESS, Statement, Unfit, odd, positive, stated, tiny
from .totals import CHI2, ENTROPY, H2, JEFFREYS, JS, KL, LE_CAM, TV
from .truth import DIGITS, Point, contradicted

p, q, t, x = sp.symbols("p q t x")
P: Mapping[sp.Symbol, Domain] = {p: Mass()}
PQ: Mapping[sp.Symbol, Domain] = {p: Mass(), q: Mass()}
Write = Callable[[random.Random], Statement]


def _false(
    left: sp.Expr, relation: str, right: sp.Expr, given: Mapping[sp.Symbol, Domain], at: Point,
    why: str,
) -> Statement:  # fmt: skip
    if not contradicted(left, relation, right, at):
        raise Unfit("not a contradiction after all")
    step = Step(Relation(relation), right, "a bound")
    what = (left, relation, right)
    return Statement("", stated(chain(left, step, given=given)), FALSE, why, what, at)


def _number(value: sp.Expr | int) -> mp.mpf:
    value = sp.sympify(value)
    with mp.workdps(DIGITS):
        return mp.mpf(int(value.p)) / int(value.q)


def far_out(rng: random.Random) -> Statement:
    """A bound that holds until x is very large, or very small."""
    n = rng.choice((2, 3, 5, 8, 11))
    big = sp.Integer(10) ** n
    f, relation, c, domain, at = rng.choice((
        (log(x), "<=", sp.Integer(2 * n), POSITIVE, big**2),
        (log(x), ">=", -sp.Integer(2 * n), POSITIVE, 1 / big**2),
        (x / (1 + x), "<=", 1 - 1 / big, POSITIVE, 10 * big),
        (atan(x), "<=", sp.pi / 2 - 1 / big, REAL, 10 * big),
        (1 / (1 + x**2), ">=", 1 / big, REAL, big),
        (x**2 - x / big, ">=", sp.S.Zero, POSITIVE, 1 / (2 * big)),
        (x, "<=", big, POSITIVE, big + 1), (Abs(x), "<=", big, REAL, -big - 1),
        (sqrt(x), "<=", x + big, Interval(0, 1), None),
        (x * log(x), "<=", big, POSITIVE, big), (exp(-x), ">=", 1 / big, POSITIVE, 3 * n),
        (tanh(x), "<=", 1 - 1 / big**2, REAL, 5 * n + 5), (erf(x), "<=", 1 - 1 / big, REAL, n),
        (-x * log(x), ">=", 1 / big, UNIT, 1 / big**2), (x - x**2, ">=", 1 / big, UNIT, 1 - 1 / big**2),
        (log(1 + exp(-x)), ">=", 1 / big, REAL, 4 * n), (sqrt(x**2 + 1) - x, ">=", 1 / big, REAL, big),
    ))  # fmt: skip
    if at is None:
        raise Unfit("true everywhere")
    return _false(f, relation, c, {x: domain}, {x: _number(at)}, "fails far out")


def many_atoms(rng: random.Random) -> Statement:
    """A bound that holds for small alphabets."""
    n = rng.choice((2, 3, 5, 9, 26, 40, 100))
    N = 2 * n
    f, relation, c = rng.choice((
        (ENTROPY, "<=", log(n)), (Total(p**2), ">=", Rational(1, n)),
        (Total(sqrt(p)), "<=", sqrt(n)), (Total(p**3), ">=", Rational(1, n**2)),
        (Total(sp.S.One), "<=", sp.Integer(n)), (Total(p * (1 - p)), "<=", 1 - Rational(1, n)),
        (Total(p * log(p)), ">=", -log(n)),
    ))  # fmt: skip
    even = (_number(Rational(1, N)),) * N
    return _false(f, relation, c, P, {p: even}, "fails on large alphabets")


def unequal_masses(rng: random.Random) -> Statement:
    """A bound that holds until the masses are very unequal."""
    n = rng.choice((1, 3, 9, 25, 50))
    f, c = rng.choice((
        (KL, sp.Integer(2 * n)), (TV, 1 - Rational(1, 10**n)), (H2, 1 - Rational(1, 10**n)),
        (JS, log(2) - Rational(1, 10**n)), (CHI2, sp.Integer(10) ** n), (LE_CAM, 2 - Rational(1, 10**n)),
        (JEFFREYS, sp.Integer(n)), (Total(p**2), 1 - Rational(1, 10**n)), (Total(p**2 / q), sp.Integer(10**n)),
        (Total(p * log(2 * p / (p + q))), log(2) - Rational(1, 10**n)),
    ))  # fmt: skip
    with mp.workdps(DIGITS):
        e = mp.mpf(10) ** (-(2 * n + 3)) if n < 25 else mp.mpf(10) ** (-54)
        at = {p: (1 - e, e), q: (e, 1 - e)}
        try:
            return _false(f, "<=", c, PQ, at, "fails for unequal masses")
        except OverflowError:
            raise Unfit("out of reach") from None


def narrow_ratio(rng: random.Random) -> Statement:
    """D_f >= 0 for an f that dips below its tangent near one ratio."""
    u = p / q
    r = abs(odd(rng, 0, 4)) + rng.choice((0, Rational(1, 2)))
    w, h = tiny(rng), positive(rng) * rng.choice((1, 100))
    convex = rng.choice(((u - 1) ** 2, u * log(u), -log(u), (sqrt(u) - 1) ** 2, Abs(u - 1)))
    dip = rng.choice((
        Max(0, 1 - Abs(u - r) / w), exp(-(((u - r) / w) ** 2)), 1 / (1 + ((u - r) / w) ** 2),
        Piecewise((1, sp.And(u > r - w, u < r + w)), (0, True)),
    ))  # fmt: skip
    left = Total(q * (convex - h * dip))
    with mp.workdps(DIGITS):
        mass = _number(Rational(1, 100) if r > 1 else Rational(1, 3))
        first = _number(r) * mass
        at = {p: (first, 1 - first), q: (mass, 1 - mass)}
    if not 0 < first < 1:
        raise Unfit("no probability")
    return _false(left, ">=", sp.S.Zero, PQ, at, f"dips at p/q = {r}")


def narrow_mass(rng: random.Random) -> Statement:
    """A sum over one probability vector with a dip at one mass."""
    r, w = abs(odd(rng, 0, 1)) / 2 + Rational(1, 1000), tiny(rng)
    h = 3 + positive(rng)
    base = rng.choice((-p * log(p), p * (1 - p), sqrt(p), p))
    dip = rng.choice((
        Max(0, 1 - Abs(p - r) / w), exp(-(((p - r) / w) ** 2)),
        Piecewise((1, sp.And(p > r - w, p < r + w)), (0, True)),
    ))  # fmt: skip
    if not 0 < r < 1:
        raise Unfit("no probability")
    at = {p: (_number(r), _number(1 - r))}
    return _false(Total(base - h * dip), ">=", sp.S.Zero, P, at, f"dips at p = {r}")


BOUNDS: tuple[Write, ...] = (
    far_out,
    far_out,
    many_atoms,
    unequal_masses,
    narrow_ratio,
    narrow_mass,
)

# --- masses that may vanish -------------------------------------------------------------------

ZERO: Mapping[sp.Symbol, Domain] = {p: Mass(zero=True), q: Mass(zero=True)}
BC = Total(sqrt(p * q))

# Strict for positive masses, an equality where the supports are disjoint, or on one atom.
STRICT: tuple[tuple[sp.Expr, sp.Expr], ...] = (
    (Total(sp.Min(p, q)), sp.S.Zero), (BC, sp.S.Zero), (1 - TV, sp.S.Zero), (sp.S.One, TV),
    (sp.S.One, H2), (log(2), JS), (sp.Integer(2), LE_CAM), (ENTROPY, sp.S.Zero),
    (Total(sqrt(p)), sp.S.One), (sp.S.One, Total(p**2)), (Total(p * q), sp.S.Zero),
    (1 - H2, sp.S.Zero), (KL, sp.S.Zero), (TV, sp.S.Zero),
)  # fmt: skip

# Infinite parts that are taken away again, or divided by, or put into a function.
INFINITE: tuple[tuple[sp.Expr, str, sp.Expr], ...] = (
    (JEFFREYS - KL, "=", Total(q * log(q / p))),
    (-Total(p * log(q)) - KL, "=", ENTROPY),
    (Total(p**2 / q) - CHI2, "=", sp.S.One),
    (KL - Total(p * log(p / q) + p), "=", -sp.S.One),
    (exp(-KL), ">=", sp.S.Zero), (1 / (1 + CHI2), ">=", sp.S.Zero), (1 / (1 - TV), ">=", sp.S.One),
    (log(BC), "<=", sp.S.Zero), (-2 * log(1 - H2), ">=", sp.S.Zero), (log(1 - TV**2), "<=", sp.S.Zero),
    (KL / (1 + KL), "<=", sp.S.One), (tanh(KL), "<=", sp.S.One),
    (sp.Add(KL, -2 * TV**2, -KL, evaluate=False), "<=", sp.S.Zero),
    (CHI2 - KL, ">=", sp.S.Zero), (log(1 + CHI2) - KL, ">=", sp.S.Zero), (sqrt(KL) - sqrt(KL + 1), "<=", sp.S.Zero),
    (Max(-KL, -1), "<=", sp.S.Zero), (Total(log(p)), "<=", sp.S.Zero), (Total(1 / (p + q)), ">=", sp.S.One),
    (Total(log(p / q)) ** 2, ">=", sp.S.Zero), (Total(q * log(p)) ** 2, ">=", sp.S.Zero),
)  # fmt: skip


def strict_at_the_border(rng: random.Random) -> Statement:
    high, low = rng.choice(STRICT)
    k = positive(rng)
    step = Step(Relation.ABOVE, sp.sympify(k * low), "positive")
    zero = sp.S.Zero
    return Statement("", stated(chain(k * high, step, given=ZERO)), FALSE,
                     "equal on disjoint supports, or on one atom", (zero, ">", zero), {})  # fmt: skip


def infinite_parts(rng: random.Random) -> Statement:
    left, relation, right = rng.choice(INFINITE)
    k = positive(rng)
    step = Step(Relation(relation), sp.sympify(k * right), "as for positive masses")
    return Statement("", stated(chain(sp.Mul(k, left, evaluate=False), step, given=ZERO)), MEANINGLESS,
                     "an infinite part, or no value, on disjoint supports")  # fmt: skip


VANISHING: tuple[Write, ...] = (strict_at_the_border, infinite_parts)
