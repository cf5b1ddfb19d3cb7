"""D_f between exact density expressions as a ball: the integral of q f(p/q), and the masses where one is 0."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import sympy as sp

from ._exact import sign_of
from .densities import Density
from .enclosure import NotEnclosable, enclose
from .expression import parse
from .fdivergence import FDivergence

DIGITS = 17
MASS_DIGITS = 12
X = sp.Symbol("x", real=True)


def enclosed(p: Density, q: Density, f: FDivergence) -> tuple[float, float]:
    """(midpoint, radius) of a ball that holds D_f(P||Q); ValueError where a mass is shown not to be 1."""
    P, Q = expression(p, "P"), expression(q, "Q")
    ends = [(_exact(d.lo, d, 0), _exact(d.hi, d, 1)) for d in (p, q)]
    for who, d, density, (lo, hi) in (("P", p, P, ends[0]), ("Q", q, Q, ends[1])):
        if d.member is None and not d.parts:
            mass = enclose(sp.Integral(density, (X, lo, hi)), {}, MASS_DIGITS)
            if not mass.contains(1):
                raise ValueError(f"`{who}` must integrate to 1: it integrates to {mass.str(12)}")
    lo, hi = sp.Max(ends[0][0], ends[1][0]), sp.Min(ends[0][1], ends[1][1])
    total: sp.Expr = sp.S.Zero
    if sign_of(hi - lo) > 0:
        total += sum_of_integrals(_perspective(f, P, Q), lo, hi, _breaks(p, q))
    else:
        lo = hi = ends[0][1]
    for density, (a, b), rate in ((P, ends[0], f.slope_at_infinity), (Q, ends[1], f.at_zero)):
        for c, d in ((a, sp.Min(b, lo)), (sp.Max(a, hi), b)):
            if c != d and sign_of(d - c) > 0:
                total += rate * sp.Integral(density, (X, c, d))
    ball = enclose(total, {}, DIGITS)
    value = float(ball.mid())
    return value, float(ball.rad()) + math.ulp(value)


def sum_of_integrals(
    integrand: sp.Expr, lo: sp.Expr, hi: sp.Expr, breaks: list[sp.Expr]
) -> sp.Expr:
    inner = sorted((b for b in breaks if lo < b < hi), key=lambda b: float(b))
    points = [lo, *inner, hi]
    return sp.Add(
        *(sp.Integral(_without_abs(integrand, a, b), (X, a, b)) for a, b in pairwise(points))
    )


def _without_abs(integrand: sp.Expr, a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """|x - m| by its sign on (a, b)."""

    def settle(node: sp.Expr) -> sp.Expr:
        inner = node.args[0]
        if not inner.is_polynomial(X) or sp.degree(inner, X) != 1:
            return node
        root = sp.solve(inner, X)[0]
        slope = sp.diff(inner, X)
        if root <= a:
            return inner * sp.sign(slope)
        return -inner * sp.sign(slope) if root >= b else node

    return sp.expand(integrand.replace(lambda e: isinstance(e, sp.Abs), settle))


def _breaks(p: Density, q: Density) -> list[sp.Expr]:
    found = []
    for d in (p, q, *(part for _, part in (*p.parts, *q.parts))):
        if d.member is not None and d.member.family == "laplace":
            found.append(_rational(d.member.params["m"]))
    return list(dict.fromkeys(found))


def expression(d: Density, who: str) -> sp.Expr:
    """The density as an exact expression in x on its support."""
    if d.expression is not None:
        return d.expression.subs(d.symbol, X)
    if d.parts:
        if any(part.pieces != d.pieces for _, part in d.parts):
            raise NotEnclosable(f"`{who}` mixes densities of different supports")
        return sp.Add(*(_rational(w) * expression(part, who) for w, part in d.parts))
    if d.member is None or not d.member.row.density:
        raise NotEnclosable(f"`{who}` has no exact expression: give a known family or a formula")
    params = d.member.params
    names = {**{n: sp.Symbol(n) for n in params}, "x": X}
    values = {names[n]: _rational(v) for n, v in params.items()}
    return parse(d.member.row.density, names).subs(values)


def _perspective(f: FDivergence, P: sp.Expr, Q: sp.Expr) -> sp.Expr:
    """q f(p/q), the ratio multiplied out and the logarithms taken apart."""
    p, q = sp.symbols("p q", positive=True)
    u = sp.Symbol("u")
    form = q * f.expression.subs(u, p / q)
    form = form.replace(sp.log, lambda z: sp.expand_log(sp.log(sp.together(z)), force=True))
    form = form.replace(sp.Abs, lambda z: sp.Abs(sp.together(z)))
    form = sp.expand(form)
    logs = {sp.log(d): sp.expand_log(sp.log(D), force=True) for d, D in ((p, P), (q, Q))}
    form = form.xreplace(logs).xreplace({p: P, q: Q})
    return sp.powdenest(sp.expand(form) if form.has(sp.log) else form)


def _exact(end: float, d: Density, which: int) -> sp.Expr:
    if math.isinf(end):
        return sp.oo if end > 0 else -sp.oo
    if d.member is not None:
        return _rational(Fraction(d.member.row.ends(d.member.params)[which]))
    return sp.Rational(end)


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


__all__ = ["enclosed", "expression"]
