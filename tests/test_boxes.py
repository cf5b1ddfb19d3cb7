"""Inequalities over whole domains: what is true and shown, and what is false by a little.

The false ones are made from the true ones: a difference that touches zero is lowered by an epsilon
times a bump at the touching point, near an end, or in a narrow dip. None may be shown.
"""

from typing import Any

import pytest
import sympy as sp
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, LambertW, Max, Min, Rational, exp, log, oo, sqrt, tanh

from derivations.claim import above, at_least, at_most, chain
from derivations.claims._rows import ROWS
from derivations.enclosed.boxes import degree, linear, shown_over_boxes
from derivations.enclosed.line import Budget, Line, NotShown
from derivations.enclosed.signs import defined, sign, struck_out
from derivations.language import POSITIVE, REAL, UNIT, Choice, Interval, Mass, PerAtom, Total

R = Rational
a, b, p, q, t, u, x, y = sp.symbols("a b p q t u x y")
PQ = {p: Mass(), q: Mass()}
kl = Total(p * log(p / q))
tv = Total(Abs(p - q)) / 2
h2 = Total((sqrt(p) - sqrt(q)) ** 2) / 2
js = (Total(p * log(2 * p / (p + q))) + Total(q * log(2 * q / (p + q)))) / 2
delta = Total((p - q) ** 2 / (p + q))


def shown(left: Any, right: Any, strict: bool = False, **more: Any) -> str | None:
    step = (above if strict else at_least)(right, "")
    return shown_over_boxes(chain(left, step, **more), 0)


TRUE = {
    "a logarithm below its tangent": (u - 1, log(u), POSITIVE),
    "a double zero": (u * log(u) - u + 1, 0, POSITIVE),
    "a quadruple zero": ((2 * u + 4) / 3 * (u * log(u) - u + 1), (u - 1) ** 2, POSITIVE),
    "a sextuple zero": (exp(x) - 1 - x - x**2 / 2 - x**3 / 6, -(x**4) * 0, Interval(0, oo)),
    "a corner that touches": (Abs(u - 1), (sqrt(u) - 1) ** 2, POSITIVE),
    "between two corners": (Max(u - 2, 0) + Max(2 - u, 0), Abs(u - 2) / 2, POSITIVE),
    "on a bounded interval": (
        -x * log(x) - (1 - x) * log(1 - x), 4 * log(2) * x * (1 - x), UNIT,
    ),
    "over the line": (x**4 - x**3 + x**2 - x + 1, R(1, 2), REAL),
    "exponentials far out": (log(1 + exp(x)), Max(0, x), REAL),
    "an infimum that is not attained": (1 / (1 + exp(-x)), 0, REAL),
    "an upper bound that is approached": (R(1), tanh(x), REAL),
    "a derivative": (sp.Derivative(x / (1 + exp(-x)), x), -R(1, 10), REAL),
    "near the end of a logarithm": (-log(1 - x / 2) / 2 - x / 4, x**2 / 16, Interval(0, 2)),
    "an end that is no number of the list": (x**2, 2, Interval(sqrt(2), oo)),
    "only between the roots": (-(x**2) + 3 * x - 2, 0, Interval(1, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_true_and_shown(name: str) -> None:
    left, right, domain = TRUE[name]
    symbol = next(iter((left - right).free_symbols))
    assert shown(left, right, given={symbol: domain})


@pytest.mark.parametrize("name", ROWS)
def test_every_generator_is_nonnegative_with_its_tangent(name: str) -> None:
    """f(u) - f(1) - s (u - 1) >= 0, s a slope at 1, for the catalogue's rows without parameters."""
    row = ROWS[name]
    if row.parameter is not None:
        return
    slope = sp.S.Zero if row.kinked else row.derivative.subs(u, 1)
    at_one = row.f.subs(u, 1)
    assert shown(row.f, at_one + slope * (u - 1), given={u: POSITIVE})
    assert not shown(row.f, at_one + slope * (u - 1) + R(1, 10**9), given={u: POSITIVE})


EPSILON = R(1, 10**9)
DIPS = {
    "at the touching point": lambda z: EPSILON / (1 + 10**8 * (z - 1) ** 2),
    "beside it": lambda z: EPSILON / (1 + 10**16 * (z - R(100001, 100000)) ** 2),
    "a second slope": lambda z: EPSILON * (z - 1) / (1 + z**2),
    "a narrow dip": lambda z: 2 / (1 + 10**16 * (z - R(22, 7)) ** 2),
    "near the lower end": lambda z: 2 * exp(-(10**6) * z),
    "at the lower end only": lambda z: R(1, 50) * (-log(z)) * 0 + 2 * exp(-(10**9) * z),
    "far out": lambda z: z**2 * EPSILON,
    "very far out": lambda z: z ** R(5, 2) * R(1, 10**40),
}
BOWLS = {
    "kl": u * log(u) - u + 1,
    "reverse kl": u - 1 - log(u),
    "pearson": (u - 1) ** 2,
    "hellinger": (sqrt(u) - 1) ** 2,
    "total variation": Abs(u - 1),
}


@pytest.mark.parametrize("bowl", BOWLS)
@pytest.mark.parametrize("dip", DIPS)
def test_false_by_a_little_is_not_shown(bowl: str, dip: str) -> None:
    """Each dip makes the bowl negative somewhere; a look at mpmath's values confirms it."""
    left, lowered = BOWLS[bowl], DIPS[dip](u)
    places = [R(1), R(100001, 100000), 1 - R(1, 10**10), R(22, 7), R(1, 10**9), R(1, 10**7),
              R(1, 10**15), sp.Integer(10**12), sp.Integer(10**30), sp.Integer(10**100)]  # fmt: skip
    lowest = min(sp.N((left - lowered).subs(u, z), 60) for z in places)
    if lowest < 0:
        assert not shown(left - lowered, 0, given={u: POSITIVE})


@pytest.mark.parametrize("bowl", BOWLS)
def test_strict_relations(bowl: str) -> None:
    """> 0 holds above 1 and below 1, not where the touching point lies inside."""
    f = BOWLS[bowl]
    assert shown(f, 0, True, given={u: Interval(1, oo)})
    assert shown(f, 0, True, given={u: Interval(0, 1)})
    assert not shown(f, 0, True, given={u: POSITIVE})
    assert not shown(f, 0, True, given={u: Interval(R(1, 2), 2)})


FALSE = {
    "false everywhere": (log(u), u, POSITIVE),
    "false at the very end": (1 - x, R(1, 10**20), UNIT),
    "not defined everywhere": (log(x - 1) ** 2, 0, POSITIVE),
    "a pole inside": (1 / (x - 3) ** 2, 0, REAL),
    "a square root of a negative number": (sqrt(x - 1), -1, POSITIVE),
    "a jump below": (sp.Piecewise((-1, (x > 5) & (x < 5 + R(1, 7777))), (1, True)), 0, POSITIVE),
    "a derivative at a kink": (sp.Derivative(Abs(x), x), -1, REAL),
    "an oscillation": (sp.sin(60 * sp.pi * x) ** 2, R(1, 10**6), REAL),
    "an integral": (sp.Integral(exp(-y), (y, 0, x)), 0, POSITIVE),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_undefined_or_out_of_reach(name: str) -> None:
    left, right, domain = FALSE[name]
    assert not shown(left, right, given={x: domain, u: domain})


TOTALS = {
    "kl": (kl, 0),
    "kl, and more than nothing": (kl, h2),
    "tv": (tv, 0),
    "tv below one": (1, tv),
    "hellinger below tv": (tv, h2),
    "triangular": (delta, 2 * h2),
    "js below hellinger": (h2, js),
    "js above hellinger": (js, h2 * log(2)),
    "js below log 2": (log(2), js),
    "unnormalised": (Total(p**2 / q), 1),
}


@pytest.mark.parametrize("name", TOTALS)
def test_totals(name: str) -> None:
    left, right = map(sp.sympify, TOTALS[name])
    how = shown(left, right, given=PQ) or ""
    assert "one ratio" in how or "parts" in how
    vanishing = {p: Mass(zero=True), q: Mass(zero=True)}
    assert shown(left, right, given=vanishing)
    assert not shown(left, right, True, given=vanishing)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (kl, 2 * h2 + R(1, 1000) * tv),
        (R(99, 100), tv),
        (20, kl),
        (h2, tv),
        (js, h2 * (log(2) + EPSILON)),
        (h2 * (1 - EPSILON), js),
        (tv**2, kl),
        (kl, EPSILON),
        (delta, (2 + EPSILON) * h2),
    ],
)
def test_false_totals(left: Any, right: Any) -> None:
    assert not shown(left, right, given=PQ)


def test_one_mass() -> None:
    entropy = -Total(p * log(p))
    assert "one mass" in (shown(entropy, 0, given={p: Mass()}) or "")
    assert shown(1, Total(p**2), given={p: Mass()})
    assert not shown(entropy, 0, True, given={p: Mass()}), "an alphabet of one atom has entropy 0"
    assert not shown(log(3), entropy, given={p: Mass()})
    assert not shown(Total(p**2), R(1, 10), given={p: Mass()})


def test_a_weight_that_is_no_mass_is_left_alone() -> None:
    """sum p log(p/q) >= 0 needs both totals to be 1."""
    assert not shown(kl, 0, given={p: Mass(), q: PerAtom(POSITIVE)})
    assert not shown(kl, 0, given={p: PerAtom(POSITIVE), q: PerAtom(POSITIVE)})


def test_scale() -> None:
    half = log((p + q) / (2 * q))
    assert "scale" in (shown(p * log(p / q), p - q, given={p: POSITIVE, q: POSITIVE}) or "")
    ordered = {q: POSITIVE, p: Interval(q, oo)}
    assert shown(p * log(2 * p / (p + q)) + q * -half, 0, True, given=ordered)
    assert not shown(p * log(p / q), p - q + EPSILON, given={p: POSITIVE, q: POSITIVE})
    assert not shown(p * log(p / q), p - q, given={p: POSITIVE, q: Interval(p, 5)})


def test_at_most_and_equalities() -> None:
    step = at_most(u - 1, "")
    assert shown_over_boxes(chain(log(u), step, given={u: POSITIVE}), 0)
    assert not shown_over_boxes(chain(u - 1, at_most(log(u), ""), given={u: POSITIVE}), 0)


def test_numbers() -> None:
    assert shown(sp.sqrt(2) + sp.sqrt(3), sp.pi) == "a number"
    assert shown(log(4), 2 * log(2)) == "a number"
    assert not shown(log(4), 2 * log(2), True)
    assert not shown(sp.pi, sp.sqrt(2) + sp.sqrt(3))


# --- against exact knowledge -----------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.fractions(-3, 3, max_denominator=6), min_size=1, max_size=2), st.integers(0, 2))
def test_polynomials_with_known_roots(roots: list[Any], shift: int) -> None:
    """prod (x - r)^2 + c: never shown to be > 0 if c = 0; shown to be >= -1/3 always."""
    f: sp.Expr = sp.S.One
    for root in roots:
        f *= (x - R(root.numerator, root.denominator)) ** 2
    f = f + R(shift, 3)
    assert bool(shown(f, 0, True, given={x: REAL})) == (shift > 0)
    assert shown(f, -R(1, 3), given={x: REAL})
    assert not shown(f, R(shift, 3) + R(1, 10**8), given={x: REAL})


@settings(max_examples=30)
@given(st.fractions("1/8", 8, max_denominator=9), st.fractions("1/8", 8, max_denominator=9))
def test_young(s: Any, r: Any) -> None:
    """u^(1+s) >= 1 + (1+s)(u - 1), Bernoulli; with a steeper line it is false."""
    power = R(s.numerator, s.denominator) + 1
    tilt = R(r.numerator, r.denominator)
    line = 1 + power * (u - 1)
    assert shown(u**power, line, given={u: POSITIVE})
    assert not shown(u**power, line + EPSILON * tilt * (u - 1), given={u: POSITIVE})


def test_the_budget_is_counted() -> None:
    line = Line(sp.sin(50 * x) + 1 + EPSILON, x, {}, False, Budget(200))
    with pytest.raises(NotShown):
        line.show(fmpq(0), fmpq(100))


def test_lambert_is_not_understood_at_an_end() -> None:
    assert not shown(LambertW(exp(x)) - x, -oo, given={x: REAL})


# --- parts ------------------------------------------------------------------------------------------


def test_signs_of_parts() -> None:
    domains = {x: REAL, y: POSITIVE, a: Interval(-oo, 0), p: Mass()}
    assert sign(x**2 + y * p, domains) == (True, True)
    assert sign(-a * y, domains) == (True, True)
    assert sign(a * y, domains) == (False, False)
    assert sign(x**3, domains) == (False, False)
    assert sign(Abs(x) * exp(x), domains)[0]
    assert sign(Min(x, 1), domains) == (False, False)
    assert sign(-(x**2), domains, -1) == (True, False)
    assert sign(p, {p: Mass(zero=True)}) == (True, False)
    assert defined(log(p) / p, domains)
    assert not defined(log(p) / p, {p: Mass(zero=True)})
    assert not defined(1 / x, domains)
    assert not defined(sqrt(a), domains)
    assert struck_out(x + y, y + x) == []
    assert shown(x**2 + y, y, given={x: REAL, y: REAL}) == "parts: a sum of terms >= 0"
    assert not shown(x**2 + y, y, True, given={x: REAL, y: REAL})


def test_linear_in_totals() -> None:
    assert linear(2 * Total(p) - Total(q) / 3 + 5)
    assert linear(Total(p) ** 2) is None
    assert linear(sp.Piecewise((Total(p), x < 1), (0, True))) is None
    assert linear(Total(p * Total(q))) is None


def test_degrees() -> None:
    names = {p, q}
    assert degree(p * log(p / q), names) == 1
    assert degree((p - q) ** 2 / (p + q), names) == 1
    assert degree(sqrt(p * q), names) == 1
    assert degree(p * log(p), names) is None
    assert degree(p + p**2, names) is None
    assert degree(p + 1, names) is None
    assert degree(Abs(p - q) + 0, names) == 1


def test_choices_are_left_to_points() -> None:
    assert not shown(x**2, x - 1, given={x: Choice((0, 1))})
