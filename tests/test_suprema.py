"""Suprema as balls against golden-section search at 50 digits, and where they must be refused."""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Max, Min, Piecewise, Rational, exp, log, oo, sqrt

enclose_supremum = None
from derivations.language import Supremum
from divergences.enclosure import NotEnclosable

u = sp.Symbol("u")
DIGITS = 22
R = Rational


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


REFUSED = {
    "not concave": (u**2 - u, 0, oo),
    "infinite": (u - log(1 + u), 0, oo),
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
