"""Where a rational function of one scalar vanishes or turns: its zeros, poles and critical points.

The difference of two sides is N/D, polynomials with rational coefficients, the other scalars at
their values. Between two neighbouring real roots of N, D and N'D - ND' it keeps its sign and rises or
falls throughout, so that roots and midpoints decide it along this line. Rational roots are exact
(factors of degree 1); of the others a rational number beside them is given.

Source: von zur Gathen, Gerhard, Modern Computer Algebra (3rd edition, 2013), chapters 14 and 15.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from flint import acb, ctx, fmpq, fmpq_poly, fmpz_poly

MOST_DEGREE = 24
BITS = 128  # of a root that is not rational

Fraction = tuple[fmpq_poly, fmpq_poly]


def turning_points(
    sides: tuple[sp.Expr, ...], symbol: sp.Symbol, values: Mapping[sp.Symbol, sp.Expr]
) -> list[sp.Rational]:
    """Roots of sides[0] - sides[1], of its denominator and of its derivative, or none."""
    found = [as_fraction(side, symbol, values) for side in sides]
    if found[0] is None or found[-1] is None:
        return []
    n, d = found[0]
    if len(found) == 2:
        m, e = found[-1]
        n, d = n * e - m * d, d * e
    slope = n.derivative() * d - n * d.derivative()
    return sorted({root for poly in (n, d, slope) for root in real_roots(poly)})


def as_fraction(
    expr: sp.Expr, symbol: sp.Symbol, values: Mapping[sp.Symbol, sp.Expr]
) -> Fraction | None:
    """(N, D) with expr = N/D as it is written, or None where it is no such function."""
    if expr == symbol:
        return fmpq_poly([0, 1]), fmpq_poly([1])
    if isinstance(expr, sp.Symbol):
        expr = values.get(expr, expr)
    if expr.is_Rational:
        return fmpq_poly([fmpq(int(expr.p), int(expr.q))]), fmpq_poly([1])
    if isinstance(expr, sp.Add | sp.Mul):
        n, d = fmpq_poly([int(isinstance(expr, sp.Mul))]), fmpq_poly([1])
        for arg in expr.args:
            part = as_fraction(arg, symbol, values)
            if part is None:
                return None
            if isinstance(expr, sp.Mul):
                n, d = n * part[0], d * part[1]
            elif d == part[1]:
                n = n + part[0]
            else:
                n, d = n * part[1] + part[0] * d, d * part[1]
            if max(n.degree(), d.degree()) > MOST_DEGREE:
                return None
        return n, d
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer:
        part = as_fraction(expr.base, symbol, values)
        power = abs(int(expr.exp))
        if part is None or power * max(1, part[0].degree(), part[1].degree()) > MOST_DEGREE:
            return None
        n, d = part[0] ** power, part[1] ** power
        if expr.exp < 0:
            n, d = d, n
        return (n, d) if d.degree() >= 0 else None
    return None


def real_roots(poly: fmpq_poly) -> list[sp.Rational]:
    if poly.degree() < 1:
        return []
    found = []
    for factor, _ in fmpz_poly(poly.numer()).factor()[1]:
        if factor.degree() == 1:
            found.append(sp.Rational(-int(factor[0]), int(factor[1])))
            continue
        with ctx.workprec(BITS):
            isolated: list[tuple[acb, int]] = list(factor.complex_roots())  # type: ignore[arg-type]
            for root, _ in isolated:
                if root.imag == 0:
                    middle = root.real.mid().fmpq()
                    found.append(sp.Rational(int(middle.p), int(middle.q)))
    return found
