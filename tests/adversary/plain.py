"""True statements about plain functions of numbers: algebra, logarithms, powers, kinks."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import sympy as sp
from sympy import Abs, Max, Min, Piecewise, Rational, cosh, exp, log, sign, sqrt, tanh

from derivations.claim import Algebra, Touching
from derivations.language import POSITIVE, REAL, UNIT, Choice, Interval

from .statement import Truth, odd, positive, small

a, b, c, w, x, y, z = sp.symbols("a b c w x y z")
Draw = Callable[[random.Random], Truth]


def _reals(*names: sp.Symbol) -> dict[sp.Symbol, Interval]:
    return dict.fromkeys(names, REAL)


# --- algebra -------------------------------------------------------------------------------------


def _form(rng: random.Random, *names: sp.Symbol) -> sp.Expr:
    """A random polynomial of degree 1 or 2, never zero."""
    parts = [small(rng) * rng.choice(names) ** rng.choice((1, 1, 2)) for _ in range(2)]
    return sp.Add(*parts, small(rng)) or sp.S.One


def expanded(rng: random.Random) -> Truth:
    left = _form(rng, x, y) * _form(rng, x, y) ** rng.choice((1, 2)) - _form(rng, y)
    return Truth(left, "=", sp.expand(left), _reals(x, y))


def fractions(rng: random.Random) -> Truth:
    d, e = x**2 + positive(rng), 1 + small(rng) ** 2 * y**2
    left = _form(rng, x) / d + small(rng) * y / e
    return Truth(left, "=", sp.together(left), _reals(x, y))


def telescoped(rng: random.Random) -> Truth:
    n = rng.randint(2, 6)
    return Truth((x - y) * sp.Add(*(x**i * y ** (n - 1 - i) for i in range(n))), "=",
                 x**n - y**n, _reals(x, y))  # fmt: skip


def squares(rng: random.Random) -> Truth:
    left = sp.Add(*(positive(rng) * _form(rng, x, y) ** 2 for _ in range(rng.randint(1, 3))))
    return Truth(sp.expand(left), ">=", sp.S.Zero, _reals(x, y))


def double_zero(rng: random.Random) -> Truth:
    at = rng.choice((odd(rng), small(rng)))
    other = (x - odd(rng)) ** 2 + positive(rng)
    left = (x - at) ** 2 * rng.choice((sp.S.One, other))
    return Truth(sp.expand(left), ">=", sp.S.Zero, _reals(x), by=Touching(x, at))


def quartic(rng: random.Random) -> Truth:
    """x^4 + p x^3 + ...: the minimum of a square plus a constant, met at an odd rational."""
    at, floor = odd(rng), small(rng)
    return Truth(sp.expand((x**2 - at * x + at**2 / 4) * (x**2 + 1) + floor), ">=", floor,
                 _reals(x))  # fmt: skip


def cauchy(rng: random.Random) -> Truth:
    k = positive(rng)
    return Truth((k * a**2 + b**2) * (x**2 / k + y**2), ">=", (a * x + b * y) ** 2,
                 _reals(a, b, x, y))  # fmt: skip


def means(rng: random.Random) -> Truth:
    n = rng.choice((2, 3, 4))
    names = (x, y, z, w)[:n]
    given = dict.fromkeys(names, POSITIVE)
    return Truth(sp.Add(*names) / n, ">=", sp.Mul(*names) ** Rational(1, n), given)


def rearranged(rng: random.Random) -> Truth:
    """x/y + y/x >= 2 and its like."""
    k = positive(rng)
    return Truth(k * x / y + y / (k * x), ">=", sp.Integer(2), {x: POSITIVE, y: POSITIVE})


# --- logarithms and exponentials ----------------------------------------------------------------


def log_product(rng: random.Random) -> Truth:
    n, m, k = small(rng), small(rng), positive(rng)
    return Truth(log(k * x**n * y**m), "=", log(k) + n * log(x) + m * log(y),
                 {x: POSITIVE, y: POSITIVE})  # fmt: skip


def log_square(rng: random.Random) -> Truth:
    n = rng.choice((2, 4, 6))
    return Truth(log(x**n), "=", n * log(x), {x: POSITIVE})


def softplus(rng: random.Random) -> Truth:
    k = small(rng)
    return Truth(log(1 + exp(k * x)), "=", k * x + log(1 + exp(-k * x)), _reals(x))


def log_sigmoid(rng: random.Random) -> Truth:
    k = small(rng)
    return Truth(1 / (1 + exp(-k * x)), "=", (1 + tanh(k * x / 2)) / 2, _reals(x))


def exponentials(rng: random.Random) -> Truth:
    n, m = small(rng), small(rng)
    return Truth(exp(n * x) * exp(m * y) ** 2, "=", exp(n * x + 2 * m * y), _reals(x, y))


def hyperbolic(rng: random.Random) -> Truth:
    k = small(rng)
    return Truth(cosh(k * x) ** 2 - 1, "=", sp.sinh(k * x) ** 2, _reals(x))


LOG_BOUNDS: tuple[tuple[sp.Expr, sp.Expr, Interval, sp.Expr | None], ...] = (
    (x - 1, log(x), POSITIVE, sp.S.One),
    (x * log(x), x - 1, POSITIVE, sp.S.One),
    (log(x), 1 - 1 / x, POSITIVE, sp.S.One),
    (log(1 + x), x / (1 + x), POSITIVE, None),
    (log(1 + x), 2 * x / (2 + x), POSITIVE, None),
    (x / sqrt(1 + x), log(1 + x), POSITIVE, None),
    ((1 + x) * log(1 + x) - x, x**2 / (2 * (1 + x / 3)), POSITIVE, None),
    (exp(x), 1 + x, REAL, sp.S.Zero),
    (exp(x), 1 + x + x**2 / 2, POSITIVE, None),
    (exp(x), sp.E * x, REAL, sp.S.One),
    (exp(x**2 / 2), cosh(x), REAL, sp.S.Zero),
    (x**2 / 2, log(cosh(x)), REAL, sp.S.Zero),
    (log(1 + exp(x)), Max(0, x), REAL, None),
    (log(2) + Max(0, x), log(1 + exp(x)), REAL, None),
    (log(1 + exp(x)), log(2) + x / 2, REAL, sp.S.Zero),
    (-x * log(x) - (1 - x) * log(1 - x), 4 * log(2) * x * (1 - x), UNIT, None),
    (log(2), -x * log(x) - (1 - x) * log(1 - x), UNIT, Rational(1, 2)),
    (Abs(x), x * tanh(x), REAL, None),
    (sp.sin(x) ** 2, sp.S.Zero, REAL, None),
    (x, sp.sin(x), POSITIVE, None),
    (sp.cos(x), 1 - x**2 / 2, REAL, sp.S.Zero),
    (x, sp.atan(x), POSITIVE, None),
    (sp.S.One, sp.erf(x), REAL, None),
    (exp(-(x**2)), sp.erfc(x), POSITIVE, None),
)


def log_bound(rng: random.Random) -> Truth:
    high, low, domain, at = rng.choice(LOG_BOUNDS)
    by = {"by": Touching(x, at)} if at is not None and rng.random() < 0.7 else {}
    if rng.random() < 0.3:
        return Truth(low, "<=", high, {x: domain}, **by)  # type: ignore[arg-type]
    return Truth(high, ">=", low, {x: domain}, **by)  # type: ignore[arg-type]


def strict_bound(rng: random.Random) -> Truth:
    chosen = [row for row in LOG_BOUNDS if row[3] == 1 and row[2] == POSITIVE]
    high, low, _, at = rng.choice(chosen)
    return Truth(high - low, ">", sp.S.Zero, {x: Interval(1, sp.oo)}, by=Touching(x, at))


# --- powers --------------------------------------------------------------------------------------


def root_of_square(rng: random.Random) -> Truth:
    k, n = small(rng), rng.choice((1, 2, 3))
    return Truth(sqrt(k**2 * x ** (2 * n)), "=", abs(k) * x**n, {x: POSITIVE})


def power_laws(rng: random.Random) -> Truth:
    n, m = small(rng), small(rng)
    left, right = rng.choice((
        (x**a * x**b, x ** (a + b)),
        ((x**n) ** m, x ** (n * m)),
        ((x * y) ** n, x**n * y**n),
        ((x / y) ** a, x**a * y ** (-a)),
        (x**a, exp(a * log(x))),
        (sqrt(x) * sqrt(y), sqrt(x * y)),
        (x ** (n + 1) / x**n, x),
    ))  # fmt: skip
    return Truth(left, "=", right, {x: POSITIVE, y: POSITIVE, a: REAL, b: REAL})


def bernoulli(rng: random.Random) -> Truth:
    if rng.random() < 0.5:
        n = 1 + positive(rng)
        return Truth((1 + x) ** n, ">=", 1 + n * x, {x: Interval(-1, sp.oo)})
    return Truth((1 + x) ** a, "<=", 1 + a * x, {x: POSITIVE, a: UNIT})


def young(rng: random.Random) -> Truth:
    n = 1 + positive(rng)
    m = n / (n - 1)
    return Truth(x * y, "<=", x**n / n + y**m / m, {x: POSITIVE, y: POSITIVE})


def concave_power(rng: random.Random) -> Truth:
    return Truth(x**a * y ** (1 - a), "<=", a * x + (1 - a) * y,
                 {x: POSITIVE, y: POSITIVE, a: UNIT})  # fmt: skip


def conjugate_roots(rng: random.Random) -> Truth:
    return Truth((sqrt(x) - sqrt(y)) * (sqrt(x) + sqrt(y)), "=", x - y, {x: POSITIVE, y: POSITIVE})


# --- kinks ---------------------------------------------------------------------------------------


def largest(rng: random.Random) -> Truth:
    k, m = small(rng), small(rng)
    left, right = rng.choice((
        (Max(x, y), (x + y + Abs(x - y)) / 2),
        (Min(x, y), (x + y - Abs(x - y)) / 2),
        (Max(x, y) + Min(x, y), x + y),
        (Max(x, k) - Max(-x, -k), Max(x, k) + Min(x, k)),
        (Max(x, 0) - Max(-x, 0), x),
        (Abs(x) * Abs(y), Abs(x * y)),
        (x * sign(x), Abs(x)),
        (Max(x - k, m) + k, Max(x, m + k)),
        (Max(Max(x, y), k), Max(x, Max(y, k))),
        (Min(Max(x, 0), 1), Max(x, 0) - Max(x - 1, 0)),
        (Piecewise((x, x > 0), (0, True)), (x + Abs(x)) / 2),
        (Piecewise((x, x > k), (k, True)), Max(x, k)),
        (Piecewise((x - k, x > k), (k - x, True)), Abs(x - k)),
        (Abs(x) ** 2, x**2),
        (sqrt(x**2), Abs(x)),
        (sqrt((x - y) ** 2), Abs(x - y)),
    ))  # fmt: skip
    return Truth(left, "=", right, _reals(x, y))


def zigzag(rng: random.Random) -> Truth:
    """A continuous broken line, once by its corners and once by cases."""
    corners = sorted({small(rng) for _ in range(2)})
    slopes = [small(rng) for _ in range(len(corners) + 1)]
    left = slopes[0] * x + sp.Add(*(
        (s1 - s0) * Max(0, x - k) for k, s0, s1 in zip(corners, slopes[:-1], slopes[1:], strict=True)
    ))  # fmt: skip
    pieces, line = [], slopes[0] * x
    for k, s0, s1 in zip(corners, slopes[:-1], slopes[1:], strict=True):
        pieces.append((line, x < k))
        line = sp.expand(line + (s1 - s0) * (x - k))
    return Truth(left, "=", Piecewise(*pieces, (line, True)), _reals(x))


KINK_BOUNDS: tuple[tuple[sp.Expr, sp.Expr], ...] = (
    (Abs(x) + Abs(y), Abs(x + y)),
    (Abs(x - y), Abs(x) - Abs(y)),
    (Abs(x - y) + Abs(y - z), Abs(x - z)),
    (Max(x, y), (x + y) / 2),
    (Max(x, 0) + Max(y, 0), Max(x + y, 0)),
    (Abs(x), x),
    (x**2 + 1, 2 * Abs(x)),
    (Max(x, y) - Min(x, y), sp.S.Zero),
    (Max(Abs(x), Abs(y)), (Abs(x) + Abs(y)) / 2),
    (Max(0, 1 - x) + Max(0, 1 + x), sp.Integer(2)),
)


def kink_bound(rng: random.Random) -> Truth:
    high, low = rng.choice(KINK_BOUNDS)
    return Truth(high, ">=", low, _reals(x, y, z))


def on_a_half_line(rng: random.Random) -> Truth:
    k = small(rng)
    left, right = rng.choice((
        (Abs(x - k), x - k), (Max(x, k), x), (sign(x - k), sp.S.One), (Min(x, k), k),
        (Piecewise((0, x <= k), (x, True)), x), (sqrt((x - k) ** 2), x - k),
    ))  # fmt: skip
    return Truth(left, "=", right, {x: Interval(k, sp.oo)})


def ordered(rng: random.Random) -> Truth:
    """Hypotheses that relate two numbers."""
    left, right = rng.choice(((Abs(x - y), x - y), (Max(x, y), x), (sign(x - y), sp.S.One)))
    return Truth(left, "=", right, _reals(x, y), hypotheses=(x > y,))


def chosen(rng: random.Random) -> Truth:
    """Finitely many values: b^2 = 1, b^3 = b."""
    n = rng.choice((1, 2, 3))
    left, right = rng.choice(((b ** (2 * n), sp.S.One), (b ** (2 * n + 1), b), (1 / b, b)))
    return Truth(left * x, "=", right * x, {x: REAL, b: Choice((1, -1))})


# --- dressing ------------------------------------------------------------------------------------


def dressed(truth: Truth, rng: random.Random) -> Truth:
    """The same in other clothes: a term on both sides, a factor, the variable moved."""
    if truth.plain is not None or rng.random() < 0.4:
        return truth
    left, right = truth.left, truth.right
    scalars = [s for s, d in truth.given.items() if d == REAL]
    how = rng.randrange(5)
    if how == 0 and scalars:
        s = rng.choice(scalars)
        extra = rng.choice((s, s**2, sp.exp(-(s**2)), Abs(s), sp.atan(s), small(rng)))
        return replace(truth, left=left + extra, right=right + extra)
    if how == 1:
        k = positive(rng)
        return replace(truth, left=k * left, right=k * right)
    if how == 2 and scalars and not truth.hypotheses:
        s, k, m = rng.choice(scalars), small(rng), small(rng)
        return replace(
            truth, left=left.subs(s, k * s + m), right=right.subs(s, k * s + m),
            by=Touching(s, (truth.by.at - m) / k)
            if isinstance(truth.by, Touching) and truth.by.variable == s else truth.by,
        )  # fmt: skip
    if how == 3 and not truth.hypotheses:
        return replace(truth, left=exp(left), right=exp(right), by=Algebra())
    return truth


ALGEBRA: tuple[Draw, ...] = (
    expanded, fractions, telescoped, squares, double_zero, quartic, cauchy, means, rearranged,
)  # fmt: skip
LOGARITHMS: tuple[Draw, ...] = (
    log_product, log_square, softplus, log_sigmoid, exponentials, hyperbolic, log_bound, log_bound,
    log_bound, strict_bound,
)  # fmt: skip
POWERS: tuple[Draw, ...] = (
    root_of_square, power_laws, bernoulli, young, concave_power, conjugate_roots,
)  # fmt: skip
KINKS: tuple[Draw, ...] = (
    largest, largest, zigzag, kink_bound, on_a_half_line, ordered, chosen,
)  # fmt: skip
