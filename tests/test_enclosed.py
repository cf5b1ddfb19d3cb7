"""The enclosure route: values of unevaluated trees, derivatives, limits, ends of chains, doubts."""

import ast
from pathlib import Path
from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
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
    cos,
    erf,
    exp,
    log,
    oo,
    sin,
    sqrt,
    tanh,
)  # fmt: skip

from derivations.claim import Claim, Step, Verdict, above, at_least, at_most, chain, eq
from derivations.enclosed import check as enclosed
from derivations.enclosed.check import BOXES, POINTS, SILENT, check
from derivations.enclosed.evaluate import value_at
from derivations.enclosed.point import Point
from derivations.enclosed.witness import approximate, objection
from derivations.language import POSITIVE, REAL, UNIT, Mass, Supremum, Total
from derivations.words.claim import Relation
from divergences.constants import Constant
from divergences.enclosure import NoDerivative, NotEnclosable, NoValue, compile_ball, enclose
from divergences.germs import Scale
from divergences.jets import Jet
from divergences.limits import at_end

R = Rational
a, b, p, q, t, u, x, y = sp.symbols("a b p q t u x y")
PQ = {p: Mass(), q: Mass()}
Z3 = sp.zeta(3)  # a number that this route does not know


def claim(first: Any, *steps: Step, expected: Verdict = Verdict.BOTH, **more: Any) -> Claim:
    return Claim("planted", "planted", "t", "s", (chain(first, *steps, **more),), expected)


def at(expr: Any, **values: Any) -> arb:
    point = Point({sp.Symbol(k): sp.sympify(v) for k, v in values.items()}, {})
    return value_at(sp.sympify(expr), point)


def near(ball: arb, value: Any) -> bool:
    with ctx.workdps(40):
        return bool(ball.overlaps(arb(mp.nstr(mp.mpf(value), 35), "1e-30")))


@pytest.fixture(autouse=True)
def forty_digits() -> Any:
    with mp.workdps(40):
        yield


# --- the route is its own ---------------------------------------------------------------------------

ROOM = Path(enclosed.__file__).parent
BANNED = {"diff", "doit", "subs", "expand", "simplify", "limit", "integrate", "together", "series"}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_no_algebra_of_sympy_is_used(path: Path) -> None:
    """Expressions are carried by sympy and evaluated by nobody but the balls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            calls = node.func.attr in BANNED and owner not in ("self", "value", "germ")
            assert not calls, f"line {node.lineno}: {ast.unparse(node.func)}"


# --- derivatives --------------------------------------------------------------------------------------

SMOOTH = {
    "a polynomial": x**5 - 3 * x**2 + 1,
    "a quotient": (x - 3) / (x**2 + x + 1),
    "logarithms": log(1 + x**2) * x,
    "exponentials": exp(-(x**2) / 2 + x),
    "roots": sqrt(1 + x**2) + (2 + x**2) ** R(5, 3),
    "a power of a power": (1 + x**2) ** (x / 3),
    "trigonometric": sin(x) * cos(2 * x) + sp.tan(x / 9),
    "hyperbolic": sp.sinh(x) / sp.cosh(2 * x) + tanh(x) ** 2 + sp.coth(x + 9),
    "inverse": sp.atan(x) + sp.atanh(x / 40),
    "error functions": erf(x) * sp.erfc(x / 2),
    "gamma": sp.gamma(x + 9) * sp.loggamma(x + 12) + sp.digamma(x + 9),
    "Lambert": sp.LambertW(exp(x)),
    "kinks elsewhere": Abs(x - 50) * Max(x, -50) + sp.sign(x + 50) * Min(x, 70),
    "pieces elsewhere": Piecewise((x**2, x < 50), (0, True)),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_derivatives(name: str, order: int) -> None:
    f = SMOOTH[name]
    for place in (R(3, 7), R(-22, 9)):
        ball = at(Derivative(f, (x, order), evaluate=False), x=place)
        with mp.workdps(60):
            g = sp.lambdify(x, f, "mpmath")
            truth = mp.diff(g, mp.mpf(place.p) / place.q, order, h=mp.mpf(10) ** -9)
        assert abs(ball - arb(mp.nstr(truth, 20))) < arb("1e-8") * (1 + abs(ball))


def test_mixed_nested_and_at_a_point() -> None:
    f = exp(x * y) * log(1 + x**2 + y**2)
    mixed = Derivative(f, x, y, evaluate=False)
    with mp.workdps(40):
        g = sp.lambdify((x, y), f, "mpmath")
        truth = mp.diff(g, (mp.mpf(1) / 3, mp.mpf(2)), (1, 1), h=mp.mpf(10) ** -9)
    assert abs(at(mixed, x=R(1, 3), y=2) - arb(mp.nstr(truth, 20))) < arb("1e-9")
    twice = Derivative(Derivative(x**5, x, evaluate=False) * x, x, evaluate=False)
    assert at(twice, x=2).overlaps(arb(25 * 16))
    assert at(Subs(Derivative(x**3 * a, x), x, y + 1), y=1, a=R(1, 2)).overlaps(arb(6))
    under = Integral(Derivative(exp(-(x**2)), x, evaluate=False) ** 2, (x, -oo, oo))
    assert near(at(under), mp.sqrt(mp.pi / 2))


KINKS = {
    "absolute value": Abs(x),
    "maximum": Max(x, 2 * x),
    "minimum, unevaluated": sp.Min(3 * x, -x),
    "sign": sp.sign(x),
    "relu, closed on the left": Piecewise((0, x <= 0), (x, True)),
    "relu, closed on the right": Piecewise((0, x < 0), (x, True)),
    "a step between constants": Piecewise((0, x < 0), (1, True)),
    "a joined condition": Piecewise((1, sp.And(x >= 0, x < 1)), (0, True)),
    "a smooth function written with a kink": Piecewise((x**2, x < 0), (x**2, True), evaluate=False),
    "a root": sqrt(x),
    "a fractional power": x ** R(4, 3),
    "inside": exp(Abs(x) + 1),
}


@pytest.mark.parametrize("name", KINKS)
def test_no_derivative_at_a_kink(name: str) -> None:
    for order in (1, 2):
        with pytest.raises((NotEnclosable, ZeroDivisionError)):
            at(Derivative(KINKS[name], (x, order), evaluate=False), x=0)
        with pytest.raises((NotEnclosable, ZeroDivisionError)):
            at(Subs(Derivative(KINKS[name], (x, order)), x, 0))


def test_beside_the_kink_there_is_one() -> None:
    assert at(Derivative(Abs(x), x, evaluate=False), x=-R(1, 2**200)) == -1
    with pytest.raises(NoDerivative):
        at(Derivative(Abs(x - R(1, 3)), x, evaluate=False), x=R(1, 3))


# --- limits and expansions at ends --------------------------------------------------------------------

LIMITS: dict[str, tuple[sp.Expr, Any]] = {
    "sin x/x": (Limit(sin(x) / x, x, 0, "+"), 1),
    "u log u": (Limit(x * log(x), x, 0, "+"), 0),
    "powers at infinity": (Limit((2 * x + 1) / (x + 3), x, oo), 2),
    "a difference of roots": (Limit(sqrt(x**2 + x) - x, x, oo), R(1, 2)),
    "exponentials": (Limit((exp(x) + 1) / (2 * exp(x) - x), x, oo), R(1, 2)),
    "at minus infinity": (Limit(1 / (1 + exp(-x)), x, -oo), 0),
    "of a derivative": (Limit(Derivative(log(1 + exp(x)), x), x, oo), 1),
    "tanh": (Limit(tanh(3 * x), x, -oo), -1),
    "erf": (Limit(x * sp.erfc(x), x, oo), 0),
    "atan": (Limit(sp.atan(x) * 2 / sp.pi, x, oo), 1),
    "with a parameter": (Limit((1 + t * x) ** (1 / x), x, 0, "+"), exp(t)),
    "a maximum": (Limit(Max(t, 2) + exp(-x), x, oo), R(22, 7)),
    "a sign": (Limit(sp.sign(x), x, 0, "-"), -1),
    "to infinity": (Limit(log(x), x, oo), oo),
    "cancellation of logarithms": (Limit(log(4 * x) - 2 * log(2) - log(x), x, oo), 0),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name: str) -> None:
    expr, value = LIMITS[name]
    ball = at(expr, t=R(22, 7))
    if value is oo:
        assert ball > 10**30
    else:
        assert ball.overlaps(enclose(sp.sympify(value).subs(t, R(22, 7)), digits=30))


def test_limits_that_are_none() -> None:
    for expr in (Limit(sin(x), x, oo), Limit(sin(1 / x), x, 0, "+")):
        with pytest.raises(NotEnclosable):
            at(expr)
    with pytest.raises(NoValue):
        at(Limit(sp.sign(x), x, 0, "+-"))


GERMS = [
    x * log(x) - log(1 - x) / x, sqrt(x) / (1 + x) ** 3, exp(x * log(x)), (1 - x) ** x,
    log(exp(x) - 1 + x**2) * x, 1 / (x + x**2) - 1 / x, x**x - 1, erf(sqrt(x)), sp.atan(1 / x),
    exp(-1 / x) + x**3, tanh(log(x)), 1 / log(x), sp.cosh(x) - cos(x),
]  # fmt: skip


@pytest.mark.parametrize("f", GERMS, ids=str)
def test_expansions_hold_on_the_whole_range(f: sp.Expr) -> None:
    """terms + remainder contain f at many points of (0, 2^-k], and the sign is right there."""
    with ctx.workdps(60), mp.workdps(60):
        for k in (5, 20):
            (expand,) = at_end(f, x, fmpq(0), 1, {}, k)
            germ = expand()
            for v in (mp.mpf(2) ** -k, mp.mpf(2) ** -k / 3, mp.mpf(2) ** (-3 * k) / 7):
                truth = arb(mp.nstr(sp.lambdify(x, f, "mpmath")(v), 55), "1e-45")
                V = arb(mp.nstr(v, 60))
                L = -V.log()
                total = arb(0)
                for (r, s), c in germ.terms.items():
                    size = c.ball() if isinstance(c, Constant) else c
                    power = V ** arb(fmpq(r.numerator, r.denominator))
                    total += size * power * L ** arb(fmpq(s.numerator, s.denominator))
                A, B, C = germ.bound
                bound = C * V ** arb(fmpq(A.numerator, A.denominator))
                bound *= L ** arb(fmpq(B.numerator, B.denominator))
                assert abs(truth - total) <= bound + abs(arb("1e-40")), (f, k, v)
                if germ.sign():
                    assert truth * germ.sign() > -arb("1e-44")


def test_a_sign_needs_the_whole_range() -> None:
    """v - 10 v^2 is negative at 1/4 and positive below 1/10."""
    for k, sign in ((2, 0), (5, 1)):
        (expand,) = at_end(x - 10 * x**2, x, fmpq(0), 1, {}, k)
        assert expand().sign() == sign


@given(st.fractions("1/9", 9, max_denominator=9), st.integers(0, 12))
def test_the_peak_of_a_monomial(a: Any, b: int) -> None:
    """v^a L^b <= peak on (0, 2^-3], and the bound is attained nearly."""
    peak = Scale(3).peak(a, b * (a / a))
    values = []
    for k in range(30, 4000, 10):
        L = mp.mpf(k) / 10 * mp.log(2)
        values.append(mp.exp(-mp.mpf(a.numerator) / a.denominator * L) * L**b)
    assert peak >= arb(mp.nstr(max(values), 20)) * arb("0.99999999")
    assert peak <= arb(mp.nstr(max(values), 20)) * arb("1.2")


def test_slopes_at_a_kink_contain_both_sides() -> None:
    """The hull that the mean value theorem needs; without `hull` there is none."""
    around = Jet.variable(arb(0, 1), 1, hull=True)
    for slope in (abs(around).c[1], around.larger(-around).c[1]):
        assert slope.contains(arb(-1))
        assert slope.contains(arb(1))
    with pytest.raises(NoDerivative):
        abs(Jet.variable(arb(0, 1), 1))


@given(st.integers(1, 400), st.integers(1, 400), st.fractions(-3, 3, max_denominator=4))
@settings(max_examples=60)
def test_constants_are_exact(m: int, n: int, r: Any) -> None:
    """log(mn) = log m + log n and (mn)^r = m^r n^r, exactly; and the ball is right."""
    power = fmpq(r.numerator, r.denominator)
    M, N = Constant.of(m), Constant.of(n)
    assert ((M * N).log() - M.log() - N.log()).is_zero()
    left, right = (M * N).power(power), M.power(power) * N.power(power)
    assert (left - right).is_zero()
    assert left.ball().overlaps(arb(m * n) ** arb(power))
    assert (M.log().exp() - M).is_zero()
    assert (M.power(power) / M.power(power) - 1).is_zero()


# --- totals ---------------------------------------------------------------------------------------------


def test_totals_loop_over_the_atoms() -> None:
    point = Point({t: R(1, 3)}, {p: (R(1, 4), R(3, 4)), q: (R(1, 2), R(1, 2))})
    ball = value_at(Total(p * log(p / q)) * t + Total(q * Total(p**2)), point)
    kl = mp.mpf(1) / 4 * mp.log(mp.mpf(1) / 2) + mp.mpf(3) / 4 * mp.log(mp.mpf(3) / 2)
    assert near(ball, kl / 3 + mp.mpf(10) / 16)


def test_masses_that_vanish_are_limits() -> None:
    point = Point(
        {}, {p: (R(1), R(0), R(0)), q: (R(1, 2), R(1, 2), R(0))}, masses=frozenset({p, q})
    )
    assert near(value_at(Total(p * log(p / q)), point), mp.log(2))
    assert near(value_at(Total((sqrt(p) - sqrt(q)) ** 2), point), 2 - mp.sqrt(2))
    assert value_at(Total(q * log(q / p)), point) > 10**30
    assert near(value_at(Total(Abs(p - q)) / 2, point), mp.mpf(1) / 2)
    with pytest.raises(NotEnclosable):
        value_at(Total(p / (p + q)), point)  # both vanish: no limit
    with pytest.raises(NotEnclosable):
        value_at(Total(p * log(p / q)), Point({}, point.vectors))  # not by the domain


def test_zero_masses_are_tried() -> None:
    zero = {p: Mass(zero=True), q: Mass(zero=True)}
    found = check(claim(Total(p * log(p / q)), at_most(100, ""), given=zero)).counterexample
    assert found is not None
    assert found.left == "oo"


# --- chains -----------------------------------------------------------------------------------------


def test_the_words_of_the_steps() -> None:
    link = claim(
        Total(p * log(p / q)), eq(Total(p * log(p)) - Total(p * log(q)), ""), at_least(0, ""),
        given=PQ,
    )  # fmt: skip
    evidence = check(link)
    assert evidence.steps == [[POINTS, SILENT]] or evidence.steps == [[POINTS, POINTS]]
    assert evidence.counterexample is None
    shown = check(claim(Total(p * log(p / q)), at_least(0, ""), given=PQ))
    assert shown.steps == [[BOXES]]
    assert "one ratio" in shown.reasons[0][0]


def test_the_ends_are_compared_across_what_has_no_ball() -> None:
    middle = Z3 * x  # no ball
    evidence = check(claim(x, eq(middle, ""), eq(x + R(1, 10**20), ""), given={x: REAL}))
    assert evidence.counterexample is not None
    assert evidence.counterexample.step == 2
    assert evidence.counterexample.relation == "="
    falling = claim(x, at_most(Z3 * x, ""), at_most(x - R(1, 10**9), ""), given={x: REAL})
    found = check(falling).counterexample
    assert found is not None
    assert found.relation == "<="
    strict = claim(x, above(Z3 * x, ""), at_least(x, ""), given={x: REAL})
    found = check(strict).counterexample
    assert found is not None
    assert (found.relation, found.step) == (">", 2)


NO_VALUE = {
    "a hole": ((x**2 - 1) / (x - 1), x + 1),
    "a root of a negative number": (sqrt(x), sqrt(x)),
    "a logarithm of a negative number": (log(x), log(x) + 0 * x),
    "no piece": (Piecewise((x, x > 0)), x),
    "a kink": (Derivative(Abs(x), x, evaluate=False), sp.sign(x)),
}


@pytest.mark.parametrize("name", NO_VALUE)
def test_no_value_at_a_point_is_never_support(name: str) -> None:
    left, right = NO_VALUE[name]
    link = claim(left, at_most(right + 1, ""), given={x: REAL})
    evidence = check(link)
    assert evidence.counterexample is None
    assert evidence.steps == [[SILENT]]
    assert "no value at x =" in evidence.gaps[0]


REFUTED = [
    claim(-Total(p * log(p)), at_most(log(3), ""), given={p: Mass()}),
    claim(-Total(p * log(p)), above(0, ""), given={p: Mass()}),
    claim(Total(p * log(p / q)), at_most(20, ""), given=PQ),
    claim(Total(Abs(p - q)) / 2, at_most(R(99, 100), ""), given=PQ),
    claim(sin(60 * sp.pi * x), eq(0, ""), given={x: REAL}),
    claim(Limit(Max(a, b) + exp(-x), x, oo), eq(a, ""), given={a: REAL, b: REAL}),
    claim(Limit(Max(x, x + a) - x, x, oo), eq(0, ""), given={a: REAL}),
    claim(Supremum(-exp(-u) - Abs(t), u, 0, oo), eq(-t, ""), given={t: REAL}),
    claim(Integral(exp(-x), (x, 0, 200)), eq(1, "")),
    claim(x**2, at_least(x, ""), given={x: UNIT}),
]


@pytest.mark.parametrize("each", REFUTED, ids=lambda c: str(c.chains[0].first)[:40])
def test_refuted(each: Claim) -> None:
    assert check(each).counterexample is not None


def test_an_integral_at_parameters_is_no_tautology() -> None:
    """Both sides are evaluated as they are written: a wrong factor is seen."""
    density = exp(-((x - a) ** 2) / (2 * b**2)) / (b * sqrt(2 * sp.pi))
    right = claim(Integral(density * x**2, (x, -oo, oo)), eq(a**2 + b**2, ""),
                  given={a: REAL, b: POSITIVE})  # fmt: skip
    wrong = claim(Integral(density * x**2, (x, -oo, oo)), eq(a**2 + b, ""),
                  given={a: REAL, b: POSITIVE})  # fmt: skip
    assert check(right).steps == [[POINTS]]
    assert check(wrong).counterexample is not None


# --- the witness ------------------------------------------------------------------------------------

NOWHERE = Point({}, {})
UNREACHED: dict[str, tuple[sp.Expr, Any]] = {
    "a limit of gammas": (Limit(sp.gamma(x + 1) / sp.gamma(x) / x, x, oo), 1),
    "not concave": (Supremum(-((u**2 - 1) ** 2), u, 0, oo), 0),
    "a bounded maximum of pieces": (Supremum(Min(u, 1 / u), u, 0, oo), 1),
    "a mixture's entropy": (Integral(exp(-Abs(x)) * sp.log(1 + exp(-Abs(x))), (x, -oo, oo)),
                            4 * log(2) - 2),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREACHED)
def test_the_witness_objects_to_what_is_false_and_only_to_that(name: str) -> None:
    expr, value = UNREACHED[name]
    right = sp.sympify(value)
    assert objection(expr, Relation.EQUAL, right, [NOWHERE]) is None
    assert objection(expr, Relation.EQUAL, right + R(1, 20), [NOWHERE]) is not None
    assert objection(expr, Relation.AT_MOST, right + R(1, 20), [NOWHERE]) is None
    assert objection(expr, Relation.AT_LEAST, right + R(1, 20), [NOWHERE]) is not None


@pytest.mark.parametrize(
    "expr",
    [
        Limit(sin(x), x, oo),
        Limit(1 / log(log(x)), x, oo),
        Integral(1 / x, (x, 0, 1)),
        Integral(cos(x), (x, 0, oo)),
        Integral(1 / (x * log(x) ** 2), (x, 2, oo)),
        Supremum(u, u, 0, oo),
        Supremum(sin(u), u, 0, oo),
    ],
)
def test_what_does_not_settle_says_nothing(expr: sp.Expr) -> None:
    assert approximate(expr, NOWHERE) is None


def test_a_doubt_is_recorded_and_is_no_refutation() -> None:
    link = claim(Supremum(-((u**2 - 1) ** 2) * t, u, 0, oo), eq(t / 10, ""), given={t: POSITIVE})
    evidence = check(link)
    assert evidence.counterexample is None
    assert evidence.steps == [[SILENT]]
    assert "chain 1, step 1: at t = " in evidence.doubts[0]
    true = claim(Supremum(-((u**2 - 1) ** 2) * t, u, 0, oo), eq(0, ""), given={t: POSITIVE})
    assert check(true).doubts == []


def test_the_environment_is_not_sympy() -> None:
    """A tree that sympy would fold is evaluated node by node."""
    with sp.evaluate(False):
        tree = sp.Add(sp.Mul(x, sp.Pow(x, -1)), sp.Integer(1))
    with pytest.raises(NoValue):
        at(tree, x=0)
    assert compile_ball(tree)({x: fmpq(3)}, False).overlaps(arb(2))
