"""Sign proofs: never against a number, and strong enough for the project's own inequalities."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Rational, exp, log, sqrt

from derivations.ground.signs import is_nonnegative, is_positive, is_zero, touches
from divergences.enclosure import NotEnclosable, enclose

a, b = sp.symbols("a b", positive=True)
x, y = sp.symbols("x y", real=True)
R = Rational

rationals = st.fractions(-4, 4, max_denominator=6).map(lambda f: R(f.numerator, f.denominator))
symbols = st.sampled_from([a, b, x, y])


def _combine(children: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    unary = st.sampled_from(
        [
            lambda e: e**2, lambda e: -e, lambda e: exp(e), Abs, lambda e: sqrt(1 + e**2),
            lambda e: log(1 + e**2), lambda e: 1 / (1 + e**2), lambda e: e**3, sp.tanh,
            lambda e: 1 / e if e != 0 else e, lambda e: sqrt(e**2), lambda e: log(e**2) if e != 0 else e,
        ]
    )  # fmt: skip
    binary = st.sampled_from([sp.Add, sp.Mul, lambda p, q: p - q, lambda p, q: sp.Max(p, q)])
    return st.one_of(
        st.tuples(unary, children).map(lambda pair: pair[0](pair[1])),
        st.tuples(binary, children, children).map(lambda three: three[0](three[1], three[2])),
    )


small = st.recursive(st.one_of(symbols, symbols, rationals), _combine, max_leaves=5)
values = st.fractions("1/9", 9, max_denominator=9).map(lambda f: R(f.numerator, f.denominator))
points = st.lists(st.tuples(values, values, rationals, rationals), min_size=6, max_size=6)


def contradiction(expr: sp.Expr, at: tuple[sp.Rational, ...], sign: str) -> bool:
    """Is `expr` certainly not of that sign at the point?"""
    try:
        ball = enclose(expr, dict(zip((a, b, x, y), at, strict=True)), digits=15)
    except (NotEnclosable, ZeroDivisionError, TypeError, ValueError):
        return False
    return {
        "nonnegative": bool(ball < 0),
        "positive": bool(ball < 0) or ball.is_zero(),
        "zero": bool(ball > 0 or ball < 0),
    }[sign]


def sane(expr: sp.Expr) -> bool:
    return not expr.has(sp.nan, sp.zoo, sp.oo) and sp.count_ops(expr) < 25


@settings(max_examples=120)
@given(small, points)
def test_no_sign_is_claimed_that_a_point_contradicts(
    expr: sp.Expr, at: list[tuple[sp.Rational, ...]]
) -> None:
    if not sane(expr):
        return
    for claimed, sign in ((is_nonnegative, "nonnegative"), (is_positive, "positive")):
        if claimed(expr):
            assert not [p for p in at if contradiction(expr, p, sign)], (expr, sign)


@settings(max_examples=60)
@given(small, small, points)
def test_no_zero_is_claimed_that_a_point_contradicts(
    left: sp.Expr, right: sp.Expr, at: list[tuple[sp.Rational, ...]]
) -> None:
    expr = left - right
    if sane(expr) and is_zero(expr):
        assert not [p for p in at if contradiction(expr, p, "zero")], expr


FALSE_SIGNS = {
    # expression, a point where it is negative
    "a pole": (1 / (100 - a), {a: 101}),
    "a tangent": (sp.tan(a / 100), {a: 200}),
    "a jump down": (sp.Piecewise((1, a < 100), (-1, True)), {a: 101}),
    "a sign": (1 - 2 * sp.sign(a - 100) - 2, {a: 101}),
    "a floor": (1 - sp.floor(a / 100), {a: 201}),
    "an inverse tangent across a pole": (sp.atan(1 / (a - 100)), {a: 99}),
    "a root times a negative number": ((x + 100) * sqrt((x + 100) ** 2 + 1) + x + 100, {x: -101}),
    "a root times a negative symbol": (y * sqrt(x**2 + 9 * y**2) + y * 3, {x: 1, y: -5}),
    "negative far away": (10**6 + x**3, {x: -101}),
    "negative in a sliver": ((a - 1000) ** 2 - R(1, 100), {a: 1000}),
    "negative near zero": (a - R(1, 1000), {a: R(1, 2000)}),
    "convex but below": (exp(x) - x - R(11, 10), {x: 0}),
    "two symbols": (a + b - 100 * a * b / (1 + a) ** 2 / (1 + b) ** 2, {a: 1, b: 1}),
    "a logarithm of an absolute value": (log(Abs(x - 50)) + 5, {x: R(50000001, 1000000)}),
}


@pytest.mark.parametrize("what", FALSE_SIGNS)
def test_not_nonnegative(what: str) -> None:
    expr, at = FALSE_SIGNS[what]
    assert expr.subs(at) < 0 or what.startswith("a logarithm")
    assert not is_nonnegative(expr)
    assert not is_positive(expr)


KNOWN = {
    "a square": x**2 - 2 * x * y + y**2,
    "the tangent of the exponential": exp(x) - 1 - x,
    "the tangent of the logarithm": a - 1 - log(a),
    "u log u": a * log(a) - a + 1,
    "KL's term": a * log(a / b) - a + b,
    "Pearson's term": (a - b) ** 2 / b,
    "Le Cam's term": (a - b) ** 2 / (a + b),
    "AM-GM": (a + b) / 2 - sqrt(a * b),
    "Pinsker's inner inequality": (4 + 2 * a) / 3 * (a * log(a) - a + 1) - (a - 1) ** 2,
    "the discriminant": x**2 + x + 1,
    "Jensen-Shannon's term": a * log(2 * a / (a + b)) + b * log(2 * b / (a + b)),
    "log(1 + x) <= x": a - log(1 + a),
    "Jeffreys": (a - 1) * log(a),
}


@pytest.mark.parametrize("what", KNOWN)
def test_shown_nonnegative(what: str) -> None:
    assert is_nonnegative(KNOWN[what])


ZEROS = {
    "a binomial": (x + y) ** 3 - x**3 - 3 * x**2 * y - 3 * x * y**2 - y**3,
    "logs": log(a * b) - log(a) - log(b),
    "roots": sqrt(a * b) - sqrt(a) * sqrt(b),
    "exponentials": exp(x + y) - exp(x) * exp(y),
    "a softplus": log(1 + exp(x)) - x - log(1 + exp(-x)),
    "powers": a**x * a**y - a ** (x + y),
    "partial fractions": 1 / (a * (a + 1)) - 1 / a + 1 / (a + 1),
}


@pytest.mark.parametrize("what", ZEROS)
def test_shown_zero(what: str) -> None:
    assert is_zero(ZEROS[what])


@pytest.mark.parametrize(
    "expr",
    [
        sqrt(x**2) - x,
        log(x**2) - 2 * log(a),
        (x**2) ** R(3, 2) - x**3,
        sp.atan(x) + sp.atan(1 / x) - sp.pi / 2,
        exp(x) - 1 - x,
        R(1, 10**30) + 0 * x,
        sp.Abs(x - 50) + sp.Abs(x + 50) - 100,
    ],
    ids=str,
)
def test_not_zero(expr: sp.Expr) -> None:
    assert not is_zero(expr)


def test_touching_needs_the_point_and_the_shape() -> None:
    assert touches(a * log(a) - a + 1, a, sp.S.One)
    assert not touches(a * log(a) - a + 1, a, sp.S(2))
    assert not touches(-((a - 1) ** 2), a, sp.S.One)
    assert not touches((a - 1) ** 3, a, sp.S.One)
