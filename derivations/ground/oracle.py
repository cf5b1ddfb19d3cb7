"""sympy's limit, asked in one place, and read with suspicion.

Whatever is not clearly a real number or an infinity counts as no answer.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from divergences.enclosure import NotEnclosable, enclose

DOUBTFUL = (sp.AccumBounds, sp.Limit, sp.sign, sp.Piecewise, sp.Integral, sp.Sum)
FAILURES = (
    ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RuntimeError,
    AssertionError, sp.PoleError, sp.polys.polyerrors.BasePolynomialError,
)  # fmt: skip


BRANCHING = (sp.Piecewise, sp.sign, sp.Max, sp.Min, sp.Abs)
LARGEST = 400  # of a power's or an exponential's rate, in numerator and denominator


def is_wild(expr: sp.Expr) -> bool:
    """Would sympy take this for a polynomial of astronomical degree?

    It writes e^(k x) as (e^x)^k, and x^(1/q) as a root; with k or q in the millions it fills the
    memory or dies in C.
    """
    for power in expr.atoms(sp.Pow):
        if power.exp.is_Rational and _large(power.exp):
            return True
        if power.exp.is_number and not power.exp.is_Rational and not _small(power.exp):
            return True
    return any(
        _large(number)
        for power in expr.atoms(sp.exp)
        for number in power.args[0].atoms(sp.Rational)
    )


def _small(number: sp.Expr) -> bool:
    """Is a number that was not evaluated shown to be of a moderate size?"""
    try:
        return bool(abs(enclose(number, digits=10)) <= LARGEST)
    except (NotEnclosable, TypeError, ValueError, ZeroDivisionError):
        return False


def _large(number: sp.Rational) -> bool:
    return abs(number.p) > LARGEST or number.q > LARGEST


def _same(a: sp.Expr, b: sp.Expr) -> bool:
    return bool(a == b) or (bool(a.is_finite) and sp.simplify(a - b) == 0)


def _of_a_sum(limits: list[sp.Expr]) -> sp.Expr:
    """The sum of the terms' limits; nan where it may be oo - oo."""
    endless = {value for value in limits if value.is_finite is not True}
    if not endless:
        return sp.Add(*limits)
    return endless.pop() if len(endless) == 1 and endless <= {sp.oo, -sp.oo} else sp.nan


@lru_cache(maxsize=4_000)
def limit(g: sp.Expr, x: sp.Symbol, end: sp.Expr, side: str) -> sp.Expr | None:
    """lim g as x -> end from `side` ("+" from above, "-" from below); None where sympy has none.

    What does not depend on x stands as a symbol: sympy's series take one branch of a Piecewise
    whose conditions they cannot decide.
    """
    constants = {
        node: sp.Dummy(**({"nonnegative": True} if isinstance(node, sp.Abs) else {"real": True}))
        for node in g.atoms(*BRANCHING)
        if not node.has(x)
    }
    flat = g.xreplace(constants)
    if is_wild(flat) or flat.has(sp.Piecewise, sp.sign):
        return None
    try:
        value = sp.limit(flat, x, end, side)
        # sympy has been seen to differ from itself on the two forms of a sum of powers
        if (expanded := sp.expand(flat)) != flat and not _same(
            value, sp.limit(expanded, x, end, side)
        ):
            value = _of_a_sum([sp.limit(t, x, end, side) for t in sp.Add.make_args(expanded)])
    except FAILURES:
        return None
    value = value.xreplace({name: node for node, name in constants.items()})
    if value.has(sp.nan, sp.zoo, sp.I, x, *DOUBTFUL):
        return None
    if any(power.base == 0 for power in value.atoms(sp.Pow)):  # 0^(1 - a) is 0, 1 or oo
        return None
    if value.has(sp.oo, -sp.oo) and value not in (sp.oo, -sp.oo):
        return None
    return value
