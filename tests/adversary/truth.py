"""What an expression is worth at a point, to sixty digits, by means that the engine does not use.

`value(expr, point)` walks a tree with mpmath and keeps to the real numbers: a logarithm of a
negative number, a division by zero, oo - oo or an empty range have no value (`NoValue`). A point
gives each symbol a number, or a tuple of numbers, one an atom. Integrals, suprema, limits and
derivatives are evaluated numerically (`slow=True`): good to about ten digits, for the tests of the
generator; the statements themselves carry plain sides, for which sixty digits are exact enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import mpmath as mp
import sympy as sp

from derivations.language import Supremum, Total

DIGITS = 60
MARGIN = mp.mpf(10) ** -40  # two values closer than this, relative above 1, are not told apart
FARTHEST = mp.mpf(10) ** 13  # no part of an expression may be larger, so that sixty digits suffice

Number: TypeAlias = mp.mpf
Point: TypeAlias = Mapping[sp.Symbol, "Number | tuple[Number, ...]"]


class NoValue(ArithmeticError):
    """The expression has no real value at the point."""


class OutOfReach(OverflowError):
    """A part of it is too large there to be sure of the digits."""


def _exp(x: Number) -> Number:
    if x > 10**4:
        raise OutOfReach("an exponential")
    return mp.exp(x)


def _kept(function: Callable[[Number], Number]) -> Callable[[Number], Number]:
    def within(x: Number) -> Number:
        if abs(x) > 10**4:
            raise OutOfReach("an exponential")
        return function(x)

    return within


def _log(x: Number) -> Number:
    if x <= 0:
        raise NoValue("the logarithm of a number that is not positive")
    return mp.log(x)


def _gamma(x: Number) -> Number:
    if x <= 0 and x == mp.floor(x):
        raise NoValue("gamma at a pole")
    return mp.gamma(x)


def _loggamma(x: Number) -> Number:
    if x <= 0:
        raise NoValue("loggamma is taken for positive numbers")
    return mp.loggamma(x)


def _lambert(x: Number) -> Number:
    if x < -mp.exp(-1):
        raise NoValue("LambertW below -1/e")
    return mp.lambertw(x).real


FUNCTIONS: dict[type, Callable[[Number], Number]] = {
    sp.exp: _exp, sp.log: _log, sp.sin: mp.sin, sp.cos: mp.cos, sp.tanh: mp.tanh,
    sp.sinh: _kept(mp.sinh), sp.cosh: _kept(mp.cosh), sp.atan: mp.atan, sp.erf: mp.erf, sp.erfc: mp.erfc,
    sp.gamma: _gamma, sp.loggamma: _loggamma, sp.LambertW: _lambert, sp.Abs: abs, sp.sign: mp.sign,
}  # fmt: skip
CONSTANTS: dict[sp.Expr, Callable[[], Number]] = {
    sp.pi: lambda: +mp.pi, sp.E: lambda: +mp.e, sp.oo: lambda: mp.inf, -sp.oo: lambda: -mp.inf,
}  # fmt: skip


def value(expr: sp.Expr, point: Point, *, slow: bool = False) -> Number:
    """The real value of `expr` at `point`.

    Raises `NoValue` where there is none, `OutOfReach`, or `KeyError` for a stranger.
    """
    found = _value(expr, point, slow)
    if not slow and abs(found) > FARTHEST and not mp.isinf(found):
        raise OutOfReach(f"{expr} is too large")
    return found


def _value(expr: sp.Expr, point: Point, slow: bool) -> Number:
    if expr.is_Rational:
        return mp.mpf(int(expr.p)) / int(expr.q)
    if isinstance(expr, sp.Symbol):
        return point[expr]
    if expr in CONSTANTS:
        return CONSTANTS[expr]()
    if isinstance(expr, Total):
        return _total(expr, point, slow)
    if isinstance(expr, sp.Piecewise):
        return _piecewise(expr, point, slow)
    if slow and type(expr) in NUMERIC:
        return NUMERIC[type(expr)](expr, point)
    arguments = [value(arg, point, slow=slow) for arg in expr.args]
    if isinstance(expr, sp.Add):
        return _finite_sum(arguments)
    if isinstance(expr, sp.Mul):
        return mp.fprod(arguments)
    if isinstance(expr, sp.Pow):
        return _power(*arguments)
    if isinstance(expr, sp.Max | sp.Min):
        return (max if isinstance(expr, sp.Max) else min)(arguments)
    if type(expr) not in FUNCTIONS:
        raise NoValue(f"no value is known of {type(expr).__name__}")
    return FUNCTIONS[type(expr)](arguments[0])


def _finite_sum(terms: list[Number]) -> Number:
    if mp.inf in terms and -mp.inf in terms:
        raise NoValue("oo - oo")
    return mp.fsum(terms)


def _power(base: Number, exponent: Number) -> Number:
    whole = exponent == mp.floor(exponent)
    if base == 0 and exponent <= 0:
        raise NoValue("zero to a power that is not positive")
    if base < 0 and not whole:
        raise NoValue("a power of a negative number")
    if abs(exponent) > 10**6:
        raise OutOfReach("a power out of reach")
    return base ** int(exponent) if whole else mp.exp(exponent * mp.log(base)) if base else base


def _total(expr: Total, point: Point, slow: bool) -> Number:
    sizes = {len(v) for v in point.values() if isinstance(v, tuple)}
    if len(sizes) != 1:
        raise NoValue("a total without an alphabet")
    here = [
        {s: v[i] if isinstance(v, tuple) else v for s, v in point.items()}
        for i in range(sizes.pop())
    ]
    return _finite_sum([value(expr.term, each, slow=slow) for each in here])


def _piecewise(expr: sp.Piecewise, point: Point, slow: bool) -> Number:
    for branch, condition in expr.args:
        if holds(condition, point):
            return value(branch, point, slow=slow)
    raise NoValue("none of the conditions holds")


def holds(condition: sp.Basic, point: Point) -> bool:
    """A condition, or a hypothesis, at the point."""
    if condition in (sp.true, sp.false):
        return bool(condition)
    if isinstance(condition, sp.And | sp.Or):
        return (all if isinstance(condition, sp.And) else any)(
            holds(part, point) for part in condition.args
        )
    gap = value(condition.lhs, point) - value(condition.rhs, point)
    tests: dict[type, bool] = {
        sp.Gt: gap > 0, sp.Ge: gap >= 0, sp.Lt: gap < 0, sp.Le: gap <= 0,
        sp.Eq: gap == 0, sp.Ne: gap != 0,
    }  # fmt: skip
    return tests[type(condition)]


def contradicted(left: sp.Expr, relation: str, right: sp.Expr, point: Point) -> bool:
    """True when both sides have values at the point, and those are not in the relation."""
    with mp.workdps(DIGITS):
        a, b = value(left, point), value(right, point)
        if mp.isinf(a) or mp.isinf(b):
            gap = mp.mpf(0) if a == b else mp.sign(a - b)
        else:
            gap = (a - b) / max(1, abs(a), abs(b))
        return {
            "=": abs(gap) > MARGIN, "<=": gap > MARGIN, ">=": gap < -MARGIN,
            ">": gap < MARGIN and (gap < -MARGIN or a == b),
        }[relation]  # fmt: skip


# --- the slow ones, numerically ----------------------------------------------------------------


def _integral(expr: sp.Integral, point: Point) -> Number:
    ((x, lower, upper),) = expr.limits
    a, b = value(lower, point, slow=True), value(upper, point, slow=True)
    if a >= b:
        raise NoValue("an integral over an empty range")
    numbers = [v for v in point.values() if not isinstance(v, tuple)]  # where a kink may be
    inner = sorted({*numbers, *map(mp.mpf, (-8, -2, 0, 0.5, 2, 8, 20))})
    ends = [a, *(c for c in inner if a < c < b), b]
    return mp.quad(lambda z: value(expr.function, {**point, x: z}, slow=True), ends, maxdegree=8)


def _supremum(expr: Supremum, point: Point) -> Number:
    """Ternary search: the objective is concave, and its ends are looked at from inside."""
    a, b = (value(bound, point, slow=True) for bound in expr.bounds)
    if a >= b:
        raise NoValue("a supremum over an empty interval")
    a, b = max(a, -(mp.mpf(10) ** 9)), min(b, mp.mpf(10) ** 9)

    def g(z: Number) -> Number:
        return value(expr.objective, {**point, expr.variable: z}, slow=True)

    for _ in range(180):
        left, right = a + (b - a) / 3, b - (b - a) / 3
        a, b = (left, b) if g(left) < g(right) else (a, right)
    return g((a + b) / 2)


def _limit(expr: sp.Limit, point: Point) -> Number:
    function, x, end, side = expr.args
    at = value(end, point, slow=True)
    step = mp.mpf(10) ** -14
    place = (
        at + (step if str(side) == "+" else -step)
        if not mp.isinf(at)
        else mp.sign(at) * (200 if function.has(sp.exp) else mp.mpf(10) ** 14)
    )
    with mp.workdps(2 * DIGITS):
        return value(function, {**point, x: place}, slow=True)


def _derivative(expr: sp.Derivative, point: Point) -> Number:
    ((x, count),) = expr.variable_count

    def f(z: Number) -> Number:
        return value(expr.expr, {**point, x: z}, slow=True)

    return mp.diff(f, point[x], int(count))


def _substituted(expr: sp.Subs, point: Point) -> Number:
    images = zip(expr.variables, expr.point, strict=True)
    return value(expr.expr, {**point, **{x: value(at, point) for x, at in images}}, slow=True)


NUMERIC: dict[type, Callable[..., Number]] = {
    sp.Integral: _integral, Supremum: _supremum, sp.Limit: _limit, sp.Derivative: _derivative,
    sp.Subs: _substituted,
}  # fmt: skip
