"""True statements with an integral, a limit or a derivative, and what each is in plain functions."""

from __future__ import annotations

import random
from collections.abc import Callable

import sympy as sp
from sympy import (
    Abs,
    Derivative,
    Integral,
    Limit,
    Max,
    Min,
    Piecewise,
    Rational,
    Subs,
    atan,
    cos,
    cosh,
    erf,
    exp,
    log,
    oo,
    pi,
    sin,
    sqrt,
    tanh,
)  # fmt: skip

from derivations.claim import ChangeOfVariable
from derivations.language import POSITIVE, REAL, Interval

from .statement import Truth, odd, positive, small

a, b, m, s, t, x, y, z = sp.symbols("a b m s t x y z")
Draw = Callable[[random.Random], Truth]

# A primitive F(x) with F' = f, both written down here: nothing is integrated by a program.
PRIMITIVES: tuple[tuple[sp.Expr, sp.Expr], ...] = (
    (x**2 / 2, x),
    (x**3 / 3, x**2),
    (exp(x), exp(x)),
    (sin(x), cos(x)),
    (-cos(x), sin(x)),
    (atan(x), 1 / (1 + x**2)),
    (log(1 + x**2) / 2, x / (1 + x**2)),
    (x * exp(-x), (1 - x) * exp(-x)),
    (tanh(x), 1 / cosh(x) ** 2),
    (erf(x), 2 / sqrt(pi) * exp(-(x**2))),
    (x * Abs(x) / 2, Abs(x)),
    (Max(x, 0) ** 2 / 2, Max(x, 0)),
    (exp(-(x**2)), -2 * x * exp(-(x**2))),
    (log(cosh(x)), tanh(x)),
    (log(1 + exp(x)), 1 / (1 + exp(-x))),
)
ON_POSITIVE: tuple[tuple[sp.Expr, sp.Expr], ...] = (
    (log(x), 1 / x),
    (x * log(x) - x, log(x)),
    (2 * sqrt(x), 1 / sqrt(x)),
    (-1 / x, 1 / x**2),
    (x**2 / 2 * log(x) - x**2 / 4, x * log(x)),
    (log(x / (1 + x)), 1 / (x * (1 + x))),
)


def _primitive(rng: random.Random, *, smooth: bool = False) -> tuple[sp.Expr, sp.Expr]:
    F, f = sp.S.Zero, sp.S.Zero
    for _ in range(rng.choice((1, 2))):
        (G, g), k = rng.choice(PRIMITIVES), small(rng)
        if smooth and G.has(Abs, Max):
            continue
        F, f = F + k * G, f + k * g
    return F, f


def definite(rng: random.Random) -> Truth:
    F, f = _primitive(rng)
    low = small(rng)
    high = low + positive(rng)
    value = F.subs(x, high) - F.subs(x, low)
    return Truth(Integral(f, (x, low, high)), "=", value, {}, plain=value)


def upper_end(rng: random.Random) -> Truth:
    F, f = _primitive(rng)
    low = rng.choice((0, -1, 1)) * positive(rng)
    value = F.subs(x, low + t) - F.subs(x, low)
    return Truth(Integral(f, (x, low, low + t)), "=", value, {t: POSITIVE}, plain=value)


def on_the_positive(rng: random.Random) -> Truth:
    F, f = rng.choice(ON_POSITIVE)
    k = small(rng)
    low = positive(rng)
    value = k * (F.subs(x, low + t) - F.subs(x, low))
    return Truth(Integral(k * f, (x, low, low + t)), "=", value, {t: POSITIVE}, plain=value)


def to_infinity(rng: random.Random) -> Truth:
    """Moments of the exponential and the Gaussian law, and rational tails."""
    n = rng.choice((0, 1, 2, 3))
    density = exp(-((x - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi))
    moments = (sp.S.One, m, m**2 + s**2, m**3 + 3 * m * s**2)
    k = positive(rng)
    f, ends, value, given = rng.choice((
        (x**n * exp(-x / a) / a, (0, oo), sp.factorial(n) * a**n, {a: POSITIVE}),
        (x**n * density, (-oo, oo), moments[n], {m: REAL, s: POSITIVE}),
        (exp(-k * (x - m) ** 2), (-oo, oo), sqrt(pi / k), {m: REAL}),
        (1 / (x + a) ** (n + 2), (0, oo), 1 / ((n + 1) * a ** (n + 1)), {a: POSITIVE}),
        (exp(-Abs(x - m) / s) / (2 * s), (-oo, oo), sp.S.One, {m: REAL, s: POSITIVE}),
        (Abs(x) * exp(-(x**2) / (2 * s**2)) / (s * sqrt(2 * pi)), (-oo, oo), s * sqrt(2 / pi),
         {s: POSITIVE}),
        (1 / (pi * (1 + (x - m) ** 2)), (-oo, oo), sp.S.One, {m: REAL}),
        (Max(x - m, 0) * exp(-x), (0, oo), exp(-m), {m: POSITIVE}),
        (exp(-x) * (1 + x), (t, oo), (t + 2) * exp(-t), {t: REAL}),
    ))  # fmt: skip
    return Truth(Integral(f, (x, *ends)), "=", value, given, plain=sp.sympify(value))


def across_a_kink(rng: random.Random) -> Truth:
    k = small(rng)
    f, value = rng.choice((
        (Abs(x - t), t**2 / 2 + (1 - t) ** 2 / 2),
        (Max(x, t), t**2 + (1 - t**2) / 2),
        (Piecewise((0, x < t), (k, True)), k * (1 - t)),
        (Min(x, t), t**2 / 2 + t * (1 - t)),
        (sp.sign(x - t), 1 - 2 * t),
    ))  # fmt: skip
    return Truth(Integral(f, (x, 0, 1)), "=", value, {t: Interval(0, 1)}, plain=value)


def moved(rng: random.Random) -> Truth:
    """An increasing change of variable; both sides are the same number."""
    k, shift = positive(rng), small(rng)
    f = exp(-(x**2) / 2) * (1 + x**2)
    value = 2 * sqrt(2 * pi)
    new, image = rng.choice(
        (
            (k * z + shift, Integral(k * f.subs(x, k * z + shift), (z, -oo, oo))),
            (sp.sinh(z), Integral(cosh(z) * f.subs(x, sp.sinh(z)), (z, -oo, oo))),
        )
    )
    return Truth(Integral(f, (x, -oo, oo)), "=", image, {}, by=ChangeOfVariable(x, new, z),
                 plain=value)  # fmt: skip


# --- limits --------------------------------------------------------------------------------------


def limit(rng: random.Random) -> Truth:
    k, n, h = small(rng), rng.choice((1, 2, 3)), positive(rng)
    one = {a: REAL}
    g, end, side, value, given = rng.choice((
        ((k * x**n + a) / (h * x**n + 1), oo, "-", k / h, one),
        (x**n * exp(-h * x), oo, "-", sp.S.Zero, {}),
        (x**h * log(x), 0, "+", sp.S.Zero, {}),
        ((exp(a * x) - 1) / x, 0, "+", a, one),
        (sin(k * x) / x, 0, "+", k, {}),
        (log(1 + a * x) / x, 0, "+", a, {a: POSITIVE}),
        (sqrt(x**2 + a * x) - x, oo, "-", a / 2, one),
        (Max(x, x + a) - x, oo, "-", Max(0, a), one),
        (Max(a, b) + exp(-h * x), oo, "-", Max(a, b), {a: REAL, b: REAL}),
        (Abs(x - a) - x, oo, "-", -a, one),
        (Abs(x) / x, 0, "+", sp.S.One, {}),
        (Abs(x) / x, 0, "-", -sp.S.One, {}),
        (Abs(a) + 1 / x, oo, "-", Abs(a), one),
        (tanh(k * x), oo, "-", sp.sign(k), {}),
        (erf(h * x) + a, oo, "-", 1 + a, one),
        (x * log((x + a) / x), oo, "-", a, {a: POSITIVE}),
        ((1 - cos(k * x)) / x**2, 0, "+", k**2 / 2, {}),
        (log(1 + exp(x)) - Max(x, 0), oo, "-", sp.S.Zero, {}),
        (Max(x, a) - Max(x, b), oo, "-", sp.S.Zero, {a: REAL, b: REAL}),
        (Min(x, a) + Max(-x, b), oo, "-", a + b, {a: REAL, b: REAL}),
        (Abs(x - t) - Abs(x), oo, "-", -t, {t: REAL}),
        ((sqrt(1 + x * a) - 1) / x, 0, "+", a / 2, {a: POSITIVE}),
    ))  # fmt: skip
    return Truth(Limit(g, x, end, side), "=", value, given, plain=sp.sympify(value))


# --- derivatives ---------------------------------------------------------------------------------


def derivative(rng: random.Random) -> Truth:
    F, f = _primitive(rng, smooth=True)
    return Truth(Derivative(F, x), "=", f, {x: REAL}, plain=f)


def derivative_on_positive(rng: random.Random) -> Truth:
    F, f = rng.choice(ON_POSITIVE)
    k = small(rng)
    return Truth(Derivative(k * F, x), "=", k * f, {x: POSITIVE}, plain=k * f)


def derivative_at(rng: random.Random) -> Truth:
    F, f = _primitive(rng, smooth=True)
    at = rng.choice((t, small(rng), odd(rng)))
    value = f.subs(x, at)
    return Truth(Subs(Derivative(F, x), x, at), "=", value, {t: REAL}, plain=value)


def derivative_of_kink(rng: random.Random) -> Truth:
    """On the side where it is smooth."""
    k = small(rng)
    F, f = rng.choice((
        (Abs(x - k), sp.S.One), (Max(x, k), sp.S.One), (Min(x, k), sp.S.Zero),
        (Piecewise((0, x <= k), ((x - k) ** 2, True)), 2 * (x - k)),
        (x * Abs(x - k), 2 * x - k),
    ))  # fmt: skip
    return Truth(Derivative(F, x), "=", f, {x: Interval(k, oo)}, plain=f)


def leibniz(rng: random.Random) -> Truth:
    """d/dt of an integral: its end moves, or its integrand does."""
    (F, f), k = rng.choice(PRIMITIVES[:9]), small(rng)
    inner, value, given = rng.choice((
        (Integral(k * f, (x, 0, t)), k * f.subs(x, t), {t: POSITIVE}),
        (Integral(k * f * t**2, (x, 0, 1)), 2 * t * k * (F.subs(x, 1) - F.subs(x, 0)), {t: REAL}),
        (Integral(exp(-t * x), (x, 0, 1)), ((1 + t) * exp(-t) - 1) / t**2, {t: POSITIVE}),
        (Integral(Abs(x - t), (x, 0, 1)), 2 * t - 1, {t: Interval(0, 1)}),
    ))  # fmt: skip
    return Truth(Derivative(inner, t), "=", value, given, plain=value)


def second_derivative(rng: random.Random) -> Truth:
    n, k = rng.choice((2, 3, 4, 5)), small(rng)
    F, f = rng.choice((
        (x**n, n * (n - 1) * x ** (n - 2)), (exp(k * x), k**2 * exp(k * x)),
        (sin(k * x), -(k**2) * sin(k * x)), (log(1 + x**2), 2 * (1 - x**2) / (1 + x**2) ** 2),
    ))  # fmt: skip
    return Truth(Derivative(F, (x, 2)), "=", f, {x: REAL}, plain=f)


def half(rng: random.Random) -> sp.Rational:
    return Rational(rng.randint(1, 9), 2)


INTEGRALS: tuple[Draw, ...] = (
    definite, definite, upper_end, on_the_positive, to_infinity, to_infinity, across_a_kink,
)  # fmt: skip
LIMITS: tuple[Draw, ...] = (limit,)
DERIVATIVES: tuple[Draw, ...] = (
    derivative, derivative, derivative_on_positive, derivative_at, derivative_of_kink, leibniz,
    second_derivative,
)  # fmt: skip
