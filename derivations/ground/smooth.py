"""Is an expression smooth in x over the range that x's assumptions say? Calculus needs to know.

A monotone function that jumps, or a convex one with a pole, is neither monotone nor convex; so
before a derivative's sign is used, the expression must be built from functions that are smooth
where they are: polynomials, exp, log and powers of what is positive, quotients by what is not zero.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

ENTIRE = (sp.exp, sp.erf, sp.erfc, sp.tanh, sp.sinh, sp.cosh, sp.atan, sp.sin, sp.cos)
ON_POSITIVE = (sp.log, sp.gamma, sp.loggamma, sp.LambertW)
KINKED = (sp.Abs, sp.Max, sp.Min)


@lru_cache(maxsize=20_000)
def is_smooth(expr: sp.Expr, x: sp.Symbol, *, kinks: bool = False) -> bool:
    """True when `expr` is shown to be smooth in x; with `kinks`, continuous is enough."""
    if not expr.has(x):
        return True
    if expr == x:
        return True
    if not all(is_smooth(arg, x, kinks=kinks) for arg in expr.args):
        return False
    if isinstance(expr, (sp.Add, sp.Mul, *ENTIRE)):
        return True
    if isinstance(expr, KINKED):
        return kinks
    if isinstance(expr, ON_POSITIVE) or (
        isinstance(expr, sp.polygamma) and not expr.args[0].has(x)
    ):
        return _positive(expr.args[-1])
    if isinstance(expr, sp.Pow):
        base, exponent = expr.args
        if exponent.is_Integer and exponent.is_nonnegative:
            return True
        if exponent.is_Integer:
            return _positive(base) or _positive(-base)
        return _positive(base)
    return False


def _positive(expr: sp.Expr) -> bool:
    from .signs import is_positive

    return bool(expr.is_positive) or is_positive(expr, 1)
