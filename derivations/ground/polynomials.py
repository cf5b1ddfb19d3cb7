"""Signs of polynomials in one variable with rational coefficients, by Sturm's theorem.

Over (0, oo) or the whole line: no root there means one sign; roots of even multiplicity only mean
that the sign does not change. Exact arithmetic throughout (sympy's root counting).
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

LARGEST_DEGREE = 40


@lru_cache(maxsize=5_000)
def keeps_positive(expr: sp.Expr, *, strict: bool) -> bool:
    """Is the polynomial shown to be > 0 (or >= 0) for every value of its one symbol?"""
    symbols = expr.free_symbols
    if len(symbols) != 1:
        return False
    (x,) = symbols
    if not (x.is_positive or x.is_real):
        return False
    try:
        poly = sp.Poly(expr, x, domain="QQ")
    except (sp.PolynomialError, sp.CoercionFailed):
        return False
    if poly.degree() > LARGEST_DEGREE or poly.is_zero:
        return False
    return _holds(poly, bool(x.is_positive), strict)


def _holds(poly: sp.Poly, on_positive: bool, strict: bool) -> bool:
    constant, factors = poly.sqf_list()
    sign = 1 if constant > 0 else -1
    for factor, multiplicity in factors:
        roots = _roots(factor, on_positive)
        if roots and (strict or multiplicity % 2):
            return False
        if multiplicity % 2 and not roots:
            sign *= 1 if factor.eval(_free_point(on_positive)) > 0 else -1
    return sign > 0


def _roots(factor: sp.Poly, on_positive: bool) -> int:
    """How many distinct real roots lie in (0, oo), or on the line."""
    if not on_positive:
        return int(factor.count_roots())
    return int(factor.count_roots(0, None)) - (1 if factor.eval(0) == 0 else 0)


def _free_point(on_positive: bool) -> sp.Rational:
    """Any point of the domain: the factor has no root there, so its sign is the same everywhere."""
    del on_positive  # 1 lies in both
    return sp.S.One


def is_sum_of_squares(expr: sp.Expr) -> bool:
    """A polynomial of degree 2 in several variables: is it a sum of squares of affine functions?

    expr = v^T G v with v = (1, x, y, ...): it is one when G is positive semidefinite, which exact
    elimination decides. (For degree 2 this is the same as being nonnegative everywhere.)
    """
    symbols = sorted(expr.free_symbols, key=str)
    if not symbols or not all(s.is_real for s in symbols):
        return False
    try:
        poly = sp.Poly(expr, *symbols, domain="QQ")
    except (sp.PolynomialError, sp.CoercionFailed):
        return False
    if poly.total_degree() != 2:
        return False
    size = len(symbols) + 1
    gram = [[sp.S.Zero] * size for _ in range(size)]
    for powers, coefficient in poly.terms():
        places = [i for i, power in enumerate(powers, 1) for _ in range(power)]
        i, j = (*places, 0, 0)[:2]
        if i == j:
            gram[i][i] += coefficient
        else:
            gram[i][j] += coefficient / 2
            gram[j][i] += coefficient / 2
    return _is_semidefinite(gram)


def _is_semidefinite(gram: list[list[sp.Rational]]) -> bool:
    """Symmetric elimination: no negative pivot, and nothing beside a pivot that is zero."""
    rows = [list(row) for row in gram]
    for k in range(len(rows)):
        pivot = rows[k][k]
        beside = [rows[k][j] for j in range(k + 1, len(rows))]
        if pivot < 0 or (pivot == 0 and any(beside)):
            return False
        if pivot == 0:
            continue
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot
            for j in range(k, len(rows)):
                rows[i][j] -= factor * rows[k][j]
    return True
