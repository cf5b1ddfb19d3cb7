"""Suprema as balls against golden-section search at 50 digits, and where they must be refused.

At an end that is only approached the supremum is a limit; an empty interval has none.
"""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Max, Min, Piecewise, Rational, exp, log, oo, sqrt

from derivations.enclosed.concavity import concave
from derivations.enclosed.evaluate import value_at
from derivations.enclosed.point import Point
from derivations.language import Supremum
from divergences.enclosure import NotEnclosable

u = sp.Symbol("u")
DIGITS = 22
R = Rational
NOWHERE = Point({}, {})


def enclose_supremum(node: Supremum, digits: int, **values: Any) -> arb:
    point = Point({sp.Symbol(name): sp.sympify(value) for name, value in values.items()}, {})
    return value_at(node, point, digits)


def golden(f: Callable[[Any], Any], lower: Any, upper: Any) -> Any:
    """The largest value of a unimodal f on [lower, upper], by golden-section search."""
    ratio = (mp.sqrt(5) - 1) / 2
    left, right = upper - ratio * (upper - lower), lower + ratio * (upper - lower)
    at_left, at_right = f(left), f(right)
    while upper - lower > mp.mpf(10) ** -26:
        if at_left > at_right:
            upper, right, at_right = right, left, at_left
            left = upper - ratio * (upper - lower)
            at_left = f(left)
        else:
            lower, left, at_left = left, right, at_right
            right = lower + ratio * (upper - lower)
            at_right = f(right)
    return max(at_left, at_right)


ROWS = {
    "kl": (u / 3 - u * log(u), 0, oo, (0, 9)),
    "reverse kl": (-u / 3 + log(u), 0, oo, (0, 30)),
    "pearson": (u - (u - 1) ** 2, 0, oo, (0, 9)),
    "neyman": (R(2, 3) * u - (1 - u) ** 2 / u, 0, oo, (0, 9)),
    "hellinger": (R(1, 2) * u - (sqrt(u) - 1) ** 2, 0, oo, (0, 40)),
    "jeffreys": (-3 * u - (u - 1) * log(u), 0, oo, (0, 9)),
    "jensen-shannon": (u / 2 - u * log(u) + (u + 1) * log((u + 1) / 2), 0, oo, (0, 40)),
    "gan": (-u / 5 - u * log(u) + (u + 1) * log(u + 1), 0, oo, (0, 80)),
    "le cam": (-u - (u - 1) ** 2 / (u + 1), 0, oo, (0, 9)),
    "total variation, at its kink": (u / 5 - Abs(u - 1) / 2, 0, oo, (0, 9)),
    "hockey stick": (u / 3 - Max(u - 2, 0), 0, oo, (0, 9)),
    "on the line": (3 * u - exp(u), -oo, oo, (-9, 9)),
    "below an end": (u + log(-u), -oo, 0, (-9, 0)),
    "in a bounded interval": (log(u) + 2 * log(1 - u), 0, 1, (0, 1)),
    "rising to a closed end": (sqrt(u), 0, 4, (0, 4)),
    "falling from a closed end": (-((u + 1) ** 2), 0, 4, (0, 4)),
    "flat": (-((u - 1) ** 4), 0, oo, (0, 9)),
    "flat between two corners": (-Max(0, 1 - u) - Max(0, 1 + u), -oo, oo, (-9, 9)),
    "a plateau": (-Max(0, u - 2) / 3, 0, oo, (0, 1)),
    "unevaluated": (
        sp.Mul(-1, sp.Pow(sp.Add(u, -2, evaluate=False), 2, evaluate=False), evaluate=False),
        0,
        oo,
        (0, 9),
    ),
    "logarithms of two factors": (R(2, 7) * log(u) + R(5, 7) * log(1 - u) + u / 3, 0, 1, (0, 1)),
    "a high power": (u / 3 - u**9, 0, oo, (0, 3)),
    "far away": (u / 10**6 - u**2 / 10**14, 0, oo, (0, 10**9)),
    "near an end": (log(u) - 10**9 * u, 0, oo, (0, mp.mpf(1) / 10**6)),
}


@pytest.mark.parametrize("name", ROWS)
def test_against_golden_section(name: str) -> None:
    g, lower, upper, bracket = ROWS[name]
    ball = enclose_supremum(Supremum(g, u, lower, upper), DIGITS)
    with mp.workdps(50):
        f = sp.lambdify(u, g, "mpmath")
        tiny = mp.mpf(10) ** -30
        found = golden(f, bracket[0] + tiny, bracket[1] - tiny)
        size = max(1, abs(found))
        expected = arb(mp.nstr(found, 45), mp.nstr(size * mp.mpf(10) ** -20, 5))
    assert ball.overlaps(expected), (ball, found)
    assert arb(ball.rad()) <= arb(10) ** (1 - DIGITS) * (1 + abs(expected))


@settings(max_examples=25)
@given(st.fractions(-4, 4, max_denominator=30), st.fractions("1/9", 5, max_denominator=30))
def test_the_ball_is_an_upper_bound_at_every_point(slope: Any, at: Any) -> None:
    """sup g >= g(u) wherever u is: the ball's upper end must not lie below."""
    t, where = R(slope.numerator, slope.denominator), R(at.numerator, at.denominator)
    for g in (t * u - u * log(u), t * u - (u - 1) ** 2, t * u - Max(u - 1, 0) * 5 - u**2 / 9):
        ball = enclose_supremum(Supremum(g, u, 0, oo), 15)
        assert ball.upper() >= float(g.subs(u, where)) - 1e-12


t = sp.Symbol("t")
AT_AN_END = {
    "u log u falls from 0": (-u - u * log(u) + u * log(u), 0, oo, 0),
    "entropy's slope at 0 is infinite, but bounded by -oo": (-2 * u - sqrt(u), 0, oo, None),
    "rises to a horizontal line": (1 - exp(-u), 0, oo, 1),
    "rises to a line, from the left": (-exp(u), -oo, oo, 0),
    "reverse kl at the border": (log(u) - u, 0, oo, -1),
    "neyman at t = 1": (u - (1 - u) ** 2 / u, 0, oo, 2),
    "jensen-shannon at t = log(2)/2": (
        u * log(2) / 2 - (u * log(u) - (u + 1) * log((u + 1) / 2)) / 2, 0, oo, oo,
    ),
    "without bound": (log(u), 0, oo, oo),
    "without bound, linearly": (2 * u - sqrt(u**2 + 1), -oo, oo, oo),
    "x^7 hides the fall": (-(u**7), 0, oo, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_AN_END)
def test_at_an_end(name: str) -> None:
    """Closed forms of suprema that are only approached."""
    g, lower, upper, expected = AT_AN_END[name]
    try:
        ball = enclose_supremum(Supremum(g, u, lower, upper), 15)
    except NotEnclosable:
        assert expected is None
        return
    if expected is oo:
        assert ball > 10**30
    else:
        assert ball.overlaps(arb(str(sp.N(expected, 40)), "1e-35")), ball
        assert ball.rad() < arb("1e-14")


EMPTY = {
    "from 0 to t": (u, 0, t),
    "from -t to t": (3 * u, -t, t),
    "from t to 0, at t = 0": (-u, t, 0),
    "above infinity": (u, oo, oo),
}


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.parametrize("value", [0, -1, R(-22, 7)])
def test_an_empty_interval_has_no_supremum(name: str, value: Any) -> None:
    g, lower, upper = EMPTY[name]
    if name.startswith("from t"):
        value = -value
    with pytest.raises(NotEnclosable, match="empty"):
        enclose_supremum(Supremum(g, u, lower, upper), 15, t=value)


def test_inside_any_expression() -> None:
    """Not only in sums: exp(sup) * sqrt(sup) with parameters that are put in nowhere."""
    sup = Supremum(u * t - u**2 / 2, u, -oo, oo)  # t^2/2
    ball = enclose_supremum(sp.exp(sup) * sqrt(sup) - 1 / (1 + sup), 20, t=R(3, 7))
    half = R(9, 98)
    expected = sp.exp(half) * sqrt(half) - 1 / (1 + half)
    assert ball.overlaps(arb(str(sp.N(expected, 40)), "1e-35"))


CONCAVE = {
    "a sum": (log(u) - u**2, 0, oo),
    "u log u in (u - 1) log u": (-(u - 1) * log(u), 0, oo),
    "a quotient": (-((u - 1) ** 2) / (u + 1), 0, oo),
    "the difference of two logarithms": (log(u) - log(u + 1), 0, oo),
    "a flat point inside": (-((u - 3) ** 4) - (u - 3) ** 6, -oo, oo),
    "an odd power where it is": (u**3, -oo, 0),
}
NOT_CONCAVE = {
    "an odd power where it is not": (-(u**3), -oo, oo),
    "slightly": (-(u**2) + u**4 / 10**6, 0, oo),
    "only far out": (-u * log(u) + u**2 / 10**12, 0, oo),
    "only near 0": (-(u**2) - R(1, 10**12) * log(u), 0, oo),
    "only in the middle": (-(u**2) + R(1, 50) / (1 + 900 * (u - R(1, 3)) ** 2), 0, 1),
    "a corner that points up": (Abs(u - 2) - u**2, 0, oo),
    "a corner of a square": (-Abs(u**2 - 1), 0, oo),
    "an odd power, negative coefficient": (-(u**3), -oo, 0),
}


@pytest.mark.parametrize("name", CONCAVE)
def test_concave(name: str) -> None:
    g, lower, upper = CONCAVE[name]
    assert concave(g, u, {}, _ends(lower, upper))


@pytest.mark.parametrize("name", NOT_CONCAVE)
def test_not_concave(name: str) -> None:
    g, lower, upper = NOT_CONCAVE[name]
    assert not concave(g, u, {}, _ends(lower, upper))


def _ends(lower: Any, upper: Any) -> tuple[fmpq | None, fmpq | None]:
    a, b = (None if sp.sympify(end).is_infinite else fmpq(int(end)) for end in (lower, upper))
    return a, b


REFUSED = {
    "not concave": (u**2 - u, 0, oo),
    "convex and infinite": (u - log(1 + u), 0, oo),
    "convex at the joint of two pieces": (Piecewise((-u, u < 1), (u - 2, True)), 0, oo),
    "a jump": (-u - sp.sign(u - 3), 0, oo),
    "a smaller of two concave ones less a larger": (Max(-u, u - 5), 0, oo),
    "a pole": (log((u - 10) ** 2) - u, 0, oo),
    "another free symbol": (sp.Symbol("t") * u - u**2, 0, oo),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    g, lower, upper = REFUSED[name]
    with pytest.raises((NotEnclosable, KeyError)):
        enclose_supremum(Supremum(g, u, lower, upper), 15)


def test_a_minimum_of_affine_functions_is_right_or_refused() -> None:
    try:
        ball = enclose_supremum(Supremum(Min(u, 2 - u), u, 0, oo), 15)
    except NotEnclosable:
        return
    assert ball.contains(1)
