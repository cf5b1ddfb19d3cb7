"""From a sympy expression to a ball that provably holds its value.

`enclose(expr, {x: 3/7}, digits=30)` evaluates `expr` at an exact point in ball arithmetic (Arb,
through python-flint): the true value lies inside the returned ball, rounding, quadrature error and
the tails of infinite integrals included. What cannot be enclosed raises `NotEnclosable`; nothing is
ever guessed.

The tree is evaluated as it stands, unevaluated or not: sympy only carries it. `compile_ball(expr)`
is a function of an *environment*, a mapping from symbols to numbers: exact rationals (`fmpq`),
balls, Taylor series (`jets.py`: derivatives) or expansions at an end (`germs.py`: limits). Further
kinds of node (sums over atoms, suprema) are added to `NODES` by the packages that define them.

Source: Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic" (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from typing import Any, TypeAlias

import sympy as sp
from flint import acb, arb, ctx, fmpq

from .balls import (
    Ball,
    NoDerivative,
    NotEnclosable,
    NoValue,
    Undecided,
    accurate_to,
    as_real,
)  # fmt: skip
from .constants import Constant
from .functions import (
    UNARY,
    Number,
    integer_power,
    log_of,
    maximum,
    minimum,
    power_of,
    real,
    real_ball,
    sqrt_of,
    widened,
)  # fmt: skip
from .germs import Germ
from .jets import Jet, derivative, sign_of
from .trees import negated, times, without_exponentials

Environment: TypeAlias = Mapping[Any, Number]
Evaluator: TypeAlias = Callable[[Environment, bool], Number]

START_GUARD_DIGITS = 15  # first working precision: the digits asked for plus these
PRECISION_DOUBLINGS = 3  # then doubled this many times before giving up
FAR = arb(2) ** 10**9


def enclose(
    expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr] | None = None, digits: int = 30
) -> arb:
    """A real ball that contains `expr` at the exact point `values`, of radius <= 10^-digits.

    The radius is relative to max(1, |value|). `sympy.oo` gives an infinite ball. Raises
    `NotEnclosable` when the value is not real and finite or the precision cannot be reached, and
    its kind `NoValue` when it certainly has no real value.

    >>> import sympy as sp
    >>> print(enclose(sp.log(2) + sp.Symbol("x"), {sp.Symbol("x"): sp.Rational(1, 3)}, 15).str(12))
    [1.02648051389 +/- 3.28e-12]
    """
    whole = sp.sympify(expr)
    point = {symbol: sp.sympify(value) for symbol, value in (values or {}).items()}
    if whole is sp.oo:
        return arb.pos_inf()
    if whole is -sp.oo:
        return arb.neg_inf()
    if missing := whole.free_symbols - set(point):
        names = ", ".join(sorted(map(str, missing)))
        raise NotEnclosable(f"no value given for {names} in {expr}")
    evaluate = compile_ball(whole)
    return to_digits(lambda: evaluate(environment(point), False), digits, whole)


def environment(point: Mapping[sp.Symbol, sp.Expr]) -> dict[Any, Number]:
    """Values as numbers: exactly where they can be, others as balls at the precision in force."""
    return {symbol: number(value) for symbol, value in point.items()}


def number(value: sp.Expr) -> Number:
    if value.is_Rational:
        return fmpq(int(value.p), int(value.q))
    found = compile_ball(value, True)({}, False)
    return found if isinstance(found, Constant) else as_real(found, value)


def to_digits(evaluate: Callable[[], Number], digits: int, what: object) -> arb:
    """The ball at the first working precision that makes it narrow enough."""
    working = digits + START_GUARD_DIGITS
    ball = arb(0)
    for attempt in range(PRECISION_DOUBLINGS + 1):
        with ctx.workdps(working):
            try:
                ball = as_real(real_ball(evaluate()), what)
            except Undecided:
                if attempt == PRECISION_DOUBLINGS:
                    raise
                ball = arb("nan")
            if accurate_to(ball, digits):
                return ball
            if ball > FAR or ball < -FAR:  # oo or -oo, certainly: no finite ball is so wide
                if not ball.mid().is_finite():
                    return arb.pos_inf() if ball > 0 else arb.neg_inf()
        working *= 2
    if not ball.is_finite():
        raise NotEnclosable(f"{what} is not a finite real number, or cannot be shown to be one")
    raise NotEnclosable(f"{what} is only known to be {ball.str(10)}, not to {digits} digits")


# --- the evaluator: one closure a node --------------------------------------------------------


def ball_constant(numerator: int, denominator: int) -> Evaluator:
    """A rational as a ball; 0 and dyadic numbers are exact."""
    value = fmpq(numerator, denominator)
    return lambda *_: arb(value)


def exact_constant(numerator: int, denominator: int) -> Evaluator:
    value = Constant.of(fmpq(numerator, denominator))
    return lambda *_: value


@lru_cache(maxsize=20_000)
def compile_ball(expr: sp.Expr, exact: bool = False) -> Evaluator:
    """A function (environment, analytic) -> number, at the precision in force.

    `analytic` is asked by the quadrature: the value must then be not finite wherever the function
    is not analytic on the whole complex ball. With `exact`, numbers in the expression enter as
    exact constants (`constants.py`) rather than as balls.
    """
    if isinstance(expr, sp.Symbol):
        return _compile_symbol(expr, exact)
    if not isinstance(expr, sp.Expr):
        raise NotEnclosable(f"no enclosure is known for {expr}")
    if expr.is_Rational:
        return (exact_constant if exact else ball_constant)(int(expr.p), int(expr.q))
    if expr.is_Float:
        raise NotEnclosable(f"{expr} is a decimal of limited precision; write it as a fraction")
    if expr is sp.pi and exact:
        return lambda *_: Constant.pi()
    constants: dict[sp.Expr, Callable[[], arb]] = {
        sp.pi: arb.pi,
        sp.E: arb.const_e,
        sp.EulerGamma: arb.const_euler,
        sp.oo: arb.pos_inf,
        -sp.oo: arb.neg_inf,
    }
    if expr in constants:
        value = constants[expr]
        return lambda *_: value()
    if (special := NODES.get(type(expr))) is not None:
        return special(expr, exact)
    if isinstance(expr, sp.Add):
        return _compile_sum(expr, exact)
    parts = [compile_ball(arg, exact) for arg in expr.args if isinstance(arg, sp.Expr)]
    if len(parts) != len(expr.args):
        raise NotEnclosable(f"no enclosure is known for {expr}")
    if isinstance(expr, sp.Mul):
        return _compile_product(expr, parts)
    if isinstance(expr, sp.Max):
        return lambda env, a: reduce(lambda x, y: maximum(x, y, a), [p(env, a) for p in parts])
    if isinstance(expr, sp.Min):
        return lambda env, a: reduce(lambda x, y: minimum(x, y, a), [p(env, a) for p in parts])
    if isinstance(expr, sp.polygamma) and expr.args[0] == 0:
        return lambda env, a: widened(parts[1](env, a)).digamma()
    function = UNARY.get(type(expr))
    if function is None or len(parts) != 1:
        raise NotEnclosable(f"no enclosure is known for {type(expr).__name__} in {expr}")
    part = parts[0]
    return lambda env, a: function(widened(part(env, a)), a)


def _compile_symbol(symbol: sp.Symbol, exact: bool) -> Evaluator:
    def value(env: Environment, _: bool) -> Number:
        found = env.get(symbol)
        if found is None:
            raise NotEnclosable(f"no value given for {symbol}")
        if isinstance(found, fmpq):
            return Constant.of(found) if exact else arb(found)
        if isinstance(found, Constant) and not exact:
            return found.ball()
        return found

    return value


def _compile_sum(expr: sp.Add, exact: bool) -> Evaluator:
    terms = list(expr.args)
    for term in expr.args:  # x - x is zero, also for a ball around x
        if isinstance(term, sp.Symbol) and negated(term) in terms and term in terms:
            terms.remove(term)
            terms.remove(negated(term))
    parts = [compile_ball(term, exact) for term in terms or [sp.S.Zero]]
    return lambda env, a: reduce(lambda x, y: x + y, [part(env, a) for part in parts])


def _compile_product(expr: sp.Mul, parts: list[Evaluator]) -> Evaluator:
    if len(parts) == 2 and expr.args[0] == -1:
        other = parts[1]
        return lambda env, a: -other(env, a)
    return lambda env, a: reduce(lambda x, y: x * y, [part(env, a) for part in parts])


def _weighted_sum(
    exponents: list[tuple[sp.Expr, sp.Rational]], factor: sp.Rational, exact: bool
) -> Evaluator:
    parts = [(compile_ball(a, exact), compile_ball(times(n, factor), exact)) for a, n in exponents]
    return lambda env, a: reduce(
        lambda x, y: x + y, [part(env, a) * n(env, a) for part, n in parts]
    )


def _compile_power(expr: sp.Pow, exact: bool) -> Evaluator:
    base, exponent = expr.args
    if base is sp.E:
        e = compile_ball(exponent, exact)
        return lambda env, a: widened(e(env, a)).exp()
    b = compile_ball(base, exact)
    if exponent.is_Integer:
        n = int(exponent)
        return lambda env, a: integer_power(b(env, a), n)
    if exponent.is_Rational:
        # (e^a g)^r = e^(r a) g^r for real a: no branch cut to integrate around
        exponents, rest = without_exponentials(base)
        if exponents:
            outer = _weighted_sum(exponents, exponent, exact)
            inner = _compile_root(rest, exponent, exact)
            return lambda env, a: outer(env, a).exp() * inner(env, a)
        return _compile_root(base, exponent, exact)
    e = compile_ball(exponent, exact)
    exponents, rest = without_exponentials(base)
    if exponents:
        outer = _weighted_sum(exponents, sp.S.One, exact)
        inner = compile_ball(rest, exact)
        return lambda env, a: (
            (outer(env, a) * e(env, a)).exp() * power_of(inner(env, a), e(env, a), a)
        )
    return lambda env, a: power_of(b(env, a), e(env, a), a)


def _compile_root(base: sp.Expr, exponent: sp.Rational, exact: bool) -> Evaluator:
    b = compile_ball(base, exact)
    if exponent.q == 2:
        n = int(exponent.p)
        return lambda env, a: integer_power(sqrt_of(b(env, a), a), n)
    e = compile_ball(exponent, exact)
    return lambda env, a: power_of(b(env, a), e(env, a), a)


def _compile_log(expr: sp.log, exact: bool) -> Evaluator:
    """log(e^a g) = a + log g for real a: exact, and without a branch cut to integrate around."""
    exponents, rest = without_exponentials(expr.args[0])
    inner = compile_ball(rest, exact)
    if not exponents:
        return lambda env, a: log_of(inner(env, a), a)
    outer = _weighted_sum(exponents, sp.S.One, exact)
    if rest is sp.S.One:
        return outer
    return lambda env, a: outer(env, a) + log_of(inner(env, a), a)


# --- pieces -----------------------------------------------------------------------------------


def _compile_piecewise(expr: sp.Piecewise, exact: bool) -> Evaluator:
    branches = [
        (compile_ball(value, exact), compile_condition(cond, exact)) for value, cond in expr.args
    ]

    def evaluate(env: Environment, analytic: bool) -> Number:
        possible: list[Number] = []
        for value, condition in branches:
            holds = condition(env)
            if holds is False:
                continue
            if isinstance(holds, Jet):
                return holds.undecided("the border of two pieces")
            if isinstance(holds, Germ):
                raise NotEnclosable("which piece holds at the end is not decided")
            try:
                possible.append(value(env, analytic))
            except NoValue as error:
                if holds and not possible:
                    raise
                raise NotEnclosable(
                    f"which piece of {expr} holds is not decided: {error}"
                ) from None
            if holds:
                break
        else:
            if not possible:
                raise NoValue(f"{expr} has no value where none of its conditions holds")
            return acb("nan") if analytic else arb("nan")
        if len(possible) > 1 and analytic:
            return acb("nan")
        return reduce(_union, possible)

    return evaluate


def _union(x: Number, y: Number) -> Number:
    if isinstance(x, Jet | Germ) or isinstance(y, Jet | Germ):
        raise NotEnclosable("which of two pieces holds is not decided")
    x, y = real_ball(x), real_ball(y)
    if isinstance(x, arb) and isinstance(y, arb):
        return x.union(y)
    return acb(x).union(acb(y))


# True, False, None where the balls do not decide, or the series of which no sign is known
Truth: TypeAlias = bool | Jet | Germ | None
Condition: TypeAlias = Callable[[Environment], Truth]
# A comparison's difference, where it holds and where it does not; > and >= differ only at 0.
COMPARISONS: dict[type, tuple[int, bool]] = {
    sp.StrictGreaterThan: (1, False),
    sp.GreaterThan: (1, True),
    sp.StrictLessThan: (-1, False),
    sp.LessThan: (-1, True),
}


@lru_cache(maxsize=4_000)
def compile_condition(condition: sp.logic.boolalg.Boolean, exact: bool = False) -> Condition:
    """Truth on balls; comparisons by <, <=, >, >= and their And and Or are known.

    For Taylor series and for expansions at an end the border itself is undecided: there the
    difference of the two sides is returned.
    """
    if condition in (sp.true, sp.false):
        return lambda _: bool(condition)
    if isinstance(condition, sp.And | sp.Or):
        parts = [compile_condition(arg, exact) for arg in condition.args]
        decisive = isinstance(condition, sp.Or)

        def joined(env: Environment) -> Truth:
            truths = [part(env) for part in parts]
            if any(truth is decisive for truth in truths):
                return decisive
            open_ = [truth for truth in truths if not isinstance(truth, bool)]
            series = [truth for truth in open_ if truth is not None]
            return series[0] if series else None if open_ else not decisive

        return joined
    if type(condition) not in COMPARISONS:
        raise NotEnclosable(f"the condition {condition} is not a comparison by <, <=, > or >=")
    left, right = (compile_ball(side, exact) for side in (condition.lhs, condition.rhs))
    direction, closed = COMPARISONS[type(condition)]

    def decide(env: Environment) -> Truth:
        gap = (left(env, False) - right(env, False)) * direction
        if isinstance(gap, Jet | Germ):
            sign = sign_of(gap)
            return gap if sign is None else sign > 0
        if isinstance(gap, acb):
            gap = gap.real
        if closed:
            return True if gap >= 0 else (False if gap < 0 else None)
        return True if gap > 0 else (False if gap <= 0 else None)

    return decide


# --- derivatives -------------------------------------------------------------------------------


def _compile_derivative(expr: sp.Derivative, exact: bool) -> Evaluator:
    """d^n f/dx^n by Taylor series; of several variables one after the other."""
    inner: sp.Expr | None = expr.expr
    value = compile_ball(expr.expr, exact)
    for variable, count in expr.variable_count:
        if not (isinstance(variable, sp.Symbol) and count.is_Integer and count > 0):
            raise NotEnclosable(f"no derivative is known for {expr}")
        value = _differentiated(value, variable, int(count), inner)
    return value


def _differentiated(
    value: Evaluator, variable: sp.Symbol, order: int, what: sp.Expr | None
) -> Evaluator:
    def evaluate(env: Environment, analytic: bool) -> Number:
        level = 1 + max((v.level for v in env.values() if isinstance(v, Jet)), default=0)
        at = env.get(variable)
        if at is None:
            raise NotEnclosable(f"no value given for {variable}")
        if isinstance(at, fmpq):
            at = arb(at)
        jet = Jet.variable(at, order, level)
        found = derivative(value({**env, variable: jet}, analytic), order, level)
        return arb(found) if isinstance(found, fmpq) and not isinstance(at, Constant) else found

    return evaluate


def _compile_subs(expr: sp.Subs, exact: bool) -> Evaluator:
    inner = compile_ball(expr.expr, exact)
    at = [
        (old, compile_ball(new, exact)) for old, new in zip(expr.variables, expr.point, strict=True)
    ]
    return lambda env, a: inner({**env, **{old: new(env, a) for old, new in at}}, a)


def _compile_limit(expr: sp.Limit, exact: bool) -> Evaluator:
    from .limits import compile_limit

    return compile_limit(expr, exact)


def _compile_integral(expr: sp.Integral, exact: bool) -> Evaluator:
    from .integrals import compile_integral

    return compile_integral(expr)


NODES: dict[type, Callable[[Any, bool], Evaluator]] = {
    sp.Pow: _compile_power,
    sp.log: _compile_log,
    sp.Piecewise: _compile_piecewise,
    sp.Derivative: _compile_derivative,
    sp.Subs: _compile_subs,
    sp.Limit: _compile_limit,
    sp.Integral: _compile_integral,
}

__all__ = [
    "NODES", "Ball", "Environment", "Evaluator", "NoDerivative", "NoValue", "NotEnclosable", "Number",
    "accurate_to", "as_real", "compile_ball", "compile_condition", "enclose",
    "environment", "number", "real", "real_ball", "to_digits",
]  # fmt: skip
