"""The sign of an expression read off its parts: sums of what is not negative, even powers.

This route's own, small: whether each term of a difference, after equal terms of both sides are
struck out, is >= 0 or > 0 on the domains. It knows no algebra beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from divergences.enclosure import NotEnclosable, compile_ball, real
from divergences.trees import negated

from ..words.language import Domain, Interval, Mass, PerAtom

Signs = tuple[bool, bool]  # known to be >= 0; known to be > 0
UNKNOWN: Signs = (False, False)
EVERYWHERE = (
    sp.Add,
    sp.Mul,
    sp.exp,
    sp.Abs,
    sp.Max,
    sp.Min,
    sp.sign,
    sp.sin,
    sp.cos,
    sp.sinh,
    sp.cosh,
    sp.tanh,
    sp.atan,
    sp.erf,
    sp.erfc,
)  # functions that have a value wherever their arguments do


def struck_out(left: sp.Expr, right: sp.Expr) -> list[sp.Expr]:
    """The terms of left - right without those that stand on both sides."""
    ours, theirs = list(_terms(left)), list(_terms(right))
    for term in list(ours):
        if term in theirs:
            ours.remove(term)
            theirs.remove(term)
    return ours + [negated(term) for term in theirs]


def _terms(expr: sp.Expr) -> tuple[sp.Expr, ...]:
    if expr == 0:
        return ()
    if isinstance(expr, sp.Add):
        return tuple(term for arg in expr.args for term in _terms(arg))
    return (expr,)


def sum_sign(terms: list[sp.Expr], given: Mapping[sp.Symbol, Domain]) -> Signs:
    found = [sign(term, given) for term in terms]
    if not all(nonnegative for nonnegative, _ in found):
        return UNKNOWN
    return True, any(positive for _, positive in found)


def sign(expr: sp.Expr, given: Mapping[sp.Symbol, Domain], side: int = 1) -> Signs:
    """(side * expr >= 0, side * expr > 0) where known, for an expression that has a real value."""
    if isinstance(expr, sp.Symbol):
        return _symbol(given.get(expr), side)
    if not expr.free_symbols:
        return _number(expr, side)
    if isinstance(expr, sp.Add):
        found = [sign(arg, given, side) for arg in expr.args]
        if not all(nonnegative for nonnegative, _ in found):
            return UNKNOWN
        return True, any(positive for _, positive in found)
    if isinstance(expr, sp.Mul):
        return _product(expr.args, given, side)
    if isinstance(expr, sp.Pow):
        return _power(expr, given, side)
    if side == -1:
        return UNKNOWN
    if isinstance(expr, sp.exp | sp.cosh):
        return True, True
    if isinstance(expr, sp.Abs):
        return True, sign(expr.args[0], given)[1]
    if isinstance(expr, sp.Max):
        parts = [sign(arg, given) for arg in expr.args]
        return any(p[0] for p in parts), any(p[1] for p in parts)
    return UNKNOWN


def defined(expr: sp.Expr, given: Mapping[sp.Symbol, Domain]) -> bool:
    """Whether every part certainly has a real value, read off the signs of the parts' parts."""
    if not all(defined(arg, given) for arg in expr.args if isinstance(arg, sp.Expr)):
        return False
    if isinstance(expr, sp.Symbol) or not expr.args:
        return True
    if isinstance(expr, sp.Pow):
        nonnegative, positive = sign(expr.base, given)
        if expr.exp.is_Integer:
            return expr.exp >= 0 or positive or sign(expr.base, given, -1)[1]
        return positive or bool(nonnegative and expr.exp.is_Rational and expr.exp > 0)
    if isinstance(expr, sp.log):
        return sign(expr.args[0], given)[1]
    return isinstance(expr, EVERYWHERE)


def may_vanish(domain: Domain | None) -> bool:
    """Whether this is a mass that is 0 at some atoms."""
    return isinstance(domain, Mass) and domain.zero


def _symbol(domain: Domain | None, side: int) -> Signs:
    if isinstance(domain, Mass):
        return (True, not domain.zero) if side == 1 else UNKNOWN
    inner = domain.domain if isinstance(domain, PerAtom) else domain
    if isinstance(inner, Interval):
        end = sp.sympify(inner.lower if side == 1 else inner.upper)
        if end.is_Rational and side * end >= 0:
            return True, True
    return UNKNOWN


def _number(expr: sp.Expr, side: int) -> Signs:
    try:
        value = real(compile_ball(expr)({}, False)) * side
    except (NotEnclosable, ZeroDivisionError):
        return UNKNOWN
    return bool(value >= 0), bool(value > 0)


def _power(expr: sp.Pow, given: Mapping[sp.Symbol, Domain], side: int) -> Signs:
    base = sign(expr.base, given)
    if side == -1:
        odd = expr.exp.is_Integer and expr.exp % 2 == 1
        return sign(expr.base, given, -1) if odd else UNKNOWN
    if base[1]:
        return True, True
    if expr.exp.is_Integer and expr.exp % 2 == 0:
        return True, bool(expr.exp < 0)  # what is defined is not 1/0
    return (base[0] or bool(expr.exp.is_Rational and expr.exp.q % 2 == 0)), False


def _product(factors: tuple[sp.Expr, ...], given: Mapping[sp.Symbol, Domain], side: int) -> Signs:
    positive = True
    for factor in factors:
        known = sign(factor, given)
        if not known[0]:
            known, side = sign(factor, given, -1), -side
            if not known[0]:
                return UNKNOWN
        positive = positive and known[1]
    return (True, positive) if side == 1 else UNKNOWN
