"""Integrals and growth: closed forms against quadrature, and what must not be integrated."""

import mpmath as mp
import pytest
import sympy as sp
from sympy import Abs, Integral, Max, Rational, exp, log, oo, pi, sign, sqrt

from derivations.ground.eventual import NoLimit, resolved
from derivations.ground.growth import integrable_at, upper
from derivations.ground.limits import one_sided
from derivations.ground.polynomials import is_sum_of_squares, keeps_positive
from derivations.ground.signs import is_nonnegative, is_positive
from derivations.symbolic.closing import NotShown, closed
from derivations.symbolic.gaussian import gaussian_integral

x, t, m = sp.symbols("x t m", real=True)
y, s, a, b, d = sp.symbols("y s a b d", positive=True)
normal = exp(-((x - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi))
VALUES = {m: Rational(-2, 3), s: Rational(5, 4), a: Rational(7, 5), b: Rational(3, 4),
          d: Rational(6, 5), t: Rational(1, 3)}  # fmt: skip

INTEGRALS = {
    "mass": Integral(normal, (x, -oo, oo)),
    "mean": Integral(x * normal, (x, -oo, oo)),
    "fourth moment": Integral(x**4 * normal, (x, -oo, oo)),
    "a log ratio": Integral(normal * log(normal / exp(-(x**2))), (x, -oo, oo)),
    "moment generating": Integral(exp(t * x) * normal, (x, -oo, oo)),
    "|x| of a standard normal": Integral(Abs(x) * exp(-(x**2) / 2), (x, -oo, oo)),
    "max": Integral(Max(x, d) * exp(-Abs(x)), (x, -oo, oo)),
    "two kinks": Integral(exp(-Abs(x)) * Abs(x - d), (x, -oo, oo)),
    "a sign": Integral(sign(x - d) * exp(-(x**2)), (x, -oo, oo)),
    "exponential": Integral(x * a * exp(-a * x), (x, 0, oo)),
    "parts that diverge alone": Integral(1 / x - 1 / (x + a), (x, 1, oo)),
    "a logarithm": Integral(log(x), (x, 0, 1)),
    "a finite range": Integral(x**2, (x, 0, d)),
}


@pytest.mark.parametrize("what", INTEGRALS)
def test_an_integral_is_its_quadrature(what: str) -> None:
    node = INTEGRALS[what]
    value = closed(node).subs(VALUES)
    ((variable, lower, upper_),) = node.limits
    f = sp.lambdify(variable, node.function.subs(VALUES), "mpmath")
    inner = [0, float(VALUES[d])] if lower is -oo else [2, 20] if upper_ is oo else []
    stops = [mp.mpf(sp.N(e.subs(VALUES), 30)) if e.is_finite else mp.inf * (1 if e is oo else -1)
             for e in (lower, upper_)]  # fmt: skip
    with mp.workdps(30):
        measured = mp.quad(f, [stops[0], *inner, stops[1]])
        assert mp.almosteq(measured, mp.mpf(sp.N(value, 30)), 1e-9, 1e-9)


@pytest.mark.parametrize(
    "node",
    [
        Integral(1 / (x - d) ** 2, (x, 0, 2 * d)),  # a pole on the way
        Integral(Abs(x**2 - a), (x, 0, 2 * d)),  # where its kink lies is not clear
        Integral(Abs(x - t), (x, 0, 1)),  # inside or outside is not clear
        Integral(x, (x, 0, t)),  # may run backwards
        Integral(exp(-(10**6) * x) * log(1 + x), (x, 0, oo)),  # too large a rate
        Integral(sp.Piecewise((x, x < a), (1, True)), (x, 0, 1)),
    ],
    ids=str,
)  # fmt: skip
def test_an_integral_that_is_not_shown(node: sp.Expr) -> None:
    with pytest.raises(NotShown):
        closed(node)


def test_a_gaussian_of_the_wrong_sign_is_none() -> None:
    assert gaussian_integral(exp(x**2), x) is None
    assert gaussian_integral(exp(-t * x**2), x) is None  # t may be negative
    assert gaussian_integral(exp(-(x**2)) / x, x) is None


# --- growth ------------------------------------------------------------------------------------------

AT_INFINITY = {
    "1/x^2": (x**-2, True), "1/x": (1 / x, False), "x^-a": (x ** (-a), False),
    "x^-1-a": (x ** (-1 - a), True), "e^-ax": (exp(-a * x), True), "e^-tx": (exp(-t * x), False),
    "x^5 e^-x": (x**5 * exp(-x), True), "e^x": (exp(x), False),
    "log x/x^2": (log(x) / x**2, True), "e^(3 log(1+x))/x^2": (
        sp.Mul(exp(3 * log(1 + x), evaluate=False), x**-2, evaluate=False), False),
    "Gaussian": (normal, True), "Gaussian log ratio": (normal * log(normal), True),
    "e^(x^2 - x^3)": (exp(x**2 - x**3), True), "e^-|x - t|": (exp(-Abs(x - t)), True),
    "mixture": (normal * log(normal + exp(-(x**2))), True), "sin x": (sp.sin(x), False),
    "1/(1 + x^2)": (1 / (1 + x**2), True), "1/(1 + x)": (1 / (1 + x), False),
    "sqrt": (1 / sqrt(1 + x**3), True), "sqrt, slow": (1 / sqrt(1 + x**2), False),
}  # fmt: skip


@pytest.mark.parametrize("what", AT_INFINITY)
def test_integrable_at_infinity(what: str) -> None:
    f, expected = AT_INFINITY[what]
    assert integrable_at(f, x, oo, from_below=True) is expected


AT_ZERO = {
    "1": (sp.S.One, True), "1/sqrt x": (1 / sqrt(y), True), "1/x": (1 / y, False),
    "log x": (log(y), True), "x^(a-1)": (y ** (a - 1), True), "x^-a": (y ** (-a), False),
    "log^2/sqrt": (log(y) ** 2 / sqrt(y), True), "1/(x log)": (1 / (y * log(y)), False),
}  # fmt: skip


@pytest.mark.parametrize("what", AT_ZERO)
def test_integrable_at_zero(what: str) -> None:
    f, expected = AT_ZERO[what]
    assert integrable_at(f, y, sp.S.Zero, from_below=False) is expected


@pytest.mark.parametrize("f", [f for f, good in AT_INFINITY.values() if good], ids=str)
def test_a_bound_bounds(f: sp.Expr) -> None:
    """|f| <= C sum of the orders at far points, one C for all of them."""
    bound = sp.Add(
        *(y**o.power * exp(sp.Add(*(c * y**k for k, c in o.rates))) * (log(y) ** 2 if o.logs else 1)
          for o in upper(f.subs(x, y), y))
    )  # fmt: skip
    ratios = []
    for far in (20, 40, 80):
        at = {**VALUES, y: far, x: far}
        ratios.append(abs(sp.N(f.subs(at), 30)) / sp.N(bound.subs(at), 30))
    assert ratios[2] <= 4 * max(ratios[0], ratios[1]) + Rational(1, 10**6)


# --- limits, kinks, polynomials --------------------------------------------------------------------


def test_kinks_are_resolved_far_out_and_not_guessed() -> None:
    assert resolved(Abs(y - 3), y) == y - 3
    assert resolved(Max(y, a + 1 - y), y) == y
    assert resolved(Max(a, b), y) == Max(a, b)  # nothing to resolve
    with pytest.raises(NoLimit):
        resolved(Max(y, y + t), y)
    with pytest.raises(NoLimit):
        resolved(Abs(t * y + 1), y)
    with pytest.raises(NoLimit):
        one_sided(sp.Piecewise((1, y > 5), (0, True)), y, oo, from_below=True)


def test_a_limit_does_not_look_into_cases_on_other_symbols() -> None:
    narrow = sp.Piecewise((1, sp.And(b > 2, b < 3)), (0, True))
    with pytest.raises(NoLimit):
        one_sided(a * x + narrow, a, sp.S.Zero, from_below=False)
    assert one_sided(a * x + Max(b, 2), a, sp.S.Zero, from_below=False) == Max(b, 2)


def test_sympys_limits_have_to_agree_with_themselves() -> None:
    """On this sum sympy's limit is oo expanded and a finite number as it stands."""
    f = b * (b ** (-a - 1) - (1 / b - 1) * (a + 1) - 1) / (a * (a + 1))
    g = (b ** (a + 1) - (a + 1) * (b - 1) - 1) / (a * (a + 1))
    try:
        assert one_sided(f + g, b, sp.S.Zero, from_below=False) is oo
    except NoLimit:
        pass


@pytest.mark.parametrize(
    ("polynomial", "strict", "holds"),
    [
        (x**4 - x**3 + x**2 - x + 1, True, True),
        (x**2 - 2 * x + 1, False, True),
        (x**2 - 2 * x + 1, True, False),
        ((x**2 - 2) ** 2 - Rational(1, 10**9), False, False),
        (x**3, False, False),
        (y**3 - 3 * y + 3, True, True),
        (y**3 - 3 * y + 1, False, False),
        (y**2 * (y - 1) ** 2, False, True),
        (-(x**2) - 1, False, False),
    ],
)
def test_signs_of_polynomials(polynomial: sp.Expr, strict: bool, holds: bool) -> None:
    assert keeps_positive(polynomial, strict=strict) is holds


def test_sums_of_squares() -> None:
    assert is_sum_of_squares((x - t) ** 2 + (t - m) ** 2 + 2 * m * x - 2 * m * x)
    assert is_sum_of_squares(x**2 + t**2 + m**2 - x * t - t * m - m * x)
    assert not is_sum_of_squares(x**2 + t**2 - 3 * x * t)
    assert not is_sum_of_squares(x * t)
    assert not is_sum_of_squares(x**2 + t - 1)


@pytest.mark.parametrize(
    "false",
    [
        Abs(x) - x - Rational(1, 10**6),
        (sqrt(y) - 1) ** 2 - Rational(1, 10**9),
        y * log(y) - y + 1 - (y - 1) ** 2 / 100 - Rational(1, 10**7),
        Max(x, t) - (x + t) / 2 - Abs(x - t) / 2 - Rational(1, 10**8),
        exp(x) - 1 - x - x**2 / 2,
        1 - Abs(y - 1),
        Abs(x - 5) - Rational(1, 1000),
    ],
    ids=str,
)
def test_a_slightly_false_inequality_is_not_shown(false: sp.Expr) -> None:
    assert not is_nonnegative(false)
    assert not is_positive(false)
