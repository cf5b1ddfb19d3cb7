"""Integrals and limits carried out by sympy, under the conditions that make its answer right.

An integral is split at its kinks, then integrated a term at a time where each term converges by
itself; where the terms only converge together, by a primitive whose derivative is checked and whose
values at the ends are limits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sympy as sp

from divergences.enclosure import enclose

from ..ground.eventual import NoLimit
from ..ground.growth import integrable_at
from ..ground.limits import limit_of, one_sided
from ..ground.oracle import FAILURES, is_wild
from ..ground.prepare import ranging
from ..ground.signs import is_continuous, is_nonnegative, is_positive, is_smooth
from ..ground.zero import NO_BALL, is_zero, plain, spots
from .gaussian import gaussian_integral
from .quadrature import agrees


class NotShown(Exception):
    """The symbolic route cannot show this step; the message says what was missing."""


LARGEST_NAMED = 100  # of a number's numerator and denominator in an integrand, as it stands
FAR = 10**4  # from 1, of a part of an integrand
UNEVALUATED = (sp.Integral, sp.Limit, sp.Derivative, sp.Sum, sp.Subs)
Piece = tuple[sp.Expr, sp.Expr, sp.Expr]  # integrand, lower end, upper end


def closed(expr: sp.Expr) -> sp.Expr:
    """`expr` with its integrals and limits carried out, innermost first."""
    while True:
        pending = expr.atoms(*UNEVALUATED)
        nodes = [n for n in pending if not any(n is not m and n.has(m) for m in pending)]
        if not nodes:
            return expr
        results = {}
        for node in nodes:
            closer = CLOSERS.get(type(node))
            if closer is None:
                raise NotShown(f"{node} has no value in closed form")
            value = closer(node)
            if value.has(*UNEVALUATED, sp.Piecewise):
                raise NotShown(f"sympy does not close {node} without further hypotheses")
            results[node] = value
        expr = expr.xreplace(results)


def _limit(node: sp.Limit) -> sp.Expr:
    try:
        return limit_of(node)
    except NoLimit as gap:
        raise NotShown(str(gap)) from None


@lru_cache(maxsize=4_000)
def _integrated(node: sp.Integral) -> sp.Expr:
    """A definite integral, outermost range last."""
    if len(node.limits) > 1:
        return _over_a_box(node)
    ((x, lower, upper),) = node.limits
    if not (lower is -sp.oo or upper is sp.oo or is_nonnegative(upper - lower)):
        raise NotShown(f"{lower} <= {upper} is not shown")
    pieces = _split(node.function, x, lower, upper)
    return sp.Add(*(_one_piece(f, x, a, b) for f, a, b in pieces))


def _over_a_box(node: sp.Integral) -> sp.Expr:
    """Each term of the expanded integrand, one variable after another (Fubini: it converges)."""
    total = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(sp.expand_log(node.function))):
        value = term
        for x, lower, upper in node.limits:
            constant, inner = sp.powsimp(value).as_independent(x, as_Add=False)
            value = sp.powsimp(constant * _one_piece(inner, x, lower, upper))
        total += value
    return total


# --- kinks ----------------------------------------------------------------------------------------


def _split(f: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> list[Piece]:
    """The range in pieces on which no |.|, max, min or sign of f changes its branch."""
    f = plain(f) if f.has(sp.Max, sp.Min) else f
    nodes = [n for n in f.atoms(sp.Abs, sp.sign) if n.has(x)]
    if not nodes:
        return [(f, lower, upper)]
    node = min(nodes, key=lambda n: (sp.count_ops(n), str(n)))
    argument = node.args[0]
    image, _ = ranging(x, lower, upper)
    keeps = is_nonnegative if isinstance(node, sp.Abs) else is_positive  # sign(0) is neither
    for sign in (1, -1):
        if keeps(sign * argument.subs(x, image)):
            return _split(f.xreplace({node: _branch(node, sign)}), x, lower, upper)
    if not (argument.is_polynomial(x) and sp.degree(argument, x) == 1):
        raise NotShown(f"where {argument} changes its sign is not clear")
    slope = sp.diff(argument, x)
    rising = 1 if is_positive(slope) else -1
    if rising < 0 and not is_positive(-slope):
        raise NotShown(f"the sign of {slope} is not shown")
    place = sp.cancel(-argument.subs(x, 0) / slope)
    for end, inside in ((lower, place - lower), (upper, upper - place)):
        if end.is_finite is not False and not is_positive(inside):
            raise NotShown(f"whether {place} lies in ({lower}, {upper}) is not shown")
    before = f.xreplace({node: _branch(node, -rising)})
    after = f.xreplace({node: _branch(node, rising)})
    return [*_split(before, x, lower, place), *_split(after, x, place, upper)]


def _branch(node: sp.Expr, sign: int) -> sp.Expr:
    return sign * node.args[0] if isinstance(node, sp.Abs) else sp.Integer(sign)


# --- one piece ------------------------------------------------------------------------------------


def _one_piece(f: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    if (lower, upper) == (-sp.oo, sp.oo) and (value := gaussian_integral(f, x)) is not None:
        return value
    image, parameter = ranging(x, lower, upper)
    if not is_continuous(f.subs(x, image), parameter):
        raise NotShown(f"{f} is not shown to be continuous in {x}")
    terms = sp.Add.make_args(sp.expand(sp.expand_log(f)))
    if len(terms) == 1 or all(_converges(term, x, lower, upper) for term in terms):
        return sp.Add(*(_definite(term, x, lower, upper) for term in terms))
    return _by_primitive(f, x, lower, upper)


def _converges(term: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> bool:
    return all(
        (end.is_finite and _is_entire(term, x))
        or integrable_at(term, x, end, from_below=from_below)
        for end, from_below in ((lower, False), (upper, True))
    )


def _is_entire(term: sp.Expr, x: sp.Symbol) -> bool:
    """A term that is a polynomial, or an exponential of one, has no singularity at a finite end."""
    return all(
        factor.is_polynomial(x) or (isinstance(factor, sp.exp) and factor.args[0].is_polynomial(x))
        for factor in sp.Mul.make_args(term)
    )


@lru_cache(maxsize=4_000)
def _definite(f: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    if (lower, upper) == (-sp.oo, sp.oo) and (value := gaussian_integral(f, x)) is not None:
        return value
    constant, inner = sp.powsimp(f).as_independent(x, as_Add=False)
    if is_wild(inner):
        raise NotShown(f"{inner} has powers or rates that are too large")
    names: dict[sp.Expr, sp.Symbol] = {}
    inner, lower, upper = (generalised(part, x, names) for part in (inner, lower, upper))
    value = _by_sympy(inner, x, lower, upper)
    return constant * value.xreplace({name: part for part, name in names.items()})


def generalised(expr: sp.Expr, x: sp.Symbol, names: dict[sp.Expr, sp.Symbol]) -> sp.Expr:
    """`expr` with a name for each part without x that is far from 1: what is said of the integral
    is then said of every value of the name, and looked at where a wrong term is not too small."""
    if not expr.has(x):
        if expr in (sp.oo, -sp.oo) or _moderate(expr):
            return expr
        known = {"positive": True} if is_positive(expr) else {"real": True}
        return names.setdefault(expr, sp.Symbol(f"g''{len(names)}", **known))
    if not expr.args:
        return expr
    if isinstance(expr, sp.Add | sp.Mul):
        fixed, moving = expr.as_independent(x, as_Add=isinstance(expr, sp.Add))
        parts = moving.args if isinstance(moving, expr.func) else (moving,)
        return expr.func(
            generalised(fixed, x, names), *(generalised(part, x, names) for part in parts)
        )
    return expr.func(*(generalised(arg, x, names) for arg in expr.args))


def _moderate(part: sp.Expr) -> bool:
    """Neither large nor small but exactly 0, at generic values of its parameters."""
    if part == 0:
        return True
    if any(max(abs(n.p), n.q) > LARGEST_NAMED for n in part.atoms(sp.Rational)):
        return False
    for where in spots(part, 2):
        try:
            size = abs(enclose(part, where, digits=10))
        except NO_BALL:
            return False
        if not (size > 1 / FAR and size < FAR):
            return False
    return True


def _by_sympy(inner: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    try:
        value = sp.integrate(inner, (x, lower, upper))
    except FAILURES as error:
        raise NotShown(f"sympy does not integrate {inner}: {error}") from None
    if value.has(sp.nan, sp.zoo, sp.oo):
        raise NotShown(f"sympy finds {value} for the integral of {inner}")
    if not value.has(sp.Integral) and not agrees(inner, x, lower, upper, value):
        raise NotShown(f"a quadrature does not agree with sympy, which has {value} for {inner}")
    return value


def _by_primitive(f: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    """F(upper) - F(lower) for a smooth F with F' = f, both ends as limits."""
    if is_wild(f):
        raise NotShown(f"{f} has powers or rates that are too large")
    try:
        primitive = sp.logcombine(sp.integrate(sp.apart(sp.together(f), x), x), force=False)
    except FAILURES as error:
        raise NotShown(f"sympy has no primitive of {f}: {error}") from None
    image, parameter = ranging(x, lower, upper)
    if primitive.has(sp.Integral) or not is_smooth(primitive.subs(x, image), parameter):
        raise NotShown(f"no primitive of {f} is smooth on ({lower}, {upper})")
    if not is_zero((sp.diff(primitive, x) - f).subs(x, image)):
        raise NotShown(f"{primitive} is not shown to be a primitive of {f}")
    values = []
    for end, from_below in ((upper, True), (lower, False)):
        try:
            values.append(one_sided(primitive, x, end, from_below=from_below))
        except NoLimit as gap:
            raise NotShown(str(gap)) from None
    if any(value.is_finite is not True for value in values):
        raise NotShown(f"the primitive {primitive} has no finite limit at an end")
    return values[0] - values[1]


CLOSERS: dict[type, Callable[[sp.Expr], sp.Expr]] = {sp.Integral: _integrated, sp.Limit: _limit}
