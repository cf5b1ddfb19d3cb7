"""Balls against mpmath at 60 digits; what diverges or is not real never gets a ball."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from flint import arb
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Abs, Integral, Max, Min, Piecewise, Rational, cos, erf, exp, log, oo, pi, sqrt

from divergences.enclosure import NotEnclosable, enclose

x, y, m = sp.symbols("x y m")
a, b = Rational(3, 7), Rational(-5, 3)
DIGITS = 25
ROOT = Path(__file__).parent.parent


def truth(value: Any) -> arb:
    """A number known to 45 digits, as a ball."""
    scale = max(1, abs(value))
    return arb(mp.nstr(value, 55, strip_zeros=False), mp.nstr(scale * mp.mpf(10) ** -45, 5))


def agree(ball: arb, value: Any) -> None:
    assert ball.is_finite()
    assert ball.overlaps(truth(value)), (ball, value)
    assert arb(ball.rad()) <= arb(10) ** (-DIGITS) * (1 + abs(truth(value)))


@pytest.fixture(autouse=True)
def sixty_digits() -> Any:
    with mp.workdps(60):
        yield


NUMBERS: dict[str, tuple[sp.Expr, Callable[[], Any]]] = {
    "rational": (Rational(22, 7) - 3, lambda: mp.mpf(1) / 7),
    "pi": (pi**2 / 6, lambda: mp.zeta(2)),
    "log": (log(a), lambda: mp.log(mp.mpf(3) / 7)),
    "log of exp": (log(3 * exp(x)).subs(x, a), lambda: mp.log(3) + mp.mpf(3) / 7),
    "power": (Rational(5, 3) ** Rational(2, 7), lambda: (mp.mpf(5) / 3) ** (mp.mpf(2) / 7)),
    "power of a power": (sqrt(2) ** sqrt(3), lambda: mp.sqrt(2) ** mp.sqrt(3)),
    "inverse root": (1 / sqrt(x).subs(x, 3), lambda: 1 / mp.sqrt(3)),
    "absolute value": (Abs(sp.sin(4)), lambda: -mp.sin(4)),
    "sign": (sp.sign(sp.cos(2)) * pi, lambda: -mp.pi),
    "maximum": (Max(sqrt(2), Rational(7, 5)), lambda: mp.sqrt(2)),
    "minimum": (Min(sqrt(2), Rational(7, 5), pi), lambda: mp.mpf(7) / 5),
    "hyperbolic": (
        sp.tanh(a) + sp.sinh(b) * sp.cosh(b),
        lambda: mp.tanh(mp.mpf(3) / 7) + mp.sinh(mp.mpf(-5) / 3) * mp.cosh(mp.mpf(5) / 3),
    ),
    "inverse functions": (
        sp.atan(b) + sp.atanh(a),
        lambda: mp.atan(mp.mpf(-5) / 3) + mp.atanh(mp.mpf(3) / 7),
    ),
    "error function": (
        erf(a) - sp.erfc(b),
        lambda: mp.erf(mp.mpf(3) / 7) - mp.erfc(mp.mpf(-5) / 3),
    ),
    "gamma": (
        sp.gamma(a) + sp.loggamma(Rational(9, 4)),
        lambda: mp.gamma(mp.mpf(3) / 7) + mp.loggamma(mp.mpf(9) / 4),
    ),
    "digamma": (sp.digamma(Rational(9, 4)), lambda: mp.digamma(mp.mpf(9) / 4)),
    "Lambert W": (sp.LambertW(Rational(9, 4)), lambda: mp.lambertw(mp.mpf(9) / 4).real),
    "Lambert W below 0": (sp.LambertW(Rational(-1, 3)), lambda: mp.lambertw(mp.mpf(-1) / 3).real),
    "piecewise": (
        Piecewise((1 / x, x > 1), (sqrt(2) * x, True)).subs(x, a),
        lambda: mp.sqrt(2) * 3 / 7,
    ),
    "cancellation": (exp(Rational(1, 10**20)) - 1 - Rational(1, 10**20), lambda: mp.mpf(0)),
    "large": (exp(200), lambda: mp.exp(200)),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number(name: str) -> None:
    expr, value = NUMBERS[name]
    agree(enclose(expr, digits=DIGITS), value())


def normal(z: sp.Expr, mean: sp.Expr | int, scale: sp.Expr | int) -> sp.Expr:
    return exp(-((z - mean) ** 2) / (2 * scale**2)) / (scale * sqrt(2 * pi))


R = Rational
INTEGRALS: dict[str, tuple[sp.Expr, Callable[[], Any]]] = {
    "a polynomial": (Integral(x**3 - x, (x, -1, 2)), lambda: mp.mpf(9) / 4),
    "backwards": (Integral(exp(x), (x, 1, 0)), lambda: 1 - mp.e),
    "a normal density": (Integral(normal(x, R(1, 3), R(2, 5)), (x, -oo, oo)), lambda: mp.mpf(1)),
    "half a normal density": (
        Integral(normal(x, 0, 1), (x, -oo, R(1, 3))),
        lambda: mp.ncdf(mp.mpf(1) / 3),
    ),
    "a normal density far away": (
        Integral(normal(x, 40, R(1, 9)), (x, -oo, oo)),
        lambda: mp.mpf(1),
    ),
    "KL of normals": (
        Integral(normal(x, 1, 2) * log(normal(x, 1, 2) / normal(x, -1, 3)), (x, -oo, oo)),
        lambda: mp.log(mp.mpf(3) / 2) + mp.mpf(8) / 18 - mp.mpf(1) / 2,
    ),
    "Laplace": (Integral(exp(-Abs(x - R(1, 3)) / 2) / 4, (x, -oo, oo)), lambda: mp.mpf(1)),
    "the size of Laplace": (
        Integral(Abs(x) * exp(-Abs(x - 1)) / 2, (x, -oo, oo)),
        lambda: 1 + mp.exp(-1),
    ),
    "Cauchy": (Integral(1 / (pi * (1 + x**2)), (x, -oo, oo)), lambda: mp.mpf(1)),
    "KL of Cauchys": (
        Integral(log((4 + x**2) / (2 * (1 + x**2))) / (pi * (1 + x**2)), (x, -oo, oo)),
        lambda: mp.log(mp.mpf(9) / 8),
    ),
    "gamma": (
        Integral(x ** R(5, 2) * exp(-3 * x), (x, 0, oo)),
        lambda: mp.gamma(mp.mpf(7) / 2) / mp.mpf(3) ** (mp.mpf(7) / 2),
    ),
    "gamma, singular at 0": (
        Integral(x ** R(-2, 3) * exp(-x), (x, 0, oo)),
        lambda: mp.gamma(mp.mpf(1) / 3),
    ),
    "the logarithm under an exponential": (
        Integral(log(x) * exp(-x), (x, 0, oo)),
        lambda: -mp.euler,
    ),
    "a logarithm at 0": (Integral(log(x), (x, 0, 1)), lambda: mp.mpf(-1)),
    "x log x": (Integral(x * log(x), (x, 0, 1)), lambda: mp.mpf(-1) / 4),
    "an inverse root at both ends": (Integral(1 / sqrt(x * (1 - x)), (x, 0, 1)), lambda: mp.pi),
    "a mixture": (
        Integral(x**2 * (normal(x, -2, 1) + 3 * normal(x, 1, R(1, 2))) / 4, (x, -oo, oo)),
        lambda: mp.mpf(5) / 4 + mp.mpf(3) / 4 * mp.mpf(5) / 4,
    ),
    "the entropy of a mixture": (
        Integral(
            -(normal(x, -1, 1) + normal(x, 1, 1))
            / 2
            * log((normal(x, -1, 1) + normal(x, 1, 1)) / 2),
            (x, -oo, oo),
        ),
        lambda: _mixture_entropy(),
    ),
    "a logistic": (Integral(exp(-x) / (1 + exp(-x)) ** 2, (x, 0, oo)), lambda: mp.mpf(1) / 2),
    "a power at infinity": (Integral(1 / (1 + x**4), (x, -oo, oo)), lambda: mp.pi / mp.sqrt(2)),
    "pieces": (
        Integral(Piecewise((x, x < R(1, 3)), (x**2, True)), (x, 0, 1)),
        lambda: mp.mpf(1) / 18 + mp.mpf(26) / 81,
    ),
    "a kink": (Integral(Max(x, 1 - x) ** 2, (x, 0, 1)), lambda: mp.mpf(7) / 12),
    "two variables": (
        Integral(normal(x, 0, 1) * normal(y, 0, 2) * (x**2 + y**2), (x, -oo, oo), (y, -oo, oo)),
        lambda: mp.mpf(5),
    ),
    "nearly no range": (
        Integral(exp(x), (x, R(1, 3), R(1, 3) + R(1, 10**9))),
        lambda: mp.exp(mp.mpf(1) / 3) * mp.expm1(mp.mpf(1) / 10**9),
    ),
    "an oscillation": (
        Integral(cos(x) * exp(-(x**2)), (x, -oo, oo)),
        lambda: mp.sqrt(mp.pi) * mp.exp(mp.mpf(-1) / 4),
    ),
}


def _mixture_entropy() -> Any:
    def density(z: Any) -> Any:
        return (mp.npdf(z, -1, 1) + mp.npdf(z, 1, 1)) / 2

    return mp.quad(lambda z: -density(z) * mp.log(density(z)), mp.linspace(-22, 22, 45))


@pytest.mark.parametrize("name", INTEGRALS)
def test_an_integral(name: str) -> None:
    expr, value = INTEGRALS[name]
    agree(enclose(expr, digits=DIGITS), value())


NO_BALL = {
    "1/x at 0": Integral(1 / x, (x, 0, 1)),
    "1/x at infinity": Integral(1 / x, (x, 1, oo)),
    "a pole inside": Integral(1 / (x - R(1, 3)), (x, 0, 1)),
    "a double pole inside": Integral(1 / (x - R(1, 3)) ** 2, (x, 0, 1)),
    "Cauchy's mean": Integral(x / (1 + x**2), (x, -oo, oo)),
    "a constant": Integral(1, (x, 0, oo)),
    "growth": Integral(exp(x / 100), (x, 0, oo)),
    "an inverse root at infinity": Integral(1 / sqrt(x), (x, 0, oo)),
    "exponential integral": Integral(exp(-x) / x, (x, 0, oo)),
    "1/(x log x)": Integral(1 / (x * log(x)), (x, 2, oo)),
    "no limit at infinity": Integral(cos(x), (x, 0, oo)),
    "chi-squared of too narrow a normal": Integral(
        normal(x, 0, 2) ** 2 / normal(x, 0, 1), (x, -oo, oo)
    ),
    "an unknown function": sp.besselj(0, 1),
    "not real": sqrt(x - 5).subs(x, 1),
    "logarithm of a negative": log(-pi),
    "a decimal": sp.Float("0.1") + sqrt(2),
    "zero over zero": sp.Mul(
        0, sp.Pow(sqrt(2) * sqrt(3) - sqrt(6), -1, evaluate=False), evaluate=False
    ),
    "unknown sign": sp.Pow(sqrt(2) * sqrt(3) - sqrt(6), -1, evaluate=False),
    "no branch": Piecewise((1, sp.sqrt(2) < 1), evaluate=False),
}


@pytest.mark.parametrize("name", NO_BALL)
def test_no_finite_ball(name: str) -> None:
    with pytest.raises((NotEnclosable, ZeroDivisionError)):
        ball = enclose(NO_BALL[name], digits=10)
        assert not ball.is_finite(), ball
        raise NotEnclosable("infinite, as it should be")


SLOW = """
from sympy import Integral, Rational, Symbol, sqrt
from divergences.enclosure import NotEnclosable, enclose
x = Symbol("x")
try:
    print(enclose(Integral(sqrt(x - Rational(1, 2)), (x, 0, 1)), digits=10))
except NotEnclosable:
    print("refused")
"""


def test_an_integrand_that_is_not_real_is_refused_soon() -> None:
    """It took 150 s of quadrature; one look at a point of the range shows it."""
    run = subprocess.run(
        [sys.executable, "-c", SLOW], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert run.stdout == "refused\n", run.stderr


def test_infinity_is_a_value() -> None:
    assert enclose(oo) > 10
    assert enclose(-oo) < -10


def test_a_free_symbol_is_named() -> None:
    with pytest.raises(NotEnclosable, match="no value given for y"):
        enclose(x + y, {x: sp.S.One})


# --- random expressions -----------------------------------------------------------------------

rationals = st.fractions(-6, 6, max_denominator=12).map(lambda f: R(f.numerator, f.denominator))


def _combine(children: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    unary = st.sampled_from(
        [
            lambda e: Abs(e, evaluate=False), sp.tanh, sp.atan, erf, lambda e: exp(e / 7),
            lambda e: sqrt(1 + e**2), lambda e: log(2 + e**2),
        ]
    )  # fmt: skip
    binary = st.sampled_from(
        [sp.Add, sp.Mul, lambda p, q: p / (1 + q**2), lambda p, q: Max(p, q), lambda p, q: p - q]
    )
    return st.one_of(
        st.tuples(unary, children).map(lambda pair: pair[0](pair[1])),
        st.tuples(binary, children, children).map(lambda three: three[0](three[1], three[2])),
    )


expressions = st.recursive(st.one_of(rationals, st.just(x)), _combine, max_leaves=8)


@settings(max_examples=60)
@given(expressions, rationals)
def test_random_expressions(expr: sp.Expr, at: sp.Rational) -> None:
    value = sp.N(expr.subs(x, at), 60)
    assume(value.is_Float or value.is_Rational)
    ball = enclose(expr, {x: at}, digits=DIGITS)
    agree(ball, mp.mpf(sp.Float(value, 60)._mpf_) if value.is_Float else mp.mpf(value.p) / value.q)


@settings(max_examples=15)
@given(expressions, st.fractions(0, 2, max_denominator=5), st.fractions(1, 3, max_denominator=5))
def test_random_integrals_over_a_range(expr: sp.Expr, start: Any, width: Any) -> None:
    """The midpoint rule with many cells, whose error the ball's own bound on the slope covers."""
    lower = R(start.numerator, start.denominator)
    upper = lower + R(width.numerator, width.denominator)
    try:
        ball = enclose(Integral(expr, (x, lower, upper)), digits=12)
    except NotEnclosable:
        return  # silence is allowed; a wrong ball is not
    f = sp.lambdify(x, expr, "mpmath")
    cells = 400
    with mp.workdps(20):
        h = mp.mpf(width.numerator) / width.denominator / cells
        at = [mp.mpf(start.numerator) / start.denominator + (k + 0.5) * h for k in range(cells)]
        values = [mp.mpf(f(z)) for z in at]
        total = h * mp.fsum(values)
        roughness = h * mp.fsum(abs(q - p) for p, q in itertools.pairwise(values))
    assert abs(float(ball.mid()) - total) <= float(roughness) + 1e-3 * (1 + abs(float(total)))
