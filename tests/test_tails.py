"""Majorants of tails against closed forms: never below the truth, and not absurdly above it."""

from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from flint import arb, fmpq
from sympy import Abs, Rational, cos, erfc, exp, log, oo, sqrt

from divergences.enclosure import NotEnclosable, enclose
from divergences.tails import NoMajorant, _Bounds, _tail_integral, tail_bound

x, a, s = sp.symbols("x a s")
R = Rational
M = 16


def normal(z: sp.Expr, mean: Any, scale: Any) -> sp.Expr:
    return exp(-((z - mean) ** 2) / (2 * scale**2)) / (scale * sqrt(2 * sp.pi))


# integrand, its integral of |.| over (16, oo) in closed form or by mpmath
FAMILIES: dict[str, tuple[sp.Expr, sp.Expr]] = {
    "a power": (x**-3, R(1, 2 * M**2)),
    "a fractional power": (5 * x ** R(-5, 3), 5 * R(3, 2) * sp.Integer(M) ** R(-2, 3)),
    "a rational function": (1 / (x**2 - 1), log(R(M + 1, M - 1)) / 2),
    "a rational function, shifted": (x / (x**2 + 1) ** 2, R(1, 2 * (M**2 + 1))),
    "leading terms cancel": ((x + 1) ** 2 / x**4 - 1 / x**2, 1 / R(M**2) + R(1, 3 * M**3)),
    "an exponential": (exp(-3 * x), exp(-3 * M) / 3),
    "a power times an exponential": (x**2 * exp(-x), (M**2 + 2 * M + 2) * exp(-M)),
    "a normal density": (normal(x, 0, 3), erfc(M / (3 * sqrt(2))) / 2),
    "a normal density, off centre": (normal(x, 5, 2), erfc(R(M - 5, 2) / sqrt(2)) / 2),
    "a ratio of exponentials": (exp(-x) / exp(x / 2), exp(-3 * R(M) / 2) * R(2, 3)),
    "a logarithm": (log(x) / x**3, (2 * log(M) + 1) / (4 * M**2)),
    "Laplace": (exp(-Abs(x - 3) / 2), 2 * exp(-R(M - 3, 2))),
    "a sum that cancels in part": (exp(-x) - exp(-2 * x), exp(-M) - exp(-2 * M) / 2),
    "a logistic": (exp(-x) / (1 + exp(-x)) ** 2, 1 - 1 / (1 + exp(-M))),
    "unevaluated": (
        sp.Mul(x, sp.Pow(sp.exp(sp.Mul(2, x, evaluate=False)), -1, evaluate=False), evaluate=False),
        (2 * M + 1) * exp(-2 * M) / 4,
    ),
    "a derivative": (sp.Derivative(exp(-(x**2)), x), exp(-(M**2))),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_bound_holds_and_is_not_absurd(name: str) -> None:
    integrand, truth = FAMILIES[name]
    bound = _tail_integral(_Bounds(x, arb(M)).upper(integrand), arb(M))
    value = enclose(sp.sympify(truth), digits=30)
    assert bound * arb("1.000000001") >= value, (bound, value)  # several are equal
    assert bound <= 200 * value, (bound, value)


OTHERS = [log(1 + x**2) / x**4, log(x), exp(-1 / x), exp(1 / x - x), x ** (2 * a), 1 / log(x)]


@pytest.mark.parametrize("integrand", [*(each for each, _ in FAMILIES.values()), *OTHERS])
def test_pointwise(integrand: sp.Expr) -> None:
    """|g(x)| <= C x^k exp(q(x)) at points of [M, oo)."""
    integrand = integrand.subs(a, R(1, 3))
    upper = _Bounds(x, arb(M)).upper(integrand)
    for at in (M, M + R(1, 7), 2 * M, 10 * M):
        value = abs(enclose(integrand.doit(), {x: at}, 20))
        z = arb(fmpq(int(sp.Rational(at).p), int(sp.Rational(at).q)))
        k = arb(fmpq(upper.k.numerator, upper.k.denominator))
        exponent = sum((c * z ** (j + 1) for j, c in enumerate(upper.q)), arb(0))
        assert upper.C * z**k * exponent.exp() >= value * arb("0.9999999")


MINORANTS = [x**2 - 3 * x, exp(-x), 1 / (1 + x), x - log(x), 2 + cos(0 * x), exp(x) + 1, sqrt(x - 1),
             exp(-1 / x), exp(1 / x - x), log(x), x**2 - sqrt(x)]  # fmt: skip


@pytest.mark.parametrize("expr", MINORANTS)
def test_minorants(expr: sp.Expr) -> None:
    try:
        low = _Bounds(x, arb(M)).lower_positive(expr)
    except NoMajorant:
        return
    for at in (M, M + 1, 4 * M):
        value = enclose(expr, {x: sp.Integer(at)}, 20)
        k = arb(fmpq(low.k.numerator, low.k.denominator))
        exponent = sum((c * arb(at) ** (j + 1) for j, c in enumerate(low.q)), arb(0))
        assert low.C * arb(at) ** k * exponent.exp() <= value * arb("1.0000001")


def test_parameters_come_from_the_environment() -> None:
    """Exact rationals cancel exactly: exp(-s x) exp((s - 1/3) x) falls like exp(-x/3)."""
    integrand = exp(-s * x) * exp((s - R(1, 3)) * x)
    at, bound = tail_bound(integrand, x, arb(10) ** -20, {s: fmpq(22, 7)})
    truth = 3 * (-at / 3).exp()
    assert truth <= bound <= 10 * truth


@pytest.mark.parametrize("side", [1, -1])
def test_both_sides(side: int) -> None:
    integrand = exp(-Abs(x - a)) * (x + 100)
    at, bound = tail_bound(integrand, x, arb(10) ** -20, {a: fmpq(5)}, side)
    with mp.workdps(40):
        m = mp.mpf(at.str(30, radius=False))
        size = mp.quad(
            lambda z: mp.exp(-abs(side * z - 5)) * abs(side * z + 100), [m, m + 40, m + 400]
        )
    assert bound >= arb(mp.nstr(size, 20)) * arb("0.9999999")
    assert bound <= 10**4 * arb(mp.nstr(size, 20))


DIVERGENT = [1 / x, 1 / (x * log(x)), exp(x / 1000), 1 / sqrt(x), x**0, log(x) / x, exp(-1 / x)]


@pytest.mark.parametrize("integrand", DIVERGENT)
def test_what_diverges_has_no_tail(integrand: sp.Expr) -> None:
    with pytest.raises(NoMajorant):
        tail_bound(integrand, x, arb(10) ** -5)


# --- whole integrals, their parameters from the environment, against closed forms -------------

k, m = sp.symbols("k m")
WHOLE: dict[str, tuple[sp.Expr, dict[sp.Symbol, sp.Rational], sp.Expr]] = {
    "cauchy's logarithm": (
        sp.Integral(log(m**2 + x**2) / (1 + x**2), (x, -oo, oo)), {m: R(5, 2)},
        2 * sp.pi * log(R(7, 2)),
    ),
    "parts that diverge alone": (sp.Integral(1 / x - 1 / (x + m), (x, 1, oo)), {m: R(3)}, log(4)),
    "slowly": (sp.Integral(1 / (x * sqrt(x + m)), (x, 1, oo)), {m: R(0)}, sp.Integer(2)),
    "a Beta density, singular twice": (
        sp.Integral(x ** (m - 1) * (1 - x) ** (k - 1), (x, 0, 1)), {m: R(1, 3), k: R(1, 2)},
        sp.gamma(R(1, 3)) * sp.gamma(R(1, 2)) / sp.gamma(R(5, 6)),
    ),
    "a kink that is no dyadic number": (
        sp.Integral(Abs(x - m) * exp(-x), (x, 0, oo)), {m: R(1, 3)}, R(1, 3) - 1 + 2 * exp(-R(1, 3)),
    ),
    "two kinks": (
        sp.Integral(sp.Max(x, m) * Abs(x - k), (x, 0, 1)), {m: R(1, 3), k: R(1, 7)},
        sp.Rational(0),
    ),
    "iterated": (
        sp.Integral(normal(x, 0, 1) * sp.Integral(normal(a, 0, 1) * (m * x + k * a) ** 2,
                                                  (a, -oo, oo)), (x, -oo, oo)),
        {m: R(2, 3), k: R(5)}, R(4, 9) + 25,
    ),
    "to a limit that is a parameter": (sp.Integral(x**2, (x, k, m)), {k: R(1, 2), m: R(-1)}, R(-3, 8)),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_integrals_with_parameters(name: str) -> None:
    expr, values, expected = WHOLE[name]
    if name == "two kinks":
        pieces = [(0, R(1, 7)), (R(1, 7), R(1, 3)), (R(1, 3), 1)]
        expected = sum(
            sp.integrate(sp.Max(R(1, 3), (p + q) / 2 if (p + q) / 2 > R(1, 3) else 0) * 0
                         + (x if p >= R(1, 3) else R(1, 3)) * (x - R(1, 7)) * (1 if p > 0 else -1),
                         (x, p, q))
            for p, q in pieces
        )  # fmt: skip
    ball = enclose(expr, values, 22)
    assert ball.rad() < arb(10) ** -20
    assert ball.overlaps(enclose(sp.sympify(expected), digits=30))


@pytest.mark.parametrize(
    "expr",
    [
        sp.Integral(1 / x, (x, 0, 1)) - sp.Integral(1 / a, (a, 0, 1)),
        sp.Integral(1 / (x - m) ** 2, (x, 0, 1)),
        sp.Integral(x / (1 + (x - m) ** 2), (x, -oo, oo)),
    ],
)
def test_what_does_not_converge_has_no_ball(expr: sp.Expr) -> None:
    with pytest.raises(NotEnclosable):
        ball = enclose(expr, {m: R(1, 3)}, 10)
        assert not ball.is_finite()
        raise NotEnclosable("infinite")
