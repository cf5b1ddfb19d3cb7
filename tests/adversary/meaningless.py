"""Statements with a node that has no meaning somewhere in the hypotheses, each for a known cause."""

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
    exp,
    log,
    oo,
    sign,
    sin,
    sqrt,
)  # fmt: skip

from derivations.claim import AtEnd, Chain, Relation, Stationary, Step, at_least, chain, eq
from derivations.language import POSITIVE, REAL, UNIT, Choice, Interval, Mass, Supremum, Total
from derivations.words.reading import read

from .statement import MEANINGLESS, Statement, odd, positive, small, stated, tiny

a, b, p, q, t, u, x, y, z = sp.symbols("a b p q t u x y z")
Write = Callable[[random.Random], Statement]


def senseless(link: Chain, why: str) -> Statement:
    return Statement("", stated(link), MEANINGLESS, why)


def _nearly(rng: random.Random) -> sp.Rational:
    return rng.choice((odd(rng), odd(rng), small(rng), sp.S.Zero))


def hole(rng: random.Random) -> Statement:
    """0/0 at one number."""
    r, k = _nearly(rng), positive(rng)
    d = rng.choice((x - r, (x - r) ** 2, (x - r) * (x**2 + 1), Abs(x - r), exp(x) - exp(r),
                    k * x - k * r))  # fmt: skip
    body = rng.choice((x + k, sp.S.One, exp(x), x**2))
    one_over = sp.Pow(d, -1, evaluate=False)
    left = rng.choice((
        sp.Mul(body, d, one_over, evaluate=False),
        sp.Mul(sp.expand(body * d), one_over, evaluate=False),
        sp.Add(body, sp.Mul(0, one_over, evaluate=False), evaluate=False),
    ))  # fmt: skip
    return senseless(chain(left, eq(body, "cancelled"), given={x: REAL}), f"0/0 at {r}")


def pole(rng: random.Random) -> Statement:
    """The same 1/0 on both sides."""
    r, k = _nearly(rng), small(rng)
    g = rng.choice((1 / (x - r), log(Abs(x - r)), 1 / (x - r) ** 2, x / Abs(x - r),
                    sp.loggamma(Abs(x - r)), sqrt(x - r), log((x - r) ** 2)))  # fmt: skip
    left, right = k * (g + 1), k * g + k
    if left == right:
        left, right = g * (x + 1), x * g + g
    step = rng.choice((eq(right, "expanded"), at_least(right - 1, "weaker")))
    return senseless(chain(left, step, given={x: REAL}), f"no value at {r}")


def difference_that_cancels(rng: random.Random) -> Statement:
    r = odd(rng)
    g = rng.choice((1 / (x - r), log(Abs(x - r)), sqrt(x - r), (x - r) ** Rational(-1, 3)))
    left = sp.Add(g, sp.Mul(-1, g, evaluate=False), x, evaluate=False)
    return senseless(chain(left, eq(x, "cancelled"), given={x: REAL}), f"no value at {r}")


def square_of_a_root(rng: random.Random) -> Statement:
    left, right, given = rng.choice((
        ("sqrt(x)**2", "x", REAL), ("exp(log(x))", "x", REAL), ("sqrt(x)*sqrt(x)", "x", REAL),
        ("exp(2*log(x))", "x**2", REAL), ("x/x", "1", REAL), ("x**(-1)*x*y", "y", REAL),
        ("log(x) - log(2*x)", "-log(2)", REAL), ("sqrt(x - 1)**2 + 1", "x", POSITIVE),
        ("log(x**2) - 2*log(x)", "0", REAL), ("(x**(1/3))**3", "x", REAL),
        ("x*y/y", "x", REAL), ("x**a*x**(-a)", "1", REAL), ("y/x - y/x", "0", REAL),
        ("0*log(x) + y", "y", REAL), ("log(exp(log(x)))", "log(x)", REAL),
        ("abs(x)/abs(x)", "1", REAL), ("sqrt(1 - x)**2", "1 - x", POSITIVE),
        ("max(log(x), log(x))", "log(x)", REAL), ("(x**2 - y**2)/(x - y)", "x + y", REAL),
        ("exp(x)*(x - 1/3)/(x - 1/3)", "exp(x)", REAL),
    ))  # fmt: skip
    k = positive(rng)
    link = chain(
        f"{k}*({left})", eq(f"{k}*({right})", "inverse"), given={x: given, y: REAL, a: REAL}
    )
    return senseless(link, "real for some numbers only")


def order_of_complex(rng: random.Random) -> Statement:
    k = positive(rng)
    left, right, given = rng.choice((
        (sqrt(x) * k, sqrt(-x), {x: POSITIVE}),
        ((1 + x) ** sqrt(1 - a), sp.S.Zero, {x: POSITIVE, a: Interval(1, oo)}),
        (read(f"sqrt(-x**2 - {k})**2"), -(x**2) - k - 1, {x: REAL}),
        (log(-(x**2) - k) ** 2, sp.S.Zero, {x: REAL}),
        (Abs(log(x)), sp.S.Zero, {x: REAL}),
        (Abs(sqrt(x)), sp.S.Zero, {x: REAL}),
        (exp(sqrt(x)), sp.S.Zero, {x: REAL}),
        (log(x) ** 2, sp.S.Zero, {x: REAL}),
        (read("x**a*x**(-a)"), sp.S.Zero, {x: REAL, a: REAL}),
        (Abs(x**a), sp.S.Zero, {x: REAL, a: REAL}),
        (Max(sqrt(x), 0), sp.S.Zero, {x: REAL}),
        (read("sqrt(1 - x)**4"), sp.S.Zero, {x: POSITIVE}),
        (Abs((x - k) ** sp.pi), sp.S.Zero, {x: POSITIVE}),
        (Abs(log(1 - x)), sp.S.Zero, {x: POSITIVE}),
    ))  # fmt: skip
    return senseless(chain(left, at_least(right, "a square"), given=given), "not real everywhere")


def total_without_value(rng: random.Random) -> Statement:
    k = Rational(rng.randint(1, 9), 10)
    left, right, rel = rng.choice((
        (Total(log(p - 1)) ** 2, sp.S.Zero, ">="), (Total(Abs(log(p - k))), sp.S.Zero, ">="),
        (Total(read(f"sqrt(p - {k})**2")), 1 - k * Total(1), "="),
        (Total(read("p*(p - q)/(p - q)")), sp.S.One, "="),
        (Total(read("p*(p - q)**2/(p - q)**2")), sp.S.One, "="),
        (Total(read("p*exp(log(p - q) - log(p - q))")), sp.S.One, "="),
        (Total(Abs(p - k) ** -1), sp.S.Zero, ">="), (Total(exp(sqrt(p - k))), sp.S.Zero, ">="),
        (Total(p * log(Max(p - k, 0))) ** 2, sp.S.Zero, ">="),
        (Total((p**2 - q**2) / (p - q)), sp.Integer(2), "="),
        (Total(p * log((p - q) ** 2)), 2 * Total(p * log(Abs(p - q))), "="),
        (log(Total(p - q)) ** 2, sp.S.Zero, ">="), (1 / Total((p - q) ** 2), sp.S.Zero, ">="),
        (sqrt(Total(p**2) - k), sp.S.Zero, ">="),
    ))  # fmt: skip
    step = Step(Relation(rel), sp.sympify(right), "as it were")
    return senseless(chain(left, step, given={p: Mass(), q: Mass()}), "no value at some atoms")


def slope_at_a_kink(rng: random.Random) -> Statement:
    r, k = _nearly(rng), positive(rng)
    f = rng.choice((
        Abs(x - r), Max(x, r), Min(x, r), Piecewise((0, x <= r), (x - r, True)),
        Piecewise((0, x < r), (x - r, True)), sign(x - r), Piecewise((0, x < r), (1, True)),
        sqrt((x - r) ** 2), Max(x - r, (k + 2) * (x - r) + (x - r) ** 2), Abs(x - r) * (1 + x**2),
        Max(0, x - r) ** 1, Abs((x - r) ** 3 - (x - r)), Piecewise((1, x <= r), (2, True)),
        Integral(sign(y - r), (y, r - 1, x)), Piecewise((x, x < r), (x + k, True)),
        Abs(exp(x) - exp(r)), Max(x**2, r**2 + 2 * k * (x - r)) if r else Max(x, x**2 + 2 * x),
        Abs(x - r) + tiny(rng) * x,
    ))  # fmt: skip
    said = rng.choice((sp.S.Zero, sp.S.One, Rational(1, 2), -sp.S.One, k, 2 * r))
    left = Subs(Derivative(f, x), x, r)
    return senseless(chain(left, eq(said, "the slope")), f"no slope at {r}")


def slope_across_a_kink(rng: random.Random) -> Statement:
    r = _nearly(rng)
    f, d = rng.choice((
        (Abs(x - r), sign(x - r)), (Max(x, r), (1 + sign(x - r)) / 2),
        (Piecewise((0, x < r), (1, True)), sp.S.Zero), (sign(x - r), sp.S.Zero),
        (Abs(x - r), (x - r) / Abs(x - r)), (log(Abs(x - r)), 1 / (x - r)),
        (Piecewise((x, x < r), (r, True)), Piecewise((1, x < r), (0, True))),
        (Max(x - r, 0) ** 2 / 2 + Abs(x - r), Max(x - r, 0) + sign(x - r)),
        (sqrt((x - r) ** 2), (x - r) / sqrt((x - r) ** 2)),
    ))  # fmt: skip
    order = rng.choice((1, 1, 2))
    if order == 2:
        f, d = rng.choice(
            (((x - r) * Abs(x - r), 2 * sign(x - r)), (Max(x - r, 0) ** 2, 1 + sign(x - r)))
        )
    return senseless(
        chain(Derivative(f, (x, order)), eq(d, "by cases"), given={x: REAL}), f"no slope at {r}"
    )


def leibniz_with_a_jump(rng: random.Random) -> Statement:
    """d/dt of an integral whose integrand jumps at t, or a slope at the moving kink."""
    k = positive(rng)
    inner = rng.choice((
        Derivative(Integral(Piecewise((k, x < t), (0, True)), (x, 0, 1)), (t, 2)),
        Integral(Derivative(k * sign(x - t), t), (x, 0, 1)),
        Integral(Derivative(k * Abs(x - t), (t, 2)), (x, 0, 1)),
        Derivative(Integral(Derivative(Max(x, t), x), (x, 0, 1)), t) * 0
        + Integral(Derivative(Derivative(Max(x, t), t), t), (x, 0, 1)),
    ))  # fmt: skip
    return senseless(chain(inner, eq(0, "zero at every x"), given={t: UNIT}), "a jump is no slope")


def divergent(rng: random.Random) -> Statement:
    """Integrals that do not converge absolutely."""
    k, r = positive(rng), odd(rng, 0, 1)
    left, right = rng.choice((
        (Integral(k / x, (x, -1, 1)), sp.S.Zero), (Integral(k / (x - r), (x, r - 1, r + 1)), sp.S.Zero),
        (Integral(k * x, (x, -oo, oo)), sp.S.Zero), (Integral(k * sin(x), (x, 0, oo)), k),
        (Integral(k * sin(x), (x, -oo, oo)), sp.S.Zero), (Integral(sign(x), (x, -oo, oo)), sp.S.Zero),
        (Integral(k / x**2, (x, -1, 1)), -2 * k), (Integral(sin(x) / x, (x, 0, oo)), sp.pi / 2),
        (Integral(1 / x, (x, 0, k)) - Integral(1 / y, (y, 0, k)), sp.S.Zero),
        (Integral(1 / x, (x, 1, oo)) - Integral(1 / x, (x, 2, oo)), log(2)),
        (Integral(1 / (1 + x), (x, 0, oo)) / Integral(1 / (1 + y), (y, 0, oo)), sp.S.One),
        (Integral(x / (1 + x**2), (x, -oo, oo)), sp.S.Zero),
        (Integral((x - r) ** -3, (x, r - k, r + k)), sp.S.Zero),
        (Integral(1 / (x * log(x)), (x, 0, 2)) * 0, sp.S.Zero),
        (exp(-Integral(1 / x, (x, 0, 1))), sp.S.Zero),
        (Max(0, -Integral(1 / x, (x, 0, 1)), evaluate=False), sp.S.Zero),
        (1 / Integral(1 / x, (x, 0, 1)), sp.S.Zero),
        (Integral(log(x), (x, -1, 1)), Integral(log(z), (z, -1, 1))),
    ))  # fmt: skip
    return senseless(chain(left, eq(right, "by symmetry")), "no absolutely convergent integral")


def no_limit(rng: random.Random) -> Statement:
    k, r = positive(rng), odd(rng)
    left, right, given = rng.choice((
        (Limit(sin(k * x), x, oo), sp.S.Zero, {}), (Limit(sin(1 / x), x, 0, "+"), sp.S.Zero, {}),
        (Limit(Abs(x - r) / (x - r), x, r, "+-"), sp.Integer(rng.choice((0, 1, -1))), {}),
        (Limit(Piecewise((0, x < r), (k, True)), x, r, "+-"), rng.choice((sp.S.Zero, k)), {}),
        (Limit(1 / (x - r), x, r, "+-"), rng.choice((oo, -oo)), {}),
        (Limit(x, x, oo) - Limit(x, x, oo) + t, t, {t: REAL}),
        (Limit(x + t, x, oo) - Limit(x, x, oo), t, {t: REAL}),
        (Limit(x * sin(x), x, oo) * 0, sp.S.Zero, {}),
        (Limit(x, x, oo) / Limit(2 * x, x, oo), Rational(1, 2), {}),
        (exp(-Limit(x, x, oo)), sp.S.Zero, {}), (Limit(log(t), x, oo), log(t), {t: REAL}),
        (Limit(read("t/t + exp(-x)"), x, oo), sp.S.One, {t: REAL}),
        (Limit(sign(t * x), x, 0, "+-"), sign(t), {t: REAL}),
        (Limit(sqrt(x), x, 0, "-"), sp.S.Zero, {}), (Limit(x * log(x), x, 0, "-"), sp.S.Zero, {}),
        (Limit(log(x), x, -oo) ** 0, sp.S.One, {}),
    ))  # fmt: skip
    return senseless(chain(left, eq(right, "in the limit"), given=given), "no finite limit")


def empty_supremum(rng: random.Random) -> Statement:
    k, e = positive(rng), rng.choice((sp.S.One, tiny(rng), oo))
    left, right, by, given = rng.choice((
        (Supremum(k * u, u, 0, t), k * t, AtEnd(t), {t: Interval(-e, oo)}),
        (Supremum(a * u, u, -b, b), a * b, AtEnd(b), {a: POSITIVE, b: Interval(-e, oo)}),
        (Supremum(-u, u, t, 0), -t, AtEnd(t), {t: REAL}),
        (Supremum(k * u, u, 1, 1), k, AtEnd(sp.S.One), {}),
        (Supremum(-((u - k) ** 2), u, k, k), sp.S.Zero, Stationary(k), {}),
        (Supremum(-u, u, 0, -k), sp.S.Zero, AtEnd(sp.S.Zero), {}),
        (Supremum(u, u, 0, x - y), x - y, AtEnd(x - y), {x: REAL, y: REAL}),
        (Supremum(log(u), u, -1, t), log(t), AtEnd(t), {t: POSITIVE}),
        (Supremum(u, u, 0, oo) - Supremum(u, u, 0, oo), sp.S.Zero, None, {}),
        (Supremum(log(t) - u, u, 0, 1), log(t), AtEnd(sp.S.Zero), {t: REAL}),
        (exp(-Supremum(u, u, 0, oo)), sp.S.Zero, None, {}),
        (Supremum(sqrt(u - 1), u, 0, 2), sp.S.One, AtEnd(sp.Integer(2)), {}),
    ))  # fmt: skip
    step = eq(right, "at the end", by) if by is not None else eq(right, "the same")
    return senseless(chain(left, step, given=given), "an empty interval, or no value in it")


def gap_in_the_cases(rng: random.Random) -> Statement:
    r, k = _nearly(rng), positive(rng)
    f, said = rng.choice((
        (Piecewise((x, x > r), (x, x < r)), x), (Piecewise((x, x >= r)), x),
        (Piecewise((x, x > r), (x, x < r - tiny(rng))), x), (Piecewise((k, x**2 > r**2)), k),
        (Piecewise((1, sp.Eq(x, r)), (0, True)), sp.S.Zero),
        (Piecewise((0, sp.Ne(x, r)), (1, True)), sp.S.Zero),
        (Piecewise((sp.nan, sp.And(x > r, x < r + tiny(rng))), (x, True)), x),
        (Piecewise((1 / (x - r), x <= r), (0, True)) * 0 + x, x + 0 * Abs(x)),
        (Piecewise((x, sin(1 / (x - r)) > 2), (0, True)), sp.S.Zero),
        (Piecewise((x, log(x) > 0), (x, True)) * 1, x * 1),
    ))  # fmt: skip
    return senseless(chain(f, eq(said, "in every case"), given={x: REAL}), f"no case at {r}")


def not_exact(rng: random.Random) -> Statement:
    """Decimals, imaginary numbers, two symbols of one name, unknown functions."""
    k = small(rng)
    x1, x2 = sp.Dummy("x"), sp.Dummy("x")
    f = sp.Function("f")
    left, right, given = rng.choice((
        (x / 3, 0.3333333333333333 * x, {x: REAL}), (x * k, sp.Float(k, 15) * x, {x: REAL}),
        (sin(x), sp.Float(1.0) * sin(x), {x: REAL}), (k * x1, k * x2, {x1: REAL, x2: REAL}),
        (exp(x1) + x2, exp(x2) + x1, {x1: REAL, x2: REAL}),
        (x * sp.I * sp.I, -x, {x: REAL}), (Abs(x + sp.I), sqrt(x**2 + 1), {x: REAL}),
        (f(x) - f(x) + 1, sp.S.One, {x: REAL}), (f(x) + x, x + f(x) * 1, {x: REAL}),
        (Abs(exp(sp.I * x)), sp.S.One, {x: REAL}), (sp.re(x), x, {x: REAL}),
        (sp.Heaviside(x) + sp.Heaviside(-x), sp.S.One, {x: REAL}),
        (sp.floor(x) + sp.ceiling(-x), sp.S.Zero, {x: REAL}),
        (sp.DiracDelta(x) * x, sp.S.Zero, {x: REAL}), (x * sp.oo, sp.oo, {x: POSITIVE}),
        (x + sp.oo, sp.oo, {x: REAL}), (sp.zeta(k**2 + 2) * x, x * sp.zeta(k**2 + 2) * 1, {x: REAL}),
        (sp.arg(x), sp.S.Zero, {x: POSITIVE}), (read("(-8)**(1/3)") * x, -2 * x, {x: REAL}),
        (sp.Mod(x, 1) - sp.Mod(x + 1, 1), sp.S.Zero, {x: REAL}), (x * b, x * b**3, {x: REAL, b: Choice((1, -1, sp.I))}),
    ))  # fmt: skip
    return senseless(chain(left, eq(right, "the same number"), given=given), "not of the language")


MEANING: tuple[Write, ...] = (
    hole, hole, pole, difference_that_cancels, square_of_a_root, order_of_complex,
    total_without_value, gap_in_the_cases, not_exact,
)  # fmt: skip
SLOPES: tuple[Write, ...] = (slope_at_a_kink, slope_at_a_kink, slope_across_a_kink,
                             leibniz_with_a_jump)  # fmt: skip
LIMITS: tuple[Write, ...] = (divergent, no_limit, empty_supremum)
