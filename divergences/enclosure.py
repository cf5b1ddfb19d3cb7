"""From a sympy expression to a ball that provably holds its value.

`enclose(expr, {x: 3/7}, digits=30)` puts exact rationals into `expr` and evaluates it in ball
arithmetic (Arb, through python-flint): the true value lies inside the returned ball, rounding,
quadrature error and the tails of infinite integrals included. What cannot be enclosed raises
`NotEnclosable`; nothing is ever guessed.

Integrals are done by Arb's adaptive Gauss-Legendre quadrature, whose error bound comes from
evaluating the integrand on complex balls; the tails beyond it are bounded in `tails.py`.

Source: Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic" (2017);
Johansson, "Numerical integration in arbitrary-precision ball arithmetic" (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeAlias

import sympy as sp
from flint import acb, arb, ctx, fmpq

Ball: TypeAlias = arb | acb
Evaluator: TypeAlias = Callable[[Mapping[sp.Symbol, Ball], bool], Ball]

START_GUARD_DIGITS = 15  # first working precision: the digits asked for plus these
PRECISION_DOUBLINGS = 3  # then doubled this many times before giving up
PANEL_RATIO = 16  # an infinite range is cut geometrically, so that no panel spans many scales
EVALUATIONS = 100_000  # of the integrand in one panel before the quadrature gives up


class NotEnclosable(ValueError):
    """The expression has no rigorous enclosure here: not real, not finite, or not understood."""


def enclose(
    expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr] | None = None, digits: int = 30
) -> arb:
    """A real ball that contains `expr` at the exact point `values`, of radius <= 10^-digits.

    The radius is relative to max(1, |value|). `sympy.oo` gives an infinite ball. Raises
    `NotEnclosable` when the value is not real and finite or the precision cannot be reached.

    >>> import sympy as sp
    >>> print(enclose(sp.log(2) + sp.Symbol("x"), {sp.Symbol("x"): sp.Rational(1, 3)}, 15).str(12))
    [1.02648051389 +/- 3.28e-12]
    """
    point = dict(values or {})
    closed = sp.sympify(expr).subs(point, simultaneous=True) if point else sp.sympify(expr)
    if closed is sp.oo:
        return arb.pos_inf()
    if closed is -sp.oo:
        return arb.neg_inf()
    if closed.free_symbols:
        missing = ", ".join(sorted(map(str, closed.free_symbols)))
        raise NotEnclosable(f"no value given for {missing} in {expr}")
    evaluate = compile_ball(closed)
    working = digits + START_GUARD_DIGITS
    ball = arb(0)
    for _ in range(PRECISION_DOUBLINGS + 1):
        with ctx.workdps(working):
            ball = as_real(evaluate({}, False), closed)
            if accurate_to(ball, digits):
                return ball
        working *= 2
    if not ball.is_finite():
        raise NotEnclosable(f"{closed} is not a finite real number, or cannot be shown to be one")
    raise NotEnclosable(f"{closed} is only known to be {ball.str(10)}, not to {digits} digits")


def accurate_to(ball: arb, digits: int) -> bool:
    """True when the radius is at most 10^-digits max(1, |midpoint|)."""
    if not ball.is_finite():
        return False
    scale = abs(ball.mid()).max(arb(1))
    return bool(arb(ball.rad()) <= scale * arb(10) ** (-digits))


def as_real(ball: Ball, what: object) -> arb:
    """The ball as an `arb`; `NotEnclosable` when its imaginary part is not known to be zero."""
    if isinstance(ball, arb):
        return ball
    if not ball.imag.is_zero():
        raise NotEnclosable(f"{what} is not known to be real")
    return ball.real


# --- the evaluator: one closure a node --------------------------------------------------------


def _power(base: Ball, exponent: Ball, analytic: bool) -> Ball:
    if isinstance(base, acb):
        return (exponent * base.log(analytic=analytic)).exp()
    if isinstance(exponent, arb) and base.is_zero() and exponent > 0:
        return arb(0)
    return (exponent * base.log()).exp()


def _log(z: Ball, analytic: bool) -> Ball:
    return z.log(analytic=analytic) if isinstance(z, acb) else z.log()


def _sqrt(z: Ball, analytic: bool) -> Ball:
    return z.sqrt(analytic=analytic) if isinstance(z, acb) else z.sqrt()


def _absolute(z: Ball, analytic: bool) -> Ball:
    return z.real_abs(analytic=analytic) if isinstance(z, acb) else abs(z)


def _sign(z: Ball, analytic: bool) -> Ball:
    return z.real_sgn(analytic=analytic) if isinstance(z, acb) else z.sgn()


def _maximum(a: Ball, b: Ball, analytic: bool) -> Ball:
    if isinstance(a, acb) or isinstance(b, acb):
        return acb(a).real_max(acb(b), analytic=analytic)
    return a.max(b)


def _minimum(a: Ball, b: Ball, analytic: bool) -> Ball:
    return -_maximum(-a, -b, analytic)


# sympy class -> what it does to a ball; entire or meromorphic functions ignore `analytic`.
UNARY: dict[type, Callable[[Ball, bool], Ball]] = {
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
    z: Ball, analytic: bool, guard: Callable[[Ball], Ball], function: Callable[[Ball], Ball]
) -> Ball:
    """`function(z)`, but not finite where `analytic` is asked and guard(z) may be <= 0."""
    if isinstance(z, acb) and analytic and not guard(z).real > 0:
        return acb("nan")
    return function(z)


def compile_ball(expr: sp.Expr) -> Evaluator:
    """A function (values of the free symbols, analytic) -> ball, at the precision in force."""
    if isinstance(expr, sp.Symbol):
        return lambda env, _: env[expr]
    if expr.is_Rational:
        numerator, denominator = int(expr.p), int(expr.q)
        return lambda *_: arb(fmpq(numerator, denominator))
    if expr.is_Float:
        raise NotEnclosable(f"{expr} is a decimal of limited precision; write it as a fraction")
    constants: dict[sp.Expr, Callable[[], arb]] = {
        sp.pi: arb.pi,
        sp.E: arb.const_e,
        sp.EulerGamma: arb.const_euler,
    }
    if expr in constants:
        return lambda *_: constants[expr]()
    if isinstance(expr, sp.Integral):
        return _compile_integral(expr)
    if isinstance(expr, sp.Derivative | sp.Subs) and expr.doit() != expr:
        return compile_ball(expr.doit())
    if isinstance(expr, sp.Piecewise):
        return _compile_piecewise(expr)
    if isinstance(expr, sp.Pow):
        return _compile_power(expr)
    parts = [compile_ball(arg) for arg in expr.args if isinstance(arg, sp.Expr)]
    if len(parts) != len(expr.args):
        raise NotEnclosable(f"no enclosure is known for {expr}")
    if isinstance(expr, sp.Add):
        return lambda env, a: reduce(lambda x, y: x + y, (part(env, a) for part in parts))
    if isinstance(expr, sp.Mul):
        return lambda env, a: reduce(lambda x, y: x * y, (part(env, a) for part in parts))
    if isinstance(expr, sp.Max):
        return lambda env, a: reduce(lambda x, y: _maximum(x, y, a), (p(env, a) for p in parts))
    if isinstance(expr, sp.Min):
        return lambda env, a: reduce(lambda x, y: _minimum(x, y, a), (p(env, a) for p in parts))
    if isinstance(expr, sp.polygamma) and expr.args[0] == 0:
        return lambda env, a: parts[1](env, a).digamma()
    if isinstance(expr, sp.log):
        return _compile_log(expr.args[0])
    function = UNARY.get(type(expr))
    if function is None or len(parts) != 1:
        raise NotEnclosable(f"no enclosure is known for {type(expr).__name__} in {expr}")
    return lambda env, a: function(parts[0](env, a), a)


def _compile_power(expr: sp.Pow) -> Evaluator:
    base, exponent = expr.args
    b = compile_ball(base)
    if exponent.is_Integer:
        n = int(exponent)
        return lambda env, a: b(env, a) ** n
    if exponent.is_Rational and exponent.q == 2:
        n = int(exponent.p)
        return lambda env, a: _sqrt(b(env, a), a) ** n
    e = compile_ball(exponent)
    if base is sp.E:
        return lambda env, a: e(env, a).exp()
    return lambda env, a: _power(b(env, a), e(env, a), a)


def _compile_log(argument: sp.Expr) -> Evaluator:
    """log(e^a g) = a + log g for real a: exact, and without a branch cut to integrate around."""
    exponents = [f.args[0] for f in sp.Mul.make_args(argument) if isinstance(f, sp.exp)]
    rest = compile_ball(
        sp.Mul(*(f for f in sp.Mul.make_args(argument) if not isinstance(f, sp.exp)))
    )
    if not exponents:
        return lambda env, a: _log(rest(env, a), a)
    exponent = compile_ball(sp.Add(*exponents))
    return lambda env, a: exponent(env, a) + _log(rest(env, a), a)


def _compile_piecewise(expr: sp.Piecewise) -> Evaluator:
    branches = [(compile_ball(value), _compile_condition(cond)) for value, cond in expr.args]

    def evaluate(env: Mapping[sp.Symbol, Ball], analytic: bool) -> Ball:
        possible: list[Ball] = []
        for value, condition in branches:
            holds = condition(env)
            if holds is False:
                continue
            possible.append(value(env, analytic))
            if holds:
                break
        if not possible:
            raise NotEnclosable(f"{expr} has no value where none of its conditions holds")
        if len(possible) > 1 and analytic:
            return acb("nan")
        return reduce(_union, possible)

    return evaluate


def _union(x: Ball, y: Ball) -> Ball:
    if isinstance(x, arb) and isinstance(y, arb):
        return x.union(y)
    return acb(x).union(acb(y))


def _compile_condition(
    condition: sp.logic.boolalg.Boolean,
) -> Callable[[Mapping[sp.Symbol, Ball]], bool | None]:
    """Three-valued truth on balls: True, False, or None where the balls do not decide."""
    if condition in (sp.true, sp.false):
        return lambda _: bool(condition)
    if isinstance(condition, sp.And | sp.Or):
        parts = [_compile_condition(arg) for arg in condition.args]
        decisive = isinstance(condition, sp.Or)

        def joined(env: Mapping[sp.Symbol, Ball]) -> bool | None:
            truths = [part(env) for part in parts]
            return decisive if decisive in truths else (None if None in truths else not decisive)

        return joined
    if not isinstance(condition, sp.core.relational.Relational):
        raise NotEnclosable(f"the condition {condition} is not a comparison")
    difference = compile_ball(condition.lhs - condition.rhs)
    tests: dict[type, tuple[Callable[[arb], bool], Callable[[arb], bool]]] = {
        sp.StrictGreaterThan: (lambda d: d > 0, lambda d: d <= 0),
        sp.GreaterThan: (lambda d: d >= 0, lambda d: d < 0),
        sp.StrictLessThan: (lambda d: d < 0, lambda d: d >= 0),
        sp.LessThan: (lambda d: d <= 0, lambda d: d > 0),
        sp.Equality: (lambda d: d.is_zero(), lambda d: d > 0 or d < 0),
        sp.Unequality: (lambda d: d > 0 or d < 0, lambda d: d.is_zero()),
    }
    yes, no = tests[type(condition)]

    def decide(env: Mapping[sp.Symbol, Ball]) -> bool | None:
        d = difference(env, False)
        real = d.real
        return True if yes(real) else (False if no(real) else None)

    return decide


# --- integrals --------------------------------------------------------------------------------


def _compile_integral(expr: sp.Integral) -> Evaluator:
    """An integral whose limits and integrand have no other free symbol."""
    if expr.free_symbols:
        raise NotEnclosable(f"{expr} depends on {expr.free_symbols} inside another integral")
    if len(expr.limits) == 1:
        variable, lower, upper = _limits(expr.limits[0])
        integrand = expr.function
        return lambda *_: _integrate(integrand, variable, lower, upper)
    return compile_ball(_fubini(expr))


def _limits(limit: sp.Tuple) -> tuple[sp.Symbol, sp.Expr, sp.Expr]:
    if len(limit) != 3:
        raise NotEnclosable(f"the integral over {limit[0]} has no limits")
    return limit[0], limit[1], limit[2]


def _fubini(expr: sp.Integral) -> sp.Expr:
    """A multiple integral over a box as a sum of products of single ones, where it separates."""
    variables = [_limits(limit) for limit in expr.limits]
    names = {variable for variable, _, _ in variables}
    if any((lower.free_symbols | upper.free_symbols) & names for _, lower, upper in variables):
        raise NotEnclosable(f"the limits of {expr} depend on its variables")
    total = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(expr.function)):
        factors = dict.fromkeys(names, sp.S.One)
        constant = sp.S.One
        for factor in sp.Mul.make_args(sp.powsimp(sp.expand(term, power_exp=True), deep=False)
                                       .expand(power_exp=True)):  # fmt: skip
            inside = factor.free_symbols & names
            if len(inside) > 1:
                raise NotEnclosable(f"{factor} does not separate into functions of one variable")
            if inside:
                factors[inside.pop()] *= factor
            else:
                constant *= factor
        for variable, lower, upper in variables:
            constant *= sp.Integral(factors[variable], (variable, lower, upper))
        total += constant
    return total


def _integrate(integrand: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> arb:
    """The integral over (lower, upper), either end possibly infinite or singular."""
    if lower == upper or integrand == 0:
        return arb(0)
    if lower is -sp.oo and upper is sp.oo:
        return _integrate(integrand, x, sp.S.Zero, sp.oo) + _integrate(
            integrand.subs(x, -x), x, sp.S.Zero, sp.oo
        )
    if lower is -sp.oo:
        return _integrate(integrand.subs(x, -x), x, -upper, sp.oo)
    if lower is sp.oo or upper is -sp.oo or (upper is not sp.oo and not _upwards(lower, upper)):
        return -_integrate(integrand, x, upper, lower)
    if upper is not sp.oo:
        return _finite(integrand, x, lower, upper)
    start = sp.Max(lower, 0) + 1
    return _finite(integrand, x, lower, start) + _to_infinity(integrand, x, start)


def _upwards(lower: sp.Expr, upper: sp.Expr) -> bool:
    gap = as_real(compile_ball(upper - lower)({}, False), upper)
    if not (gap > 0 or gap < 0):
        raise NotEnclosable(f"which of {lower} and {upper} is larger cannot be told")
    return bool(gap > 0)


def _to_infinity(integrand: sp.Expr, x: sp.Symbol, start: sp.Expr) -> arb:
    """The integral over (start, oo), start > 0: geometric panels up to M, then the tail."""
    from .tails import tail_bound

    M, bound = tail_bound(integrand, x, arb(2) ** (-ctx.prec))
    f = compile_ball(integrand)
    total, left = arb(0, bound), as_real(compile_ball(start)({}, False), start)
    while not left >= M:
        right = (PANEL_RATIO * left).min(M)
        total += _quadrature(f, x, left, right)
        left = right
    # Where start lies beyond M the loop is empty, and the tail bound covers (start, oo) too.
    return total


def _finite(integrand: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> arb:
    f = compile_ball(integrand)
    ends = [as_real(compile_ball(end)({}, False), end) for end in (lower, upper)]
    if all(_is_finite_at(f, x, end) for end in ends):
        return _quadrature(f, x, *ends)
    # A singular end is sent to infinity by x = end +- 1/z; the two halves meet in the middle.
    z = sp.Dummy("z", positive=True)
    start = sp.together(2 / (upper - lower))
    return sum(
        (
            _to_infinity(integrand.subs(x, at) / z**2, z, start)
            for at in (lower + 1 / z, upper - 1 / z)
        ),
        arb(0),
    )


def _is_finite_at(f: Evaluator, x: sp.Symbol, end: arb) -> bool:
    try:
        return bool(f({x: end}, False).is_finite())
    except NotEnclosable:
        return False


def _quadrature(f: Evaluator, x: sp.Symbol, a: arb, b: arb) -> arb:
    def integrand(z: acb, analytic: bool) -> acb:
        return acb(f({x: z}, analytic))

    # An integrand without a real value would be bisected for minutes: a few looks first.
    for n in (1, 3, 6):
        at = (a + (b - a) * n / 7).mid()
        if not as_real(f({x: at}, False), "the integrand").is_finite():
            raise NotEnclosable(f"the integrand has no real value at {at.str(5)}")
    value = acb.integral(integrand, a, b, eval_limit=EVALUATIONS, depth_limit=20 * ctx.prec)
    # The integrand is real on the real line, so the imaginary part is only enclosed rounding.
    if not value.imag.contains(0) and value.is_finite():
        raise NotEnclosable("the integral is not real")
    return value.real
