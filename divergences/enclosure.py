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
from .germs import Germ, Scale
from .jets import Jet, bottom, derivative, power, sign_of
from .trees import negated, times, without_exponentials

Number: TypeAlias = Any  # fmpq, arb, acb, Constant, Jet or Germ
Environment: TypeAlias = Mapping[Any, Number]
Evaluator: TypeAlias = Callable[[Environment, bool], Number]

START_GUARD_DIGITS = 15  # first working precision: the digits asked for plus these
PRECISION_DOUBLINGS = 3  # then doubled this many times before giving up
FAR = arb(2) ** 10**9
NEAR_ENDS = (8, 24, 72, 216)  # a limit is read off on (0, 2^-k]


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


def real_ball(value: Number) -> Ball:
    """An exact number as a ball; balls as they are."""
    if isinstance(value, Constant):
        return value.ball()
    return arb(value) if isinstance(value, fmpq | int) else value


def real(value: Number) -> arb:
    """A number as a real ball; `NotEnclosable` for one that is not known to be real."""
    return as_real(real_ball(value), "a value")


# --- functions of one number ------------------------------------------------------------------


def _power(base: Number, exponent: Number, analytic: bool) -> Number:
    """base^exponent for a base that is positive, or 0 under a positive exponent."""
    if isinstance(base, Jet) or isinstance(exponent, Jet):
        if not isinstance(exponent, Jet) and sign_of(base) is None and not _is_complex(base):
            raise NoDerivative("no derivative of a power is known at 0")
        return (_log(base, analytic) * exponent).exp()
    if isinstance(exponent, Germ):
        return (_log(base, analytic) * exponent).exp()
    if isinstance(base, Germ):
        return base.power(exponent)
    if isinstance(base, Constant) and not isinstance(exponent, acb):
        if base.is_zero() and sign_of(exponent) == 1:
            return base
        _refuse_negative(base)
        return base.power(exponent)
    if isinstance(base, acb):
        return (base.log(analytic=analytic) * exponent).exp()
    exponent = real_ball(exponent)
    if isinstance(exponent, arb):
        if base.is_zero() and exponent > 0:
            return arb(0)
        if base.contains(0) and exponent > 0 and base >= 0:
            return arb(0).union((base.upper().log() * exponent).exp())
    _refuse_negative(base)
    return (exponent * base.log()).exp()


def _is_complex(value: Number) -> bool:
    return isinstance(bottom(value), acb)


def _refuse_negative(base: Number) -> None:
    if isinstance(base, arb | Constant) and base < 0:
        raise NoValue(f"a power or a root of the negative number {real_ball(base).str(8)}")


def _log(z: Number, analytic: bool) -> Number:
    if isinstance(z, acb):
        return z.log(analytic=analytic)
    if isinstance(z, Jet):
        return z.log(analytic)
    if isinstance(z, arb | Constant) and (z <= 0):
        raise NoValue(f"the logarithm of {real_ball(z).str(8)}")
    return z.log()


def _sqrt(z: Number, analytic: bool) -> Number:
    if isinstance(z, acb):
        return z.sqrt(analytic=analytic)
    if isinstance(z, Jet):
        return z.sqrt(analytic)
    _refuse_negative(z)
    return z.sqrt()


def _absolute(z: Number, analytic: bool) -> Number:
    return z.real_abs(analytic=analytic) if isinstance(z, acb) else abs(z)


def _sign(z: Number, analytic: bool) -> Number:
    if isinstance(z, Constant):
        return fmpq(0) if z.is_zero() else z.ball().sgn()
    return z.real_sgn(analytic=analytic) if isinstance(z, acb) else z.sgn()


def _maximum(a: Number, b: Number, analytic: bool) -> Number:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Jet):
            return one.larger(other)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Germ):
            return one.larger(other)
    if isinstance(a, acb) or isinstance(b, acb):
        return acb(real_ball(a)).real_max(acb(real_ball(b)), analytic=analytic)
    if isinstance(a, Constant) and isinstance(b, Constant) and (a >= b or b >= a):
        return a if a >= b else b
    return real(a).max(real(b))


def _minimum(a: Number, b: Number, analytic: bool) -> Number:
    return -_maximum(-a, -b, analytic)


# sympy class -> what it does to a number; entire or meromorphic functions ignore `analytic`.
UNARY: dict[type, Callable[[Any, bool], Any]] = {
    sp.exp: lambda z, _: z.exp(),
    sp.Abs: _absolute,
    sp.sign: _sign,
    sp.sin: lambda z, _: z.sin(),
    sp.cos: lambda z, _: z.cos(),
    sp.tan: lambda z, _: z.tan(),
    sp.sinh: lambda z, _: z.sinh(),
    sp.cosh: lambda z, _: z.cosh(),
    sp.tanh: lambda z, _: z.tanh(),
    sp.coth: lambda z, _: z.coth(),
    sp.atan: lambda z, a: _cut(z, a, lambda w: 1 + w * w, lambda w: w.atan()),
    sp.atanh: lambda z, a: _cut(z, a, lambda w: 1 - w * w, lambda w: w.atanh()),
    sp.erf: lambda z, _: z.erf(),
    sp.erfc: lambda z, _: z.erfc(),
    sp.gamma: lambda z, _: z.gamma(),
    sp.loggamma: lambda z, a: _cut(z, a, lambda w: w, lambda w: w.lgamma()),
    sp.LambertW: lambda z, a: _cut(z, a, lambda w: w + arb(-1).exp(), lambda w: w.lambertw()),
}


def _cut(
    z: Any, analytic: bool, guard: Callable[[Any], Any], function: Callable[[Any], Any]
) -> Any:
    """`function(z)`, but not finite where `analytic` is asked and guard(z) may be <= 0."""
    if analytic and _is_complex(z) and not guard(bottom(z)).real > 0:
        return acb("nan")
    return function(z)


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
        return lambda env, a: reduce(lambda x, y: _maximum(x, y, a), [p(env, a) for p in parts])
    if isinstance(expr, sp.Min):
        return lambda env, a: reduce(lambda x, y: _minimum(x, y, a), [p(env, a) for p in parts])
    if isinstance(expr, sp.polygamma) and expr.args[0] == 0:
        return lambda env, a: parts[1](env, a).digamma()
    function = UNARY.get(type(expr))
    if function is None or len(parts) != 1:
        raise NotEnclosable(f"no enclosure is known for {type(expr).__name__} in {expr}")
    part = parts[0]
    return lambda env, a: function(part(env, a), a)


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
        return lambda env, a: e(env, a).exp()
    b = compile_ball(base, exact)
    if exponent.is_Integer:
        n = int(exponent)
        return lambda env, a: _integer_power(b(env, a), n)
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
            (outer(env, a) * e(env, a)).exp() * _power(inner(env, a), e(env, a), a)
        )
    return lambda env, a: _power(b(env, a), e(env, a), a)


def _compile_root(base: sp.Expr, exponent: sp.Rational, exact: bool) -> Evaluator:
    b = compile_ball(base, exact)
    if exponent.q == 2:
        n = int(exponent.p)
        return lambda env, a: _integer_power(_sqrt(b(env, a), a), n)
    e = compile_ball(exponent, exact)
    return lambda env, a: _power(b(env, a), e(env, a), a)


def _integer_power(base: Number, n: int) -> Number:
    if n >= 0:
        return power(base, n)
    if isinstance(base, arb | Constant) and base.is_zero():
        raise NoValue("a division by zero")
    if isinstance(base, arb) and n % 2 == 0:
        return 1 / power(base, -n)
    return base**n


def _compile_log(expr: sp.log, exact: bool) -> Evaluator:
    """log(e^a g) = a + log g for real a: exact, and without a branch cut to integrate around."""
    exponents, rest = without_exponentials(expr.args[0])
    inner = compile_ball(rest, exact)
    if not exponents:
        return lambda env, a: _log(inner(env, a), a)
    outer = _weighted_sum(exponents, sp.S.One, exact)
    if rest is sp.S.One:
        return outer
    return lambda env, a: outer(env, a) + _log(inner(env, a), a)


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


# --- derivatives and limits -------------------------------------------------------------------


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


def at_end(
    expr: sp.Expr, x: sp.Symbol, end: Number | None, side: int, env: Environment, k: int
) -> list[Callable[[], Germ]]:
    """`expr` on (0, 2^-k] with x = end + side v, or at side oo (end None): x = 1/v, then x = L."""
    evaluate, scale = compile_ball(expr, True), Scale(k)

    def at(place: Callable[[], Germ]) -> Callable[[], Germ]:
        def expand() -> Germ:
            value = evaluate({**env, x: place()}, False)
            return value if isinstance(value, Germ) else Germ.v(scale) * 0 + value

        return expand

    if end is None:
        return [
            at(lambda: side * Germ.v(scale).inverse()),
            at(lambda: side * Germ.L(scale)),
        ]
    fixed = Constant.of(end) if isinstance(end, fmpq) else end
    return [at(lambda: side * Germ.v(scale) + fixed)]


def limit_at(
    expr: sp.Expr, x: sp.Symbol, end: Number | None, side: int, env: Environment
) -> Number:
    """The one-sided limit, read off the leading terms. Raises `NotEnclosable` where they fail."""
    if any(isinstance(v, Jet | Germ | acb) for v in env.values()):
        raise NotEnclosable("a limit inside a derivative, another limit or an integral")
    failure: NotEnclosable | None = None
    for k in NEAR_ENDS:
        for expand in at_end(expr, x, end, side, env, k):
            try:
                return expand().limit()
            except (NotEnclosable, ArithmeticError) as error:
                failure = NotEnclosable(f"the limit is not known: {error}")
    raise failure or NotEnclosable("the limit is not known")


def _compile_limit(expr: sp.Limit, exact: bool) -> Evaluator:
    inner, x, end, direction = expr.args
    if end in (sp.oo, -sp.oo):
        sides, place = [1 if end is sp.oo else -1], None
    else:
        sides = {"+": [1], "-": [-1]}.get(str(direction), [1, -1])
        place = compile_ball(end, True)

    def evaluate(env: Environment, analytic: bool) -> Number:
        at = place(env, analytic) if place is not None else None
        found = [limit_at(inner, x, at, side, env) for side in sides]
        for value in found:
            if isinstance(value, arb) and not value.is_finite():
                return value if len(found) == 1 else _same_infinity(found)
        balls = [real(value) for value in found]
        if len(balls) == 2 and not balls[0].overlaps(balls[1]):
            raise NoValue("the limits from both sides differ")
        if len(balls) == 2:
            gap = found[0] - found[1]
            if not (isinstance(gap, Constant) and gap.is_zero()):
                raise NotEnclosable("the limits from both sides are not known to agree")
        return found[0] if exact else balls[0]

    return evaluate


def _same_infinity(found: list[Number]) -> Number:
    if all(isinstance(v, arb) and v == found[0] for v in found):
        return found[0]
    raise NoValue("the limits from both sides differ")


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
    "accurate_to", "as_real", "at_end", "compile_ball", "compile_condition", "enclose",
    "environment", "limit_at", "number", "real", "real_ball", "to_digits",
]  # fmt: skip
