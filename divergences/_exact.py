"""Exact facts about closed expressions and limits: signs, zeros, one-sided limits at 0.

Everything here either answers rightly or raises `Undecided`; nothing is sampled and called true.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from ._algebra import PATIENCE, expand, factored, gather_logs, simplified, tidy, tidy_logs, unwieldy
from ._patience import within
from .enclosure import NotEnclosable, enclose

U = sp.Symbol("u", positive=True)  # the ratio p/q
T = sp.Symbol("t", real=True)  # the dual variable
V = sp.Symbol("v", real=True)  # log u, the raw output of a critic

ZERO_DIGITS = 60  # a ball this narrow around zero starts a search for an exact proof of zero


class Undecided(ValueError):
    """A fact could be neither proved nor refuted by the exact methods at hand."""


@lru_cache(maxsize=4096)
def sign_of(expr: sp.Expr) -> int:
    """The sign (-1, 0, 1) of a closed expression, or of one in positive symbols.

    Raises `Undecided` when the value is not real, or is zero but cannot be shown to be.
    """
    if expr is sp.oo:
        return 1
    if expr is -sp.oo:
        return -1
    if expr.is_Rational:
        return int(sp.sign(expr))
    if expr.free_symbols:
        for form in (lambda: expr, lambda: factored(expr), lambda: tidy(expr)):
            shown = within(PATIENCE, form, needed=True)
            if shown is None:
                continue
            if shown.is_zero:
                return 0
            if shown.is_positive:
                return 1
            if shown.is_negative:
                return -1
        raise Undecided(f"the sign of {expr} is not known for every value of its symbols")
    try:
        ball = enclose(expr, {}, ZERO_DIGITS)
    except NotEnclosable as error:
        raise Undecided(f"the sign of {expr} is not known: {error}") from error
    if ball > 0:
        return 1
    if ball < 0:
        return -1
    for proof in (lambda: expand(tidy_logs(expr)), lambda: simplified(expr)):
        if within(PATIENCE, proof, needed=True) == 0:
            return 0
    raise Undecided(f"{expr} is within 1e-{ZERO_DIGITS} of zero and not shown to be zero")


def is_zero(expr: sp.Expr) -> bool:
    """True when `expr` is identically zero, shown by algebra."""
    if expr == 0:
        return True
    if not expr.free_symbols:
        return sign_of(expr) == 0
    forms = (lambda: gather_logs(tidy_logs(expr)), lambda: simplified(expr))
    return any(within(PATIENCE, form, needed=True) == 0 for form in forms)


class _Cancelled(Exception):
    """The leading terms of a sum cancel: the order is not visible term by term."""


@lru_cache(maxsize=1024)
def limit_at_zero(expr: sp.Expr) -> sp.Expr:
    """lim expr as u -> 0+, a sympy number or +-oo.

    Read off the leading term c u^k log(u)^j where it is visible; sympy's own limit otherwise.
    Raises `Undecided` when neither answers.
    """
    if expr.has(sp.exp, sp.sinh, sp.cosh, sp.tanh):
        expr = _dominant_exponentials(expr)
    for form in (lambda: expand(tidy_logs(expr)), lambda: factored(expr)):
        shown = within(PATIENCE, form, needed=True)
        if shown is None:
            continue
        try:
            return _value_of_leading(*_leading(shown))
        except (_Cancelled, Undecided):
            continue
    value = (
        within(2 * PATIENCE, lambda: sp.limit(expr, U, 0, "+"), needed=True)
        if not unwieldy(expr)
        else None
    )
    if value is None or value.has(sp.Limit, sp.nan, sp.zoo, sp.I, sp.AccumBounds, U):
        raise Undecided(f"the limit of {expr} at 0 was not found")
    return value


def _dominant_exponentials(expr: sp.Expr) -> sp.Expr:
    """Each sum in which exponentials grow as e^g (...), g the fastest, so that quotients cancel it."""

    def pulled(total: sp.Expr) -> sp.Expr:
        terms = sp.Add.make_args(expand(total))
        growth = {expand(sp.log(e).expand(force=True)) for t in terms
                  for e in sp.Mul.make_args(sp.powsimp(t)) if isinstance(e, sp.exp)}  # fmt: skip
        fastest = sp.S.Zero
        for g in growth:
            try:
                if sign_of(_value_of_leading(*_leading(expand(g - fastest)))) > 0:
                    fastest = g
            except (_Cancelled, Undecided):
                return total
        if fastest == 0 or not fastest.has(U):
            return total
        return sp.exp(fastest) * expand(total * sp.exp(-fastest))

    flat = expr.rewrite((sp.sinh, sp.cosh, sp.tanh), sp.exp)
    return flat.replace(lambda node: node.is_Add and node.has(sp.exp), pulled)


def limit_at_infinity(expr: sp.Expr) -> sp.Expr:
    """lim expr as u -> oo, a sympy number or +-oo; raises `Undecided`."""
    return limit_at_zero(expr.subs(U, 1 / U))


def _value_of_leading(c: sp.Expr, k: sp.Expr, j: sp.Expr) -> sp.Expr:
    order = sign_of(k)
    if order > 0 or c == 0:
        return sp.S.Zero
    powers = sign_of(j) if order == 0 else 0
    if order == 0 and powers == 0:
        return c
    if order == 0 and powers < 0:
        return sp.S.Zero
    if not j.is_Integer:
        raise Undecided(f"log(u)**{j} is not real near 0")
    return sp.oo * sign_of(c) * (-1) ** int(j)


def _leading(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(c, k, j) with expr ~ c u^k log(u)^j as u -> 0+; k = +-oo beyond every power."""
    zero, one = sp.S.Zero, sp.S.One
    if not expr.has(U):
        return expr, zero, zero
    if expr == U:
        return one, one, zero
    if isinstance(expr, sp.Mul):
        parts = [_leading(arg) for arg in expr.args]
        return sp.Mul(*(p[0] for p in parts)), sum(p[1] for p in parts), sum(p[2] for p in parts)
    if isinstance(expr, sp.Add):
        return _leading_of_sum([_leading(arg) for arg in expr.args])
    if isinstance(expr, sp.exp):
        inside = _value_of_leading(*_leading(expr.args[0]))
        if inside in (sp.oo, -sp.oo):
            return one, -inside, zero
        return sp.exp(inside), zero, zero
    if isinstance(expr, sp.Pow) and not expr.exp.has(U):
        c, k, j = _leading(expr.base)
        return c**expr.exp, k * expr.exp, j * expr.exp
    if isinstance(expr, sp.log):
        c, k, j = _leading(expr.args[0])
        if j != 0 or k in (sp.oo, -sp.oo):
            raise _Cancelled
        if sign_of(k) != 0:
            return k, zero, one
        if sign_of(c - 1) == 0:
            return _leading(expand(expr.args[0] - 1))
        return sp.log(c), zero, zero
    if isinstance(expr, sp.cosh | sp.tanh | sp.atan | sp.sinh | sp.erf) and len(expr.args) == 1:
        inside = _value_of_leading(*_leading(expr.args[0]))
        value = (
            sp.limit(expr.func(U), U, inside) if inside in (sp.oo, -sp.oo) else expr.func(inside)
        )
        if value.is_finite and value != 0:
            return value, zero, zero
    raise _Cancelled


def _leading_of_sum(
    parts: list[tuple[sp.Expr, sp.Expr, sp.Expr]],
) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """The largest of the terms near 0: the least k, then the greatest j."""
    best: list[tuple[sp.Expr, sp.Expr, sp.Expr]] = []
    for part in parts:
        if part[0] == 0:
            continue
        if not best:
            best = [part]
            continue
        if part[1] == best[0][1] == -sp.oo:
            raise _Cancelled
        by_power = 0 if part[1] == best[0][1] else sign_of(best[0][1] - part[1])
        by_log = by_power or sign_of(part[2] - best[0][2])
        if by_log > 0:
            best = [part]
        elif by_log == 0:
            best.append(part)
    total = sp.Add(*(p[0] for p in best))
    if not best or sign_of(total) == 0:
        raise _Cancelled
    return total, best[0][1], best[0][2]
