"""Integrals, limits and derivatives carried out by sympy, under the conditions that make it right."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sympy as sp

from ..ground.signs import is_nonnegative, is_positive
from ..ground.smooth import is_smooth
from ..words.language import Interval


class NotShown(Exception):
    """The symbolic route cannot show this step; the message says what was missing."""


UNEVALUATED = (sp.Integral, sp.Limit, sp.Derivative, sp.Sum, sp.Subs)


def closed(expr: sp.Expr) -> sp.Expr:
    """`expr` with its integrals, sums, limits and derivatives carried out, innermost first."""
    while True:
        pending = expr.atoms(*UNEVALUATED)
        nodes = [n for n in pending if not any(n is not m and n.has(m) for m in pending)]
        if not nodes:
            return expr
        results = {}
        for node in nodes:
            value = CLOSERS.get(type(node), lambda n: n.doit())(node)
            if value.has(*UNEVALUATED) or (value.has(sp.Piecewise) and not node.has(sp.Piecewise)):
                raise NotShown(f"sympy does not close {node} without further hypotheses")
            results[node] = value
        expr = expr.xreplace(results)


@lru_cache(maxsize=4_000)
def _integrated(node: sp.Integral) -> sp.Expr:
    """A definite integral, one term of the expanded integrand at a time.

    The range must run upwards and the integrand be continuous inside it: sympy's primitives do
    not see a pole on the way.
    """
    function = sp.expand(sp.expand_log(node.function))
    for x, lower, upper in node.limits:
        if not (lower is -sp.oo or upper is sp.oo or is_nonnegative(upper - lower)):
            raise NotShown(f"{lower} <= {upper} is not shown")
        inside, parameter = Interval(lower, upper).parametrised("i''")
        if not is_smooth(function.subs(x, inside), parameter, kinks=True):
            raise NotShown(f"{function} is not shown to be continuous in {x}")
    total = sp.S.Zero
    for term in sp.Add.make_args(function):
        value = term
        for x, lower, upper in node.limits:
            constant, inner = sp.powsimp(value).as_independent(x, as_Add=False)
            value = constant * _one_integral(inner, x, lower, upper)
        total += value
    return total


@lru_cache(maxsize=4_000)
def _one_integral(f: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    return sp.integrate(f, (x, lower, upper))


def _limit(node: sp.Limit) -> sp.Expr:
    """A limit, its kinks resolved into the piece that holds near the point."""
    g, x, end, side = node.args
    if g.has(*JUMPS):
        raise NotShown(f"{g} may jump")
    if not g.has(sp.Max, sp.Abs):
        return node.doit()
    if end.is_finite and str(side) == "+":
        try:
            value = g.subs(x, end)
        except ValueError:  # max(zoo, 0) is not comparable
            value = sp.nan
        if not value.has(sp.nan, sp.zoo, sp.oo, sp.AccumBounds):
            return value
        y = sp.Symbol("y''", positive=True)
        return sp.limit(sp.expand(near(g.subs(x, end + 1 / y), y, sp.oo)), y, sp.oo)
    return sp.limit(near(g, x, end), x, end, str(side)) if end.is_infinite else node.doit()


def near(g: sp.Expr, u: sp.Symbol, end: sp.Expr) -> sp.Expr:
    """|affine| and max(affine, ...) as the one piece that they are near u = oo or u = -oo."""
    towards = sp.sign(end)

    def piece(*args: sp.Expr) -> sp.Expr:
        slopes = [towards * sp.diff(arg, u) for arg in args]
        if any(
            not arg.is_polynomial(u) or slope.has(u)
            for arg, slope in zip(args, slopes, strict=True)
        ):
            raise NotShown(f"a kink of {args} that are not affine")
        for arg, slope in zip(args, slopes, strict=True):
            if all(other is slope or is_positive(slope - other) for other in slopes):
                return arg
        raise NotShown(f"it is not clear which of {args} is largest near {end}")

    return g.replace(sp.Max, piece).replace(sp.Abs, lambda arg: piece(arg, -arg))


JUMPS = (sp.Piecewise, sp.sign, sp.Heaviside, sp.floor, sp.ceiling)  # not continuous
CLOSERS: dict[type, Callable[[sp.Expr], sp.Expr]] = {sp.Integral: _integrated, sp.Limit: _limit}
