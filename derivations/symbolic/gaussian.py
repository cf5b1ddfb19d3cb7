"""Integrals of a polynomial times e^(a quadratic) over the whole line, in closed form.

    int e^(-a x^2 + b x + c) g(x) dx = sqrt(pi/a) e^(c + b^2/(4a)) E g(b/(2a) + z/sqrt(2a)),

z standard normal, of moments E z^(2k) = (2k - 1)!!, E z^(2k + 1) = 0. Completing the square, which
computer algebra does slowly where a, b, c hold parameters.
"""

from __future__ import annotations

import sympy as sp

from ..ground.signs import is_positive


def gaussian_integral(f: sp.Expr, x: sp.Symbol) -> sp.Expr | None:
    """The integral of f over the line; None where f is not of this form or a > 0 is not shown."""
    exponent, rest = sp.S.Zero, sp.S.One
    for factor in sp.Mul.make_args(f):
        if isinstance(factor, sp.exp):
            exponent += factor.args[0]
        elif isinstance(factor, sp.Pow) and isinstance(factor.base, sp.exp):
            exponent += factor.base.args[0] * factor.exp
        else:
            rest *= factor
    exponent, rest = sp.expand(exponent), sp.expand_log(rest)
    if not (rest.is_polynomial(x) and exponent.is_polynomial(x)):
        return None
    if sp.degree(exponent, x) != 2:
        return None
    minus_a, b, c = (sp.cancel(k) for k in sp.Poly(exponent, x).all_coeffs())
    a = sp.factor(-minus_a)
    if not is_positive(a):
        return None
    centre, spread = sp.cancel(b / (2 * a)), sp.cancel(1 / (2 * a))
    value = sp.S.Zero
    for n, coefficient in enumerate(reversed(sp.Poly(rest, x).all_coeffs())):
        value += coefficient * _moment(n, centre, spread)
    outside = sp.cancel(c + b**2 / (4 * a))
    return sp.sqrt(sp.pi / a) * sp.exp(outside) * value


def _moment(n: int, centre: sp.Expr, spread: sp.Expr) -> sp.Expr:
    """E (centre + z sqrt(spread))^n."""
    return sp.Add(
        *(
            sp.binomial(n, 2 * k) * centre ** (n - 2 * k) * spread**k * sp.factorial2(2 * k - 1)
            for k in range(n // 2 + 1)
        )
    )
